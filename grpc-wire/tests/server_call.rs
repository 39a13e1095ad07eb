//! The call machine of the server, in gRPC and in gRPC-Web.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads the clock once"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use grpc_wire::call::{Cancelled, PeerEvent, ServerCall, ServerEvent, Transmit};
use grpc_wire::proto::{Dialect, web};
use grpc_wire::{Code, DeadlinePolicy, Limits, Raw, Rejection, Status};
use http::{HeaderMap, Method, Request, Version, request, response};

fn head(content_type: &str, more: &[(&str, &str)]) -> request::Parts {
    let mut request = Request::post("/a.B/C").version(Version::HTTP_2).header("te", "trailers");
    if !content_type.is_empty() {
        request = request.header("content-type", content_type);
    }
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn accept(head: &request::Parts, limits: &Limits, now: Instant) -> Result<ServerCall, Rejection> {
    ServerCall::accept(head, limits, &DeadlinePolicy::default(), now)
}

fn call() -> ServerCall {
    accept(&head("application/grpc", &[]), &Limits::default(), Instant::now()).unwrap()
}

fn data(bytes: &'static [u8]) -> PeerEvent<std::convert::Infallible> {
    PeerEvent::Data(Bytes::from_static(bytes))
}

/// All that is sent: head, body, trailers, and whether the head was the end.
fn sent(call: &mut ServerCall) -> (response::Parts, Vec<u8>, Option<HeaderMap>, bool) {
    let Some(Transmit::Head { head, end }) = call.poll_transmit() else { panic!("the head is first") };
    let mut body = Vec::new();
    let mut trailers = None;
    while let Some(transmit) = call.poll_transmit() {
        match transmit {
            Transmit::Data(data) => body.extend_from_slice(&data),
            Transmit::Trailers(map) => trailers = Some(map),
            Transmit::End => {}
            Transmit::Head { .. } | Transmit::Reset(_) => panic!("not behind a head"),
        }
    }
    (head, body, trailers, end)
}

/// The status of an answer that has nothing else.
fn refused(call: &mut ServerCall) -> (Code, String) {
    let (head, body, trailers, end) = sent(call);
    assert!(end && body.is_empty() && trailers.is_none(), "trailers-only");
    assert_eq!(head.status, 200);
    let status = Status::read(&head.headers).unwrap();
    (status.code(), status.message().to_owned())
}

#[test]
fn a_request_that_is_no_call_is_answered_by_http() {
    let now = Instant::now();
    let limits = Limits::default();
    let rejected = |head: &request::Parts| accept(head, &limits, now).map(|_| ()).unwrap_err();
    for content_type in
        ["", "text/plain", "application/json", "application/grpcx", "application/grp", "application"]
    {
        assert_eq!(rejected(&head(content_type, &[])), Rejection::ContentType, "{content_type}");
    }
    assert_eq!(Rejection::ContentType.http_status(), 415);
    let mut get = head("application/grpc", &[]);
    get.method = Method::GET;
    assert_eq!(rejected(&get), Rejection::Method);
    assert_eq!(
        (Rejection::Method.http_status(), &Rejection::Method.response().headers()["allow"]),
        (405.try_into().unwrap(), &"POST".parse().unwrap())
    );
    let mut old = head("application/grpc", &[]);
    old.version = Version::HTTP_11;
    assert_eq!(rejected(&old), Rejection::Version);
    let mut no_te = head("application/grpc", &[]);
    no_te.headers.remove("te");
    assert_eq!(rejected(&no_te), Rejection::Te);
    no_te.headers.insert("te", "x".parse().unwrap());
    assert_eq!(rejected(&no_te), Rejection::Te, "CVE-2023-1428");
}

#[test]
fn the_content_type_names_the_dialect_and_comes_back() {
    for (content_type, dialect) in [
        ("application/grpc", Dialect::Grpc),
        ("application/grpc+proto", Dialect::Grpc),
        ("Application/GRPC;charset=x", Dialect::Grpc),
        ("application/grpc-web", Dialect::Web),
        ("application/grpc-web+proto", Dialect::Web),
        ("application/grpc-web-text", Dialect::WebText),
        ("application/grpc-web-text+proto", Dialect::WebText),
    ] {
        let mut call = accept(&head(content_type, &[]), &Limits::default(), Instant::now()).unwrap();
        assert_eq!(call.dialect(), dialect, "{content_type}");
        call.send_head();
        let Some(Transmit::Head { head, end: false }) = call.poll_transmit() else { panic!("a head") };
        assert_eq!(head.headers["content-type"], content_type);
    }
}

#[test]
fn grpc_web_needs_neither_http2_nor_te() {
    let mut head = head("application/grpc-web+proto", &[]);
    head.version = Version::HTTP_11;
    head.headers.remove("te");
    assert!(accept(&head, &Limits::default(), Instant::now()).is_ok());
}

#[test]
fn every_split_of_the_body_gives_the_same_messages() {
    let wire = b"\0\0\0\0\x05hello\0\0\0\0\0\0\0\0\0\x03end";
    for cut in 0..=wire.len() {
        let now = Instant::now();
        let mut call = call();
        call.receive(PeerEvent::Data(Bytes::copy_from_slice(&wire[..cut])), now);
        call.receive(PeerEvent::Data(Bytes::copy_from_slice(&wire[cut..])), now);
        call.receive(PeerEvent::End(None), now);
        for message in ["hello", "", "end"] {
            assert_eq!(call.poll_event(), Some(ServerEvent::Message(message.into())), "cut at {cut}");
        }
        assert_eq!(call.poll_event(), Some(ServerEvent::HalfClosed));
        assert_eq!(call.poll_event(), None);
    }
}

#[test]
fn messages_are_told_before_the_client_has_half_closed() {
    let now = Instant::now();
    let mut call = call();
    assert!(call.wants_data());
    call.receive(data(b"\0\0\0\0\x01a\0\0\0\0\x01b\0"), now);
    assert!(!call.wants_data(), "the client is held back while nobody takes its messages");
    assert_eq!(call.poll_event(), Some(ServerEvent::Message("a".into())));
    assert_eq!(call.poll_event(), Some(ServerEvent::Message("b".into())));
    assert_eq!(call.poll_event(), None);
    assert!(call.wants_data());
}

#[test]
fn a_method_that_takes_one_message_refuses_any_other_number() {
    for wire in [&b""[..], b"\0\0\0\0\x01a\0\0\0\0\x01b"] {
        let now = Instant::now();
        let mut call = call();
        call.expect_one();
        call.receive(PeerEvent::Data(Bytes::from_static(wire)), now);
        call.receive(PeerEvent::End(None), now);
        assert!(matches!(call.poll_event(), Some(ServerEvent::Cancelled(Cancelled::Protocol(_)))));
        assert_eq!(call.poll_event(), None);
        assert_eq!(refused(&mut call).0, Code::Unimplemented);
    }
}

#[test]
fn the_one_message_is_told_only_when_the_client_has_half_closed() {
    let now = Instant::now();
    let mut call = call();
    call.expect_one();
    call.receive(data(b"\0\0\0\0\x01a"), now);
    assert_eq!(call.poll_event(), None);
    assert!(call.wants_data());
    call.receive(PeerEvent::End(None), now);
    assert_eq!(call.poll_event(), Some(ServerEvent::Message("a".into())));
    assert_eq!(call.poll_event(), Some(ServerEvent::HalfClosed));
}

#[test]
fn what_breaks_the_protocol_ends_the_call_with_its_status() {
    for (wire, code) in [
        (&b"\x02\0\0\0\0"[..], Code::Internal),
        (b"\x80\0\0\0\0", Code::Internal),
        (b"\0\xff\xff\xff\xff", Code::ResourceExhausted),
        (b"\0\0\0\0\x05hel", Code::Internal),
        (b"\0\0\0", Code::Internal),
        (b"\x01\0\0\0\x01x", Code::Internal),
    ] {
        for one in [false, true] {
            let now = Instant::now();
            let mut call = call();
            if one {
                call.expect_one();
            }
            call.receive(PeerEvent::Data(Bytes::from_static(wire)), now);
            call.receive(PeerEvent::End(None), now);
            assert!(matches!(call.poll_event(), Some(ServerEvent::Cancelled(_))), "{wire:?}");
            assert!(!call.wants_data());
            assert_eq!(refused(&mut call).0, code, "{wire:?}");
            assert!(call.is_done());
        }
    }
}

#[test]
fn a_timeout_that_cannot_be_read_is_invalid_argument() {
    for timeout in ["123456789n", "1s", "", "S"] {
        let head = head("application/grpc", &[("grpc-timeout", timeout)]);
        let mut call = accept(&head, &Limits::default(), Instant::now()).unwrap();
        assert!(!call.wants_data());
        let (code, message) = refused(&mut call);
        assert_eq!(code, Code::InvalidArgument, "{timeout}");
        assert!(message.starts_with("grpc-timeout"), "{message}");
    }
}

#[test]
fn an_encoding_that_is_not_known_is_unimplemented_and_says_what_is() {
    let head = head("application/grpc", &[("grpc-encoding", "snappy")]);
    let mut call = accept(&head, &Limits::default(), Instant::now()).unwrap();
    let (head, ..) = sent(&mut call);
    assert_eq!(Status::read(&head.headers).unwrap().code(), Code::Unimplemented);
    assert!(head.headers["grpc-accept-encoding"].to_str().unwrap().contains("identity"));
}

#[test]
fn metadata_above_the_limits_are_resource_exhausted() {
    let mut limits = Limits::default();
    limits.max_metadata_entries = 3;
    let parts = head("application/grpc", &[("x-a", "1"), ("x-b", "2")]);
    assert_eq!(refused(&mut accept(&parts, &limits, Instant::now()).unwrap()).0, Code::ResourceExhausted);
    let mut limits = Limits::default();
    limits.max_metadata = 64;
    let parts = head("application/grpc", &[("x-a", &"1".repeat(64))]);
    assert_eq!(refused(&mut accept(&parts, &limits, Instant::now()).unwrap()).0, Code::ResourceExhausted);
    assert!(accept(&parts, &Limits::default(), Instant::now()).unwrap().wants_data());
}

#[test]
fn an_answer_is_a_head_the_messages_together_and_trailers() {
    let mut call = call();
    call.head_mut().unwrap().insert("x-head", "h").unwrap();
    call.trailers_mut().insert("x-trailer", "t").unwrap();
    assert!(call.poll_transmit().is_none(), "nothing goes out before there is something to say");
    call.send_message(&Raw("one".into())).unwrap();
    call.send_message(&Raw("two".into())).unwrap();
    call.finish(Status::OK);
    call.finish(Status::internal("the first end counts"));
    let (head, body, trailers, end) = sent(&mut call);
    assert_eq!((head.status.as_u16(), &head.headers["x-head"], end), (200, &"h".parse().unwrap(), false));
    assert_eq!(body, b"\0\0\0\0\x03one\0\0\0\0\x03two");
    let trailers = trailers.unwrap();
    assert_eq!(
        (&trailers["grpc-status"], &trailers["x-trailer"]),
        (&"0".parse().unwrap(), &"t".parse().unwrap())
    );
    assert!(call.is_done());
    assert!(call.head_mut().is_none());
}

#[test]
fn a_failure_before_any_message_is_said_in_the_head_and_behind_one_in_the_trailers() {
    let mut early = call();
    early.finish(Status::not_found("gone"));
    assert_eq!(refused(&mut early), (Code::NotFound, "gone".into()));
    let mut late = call();
    late.send_message(&Raw("x".into())).unwrap();
    late.finish(Status::data_loss("torn"));
    let (_, body, trailers, end) = sent(&mut late);
    assert_eq!((body.len(), end), (6, false));
    assert_eq!(Status::read(&trailers.unwrap()).unwrap().code(), Code::DataLoss);
}

#[test]
fn a_success_without_messages_has_a_head_and_trailers() {
    let mut call = call();
    call.finish(Status::OK);
    let (head, body, trailers, end) = sent(&mut call);
    assert!(!end && body.is_empty() && !head.headers.contains_key("grpc-status"));
    assert_eq!(trailers.unwrap()["grpc-status"], "0");
}

#[test]
fn the_head_can_go_out_first() {
    let mut call = call();
    call.send_head();
    assert!(matches!(call.poll_transmit(), Some(Transmit::Head { end: false, .. })));
    assert!(call.poll_transmit().is_none());
    call.finish(Status::unavailable("stopping"));
    let Some(Transmit::Trailers(trailers)) = call.poll_transmit() else { panic!("the head is out") };
    assert_eq!(Status::read(&trailers).unwrap().code(), Code::Unavailable);
}

#[test]
fn a_deadline_ends_the_call_whatever_waits_to_be_sent() {
    let now = Instant::now();
    let head = head("application/grpc", &[("grpc-timeout", "100m")]);
    let mut call = accept(&head, &Limits::default(), now).unwrap();
    let deadline = now + Duration::from_millis(100);
    assert_eq!(call.poll_timeout(), Some(deadline));
    call.send_head();
    call.poll_transmit().unwrap();
    call.send_message(&Raw("late".into())).unwrap();
    call.handle_timeout(deadline - Duration::from_nanos(1));
    assert_eq!(call.poll_event(), None);
    call.handle_timeout(deadline);
    assert_eq!(call.poll_event(), Some(ServerEvent::Cancelled(Cancelled::Deadline)));
    assert_eq!(call.send_message(&Raw("x".into())).unwrap_err().code(), Code::DeadlineExceeded);
    let Some(Transmit::Trailers(trailers)) = call.poll_transmit() else { panic!("the rest is dropped") };
    assert_eq!(Status::read(&trailers).unwrap().code(), Code::DeadlineExceeded);
    assert_eq!((call.poll_timeout(), call.is_done()), (None, true));
}

#[test]
fn a_deadline_counts_though_the_handler_has_finished_and_the_client_does_not_read() {
    let now = Instant::now();
    let head = head("application/grpc", &[("grpc-timeout", "1S")]);
    let mut call = accept(&head, &Limits::default(), now).unwrap();
    call.send_message(&Raw("unread".into())).unwrap();
    call.finish(Status::OK);
    call.handle_timeout(now + Duration::from_secs(1));
    assert_eq!(refused(&mut call).0, Code::DeadlineExceeded);
}

#[test]
fn data_that_come_after_the_deadline_end_the_call_too() {
    let now = Instant::now();
    let head = head("application/grpc", &[("grpc-timeout", "1n")]);
    let mut call = accept(&head, &Limits::default(), now).unwrap();
    call.receive(data(b"\0\0\0\0\0"), now + Duration::from_secs(1));
    assert_eq!(call.poll_event(), Some(ServerEvent::Cancelled(Cancelled::Deadline)));
}

#[test]
fn a_reset_cancels_the_call_and_nothing_is_sent() {
    let mut call = call();
    call.send_message(&Raw("x".into())).unwrap();
    call.receive(PeerEvent::Reset(8), Instant::now());
    assert_eq!(call.poll_event(), Some(ServerEvent::Cancelled(Cancelled::Reset(8))));
    assert_eq!(call.cancelled(), Some(&Cancelled::Reset(8)));
    assert!(call.poll_transmit().is_none() && call.is_done());
    assert_eq!(call.send_message(&Raw("x".into())).unwrap_err().code(), Code::Cancelled);
}

#[test]
fn the_buffer_says_when_it_is_full() {
    let mut limits = Limits::default();
    limits.max_send_buffer = 10;
    let mut call = accept(&head("application/grpc", &[]), &limits, Instant::now()).unwrap();
    assert!(call.has_room());
    call.send_message(&Raw("12345".into())).unwrap();
    assert!(!call.has_room());
    while call.poll_transmit().is_some() {}
    assert!(call.has_room());
}

#[test]
fn a_message_above_the_send_limit_is_refused_and_the_call_goes_on() {
    let mut limits = Limits::default();
    limits.max_send_message = 4;
    let mut call = accept(&head("application/grpc", &[]), &limits, Instant::now()).unwrap();
    assert_eq!(call.send_message(&Raw("12345".into())).unwrap_err().code(), Code::ResourceExhausted);
    call.send_message(&Raw("1234".into())).unwrap();
}

#[test]
fn grpc_web_has_its_trailers_as_the_last_frame_of_the_body() {
    let mut call =
        accept(&head("application/grpc-web+proto", &[]), &Limits::default(), Instant::now()).unwrap();
    call.trailers_mut().insert("x-t", "1").unwrap();
    call.send_message(&Raw("one".into())).unwrap();
    call.finish(Status::OK);
    let (_, body, trailers, end) = sent(&mut call);
    assert_eq!(body, b"\0\0\0\0\x03one\x80\0\0\0\x18x-t: 1\r\ngrpc-status: 0\r\n");
    assert!(trailers.is_none() && !end && call.is_done());
}

#[test]
fn a_failure_in_grpc_web_before_any_message_is_said_in_the_head() {
    let mut call = accept(&head("application/grpc-web", &[]), &Limits::default(), Instant::now()).unwrap();
    call.finish(Status::not_found("gone"));
    assert_eq!(refused(&mut call).0, Code::NotFound);
}

#[test]
fn grpc_web_text_is_read_in_any_pieces_and_written_in_padded_ones() {
    // "\0\0\0\0\x05hello", its pieces padded each.
    let wire = b"AAAAAAVoZQ==bGxv";
    for cut in 0..=wire.len() {
        let now = Instant::now();
        let mut call = accept(&head("application/grpc-web-text", &[]), &Limits::default(), now).unwrap();
        call.receive(PeerEvent::Data(Bytes::copy_from_slice(&wire[..cut])), now);
        call.receive(PeerEvent::Data(Bytes::copy_from_slice(&wire[cut..])), now);
        call.receive(PeerEvent::End(None), now);
        assert_eq!(call.poll_event(), Some(ServerEvent::Message("hello".into())), "cut at {cut}");
        call.send_message(&Raw("x".into())).unwrap();
        call.finish(Status::OK);
        let (_, body, ..) = sent(&mut call);
        let mut text = web::TextDecoder::new();
        assert_eq!(&text.decode(&body).unwrap()[..], b"\0\0\0\0\x01x\x80\0\0\0\x10grpc-status: 0\r\n");
        text.finish().unwrap();
    }
}

#[test]
fn grpc_web_text_that_is_no_base64_is_internal() {
    for wire in [&b"!!!!"[..], b"AAA", b"AA=A"] {
        let now = Instant::now();
        let mut call = accept(&head("application/grpc-web-text", &[]), &Limits::default(), now).unwrap();
        call.receive(PeerEvent::Data(Bytes::from_static(wire)), now);
        call.receive(PeerEvent::End(None), now);
        assert_eq!(refused(&mut call).0, Code::Internal, "{wire:?}");
    }
}
