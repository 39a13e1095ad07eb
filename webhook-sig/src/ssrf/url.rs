//! The URL of an endpoint.

use super::host::Host;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

/// An absolute `http` or `https` URL to which webhooks can be posted.
///
/// Stricter than RFC 3986 on purpose, so that no two parsers can read different hosts out of it: ASCII only, no userinfo, no
/// fragment, no backslash, no percent-encoding or legacy number in the host ([`Host`]), a canonical port, at most
/// [`MAX_LEN`](Self::MAX_LEN) bytes. Scheme and host are lower-cased; path and query are kept as given.
///
/// ```
/// use webhook_sig::ssrf::{EndpointUrl, UrlError};
///
/// let url = EndpointUrl::parse("HTTPS://Example.com?x=1")?;
/// assert_eq!(url.as_str(), "https://example.com/?x=1");
/// assert_eq!((url.port(), url.authority()), (443, "example.com"));
/// assert_eq!(EndpointUrl::parse("https://example.com@10.0.0.7/"), Err(UrlError::Userinfo));
/// # Ok::<(), UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EndpointUrl {
    text: String,
    host: Host,
    port: u16,
    https: bool,
    /// Where the path begins in `text`; the authority ends there.
    path_at: usize,
}

/// Why a text is no [`EndpointUrl`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlError {
    /// Longer than [`EndpointUrl::MAX_LEN`].
    TooLong,
    /// Neither `http://` nor `https://`.
    Scheme,
    /// A user name or password before the host.
    Userinfo,
    /// No host, or one with characters or labels that DNS does not have; a trailing dot, percent-encoding and non-ASCII count here.
    Host,
    /// A host that reads as a number but is not four canonical decimal numbers.
    Ipv4,
    /// Brackets without a plain IPv6 address inside; a zone (`%eth0`) counts here.
    Ipv6,
    /// A port that is empty, zero, above 65535 or written with a leading zero.
    Port,
    /// A fragment, which is never sent.
    Fragment,
    /// A character in the path or query that needs percent-encoding, or a `%` without two hexadecimal digits.
    Path,
}

impl EndpointUrl {
    /// The longest URL, in bytes: 2048.
    pub const MAX_LEN: usize = 2048;

    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlError`] names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        if text.len() > Self::MAX_LEN {
            return Err(UrlError::TooLong);
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let https = scheme.eq_ignore_ascii_case("https");
        if !https && !scheme.eq_ignore_ascii_case("http") {
            return Err(UrlError::Scheme);
        }
        // A backslash ends the authority for browsers and not for RFC 3986 §3.2: the host check below refuses it in either place.
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(UrlError::Userinfo);
        }
        let (host, port) = split_port(authority)?;
        let host = Host::parse(host)?;
        check_path(path)?;
        let default_port = if https { 443 } else { 80 };
        let port = port.unwrap_or(default_port);
        let scheme = if https { "https" } else { "http" };
        let mut text = if port == default_port {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{host}:{port}")
        };
        let path_at = text.len();
        if !path.starts_with('/') {
            text.push('/');
        }
        text.push_str(path);
        Ok(Self { text, host, port, https, path_at })
    }

    /// The whole URL, in canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, also where the URL leaves it to the scheme.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// True for `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Host and, unless it is the scheme's own, port: the value of the `Host` field (RFC 9110 §7.2).
    #[must_use]
    pub fn authority(&self) -> &str {
        let scheme = if self.https { "https://" } else { "http://" };
        self.text.get(scheme.len()..self.path_at).unwrap_or_default()
    }

    /// Path and query, beginning with `/`: the request target (RFC 9112 §3.2.1).
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }
}

impl FromStr for EndpointUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EndpointUrl").field(&self.text).finish()
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the URL is longer than 2048 bytes",
            Self::Scheme => "the URL does not begin with http:// or https://",
            Self::Userinfo => "the URL carries a user name; put credentials elsewhere",
            Self::Host => {
                "the host is not a plain DNS name; write international names as xn--, without a trailing dot"
            }
            Self::Ipv4 => "the host reads as a number; write IPv4 addresses as four decimal numbers",
            Self::Ipv6 => "the brackets hold no plain IPv6 address",
            Self::Port => "the port is not a number from 1 to 65535",
            Self::Fragment => "the URL has a fragment, which is never sent",
            Self::Path => "the path or query holds a character that needs percent-encoding",
        })
    }
}

impl core::error::Error for UrlError {}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), UrlError> {
    // In brackets the colons belong to the address.
    let after = authority.rfind(']').map_or(0, |at| at + 1);
    let Some(colon) = authority.get(after..).and_then(|tail| tail.find(':')).map(|at| after + at) else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(colon);
    let digits = port.strip_prefix(':').unwrap_or(port);
    if digits.is_empty() || digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    digits.parse().map(|port| (host, Some(port))).map_err(|_| UrlError::Port)
}

/// RFC 3986 §3.3 and §3.4: `pchar`, `/`, `?`; brackets and the like must come percent-encoded.
fn check_path(path: &str) -> Result<(), UrlError> {
    let bytes = path.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'#' => return Err(UrlError::Fragment),
            b'%' => {
                let digits = bytes.get(at + 1..at + 3).ok_or(UrlError::Path)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(UrlError::Path);
                }
            }
            byte if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(byte) => {}
            _ => return Err(UrlError::Path),
        }
    }
    Ok(())
}
