//! A layer in front of a handler that takes verified requests (feature `tower`).
//!
//! The handler is a `Service<Request<Verified<Bytes>>>`: a request that does not verify does not reach it, and one that nobody verified does
//! not compile.
//!
//! ```
//! use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt as _, Full};
//! use tower_layer::Layer as _;
//! use tower_service::Service as _;
//! use webhook_sig::tower::VerifyLayer;
//! use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis, Verified};
//!
//! # #[derive(Clone)] struct Handler;
//! # impl tower_service::Service<Request<Verified<Bytes>>> for Handler {
//! #     type Response = Response<Full<Bytes>>;
//! #     type Error = Infallible;
//! #     type Future = std::future::Ready<Result<Self::Response, Infallible>>;
//! #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> { Ok(()).into() }
//! #     fn call(&mut self, request: Request<Verified<Bytes>>) -> Self::Future { std::future::ready(Ok(handle(request))) }
//! # }
//! fn handle(request: Request<Verified<Bytes>>) -> Response<Full<Bytes>> {
//!     Response::new(Full::from(request.into_body().into_body()))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ring = KeyRing::new().hmac("k", Secret::raw("secret")?)?;
//! let mut request = Request::post("/hooks").body(Full::<Bytes>::from("{}"))?;
//! for (name, value) in ring.signer(Scheme::GitHub).sign("", UnixMillis::EPOCH, b"{}")? {
//!     request.headers_mut().insert(name, value.parse()?);
//! }
//!
//! let mut service = VerifyLayer::new(ring, Scheme::GitHub).layer(Handler);
//! assert_eq!(service.call(request).await?.into_body().collect().await?.to_bytes(), "{}");
//! assert_eq!(service.call(Request::post("/hooks").body(Full::<Bytes>::from("{}"))?).await?.status(), 400);
//! # Ok(()) }
//! ```
#![allow(clippy::disallowed_methods, reason = "an adapter reads the clock")]

mod service;

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

pub use service::VerifyService;

use crate::algorithm::Verify;
use crate::scheme::Schemes as _;
use crate::{HmacSha256, KeyRing, Limits, Reject, UnixMillis};

/// Puts a verification in front of a service ([module](self)).
///
/// A request without a chance is refused before its body is read; the body is read up to the limit, and verified as it arrives. A refusal is an
/// answer with [`Reject::http_status`] and the text of the [`Reject`]. How long a body may take is for a timeout around this.
pub struct VerifyLayer<K: Verify = HmacSha256> {
    shared: Arc<Shared<K>>,
}

/// What every request of a layer needs.
struct Shared<K: Verify> {
    keys: Keys<K>,
    scheme: K::Scheme,
    limits: Limits,
    origin: String,
    encoded: bool,
    clock: Clock,
    on_reject: OnReject,
}

type Keys<K> = Arc<dyn Fn() -> Arc<KeyRing<K>> + Send + Sync>;
type Clock = Arc<dyn Fn() -> UnixMillis + Send + Sync>;
type OnReject = Arc<dyn Fn(&Reject) + Send + Sync>;

impl<K: Verify> VerifyLayer<K> {
    /// Verifies by a scheme with these keys, within the limits of the scheme, by the system's clock.
    #[must_use]
    pub fn new(ring: impl Into<Arc<KeyRing<K>>>, scheme: K::Scheme) -> Self {
        let ring = ring.into();
        Self::with_keys(move || Arc::clone(&ring), scheme)
    }

    /// The same with keys that change: `keys` is asked at each request.
    #[must_use]
    pub fn with_keys(keys: impl Fn() -> Arc<KeyRing<K>> + Send + Sync + 'static, scheme: K::Scheme) -> Self {
        let shared = Shared {
            keys: Arc::new(keys),
            scheme,
            limits: scheme.layout().limits(),
            origin: String::new(),
            encoded: false,
            clock: Arc::new(|| UnixMillis::from(std::time::SystemTime::now())),
            on_reject: Arc::new(|_| {}),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        self.change(|shared| shared.limits = limits)
    }

    /// Scheme and host under which the provider knows the endpoint, such as `https://hooks.example.com`, for the schemes that sign the
    /// URL; path and query are the request's. A proxy that changes those has to be undone by the caller.
    #[must_use]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        let origin = origin.into();
        self.change(|shared| shared.origin = origin)
    }

    /// Takes bodies under a `Content-Encoding`, which the handler then decodes
    /// ([`Verifier::allow_content_encoding`](crate::Verifier::allow_content_encoding)).
    #[must_use]
    pub fn allow_content_encoding(self) -> Self {
        self.change(|shared| shared.encoded = true)
    }

    /// Another clock than the system's.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        self.change(|shared| shared.clock = Arc::new(clock))
    }

    /// Is shown each refusal, for a log or a counter.
    #[must_use]
    pub fn on_reject(self, on_reject: impl Fn(&Reject) + Send + Sync + 'static) -> Self {
        self.change(|shared| shared.on_reject = Arc::new(on_reject))
    }

    fn change(mut self, change: impl FnOnce(&mut Shared<K>)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }
}

impl<K: Verify> Clone for Shared<K> {
    fn clone(&self) -> Self {
        Self {
            keys: Arc::clone(&self.keys),
            scheme: self.scheme,
            limits: self.limits.clone(),
            origin: self.origin.clone(),
            encoded: self.encoded,
            clock: Arc::clone(&self.clock),
            on_reject: Arc::clone(&self.on_reject),
        }
    }
}

impl<K: Verify> Clone for VerifyLayer<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K: Verify> fmt::Debug for VerifyLayer<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyLayer")
            .field("scheme", &self.shared.scheme)
            .field("limits", &self.shared.limits)
            .finish_non_exhaustive()
    }
}

impl<S, K: Verify> tower_layer::Layer<S> for VerifyLayer<K> {
    type Service = VerifyService<S, K>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifyService::new(inner, Arc::clone(&self.shared))
    }
}
