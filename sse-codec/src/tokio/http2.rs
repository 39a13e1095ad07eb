//! HTTP/2 connections, each shared by many sources.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use ::tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{Mutex as AsyncMutex, oneshot},
    task::spawn,
};
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::Full;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::{
    connect::{Failure, Io},
    exchange::Connected,
};

/// What one source may leave unread.
const STREAM_WINDOW: u32 = 65_535;

/// The most that RFC 9113 §6.9.1 lets a window be. All streams share it: at 64 KiB each it takes 32,768 unread ones to close it,
/// and then nobody would read.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// No more streams than the connection's window can bear.
const MAX_STREAMS: usize = (CONNECTION_WINDOW / STREAM_WINDOW) as usize;

/// The connections of one connector.
#[derive(Default)]
pub(super) struct Pool {
    origins: Mutex<HashMap<String, Weak<Origin>>>,
}

/// The connections to one origin, oldest first. The lock is held while one is opened, so that those who come meanwhile share it.
#[derive(Default)]
struct Origin {
    connections: AsyncMutex<Vec<Weak<Shared>>>,
}

struct Shared {
    sender: SendRequest<Full<Bytes>>,
    streams: AtomicUsize,
    /// How many streams the server allows.
    max_streams: Arc<AtomicUsize>,
    is_distrusted: AtomicBool,
    /// Keeps the list of the origin's connections for as long as there is one.
    _origin: Arc<Origin>,
}

/// A source's place on a connection. The connection ends with the last of them.
pub(super) struct Stream(Arc<Shared>);

impl Stream {
    pub(super) fn distrust(&self) {
        self.0.is_distrusted.store(true, Ordering::Relaxed);
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.streams.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Shared {
    /// A place, if there is one. Only whoever holds the origin's lock takes places, so none is taken twice.
    fn place(this: &Arc<Self>) -> Option<Stream> {
        let is_usable = !this.sender.is_closed() && !this.is_distrusted.load(Ordering::Relaxed);
        let max = this.max_streams.load(Ordering::Relaxed).min(MAX_STREAMS);
        if !is_usable || this.streams.load(Ordering::Relaxed) >= max {
            return None;
        }
        this.streams.fetch_add(1, Ordering::Relaxed);
        Some(Stream(Arc::clone(this)))
    }
}

impl Pool {
    pub(super) async fn send<F>(
        &self,
        open: impl FnOnce() -> F,
        request: Request<Bytes>,
    ) -> Result<Connected, Failure>
    where
        F: Future<Output = io::Result<Box<dyn Io>>>,
    {
        let stream = self.place(open, request.uri()).await?;
        let mut sender = stream.0.sender.clone();
        // An attempt that is given up before its response came says that the connection may be dead.
        let waiting = Waiting(Some(stream));
        let response = sender.send_request(request.map(Full::new)).await;
        let stream = waiting.heard();
        Ok(Connected::shared(response?, stream?))
    }

    async fn place<F>(&self, open: impl FnOnce() -> F, uri: &Uri) -> Result<Stream, Failure>
    where
        F: Future<Output = io::Result<Box<dyn Io>>>,
    {
        let origin = self.origin(uri);
        let mut connections = origin.connections.lock().await;
        connections.retain(|known| known.upgrade().is_some_and(|known| !known.sender.is_closed()));
        if let Some(stream) =
            connections.iter().filter_map(Weak::upgrade).find_map(|known| Shared::place(&known))
        {
            return Ok(stream);
        }
        let (sender, max_streams) = shake_hands(open().await?).await?;
        let shared = Arc::new(Shared {
            sender,
            streams: AtomicUsize::new(0),
            max_streams,
            is_distrusted: AtomicBool::new(false),
            _origin: Arc::clone(&origin),
        });
        connections.push(Arc::downgrade(&shared));
        Shared::place(&shared).ok_or_else(|| "the server allows no stream at all".into())
    }

    fn origin(&self, uri: &Uri) -> Arc<Origin> {
        let name = format!(
            "{}://{}",
            uri.scheme_str().unwrap_or_default(),
            uri.authority().map_or("", |a| a.as_str())
        );
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = origins.get(&name).and_then(Weak::upgrade) {
            return known;
        }
        origins.retain(|_, origin| origin.strong_count() > 0);
        let origin = Arc::<Origin>::default();
        origins.insert(name, Arc::downgrade(&origin));
        origin
    }
}

/// A stream whose response is still to come.
struct Waiting(Option<Stream>);

impl Waiting {
    fn heard(mut self) -> Result<Stream, Failure> {
        self.0.take().ok_or_else(|| "heard twice".into())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(stream) = &self.0 {
            stream.distrust();
        }
    }
}

/// Opens a connection and waits for the server's settings, which are the first thing that it says (RFC 9113 §3.4): they tell how
/// many streams it allows.
async fn shake_hands(io: Box<dyn Io>) -> Result<(SendRequest<Full<Bytes>>, Arc<AtomicUsize>), Failure> {
    let settings = Arc::<Settings>::default();
    let io = Heard { io, has_read: false, settings: Some(Arc::clone(&settings)) };
    let (sender, connection) = Builder::new(TokioExecutor::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .handshake(TokioIo::new(io))
        .await?;
    let max_streams = Arc::new(AtomicUsize::new(0));
    let (settled, settings_came) = oneshot::channel();
    let (max, mut settled) = (Arc::clone(&max_streams), Some(settled));
    let mut connection = Box::pin(connection);
    spawn(poll_fn(move |context| {
        // Its errors are those of the responses, which report them.
        let ended = connection.as_mut().poll(context).map(drop);
        if settled.is_some() {
            settings.wake_later(context);
        }
        if settings.came.load(Ordering::Acquire) {
            max.store(connection.current_max_send_streams(), Ordering::Relaxed);
            if let Some(settled) = settled.take() {
                // Whoever opened the connection may have gone.
                let _ = settled.send(());
            }
        }
        ended
    }));
    settings_came.await?;
    Ok((sender, max_streams))
}

/// Whether the server's settings came and are in force.
#[derive(Default)]
struct Settings {
    came: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Settings {
    fn wake_later(&self, context: &Context<'_>) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
    }

    fn come(&self) {
        self.came.store(true, Ordering::Release);
        if let Some(waker) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }
}

/// Tells when the first bytes were read and dealt with: that is so when more are asked for.
struct Heard {
    io: Box<dyn Io>,
    has_read: bool,
    settings: Option<Arc<Settings>>,
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.has_read
            && let Some(settings) = this.settings.take()
        {
            settings.come();
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.io).poll_read(context, buffer);
        this.has_read |= buffer.filled().len() > before;
        read
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
