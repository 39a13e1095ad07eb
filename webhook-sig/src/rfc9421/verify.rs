//! Verifying a message: the signature first, which needs no body, then the body against the digest that the
//! signature covers.

use std::string::{String, ToString as _};
use std::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::base::{self, BaseError, Rules, StructuredType};
use super::component::{Component, Identifier};
use super::error::{Exceeded, Reject};
use super::key::MessageKey;
use super::limits::Limits;
use super::message::{Fields, Message};
use super::params::Params;
use crate::digest::{Check, DigestError, Digests, Lines};
use crate::structured_fields::{self, Bounds, Dictionary, Fault, InnerList, Member};
use crate::verify::Verified;
use crate::{KeyId, KeyRing, UnixMillis};

/// Whether the body has to be bound to the signature by `content-digest`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// Always: the default.
    #[default]
    Required,
    /// Unless the body is empty, so that requests without one may go without a digest.
    UnlessEmpty,
    /// Not at all. What comes out is then a body that anyone may have changed: only for messages whose body is
    /// not looked at.
    Off,
}

/// Verifies the signature of a message and the body that it covers.
///
/// That a signature covers `content-digest` says nothing of where the message was sent: require `@method`,
/// `@authority` and `@path` (or `@target-uri`) too, unless a message for one endpoint may be played to another.
#[derive(Clone, Debug)]
pub struct Verifier<'r> {
    ring: &'r KeyRing<MessageKey>,
    required: Vec<Component>,
    label: Option<String>,
    tag: Option<String>,
    nonce: bool,
    created: bool,
    binding: Binding,
    limits: Limits,
    rules: Rules,
}

impl<'r> Verifier<'r> {
    /// Verifies with the keys of a ring, in which a key's name is its `keyid`. It wants `content-digest` covered, and
    /// `created` within five minutes.
    #[must_use]
    pub fn new(ring: &'r KeyRing<MessageKey>) -> Self {
        Self {
            ring,
            required: Vec::new(),
            label: None,
            tag: None,
            nonce: false,
            created: true,
            binding: Binding::Required,
            limits: Limits::DEFAULT,
            rules: Rules::default(),
        }
    }

    /// Requires these components to be covered, exactly as they are given.
    #[must_use]
    pub fn require(mut self, components: impl IntoIterator<Item = Component>) -> Self {
        self.required.extend(components);
        self
    }

    /// Looks at the signature of this label alone.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Looks at signatures with this `tag` alone.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// Requires a `nonce`. Whether it was used before is for the caller to remember ([`Accepted::params`]).
    #[must_use]
    pub fn require_nonce(mut self) -> Self {
        self.nonce = true;
        self
    }

    /// Takes signatures without `created` too, which never grow old.
    #[must_use]
    pub fn allow_timeless(mut self) -> Self {
        self.created = false;
        self
    }

    /// Whether the body has to be bound.
    #[must_use]
    pub fn body(mut self, binding: Binding) -> Self {
        self.binding = binding;
        self
    }

    /// The type of a structured field that is covered with `sf` and is not registered as one.
    #[must_use]
    pub fn structured(mut self, field: &str, structured: StructuredType) -> Self {
        self.rules.structured.push((field.to_ascii_lowercase(), structured));
        self
    }

    /// Within other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Verifies a message whose body is there in full: signature and digest in one.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        message: &Message<'_>,
        body: B,
        now: UnixMillis,
    ) -> Result<Accepted<B>, Reject> {
        let mut pending = self.begin(message, now)?;
        pending.update(body.as_ref())?;
        pending.finish_with(body)
    }

    /// Verifies the signature of a message whose body is still to come. A message that is refused here is refused
    /// before its body is read.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn begin(&self, message: &Message<'_>, now: UnixMillis) -> Result<Pending, Reject> {
        let limits = &self.limits;
        let input = read_field(message.headers(), "signature-input", limits)?;
        let field = read_field(message.headers(), "signature", limits)?;
        let inputs = parse(&input, "signature-input", limits)?;
        let signatures = parse(&field, "signature", limits)?;

        let mut reject = Reject::NotFound;
        let mut verifications = 0;
        for (label, member) in &inputs {
            if self.label.as_deref().is_some_and(|wanted| wanted != label.as_str()) {
                continue;
            }
            let malformed = Reject::Malformed { field: "signature-input" };
            let Member::InnerList(covered) = member else { return Err(malformed) };
            let params = Params::read(&covered.parameters).ok_or(malformed)?;
            if self.tag.is_some() && self.tag != params.tag {
                continue;
            }
            let signature = match signatures.iter().find(|(known, _)| known == label) {
                Some((_, Member::Item(item))) => item.bare.as_byte_sequence(),
                _ => None,
            };
            let signature = signature.ok_or(Reject::Malformed { field: "signature" })?;
            match self.check(covered, &params, signature, message, now, &mut verifications) {
                Ok(Held { key, digest, covered }) => {
                    return Ok(Pending {
                        label: label.as_str().into(),
                        covered,
                        params,
                        key,
                        digest: digest.as_ref().map(Digests::begin),
                        identity: Sha256::new(),
                        needs_empty: digest.is_none() && self.binding == Binding::UnlessEmpty,
                        body: 0,
                        max_body: limits.max_body,
                    });
                }
                // A limit is one for the whole message.
                Err(limit @ Reject::Limit(_)) => return Err(limit),
                Err(other) => reject = other,
            }
        }
        Err(reject)
    }

    /// Whether one signature holds, the cheap questions first.
    fn check(
        &self,
        covered: &InnerList<'_>,
        params: &Params,
        signature: &[u8],
        message: &Message<'_>,
        now: UnixMillis,
        verifications: &mut usize,
    ) -> Result<Held, Reject> {
        self.check_params(params, now)?;
        let mut identifiers = Vec::with_capacity(covered.items.len());
        for item in &covered.items {
            let identifier = Identifier::read(item)
                .map_err(|error| Reject::Component { component: identifier_text(item), error })?;
            identifiers.push(identifier);
        }
        let missing = self.required.iter().find(|component| !identifiers.contains(&component.identifier()));
        if let Some(component) = missing {
            return Err(Reject::NotCovered { component: component.to_string() });
        }
        let binding = self.binding_component(&identifiers)?;

        let mut candidates = self.ring.active_entries(now).filter(|entry| match &params.keyid {
            Some(keyid) => entry.id().as_str() == keyid,
            None => true,
        });
        let mut reject = Reject::UnknownKey;
        let first = candidates.next().ok_or(Reject::UnknownKey)?;
        let base = match base::build(covered, message, &self.rules, self.limits.max_base) {
            Ok(base) => base,
            Err(BaseError::Component(component, error)) => {
                return Err(Reject::Component { component, error });
            }
            Err(BaseError::TooLong) => {
                return Err(Reject::Limit(Exceeded::Base { max: self.limits.max_base }));
            }
        };
        // The digest is read before the signature is computed, as that costs more.
        let digest = match binding {
            Some(identifier) => Some(read_digests(message, identifier)?),
            None => None,
        };
        for entry in core::iter::once(first).chain(candidates) {
            if params.alg.as_deref().is_some_and(|alg| alg != entry.key().algorithm().as_str()) {
                reject = Reject::Algorithm;
                continue;
            }
            *verifications += 1;
            if *verifications > self.limits.max_verifications {
                return Err(Reject::Limit(Exceeded::Verifications { max: self.limits.max_verifications }));
            }
            if entry.key().verify(base.text.as_bytes(), signature) {
                let covered = base.params().into();
                return Ok(Held { key: entry.id().clone(), digest, covered });
            }
            reject = Reject::NoMatch;
        }
        Err(reject)
    }

    fn check_params(&self, params: &Params, now: UnixMillis) -> Result<(), Reject> {
        if self.nonce && params.nonce.is_none() {
            return Err(Reject::Parameter { name: "nonce" });
        }
        match params.created {
            None if self.created => return Err(Reject::Parameter { name: "created" }),
            None => {}
            Some(created) => {
                let (past, future) = (now.saturating_since(created), created.saturating_since(now));
                if past > self.limits.tolerance_past {
                    return Err(Reject::Stale { by: past });
                }
                if future > self.limits.tolerance_future {
                    return Err(Reject::Future { by: future });
                }
            }
        }
        match params.expires {
            Some(expires) if expires <= now => Err(Reject::Expired { by: now.saturating_since(expires) }),
            _ => Ok(()),
        }
    }

    /// The component that binds the body: `content-digest` of this message's header, in whatever form.
    fn binding_component<'i>(
        &self,
        identifiers: &[Identifier<'i>],
    ) -> Result<Option<Identifier<'i>>, Reject> {
        let found = identifiers
            .iter()
            .find(|identifier| identifier.name == "content-digest" && !identifier.req && !identifier.tr);
        match (found, self.binding) {
            (_, Binding::Off) => Ok(None),
            (Some(identifier), _) => Ok(Some(*identifier)),
            (None, Binding::UnlessEmpty) => Ok(None),
            (None, Binding::Required) => Err(Reject::NotCovered { component: "\"content-digest\"".into() }),
        }
    }
}

/// A signature that holds.
struct Held {
    key: KeyId,
    digest: Option<Digests>,
    /// The value of `@signature-params`.
    covered: String,
}

/// The digests that are covered: with `key`, only that of one algorithm.
fn read_digests(message: &Message<'_>, identifier: Identifier<'_>) -> Result<Digests, Reject> {
    let mut lines = Lines::default();
    message.headers().each("content-digest", &mut |line| lines.push(line));
    let digests = lines.digests().map_err(Reject::Digest)?;
    match identifier.key {
        Some(algorithm) => digests.only(algorithm).ok_or(Reject::Digest(DigestError::Weak)),
        None => Ok(digests),
    }
}

fn identifier_text(item: &structured_fields::Item<'_>) -> String {
    let mut text = String::new();
    structured_fields::write_item(item, &mut text);
    text
}

/// A field with all its lines, within the limit.
fn read_field(headers: &dyn Fields, field: &'static str, limits: &Limits) -> Result<String, Reject> {
    let mut value = String::new();
    let mut any = false;
    let mut result = Ok(());
    headers.each(field, &mut |line| {
        if result.is_err() {
            return;
        }
        if value.len() + line.len() + 2 > limits.max_signature_field {
            result = Err(Reject::Limit(Exceeded::SignatureField { max: limits.max_signature_field }));
            return;
        }
        match std::str::from_utf8(line) {
            Ok(line) => {
                if any {
                    value.push_str(", ");
                }
                value.push_str(line);
                any = true;
            }
            Err(_) => result = Err(Reject::Malformed { field }),
        }
    });
    result?;
    if any { Ok(value) } else { Err(Reject::Missing { field }) }
}

/// A label or a parameter that is there twice is refused: which one counts would be up to the reader.
fn parse<'v>(value: &'v str, field: &'static str, limits: &Limits) -> Result<Dictionary<'v>, Reject> {
    let bounds = Bounds {
        members: limits.max_labels,
        items: limits.max_components,
        parameters: limits.max_parameters,
        unique: true,
    };
    structured_fields::dictionary(value, &bounds).map_err(|fault| match fault {
        Fault::Syntax | Fault::Repeated => Reject::Malformed { field },
        Fault::Members => Reject::Limit(Exceeded::Labels { max: limits.max_labels }),
        Fault::Items => Reject::Limit(Exceeded::Components { max: limits.max_components }),
        Fault::Parameters => Reject::Limit(Exceeded::Parameters { max: limits.max_parameters }),
    })
}

/// A message whose signature holds and whose body is on its way ([`Verifier::begin`]): hand it the body in pieces of
/// any size. Nothing of it may be acted upon before [`Pending::finish`].
#[derive(Clone, Debug)]
pub struct Pending {
    label: String,
    covered: String,
    params: Params,
    key: KeyId,
    digest: Option<Check>,
    /// The SHA-256 of the body, for the dedupe key, where the message does not give it.
    identity: Sha256,
    needs_empty: bool,
    body: usize,
    max_body: usize,
}

impl Pending {
    /// What the signature says of itself: a nonce can be looked up while the body arrives.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// [`Reject::Limit`] once the body is longer than [`Limits::max_body`]; then, and whenever called after that.
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.body = self.body.saturating_add(chunk.len());
        self.check_size()?;
        if let Some(digest) = &mut self.digest {
            digest.update(chunk);
        }
        if self.expected_sha256().is_none() {
            self.identity.update(chunk);
        }
        Ok(())
    }

    /// Ends the body and compares its digests.
    ///
    /// # Errors
    /// [`Reject::Digest`], or again what [`Pending::update`] said.
    pub fn finish(self) -> Result<Accepted<()>, Reject> {
        self.finish_with(())
    }

    /// Keeps the body while it is verified, to get it out as `Verified<Vec<u8>>`.
    #[must_use]
    pub fn collect(self) -> Collecting {
        Collecting { pending: self, body: Vec::new() }
    }

    fn finish_with<B>(self, body: B) -> Result<Accepted<B>, Reject> {
        self.check_size()?;
        if self.needs_empty && self.body > 0 {
            return Err(Reject::NotCovered { component: "\"content-digest\"".into() });
        }
        let expected = self.expected_sha256();
        if let Some(digest) = self.digest {
            digest.finish().map_err(Reject::Digest)?;
        }
        // The digest that was compared is that of the body.
        let identity = expected.unwrap_or_else(|| self.identity.finalize().into());
        let verified = Verified::by_body(body, identity, self.params.created, self.key);
        Ok(Accepted { verified, label: self.label, covered: self.covered, params: self.params })
    }

    fn expected_sha256(&self) -> Option<[u8; 32]> {
        self.digest.as_ref().and_then(Check::expected_sha256)
    }

    fn check_size(&self) -> Result<(), Reject> {
        let max = self.max_body;
        if self.body > max { Err(Reject::Limit(Exceeded::Body { max })) } else { Ok(()) }
    }
}

/// A message under way that keeps the body ([`Pending::collect`]).
#[derive(Clone, Debug)]
pub struct Collecting {
    pending: Pending,
    body: Vec<u8>,
}

impl Collecting {
    /// Takes the next piece of the body.
    ///
    /// # Errors
    /// As [`Pending::update`].
    pub fn update(&mut self, chunk: &[u8]) -> Result<(), Reject> {
        self.pending.update(chunk)?;
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    /// Ends the body and compares its digests.
    ///
    /// # Errors
    /// As [`Pending::finish`].
    pub fn finish(self) -> Result<Accepted<Vec<u8>>, Reject> {
        self.pending.finish_with(self.body)
    }
}

/// A message that was accepted: the verified body, and what its signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<B> {
    verified: Verified<B>,
    label: String,
    covered: String,
    params: Params,
}

impl<B> Accepted<B> {
    /// The body, if the binding was not turned off ([`Binding::Off`]).
    pub const fn verified(&self) -> &Verified<B> {
        &self.verified
    }

    /// The body, without what its signature covers.
    pub fn into_verified(self) -> Verified<B> {
        self.verified
    }

    /// The label of the signature that holds.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The identifiers of the components that are covered, in their order. What is not among them may have been
    /// changed on the way.
    pub fn covered(&self) -> Vec<String> {
        // What the base had, so it is a list again.
        let bounds = Bounds { members: 1, items: usize::MAX, parameters: usize::MAX, unique: true };
        match structured_fields::list(&self.covered, &bounds).as_deref() {
            Ok([Member::InnerList(covered)]) => covered.items.iter().map(identifier_text).collect(),
            _ => Vec::new(),
        }
    }

    /// What the signature says of itself.
    pub const fn params(&self) -> &Params {
        &self.params
    }
}
