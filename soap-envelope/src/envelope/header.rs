//! Header blocks, and whom they are for.

use super::version::Version;
use crate::codec::{Cursor, Decode};
use crate::error::Error;
use crate::limits::Limits;
use crate::xml::{Event, Fragment, QName, QNameBuf, Scanner, Scopes};

/// The role that a header block is targeted at (SOAP 1.1 §4.2.2 `actor`, SOAP 1.2 Part 1 §2.2 `role`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// The node that is the end of the message's path. It is what a block without the attribute is for.
    #[default]
    UltimateReceiver,
    /// Every node on the path.
    Next,
    /// No node; the block is data that others refer to (SOAP 1.2 only).
    None,
    /// A role that some nodes have agreed on, by its URI.
    Other(String),
}

const ULTIMATE_RECEIVER: &str = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";
const NONE: &str = "http://www.w3.org/2003/05/soap-envelope/role/none";

impl Role {
    /// Reads the attribute of a version; an empty `actor` is the ultimate receiver.
    #[must_use]
    pub fn of_uri(version: Version, uri: &str) -> Role {
        match (version, uri) {
            (Version::Soap11, "") | (Version::Soap12, ULTIMATE_RECEIVER) => Role::UltimateReceiver,
            (Version::Soap12, NONE) => Role::None,
            (_, uri) if uri == version.next_role() => Role::Next,
            (_, uri) => Role::Other(uri.to_owned()),
        }
    }

    /// The URI in a version; `None` for the ultimate receiver, whose blocks have no attribute. SOAP 1.1 has no role `none`;
    /// there it is the URI of SOAP 1.2, in which no node acts either.
    #[must_use]
    pub fn uri(&self, version: Version) -> Option<&str> {
        match self {
            Role::UltimateReceiver => None,
            Role::Next => Some(version.next_role()),
            Role::None => Some(NONE),
            Role::Other(uri) => Some(uri),
        }
    }
}

/// The attributes that say what is to be done with a header block.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targeting {
    /// The role it is for.
    pub role: Role,
    /// Who acts in the role has to process the block, or to refuse the message (SOAP 1.1 §4.2.3, SOAP 1.2 Part 1 §5.2.3).
    pub must_understand: bool,
    /// Who acts in the role and does not process the block passes it on (SOAP 1.2 Part 1 §5.2.4; not written in SOAP 1.1).
    pub relay: bool,
}

impl Targeting {
    /// For the ultimate receiver, who may ignore it.
    #[must_use]
    pub fn new() -> Self {
        Targeting::default()
    }

    /// For the ultimate receiver, who must not ignore it.
    #[must_use]
    pub fn mandatory() -> Self {
        Targeting { must_understand: true, ..Targeting::default() }
    }

    /// The same for another role.
    #[must_use]
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }
}

/// Where a header block stands in its message.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) name: QNameBuf,
    pub(super) targeting: Targeting,
    pub(super) encoding_style: Option<String>,
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) scopes: Scopes,
}

/// A header block of a message.
#[derive(Clone, Copy, Debug)]
pub struct HeaderBlock<'m> {
    pub(super) record: &'m Record,
    pub(super) text: &'m str,
    pub(super) limits: &'m Limits,
    pub(super) version: Version,
}

impl<'m> HeaderBlock<'m> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> QName<'m> {
        self.record.name.as_qname()
    }

    /// Whom it is for, and whether it must be understood.
    #[must_use]
    pub fn targeting(&self) -> &'m Targeting {
        &self.record.targeting
    }

    /// Reads its value.
    ///
    /// # Errors
    /// When it is another element, its content is not that of the type, or it is in an encoding other than plain XML.
    pub fn decode<T: Decode>(&self) -> Result<T, Error> {
        check_encoding(self.version, self.record.encoding_style.as_deref())?;
        Ok(Cursor::new(self.scanner()).root()?)
    }

    /// The block as text that stands alone.
    ///
    /// # Errors
    /// None for a block of a message that was read.
    pub fn fragment(&self) -> Result<Fragment, Error> {
        let mut scanner = self.scanner();
        while scanner.next_event()? != Event::Start {}
        Ok(Fragment::capture(&mut scanner)?)
    }

    fn scanner(&self) -> Scanner<'m> {
        let Record { begin, end, scopes, .. } = self.record;
        Scanner::inner(self.text, *begin, *end, scopes.clone(), self.limits)
    }
}

/// SOAP 1.2 has a fault for data in an encoding that the receiver does not know (Part 1 §5.4.6); only plain XML is known here.
/// What SOAP 1.1 messages claim is not looked at: their toolkits put the claim on messages that are plain XML too.
pub(super) fn check_encoding(version: Version, style: Option<&str>) -> Result<(), Error> {
    match (version, style) {
        (Version::Soap12, Some(style)) if style != NO_ENCODING => {
            Err(Error::Encoding { style: style.to_owned() })
        }
        _ => Ok(()),
    }
}

const NO_ENCODING: &str = "http://www.w3.org/2003/05/soap-envelope/encoding/none";
