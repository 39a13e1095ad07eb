//! `application/x-www-form-urlencoded` (URL Standard §5.1), as bytes: a form, or a query.

use alloc::vec::Vec;

/// The pairs in their order, decoded. Empty ones are skipped; a name without `=` has an empty value.
pub(crate) fn pairs(form: &[u8]) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> + '_ {
    form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let mut parts = pair.splitn(2, |&byte| byte == b'=');
        (decode(parts.next().unwrap_or_default()), decode(parts.next().unwrap_or_default()))
    })
}

/// A plus is a space, and what is no escape stands for itself.
fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return out,
            [b'+', after @ ..] => {
                out.push(b' ');
                after
            }
            [b'%', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                out.push(digit(*high) << 4 | digit(*low));
                after
            }
            [byte, after @ ..] => {
                out.push(*byte);
                after
            }
        };
    }
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        _ => (hex | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_once() {
        let text = |bytes: Vec<u8>| alloc::string::String::from_utf8(bytes).unwrap();
        let pairs: Vec<_> =
            pairs(b"a+b=%2Bc&&=x&d&e=1=2&f=%2g%2&%C3%a9=%2525").map(|(n, v)| (text(n), text(v))).collect();
        let expected = [("a b", "+c"), ("", "x"), ("d", ""), ("e", "1=2"), ("f", "%2g%2"), ("é", "%25")];
        assert_eq!(pairs, expected.map(|(name, value)| (name.into(), value.into())));
    }
}
