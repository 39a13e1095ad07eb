//! Entity tags (RFC 9110 §8.8.3).

use crate::error::InvalidField;
use bytes::Bytes;
use core::fmt;
use http::HeaderValue;
use sha2::{Digest, Sha256};

/// An entity tag: an opaque name for one state of one representation, strong or weak.
///
/// There is no `==`: RFC 9110 §8.8.3.2 has two comparisons, and taking the wrong one loses updates or serves stale
/// bytes. [`strong_eq`](ETag::strong_eq) is for If-Match and If-Range, [`weak_eq`](ETag::weak_eq) for If-None-Match.
///
/// ```
/// use rest_core::field::ETag;
/// let one = ETag::parse("W/\"1\"")?;
/// let other = ETag::parse("\"1\"")?;
/// assert!(one.weak_eq(&other) && !one.strong_eq(&other));
/// # Ok::<(), rest_core::error::InvalidField>(())
/// ```
#[derive(Clone)]
pub struct ETag {
    value: HeaderValue,
}

impl ETag {
    /// Reads one entity tag, `"…"` or `W/"…"`, and nothing around it.
    ///
    /// # Errors
    /// [`InvalidField`] with the offset of the first octet that cannot be part of it.
    pub fn parse(value: impl AsRef<[u8]>) -> Result<ETag, InvalidField> {
        let value = value.as_ref();
        let (_, end) = ETagRef::split(value, 0)?;
        if end != value.len() {
            return Err(invalid(end));
        }
        HeaderValue::from_bytes(value).map(|value| ETag { value }).map_err(|_| invalid(0))
    }

    /// Reads the value of an `ETag` field.
    ///
    /// # Errors
    /// As [`parse`](ETag::parse).
    pub fn from_header_value(value: &HeaderValue) -> Result<ETag, InvalidField> {
        let (_, end) = ETagRef::split(value.as_bytes(), 0)?;
        if end == value.len() { Ok(ETag { value: value.clone() }) } else { Err(invalid(end)) }
    }

    /// A strong tag of a version: a row's revision, a counter that goes up with each change.
    ///
    /// Strong means that equal tags promise equal bytes: use it where a version is served in one form only, and
    /// [`weak_from_version`](ETag::weak_from_version) where the form may vary.
    pub fn from_version(version: u64) -> ETag {
        ETag::written(format_args!("\"v{version}\""))
    }

    /// A weak tag of a version, which promises equal meaning and not equal bytes.
    pub fn weak_from_version(version: u64) -> ETag {
        ETag::written(format_args!("W/\"v{version}\""))
    }

    /// A strong tag of the bytes of a representation: the first 128 bits of their SHA-256.
    ///
    /// Hash what goes on the wire: a compressed form is another representation and needs its own tag.
    pub fn from_content(content: impl AsRef<[u8]>) -> ETag {
        let digest = Sha256::digest(content.as_ref());
        let mut text = Vec::with_capacity(34);
        text.push(b'"');
        for byte in &digest[..16] {
            text.push(HEX[usize::from(byte >> 4)]);
            text.push(HEX[usize::from(byte & 15)]);
        }
        text.push(b'"');
        ETag::of_ascii(text)
    }

    /// Whether it is marked `W/`.
    pub fn is_weak(&self) -> bool {
        self.borrow().weak
    }

    /// What stands between the quotes.
    pub fn opaque(&self) -> &[u8] {
        self.borrow().opaque
    }

    /// The strong comparison: both strong and the same octets (RFC 9110 §8.8.3.2).
    pub fn strong_eq(&self, other: &ETag) -> bool {
        self.borrow().strong_eq(other.borrow())
    }

    /// The weak comparison: the same octets, marks aside (RFC 9110 §8.8.3.2).
    pub fn weak_eq(&self, other: &ETag) -> bool {
        self.borrow().weak_eq(other.borrow())
    }

    /// The same tag without its own memory.
    pub fn borrow(&self) -> ETagRef<'_> {
        let value = self.value.as_bytes();
        let weak = value.first() == Some(&b'W');
        let start = if weak { 3 } else { 1 };
        ETagRef { weak, opaque: &value[start..value.len() - 1] }
    }

    /// The field value, without a copy.
    pub fn to_header_value(&self) -> HeaderValue {
        self.value.clone()
    }

    fn written(text: fmt::Arguments<'_>) -> ETag {
        ETag::of_ascii(text.to_string().into_bytes())
    }

    fn of_ascii(text: Vec<u8>) -> ETag {
        let value = HeaderValue::from_maybe_shared(Bytes::from(text));
        #[expect(clippy::expect_used, reason = "the callers write quotes, letters, digits and a slash only")]
        let value = value.expect("visible ASCII is a field value");
        ETag { value }
    }
}

impl fmt::Display for ETag {
    /// As on the wire; octets that are not UTF-8 are replaced.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.value.as_bytes()))
    }
}

impl fmt::Debug for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ETag({self})")
    }
}

impl TryFrom<&HeaderValue> for ETag {
    type Error = InvalidField;

    fn try_from(value: &HeaderValue) -> Result<Self, InvalidField> {
        ETag::from_header_value(value)
    }
}

/// An entity tag that borrows the field it was read from.
#[derive(Clone, Copy, Debug)]
pub struct ETagRef<'a> {
    weak: bool,
    opaque: &'a [u8],
}

impl<'a> ETagRef<'a> {
    /// Whether it is marked `W/`.
    pub fn is_weak(self) -> bool {
        self.weak
    }

    /// What stands between the quotes.
    pub fn opaque(self) -> &'a [u8] {
        self.opaque
    }

    /// The strong comparison: both strong and the same octets (RFC 9110 §8.8.3.2).
    pub fn strong_eq(self, other: ETagRef<'_>) -> bool {
        !self.weak && !other.weak && self.opaque == other.opaque
    }

    /// The weak comparison: the same octets, marks aside (RFC 9110 §8.8.3.2).
    pub fn weak_eq(self, other: ETagRef<'_>) -> bool {
        self.opaque == other.opaque
    }

    /// The tag with its own memory.
    pub fn to_etag(self) -> ETag {
        let mut text = Vec::with_capacity(self.opaque.len() + 4);
        text.extend_from_slice(if self.weak { b"W/\"" } else { b"\"" });
        text.extend_from_slice(self.opaque);
        text.push(b'"');
        ETag::of_ascii(text)
    }

    /// Reads the tag that begins at `at`, and gives it with the offset after its closing quote.
    #[inline]
    pub(crate) fn split(line: &'a [u8], at: usize) -> Result<(ETagRef<'a>, usize), InvalidField> {
        let rest = line.get(at..).unwrap_or_default();
        // `W` is case-sensitive (RFC 9110 §8.8.3).
        let (weak, start) = match rest {
            [b'"', ..] => (false, 1),
            [b'W', b'/', b'"', ..] => (true, 3),
            _ => return Err(invalid(at)),
        };
        let body = &rest[start..];
        let Some(end) = memchr::memchr(b'"', body) else {
            return Err(invalid(line.len()));
        };
        let opaque = &body[..end];
        // etagc is any visible octet but the quote, and obs-text. A space or a tab inside is not one. The first look has
        // no early end, which lets the compiler take many octets at once; the second is for the error.
        let bad = |b: u8| b <= b' ' || b == 0x7f;
        if opaque.iter().fold(false, |any, &b| any | bad(b)) {
            let offset = opaque.iter().position(|&b| bad(b)).unwrap_or_default();
            return Err(invalid(at + start + offset));
        }
        Ok((ETagRef { weak, opaque }, at + start + end + 1))
    }
}

fn invalid(offset: usize) -> InvalidField {
    InvalidField { what: "entity-tag", offset }
}

const HEX: &[u8; 16] = b"0123456789abcdef";
