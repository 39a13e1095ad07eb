//! RFC 9457: problem details, and the statuses that need more than themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
use http::{StatusCode, header};
use rest_core::auth::Challenge;
use rest_core::field::HttpDate;
use rest_core::problem::{Problem, ProblemError};
use rest_core::route::Allow;
use rest_core::semantics::outcome::*;
use rest_core::semantics::{Cacheable, MethodSemantics, StatusClass, StatusSemantics};
use rest_core::{Reply, ToProblem};
use serde_json::{Value, json};

fn value(problem: &Problem) -> Value {
    serde_json::from_str(&problem.to_json()).unwrap()
}

#[test]
fn section_3_example_out_of_credit() {
    let problem = Problem::forbidden()
        .kind("https://example.com/probs/out-of-credit", "You do not have enough credit.")
        .detail("Your current balance is 30, but that costs 50.")
        .instance("/account/12345/msgs/abc")
        .extension("balance", 30)
        .extension("accounts", json!(["/account/12345", "/account/67890"]));
    let expected = json!({
        "type": "https://example.com/probs/out-of-credit", "title": "You do not have enough credit.", "status": 403,
        "detail": "Your current balance is 30, but that costs 50.", "instance": "/account/12345/msgs/abc",
        "balance": 30, "accounts": ["/account/12345", "/account/67890"],
    });
    assert_eq!(value(&problem), expected);
}

#[test]
fn section_3_example_validation_errors() {
    let problem = Problem::unprocessable()
        .kind("https://example.net/validation-error", "Your request is not valid.")
        .error("#/age", "must be a positive integer")
        .error("#/profile/color", "must be 'green', 'red' or 'blue'");
    assert_eq!(
        value(&problem)["errors"],
        json!([
            {"detail": "must be a positive integer", "pointer": "#/age"},
            {"detail": "must be 'green', 'red' or 'blue'", "pointer": "#/profile/color"},
        ])
    );
}

#[test]
fn section_4_2_1_about_blank_has_the_reason_phrase() {
    let problem = value(&Problem::content_too_large());
    assert_eq!(problem, json!({"type": "about:blank", "title": "Content Too Large", "status": 413}));
}

#[test]
fn section_3_1_a_member_of_the_wrong_type_counts_as_absent() {
    let text = br#"{"type": 5, "title": "T", "status": "403", "detail": null, "errors": "no", "x": [1]}"#;
    let problem = Problem::from_json(StatusCode::CONFLICT, text).unwrap();
    assert_eq!(
        (problem.problem_type(), problem.title(), problem.detail_text()),
        ("about:blank", Some("T"), None)
    );
    assert_eq!((problem.status(), &problem.extensions()["x"]), (StatusCode::CONFLICT, &json!([1])));
    assert!(Problem::from_json(StatusCode::CONFLICT, b"[]").is_err());
}

#[test]
fn what_is_written_is_read_back() {
    let problem = Problem::conflict()
        .detail("taken")
        .instance("/x")
        .error("/email", "is taken")
        .extension("email", "a@b");
    assert_eq!(Problem::from_json(problem.status(), problem.to_json().as_bytes()).unwrap(), problem);
}

#[test]
fn an_extension_cannot_replace_a_member() {
    let problem = Problem::conflict().extension("status", 200).extension("title", "fine");
    assert_eq!(value(&problem), json!({"type": "about:blank", "title": "Conflict", "status": 409}));
}

#[test]
fn the_response_is_complete() {
    let response = Problem::not_found().into_response();
    assert_eq!(
        (response.status(), &response.headers()["content-type"]),
        (StatusCode::NOT_FOUND, &"application/problem+json".parse().unwrap())
    );
}

#[test]
fn an_error_never_says_that_it_succeeded() {
    assert_eq!(Problem::new(StatusCode::OK), Err(ProblemError::NotAnError(StatusCode::OK)));
    assert_eq!(Problem::new(StatusCode::FOUND), Err(ProblemError::NotAnError(StatusCode::FOUND)));
    assert!(Problem::new(StatusCode::IM_A_TEAPOT).is_ok());
}

#[test]
fn a_status_that_needs_a_field_is_not_to_be_had_without() {
    for code in [401, 405, 407, 426, 429, 503] {
        let status = StatusCode::from_u16(code).unwrap();
        assert!(
            matches!(Problem::new(status), Err(ProblemError::FieldRequired(s, _)) if s == status),
            "{code}"
        );
    }
    let of = |problem: Problem, name: &str| problem.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        of(Unauthorized { challenge: Challenge::bearer().realm("x") }.to_problem(), "www-authenticate"),
        "Bearer realm=\"x\""
    );
    assert_eq!(
        of(MethodNotAllowed { allow: Allow::of(&[http::Method::GET]) }.into(), "allow"),
        "GET, HEAD, OPTIONS"
    );
    assert_eq!(of(TooManyRequests { retry_after: 5.into() }.into(), "retry-after"), "5");
    let at = HttpDate::from_unix(784_111_777);
    assert_eq!(
        of(ServiceUnavailable { retry_after: at.into() }.into(), "retry-after"),
        "Sun, 06 Nov 1994 08:49:37 GMT"
    );
}

#[test]
fn outcomes_carry_their_location() {
    let at = || Location::parse("/users/42").unwrap();
    let outcomes = [
        (Reply::from(Created { location: at() }), 201),
        (Accepted { monitor: at() }.into(), 202),
        (MovedPermanently { location: at() }.into(), 301),
        (SeeOther { location: at() }.into(), 303),
        (TemporaryRedirect { location: at() }.into(), 307),
        (PermanentRedirect { location: at() }.into(), 308),
    ];
    for (reply, status) in outcomes {
        assert_eq!(
            (reply.status().as_u16(), &reply.headers()[header::LOCATION]),
            (status, &at().to_header_value())
        );
    }
    let none = Reply::from(NoContent).json(&1).unwrap().into_response();
    assert!(none.body().is_empty() && none.headers().is_empty());
}

#[test]
fn a_location_is_a_uri_or_an_absolute_path() {
    for good in ["/a", "/a?b=c", "https://example.com/a"] {
        assert!(Location::parse(good).is_ok(), "{good}");
    }
    for bad in ["", "a", "//evil.example/x", "/a b", "/a\r\nSet-Cookie: x", "/ü", "example.com"] {
        assert!(Location::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn section_9_2_the_table_of_methods() {
    use http::Method as M;
    let of = |m: M| MethodSemantics::of(&m).unwrap();
    for m in [M::GET, M::HEAD, M::OPTIONS, M::TRACE, M::QUERY] {
        assert!(of(m.clone()).safe && of(m).idempotent);
    }
    for m in [M::PUT, M::DELETE] {
        assert!(!of(m.clone()).safe && of(m).idempotent);
    }
    for m in [M::POST, M::PATCH, M::CONNECT] {
        assert!(!of(m.clone()).safe && !of(m).idempotent);
    }
    assert_eq!(of(M::GET).cacheable, Cacheable::Yes);
    assert_eq!(of(M::QUERY).cacheable, Cacheable::KeyedByContent);
    assert_eq!(of(M::POST).cacheable, Cacheable::WithExplicitFreshness);
    assert_eq!(of(M::PUT).cacheable, Cacheable::No);
}

#[test]
fn section_15_1_the_table_of_statuses() {
    let cacheable: Vec<u16> = (100..600)
        .filter(|&c| {
            StatusSemantics::of(StatusCode::from_u16(c).unwrap()).is_some_and(|s| s.cacheable_by_default)
        })
        .collect();
    assert_eq!(cacheable, [200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);
    let of = |c: u16| StatusSemantics::of(StatusCode::from_u16(c).unwrap());
    assert_eq!(of(422).unwrap().reason, "Unprocessable Content");
    assert_eq!((of(304).unwrap().content, of(304).unwrap().class), (false, StatusClass::Redirection));
    assert_eq!(of(201).unwrap().required_field, Some("Location"));
    assert_eq!(of(299), None);
}
