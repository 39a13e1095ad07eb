//! RFC 9110 §13: each condition, and the order among them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderValue, Method};
use rest_core::Limits;
use rest_core::field::{ETag, HttpDate};
use rest_core::semantics::Precondition::{self, Failed, NotModified, Proceed, Required};
use rest_core::semantics::{Conditions, Rules, Validators, evaluate};

const DAY: i64 = 86_400;
const NOW: i64 = 1_790_000_000;

fn now() -> HttpDate {
    HttpDate::from_unix(NOW)
}

fn headers(fields: &[(HeaderName, &str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
}

/// Version 7, changed a day ago.
fn current() -> Validators {
    Validators::present().etag(ETag::from_version(7)).last_modified(HttpDate::from_unix(NOW - DAY))
}

fn decide(method: &Method, fields: &[(HeaderName, &str)], current: &Validators) -> Precondition {
    evaluate(method, &headers(fields), current, &Rules::at(now()))
}

fn before() -> String {
    HttpDate::from_unix(NOW - 2 * DAY).to_string()
}

fn same() -> String {
    HttpDate::from_unix(NOW - DAY).to_string()
}

#[test]
fn section_13_1_1_if_match_compares_strongly() {
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "\"v7\"")], &current()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "\"v6\", \"v7\"")], &current()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "W/\"v7\"")], &current()), Failed);
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "\"v6\"")], &current()), Failed);
    let weak = Validators::present().etag(ETag::weak_from_version(7));
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "W/\"v7\"")], &weak), Failed);
    assert_eq!(decide(&Method::GET, &[(IF_MATCH, "\"v6\"")], &current()), Failed);
}

#[test]
fn section_13_1_1_if_match_star_asks_for_existence() {
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "*")], &current()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "*")], &Validators::present()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, "*")], &Validators::absent()), Failed);
    assert_eq!(
        decide(&Method::PUT, &[(IF_MATCH, "\"v7\"")], &Validators::absent().etag(ETag::from_version(7))),
        Failed
    );
}

#[test]
fn section_13_1_2_if_none_match_compares_weakly() {
    for method in [Method::GET, Method::HEAD, Method::QUERY] {
        assert_eq!(decide(&method, &[(IF_NONE_MATCH, "\"v7\"")], &current()), NotModified);
        assert_eq!(decide(&method, &[(IF_NONE_MATCH, "W/\"v7\"")], &current()), NotModified);
        assert_eq!(decide(&method, &[(IF_NONE_MATCH, "\"v8\"")], &current()), Proceed);
    }
    assert_eq!(decide(&Method::PUT, &[(IF_NONE_MATCH, "W/\"v7\"")], &current()), Failed);
    assert_eq!(decide(&Method::PUT, &[(IF_NONE_MATCH, "\"v8\"")], &current()), Proceed);
}

#[test]
fn section_13_1_2_if_none_match_star_asks_for_absence() {
    assert_eq!(decide(&Method::PUT, &[(IF_NONE_MATCH, "*")], &Validators::absent()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_NONE_MATCH, "*")], &Validators::present()), Failed);
    assert_eq!(decide(&Method::GET, &[(IF_NONE_MATCH, "*")], &Validators::present()), NotModified);
}

#[test]
fn section_13_1_3_if_modified_since() {
    assert_eq!(decide(&Method::GET, &[(IF_MODIFIED_SINCE, &same())], &current()), NotModified);
    assert_eq!(decide(&Method::HEAD, &[(IF_MODIFIED_SINCE, &same())], &current()), NotModified);
    assert_eq!(decide(&Method::GET, &[(IF_MODIFIED_SINCE, &before())], &current()), Proceed);
}

#[test]
fn section_13_1_3_if_modified_since_is_ignored() {
    let since = &same();
    assert_eq!(
        decide(&Method::GET, &[(IF_MODIFIED_SINCE, since), (IF_NONE_MATCH, "\"v8\"")], &current()),
        Proceed
    );
    assert_eq!(decide(&Method::DELETE, &[(IF_MODIFIED_SINCE, since)], &current()), Proceed);
    assert_eq!(decide(&Method::GET, &[(IF_MODIFIED_SINCE, "yesterday")], &current()), Proceed);
    assert_eq!(decide(&Method::GET, &[(IF_MODIFIED_SINCE, since)], &Validators::present()), Proceed);
    let mut twice = headers(&[(IF_MODIFIED_SINCE, since)]);
    twice.append(IF_MODIFIED_SINCE, HeaderValue::from_str(since).unwrap());
    assert_eq!(evaluate(&Method::GET, &twice, &current(), &Rules::at(now())), Proceed);
}

#[test]
fn section_13_1_4_if_unmodified_since() {
    assert_eq!(decide(&Method::PUT, &[(IF_UNMODIFIED_SINCE, &same())], &current()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_UNMODIFIED_SINCE, &before())], &current()), Failed);
    assert_eq!(decide(&Method::GET, &[(IF_UNMODIFIED_SINCE, &before())], &current()), Failed);
    // A date before 1970 is a date.
    assert_eq!(
        decide(&Method::PUT, &[(IF_UNMODIFIED_SINCE, "Mon, 01 Jan 1900 00:00:00 GMT")], &current()),
        Failed
    );
}

#[test]
fn section_13_1_4_if_unmodified_since_is_ignored() {
    assert_eq!(
        decide(&Method::PUT, &[(IF_UNMODIFIED_SINCE, &before()), (IF_MATCH, "\"v7\"")], &current()),
        Proceed
    );
    assert_eq!(decide(&Method::PUT, &[(IF_UNMODIFIED_SINCE, "now")], &current()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_UNMODIFIED_SINCE, &before())], &Validators::present()), Proceed);
}

#[test]
fn section_13_2_1_some_methods_have_no_conditions() {
    for method in [Method::CONNECT, Method::OPTIONS, Method::TRACE] {
        assert_eq!(decide(&method, &[(IF_MATCH, "\"v6\""), (IF_NONE_MATCH, "*")], &current()), Proceed);
    }
}

#[test]
fn section_13_2_2_if_match_comes_before_if_none_match() {
    let both = [(IF_MATCH, "\"v6\""), (IF_NONE_MATCH, "\"v7\"")];
    assert_eq!(decide(&Method::GET, &both, &current()), Failed);
    let both = [(IF_MATCH, "\"v7\""), (IF_NONE_MATCH, "\"v7\"")];
    assert_eq!(decide(&Method::GET, &both, &current()), NotModified);
    let (date, tags) = ((IF_UNMODIFIED_SINCE, before()), (IF_NONE_MATCH, "\"v7\""));
    assert_eq!(decide(&Method::GET, &[(date.0, &date.1), tags], &current()), Failed);
}

#[test]
fn a_list_that_cannot_be_read_never_says_304_and_never_lets_a_change_through() {
    for broken in ["v7", "\"v8\" \"v7\"", "*, \"v7\"", "\"v7"] {
        assert_eq!(decide(&Method::PUT, &[(IF_MATCH, broken)], &current()), Failed, "{broken}");
        assert_eq!(decide(&Method::PUT, &[(IF_NONE_MATCH, broken)], &current()), Failed, "{broken}");
        assert_eq!(decide(&Method::GET, &[(IF_NONE_MATCH, broken)], &current()), Proceed, "{broken}");
    }
}

#[test]
fn a_list_over_a_limit_counts_as_unreadable() {
    let long = format!("{}\"v7\"", "\"x\",".repeat(256));
    assert_eq!(decide(&Method::GET, &[(IF_NONE_MATCH, &long)], &current()), Proceed);
    assert_eq!(decide(&Method::PUT, &[(IF_MATCH, &long)], &current()), Failed);
    let mut limits = Limits::default();
    limits.max_tags = 257;
    let rules = Rules::at(now()).limits(limits);
    assert_eq!(evaluate(&Method::GET, &headers(&[(IF_NONE_MATCH, &long)]), &current(), &rules), NotModified);
}

#[test]
fn rfc6585_section_3_a_change_can_be_required_to_be_conditional() {
    let rules = Rules::at(now()).require_if_match();
    let none = HeaderMap::new();
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(evaluate(&method, &none, &current(), &rules), Required);
        assert_eq!(evaluate(&method, &none, &Validators::absent(), &rules), Proceed);
        assert_eq!(evaluate(&method, &headers(&[(IF_MATCH, "\"v7\"")]), &current(), &rules), Proceed);
        // A date is too weak to prevent a lost update, and another failed condition says more.
        assert_eq!(
            evaluate(&method, &headers(&[(IF_UNMODIFIED_SINCE, &same())]), &current(), &rules),
            Required
        );
        assert_eq!(evaluate(&method, &headers(&[(IF_NONE_MATCH, "*")]), &current(), &rules), Failed);
    }
    for method in [Method::GET, Method::POST] {
        assert_eq!(evaluate(&method, &none, &current(), &rules), Proceed);
    }
}

#[test]
fn the_problem_of_a_refusal_has_the_current_tag() {
    let conditions = Conditions::of(&Method::PUT, &headers(&[(IF_MATCH, "\"v6\"")]), Rules::at(now()));
    let problem = conditions.check(&current()).unwrap_err();
    assert_eq!(
        (problem.status().as_u16(), &problem.headers()["etag"]),
        (412, &HeaderValue::from_static("\"v7\""))
    );
    assert_eq!(conditions.evaluate(&current()), Failed);
}
