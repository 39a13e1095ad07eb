//! Envelopes of both versions: reading, writing, header blocks, faults, and the processing model.
//!
//! ```
//! use soap_envelope::{Limits, Version};
//! use soap_envelope::envelope::{Fault, FaultCode, Message, MessageWriter};
//! use soap_envelope::xml::QName;
//!
//! let fault = Fault::sender("there is no user 7").subcode(QName::from_static("urn:u", "NotFound"));
//! let text = MessageWriter::new(Version::Soap12).fault(&fault)?;
//! let message = Message::read(text.to_vec(), None, &Limits::DEFAULT)?;
//! let read = message.fault()?.expect("the body holds a fault");
//! assert_eq!(read.code(), &FaultCode::Sender);
//! assert_eq!((read.reason(), read.subcodes()[0].local()), ("there is no user 7", "NotFound"));
//! # Ok::<(), soap_envelope::Error>(())
//! ```

mod fault;
mod fault_wire;
mod header;
mod process;
mod reader;
mod version;
mod writer;

pub use fault::{Fault, FaultCode, Reason};
pub use header::{HeaderBlock, Role, Targeting};
pub use process::{Disposition, Node};
pub use reader::Message;
pub use version::Version;
pub use writer::MessageWriter;
