//! Messages through the machine: fragments, control frames between them, text, chunks, what is sent.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::{Bytes, BytesMut};
use common::*;
use std::io::IoSlice;
use ws_frame::{
    Chunk, CloseCode, Config, Connection, Delivery, ErrorKind, Event, Message, Opcode, Prepared, SendError,
};

#[test]
fn section_5_7_a_masked_hello() {
    assert_eq!(feed(&mut server(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), [text("Hello")]);
}

#[test]
fn section_5_7_a_hello_in_two_fragments() {
    assert_eq!(feed(&mut client(), b"\x01\x03Hel\x80\x02lo"), [text("Hello")]);
}

#[test]
fn section_5_4_control_frames_may_come_between_fragments() {
    let mut server = server();
    let mut wire = masked(false, Opcode::Text, "Hel");
    wire.extend(masked(true, Opcode::Ping, "?"));
    wire.extend(masked(true, Opcode::Pong, "!"));
    wire.extend(masked(true, Opcode::Continuation, "lo"));
    let expected = [Event::Ping(Bytes::from("?")), Event::Pong(Bytes::from("!")), text("Hello")];
    assert_eq!(feed(&mut server, &wire), expected);
    let sent = sent(&mut server);
    assert_eq!((sent.len(), sent[0].opcode, &sent[0].payload[..]), (1, Opcode::Pong, &b"?"[..]));
}

#[test]
fn a_close_between_fragments_ends_the_connection() {
    let mut server = server();
    let mut wire = masked(false, Opcode::Text, "Hel");
    wire.extend(masked(true, Opcode::Close, close_body(1000, "")));
    wire.extend(masked(true, Opcode::Continuation, "lo"));
    assert!(closed(&feed(&mut server, &wire)).clean);
    assert_eq!(sent_close(&mut server), Some(CloseCode::NORMAL));
}

#[track_caller]
fn fails(wire: &[u8], kind: ErrorKind, code: CloseCode) {
    let mut server = server();
    let info = closed(&feed(&mut server, wire)).clone();
    assert_eq!(info.error.unwrap().kind(), kind);
    assert_eq!((info.code, info.clean, info.sent), (CloseCode::ABNORMAL, false, Some(code)));
    assert_eq!(sent_close(&mut server), Some(code));
}

#[test]
fn section_5_4_a_continuation_needs_a_message() {
    let kind = ErrorKind::UnexpectedContinuation;
    fails(&masked(true, Opcode::Continuation, "lo"), kind, CloseCode::PROTOCOL_ERROR);
    let mut wire = masked(true, Opcode::Text, "whole");
    wire.extend(masked(false, Opcode::Continuation, "lo"));
    fails(&wire, kind, CloseCode::PROTOCOL_ERROR);
}

#[test]
fn section_5_4_a_message_inside_a_message_is_refused() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let mut wire = masked(false, Opcode::Text, "Hel");
        wire.extend(masked(true, opcode, "lo"));
        fails(&wire, ErrorKind::ExpectedContinuation, CloseCode::PROTOCOL_ERROR);
    }
}

#[test]
fn a_bad_header_fails_with_1002() {
    fails(b"\xc1\x80\0\0\0\0", ErrorKind::ReservedBits, CloseCode::PROTOCOL_ERROR);
    fails(b"\x81\x00", ErrorKind::MaskMissing, CloseCode::PROTOCOL_ERROR);
}

#[test]
fn section_5_1_an_empty_text_keeps_the_mask_rule_too() {
    let padded = |wire: &[u8]| [wire, &[0; 60]].concat();
    let info = closed(&feed(&mut client(), &padded(b"\x81\x80\0\0\0\0"))).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::MaskPresent);
    let info = closed(&feed(&mut server(), &padded(b"\x81\x00"))).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::MaskMissing);
}

#[test]
fn section_8_1_bad_text_fails_with_1007() {
    let kind = ErrorKind::InvalidUtf8 { at: 3 };
    fails(&masked(true, Opcode::Text, b"abc\xff"), kind, CloseCode::INVALID_PAYLOAD);
    let mut wire = masked(false, Opcode::Text, b"ab");
    wire.extend(masked(true, Opcode::Continuation, b"c\xe2\x82"));
    fails(&wire, kind, CloseCode::INVALID_PAYLOAD);
}

#[test]
fn section_8_1_bad_text_fails_in_the_middle_of_a_frame_at_its_first_bad_byte() {
    // Autobahn 6.4.3: the frame claims more than ever comes.
    let wire =
        masked(true, Opcode::Text, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited");
    let mut server = server();
    let mut buf = BytesMut::new();
    for (i, &byte) in wire.iter().enumerate() {
        assert!(events(&mut server).is_empty(), "before byte {i}");
        buf.extend_from_slice(&[byte]);
        server.receive(&mut buf, start());
        if i == 6 + 12 {
            let info = closed(&events(&mut server)).clone();
            assert_eq!(info.error.unwrap().kind(), ErrorKind::InvalidUtf8 { at: 11 });
            return;
        }
    }
    panic!("not refused");
}

#[test]
fn a_character_may_be_cut_between_fragments() {
    let mut wire = masked(false, Opcode::Text, b"\xe2");
    wire.extend(masked(false, Opcode::Continuation, b"\x82"));
    wire.extend(masked(true, Opcode::Continuation, b"\xac"));
    assert_eq!(feed(&mut server(), &wire), [text("€")]);
}

#[test]
fn binary_is_not_checked() {
    let wire = masked(true, Opcode::Binary, b"\xff\xfe");
    assert_eq!(feed(&mut server(), &wire), [Event::Message(Message::from(&b"\xff\xfe"[..]))]);
}

#[test]
fn empty_messages_are_messages() {
    let mut wire = masked(true, Opcode::Text, "");
    wire.extend(masked(false, Opcode::Binary, ""));
    wire.extend(masked(true, Opcode::Continuation, ""));
    assert_eq!(feed(&mut server(), &wire), [text(""), Event::Message(Message::from(Bytes::new()))]);
}

#[test]
fn what_came_before_an_error_is_delivered_and_its_reply_sent() {
    let mut server = server();
    let mut wire = masked(true, Opcode::Text, "one");
    wire.extend(masked(true, Opcode::Text, "two"));
    wire.extend(b"\x83\x80\0\0\0\0");
    server.receive(&mut wire, start());
    assert!(wire.is_empty());
    for word in ["one", "two"] {
        let Some(Event::Message(message)) = server.poll_event() else { panic!("no message") };
        assert_eq!(message, Message::from(word));
        server.send(message).unwrap();
    }
    assert!(closed(&events(&mut server)).error.is_some());
    let frames = sent(&mut server);
    let opcodes: Vec<_> = frames.iter().map(|frame| frame.opcode).collect();
    assert_eq!(opcodes, [Opcode::Text, Opcode::Text, Opcode::Close]);
    assert_eq!(server.send("late"), Err(SendError::Closed));
}

#[test]
fn bad_text_among_many_messages_is_found_in_its_frame() {
    for size in [3, 600] {
        let good = masked(true, Opcode::Text, "x".repeat(size));
        let mut wire = BytesMut::new();
        for _ in 0..40 {
            wire.extend_from_slice(&good);
        }
        wire.extend(masked(true, Opcode::Text, b"ab\xff".repeat(size)));
        wire.extend_from_slice(&good);
        let got = feed(&mut server(), &wire);
        assert_eq!(got.len(), 41);
        let error = closed(&got).error.unwrap();
        assert_eq!(
            (error.kind(), error.offset()),
            (ErrorKind::InvalidUtf8 { at: 2 }, 40 * good.len() as u64)
        );
    }
}

#[test]
fn messages_of_mixed_sizes_keep_their_order() {
    let sizes =
        [0, 1, 512, 513, 5, 600, 600, 125, 126, 70_000, 2, 512, 512, 512, 512, 512, 512, 512, 512, 512, 3];
    let message = |size: usize| Message::from((0..size).map(|i| (i * size) as u8).collect::<Vec<u8>>());
    let wire: BytesMut =
        sizes.iter().flat_map(|&size| masked(true, Opcode::Binary, message(size).as_bytes())).collect();
    let expected: Vec<_> = sizes.iter().map(|&size| Event::Message(message(size))).collect();
    assert!(feed(&mut server(), &wire) == expected);
}

#[test]
fn many_messages_in_one_read_are_all_delivered() {
    let mut server = server();
    let mut wire = BytesMut::new();
    for i in 0..5000 {
        wire.extend(masked(true, Opcode::Text, i.to_string()));
    }
    wire.extend(&masked(true, Opcode::Text, "last")[..8]);
    server.receive(&mut wire, start());
    assert!(!server.wants_read(), "events wait in number");
    let mut got = 0;
    while let Some(event) = server.poll_event() {
        assert_eq!(event, text(&got.to_string()));
        got += 1;
    }
    assert_eq!(got, 5000);
    assert!(server.wants_read());
    wire.extend_from_slice(&masked(true, Opcode::Text, "last")[8..]);
    server.receive(&mut wire, start());
    assert_eq!(events(&mut server), [text("last")]);
}

#[test]
fn messages_before_the_end_of_the_transport_are_delivered() {
    let mut server = server();
    let mut wire: BytesMut = (0..2000).flat_map(|_| masked(true, Opcode::Text, "x")).collect();
    server.receive(&mut wire, start());
    server.receive_eof(start());
    let events = events(&mut server);
    assert_eq!(events.len(), 2001);
    assert_eq!(closed(&events).error.unwrap().kind(), ErrorKind::UnexpectedEof);
}

fn chunks(events: Vec<Event>) -> Vec<Chunk> {
    let chunk = |event| match event {
        Event::Chunk(chunk) => chunk,
        other => panic!("{other:?}"),
    };
    events.into_iter().map(chunk).collect()
}

#[test]
fn chunks_come_as_their_bytes_do() {
    let mut config = quiet();
    config.delivery = Delivery::Chunks;
    let mut server = Connection::server(config, start());
    let mut wire = masked(false, Opcode::Text, "Hello, ");
    wire.extend(masked(true, Opcode::Continuation, "world"));
    wire.extend(masked(true, Opcode::Binary, [1]));
    let mut buf = BytesMut::new();
    let mut got = Vec::new();
    for byte in wire {
        buf.extend_from_slice(&[byte]);
        server.receive(&mut buf, start());
        got.extend(chunks(events(&mut server)));
    }
    assert_eq!(got.len(), 13);
    assert!(got[0].first && !got[0].last && got[11].last && !got[11].first);
    assert!(got[12].first && got[12].last && got[12].opcode == Opcode::Binary);
    let text: Vec<u8> = got[..12].iter().flat_map(|chunk| chunk.data.to_vec()).collect();
    assert_eq!(text, b"Hello, world");
}

#[test]
fn a_chunked_message_that_ends_in_an_empty_frame_ends() {
    let mut config = quiet();
    config.delivery = Delivery::Chunks;
    let mut server = Connection::server(config, start());
    let mut wire = masked(false, Opcode::Binary, "ab");
    wire.extend(masked(true, Opcode::Continuation, ""));
    let got = chunks(feed(&mut server, &wire));
    assert_eq!((got.len(), got[1].data.len(), got[1].last, got[1].first), (2, 0, true, false));
}

#[test]
fn chunked_text_is_checked() {
    let mut config = quiet();
    config.delivery = Delivery::Chunks;
    let mut server = Connection::server(config, start());
    let wire = masked(false, Opcode::Text, b"ok\xe2\x82x");
    let info = closed(&feed(&mut server, &wire)).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::InvalidUtf8 { at: 2 });
}

#[test]
fn a_client_masks_each_frame_with_a_key_of_its_own() {
    let mut client = client();
    client.send("same").unwrap();
    client.send("same").unwrap();
    let wire = transmit(&mut client);
    assert_eq!(wire.len(), 20);
    assert_ne!(wire[2..6], wire[12..16], "keys");
    assert_eq!(feed(&mut server(), &wire), [text("same"), text("same")]);
}

#[test]
fn a_seed_gives_its_keys_and_no_other() {
    let wire = |seed: u8| {
        let mut client = Connection::client(quiet(), [seed; 32], start());
        client.send("x").unwrap();
        transmit(&mut client)
    };
    assert_eq!(wire(1), wire(1));
    assert_ne!(wire(1)[2..6], wire(2)[2..6]);
}

#[test]
fn a_client_masks_big_payloads_of_its_own_and_of_others() {
    let shared = Bytes::from(vec![7; 100_000]);
    let mut client = client();
    client.send(shared.clone()).unwrap();
    client.send(vec![8; 100_000]).unwrap();
    client.send(Prepared::new(shared.clone())).unwrap();
    assert!(shared.iter().all(|&byte| byte == 7), "what others hold is not changed");
    let frames = sent(&mut client);
    assert_eq!(frames[0].payload, shared);
    assert!(frames[1].payload.iter().all(|&byte| byte == 8));
    assert_eq!(frames[2].payload, shared);
}

#[test]
fn a_server_lends_a_big_payload_without_a_copy() {
    let payload = Bytes::from(vec![7; 100_000]);
    let mut server = server();
    server.send("small").unwrap();
    server.send(payload.clone()).unwrap();
    let mut slices = [IoSlice::new(&[]); 8];
    let filled = server.poll_transmit_vectored(&mut slices);
    assert_eq!(filled, 2, "a gathered part that ends in the header, and the payload");
    assert_eq!(slices[1].as_ptr(), payload.as_ptr());
}

#[test]
fn a_prepared_message_is_lent_by_reference_to_each_connection() {
    let prepared = Prepared::new("x".repeat(5000));
    for _ in 0..3 {
        let mut server = server();
        server.send(&prepared).unwrap();
        let mut slices = [IoSlice::new(&[]); 4];
        assert_eq!(server.poll_transmit_vectored(&mut slices), 1);
        assert_eq!(slices[0].as_ptr(), prepared.frame().as_ptr());
    }
}

#[test]
fn vectored_writes_of_any_size_give_the_same_bytes() {
    let fill = |server: &mut Connection| {
        for size in [3, 5000, 0, 70_000, 125, 4096, 4097] {
            server.send(vec![size as u8; size]).unwrap();
        }
    };
    let mut server = server();
    fill(&mut server);
    let expected = transmit(&mut server);
    for step in [1usize, 7, 4096, 100_000] {
        let mut server = common::server();
        fill(&mut server);
        let mut out = Vec::new();
        loop {
            let mut slices = [IoSlice::new(&[]); 3];
            let filled = server.poll_transmit_vectored(&mut slices);
            let mut room = step;
            for slice in &slices[..filled] {
                let n = slice.len().min(room);
                out.extend_from_slice(&slice[..n]);
                room -= n;
            }
            if filled == 0 {
                break;
            }
            server.transmitted(step - room);
        }
        assert!(out == expected, "step {step}");
        assert_eq!(server.buffered_amount(), 0);
    }
}

#[test]
fn a_pong_overtakes_queued_messages_but_no_frame_that_has_begun() {
    let mut server = server();
    server.send(vec![1; 50_000]).unwrap();
    server.send(vec![2; 50_000]).unwrap();
    // The header and a part of the first payload are gone.
    server.poll_transmit_vectored(&mut [IoSlice::new(&[]); 4]);
    server.transmitted(1000);
    feed(&mut server, &masked(true, Opcode::Ping, "?"));
    let rest = transmit(&mut server);
    let first = 4 + 50_000 - 1000;
    assert!(rest[..first].iter().all(|&byte| byte == 1));
    assert_eq!(&rest[first..first + 3], b"\x8a\x01?");
    assert_eq!(&rest[first + 3..first + 5], b"\x82\x7e");
}

#[test]
fn ten_pings_get_ten_pongs_in_order() {
    let mut server = server();
    let wire: BytesMut = (0..10).flat_map(|i| masked(true, Opcode::Ping, [i])).collect();
    feed(&mut server, &wire);
    let pongs: Vec<u8> = sent(&mut server).iter().map(|frame| frame.payload[0]).collect();
    assert_eq!(pongs, (0..10).collect::<Vec<u8>>());
}

#[test]
fn a_ping_of_the_application_is_answered_to_the_application() {
    let (mut server, mut client) = (server(), client());
    server.ping(b"there?").unwrap();
    assert_eq!(feed(&mut client, &transmit(&mut server)), [Event::Ping(Bytes::from("there?"))]);
    assert_eq!(feed(&mut server, &transmit(&mut client)), [Event::Pong(Bytes::from("there?"))]);
    assert_eq!(server.ping(&[0; 126]), Err(SendError::ControlTooLong));
}

#[test]
fn an_idle_connection_is_small() {
    assert!(size_of::<Connection>() <= 512, "{}", size_of::<Connection>());
    assert!(size_of::<Event>() <= 96, "{}", size_of::<Event>());
}

#[test]
fn the_default_configuration_asks_for_life() {
    assert!(Config::default().heartbeat.is_some());
}
