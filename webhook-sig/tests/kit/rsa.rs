//! An RSA key of the tests as a signer outside of the process: `ring` signs with SHA-256 and SHA-512.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA512, RsaKeyPair};
use webhook_sig::{ExternalSigner, SignatureAlgorithm, ToSign};

pub(crate) struct Rsa {
    key: RsaKeyPair,
    pub(crate) algorithm: SignatureAlgorithm,
}

impl Rsa {
    pub(crate) fn new(algorithm: SignatureAlgorithm) -> Self {
        let pem = include_str!("../keys/rsa.key");
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let der = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, base64).unwrap();
        Self { key: RsaKeyPair::from_pkcs8(&der).unwrap(), algorithm }
    }
}

impl ExternalSigner for Rsa {
    type Error = std::io::Error;

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    async fn sign(&self, to_sign: ToSign<'_>) -> Result<Vec<u8>, std::io::Error> {
        let encoding: &dyn ring::signature::RsaEncoding = match to_sign.algorithm() {
            SignatureAlgorithm::RsaV15Sha256 => &RSA_PKCS1_SHA256,
            SignatureAlgorithm::RsaPssSha512 => &RSA_PSS_SHA512,
            _ => return Err(std::io::ErrorKind::Unsupported.into()),
        };
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(encoding, &SystemRandom::new(), &to_sign.to_message(), &mut signature).unwrap();
        Ok(signature)
    }
}

/// Polls a future that never waits, without any executor.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
