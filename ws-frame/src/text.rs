//! Text that is known to be UTF-8, over shared bytes.
#![expect(unsafe_code, reason = "reading a text back costs nothing; it was checked once, when it was made")]

use alloc::string::String;
use core::fmt;
use core::ops::Deref;

use bytes::Bytes;

use crate::utf8;

/// UTF-8 text in a [`Bytes`]: cloned and sliced without a copy, read as [`str`].
///
/// ```
/// use bytes::Bytes;
/// use ws_frame::Text;
///
/// let text = Text::try_from(Bytes::from_static("grüß".as_bytes())).unwrap();
/// assert_eq!(text, "grüß");
/// assert_eq!(Text::try_from(Bytes::from_static(b"a\xff")).unwrap_err().valid_up_to(), 1);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Text that lives as long as the program, without a copy.
    pub const fn from_static(text: &'static str) -> Text {
        Text(Bytes::from_static(text.as_bytes()))
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: the field is private and each constructor in this module takes its bytes from a `str`, or from bytes that `utf8::check`
        // found to be UTF-8; `Bytes` never changes.
        unsafe { core::str::from_utf8_unchecked(&self.0) }
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl TryFrom<Bytes> for Text {
    type Error = InvalidText;

    /// Checks the bytes; no copy.
    #[inline]
    fn try_from(bytes: Bytes) -> Result<Text, InvalidText> {
        match utf8::check(&bytes) {
            Ok(_) => Ok(Text(bytes)),
            Err(valid_up_to) => Err(InvalidText { valid_up_to }),
        }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(text.into())
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl Deref for Text {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidText {
    valid_up_to: usize,
}

impl InvalidText {
    /// The offset of the first byte that belongs to no valid character.
    pub const fn valid_up_to(&self) -> usize {
        self.valid_up_to
    }
}

impl fmt::Display for InvalidText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid utf-8 at byte {}", self.valid_up_to)
    }
}

impl core::error::Error for InvalidText {}
