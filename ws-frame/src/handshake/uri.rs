//! WebSocket URIs (RFC 6455 §3).

use core::fmt;
use core::str::FromStr;
use std::borrow::ToOwned as _;
use std::format;
use std::string::String;

use http::uri::{self, Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use super::origin::split_authority;

/// A `ws` or `wss` URI: `ws://host[:port]/path[?query]`.
///
/// # Examples
/// ```
/// use ws_frame::handshake::WebSocketUri;
///
/// let uri: WebSocketUri = "ws://example.com/chat?room=1".parse()?;
/// assert_eq!((uri.host(), uri.port(), uri.resource_name()), ("example.com", 80, "/chat?room=1"));
/// assert!(!uri.is_secure());
/// # Ok::<(), ws_frame::handshake::UriError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketUri {
    secure: bool,
    host: String,
    port: u16,
    host_header: HeaderValue,
    resource_name: PathAndQuery,
}

impl WebSocketUri {
    /// Reads a URI.
    ///
    /// # Errors
    /// [`UriError`] by the part that is wrong.
    pub fn parse(uri: &str) -> Result<Self, UriError> {
        let (scheme, rest) = uri.split_once("://").ok_or(UriError::Scheme)?;
        let secure = if scheme.eq_ignore_ascii_case("ws") {
            false
        } else if scheme.eq_ignore_ascii_case("wss") {
            true
        } else {
            return Err(UriError::Scheme);
        };
        if rest.contains('#') {
            return Err(UriError::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, target) = rest.split_at(end);
        let (host, port) = split_authority(authority).ok_or(UriError::Authority)?;
        let default_port = if secure { 443 } else { 80 };
        let port = port.unwrap_or(default_port);
        // §4.1 item 4: the port stands in `Host` when it is not the default one.
        let host_header = if port == default_port {
            HeaderValue::try_from(host)
        } else {
            HeaderValue::try_from(format!("{host}:{port}"))
        };
        // §3: an empty path is sent as "/".
        let resource_name = if target.starts_with('/') {
            PathAndQuery::try_from(target)
        } else {
            PathAndQuery::try_from(format!("/{target}"))
        };
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
            host_header: host_header.map_err(|_| UriError::Authority)?,
            resource_name: resource_name.map_err(|_| UriError::ResourceName)?,
        })
    }

    /// Whether the scheme is `wss`: the connection goes through TLS.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host as it is written; an IPv6 address stands in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, 80 or 443 where none is written.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, at least `/`.
    #[must_use]
    pub fn resource_name(&self) -> &str {
        self.resource_name.as_str()
    }

    /// The same as an `http` or `https` URI, for HTTP versions that carry scheme and authority apart (RFC 8441 §5).
    pub(super) fn to_http(&self) -> Uri {
        let scheme = if self.secure { Scheme::HTTPS } else { Scheme::HTTP };
        let mut parts = uri::Parts::default();
        parts.scheme = Some(scheme);
        parts.authority = Authority::try_from(self.host_header.as_bytes()).ok();
        parts.path_and_query = Some(self.resource_name.clone());
        // With all three parts there, it is one.
        Uri::from_parts(parts).unwrap_or_default()
    }

    pub(super) const fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    pub(super) const fn path_and_query(&self) -> &PathAndQuery {
        &self.resource_name
    }
}

impl FromStr for WebSocketUri {
    type Err = UriError;

    fn from_str(uri: &str) -> Result<Self, UriError> {
        Self::parse(uri)
    }
}

impl fmt::Display for WebSocketUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        let authority = self.host_header.to_str().unwrap_or(&self.host);
        write!(f, "{scheme}://{authority}{}", self.resource_name)
    }
}

/// Which part of a URI is wrong.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriError {
    /// The scheme is neither `ws` nor `wss`.
    Scheme,
    /// The host or port is missing or malformed, or a user stands before it.
    Authority,
    /// The path or query holds what must be percent-encoded.
    ResourceName,
    /// There is a fragment (§3 forbids it).
    Fragment,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "websocket uri: the scheme is neither ws nor wss",
            Self::Authority => "websocket uri: expected host or host:port after the scheme",
            Self::ResourceName => "websocket uri: path or query not percent-encoded",
            Self::Fragment => "websocket uri: a fragment is not allowed",
        })
    }
}

impl core::error::Error for UriError {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString as _;

    #[test]
    fn parts_and_their_defaults() {
        let parts = |uri: &str| {
            WebSocketUri::parse(uri).map(|uri| {
                let host = uri.host_header().to_str().map(str::to_owned).unwrap_or_default();
                (host, uri.port(), uri.resource_name().to_owned())
            })
        };
        let ok = |host: &str, port, name: &str| Ok((host.to_owned(), port, name.to_owned()));
        assert_eq!(parts("ws://a"), ok("a", 80, "/"));
        assert_eq!(parts("WSS://a:443?q"), ok("a", 443, "/?q"));
        assert_eq!(parts("ws://a:443/b"), ok("a:443", 443, "/b"));
        assert_eq!(parts("ws://[::1]:8080/b?c=/d"), ok("[::1]:8080", 8080, "/b?c=/d"));
    }

    #[test]
    fn what_is_written_back_reads_as_the_same() {
        for uri in ["ws://a/", "wss://a:80/b?c", "ws://[::1]:1/"] {
            assert_eq!(WebSocketUri::parse(uri).map(|u| u.to_string()).as_deref(), Ok(uri));
        }
    }

    #[test]
    fn each_wrong_part_has_its_error() {
        for (uri, error) in [
            ("http://a", UriError::Scheme),
            ("a", UriError::Scheme),
            ("ws://", UriError::Authority),
            ("ws://u@a/", UriError::Authority),
            ("ws://a:65536/", UriError::Authority),
            ("ws://a:/", UriError::Authority),
            ("ws://[::1/", UriError::Authority),
            ("ws://a b/", UriError::Authority),
            ("ws://a/#", UriError::Fragment),
            ("ws://a#x", UriError::Fragment),
            ("ws://a/b c", UriError::ResourceName),
            ("ws://a/\r\nx: y", UriError::ResourceName),
        ] {
            assert_eq!(WebSocketUri::parse(uri), Err(error), "{uri}");
        }
    }
}
