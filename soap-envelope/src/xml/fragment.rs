//! One element as text that stands alone.

use super::error::{EncodeError, XmlError};
use super::names::{QName, QNameBuf};
use super::scan::{Event, Scanner};
use super::write::Writer;
use crate::codec::{Cursor, Decode, DecodeError, Encode};
use crate::limits::Limits;

/// An element with all that is in it, as well-formed text that declares every prefix it uses: the detail of a fault, or a part
/// of a message whose type is not known.
///
/// ```
/// use soap_envelope::{Limits, xml::Fragment};
///
/// let fragment = Fragment::parse("<u:Id xmlns:u='urn:u'>7</u:Id>", &Limits::DEFAULT)?;
/// assert_eq!((fragment.name().namespace(), fragment.name().local()), ("urn:u", "Id"));
/// assert_eq!(fragment.text()?, "7");
/// # Ok::<(), soap_envelope::xml::XmlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    name: QNameBuf,
    text: Box<str>,
}

impl Fragment {
    /// Checks a text and keeps it. What stands around the root element is left out.
    ///
    /// # Errors
    /// Where it is not well-formed.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, XmlError> {
        let mut scanner = Scanner::new(text, limits)?;
        while scanner.next_event()? != Event::Start {}
        let fragment = Fragment::capture(&mut scanner)?;
        while scanner.next_event()? != Event::Eof {}
        Ok(fragment)
    }

    /// Writes a value as an element of its own.
    ///
    /// # Errors
    /// Those of the value's [`Encode`].
    pub fn encode<T: Encode>(value: &T) -> Result<Self, EncodeError> {
        let mut writer = Writer::with_capacity(value.size_hint());
        writer.element(value)?;
        Ok(Fragment { name: T::NAME.to_owned(), text: writer.finish()?.into() })
    }

    /// Reads a value from it.
    ///
    /// # Errors
    /// When it is another element, or its content is not that of the type.
    pub fn decode<T: Decode>(&self, limits: &Limits) -> Result<T, DecodeError> {
        Cursor::over(&self.text, limits)?.root()
    }

    /// The name of the element.
    #[must_use]
    pub fn name(&self) -> QName<'_> {
        self.name.as_qname()
    }

    /// The element as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text directly in the element, without that of its children.
    ///
    /// # Errors
    /// None for a fragment that came from a document or was written by this crate within [`Limits::DEFAULT`].
    pub fn text(&self) -> Result<String, XmlError> {
        let mut scanner = Scanner::new(&self.text, &Limits::DEFAULT)?;
        let mut text = String::new();
        loop {
            match scanner.next_event()? {
                Event::Text(piece) if scanner.depth() == 1 => text.push_str(&piece.value()),
                Event::Eof => return Ok(text),
                _ => {}
            }
        }
    }

    /// Takes the element whose start was the scanner's last event, to its end.
    pub(crate) fn capture(scanner: &mut Scanner<'_>) -> Result<Self, XmlError> {
        let begin = scanner.offset();
        let name = scanner.name().to_owned();
        let depth = scanner.depth();
        let mut text = String::new();
        let tag = scanner.text().get(begin..scanner.position()).unwrap_or_default();
        let spelt =
            tag.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).unwrap_or(tag.len());
        text.push_str(tag.get(..spelt).unwrap_or_default());
        // All that holds here and that the tag itself does not declare: a prefix may be used in text only.
        for (prefix, namespace) in scanner.scopes().in_scope(scanner.text()) {
            if !declares(tag, prefix) {
                declaration(&mut text, prefix, namespace);
            }
        }
        loop {
            scanner.next_event()?;
            if scanner.depth() < depth {
                break;
            }
        }
        let from = begin.saturating_add(spelt);
        text.push_str(scanner.text().get(from..scanner.position()).unwrap_or_default());
        Ok(Fragment { name, text: text.into() })
    }
}

/// Whether a start tag has the declaration of a prefix. The tag is well-formed, and no `<` or quote of its own kind stands in
/// a value, so what looks like a declaration outside of quotes is one.
fn declares(tag: &str, prefix: &str) -> bool {
    let mut rest = tag;
    while let Some(equals) = rest.find('=') {
        let (before, from) = rest.split_at(equals);
        let name = before.trim_end().rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let is_it = match name.strip_prefix("xmlns:") {
            Some(declared) => declared == prefix,
            None => name == "xmlns" && prefix.is_empty(),
        };
        if is_it {
            return true;
        }
        let value = from.get(1..).unwrap_or_default().trim_start();
        let Some(quote) = value.chars().next() else { return false };
        rest = value.get(1..).and_then(|v| v.split_once(quote)).map_or("", |(_, rest)| rest);
    }
    false
}

fn declaration(out: &mut String, prefix: &str, namespace: &str) {
    out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
    out.push_str(prefix);
    out.push_str("=\"");
    for c in namespace.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            _ => out.push(c),
        }
    }
    out.push('"');
}
