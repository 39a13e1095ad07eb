//! The lists of If-Match and If-None-Match (RFC 9110 §13.1.1, §13.1.2).

use crate::error::{FieldError, InvalidField, LimitExceeded};
use crate::field::etag::{ETag, ETagRef};
use crate::limits::Limits;
use http::HeaderValue;

/// The value of If-Match or If-None-Match: `*`, or a list of entity tags that may be empty.
///
/// [`evaluate`](crate::semantics::evaluate) needs no such value: it compares while it reads. This type is for code that
/// builds a conditional request, or keeps the tags.
///
/// ```
/// use rest_core::{Limits, field::ETagCondition};
/// let list = ETagCondition::parse([r#""a", W/"b""#, r#""c""#], &Limits::DEFAULT)?;
/// assert_eq!(list.to_string(), r#""a", W/"b", "c""#);
/// # Ok::<(), rest_core::error::FieldError>(())
/// ```
#[derive(Clone, Debug)]
pub enum ETagCondition {
    /// `*`: any current representation.
    Any,
    /// The listed tags, in order.
    Tags(Vec<ETag>),
}

impl ETagCondition {
    /// Reads a field from all its lines.
    ///
    /// # Errors
    /// [`FieldError`] when a line breaks the grammar, when `*` is not alone, or when there are more than
    /// [`Limits::max_tags`] tags or [`Limits::max_field`] bytes.
    pub fn parse<V: AsRef<[u8]>>(
        lines: impl IntoIterator<Item = V>,
        limits: &Limits,
    ) -> Result<ETagCondition, FieldError> {
        let (mut tags, mut any, mut budget) = (Vec::new(), None, Budget::new(limits));
        for line in lines {
            let mut members = Members::new(line.as_ref(), &mut budget)?;
            while let Some(member) = members.next(&mut budget)? {
                match member {
                    Member::Any(at) => any = any.or(Some(at)),
                    Member::Tag(tag) => tags.push(tag.to_etag()),
                }
                if let Some(at) = any.filter(|_| budget.members > 1) {
                    return Err(invalid(at).into());
                }
            }
        }
        Ok(if any.is_some() { ETagCondition::Any } else { ETagCondition::Tags(tags) })
    }
}

impl core::fmt::Display for ETagCondition {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            ETagCondition::Any => f.write_str("*"),
            ETagCondition::Tags(tags) => tags.iter().enumerate().try_for_each(|(i, tag)| {
                f.write_str(if i == 0 { "" } else { ", " })?;
                tag.fmt(f)
            }),
        }
    }
}

/// What a list says about one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// The field is `*`.
    Any,
    /// A member matches.
    Yes,
    /// All members were read, none matches.
    No,
    /// The field could not be read as far as a match.
    Unreadable,
}

/// Looks for `current` in a field without keeping its tags. A match ends the reading, so nothing after it counts.
pub(crate) fn listed<'a>(
    lines: impl Iterator<Item = &'a HeaderValue>,
    current: Option<ETagRef<'_>>,
    equal: impl Fn(ETagRef<'_>, ETagRef<'_>) -> bool,
    limits: &Limits,
) -> Listed {
    let (mut any, mut budget) = (false, Budget::new(limits));
    for line in lines {
        let Ok(mut members) = Members::new(line.as_bytes(), &mut budget) else {
            return Listed::Unreadable;
        };
        loop {
            match members.next(&mut budget) {
                Ok(None) => break,
                Ok(Some(Member::Tag(tag))) if !any => {
                    if current.is_some_and(|current| equal(tag, current)) {
                        return Listed::Yes;
                    }
                }
                Ok(Some(Member::Any(_))) if budget.members == 1 => any = true,
                // `*` beside anything else, or a member that cannot be read.
                Ok(Some(_)) | Err(_) => return Listed::Unreadable,
            }
        }
    }
    if any { Listed::Any } else { Listed::No }
}

enum Member<'a> {
    Any(usize),
    Tag(ETagRef<'a>),
}

/// What is left of the limits, over all lines of a field.
struct Budget {
    bytes: usize,
    max_bytes: usize,
    members: usize,
    max_members: usize,
}

impl Budget {
    fn new(limits: &Limits) -> Budget {
        Budget { bytes: 0, max_bytes: limits.max_field, members: 0, max_members: limits.max_tags }
    }
}

/// The members of one line. Empty ones are skipped (RFC 9110 §5.6.1.2).
struct Members<'a> {
    line: &'a [u8],
    at: usize,
}

impl<'a> Members<'a> {
    fn new(line: &'a [u8], budget: &mut Budget) -> Result<Members<'a>, LimitExceeded> {
        budget.bytes = budget.bytes.saturating_add(line.len());
        if budget.bytes > budget.max_bytes {
            return Err(LimitExceeded { limit: "max_field", max: budget.max_bytes });
        }
        Ok(Members { line, at: 0 })
    }

    #[inline]
    fn next(&mut self, budget: &mut Budget) -> Result<Option<Member<'a>>, FieldError> {
        while let Some(b' ' | b'\t' | b',') = self.line.get(self.at) {
            self.at += 1;
        }
        let Some(&first) = self.line.get(self.at) else {
            return Ok(None);
        };
        budget.members += 1;
        if budget.members > budget.max_members {
            return Err(LimitExceeded { limit: "max_tags", max: budget.max_members }.into());
        }
        let (member, end) = if first == b'*' {
            (Member::Any(self.at), self.at + 1)
        } else {
            let (tag, end) = ETagRef::split(self.line, self.at)?;
            (Member::Tag(tag), end)
        };
        self.at = end;
        while let Some(b' ' | b'\t') = self.line.get(self.at) {
            self.at += 1;
        }
        match self.line.get(self.at) {
            None | Some(b',') => Ok(Some(member)),
            Some(_) => Err(invalid(self.at).into()),
        }
    }
}

fn invalid(offset: usize) -> InvalidField {
    InvalidField { what: "list of entity tags", offset }
}
