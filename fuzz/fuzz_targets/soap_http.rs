//! The binding: an action that is written is read as it was; any header fields and any body come to a call or to an answer that
//! our own client reads, and how the body was cut makes no difference.
#![no_main]

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use soap_envelope::bind::http::{Action, RequestHead, request_headers};
use soap_envelope::client::{self, Client};
use soap_envelope::envelope::Fault;
use soap_envelope::server::{Event, Operation, Server, ServiceDesc};
use soap_envelope::xml::QName;
use soap_envelope::{Exchange, Input, Limits, Transmit, Version};

#[derive(Arbitrary, Debug)]
struct Case<'a> {
    action: &'a str,
    content_type: Option<&'a [u8]>,
    soap_action: Option<&'a [u8]>,
    soap11: bool,
    get: bool,
    body: &'a [u8],
    inside: Option<&'a str>,
    cuts: Vec<u8>,
}

libfuzzer_sys::fuzz_target!(|case: Case<'_>| {
    for version in Version::ALL {
        let action = if case.action.is_empty() { Action::Unnamed } else { Action::Named(case.action.to_owned()) };
        let plain = case.action.bytes().all(|b| (b'!'..=b'~').contains(&b));
        if let Ok(headers) = request_headers(version, &action) {
            if plain {
                let read = RequestHead::read(&Method::POST, &headers).expect("what was written");
                assert_eq!((read.version, read.action), (version, action));
            }
        }
    }

    let version = if case.soap11 { Version::Soap11 } else { Version::Soap12 };
    let mut headers = HeaderMap::new();
    match case.content_type.map(HeaderValue::from_bytes) {
        Some(Ok(value)) => drop(headers.insert("content-type", value)),
        _ => drop(headers.insert("content-type", HeaderValue::from_static(version.media_type()))),
    }
    if let Some(Ok(value)) = case.soap_action.map(HeaderValue::from_bytes) {
        headers.insert("soapaction", value);
    }
    let method = if case.get { Method::GET } else { Method::POST };
    let body = match case.inside {
        Some(inside) => {
            format!("<s:Envelope xmlns:s='{}'><s:Body>{inside}</s:Body></s:Envelope>", version.namespace()).into_bytes()
        }
        None => case.body.to_vec(),
    };
    let whole = run(&method, &headers, &[&body]);
    let mut pieces = Vec::new();
    let mut rest = body.as_slice();
    for cut in case.cuts {
        let (piece, after) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    assert_eq!(run(&method, &headers, &pieces), whole);
});

/// Status, media type and content of the answer.
fn run(method: &Method, headers: &HeaderMap, pieces: &[&[u8]]) -> (StatusCode, HeaderValue, Bytes) {
    let mut limits = Limits::default();
    limits.max_envelope = 4096;
    let service = ServiceDesc::new().limits(limits).operation(Operation::new("Op", QName::from_static("urn:u", "Op")).action("urn:op"));
    let mut exchange = Exchange::<Server>::new(Arc::new(service));
    exchange.head(method, &"/soap".parse().expect("a path"), headers);
    for piece in pieces {
        exchange.receive(Input::Chunk(Bytes::copy_from_slice(piece)));
    }
    exchange.receive(Input::End);
    assert!(!exchange.wants_body());
    if let Some(Event::Call(call)) = exchange.poll_event() {
        assert_eq!(call.message().body_name(), Some(QName::from_static("urn:u", "Op")));
        exchange.refuse(&Fault::sender("called"));
    }
    let Some(Transmit::Head(head)) = exchange.poll_transmit() else { panic!("each request has an answer") };
    let Some(Transmit::Data(data)) = exchange.poll_transmit() else { panic!("each of these with a body") };
    assert!(exchange.poll_transmit().is_none());
    let mut reader = Exchange::<Client>::new(Version::Soap12, Limits::DEFAULT);
    reader.head(head.status, &head.headers).expect("a SOAP answer");
    reader.receive(Input::Chunk(data.clone())).expect("within the limits");
    reader.receive(Input::End).expect("a message");
    assert!(matches!(reader.poll_event(), Some(client::Event::Fault(_))), "a fault");
    (head.status, head.headers["content-type"].clone(), data)
}
