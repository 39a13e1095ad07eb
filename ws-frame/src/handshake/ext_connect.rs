//! WebSocket by extended CONNECT: over HTTP/2 (RFC 8441 §5) and, in the same words, over HTTP/3 (RFC 9220).
//!
//! One stream of a connection carries the frames; the connection stays HTTP for its other streams. There is no key and no
//! `Sec-WebSocket-Accept`, nothing is upgraded, and the answer that opens is 2xx. Origin, subprotocols, extensions and the
//! version are as in RFC 6455.
//!
//! `http` has no place for the pseudo-header `:protocol`: it is handed over beside the request, and HTTP implementations carry it
//! in the extensions, such as `hyper::ext::Protocol`.

use http::header::{CONNECTION, HOST, SEC_WEBSOCKET_KEY, UPGRADE};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version, request, response};

use super::client::{ClientError, ClientHandshake, Opened};
use super::headers::{self, Single};
use super::origin;
use super::server::{Accepted, Handshake, Policy, Rejection};

/// What `:protocol` says for a WebSocket (RFC 8441 §5).
pub const PROTOCOL: &str = "websocket";

impl Policy {
    /// Decides over an extended CONNECT request (RFC 8441 §5, RFC 9220 §3). `protocol` is its `:protocol`, `None` where it has
    /// none; its body is not looked at. The server must have sent `SETTINGS_ENABLE_CONNECT_PROTOCOL`.
    ///
    /// # Errors
    /// [`Rejection`]: the first thing that is wrong. [`Rejection::to_connect_response`] is what to answer.
    ///
    /// # Examples
    /// ```
    /// use http::{Method, Request, Version};
    /// use ws_frame::handshake::Policy;
    ///
    /// let request = Request::builder()
    ///     .method(Method::CONNECT)
    ///     .uri("https://server.example.com/chat")
    ///     .version(Version::HTTP_2)
    ///     .header("sec-websocket-version", "13")
    ///     .header("sec-websocket-protocol", "chat, superchat")
    ///     .body(())?;
    /// let policy = Policy::new().subprotocols(["chat"])?;
    /// let accepted = policy.accept_connect(&request, Some("websocket"))?;
    /// assert_eq!(accepted.response.status(), 200);
    /// assert_eq!(accepted.response.headers()["sec-websocket-protocol"], "chat");
    /// assert_eq!(policy.accept_connect(&request, Some("connect-udp")).unwrap_err().http_status(), 501);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn accept_connect<B>(
        &self,
        request: &Request<B>,
        protocol: Option<&str>,
    ) -> Result<Accepted, Rejection> {
        self.decide_connect(request.method(), request.uri(), request.version(), request.headers(), protocol)
    }

    /// [`accept_connect`](Self::accept_connect) for a request taken apart.
    ///
    /// # Errors
    /// As [`accept_connect`](Self::accept_connect).
    pub fn accept_connect_parts(
        &self,
        parts: &request::Parts,
        protocol: Option<&str>,
    ) -> Result<Accepted, Rejection> {
        self.decide_connect(&parts.method, &parts.uri, parts.version, &parts.headers, protocol)
    }

    /// Decides over an extended CONNECT request and gives the response to send either way.
    #[must_use]
    pub fn respond_connect<B>(&self, request: &Request<B>, protocol: Option<&str>) -> Handshake {
        match self.accept_connect(request, protocol) {
            Ok(accepted) => Handshake::Upgrade(accepted),
            Err(rejection) => Handshake::Reject(rejection.to_connect_response()),
        }
    }

    fn decide_connect(
        &self,
        method: &Method,
        uri: &Uri,
        version: Version,
        headers: &HeaderMap,
        protocol: Option<&str>,
    ) -> Result<Accepted, Rejection> {
        // A CONNECT without `:protocol` asks for a tunnel.
        let (true, Some(protocol)) = (*method == Method::CONNECT, protocol) else {
            return Err(Rejection::Method);
        };
        if version != Version::HTTP_2 && version != Version::HTTP_3 {
            return Err(Rejection::HttpVersion);
        }
        if !protocol.eq_ignore_ascii_case(PROTOCOL) {
            return Err(Rejection::ConnectProtocol);
        }
        // RFC 8441 §4: with `:protocol`, `:scheme` and `:path` must be there.
        let scheme = uri.scheme().is_some_and(|scheme| *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS);
        if !scheme || uri.path_and_query().is_none() {
            return Err(Rejection::Target);
        }
        let authority = connect_authority(uri, headers)?;
        super::server::refuse_body(headers)?;
        super::server::check_version(headers)?;
        self.check_origin(headers, authority)?;
        let mut accepted = self.negotiate(headers)?;
        *accepted.response.status_mut() = StatusCode::OK;
        *accepted.response.version_mut() = version;
        Ok(accepted)
    }
}

/// `:authority`, or `Host` in its place (RFC 9113 §8.3.1).
fn connect_authority<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Result<&'a str, Rejection> {
    let host = match (uri.authority().map(Authority::as_str), headers::single(headers, &HOST)) {
        (_, Single::Repeated) | (None, Single::Absent) => return Err(Rejection::Host),
        (Some(authority), _) => authority,
        (None, Single::Value(host)) => core::str::from_utf8(host).map_err(|_| Rejection::Host)?,
    };
    origin::split_authority(host).map(|_| host).ok_or(Rejection::Host)
}

impl ClientHandshake {
    /// The same handshake as an extended CONNECT request (RFC 8441 §5): `:scheme`, `:authority` and `:path` stand in the URI, and
    /// whoever sends it adds `:protocol`, which is [`PROTOCOL`]. `version` is [`Version::HTTP_2`], or [`Version::HTTP_3`] for RFC 9220.
    ///
    /// Send it only where the server's SETTINGS hold `SETTINGS_ENABLE_CONNECT_PROTOCOL` = 1 (RFC 8441 §3).
    ///
    /// # Examples
    /// ```
    /// use http::{Method, Version};
    /// use ws_frame::handshake::{ClientHandshake, WebSocketUri};
    ///
    /// let uri = WebSocketUri::parse("wss://server.example.com/chat")?;
    /// let handshake = ClientHandshake::new(&uri, *b"the sample nonce").subprotocols(["chat"])?;
    /// let request = handshake.connect_request(Version::HTTP_2);
    /// assert_eq!(request.method(), Method::CONNECT);
    /// assert_eq!(request.uri(), "https://server.example.com/chat");
    /// assert_eq!(request.headers()["sec-websocket-version"], "13");
    /// assert!(!request.headers().contains_key("sec-websocket-key"));
    ///
    /// let response = http::Response::builder().status(200).header("sec-websocket-protocol", "chat").body(())?;
    /// assert_eq!(handshake.verify_connect(&response)?.subprotocol.unwrap().as_str(), "chat");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn connect_request(&self, version: Version) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = Method::CONNECT;
        *request.version_mut() = version;
        *request.uri_mut() = self.uri().to_http();
        let headers = request.headers_mut();
        headers.clone_from(self.request().headers());
        for name in [HOST, UPGRADE, CONNECTION, SEC_WEBSOCKET_KEY] {
            headers.remove(name);
        }
        request
    }

    /// Checks the response to [`connect_request`](Self::connect_request): 2xx opens.
    ///
    /// # Errors
    /// [`ClientError`]: the first thing that is wrong. The stream must be reset without a frame sent.
    pub fn verify_connect<B>(&self, response: &Response<B>) -> Result<Opened, ClientError> {
        self.decide_connect(response.status(), response.headers())
    }

    /// [`verify_connect`](Self::verify_connect) for a response taken apart.
    ///
    /// # Errors
    /// As [`verify_connect`](Self::verify_connect).
    pub fn verify_connect_parts(&self, parts: &response::Parts) -> Result<Opened, ClientError> {
        self.decide_connect(parts.status, &parts.headers)
    }

    fn decide_connect(&self, status: StatusCode, headers: &HeaderMap) -> Result<Opened, ClientError> {
        if !status.is_success() {
            return Err(ClientError::Status(status));
        }
        self.agree(headers)
    }
}
