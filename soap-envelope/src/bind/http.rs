//! HTTP: SOAP 1.1 §6, and SOAP 1.2 Part 2 §7 with RFC 3902.
//!
//! ```
//! use http::{HeaderMap, Method};
//! use soap_envelope::Version;
//! use soap_envelope::bind::http::{Action, RequestHead};
//!
//! let mut headers = HeaderMap::new();
//! headers.insert("content-type", "application/soap+xml; charset=utf-8; action=\"urn:u/GetUser\"".parse()?);
//! let head = RequestHead::read(&Method::POST, &headers)?;
//! assert_eq!(head.version, Version::Soap12);
//! assert_eq!(head.action, Action::Named("urn:u/GetUser".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::{error, fmt};

use ::http::header::{ALLOW, CONTENT_TYPE};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::envelope::{Fault, FaultCode, Version};

/// The header field that carries the action of SOAP 1.1 (§6.1.1).
pub const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// What a request says of the intent of its message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing: no field, an empty one, or the empty string, by which SOAP 1.1 refers to the request's own URI.
    #[default]
    Unnamed,
    /// A URI.
    Named(String),
}

/// What the head of a request says of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestHead {
    /// The version, by the media type.
    pub version: Version,
    /// The action: of SOAP 1.1 by `SOAPAction`, of SOAP 1.2 by the parameter `action` of the media type.
    pub action: Action,
    /// The parameter `charset` of the media type.
    pub charset: Option<String>,
}

impl RequestHead {
    /// Reads method and header fields.
    ///
    /// # Errors
    /// Another method is 405, another media type 415, a malformed field 400.
    pub fn read(method: &Method, headers: &HeaderMap) -> Result<Self, Refusal> {
        if method != Method::POST {
            return Err(Refusal::Method);
        }
        let media = SoapType::of(headers)?;
        let action = match media.version {
            Version::Soap12 => media.action.map_or(Action::Unnamed, Action::named),
            Version::Soap11 => soap_action(headers)?,
        };
        Ok(RequestHead { version: media.version, action, charset: media.charset })
    }
}

impl Action {
    fn named(uri: String) -> Action {
        if uri.is_empty() { Action::Unnamed } else { Action::Named(uri) }
    }
}

/// The media type of a message, and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SoapType {
    pub(crate) version: Version,
    pub(crate) charset: Option<String>,
    action: Option<String>,
}

impl SoapType {
    pub(crate) fn of(headers: &HeaderMap) -> Result<SoapType, Refusal> {
        let mut fields = headers.get_all(CONTENT_TYPE).iter();
        let Some(field) = fields.next() else { return Err(Refusal::MediaType) };
        if fields.next().is_some() {
            return Err(Refusal::Field { name: "content-type" });
        }
        let malformed = || Refusal::Field { name: "content-type" };
        let text = field.to_str().map_err(|_| malformed())?;
        let (essence, mut rest) = text.split_once(';').unwrap_or((text, ""));
        let is = |version: Version| essence.trim().eq_ignore_ascii_case(version.media_type());
        let version = Version::ALL.into_iter().find(|version| is(*version)).ok_or(Refusal::MediaType)?;
        let mut found = SoapType { version, charset: None, action: None };
        while !rest.trim_matches([' ', '\t', ';']).is_empty() {
            let (name, value, next) = parameter(rest).ok_or_else(malformed)?;
            rest = next;
            let slot = match name {
                _ if name.eq_ignore_ascii_case("charset") => &mut found.charset,
                _ if name.eq_ignore_ascii_case("action") => &mut found.action,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(malformed());
            }
        }
        Ok(found)
    }
}

/// One parameter of a media type (RFC 9110 §5.6.6), and what follows it.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let text = text.trim_start_matches([' ', '\t', ';']);
    let (name, value) = text.split_once('=')?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return None;
    }
    let Some(quoted) = value.strip_prefix('"') else {
        let end = value.find(|c| !u8::try_from(c).is_ok_and(is_token)).unwrap_or(value.len());
        let (value, rest) = value.split_at_checked(end)?;
        return ends(rest).then(|| (name, value.to_owned(), rest)).filter(|_| !value.is_empty());
    };
    let (value, length) = unquote(quoted)?;
    let rest = quoted.get(length..)?;
    ends(rest).then_some((name, value, rest))
}

/// Reads a quoted string behind its first quote; gives its value, and where it ends.
fn unquote(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, at + 1)),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

fn ends(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '\t']);
    rest.is_empty() || rest.starts_with(';')
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `SOAPAction: "uri"`. Many leave the quotes out, so they are not needed here.
fn soap_action(headers: &HeaderMap) -> Result<Action, Refusal> {
    let malformed = Refusal::Field { name: "soapaction" };
    let mut fields = headers.get_all(SOAP_ACTION).iter();
    let Some(field) = fields.next() else { return Ok(Action::Unnamed) };
    let Ok(text) = field.to_str() else { return Err(malformed) };
    if fields.next().is_some() {
        return Err(malformed);
    }
    let text = text.trim();
    let uri = match text.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').ok_or(malformed.clone())?,
        None => text,
    };
    if uri.contains('"') { Err(malformed) } else { Ok(Action::named(uri.to_owned())) }
}

/// The header fields of a request with a message.
///
/// # Errors
/// When the action holds what no header field can, such as a line end.
pub fn request_headers(version: Version, action: &Action) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    let uri = match action {
        Action::Unnamed => None,
        Action::Named(uri) => Some(uri.as_str()),
    };
    let quoted = |uri: &str| format!("\"{}\"", uri.replace('\\', "\\\\").replace('"', "\\\""));
    let field = |text: String| HeaderValue::try_from(text).map_err(|_| Refusal::Field { name: "soapaction" });
    match version {
        Version::Soap11 => {
            headers.insert(CONTENT_TYPE, content_type(version));
            // A request with a SOAP 1.1 message must have the field (§6.1.1). A quote in a URI cannot be told in it.
            let uri = uri.unwrap_or_default();
            if uri.contains('"') {
                return Err(Refusal::Field { name: "soapaction" });
            }
            headers.insert(SOAP_ACTION, field(format!("\"{uri}\""))?);
        }
        Version::Soap12 => {
            let action = uri.map_or(String::new(), |uri| format!("; action={}", quoted(uri)));
            let value = field(format!("{}; charset=utf-8{action}", version.media_type()))?;
            headers.insert(CONTENT_TYPE, value);
        }
    }
    Ok(headers)
}

/// The content type of a message that this crate writes.
#[must_use]
pub fn content_type(version: Version) -> HeaderValue {
    HeaderValue::from_static(match version {
        Version::Soap11 => "text/xml; charset=utf-8",
        Version::Soap12 => "application/soap+xml; charset=utf-8",
    })
}

/// The status under which a fault is sent: 500 in SOAP 1.1 (§6.2); in SOAP 1.2, 400 where the sender is at fault and 500 else
/// (Part 2 §7.5.2.2, Table 20).
#[must_use]
pub fn status_of(version: Version, fault: &Fault) -> StatusCode {
    match (version, fault.code()) {
        (Version::Soap12, FaultCode::Sender) => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A request that carries no message that could be processed.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Messages come by POST: 405.
    Method,
    /// The content is neither `text/xml` nor `application/soap+xml`: 415.
    MediaType,
    /// A header field is malformed, or stands there twice: 400.
    Field {
        /// Its name.
        name: &'static str,
    },
    /// The message is longer than `max_envelope`: 413.
    TooLarge {
        /// The bound, in bytes.
        max: usize,
    },
    /// The body broke off: 400.
    Interrupted,
}

impl Refusal {
    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::Field { .. } | Refusal::Interrupted => StatusCode::BAD_REQUEST,
            Refusal::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// What goes with the status: `Allow` with 405 (RFC 9110 §15.5.6).
    #[must_use]
    pub fn headers(&self, allow: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if *self == Refusal::Method {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        headers
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Method => f.write_str("a SOAP message is sent by POST"),
            Refusal::MediaType => f.write_str(
                "the content type has to be text/xml for SOAP 1.1 or application/soap+xml for SOAP 1.2",
            ),
            Refusal::Field { name } => write!(f, "the header field {name} is malformed or given twice"),
            Refusal::TooLarge { max } => write!(f, "the message is longer than {max} bytes"),
            Refusal::Interrupted => f.write_str("the message ended before its end"),
        }
    }
}

impl error::Error for Refusal {}
