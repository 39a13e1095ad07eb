//! The address table: what each range of IPv4 and IPv6 is for.
//!
//! Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its successors), RFC 4291 for the IPv6 layout.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for. Only [`Public`](Self::Public) addresses are reachable across the Internet.
///
/// IPv6 ranges that carry an IPv4 address inside (mapped, compatible, translated, 6to4, NAT64, Teredo) form classes of their own whatever
/// the address inside is: an honest receiver has no reason to publish one, and each is a way around a table that looks at IPv4 only.
///
/// ```
/// use webhook_sig::ssrf::AddressClass;
/// assert_eq!(AddressClass::of("169.254.169.254".parse()?), AddressClass::LinkLocal);
/// assert_eq!(AddressClass::of("::ffff:127.0.0.1".parse()?), AddressClass::Ipv4Mapped);
/// assert_eq!(AddressClass::of("2606:4700::1111".parse()?), AddressClass::Public);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// Global unicast, in no special-purpose range.
    Public,
    /// `0.0.0.0/8`, `::` (RFC 1122 §3.2.1.3, RFC 4291 §2.5.2). Many systems connect it to themselves.
    Unspecified,
    /// `127.0.0.0/8`, `::1` (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
    Loopback,
    /// `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` (RFC 1918).
    Private,
    /// `100.64.0.0/10`, carrier-grade NAT (RFC 6598). Cloud providers run internal services there.
    SharedSpace,
    /// `169.254.0.0/16`, `fe80::/10` (RFC 3927, RFC 4291 §2.5.6). Cloud metadata services live at `169.254.169.254`.
    LinkLocal,
    /// `fc00::/7` (RFC 4193).
    UniqueLocal,
    /// `fec0::/10`, deprecated, still routed inside some sites (RFC 3879).
    SiteLocal,
    /// `224.0.0.0/4`, `ff00::/8` (RFC 5771, RFC 4291 §2.7).
    Multicast,
    /// `255.255.255.255` (RFC 8190).
    Broadcast,
    /// Documentation ranges: `192.0.2.0/24`, `198.51.100.0/24`, `203.0.113.0/24`, `2001:db8::/32`, `3fff::/20` (RFC 5737, 3849, 9637).
    Documentation,
    /// `198.18.0.0/15` (RFC 2544).
    Benchmarking,
    /// `192.0.0.0/24`, `2001::/23` beside Teredo: IETF protocol assignments (RFC 6890, RFC 2928).
    ProtocolAssignments,
    /// `::ffff:0:0/96` (RFC 4291 §2.5.5.2).
    Ipv4Mapped,
    /// `::/96` beside `::` and `::1`, deprecated (RFC 4291 §2.5.5.1).
    Ipv4Compatible,
    /// `::ffff:0:0:0/96` (RFC 2765 §2.1).
    Ipv4Translated,
    /// `2002::/16`, and its relays `192.88.99.0/24` (RFC 3056, RFC 7526).
    SixToFour,
    /// `64:ff9b::/96` and `64:ff9b:1::/48` (RFC 6052, RFC 8215).
    Nat64,
    /// `2001::/32` (RFC 4380).
    Teredo,
    /// Assigned to nothing that a client could reach: `240.0.0.0/4`, and what of IPv6 lies outside `2000::/3` (RFC 1112 §4, RFC 4291 §2.4).
    Reserved,
}

/// First match wins: narrower ranges stand before wider ones.
const V4: &[(Ipv4Addr, u8, AddressClass)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, AddressClass::Unspecified),
    (Ipv4Addr::new(10, 0, 0, 0), 8, AddressClass::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, AddressClass::SharedSpace),
    (Ipv4Addr::new(127, 0, 0, 0), 8, AddressClass::Loopback),
    (Ipv4Addr::new(169, 254, 0, 0), 16, AddressClass::LinkLocal),
    (Ipv4Addr::new(172, 16, 0, 0), 12, AddressClass::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, AddressClass::ProtocolAssignments),
    (Ipv4Addr::new(192, 0, 2, 0), 24, AddressClass::Documentation),
    (Ipv4Addr::new(192, 88, 99, 0), 24, AddressClass::SixToFour),
    (Ipv4Addr::new(192, 168, 0, 0), 16, AddressClass::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, AddressClass::Benchmarking),
    (Ipv4Addr::new(198, 51, 100, 0), 24, AddressClass::Documentation),
    (Ipv4Addr::new(203, 0, 113, 0), 24, AddressClass::Documentation),
    (Ipv4Addr::new(224, 0, 0, 0), 4, AddressClass::Multicast),
    (Ipv4Addr::new(255, 255, 255, 255), 32, AddressClass::Broadcast),
    (Ipv4Addr::new(240, 0, 0, 0), 4, AddressClass::Reserved),
];

/// First match wins; what matches nothing here is public in `2000::/3` and reserved outside it.
const V6: &[(Ipv6Addr, u8, AddressClass)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, AddressClass::Unspecified),
    (Ipv6Addr::LOCALHOST, 128, AddressClass::Loopback),
    (Ipv6Addr::UNSPECIFIED, 96, AddressClass::Ipv4Compatible),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, AddressClass::Ipv4Mapped),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, AddressClass::Ipv4Translated),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, AddressClass::Nat64),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, AddressClass::Nat64),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, AddressClass::Teredo),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, AddressClass::ProtocolAssignments),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, AddressClass::Documentation),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, AddressClass::SixToFour),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, AddressClass::Documentation),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, AddressClass::Public),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, AddressClass::UniqueLocal),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, AddressClass::LinkLocal),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, AddressClass::SiteLocal),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, AddressClass::Multicast),
];

impl AddressClass {
    /// The class of an address. Total: every address has one.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => V4
                .iter()
                .find(|(network, length, _)| {
                    shares_prefix(network.to_bits().into(), address.to_bits().into(), 96 + length)
                })
                .map_or(Self::Public, |(_, _, class)| *class),
            IpAddr::V6(address) => V6
                .iter()
                .find(|(network, length, _)| shares_prefix(network.to_bits(), address.to_bits(), *length))
                .map_or(Self::Reserved, |(_, _, class)| *class),
        }
    }

    /// True for [`Public`](Self::Public).
    #[must_use]
    pub fn is_public(self) -> bool {
        self == Self::Public
    }

    /// The class in words, for messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unspecified => "unspecified",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::SharedSpace => "carrier-grade NAT",
            Self::LinkLocal => "link-local",
            Self::UniqueLocal => "unique local",
            Self::SiteLocal => "site-local",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::ProtocolAssignments => "protocol assignment",
            Self::Ipv4Mapped => "IPv4-mapped",
            Self::Ipv4Compatible => "IPv4-compatible",
            Self::Ipv4Translated => "IPv4-translated",
            Self::SixToFour => "6to4",
            Self::Nat64 => "NAT64",
            Self::Teredo => "Teredo",
            Self::Reserved => "reserved",
        }
    }
}

impl core::fmt::Display for AddressClass {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// True where the first `length` of 128 bits agree. IPv4 addresses stand in the low 32 bits, so their lengths are raised by 96.
pub(super) fn shares_prefix(a: u128, b: u128, length: u8) -> bool {
    // A shift by 128 (length 0) would overflow; everything shares the empty prefix.
    (a ^ b).checked_shr(128_u32.saturating_sub(length.into())).unwrap_or(0) == 0
}
