//! The call machine of the client, in gRPC and in gRPC-Web.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads the clock once"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use grpc_wire::call::{CANCEL, ClientCall, ClientEvent, PeerEvent, Spec, Transmit};
use grpc_wire::proto::{Dialect, web};
use grpc_wire::{Code, Limits, Metadata, Raw, Status};
use http::{HeaderMap, Response, response};

fn spec() -> Spec {
    Spec::new("/a.B/C")
}

fn start(spec: &Spec) -> ClientCall {
    ClientCall::start(spec, &Limits::default(), Instant::now()).unwrap()
}

fn one() -> ClientCall {
    let mut spec = spec();
    spec.expects_one = true;
    start(&spec)
}

fn answer(status: u16, headers: &[(&str, &str)]) -> PeerEvent<response::Parts> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    PeerEvent::Head(response.body(()).unwrap().into_parts().0)
}

fn grpc() -> PeerEvent<response::Parts> {
    answer(200, &[("content-type", "application/grpc")])
}

fn trailers(headers: &[(&str, &str)]) -> PeerEvent<response::Parts> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    PeerEvent::End(Some(map))
}

fn data(bytes: &'static [u8]) -> PeerEvent<response::Parts> {
    PeerEvent::Data(Bytes::from_static(bytes))
}

/// The messages, and the status at the end of them.
fn outcome(call: &mut ClientCall) -> (Vec<Bytes>, Status) {
    let mut messages = Vec::new();
    while let Some(event) = call.poll_event() {
        match event {
            ClientEvent::Head(_) => {}
            ClientEvent::Message(message) => messages.push(message),
            ClientEvent::Done { status, .. } => {
                assert_eq!(call.poll_event(), None, "nothing behind the end");
                return (messages, status);
            }
        }
    }
    panic!("the call is not over, {messages:?} came");
}

fn after(call: ClientCall, events: Vec<PeerEvent<response::Parts>>) -> (Vec<Bytes>, Status) {
    let mut call = call;
    for event in events {
        call.receive(event, Instant::now());
    }
    outcome(&mut call)
}

#[test]
fn a_request_has_the_headers_of_the_specification() {
    let mut spec = spec();
    spec.timeout = Some(Duration::from_millis(1500));
    spec.metadata.insert("x-id", "7").unwrap();
    spec.metadata.insert_bin("x-bin", &[0]).unwrap();
    let mut call = start(&spec);
    let Some(Transmit::Head { head, end: false }) = call.poll_transmit() else { panic!("the head is first") };
    assert_eq!((head.method.as_str(), head.uri.path()), ("POST", "/a.B/C"));
    for (name, value) in [
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("grpc-timeout", "1500000u"),
        ("x-id", "7"),
        ("x-bin", "AA"),
    ] {
        assert_eq!(head.headers[name], value);
    }
    assert!(head.headers["user-agent"].to_str().unwrap().starts_with("grpc-rust-octavo/"));
    assert!(call.poll_transmit().is_none());
}

#[test]
fn a_path_without_a_slash_is_refused() {
    for path in ["", "a.B/C", "/a b"] {
        assert!(ClientCall::start(&Spec::new(path), &Limits::default(), Instant::now()).is_err(), "{path}");
    }
}

#[test]
fn messages_go_out_together_and_then_the_end() {
    let mut call = start(&spec());
    call.send_message(&Raw("a".into())).unwrap();
    call.send_message(&Raw("b".into())).unwrap();
    assert!(!call.is_sent());
    call.finish_sending();
    assert!(call.send_message(&Raw("c".into())).is_err());
    call.poll_transmit().unwrap();
    let Some(Transmit::Data(data)) = call.poll_transmit() else { panic!("the messages") };
    assert_eq!(&data[..], b"\0\0\0\0\x01a\0\0\0\0\x01b");
    assert!(call.is_sent());
    assert!(matches!(call.poll_transmit(), Some(Transmit::End)));
    assert!(call.poll_transmit().is_none());
}

#[test]
fn every_split_of_the_answer_gives_the_same_messages() {
    let wire = b"\0\0\0\0\x05hello\0\0\0\0\0\0\0\0\0\x03end";
    for cut in 0..=wire.len() {
        let pieces = [&wire[..cut], &wire[cut..]].map(|piece| PeerEvent::Data(Bytes::copy_from_slice(piece)));
        let [first, second] = pieces;
        let (messages, status) =
            after(start(&spec()), vec![grpc(), first, second, trailers(&[("grpc-status", "0")])]);
        assert_eq!(
            (messages, status),
            (vec!["hello".into(), "".into(), "end".into()], Status::OK),
            "cut at {cut}"
        );
    }
}

#[test]
fn head_messages_status_and_trailers_are_told_in_order() {
    let now = Instant::now();
    let mut call = start(&spec());
    call.receive(answer(200, &[("content-type", "application/grpc+proto"), ("x-h", "1")]), now);
    let Some(ClientEvent::Head(head)) = call.poll_event() else { panic!("the head") };
    assert_eq!(head.get("x-h"), Some("1"));
    call.receive(data(b"\0\0\0\0\x01a"), now);
    call.receive(trailers(&[("grpc-status", "10"), ("grpc-message", "a%20b"), ("x-t", "2")]), now);
    assert!(matches!(call.poll_event(), Some(ClientEvent::Message(_))));
    let Some(ClientEvent::Done { status, trailers }) = call.poll_event() else { panic!("the end") };
    assert_eq!((status.code(), status.message()), (Code::Aborted, "a b"));
    assert_eq!(trailers.get("x-t"), Some("2"));
    assert_eq!(status.metadata().and_then(|metadata| metadata.get("x-t")), Some("2"));
}

#[test]
fn a_status_in_the_head_is_the_whole_answer() {
    for http in [200, 500] {
        let headers = [("content-type", "application/grpc"), ("grpc-status", "7"), ("x-t", "2")];
        let (messages, status) = after(start(&spec()), vec![answer(http, &headers), PeerEvent::End(None)]);
        assert_eq!((messages.len(), status.code()), (0, Code::PermissionDenied));
        assert_eq!(status.metadata().and_then(|metadata| metadata.get("x-t")), Some("2"));
    }
}

#[test]
fn an_answer_of_http_alone_has_the_code_of_its_status() {
    for (http, code) in [
        (400, Code::Internal),
        (401, Code::Unauthenticated),
        (403, Code::PermissionDenied),
        (404, Code::Unimplemented),
        (429, Code::Unavailable),
        (502, Code::Unavailable),
        (503, Code::Unavailable),
        (504, Code::Unavailable),
        (500, Code::Unknown),
    ] {
        let events =
            vec![answer(http, &[("content-type", "text/html")]), data(b"<html>"), PeerEvent::End(None)];
        assert_eq!(after(start(&spec()), events).1.code(), code, "{http}");
    }
}

#[test]
fn an_answer_with_another_content_type_is_unknown() {
    for headers in [&[][..], &[("content-type", "text/html")], &[("content-type", "application/grpc-web")]] {
        assert_eq!(after(start(&spec()), vec![answer(200, headers)]).1.code(), Code::Unknown);
    }
}

#[test]
fn a_stream_without_a_grpc_status_is_unknown() {
    for end in [PeerEvent::End(None), trailers(&[]), trailers(&[("x", "y")])] {
        assert_eq!(after(start(&spec()), vec![grpc(), end]).1.code(), Code::Unknown);
    }
}

#[test]
fn a_reset_has_the_code_of_its_error_and_keeps_the_messages_before_it() {
    for (reset, code) in
        [(7, Code::Unavailable), (8, Code::Cancelled), (11, Code::ResourceExhausted), (2, Code::Internal)]
    {
        let (messages, status) =
            after(start(&spec()), vec![grpc(), data(b"\0\0\0\0\x01a"), PeerEvent::Reset(reset)]);
        assert_eq!((messages.len(), status.code()), (1, code));
    }
    let (_, status) = after(start(&spec()), vec![PeerEvent::Lost("refused".into())]);
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "refused"));
}

#[test]
fn a_method_that_answers_with_one_message_refuses_any_other_number() {
    let ok = || trailers(&[("grpc-status", "0")]);
    let a = || data(b"\0\0\0\0\x01a");
    let (messages, status) = after(one(), vec![grpc(), a(), ok()]);
    assert_eq!((messages, status), (vec!["a".into()], Status::OK));
    let (messages, status) = after(one(), vec![grpc(), ok()]);
    assert_eq!((messages.len(), status.code()), (0, Code::Unimplemented));
    let (messages, status) = after(one(), vec![grpc(), a(), a(), ok()]);
    assert_eq!((messages.len(), status.code()), (0, Code::Unimplemented));
    let (messages, status) = after(one(), vec![grpc(), a(), trailers(&[("grpc-status", "9")])]);
    assert_eq!((messages.len(), status.code()), (0, Code::FailedPrecondition), "a failure has no message");
    let (messages, status) =
        after(one(), vec![answer(200, &[("content-type", "application/grpc"), ("grpc-status", "0")])]);
    assert_eq!((messages.len(), status.code()), (0, Code::Unimplemented));
}

#[test]
fn what_breaks_the_protocol_ends_the_call_with_its_status() {
    for (wire, code) in [
        (&b"\x02\0\0\0\0"[..], Code::Internal),
        (b"\x80\0\0\0\0", Code::Internal),
        (b"\0\xff\xff\xff\xff", Code::ResourceExhausted),
        (b"\0\0\0\0\x05hel", Code::Internal),
        (b"\x01\0\0\0\x01x", Code::Internal),
    ] {
        for call in [one(), start(&spec())] {
            let events =
                vec![grpc(), PeerEvent::Data(Bytes::from_static(wire)), trailers(&[("grpc-status", "0")])];
            let (messages, status) = after(call, events);
            assert_eq!((messages.len(), status.code()), (0, code), "{wire:?}");
        }
    }
}

#[test]
fn a_status_of_the_server_counts_more_than_a_message_that_it_cut_off() {
    let events = vec![grpc(), data(b"\0\0\0\0\x05he"), trailers(&[("grpc-status", "14")])];
    assert_eq!(after(start(&spec()), events).1.code(), Code::Unavailable);
}

#[test]
fn an_encoding_that_was_not_offered_is_internal() {
    let head = answer(200, &[("content-type", "application/grpc"), ("grpc-encoding", "snappy")]);
    assert_eq!(after(start(&spec()), vec![head]).1.code(), Code::Internal);
}

#[test]
fn metadata_above_the_limits_are_resource_exhausted_in_head_and_trailers() {
    let mut limits = Limits::default();
    limits.max_metadata_entries = 2;
    let many = [("content-type", "application/grpc"), ("a", "1"), ("b", "2")];
    for events in [vec![answer(200, &many)], vec![grpc(), trailers(&many)]] {
        let call = ClientCall::start(&spec(), &limits, Instant::now()).unwrap();
        assert_eq!(after(call, events).1.code(), Code::ResourceExhausted);
    }
}

#[test]
fn a_second_head_is_internal_and_so_is_an_end_without_one() {
    assert_eq!(after(start(&spec()), vec![grpc(), grpc()]).1.code(), Code::Internal);
    assert_eq!(after(start(&spec()), vec![PeerEvent::End(None)]).1.code(), Code::Internal);
}

#[test]
fn a_deadline_ends_the_call_here_and_resets_the_stream() {
    let now = Instant::now();
    let mut spec = spec();
    spec.timeout = Some(Duration::from_secs(1));
    let mut call = ClientCall::start(&spec, &Limits::default(), now).unwrap();
    call.poll_transmit().unwrap();
    call.receive(grpc(), now);
    call.receive(data(b"\0\0\0\0\x01a"), now);
    let deadline = call.poll_timeout().unwrap();
    assert_eq!(deadline, now + Duration::from_secs(1));
    call.handle_timeout(deadline);
    let (messages, status) = outcome(&mut call);
    assert_eq!((messages.len(), status.code()), (0, Code::DeadlineExceeded));
    assert!(matches!(call.poll_transmit(), Some(Transmit::Reset(CANCEL))));
    assert_eq!(call.poll_timeout(), None);
    call.receive(trailers(&[("grpc-status", "0")]), now);
    assert_eq!(call.poll_event(), None, "what comes later does not count");
}

#[test]
fn a_call_that_is_given_up_resets_the_stream_or_was_never_sent() {
    let mut sent = start(&spec());
    sent.poll_transmit().unwrap();
    sent.cancel();
    assert!(matches!(sent.poll_transmit(), Some(Transmit::Reset(CANCEL))));
    assert_eq!(outcome(&mut sent).1.code(), Code::Cancelled);
    let mut unsent = start(&spec());
    unsent.cancel();
    assert!(matches!(unsent.poll_transmit(), Some(Transmit::End)));
    assert!(unsent.poll_transmit().is_none());
}

#[test]
fn an_answer_before_the_request_is_complete_ends_the_sending() {
    for (status, is_reset) in [("0", false), ("5", true)] {
        let mut call = start(&spec());
        call.poll_transmit().unwrap();
        call.send_message(&Raw("never read".into())).unwrap();
        call.receive(grpc(), Instant::now());
        call.receive(trailers(&[("grpc-status", status)]), Instant::now());
        let last = call.poll_transmit().unwrap();
        assert_eq!(matches!(last, Transmit::Reset(_)), is_reset, "{last:?}");
        assert!(call.poll_transmit().is_none());
        assert!(call.send_message(&Raw("x".into())).is_err());
    }
}

fn web_call() -> ClientCall {
    let mut spec = spec();
    spec.dialect = Dialect::Web;
    start(&spec)
}

fn web_head() -> PeerEvent<response::Parts> {
    answer(200, &[("content-type", "application/grpc-web+proto")])
}

#[test]
fn grpc_web_asks_without_te_and_reads_its_trailers_from_the_body_at_every_split() {
    let Some(Transmit::Head { head, .. }) = web_call().poll_transmit() else { panic!("a head") };
    assert_eq!(head.headers["content-type"], "application/grpc-web+proto");
    assert!(!head.headers.contains_key("te"));
    let wire = b"\0\0\0\0\x03one\x80\0\0\0\x20grpc-status:5\r\nGrpc-Message: no\r\n";
    for cut in 0..=wire.len() {
        let mut call = web_call();
        call.receive(web_head(), Instant::now());
        call.receive(PeerEvent::Data(Bytes::copy_from_slice(&wire[..cut])), Instant::now());
        call.receive(PeerEvent::Data(Bytes::copy_from_slice(&wire[cut..])), Instant::now());
        call.receive(PeerEvent::End(None), Instant::now());
        let (messages, status) = outcome(&mut call);
        assert_eq!(
            (messages.len(), status.code(), status.message()),
            (1, Code::NotFound, "no"),
            "cut at {cut}"
        );
    }
}

#[test]
fn grpc_web_without_trailers_or_with_broken_ones_is_no_success() {
    for (wire, code) in [
        (&b"\0\0\0\0\x01a"[..], Code::Unknown),
        (b"", Code::Unknown),
        (b"\x80\0\0\0\x03x: ", Code::Unknown),
        (b"\x80\0\0\0\x02xy", Code::Internal),
        (b"\x80\0\0\0\x02x", Code::Internal),
        (b"\x81\0\0\0\0", Code::Internal),
    ] {
        let events = vec![web_head(), PeerEvent::Data(Bytes::from_static(wire)), PeerEvent::End(None)];
        assert_eq!(after(web_call(), events).1.code(), code, "{wire:?}");
    }
}

#[test]
fn trailers_are_lines_as_in_http1() {
    let mut map = HeaderMap::new();
    map.append("grpc-status", "0".parse().unwrap());
    map.append("x-a", "1".parse().unwrap());
    map.append("x-a", "2".parse().unwrap());
    let wire = web::encode_trailers(&map);
    assert_eq!(&wire[..], b"grpc-status: 0\r\nx-a: 1\r\nx-a: 2\r\n");
    assert_eq!(web::decode_trailers(&wire), Ok(map));
    let loose = web::decode_trailers(b"X-A:1\nb: \t2 \r\n\r\nc:3").unwrap();
    assert_eq!(
        (&loose["x-a"], &loose["b"], &loose["c"]),
        (&"1".parse().unwrap(), &"2".parse().unwrap(), &"3".parse().unwrap())
    );
    for (wire, line) in [(&b"x"[..], 1), (b"a: 1\r\n: 2", 2), (b"a b: 1", 1), (b"a: \x00", 1)] {
        assert_eq!(web::decode_trailers(wire), Err(web::WebError::TrailerLine { line }), "{wire:?}");
    }
}

#[test]
fn a_metadata_name_of_the_caller_does_not_replace_a_header_of_the_protocol() {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "text/plain".parse().unwrap());
    headers.insert("user-agent", "mine/1".parse().unwrap());
    let mut spec = spec();
    spec.metadata = Metadata::from_headers(headers);
    let Some(Transmit::Head { head, .. }) = start(&spec).poll_transmit() else { panic!("a head") };
    assert_eq!(head.headers["content-type"], "application/grpc");
    assert_eq!(head.headers["user-agent"], "mine/1");
}
