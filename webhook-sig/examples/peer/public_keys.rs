//! The schemes with public keys: those of [`Ed25519Scheme`] by their names, `paypal` and `sns`.

use serde_json::{Value, json};
use webhook_sig::{
    Certificate, Ed25519PublicKey, Ed25519Scheme, Ed25519SigningKey, KeyRing, SignatureAlgorithm, paypal, sns,
};

use crate::openssl::{Openssl, algorithm, ready};
use crate::{Ask, Fallible, Operation, sign, verdict, verify};

/// What SNS is to sign.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub(crate) struct Draft {
    kind: String,
    subject: Option<String>,
    text: String,
    topic: String,
}

/// None if the scheme is none of these.
pub(crate) fn answer(ask: &Ask) -> Option<Fallible<Value>> {
    if let Some(scheme) = Ed25519Scheme::ALL.into_iter().find(|scheme| scheme.as_str() == ask.scheme) {
        return Some(ed25519(ask, scheme));
    }
    match ask.scheme.as_str() {
        "paypal" => Some(paypal(ask)),
        "sns" => Some(sns(ask)),
        _ => None,
    }
}

fn ed25519(ask: &Ask, scheme: Ed25519Scheme) -> Fallible<Value> {
    match ask.operation()? {
        Operation::Sign => {
            let ring = KeyRing::ed25519_signing().key("key", Ed25519SigningKey::whsk(&ask.key)?)?;
            sign(ask, &ring, scheme)
        }
        Operation::Verify => {
            let key = match Ed25519PublicKey::whpk(&ask.key) {
                Ok(key) => key,
                Err(_) => Ed25519PublicKey::hex(&ask.key)?,
            };
            verify(ask, &KeyRing::ed25519().key("key", key)?, scheme)
        }
    }
}

fn paypal(ask: &Ask) -> Fallible<Value> {
    let body = ask.body()?;
    match ask.operation()? {
        Operation::Sign => {
            let url = paypal::CertUrl::parse("https://api.paypal.com/v1/notifications/certs/CERT-1")
                .ok_or("the URL of a certificate")?;
            let signer = Openssl { key: ask.key.clone(), algorithm: SignatureAlgorithm::RsaV15Sha256 };
            let signed = paypal::sign_with(&ask.id, ask.at(), &ask.webhook_id, &url, &body, &signer);
            Ok(json!({ "headers": ready(signed)?.iter().collect::<Vec<_>>() }))
        }
        Operation::Verify => {
            let ring = KeyRing::certificates().key("key", Certificate::from_pem(&ask.key)?)?;
            let verifier = paypal::Verifier::new(&ring, &ask.webhook_id);
            Ok(verdict(&verifier.verify(&ask.headers, body, ask.now())))
        }
    }
}

/// A body and no headers: the signature of SNS is a member of its JSON.
fn sns(ask: &Ask) -> Fallible<Value> {
    match ask.operation()? {
        Operation::Sign => {
            let Draft { kind, subject, text, topic } = &ask.sns;
            let url = sns::CertUrl::parse("https://sns.eu-west-1.amazonaws.com/interop.pem")?;
            let signer = Openssl { key: ask.key.clone(), algorithm: algorithm(&ask.alg)? };
            let confirmation = |kind| {
                let url = "https://sns.example/confirm";
                sns::Draft::confirmation(kind, &ask.id, topic, text, url, "token").ok_or("a confirmation")
            };
            let draft = match kind.as_str() {
                "Notification" => sns::Draft::notification(&ask.id, topic, subject.as_deref(), text),
                "SubscriptionConfirmation" => confirmation(sns::Kind::SubscriptionConfirmation)?,
                "UnsubscribeConfirmation" => confirmation(sns::Kind::UnsubscribeConfirmation)?,
                other => return Err(format!("no such kind: {other}").into()),
            };
            let body = ready(sns::sign_with(&draft, ask.at(), &url, &signer))?;
            Ok(json!({ "body": String::from_utf8(body)? }))
        }
        Operation::Verify => {
            let ring = KeyRing::certificates().key("key", Certificate::from_pem(&ask.key)?)?;
            let verified = sns::Verifier::new(&ring).verify(&ask.body()?, ask.now());
            let mut answer = verdict(&verified);
            if let (Ok(verified), Some(answer)) = (&verified, answer.as_object_mut()) {
                answer.insert("text".to_owned(), json!(verified.body().message()));
                answer.insert("subject".to_owned(), json!(verified.body().subject()));
            }
            Ok(answer)
        }
    }
}
