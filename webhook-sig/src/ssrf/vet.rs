//! The policy: which URLs may be registered, which addresses may be connected to.

use super::host::Host;
use super::table::{AddressClass, shares_prefix};
use super::url::EndpointUrl;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

/// How far a sender may reach.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Reach {
    /// Public addresses only.
    #[default]
    Public,
    /// `127.0.0.0/8` and `::1` only, any port: for development and tests.
    LoopbackOnly,
    /// Public addresses, and these networks. Names for inner use (`.internal`, one label) are let through; their addresses decide.
    /// `0.0.0.0/0` with `::/0` switches vetting off: fit only where a proxy does it.
    PublicAnd(Vec<Network>),
}

/// Which targets a sender accepts: reach, ports, and whether plain `http` is allowed.
///
/// ```
/// use webhook_sig::ssrf::{Blocked, EndpointUrl, Reach, TargetPolicy};
///
/// let mut policy = TargetPolicy::public();
/// let url = EndpointUrl::parse("https://example.com:8443/")?;
/// assert_eq!(policy.check_url(&url), Err(Blocked::Port(8443)));
/// policy.ports.push(8443);
/// assert!(policy.check_url(&url).is_ok());
///
/// policy.reach = Reach::PublicAnd(vec!["10.20.0.0/16".parse()?]);
/// assert!(policy.vet(&["10.20.3.4".parse()?]).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPolicy {
    /// How far the sender reaches. Default [`Reach::Public`].
    pub reach: Reach,
    /// Ports that may be used. Default 443 and 80; others stop a sender from being used to talk to mail servers or databases.
    /// Not looked at for [`Reach::LoopbackOnly`].
    pub ports: Vec<u16>,
    /// Refuse `http` URLs. Default false: payloads are signed, but anybody on the path reads them.
    pub https_only: bool,
}

/// Why a target was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// The URL's port is not allowed.
    Port(u16),
    /// The URL is `http`, and the policy asks for `https`.
    Plaintext,
    /// The name is for inner use ([`Host::is_internal_name`]), or not a loopback name where only those are allowed.
    Name,
    /// This address, literal or resolved, is not one that the policy reaches.
    Address(IpAddr, AddressClass),
    /// The name resolved to no address.
    NoAddress,
}

impl TargetPolicy {
    /// Public addresses on ports 443 and 80.
    #[must_use]
    pub fn public() -> Self {
        Self { reach: Reach::Public, ports: [443, 80].into(), https_only: false }
    }

    /// Loopback addresses on any port.
    #[must_use]
    pub fn loopback_only() -> Self {
        Self { reach: Reach::LoopbackOnly, ..Self::public() }
    }

    /// The check at registration, before anything is resolved.
    ///
    /// # Errors
    /// [`Blocked`]: the URL can never be delivered to under this policy.
    pub fn check_url(&self, url: &EndpointUrl) -> Result<(), Blocked> {
        if self.https_only && !url.is_https() {
            return Err(Blocked::Plaintext);
        }
        if self.reach != Reach::LoopbackOnly && !self.ports.contains(&url.port()) {
            return Err(Blocked::Port(url.port()));
        }
        match (url.host(), &self.reach) {
            (Host::Name(_), Reach::Public) if url.host().is_internal_name() => Err(Blocked::Name),
            (Host::Name(_), Reach::LoopbackOnly) if !url.host().is_localhost() => Err(Blocked::Name),
            (Host::Name(_), _) => Ok(()),
            (Host::V4(address), _) => self.vet_one((*address).into()),
            (Host::V6(address), _) => self.vet_one((*address).into()),
        }
    }

    /// The check at connect, over all addresses that the name resolved to. One that is refused refuses them all: a name that points
    /// both inside and outside is an attack by DNS rebinding, not a mistake to work around.
    ///
    /// # Errors
    /// [`Blocked::Address`] with the first address refused; [`Blocked::NoAddress`] for none.
    pub fn vet(&self, addresses: &[IpAddr]) -> Result<(), Blocked> {
        if addresses.is_empty() {
            return Err(Blocked::NoAddress);
        }
        addresses.iter().try_for_each(|address| self.vet_one(*address))
    }

    fn vet_one(&self, address: IpAddr) -> Result<(), Blocked> {
        let class = AddressClass::of(address);
        let allowed = match &self.reach {
            Reach::Public => class.is_public(),
            Reach::LoopbackOnly => class == AddressClass::Loopback,
            Reach::PublicAnd(networks) => {
                class.is_public() || networks.iter().any(|network| network.contains(address))
            }
        };
        if allowed { Ok(()) } else { Err(Blocked::Address(address, class)) }
    }
}

impl Default for TargetPolicy {
    fn default() -> Self {
        Self::public()
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => write!(f, "port {port} is not allowed"),
            Self::Plaintext => f.write_str("only https is allowed"),
            Self::Name => f.write_str("the host name is not one that may be reached"),
            Self::Address(address, class) => write!(f, "{address} ({class}) may not be reached"),
            Self::NoAddress => f.write_str("the name has no address"),
        }
    }
}

impl core::error::Error for Blocked {}

/// A range of addresses in CIDR notation, `10.20.0.0/16` or `fd12::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    length: u8,
}

/// A text is no [`Network`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// Not an address, a slash and a number.
    Syntax,
    /// A prefix longer than the address.
    Length,
    /// Bits are set behind the prefix: `10.0.0.1/8` may mean a host or a network.
    HostBits,
}

impl Network {
    /// The network of the addresses that share `length` leading bits with `first`.
    ///
    /// # Errors
    /// [`NetworkError`] for a length beyond 32 (IPv4) or 128 (IPv6), or bits behind it.
    pub fn new(first: IpAddr, length: u8) -> Result<Self, NetworkError> {
        let (bits, length_in_128) = widen(first, length);
        let limit = if first.is_ipv4() { 32 } else { 128 };
        if length > limit {
            return Err(NetworkError::Length);
        }
        if bits & u128::MAX.checked_shr(length_in_128.into()).unwrap_or(0) != 0 && bits != 0 {
            // For IPv4 the mask covers the low 32 bits only, which is where the address stands.
            return Err(NetworkError::HostBits);
        }
        Ok(Self { first, length })
    }

    /// True for an address inside, of the same family.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (first, length) = widen(self.first, self.length);
        let (other, _) = widen(address, 0);
        self.first.is_ipv4() == address.is_ipv4() && shares_prefix(first, other, length)
    }
}

/// The address in 128 bits, and the prefix length counted from the top of them.
fn widen(address: IpAddr, length: u8) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (address.to_bits().into(), length.saturating_add(96)),
        IpAddr::V6(address) => (address.to_bits(), length),
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, length) = text.split_once('/').ok_or(NetworkError::Syntax)?;
        if length.is_empty() || length.len() > 3 || !length.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NetworkError::Syntax);
        }
        let first = address
            .parse::<Ipv4Addr>()
            .map(IpAddr::V4)
            .or_else(|_| address.parse::<Ipv6Addr>().map(IpAddr::V6))
            .map_err(|_| NetworkError::Syntax)?;
        Self::new(first, length.parse().map_err(|_| NetworkError::Length)?)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.length)
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "a network is an address, a slash and a prefix length",
            Self::Length => "the prefix is longer than the address",
            Self::HostBits => "bits are set behind the prefix",
        })
    }
}

impl core::error::Error for NetworkError {}
