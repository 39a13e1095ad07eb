//! Signing a message: from components and parameters to the two fields.

use std::string::String;
use std::vec::Vec;

use sfv::{DictSerializer, KeyRef};

use super::base::{self, Base, BaseError, Rules, StructuredType};
use super::component::{Component, ComponentError};
use super::error::SignError;
use super::key::MessageSigningKey;
use super::limits::Limits;
use super::message::Message;
use super::params::Params;
use crate::external::{self, ExternalError, ExternalSigner};
use crate::structured_fields::{Bare, InnerList};
use crate::{SignatureAlgorithm, UnixMillis};

/// How to sign a message: a label, what to cover, and what the signature says of itself.
///
/// The body is covered by way of `content-digest`, so that field has to be in the message
/// ([`DigestAlgorithm::field`](crate::digest::DigestAlgorithm::field)) and among the components, unless
/// [`Signing::without_body`] says that it is not wanted.
#[derive(Clone, Debug)]
pub struct Signing {
    label: String,
    components: Vec<Component>,
    params: Params,
    tell_algorithm: bool,
    without_body: bool,
    rules: Rules,
}

impl Signing {
    /// Begins with a label and the components in their order.
    ///
    /// # Errors
    /// [`SignError::Label`].
    pub fn new(label: &str, components: impl IntoIterator<Item = Component>) -> Result<Self, SignError> {
        KeyRef::from_str(label).map_err(|_| SignError::Label)?;
        Ok(Self {
            label: label.into(),
            components: components.into_iter().collect(),
            params: Params::default(),
            tell_algorithm: false,
            without_body: false,
            rules: Rules::default(),
        })
    }

    /// When it is made, in whole seconds.
    #[must_use]
    pub fn created(mut self, at: UnixMillis) -> Self {
        self.params.created = Some(at);
        self
    }

    /// From when on it does not count, in whole seconds.
    #[must_use]
    pub fn expires(mut self, at: UnixMillis) -> Self {
        self.params.expires = Some(at);
        self
    }

    /// A value that is used once; the caller draws it.
    ///
    /// # Errors
    /// [`SignError::Parameter`] if it is not printable ASCII.
    pub fn nonce(mut self, nonce: &str) -> Result<Self, SignError> {
        self.params.nonce = Some(printable("nonce", nonce)?);
        Ok(self)
    }

    /// The name of the key.
    ///
    /// # Errors
    /// [`SignError::Parameter`] if it is not printable ASCII.
    pub fn keyid(mut self, keyid: &str) -> Result<Self, SignError> {
        self.params.keyid = Some(printable("keyid", keyid)?);
        Ok(self)
    }

    /// The application that it is meant for.
    ///
    /// # Errors
    /// [`SignError::Parameter`] if it is not printable ASCII.
    pub fn tag(mut self, tag: &str) -> Result<Self, SignError> {
        self.params.tag = Some(printable("tag", tag)?);
        Ok(self)
    }

    /// Names the algorithm of the key in the signature. Verifiers know it from the key.
    #[must_use]
    pub fn tell_algorithm(mut self) -> Self {
        self.tell_algorithm = true;
        self
    }

    /// Signs without the body: for a message that has none, or whose body does not matter.
    #[must_use]
    pub fn without_body(mut self) -> Self {
        self.without_body = true;
        self
    }

    /// The type of a structured field that is covered with `sf` and is not registered as one.
    #[must_use]
    pub fn structured(mut self, field: &str, structured: StructuredType) -> Self {
        self.rules.structured.push((field.to_ascii_lowercase(), structured));
        self
    }

    /// Signs with a key that is at hand.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, message: &Message<'_>, key: &MessageSigningKey) -> Result<SignatureFields, SignError> {
        let signing = self.with_algorithm(key.algorithm());
        let base = signing.base(message)?;
        Ok(SignatureFields::new(&self.label, &base.params, key.sign(base.text.as_bytes())))
    }

    /// Signs with a key that is somewhere else. This is the way of RSA.
    ///
    /// # Errors
    /// [`ExternalError`]; with [`SignError`] inside before the signer is asked.
    pub async fn sign_with<X: ExternalSigner>(
        &self,
        message: &Message<'_>,
        signer: &X,
    ) -> Result<SignatureFields, ExternalError<SignError, X::Error>> {
        const ALLOWED: [SignatureAlgorithm; 6] = [
            SignatureAlgorithm::RsaPssSha512,
            SignatureAlgorithm::RsaV15Sha256,
            SignatureAlgorithm::HmacSha256,
            SignatureAlgorithm::EcdsaP256Sha256,
            SignatureAlgorithm::EcdsaP384Sha384,
            SignatureAlgorithm::Ed25519,
        ];
        let signing = self.with_algorithm(signer.algorithm());
        let base = signing.base(message).map_err(ExternalError::Sign)?;
        let signature = external::ask(signer, &ALLOWED, &[base.text.as_bytes()]).await?;
        Ok(SignatureFields::new(&self.label, &base.params, signature))
    }

    fn with_algorithm(&self, algorithm: SignatureAlgorithm) -> Self {
        let mut signing = self.clone();
        if self.tell_algorithm {
            signing.params.alg = Some(algorithm.as_str().into());
        }
        signing
    }

    pub(super) fn from_parts(label: String, components: Vec<Component>, params: Params) -> Self {
        Self {
            label,
            components,
            params,
            tell_algorithm: false,
            without_body: false,
            rules: Rules::default(),
        }
    }

    pub(super) fn base(&self, message: &Message<'_>) -> Result<Base, SignError> {
        let body = |component: &Component| {
            let identifier = component.identifier();
            identifier.name == "content-digest" && !identifier.req && !identifier.tr
        };
        if !self.without_body && !self.components.iter().any(body) {
            return Err(SignError::BodyNotCovered);
        }
        let mut covered = InnerList { items: Vec::new(), parameters: self.params.to_parameters()? };
        for component in &self.components {
            let item = component.to_item().ok_or_else(|| SignError::Component {
                component: component.name().into(),
                error: ComponentError::Name,
            })?;
            covered.items.push(item);
        }
        let identifiers: Vec<_> = self.components.iter().map(Component::identifier).collect();
        let max = Limits::DEFAULT.max_base;
        base::build(&covered, &identifiers, message, &self.rules, max).map_err(|error| match error {
            BaseError::Component(component, ComponentError::Repeated) => SignError::Repeated { component },
            BaseError::Component(component, error) => SignError::Component { component, error },
            // A verifier with the default limits would refuse it.
            BaseError::TooLong => {
                SignError::Component { component: "@signature-params".into(), error: ComponentError::Value }
            }
        })
    }
}

fn printable(name: &'static str, text: &str) -> Result<String, SignError> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(text.into())
    } else {
        Err(SignError::Parameter { name })
    }
}

/// The fields `Signature-Input` and `Signature`, to be added to those that the message already has of these names: a
/// message carries several signatures by carrying several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFields {
    input: String,
    signature: String,
}

impl SignatureFields {
    /// `params` is the value of `@signature-params`.
    fn new(label: &str, params: &str, signature: Vec<u8>) -> Self {
        let mut field = String::with_capacity(128);
        if let Ok(key) = KeyRef::from_str(label) {
            let mut writer = DictSerializer::with_buffer(&mut field);
            writer.bare_item(key, &Bare::ByteSequence(signature));
        }
        Self { input: [label, "=", params].concat(), signature: field }
    }

    /// The value of `Signature-Input`.
    #[must_use]
    pub fn signature_input(&self) -> &str {
        &self.input
    }

    /// The value of `Signature`.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The fields as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("signature-input", self.input.as_str()), ("signature", self.signature.as_str())].into_iter()
    }
}

impl IntoIterator for SignatureFields {
    type Item = (String, String);
    type IntoIter = std::array::IntoIter<Self::Item, 2>;

    fn into_iter(self) -> Self::IntoIter {
        [("signature-input".into(), self.input), ("signature".into(), self.signature)].into_iter()
    }
}
