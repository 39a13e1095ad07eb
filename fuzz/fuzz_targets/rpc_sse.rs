//! Any events through the encoder and back through the parser of `sse-codec`: each arrives with its data, and with the id that a
//! client of tRPC is to resume behind.
#![no_main]

use bytes::BytesMut;
use rpc_typed::wire::sse::{Encoder, PING, RETURN};
use rpc_typed::{EventId, Wire};
use sse_codec::{Item, Limits, Parser};

#[derive(Debug, arbitrary::Arbitrary)]
enum Step<'a> {
    Event(Option<&'a str>, &'a str),
    Ping,
}

libfuzzer_sys::fuzz_target!(|input: (Option<&str>, Vec<Step<'_>>, Option<&str>)| {
    let (resumed, steps, error) = input;
    let (mut encoder, mut out) = (Encoder::new(resumed), BytesMut::new());
    encoder.connected(&mut out, None);
    let carried = |id: &&str| !id.is_empty() && !id.contains(['\0', '\r', '\n']);
    // What the client holds, and what it is to hear.
    let mut held = resumed.filter(carried).map(str::to_owned);
    let mut expected = vec![("connected".to_owned(), None, "{}".to_owned())];
    for step in &steps {
        match step {
            Step::Ping => {
                out.extend_from_slice(PING);
                expected.push(("ping".into(), None, String::new()));
            }
            Step::Event(id, text) => {
                let json = serde_json::to_string(text).unwrap();
                let id = id.and_then(|id| EventId::parse(id).ok());
                if let Some(id) = &id {
                    held = Some(id.as_str().to_owned());
                }
                encoder.event(&mut out, &Wire { id: id.clone(), json: json.clone() });
                let shown = id.as_ref().map_or(String::new(), |id| id.as_str().to_owned());
                expected.push(("message".into(), Some(shown), json));
                if let (None, Some(held)) = (&id, &held) {
                    expected.push(("restore-id".into(), Some(held.clone()), String::new()));
                }
            }
        }
    }
    match error {
        Some(text) => {
            let shape = serde_json::to_string(text).unwrap();
            encoder.error(&mut out, &shape);
            expected.push(("serialized-error".into(), None, shape));
        }
        None => {
            out.extend_from_slice(RETURN);
            expected.push(("return".into(), None, String::new()));
        }
    }
    let mut parser = Parser::with_limits(Limits::DEFAULT);
    let (mut rest, mut expected) = (&out[..], expected.into_iter());
    while let Some(item) = parser.next(&mut rest) {
        let Item::Event(event) = item else { panic!("{item:?}") };
        let (name, id, data) = expected.next().expect("no more than was sent");
        assert_eq!((event.event(), event.data()), (name.as_str(), data.as_str()));
        if let Some(id) = id {
            assert_eq!(event.id(), id);
        }
    }
    assert!(expected.next().is_none() && !parser.finish());
});
