//! The same wire through tungstenite: the same messages come out, and the same close code goes back.
#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::io::{self, Read, Write};

use bytes::{Bytes, BytesMut};
use common::{feed, sent_close, server};
use proptest::prelude::*;
use tungstenite::protocol::{Role, WebSocket};
use ws_frame::{Event, Frame, Message, Opcode};

/// What a server makes of a wire: messages, and the code that it answers with; 1005 is an empty Close, `None` no end.
type Verdict = (Vec<Message>, Option<u16>);

fn ours(wire: &[u8]) -> Verdict {
    let mut server = server();
    let messages = feed(&mut server, wire).into_iter().filter_map(|event| match event {
        Event::Message(message) => Some(message),
        _ => None,
    });
    (messages.collect(), sent_close(&mut server).map(|code| code.as_u16()))
}

fn theirs(wire: &[u8]) -> Verdict {
    let mut socket =
        WebSocket::from_raw_socket(Memory { input: wire, output: Vec::new() }, Role::Server, None);
    let mut messages = Vec::new();
    loop {
        match socket.read() {
            Ok(tungstenite::Message::Text(text)) => messages.push(Message::from(text.as_str())),
            Ok(tungstenite::Message::Binary(bytes)) => messages.push(Message::from(bytes)),
            Ok(tungstenite::Message::Close(_)) => {
                let _ = socket.flush();
                let output = &socket.get_ref().output;
                // Its pongs come first; the Close is the last frame that it writes.
                let close = last_frame(output);
                return (messages, Some(close.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code))));
            }
            Ok(_) => {}
            Err(tungstenite::Error::Io(_)) => return (messages, None),
            Err(tungstenite::Error::Utf8(_)) => return (messages, Some(1007)),
            Err(tungstenite::Error::Capacity(_)) => return (messages, Some(1009)),
            Err(tungstenite::Error::Protocol(_)) => return (messages, Some(1002)),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// The payload of the last of some unmasked control frames.
fn last_frame(mut wire: &[u8]) -> Bytes {
    let mut last = Bytes::new();
    while let Some((&[_, len], rest)) = wire.split_first_chunk() {
        let (payload, rest) = rest.split_at(usize::from(len));
        last = Bytes::copy_from_slice(payload);
        wire = rest;
    }
    last
}

struct Memory<'a> {
    input: &'a [u8],
    output: Vec<u8>,
}

impl Read for Memory<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        // No end: a connection on which nothing more comes for now.
        if self.input.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { self.input.read(buf) }
    }
}

impl Write for Memory<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.output.write(buf)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn any_payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => any::<String>().prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..8),
        1 => (100..300usize).prop_map(|n| vec![b'x'; n]),
    ]
}

/// Whole frames, most of them right: fragments that follow each other, control frames between them, now and then one that is wrong.
fn any_frames() -> impl Strategy<Value = Vec<(bool, Opcode, Vec<u8>)>> {
    let part = (0..20u8, any::<bool>(), any_payload(), 999..5001u16);
    prop::collection::vec(part, 0..12).prop_map(|parts| {
        let mut open = false;
        let mut frames = Vec::new();
        for (kind, fin, mut payload, code) in parts {
            match kind {
                0 => frames.push((fin, if open { Opcode::Text } else { Opcode::Continuation }, payload)),
                // It does not know 1014, which IANA has since.
                1 if code == 1014 => {}
                1 => frames.push((true, Opcode::Close, [&code.to_be_bytes()[..], b"why"].concat())),
                2 => frames.push((true, Opcode::Close, payload.into_iter().take(2).collect())),
                3..=5 => {
                    payload.truncate(125);
                    frames.push((true, if fin { Opcode::Ping } else { Opcode::Pong }, payload));
                }
                _ => {
                    let opcode = match (open, kind % 3) {
                        (true, _) => Opcode::Continuation,
                        (false, 0) => Opcode::Binary,
                        (false, _) => Opcode::Text,
                    };
                    open = !fin;
                    frames.push((fin, opcode, payload));
                }
            }
        }
        frames
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_messages_and_the_same_code(frames in any_frames(), flip in (any::<prop::sample::Index>(), 0..8u8, 0..4u8)) {
        let mut wire = BytesMut::new();
        // In one of four, a bit of the first byte of a header is wrong.
        let flipped = (flip.2 == 0 && !frames.is_empty()).then(|| flip.0.index(frames.len()));
        for (i, (fin, opcode, payload)) in frames.into_iter().enumerate() {
            let head = wire.len();
            let mask = if flipped == Some(i) { 1 << flip.1 } else { 0 };
            // Which is named first when both the code and the reason are wrong, is left to each.
            prop_assume!((opcode as u8 ^ mask) & 0xf != 8 || payload.get(2..).is_none_or(|reason| reason.is_ascii()));
            Frame::new(fin, opcode, payload.into()).encode(Some([0x37, 0xfa, 0x21, 0x3d]), &mut wire);
            wire[head] ^= mask;
        }
        prop_assert_eq!(ours(&wire), theirs(&wire));
    }
}

#[test]
fn the_harness_sees_each_kind_of_end() {
    let close = |body: &[u8]| common::masked(true, Opcode::Close, body);
    for (wire, code) in [
        (close(b""), Some(1005)),
        (close(b"\x0f\xa0"), Some(4000)),
        (close(b"\x03\xed"), Some(1002)),
        (common::masked(true, Opcode::Text, b"\xff"), Some(1007)),
        (common::masked(true, Opcode::Continuation, b"x"), Some(1002)),
        (common::masked(true, Opcode::Text, b"x"), None),
    ] {
        assert_eq!(ours(&wire).1, code, "{wire:?}");
        assert_eq!(theirs(&wire).1, code, "{wire:?}");
    }
}
