//! A server of WebSockets on an HTTP/2 connection of its own, met by our client and by what breaks.
#![cfg(feature = "h2")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use ws_frame::h2::{Incoming, Server, Session, Stream};
use ws_frame::handshake::{ClientHandshake, Policy};
use ws_frame::tokio::{Error, HandshakeError, WebSocket, request};
use ws_frame::{CloseCode, Config, Message};

const PATIENCE: Duration = Duration::from_secs(60);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("in time")
}

async fn echo(mut ws: WebSocket<Stream>) {
    while let Some(Ok(message)) = ws.recv().await {
        if ws.send(message).await.is_err() {
            break;
        }
    }
}

fn policy() -> Policy {
    Policy::new().subprotocols(["echo"]).unwrap()
}

/// Opens what the policy accepts, and refuses the rest; `/private` is for nobody.
fn answer(incoming: Incoming) -> io::Result<()> {
    if incoming.request().uri().path() == "/private" {
        let mut response = Response::new(Bytes::from_static(b"who are you?"));
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return incoming.respond(response);
    }
    match incoming.decide(&policy()) {
        Ok(accepted) => {
            tokio::spawn(echo(incoming.open(&accepted, Config::default())?));
            Ok(())
        }
        Err(rejection) => incoming.respond(rejection.to_connect_response()),
    }
}

/// How the connection ended.
type Serving = JoinHandle<io::Result<()>>;

fn serve<IO>(io: IO) -> Serving
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        let mut server = Server::open(io).await.unwrap();
        while let Some(incoming) = server.accept().await {
            answer(incoming?)?;
        }
        Ok(())
    })
}

fn opening(path: &str) -> ClientHandshake {
    request(&format!("ws://a.example{path}")).unwrap().subprotocols(["echo"]).unwrap()
}

async fn open(session: &Session, path: &str) -> Result<WebSocket<Stream>, HandshakeError> {
    soon(session.connect(&opening(path), Config::default())).await.map(|(ws, _)| ws)
}

async fn pair() -> (Session, Serving) {
    let (ours, theirs) = tokio::io::duplex(10_000);
    let serving = serve(theirs);
    (soon(Session::open(ours)).await.unwrap(), serving)
}

/// More than the windows hold, and more than a cork does.
#[tokio::test]
async fn many_sockets_share_a_connection_and_each_hears_its_own() {
    let (session, serving) = pair().await;
    let mut tasks = Vec::new();
    for number in 0..40_usize {
        let mut ws = open(&session, "/").await.unwrap();
        assert_eq!(ws.subprotocol().unwrap().as_str(), "echo");
        tasks.push(tokio::spawn(async move {
            for size in [0, 1, 4_000, 70_000, 400_000, 7].map(|size| size + number) {
                let message = Message::from(vec![number as u8; size]);
                ws.send(message.clone()).await.unwrap();
                assert_eq!(ws.recv().await.unwrap().unwrap(), message);
            }
            ws.close(CloseCode::NORMAL, "").await.unwrap()
        }));
    }
    for task in tasks {
        assert!(soon(task).await.unwrap().clean);
    }
    drop(session);
    soon(serving).await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_refused_is_answered_and_the_connection_goes_on() {
    let (session, _serving) = pair().await;
    let foreign = opening("/").header(http::header::ORIGIN, "https://b.example".parse().unwrap()).unwrap();
    for (handshake, status, body) in
        [(opening("/private"), 401, "who are you?"), (foreign, 403, "origin not allowed\n")]
    {
        let error = soon(session.connect(&handshake, Config::default())).await.unwrap_err();
        let HandshakeError::Response { response, .. } = error else { panic!("{error:?}") };
        assert_eq!((response.status().as_u16(), &response.body()[..]), (status, body.as_bytes()));
    }
    let mut ws = open(&session, "/").await.unwrap();
    soon(ws.send("still there")).await.unwrap();
    assert_eq!(soon(ws.recv()).await.unwrap().unwrap(), Message::from("still there"));
}

#[tokio::test]
async fn a_peer_that_does_not_read_makes_the_sender_wait() {
    const MESSAGES: usize = 200;
    let (ours, theirs) = tokio::io::duplex(10_000);
    let sent_so_far = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent_so_far);
    let server = tokio::spawn(async move {
        let mut server = Server::open(theirs).await.unwrap();
        let incoming = server.accept().await.unwrap().unwrap();
        let accepted = incoming.decide(&policy()).unwrap();
        let mut ws = incoming.open(&accepted, Config::default()).unwrap();
        let sent = Arc::clone(&count);
        tokio::spawn(async move {
            for _ in 0..MESSAGES {
                ws.send(vec![0; 10_000]).await.unwrap();
                sent.fetch_add(1, Ordering::SeqCst);
            }
            while ws.recv().await.is_some() {}
        });
        while server.accept().await.is_some() {}
    });
    let session = soon(Session::open(ours)).await.unwrap();
    let mut ws = open(&session, "/").await.unwrap();
    // The window of a stream is 256 KiB, and a few messages lie in buffers on the way. Turns enough for all of them, were there no window.
    for _ in 0..100_000 {
        tokio::task::yield_now().await;
    }
    let sent = sent_so_far.load(Ordering::SeqCst);
    assert!((26..60).contains(&sent), "{sent}");
    for _ in 0..MESSAGES {
        assert_eq!(soon(ws.recv()).await.unwrap().unwrap().len(), 10_000);
    }
    assert!(soon(ws.close(CloseCode::NORMAL, "")).await.unwrap().clean);
    assert_eq!(sent_so_far.load(Ordering::SeqCst), MESSAGES);
    drop((ws, session));
    soon(server).await.unwrap();
}

#[tokio::test]
async fn a_graceful_shutdown_leaves_what_is_open_and_takes_no_more() {
    let (ours, theirs) = tokio::io::duplex(10_000);
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let serving: Serving = tokio::spawn(async move {
        let mut server = Server::open(theirs).await.unwrap();
        let mut stopping = false;
        loop {
            tokio::select! {
                _ = &mut stopped, if !stopping => {
                    stopping = true;
                    server.graceful_shutdown();
                }
                incoming = server.accept() => match incoming {
                    Some(incoming) => answer(incoming?)?,
                    None => return Ok(()),
                },
            }
        }
    });
    let session = soon(Session::open(ours)).await.unwrap();
    let mut ws = open(&session, "/").await.unwrap();
    stop.send(()).unwrap();
    // GOAWAY comes when it comes: from then on nothing opens.
    soon(async { while open(&session, "/").await.is_ok() {} }).await;
    soon(ws.send("still open")).await.unwrap();
    assert_eq!(soon(ws.recv()).await.unwrap().unwrap(), Message::from("still open"));
    assert!(!serving.is_finished());
    assert!(soon(ws.close(CloseCode::NORMAL, "")).await.unwrap().clean);
    drop((ws, session));
    soon(serving).await.unwrap().unwrap();
}

/// A stream that takes no more once it is told so.
struct Breaking {
    io: DuplexStream,
    broken: Arc<AtomicBool>,
}

impl AsyncRead for Breaking {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Breaking {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.broken.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_stream_that_fails_to_write_ends_every_socket_of_its_connection() {
    let (ours, theirs) = tokio::io::duplex(10_000);
    let broken = Arc::new(AtomicBool::new(false));
    let _serving = serve(theirs);
    let session = soon(Session::open(Breaking { io: ours, broken: Arc::clone(&broken) })).await.unwrap();
    let (mut one, mut two) = (open(&session, "/").await.unwrap(), open(&session, "/").await.unwrap());
    broken.store(true, Ordering::SeqCst);
    // What is handed to the connection's task is sent, as far as a sender can know.
    soon(one.send("lost")).await.unwrap();
    for ws in [&mut one, &mut two] {
        let end = soon(ws.recv()).await;
        assert!(matches!(end, Some(Err(Error::Io(_)))), "{end:?}");
        assert_eq!(ws.close_info().unwrap().code, CloseCode::ABNORMAL);
    }
    assert!(open(&session, "/").await.is_err());
}

#[tokio::test]
async fn a_server_that_is_dropped_ends_its_sockets_abnormally() {
    let (session, serving) = pair().await;
    let mut ws = open(&session, "/").await.unwrap();
    serving.abort();
    assert!(soon(ws.recv()).await.is_some_and(|end| end.is_err()));
    assert_eq!(ws.close_info().unwrap().code, CloseCode::ABNORMAL);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_is_given_up_in_time() {
    let (_ours, theirs) = tokio::io::duplex(10_000);
    let start = tokio::time::Instant::now();
    assert!(matches!(Server::open(theirs).await, Err(HandshakeError::Timeout)));
    assert_eq!(start.elapsed().as_secs(), 10);
}
