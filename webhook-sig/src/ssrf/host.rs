//! The host of a URL, in the one spelling that all parsers agree on.

use super::url::UrlError;
use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The host of an [`EndpointUrl`](super::EndpointUrl).
///
/// Only spellings that every resolver and URL parser reads alike exist: the legacy IPv4 forms of `inet_aton` (`127.1`, `0177.0.0.1`,
/// `0x7f000001`, `2130706433`), percent-encoded hosts, scoped IPv6 literals, a trailing dot and characters outside ASCII are errors, as a
/// host that two programs read as two hosts is what an SSRF filter is passed with. An internationalised name is given in its A-label form
/// (`xn--…`), which is looked up as it stands: whether its Punycode decodes is not asked (RFC 5890 §2.3.2.1 calls one that does not a fake).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A DNS name in lower case, without a trailing dot: labels of `a-z 0-9 - _`, 1 to 63 each, 253 in all.
    Name(String),
    /// An IPv4 address, written as four decimal numbers.
    V4(Ipv4Addr),
    /// An IPv6 address; in the URL it stands in brackets.
    V6(Ipv6Addr),
}

/// Names that never mean a host on the public Internet: special-use names (RFC 6761, 6762, 7686, 8375, 9476), ICANN's `.internal`, and
/// suffixes that home routers and companies use inside.
const INTERNAL_SUFFIXES: &[&str] = &[
    "alt",
    "corp",
    "home",
    "home.arpa",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];

impl Host {
    /// Reads the host part of an authority, without its port.
    pub(super) fn parse(text: &str) -> Result<Self, UrlError> {
        if let Some(rest) = text.strip_prefix('[') {
            let inner = rest.strip_suffix(']').ok_or(UrlError::Host)?;
            // `Ipv6Addr` knows no zone (RFC 4007 §11), so `fe80::1%eth0` fails here as it should.
            return inner.parse().map(Self::V6).map_err(|_| UrlError::Ipv6);
        }
        if text.is_empty() || text.len() > 253 {
            return Err(UrlError::Host);
        }
        let mut last = "";
        for label in text.split('.') {
            let clean = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
            if label.is_empty()
                || label.len() > 63
                || !clean
                || label.starts_with('-')
                || label.ends_with('-')
            {
                return Err(UrlError::Host);
            }
            last = label;
        }
        if ends_in_a_number(last) {
            // Strict: four decimal numbers without leading zeros (`Ipv4Addr::from_str`).
            return text.parse().map(Self::V4).map_err(|_| UrlError::Ipv4);
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }

    /// The address, where the host is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some((*address).into()),
            Self::V6(address) => Some((*address).into()),
        }
    }

    /// True for `localhost` and names below it (RFC 6761 §6.3).
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        matches!(self, Self::Name(name) if name == "localhost" || name.ends_with(".localhost"))
    }

    /// True for a name that cannot mean a host on the public Internet: one label only, or under a suffix for inner use such as
    /// `.internal`, `.local`, `.localhost`, `.lan` or `.home.arpa`.
    #[must_use]
    pub fn is_internal_name(&self) -> bool {
        let Self::Name(name) = self else { return false };
        !name.contains('.')
            || INTERNAL_SUFFIXES.iter().any(|suffix| {
                name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            })
    }
}

impl fmt::Display for Host {
    /// As it stands in a URL: an IPv6 address in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// WHATWG URL §3.5, "ends in a number": decimal digits, or `0x` and hex digits. Such a host is read as an IPv4 address by browsers and
/// by `inet_aton`, whatever its number of parts.
fn ends_in_a_number(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit())
        || label
            .strip_prefix("0x")
            .or_else(|| label.strip_prefix("0X"))
            .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
