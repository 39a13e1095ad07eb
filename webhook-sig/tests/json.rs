//! Only verified bytes are parsed. That others do not compile is shown at `json::parse`.
#![cfg(feature = "json")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis, json};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn verified(body: &[u8]) -> webhook_sig::Verified<Vec<u8>> {
    let ring = KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap();
    let headers = ring.signer(Scheme::StandardWebhooks).sign("msg_1", NOW, body).unwrap();
    ring.scheme(Scheme::StandardWebhooks).verify(&headers, body.to_vec(), NOW).unwrap()
}

#[test]
fn a_value_keeps_where_it_came_from() {
    let event = verified(br#"{"a":[1]}"#).into_json::<serde_json::Value>().unwrap();
    assert_eq!(event.body()["a"][0], 1);
    assert_eq!(event.id().unwrap().as_str(), "msg_1");
    assert_eq!((event.at(), event.key().as_str()), (Some(NOW), "k"));
    assert_eq!(event.dedupe().to_string(), "id:msg_1");
}

#[test]
fn a_value_can_borrow_from_the_body() {
    let body = verified(br#"{"a":"b"}"#);
    let value: std::collections::BTreeMap<&str, &str> = json::parse(&body).unwrap();
    assert_eq!(value["a"], "b");
}

#[test]
fn what_is_not_json_is_an_error() {
    for body in [&b""[..], b"{", b"\xff", b"{} x"] {
        assert!(json::parse::<serde_json::Value, _>(&verified(body)).is_err());
        assert!(verified(body).into_json::<serde_json::Value>().is_err());
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
    assert!(json::parse::<serde_json::Value, _>(&verified(&nested(127))).is_ok());
    assert!(json::parse::<serde_json::Value, _>(&verified(&nested(100_000))).is_err());
}
