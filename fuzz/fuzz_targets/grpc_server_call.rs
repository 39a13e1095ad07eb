//! A server's call under any request and any order of events: it never panics, ends once, sends its head first and nothing
//! behind its end, keeps to its limits, and any cut of the body tells the handler the same.
#![no_main]

use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use bytes::Bytes;
use grpc_wire::call::{PeerEvent, ServerCall, ServerEvent, Transmit};
use grpc_wire::{Code, DeadlinePolicy, Limits, Raw, Status};
use http::{HeaderName, HeaderValue, Request, Version};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    dialect: u8,
    headers: Vec<(String, Vec<u8>)>,
    one: bool,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Data(Vec<u8>),
    End,
    Reset(u32),
    Lost,
    Wait(u16),
    Take,
    Head,
    Send(Vec<u8>),
    Finish(u8, String),
    Transmit,
}

fuzz_target!(|input: Input| {
    let content_type = match input.dialect % 4 {
        0 | 1 => "application/grpc",
        2 => "application/grpc-web+proto",
        _ => "application/grpc-web-text",
    };
    let mut request = Request::post("/a.B/C").version(Version::HTTP_2).header("te", "trailers");
    request = request.header("content-type", content_type);
    for (name, value) in &input.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            request = request.header(name, value);
        }
    }
    let Ok(request) = request.body(()) else { return };
    let (head, ()) = request.into_parts();
    let mut limits = Limits::default();
    limits.max_recv_message = 64;
    limits.max_status_message = 32;
    let mut now = Instant::now();
    let Ok(mut call) = ServerCall::accept(&head, &limits, &DeadlinePolicy::default(), now) else { return };
    if input.one {
        call.expect_one();
    }
    let (mut heads, mut ends, mut messages, mut cancels) = (0, 0, 0, 0);
    let mut transmit = |call: &mut ServerCall| {
        let Some(transmit) = call.poll_transmit() else { return false };
        assert_eq!(ends, 0, "nothing behind the end");
        match transmit {
            Transmit::Head { head, end } => {
                heads += 1;
                assert_eq!(heads, 1);
                assert_eq!(Status::read(&head.headers).is_some(), end);
                ends += usize::from(end);
            }
            Transmit::Data(data) => assert!(heads == 1 && !data.is_empty()),
            Transmit::Trailers(trailers) => {
                assert!(Status::read(&trailers).is_some());
                if let Some(message) = trailers.get("grpc-message") {
                    assert!(message.len() <= 32);
                }
                ends += 1;
            }
            Transmit::End => ends += 1,
            Transmit::Reset(_) => unreachable!(),
        }
        true
    };
    for step in input.steps {
        match step {
            Step::Data(data) => call.receive(PeerEvent::Data(data.into()), now),
            Step::End => call.receive(PeerEvent::End(None), now),
            Step::Reset(code) => call.receive(PeerEvent::Reset(code), now),
            Step::Lost => call.receive(PeerEvent::Lost(String::new()), now),
            Step::Wait(millis) => {
                now += Duration::from_millis(millis.into());
                call.handle_timeout(now);
                assert!(call.poll_timeout().is_none_or(|deadline| deadline > now));
            }
            Step::Take => match call.poll_event() {
                Some(ServerEvent::Message(message)) => {
                    assert!(message.len() <= 64);
                    messages += 1;
                    assert!(!input.one || messages == 1);
                    assert_eq!(cancels, 0);
                }
                Some(ServerEvent::Cancelled(_)) => {
                    cancels += 1;
                    assert_eq!(cancels, 1, "told once");
                }
                Some(ServerEvent::HalfClosed) | None => {}
            },
            Step::Head => call.send_head(),
            Step::Send(message) => {
                let _ = call.send_message(&Raw(Bytes::from(message)));
            }
            Step::Finish(code, message) => {
                let code = Code::from_number(u32::from(code % 17)).unwrap();
                call.finish(Status::new(code, message));
            }
            Step::Transmit => {
                transmit(&mut call);
            }
        }
    }
    call.receive(PeerEvent::End(None), now);
    call.finish(Status::OK);
    while transmit(&mut call) {}
    assert!(call.is_done());
    assert!(call.poll_timeout().is_none());
});
