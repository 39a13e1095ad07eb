//! Streams that read little, write little and keep us waiting, that are cut and reset anywhere, and futures that are dropped: by schedules
//! drawn from seeds, which a failure names.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf};
use ws_frame::handshake::{ClientHandshake, Policy, WebSocketUri};
use ws_frame::tokio::{Error, WebSocket, accept, handshake};
use ws_frame::{CloseCode, Config, Message};

/// SplitMix64.
#[derive(Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// A stream that does as little as it may at each call, and often nothing.
struct Faulty {
    io: DuplexStream,
    random: Random,
}

impl Faulty {
    /// Whether this call has to come again; it is woken at once.
    fn stalls(&mut self, cx: &mut Context<'_>) -> bool {
        let stalls = self.random.below(3) == 0;
        if stalls {
            cx.waker().wake_by_ref();
        }
        stalls
    }
}

impl AsyncRead for Faulty {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.stalls(cx) {
            return Poll::Pending;
        }
        let most = 1 + self.random.below(20);
        let mut small = [0; 20];
        let room = buf.remaining().min(most);
        let mut part = ReadBuf::new(&mut small[..room]);
        let read = Pin::new(&mut self.io).poll_read(cx, &mut part);
        buf.put_slice(part.filled());
        read
    }
}

impl AsyncWrite for Faulty {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.stalls(cx) {
            return Poll::Pending;
        }
        let most = 1 + self.random.below(40);
        Pin::new(&mut self.io).poll_write(cx, &buf[..buf.len().min(most)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stalls(cx) {
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stalls(cx) {
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

fn faulty(random: &mut Random) -> (Faulty, Faulty) {
    let (a, b) = tokio::io::duplex(1 + random.below(300));
    (Faulty { io: a, random: Random(random.next()) }, Faulty { io: b, random: Random(random.next()) })
}

fn client_handshake() -> ClientHandshake {
    ClientHandshake::new(&WebSocketUri::parse("ws://a/chat").unwrap(), *b"the sample nonce")
}

/// With compression where the feature is there: its state must survive the same.
fn sides() -> (Policy, ClientHandshake) {
    let (policy, client) = (Policy::new(), client_handshake());
    #[cfg(feature = "deflate")]
    let (policy, client) = {
        let deflate = ws_frame::deflate::Deflate::with_takeover();
        (policy.deflate(deflate.clone()), client.deflate(deflate))
    };
    (policy, client)
}

fn message(random: &mut Random) -> Message {
    let length = [0, 1, 125, 126, 500, 2000][random.below(6)];
    if random.below(2) == 0 {
        Message::from("ü".repeat(length))
    } else {
        Message::from(vec![random.next() as u8; length])
    }
}

async fn conversation(seed: u64) {
    let mut random = Random(seed);
    let (a, b) = faulty(&mut random);
    let (policy, client) = sides();
    let server = async {
        let (mut ws, _) = accept(a, &policy, Config::default()).await.unwrap();
        while let Some(message) = ws.recv().await {
            ws.send(message.unwrap()).await.unwrap();
        }
        ws.close_info().unwrap().clone()
    };
    let client = async {
        let (mut ws, _) = handshake(b, &client, Config::default()).await.unwrap();
        for _ in 0..8 {
            let message = message(&mut random);
            ws.send(message.clone()).await.unwrap();
            assert_eq!(ws.recv().await.unwrap().unwrap(), message, "seed {seed}");
        }
        ws.close(CloseCode::NORMAL, "done").await.unwrap()
    };
    let (server, client) = tokio::join!(server, client);
    assert!(server.clean && client.clean, "seed {seed}");
}

#[tokio::test]
async fn short_reads_short_writes_and_pending_everywhere_change_nothing() {
    for seed in 0..100 {
        tokio::time::timeout(Duration::from_secs(60), conversation(seed))
            .await
            .unwrap_or_else(|_| panic!("seed {seed} hangs"));
    }
}

/// Polls a future a few times and drops it.
async fn briefly<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Both sides send and receive by futures that are dropped after a random number of polls.
async fn dropped_futures(seed: u64, halves: bool) {
    let mut random = Random(seed);
    let (a, b) = faulty(&mut random);
    let (policy, client) = sides();
    let mut impatient = Random(random.next());
    let server = async {
        let (ws, _) = accept(a, &policy, Config::default()).await.unwrap();
        if halves {
            let (sender, mut receiver) = ws.into_split();
            loop {
                let Some(received) = briefly(impatient.below(4), receiver.recv()).await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                let Some(message) = received else { return receiver.close_info().unwrap().clone() };
                sender.send(message.unwrap()).await.unwrap();
            }
        }
        let mut ws = ws;
        loop {
            let Some(received) = briefly(impatient.below(4), ws.recv()).await else {
                tokio::task::yield_now().await;
                continue;
            };
            let Some(message) = received else { return ws.close_info().unwrap().clone() };
            // `send` that is dropped may have queued the message: `queue` is what can be told apart.
            ws.queue(message.unwrap()).unwrap();
            let _ = briefly(impatient.below(4), ws.flush()).await;
        }
    };
    let client = async {
        let (mut ws, _) = handshake(b, &client, Config::default()).await.unwrap();
        let sent: Vec<Message> = (0..12).map(|_| message(&mut random)).collect();
        let mut got = Vec::new();
        for message in &sent {
            ws.queue(message.clone()).unwrap();
            let _ = briefly(random.below(6), ws.flush()).await;
        }
        while got.len() < sent.len() {
            match briefly(random.below(6), ws.recv()).await {
                Some(received) => got.push(received.unwrap().unwrap()),
                None => tokio::task::yield_now().await,
            }
        }
        assert_eq!(got, sent, "seed {seed}");
        ws.start_close(CloseCode::NORMAL, "");
        loop {
            match briefly(random.below(6), ws.recv()).await {
                Some(end) => {
                    assert!(end.is_none(), "seed {seed}");
                    return ws.close_info().unwrap().clone();
                }
                None => tokio::task::yield_now().await,
            }
        }
    };
    let (server, client) = tokio::join!(server, client);
    assert!(server.clean && client.clean, "seed {seed}");
}

#[tokio::test]
async fn futures_dropped_at_any_await_lose_nothing() {
    for seed in 0..60 {
        for halves in [false, true] {
            tokio::time::timeout(Duration::from_secs(60), dropped_futures(seed, halves))
                .await
                .unwrap_or_else(|_| panic!("seed {seed} hangs, halves: {halves}"));
        }
    }
}

/// Ends with an error of its own once its bytes are read.
struct Broken(DuplexStream, io::ErrorKind);

impl AsyncRead for Broken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.0).poll_read(cx, buf) {
            Poll::Ready(Ok(())) if buf.filled().len() == before => Poll::Ready(Err(self.1.into())),
            other => other,
        }
    }
}

impl AsyncWrite for Broken {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// "Hello" masked, a ping, and "Hello" in two fragments.
const WIRE: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x89\x81\x00\x00\x00\x00p\
    \x01\x83\x00\x00\x00\x00Hel\x80\x82\x00\x00\x00\x00lo";

async fn cut<IO: AsyncRead + AsyncWrite + Unpin>(io: IO, at: usize) -> Option<Error> {
    let mut ws = WebSocket::server(io, Config::default());
    let mut whole = 0;
    let error = loop {
        match tokio::time::timeout(Duration::from_secs(60), ws.recv()).await.unwrap() {
            Some(Ok(message)) => {
                assert_eq!(message, Message::from("Hello"));
                whole += 1;
            }
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    assert_eq!(whole, usize::from(at >= 11) + usize::from(at >= WIRE.len()), "cut at {at}");
    let info = ws.close_info().unwrap();
    assert_eq!((info.code, info.clean), (CloseCode::ABNORMAL, false), "cut at {at}");
    assert!(ws.recv().await.is_none());
    error
}

#[tokio::test]
async fn a_stream_cut_or_reset_at_any_byte_is_1006_and_what_was_whole_is_delivered() {
    for at in 0..=WIRE.len() {
        for kind in [None, Some(io::ErrorKind::ConnectionReset)] {
            let (ours, mut theirs) = tokio::io::duplex(1024);
            theirs.write_all(&WIRE[..at]).await.unwrap();
            drop(theirs);
            let error = match kind {
                None => cut(ours, at).await,
                Some(kind) => cut(Broken(ours, kind), at).await,
            };
            match (kind, error) {
                (None, Some(Error::Protocol(_) | Error::Io(_))) => {}
                (Some(kind), Some(Error::Io(error)))
                    if error.kind() == kind || error.kind() == io::ErrorKind::BrokenPipe => {}
                other => panic!("cut at {at}: {other:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_closes_is_left_within_the_close_timeout() {
    let (ours, theirs) = tokio::io::duplex(1024);
    let mut ws = WebSocket::server(ours, Config::default());
    let start = tokio::time::Instant::now();
    let info = ws.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!((info.code, info.clean, start.elapsed().as_secs()), (CloseCode::ABNORMAL, false, 5));
    drop(theirs);
}
