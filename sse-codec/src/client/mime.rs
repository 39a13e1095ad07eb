//! The content type of a stream.

use http::{HeaderMap, header};

/// Whether the essence of the content type is `text/event-stream`: any case, any parameters (HTML Standard §9.2.3).
///
/// Of several `Content-Type` fields the last one counts, as the Fetch Standard extracts a type.
pub(super) fn is_event_stream(headers: &HeaderMap) -> bool {
    let last = headers.get_all(header::CONTENT_TYPE).iter().next_back();
    let Some(value) = last.and_then(|value| value.to_str().ok()) else { return false };
    let essence = value.split(';').next().unwrap_or("");
    essence.trim_matches([' ', '\t']).eq_ignore_ascii_case("text/event-stream")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_essence_decides() {
        let check = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(value));
            is_event_stream(&headers)
        };
        for yes in [
            "text/event-stream",
            "Text/Event-Stream",
            "text/event-stream;charset=utf-8",
            "text/event-stream ; x=\"a\"",
        ] {
            assert!(check(yes), "{yes}");
        }
        for no in [
            "text/event-streams",
            "text/plain",
            "",
            "text/event-stream-x",
            "application/json; text/event-stream",
        ] {
            assert!(!check(no), "{no}");
        }
        assert!(!is_event_stream(&HeaderMap::new()));
    }
}
