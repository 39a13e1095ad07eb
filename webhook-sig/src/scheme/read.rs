//! Reading what a request claims, within limits, before anything is hashed.

use super::{Layout, TimeIn, TimeUnit};
use crate::algorithm::Verify;
use crate::error::{Exceeded, Flaw, Reject};
use crate::few::Few;
use crate::headers::{Name, length_bit};
use crate::verify::SignedId;
use crate::{HeaderSource, Limits, UnixMillis};

/// What a request says of itself. Nothing of it is verified.
pub(crate) struct Claims<'h, S> {
    /// Visible ASCII.
    pub(crate) id: Option<&'h [u8]>,
    pub(crate) time: Option<Timestamp<'h>>,
    /// Well-formed signatures of the kind that is compared; at least one. A rotation has two.
    pub(crate) signatures: Few<S, 2>,
    /// How many signatures of that kind have a value that is none.
    pub(crate) garbled: usize,
    /// How many elements are of a kind that is not compared.
    pub(crate) foreign: usize,
}

/// A signed time.
#[derive(Clone, Copy)]
pub(crate) struct Timestamp<'h> {
    /// As sent, which is what is signed.
    pub(crate) text: &'h [u8],
    pub(crate) at: UnixMillis,
}

/// A header that may stand once. Of two, one would be signed and another part of the program might read the other.
#[derive(Default)]
struct Once<'h> {
    value: Option<&'h [u8]>,
    repeated: bool,
}

impl<'h> Once<'h> {
    fn set(&mut self, value: &'h [u8]) {
        self.repeated |= self.value.replace(value).is_some();
    }

    fn get(self, header: &'static str) -> Result<&'h [u8], Reject> {
        if self.repeated {
            return Err(Reject::Malformed { header, flaw: Flaw::Repeated });
        }
        self.value.ok_or(Reject::Missing { header })
    }
}

const CONTENT_ENCODING: Name<'static> = Name::new("content-encoding");

/// Reads the headers of a scheme, in one pass over all of them.
#[inline]
pub(crate) fn read<'h, K: Verify, H: HeaderSource + ?Sized>(
    layout: &'static Layout,
    headers: &'h H,
    limits: &Limits,
    encoded: bool,
) -> Result<Claims<'h, K::Signature>, Reject> {
    let (mut id, mut time) = (Once::default(), Once::default());
    let mut list = List::<K>::new(layout);
    // No field has the empty name.
    let (signature_name, id_name) = (Name::new(layout.signature), Name::new(layout.id.unwrap_or_default()));
    let time_name = Name::new(match layout.time {
        Some(TimeIn::Header(header)) => header,
        _ => "",
    });
    // Most fields are none of these, by the length of their names.
    let wanted = [signature_name, id_name, time_name, CONTENT_ENCODING];
    let lengths = wanted.iter().fold(0, |lengths, name| lengths | name.length_bit());
    for (name, value) in headers.fields() {
        if lengths & length_bit(name) == 0 {
            continue;
        }
        if signature_name.is(name) {
            list.line(value, limits)?;
        } else if id_name.is(name) {
            id.set(value);
        } else if time_name.is(name) {
            time.set(value);
        } else if CONTENT_ENCODING.is(name) && !encoded && !is_identity(value) {
            return Err(Reject::ContentEncoding);
        }
    }
    let id = match layout.id {
        None => None,
        // What is not signed is no claim: anyone may have written it.
        Some(header) => Some(read_id(id.get(header)?, header, limits)?).filter(|_| layout.signs_id),
    };
    let time = match layout.time {
        None | Some(TimeIn::Json(_)) => None,
        Some(TimeIn::Header(header)) => Some(read_time(time.get(header)?, header, layout.unit)?),
        Some(TimeIn::Element(_)) => {
            list.check_any()?;
            Some(read_time(list.time.unwrap_or_default(), layout.signature, layout.unit)?)
        }
    };
    list.check_any()?;
    Ok(Claims { id, time, signatures: list.signatures, garbled: list.garbled, foreign: list.foreign })
}

/// Whether a body under this `Content-Encoding` is as it was before (RFC 9110 §8.4).
fn is_identity(value: &[u8]) -> bool {
    let value = trim(value);
    value.is_empty() || value.eq_ignore_ascii_case(b"identity")
}

fn read_id<'h>(text: &'h [u8], header: &'static str, limits: &Limits) -> Result<&'h [u8], Reject> {
    let max = limits.max_id.min(SignedId::MAX_LEN);
    if text.len() > max {
        return Err(Reject::Limit(Exceeded::Id { max }));
    }
    // A full stop would move the boundary between id and timestamp in the signed text. All bytes are looked at before one
    // decision, which compiles to vectors.
    let bad = text.iter().fold(false, |bad, &byte| bad | !byte.is_ascii_graphic() | (byte == b'.'));
    if bad || text.is_empty() { Err(Reject::Malformed { header, flaw: Flaw::Id }) } else { Ok(text) }
}

/// ASCII digits and nothing else. What libraries of several languages also take (a sign, a
/// fraction, an exponent, spaces, underscores) is refused: what one parser drops, another may read.
fn read_time<'h>(text: &'h [u8], header: &'static str, unit: TimeUnit) -> Result<Timestamp<'h>, Reject> {
    let number = digits(text).ok_or(Reject::Malformed { header, flaw: Flaw::Timestamp })?;
    Ok(Timestamp { text, at: unit.instant(number) })
}

#[inline]
fn digits(text: &[u8]) -> Option<u64> {
    match text.len() {
        // As many digits cannot overflow.
        1..=19 => {
            let (number, bad) = text.iter().fold((0_u64, false), |(number, bad), byte| {
                let digit = byte.wrapping_sub(b'0');
                (number.wrapping_mul(10).wrapping_add(digit.into()), bad | (digit > 9))
            });
            (!bad).then_some(number)
        }
        20 if text.iter().all(u8::is_ascii_digit) => text
            .iter()
            .try_fold(0_u64, |number, digit| number.checked_mul(10)?.checked_add((digit - b'0').into())),
        _ => None,
    }
}

impl TimeUnit {
    /// The time that a text stands for, if it was read before.
    pub(crate) fn read(self, text: &[u8]) -> Option<UnixMillis> {
        digits(text).map(|number| self.instant(number))
    }

    /// The time that a number stands for; what does not fit is the latest.
    pub(crate) const fn instant(self, number: u64) -> UnixMillis {
        match self {
            Self::Seconds => UnixMillis::from_secs(number),
            Self::Millis => UnixMillis::from_millis(number),
        }
    }

    /// The number that stands for a time.
    pub(crate) const fn number(self, at: UnixMillis) -> u64 {
        match self {
            Self::Seconds => at.as_secs(),
            Self::Millis => at.as_millis(),
        }
    }
}

/// A signature header, taken apart, within the limits.
struct List<'h, K: Verify> {
    layout: &'static Layout,
    lines: usize,
    bytes: usize,
    elements: usize,
    signatures: Few<K::Signature, 2>,
    garbled: usize,
    foreign: usize,
    time: Option<&'h [u8]>,
}

impl<'h, K: Verify> List<'h, K> {
    fn new(layout: &'static Layout) -> Self {
        Self {
            layout,
            lines: 0,
            bytes: 0,
            elements: 0,
            signatures: Few::new(),
            garbled: 0,
            foreign: 0,
            time: None,
        }
    }

    /// Takes one line; several count as if they had been sent as one (RFC 9110 §5.3).
    fn line(&mut self, line: &'h [u8], limits: &Limits) -> Result<(), Reject> {
        self.lines += 1;
        // Plus one for the separator, which would be there had the lines been sent as one.
        self.bytes = self.bytes.saturating_add(line.len()).saturating_add(usize::from(self.lines > 1));
        if self.bytes > limits.max_signature_header {
            return Err(Reject::Limit(Exceeded::SignatureHeader { max: limits.max_signature_header }));
        }
        let separator = self.layout.separator;
        // Nearly every line is one signature. No alphabet has a separator in it, so what decodes as a whole has no parts.
        if let Some(encoded) = line.strip_prefix(self.layout.label.as_bytes())
            && let Some(signature) = K::decode(self.layout.encoding, encoded)
        {
            self.signatures.push(signature);
            return self.count(limits);
        }
        line.split(|&byte| byte == separator).try_for_each(|element| self.element(trim(element), limits))
    }

    fn element(&mut self, text: &'h [u8], limits: &Limits) -> Result<(), Reject> {
        let layout = self.layout;
        if text.is_empty() {
            // Skipped (RFC 9110 §5.6.1).
            return Ok(());
        }
        if let Some(TimeIn::Element(label)) = layout.time
            && let Some(time) = text.strip_prefix(label.as_bytes())
        {
            return match self.time.replace(time) {
                None => Ok(()),
                Some(_) => Err(Reject::Malformed { header: layout.signature, flaw: Flaw::Repeated }),
            };
        }
        let label = layout.label.as_bytes();
        if let Some(encoded) = text.strip_prefix(label) {
            // RFC 9110 §5.3: whoever joins two lines does it with a comma, which then ends an element.
            let encoded = if layout.separator == b',' {
                encoded
            } else {
                encoded.strip_suffix(b",").unwrap_or(encoded)
            };
            match K::decode(layout.encoding, encoded) {
                Some(signature) => self.signatures.push(signature),
                None => self.garbled += 1,
            }
        } else if label.last().is_some_and(|end| text.contains(end)) {
            // Another label: another algorithm or version, of no meaning to these keys.
            self.foreign += 1;
        } else {
            self.garbled += 1;
        }
        self.count(limits)
    }

    fn count(&mut self, limits: &Limits) -> Result<(), Reject> {
        self.elements += 1;
        if self.elements > limits.max_signatures {
            return Err(Reject::Limit(Exceeded::Signatures { max: limits.max_signatures }));
        }
        Ok(())
    }

    /// Whether there is any signature to compare.
    fn check_any(&self) -> Result<(), Reject> {
        let header = self.layout.signature;
        if self.signatures.len() > 0 {
            Ok(())
        } else if self.lines == 0 {
            Err(Reject::Missing { header })
        } else if self.foreign > 0 && self.garbled == 0 {
            Err(Reject::Unsupported { header })
        } else {
            Err(Reject::Malformed { header, flaw: Flaw::Signature })
        }
    }
}

/// Without optional white space at either end (RFC 9110 §5.6.3).
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
