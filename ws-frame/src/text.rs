//! Text that is known to be UTF-8, over shared bytes.

use alloc::string::String;
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::Deref;

use bytes::Bytes;

use crate::mask::Checked;

/// UTF-8 text: cloned without a copy, read as [`str`]. A short text, up to 23 bytes, is held in place; a longer one in a [`Bytes`].
///
/// ```
/// use bytes::Bytes;
/// use ws_frame::Text;
///
/// let text = Text::try_from(Bytes::from_static("grüß".as_bytes())).unwrap();
/// assert_eq!(text, "grüß");
/// assert_eq!(Text::try_from(Bytes::from_static(b"a\xff")).unwrap_err().valid_up_to(), 1);
/// ```
#[derive(Clone)]
pub struct Text(Checked);

impl Text {
    /// Text that lives as long as the program, without a copy.
    pub const fn from_static(text: &'static str) -> Text {
        Text(Checked::from_static(text))
    }

    #[cfg(feature = "std")]
    #[inline]
    pub(crate) const fn new(checked: Checked) -> Text {
        Text(checked)
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The bytes: without a copy, but for a short text that was held in place.
    pub fn into_bytes(self) -> Bytes {
        self.0.into_bytes()
    }
}

impl TryFrom<Bytes> for Text {
    type Error = InvalidText;

    /// Checks the bytes; no copy.
    #[inline]
    fn try_from(bytes: Bytes) -> Result<Text, InvalidText> {
        match Checked::check(bytes) {
            Ok(checked) => Ok(Text(checked)),
            Err(valid_up_to) => Err(InvalidText { valid_up_to }),
        }
    }
}

impl Default for Text {
    fn default() -> Text {
        Text(Checked::EMPTY)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text(Checked::from_string(text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text(Checked::copy(text))
    }
}

impl Deref for Text {
    type Target = str;
    #[inline]
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
        self.0.as_bytes()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Text) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Text) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
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
