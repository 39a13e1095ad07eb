//! Verifying a message: the signature first, which needs no body, then the body against the digest that the
//! signature covers.

use std::borrow::Cow;
use std::string::{String, ToString as _};
use std::vec::Vec;

use super::accepted::{Accepted, SignedHead};
use super::base::{self, BaseError, Rules, StructuredType};
use super::component::{Component, Identifier};
use super::error::{Exceeded, Reject};
use super::key::MessageKey;
use super::limits::Limits;
use super::message::{Fields, Message};
use super::params::Params;
use super::pending::Pending;
use crate::digest::{DigestError, Digests, Lines};
use crate::structured_fields::{self, Bounds, Dictionary, Fault, InnerList, Joined, Member, NotJoined};
use crate::{KeyRing, UnixMillis};

/// Whether the body has to be bound to the signature by `content-digest`. A body that nothing binds is no body that was
/// verified: [`Verifier::verify_head`] is for messages of which the body does not matter.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// Always: the default.
    #[default]
    Required,
    /// Unless the body is empty, so that requests without one may go without a digest. Such a message says nothing of whether
    /// it had a body on its way.
    UnlessEmpty,
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
        let (head, digests) = self.admit(message, now, Some(self.binding))?;
        let bytes = body.as_ref();
        let max = self.limits.max_body;
        if bytes.len() > max {
            return Err(Reject::Limit(Exceeded::Body { max }));
        }
        match &digests {
            Some(digests) => digests.verify(bytes).map_err(Reject::Digest)?,
            None if bytes.is_empty() => {}
            None => return Err(Reject::body_not_covered()),
        }
        let identity = digests.and_then(|digests| digests.sha256());
        Ok(Accepted::new(head, identity.unwrap_or_else(|| super::pending::sha256(bytes)), body))
    }

    /// Verifies the signature of a message whose body is still to come. A message that is refused here is refused
    /// before its body is read.
    ///
    /// # Errors
    /// [`Reject`].
    pub fn begin(&self, message: &Message<'_>, now: UnixMillis) -> Result<Pending, Reject> {
        let (head, digests) = self.admit(message, now, Some(self.binding))?;
        Ok(Pending::new(head, digests.as_ref(), self.limits.max_body))
    }

    /// Verifies the signature of a message whose body nobody looks at, such as a GET or a HEAD: `content-digest` is not asked
    /// for, and what comes out has no body, so that one which nothing binds cannot be taken for one that was verified.
    ///
    /// ```
    /// use webhook_sig::rfc9421::{Component, Message, Signing, Verifier};
    /// use webhook_sig::{KeyRing, Secret, UnixMillis};
    ///
    /// let now = UnixMillis::from_secs(1_618_884_473);
    /// let secret = Secret::raw("a secret of both sides, of 32 bytes or more")?;
    /// let covered = [Component::parse("@method")?, Component::parse("@authority")?];
    /// let mut headers = vec![("host".to_owned(), "example.com".to_owned())];
    /// let signing = Signing::new("sig1", covered.clone())?.created(now).without_body();
    /// headers.extend(signing.sign(&Message::request("GET", "/", &headers), &secret.clone().into())?);
    ///
    /// let ring = KeyRing::messages().key("k1", secret)?;
    /// let head = Verifier::new(&ring).require(covered).verify_head(&Message::request("GET", "/", &headers), now)?;
    /// assert_eq!(head.key().as_str(), "k1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A parser that wants a verified body does not take it:
    ///
    /// ```compile_fail,E0308
    /// use webhook_sig::rfc9421::{Message, Reject, Verifier};
    /// use webhook_sig::{UnixMillis, Verified};
    ///
    /// fn parse<B>(body: &Verified<B>) {}
    ///
    /// fn receive(verifier: &Verifier<'_>, message: &Message<'_>, now: UnixMillis) -> Result<(), Reject> {
    ///     parse(&verifier.verify_head(message, now)?);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Reject`].
    pub fn verify_head(&self, message: &Message<'_>, now: UnixMillis) -> Result<SignedHead, Reject> {
        self.admit(message, now, None).map(|(head, _)| head)
    }

    /// Everything but the body: a signature that holds, and the digests that it covers where a binding is asked for.
    fn admit(
        &self,
        message: &Message<'_>,
        now: UnixMillis,
        binding: Option<Binding>,
    ) -> Result<(SignedHead, Option<Digests>), Reject> {
        // Read once, as each component looks for its own.
        let lines = message.headers().few();
        let listed = lines.as_ref().map(|lines| message.with_lines(lines));
        let message = listed.as_ref().unwrap_or(message);
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
            let Some(params) = Params::read(&covered.parameters) else { return Err(malformed) };
            if self.tag.is_some() && self.tag != params.tag {
                continue;
            }
            let signature = match signatures.iter().find(|(known, _)| known == label) {
                Some((_, Member::Item(item))) => item.bare.as_byte_sequence(),
                _ => None,
            };
            let signature = signature.ok_or(Reject::Malformed { field: "signature" })?;
            let claim = Claim { label: label.as_str(), covered, params, signature };
            match self.check(claim, message, now, binding, &mut verifications) {
                // A limit is one for the whole message.
                Err(limit @ Reject::Limit(_)) => return Err(limit),
                Err(other) => reject = other,
                admitted => return admitted,
            }
        }
        Err(reject)
    }

    /// Whether one signature holds, the cheap questions first.
    fn check(
        &self,
        claim: Claim<'_>,
        message: &Message<'_>,
        now: UnixMillis,
        binding: Option<Binding>,
        verifications: &mut usize,
    ) -> Result<(SignedHead, Option<Digests>), Reject> {
        let Claim { label, covered, params, signature } = claim;
        self.check_params(&params, now)?;
        let mut identifiers = Vec::with_capacity(covered.items.len());
        for item in &covered.items {
            let identifier = Identifier::read(item)
                .map_err(|error| Reject::Component { component: item.to_string(), error })?;
            identifiers.push(identifier);
        }
        let missing = self.required.iter().find(|component| !identifiers.contains(&component.identifier()));
        if let Some(component) = missing {
            return Err(Reject::NotCovered { component: component.to_string() });
        }
        let bound = match binding {
            Some(binding) => binding_component(&identifiers, binding)?,
            None => None,
        };

        let mut candidates = self.ring.active_entries(now).filter(|entry| match &params.keyid {
            Some(keyid) => entry.id().as_str() == keyid,
            None => true,
        });
        let mut reject = Reject::UnknownKey;
        let first = candidates.next().ok_or(Reject::UnknownKey)?;
        let base = match base::build(covered, &identifiers, message, &self.rules, self.limits.max_base) {
            Ok(base) => base,
            Err(BaseError::Component(component, error)) => {
                return Err(Reject::Component { component, error });
            }
            Err(BaseError::TooLong) => {
                return Err(Reject::Limit(Exceeded::Base { max: self.limits.max_base }));
            }
        };
        // The digest is read before the signature is computed, as that costs more.
        let digests = match bound {
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
                let key = entry.id().clone();
                return Ok((SignedHead::new(label.into(), base.params, params, key), digests));
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
}

/// What a message says of one signature.
struct Claim<'c> {
    label: &'c str,
    covered: &'c InnerList<'c>,
    params: Params,
    signature: &'c [u8],
}

/// The component that binds the body: `content-digest` of this message's header, in whatever form.
fn binding_component<'i>(
    identifiers: &[Identifier<'i>],
    binding: Binding,
) -> Result<Option<Identifier<'i>>, Reject> {
    let found = identifiers
        .iter()
        .find(|identifier| identifier.name == "content-digest" && !identifier.req && !identifier.tr);
    match (found, binding) {
        (Some(identifier), _) => Ok(Some(*identifier)),
        (None, Binding::UnlessEmpty) => Ok(None),
        (None, Binding::Required) => Err(Reject::body_not_covered()),
    }
}

/// The digests that are covered: with `key`, only that of one algorithm.
fn read_digests(message: &Message<'_>, identifier: Identifier<'_>) -> Result<Digests, Reject> {
    let mut lines = Lines::new();
    message.headers().each("content-digest", &mut |line| lines.push(line));
    let digests = lines.digests().map_err(Reject::Digest)?;
    match identifier.key {
        Some(algorithm) => digests.only(algorithm).ok_or(Reject::Digest(DigestError::Weak)),
        None => Ok(digests),
    }
}

/// A field with all its lines, within the limit.
fn read_field<'m>(
    headers: &'m dyn Fields,
    field: &'static str,
    limits: &Limits,
) -> Result<Cow<'m, str>, Reject> {
    let max = limits.max_signature_field;
    let mut lines = Joined::new(max);
    headers.each(field, &mut |line| lines.push(line));
    match lines.finish() {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(Reject::Missing { field }),
        Err(NotJoined::TooLong) => Err(Reject::Limit(Exceeded::SignatureField { max })),
        Err(NotJoined::NotText) => Err(Reject::Malformed { field }),
    }
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
