//! The parts of markup: names as they are spelt, references, comments, CDATA sections, processing instructions.

use super::error::XmlErrorKind;
use super::names::ncname_end;
use super::scan::{Event, Scanner, Step, limit};
use super::text::Text;
use crate::limits::LimitKind;

/// A range of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) const fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    pub(super) const fn len(self) -> usize {
        self.end.saturating_sub(self.start)
    }

    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// A qualified name as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpelledName {
    start: usize,
    /// Where the local name begins; `start` without a prefix.
    local: usize,
    end: usize,
}

impl SpelledName {
    #[inline]
    pub(super) fn read(text: &str, at: usize, max: usize) -> Step<SpelledName> {
        let bytes = text.as_bytes();
        let none = if at >= bytes.len() { XmlErrorKind::UnexpectedEnd } else { XmlErrorKind::Name };
        let mut end = ncname_end(text, at).ok_or((none, at))?;
        let mut local = at;
        if bytes.get(end) == Some(&b':') {
            local = end + 1;
            end = ncname_end(text, local).ok_or((XmlErrorKind::Name, at))?;
            if bytes.get(end) == Some(&b':') {
                return Err((XmlErrorKind::Name, at));
            }
        }
        if end - at > max {
            return Err((limit(LimitKind::Name, max), at));
        }
        Ok(SpelledName { start: at, local, end })
    }

    pub(super) const fn start(self) -> usize {
        self.start
    }

    pub(super) const fn end(self) -> usize {
        self.end
    }

    pub(super) const fn all(self) -> Span {
        Span::new(self.start, self.end)
    }

    pub(super) const fn local(self) -> Span {
        Span::new(self.local, self.end)
    }

    pub(super) const fn prefix(self) -> Option<Span> {
        if self.local == self.start { None } else { Some(Span::new(self.start, self.local - 1)) }
    }
}

impl<'a> Scanner<'a> {
    /// Behind the white space at `at`.
    #[inline]
    pub(super) fn blank(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
            at += 1;
        }
        at
    }

    /// Checks the reference whose `&` stands at `at`; gives where it ends.
    pub(super) fn reference(&self, at: usize) -> Step<usize> {
        let bytes = self.text.as_bytes();
        if bytes.get(at + 1) != Some(&b'#') {
            let end = ncname_end(self.text, at + 1).ok_or((XmlErrorKind::Reference, at))?;
            return match (bytes.get(end), &bytes[at + 1..end]) {
                (Some(b';'), b"lt" | b"gt" | b"amp" | b"apos" | b"quot") => Ok(end + 1),
                (Some(b';'), _) => Err((XmlErrorKind::Entity, at)),
                _ => Err((XmlErrorKind::Reference, at)),
            };
        }
        let (radix, mut end) = if bytes.get(at + 2) == Some(&b'x') { (16, at + 3) } else { (10, at + 2) };
        let first = end;
        let mut code = 0_u32;
        while let Some(digit) = bytes.get(end).and_then(|b| char::from(*b).to_digit(radix)) {
            code = code.saturating_mul(radix).saturating_add(digit);
            end += 1;
        }
        let is_allowed = char::from_u32(code).is_some_and(is_allowed);
        if end == first || bytes.get(end) != Some(&b';') || !is_allowed {
            return Err((XmlErrorKind::Reference, at));
        }
        Ok(end + 1)
    }

    /// What begins with `<!`: a comment, a CDATA section, or a DTD.
    pub(super) fn declaration_like(&mut self) -> Step<Event<'a>> {
        let began = self.state.at;
        let rest = &self.text.as_bytes()[began..];
        if rest.starts_with(b"<!--") {
            return self.comment(began + 4);
        }
        if rest.starts_with(b"<![CDATA[") {
            let from = began + 9;
            let length = memchr::memmem::find(&self.text.as_bytes()[from..], b"]]>")
                .ok_or((XmlErrorKind::UnexpectedEnd, self.text.len()))?;
            self.count_text(length, began)?;
            self.state.at = from + length + 3;
            let plain = !self.state.has_cr;
            return Ok(Event::Text(Text::new(&self.text[from..from + length], plain, true)));
        }
        let kind = if rest.starts_with(b"<!DOCTYPE") { XmlErrorKind::Dtd } else { XmlErrorKind::Tag };
        Err((kind, began))
    }

    fn comment(&mut self, from: usize) -> Step<Event<'a>> {
        let bytes = self.text.as_bytes();
        let length =
            memchr::memmem::find(&bytes[from..], b"--").ok_or((XmlErrorKind::UnexpectedEnd, bytes.len()))?;
        let end = from + length;
        match bytes.get(end + 2) {
            Some(b'>') => {
                self.state.at = end + 3;
                Ok(Event::Comment(&self.text[from..end]))
            }
            Some(_) => Err((XmlErrorKind::Comment, end)),
            None => Err((XmlErrorKind::UnexpectedEnd, bytes.len())),
        }
    }

    pub(super) fn instruction(&mut self) -> Step<Event<'a>> {
        let bytes = self.text.as_bytes();
        let began = self.state.at;
        if self.is_xml_declaration(began) {
            return Err((XmlErrorKind::Declaration, began));
        }
        let target = began + 2;
        // A target has no colon (Namespaces §7).
        let end = ncname_end(self.text, target).ok_or((XmlErrorKind::Instruction, began))?;
        if self.text[target..end].eq_ignore_ascii_case("xml") {
            return Err((XmlErrorKind::Instruction, began));
        }
        let max = self.state.limits.max_name;
        if end - target > max {
            return Err((limit(LimitKind::Name, max), target));
        }
        let data = self.blank(end);
        let length =
            memchr::memmem::find(&bytes[data..], b"?>").ok_or((XmlErrorKind::UnexpectedEnd, bytes.len()))?;
        if data == end && length > 0 {
            return Err((XmlErrorKind::Instruction, began));
        }
        self.state.at = data + length + 2;
        Ok(Event::Instruction { target: &self.text[target..end], data: &self.text[data..data + length] })
    }

    pub(super) fn is_xml_declaration(&self, at: usize) -> bool {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        rest.starts_with(b"<?xml") && matches!(rest.get(5), Some(b' ' | b'\t' | b'\n' | b'\r' | b'?') | None)
    }

    /// Checks the XML declaration at `at` (XML §2.8); gives where it ends.
    pub(super) fn xml_declaration(&self, at: usize) -> Step<usize> {
        read_declaration(&self.text[at..])
            .map(|(_, length)| at + length)
            .ok_or((XmlErrorKind::Declaration, at))
    }
}

/// Reads an XML declaration; gives the encoding that it names, and its length.
pub(super) fn read_declaration(text: &str) -> Option<(Option<&str>, usize)> {
    let rest = text.strip_prefix("<?xml")?;
    let (version, rest) = pseudo_attribute(rest, "version")??;
    // Any 1.x is read as 1.0 (XML 1.0 fifth edition §2.8).
    let minor = version.strip_prefix("1.")?;
    if minor.is_empty() || !minor.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (encoding, rest) = match pseudo_attribute(rest, "encoding")? {
        Some((name, rest)) => {
            let mut bytes = name.bytes();
            let is_name = bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
                && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
            (is_name.then_some(Some(name))?, rest)
        }
        None => (None, rest),
    };
    let rest = match pseudo_attribute(rest, "standalone")? {
        Some(("yes" | "no", rest)) => rest,
        Some(_) => return None,
        None => rest,
    };
    let rest = rest.trim_start_matches(WHITE).strip_prefix("?>")?;
    Some((encoding, text.len() - rest.len()))
}

/// ` name = "value"`: `None` is malformed, `Some(None)` not there.
fn pseudo_attribute<'t>(text: &'t str, name: &str) -> Option<Option<(&'t str, &'t str)>> {
    let trimmed = text.trim_start_matches(WHITE);
    let Some(rest) = trimmed.strip_prefix(name) else { return Some(None) };
    if trimmed.len() == text.len() {
        return None;
    }
    let rest = rest.trim_start_matches(WHITE).strip_prefix('=')?.trim_start_matches(WHITE);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, rest) = rest.get(1..)?.split_once(quote)?;
    Some(Some((value, rest)))
}

/// The white space of XML (§2.3).
pub(super) const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Char (XML §2.2).
pub(crate) const fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// The first character that no document may hold, and whether there is a carriage return. The blocks are read without a
/// branch, so that the compiler can use vectors.
pub(super) fn forbidden_character(text: &str) -> (Option<usize>, bool) {
    let bytes = text.as_bytes();
    let mut has_cr = false;
    let mut at = 0;
    for block in bytes.chunks(BLOCK) {
        let (mut low, mut cr) = (false, false);
        for &byte in block {
            low |= (byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r');
            cr |= byte == b'\r';
        }
        has_cr |= cr;
        if low {
            let is_low = |b: &u8| *b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r');
            return (Some(at + block.iter().position(is_low).unwrap_or(0)), has_cr);
        }
        at += block.len();
    }
    // U+FFFE and U+FFFF; surrogates cannot stand in a `str`.
    let mut high = memchr::memmem::find_iter(bytes, b"\xef\xbf");
    (high.find(|at| matches!(bytes.get(at + 2), Some(0xbe | 0xbf))), has_cr)
}

const BLOCK: usize = 256;
