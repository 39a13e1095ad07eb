//! From one request of hyper's to an open connection.

use core::fmt;
use std::sync::Arc;

use http::{Method, Request, Response};
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;

use crate::Config;
use crate::handshake::{Accepted, Policy, Rejection, Subprotocol};
use crate::tokio::WebSocket;

/// What a WebSocket behind hyper reads from and writes to: a whole connection over HTTP/1.1, a stream of one over HTTP/2.
pub type Upgraded = TokioIo<hyper::upgrade::Upgraded>;

/// Decides over a request, whichever version of HTTP it came by. Send the response; then [`Opening::open`] gives the connection.
///
/// # Errors
/// [`Rejection`]: answer its [`to_response`](Rejection::to_response).
///
/// # Examples
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use hyper::body::Incoming;
/// use ws_frame::Config;
/// use ws_frame::handshake::Policy;
/// use ws_frame::tower::accept;
///
/// fn answer(policy: &Policy, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
///     let (response, opening) = match accept(policy, &mut request) {
///         Ok(accepted) => accepted,
///         Err(rejection) => return rejection.to_response().map(Full::new),
///     };
///     tokio::spawn(async move {
///         let Ok(mut ws) = opening.open(Config::default()).await else { return };
///         while let Some(Ok(message)) = ws.recv().await {
///             if ws.send(message).await.is_err() {
///                 break;
///             }
///         }
///     });
///     response.map(|()| Full::default())
/// }
/// ```
pub fn accept<B>(policy: &Policy, request: &mut Request<B>) -> Result<(Response<()>, Opening), Rejection> {
    let accepted = if *request.method() == Method::CONNECT {
        let protocol = request.extensions().get::<Protocol>().map(Protocol::as_str);
        policy.accept_connect(request, protocol)
    } else {
        policy.accept(request)
    }?;
    let upgrade = hyper::upgrade::on(request);
    Ok((accepted.response.clone(), Opening { accepted, upgrade }))
}

/// A connection that opens once the response is on its way.
pub struct Opening {
    accepted: Accepted,
    upgrade: OnUpgrade,
}

impl Opening {
    /// The subprotocol that both sides will speak, if one was chosen.
    #[must_use]
    pub const fn subprotocol(&self) -> Option<&Subprotocol> {
        self.accepted.subprotocol.as_ref()
    }

    /// Waits until the response is sent, and gives the connection.
    ///
    /// # Errors
    /// The client went away before, the response was not sent, or the server does not serve upgrades.
    pub async fn open(self, config: impl Into<Arc<Config>>) -> Result<WebSocket<Upgraded>, hyper::Error> {
        let io = TokioIo::new(self.upgrade.await?);
        Ok(WebSocket::accepted(io, config, &self.accepted))
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}
