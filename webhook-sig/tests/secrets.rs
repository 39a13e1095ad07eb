//! Secrets: their text forms, what is refused, and what never shows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use webhook_sig::{Secret, SecretError};

#[test]
fn whsec_is_a_prefix_and_base64_padded_or_not() {
    let bytes = b"octavo-demo-inbound-secret-00001";
    let padded = "whsec_b2N0YXZvLWRlbW8taW5ib3VuZC1zZWNyZXQtMDAwMDE=";
    for text in [padded, padded.trim_end_matches('=')] {
        assert_eq!(Secret::whsec(text).unwrap().expose(), bytes);
        assert_eq!(Secret::base64(text.strip_prefix("whsec_").unwrap()).unwrap().expose(), bytes);
    }
    assert_eq!(Secret::raw(bytes).unwrap().to_whsec().as_str(), padded);
}

#[test]
fn every_length_survives_the_text_form() {
    for len in 1..=100_u8 {
        let bytes: Vec<u8> = (0..len).collect();
        let secret = Secret::raw(&bytes).unwrap();
        let text = secret.to_whsec();
        assert!(Secret::whsec(&text).unwrap() == secret);
        assert_eq!(text.len(), text.capacity(), "a reallocation would leave a copy behind");
    }
}

#[test]
fn keys_of_other_kinds_are_not_taken_for_secrets() {
    for text in ["whsk_AAAA", "whpk_AAAA", "AAAA", "WHSEC_AAAA", " whsec_AAAA", ""] {
        assert_eq!(Secret::whsec(text).unwrap_err(), SecretError::Prefix, "{text:?}");
    }
}

#[test]
fn what_is_not_base64_is_refused() {
    for text in ["whsec_A", "whsec_AAA\n", "whsec_AA A", "whsec_A-_A", "whsec_AB", "whsec_AAAA=", "whsec_é"]
    {
        assert_eq!(Secret::whsec(text).unwrap_err(), SecretError::Base64, "{text:?}");
    }
}

#[test]
fn an_empty_secret_is_refused_in_every_form() {
    assert_eq!(Secret::raw("").unwrap_err(), SecretError::Empty);
    assert_eq!(Secret::base64("").unwrap_err(), SecretError::Empty);
    assert_eq!(Secret::whsec("whsec_").unwrap_err(), SecretError::Empty);
    assert_eq!(Secret::try_from(Vec::new()).unwrap_err(), SecretError::Empty);
}

#[test]
fn a_new_secret_takes_24_to_64_bytes_of_entropy() {
    let entropy = [7; 65];
    for len in 0..=65 {
        let made = Secret::generate(&entropy[..len]);
        match made {
            Ok(secret) => assert_eq!((secret.expose(), (24..=64).contains(&len)), (&entropy[..len], true)),
            Err(error) => assert_eq!((error, (24..=64).contains(&len)), (SecretError::Entropy, false)),
        }
    }
}

#[test]
fn a_secret_prints_as_redacted() {
    let secret = Secret::raw("hunter2").unwrap();
    assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[redacted] Some([redacted])");
    assert!(!format!("{:?} {}", SecretError::Base64, SecretError::Base64).contains("hunter2"));
}

#[test]
fn secrets_compare_by_their_bytes() {
    let [a, b, c] = ["abc", "abd", "abcd"].map(|text| Secret::raw(text).unwrap());
    assert!(a == a.clone() && a != b && a != c);
}
