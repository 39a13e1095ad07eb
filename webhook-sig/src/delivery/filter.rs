//! Event types, and which of them an endpoint wants.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// The type of an event: `user.created`. Segments of `A-Z a-z 0-9 - _` joined by dots, 128 characters at most.
///
/// ```
/// use webhook_sig::delivery::EventType;
/// assert!(EventType::parse("user.created").is_ok());
/// assert!(EventType::parse("user..created").is_err());
/// assert!(EventType::parse("user.*").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(Arc<str>);

/// A pattern over event types: a type in full, `user.*` for every type below `user.`, or `*` for every type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypePattern(Pattern);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Pattern {
    All,
    /// With the dot: `user.`.
    Below(String),
    Exactly(EventType),
}

/// The event types that an endpoint wants: those that match any of up to [`MAX_PATTERNS`](Self::MAX_PATTERNS) patterns.
///
/// ```
/// use webhook_sig::delivery::{EventType, TypeFilter};
/// let filter = TypeFilter::parse(["user.*", "order.paid"])?;
/// assert!(filter.matches(&EventType::parse("user.email.changed")?));
/// assert!(!filter.matches(&EventType::parse("order.created")?));
/// # Ok::<(), webhook_sig::delivery::FilterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeFilter(Vec<TypePattern>);

/// A text is no event type, pattern or filter.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// Not segments of `A-Z a-z 0-9 - _` joined by dots, or longer than 128 characters.
    Type,
    /// A `*` that is not the whole last segment.
    Pattern,
    /// No pattern at all: the endpoint would never receive anything.
    Empty,
    /// More than [`TypeFilter::MAX_PATTERNS`] patterns.
    TooMany,
}

impl EventType {
    /// The longest type, in characters.
    pub const MAX_LEN: usize = 128;

    /// Reads a type.
    ///
    /// # Errors
    /// [`FilterError::Type`] outside the grammar.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let segment = |segment: &str| {
            !segment.is_empty()
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if text.len() > Self::MAX_LEN || !text.split('.').all(segment) {
            return Err(FilterError::Type);
        }
        Ok(Self(text.into()))
    }

    /// The type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TypePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`FilterError::Pattern`] for a misplaced `*`, [`FilterError::Type`] for anything else wrong.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text == "*" {
            return Ok(Self(Pattern::All));
        }
        let Some(above) = text.strip_suffix(".*") else {
            if text.contains('*') {
                return Err(FilterError::Pattern);
            }
            return EventType::parse(text).map(|exact| Self(Pattern::Exactly(exact)));
        };
        if above.contains('*') {
            return Err(FilterError::Pattern);
        }
        let mut prefix = String::from(EventType::parse(above)?.as_str());
        prefix.push('.');
        Ok(Self(Pattern::Below(prefix)))
    }

    /// True where the type is one of the pattern's.
    #[must_use]
    pub fn matches(&self, event_type: &EventType) -> bool {
        match &self.0 {
            Pattern::All => true,
            Pattern::Below(prefix) => event_type.as_str().starts_with(prefix.as_str()),
            Pattern::Exactly(exact) => exact == event_type,
        }
    }
}

impl TypeFilter {
    /// The most patterns of one filter.
    pub const MAX_PATTERNS: usize = 64;

    /// Every type.
    #[must_use]
    pub fn all() -> Self {
        Self([TypePattern(Pattern::All)].into())
    }

    /// Reads a list of patterns.
    ///
    /// # Errors
    /// [`FilterError`] for the first pattern that is none, for none at all and for too many.
    pub fn parse<I>(patterns: I) -> Result<Self, FilterError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut read = Vec::new();
        for pattern in patterns {
            if read.len() == Self::MAX_PATTERNS {
                return Err(FilterError::TooMany);
            }
            read.push(TypePattern::parse(pattern.as_ref())?);
        }
        if read.is_empty() { Err(FilterError::Empty) } else { Ok(Self(read)) }
    }

    /// True where the endpoint wants this type.
    #[must_use]
    pub fn matches(&self, event_type: &EventType) -> bool {
        self.0.iter().any(|pattern| pattern.matches(event_type))
    }

    /// The patterns, in the order given.
    #[must_use]
    pub fn patterns(&self) -> &[TypePattern] {
        &self.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for TypePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Pattern::All => f.write_str("*"),
            Pattern::Below(prefix) => write!(f, "{prefix}*"),
            Pattern::Exactly(exact) => exact.fmt(f),
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Type => {
                "an event type is segments of A-Z a-z 0-9 - _ joined by dots, 128 characters at most"
            }
            Self::Pattern => "a * stands alone or as the whole last segment, as in user.*",
            Self::Empty => "a filter without patterns matches nothing; use * for every type",
            Self::TooMany => "a filter has at most 64 patterns",
        })
    }
}

impl core::error::Error for FilterError {}
