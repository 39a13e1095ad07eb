//! Whether a request can be answered with an event stream.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::hub::SubscribeError;

/// Refuses what is no GET or HEAD, and what does not accept `text/event-stream`.
pub(super) fn check(method: &Method, headers: &HeaderMap) -> Result<(), Response<()>> {
    if method != Method::GET && method != Method::HEAD {
        let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Err(response);
    }
    if accepts(headers) { Ok(()) } else { Err(status(StatusCode::NOT_ACCEPTABLE)) }
}

pub(super) fn refusal(error: &SubscribeError) -> Response<()> {
    let mut response = status(error.http_status());
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn status(status: StatusCode) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    response
}

/// RFC 9110 §12.5.1: the most specific range that matches decides; weight 0 means "not acceptable".
fn accepts(headers: &HeaderMap) -> bool {
    let mut best: Option<(u8, bool)> = None;
    let mut is_present = false;
    for value in headers.get_all(header::ACCEPT) {
        // A value that is not ASCII names no type that could be matched.
        for range in value.to_str().unwrap_or("").split(',').map(str::trim).filter(|range| !range.is_empty())
        {
            is_present = true;
            let mut parts = range.split(';').map(str::trim);
            let specific = match parts.next().unwrap_or("") {
                range if range.eq_ignore_ascii_case("text/event-stream") => 2,
                range if range.eq_ignore_ascii_case("text/*") => 1,
                "*/*" => 0,
                _ => continue,
            };
            let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let is_wanted = weight.is_none_or(|q| q.bytes().any(|b| (b'1'..=b'9').contains(&b)));
            if best.is_none_or(|(most, _)| specific > most) {
                best = Some((specific, is_wanted));
            }
        }
    }
    best.map_or(!is_present, |(_, is_wanted)| is_wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        let is_accepted = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(value));
            accepts(&headers)
        };
        assert!(accepts(&HeaderMap::new()));
        for yes in [
            "text/event-stream",
            "Text/Event-Stream;q=0.1",
            "*/*",
            "text/*",
            "a/b, */*;q=0.8",
            "",
            "*/*;q=0, text/*",
        ] {
            assert!(is_accepted(yes), "{yes}");
        }
        for no in
            ["application/json", "text/event-stream;q=0, */*", "text/*;q=0.000", "*/*; q=0", "text/html"]
        {
            assert!(!is_accepted(no), "{no}");
        }
    }
}
