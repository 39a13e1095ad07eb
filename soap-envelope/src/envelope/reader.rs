//! Reading an envelope.

use super::fault::Fault;
use super::header::{HeaderBlock, Record, Role, Targeting, check_encoding};
use super::process::Node;
use super::version::Version;
use crate::codec::{Cursor, Decode, Simple};
use crate::error::Error;
use crate::limits::{LimitKind, Limits};
use crate::xml::{Event, QName, QNameBuf, Scanner, State, XmlErrorKind, decode, is_blank};

/// A message whose envelope has been read as far as the first element in its body.
///
/// The rest is read by [`Message::decode`], in one pass with the value, to the end of the document; so nothing is scanned
/// twice and nothing acts on a message that is not well-formed to its end. The text is kept, and lent to what is read from it.
///
/// ```
/// use soap_envelope::{Limits, Version, envelope::Message, xml::QName};
///
/// let text = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'>
///   <s:Header><t:Trace xmlns:t='urn:t' s:mustUnderstand='true'/></s:Header>
///   <s:Body><u:GetUser xmlns:u='urn:u'><u:Id>7</u:Id></u:GetUser></s:Body>
/// </s:Envelope>";
/// let message = Message::read(text, None, &Limits::DEFAULT)?;
/// assert_eq!(message.version(), Version::Soap12);
/// assert!(message.headers().next().is_some_and(|block| block.targeting().must_understand));
/// assert_eq!(message.body_name(), Some(QName::from_static("urn:u", "GetUser")));
/// # Ok::<(), soap_envelope::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Message {
    text: String,
    limits: Limits,
    version: Version,
    blocks: Vec<Record>,
    body: Body,
    /// The scanner behind the start of the first element in the body, or behind the end of an empty body.
    state: State,
}

#[derive(Clone, Debug)]
enum Body {
    Empty,
    Element { name: QNameBuf, encoding_style: Option<String> },
}

impl Message {
    /// Reads from bytes; `charset` is the parameter of the content type, where there was one.
    ///
    /// # Errors
    /// When the bytes are no text, the text is not well-formed up to the body, or the envelope breaks a rule of its version.
    pub fn read(bytes: impl Into<Vec<u8>>, charset: Option<&str>, limits: &Limits) -> Result<Self, Error> {
        let text = decode(bytes, charset)?;
        let read = Reading::begin(&text, limits)?;
        let (version, blocks, body, state) = read.into_body()?;
        Ok(Message { limits: limits.clone(), version, blocks, body, state, text })
    }

    /// The version, by the namespace of the envelope.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The header blocks, in their order.
    pub fn headers(&self) -> impl Iterator<Item = HeaderBlock<'_>> {
        self.blocks.iter().map(|record| HeaderBlock {
            record,
            text: &self.text,
            limits: &self.limits,
            version: self.version,
        })
    }

    /// The first header block of this name that is for a node.
    #[must_use]
    pub fn header(&self, node: &Node, name: QName<'_>) -> Option<HeaderBlock<'_>> {
        self.headers().find(|block| block.name() == name && node.is_target(&block.targeting().role))
    }

    /// The name of the first element in the body; `None` for an empty body.
    #[must_use]
    pub fn body_name(&self) -> Option<QName<'_>> {
        match &self.body {
            Body::Empty => None,
            Body::Element { name, .. } => Some(name.as_qname()),
        }
    }

    /// Whether the body holds a fault.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        self.body_name() == Some(self.version.fault())
    }

    /// Reads the element in the body as a value, and the document to its end.
    ///
    /// # Errors
    /// When the body is empty or holds more or other than the value, when the encoding of the body is not plain XML, and where
    /// the rest of the document is not well-formed.
    pub fn decode<T: Decode>(&self) -> Result<T, Error> {
        self.with_body(|cursor| cursor.child())
    }

    /// Reads the rest of a message whose body is empty.
    ///
    /// # Errors
    /// When the body is not empty, and where the rest of the document is not well-formed.
    pub fn decode_empty(&self) -> Result<(), Error> {
        self.with_body(|_| Ok(()))
    }

    /// Reads the fault in the body, with what its header blocks say of it; `None` when the body holds something else.
    ///
    /// # Errors
    /// When the fault breaks a rule of its version.
    pub fn fault(&self) -> Result<Option<Fault>, Error> {
        if !self.is_fault() {
            return Ok(None);
        }
        let fault = self.with_body(|cursor| Fault::read(cursor, self.version, &self.limits))?;
        fault.with_blocks(self.version, self.headers()).map(Some)
    }

    fn with_body<R>(
        &self,
        read: impl FnOnce(&mut Cursor<'_>) -> Result<R, crate::codec::DecodeError>,
    ) -> Result<R, Error> {
        let scanner = Scanner::resume(&self.text, self.state.clone());
        let mut cursor = match &self.body {
            Body::Empty => Cursor::at_end(scanner),
            Body::Element { encoding_style, .. } => {
                check_encoding(self.version, encoding_style.as_deref())?;
                Cursor::before(scanner)
            }
        };
        let value = read(&mut cursor)?;
        cursor.end()?;
        Reading { scanner: cursor.into_scanner(), version: self.version }.behind_body()?;
        Ok(value)
    }
}

/// The part of the reading that knows the structure of envelopes.
struct Reading<'a> {
    scanner: Scanner<'a>,
    version: Version,
}

impl<'a> Reading<'a> {
    fn begin(text: &'a str, limits: &Limits) -> Result<Self, Error> {
        let mut scanner = Scanner::new(text, limits)?;
        loop {
            match scanner.next_event()? {
                Event::Start => break,
                Event::Instruction { .. } => return Err(rule(&scanner, INSTRUCTION)),
                _ => {}
            }
        }
        let name = scanner.name();
        let version = match Version::of_namespace(name.namespace()) {
            Some(version) if name.local() == "Envelope" => version,
            _ => return Err(Error::Version { found: name.to_owned() }),
        };
        let reading = Reading { scanner, version };
        reading.check_attributes()?;
        Ok(reading)
    }

    /// SOAP 1.2 Part 1 §5.1, §5.1.1, §5.2, §5.3: attributes of the three outer elements are qualified, and `encodingStyle` is
    /// not among them.
    fn check_attributes(&self) -> Result<(), Error> {
        if self.version == Version::Soap11 {
            return Ok(());
        }
        for attribute in self.scanner.attributes() {
            if attribute.name().namespace().is_empty() {
                return Err(rule(&self.scanner, "an attribute of the envelope that has no namespace"));
            }
            if attribute.name() == self.version.name("encodingStyle") {
                return Err(rule(&self.scanner, "an encodingStyle on the envelope, its header or its body"));
            }
        }
        Ok(())
    }

    fn into_body(mut self) -> Result<(Version, Vec<Record>, Body, State), Error> {
        let mut blocks = Vec::new();
        let mut had_header = false;
        loop {
            if !self.next_child()? {
                return Err(rule(&self.scanner, "the envelope has no body"));
            }
            let name = self.scanner.name();
            if name == self.version.body() {
                break;
            }
            if name != self.version.header() || had_header {
                return Err(rule(&self.scanner, "the envelope holds one optional header, then one body"));
            }
            had_header = true;
            self.check_attributes()?;
            while self.next_child()? {
                blocks.push(self.block(blocks.len())?);
            }
        }
        self.check_attributes()?;
        let body = if self.next_child()? {
            let encoding_style = self.encoding_style();
            Body::Element { name: self.scanner.name().to_owned(), encoding_style }
        } else {
            Body::Empty
        };
        Ok((self.version, blocks, body, self.scanner.suspend()))
    }

    fn block(&mut self, before: usize) -> Result<Record, Error> {
        let max = self.scanner.limits().max_header_blocks;
        if before >= max {
            let kind = XmlErrorKind::Limit { limit: LimitKind::HeaderBlocks, max };
            return Err(self.scanner.error_at(kind, self.scanner.offset()).into());
        }
        let name = self.scanner.name().to_owned();
        // SOAP 1.1 §4.2.1, SOAP 1.2 Part 1 §5.2.1.
        if name.namespace().is_empty() {
            return Err(rule(&self.scanner, "a header block that has no namespace"));
        }
        let targeting = self.targeting()?;
        let encoding_style = self.encoding_style();
        let (begin, scopes) = (self.scanner.offset(), self.scanner.outer_scopes());
        let depth = self.scanner.depth();
        while self.scanner.depth() >= depth {
            if let Event::Instruction { .. } = self.scanner.next_event()? {
                return Err(rule(&self.scanner, INSTRUCTION));
            }
        }
        Ok(Record { name, targeting, encoding_style, begin, end: self.scanner.position(), scopes })
    }

    /// The attributes of a header block. SOAP 1.1 §4.2.3 knows `0` and `1` only, SOAP 1.2 Part 1 §5.2.3 all of `xsd:boolean`.
    fn targeting(&self) -> Result<Targeting, Error> {
        let flag = |local: &'static str| match self.scanner.attribute(self.version.name(local)) {
            None => Ok(false),
            Some(value) => match (self.version, &*value) {
                (Version::Soap11, "0") => Ok(false),
                (Version::Soap11, "1") => Ok(true),
                (Version::Soap12, text) if let Ok(value) = bool::parse(text) => Ok(value),
                _ => Err(rule(&self.scanner, "a mustUnderstand or relay that is no boolean of its version")),
            },
        };
        let role = match self.version {
            Version::Soap11 => self.scanner.attribute(self.version.name("actor")),
            Version::Soap12 => self.scanner.attribute(self.version.name("role")),
        };
        let mut targeting = Targeting::new();
        targeting.role = role.map_or(Role::UltimateReceiver, |uri| Role::of_uri(self.version, uri.trim()));
        targeting.must_understand = flag("mustUnderstand")?;
        targeting.relay = self.version == Version::Soap12 && flag("relay")?;
        Ok(targeting)
    }

    fn encoding_style(&self) -> Option<String> {
        self.scanner.attribute(self.version.name("encodingStyle")).map(|style| style.trim().to_owned())
    }

    /// From behind the end of the body to the end of the document.
    fn behind_body(&mut self) -> Result<(), Error> {
        // SOAP 1.1 §4 lets qualified elements follow the body; nobody has given them a meaning.
        while self.next_child()? {
            if self.version == Version::Soap12 || self.scanner.name().namespace().is_empty() {
                return Err(rule(&self.scanner, "an element behind the body"));
            }
            let depth = self.scanner.depth();
            while self.scanner.depth() >= depth {
                self.scanner.next_event()?;
            }
        }
        loop {
            match self.scanner.next_event()? {
                Event::Eof => return Ok(()),
                Event::Instruction { .. } => return Err(rule(&self.scanner, INSTRUCTION)),
                _ => {}
            }
        }
    }

    /// Whether a child begins before the element ends.
    fn next_child(&mut self) -> Result<bool, Error> {
        loop {
            match self.scanner.next_event()? {
                Event::Start => return Ok(true),
                Event::End | Event::Eof => return Ok(false),
                Event::Comment(_) => {}
                Event::Text(text) if is_blank(&text.value()) => {}
                Event::Text(_) => {
                    return Err(rule(&self.scanner, "text directly in the envelope, its header or its body"));
                }
                Event::Instruction { .. } => return Err(rule(&self.scanner, INSTRUCTION)),
            }
        }
    }
}

fn rule(scanner: &Scanner<'_>, rule: &'static str) -> Error {
    let at = scanner.error_at(XmlErrorKind::Tag, scanner.offset());
    Error::Envelope { rule, line: at.line(), column: at.column() }
}

const INSTRUCTION: &str = "a processing instruction, which SOAP forbids";
