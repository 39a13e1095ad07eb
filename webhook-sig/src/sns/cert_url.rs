//! Where the certificate of a message may come from.

use alloc::string::String;
use core::fmt;

/// The most bytes of such a URL: the real ones have about 100.
const MAX: usize = 512;

/// The URL of a certificate of SNS: `https`, host `sns.REGION.amazonaws.com` (or `.com.cn`), path ending in `.pem`, and
/// neither port, user, query nor fragment. Whoever could name another host would bring their own key.
///
/// ```
/// use webhook_sig::sns::{CertUrl, CertUrlError};
///
/// let url = CertUrl::parse("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1a2b.pem")?;
/// assert_eq!(url.host(), "sns.eu-west-1.amazonaws.com");
/// assert_eq!(CertUrl::parse("https://sns.eu-west-1.amazonaws.com@evil.example/a.pem"), Err(CertUrlError::Host));
/// # Ok::<(), CertUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertUrl {
    text: String,
    host: usize,
}

const SCHEME: &str = "https://";

impl CertUrl {
    /// Checks a URL.
    ///
    /// # Errors
    /// [`CertUrlError`].
    pub fn parse(text: &str) -> Result<Self, CertUrlError> {
        // A parser that is more lenient than this one could see another host behind a backslash or a control.
        if text.len() > MAX || !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(CertUrlError::Characters);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(CertUrlError::Scheme)?;
        let (host, path) = rest.split_once('/').ok_or(CertUrlError::Path)?;
        if !is_sns(host) {
            return Err(CertUrlError::Host);
        }
        if path.contains(['?', '#']) {
            return Err(CertUrlError::Extra);
        }
        if !path.ends_with(".pem") {
            return Err(CertUrlError::Path);
        }
        Ok(Self { text: text.into(), host: SCHEME.len() + host.len() })
    }

    /// The URL, to be fetched over TLS without following redirects.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.text.get(SCHEME.len()..self.host).unwrap_or_default()
    }
}

impl AsRef<str> for CertUrl {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for CertUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether a URL is `https`, at a host of SNS, and nothing that a lenient parser could see another host in.
pub(crate) fn is_of_sns(url: &str) -> bool {
    let rest = url.strip_prefix(SCHEME).and_then(|rest| rest.split_once('/'));
    url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && rest.is_some_and(|(host, _)| is_sns(host))
}

/// `^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$`, the pattern of AWS's own validators; no region is an A-label (RFC 5890 §2.3.2.1).
fn is_sns(host: &str) -> bool {
    let Some(rest) = host.strip_prefix("sns.") else { return false };
    let region = rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn"));
    region.is_some_and(|region| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        region.len() >= 3 && region.bytes().all(plain) && !region.starts_with("xn--")
    })
}

/// Why a URL is not that of a certificate of SNS.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertUrlError {
    /// It is longer than 512 bytes or holds something other than visible ASCII, or a backslash.
    Characters,
    /// It does not begin with `https://`.
    Scheme,
    /// What stands where the host is to be is not a host of SNS: another host, a port, a user.
    Host,
    /// The path does not end in `.pem`.
    Path,
    /// It has a query or a fragment.
    Extra,
}

impl fmt::Display for CertUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Characters => "the certificate's URL is too long or holds characters that it must not",
            Self::Scheme => "the certificate's URL is not https",
            Self::Host => "the certificate's URL is not at a host of SNS",
            Self::Path => "the certificate's URL does not end in .pem",
            Self::Extra => "the certificate's URL has a query or a fragment",
        })
    }
}

impl core::error::Error for CertUrlError {}
