//! Paths and queries against readings of them that go character by character.
#![no_main]

use rpc_typed::wire::path::decode;
use rpc_typed::wire::query::Query;

fn byte(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    (text.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit))
        .then(|| u8::from_str_radix(text, 16).ok())?
}

/// `decodeURIComponent`.
fn strict(raw: &str) -> Option<String> {
    let (raw, mut out, mut at) = (raw.as_bytes(), Vec::new(), 0);
    while at < raw.len() {
        if raw[at] == b'%' {
            out.push(byte(raw.get(at + 1..at + 3)?)?);
            at += 3;
        } else {
            out.push(raw[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok()
}

/// The decoding of forms.
fn form(raw: &str) -> Vec<u8> {
    let (raw, mut out, mut at) = (raw.as_bytes(), Vec::new(), 0);
    while at < raw.len() {
        match raw.get(at + 1..at + 3).filter(|_| raw[at] == b'%').and_then(byte) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if raw[at] == b'+' { b' ' } else { raw[at] });
                at += 1;
            }
        }
    }
    out
}

fn get(raw: &str, name: &str) -> Option<Vec<u8>> {
    raw.split('&').filter(|pair| !pair.is_empty()).find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (form(key) == name.as_bytes()).then(|| form(value))
    })
}

libfuzzer_sys::fuzz_target!(|raw: &str| {
    assert_eq!(decode(raw).ok().map(std::borrow::Cow::into_owned), strict(raw));
    // As it is, and where names are likely.
    for raw in
        [raw.to_owned(), raw.replace('!', "input=").replace('"', "&batch=1").replace('#', "lastEventId=")]
    {
        let query = Query::parse(&raw);
        assert_eq!(query.input().map(std::borrow::Cow::into_owned), get(&raw, "input"));
        assert_eq!(
            query.connection_params().map(std::borrow::Cow::into_owned),
            get(&raw, "connectionParams")
        );
        assert_eq!(query.is_batch(), get(&raw, "batch").as_deref() == Some(b"1"));
        let id = get(&raw, "lastEventId").or_else(|| get(&raw, "Last-Event-Id"));
        assert_eq!(query.last_event_id(), id.map(|id| String::from_utf8_lossy(&id).into_owned()));
    }
});
