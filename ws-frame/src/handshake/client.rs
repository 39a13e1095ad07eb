//! The client's side of the opening handshake (RFC 6455 §4.1): the request, and the check of its response.

use core::fmt;
use std::string::String;
use std::vec::Vec;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri, Version, response};

use super::extension;
use super::headers::{self, Single};
use super::subprotocol::{self, Subprotocol, SubprotocolError};
use super::uri::WebSocketUri;
use super::{Limits, accept_key};
#[cfg(feature = "deflate")]
use crate::deflate::{Agreement, Deflate, NegotiationError};

/// One opening handshake of a client: its request, and what the response must answer to it.
///
/// # Examples
/// ```
/// use ws_frame::handshake::{ClientHandshake, WebSocketUri};
///
/// let uri = WebSocketUri::parse("ws://server.example.com/chat")?;
/// let nonce = *b"the sample nonce"; // 16 bytes, fresh and random for each connection
/// let handshake = ClientHandshake::new(&uri, nonce).subprotocols(["chat", "superchat"])?;
/// assert_eq!(handshake.request().headers()["sec-websocket-key"], "dGhlIHNhbXBsZSBub25jZQ==");
///
/// let response = http::Response::builder()
///     .status(101)
///     .header("upgrade", "websocket")
///     .header("connection", "Upgrade")
///     .header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
///     .header("sec-websocket-protocol", "chat")
///     .body(())?;
/// assert_eq!(handshake.verify(&response)?.subprotocol.unwrap().as_str(), "chat");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClientHandshake {
    request: Request<()>,
    accept: String,
    uri: WebSocketUri,
    subprotocols: Vec<Subprotocol>,
    subprotocol_required: bool,
    #[cfg(feature = "deflate")]
    deflate: Option<Deflate>,
    limits: Limits,
}

impl ClientHandshake {
    /// A handshake for a URI. `nonce` is 16 bytes from a random source, drawn anew for each connection
    /// (§4.1 item 7).
    #[must_use]
    pub fn new(uri: &WebSocketUri, nonce: [u8; 16]) -> Self {
        let key = headers::encode_key(nonce);
        let accept = accept_key(&key);
        let mut request = Request::new(());
        *request.uri_mut() = Uri::from(uri.path_and_query().clone());
        let headers = request.headers_mut();
        headers.insert(HOST, uri.host_header().clone());
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        // Base64 is a valid field value.
        if let Ok(key) = HeaderValue::try_from(key) {
            headers.insert(SEC_WEBSOCKET_KEY, key);
        }
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        Self {
            request,
            accept,
            uri: uri.clone(),
            subprotocols: Vec::new(),
            subprotocol_required: false,
            #[cfg(feature = "deflate")]
            deflate: None,
            limits: Limits::DEFAULT,
        }
    }

    /// Offers subprotocols, the preferred first (§4.1 item 10).
    ///
    /// # Errors
    /// [`SubprotocolError`]: a name is not a token or stands twice.
    pub fn subprotocols<I>(mut self, names: I) -> Result<Self, SubprotocolError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.subprotocols = subprotocol::parse_all(names)?;
        match subprotocol::header_value(&self.subprotocols) {
            Some(value) => self.request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, value),
            None => self.request.headers_mut().remove(SEC_WEBSOCKET_PROTOCOL),
        };
        Ok(self)
    }

    /// Fails the handshake when the server chooses none of the subprotocols offered, as browsers do. RFC 6455 itself
    /// leaves the choice to the client.
    #[must_use]
    pub fn require_subprotocol(mut self) -> Self {
        self.subprotocol_required = true;
        self
    }

    /// Offers permessage-deflate (RFC 7692).
    ///
    /// ```
    /// use ws_frame::deflate::Deflate;
    /// use ws_frame::handshake::{ClientHandshake, WebSocketUri};
    ///
    /// let uri = WebSocketUri::parse("ws://server.example.com/chat")?;
    /// let handshake = ClientHandshake::new(&uri, *b"the sample nonce").deflate(Deflate::with_takeover());
    /// let offered = &handshake.request().headers()["sec-websocket-extensions"];
    /// assert_eq!(offered, "permessage-deflate; client_max_window_bits");
    /// # Ok::<(), ws_frame::handshake::UriError>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn deflate(mut self, deflate: Deflate) -> Self {
        if let Some(value) = extension::header_value(&deflate.offer()) {
            self.request.headers_mut().insert(SEC_WEBSOCKET_EXTENSIONS, value);
        }
        self.deflate = Some(deflate);
        self
    }

    /// Adds a header such as `Authorization`, `Cookie` or `Origin` (§4.1 items 8 and 12).
    ///
    /// # Errors
    /// [`ReservedHeader`] for a header that the handshake itself or the framing of HTTP decides.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Result<Self, ReservedHeader> {
        const RESERVED: [HeaderName; 12] = [
            HOST,
            UPGRADE,
            CONNECTION,
            SEC_WEBSOCKET_ACCEPT,
            SEC_WEBSOCKET_EXTENSIONS,
            SEC_WEBSOCKET_KEY,
            SEC_WEBSOCKET_PROTOCOL,
            SEC_WEBSOCKET_VERSION,
            CONTENT_LENGTH,
            TRANSFER_ENCODING,
            TE,
            TRAILER,
        ];
        let headers = self.request.headers_mut();
        if RESERVED.contains(&name) {
            return Err(ReservedHeader(name));
        }
        match headers.try_append(&name, value) {
            Ok(_) => Ok(self),
            // More headers than `http` holds (32,768).
            Err(_) => Err(ReservedHeader(name)),
        }
    }

    /// Sets the limits on what the response may hold.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits, for whoever reads the response.
    #[must_use]
    pub const fn response_limits(&self) -> &Limits {
        &self.limits
    }

    /// The URI to connect to.
    #[must_use]
    pub const fn uri(&self) -> &WebSocketUri {
        &self.uri
    }

    /// The request to send: GET in origin form, over HTTP/1.1.
    #[must_use]
    pub const fn request(&self) -> &Request<()> {
        &self.request
    }

    /// Checks the response (§4.1, "once the client's opening handshake has been sent"); its body is not looked at.
    /// Gives what the server chose.
    ///
    /// # Errors
    /// [`ClientError`]: the first thing that is wrong. The connection must be dropped without a frame sent.
    pub fn verify<B>(&self, response: &Response<B>) -> Result<Opened, ClientError> {
        self.decide(response.status(), response.version(), response.headers())
    }

    /// [`verify`](Self::verify) for a response taken apart.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_parts(&self, parts: &response::Parts) -> Result<Opened, ClientError> {
        self.decide(parts.status, parts.version, &parts.headers)
    }

    fn decide(
        &self,
        status: StatusCode,
        version: Version,
        headers: &http::HeaderMap,
    ) -> Result<Opened, ClientError> {
        if status != StatusCode::SWITCHING_PROTOCOLS {
            return Err(ClientError::Status(status));
        }
        if version != Version::HTTP_11 {
            return Err(ClientError::HttpVersion);
        }
        match headers::single(headers, &UPGRADE) {
            Single::Value(value) if value.eq_ignore_ascii_case(b"websocket") => {}
            _ => return Err(ClientError::Upgrade),
        }
        if !headers::list_contains(headers, &CONNECTION, b"upgrade") {
            return Err(ClientError::Connection);
        }
        match headers::single(headers, &SEC_WEBSOCKET_ACCEPT) {
            Single::Value(value) if value == self.accept.as_bytes() => {}
            _ => return Err(ClientError::Accept),
        }
        self.agree(headers)
    }

    /// What the server chose of what was offered.
    pub(super) fn agree(&self, headers: &http::HeaderMap) -> Result<Opened, ClientError> {
        // One that cannot be read is not one that was offered.
        let chosen = extension::all(headers, &self.limits).map_err(|_| ClientError::Extension)?;
        #[cfg(feature = "deflate")]
        let deflate = match &self.deflate {
            Some(deflate) => deflate.check(&chosen).map_err(ClientError::Deflate)?,
            None if chosen.is_empty() => None,
            None => return Err(ClientError::Extension),
        };
        #[cfg(not(feature = "deflate"))]
        if !chosen.is_empty() {
            return Err(ClientError::Extension);
        }
        let subprotocol = match headers::single(headers, &SEC_WEBSOCKET_PROTOCOL) {
            Single::Absent if self.subprotocol_required => return Err(ClientError::NoSubprotocol),
            Single::Absent => None,
            Single::Value(value) => {
                let chosen = self.subprotocols.iter().find(|name| name.as_str().as_bytes() == value);
                Some(chosen.ok_or(ClientError::Subprotocol)?.clone())
            }
            Single::Repeated => return Err(ClientError::Subprotocol),
        };
        Ok(Opened {
            subprotocol,
            #[cfg(feature = "deflate")]
            deflate,
        })
    }
}

/// What a response that opens a connection says that both sides will speak.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The subprotocol, if the server chose one.
    pub subprotocol: Option<Subprotocol>,
    /// What both sides agreed on of permessage-deflate: for [`Connection::with_deflate`](crate::Connection::with_deflate).
    #[cfg(feature = "deflate")]
    pub deflate: Option<Agreement>,
}

/// A header that [`ClientHandshake::header`] does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedHeader(HeaderName);

impl ReservedHeader {
    /// The header's name.
    #[must_use]
    pub const fn name(&self) -> &HeaderName {
        &self.0
    }
}

impl fmt::Display for ReservedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the handshake decides over the header {}", self.0)
    }
}

impl core::error::Error for ReservedHeader {}

/// Why a response does not open the connection.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// The status is not 101 (over HTTP/2 and HTTP/3: not 2xx): a redirect, a demand for authentication, or an error.
    Status(StatusCode),
    /// The response is not HTTP/1.1.
    HttpVersion,
    /// `Upgrade` is missing or not `websocket` (§4.1, check 2).
    Upgrade,
    /// `Connection` does not name `upgrade` (check 3).
    Connection,
    /// `Sec-WebSocket-Accept` is missing, repeated or does not answer the key (check 4).
    Accept,
    /// An extension is answered that was not offered (check 5).
    Extension,
    /// The answer to the offer of permessage-deflate is not one that the offer allows (RFC 7692 §7.1).
    #[cfg(feature = "deflate")]
    Deflate(NegotiationError),
    /// A subprotocol is answered that was not offered, or several are (check 6).
    Subprotocol,
    /// No subprotocol is answered, and [`ClientHandshake::require_subprotocol`] is set.
    NoSubprotocol,
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status(status) => {
                return write!(f, "the server answered {status}, which opens no websocket");
            }
            Self::HttpVersion => "the response is not http/1.1",
            Self::Upgrade => "the response's upgrade is not websocket",
            Self::Connection => "the response's connection does not name upgrade",
            Self::Accept => "sec-websocket-accept does not answer the key",
            Self::Extension => "the server chose an extension that was not offered",
            #[cfg(feature = "deflate")]
            Self::Deflate(error) => return write!(f, "the server answered {error}"),
            Self::Subprotocol => "the server chose a subprotocol that was not offered",
            Self::NoSubprotocol => "the server chose no subprotocol",
        })
    }
}

impl core::error::Error for ClientError {}
