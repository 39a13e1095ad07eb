//! The query of a request: five names matter, and their values are decoded only when they are looked at.

use std::borrow::Cow;

use super::path::hex;

/// The parameters that the protocol knows, as they stand in the query; of a name that stands there twice, the first
/// (`URLSearchParams.get`).
///
/// ```
/// use rpc_typed::wire::query::Query;
///
/// let query = Query::parse("x=1&batch=1&input=%7B%220%22%3A+1%7D");
/// assert!(query.is_batch());
/// assert_eq!(query.input().as_deref(), Some(&br#"{"0": 1}"#[..]));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<'a> {
    input: Option<&'a str>,
    batch: Option<&'a str>,
    connection_params: Option<&'a str>,
    last_event_id: Option<&'a str>,
    last_event_id_header: Option<&'a str>,
}

impl<'a> Query<'a> {
    /// Finds the parameters. Any text is a query; what is not known is passed over.
    #[must_use]
    pub fn parse(raw: &'a str) -> Query<'a> {
        let mut query = Query::default();
        let mut rest = raw;
        while !rest.is_empty() {
            let end = memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
            let (pair, tail) = rest.split_at(end);
            rest = tail.strip_prefix('&').unwrap_or(tail);
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let place = match &*decode(name) {
                b"input" => &mut query.input,
                b"batch" => &mut query.batch,
                b"connectionParams" => &mut query.connection_params,
                b"lastEventId" => &mut query.last_event_id,
                b"Last-Event-Id" => &mut query.last_event_id_header,
                _ => continue,
            };
            place.get_or_insert(value);
        }
        query
    }

    /// Whether it says `batch=1`, exactly.
    #[must_use]
    pub fn is_batch(&self) -> bool {
        self.batch.is_some_and(|value| &*decode(value) == b"1")
    }

    /// The input, decoded to bytes: JSON, if the client is right.
    #[must_use]
    pub fn input(&self) -> Option<Cow<'a, [u8]>> {
        self.input.map(decode)
    }

    /// The connection parameters, decoded.
    #[must_use]
    pub fn connection_params(&self) -> Option<Cow<'a, [u8]>> {
        self.connection_params.map(decode)
    }

    /// The id to resume behind, as text; a byte sequence that is not UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn last_event_id(&self) -> Option<String> {
        let raw = self.last_event_id.or(self.last_event_id_header)?;
        Some(String::from_utf8_lossy(&decode(raw)).into_owned())
    }
}

/// Decodes as forms are decoded (WHATWG URL §5.1): `+` is a space, an escape that is not whole stands for itself.
fn decode(raw: &str) -> Cow<'_, [u8]> {
    let bytes = raw.as_bytes();
    let Some(first) = memchr::memchr2(b'%', b'+', bytes) else { return Cow::Borrowed(bytes) };
    let (plain, mut rest) = bytes.split_at(first);
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(plain);
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                match tail.split_at_checked(2).and_then(|(digits, behind)| Some((hex(digits)?, behind))) {
                    Some((byte, behind)) => {
                        out.push(byte);
                        rest = behind;
                    }
                    None => out.push(b'%'),
                }
            }
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}
