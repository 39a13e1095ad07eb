//! The closing handshake (RFC 6455 §5.5.1, §7) from both ends.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use bytes::BytesMut;
use common::*;
use ws_frame::{CloseCode, Connection, ErrorKind, Event, Opcode, SendError};

/// Carries bytes both ways until nothing moves; gives the events of each end.
fn settle(server: &mut Connection, client: &mut Connection) -> (Vec<Event>, Vec<Event>) {
    let (mut at_server, mut at_client) = (events(server), events(client));
    loop {
        let (to_client, to_server) = (transmit(server), transmit(client));
        if to_client.is_empty() && to_server.is_empty() {
            return (at_server, at_client);
        }
        at_client.extend(feed(client, &to_client));
        at_server.extend(feed(server, &to_server));
        at_client.extend(events(client));
    }
}

#[test]
fn each_code_on_the_wire_is_echoed() {
    for code in
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
    {
        let mut server = server();
        let got = feed(&mut server, &masked(true, Opcode::Close, close_body(code, "why")));
        let [Event::PeerClosing(frame), Event::Closed(info)] = &got[..] else { panic!("{got:?}") };
        assert_eq!((frame.code.as_u16(), frame.reason.as_str()), (code, "why"));
        assert_eq!(
            (info.code, info.reason.as_str(), info.clean, info.error),
            (frame.code, "why", true, None)
        );
        assert_eq!(info.sent, Some(frame.code));
        assert_eq!(sent_close(&mut server), Some(frame.code));
        assert!(server.is_finished());
    }
}

#[test]
fn a_code_that_may_not_be_on_the_wire_fails_with_1002() {
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        let mut server = server();
        let info = closed(&feed(&mut server, &masked(true, Opcode::Close, close_body(code, "")))).clone();
        assert_eq!(info.error.unwrap().kind(), ErrorKind::CloseCode(code));
        assert_eq!((info.code, info.clean), (CloseCode::ABNORMAL, false));
        assert_eq!(sent_close(&mut server), Some(CloseCode::PROTOCOL_ERROR));
    }
}

#[test]
fn an_empty_close_is_1005_and_is_answered_by_an_empty_close() {
    let mut server = server();
    let info = closed(&feed(&mut server, &masked(true, Opcode::Close, ""))).clone();
    assert_eq!((info.code, info.clean, info.sent), (CloseCode::NO_STATUS, true, Some(CloseCode::NO_STATUS)));
    assert_eq!(&transmit(&mut server)[..], b"\x88\x00");
}

#[test]
fn a_close_body_of_one_byte_fails_with_1002() {
    let mut server = server();
    let info = closed(&feed(&mut server, &masked(true, Opcode::Close, [3]))).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::CloseBodyLength);
    assert_eq!(sent_close(&mut server), Some(CloseCode::PROTOCOL_ERROR));
}

#[test]
fn a_close_reason_that_is_not_text_fails_with_1007() {
    let mut server = server();
    let wire = masked(true, Opcode::Close, b"\x03\xe8ok\xff");
    let info = closed(&feed(&mut server, &wire)).clone();
    assert_eq!(info.error.unwrap().kind(), ErrorKind::InvalidUtf8 { at: 2 });
    assert_eq!(sent_close(&mut server), Some(CloseCode::INVALID_PAYLOAD));
}

#[test]
fn a_close_of_the_server_is_clean_at_both_ends() {
    let (mut server, mut client) = (server(), client());
    server.close(CloseCode::GOING_AWAY, "restart", start());
    let (at_server, at_client) = settle(&mut server, &mut client);
    assert_eq!(
        (closed(&at_client).code, closed(&at_client).reason.as_str()),
        (CloseCode::GOING_AWAY, "restart")
    );
    assert!(closed(&at_server).clean && closed(&at_client).clean);
    assert_eq!(closed(&at_server).code, CloseCode::GOING_AWAY);
    assert_eq!(at_server.len(), 1, "who closes is not told that the peer does");
}

#[test]
fn section_7_1_1_the_server_ends_the_transport_first() {
    let (mut server, mut client) = (server(), client());
    client.close(CloseCode::NORMAL, "", start());
    settle(&mut server, &mut client);
    assert!(server.is_finished());
    assert!(client.is_closed() && !client.is_finished() && client.wants_read());
    client.receive_eof(start());
    assert!(client.is_finished() && !client.wants_read());
}

#[test]
fn closes_that_cross_are_clean_at_both_ends() {
    let (mut server, mut client) = (server(), client());
    server.close(CloseCode::GOING_AWAY, "s", start());
    client.close(CloseCode::NORMAL, "c", start());
    let (at_server, at_client) = settle(&mut server, &mut client);
    assert_eq!(
        (closed(&at_server).code, closed(&at_server).sent),
        (CloseCode::NORMAL, Some(CloseCode::GOING_AWAY))
    );
    assert_eq!(
        (closed(&at_client).code, closed(&at_client).sent),
        (CloseCode::GOING_AWAY, Some(CloseCode::NORMAL))
    );
    assert!(closed(&at_server).clean && closed(&at_client).clean);
    assert!(transmit(&mut server).is_empty() && transmit(&mut client).is_empty(), "one Close each");
}

#[test]
fn what_was_sent_before_our_close_goes_before_it() {
    let (mut server, mut client) = (server(), client());
    server.send(vec![1; 100_000]).unwrap();
    server.send("small").unwrap();
    server.close(CloseCode::NORMAL, "", start());
    let (_, at_client) = settle(&mut server, &mut client);
    assert!(matches!(&at_client[..2], [Event::Message(big), Event::Message(_)] if big.len() == 100_000));
}

#[test]
fn nothing_follows_our_close() {
    let mut server = server();
    server.close(CloseCode::NORMAL, "", start());
    assert_eq!(server.send("late"), Err(SendError::Closed));
    assert_eq!(server.ping(b""), Err(SendError::Closed));
    server.close(CloseCode::GOING_AWAY, "again", start());
    feed(&mut server, &masked(true, Opcode::Ping, "?"));
    let frames = sent(&mut server);
    assert_eq!((frames.len(), frames[0].opcode), (1, Opcode::Close));
}

#[test]
fn messages_that_come_after_our_close_are_delivered() {
    let mut server = server();
    server.close(CloseCode::NORMAL, "", start());
    assert_eq!(feed(&mut server, &masked(true, Opcode::Text, "on its way")), [text("on its way")]);
    assert!(closed(&feed(&mut server, &masked(true, Opcode::Close, close_body(1000, "")))).clean);
}

#[test]
fn what_follows_the_peers_close_is_not_looked_at() {
    let mut server = server();
    let mut wire = masked(true, Opcode::Close, close_body(1000, ""));
    wire.extend_from_slice(b"\xff\xff garbage");
    assert!(closed(&feed(&mut server, &wire)).clean);
    assert!(feed(&mut server, &masked(true, Opcode::Text, "late")).is_empty());
}

#[test]
fn a_last_word_may_be_said_when_the_peer_closes() {
    let mut server = server();
    server.receive(&mut masked(true, Opcode::Close, close_body(1000, "")), start());
    assert!(matches!(server.poll_event(), Some(Event::PeerClosing(_))));
    server.send("last").unwrap();
    assert!(matches!(server.poll_event(), Some(Event::Closed(_))));
    let opcodes: Vec<_> = sent(&mut server).iter().map(|frame| frame.opcode).collect();
    assert_eq!(opcodes, [Opcode::Text, Opcode::Close]);
    assert_eq!(server.send("late"), Err(SendError::Closed));
}

#[test]
fn the_application_may_answer_a_close_with_a_code_of_its_own() {
    let mut server = server();
    server.receive(&mut masked(true, Opcode::Close, close_body(1000, "")), start());
    assert!(matches!(server.poll_event(), Some(Event::PeerClosing(_))));
    server.close(CloseCode::try_from(4000).unwrap(), "", start());
    assert!(closed(&events(&mut server)).clean);
    assert_eq!(sent_close(&mut server).map(CloseCode::as_u16), Some(4000));
}

#[test]
fn section_7_1_5_an_end_without_close_is_1006() {
    let mut server = server();
    server.receive_eof(start());
    let info = closed(&events(&mut server)).clone();
    assert_eq!((info.code, info.clean, info.sent), (CloseCode::ABNORMAL, false, None));
    assert_eq!(info.error.unwrap().kind(), ErrorKind::UnexpectedEof);
    assert!(transmit(&mut server).is_empty() && server.is_finished());
}

#[test]
fn an_end_in_place_of_the_answer_is_1006() {
    let mut server = server();
    server.close(CloseCode::NORMAL, "", start());
    transmit(&mut server);
    server.receive_eof(start());
    let info = closed(&events(&mut server)).clone();
    assert_eq!((info.code, info.clean, info.sent), (CloseCode::ABNORMAL, false, Some(CloseCode::NORMAL)));
}

#[test]
fn after_a_failure_input_is_taken_away_until_the_transport_ends() {
    let mut server = server();
    feed(&mut server, b"\xff\xff");
    assert!(server.is_closed());
    transmit(&mut server);
    assert!(server.wants_read() && !server.is_finished());
    let mut more = BytesMut::from(&b"more"[..]);
    server.receive(&mut more, start());
    assert!(more.is_empty() && server.poll_event().is_none());
    server.receive_eof(start());
    assert!(server.is_finished());
}

#[test]
fn a_connection_is_not_finished_before_its_close_is_handed_over() {
    let mut server = server();
    feed(&mut server, &masked(true, Opcode::Close, ""));
    assert!(server.is_closed() && !server.is_finished());
    transmit(&mut server);
    assert!(server.is_finished());
}

#[test]
fn closed_is_the_last_event() {
    let mut server = server();
    closed(&feed(&mut server, b"\xff\xff"));
    server.close(CloseCode::NORMAL, "", start());
    server.receive_eof(start());
    server.handle_timeout(start() + secs(1000));
    assert!(events(&mut server).is_empty());
}

#[test]
fn a_code_that_is_not_on_the_wire_sends_an_empty_close() {
    let mut server = server();
    server.close(CloseCode::ABNORMAL, "why", start());
    assert_eq!(&transmit(&mut server)[..], b"\x88\x00");
}

#[test]
fn a_failure_says_its_reason_to_the_peer() {
    let (mut server, mut client) = (server(), client());
    let got = feed(&mut server, &masked(true, Opcode::Continuation, "x"));
    assert_eq!(closed(&got).sent, Some(CloseCode::PROTOCOL_ERROR));
    let got = feed(&mut client, &transmit(&mut server));
    assert_eq!(closed(&got).reason, "continuation without a message");
}
