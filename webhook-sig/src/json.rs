//! JSON out of verified bytes, and out of no others (feature `json`).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Verified;

/// Parses a verified body as JSON; the value may borrow from it. The most that values may nest is 128
/// (`serde_json`).
///
/// ```
/// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis, json};
///
/// #[derive(serde::Deserialize)]
/// struct Event<'b> {
///     r#type: &'b str,
/// }
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("secret")?)?;
/// let now = UnixMillis::from_secs(1_700_000_000);
/// let body = br#"{"type":"user.create"}"#;
/// let headers = ring.signer(Scheme::Stripe).sign("", now, body)?;
///
/// let verified = ring.scheme(Scheme::Stripe).verify(&headers, body, now)?;
/// let event: Event = json::parse(&verified)?;
/// assert_eq!(event.r#type, "user.create");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// Bytes that were not verified do not compile:
///
/// ```compile_fail,E0308
/// let body: &[u8] = br#"{"type":"user.create"}"#;
/// let event: serde_json::Value = webhook_sig::json::parse(body)?;
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
///
/// and neither can they be dressed up as verified ones:
///
/// ```compile_fail,E0451
/// use webhook_sig::Verified;
/// fn forge(body: Vec<u8>, other: Verified<()>) -> Verified<Vec<u8>> {
///     Verified { body, ..other }
/// }
/// ```
///
/// # Errors
/// That of `serde_json`. Its text may quote the body.
pub fn parse<'v, T: Deserialize<'v>, B: AsRef<[u8]>>(verified: &'v Verified<B>) -> serde_json::Result<T> {
    serde_json::from_slice(verified.body().as_ref())
}

impl<B: AsRef<[u8]>> Verified<B> {
    /// Turns a verified body into the verified value that it holds as JSON, keeping id, time, key and
    /// [`DedupeKey`](crate::DedupeKey). [`parse`] lends instead.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn into_json<T: DeserializeOwned>(self) -> serde_json::Result<Verified<T>> {
        let value = parse(&self)?;
        Ok(self.with_body(value))
    }
}
