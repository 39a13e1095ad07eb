//! A body in any pieces gives the same answer as in one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use bytes::Bytes;
use common::Request;

#[test]
fn a_body_cut_anywhere_or_into_bytes_is_the_same_call() {
    for (target, body) in [
        ("user.create", r#"{"name":"é€😀 \u00e9"}"#),
        ("user.create", r#"{"name":"#),
        (
            "user.create,user.create?batch=1",
            r#" { "1" : {"name":"b"} , "0":{"name":"a"},"x":[1,{"y":null}] } "#,
        ),
        ("user.create,user.create?batch=1", r#"{"0":{"name":"a"}"#),
        ("nothing", ""),
    ] {
        let whole = Request::post(target, body).token();
        let expected = whole.send();
        assert!(expected.ended);
        let bytes = Bytes::from_static(body.as_bytes());
        for at in 0..=bytes.len() {
            let mut cut = whole.clone();
            cut.body = vec![bytes.slice(..at), Bytes::new(), bytes.slice(at..)];
            assert_eq!(cut.send(), expected, "{body} at {at}");
        }
        let mut single = whole.clone();
        single.body = (0..bytes.len()).map(|n| bytes.slice(n..=n)).collect();
        assert_eq!(single.send(), expected, "{body} byte by byte");
    }
}

#[test]
fn a_body_cut_short_at_any_byte_makes_no_valid_call() {
    let body = r#"{"0":{"name":"a"}}"#;
    for at in 1..body.len() {
        let answer = Request::post("user.create?batch=1", &body.as_bytes()[..at]).token().send();
        assert_eq!(answer.json()[0]["error"]["code"], -32600, "{at}");
    }
}
