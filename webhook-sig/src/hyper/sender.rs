//! One attempt over HTTP/1.1.
#![allow(clippy::disallowed_methods, reason = "an adapter: it waits")]

use super::resolve::{Resolve, SystemResolver};
use crate::delivery::{Attempt, Outcome, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::string::String;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::timeout;

/// The bounds of a [`Sender`], beside the attempt's own deadline. Sizes are in bytes.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderLimits {
    /// Time to resolve a name. Default 2 s: a name server that does not answer must not use up the attempt.
    pub dns_timeout: Duration,
    /// Time to connect, TLS handshake included, all addresses together. Default 5 s.
    pub connect_timeout: Duration,
    /// The answer's status line and header fields. Default 16 KiB, and never less than 8 KiB.
    pub max_response_head: usize,
    /// How much of the answer's body is read and kept. Default 16 KiB; then the connection is closed, and the status counts.
    pub max_kept_body: usize,
}

impl SenderLimits {
    /// The defaults named at each field.
    pub const DEFAULT: Self = Self {
        dns_timeout: Duration::from_secs(2),
        connect_timeout: Duration::from_secs(5),
        max_response_head: 16 * 1024,
        max_kept_body: 16 * 1024,
    };
}

impl Default for SenderLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Sends attempts: one POST over a connection of its own, to a vetted address, without redirects, proxies, cookies or content codings.
///
/// An answer counts once it is complete. A 2xx head whose body does not end by the deadline, or breaks off, is a failure: nothing shows that the receiver
/// finished its work. Where the body is longer than [`SenderLimits::max_kept_body`] the status counts. Any other status counts with or without its body.
///
/// `https` needs the feature `rustls`; without it such an attempt ends in [`Outcome::Tls`].
#[derive(Clone)]
pub struct Sender {
    resolver: Arc<dyn Resolve>,
    limits: SenderLimits,
    #[cfg(feature = "rustls")]
    tls: Option<Arc<rustls::ClientConfig>>,
}

impl Sender {
    /// A sender with the system's resolver, the default limits and, for `https`, the roots of Mozilla's programme (crate `webpki-roots`).
    #[must_use]
    pub fn new() -> Self {
        Self {
            resolver: Arc::new(SystemResolver),
            limits: SenderLimits::DEFAULT,
            #[cfg(feature = "rustls")]
            tls: public_roots(),
        }
    }

    /// With another resolver.
    #[must_use]
    pub fn resolver_from(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// With other limits.
    #[must_use]
    pub fn limits_from(mut self, limits: SenderLimits) -> Self {
        self.limits = limits;
        self
    }

    /// With another TLS configuration: own roots, client certificates, a provider.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls_from(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> &SenderLimits {
        &self.limits
    }

    pub(super) fn resolver(&self) -> &dyn Resolve {
        &*self.resolver
    }

    #[cfg(feature = "rustls")]
    pub(super) fn tls(&self) -> Option<Arc<rustls::ClientConfig>> {
        self.tls.clone()
    }

    /// Sends an attempt and says what became of it, by its deadline at the latest. The time from now on is measured by the monotonic clock.
    pub async fn send(&self, attempt: &Attempt) -> Outcome {
        let budget = attempt.deadline.saturating_since(attempt.started_at);
        let mut answer = None;
        let ended = timeout(budget, self.exchange(attempt, &mut answer)).await;
        match (ended, answer) {
            (Ok(Ok(())), Some(response)) => Outcome::Response(response),
            (_, Some(response)) if !(200..300).contains(&response.status) => Outcome::Response(response),
            (Ok(Ok(())), None) => Outcome::Protocol,
            (Ok(Err(outcome)), _) => outcome,
            (Err(_), _) => Outcome::Timeout,
        }
    }

    /// Leaves in `answer` what has come so far, so that a deadline does not lose it.
    async fn exchange(&self, attempt: &Attempt, answer: &mut Option<Response>) -> Result<(), Outcome> {
        let request = request(attempt).map_err(|_| Outcome::Protocol)?;
        let stream = self.connect(attempt).await?;
        let (mut requests, connection) = hyper::client::conn::http1::Builder::new()
            // hyper's own floor, below which it panics.
            .max_buf_size(self.limits.max_response_head.max(8192))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| Outcome::Protocol)?;
        let work = async {
            let response = requests.send_request(request).await.map_err(|_| Outcome::Protocol)?;
            let (head, body) = response.into_parts();
            let retry_after = head
                .headers
                .get(http::header::RETRY_AFTER)
                .and_then(|value| value.to_str().ok())
                .map(String::from);
            let kept =
                answer.insert(Response { status: head.status.as_u16(), retry_after, body: Bytes::new() });
            read_body(body, self.limits.max_kept_body, &mut kept.body).await
        };
        // The connection is driven here, in one task with the request: dropping this future closes it.
        let (mut connection, mut work) = (pin!(connection), pin!(work));
        let mut open = true;
        poll_fn(|cx| {
            if open && connection.as_mut().poll(cx).is_ready() {
                open = false;
            }
            match work.as_mut().poll(cx) {
                Poll::Ready(ended) => Poll::Ready(ended),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }
}

impl Default for Sender {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn request(attempt: &Attempt) -> http::Result<http::Request<Full<Bytes>>> {
    let mut request = http::Request::post(attempt.url.path_and_query())
        .header(http::header::HOST, attempt.url.authority())
        // One request a connection: nothing is kept open to a stranger's host.
        .header(http::header::CONNECTION, "close");
    for (name, value) in &attempt.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    request.body(Full::new(attempt.payload.clone()))
}

/// Reads up to `most` bytes. What is longer is cut there, and counts as complete.
async fn read_body(mut body: hyper::body::Incoming, most: usize, kept: &mut Bytes) -> Result<(), Outcome> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            *kept = read.freeze();
            return Err(Outcome::Protocol);
        };
        let Some(data) = frame.data_ref() else { continue };
        let room = most - read.len();
        read.extend_from_slice(data.get(..room).unwrap_or(data));
        if data.len() > room {
            break;
        }
    }
    *kept = read.freeze();
    Ok(())
}

#[cfg(feature = "rustls")]
fn public_roots() -> Option<Arc<rustls::ClientConfig>> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = [b"http/1.1".to_vec()].into();
    Some(Arc::new(config))
}
