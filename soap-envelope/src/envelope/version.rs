//! The two versions of SOAP.

use core::fmt;

use crate::xml::QName;

/// A version of SOAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// [SOAP 1.1](https://www.w3.org/TR/2000/NOTE-SOAP-20000508/).
    Soap11,
    /// [SOAP 1.2](https://www.w3.org/TR/soap12-part1/).
    Soap12,
}

impl Version {
    /// Both, the newer first.
    pub const ALL: [Version; 2] = [Version::Soap12, Version::Soap11];

    /// The namespace of the envelope, which is what names the version (SOAP 1.1 §4.1.2, SOAP 1.2 Part 1 §5.1).
    #[must_use]
    pub const fn namespace(self) -> &'static str {
        match self {
            Version::Soap11 => "http://schemas.xmlsoap.org/soap/envelope/",
            Version::Soap12 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// The media type of messages (SOAP 1.1 §6, RFC 3902).
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Version::Soap11 => "text/xml",
            Version::Soap12 => "application/soap+xml",
        }
    }

    /// The version of an envelope in this namespace.
    #[must_use]
    pub fn of_namespace(namespace: &str) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.namespace() == namespace)
    }

    /// The URI of the role that every node acts in (SOAP 1.1 §4.2.2, SOAP 1.2 Part 1 §2.2).
    #[must_use]
    pub const fn next_role(self) -> &'static str {
        match self {
            Version::Soap11 => "http://schemas.xmlsoap.org/soap/actor/next",
            Version::Soap12 => "http://www.w3.org/2003/05/soap-envelope/role/next",
        }
    }

    pub(crate) const fn envelope(self) -> QName<'static> {
        QName::from_static(self.namespace(), "Envelope")
    }

    pub(crate) const fn header(self) -> QName<'static> {
        QName::from_static(self.namespace(), "Header")
    }

    pub(crate) const fn body(self) -> QName<'static> {
        QName::from_static(self.namespace(), "Body")
    }

    pub(crate) const fn fault(self) -> QName<'static> {
        QName::from_static(self.namespace(), "Fault")
    }

    /// An element or attribute of the envelope's namespace.
    pub(crate) const fn name(self, local: &'static str) -> QName<'static> {
        QName::from_static(self.namespace(), local)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::Soap11 => "SOAP 1.1",
            Version::Soap12 => "SOAP 1.2",
        })
    }
}
