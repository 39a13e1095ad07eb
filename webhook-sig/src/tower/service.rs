//! The service that the layer makes.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use core::fmt;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header, request};
use http_body::Body;
use tower_service::Service;

use super::Shared;
use crate::algorithm::Verify;
use crate::error::{BodyFlaw, Exceeded, Reject};
use crate::{HmacSha256, Verified};

/// Verifies a request before the service behind it has it ([`VerifyLayer`](super::VerifyLayer)).
pub struct VerifyService<S, K: Verify = HmacSha256> {
    inner: S,
    shared: Arc<Shared<K>>,
}

impl<S, K: Verify> VerifyService<S, K> {
    pub(super) const fn new(inner: S, shared: Arc<Shared<K>>) -> Self {
        Self { inner, shared }
    }
}

impl<S: Clone, K: Verify> Clone for VerifyService<S, K> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), shared: Arc::clone(&self.shared) }
    }
}

impl<S, K: Verify> fmt::Debug for VerifyService<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyService").field("scheme", &self.shared.scheme).finish_non_exhaustive()
    }
}

impl<S, K, B, R> Service<Request<B>> for VerifyService<S, K>
where
    S: Service<Request<Verified<Bytes>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    K: Verify,
    B: Body + Send + 'static,
    B::Data: Send,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        // The one that was polled ready is the one to call.
        let next = self.inner.clone();
        let mut inner = core::mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            match verify(&shared, &head, body).await {
                Ok(verified) => inner.call(Request::from_parts(head, verified)).await,
                Err(reject) => {
                    (shared.on_reject)(&reject);
                    Ok(refuse(&reject))
                }
            }
        })
    }
}

/// Reads a request to its end, if it has a chance.
async fn verify<K: Verify, B: Body>(
    shared: &Shared<K>,
    head: &request::Parts,
    body: B,
) -> Result<Verified<Bytes>, Reject> {
    let ring = (shared.keys)();
    let url = url(&shared.origin, head);
    let mut verifier = ring.scheme(shared.scheme).with_limits(shared.limits.clone());
    if !shared.origin.is_empty() {
        verifier = verifier.with_url(&url);
    }
    if shared.encoded {
        verifier = verifier.allow_content_encoding();
    }
    let mut pending = verifier.begin(&head.headers, (shared.clock)())?;
    let max = shared.limits.max_body;
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > max) {
        return Err(Reject::Limit(Exceeded::Body { max }));
    }
    let mut body = pin!(body);
    let mut kept = Kept::None;
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| Reject::Body(BodyFlaw::Incomplete))?;
        // Trailers are not signed by any of these schemes.
        let Ok(mut data) = frame.into_data() else { continue };
        let chunk = data.copy_to_bytes(data.remaining());
        pending.update(&chunk)?;
        kept.push(chunk);
    }
    Ok(pending.finish()?.with_body(kept.into_bytes()))
}

/// The body as far as it has come. One that comes in one piece is not copied.
enum Kept {
    None,
    One(Bytes),
    More(BytesMut),
}

impl Kept {
    fn push(&mut self, chunk: Bytes) {
        *self = match core::mem::replace(self, Self::None) {
            Self::None => Self::One(chunk),
            Self::One(first) => {
                let mut all = BytesMut::from(first);
                all.extend_from_slice(&chunk);
                Self::More(all)
            }
            Self::More(mut all) => {
                all.extend_from_slice(&chunk);
                Self::More(all)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(one) => one,
            Self::More(all) => all.freeze(),
        }
    }
}

fn url(origin: &str, head: &request::Parts) -> String {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    [origin.trim_end_matches('/'), path].concat()
}

/// The answer to what was not verified: no more than the sender knows already.
fn refuse<R: From<String>>(reject: &Reject) -> Response<R> {
    let mut response = Response::new(R::from(reject.to_string()));
    let status = StatusCode::from_u16(reject.http_status()).unwrap_or(StatusCode::UNAUTHORIZED);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::UNAUTHORIZED {
        // RFC 9110 §15.5.2 wants a challenge; none that is registered is about signed messages.
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Signature realm=\"webhooks\""));
    }
    if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        // RFC 9110 §15.5.16: what would have been taken.
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    response
}
