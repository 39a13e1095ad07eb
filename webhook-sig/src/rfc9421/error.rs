//! What can go wrong with the signature of a message.

use std::fmt;
use std::string::String;
use std::time::Duration;

use super::component::ComponentError;
use crate::digest::DigestError;

/// Why a message was not accepted.
///
/// Its text names fields, components and limits, and no value of the message.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reject {
    /// `Signature-Input` or `Signature` is absent.
    Missing {
        /// Its name, in lower case.
        field: &'static str,
    },
    /// A field is not a dictionary of the right kind, or holds a label or a parameter twice.
    Malformed {
        /// Its name, in lower case.
        field: &'static str,
    },
    /// No signature has the label or the tag that the verifier wants.
    NotFound,
    /// The message has no component that the signature says it covers, or one that cannot be a line of the
    /// signature base.
    Component {
        /// Its identifier.
        component: String,
        /// What is wrong with it.
        error: ComponentError,
    },
    /// The signature does not cover what the verifier requires.
    NotCovered {
        /// The identifier of the first that is missing.
        component: String,
    },
    /// The digest of the body is not there, or another one.
    Digest(DigestError),
    /// A parameter that the verifier requires is absent.
    Parameter {
        /// Its name.
        name: &'static str,
    },
    /// `created` lies too far in the past.
    Stale {
        /// How far.
        by: Duration,
    },
    /// `created` lies too far in the future.
    Future {
        /// How far.
        by: Duration,
    },
    /// `expires` has passed.
    Expired {
        /// How long ago.
        by: Duration,
    },
    /// No active key has the name that the signature gives (`keyid`).
    UnknownKey,
    /// `alg` is not the algorithm of the key, which alone decides.
    Algorithm,
    /// The signature does not match: another key, or another message than was signed.
    NoMatch,
    /// A limit was crossed; it is named.
    Limit(Exceeded),
}

impl Reject {
    /// The signature does not cover the body.
    pub(super) fn body_not_covered() -> Self {
        Self::NotCovered { component: "\"content-digest\"".into() }
    }

    /// The status to answer with: 413 for a body that is too large, 400 for a field that is missing or cannot be
    /// read, 401 for the rest.
    #[must_use]
    pub const fn http_status(&self) -> u16 {
        match self {
            Self::Limit(Exceeded::Body { .. }) => 413,
            Self::Limit(_)
            | Self::Missing { .. }
            | Self::Malformed { .. }
            | Self::Component { .. }
            | Self::Digest(DigestError::Malformed | DigestError::TooLong) => 400,
            Self::NotFound
            | Self::NotCovered { .. }
            | Self::Digest(_)
            | Self::Parameter { .. }
            | Self::Stale { .. }
            | Self::Future { .. }
            | Self::Expired { .. }
            | Self::UnknownKey
            | Self::Algorithm
            | Self::NoMatch => 401,
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field } => write!(f, "the field {field} is missing"),
            Self::Malformed { field } => write!(f, "the field {field} is malformed"),
            Self::NotFound => f.write_str("no signature has the label or tag that is wanted"),
            Self::Component { component, error } => write!(f, "the component {component} {error}"),
            Self::NotCovered { component } => write!(f, "the signature does not cover {component}"),
            Self::Digest(error) => error.fmt(f),
            Self::Parameter { name } => write!(f, "the signature has no parameter {name}"),
            Self::Stale { .. } => f.write_str("the signature was created too long ago"),
            Self::Future { .. } => f.write_str("the signature was created in the future"),
            Self::Expired { .. } => f.write_str("the signature has expired"),
            Self::UnknownKey => f.write_str("the signature names no active key"),
            Self::Algorithm => f.write_str("the signature names another algorithm than its key has"),
            Self::NoMatch => f.write_str("the signature does not match"),
            Self::Limit(exceeded) => exceeded.fmt(f),
        }
    }
}

impl std::error::Error for Reject {}

/// A limit that a message crossed, and its value ([`Limits`](super::Limits)).
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// [`Limits::max_signature_field`](super::Limits::max_signature_field).
    SignatureField {
        /// The limit, in bytes.
        max: usize,
    },
    /// [`Limits::max_labels`](super::Limits::max_labels).
    Labels {
        /// The limit.
        max: usize,
    },
    /// [`Limits::max_components`](super::Limits::max_components).
    Components {
        /// The limit.
        max: usize,
    },
    /// [`Limits::max_base`](super::Limits::max_base).
    Base {
        /// The limit, in bytes.
        max: usize,
    },
    /// [`Limits::max_parameters`](super::Limits::max_parameters).
    Parameters {
        /// The limit.
        max: usize,
    },
    /// [`Limits::max_verifications`](super::Limits::max_verifications).
    Verifications {
        /// The limit.
        max: usize,
    },
    /// [`Limits::max_body`](super::Limits::max_body).
    Body {
        /// The limit, in bytes.
        max: usize,
    },
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignatureField { max } => {
                write!(f, "a signature field is larger than {max} bytes (max_signature_field)")
            }
            Self::Labels { max } => write!(f, "there are more than {max} signatures (max_labels)"),
            Self::Components { max } => {
                write!(f, "a signature covers more than {max} components (max_components)")
            }
            Self::Base { max } => write!(f, "the signature base is larger than {max} bytes (max_base)"),
            Self::Parameters { max } => write!(f, "there are more than {max} parameters (max_parameters)"),
            Self::Verifications { max } => {
                write!(f, "more than {max} signatures would have to be computed (max_verifications)")
            }
            Self::Body { max } => write!(f, "the body is larger than {max} bytes (max_body)"),
        }
    }
}

/// Why a message could not be signed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignError {
    /// The label is not a key of a structured field: `[a-z*][a-z0-9_.*-]*`.
    Label,
    /// A parameter holds something other than printable ASCII.
    Parameter {
        /// Its name.
        name: &'static str,
    },
    /// A component is listed twice (RFC 9421 §2.5).
    Repeated {
        /// Its identifier.
        component: String,
    },
    /// The message has no such component, or it cannot be a line of the signature base.
    Component {
        /// Its identifier.
        component: String,
        /// What is wrong with it.
        error: ComponentError,
    },
    /// `content-digest` is not among the components, so the body would not be signed. Say
    /// [`Signing::without_body`](super::Signing::without_body) if that is meant.
    BodyNotCovered,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label => f.write_str("the label is not a key of a structured field"),
            Self::Parameter { name } => write!(f, "the parameter {name} holds more than printable ASCII"),
            Self::Repeated { component } => write!(f, "the component {component} is listed twice"),
            Self::Component { component, error } => write!(f, "the component {component} {error}"),
            Self::BodyNotCovered => {
                f.write_str("content-digest is not covered, so the body would not be signed")
            }
        }
    }
}

impl std::error::Error for SignError {}
