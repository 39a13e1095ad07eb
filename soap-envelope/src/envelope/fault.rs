//! A fault: one value for both versions.

use core::fmt;

use super::header::HeaderBlock;
use super::version::Version;
use crate::error::Error;
use crate::xml::{Fragment, QName, QNameBuf, is_allowed};

/// Why a message was not processed (SOAP 1.1 §4.4, SOAP 1.2 Part 1 §5.4).
///
/// | here | SOAP 1.1 | SOAP 1.2 |
/// |---|---|---|
/// | [`code`](Fault::code) | the first part of `faultcode` | `Code/Value` |
/// | [`subcodes`](Fault::subcodes) | the parts behind dots | nested `Subcode/Value` |
/// | [`reason`](Fault::reason) | `faultstring` | `Reason/Text` with `xml:lang` |
/// | [`node`](Fault::node) | not there | `Node` |
/// | [`role`](Fault::role) | `faultactor` | `Role` |
/// | [`detail`](Fault::detail) | `detail` | `Detail` |
/// | [`not_understood`](Fault::not_understood) | not there | `NotUnderstood` header blocks |
/// | [`upgrade`](Fault::upgrade) | `Upgrade` header block | `Upgrade` header block |
///
/// ```
/// use soap_envelope::envelope::Fault;
/// use soap_envelope::xml::QName;
///
/// let fault = Fault::sender("there is no user 7").subcode(QName::from_static("urn:octavo:users:v1", "NotFound"));
/// assert_eq!(fault.to_string(), "Sender.NotFound: there is no user 7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub(super) Box<Parts>);

/// A fault is seldom, and is handed through many results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) code: FaultCode,
    pub(super) subcodes: Vec<QNameBuf>,
    pub(super) reasons: Vec<Reason>,
    pub(super) node: Option<String>,
    pub(super) role: Option<String>,
    pub(super) detail: Vec<Fragment>,
    pub(super) not_understood: Vec<QNameBuf>,
    pub(super) upgrade: Vec<QNameBuf>,
}

/// The class of a fault (SOAP 1.1 §4.4.1, SOAP 1.2 Part 1 §5.4.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FaultCode {
    /// The envelope is of another version, or no envelope.
    VersionMismatch,
    /// A mandatory header block was not understood.
    MustUnderstand,
    /// Data in an encoding that is not known; of SOAP 1.2, written as a sender's fault in SOAP 1.1.
    DataEncodingUnknown,
    /// The message is at fault, and would be again. `Client` in SOAP 1.1.
    Sender,
    /// The receiver is; the message may succeed later. `Server` in SOAP 1.1.
    Receiver,
    /// A code of its own, which SOAP 1.1 allows. SOAP 1.2 does not: there it is written as a subcode of `Receiver`.
    Other(QNameBuf),
}

impl FaultCode {
    /// The local name in a version; of [`FaultCode::Other`] its own.
    #[must_use]
    pub fn local(&self, version: Version) -> &str {
        match (self, version) {
            (FaultCode::VersionMismatch, _) => "VersionMismatch",
            (FaultCode::MustUnderstand, _) => "MustUnderstand",
            (FaultCode::DataEncodingUnknown, Version::Soap12) => "DataEncodingUnknown",
            (FaultCode::DataEncodingUnknown | FaultCode::Sender, Version::Soap11) => "Client",
            (FaultCode::Receiver, Version::Soap11) => "Server",
            (FaultCode::Sender, Version::Soap12) => "Sender",
            (FaultCode::Receiver, Version::Soap12) => "Receiver",
            (FaultCode::Other(name), _) => name.local(),
        }
    }

    pub(super) fn of_local(version: Version, local: &str) -> Option<FaultCode> {
        let known = [
            FaultCode::VersionMismatch,
            FaultCode::MustUnderstand,
            FaultCode::Sender,
            FaultCode::Receiver,
            FaultCode::DataEncodingUnknown,
        ];
        known.into_iter().find(|code| code.local(version) == local)
    }
}

/// A text that tells a person what went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub(super) lang: String,
    pub(super) text: String,
}

impl Reason {
    /// Its language, as in `xml:lang`; empty where a SOAP 1.1 message does not say.
    #[must_use]
    pub fn lang(&self) -> &str {
        &self.lang
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Fault {
    /// A fault with a reason in English. A character that XML cannot hold becomes U+FFFD, here and in the other texts of a
    /// fault: an error that cannot be told would be worse.
    #[must_use]
    pub fn new(code: FaultCode, reason: impl Into<String>) -> Self {
        let parts = Parts {
            code,
            subcodes: Vec::new(),
            reasons: Vec::new(),
            node: None,
            role: None,
            detail: Vec::new(),
            not_understood: Vec::new(),
            upgrade: Vec::new(),
        };
        Fault(Box::new(parts)).reason_in("en", reason)
    }

    /// The sender's fault.
    #[must_use]
    pub fn sender(reason: impl Into<String>) -> Self {
        Fault::new(FaultCode::Sender, reason)
    }

    /// The receiver's fault.
    #[must_use]
    pub fn receiver(reason: impl Into<String>) -> Self {
        Fault::new(FaultCode::Receiver, reason)
    }

    /// The fault for mandatory header blocks that were not understood (SOAP 1.2 Part 1 §5.4.8).
    #[must_use]
    pub fn must_understand(names: Vec<QNameBuf>) -> Self {
        let mut fault = Fault::new(FaultCode::MustUnderstand, "a mandatory header block was not understood");
        if let Some(name) = names.first() {
            fault.0.reasons.clear();
            fault = fault.reason_in("en", format!("the mandatory header block {name} was not understood"));
        }
        fault.0.not_understood = names;
        fault
    }

    /// The fault for an envelope of a version that is not supported; names those that are, the preferred one first (SOAP 1.2
    /// Part 1 §5.4.7).
    #[must_use]
    pub fn version_mismatch(supported: &[Version]) -> Self {
        let mut fault = Fault::new(
            FaultCode::VersionMismatch,
            "the message is not a SOAP envelope of a supported version",
        );
        fault.0.upgrade = supported.iter().map(|version| version.envelope().to_owned()).collect();
        fault
    }

    /// Adds a subcode below the ones that are there.
    #[must_use]
    pub fn subcode(mut self, name: QName<'_>) -> Self {
        self.0.subcodes.push(name.to_owned());
        self
    }

    /// Adds the reason in one more language; SOAP 1.1 carries the first only.
    #[must_use]
    pub fn reason_in(mut self, lang: impl Into<String>, text: impl Into<String>) -> Self {
        self.0.reasons.push(Reason { lang: allowed(lang.into()), text: allowed(text.into()) });
        self
    }

    /// Says which node of the path found the fault, by its URI.
    #[must_use]
    pub fn at_node(mut self, uri: impl Into<String>) -> Self {
        self.0.node = Some(allowed(uri.into()));
        self
    }

    /// Says in which role that node acted, by its URI.
    #[must_use]
    pub fn in_role(mut self, uri: impl Into<String>) -> Self {
        self.0.role = Some(allowed(uri.into()));
        self
    }

    /// Adds an element to the detail.
    #[must_use]
    pub fn with_detail(mut self, detail: Fragment) -> Self {
        self.0.detail.push(detail);
        self
    }

    /// The class.
    #[must_use]
    pub fn code(&self) -> &FaultCode {
        &self.0.code
    }

    /// What is more exact than the class, outermost first. One that was read from SOAP 1.1 has no namespace.
    #[must_use]
    pub fn subcodes(&self) -> &[QNameBuf] {
        &self.0.subcodes
    }

    /// The first reason.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.0.reasons.first().map_or("", |reason| &reason.text)
    }

    /// The reason in all its languages.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.0.reasons
    }

    /// The node that found the fault.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.0.node.as_deref()
    }

    /// The role that the node acted in.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.0.role.as_deref()
    }

    /// The elements of the detail.
    #[must_use]
    pub fn detail(&self) -> &[Fragment] {
        &self.0.detail
    }

    /// The mandatory header blocks that were not understood.
    #[must_use]
    pub fn not_understood(&self) -> &[QNameBuf] {
        &self.0.not_understood
    }

    /// The envelopes that the node supports, by the names of their root elements.
    #[must_use]
    pub fn upgrade(&self) -> &[QNameBuf] {
        &self.0.upgrade
    }

    /// Adds what the header blocks of the same message say.
    pub(super) fn with_blocks<'m>(
        mut self,
        version: Version,
        blocks: impl Iterator<Item = HeaderBlock<'m>>,
    ) -> Result<Self, Error> {
        for block in blocks {
            if block.name() == Version::Soap12.name("NotUnderstood") && version == Version::Soap12 {
                self.0.not_understood.push(block.decode::<super::fault_wire::NotUnderstood>()?.0);
            } else if block.name() == Version::Soap12.name("Upgrade") {
                self.0.upgrade.extend(block.decode::<super::fault_wire::Upgrade>()?.0);
            }
        }
        Ok(self)
    }
}

/// Such as `Sender.NotFound: there is no user 7`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.local(Version::Soap12))?;
        for subcode in &self.0.subcodes {
            write!(f, ".{}", subcode.local())?;
        }
        write!(f, ": {}", self.reason())
    }
}

impl core::error::Error for Fault {}

fn allowed(text: String) -> String {
    match text.chars().all(is_allowed) {
        true => text,
        false => text.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect(),
    }
}
