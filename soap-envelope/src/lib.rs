//! SOAP 1.1 and 1.2 without I/O: a strict XML scanner, typed values, envelopes with header blocks and faults, the processing
//! model, the HTTP binding, and both ends of an exchange. Adapters move the bytes.
//!
//! The standards are [SOAP 1.1](https://www.w3.org/TR/2000/NOTE-SOAP-20000508/), SOAP 1.2
//! [Part 1](https://www.w3.org/TR/soap12-part1/) and [Part 2](https://www.w3.org/TR/soap12-part2/),
//! [XML 1.0](https://www.w3.org/TR/xml/), [Namespaces in XML 1.0](https://www.w3.org/TR/xml-names/) and
//! [XML Schema Part 2](https://www.w3.org/TR/xmlschema-2/).
//!
//! ```
//! use soap_envelope::envelope::Message;
//! use soap_envelope::{Limits, Version};
//!
//! let text = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'>
//!   <s:Body><u:GetUser xmlns:u='urn:u'><u:UserId>7</u:UserId></u:GetUser></s:Body>
//! </s:Envelope>";
//! let message = Message::read(text, None, &Limits::DEFAULT)?;
//! assert_eq!(message.version(), Version::Soap11);
//! assert!(message.body_name().is_some_and(|name| name.local() == "GetUser"));
//! # Ok::<(), soap_envelope::Error>(())
//! ```
//!
//! # Modules and features
//!
//! | where | what | feature |
//! |---|---|---|
//! | [`xml`] | scanner, writer, names, encodings | none |
//! | [`codec`] | `Decode`, `Encode`, the simple types of XML Schema | none |
//! | [`envelope`] | messages, header blocks, faults, the processing model | none |
//! | [`bind`] | HTTP: media types, actions, statuses | none |
//! | [`server`] | a service, its exchange with a client, dispatch to handlers, a served WSDL | none |
//! | [`client`] | the exchange seen from the other end | none |
//! | [`Limits`] | what a hostile peer is held to | none |
//! | `tower` | a service over any `http_body::Body` | `tower` |
#![forbid(unsafe_code)]

pub mod bind;
pub mod client;
pub mod codec;
pub mod envelope;
mod error;
mod exchange;
mod limits;
pub mod server;
#[cfg(feature = "tower")]
pub mod tower;
pub mod xml;

pub use envelope::Version;
pub use error::Error;
pub use exchange::{Exchange, Input, Side, Transmit};
pub use limits::{LimitKind, Limits};

#[cfg(doctest)]
#[cfg(feature = "tower")]
#[doc = include_str!("../README.md")]
struct Readme;
