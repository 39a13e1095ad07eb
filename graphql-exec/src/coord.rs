//! Schema coordinates (GraphQL September 2025, §3.14): names for the parts of a schema.

use crate::name::is_name;

/// The place of something in a schema, as it is written: `User.posts`, `Query.user(id:)`, `@deprecated(reason:)`.
///
/// ```
/// use graphql_exec::Coordinate;
///
/// assert_eq!(Coordinate::parse("User.posts"), Some(Coordinate::Member { ty: "User", member: "posts" }));
/// assert_eq!(Coordinate::parse("User.posts("), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coordinate<'a> {
    /// A type.
    Type(&'a str),
    /// A field, an input field or an enum value.
    Member {
        /// The type.
        ty: &'a str,
        /// The name in it.
        member: &'a str,
    },
    /// An argument of a field.
    Argument {
        /// The type.
        ty: &'a str,
        /// The field.
        field: &'a str,
        /// The argument.
        argument: &'a str,
    },
    /// A directive.
    Directive(&'a str),
    /// An argument of a directive.
    DirectiveArgument {
        /// The directive.
        directive: &'a str,
        /// The argument.
        argument: &'a str,
    },
}

impl<'a> Coordinate<'a> {
    /// The coordinate, if `text` is one. It has no spaces.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (path, argument) = match text.split_once('(') {
            Some((path, rest)) => (path, Some(rest.strip_suffix(":)")?)),
            None => (text, None),
        };
        if argument.is_some_and(|argument| !is_name(argument)) {
            return None;
        }
        if let Some(directive) = path.strip_prefix('@') {
            if !is_name(directive) {
                return None;
            }
            return Some(match argument {
                Some(argument) => Self::DirectiveArgument { directive, argument },
                None => Self::Directive(directive),
            });
        }
        match (path.split_once('.'), argument) {
            (None, None) => is_name(path).then_some(Self::Type(path)),
            (Some((ty, member)), argument) if is_name(ty) && is_name(member) => Some(match argument {
                Some(argument) => Self::Argument { ty, field: member, argument },
                None => Self::Member { ty, member },
            }),
            _ => None,
        }
    }
}
