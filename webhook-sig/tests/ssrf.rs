//! What may be registered and what may be connected to.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use webhook_sig::ssrf::*;

fn class(address: &str) -> AddressClass {
    AddressClass::of(address.parse().unwrap())
}

#[test]
fn the_table_knows_the_first_and_last_address_of_each_range_and_its_neighbours() {
    use AddressClass::*;
    let table: &[(&str, AddressClass)] = &[
        ("0.0.0.0", Unspecified),
        ("0.255.255.255", Unspecified),
        ("1.0.0.0", Public),
        ("9.255.255.255", Public),
        ("10.0.0.0", Private),
        ("10.255.255.255", Private),
        ("11.0.0.0", Public),
        ("100.63.255.255", Public),
        ("100.64.0.0", SharedSpace),
        ("100.127.255.255", SharedSpace),
        ("100.128.0.0", Public),
        ("126.255.255.255", Public),
        ("127.0.0.0", Loopback),
        ("127.255.255.255", Loopback),
        ("128.0.0.0", Public),
        ("169.253.255.255", Public),
        ("169.254.0.0", LinkLocal),
        ("169.254.169.254", LinkLocal),
        ("169.254.255.255", LinkLocal),
        ("169.255.0.0", Public),
        ("172.15.255.255", Public),
        ("172.16.0.0", Private),
        ("172.31.255.255", Private),
        ("172.32.0.0", Public),
        ("191.255.255.255", Public),
        ("192.0.0.0", ProtocolAssignments),
        ("192.0.0.255", ProtocolAssignments),
        ("192.0.1.0", Public),
        ("192.0.2.0", Documentation),
        ("192.0.2.255", Documentation),
        ("192.0.3.0", Public),
        ("192.88.99.1", SixToFour),
        ("192.88.100.0", Public),
        ("192.167.255.255", Public),
        ("192.168.0.0", Private),
        ("192.168.255.255", Private),
        ("192.169.0.0", Public),
        ("198.17.255.255", Public),
        ("198.18.0.0", Benchmarking),
        ("198.19.255.255", Benchmarking),
        ("198.20.0.0", Public),
        ("198.51.100.0", Documentation),
        ("198.51.101.0", Public),
        ("203.0.113.255", Documentation),
        ("203.0.114.0", Public),
        ("223.255.255.255", Public),
        ("224.0.0.0", Multicast),
        ("239.255.255.255", Multicast),
        ("240.0.0.0", Reserved),
        ("255.255.255.254", Reserved),
        ("255.255.255.255", Broadcast),
        ("::", Unspecified),
        ("::1", Loopback),
        ("::2", Ipv4Compatible),
        ("::127.0.0.1", Ipv4Compatible),
        ("::8.8.8.8", Ipv4Compatible),
        ("::ffff:127.0.0.1", Ipv4Mapped),
        ("::ffff:8.8.8.8", Ipv4Mapped),
        ("::ffff:0:10.0.0.1", Ipv4Translated),
        ("::1:0:0:0", Reserved),
        ("64:ff9b::10.0.0.1", Nat64),
        ("64:ff9b::8.8.8.8", Nat64),
        ("64:ff9b:1::1", Nat64),
        ("64:ff9b:1:ffff::1", Nat64),
        ("64:ff9b:2::1", Reserved),
        ("100::1", Reserved),
        ("1fff:ffff::", Reserved),
        ("2000::", Public),
        ("2001::", Teredo),
        ("2001:0:ffff::", Teredo),
        ("2001:1::", ProtocolAssignments),
        ("2001:2::", ProtocolAssignments),
        ("2001:10::", ProtocolAssignments),
        ("2001:1ff:ffff::", ProtocolAssignments),
        ("2001:200::", Public),
        ("2001:db8::", Documentation),
        ("2001:db8:ffff::", Documentation),
        ("2001:db9::", Public),
        ("2002::", SixToFour),
        ("2002:7f00:1::", SixToFour),
        ("2003::", Public),
        ("2606:4700::1111", Public),
        ("3ffe:ffff::", Public),
        ("3fff::", Documentation),
        ("3fff:fff::", Documentation),
        ("3fff:1000::", Public),
        ("4000::", Reserved),
        ("5f00::1", Reserved),
        ("fbff::", Reserved),
        ("fc00::", UniqueLocal),
        ("fd00:ec2::254", UniqueLocal),
        ("fdff:ffff::", UniqueLocal),
        ("fe00::", Reserved),
        ("fe80::1", LinkLocal),
        ("febf::1", LinkLocal),
        ("fec0::1", SiteLocal),
        ("feff::1", SiteLocal),
        ("ff00::", Multicast),
        ("ff02::1", Multicast),
    ];
    for (address, expected) in table {
        assert_eq!(class(address), *expected, "{address}");
        assert_eq!(
            TargetPolicy::public().vet(&[address.parse().unwrap()]).is_ok(),
            *expected == Public,
            "{address}"
        );
        let loopback = TargetPolicy::loopback_only().vet(&[address.parse().unwrap()]).is_ok();
        assert_eq!(loopback, *expected == Loopback, "{address}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    /// The standard library's own predicates never call inside what the table calls public.
    #[test]
    fn the_table_agrees_with_the_standard_library_on_ipv4(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        let special = address.is_loopback() || address.is_private() || address.is_link_local() || address.is_multicast()
            || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
        if special {
            prop_assert!(!AddressClass::of(address.into()).is_public());
        }
        for inside in [address.to_ipv6_mapped(), address.to_ipv6_compatible()] {
            prop_assert!(!AddressClass::of(inside.into()).is_public());
        }
    }

    #[test]
    fn the_table_agrees_with_the_standard_library_on_ipv6(bits: u128) {
        let address = Ipv6Addr::from_bits(bits);
        let special = address.is_loopback() || address.is_multicast() || address.is_unspecified() || address.is_unique_local()
            || address.is_unicast_link_local();
        if special {
            prop_assert!(!AddressClass::of(address.into()).is_public());
        }
    }

    /// What is accepted, another parser reads alike.
    #[test]
    fn an_accepted_url_means_the_same_to_the_url_crate(
        scheme in "(https?|HTTP|ftp)",
        authority in "([a-zA-Z0-9_.@:%\\[\\]x-]{1,20}|[0-9a-fx.]{1,16}|\\[[0-9a-f:.]{2,20}\\])",
        port in "(:[0-9]{0,6})?",
        path in "[/?#\\\\][ -~]{0,12}|",
    ) {
        let text = format!("{scheme}://{authority}{port}{path}");
        // Whether the Punycode of an A-label decodes is asked by the url crate alone.
        if let (Ok(ours), false) = (EndpointUrl::parse(&text), text.to_ascii_lowercase().contains("xn--")) {
            let theirs = url::Url::parse(&text).unwrap();
            let host = match theirs.host().unwrap() {
                url::Host::Domain(name) => Host::Name(name.into()),
                url::Host::Ipv4(address) => Host::V4(address),
                url::Host::Ipv6(address) => Host::V6(address),
            };
            prop_assert_eq!(ours.host(), &host);
            prop_assert_eq!(Some(ours.port()), theirs.port_or_known_default());
            prop_assert_eq!(theirs.username(), "");
            prop_assert_eq!(theirs.fragment(), None);
            prop_assert_eq!(ours.is_https(), theirs.scheme() == "https");
            // What was written reads back as itself.
            let again = EndpointUrl::parse(ours.as_str()).unwrap();
            prop_assert_eq!(again.as_str(), ours.as_str());
            prop_assert!(ours.as_str().ends_with(ours.path_and_query()) && ours.path_and_query().starts_with('/'));
        }
    }
}

#[test]
fn tricks_with_the_host_are_no_urls() {
    use UrlError::*;
    for (text, error) in [
        // Legacy IPv4 spellings of 127.0.0.1 (inet_aton).
        ("http://127.1/", Ipv4),
        ("http://127.0.1/", Ipv4),
        ("http://2130706433/", Ipv4),
        ("http://0177.0.0.1/", Ipv4),
        ("http://017700000001/", Ipv4),
        ("http://0x7f.0.0.1/", Ipv4),
        ("http://0x7f000001/", Ipv4),
        ("http://0X7F.1/", Ipv4),
        ("http://127.0.0.0x1/", Ipv4),
        ("http://0x/", Ipv4),
        ("http://0/", Ipv4),
        ("http://256.0.0.1/", Ipv4),
        ("http://1.2.3.4.5/", Ipv4),
        ("http://127.0.0.01/", Ipv4),
        ("http://foo.127/", Ipv4),
        // Trailing dots, empty labels.
        ("http://localhost./", Host),
        ("http://127.0.0.1./", Host),
        ("http://example.com./", Host),
        ("http://.example.com/", Host),
        ("http://a..b/", Host),
        ("http:///x", Host),
        ("http://", Host),
        ("http://?x", Host),
        ("http://-a.com/", Host),
        ("http://a-.com/", Host),
        // Userinfo.
        ("http://user@example.com/", Userinfo),
        ("http://user:pass@example.com/", Userinfo),
        ("http://example.com@127.0.0.1/", Userinfo),
        ("http://@127.0.0.1/", Userinfo),
        ("http://example.com:80@127.0.0.1:22/", Userinfo),
        // Other characters that parsers disagree on.
        ("http://example.com\\@127.0.0.1/", Userinfo),
        ("http://example.com\\.evil.com/", Host),
        ("http://exa mple.com/", Host),
        ("http://example.com\t/", Host),
        ("http://example.com\n/", Host),
        ("http://exam\0ple.com/", Host),
        ("http://%31%32%37.0.0.1/", Host),
        ("http://exampl%65.com/", Host),
        ("http://ⓔxample.com/", Host),
        ("http://ex\u{ad}ample.com/", Host),
        ("http://127。0。0。1/", Host),
        ("http://１２７.0.0.1/", Host),
        ("http://bücher.example/", Host),
        // IPv6.
        ("http://[::1/", Port),
        ("http://::1/", Port),
        ("http://[::1]x/", Host),
        ("http://[fe80::1%25eth0]/", Ipv6),
        ("http://[fe80::1%eth0]/", Ipv6),
        ("http://[127.0.0.1]/", Ipv6),
        ("http://[]/", Ipv6),
        ("http://[v1.x]/", Ipv6),
        // Ports.
        ("http://example.com:/", Port),
        ("http://example.com:0/", Port),
        ("http://example.com:080/", Port),
        ("http://example.com:65536/", Port),
        ("http://example.com:99999999999999999999/", Port),
        ("http://example.com:+80/", Port),
        ("http://example.com:80:80/", Port),
        ("http://example.com:x/", Port),
        // Schemes.
        ("ftp://example.com/", Scheme),
        ("file:///etc/passwd", Scheme),
        ("gopher://example.com/", Scheme),
        ("//example.com/", Scheme),
        ("example.com", Scheme),
        ("", Scheme),
        ("http:example.com", Scheme),
        ("http:/example.com", Scheme),
        (" http://example.com/", Scheme),
        ("https ://example.com/", Scheme),
        // Paths.
        ("http://example.com/#x", Fragment),
        ("http://example.com#@127.0.0.1/", Fragment),
        ("http://example.com/a b", Path),
        ("http://example.com/\r\nHost: x", Path),
        ("http://example.com/ü", Path),
        ("http://example.com/%", Path),
        ("http://example.com/%4", Path),
        ("http://example.com/%zz", Path),
        ("http://example.com/\\", Path),
        ("http://example.com/\"", Path),
    ] {
        assert_eq!(EndpointUrl::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn urls_are_canonical_and_bounded() {
    for (text, canonical) in [
        ("http://Example.COM", "http://example.com/"),
        ("HTTP://example.com:80/A", "http://example.com/A"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com?x=/y?z", "http://example.com/?x=/y?z"),
        ("http://[2606:4700:0::1111]:8080/x", "http://[2606:4700::1111]:8080/x"),
        (
            "http://my_service-1.example.com/%2e%2E/a;b=c,d:e@f!$&'()*+~",
            "http://my_service-1.example.com/%2e%2E/a;b=c,d:e@f!$&'()*+~",
        ),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
        ("http://XN--y111/", "http://xn--y111/"),
        ("http://1.2.3.4.com/", "http://1.2.3.4.com/"),
        ("http://0xg.com/", "http://0xg.com/"),
    ] {
        assert_eq!(EndpointUrl::parse(text).map(|url| url.to_string()).as_deref(), Ok(canonical), "{text}");
    }
    let longest = format!("http://example.com/{}", "a".repeat(EndpointUrl::MAX_LEN - 19));
    assert!(EndpointUrl::parse(&longest).is_ok());
    assert_eq!(EndpointUrl::parse(&format!("{longest}a")), Err(UrlError::TooLong));
    let label = "a".repeat(63);
    assert!(EndpointUrl::parse(&format!("http://{label}.com/")).is_ok());
    assert_eq!(EndpointUrl::parse(&format!("http://{label}a.com/")), Err(UrlError::Host));
    let name = format!("{label}.{label}.{label}.{}", "a".repeat(61));
    assert!(EndpointUrl::parse(&format!("http://{name}/")).is_ok());
    assert_eq!(EndpointUrl::parse(&format!("http://{name}a/")), Err(UrlError::Host));
}

fn check(policy: &TargetPolicy, url: &str) -> Result<(), Blocked> {
    policy.check_url(&EndpointUrl::parse(url).unwrap())
}

#[test]
fn the_public_policy_refuses_inner_names_ports_and_addresses_at_registration() {
    let public = TargetPolicy::public();
    for url in [
        "http://localhost/",
        "http://LOCALHOST/",
        "http://a.localhost/",
        "http://metadata.google.internal/",
        "http://printer.local/",
        "http://db/",
        "http://host.docker.internal/",
        "http://router.lan/",
        "http://x.home.arpa/",
        "http://x.corp/",
        "http://x.intranet/",
        "http://x.private/",
        "http://localhost.localdomain/",
        "http://x.onion/",
        "http://x.test/",
    ] {
        assert_eq!(check(&public, url), Err(Blocked::Name), "{url}");
    }
    for url in [
        "http://example.com/",
        "https://notlocal.com/",
        "https://internal.example.com/",
        "http://xlocalhost.com/",
    ] {
        assert_eq!(check(&public, url), Ok(()), "{url}");
    }
    for port in [1, 22, 25, 53, 110, 3306, 5432, 6379, 8080, 9200, 11211, 65535] {
        assert_eq!(check(&public, &format!("http://example.com:{port}/")), Err(Blocked::Port(port)));
    }
    for url in [
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a00:1]/",
    ] {
        assert!(matches!(check(&public, url), Err(Blocked::Address(..))), "{url}");
    }
    let mut strict = TargetPolicy::public();
    strict.https_only = true;
    assert_eq!(check(&strict, "http://example.com/"), Err(Blocked::Plaintext));
    assert_eq!(check(&strict, "https://example.com/"), Ok(()));
}

#[test]
fn the_loopback_policy_lets_through_loopback_and_nothing_else() {
    let loopback = TargetPolicy::loopback_only();
    for url in [
        "http://127.0.0.1:1/",
        "http://127.9.9.9/",
        "http://[::1]:9000/",
        "http://localhost:8080/",
        "https://a.localhost/",
    ] {
        assert_eq!(check(&loopback, url), Ok(()), "{url}");
    }
    for url in ["http://example.com/", "http://localhost.com/"] {
        assert_eq!(check(&loopback, url), Err(Blocked::Name), "{url}");
    }
    for url in [
        "http://10.0.0.1/",
        "http://8.8.8.8/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://[::]/",
    ] {
        assert!(matches!(check(&loopback, url), Err(Blocked::Address(..))), "{url}");
    }
}

#[test]
fn listed_networks_are_reached_beside_public_ones() {
    let mut policy = TargetPolicy::public();
    policy.reach = Reach::PublicAnd(vec!["10.20.0.0/16".parse().unwrap(), "fd12::/16".parse().unwrap()]);
    let vet = |address: &str| policy.vet(&[address.parse().unwrap()]).is_ok();
    assert!(vet("10.20.255.255") && vet("fd12:ffff::1") && vet("8.8.8.8"));
    assert!(!vet("10.21.0.0") && !vet("fd13::1") && !vet("127.0.0.1") && !vet("::ffff:10.20.0.1"));
    assert_eq!(check(&policy, "http://svc.internal/"), Ok(()));
    assert_eq!(check(&policy, "http://svc.internal:8080/"), Err(Blocked::Port(8080)));
}

#[test]
fn no_address_and_any_bad_address_are_refused() {
    let public = TargetPolicy::public();
    assert_eq!(public.vet(&[]), Err(Blocked::NoAddress));
    let good: IpAddr = "8.8.8.8".parse().unwrap();
    let bad: IpAddr = "10.0.0.1".parse().unwrap();
    assert_eq!(public.vet(&[good, good]), Ok(()));
    for list in [vec![bad, good], vec![good, bad], vec![good, good, bad, good]] {
        assert_eq!(public.vet(&list), Err(Blocked::Address(bad, AddressClass::Private)));
    }
}

#[test]
fn networks_have_a_strict_grammar() {
    use NetworkError::*;
    for (text, error) in [
        ("10.0.0.0", Syntax),
        ("10.0.0.0/", Syntax),
        ("10.0.0.0/+8", Syntax),
        ("10.0.0.0/0008", Syntax),
        ("10/8", Syntax),
        ("010.0.0.0/8", Syntax),
        ("10.0.0.0/33", Length),
        ("10.0.0.0/999", Length),
        ("::/129", Length),
        ("10.0.0.1/8", HostBits),
        ("0.0.0.1/0", HostBits),
        ("::1/0", HostBits),
        ("fd00::1/64", HostBits),
    ] {
        assert_eq!(text.parse::<Network>(), Err(error), "{text}");
    }
    for text in ["0.0.0.0/0", "::/0", "10.0.0.0/8", "10.0.0.1/32", "::1/128", "fd00::/8"] {
        assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
    }
    let everything: Network = "0.0.0.0/0".parse().unwrap();
    assert!(
        everything.contains("255.255.255.255".parse().unwrap())
            && !everything.contains("::".parse().unwrap())
    );
}
