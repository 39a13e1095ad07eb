//! XML 1.0 with namespaces, as strict as SOAP needs it: [`Scanner`] reads, [`Writer`] writes.
//!
//! | where | what |
//! |---|---|
//! | [`Scanner`], [`Event`], [`Attribute`], [`Text`] | a whole document to events; every rule of well-formedness and of namespaces is checked |
//! | [`decode`] | bytes to text: UTF-8 and UTF-16, by byte order mark, outer charset or declaration |
//! | [`QName`], [`QNameBuf`] | a namespace name and a local name, borrowed or owned |
//! | [`Writer`] | elements, attributes and text to bytes, escaped, with the declarations that are needed |
//! | [`Fragment`] | one element as text that stands alone |
//!
//! The scanner reads a document that has come as a whole. A SOAP node may act only when it has seen every header block and
//! knows that the envelope is well-formed to its end ([SOAP 1.2 §2.6](https://www.w3.org/TR/soap12-part1/#procsoapmsgs)), and
//! an envelope is bounded by [`Limits::max_envelope`](crate::Limits::max_envelope); so the bytes are collected first, and what
//! is read from them is lent, not copied.

mod error;
mod fragment;
mod markup;
mod names;
mod scan;
mod scope;
mod text;
mod write;

pub use error::{EncodeError, XmlError, XmlErrorKind};
pub use fragment::Fragment;
pub use names::{NameError, QName, QNameBuf, is_ncname};
pub use scan::{Attribute, Event, Scanner};
pub use text::{DecodeTextError, Text, decode};
pub use write::Writer;

pub(crate) use markup::is_allowed;
pub(crate) use scan::State;
pub(crate) use scope::{Scopes, same};
pub(crate) use text::is_blank;

/// The namespace that the prefix `xml` is bound to (Namespaces in XML 1.0 §3).
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace that the prefix `xmlns` is bound to.
pub const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";
/// The namespace of `xsi:nil` and `xsi:type` (XML Schema Part 1 §2.6).
pub const XSI_NAMESPACE: &str = "http://www.w3.org/2001/XMLSchema-instance";
