//! What one message may cost.

use core::fmt;

/// The bounds of a scanner, a message and an exchange.
///
/// A crossed bound is an error that names it. Nothing is allocated because a peer announced it; what is held is bounded by
/// the bytes that came and by these.
///
/// ```
/// use soap_envelope::{Limits, xml::{Event, Scanner}};
///
/// let mut limits = Limits::default();
/// limits.max_depth = 2;
/// let mut scanner = Scanner::new("<a><b><c/></b></a>", &limits)?;
/// assert_eq!(scanner.next_event()?, Event::Start);
/// assert_eq!(scanner.next_event()?, Event::Start);
/// let error = scanner.next_event().unwrap_err();
/// assert_eq!(error.to_string(), "crosses max_depth of 2 at line 1, column 7");
/// # Ok::<(), soap_envelope::xml::XmlError>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest message; default 16 MiB. Stops a body that never ends from filling the memory.
    pub max_envelope: usize,
    /// The deepest nesting, in elements; default 100. Stops documents that are nothing but start tags, and what they would
    /// do to a reader that recurses.
    pub max_depth: usize,
    /// The most child elements of one element, a number; default 50,000. Stops lists that would be decoded into more than
    /// anybody asked for.
    pub max_children: usize,
    /// The most elements of a document, a number; default 4,000,000. Stops coercive parsing: few bytes an element, much work.
    pub max_elements: usize,
    /// The most attributes of one element, a number, namespace declarations included; default 256. Stops floods of
    /// attributes.
    pub max_attributes: usize,
    /// The longest attribute value; default 64 KiB. Stops a tag that never ends.
    pub max_attribute: usize,
    /// The longest name, its prefix included; default 1 KiB. Stops names that would fill a log or an error message.
    pub max_name: usize,
    /// The longest namespace name; default 1 KiB. Stops declarations that are costly to compare and to repeat.
    pub max_namespace: usize,
    /// The most namespace declarations that hold at one place, a number; default 128. Stops floods of prefixes, each of
    /// which would make every look-up slower.
    pub max_bindings: usize,
    /// The longest run of text without a tag in it; default 8 MiB. Stops values that nobody wants to hold.
    pub max_text: usize,
    /// The most header blocks, a number; default 128. Stops envelopes that consist of them.
    pub max_header_blocks: usize,
    /// The longest detail of a fault that is read; default 64 KiB. Stops a server that answers with a book.
    pub max_fault_detail: usize,
}

impl Limits {
    /// The defaults given at each field.
    pub const DEFAULT: Self = Self {
        max_envelope: 16 << 20,
        max_depth: 100,
        max_children: 50_000,
        max_elements: 4_000_000,
        max_attributes: 256,
        max_attribute: 64 << 10,
        max_name: 1 << 10,
        max_namespace: 1 << 10,
        max_bindings: 128,
        max_text: 8 << 20,
        max_header_blocks: 128,
        max_fault_detail: 64 << 10,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A bound of [`Limits`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// `max_envelope`.
    Envelope,
    /// `max_depth`.
    Depth,
    /// `max_children`.
    Children,
    /// `max_elements`.
    Elements,
    /// `max_attributes`.
    Attributes,
    /// `max_attribute`.
    Attribute,
    /// `max_name`.
    Name,
    /// `max_namespace`.
    Namespace,
    /// `max_bindings`.
    Bindings,
    /// `max_text`.
    Text,
    /// `max_header_blocks`.
    HeaderBlocks,
    /// `max_fault_detail`.
    FaultDetail,
}

impl LimitKind {
    /// The name of the field of [`Limits`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Envelope => "max_envelope",
            Self::Depth => "max_depth",
            Self::Children => "max_children",
            Self::Elements => "max_elements",
            Self::Attributes => "max_attributes",
            Self::Attribute => "max_attribute",
            Self::Name => "max_name",
            Self::Namespace => "max_namespace",
            Self::Bindings => "max_bindings",
            Self::Text => "max_text",
            Self::HeaderBlocks => "max_header_blocks",
            Self::FaultDetail => "max_fault_detail",
        }
    }
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
