//! Compressed messages in and out, with the vectors of RFC 7692 §7.2.3.
#![cfg(feature = "deflate")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/rfc1951.rs"]
mod rfc1951;

use bytes::{Bytes, BytesMut};
use common::{closed, events, feed, masked, plain, quiet, sent_close, start, text, transmit};
use rfc1951::Bounded;
use ws_frame::deflate::{Agreement, Deflate, Deflater};
use ws_frame::{
    CloseCode, Compress, Connection, Delivery, ErrorKind, Event, Header, Message, Opcode, Prepared, Role,
};

/// What two endpoints that both want this agree on: at the client, and at the server.
fn agree(deflate: &Deflate) -> [Agreement; 2] {
    let (server, answer) = deflate.choose(&[deflate.offer()]).unwrap();
    [deflate.check(&[answer]).unwrap().unwrap(), server]
}

fn client(deflate: &Deflate) -> Connection {
    common::client().with_deflate(Some(agree(deflate)[0].clone()))
}

fn server(deflate: &Deflate) -> Connection {
    common::server().with_deflate(Some(agree(deflate)[1].clone()))
}

/// With takeover, and each message compressed however short it is.
fn eager() -> Deflate {
    let mut deflate = Deflate::with_takeover();
    deflate.min_size = 1;
    deflate
}

/// A frame of a server with RSV1.
fn compressed(fin: bool, opcode: Opcode, payload: &[u8]) -> BytesMut {
    let mut frame = plain(fin, opcode, payload);
    frame[0] |= 0x40;
    frame
}

/// The payload of the only frame that was sent, and whether RSV1 is set on it.
fn sent_one(connection: &mut Connection) -> (bool, Vec<u8>) {
    let mut wire = transmit(connection);
    let rsv1 = wire[0] & 0x40 != 0;
    wire[0] &= !0x40;
    let (header, size) = Header::parse(&wire, Role::Client).unwrap().unwrap();
    assert!(header.fin);
    assert_eq!(wire.len(), size + header.len as usize);
    (rsv1, wire[size..].to_vec())
}

fn noise(len: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (state >> 24) as u8
    };
    (0..len).map(|_| next()).collect()
}

#[test]
fn section_7_2_3_1_one_block() {
    let whole = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    assert_eq!(feed(&mut client(&eager()), whole), [text("Hello")]);
    let fragments = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
    assert_eq!(feed(&mut client(&eager()), fragments), [text("Hello")]);

    let mut server = server(&eager());
    server.send("Hello").unwrap();
    assert_eq!(&transmit(&mut server)[..], whole);
}

#[test]
fn section_7_2_3_2_the_window_is_shared_by_messages() {
    let (mut sender, mut receiver) = (server(&eager()), client(&eager()));
    let first = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    let second = b"\xc1\x05\xf2\x00\x11\x00\x00";
    assert_eq!(feed(&mut receiver, first), [text("Hello")]);
    assert_eq!(feed(&mut receiver, second), [text("Hello")]);
    sender.send("Hello").unwrap();
    sender.send("Hello").unwrap();
    assert_eq!(&transmit(&mut sender)[..], [&first[..], second].concat());

    // Without takeover the second message refers to what is not there.
    let mut alone = client(&Deflate::without_takeover());
    assert_eq!(feed(&mut alone, first), [text("Hello")]);
    let error = closed(&feed(&mut alone, second)).error.unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidDeflate);
    assert_eq!((error.offset(), error.close_code()), (9, CloseCode::INVALID_PAYLOAD));
    assert_eq!(sent_close(&mut alone), Some(CloseCode::INVALID_PAYLOAD));
}

#[test]
fn section_7_2_3_3_a_block_without_compression() {
    let wire = b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    assert_eq!(feed(&mut client(&eager()), wire), [text("Hello")]);
}

#[test]
fn section_7_2_3_4_a_block_with_bfinal() {
    let wire = b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    for deflate in [eager(), Deflate::without_takeover()] {
        let mut client = client(&deflate);
        assert_eq!(feed(&mut client, wire), [text("Hello")]);
        // The next messages are whole too, whatever ends them.
        assert_eq!(feed(&mut client, b"\xc1\x07\xf3\x48\xcd\xc9\xc9\x07\x00"), [text("Hello")]);
        assert_eq!(feed(&mut client, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), [text("Hello")]);
        assert_eq!(feed(&mut client, wire), [text("Hello")]);
    }
}

#[test]
fn section_7_2_3_5_two_blocks() {
    let wire = b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
    assert_eq!(feed(&mut client(&eager()), wire), [text("Hello")]);
}

#[test]
fn section_7_2_3_6_an_empty_message() {
    let mut receiver = client(&eager());
    assert_eq!(feed(&mut receiver, b"\xc1\x01\x00"), [text("")]);
    // No byte at all is not what the section says, but it is plain what it means.
    assert_eq!(feed(&mut receiver, b"\xc2\x00"), [Event::Message(Message::from(&b""[..]))]);
    assert_eq!(feed(&mut receiver, b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), [text("Hello")]);
    // An empty frame at the end of a compressed message.
    assert_eq!(feed(&mut receiver, b"\x41\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x80\x00"), [text("Hello")]);

    let mut sender = server(&eager());
    sender.send(Message::from("").compress(Compress::Always)).unwrap();
    assert_eq!(&transmit(&mut sender)[..], b"\x81\x00", "nothing is not compressed");
}

#[test]
fn section_6_1_rsv1_is_on_the_first_frame_of_a_message_and_on_no_other() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let bad = |wire: &[u8]| {
        let mut client = client(&eager());
        let events = feed(&mut client, wire);
        assert_eq!(closed(&events).error.unwrap().kind(), ErrorKind::ReservedBits, "{wire:x?}");
        assert_eq!(sent_close(&mut client), Some(CloseCode::PROTOCOL_ERROR));
    };
    for control in [Opcode::Ping, Opcode::Pong, Opcode::Close] {
        bad(&compressed(true, control, b""));
    }
    bad(&[compressed(false, Opcode::Text, &hello[..3]), compressed(true, Opcode::Continuation, &hello[3..])]
        .concat());
    bad(&[plain(false, Opcode::Text, b"Hel"), compressed(true, Opcode::Continuation, b"lo")].concat());
    for bit in [0x20, 0x10] {
        let mut frame = plain(true, Opcode::Text, b"Hello");
        frame[0] |= bit;
        bad(&frame);
        frame[0] |= 0x40;
        bad(&frame);
    }
    // Without an agreement no frame has it.
    let mut plain_client = common::client();
    let ended = feed(&mut plain_client, &compressed(true, Opcode::Text, &hello));
    assert_eq!(closed(&ended).error.unwrap().kind(), ErrorKind::ReservedBits);
    // Messages that are not compressed are taken beside those that are, and control frames inside them.
    let mixed = [
        plain(true, Opcode::Text, b"plain"),
        compressed(false, Opcode::Text, &hello[..3]),
        plain(true, Opcode::Ping, b"?"),
        plain(true, Opcode::Continuation, &hello[3..]),
        plain(false, Opcode::Binary, b"a"),
        plain(true, Opcode::Continuation, b"b"),
    ];
    assert_eq!(
        feed(&mut client(&eager()), &mixed.concat()),
        [
            text("plain"),
            Event::Ping(Bytes::from_static(b"?")),
            text("Hello"),
            Event::Message(Message::from(&b"ab"[..])),
        ]
    );
}

#[test]
fn a_client_masks_what_it_compressed_and_a_server_reads_it() {
    let (mut client, mut server) = (client(&Deflate::default()), server(&Deflate::default()));
    let message = "a line that says little, ".repeat(40_000);
    client.send(message.as_str()).unwrap();
    let wire = transmit(&mut client);
    assert!(wire.len() < message.len() / 100);
    assert_eq!((wire[0], wire[1] & 0x80), (0xc1, 0x80));
    assert_eq!(feed(&mut server, &wire), [text(&message)]);
    // Masked by hand.
    let mut frame = masked(true, Opcode::Text, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    frame[0] |= 0x40;
    assert_eq!(feed(&mut server, &frame), [text("Hello")]);
}

#[test]
fn what_does_not_pay_is_sent_as_it_is() {
    let mut deflate = Deflate::without_takeover();
    deflate.min_size = 100;
    let mut server = server(&deflate);
    let mut send = |message: Message, choice: Compress| {
        server.send(message.compress(choice)).unwrap();
        sent_one(&mut server)
    };
    let long = "abc".repeat(100);
    assert!(send(Message::from(long.as_str()), Compress::Auto).0);
    assert!(!send(Message::from(&long[..99]), Compress::Auto).0, "shorter than min_size");
    assert!(send(Message::from(&long[..99]), Compress::Always).0);
    assert!(!send(Message::from(long.as_str()), Compress::Never).0);
    let noise = noise(5000);
    assert!(!send(Message::from(noise.clone()), Compress::Auto).0, "bytes that look like noise");
    let (rsv1, longer) = send(Message::from(noise.clone()), Compress::Always);
    assert!(rsv1 && longer.len() > noise.len(), "asked for");
    assert!(send(Message::from(long.into_bytes()), Compress::Auto).0);
}

#[test]
fn with_takeover_what_is_never_compressed_stays_out_of_the_context() {
    let mut sender = server(&eager());
    let mut receiver = client(&eager());
    let mut reader = Bounded::new(1 << 15);
    let secret = "token 0123456789abcdefghijklmnopqrstuvwxyz";
    let guess = "is it 0123456789abcdefghijklmnopqrstuvwxyz";
    sender.send(Message::from(secret).compress(Compress::Never)).unwrap();
    let (rsv1, plain) = sent_one(&mut sender);
    assert_eq!((rsv1, &plain[..]), (false, secret.as_bytes()));
    sender.send(guess).unwrap();
    let wire = transmit(&mut sender);
    // A reader that never saw the secret reads what follows it.
    let (header, size) =
        Header::parse(&[&[wire[0] & !0x40][..], &wire[1..]].concat(), Role::Client).unwrap().unwrap();
    assert_eq!(reader.message(&wire[size..]).unwrap(), guess.as_bytes());
    assert!(header.len > 36, "it was not shortened by the secret");
    assert_eq!(feed(&mut receiver, &wire), [text(guess)]);
}

#[test]
fn text_is_checked_as_it_is_inflated_also_in_the_middle_of_a_frame() {
    let mut deflater = Deflater::new(&agree(&eager())[1]);
    let good = "grüße, ".repeat(400);
    let mut wire = Vec::new();
    deflater.deflate(good.as_bytes(), false, &mut wire);
    let good_ends = wire.len();
    deflater.deflate(b"\xff", false, &mut wire);
    let bad_ends = wire.len();
    deflater.deflate(&noise(10_000), true, &mut wire);
    let frame = compressed(true, Opcode::Text, &wire);
    let mut client = client(&eager());
    assert_eq!(feed(&mut client, &frame[..4 + good_ends]), []);
    let mut buf = BytesMut::from(&frame[4 + good_ends..4 + bad_ends]);
    client.receive(&mut buf, start());
    let error = closed(&events(&mut client)).error.unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidUtf8 { at: good.len() as u64 });
    // A character that does not end.
    let mut wire = Vec::new();
    Deflater::new(&agree(&eager())[1]).deflate("abc€".as_bytes().split_last().unwrap().1, true, &mut wire);
    let mut client = self::client(&eager());
    let error = closed(&feed(&mut client, &compressed(true, Opcode::Text, &wire))).error.unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidUtf8 { at: 3 });
}

#[test]
fn data_that_is_not_deflate_is_1007() {
    for bad in [&b"\x07"[..], b"\xff\xff\xff\xff", b"\x00\x05\x00\x00\x00hello", b"\x04\xff\xff\xff\xff\xff"]
    {
        let mut client = client(&eager());
        let events = feed(&mut client, &compressed(true, Opcode::Binary, bad));
        let error = closed(&events).error.unwrap();
        assert_eq!(
            (error.kind(), error.close_code()),
            (ErrorKind::InvalidDeflate, CloseCode::INVALID_PAYLOAD)
        );
        assert_eq!(error.to_string(), "invalid deflate data in the frame at byte 0");
    }
}

/// Several messages, compressed in several ways, and what they say.
fn conversation() -> (Vec<u8>, Vec<Event>) {
    let mut sender = server(&eager());
    let mut wire = Vec::new();
    let mut expected = Vec::new();
    let texts = ["Hello", "Hello", "", "grüße ".repeat(30).leak(), "x".repeat(3000).leak()];
    for message in texts {
        sender.send(message).unwrap();
        wire.extend_from_slice(&transmit(&mut sender));
        expected.push(text(message));
    }
    sender.send(noise(300)).unwrap();
    sender.ping(b"hi").unwrap();
    wire.extend_from_slice(&transmit(&mut sender));
    expected.push(Event::Ping(Bytes::from_static(b"hi")));
    expected.push(Event::Message(Message::from(noise(300))));
    // One in fragments of compressed bytes, and one that breaks.
    let mut deflater = Deflater::new(&agree(&Deflate::without_takeover())[1]);
    let mut payload = Vec::new();
    deflater.deflate("fragments ".repeat(50).as_bytes(), true, &mut payload);
    let (a, b) = payload.split_at(payload.len() / 2);
    wire.extend_from_slice(&compressed(false, Opcode::Binary, a));
    wire.extend_from_slice(&plain(false, Opcode::Continuation, b""));
    wire.extend_from_slice(&plain(true, Opcode::Continuation, b));
    expected.push(Event::Message(Message::from("fragments ".repeat(50).into_bytes())));
    wire.extend_from_slice(&compressed(true, Opcode::Binary, b"\xf2\x48\xcd\xc9\xc9\x07\xff\xff\xff\xff"));
    (wire, expected)
}

#[test]
fn every_split_gives_the_same_events() {
    let (wire, expected) = conversation();
    let run = |cuts: &mut dyn Iterator<Item = usize>| {
        let mut client = client(&eager());
        let mut buf = BytesMut::new();
        let mut got = Vec::new();
        let mut rest = &wire[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            rest = after;
            buf.extend_from_slice(piece);
            client.receive(&mut buf, start());
            got.extend(events(&mut client));
        }
        got
    };
    let whole = run(&mut std::iter::repeat(usize::MAX));
    assert_eq!(whole[..expected.len()], expected);
    assert_eq!(closed(&whole).error.unwrap().kind(), ErrorKind::InvalidDeflate);
    assert_eq!(run(&mut std::iter::repeat(1)), whole);
    for cut in 1..wire.len() {
        assert_eq!(run(&mut [cut, usize::MAX].into_iter()), whole, "cut at {cut}");
    }
}

#[test]
fn chunks_carry_what_was_inflated_and_end_with_the_message() {
    let (wire, expected) = conversation();
    for size in [1, 10, usize::MAX] {
        let mut config = quiet();
        config.delivery = Delivery::Chunks;
        let [agreed, _] = agree(&eager());
        let mut client = Connection::client(config, [7; 32], start()).with_deflate(Some(agreed));
        let mut buf = BytesMut::new();
        let mut messages: Vec<(Opcode, Vec<u8>)> = Vec::new();
        let mut open = false;
        for piece in wire.chunks(size.min(wire.len())) {
            buf.extend_from_slice(piece);
            client.receive(&mut buf, start());
            for event in events(&mut client) {
                let Event::Chunk(chunk) = event else { continue };
                assert_eq!(chunk.first, !open);
                assert!(chunk.data.len() <= 16 * 1024);
                assert!(chunk.last || !chunk.data.is_empty());
                open = !chunk.last;
                if chunk.first {
                    messages.push((chunk.opcode, Vec::new()));
                }
                messages.last_mut().unwrap().1.extend_from_slice(&chunk.data);
            }
        }
        let expected: Vec<Vec<u8>> = expected
            .iter()
            .filter_map(|event| match event {
                Event::Message(message) => Some(message.as_bytes().to_vec()),
                _ => None,
            })
            .collect();
        let got: Vec<Vec<u8>> = messages.into_iter().map(|(_, bytes)| bytes).collect();
        assert!(got.starts_with(&expected), "pieces of {size}");
    }
}

#[test]
fn a_prepared_message_is_compressed_once_for_all_connections_that_share_a_window() {
    let news = Prepared::new("news ".repeat(2000));
    let mut places = Vec::new();
    let mut connections: Vec<Connection> = (0..50)
        .map(|i| {
            let mut deflate = if i % 2 == 0 { Deflate::without_takeover() } else { Deflate::with_takeover() };
            // Two variants, whatever the takeover; one connection in five without deflate.
            deflate.send_window = if i % 3 == 0 { 15.try_into().unwrap() } else { 10.try_into().unwrap() };
            let agreed = (i % 5 != 0).then(|| deflate.choose(&[Deflate::with_takeover().offer()]).unwrap().0);
            common::server().with_deflate(agreed)
        })
        .collect();
    for connection in &mut connections {
        connection.send(&news).unwrap();
        let mut slices = [std::io::IoSlice::new(&[]); 4];
        let filled = connection.poll_transmit_vectored(&mut slices);
        assert_eq!(filled, 1, "one reference, header and payload");
        places.push((slices[0].as_ptr() as usize, slices[0].len()));
    }
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 3, "one plain, and one for each window: {places:?}");
    let lens: Vec<usize> = places.iter().map(|(_, len)| *len).collect();
    assert_eq!(lens.iter().filter(|&&len| len > 10_000).count(), 1);
    assert_eq!(lens.iter().filter(|&&len| len < 200).count(), 2);
}

#[test]
fn a_context_goes_on_after_a_prepared_message_that_it_has_not_seen() {
    let mut deflate = Deflate::with_takeover();
    deflate.min_size = 1;
    let (mut sender, mut receiver) = (server(&deflate), client(&deflate));
    let news = Prepared::new("the news of the day, ".repeat(20));
    let never = Prepared::with("the news of the night, ".repeat(20), Compress::Never);
    for i in 0..10 {
        let own = format!("message {i}, the news of the day and of the night");
        sender.send(own.as_str()).unwrap();
        sender.send(&news).unwrap();
        sender.send(own.as_str()).unwrap();
        sender.send(own.as_str()).unwrap();
        sender.send(&never).unwrap();
        let wire = transmit(&mut sender);
        let expected = [
            text(&own),
            text(&"the news of the day, ".repeat(20)),
            text(&own),
            text(&own),
            text(&"the news of the night, ".repeat(20)),
        ];
        assert_eq!(feed(&mut receiver, &wire), expected);
    }
}

#[test]
fn a_prepared_message_that_does_not_pay_is_sent_as_it_is() {
    let mut sender = server(&Deflate::without_takeover());
    for prepared in [
        Prepared::new("short"),
        Prepared::new(noise(3000)),
        Prepared::with("long ".repeat(300), Compress::Never),
    ] {
        sender.send(&prepared).unwrap();
        assert_eq!(&transmit(&mut sender)[..], &prepared.frame()[..]);
    }
    for asked in
        [Prepared::with("long ".repeat(3), Compress::Always), Prepared::with(noise(300), Compress::Always)]
    {
        sender.send(asked).unwrap();
        assert!(sent_one(&mut sender).0);
    }
    // A client masks the compressed form with a key of its own.
    let (mut client, mut server) = (client(&Deflate::default()), server(&Deflate::default()));
    client.send(Prepared::new("long ".repeat(300))).unwrap();
    let wire = transmit(&mut client);
    assert!(wire.len() < 100);
    assert_eq!(feed(&mut server, &wire), [text(&"long ".repeat(300))]);
}
