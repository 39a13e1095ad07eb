//! The scanner: a document to events, every rule checked on the way.

use std::borrow::Cow;

use super::error::{XmlError, XmlErrorKind};
use super::markup::{Span, SpelledName, forbidden_character};
use super::names::QName;
use super::scope::{Mark, Ns, Scopes};
use super::text::{Text, attribute_value};
use crate::limits::{LimitKind, Limits};

/// What comes next in a document.
///
/// An element that is written as one empty tag gives a start and an end.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// An element begins; [`Scanner::name`] and [`Scanner::attributes`] are about it.
    Start,
    /// An element ends; [`Scanner::name`] is still about it.
    End,
    /// Text or a CDATA section, at most one of them; neighbours come one by one.
    Text(Text<'a>),
    /// A comment, without its marks.
    Comment(&'a str),
    /// A processing instruction.
    Instruction {
        /// The application that it is for.
        target: &'a str,
        /// What follows the target and its white space.
        data: &'a str,
    },
    /// The document has ended as it should. What follows is this event again.
    Eof,
}

/// Reads one whole document of XML 1.0 with namespaces, strictly.
///
/// What is not well-formed is refused at the first place that shows it; afterwards each call gives the same error. A DTD is
/// refused always, so the only entities are the five predefined ones. Memory: the open elements, their declarations and the
/// attributes of one element, each bounded by [`Limits`]; names and text are lent from the document.
///
/// ```
/// use soap_envelope::{Limits, xml::{Event, QName, Scanner}};
///
/// let mut scanner = Scanner::new("<u:User xmlns:u='urn:u' id='7'>Ad&#97;</u:User>", &Limits::DEFAULT)?;
/// assert_eq!(scanner.next_event()?, Event::Start);
/// assert_eq!(scanner.name(), QName::from_static("urn:u", "User"));
/// assert_eq!(scanner.attribute(QName::from_static("", "id")).as_deref(), Some("7"));
/// let Event::Text(text) = scanner.next_event()? else { panic!("text follows") };
/// assert_eq!(text.value(), "Ada");
/// assert_eq!(scanner.next_event()?, Event::End);
/// assert_eq!(scanner.next_event()?, Event::Eof);
///
/// let mut scanner = Scanner::new("<a>&nbsp;</a>", &Limits::DEFAULT)?;
/// scanner.next_event()?;
/// let error = scanner.next_event().unwrap_err();
/// assert_eq!(error.to_string(), "an entity that is not predefined at line 1, column 4");
/// # Ok::<(), soap_envelope::xml::XmlError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) state: State,
}

/// Where a scanner stands, without the text; with the same text it goes on from there.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(super) limits: Limits,
    pub(super) at: usize,
    /// Where the last event begins.
    pub(super) began: usize,
    phase: Phase,
    open: Vec<Open>,
    /// The element that ended with the last event; it leaves at the next.
    ended: Option<Open>,
    /// The last start was an empty tag, so its end is due.
    empty: bool,
    scopes: Scopes,
    attributes: Vec<Given>,
    elements: usize,
    /// Bytes of text since the last tag.
    run: usize,
    pub(super) has_cr: bool,
    failed: Option<XmlError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Prolog,
    Content,
    Epilog,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    name: SpelledName,
    ns: Ns,
    mark: Mark,
    children: usize,
}

#[derive(Clone, Copy, Debug)]
struct Given {
    name: SpelledName,
    ns: Ns,
    value: Span,
    /// The value is what is written: no reference, and no white space but spaces.
    plain: bool,
}

impl<'a> Scanner<'a> {
    /// Begins at the start of a document; a byte order mark is skipped. The encoding that an XML declaration names is not
    /// looked at, for the text has been decoded already ([`decode`](super::decode)).
    ///
    /// # Errors
    /// When the text is longer than `max_envelope` or holds a character that XML does not allow.
    pub fn new(text: &'a str, limits: &Limits) -> Result<Self, XmlError> {
        if text.len() > limits.max_envelope {
            let kind = XmlErrorKind::Limit { limit: LimitKind::Envelope, max: limits.max_envelope };
            return Err(XmlError::at(kind, text.as_bytes(), limits.max_envelope));
        }
        let (forbidden, has_cr) = forbidden_character(text);
        if let Some(at) = forbidden {
            return Err(XmlError::at(XmlErrorKind::Character, text.as_bytes(), at));
        }
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let state = State {
            limits: limits.clone(),
            at,
            began: at,
            phase: Phase::Prolog,
            open: Vec::new(),
            ended: None,
            empty: false,
            scopes: Scopes::new(),
            attributes: Vec::new(),
            elements: 0,
            run: 0,
            has_cr,
            failed: None,
        };
        Ok(Scanner { text, state })
    }

    /// Goes on with the same text.
    pub(crate) fn resume(text: &'a str, state: State) -> Self {
        Scanner { text, state }
    }

    pub(crate) fn suspend(self) -> State {
        self.state
    }

    /// A scanner over the element that begins where the last event, a start, did and ends before `end`; what is declared
    /// outside of it holds.
    pub(crate) fn inner(text: &'a str, begin: usize, end: usize, scopes: Scopes, limits: &Limits) -> Self {
        let state = State {
            limits: limits.clone(),
            at: begin,
            began: begin,
            phase: Phase::Prolog,
            open: Vec::new(),
            ended: None,
            empty: false,
            scopes,
            attributes: Vec::new(),
            elements: 0,
            run: 0,
            has_cr: text.get(begin..end).is_some_and(|text| text.contains('\r')),
            failed: None,
        };
        Scanner { text: text.get(..end).unwrap_or(text), state }
    }

    /// The next event.
    ///
    /// # Errors
    /// Where the document is not well-formed, or crosses a limit.
    pub fn next_event(&mut self) -> Result<Event<'a>, XmlError> {
        if let Some(error) = self.state.failed {
            return Err(error);
        }
        self.advance().map_err(|(kind, at)| {
            let error = XmlError::at(kind, self.text.as_bytes(), at);
            self.state.failed = Some(error);
            error
        })
    }

    /// The name of the element that began or ended last; no namespace and no local name before the first.
    #[must_use]
    pub fn name(&self) -> QName<'_> {
        let open = self.state.ended.as_ref().or(self.state.open.last());
        open.map_or(QName::checked("", ""), |open| {
            QName::checked(self.state.scopes.name(open.ns), self.slice(open.name.local()))
        })
    }

    /// The attributes of the element that began last, in the order of the document, without namespace declarations.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        self.state.attributes.iter().map(|given| Attribute {
            name: QName::checked(self.state.scopes.name(given.ns), self.slice(given.name.local())),
            raw: self.slice(given.value),
            plain: given.plain,
        })
    }

    /// The value of one attribute of the element that began last.
    #[must_use]
    pub fn attribute(&self, name: QName<'_>) -> Option<Cow<'_, str>> {
        self.attributes().find(|attribute| attribute.name == name).map(|attribute| attribute.value())
    }

    /// Where the value of an attribute of the element that began last stands, between its quotes.
    pub(crate) fn attribute_range(&self, name: QName<'_>) -> Option<(usize, usize)> {
        let at = self.attributes().position(|attribute| attribute.name == name)?;
        self.state.attributes.get(at).map(|given| (given.value.start, given.value.end))
    }

    /// What a prefix means at the present place; the empty one is the default namespace. `None` when it is not declared.
    #[must_use]
    pub fn namespace(&self, prefix: &str) -> Option<&str> {
        self.state.scopes.find(self.text.as_bytes(), prefix.as_bytes()).map(|ns| self.state.scopes.name(ns))
    }

    /// How many elements are open; the one that an [`Event::End`] is about counts no more.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.state.open.len()
    }

    /// Where the last event begins, in bytes from the start of the text.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.state.began
    }

    /// The names of the open elements as they are written, outermost first; the one that ended last is still among them.
    pub fn path(&self) -> impl Iterator<Item = &'a str> {
        let text = self.text;
        self.state.open.iter().chain(&self.state.ended).map(move |open| open.name.all().of(text))
    }

    /// Where the next event begins.
    pub(crate) fn position(&self) -> usize {
        self.state.at
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.state.limits
    }

    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn scopes(&self) -> &Scopes {
        &self.state.scopes
    }

    /// What holds outside of the element that began last.
    pub(crate) fn outer_scopes(&self) -> Scopes {
        let mut scopes = self.state.scopes.clone();
        if let Some(open) = self.state.open.last() {
            scopes.rewind(open.mark);
        }
        scopes
    }

    /// An error of the same kind as the scanner's own, at a place.
    pub(crate) fn error_at(&self, kind: XmlErrorKind, at: usize) -> XmlError {
        XmlError::at(kind, self.text.as_bytes(), at)
    }

    fn slice(&self, span: Span) -> &'a str {
        span.of(self.text)
    }

    #[inline]
    fn advance(&mut self) -> Step<Event<'a>> {
        if let Some(ended) = self.state.ended.take() {
            self.state.scopes.rewind(ended.mark);
        }
        self.state.began = self.state.at;
        if self.state.empty {
            self.state.empty = false;
            return self.leave();
        }
        if self.state.phase != Phase::Content {
            return self.around();
        }
        let bytes = self.text.as_bytes();
        match bytes.get(self.state.at) {
            Some(b'<') => match bytes.get(self.state.at + 1) {
                Some(b'/') => self.end_tag(),
                Some(b'!') => self.declaration_like(),
                Some(b'?') => self.instruction(),
                _ => self.start_tag(),
            },
            Some(_) => self.characters(),
            None => Err((XmlErrorKind::UnexpectedEnd, self.state.at)),
        }
    }

    /// Before and behind the root element.
    fn around(&mut self) -> Step<Event<'a>> {
        let bytes = self.text.as_bytes();
        let is_start = self.state.phase == Phase::Prolog;
        if is_start && self.state.at == self.state.began && self.opens_declaration() {
            self.state.at = self.xml_declaration(self.state.at)?;
        }
        self.state.at = self.blank(self.state.at);
        self.state.began = self.state.at;
        match (bytes.get(self.state.at), bytes.get(self.state.at + 1)) {
            (None, _) if is_start => Err((XmlErrorKind::NoRoot, self.state.at)),
            (None, _) => Ok(Event::Eof),
            (Some(b'<'), Some(b'!')) if bytes[self.state.at..].starts_with(b"<![CDATA[") => {
                Err((XmlErrorKind::TextOutsideRoot, self.state.at))
            }
            (Some(b'<'), Some(b'!')) => self.declaration_like(),
            (Some(b'<'), Some(b'?')) => self.instruction(),
            (Some(b'<'), Some(b'/')) => Err((XmlErrorKind::EndTag, self.state.at)),
            (Some(b'<'), _) if is_start => {
                self.state.phase = Phase::Content;
                self.start_tag()
            }
            (Some(b'<'), _) => Err((XmlErrorKind::SecondRoot, self.state.at)),
            _ => Err((XmlErrorKind::TextOutsideRoot, self.state.at)),
        }
    }

    /// Whether an XML declaration may stand here: at the very beginning.
    fn opens_declaration(&self) -> bool {
        let bytes = self.text.as_bytes();
        let first = if bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        self.state.at == first && self.is_xml_declaration(self.state.at)
    }

    #[inline]
    fn start_tag(&mut self) -> Step<Event<'a>> {
        let bytes = self.text.as_bytes();
        let began = self.state.at;
        let state = &mut self.state;
        let limits = &state.limits;
        if state.open.len() >= limits.max_depth {
            return Err((limit(LimitKind::Depth, limits.max_depth), began));
        }
        state.elements += 1;
        if state.elements > limits.max_elements {
            return Err((limit(LimitKind::Elements, limits.max_elements), began));
        }
        if let Some(parent) = state.open.last_mut() {
            parent.children += 1;
            if parent.children > limits.max_children {
                return Err((limit(LimitKind::Children, limits.max_children), began));
            }
        }
        state.run = 0;
        state.attributes.clear();
        let name = SpelledName::read(self.text, began + 1, limits.max_name)?;
        let mark = state.scopes.mark();
        let mut at = name.end();
        // The common tag has no attribute.
        let empty = if bytes.get(at) == Some(&b'>') {
            at += 1;
            false
        } else {
            loop {
                let next = self.blank(at);
                match bytes.get(next) {
                    Some(b'>') => {
                        at = next + 1;
                        break false;
                    }
                    Some(b'/') if bytes.get(next + 1) == Some(&b'>') => {
                        at = next + 2;
                        break true;
                    }
                    Some(_) if next > at => at = self.attribute_at(next)?,
                    Some(_) => return Err((XmlErrorKind::Tag, next)),
                    None => return Err((XmlErrorKind::UnexpectedEnd, next)),
                }
            }
        };
        let ns = self.resolve(name, false)?;
        if !self.state.attributes.is_empty() {
            self.finish_attributes()?;
        }
        self.state.at = at;
        self.state.empty = empty;
        self.state.open.push(Open { name, ns, mark, children: 0 });
        Ok(Event::Start)
    }

    /// Reads one attribute; gives where it ends.
    fn attribute_at(&mut self, began: usize) -> Step<usize> {
        let bytes = self.text.as_bytes();
        let limits = &self.state.limits;
        if self.state.attributes.len() >= limits.max_attributes {
            return Err((limit(LimitKind::Attributes, limits.max_attributes), began));
        }
        let name = SpelledName::read(self.text, began, limits.max_name)?;
        let equals = self.blank(name.end());
        match bytes.get(equals) {
            Some(b'=') => {}
            Some(_) => return Err((XmlErrorKind::Tag, equals)),
            None => return Err((XmlErrorKind::UnexpectedEnd, equals)),
        }
        let open = self.blank(equals + 1);
        let quote = match bytes.get(open) {
            Some(&quote @ (b'"' | b'\'')) => quote,
            Some(_) => return Err((XmlErrorKind::Tag, open)),
            None => return Err((XmlErrorKind::UnexpectedEnd, open)),
        };
        let mut at = open + 1;
        let mut plain = true;
        loop {
            match bytes.get(at) {
                Some(&byte) if byte == quote => break,
                Some(b'<') => return Err((XmlErrorKind::LessThanInAttribute, at)),
                Some(b'&') => {
                    plain = false;
                    at = self.reference(at)?;
                }
                Some(&byte) => {
                    plain &= byte >= b' ';
                    at += 1;
                }
                None => return Err((XmlErrorKind::UnexpectedEnd, at)),
            }
        }
        let value = Span::new(open + 1, at);
        if value.len() > limits.max_attribute {
            return Err((limit(LimitKind::Attribute, limits.max_attribute), value.start));
        }
        let declares = match (name.prefix(), name.local()) {
            (None, local) if local.of(self.text) == "xmlns" => Some((0, 0)),
            (Some(prefix), local) if prefix.of(self.text) == "xmlns" => Some((local.start, local.end)),
            _ => None,
        };
        if let Some(prefix) = declares {
            let uri = attribute_value(value.of(self.text), plain);
            // A second declaration of one prefix in one tag would be a second attribute of that name.
            let spelt = bytes.get(prefix.0..prefix.1).unwrap_or_default();
            if self.state.attributes.iter().any(|a| a.is_declaration_of(self.text, spelt)) {
                return Err((XmlErrorKind::DuplicateAttribute, began));
            }
            let limits = &self.state.limits;
            self.state.scopes.declare(bytes, prefix, &uri, limits).map_err(|kind| (kind, began))?;
        }
        self.state.attributes.push(Given { name, ns: Ns::NONE, value, plain });
        Ok(at + 1)
    }

    fn resolve(&self, name: SpelledName, is_attribute: bool) -> Step<Ns> {
        let bytes = self.text.as_bytes();
        match name.prefix() {
            None if is_attribute => Ok(Ns::NONE),
            None => Ok(self.state.scopes.find(bytes, b"").unwrap_or(Ns::NONE)),
            Some(prefix) => {
                let found = self.state.scopes.find(bytes, prefix.of(self.text).as_bytes());
                found.ok_or((XmlErrorKind::UndeclaredPrefix, name.start()))
            }
        }
    }

    /// With all declarations of the tag read: what the prefixes mean, and that no name stands twice.
    fn finish_attributes(&mut self) -> Step<()> {
        let text = self.text;
        self.state.attributes.retain(|given| !given.is_declaration(text));
        for at in 0..self.state.attributes.len() {
            let name = self.state.attributes[at].name;
            self.state.attributes[at].ns = self.resolve(name, true)?;
        }
        let given = &self.state.attributes;
        let same = |a: &Given, b: &Given| a.ns == b.ns && a.name.local().of(text) == b.name.local().of(text);
        let twice = if given.len() <= FEW {
            let later = |(at, b): (usize, &Given)| given[..at].iter().any(|a| same(a, b)).then_some(at);
            given.iter().enumerate().find_map(later)
        } else {
            // Sorting, not hashing: no choice of names makes it slow.
            let mut order: Vec<usize> = (0..given.len()).collect();
            let key = |at: &usize| (self.state.scopes.name(given[*at].ns), given[*at].name.local().of(text));
            order.sort_by(|a, b| key(a).cmp(&key(b)));
            order.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])).map(|pair| pair[1])
        };
        match twice {
            Some(at) => Err((XmlErrorKind::DuplicateAttribute, given[at].name.start())),
            None => Ok(()),
        }
    }

    #[inline]
    fn end_tag(&mut self) -> Step<Event<'a>> {
        let bytes = self.text.as_bytes();
        let began = self.state.at;
        let Some(open) = self.state.open.last() else { return Err((XmlErrorKind::EndTag, began)) };
        let expected = open.name.all().of(self.text).as_bytes();
        let name = began + 2;
        if !bytes[name..].starts_with(expected) {
            let short = bytes.len().saturating_sub(name) < expected.len();
            return Err((if short { XmlErrorKind::UnexpectedEnd } else { XmlErrorKind::EndTag }, began));
        }
        let at = self.blank(name + expected.len());
        match bytes.get(at) {
            Some(b'>') => {
                self.state.at = at + 1;
                self.leave()
            }
            None => Err((XmlErrorKind::UnexpectedEnd, at)),
            Some(_) => Err((XmlErrorKind::EndTag, began)),
        }
    }

    fn leave(&mut self) -> Step<Event<'a>> {
        self.state.run = 0;
        self.state.ended = self.state.open.pop();
        if self.state.open.is_empty() {
            self.state.phase = Phase::Epilog;
        }
        Ok(Event::End)
    }

    #[inline]
    fn characters(&mut self) -> Step<Event<'a>> {
        let bytes = self.text.as_bytes();
        let began = self.state.at;
        let mut at = began;
        let mut plain = !self.state.has_cr;
        loop {
            match memchr::memchr3(b'<', b'&', b']', &bytes[at..]) {
                None => return Err((XmlErrorKind::UnexpectedEnd, bytes.len())),
                Some(found) => at += found,
            }
            match bytes[at] {
                b'<' => break,
                b'&' => {
                    plain = false;
                    at = self.reference(at)?;
                }
                _ if bytes[at..].starts_with(b"]]>") => return Err((XmlErrorKind::CDataEndInText, at)),
                _ => at += 1,
            }
        }
        self.count_text(at - began, began)?;
        self.state.at = at;
        Ok(Event::Text(Text::new(&self.text[began..at], plain, false)))
    }

    pub(super) fn count_text(&mut self, bytes: usize, at: usize) -> Step<()> {
        self.state.run = self.state.run.saturating_add(bytes);
        let max = self.state.limits.max_text;
        if self.state.run > max { Err((limit(LimitKind::Text, max), at)) } else { Ok(()) }
    }
}

impl Given {
    fn is_declaration(&self, text: &str) -> bool {
        match self.name.prefix() {
            Some(prefix) => prefix.of(text) == "xmlns",
            None => self.name.local().of(text) == "xmlns",
        }
    }

    fn is_declaration_of(&self, text: &str, prefix: &[u8]) -> bool {
        match self.name.prefix() {
            Some(p) => p.of(text) == "xmlns" && self.name.local().of(text).as_bytes() == prefix,
            None => prefix.is_empty() && self.name.local().of(text) == "xmlns",
        }
    }
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    name: QName<'a>,
    raw: &'a str,
    plain: bool,
}

impl<'a> Attribute<'a> {
    /// Its name; without a prefix it is in no namespace (Namespaces §6.2).
    #[must_use]
    pub const fn name(&self) -> QName<'a> {
        self.name
    }

    /// Its value, references replaced and white space made spaces (XML §3.3.3).
    #[must_use]
    pub fn value(&self) -> Cow<'a, str> {
        attribute_value(self.raw, self.plain)
    }
}

/// What a step gives, or the rule and the place where it stopped.
pub(super) type Step<T> = Result<T, (XmlErrorKind, usize)>;

pub(super) const fn limit(limit: LimitKind, max: usize) -> XmlErrorKind {
    XmlErrorKind::Limit { limit, max }
}

/// Up to this many attributes are compared pair by pair.
const FEW: usize = 12;
