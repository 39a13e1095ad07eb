//! A description that was written by hand, served with the address under which it was asked for.

use core::{error, fmt};

use crate::limits::Limits;
use crate::xml::{Event, QName, Scanner, XmlError};

/// A WSDL 1.1 document, checked to be well-formed.
///
/// ```
/// use soap_envelope::server::Wsdl;
///
/// let wsdl = Wsdl::parse("<d:definitions xmlns:d='http://schemas.xmlsoap.org/wsdl/' xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'>\
///   <d:service><d:port><s:address location='http://localhost/'/></d:port></d:service></d:definitions>")?;
/// assert!(wsdl.at("http://example.org/soap?a&b").contains("<s:address location='http://example.org/soap?a&amp;b'/>"));
/// # Ok::<(), soap_envelope::server::WsdlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wsdl {
    text: String,
    /// Where the addresses of its ports stand, in their order.
    addresses: Vec<(usize, usize)>,
}

const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
const ADDRESSES: [&str; 2] =
    ["http://schemas.xmlsoap.org/wsdl/soap/", "http://schemas.xmlsoap.org/wsdl/soap12/"];
const LOCATION: QName<'static> = QName::from_static("", "location");

impl Wsdl {
    /// Takes a document.
    ///
    /// # Errors
    /// When it is not well-formed, is no WSDL 1.1, or none of its ports has an address.
    pub fn parse(text: impl Into<String>) -> Result<Self, WsdlError> {
        let text = text.into();
        let mut addresses = Vec::new();
        let mut scanner = Scanner::new(&text, &Limits::DEFAULT)?;
        loop {
            match scanner.next_event()? {
                Event::Start => {}
                Event::Eof => break,
                _ => continue,
            }
            if scanner.depth() == 1 && scanner.name() != QName::from_static(WSDL, "definitions") {
                return Err(WsdlError::Root);
            }
            if scanner.name().local() == "address" && ADDRESSES.contains(&scanner.name().namespace()) {
                addresses.extend(scanner.attribute_range(LOCATION));
            }
        }
        if addresses.is_empty() { Err(WsdlError::Address) } else { Ok(Wsdl { addresses, text }) }
    }

    /// The document as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The document with another address for all of its ports.
    #[must_use]
    pub fn at(&self, address: &str) -> String {
        let mut out = String::with_capacity(self.text.len().saturating_add(64));
        let mut from = 0;
        for (start, end) in &self.addresses {
            out.push_str(self.text.get(from..*start).unwrap_or_default());
            for c in address.chars() {
                match c {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&apos;"),
                    c => out.push(c),
                }
            }
            from = *end;
        }
        out.push_str(self.text.get(from..).unwrap_or_default());
        out
    }
}

/// A document that cannot be served as a description.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WsdlError {
    /// It is not well-formed.
    Xml(XmlError),
    /// Its root is not `definitions` of WSDL 1.1.
    Root,
    /// No port has a SOAP address.
    Address,
}

impl fmt::Display for WsdlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WsdlError::Xml(error) => error.fmt(f),
            WsdlError::Root => f.write_str("the root is not the element definitions of WSDL 1.1"),
            WsdlError::Address => f.write_str("no port has an address of SOAP 1.1 or 1.2 with a location"),
        }
    }
}

impl error::Error for WsdlError {}

impl From<XmlError> for WsdlError {
    fn from(error: XmlError) -> Self {
        WsdlError::Xml(error)
    }
}
