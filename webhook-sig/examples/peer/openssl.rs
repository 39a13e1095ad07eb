//! RSA signs through `openssl`, as a key service would: it is sent the digest and nothing else.
#![allow(clippy::disallowed_methods, reason = "it runs another program")]

use std::future::Future;
use std::io::Write as _;
use std::pin::pin;
use std::process::{Command, Stdio};
use std::task::{Context, Poll, Waker};

use webhook_sig::{ExternalSigner, SignatureAlgorithm, ToSign};

/// Signs a digest by `openssl pkeyutl`.
pub(crate) struct Openssl {
    /// The path of a private key in PEM.
    pub(crate) key: String,
    pub(crate) algorithm: SignatureAlgorithm,
}

impl ExternalSigner for Openssl {
    type Error = std::io::Error;

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    async fn sign(&self, to_sign: ToSign<'_>) -> Result<Vec<u8>, std::io::Error> {
        let digest = to_sign.digest().ok_or(std::io::ErrorKind::Unsupported)?;
        let options: &[&str] = match self.algorithm {
            SignatureAlgorithm::RsaV15Sha256 => &["digest:sha256"],
            SignatureAlgorithm::RsaV15Sha1 => &["digest:sha1"],
            SignatureAlgorithm::RsaPssSha512 => {
                &["digest:sha512", "rsa_padding_mode:pss", "rsa_pss_saltlen:64"]
            }
            _ => return Err(std::io::ErrorKind::Unsupported.into()),
        };
        let mut command = Command::new("openssl");
        command.args(["pkeyutl", "-sign", "-inkey", &self.key]);
        for option in options {
            command.args(["-pkeyopt", option]);
        }
        let mut openssl = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        // A digest fits into the pipe, so this does not wait for the reader; dropped, it ends the input.
        openssl.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?.write_all(digest.as_bytes())?;
        let output = openssl.wait_with_output()?;
        if output.status.success() { Ok(output.stdout) } else { Err(std::io::ErrorKind::Other.into()) }
    }
}

/// Polls a future that never waits, as that of [`Openssl`].
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// An algorithm by its name in RFC 9421.
pub(crate) fn algorithm(name: &str) -> Result<SignatureAlgorithm, String> {
    use SignatureAlgorithm::{
        EcdsaP256Sha256, EcdsaP384Sha384, Ed25519, HmacSha256, RsaPssSha512, RsaV15Sha1, RsaV15Sha256,
    };
    [HmacSha256, Ed25519, EcdsaP256Sha256, EcdsaP384Sha384, RsaPssSha512, RsaV15Sha256, RsaV15Sha1]
        .into_iter()
        .find(|algorithm| algorithm.as_str() == name)
        .ok_or_else(|| format!("no such algorithm: {name}"))
}
