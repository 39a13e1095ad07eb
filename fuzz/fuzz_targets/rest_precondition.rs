//! Preconditions. Oracle: RFC 9110 §13.2.2 transcribed step by step over lists that are parsed whole.
#![no_main]
use arbitrary::Arbitrary;
use http::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderValue, Method};
use rest_core::Limits;
use rest_core::field::{ETag, ETagCondition, HttpDate};
use rest_core::semantics::{Precondition, Rules, Validators, evaluate};

#[derive(Arbitrary, Debug)]
struct Case {
    method: u8,
    exists: bool,
    etag: Option<(bool, u8)>,
    modified: Option<u8>,
    if_match: Option<List>,
    if_none_match: Option<List>,
    modified_since: Option<Date>,
    unmodified_since: Option<Date>,
    required: bool,
}

#[derive(Arbitrary, Debug)]
enum List {
    Any,
    Tags(Vec<(bool, u8)>),
    Raw(String),
}

#[derive(Arbitrary, Debug)]
enum Date {
    Day(u8),
    Raw(String),
    Twice(u8, u8),
}

const NOW: HttpDate = HttpDate::from_unix(1_790_000_000);

fn tag((weak, n): (bool, u8)) -> ETag {
    let n = u64::from(n % 4);
    if weak { ETag::weak_from_version(n) } else { ETag::from_version(n) }
}

fn day(n: u8) -> HttpDate {
    HttpDate::from_unix(1_700_000_000 + i64::from(n % 8) * 86_400)
}

fn put(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.append(name, value);
    }
}

fn put_list(headers: &mut HeaderMap, name: HeaderName, list: &List) {
    match list {
        List::Any => put(headers, name, "*"),
        List::Tags(tags) => {
            let text: Vec<_> = tags.iter().map(|t| tag(*t).to_string()).collect();
            put(headers, name, &text.join(", "));
        }
        List::Raw(text) => put(headers, name, text),
    }
}

fn put_date(headers: &mut HeaderMap, name: HeaderName, date: &Date) {
    match date {
        Date::Day(n) => put(headers, name, &day(*n).to_string()),
        Date::Raw(text) => put(headers, name, text),
        Date::Twice(a, b) => {
            put(headers, name.clone(), &day(*a).to_string());
            put(headers, name, &day(*b).to_string());
        }
    }
}

/// The condition of a list: does a member match? `None` where it cannot be read before a match.
fn matches(headers: &HeaderMap, name: HeaderName, case: &Case, strong: bool) -> Option<bool> {
    let etag = case.etag.filter(|_| case.exists).map(tag);
    let equal = |t: &ETag| etag.as_ref().is_some_and(|e| if strong { t.strong_eq(e) } else { t.weak_eq(e) });
    let line = headers.get(&name)?.as_bytes();
    match ETagCondition::parse([line], &Limits::DEFAULT) {
        Ok(ETagCondition::Any) => Some(case.exists),
        Ok(ETagCondition::Tags(tags)) => Some(tags.iter().any(equal)),
        // A match ends the reading: some prefix that ends at a comma is a list with a match.
        Err(_) => (0..=line.len())
            .filter(|&end| end == line.len() || line[end] == b',')
            .filter_map(|end| ETagCondition::parse([&line[..end]], &Limits::DEFAULT).ok())
            .any(|list| matches!(list, ETagCondition::Tags(tags) if tags.iter().any(equal)))
            .then_some(true),
    }
}

fn only_date(headers: &HeaderMap, name: HeaderName) -> Option<HttpDate> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    if lines.len() == 1 { HttpDate::parse(lines[0], NOW).ok() } else { None }
}

fn oracle(method: &Method, headers: &HeaderMap, case: &Case) -> Precondition {
    // §13.2.1
    if [Method::CONNECT, Method::OPTIONS, Method::TRACE].contains(method) {
        return Precondition::Proceed;
    }
    let safe = [Method::GET, Method::HEAD, Method::QUERY].contains(method);
    let modified = case.modified.filter(|_| case.exists).map(day);
    // 1. When recipient is the origin server and If-Match is present
    if headers.contains_key(IF_MATCH) {
        if matches(headers, IF_MATCH, case, true) != Some(true) {
            return Precondition::Failed;
        }
    // 2. If-Match is not present and If-Unmodified-Since is present
    } else if let (Some(date), Some(modified)) = (only_date(headers, IF_UNMODIFIED_SINCE), modified) {
        if modified > date {
            return Precondition::Failed;
        }
    }
    // 3. When If-None-Match is present
    if headers.contains_key(IF_NONE_MATCH) {
        match matches(headers, IF_NONE_MATCH, case, false) {
            Some(true) if safe => return Precondition::NotModified,
            Some(true) => return Precondition::Failed,
            None if !safe => return Precondition::Failed,
            _ => {}
        }
    // 4. GET or HEAD, If-None-Match is not present, and If-Modified-Since is present
    } else if *method == Method::GET || *method == Method::HEAD {
        if let (Some(date), Some(modified)) = (only_date(headers, IF_MODIFIED_SINCE), modified) {
            if modified <= date {
                return Precondition::NotModified;
            }
        }
    }
    // RFC 6585 §3
    let changes = [Method::PUT, Method::PATCH, Method::DELETE].contains(method);
    if case.required && changes && case.exists && !headers.contains_key(IF_MATCH) {
        return Precondition::Required;
    }
    // 6. Otherwise, perform the requested method
    Precondition::Proceed
}

libfuzzer_sys::fuzz_target!(|case: Case| {
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::POST,
        Method::OPTIONS,
        Method::TRACE,
        Method::CONNECT,
        Method::QUERY,
    ];
    let method = &methods[usize::from(case.method) % methods.len()];
    let mut headers = HeaderMap::new();
    if let Some(list) = &case.if_match {
        put_list(&mut headers, IF_MATCH, list);
    }
    if let Some(list) = &case.if_none_match {
        put_list(&mut headers, IF_NONE_MATCH, list);
    }
    if let Some(date) = &case.modified_since {
        put_date(&mut headers, IF_MODIFIED_SINCE, date);
    }
    if let Some(date) = &case.unmodified_since {
        put_date(&mut headers, IF_UNMODIFIED_SINCE, date);
    }
    let mut current = if case.exists { Validators::present() } else { Validators::absent() };
    if let Some(etag) = case.etag {
        current = current.etag(tag(etag));
    }
    if let Some(date) = case.modified {
        current = current.last_modified(day(date));
    }
    let rules = if case.required { Rules::at(NOW).require_if_match() } else { Rules::at(NOW) };
    assert_eq!(evaluate(method, &headers, &current, &rules), oracle(method, &headers, &case));
});
