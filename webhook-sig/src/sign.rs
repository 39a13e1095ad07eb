//! Signing: from id, time and body to header fields.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::algorithm::Sign;
use crate::error::SignError;
use crate::scheme::{Content, JsonTime, Layout, Part, Schemes as _, TimeIn, twilio};
use crate::verify::SignedId;
use crate::{HeaderSource, HmacSha256, KeyRing, UnixMillis};

impl<K: Sign> KeyRing<K> {
    /// Signs by a scheme with the keys of this ring. The schemes are those of the ring's kind of key.
    #[must_use]
    pub fn signer(&self, scheme: K::Scheme) -> Signer<'_, K> {
        Signer { ring: self, layout: scheme.layout(), url: None }
    }
}

/// Signs requests by one scheme with the active keys of a ring ([`KeyRing::signer`]).
///
/// ```
/// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};
///
/// let ring = KeyRing::new().hmac("k", Secret::raw("It's a Secret to Everybody")?)?;
/// let headers = ring.signer(Scheme::GitHub).sign("", UnixMillis::EPOCH, b"Hello, World!")?;
/// let mut pairs = headers.iter();
/// assert_eq!(pairs.next(), Some((
///     "x-hub-signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )));
/// assert_eq!(pairs.next(), None);
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Signer<'r, K: Sign = HmacSha256> {
    ring: &'r KeyRing<K>,
    layout: &'static Layout,
    url: Option<&'r str>,
}

impl<K: Sign> Copy for Signer<'_, K> {}

impl<K: Sign> Clone for Signer<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<'r, K: Sign> Signer<'r, K> {
    /// Says where the request goes, with scheme, host and query, for the schemes that sign that (Square, Twilio); the others ignore it.
    #[must_use]
    pub fn with_url(self, url: &'r str) -> Self {
        Self { url: Some(url), ..self }
    }

    /// Signs `body`, which has to go out byte for byte as given.
    ///
    /// `id` names the event and stays the same when it is sent again; Standard Webhooks and Svix sign it,
    /// the others ignore it. `at` is the time of this attempt: it selects the keys and, in the schemes with a time,
    /// is signed in the scheme's unit. Where the scheme has a list of signatures there
    /// is one for each active key, else the first active key signs.
    ///
    /// Under Linear the time stands in the body, so the caller has put it there. Under Twilio the body is a form, or one whose hash is in
    /// the URL ([`twilio_json_url`](crate::twilio_json_url)).
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, id: &str, at: UnixMillis, body: &[u8]) -> Result<SignatureHeaders, SignError> {
        let framed = Framed::new(self.layout, id, at, body, self.url)?;
        let keys = if self.layout.list { usize::MAX } else { 1 };
        let parts = framed.parts();
        let signatures: Vec<_> =
            self.ring.active_entries(at).take(keys).map(|entry| entry.key().sign(&parts)).collect();
        framed.headers(signatures.iter().map(AsRef::as_ref))
    }
}

/// A request that is to be signed: what is signed of it, and the header fields that come of the signatures.
pub(crate) struct Framed<'b> {
    layout: &'static Layout,
    id: &'b str,
    time: String,
    url: &'b str,
    content: Cow<'b, [u8]>,
}

impl<'b> Framed<'b> {
    pub(crate) fn new(
        layout: &'static Layout,
        id: &'b str,
        at: UnixMillis,
        body: &'b [u8],
        url: Option<&'b str>,
    ) -> Result<Self, SignError> {
        if layout.id.is_some() {
            check_id(id)?;
        }
        let url = match url {
            None if layout.needs_url() => return Err(SignError::Url),
            url => url.unwrap_or_default(),
        };
        if let Some(TimeIn::Json(member)) = layout.time {
            let mut time = JsonTime::new(member);
            time.update(body);
            time.finish().ok_or(SignError::Body)?;
        }
        let content = match layout.content {
            Content::Bytes => Cow::Borrowed(body),
            Content::Twilio => {
                let parameters = twilio::signed_of(url, body).ok_or(SignError::Body)?;
                Cow::Owned([url.as_bytes(), &parameters].concat())
            }
        };
        Ok(Self { layout, id, time: layout.unit.number(at).to_string(), url, content })
    }

    /// What is signed, in order.
    pub(crate) fn parts(&self) -> Vec<&[u8]> {
        let part = |part: &'static Part| match part {
            Part::Text(text) => text.as_bytes(),
            Part::Id => self.id.as_bytes(),
            Part::Time => self.time.as_bytes(),
            Part::Url => self.url.as_bytes(),
        };
        let Layout { before, after, .. } = self.layout;
        let mut parts: Vec<&[u8]> = before.iter().map(part).collect();
        parts.push(&self.content);
        parts.extend(after.iter().map(part));
        parts
    }

    /// The header fields, with these signatures.
    pub(crate) fn headers<'s>(
        &self,
        signatures: impl Iterator<Item = &'s [u8]>,
    ) -> Result<SignatureHeaders, SignError> {
        let layout = self.layout;
        let mut fields = Vec::with_capacity(3);
        let mut value = String::new();
        if let Some(header) = layout.id {
            fields.push((header, String::from(self.id)));
        }
        match layout.time {
            Some(TimeIn::Header(header)) => fields.push((header, self.time.clone())),
            Some(TimeIn::Element(label)) => {
                value.push_str(label);
                value.push_str(&self.time);
            }
            Some(TimeIn::Json(_)) | None => {}
        }
        let mut any = false;
        for signature in signatures {
            if !value.is_empty() {
                value.push(char::from(layout.separator));
            }
            value.push_str(layout.label);
            layout.encoding.write(signature, &mut value);
            any = true;
        }
        if !any {
            return Err(SignError::NoActiveKey);
        }
        fields.push((layout.signature, value));
        Ok(SignatureHeaders(fields))
    }
}

/// Narrower than what a verifier takes: what stands here has one meaning in every receiver.
pub(crate) fn check_id(id: &str) -> Result<(), SignError> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if plain && (1..=SignedId::MAX_LEN).contains(&id.len()) { Ok(()) } else { Err(SignError::Id) }
}

/// The header fields to send with a signed body: names in lower case, values in ASCII.
///
/// It is a [`HeaderSource`] itself, so a test can verify what was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureHeaders(Vec<(&'static str, String)>);

impl SignatureHeaders {
    #[cfg(feature = "rsa-verify")]
    pub(crate) fn new(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self(fields.into_iter().collect())
    }

    /// The fields as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

impl IntoIterator for SignatureHeaders {
    type Item = (&'static str, String);
    type IntoIter = alloc::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl HeaderSource for SignatureHeaders {
    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.fields()
    }
}
