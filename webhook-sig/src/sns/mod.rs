//! AWS SNS over HTTPS (feature `rsa-verify`): the signature is a member of the body, and the certificate has a URL in
//! it.
//!
//! "Verifying the signatures of Amazon SNS messages": `SignatureVersion` 1 is RSA with SHA-1, 2 with SHA-256. Not all
//! of the body is signed (`MessageAttributes` and `UnsubscribeURL` are not), so what comes out is a [`Message`], which
//! holds what is.
//!
//! 1. [`cert_url`] reads the certificate's URL from the body and refuses any that is not of SNS. Fetch it once, over
//!    TLS, with the client that you have, and keep it by its URL.
//! 2. [`Verifier`] verifies with the certificates of a ring. A key that is named as the URL in the message is the only one tried;
//!    without one all active keys are.
//! 3. [`Message::subscribe_url`] tells where a subscription is confirmed. Nothing here requests it: look at the topic first.

mod cert_url;
mod message;
mod sign;
mod verify;

pub(crate) use cert_url::is_of_sns;
pub use cert_url::{CertUrl, CertUrlError};
pub use message::{Kind, Message, Version};
pub use sign::{Draft, sign_with};
pub use verify::{Pending, Verifier, cert_url};
