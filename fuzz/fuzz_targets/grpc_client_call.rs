//! A client's call under any answer and any order of events: it never panics and is over once; the answer in other pieces
//! tells the caller the same.
#![no_main]

use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use bytes::Bytes;
use grpc_wire::call::{ClientCall, ClientEvent, PeerEvent, Spec, Transmit};
use grpc_wire::proto::Dialect;
use grpc_wire::{Limits, Raw, Status};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    web: bool,
    one: bool,
    timeout: Option<u16>,
    before: Vec<Step>,
    status: u16,
    is_grpc: bool,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    cut: u8,
    trailers: Option<Vec<(String, Vec<u8>)>>,
    after: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Send(Vec<u8>),
    Finish,
    Cancel,
    Transmit,
    Wait(u16),
    Reset(u32),
    Lost,
}

fn headers(pairs: &[(String, Vec<u8>)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            map.append(name, value);
        }
    }
    map
}

fn step(call: &mut ClientCall, step: &Step, now: &mut Instant) {
    match step {
        Step::Send(message) => {
            let _ = call.send_message(&Raw(Bytes::copy_from_slice(message)));
        }
        Step::Finish => call.finish_sending(),
        Step::Cancel => call.cancel(),
        Step::Transmit => {
            let _ = call.poll_transmit();
        }
        Step::Wait(millis) => {
            *now += Duration::from_millis((*millis).into());
            call.handle_timeout(*now);
        }
        Step::Reset(code) => call.receive(PeerEvent::Reset(*code), *now),
        Step::Lost => call.receive(PeerEvent::Lost("gone".into()), *now),
    }
}

fn outcome(input: &Input, piece: usize) -> (Vec<Bytes>, Status) {
    let mut spec = Spec::new("/a.B/C");
    spec.dialect = if input.web { Dialect::Web } else { Dialect::Grpc };
    spec.expects_one = input.one;
    spec.timeout = input.timeout.map(|millis| Duration::from_millis(millis.into()));
    let mut limits = Limits::default();
    limits.max_recv_message = 64;
    let mut now = Instant::now();
    let mut call = ClientCall::start(&spec, &limits, now).unwrap();
    for one in &input.before {
        step(&mut call, one, &mut now);
    }
    let mut answer = Response::new(());
    *answer.status_mut() = http::StatusCode::from_u16(input.status).unwrap_or_default();
    *answer.headers_mut() = headers(&input.headers);
    if input.is_grpc {
        *answer.status_mut() = http::StatusCode::OK;
        let name = if input.web { "application/grpc-web" } else { "application/grpc" };
        answer.headers_mut().insert("content-type", HeaderValue::from_static(name));
    }
    call.receive(PeerEvent::Head(answer.into_parts().0), now);
    let body = Bytes::copy_from_slice(&input.body);
    for begin in (0..body.len()).step_by(piece) {
        call.receive(PeerEvent::Data(body.slice(begin..(begin + piece).min(body.len()))), now);
    }
    call.receive(PeerEvent::End(input.trailers.as_deref().map(headers)), now);
    for one in &input.after {
        step(&mut call, one, &mut now);
    }
    assert!(call.is_over());
    let mut messages = Vec::new();
    let mut done = None;
    while let Some(event) = call.poll_event() {
        assert!(done.is_none(), "nothing behind the end");
        match event {
            ClientEvent::Head(_) => assert!(messages.is_empty()),
            ClientEvent::Message(message) => {
                assert!(message.len() <= 64);
                messages.push(message);
            }
            ClientEvent::Done { status, .. } => done = Some(status),
        }
    }
    let status = done.expect("it is over once");
    assert!(!input.one || messages.len() == usize::from(status.is_ok()));
    call.finish_sending();
    for _ in 0..4 {
        if let Some(Transmit::Trailers(_)) = call.poll_transmit() {
            unreachable!("a client has none");
        }
    }
    assert!(call.poll_transmit().is_none());
    (messages, status)
}

fuzz_target!(|input: Input| {
    let whole = outcome(&input, usize::MAX >> 1);
    assert_eq!(outcome(&input, usize::from(input.cut) + 1), whole);
});
