//! What the targets of the model streams share.

use serde::Serialize;
use serde_json::Value;
use sse_codec::{
    Limits,
    ai::{
        AiError, AiLimits, ByteReader, Dialect,
        partial_json::{self, Unfinished},
    },
};

pub(crate) const MAX_MESSAGE: usize = 2000;
pub(crate) const MAX_BLOCKS: usize = 12;
pub(crate) const MAX_DEPTH: usize = 16;

/// What a stream tells: its events, what ended it, and the message.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    events: Vec<String>,
    error: Option<String>,
    message: Option<Value>,
}

pub(crate) fn read<'c, D: Dialect<Message: Serialize>>(chunks: impl Iterator<Item = &'c [u8]>) -> Told {
    let mut limits = AiLimits::default();
    (limits.max_message, limits.max_blocks, limits.max_depth) = (MAX_MESSAGE, MAX_BLOCKS, MAX_DEPTH);
    let mut reader = ByteReader::<D>::with_limits(Limits::default(), limits);
    let mut events = Vec::new();
    let mut error = None;
    for chunk in chunks {
        if let Err(what) = reader.read(chunk, |event| events.push(format!("{event:?}"))) {
            if matches!(what, AiError::Data { .. } | AiError::Order { .. } | AiError::Api(_)) {
                assert!(what.raw().is_some(), "the data is in the error");
            }
            error = Some(format!("{what} {:?}", what.raw()));
            break;
        }
    }
    let message = reader.message().map(|message| serde_json::to_value(message).expect("a message is JSON"));
    match (reader.is_done(), reader.finish()) {
        (true, Ok(whole)) => {
            assert_eq!(Some(serde_json::to_value(&whole).expect("a message is JSON")), message)
        }
        (false, Err(AiError::Truncated | AiError::Failed)) => {}
        other => panic!("{:?}", other.1.map(|_| other.0)),
    }
    Told { events, error, message }
}

/// The same at any cut, and within the limits.
pub(crate) fn check<D: Dialect<Message: Serialize>>(stream: &[u8], sizes: &[u8]) {
    let whole = read::<D>([stream].into_iter());
    assert_eq!(read::<D>(stream.chunks(1)), whole);
    let mut rest = stream;
    let mut sizes = sizes.iter().cycle();
    let pieces = std::iter::from_fn(|| {
        let size = usize::from(*sizes.next().unwrap_or(&9)).clamp(1, rest.len().max(1));
        let (piece, tail) = rest.split_at(size.min(rest.len()));
        rest = tail;
        (!piece.is_empty()).then_some(piece)
    });
    assert_eq!(read::<D>(pieces), whole);
    if let Some(message) = &whole.message {
        assert!(leaves(message) <= MAX_MESSAGE * 2 + 2000, "{} bytes are held", leaves(message));
        assert!(depth(message) <= MAX_DEPTH + 8, "{} levels are held", depth(message));
    }
}

/// The bytes of all strings and names. Usage is replaced by each event that has one, and so is no larger than one event.
fn leaves(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(leaves).sum(),
        Value::Object(map) => map
            .iter()
            .filter(|(name, _)| *name != "usage")
            .map(|(name, value)| name.len() + leaves(value))
            .sum(),
        _ => 0,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Any text: the same answer as serde_json whether it is a document; and each prefix of a document is the beginning of one.
pub(crate) fn check_partial(text: &str) {
    let document = serde_json::from_str::<Value>(text);
    let keep = partial_json::parse(text, Unfinished::Keep, 128);
    let drop = partial_json::parse(text, Unfinished::Drop, 128);
    assert_eq!(keep.is_ok(), drop.is_ok());
    assert_eq!(
        keep.as_ref().is_ok_and(|partial| partial.is_complete),
        document.is_ok(),
        "{text:?}: {document:?}"
    );
    if let Ok(document) = document {
        assert_eq!(keep.expect("a document").value.as_ref(), Some(&document));
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)).take(300) {
            for unfinished in [Unfinished::Keep, Unfinished::Drop] {
                if let Err(error) = partial_json::parse(&text[..end], unfinished, 128) {
                    panic!("{:?}, which begins {text:?}: {error}", &text[..end]);
                }
            }
        }
    }
}
