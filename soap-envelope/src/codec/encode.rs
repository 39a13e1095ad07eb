//! Writing typed values.

use super::datatypes::Simple;
use crate::xml::{EncodeError, QName, Writer, XSI_NAMESPACE};

/// A value that can be written as an element.
pub trait Encode {
    /// The name of the element.
    const NAME: QName<'static>;

    /// Writes attributes, then content; the element itself is begun and ended by the caller.
    ///
    /// # Errors
    /// When a part has no form in XML.
    fn encode(&self, w: &mut Writer) -> Result<(), EncodeError>;

    /// About how many bytes it will take, to be allocated at once.
    fn size_hint(&self) -> usize {
        256
    }
}

const NIL: QName<'static> = QName::from_static(XSI_NAMESPACE, "nil");

impl Writer {
    /// Writes a value as an element of its own name.
    ///
    /// # Errors
    /// Those of the value.
    pub fn element<T: Encode>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element_as(T::NAME, value)
    }

    /// Writes a value as an element of another name.
    ///
    /// # Errors
    /// Those of the value.
    pub fn element_as<T: Encode>(&mut self, name: QName<'_>, value: &T) -> Result<(), EncodeError> {
        self.start(name)?;
        value.encode(self)?;
        self.end()
    }

    /// Writes an element that holds nothing but a simple value.
    ///
    /// # Errors
    /// When the value has no lexical form.
    pub fn value<V: Simple>(&mut self, name: QName<'_>, value: &V) -> Result<(), EncodeError> {
        self.start(name)?;
        self.simple(value)?;
        self.end()
    }

    /// Writes an element that holds nothing but a text.
    ///
    /// # Errors
    /// When the text holds what XML cannot.
    pub fn string(&mut self, name: QName<'_>, text: &str) -> Result<(), EncodeError> {
        self.start(name)?;
        if !text.is_empty() {
            self.text(text)?;
        }
        self.end()
    }

    /// The same as [`Writer::value`] for what may be absent; then nothing is written.
    ///
    /// # Errors
    /// When the value has no lexical form.
    pub fn optional_value<V: Simple>(
        &mut self,
        name: QName<'_>,
        value: Option<&V>,
    ) -> Result<(), EncodeError> {
        value.map_or(Ok(()), |value| self.value(name, value))
    }

    /// The same for what may be nil; then the element says `xsi:nil="true"` and is empty.
    ///
    /// # Errors
    /// When the value has no lexical form.
    pub fn nillable_value<V: Simple>(
        &mut self,
        name: QName<'_>,
        value: Option<&V>,
    ) -> Result<(), EncodeError> {
        if let Some(value) = value {
            return self.value(name, value);
        }
        self.prefer("xsi", XSI_NAMESPACE);
        self.start(name)?;
        self.attribute(NIL, "true")?;
        self.end()
    }

    /// Writes a simple value as the content of the open element.
    ///
    /// # Errors
    /// When the value has no lexical form.
    pub fn simple<V: Simple>(&mut self, value: &V) -> Result<(), EncodeError> {
        let lexical = value.lexical();
        if lexical.is_empty() { Ok(()) } else { self.text(&lexical) }
    }
}
