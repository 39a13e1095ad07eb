//! Reading what a request claims, within limits, before anything is hashed.

use super::{Element, Scheme, Signed, Wire};
use crate::error::{Exceeded, Flaw, Reject};
use crate::few::Few;
use crate::key_ring::Mac;
use crate::verify::SignedId;
use crate::{HeaderSource, Limits, UnixMillis};

/// What a request says of itself. Nothing of it is verified.
pub(crate) struct Claims<'h> {
    pub(crate) id: Option<&'h str>,
    pub(crate) timestamp: Option<Timestamp<'h>>,
    pub(crate) list: List<'h>,
}

/// A signature header, taken apart.
pub(crate) struct List<'h> {
    /// Well-formed signatures of the kind that is compared; at least one. A rotation has two.
    pub(crate) signatures: Few<Mac, 2>,
    /// How many signatures of that kind have a value that is none.
    pub(crate) garbled: usize,
    /// How many elements are of a kind that is not compared.
    pub(crate) foreign: usize,
    timestamp: Option<&'h [u8]>,
}

/// A signed time.
pub(crate) struct Timestamp<'h> {
    /// As sent, which is what is signed.
    pub(crate) digits: &'h [u8],
    pub(crate) at: UnixMillis,
}

/// Reads the headers of a scheme.
pub(crate) fn read<'h, H: HeaderSource + ?Sized>(
    scheme: Scheme,
    headers: &'h H,
    limits: &Limits,
) -> Result<Claims<'h>, Reject> {
    let wire = scheme.wire();
    let (id, header_timestamp) = match wire.signed {
        Signed::Body | Signed::TimestampBody => (None, None),
        Signed::IdTimestampBody { id, timestamp } => {
            (Some(read_id(only(headers, id)?, id, limits)?), Some(only(headers, timestamp)?))
        }
    };
    let list = read_list(wire, headers, limits)?;
    let timestamp = match wire.signed {
        Signed::Body => None,
        Signed::TimestampBody => Some(read_timestamp(list.timestamp.unwrap_or_default(), wire.signature)?),
        Signed::IdTimestampBody { timestamp, .. } => {
            Some(read_timestamp(header_timestamp.unwrap_or_default(), timestamp)?)
        }
    };
    Ok(Claims { id, timestamp, list })
}

/// The one value of a header. Of two, one would be signed and another part of the program might read the
/// other.
fn only<'h, H: HeaderSource + ?Sized>(headers: &'h H, header: &'static str) -> Result<&'h [u8], Reject> {
    let mut values = headers.values(header);
    let value = values.next().ok_or(Reject::Missing { header })?;
    match values.next() {
        None => Ok(value),
        Some(_) => Err(Reject::Malformed { header, flaw: Flaw::Repeated }),
    }
}

fn read_id<'h>(text: &'h [u8], header: &'static str, limits: &Limits) -> Result<&'h str, Reject> {
    let max = limits.max_id.min(SignedId::MAX_LEN);
    if text.len() > max {
        return Err(Reject::Limit(Exceeded::Id { max }));
    }
    // A full stop would move the boundary between id and timestamp in the signed text.
    let valid = !text.is_empty() && text.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'.');
    let id = if valid { core::str::from_utf8(text).ok() } else { None };
    id.ok_or(Reject::Malformed { header, flaw: Flaw::Id })
}

/// Seconds in ASCII digits and nothing else. What libraries of several languages also take (a sign, a
/// fraction, an exponent, spaces, underscores) is refused: what one parser drops, another may read.
fn read_timestamp<'h>(digits: &'h [u8], header: &'static str) -> Result<Timestamp<'h>, Reject> {
    let seconds = match digits.len() {
        1..=20 => digits.iter().try_fold(0_u64, |sum, digit| {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            sum.checked_mul(10)?.checked_add(digit)
        }),
        _ => None,
    };
    let seconds = seconds.ok_or(Reject::Malformed { header, flaw: Flaw::Timestamp })?;
    Ok(Timestamp { digits, at: UnixMillis::from_secs(seconds) })
}

/// Takes the signature header apart, within the limits.
fn read_list<'h, H: HeaderSource + ?Sized>(
    wire: &'static Wire,
    headers: &'h H,
    limits: &Limits,
) -> Result<List<'h>, Reject> {
    let header = wire.signature;
    let mut list = List { signatures: Few::new(), garbled: 0, foreign: 0, timestamp: None };
    let (mut lines, mut bytes, mut count) = (0_usize, 0_usize, 0_usize);
    for line in headers.values(header) {
        lines += 1;
        // Plus one for the separator, which would be there had the lines been sent as one.
        bytes = bytes.saturating_add(line.len()).saturating_add(usize::from(lines > 1));
        if bytes > limits.max_signature_header {
            return Err(Reject::Limit(Exceeded::SignatureHeader { max: limits.max_signature_header }));
        }
        for element in elements(wire, line) {
            match element {
                Element::Signature(mac) => list.signatures.push(mac),
                Element::Garbled => list.garbled += 1,
                Element::Foreign => list.foreign += 1,
                Element::Timestamp(text) => {
                    if list.timestamp.replace(text).is_some() {
                        return Err(Reject::Malformed { header, flaw: Flaw::Repeated });
                    }
                    continue;
                }
            }
            count += 1;
            if count > limits.max_signatures {
                return Err(Reject::Limit(Exceeded::Signatures { max: limits.max_signatures }));
            }
        }
    }
    if list.signatures.len() > 0 {
        Ok(list)
    } else if lines == 0 {
        Err(Reject::Missing { header })
    } else if list.foreign > 0 && list.garbled == 0 {
        Err(Reject::Unsupported { header })
    } else {
        Err(Reject::Malformed { header, flaw: Flaw::Signature })
    }
}

/// The elements of one line of a signature header. Empty ones are skipped (RFC 9110 §5.6.1).
fn elements<'h>(wire: &'static Wire, line: &'h [u8]) -> impl Iterator<Item = Element<'h>> {
    line.split(|&byte| byte == wire.separator)
        .map(trim)
        .filter(|element| !element.is_empty())
        .map(wire.element)
}

/// Without optional white space at either end (RFC 9110 §5.6.3).
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
