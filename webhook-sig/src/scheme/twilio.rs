//! What Twilio signs ("Webhooks security"): the URL, then the parameters of a form, or the URL alone with the
//! hash of the body in it.

use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::hex;
use crate::form;

/// The parameter that holds the hash of a body that is no form.
const BODY_HASH: &str = "bodySHA256=";

/// The URL under which Twilio sends a body that is no form: `url` with the SHA-256 of the body in `bodySHA256`.
///
/// ```
/// let url = webhook_sig::twilio_json_url("https://example.com/events?source=a", b"{}");
/// assert_eq!(
///     url,
///     "https://example.com/events?source=a&bodySHA256=\
///      44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
/// );
/// ```
#[must_use]
pub fn json_url(url: &str, body: &[u8]) -> String {
    let mut out = String::from(url);
    out.push(if url.contains('?') { '&' } else { '?' });
    out.push_str(BODY_HASH);
    hex(&Sha256::digest(body), &mut out);
    out
}

/// What is signed of a body: the parameters, sorted; none for a body whose hash is in the URL.
/// `None` if it is another hash.
pub(crate) fn signed_of(url: &str, body: &[u8]) -> Option<Vec<u8>> {
    let Some(expected) = body_hash(url) else { return Some(sorted(body)) };
    let mut actual = String::with_capacity(64);
    hex(&Sha256::digest(body), &mut actual);
    // Not a secret: the URL came with the body.
    (actual.as_bytes() == expected.as_bytes()).then(Vec::new)
}

/// The value of `bodySHA256` in the query. The last one, as a URL that was registered with one gets Twilio's appended.
fn body_hash(url: &str) -> Option<&str> {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    url.split_once('?')?.1.rsplit('&').find_map(|pair| pair.strip_prefix(BODY_HASH))
}

/// The form's parameters, sorted by name and then by value, a repeated pair once, as name and value without anything between.
fn sorted(body: &[u8]) -> Vec<u8> {
    let mut parameters: Vec<(Vec<u8>, Vec<u8>)> = form::pairs(body).collect();
    parameters.sort_unstable();
    parameters.dedup();
    let mut out = Vec::with_capacity(body.len());
    for (name, value) in parameters {
        out.extend_from_slice(&name);
        out.extend_from_slice(&value);
    }
    out
}

/// The other form of a URL that Twilio may have signed: without its port, or with the one that its scheme implies.
pub(crate) fn other_port(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // Not the colons of an IPv6 address, nor that between name and password.
    let host = authority.rfind(['@', ']']).map_or(0, |at| at + 1);
    let bare = match authority.get(host..)?.rfind(':') {
        Some(colon) => authority.get(..host + colon)?,
        None => {
            let port = match scheme {
                "https" => ":443",
                "http" => ":80",
                _ => return None,
            };
            return Some([scheme, "://", authority, port, path].concat());
        }
    };
    Some([scheme, "://", bare, path].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &str) -> String {
        String::from_utf8(sorted(body.as_bytes())).unwrap()
    }

    #[test]
    fn parameters_are_decoded_and_sorted_by_name_then_value() {
        assert_eq!(form("To=%2B18005551212&Digits=1234&Caller=a+b"), "Callera bDigits1234To+18005551212");
        assert_eq!(form("b=2&a=2&b=1&b=2&a="), "aa2b1b2");
        assert_eq!(form("a=1=2&&=x&b"), "xa1=2b");
        assert_eq!(form("a=%2g%2&b=%C3%A9%e2%82%ac"), "a%2g%2bé€");
        assert_eq!(form(""), "");
    }

    #[test]
    fn the_other_port() {
        for (url, other) in [
            ("https://a.example/x?y=1", Some("https://a.example:443/x?y=1")),
            ("http://a.example", Some("http://a.example:80")),
            ("https://a.example:8443/x", Some("https://a.example/x")),
            ("https://a.example:443?x=a:1", Some("https://a.example?x=a:1")),
            ("https://u:p@a.example/x", Some("https://u:p@a.example:443/x")),
            ("https://u:p@a.example:1/x", Some("https://u:p@a.example/x")),
            ("https://[::1]/x", Some("https://[::1]:443/x")),
            ("https://[::1]:2/x", Some("https://[::1]/x")),
            ("wss://a.example/x", None),
            ("not a url", None),
        ] {
            assert_eq!(other_port(url).as_deref(), other, "{url}");
        }
    }

    #[test]
    fn a_body_whose_hash_is_in_the_url_is_not_a_form() {
        let url = json_url("https://a.example/", b"a=1");
        assert_eq!(signed_of(&url, b"a=1"), Some(Vec::new()));
        assert_eq!(signed_of(&url, b"a=2"), None);
        assert_eq!(signed_of("https://a.example/?bodySHA256=", b""), None);
        assert_eq!(signed_of("https://a.example/#?bodySHA256=x", b"a=1"), Some(b"a1".to_vec()));
        // Twilio's is the last.
        let twice = json_url("https://a.example/?bodySHA256=00", b"{}");
        assert_eq!(signed_of(&twice, b"{}"), Some(Vec::new()));
    }
}
