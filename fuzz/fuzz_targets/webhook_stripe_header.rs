//! Stripe's header against a reading of it written from the provider's page alone. Each byte of the input
//! chooses a fragment of the header, so that right ones are common.
#![no_main]

use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

const NOW: u64 = 1_700_000_000;
const BODY: &[u8] = br#"{"id":"evt_1"}"#;

fn expected(header: &str, right: &str) -> bool {
    let pairs: Vec<&str> = header
        .split(',')
        .map(|pair| pair.trim_matches([' ', '\t']))
        .filter(|pair| !pair.is_empty())
        .collect();
    let timestamps: Vec<&str> = pairs.iter().filter_map(|pair| pair.strip_prefix("t=")).collect();
    header.len() <= 4096
        && pairs.len() - timestamps.len() <= 16
        // The right signature is that of the time as it is usually written; another text is another time.
        && timestamps == [NOW.to_string()]
        && pairs.iter().any(|pair| pair.strip_prefix("v1=") == Some(right))
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let ring = KeyRing::new().hmac("k", Secret::raw("secret").unwrap()).unwrap();
    let now = UnixMillis::from_secs(NOW);
    let signed = ring.signer(Scheme::Stripe).sign("", now, BODY).unwrap();
    let right = signed.iter().next().unwrap().1.split_once("v1=").unwrap().1.to_owned();
    let (time, wrong) = (NOW.to_string(), "0".repeat(64));
    let fragments = ["t=", "v1=", "v0=", ",", &time, &right, &wrong, " ", "\t", "=", "0", "a", "é"];
    let header: String = input.iter().map(|byte| fragments[usize::from(*byte) % fragments.len()]).collect();

    let verifier = ring.scheme(Scheme::Stripe);
    let result = verifier.verify(&[("stripe-signature", &header)], BODY, now);
    assert_eq!(result.is_ok(), expected(&header, &right), "{header:?} {result:?}");

    // In two lines it reads as in one.
    if let Some((first, second)) = header.split_once(',') {
        let lines = [("stripe-signature", first), ("stripe-signature", second)];
        assert_eq!(verifier.verify(&lines, BODY, now), result);
    }
});
