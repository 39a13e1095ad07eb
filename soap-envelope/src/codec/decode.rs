//! Reading typed values.

use std::borrow::Cow;

use super::datatypes::Simple;
use super::error::{DecodeError, DecodeErrorKind};
use crate::limits::{LimitKind, Limits};
use crate::xml::{Event, Fragment, QName, Scanner, Text, XSI_NAMESPACE, XmlError, XmlErrorKind, same};

/// A value that can be read from an element.
pub trait Decode: Sized {
    /// The name of the element.
    const NAME: QName<'static>;

    /// Reads attributes, then content, in the order of the document. The cursor stands behind the start tag; the end tag is
    /// checked by the caller, so content that was not asked for is an error.
    ///
    /// # Errors
    /// When the content is not that of the type.
    fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError>;
}

const NIL: QName<'static> = QName::from_static(XSI_NAMESPACE, "nil");

/// Walks through one document, element by element, as the types expect them. Comments and white space between elements are
/// passed over; text between them, and processing instructions, are errors.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    scanner: Scanner<'a>,
    next: Next,
    /// Where the element that was entered last begins.
    entered: usize,
}

/// What is known of what follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Nothing: the scanner's last event is the start of the element that the cursor is in, and its attributes are at hand.
    Fresh,
    /// Nothing, and the attributes are gone.
    Unknown,
    /// The start of a child, already read by the scanner.
    Start,
    /// The end of the element, already read by the scanner.
    End,
}

impl<'a> Cursor<'a> {
    /// Before the root element of a document.
    ///
    /// # Errors
    /// Those of [`Scanner::new`].
    pub fn over(text: &'a str, limits: &Limits) -> Result<Self, XmlError> {
        Ok(Cursor::new(Scanner::new(text, limits)?))
    }

    pub(crate) fn new(scanner: Scanner<'a>) -> Self {
        Cursor { scanner, next: Next::Unknown, entered: 0 }
    }

    /// Before the child whose start was the scanner's last event.
    pub(crate) fn before(scanner: Scanner<'a>) -> Self {
        Cursor { scanner, next: Next::Start, entered: 0 }
    }

    /// Behind the end of an element.
    pub(crate) fn at_end(scanner: Scanner<'a>) -> Self {
        Cursor { scanner, next: Next::End, entered: 0 }
    }

    pub(crate) fn into_scanner(self) -> Scanner<'a> {
        self.scanner
    }

    /// Reads the root element of a document to the end of the document.
    ///
    /// # Errors
    /// When it is another element, its content is not that of the type, or the document is not well-formed to its end.
    pub fn root<T: Decode>(mut self) -> Result<T, DecodeError> {
        let value = self.child()?;
        while self.scanner.next_event()? != Event::Eof {}
        Ok(value)
    }

    /// The name of the next child; `None` at the end of the element.
    ///
    /// # Errors
    /// At text, at a processing instruction, and where the document is not well-formed.
    #[inline]
    pub fn peek(&mut self) -> Result<Option<QName<'_>>, DecodeError> {
        self.advance()?;
        Ok((self.next == Next::Start).then(|| self.scanner.name()))
    }

    /// Reads the next child, which has to be there.
    ///
    /// # Errors
    /// When it is another element, or not a value of the type.
    pub fn child<T: Decode>(&mut self) -> Result<T, DecodeError> {
        self.element(T::NAME, T::decode)
    }

    /// Reads the next child if it has the name of the type.
    ///
    /// # Errors
    /// When it is not a value of the type.
    pub fn optional_child<T: Decode>(&mut self) -> Result<Option<T>, DecodeError> {
        if self.is_at(T::NAME)? { self.child().map(Some) } else { Ok(None) }
    }

    /// Reads all next children that have the name of the type.
    ///
    /// # Errors
    /// When one is not a value of the type.
    pub fn children<T: Decode>(&mut self) -> Result<Vec<T>, DecodeError> {
        let mut values = Vec::new();
        while self.is_at(T::NAME)? {
            values.push(self.child()?);
        }
        Ok(values)
    }

    /// Goes into the next child, which has to have this name, and out of it behind its end.
    ///
    /// # Errors
    /// When it is another element, and those of `read`; also when `read` leaves content.
    #[inline]
    pub fn element<R>(
        &mut self,
        name: QName<'_>,
        read: impl FnOnce(&mut Self) -> Result<R, DecodeError>,
    ) -> Result<R, DecodeError> {
        self.enter(name)?;
        let value = read(self)?;
        self.end()?;
        Ok(value)
    }

    /// The same where the child may be absent.
    ///
    /// # Errors
    /// Those of [`Cursor::element`] where it is there.
    pub fn optional_element<R>(
        &mut self,
        name: QName<'_>,
        read: impl FnOnce(&mut Self) -> Result<R, DecodeError>,
    ) -> Result<Option<R>, DecodeError> {
        if self.is_at(name)? { self.element(name, read).map(Some) } else { Ok(None) }
    }

    /// Reads a child that holds nothing but a simple value.
    ///
    /// # Errors
    /// When it is another element, is nil, has children, or its text is no value of the type.
    #[inline]
    pub fn value<V: Simple>(&mut self, name: QName<'_>) -> Result<V, DecodeError> {
        self.enter(name)?;
        if self.is_nil()? {
            return Err(self.error(DecodeErrorKind::Nil));
        }
        self.simple_to_end()
    }

    /// The same where the child may be absent.
    ///
    /// # Errors
    /// Those of [`Cursor::value`] where it is there.
    pub fn optional_value<V: Simple>(&mut self, name: QName<'_>) -> Result<Option<V>, DecodeError> {
        if self.is_at(name)? { self.value(name).map(Some) } else { Ok(None) }
    }

    /// The same where the child has to be there, and may say `xsi:nil="true"`.
    ///
    /// # Errors
    /// Those of [`Cursor::value`], and for content in an element that is nil.
    pub fn nillable_value<V: Simple>(&mut self, name: QName<'_>) -> Result<Option<V>, DecodeError> {
        self.enter(name)?;
        if !self.is_nil()? {
            return self.simple_to_end().map(Some);
        }
        // Not even white space (XML Schema Part 1 §3.3.4).
        let event = loop {
            match self.scanner.next_event()? {
                Event::Comment(_) => {}
                event => break event,
            }
        };
        if event != Event::End {
            return Err(self.error(DecodeErrorKind::Nil));
        }
        self.next = Next::Unknown;
        Ok(None)
    }

    /// Reads all next children of this name as simple values.
    ///
    /// # Errors
    /// Those of [`Cursor::value`].
    pub fn values<V: Simple>(&mut self, name: QName<'_>) -> Result<Vec<V>, DecodeError> {
        let mut values = Vec::new();
        while self.is_at(name)? {
            values.push(self.value(name)?);
        }
        Ok(values)
    }

    /// Reads the content of the element that the cursor is in as a simple value.
    ///
    /// # Errors
    /// When it has children, or its text is no value of the type.
    pub fn content<V: Simple>(&mut self) -> Result<V, DecodeError> {
        let value = self.simple_to_end()?;
        self.next = Next::End;
        Ok(value)
    }

    /// Reads an attribute of the element that the cursor is in.
    ///
    /// # Errors
    /// When it is missing, is no value of the type, or when content has been looked at before.
    pub fn attribute<V: Simple>(&self, name: QName<'_>) -> Result<V, DecodeError> {
        let found = self.optional_attribute(name)?;
        found.ok_or_else(|| self.error(DecodeErrorKind::Attribute { expected: name.to_owned() }))
    }

    /// The same where it may be absent.
    ///
    /// # Errors
    /// Those of [`Cursor::attribute`] where it is there.
    pub fn optional_attribute<V: Simple>(&self, name: QName<'_>) -> Result<Option<V>, DecodeError> {
        if self.next != Next::Fresh {
            return Err(self.error(DecodeErrorKind::AttributesPassed));
        }
        self.scanner.attribute(name).map(|value| self.parse(value)).transpose()
    }

    /// The name of the element that the cursor is in, as long as its content has not been looked at; later that of what was
    /// read last.
    #[must_use]
    pub fn name(&self) -> QName<'_> {
        self.scanner.name()
    }

    /// Takes the next child as it is.
    ///
    /// # Errors
    /// When there is none.
    pub fn any(&mut self) -> Result<Fragment, DecodeError> {
        self.advance()?;
        if self.next != Next::Start {
            let expected = QName::from_static("", "any").to_owned();
            return Err(self.error(DecodeErrorKind::Expected { expected, found: None }));
        }
        let fragment = Fragment::capture(&mut self.scanner)?;
        self.next = Next::Unknown;
        Ok(fragment)
    }

    /// Passes over the children that are left.
    ///
    /// # Errors
    /// At a processing instruction, and where the document is not well-formed.
    pub fn skip_rest(&mut self) -> Result<(), DecodeError> {
        if self.next == Next::End {
            return Ok(());
        }
        let mut depth = self.scanner.depth();
        // The start of a child has been read.
        if self.next == Next::Start {
            depth = depth.saturating_sub(1);
        }
        loop {
            match self.scanner.next_event()? {
                Event::Instruction { .. } => return Err(self.error(DecodeErrorKind::Instruction)),
                Event::End if self.scanner.depth() < depth => {
                    self.next = Next::End;
                    return Ok(());
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    /// What a prefix means here, for content that holds names; the empty one is the default namespace.
    #[must_use]
    pub fn namespace(&self, prefix: &str) -> Option<&str> {
        self.scanner.namespace(prefix)
    }

    /// Passes over text up to the next child; whether there is one.
    pub(crate) fn skip_text(&mut self) -> Result<bool, DecodeError> {
        loop {
            match self.advance() {
                Err(error) if *error.kind() == DecodeErrorKind::Text => {}
                other => return other.map(|()| self.next == Next::Start),
            }
        }
    }

    pub(crate) fn crosses(&self, limit: LimitKind, max: usize) -> DecodeError {
        self.scanner.error_at(XmlErrorKind::Limit { limit, max }, self.scanner.offset()).into()
    }

    /// An error at this place, for rules that a type has beyond its structure.
    #[must_use]
    pub fn invalid(&self, why: impl Into<String>) -> DecodeError {
        self.error(DecodeErrorKind::Value(why.into()))
    }

    /// Goes behind the end of the element.
    pub(crate) fn end(&mut self) -> Result<(), DecodeError> {
        self.advance()?;
        match self.next {
            Next::End => {
                self.next = Next::Unknown;
                Ok(())
            }
            _ => {
                let found = self.scanner.name().to_owned();
                Err(self.error(DecodeErrorKind::Unexpected { found }))
            }
        }
    }

    /// Finds the next child or the end of the element.
    #[inline]
    fn advance(&mut self) -> Result<(), DecodeError> {
        if matches!(self.next, Next::Start | Next::End) {
            return Ok(());
        }
        self.next = loop {
            match self.scanner.next_event()? {
                Event::Start => break Next::Start,
                Event::End | Event::Eof => break Next::End,
                Event::Text(text) if !text.is_cdata() && text.is_blank() => {}
                Event::Text(_) => return Err(self.error(DecodeErrorKind::Text)),
                Event::Comment(_) => {}
                Event::Instruction { .. } => return Err(self.error(DecodeErrorKind::Instruction)),
            }
        };
        Ok(())
    }

    #[inline]
    fn is_at(&mut self, name: QName<'_>) -> Result<bool, DecodeError> {
        self.advance()?;
        let found = self.scanner.name();
        Ok(self.next == Next::Start
            && same(found.local().as_bytes(), name.local().as_bytes())
            && found.namespace() == name.namespace())
    }

    #[inline]
    pub(crate) fn enter(&mut self, name: QName<'_>) -> Result<(), DecodeError> {
        if self.is_at(name)? {
            self.next = Next::Fresh;
            self.entered = self.scanner.offset();
            return Ok(());
        }
        let found = (self.next == Next::Start).then(|| self.scanner.name().to_owned());
        Err(self.error(DecodeErrorKind::Expected { expected: name.to_owned(), found }))
    }

    fn is_nil(&self) -> Result<bool, DecodeError> {
        match self.scanner.attributes().find(|attribute| attribute.name() == NIL) {
            Some(nil) => self.parse(nil.value()),
            None => Ok(false),
        }
    }

    /// Text up to the end of the element, and behind it.
    #[inline]
    fn simple_to_end<V: Simple>(&mut self) -> Result<V, DecodeError> {
        match self.next {
            Next::End => return self.parse(Cow::Borrowed("")),
            Next::Start => {
                let found = self.scanner.name().to_owned();
                return Err(self.error(DecodeErrorKind::Unexpected { found }));
            }
            Next::Fresh | Next::Unknown => {}
        }
        let mut all = match self.piece()? {
            None => Cow::Borrowed(""),
            Some(first) => first.value(),
        };
        // One piece is the rule; then `piece` has come to the end with the second call.
        if self.next != Next::End {
            while let Some(more) = self.piece()? {
                all.to_mut().push_str(&more.value());
            }
        }
        let value = self.parse(all)?;
        self.next = Next::Unknown;
        Ok(value)
    }

    /// The next piece of text; at the end of the element `None`.
    #[inline]
    fn piece(&mut self) -> Result<Option<Text<'a>>, DecodeError> {
        loop {
            match self.scanner.next_event()? {
                Event::Text(text) => {
                    self.next = Next::Unknown;
                    return Ok(Some(text));
                }
                Event::End | Event::Eof => {
                    self.next = Next::End;
                    return Ok(None);
                }
                Event::Start => {
                    let found = self.scanner.name().to_owned();
                    return Err(self.error(DecodeErrorKind::Unexpected { found }));
                }
                Event::Comment(_) => {}
                Event::Instruction { .. } => return Err(self.error(DecodeErrorKind::Instruction)),
            }
        }
    }

    #[inline]
    fn parse<V: Simple>(&self, text: Cow<'_, str>) -> Result<V, DecodeError> {
        V::parse_cow(text).map_err(|why| {
            // By now the scanner may stand at the end of the element.
            DecodeError::here(DecodeErrorKind::Value(why.to_string()), &self.scanner, self.entered)
        })
    }

    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::here(kind, &self.scanner, self.scanner.offset())
    }
}
