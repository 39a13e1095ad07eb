//! PayPal (feature `rsa-verify`): "Verify webhook signatures", the offline way.
//!
//! Signed are the transmission's id and time, the webhook's id and the CRC-32 of the body, joined by vertical bars, with
//! RSA and SHA-256. **A CRC-32 is no protection of the body**: whoever sees one signed request can make another body with
//! the same CRC. So remember the [`DedupeKey`](crate::DedupeKey), which is the signed transmission id, and fetch from
//! PayPal's API what decides about money.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::error::{Exceeded, Flaw, Reject, SignError};
use crate::external::{self, ExternalError, ExternalSigner};
use crate::sign::SignatureHeaders;
use crate::verify::{SignedId, Verified};
use crate::{Certificate, Explain, HeaderSource, KeyRing, Limits, SignatureAlgorithm, UnixMillis, date};

const ID: &str = "paypal-transmission-id";
const TIME: &str = "paypal-transmission-time";
const SIGNATURE: &str = "paypal-transmission-sig";
const CERT_URL: &str = "paypal-cert-url";
const ALGORITHM: &str = "paypal-auth-algo";

/// What `PAYPAL-AUTH-ALGO` says. Anything else is refused; it selects nothing.
const SHA256_WITH_RSA: &str = "SHA256withRSA";

/// The longest signature in base64: that of a key of 8192 bits.
const MAX_SIGNATURE: usize = 1368;

/// The URL of a certificate of PayPal: `https`, host `api.paypal.com` or `api.sandbox.paypal.com`, path below
/// `/v1/notifications/certs/`, and neither port, user, query nor fragment.
///
/// ```
/// use webhook_sig::paypal::CertUrl;
///
/// let headers = [("PAYPAL-CERT-URL", "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-7a8abba8")];
/// assert!(CertUrl::read(&headers).is_ok());
/// let headers = [("PAYPAL-CERT-URL", "https://api.paypal.com.evil.example/v1/notifications/certs/CERT-1")];
/// assert!(CertUrl::read(&headers).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertUrl(String);

impl CertUrl {
    /// Reads `PAYPAL-CERT-URL`, so that the certificate can be fetched before the request is verified.
    ///
    /// # Errors
    /// [`Reject::Missing`], [`Reject::Malformed`].
    pub fn read(headers: &(impl HeaderSource + ?Sized)) -> Result<Self, Reject> {
        let malformed = Reject::Malformed { header: CERT_URL, flaw: Flaw::Url };
        let url = text(only(headers, CERT_URL)?).ok_or_else(|| malformed.clone())?;
        Self::parse(url).ok_or(malformed)
    }

    /// Checks a URL.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        const HOSTS: [&str; 2] = ["https://api.paypal.com", "https://api.sandbox.paypal.com"];
        let path = HOSTS.iter().find_map(|host| url.strip_prefix(host))?;
        let name = path.strip_prefix("/v1/notifications/certs/")?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        ((1..=128).contains(&name.len()) && plain).then(|| Self(url.into()))
    }

    /// The URL, to be fetched over TLS without following redirects.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Verifies requests of PayPal with the certificates of a ring.
///
/// The certificate's own validity counts beside the window of its key. A key that is named as the URL in
/// `PAYPAL-CERT-URL` is the only one tried; without one all active keys are.
#[derive(Clone, Debug)]
pub struct Verifier<'r> {
    ring: &'r KeyRing<Certificate>,
    webhook_id: &'r str,
    limits: Limits,
}

impl<'r> Verifier<'r> {
    /// `webhook_id` is that of the webhook in PayPal's dashboard. It is signed, and no request tells it, so a request that was
    /// signed for another webhook does not verify.
    #[must_use]
    pub const fn new(ring: &'r KeyRing<Certificate>, webhook_id: &'r str) -> Self {
        Self { ring, webhook_id, limits: Limits::DEFAULT }
    }

    /// The same verifier within other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Verifies a request whose body is there in full.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        headers: &(impl HeaderSource + ?Sized),
        body: B,
        now: UnixMillis,
    ) -> Result<Verified<B>, Reject> {
        let mut pending = self.begin(headers, now)?;
        pending.update(body.as_ref())?;
        pending.finish_with(body)
    }

    /// Begins to verify a request whose body is still to come.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn begin<'a, H: HeaderSource + ?Sized>(
        &self,
        headers: &'a H,
        now: UnixMillis,
    ) -> Result<Pending<'a>, Reject>
    where
        'r: 'a,
    {
        let id = self.id(only(headers, ID)?)?;
        let bad_time = Reject::Malformed { header: TIME, flaw: Flaw::Timestamp };
        let time = text(only(headers, TIME)?).ok_or_else(|| bad_time.clone())?;
        let at = date::parse(time).ok_or(bad_time)?;
        let (past, future) = (now.saturating_since(at), at.saturating_since(now));
        if past > self.limits.tolerance_past {
            return Err(Reject::Stale { by: past });
        }
        if future > self.limits.tolerance_future {
            return Err(Reject::Future { by: future });
        }
        if only(headers, ALGORITHM)? != SHA256_WITH_RSA.as_bytes() {
            return Err(Reject::Unsupported { header: ALGORITHM });
        }
        let url = CertUrl::read(headers)?;
        let signature = only(headers, SIGNATURE)?;
        if signature.len() > MAX_SIGNATURE.min(self.limits.max_signature_header) {
            let max = self.limits.max_signature_header.min(MAX_SIGNATURE);
            return Err(Reject::Limit(Exceeded::SignatureHeader { max }));
        }
        let signature = BASE64_STANDARD
            .decode(signature)
            .map_err(|_| Reject::Malformed { header: SIGNATURE, flaw: Flaw::Signature })?;
        Ok(Pending {
            ring: self.ring,
            webhook_id: self.webhook_id,
            now,
            id,
            time,
            at,
            url,
            signature,
            crc: crc32fast::Hasher::new(),
            body: 0,
            max_body: self.limits.max_body,
        })
    }

    fn id(&self, text: &[u8]) -> Result<SignedId, Reject> {
        let max = self.limits.max_id.min(SignedId::MAX_LEN);
        if text.len() > max {
            return Err(Reject::Limit(Exceeded::Id { max }));
        }
        // A vertical bar would move the boundary between id and time in the signed text.
        let plain = !text.is_empty()
            && text.iter().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'|' | b'.'));
        let id = if plain { SignedId::new(text) } else { None };
        id.ok_or(Reject::Malformed { header: ID, flaw: Flaw::Id })
    }
}

/// A verification under way ([`Verifier::begin`]), which keeps nothing of the body.
pub struct Pending<'a> {
    ring: &'a KeyRing<Certificate>,
    webhook_id: &'a str,
    now: UnixMillis,
    id: SignedId,
    time: &'a str,
    at: UnixMillis,
    url: CertUrl,
    signature: Vec<u8>,
    crc: crc32fast::Hasher,
    body: usize,
    max_body: usize,
}

impl Pending<'_> {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// [`Reject::Limit`] once the body is longer than [`Limits::max_body`]; then, and whenever called after that.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.body = self.body.saturating_add(chunk.len());
        self.check_size()?;
        self.crc.update(chunk);
        Ok(())
    }

    /// Ends the body and verifies.
    ///
    /// # Errors
    /// [`Reject::NoMatch`], or again what [`Pending::update`] said.
    pub fn finish(self) -> Result<Verified<()>, Reject> {
        self.finish_with(())
    }

    fn finish_with<B>(self, body: B) -> Result<Verified<B>, Reject> {
        self.check_size()?;
        let crc = self.crc.finalize();
        let signed = signed(self.id.as_str(), self.time, self.webhook_id, crc);
        let url = self.url.as_str();
        let named = self.ring.active_entries(self.now).any(|entry| entry.id().as_str() == url);
        let mut explain = Explain { signatures: 1, body: self.body, ..Explain::default() };
        for entry in self.ring.active_entries(self.now) {
            if (named && entry.id().as_str() != url) || !entry.key().is_valid(self.now) {
                continue;
            }
            explain.keys += 1;
            let key = entry.key().public_key(SignatureAlgorithm::RsaV15Sha256);
            if key.is_ok_and(|key| key.verify(signed.as_bytes(), &self.signature)) {
                return Ok(Verified::by_id(body, self.id, Some(self.at), entry.id().clone()));
            }
        }
        Err(Reject::NoMatch(explain))
    }

    fn check_size(&self) -> Result<(), Reject> {
        let max = self.max_body;
        if self.body > max { Err(Reject::Limit(Exceeded::Body { max })) } else { Ok(()) }
    }
}

impl fmt::Debug for Pending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("at", &self.at).field("body", &self.body).finish_non_exhaustive()
    }
}

/// Signs as PayPal does, to test a receiver: RSA, so through an external signer.
///
/// # Errors
/// [`ExternalError`]; [`SignError::Id`] if the transmission's id is not 1 to 128 of `A-Z a-z 0-9 _ -`.
pub async fn sign_with<X: ExternalSigner>(
    transmission_id: &str,
    at: UnixMillis,
    webhook_id: &str,
    cert_url: &CertUrl,
    body: &[u8],
    signer: &X,
) -> Result<SignatureHeaders, ExternalError<SignError, X::Error>> {
    crate::sign::check_id(transmission_id).map_err(ExternalError::Sign)?;
    let time = date::write(at);
    let signed = signed(transmission_id, &time, webhook_id, crc32fast::hash(body));
    let signature = external::ask(signer, &[SignatureAlgorithm::RsaV15Sha256], &[signed.as_bytes()]).await?;
    Ok(SignatureHeaders::new([
        (ID, transmission_id.into()),
        (TIME, time),
        (CERT_URL, cert_url.as_str().into()),
        (ALGORITHM, SHA256_WITH_RSA.into()),
        (SIGNATURE, BASE64_STANDARD.encode(signature)),
    ]))
}

/// The text that is signed.
fn signed(id: &str, time: &str, webhook_id: &str, crc: u32) -> String {
    let crc = crc.to_string();
    [id, time, webhook_id, &crc].join("|")
}

/// The one value of a header. Of two, one would be signed and another part of the program might read the other.
fn only<'h, H: HeaderSource + ?Sized>(headers: &'h H, header: &'static str) -> Result<&'h [u8], Reject> {
    let mut values = headers.values(header);
    let value = values.next().ok_or(Reject::Missing { header })?;
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Reject::Malformed { header, flaw: Flaw::Repeated }),
    }
}

fn text(value: &[u8]) -> Option<&str> {
    core::str::from_utf8(value).ok()
}
