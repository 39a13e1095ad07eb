//! The writer: elements, attributes and text to a document that the scanner would read back as the same.

use std::borrow::Cow;

use super::error::EncodeError;
use super::fragment::Fragment;
use super::markup::is_allowed;
use super::names::{QName, is_ncname};
use super::{XML_NAMESPACE, XMLNS_NAMESPACE};

/// Writes one element with all that is in it.
///
/// Names are given as [`QName`]; the writer chooses prefixes and declares them where they are first needed. It never declares
/// a default namespace, so an element without a namespace needs no care. Text and attribute values are escaped; what XML
/// cannot hold is an error, not a replacement.
///
/// ```
/// use soap_envelope::xml::{QName, Writer};
///
/// const USER: QName<'static> = QName::from_static("urn:u", "User");
/// let mut w = Writer::new();
/// w.prefer("u", "urn:u");
/// w.start(USER)?;
/// w.attribute(QName::from_static("", "id"), "7")?;
/// w.text("Ada & Co")?;
/// w.end()?;
/// assert_eq!(w.finish()?, r#"<u:User xmlns:u="urn:u" id="7">Ada &amp; Co</u:User>"#);
/// # Ok::<(), soap_envelope::xml::EncodeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: String,
    open: Vec<OpenTag>,
    bindings: Vec<Binding>,
    preferred: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The start tag of the innermost element still takes attributes.
    in_tag: bool,
    generated: usize,
    rooted: bool,
}

#[derive(Clone, Copy, Debug)]
struct OpenTag {
    /// Where its name stands in `out`.
    name: (usize, usize),
    bindings: usize,
}

#[derive(Clone, Debug)]
struct Binding {
    prefix: Cow<'static, str>,
    namespace: Cow<'static, str>,
}

impl Writer {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Writer::default()
    }

    /// One that begins with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Writer { out: String::with_capacity(bytes), ..Writer::default() }
    }

    /// Asks for a prefix, to be declared where its namespace is first used. It is a wish: where the prefix means something
    /// else already, or is no NCName, another is chosen.
    pub fn prefer(&mut self, prefix: impl Into<Cow<'static, str>>, namespace: impl Into<Cow<'static, str>>) {
        let prefix = prefix.into();
        if is_ncname(&prefix) && !prefix.starts_with("xml") {
            self.preferred.push((prefix, namespace.into()));
        }
    }

    /// Begins an element.
    ///
    /// # Errors
    /// [`EncodeError::Unbalanced`] for a second root.
    pub fn start(&mut self, name: QName<'_>) -> Result<(), EncodeError> {
        if self.open.is_empty() && core::mem::replace(&mut self.rooted, true) {
            return Err(EncodeError::Unbalanced);
        }
        self.close_tag();
        let mark = self.bindings.len();
        self.out.push('<');
        let begin = self.out.len();
        let declare = self.push_name(name, false)?;
        self.open.push(OpenTag { name: (begin, self.out.len()), bindings: mark });
        self.in_tag = true;
        if let Some(at) = declare {
            self.write_declaration(at)?;
        }
        Ok(())
    }

    /// Gives the element that was begun last an attribute.
    ///
    /// # Errors
    /// Behind the content of the element, and for a value that XML cannot hold.
    pub fn attribute(&mut self, name: QName<'_>, value: &str) -> Result<(), EncodeError> {
        if !self.in_tag {
            return Err(EncodeError::AttributeOutsideTag);
        }
        if !name.namespace().is_empty() && name.namespace() != XML_NAMESPACE {
            self.declared(name.namespace())?;
        }
        self.out.push(' ');
        self.push_name(name, true)?;
        self.push_quoted(value)
    }

    /// Writes text.
    ///
    /// # Errors
    /// For a character that XML cannot hold, and outside of an element.
    pub fn text(&mut self, text: &str) -> Result<(), EncodeError> {
        if self.open.is_empty() {
            return Err(EncodeError::Unbalanced);
        }
        self.close_tag();
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| IN_TEXT[usize::from(byte)]) {
            let (before, from) = rest.split_at(at);
            self.out.push_str(before);
            let mut length = 1;
            match from.as_bytes().first() {
                Some(b'&') => self.out.push_str("&amp;"),
                Some(b'<') => self.out.push_str("&lt;"),
                Some(b'>') => self.out.push_str("&gt;"),
                // A bare one would be read as a line feed.
                Some(b'\r') => self.out.push_str("&#13;"),
                _ => {
                    let c = from.chars().next().unwrap_or_default();
                    if !is_allowed(c) {
                        return Err(EncodeError::Character(c));
                    }
                    self.out.push(c);
                    length = c.len_utf8();
                }
            }
            rest = from.get(length..).unwrap_or_default();
        }
        self.out.push_str(rest);
        Ok(())
    }

    /// Writes a name as text, such as `u:NoSuchUser`, and sees that its prefix is declared.
    ///
    /// # Errors
    /// As [`Writer::text`]; for a name in a namespace also behind the content of the element.
    pub fn name_text(&mut self, name: QName<'_>) -> Result<(), EncodeError> {
        let spelt = self.spell(name)?;
        self.text(&spelt)
    }

    /// Spells a name with a prefix that is declared at this place, for content that holds names.
    ///
    /// # Errors
    /// When the prefix would have to be declared behind the content of the element.
    pub fn spell(&mut self, name: QName<'_>) -> Result<String, EncodeError> {
        match name.namespace() {
            "" => return Ok(name.local().to_owned()),
            XML_NAMESPACE => return Ok(format!("xml:{}", name.local())),
            XMLNS_NAMESPACE => return Err(EncodeError::Name(name.to_string())),
            _ => {}
        }
        if !self.in_tag && self.find(name.namespace()).is_none() {
            return Err(EncodeError::AttributeOutsideTag);
        }
        let at = self.declared(name.namespace())?;
        let prefix = self.bindings.get(at).map_or("", |b| &b.prefix);
        Ok(format!("{prefix}:{}", name.local()))
    }

    /// Writes an element that stands alone.
    ///
    /// # Errors
    /// [`EncodeError::Unbalanced`] for a second root.
    pub fn fragment(&mut self, fragment: &Fragment) -> Result<(), EncodeError> {
        if self.open.is_empty() && core::mem::replace(&mut self.rooted, true) {
            return Err(EncodeError::Unbalanced);
        }
        self.close_tag();
        self.out.push_str(fragment.as_str());
        Ok(())
    }

    /// Ends the element that was begun last.
    ///
    /// # Errors
    /// When none is open.
    pub fn end(&mut self) -> Result<(), EncodeError> {
        let open = self.open.pop().ok_or(EncodeError::Unbalanced)?;
        if core::mem::replace(&mut self.in_tag, false) {
            self.out.push_str("/>");
        } else {
            self.out.push_str("</");
            self.out.extend_from_within(open.name.0..open.name.1);
            self.out.push('>');
        }
        self.bindings.truncate(open.bindings);
        Ok(())
    }

    /// How many elements are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The document.
    ///
    /// # Errors
    /// When elements are open, or there was none.
    pub fn finish(self) -> Result<String, EncodeError> {
        if self.open.is_empty() && self.rooted { Ok(self.out) } else { Err(EncodeError::Unbalanced) }
    }

    /// Begins with what stands before the root.
    pub(crate) fn with_declaration(bytes: usize) -> Self {
        let mut writer = Writer::with_capacity(bytes);
        writer.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        writer
    }

    #[inline]
    fn close_tag(&mut self) {
        if core::mem::replace(&mut self.in_tag, false) {
            self.out.push('>');
        }
    }

    /// Writes a name; gives the binding that is still to be declared in this tag. An attribute's is declared already.
    fn push_name(&mut self, name: QName<'_>, is_attribute: bool) -> Result<Option<usize>, EncodeError> {
        if name.local().is_empty() || name.namespace() == XMLNS_NAMESPACE {
            return Err(EncodeError::Name(name.to_string()));
        }
        let mut declare = None;
        match name.namespace() {
            "" => {}
            XML_NAMESPACE => self.out.push_str("xml:"),
            namespace => {
                let at = match self.find(namespace) {
                    Some(at) => at,
                    None => {
                        let at = self.bind(namespace);
                        declare = (!is_attribute).then_some(at);
                        at
                    }
                };
                self.out.push_str(self.bindings.get(at).map_or("", |b| &b.prefix));
                self.out.push(':');
            }
        }
        self.out.push_str(name.local());
        Ok(declare)
    }

    fn find(&self, namespace: &str) -> Option<usize> {
        self.bindings.iter().rposition(|b| b.namespace == namespace)
    }

    /// The binding of a namespace, written into the open tag if it is new.
    fn declared(&mut self, namespace: &str) -> Result<usize, EncodeError> {
        if let Some(at) = self.find(namespace) {
            return Ok(at);
        }
        let at = self.bind(namespace);
        self.write_declaration(at)?;
        Ok(at)
    }

    fn bind(&mut self, namespace: &str) -> usize {
        let is_free = |prefix: &str| self.bindings.iter().all(|b| b.prefix != prefix);
        let wished = self.preferred.iter().find(|(prefix, ns)| ns == namespace && is_free(prefix));
        let binding = match wished {
            Some((prefix, ns)) => Binding { prefix: prefix.clone(), namespace: ns.clone() },
            None => {
                let prefix = loop {
                    self.generated += 1;
                    let prefix = format!("n{}", self.generated);
                    if self.bindings.iter().all(|b| b.prefix != prefix) {
                        break prefix;
                    }
                };
                Binding { prefix: prefix.into(), namespace: namespace.to_owned().into() }
            }
        };
        self.bindings.push(binding);
        self.bindings.len() - 1
    }

    fn write_declaration(&mut self, at: usize) -> Result<(), EncodeError> {
        let Some(Binding { prefix, namespace }) = self.bindings.get(at).cloned() else { return Ok(()) };
        self.out.push_str(" xmlns:");
        self.out.push_str(&prefix);
        self.push_quoted(&namespace)
    }

    fn push_quoted(&mut self, value: &str) -> Result<(), EncodeError> {
        self.out.push_str("=\"");
        let is_special = |c: char| matches!(c, '&' | '<' | '"' | '\u{fffe}' | '\u{ffff}') || c < ' ';
        let mut rest = value;
        while let Some(at) = rest.find(is_special) {
            let (before, from) = rest.split_at(at);
            self.out.push_str(before);
            let c = from.chars().next().unwrap_or_default();
            self.out.push_str(match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '"' => "&quot;",
                '\t' => "&#9;",
                '\n' => "&#10;",
                '\r' => "&#13;",
                _ => return Err(EncodeError::Character(c)),
            });
            rest = from.get(c.len_utf8()..).unwrap_or_default();
        }
        self.out.push_str(rest);
        self.out.push('"');
        Ok(())
    }
}

/// Bytes of text that are written as something else, are refused, or begin U+FFFE and U+FFFF, which are.
const IN_TEXT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'&' | b'<' | b'>' | 0..=8 | 11..=31 | 0xef);
        byte += 1;
    }
    table
};
