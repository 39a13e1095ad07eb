//! Asking for a signature: `Accept-Signature` (RFC 9421 §5).

use std::borrow::Cow;
use std::string::String;
use std::vec::Vec;

use sfv::{KeyRef, StringRef};

use super::component::{Component, Identifier};
use super::error::{Exceeded, Reject, SignError};
use super::limits::Limits;
use super::params::{ALG, CREATED, EXPIRES, KEYID, NONCE, Params, TAG};
use super::sign::Signing;
use crate::structured_fields::{
    self, Bare, Bounds, Dictionary, Fault, InnerList, Joined, Member, NotJoined, Parameters,
};
use crate::{HeaderSource, UnixMillis};

/// One signature that a peer asks for.
///
/// ```
/// use webhook_sig::UnixMillis;
/// use webhook_sig::rfc9421::{Accept, Component, Limits, Request};
///
/// let wanted = Request::new("sig1", [Component::parse("@method")?, Component::parse("content-digest")?])?
///     .created()
///     .keyid("test-key")?;
/// let field = Accept::from_iter([wanted]).to_string();
/// assert_eq!(field, r#"sig1=("@method" "content-digest");created;keyid="test-key""#);
///
/// // The other side.
/// let headers = [("accept-signature", field)];
/// let accept = Accept::read(&headers, &Limits::DEFAULT)?;
/// let signing = accept.requests().next().unwrap().signing(UnixMillis::from_secs(1_618_884_473), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    label: String,
    components: Vec<Component>,
    created: bool,
    expires: bool,
    nonce: Option<String>,
    alg: Option<String>,
    keyid: Option<String>,
    tag: Option<String>,
}

impl Request {
    /// Asks for a signature of these components under a label.
    ///
    /// # Errors
    /// [`SignError::Label`], [`SignError::Repeated`].
    pub fn new(label: &str, components: impl IntoIterator<Item = Component>) -> Result<Self, SignError> {
        KeyRef::from_str(label).map_err(|_| SignError::Label)?;
        let components: Vec<_> = components.into_iter().collect();
        for (index, component) in components.iter().enumerate() {
            if components.iter().take(index).any(|earlier| earlier == component) {
                return Err(SignError::Repeated { component: std::string::ToString::to_string(component) });
            }
        }
        Ok(Self {
            label: label.into(),
            components,
            created: false,
            expires: false,
            nonce: None,
            alg: None,
            keyid: None,
            tag: None,
        })
    }

    /// It shall say when it was made.
    #[must_use]
    pub fn created(mut self) -> Self {
        self.created = true;
        self
    }

    /// It shall say until when it counts.
    #[must_use]
    pub fn expires(mut self) -> Self {
        self.expires = true;
        self
    }

    /// It shall carry this nonce.
    ///
    /// # Errors
    /// [`SignError::Parameter`] if it is not printable ASCII.
    pub fn nonce(mut self, nonce: &str) -> Result<Self, SignError> {
        self.nonce = Some(printable("nonce", nonce)?);
        Ok(self)
    }

    /// It shall be of this algorithm.
    ///
    /// # Errors
    /// [`SignError::Parameter`] if it is not printable ASCII.
    pub fn alg(mut self, alg: &str) -> Result<Self, SignError> {
        self.alg = Some(printable("alg", alg)?);
        Ok(self)
    }

    /// It shall be of this key.
    ///
    /// # Errors
    /// [`SignError::Parameter`] if it is not printable ASCII.
    pub fn keyid(mut self, keyid: &str) -> Result<Self, SignError> {
        self.keyid = Some(printable("keyid", keyid)?);
        Ok(self)
    }

    /// It shall be for this application.
    ///
    /// # Errors
    /// [`SignError::Parameter`] if it is not printable ASCII.
    pub fn tag(mut self, tag: &str) -> Result<Self, SignError> {
        self.tag = Some(printable("tag", tag)?);
        Ok(self)
    }

    /// The label that the signature shall have.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The components that it shall cover.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// The key that it shall be of, if one is named: whether to sign with it is for the caller to decide.
    #[must_use]
    pub fn wanted_keyid(&self) -> Option<&str> {
        self.keyid.as_deref()
    }

    /// The algorithm that it shall be of, if one is named.
    #[must_use]
    pub fn wanted_alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// The signing that answers this: made at `now`, with `expires` where it is asked for and given here.
    #[must_use]
    pub fn signing(&self, now: UnixMillis, expires: Option<UnixMillis>) -> Signing {
        let params = Params {
            created: self.created.then_some(now),
            expires: expires.filter(|_| self.expires),
            nonce: self.nonce.clone(),
            alg: self.alg.clone(),
            keyid: self.keyid.clone(),
            tag: self.tag.clone(),
        };
        Signing::from_parts(self.label.clone(), self.components.clone(), params)
    }

    fn read(label: &KeyRef, member: &Member<'_>) -> Option<Self> {
        let Member::InnerList(list) = member else { return None };
        let mut components = Vec::with_capacity(list.items.len());
        for item in &list.items {
            let identifier = Identifier::read(item).ok()?;
            identifier.check().ok()?;
            let component = identifier.to_component();
            if components.contains(&component) {
                return None;
            }
            components.push(component);
        }
        let mut request = Self::new(label.as_str(), components).ok()?;
        for (key, value) in &list.parameters {
            let text = || value.as_string().map(|text| String::from(text.as_str()));
            match key.as_str() {
                "created" => request.created = value.as_boolean()?,
                "expires" => request.expires = value.as_boolean()?,
                "nonce" => request.nonce = Some(text()?),
                "alg" => request.alg = Some(text()?),
                "keyid" => request.keyid = Some(text()?),
                "tag" => request.tag = Some(text()?),
                _ => {}
            }
        }
        Some(request)
    }

    fn to_inner_list(&self) -> Option<InnerList<'_>> {
        let mut list = InnerList::default();
        for component in &self.components {
            list.items.push(component.to_item()?);
        }
        let mut parameters = Parameters::new();
        for (key, flag) in [(CREATED, self.created), (EXPIRES, self.expires)] {
            if flag {
                parameters.push((key, Bare::Boolean(true)));
            }
        }
        for (key, value) in [(NONCE, &self.nonce), (ALG, &self.alg), (KEYID, &self.keyid), (TAG, &self.tag)] {
            if let Some(value) = value {
                parameters.push((key, Bare::String(Cow::Borrowed(StringRef::from_str(value).ok()?))));
            }
        }
        list.parameters = parameters;
        Some(list)
    }
}

fn printable(name: &'static str, text: &str) -> Result<String, SignError> {
    match StringRef::from_str(text) {
        Ok(text) => Ok(text.as_str().into()),
        Err(_) => Err(SignError::Parameter { name }),
    }
}

/// The signatures that a peer asks for: the field `Accept-Signature`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept(Vec<Request>);

impl Accept {
    /// Reads the field. Without one, nothing is asked for.
    ///
    /// # Errors
    /// [`Reject::Malformed`], or [`Reject::Limit`] for the limits on signature fields.
    pub fn read(headers: &(impl HeaderSource + ?Sized), limits: &Limits) -> Result<Self, Reject> {
        const FIELD: &str = "accept-signature";
        let malformed = Reject::Malformed { field: FIELD };
        let max = limits.max_signature_field;
        let mut lines = Joined::new(max);
        headers.values(FIELD).for_each(|line| lines.push(line));
        let value = lines.finish().map_err(|fault| match fault {
            NotJoined::TooLong => Reject::Limit(Exceeded::SignatureField { max }),
            NotJoined::NotText => malformed.clone(),
        })?;
        let Some(value) = value else { return Ok(Self::default()) };
        let bounds = Bounds {
            members: limits.max_labels,
            items: limits.max_components,
            parameters: limits.max_parameters,
            unique: true,
        };
        let dictionary = structured_fields::dictionary(&value, &bounds).map_err(|fault| match fault {
            Fault::Syntax | Fault::Repeated => malformed.clone(),
            Fault::Members => Reject::Limit(Exceeded::Labels { max: limits.max_labels }),
            Fault::Items => Reject::Limit(Exceeded::Components { max: limits.max_components }),
            Fault::Parameters => Reject::Limit(Exceeded::Parameters { max: limits.max_parameters }),
        })?;
        let requests = dictionary.iter().map(|(label, member)| Request::read(label, member));
        requests.collect::<Option<_>>().map(Self).ok_or(malformed)
    }

    /// What is asked for, in its order.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.0.iter()
    }
}

impl FromIterator<Request> for Accept {
    fn from_iter<I: IntoIterator<Item = Request>>(requests: I) -> Self {
        Self(requests.into_iter().collect())
    }
}

/// The value of the field.
impl std::fmt::Display for Accept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut dictionary = Dictionary::new();
        for request in &self.0 {
            if let (Ok(label), Some(list)) = (KeyRef::from_str(&request.label), request.to_inner_list()) {
                dictionary.push((label, Member::InnerList(list)));
            }
        }
        let mut text = String::new();
        structured_fields::write_dictionary(&dictionary, &mut text);
        f.write_str(&text)
    }
}
