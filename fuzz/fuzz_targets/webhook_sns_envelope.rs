//! Any body as a message of SNS, and any URL as that of its certificate: nothing panics, nothing is accepted that was not
//! signed, no URL passes whose host another parser sees elsewhere, and a body in pieces is the same.
#![no_main]

use arbitrary::Arbitrary;
use webhook_sig::sns::{CertUrl, Verifier, cert_url};
use webhook_sig::{Certificate, KeyRing, UnixMillis};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    body: &'a [u8],
    cut: u16,
    members: Option<[&'a str; 6]>,
    url: &'a str,
    now: u64,
}

const CERTIFICATE: &str = include_str!("../../webhook-sig/tests/keys/rsa.pem");

libfuzzer_sys::fuzz_target!(|input: Input| {
    if let Ok(url) = CertUrl::parse(input.url) {
        let other = url::Url::parse(input.url).expect("the other parser refuses it");
        assert_eq!((other.scheme(), other.host_str(), other.port()), ("https", Some(url.host()), None));
        assert_eq!(
            (other.username(), other.password(), other.query(), other.fragment()),
            ("", None, None, None)
        );
        assert!(url.host().starts_with("sns.") && other.path().ends_with(".pem"));
    }
    let body = match input.members {
        None => input.body.to_vec(),
        // Something that is a message, but for its signature.
        Some([id, topic, message, subject, time, signature]) => serde_json::to_vec(&serde_json::json!({
            "Type": "Notification", "MessageId": id, "TopicArn": topic, "Message": message, "Subject": subject,
            "Timestamp": time, "SignatureVersion": "2", "Signature": signature,
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem",
        }))
        .unwrap(),
    };
    thread_local! {
        static RING: KeyRing<Certificate> =
            KeyRing::certificates().key("k", Certificate::from_pem(CERTIFICATE).unwrap()).unwrap();
    }
    RING.with(|ring| {
        let now = UnixMillis::from_millis(input.now);
        let verifier = Verifier::new(ring);
        let reject = verifier.verify(&body, now).expect_err("accepted what was not signed");
        let (head, tail) = body.split_at(usize::from(input.cut) % (body.len() + 1));
        let mut pending = verifier.begin(now);
        let streamed =
            pending.update(head).and_then(|()| pending.update(tail)).and_then(|()| pending.finish());
        assert_eq!(streamed.expect_err("accepted what was not signed"), reject);
        let _ = cert_url(&body, &Verifier::limits());
    });
});
