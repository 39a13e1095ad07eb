//! Questions of providers and their answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use webhook_sig::challenge::{self, Intent};
use webhook_sig::{KeyRing, Secret, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

fn ring() -> KeyRing {
    KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap()
}

fn mac(message: &str) -> Vec<u8> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret");
    ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
}

/// X, "Securing webhooks", challenge-response check: the page's parameter names.
#[test]
fn twitter_is_answered_with_the_hmac_of_its_token() {
    use base64::Engine as _;
    let answer = challenge::twitter(&ring(), "nonce=abc&crc_token=MjVhNTkz-Tok_en%3D", NOW).unwrap();
    let expected = base64::prelude::BASE64_STANDARD.encode(mac("MjVhNTkz-Tok_en="));
    assert_eq!(answer.body, format!(r#"{{"response_token":"sha256={expected}"}}"#));
    assert_eq!((answer.status, answer.content_type), (200, "application/json"));
}

/// Otherwise the question would be a way to have any event signed.
#[test]
fn twitter_gets_no_hmac_of_what_could_be_an_event() {
    let long = format!("crc_token={}", "a".repeat(513));
    for query in [
        "",
        "crc_token=",
        "token=abc",
        "crc_token=a&crc_token=b",
        "crc_token=%7B%22a%22%3A1%7D",
        "crc_token={}",
        "crc_token=[]",
        "crc_token=%22a%22",
        "crc_token=%00",
        "crc_token=%ff",
        long.as_str(),
    ] {
        assert_eq!(challenge::twitter(&ring(), query, NOW), None, "{query}");
    }
    assert_eq!(challenge::twitter(&KeyRing::new(), "crc_token=a", NOW), None, "no key");
    let over = KeyRing::new().hmac_until("k", Secret::raw("secret").unwrap(), NOW).unwrap();
    assert_eq!(challenge::twitter(&over, "crc_token=a", NOW), None, "no active key");
}

/// WebSub §5.3.
#[test]
fn a_hub_is_answered_with_its_challenge() {
    let query = "hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2Ff%3Fx%3D1&hub.challenge=a%2Bb+c&hub.lease_seconds=60&other=1";
    let intent = challenge::websub(query).unwrap();
    let Intent::Subscribe { topic, lease, challenge } = &intent else { panic!("{intent:?}") };
    assert_eq!(
        (topic.as_str(), lease.as_secs(), challenge.as_str()),
        ("https://a.example/f?x=1", 60, "a+b c")
    );
    let answer = intent.confirm();
    assert_eq!((answer.status, answer.body.as_str()), (200, "a+b c"));
    assert!(answer.content_type.starts_with("text/plain"), "the challenge is not a page of ours");
    assert_eq!((intent.refuse().status, intent.refuse().body.as_str()), (404, ""));

    let stop = challenge::websub("hub.mode=unsubscribe&hub.topic=t&hub.challenge=c").unwrap();
    assert_eq!(stop, Intent::Unsubscribe { topic: "t".into(), challenge: "c".into() });
    let denied = challenge::websub("hub.mode=denied&hub.topic=t&hub.reason=no+such+topic").unwrap();
    assert_eq!(denied, Intent::Denied { topic: "t".into(), reason: Some("no such topic".into()) });
    assert_eq!(denied.confirm().body, "");
}

#[test]
fn what_is_no_question_of_a_hub_is_none() {
    let long = format!("hub.mode=unsubscribe&hub.topic=t&hub.challenge={}", "c".repeat(513));
    for query in [
        "",
        "hub.mode=subscribe",
        "hub.mode=subscribe&hub.topic=t&hub.challenge=c",
        "hub.mode=subscribe&hub.topic=t&hub.challenge=c&hub.lease_seconds=+60",
        "hub.mode=subscribe&hub.topic=t&hub.challenge=c&hub.lease_seconds=%2B60",
        "hub.mode=subscribe&hub.topic=t&hub.challenge=c&hub.lease_seconds=99999999999999999999",
        "hub.mode=subscribe&hub.topic=t&hub.challenge=&hub.lease_seconds=60",
        "hub.mode=subscribe&hub.topic=&hub.challenge=c&hub.lease_seconds=60",
        "hub.mode=unsubscribe&hub.topic=t&hub.topic=u&hub.challenge=c",
        "hub.mode=publish&hub.topic=t",
        "hub.mode=unsubscribe&hub.topic=%ff&hub.challenge=c",
        long.as_str(),
    ] {
        assert_eq!(challenge::websub(query), None, "{query}");
    }
}

#[cfg(feature = "json")]
mod signed {
    use super::*;
    use webhook_sig::{Scheme, Verified};

    fn verified(scheme: Scheme, body: &str) -> Verified<String> {
        let headers = ring().signer(scheme).sign("", NOW, body.as_bytes()).unwrap();
        ring().scheme(scheme).verify(&headers, body.to_owned(), NOW).unwrap()
    }

    #[test]
    fn slack_is_answered_with_its_challenge() {
        let answer = challenge::slack(&verified(
            Scheme::Slack,
            r#"{"type":"url_verification","challenge":"<script>\u00e9","token":"x"}"#,
        ));
        let answer = answer.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "<script>é"));
        assert!(answer.content_type.starts_with("text/plain"));
        for body in
            [r#"{"type":"event_callback","challenge":"x"}"#, r#"{"type":"url_verification"}"#, "{}", "no"]
        {
            assert_eq!(challenge::slack(&verified(Scheme::Slack, body)), None, "{body}");
        }
    }

    #[test]
    fn zoom_is_answered_with_the_hmac_of_its_token() {
        let question = |event: &str, token: &str| {
            let token = serde_json::Value::from(token);
            format!(r#"{{"event":"{event}","payload":{{"plainToken":{token}}},"event_ts":1654503849680}}"#)
        };
        let ask = |body: &str| challenge::zoom(&ring(), &verified(Scheme::Zoom, body), NOW);
        let answer = ask(&question("endpoint.url_validation", "qgg8vlvZRS6UYooatFL8Aw")).unwrap();
        let hex: String = mac("qgg8vlvZRS6UYooatFL8Aw").iter().map(|byte| format!("{byte:02x}")).collect();
        let expected = format!(r#"{{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"{hex}"}}"#);
        assert_eq!((answer.status, answer.body), (200, expected));
        for body in [
            question("meeting.started", "abc"),
            question("endpoint.url_validation", ""),
            question("endpoint.url_validation", "v0:1700000000:{}"),
            question("endpoint.url_validation", "a\"b"),
            question("endpoint.url_validation", "a\nb"),
            question("endpoint.url_validation", &"a".repeat(513)),
            r#"{"event":"endpoint.url_validation"}"#.into(),
        ] {
            assert_eq!(ask(&body), None, "{body}");
        }
        let ping = verified(Scheme::Zoom, &question("endpoint.url_validation", "abc"));
        assert_eq!(challenge::zoom(&KeyRing::new(), &ping, NOW), None, "no key");
    }

    /// The scheme does not matter to the answer, only that the request was verified.
    #[test]
    fn discord_ping_is_answered_in_kind() {
        let answer = challenge::discord(&verified(Scheme::Generic, r#"{"type":1,"version":1}"#)).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"type":1}"#));
        for body in [r#"{"type":2}"#, r#"{"type":"1"}"#, "{}", "1"] {
            assert_eq!(challenge::discord(&verified(Scheme::Generic, body)), None, "{body}");
        }
    }
}
