//! The port: accepts connections, tells HTTP/1.1 and HTTP/2 apart, and ends them in good order.
#![allow(clippy::disallowed_methods, reason = "this is where sockets, tasks and timers are")]

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{interval, sleep, timeout};

use crate::app::Front;
use crate::guard::Guarded;

/// The body of every response.
pub(crate) type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The place that a connection takes, given back when the last clone is dropped.
type Place = Arc<OwnedSemaphorePermit>;

/// What a WebSocket keeps past its request: over HTTP/1.1 it is all that is left of the connection, and over HTTP/2 it keeps it busy.
#[derive(Clone)]
#[expect(dead_code, reason = "held, not read")]
pub(crate) struct Seat(Place, Arc<Active>);

/// Serves until `stop` turns true, then lets what is open end, for as long as the configuration allows.
pub(crate) async fn serve(listener: TcpListener, front: Front, mut stop: watch::Receiver<bool>) {
    let max = u32::try_from(front.app.config.max_connections).unwrap_or(u32::MAX).max(1);
    let places = Arc::new(Semaphore::new(max as usize));
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => break,
            // A client beyond the limit waits in the listener's queue.
            accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (place, listener.accept().await)
            } => accepted,
        };
        match accepted {
            (Ok(place), Ok((socket, _))) => {
                tokio::spawn(connection(socket, Arc::new(place), front.clone(), stop.clone()));
            }
            (_, Err(cause)) => {
                // Out of file descriptors, most likely: wait for some to come back.
                tracing::warn!(%cause, "a connection was not accepted");
                sleep(Duration::from_millis(50)).await;
            }
            (Err(_), _) => break,
        }
    }
    drop(listener);
    if timeout(front.app.config.drain, places.acquire_many(max)).await.is_err() {
        tracing::warn!("some connections did not end in time and are cut");
    }
}

async fn connection(socket: TcpStream, place: Place, front: Front, mut stop: watch::Receiver<bool>) {
    if let Err(cause) = socket.set_nodelay(true) {
        tracing::debug!(%cause, "no TCP_NODELAY");
    }
    let head_timeout = front.app.config.head_timeout;
    let io = TokioIo::new(Guarded::new(socket, head_timeout, WRITE_TIMEOUT));
    let active = Arc::new(AtomicUsize::new(0));
    let service = service_fn(|mut request: Request<Incoming>| {
        let running = Arc::new(Active::new(&active));
        let front = front.clone();
        request.extensions_mut().insert(Seat(Arc::clone(&place), Arc::clone(&running)));
        async move {
            let response: Response<Body> = front.respond(request).await;
            Ok::<_, Infallible>(response.map(|body| Tracked { body, _running: running }))
        }
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_buf_size(MAX_HEAD)
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(10))
        .enable_connect_protocol()
        .max_concurrent_streams(64)
        .max_header_list_size(16 * 1024);
    let mut serving = pin!(builder.serve_connection_with_upgrades(io, service));
    let mut ticks = interval(head_timeout.max(Duration::from_millis(10)));
    let mut idle_since = None;
    let mut ending = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(cause) = ended {
                    tracing::debug!(cause = %cause, "a connection ended early");
                }
                return;
            }
            _ = stop.wait_for(|stopped| *stopped), if !ending => {
                ending = true;
                serving.as_mut().graceful_shutdown();
            }
            // HTTP/2 has no timer of its own for a connection without streams whose peer answers pings.
            now = ticks.tick(), if !ending => {
                if active.load(Ordering::Relaxed) > 0 {
                    idle_since = None;
                } else if now.duration_since(*idle_since.get_or_insert(now)) >= IDLE_TIMEOUT {
                    ending = true;
                    serving.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// Counts a request from its head to the end of its response.
struct Active(Arc<AtomicUsize>);

impl Active {
    fn new(count: &Arc<AtomicUsize>) -> Active {
        count.fetch_add(1, Ordering::Relaxed);
        Active(Arc::clone(count))
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A response body that keeps its connection counted as busy.
struct Tracked {
    body: Body,
    _running: Arc<Active>,
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The head of an HTTP/1.1 request, in bytes.
const MAX_HEAD: usize = 32 * 1024;
/// How long a peer may leave what it asked for unread.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a connection may have no request under way.
const IDLE_TIMEOUT: Duration = Duration::from_secs(120);
