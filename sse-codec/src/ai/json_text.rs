//! JSON in the making, as a type.

use alloc::string::String;
use core::{fmt, ops::Deref};

use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::Value;

use super::partial_json::{self, Unfinished};

/// How deep a value may nest that is read from such a text. What nests deeper within a stream crosses
/// [`AiLimits::max_depth`](super::AiLimits::max_depth) only when its tool is complete.
const MAX_DEPTH: usize = 128;

/// The arguments of a tool as the model writes them: text that is JSON when its last part has come, if the model did well and was not
/// cut off. It is a `str` in all else.
///
/// ```
/// use serde_json::json;
/// use sse_codec::ai::{JsonText, partial_json::Unfinished};
///
/// let arguments = JsonText::from(r#"{"city": "Par"#);
/// assert!(!arguments.is_complete());
/// assert!(arguments.parsed().is_err(), "do not run the tool");
/// assert_eq!(arguments.partial(Unfinished::Keep), Some(json!({"city": "Par"})), "but show what it will be asked");
/// assert!(arguments.starts_with("{"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText(String);

impl JsonText {
    /// The value of the whole text.
    ///
    /// # Errors
    /// What is wrong with the text, or that it ends too early.
    pub fn parsed(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(self)
    }

    /// Whether the text is a whole document. A tool is not to be run with one that was cut.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(self).is_ok()
    }

    /// The value as far as it came; see [`partial_json::parse`]. `None` if there is none yet, if it is no JSON, or if it is too deep.
    #[must_use]
    pub fn partial(&self, unfinished: Unfinished) -> Option<Value> {
        partial_json::parse(self, unfinished, MAX_DEPTH).ok()?.value
    }

    /// The text, to be added to.
    pub(super) const fn text_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

impl Deref for JsonText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for JsonText {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for JsonText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<JsonText> for String {
    fn from(text: JsonText) -> Self {
        text.0
    }
}

impl PartialEq<str> for JsonText {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for JsonText {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}
