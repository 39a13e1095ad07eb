//! What `EndpointUrl` accepts, the `url` crate and `http::Uri` read alike, but for A-labels that decode to nothing, which the `url` crate
//! refuses; what the public policy lets through, the standard library does not call special.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;
use webhook_sig::ssrf::{AddressClass, EndpointUrl, Host, TargetPolicy};

fn special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_multicast()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4().is_some()
        }
    }
}

/// True for a name with a label in the form of RFC 5890 §2.3.2.1, whose Punycode DNS does not look at, and we neither.
fn has_a_label(host: &Host) -> bool {
    matches!(host, Host::Name(name) if name.split('.').any(|label| label.starts_with("xn--")))
}

fuzz_target!(|text: &str| {
    // Most of what a fuzzer writes is host; the scheme is given to it for half of the inputs.
    for text in [text.to_owned(), format!("http://{text}")] {
        let Ok(ours) = EndpointUrl::parse(&text) else { continue };
        let theirs = match url::Url::parse(&text) {
            Ok(theirs) => theirs,
            Err(url::ParseError::IdnaError) if has_a_label(ours.host()) => continue,
            Err(error) => panic!("{text}: no URL to the url crate: {error}"),
        };
        let host = match theirs.host().expect("a host") {
            url::Host::Domain(name) => Host::Name(name.to_owned()),
            url::Host::Ipv4(address) => Host::V4(address),
            url::Host::Ipv6(address) => Host::V6(address),
        };
        assert_eq!(*ours.host(), host, "{text}");
        assert_eq!(Some(ours.port()), theirs.port_or_known_default());
        assert!(theirs.username().is_empty() && theirs.password().is_none() && theirs.fragment().is_none());
        let uri: http::Uri = ours.as_str().parse().expect("a URI to the http crate");
        assert_eq!(uri.authority().map(|authority| authority.as_str()), Some(ours.authority()));
        assert_eq!(uri.path_and_query().map(|path| path.as_str()), Some(ours.path_and_query()));
        assert_eq!(EndpointUrl::parse(ours.as_str()).as_ref(), Ok(&ours), "the canonical form is stable");

        let public = TargetPolicy::public().check_url(&ours).is_ok();
        if let Some(address) = ours.host().address() {
            assert!(!(public && special(address)), "{text}");
            assert_eq!(TargetPolicy::public().vet(&[address]).is_ok(), AddressClass::of(address).is_public());
        } else {
            // A name is never an address in another spelling.
            assert!(theirs.host_str().is_some_and(|name| name.parse::<IpAddr>().is_err()));
            assert!(!(public && ours.host().is_internal_name()));
        }
    }
});
