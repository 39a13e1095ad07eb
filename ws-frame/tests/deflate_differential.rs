//! Generated conversations: what we send is read by a decompressor that we did not build on, and by our own connection.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/rfc1951.rs"]
mod rfc1951;

use bytes::BytesMut;
use common::{events, start};
use proptest::prelude::*;
use rfc1951::Bounded;
use ws_frame::deflate::{Deflate, WindowBits};
use ws_frame::{Compress, Event, FrameDecoder, Message, Opcode, Part, Prepared, Role};

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>, Compress),
    Text(String),
    Prepared(Vec<u8>),
    /// A message in parts.
    Parts(Vec<Vec<u8>>),
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        // Few different bytes, so that there are matches; and any bytes, so that there are none.
        (proptest::collection::vec(0..4_u8, 0..300), 1..40_usize)
            .prop_map(|(piece, times)| piece.repeat(times)),
        proptest::collection::vec(any::<u8>(), 0..2000),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let choice = prop_oneof![Just(Compress::Auto), Just(Compress::Always), Just(Compress::Never)];
    prop_oneof![
        (bytes(), choice).prop_map(|(bytes, choice)| Step::Send(bytes, choice)),
        "[a-zäß€ ]{0,400}".prop_map(Step::Text),
        bytes().prop_map(Step::Prepared),
        proptest::collection::vec(bytes(), 1..4).prop_map(Step::Parts),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_conversation_is_read_alike_by_both(
        steps in proptest::collection::vec(step(), 1..12),
        level in 0..=9_u8,
        window in 8..=15_u8,
        takeover in any::<bool>(),
        cut in 1..5000_usize,
    ) {
        let mut wanted = if takeover { Deflate::with_takeover() } else { Deflate::without_takeover() };
        wanted.level = level;
        wanted.send_window = WindowBits::try_from(window).unwrap();
        let client_wants = Deflate::with_takeover();
        let (at_server, answer) = wanted.choose(&[client_wants.offer()]).unwrap();
        let at_client = client_wants.check(&[answer]).unwrap();
        let mut server = common::server().with_deflate(Some(at_server));
        let mut client = common::client().with_deflate(at_client);

        let mut expected = Vec::new();
        let mut wire = BytesMut::new();
        for step in steps {
            match step {
                Step::Send(bytes, choice) => {
                    expected.push(Message::from(bytes.clone()));
                    server.send(Message::from(bytes).compress(choice)).unwrap();
                }
                Step::Text(text) => {
                    expected.push(Message::from(text.as_str()));
                    server.send(text).unwrap();
                }
                Step::Prepared(bytes) => {
                    expected.push(Message::from(bytes.clone()));
                    server.send(Prepared::new(bytes)).unwrap();
                }
                Step::Parts(parts) => {
                    expected.push(Message::from(parts.concat()));
                    let last = parts.len() - 1;
                    for (i, part) in parts.into_iter().enumerate() {
                        server.send(Part::new(part, i == last)).unwrap();
                    }
                }
            }
            while server.poll_transmit(&mut wire) {}
        }

        let mut got = Vec::new();
        let mut buf = BytesMut::new();
        for piece in wire.chunks(cut) {
            buf.extend_from_slice(piece);
            client.receive(&mut buf, start());
            for event in events(&mut client) {
                match event {
                    Event::Message(message) => got.push(message),
                    other => panic!("{other:?}"),
                }
            }
        }
        prop_assert!(got == expected, "our connection");

        let mut decoder = FrameDecoder::new(Role::Client, usize::MAX).with_compression();
        let mut reader = Bounded::new(1 << window);
        let mut read = Vec::new();
        let mut open: Option<(bool, Opcode, Vec<u8>)> = None;
        while let Some(frame) = decoder.decode(&mut wire).unwrap() {
            let (compressed, opcode, payload) = open.get_or_insert((frame.rsv1, frame.opcode, Vec::new()));
            payload.extend_from_slice(&frame.payload);
            if !frame.fin {
                continue;
            }
            if !takeover {
                reader = Bounded::new(1 << window);
            }
            let payload = if *compressed { reader.message(payload).unwrap() } else { std::mem::take(payload) };
            read.push(match opcode {
                Opcode::Text => Message::from(String::from_utf8(payload).unwrap()),
                _ => Message::from(payload),
            });
            open = None;
        }
        prop_assert!(read == expected, "the reader of the test");
    }
}
