//! `application/x-www-form-urlencoded`, as the query component of a GET carries the parameters (URL Standard §5.1).

use super::HttpError;

/// Splits a query component and decodes names and values.
pub(super) fn pairs(query: &str) -> impl Iterator<Item = Result<(String, String), HttpError>> {
    let mut offset = 0_usize;
    query.split('&').filter_map(move |pair| {
        let start = offset;
        offset += pair.len() + 1;
        if pair.is_empty() {
            return None;
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let behind = start + name.len() + 1;
        Some(decode(name, start).and_then(|name| Ok((name, decode(value, behind)?))))
    })
}

/// `+` is a space and `%XX` a byte. The URL Standard lets a broken escape stand and replaces what is not UTF-8; both are
/// refused here, since what then runs would not be what the client wrote.
fn decode(raw: &str, offset: usize) -> Result<String, HttpError> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes().enumerate();
    while let Some((at, byte)) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|(_, digit)| char::from(digit).to_digit(16));
                let octet = digit().zip(digit()).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                octet.ok_or(HttpError::QueryEncoding { offset: offset + at })?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| HttpError::QueryEncoding { offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_plus_signs_are_decoded() {
        let read: Result<Vec<_>, _> = pairs("query=%7Ba%7D&&x=1+2%2b3&y&z=%F0%9F%98%80").collect();
        let expected = [("query", "{a}"), ("x", "1 2+3"), ("y", ""), ("z", "\u{1f600}")];
        let owned: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(read.unwrap(), owned);
    }

    #[test]
    fn a_broken_escape_or_no_utf_8_is_refused_with_its_place() {
        for (query, offset) in
            [("a=%", 2), ("a=1&b=%4", 6), ("a=%zz", 2), ("ab=c%", 4), ("x&y=%ff", 4), ("%c3=1", 0)]
        {
            let refused = pairs(query).find_map(Result::err);
            assert_eq!(refused, Some(HttpError::QueryEncoding { offset }), "{query}");
        }
    }
}
