//! The server's side of the opening handshake (RFC 6455 §4.2): one decision over a request.

use core::fmt;
use std::format;
use std::string::ToString as _;
use std::vec::Vec;

use bytes::Bytes;
#[cfg(feature = "deflate")]
use http::header::SEC_WEBSOCKET_EXTENSIONS;
use http::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, request};

use super::extension::{self, ExtensionError};
use super::headers::{self, Single};
use super::origin::{self, Origins};
use super::subprotocol::{self, Subprotocol, SubprotocolError};
use super::{Limits, accept_key};
#[cfg(feature = "deflate")]
use crate::deflate::{Agreement, Deflate};

/// What a server accepts: origins, subprotocols, limits. It holds no state; one serves all requests of an endpoint.
///
/// The default accepts pages of the same origin and clients that are not browsers, and speaks no subprotocol.
/// Authentication is the caller's: look at the request first and answer another response, or drop [`Accepted`].
///
/// # Examples
/// ```
/// use ws_frame::handshake::{Handshake, Origins, Policy};
///
/// let policy = Policy::new()
///     .origins(Origins::list(["https://*.example.com"])?)
///     .subprotocols(["chat.v2", "chat.v1"])?;
///
/// let request = http::Request::get("/chat")
///     .header("host", "server.example.com")
///     .header("upgrade", "websocket")
///     .header("connection", "Upgrade")
///     .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
///     .header("sec-websocket-version", "13")
///     .header("sec-websocket-protocol", "chat.v1, chat.v2")
///     .header("origin", "https://www.example.com")
///     .body(())?;
/// let Handshake::Upgrade(accepted) = policy.respond(&request) else { unreachable!() };
/// assert_eq!(accepted.response.status(), 101);
/// assert_eq!(accepted.subprotocol.unwrap().as_str(), "chat.v2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    origins: Origins,
    subprotocols: Vec<Subprotocol>,
    subprotocol_required: bool,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
    limits: Limits,
}

impl Policy {
    /// The default policy.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which origins may connect; [`Origins::same`] by default.
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// Sets the subprotocols spoken, the preferred first. The first one that the client offers too is chosen.
    ///
    /// # Errors
    /// [`SubprotocolError`]: a name is not a token or stands twice.
    pub fn subprotocols<I>(mut self, names: I) -> Result<Self, SubprotocolError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.subprotocols = subprotocol::parse_all(names)?;
        Ok(self)
    }

    /// Refuses clients that share no subprotocol. Without it they are accepted with none chosen.
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.subprotocol_required = true;
        self
    }

    /// Speaks permessage-deflate with clients that offer it (RFC 7692).
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(mut self, deflate: Deflate) -> Self {
        self.deflate = Some(deflate);
        self
    }

    /// Sets the limits on what a request may hold.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits, for whoever reads the request.
    #[must_use]
    pub const fn request_limits(&self) -> &Limits {
        &self.limits
    }

    /// Decides over a request; its body is not looked at.
    ///
    /// # Errors
    /// [`Rejection`]: the first thing that is wrong, which maps to the answer.
    pub fn accept<B>(&self, request: &Request<B>) -> Result<Accepted, Rejection> {
        self.decide(request.method(), request.uri(), request.version(), request.headers())
    }

    /// [`accept`](Self::accept) for a request taken apart.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub fn accept_parts(&self, parts: &request::Parts) -> Result<Accepted, Rejection> {
        self.decide(&parts.method, &parts.uri, parts.version, &parts.headers)
    }

    /// Decides over a request and gives the response to send either way.
    #[must_use]
    pub fn respond<B>(&self, request: &Request<B>) -> Handshake {
        self.accept(request).into()
    }

    /// [`respond`](Self::respond) for a request taken apart.
    #[must_use]
    pub fn respond_parts(&self, parts: &request::Parts) -> Handshake {
        self.accept_parts(parts).into()
    }

    fn decide(
        &self,
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
    ) -> Result<Accepted, Rejection> {
        // §4.2.1, in its order, but for what would be frames or a body being settled first.
        if method != Method::GET {
            return Err(Rejection::Method);
        }
        if version != Version::HTTP_11 {
            return Err(Rejection::HttpVersion);
        }
        let authority = authority(uri, headers)?;
        refuse_body(headers)?;
        if !headers::list_contains(headers, &UPGRADE, b"websocket") {
            return Err(Rejection::Upgrade);
        }
        if !headers::list_contains(headers, &CONNECTION, b"upgrade") {
            return Err(Rejection::Connection);
        }
        // Before the key: another version of the protocol may carry another key.
        check_version(headers)?;
        let Single::Value(key) = headers::single(headers, &SEC_WEBSOCKET_KEY) else {
            return Err(Rejection::Key);
        };
        let key = headers::parse_key(key).ok_or(Rejection::Key)?;
        self.check_origin(headers, authority)?;
        let mut accepted = self.negotiate(headers)?;
        switch_protocols(&mut accepted, key);
        Ok(accepted)
    }

    pub(super) fn check_origin(&self, headers: &HeaderMap, authority: &str) -> Result<(), Rejection> {
        let origin = match headers::single(headers, &ORIGIN) {
            Single::Absent => None,
            Single::Value(origin) => Some(origin),
            Single::Repeated => return Err(Rejection::Origin),
        };
        if self.origins.allows(origin, Some(authority)) { Ok(()) } else { Err(Rejection::Origin) }
    }

    /// What both sides will speak, of what the request offers: in the fields and in the headers of the response, whose status is to be
    /// set.
    pub(super) fn negotiate(&self, headers: &HeaderMap) -> Result<Accepted, Rejection> {
        let subprotocol = self.choose_subprotocol(headers)?;
        // An extension that is not spoken is not answered (§9.1), but a malformed offer fails the handshake all the same.
        let offers = extension::all(headers, &self.limits).map_err(Rejection::Extensions)?;
        let mut response = Response::new(());
        #[cfg(feature = "deflate")]
        let deflate =
            self.deflate.as_ref().and_then(|deflate| deflate.choose(&offers)).map(|(agreed, answer)| {
                if let Some(value) = extension::header_value(&answer) {
                    response.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, value);
                }
                agreed
            });
        #[cfg(not(feature = "deflate"))]
        drop(offers);
        if let Some(value) = subprotocol::header_value(subprotocol.as_ref()) {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, value);
        }
        Ok(Accepted {
            response,
            subprotocol,
            #[cfg(feature = "deflate")]
            deflate,
        })
    }

    fn choose_subprotocol(&self, headers: &HeaderMap) -> Result<Option<Subprotocol>, Rejection> {
        let offered =
            subprotocol::offered(headers, self.limits.max_subprotocols).map_err(Rejection::Subprotocols)?;
        let chosen = self.subprotocols.iter().find(|name| offered.contains(&name.as_str()));
        if chosen.is_none() && self.subprotocol_required {
            return Err(Rejection::NoCommonSubprotocol);
        }
        Ok(chosen.cloned())
    }
}

/// The authority that was asked: the target's where it is in absolute form (RFC 9112 §3.2.2), or `Host`, which must
/// be there once in either case (§3.2).
fn authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, Rejection> {
    let Single::Value(host) = headers::single(headers, &HOST) else {
        return Err(Rejection::Host);
    };
    let host = uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or_else(|| core::str::from_utf8(host).ok())
        .ok_or(Rejection::Host)?;
    origin::split_authority(host).map(|_| host).ok_or(Rejection::Host)
}

/// A body would be read as frames, and so would let a client smuggle them past a proxy.
pub(super) fn refuse_body(headers: &HeaderMap) -> Result<(), Rejection> {
    let empty = match headers::single(headers, &CONTENT_LENGTH) {
        Single::Absent => true,
        Single::Value(length) => length == b"0",
        Single::Repeated => false,
    };
    if !empty || headers.contains_key(TRANSFER_ENCODING) {
        return Err(Rejection::Body);
    }
    Ok(())
}

pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Rejection> {
    match headers::single(headers, &SEC_WEBSOCKET_VERSION) {
        Single::Value(b"13") => Ok(()),
        _ => Err(Rejection::Version),
    }
}

fn switch_protocols(accepted: &mut Accepted, key: &str) {
    *accepted.response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = accepted.response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    // Base64 is a valid field value.
    if let Ok(accept) = HeaderValue::try_from(accept_key(key)) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
}

/// What to answer a request.
#[derive(Debug)]
pub enum Handshake {
    /// Send the response that opens, 101 or 2xx; frames follow.
    Upgrade(Accepted),
    /// Send this response; the connection stays HTTP.
    Reject(Response<Bytes>),
}

impl From<Result<Accepted, Rejection>> for Handshake {
    fn from(decision: Result<Accepted, Rejection>) -> Self {
        match decision {
            Ok(accepted) => Self::Upgrade(accepted),
            Err(rejection) => Self::Reject(rejection.to_response()),
        }
    }
}

/// A request that may be upgraded.
#[non_exhaustive]
#[derive(Debug)]
pub struct Accepted {
    /// The 101 response, or the 200 over HTTP/2 and HTTP/3; headers such as `Set-Cookie` may be added.
    pub response: Response<()>,
    /// The subprotocol that both sides will speak, if one was chosen.
    pub subprotocol: Option<Subprotocol>,
    /// What both sides agreed on of permessage-deflate: for [`Connection::with_deflate`](crate::Connection::with_deflate).
    #[cfg(feature = "deflate")]
    pub deflate: Option<Agreement>,
}

/// Why a request is not upgraded. [`to_response`](Self::to_response) is what to answer.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The method is neither GET (§4.2.1 item 1) nor a CONNECT with `:protocol` (RFC 8441 §4): 405 with `Allow`.
    Method,
    /// A GET that is not HTTP/1.1 (§4.2.1 item 1), or a CONNECT that is neither HTTP/2 nor HTTP/3: 400.
    HttpVersion,
    /// `:protocol` of an extended CONNECT is not `websocket`: 501 (RFC 9220 §3).
    ConnectProtocol,
    /// An extended CONNECT lacks `:scheme` or `:path`, or its scheme is neither `http` nor `https` (RFC 8441 §4): 400.
    Target,
    /// `Host` is missing, repeated or malformed (§4.2.1 item 2): 400.
    Host,
    /// The request declares a body: 400.
    Body,
    /// `Upgrade` does not name `websocket` (§4.2.1 item 3): 426 with `Upgrade`, as for any plain request to this URI.
    Upgrade,
    /// `Connection` does not name `upgrade` (§4.2.1 item 4): 400.
    Connection,
    /// `Sec-WebSocket-Version` is missing, repeated or not 13 (§4.4): 426 with the version spoken.
    Version,
    /// `Sec-WebSocket-Key` is missing, repeated or not base64 of 16 bytes (§4.2.1 item 5): 400.
    Key,
    /// `Origin` is not allowed, repeated or malformed (§4.2.2 item 4): 403.
    Origin,
    /// The subprotocols offered are malformed, doubled or too many (§4.1 item 10): 400.
    Subprotocols(SubprotocolError),
    /// No subprotocol is shared, and [`Policy::require_subprotocol`] is set: 400.
    NoCommonSubprotocol,
    /// The extensions offered are malformed or too many (§9.1): 400.
    Extensions(ExtensionError),
}

impl Rejection {
    /// The status of the answer.
    #[must_use]
    pub const fn http_status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Upgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::ConnectProtocol => StatusCode::NOT_IMPLEMENTED,
            Self::HttpVersion
            | Self::Target
            | Self::Host
            | Self::Body
            | Self::Connection
            | Self::Key
            | Self::Subprotocols(_)
            | Self::NoCommonSubprotocol
            | Self::Extensions(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer, with a sentence of plain text as its body.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        let mut response = text_response(self.http_status(), &self.to_string());
        let headers = response.headers_mut();
        match self {
            Self::Method => {
                headers.insert(ALLOW, HeaderValue::from_static("GET"));
            }
            Self::Upgrade | Self::Version => {
                // A 426 must say what to upgrade to (RFC 9110 §15.5.22), and that names the connection's own field.
                headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
                headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
                headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            }
            _ => {}
        }
        response
    }

    /// The answer to a request over HTTP/2 or HTTP/3, where nothing is upgraded: without the fields that belong to one connection
    /// (RFC 9113 §8.2.2).
    #[must_use]
    pub fn to_connect_response(&self) -> Response<Bytes> {
        let mut response = self.to_response();
        response.headers_mut().remove(UPGRADE);
        response.headers_mut().remove(CONNECTION);
        response
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "a websocket is opened by the method get",
            Self::HttpVersion => {
                "a websocket is opened by get over http/1.1, or by extended connect over http/2"
            }
            Self::ConnectProtocol => "extended connect to websocket only",
            Self::Target => "an extended connect names its scheme and path",
            Self::Host => "host is missing, repeated or malformed",
            Self::Body => "a websocket request has no body",
            Self::Upgrade => "upgrade to websocket required",
            Self::Connection => "connection does not name upgrade",
            Self::Version => "sec-websocket-version must be 13",
            Self::Key => "sec-websocket-key must be base64 of 16 bytes",
            Self::Origin => "origin not allowed",
            Self::Subprotocols(error) => return error.fmt(f),
            Self::NoCommonSubprotocol => "no subprotocol in common",
            Self::Extensions(error) => return error.fmt(f),
        })
    }
}

impl core::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Subprotocols(error) => Some(error),
            Self::Extensions(error) => Some(error),
            _ => None,
        }
    }
}

pub(super) fn text_response(status: StatusCode, sentence: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(format!("{sentence}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
