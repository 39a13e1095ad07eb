//! The validator says of a text in pieces what the standard library says of it whole, and says it at the first bad byte. The machine, which
//! checks while it unmasks, says the same, however long the text is and however it is cut.
#![no_main]

use std::sync::LazyLock;
use std::time::Instant;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use ws_frame::{Config, Connection, ErrorKind, Event, Frame, Opcode, Utf8Validator};

static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (seed, ascii, text) = input;
    let mut validator = Utf8Validator::new();
    let mut verdict = Ok(());
    let (mut rest, mut state) = (text, u32::from(seed) | 1);
    let mut taken = 0;
    while !rest.is_empty() && verdict.is_ok() {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let (piece, after) =
            rest.split_at((1 + (state >> 27) as usize * usize::from(seed % 9)).min(rest.len()));
        verdict = validator.push(piece);
        taken += piece.len();
        rest = after;
        if verdict.is_ok() {
            // What was taken so far may be the beginning of a valid text.
            let ok = std::str::from_utf8(&text[..taken]).err().is_none_or(|e| e.error_len().is_none());
            assert!(ok, "a bad byte was passed over");
        }
    }
    let verdict = verdict.and_then(|()| validator.finish());
    assert_eq!(verdict, std::str::from_utf8(text).map(|_| ()).map_err(|e| e.valid_up_to() as u64));

    // ASCII in front, so that what is not begins anywhere in a block.
    let mut long = vec![b'a'; usize::from(ascii) % 10_000];
    long.extend_from_slice(text);
    let expected = std::str::from_utf8(&long).map_err(|e| e.valid_up_to() as u64);
    let mut wire = BytesMut::new();
    Frame::new(true, Opcode::Text, long.clone().into()).encode(Some([seed, 0x80, 0x7f, 3]), &mut wire);
    let mut server = Connection::server(Config::default(), *NOW);
    let mut buf = BytesMut::new();
    let step = if seed % 3 == 0 { wire.len() } else { 1 + usize::from(seed) * 7 };
    let mut events = Vec::new();
    for piece in wire.chunks(step) {
        buf.extend_from_slice(piece);
        server.receive(&mut buf, *NOW);
        events.extend(std::iter::from_fn(|| server.poll_event()));
    }
    match (&events[..], expected) {
        ([Event::Message(message)], Ok(text)) => assert_eq!(message.as_text(), Some(text)),
        ([Event::Closed(info)], Err(at)) => {
            let kind = info.error.map(|error| error.kind());
            assert_eq!(kind, Some(ErrorKind::InvalidUtf8 { at }));
        }
        (events, expected) => panic!("{events:?} for {expected:?}"),
    }
});
