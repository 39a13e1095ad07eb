//! `Accept`: in which form the answer goes out (RFC 9110 §12.5.1, GraphQL over HTTP, "Body").

use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue};

use super::{HttpError, HttpLimits};

/// The form of an answer.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseType {
    /// `application/graphql-response+json`: the status code tells of request errors.
    GraphqlResponse,
    /// `application/json`: every answer to a well-formed request has status 200.
    Json,
    /// `text/event-stream`: each result is an event (GraphQL over Server-Sent Events, distinct connections mode).
    EventStream,
}

impl ResponseType {
    /// The value of `Content-Type`.
    #[must_use]
    pub const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
            Self::EventStream => "text/event-stream",
        })
    }
}

/// What a client accepts, of the forms that there are.
///
/// The weight decides, then the order: `application/graphql-response+json`, `application/json`, `text/event-stream`. A client
/// that names none of them (no `Accept` at all, or only wildcards) gets `application/json`, which every client can read.
///
/// ```
/// use graphql_exec::http::{Accepts, HttpLimits, ResponseType};
/// let mut headers = http::HeaderMap::new();
/// headers.insert("accept", "application/json;q=0.9, application/graphql-response+json, text/event-stream".parse()?);
/// let accepts = Accepts::read(&headers, &HttpLimits::DEFAULT)?;
/// assert_eq!(accepts.for_one_result(), Some(ResponseType::GraphqlResponse));
/// assert_eq!(accepts.for_many_results(), Some(ResponseType::EventStream));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepts {
    /// For each form in the order above: how specific the best range is (0: none covers it), and its weight in thousandths.
    best: [(u8, u16); 3],
}

const FORMS: [(ResponseType, &str, &str); 3] = [
    (ResponseType::GraphqlResponse, "application", "graphql-response+json"),
    (ResponseType::Json, "application", "json"),
    (ResponseType::EventStream, "text", "event-stream"),
];

/// A range that names a form, and not a family of types.
const NAMED: u8 = 3;

impl Accepts {
    /// Reads the `Accept` fields. Ranges that cannot be read or cover none of the forms are passed over.
    ///
    /// # Errors
    /// [`HttpError::TooManyRanges`] beyond [`HttpLimits::max_accept_ranges`].
    pub fn read(headers: &HeaderMap, limits: &HttpLimits) -> Result<Self, HttpError> {
        let mut accepts = Self { best: [(0, 0); 3] };
        let mut count = 0_usize;
        for value in headers.get_all(ACCEPT) {
            // A value that is not ASCII names none of the forms.
            let ranges = value.to_str().unwrap_or("*").split(',').map(str::trim);
            for range in ranges.filter(|range| !range.is_empty()) {
                count = count.saturating_add(1);
                if count > limits.max_accept_ranges {
                    return Err(HttpError::TooManyRanges { max: limits.max_accept_ranges });
                }
                accepts.add(range);
            }
        }
        if count == 0 {
            accepts.add("*/*");
        }
        Ok(accepts)
    }

    fn add(&mut self, range: &str) {
        let mut parts = range.split(';').map(str::trim);
        let Some((top, sub)) = parts.next().and_then(|essence| essence.split_once('/')) else { return };
        let mut weight = 1000;
        for part in parts.filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else { return };
            let value = value.trim_matches('"');
            if name.eq_ignore_ascii_case("q") {
                let Some(q) = thousandths(value) else { return };
                weight = q;
                // What follows `q` are extensions that RFC 9110 removed.
                break;
            }
            // JSON and event streams are UTF-8 and nothing else, so another encoding names another form.
            if name.eq_ignore_ascii_case("charset") && !is_utf8(value) {
                return;
            }
        }
        for ((_, type_, subtype), best) in FORMS.iter().zip(&mut self.best) {
            let specific = if top.eq_ignore_ascii_case(type_) && sub.eq_ignore_ascii_case(subtype) {
                NAMED
            } else if top.eq_ignore_ascii_case(type_) && sub == "*" {
                2
            } else if top == "*" && sub == "*" {
                1
            } else {
                continue;
            };
            // The same range twice: the weight that is better for the client.
            *best = (*best).max((specific, weight));
        }
    }

    /// The form for a single result; `None` when none is acceptable: 406.
    ///
    /// A client that takes event streams alone gets one, with a `next` and a `complete`.
    #[must_use]
    pub fn for_one_result(&self) -> Option<ResponseType> {
        let [response, json, stream] = self.best;
        let mut ranked = [(response, ResponseType::GraphqlResponse), (json, ResponseType::Json)];
        if response.0 < NAMED {
            // Covered by a wildcard only: what all clients read comes first.
            ranked.reverse();
        }
        let mut chosen: Option<(u16, ResponseType)> = None;
        for ((specific, weight), form) in ranked {
            if specific > 0 && weight > chosen.map_or(0, |(weight, _)| weight) {
                chosen = Some((weight, form));
            }
        }
        // A wildcard does not ask for a stream where a plain answer will do.
        let (specific, weight) = stream;
        if specific > 0
            && weight > chosen.map_or(0, |(weight, _)| weight)
            && (chosen.is_none() || specific == NAMED)
        {
            chosen = Some((weight, ResponseType::EventStream));
        }
        chosen.map(|(_, form)| form)
    }

    /// The form for the results of a subscription; `None` when it is not acceptable: 406.
    #[must_use]
    pub fn for_many_results(&self) -> Option<ResponseType> {
        let (specific, weight) = self.best[2];
        (specific > 0 && weight > 0).then_some(ResponseType::EventStream)
    }

    /// The form for an error that is met before it is clear what is asked for: as for one result, or JSON.
    #[must_use]
    pub fn for_refusal(&self) -> ResponseType {
        self.for_one_result().unwrap_or(ResponseType::Json)
    }
}

/// A weight in thousandths (RFC 9110 §12.4.2).
fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction =
        decimals.bytes().chain([b'0'; 3]).take(3).fold(0, |n, digit| n * 10 + u16::from(digit - b'0'));
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

pub(super) fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(values: &[&str]) -> Accepts {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(ACCEPT, HeaderValue::try_from(*value).unwrap());
        }
        Accepts::read(&headers, &HttpLimits::DEFAULT).unwrap()
    }

    #[test]
    fn the_weight_decides_and_then_the_order_of_the_forms() {
        use ResponseType::{EventStream, GraphqlResponse, Json};
        for (value, one, many) in [
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(GraphqlResponse),
                None,
            ),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse), None),
            ("application/json, application/graphql-response+json;q=0.9", Some(Json), None),
            ("*/*", Some(Json), Some(EventStream)),
            ("application/*", Some(Json), None),
            ("text/*", Some(EventStream), Some(EventStream)),
            ("text/event-stream", Some(EventStream), Some(EventStream)),
            ("Text/Event-Stream, APPLICATION/JSON;Q=0.5", Some(EventStream), Some(EventStream)),
            ("application/json, text/event-stream", Some(Json), Some(EventStream)),
            ("text/event-stream;q=0, */*", Some(Json), None),
            ("application/json;q=0, */*;q=0.1", Some(GraphqlResponse), Some(EventStream)),
            ("application/json;q=0", None, None),
            ("text/html, image/*", None, None),
            ("application/json; charset=latin1", None, None),
            ("application/json;q=2", None, None),
            ("json", None, None),
            ("", Some(Json), Some(EventStream)),
        ] {
            let accepts = accepts(&[value]);
            assert_eq!((accepts.for_one_result(), accepts.for_many_results()), (one, many), "{value}");
        }
        assert_eq!(accepts(&[]).for_one_result(), Some(Json));
        assert_eq!(accepts(&["text/html", "application/json"]).for_one_result(), Some(Json));
    }

    #[test]
    fn weights_have_at_most_three_decimals() {
        for (text, weight) in [("1", 1000), ("1.000", 1000), ("0", 0), ("0.5", 500), ("0.12", 120), ("0.", 0)]
        {
            assert_eq!(thousandths(text), Some(weight), "{text}");
        }
        for text in ["", "1.1", "2", "0.1234", "-1", ".5", "0.x"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }

    #[test]
    fn more_ranges_than_the_limit_are_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::try_from("a/b,".repeat(32)).unwrap());
        assert!(Accepts::read(&headers, &HttpLimits::DEFAULT).is_ok());
        headers.append(ACCEPT, HeaderValue::from_static("a/b"));
        assert_eq!(Accepts::read(&headers, &HttpLimits::DEFAULT), Err(HttpError::TooManyRanges { max: 32 }));
    }
}
