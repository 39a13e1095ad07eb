//! Typed values: [`Decode`] reads an element through a [`Cursor`], [`Encode`] writes one through a
//! [`Writer`](crate::xml::Writer), and [`Simple`] is a value in text, with the lexical rules of XML Schema.
//!
//! ```
//! use soap_envelope::codec::{Cursor, Decode, DecodeError, Encode};
//! use soap_envelope::xml::{EncodeError, Fragment, QName, Writer};
//! use soap_envelope::Limits;
//!
//! const NS: &str = "urn:octavo:users:v1";
//!
//! #[derive(Debug, PartialEq)]
//! struct User { id: i64, name: String, email: Option<String> }
//!
//! impl Decode for User {
//!     const NAME: QName<'static> = QName::from_static(NS, "User");
//!     fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
//!         Ok(User {
//!             id: c.value(QName::from_static(NS, "Id"))?,
//!             name: c.value(QName::from_static(NS, "Name"))?,
//!             email: c.optional_value(QName::from_static(NS, "Email"))?,
//!         })
//!     }
//! }
//!
//! impl Encode for User {
//!     const NAME: QName<'static> = QName::from_static(NS, "User");
//!     fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
//!         w.value(QName::from_static(NS, "Id"), &self.id)?;
//!         w.value(QName::from_static(NS, "Name"), &self.name)?;
//!         w.optional_value(QName::from_static(NS, "Email"), self.email.as_ref())
//!     }
//! }
//!
//! let ada = User { id: 7, name: "Ada & Co".into(), email: None };
//! let fragment = Fragment::encode(&ada)?;
//! assert_eq!(fragment.decode::<User>(&Limits::DEFAULT)?, ada);
//!
//! let wrong = fragment.as_str().replace('7', "seven");
//! let error = Fragment::parse(&wrong, &Limits::DEFAULT)?.decode::<User>(&Limits::DEFAULT).unwrap_err();
//! assert_eq!(error.to_string(), "/n1:User/n1:Id: not an xsd:long: it has to be digits with an optional sign (line 1, column 41)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod datatypes;
mod datetime;
mod decode;
mod encode;
mod error;

pub use datatypes::{Base64Binary, Decimal, HexBinary, LexicalError, Simple, WhiteSpace};
pub use datetime::DateTime;
pub use decode::{Cursor, Decode};
pub use encode::Encode;
pub use error::{DecodeError, DecodeErrorKind};
