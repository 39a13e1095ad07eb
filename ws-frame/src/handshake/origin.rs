//! Which origins may open a connection (RFC 6455 §4.2.2 item 4 and §10.2; origins as in RFC 6454 §7).
//!
//! A browser attaches the user's cookies to a WebSocket request from any page, and no same-origin rule stops it:
//! this check is what stands between a signed-in user and another site's script.

use core::fmt;
use core::net::Ipv6Addr;
use std::borrow::ToOwned as _;
use std::format;
use std::string::String;
use std::vec::Vec;

/// The origins that a server accepts.
///
/// Clients that are not browsers send no `Origin` and may send any, so the check protects users of browsers only;
/// requests without the header are accepted unless [`require_header`](Self::require_header) says otherwise.
///
/// # Examples
/// ```
/// use ws_frame::handshake::Origins;
///
/// let origins = Origins::list(["https://app.example", "https://*.example.com", "http://localhost:*"])?;
/// assert!(origins.allows(Some(b"https://app.example"), None));
/// assert!(origins.allows(Some(b"https://a.b.example.com"), None));
/// assert!(!origins.allows(Some(b"https://example.com"), None));
/// assert!(origins.allows(Some(b"http://localhost:5173"), None));
/// assert!(!origins.allows(Some(b"null"), None));
/// assert!(origins.allows(None, None));
/// # Ok::<(), ws_frame::handshake::OriginError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    rule: Rule,
    header_required: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Any,
    Same,
    List(Vec<Pattern>),
}

impl Origins {
    /// Only pages that were served by the same host and port as the one asked (the default). The scheme is not
    /// compared: a server behind a TLS proxy does not know it.
    #[must_use]
    pub const fn same() -> Self {
        Self { rule: Rule::Same, header_required: false }
    }

    /// Every origin. Right only where the request carries no ambient authority such as a cookie.
    #[must_use]
    pub const fn any() -> Self {
        Self { rule: Rule::Any, header_required: false }
    }

    /// The origins listed. Each is `null` (sandboxed pages, files), or `scheme://host[:port]`, where the host may start
    /// with `*.` for one label or more before it, and the port may be `*` for any. Without a port, the scheme's own.
    ///
    /// # Errors
    /// [`OriginError`] for the first pattern that is none of these.
    pub fn list<I>(patterns: I) -> Result<Self, OriginError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let patterns =
            patterns.into_iter().map(|pattern| Pattern::parse(pattern.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { rule: Rule::List(patterns), header_required: false })
    }

    /// Refuses requests without an `Origin`: browsers only.
    #[must_use]
    pub fn require_header(mut self) -> Self {
        self.header_required = true;
        self
    }

    /// Whether a request may go on. `origin` is the value of its `Origin` header, `authority` its `Host` (or the
    /// authority of its target), which only [`Origins::same`] reads.
    #[must_use]
    pub fn allows(&self, origin: Option<&[u8]>, authority: Option<&str>) -> bool {
        let Some(origin) = origin else {
            return !self.header_required;
        };
        let Ok(origin) = core::str::from_utf8(origin) else {
            return false;
        };
        match &self.rule {
            Rule::Any => true,
            Rule::Same => {
                let (Some(origin), Some(authority)) = (Tuple::parse(origin), authority) else {
                    return false;
                };
                origin.is_served_by(authority)
            }
            Rule::List(patterns) if origin == "null" => patterns.contains(&Pattern::Null),
            Rule::List(patterns) => {
                let Some(origin) = Tuple::parse(origin) else {
                    return false;
                };
                patterns.iter().any(|pattern| pattern.matches(&origin))
            }
        }
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self::same()
    }
}

/// A pattern given to [`Origins::list`] is not an origin: it is neither `null` nor `scheme://host[:port]` in ASCII, or
/// it holds a path, a user, or a `*` elsewhere than as the first label or the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginError {
    pattern: String,
}

impl OriginError {
    /// The pattern that was refused.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an origin pattern: {:?} (expected null or scheme://host[:port])", self.pattern)
    }
}

impl core::error::Error for OriginError {}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Null,
    Tuple {
        scheme: String,
        /// In lower case; without the leading `*` but with its dot where `wildcard`.
        host: String,
        wildcard: bool,
        port: PortPattern,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PortPattern {
    Any,
    Exactly(Option<u16>),
}

impl Pattern {
    fn parse(pattern: &str) -> Result<Self, OriginError> {
        if pattern == "null" {
            return Ok(Self::Null);
        }
        let error = || OriginError { pattern: pattern.to_owned() };
        let (head, port) = match pattern.strip_suffix(":*") {
            Some(head) => (head, Some(PortPattern::Any)),
            None => (pattern, None),
        };
        let (scheme, authority) = head.split_once("://").ok_or_else(error)?;
        let (authority, wildcard) = match authority.strip_prefix("*.") {
            Some(parent) => (parent, true),
            None => (authority, false),
        };
        let whole = format!("{scheme}://{authority}");
        let tuple = Tuple::parse(&whole).ok_or_else(error)?;
        let is_address = tuple.host.starts_with('[') || tuple.host.parse::<core::net::Ipv4Addr>().is_ok();
        if wildcard && is_address || port.is_some() && tuple.explicit_port {
            return Err(error());
        }
        let host = tuple.host.to_ascii_lowercase();
        Ok(Self::Tuple {
            scheme: tuple.scheme.to_ascii_lowercase(),
            host: if wildcard { format!(".{host}") } else { host },
            wildcard,
            port: port.unwrap_or(PortPattern::Exactly(tuple.port)),
        })
    }

    fn matches(&self, origin: &Tuple<'_>) -> bool {
        let Self::Tuple { scheme, host, wildcard, port } = self else {
            return false;
        };
        let host_matches = if *wildcard {
            // Longer than the suffix, so a label stands before its dot. Hosts are ASCII: `get` never splits a character.
            origin
                .host
                .len()
                .checked_sub(host.len())
                .filter(|&start| start > 0)
                .and_then(|start| origin.host.get(start..))
                .is_some_and(|tail| tail.eq_ignore_ascii_case(host))
        } else {
            origin.host.eq_ignore_ascii_case(host)
        };
        host_matches
            && origin.scheme.eq_ignore_ascii_case(scheme)
            && match port {
                PortPattern::Any => true,
                PortPattern::Exactly(port) => *port == origin.port,
            }
    }
}

/// A tuple origin (RFC 6454 §4).
struct Tuple<'a> {
    scheme: &'a str,
    host: &'a str,
    /// The scheme's default where none is written.
    port: Option<u16>,
    explicit_port: bool,
}

impl<'a> Tuple<'a> {
    fn parse(origin: &'a str) -> Option<Self> {
        let (scheme, authority) = origin.split_once("://")?;
        let mut bytes = scheme.bytes();
        if !bytes.next()?.is_ascii_alphabetic()
            || !bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        {
            return None;
        }
        let (host, port) = split_authority(authority)?;
        Some(Self {
            scheme,
            host,
            port: port.or_else(|| default_port(scheme)),
            explicit_port: port.is_some(),
        })
    }

    fn is_served_by(&self, authority: &str) -> bool {
        split_authority(authority).is_some_and(|(host, port)| {
            self.host.eq_ignore_ascii_case(host) && self.port == port.or_else(|| default_port(self.scheme))
        })
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("ws") {
        Some(80)
    } else if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") {
        Some(443)
    } else {
        None
    }
}

/// Splits `host[:port]`. The host is a name of ASCII letters, digits, `-`, `.` and `_`, an IPv4 address, or an IPv6
/// address in brackets; anything else, a user included, is none.
pub(super) fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if authority.starts_with('[') {
        let end = authority.find(']')?.checked_add(1)?;
        let (host, rest) = authority.split_at_checked(end)?;
        let address = host.strip_prefix('[')?.strip_suffix(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return None,
        }
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        // 253 bytes is what DNS can hold (RFC 1035 §2.3.4), with a final dot one more.
        if host.len() > 254 || !host.bytes().all(valid) {
            return None;
        }
        // No empty label, but for the one after a final dot.
        if host.strip_suffix('.').unwrap_or(host).split('.').any(str::is_empty) {
            return None;
        }
        (host, port)
    };
    let port = match port {
        None => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(patterns: &[&str], origin: &str) -> bool {
        Origins::list(patterns)
            .map(|origins| origins.allows(Some(origin.as_bytes()), Some("ignored.example")))
            .unwrap_or_default()
    }

    #[test]
    fn an_exact_origin_compares_scheme_host_and_port() {
        let rule = ["https://app.example"];
        assert!(allows(&rule, "https://app.example"));
        assert!(allows(&rule, "https://APP.example:443"));
        for other in [
            "http://app.example",
            "https://app.example:8443",
            "https://app.example.evil.example",
            "https://evil-app.example",
            "https://app.exampl",
            "https://user@app.example",
            "https://app.example/",
            "https://app.example https://evil.example",
            "null",
            "",
        ] {
            assert!(!allows(&rule, other), "{other}");
        }
    }

    #[test]
    fn a_wildcard_needs_a_label_and_a_dot() {
        let rule = ["https://*.example.com"];
        assert!(allows(&rule, "https://a.example.com"));
        assert!(allows(&rule, "https://a.b.EXAMPLE.com"));
        for other in [
            "https://example.com",
            "https://.example.com",
            "https://evilexample.com",
            "https://a.example.com.evil.example",
            "https://a.example.com:444",
            "http://a.example.com",
            "https://a.example.com@evil.example",
        ] {
            assert!(!allows(&rule, other), "{other}");
        }
    }

    #[test]
    fn null_is_allowed_only_by_name() {
        assert!(allows(&["null"], "null"));
        assert!(!allows(&["https://*.example"], "null"));
        assert!(!Origins::same().allows(Some(b"null"), Some("null")));
        assert!(Origins::any().allows(Some(b"null"), None));
    }

    #[test]
    fn the_same_origin_compares_host_and_port_with_the_schemes_default() {
        let same = Origins::same();
        let check = |origin: &str, host| same.allows(Some(origin.as_bytes()), Some(host));
        assert!(check("https://app.example", "app.example"));
        assert!(check("https://app.example", "App.example:443"));
        assert!(check("http://app.example:8080", "app.example:8080"));
        assert!(check("http://[::1]:8080", "[::1]:8080"));
        assert!(!check("http://app.example", "app.example:443"));
        assert!(!check("http://app.example:8080", "app.example"));
        assert!(!check("http://evil.example", "app.example"));
        assert!(!same.allows(Some(b"http://app.example"), None));
    }

    #[test]
    fn clients_without_an_origin_pass_unless_it_is_required() {
        assert!(Origins::same().allows(None, Some("a.example")));
        assert!(!Origins::any().require_header().allows(None, None));
        assert!(Origins::any().require_header().allows(Some(b"x"), None));
    }

    #[test]
    fn bytes_that_are_not_an_origin_are_refused() {
        assert!(!Origins::same().allows(Some(b"https://\xff"), Some("\u{ff}")));
        assert!(!Origins::same().allows(Some(b"https://[::1"), Some("[::1")));
        assert!(!Origins::same().allows(Some(b"https://a:99999"), Some("a:99999")));
        assert!(!Origins::same().allows(Some(b"https://a:+1"), Some("a:1")));
    }

    #[test]
    fn patterns_that_would_not_mean_what_they_say_are_refused() {
        for bad in [
            "",
            "*",
            "example.com",
            "https://",
            "https://*",
            "https://a.*.example",
            "https://*example.com",
            "https://*.127.0.0.1",
            "https://*.[::1]",
            "https://a.example/",
            "https://a.example/*",
            "https://a:1:*",
            "https://u@a",
            "1http://a",
            "https://bücher.example",
            "https://a:x",
        ] {
            assert_eq!(Origins::list([bad]).map_err(|error| error.pattern().to_owned()), Err(bad.to_owned()),);
        }
    }
}
