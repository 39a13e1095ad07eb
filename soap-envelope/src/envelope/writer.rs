//! Writing an envelope.

use bytes::Bytes;

use super::fault::Fault;
use super::header::Targeting;
use super::version::Version;
use crate::codec::Encode;
use crate::xml::{EncodeError, Fragment, Writer};

/// Writes a message: header blocks first, then the body.
///
/// ```
/// use soap_envelope::Version;
/// use soap_envelope::envelope::MessageWriter;
/// use soap_envelope::xml::Fragment;
/// use soap_envelope::Limits;
///
/// let token = Fragment::parse("<u:AuthToken xmlns:u='urn:u'>abc</u:AuthToken>", &Limits::DEFAULT)?;
/// let bytes = MessageWriter::new(Version::Soap11).block(&token)?.empty()?;
/// assert!(bytes.starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s:Envelope xmlns:s="));
/// assert!(bytes.ends_with(b"</s:Header><s:Body/></s:Envelope>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MessageWriter {
    version: Version,
    preferred: Vec<(&'static str, &'static str)>,
    /// Begun with the first header block.
    writer: Option<Writer>,
}

impl MessageWriter {
    /// A message of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        MessageWriter { version, preferred: Vec::new(), writer: None }
    }

    /// Asks for a prefix, as [`Writer::prefer`] does.
    #[must_use]
    pub fn prefer(mut self, prefix: &'static str, namespace: &'static str) -> Self {
        self.preferred.push((prefix, namespace));
        self
    }

    /// Adds a header block.
    ///
    /// # Errors
    /// Those of the value, and for a value whose name has no namespace.
    pub fn header<T: Encode>(mut self, value: &T, targeting: &Targeting) -> Result<Self, EncodeError> {
        let version = self.version;
        if T::NAME.namespace().is_empty() {
            return Err(EncodeError::UnqualifiedHeader(T::NAME.local().to_owned()));
        }
        let w = self.in_header()?;
        w.start(T::NAME)?;
        if targeting.must_understand {
            w.attribute(
                version.name("mustUnderstand"),
                if version == Version::Soap11 { "1" } else { "true" },
            )?;
        }
        if let Some(uri) = targeting.role.uri(version) {
            w.attribute(version.name(if version == Version::Soap11 { "actor" } else { "role" }), uri)?;
        }
        if targeting.relay && version == Version::Soap12 {
            w.attribute(version.name("relay"), "true")?;
        }
        value.encode(w)?;
        w.end()?;
        Ok(self)
    }

    /// Adds a header block that is text already, with its targeting in it, such as one that an intermediary passes on.
    ///
    /// # Errors
    /// For a block whose name has no namespace.
    pub fn block(mut self, block: &Fragment) -> Result<Self, EncodeError> {
        if block.name().namespace().is_empty() {
            return Err(EncodeError::UnqualifiedHeader(block.name().local().to_owned()));
        }
        self.in_header()?.fragment(block)?;
        Ok(self)
    }

    /// Ends the message with a value in its body.
    ///
    /// # Errors
    /// Those of the value.
    pub fn body<T: Encode>(self, value: &T) -> Result<Bytes, EncodeError> {
        self.finish(value.size_hint(), |w| w.element(value))
    }

    /// Ends the message with an element that is text already.
    ///
    /// # Errors
    /// None beyond those of the header blocks.
    pub fn body_fragment(self, element: &Fragment) -> Result<Bytes, EncodeError> {
        self.finish(element.as_str().len(), |w| w.fragment(element))
    }

    /// Ends the message with a fault, and the header blocks that go with it.
    ///
    /// # Errors
    /// None for a fault that was made or read by this crate.
    pub fn fault(mut self, fault: &Fault) -> Result<Bytes, EncodeError> {
        let version = self.version;
        if fault.has_blocks(version) {
            fault.write_blocks(version, self.in_header()?)?;
        }
        self.finish(512, |w| fault.write(version, w))
    }

    /// Ends the message with an empty body.
    ///
    /// # Errors
    /// None beyond those of the header blocks.
    pub fn empty(self) -> Result<Bytes, EncodeError> {
        self.finish(0, |_| Ok(()))
    }

    fn in_header(&mut self) -> Result<&mut Writer, EncodeError> {
        if self.writer.is_none() {
            let mut w = self.begin(0)?;
            w.start(self.version.header())?;
            self.writer = Some(w);
        }
        self.writer.as_mut().ok_or(EncodeError::Unbalanced)
    }

    fn begin(&self, bytes: usize) -> Result<Writer, EncodeError> {
        let mut w = Writer::with_declaration(bytes.saturating_add(512));
        w.prefer("s", self.version.namespace());
        for (prefix, namespace) in &self.preferred {
            w.prefer(*prefix, *namespace);
        }
        w.start(self.version.envelope())?;
        Ok(w)
    }

    fn finish(
        mut self,
        bytes: usize,
        write: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
    ) -> Result<Bytes, EncodeError> {
        let mut w = match self.writer.take() {
            Some(mut w) => {
                w.end()?;
                w
            }
            None => self.begin(bytes)?,
        };
        w.start(self.version.name("Body"))?;
        write(&mut w)?;
        w.end()?;
        w.end()?;
        Ok(w.finish()?.into())
    }
}
