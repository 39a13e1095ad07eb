//! Which prefix means which namespace, at one place of a document.

use std::sync::Arc;

use super::{XML_NAMESPACE, XMLNS_NAMESPACE, XmlErrorKind};
use crate::limits::{LimitKind, Limits};

/// A namespace name that holds at the present place of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ns(usize);

impl Ns {
    pub(crate) const NONE: Ns = Ns(0);
}

/// The declarations that hold, innermost last. What an element declares goes when it ends, so both lists are as long as
/// `max_bindings` at most, and looking through them is bounded.
#[derive(Clone, Debug)]
pub(crate) struct Scopes {
    bindings: Vec<Binding>,
    names: Vec<Arc<str>>,
}

#[derive(Clone, Copy, Debug)]
struct Binding {
    /// Where the prefix stands in the text; an empty range is the default namespace.
    prefix: (usize, usize),
    ns: Ns,
}

/// How much there was before an element declared something.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    bindings: usize,
    names: usize,
}

impl Scopes {
    pub(crate) fn new() -> Scopes {
        Scopes { bindings: Vec::new(), names: vec![Arc::from(""), Arc::from(XML_NAMESPACE)] }
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { bindings: self.bindings.len(), names: self.names.len() }
    }

    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.bindings.truncate(mark.bindings);
        self.names.truncate(mark.names);
    }

    /// Takes a declaration; `prefix` is where it stands in `text`, empty for `xmlns="…"`.
    pub(crate) fn declare(
        &mut self,
        text: &[u8],
        prefix: (usize, usize),
        name: &str,
        limits: &Limits,
    ) -> Result<(), XmlErrorKind> {
        let spelt = text.get(prefix.0..prefix.1).unwrap_or_default();
        match (spelt, name) {
            (b"xml", XML_NAMESPACE) => return Ok(()),
            (b"xml" | b"xmlns", _) | (_, XML_NAMESPACE | XMLNS_NAMESPACE) => {
                return Err(XmlErrorKind::NamespaceDeclaration);
            }
            ([_, ..], "") => return Err(XmlErrorKind::NamespaceDeclaration),
            _ => {}
        }
        if name.len() > limits.max_namespace {
            return Err(XmlErrorKind::Limit { limit: LimitKind::Namespace, max: limits.max_namespace });
        }
        if self.bindings.len() >= limits.max_bindings {
            return Err(XmlErrorKind::Limit { limit: LimitKind::Bindings, max: limits.max_bindings });
        }
        let known = self.names.iter().position(|n| **n == *name);
        let ns = Ns(known.unwrap_or(self.names.len()));
        if known.is_none() {
            self.names.push(Arc::from(name));
        }
        self.bindings.push(Binding { prefix, ns });
        Ok(())
    }

    /// What a prefix means; the empty one is the default namespace.
    pub(crate) fn find(&self, text: &[u8], prefix: &[u8]) -> Option<Ns> {
        let spelt = |b: &Binding| text.get(b.prefix.0..b.prefix.1).unwrap_or_default();
        match self.bindings.iter().rev().find(|b| same(spelt(b), prefix)) {
            Some(binding) => Some(binding.ns),
            None if prefix.is_empty() => Some(Ns::NONE),
            None if prefix == b"xml" => Some(Ns(1)),
            None => None,
        }
    }

    pub(crate) fn name(&self, ns: Ns) -> &str {
        self.names.get(ns.0).map_or("", |name| name)
    }

    /// Prefix and namespace of each declaration that holds, the shadowed ones left out.
    pub(crate) fn in_scope<'s>(&'s self, text: &'s str) -> impl Iterator<Item = (&'s str, &'s str)> {
        let spelt = move |b: &Binding| text.get(b.prefix.0..b.prefix.1).unwrap_or_default();
        self.bindings.iter().enumerate().filter_map(move |(at, binding)| {
            let later = self.bindings.get(at.saturating_add(1)..).unwrap_or_default();
            let shadowed = later.iter().any(|b| spelt(b) == spelt(binding));
            (!shadowed).then(|| (spelt(binding), self.name(binding.ns)))
        })
    }
}

/// Equality of short names: in line, where a call to compare would cost more than the comparison.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}
