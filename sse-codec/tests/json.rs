//! JSON both ways.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, error::Error};

use serde::{Deserialize, Serialize};
use sse_codec::{Event, EventId, EventName, Frame, Item, Parser};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tick<'a> {
    sym: &'a str,
    px: u32,
}

#[test]
fn a_value_goes_out_on_one_line_and_comes_back_borrowed() {
    let wire = Frame::json(&Tick { sym: "ABC", px: 12 }).unwrap().event("tick").unwrap().encode();
    assert_eq!(&wire[..], b"event: tick\ndata: {\"sym\":\"ABC\",\"px\":12}\n\n");
    let mut parser = Parser::new();
    let mut chunk = &wire[..];
    let Some(Item::Event(event)) = parser.next(&mut chunk) else { panic!("an event") };
    let tick: Tick<'_> = event.json().unwrap();
    assert_eq!(tick, Tick { sym: "ABC", px: 12 });
    assert!(wire.as_ptr_range().contains(&tick.sym.as_ptr()), "lent from the wire");
}

#[test]
fn newlines_in_strings_are_escaped_by_json() {
    let wire = Frame::json("a\r\nb").unwrap().encode();
    assert_eq!(&wire[..], b"data: \"a\\r\\nb\"\n\n");
}

#[test]
fn a_wrong_shape_keeps_the_data() {
    let event = Event::new(EventName::default(), "{\"error\":\"overloaded\"}", EventId::default());
    let error = event.json::<Tick<'_>>().unwrap_err();
    assert_eq!(error.data(), Some("{\"error\":\"overloaded\"}"));
    assert!(error.to_string().starts_with("22 bytes of event data do not fit the type: "), "{error}");
    assert!(error.to_string().ends_with("look at the data itself, it is kept"), "{error}");
    assert!(error.source().is_some());
}

#[test]
fn an_error_says_where_reading_stopped() {
    let at = |data: &str| {
        let event = Event::new(EventName::default(), data, EventId::default());
        event.json::<Vec<u8>>().unwrap_err().offset().unwrap()
    };
    assert_eq!(at("[1,x]"), 4, "behind the byte that does not fit");
    assert_eq!(at("[1,\n2,\n 256]"), 11, "behind the number that is too large, on the third line");
    assert_eq!(at("[DONE]"), 2);
    assert_eq!(at("[1,"), 3, "the end");
    assert_eq!(at(""), 0);
}

#[test]
fn a_value_that_is_no_json_is_an_error() {
    let error = Frame::json(&BTreeMap::from([((1, 2), 3)])).unwrap_err();
    assert_eq!(error.data(), None);
    assert!(error.to_string().starts_with("the value cannot be written as json: "), "{error}");
}

#[test]
fn an_event_is_serde_data() {
    let event = Event::new(EventName::parse("tick").unwrap(), "a\nb", EventId::parse("7").unwrap());
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(text, r#"{"event":"tick","data":"a\nb","id":"7"}"#);
    assert_eq!(serde_json::to_string(&event.borrowed()).unwrap(), text);
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
}

#[test]
fn an_event_needs_only_its_data() {
    let event: Event = serde_json::from_str(r#"{"data":"x"}"#).unwrap();
    assert_eq!(event, Event::new(EventName::default(), "x", EventId::default()));
    assert!(serde_json::from_str::<Event>(r#"{"id":"1"}"#).is_err());
}

#[test]
fn no_name_comes_in_that_could_not_go_out() {
    for text in
        [r#"{"data":"","id":"1\n2"}"#, r#"{"data":"","id":"\u0000"}"#, r#"{"data":"","event":"a\rb"}"#]
    {
        let error = serde_json::from_str::<Event>(text).unwrap_err().to_string();
        assert!(error.contains("remove or escape it"), "{error}");
    }
    assert_eq!(serde_json::from_str::<EventId>("\"7\"").unwrap().as_str(), "7");
    assert_eq!(serde_json::to_string(&EventName::default()).unwrap(), "\"message\"");
}
