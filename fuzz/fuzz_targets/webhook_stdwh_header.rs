//! The three headers of Standard Webhooks against a reading of them written from the specification alone.
//! Each byte of the input chooses a fragment of the list of signatures, so that right ones are common.
#![no_main]

use arbitrary::Arbitrary;
use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

const NOW: u64 = 1_700_000_000;
const BODY: &[u8] = br#"{"type":"user.created"}"#;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
    signature: &'a [u8],
}

fn expected(id: &str, timestamp: &str, signature: &str, right: &str) -> bool {
    let elements: Vec<&str> = signature
        .split(' ')
        .map(|element| element.trim_matches('\t'))
        .filter(|element| !element.is_empty())
        .collect();
    signature.len() <= 4096
        && elements.len() <= 16
        // The right signature is one of this id at this time.
        && id == "msg_1"
        && timestamp == NOW.to_string()
        // A comma at the end is what a proxy leaves that joined two lines.
        && elements.iter().any(|element| element.strip_suffix(',').unwrap_or(element) == right)
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let ring = KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap();
    let now = UnixMillis::from_secs(NOW);
    let signed = ring.signer(Scheme::StandardWebhooks).sign("msg_1", now, BODY).unwrap();
    let right = signed.iter().last().unwrap().1;

    let wrong = format!("v1,{}=", "A".repeat(43));
    let id = input.id.unwrap_or("msg_1");
    let time = NOW.to_string();
    let timestamp = input.timestamp.unwrap_or(&time);
    let fragments = [right, &wrong, " ", ",", "v1,", "v1a,", "\t", "=", "A", "é"];
    let signature: String =
        input.signature.iter().map(|byte| fragments[usize::from(*byte) % fragments.len()]).collect();

    let headers =
        [("webhook-id", id), ("webhook-timestamp", timestamp), ("webhook-signature", signature.as_str())];
    let verifier = ring.scheme(Scheme::StandardWebhooks);
    let result = verifier.verify(&headers, BODY, now);
    assert_eq!(result.is_ok(), expected(id, timestamp, &signature, right), "{headers:?} {result:?}");
    if let Ok(verified) = &result {
        assert_eq!(verified.id().map(|id| id.as_str()), Some("msg_1"));
    }

    // In two lines it reads as in one.
    if let Some((first, second)) = signature.split_once(' ') {
        let lines = [headers[0], headers[1], ("webhook-signature", first), ("webhook-signature", second)];
        assert_eq!(verifier.verify(&lines, BODY, now), result);
    }
});
