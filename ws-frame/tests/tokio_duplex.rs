//! The tokio adapter over in-memory streams: what moves, what ends, what a dropped future leaves behind.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf};
use tokio::sync::mpsc;
use ws_frame::tokio::{Error, WebSocket};
use ws_frame::{
    CloseCode, Config, Delivery, ErrorKind, Event, Heartbeat, Limits, Message, Prepared, SendError,
};

fn pair(capacity: usize) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (a, b) = tokio::io::duplex(capacity);
    (WebSocket::server(a, Config::default()), WebSocket::client(b, Config::default()).unwrap())
}

/// A server whose client is raw bytes.
fn raw(config: Config) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (a, b) = tokio::io::duplex(1 << 20);
    (WebSocket::server(a, config), b)
}

fn config(change: impl FnOnce(&mut Limits)) -> Config {
    let mut config = Config::default();
    config.heartbeat = None;
    change(&mut config.limits);
    config
}

async fn echo<IO: AsyncRead + AsyncWrite + Unpin>(mut ws: WebSocket<IO>) -> WebSocket<IO> {
    while let Some(Ok(message)) = ws.recv().await {
        ws.send(message).await.unwrap();
    }
    ws
}

/// "Hello" and "" masked with RFC 6455 §5.7's key, a ping, a Close of 1000.
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const PING: &[u8] = b"\x89\x81\x00\x00\x00\x00p";
const CLOSE: &[u8] = b"\x88\x82\x00\x00\x00\x00\x03\xe8";

#[tokio::test]
async fn messages_pass_both_ways_in_order() {
    let (server, mut client) = pair(64);
    let server = tokio::spawn(echo(server));
    let big = Bytes::from(vec![7; 300_000]);
    for message in
        [Message::from("a"), Message::from(big), Message::from(""), Message::from("ü".repeat(5000))]
    {
        client.send(message.clone()).await.unwrap();
        assert_eq!(client.recv().await.unwrap().unwrap(), message);
    }
    let info = client.close(CloseCode::NORMAL, "bye").await.unwrap();
    assert!(info.clean);
    assert_eq!((info.code, info.sent), (CloseCode::NORMAL, Some(CloseCode::NORMAL)));
    let server = server.await.unwrap();
    let info = server.close_info().unwrap();
    assert_eq!((info.clean, &*info.reason), (true, "bye"));
}

#[tokio::test]
async fn two_peers_that_both_send_more_than_the_pipe_holds_do_not_wait_for_each_other() {
    async fn exchange(mut ws: WebSocket<DuplexStream>, message: Message) -> Message {
        ws.send(message).await.unwrap();
        ws.recv().await.unwrap().unwrap()
    }
    let (server, client) = pair(1024);
    let message = Message::from(vec![1; 1_000_000]);
    let both = async { tokio::join!(exchange(server, message.clone()), exchange(client, message.clone())) };
    let (a, b) = tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    assert!(a == message && b == message);
}

#[tokio::test]
async fn one_task_receives_and_sends_what_others_publish() {
    let (mut server, mut client) = pair(256);
    let (publish, mut published) = mpsc::channel::<Prepared>(8);
    let task = tokio::spawn(async move {
        let mut received = 0;
        loop {
            tokio::select! {
                message = server.recv() => match message {
                    Some(message) => { message.unwrap(); received += 1; }
                    None => return received,
                },
                Some(prepared) = published.recv() => server.queue(prepared).unwrap(),
            }
        }
    });
    let news = Prepared::new("news");
    for _ in 0..50 {
        publish.send(news.clone()).await.unwrap();
        client.send("up").await.unwrap();
        assert_eq!(client.recv().await.unwrap().unwrap(), Message::from("news"));
    }
    client.close(CloseCode::NORMAL, "").await.unwrap();
    assert_eq!(task.await.unwrap(), 50);
}

#[tokio::test]
async fn halves_split_over_two_tasks_wake_each_other() {
    let (server, client) = pair(64);
    let server = tokio::spawn(echo(server));
    let (mut sink, mut stream) = client.split::<Message>();
    let reader = tokio::spawn(async move {
        let mut count = 0;
        while let Some(message) = stream.next().await {
            assert_eq!(message.unwrap().len(), 1000);
            count += 1;
        }
        count
    });
    for _ in 0..200 {
        sink.send(Message::from("x".repeat(1000))).await.unwrap();
    }
    sink.close().await.unwrap();
    let count = tokio::time::timeout(Duration::from_secs(5), reader).await.unwrap().unwrap();
    assert_eq!(count, 200);
    server.await.unwrap();
}

#[tokio::test]
async fn pings_are_answered_while_recv_waits() {
    let (mut server, mut client) = raw(Config::default());
    let recv = tokio::spawn(async move { server.recv().await.unwrap().unwrap() });
    client.write_all(PING).await.unwrap();
    let mut pong = [0; 3];
    client.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"\x8a\x01p");
    client.write_all(HELLO).await.unwrap();
    assert_eq!(recv.await.unwrap(), Message::from("Hello"));
}

#[tokio::test]
async fn a_ping_of_ones_own_brings_a_pong_event() {
    let (server, mut client) = pair(64);
    let server = tokio::spawn(echo(server));
    client.ping(b"are you there").await.unwrap();
    assert_eq!(client.next_event().await, Some(Event::Pong(Bytes::from_static(b"are you there"))));
    let too_long = client.ping(&[0; 126]).await.unwrap_err();
    assert!(matches!(too_long, Error::Send(SendError::ControlTooLong)));
    client.close(CloseCode::NORMAL, "").await.unwrap();
    server.await.unwrap();
}

#[tokio::test]
async fn what_came_before_an_error_is_delivered_answered_and_then_the_close_is_written() {
    let (mut server, mut client) = raw(Config::default());
    client.write_all(HELLO).await.unwrap();
    client.write_all(b"\x83\x80\x00\x00\x00\x00").await.unwrap();
    let server = tokio::spawn(async move {
        let message = server.recv().await.unwrap().unwrap();
        server.queue(message).unwrap();
        let Some(Err(Error::Protocol(error))) = server.recv().await else { panic!("no error") };
        assert_eq!(error.kind(), ErrorKind::ReservedOpcode(3));
        assert!(server.recv().await.is_none());
        assert!(!server.close_info().unwrap().clean);
    });
    let mut wire = Vec::new();
    client.read_to_end(&mut wire).await.unwrap();
    assert!(wire.starts_with(b"\x81\x05Hello\x88"), "{wire:x?}");
    assert_eq!(&wire[9..11], &1002_u16.to_be_bytes());
    drop(client);
    server.await.unwrap();
}

#[tokio::test]
async fn a_server_ends_the_stream_first_after_both_closes() {
    let (mut server, mut client) = raw(Config::default());
    client.write_all(CLOSE).await.unwrap();
    assert!(server.recv().await.is_none());
    let mut wire = Vec::new();
    client.read_to_end(&mut wire).await.unwrap();
    assert_eq!(wire, b"\x88\x02\x03\xe8");
    assert!(matches!(server.send("late").await, Err(Error::Send(SendError::Closed))));
    assert!(matches!(server.queue("late"), Err(SendError::Closed)));
}

#[tokio::test]
async fn a_client_waits_for_the_server_to_end_the_stream() {
    let (a, mut b) = tokio::io::duplex(1 << 16);
    let mut client = WebSocket::client(a, Config::default()).unwrap();
    client.start_close(CloseCode::NORMAL, "");
    assert!(poll_once(pin!(client.recv())).await.is_none());
    b.write_all(b"\x88\x02\x03\xe8").await.unwrap();
    let mut frame = [0; 8];
    b.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[..2], [0x88, 0x82]);
    assert!(poll_once(pin!(client.recv())).await.is_none(), "the server has not ended the stream");
    drop(b);
    assert!(client.recv().await.is_none());
    assert!(client.close_info().unwrap().clean);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_close_is_given_up_after_close_timeout() {
    let (mut server, client) = raw(Config::default());
    let start = tokio::time::Instant::now();
    let info = server.close(CloseCode::GOING_AWAY, "drain").await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!((info.clean, info.code), (false, CloseCode::ABNORMAL));
    assert_eq!(info.error.unwrap().kind(), ErrorKind::CloseTimeout);
    drop(client);
}

#[tokio::test]
async fn without_a_close_timeout_the_close_is_written_and_the_end_awaited() {
    let (mut server, mut client) = raw(config(|limits| limits.close_timeout = Duration::MAX));
    let recv = tokio::spawn(async move { server.recv().await });
    client.write_all(b"\x83\x80\x00\x00\x00\x00").await.unwrap();
    let mut wire = Vec::new();
    client.read_to_end(&mut wire).await.unwrap();
    assert_eq!(wire[2..4], 1002_u16.to_be_bytes());
    assert!(!recv.is_finished());
    drop(client);
    assert!(matches!(recv.await.unwrap(), Some(Err(Error::Protocol(_)))));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_does_not_keep_a_failed_connection() {
    let (a, mut client) = tokio::io::duplex(64);
    let mut server = WebSocket::server(a, config(|_| {}));
    server.queue(vec![0; 100_000]).unwrap();
    client.write_all(b"\x83\x80\x00\x00\x00\x00").await.unwrap();
    let start = tokio::time::Instant::now();
    assert!(matches!(server.recv().await, Some(Err(Error::Protocol(_)))));
    assert_eq!(start.elapsed().as_secs(), 5);
    assert!(server.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_pings_and_gives_up_on_a_silent_peer() {
    let mut config = Config::default();
    config.heartbeat =
        Some(Heartbeat { ping_interval: Duration::from_secs(30), pong_timeout: Duration::from_secs(10) });
    let (mut server, mut client) = raw(config);
    let start = tokio::time::Instant::now();
    let recv = tokio::spawn(async move { (server.recv().await, server) });
    let mut ping = [0; 10];
    client.read_exact(&mut ping).await.unwrap();
    assert_eq!((ping[0], start.elapsed().as_secs()), (0x89, 30));
    let mut close = [0; 4];
    client.read_exact(&mut close).await.unwrap();
    assert_eq!((close[0], &close[2..], start.elapsed().as_secs()), (0x88, &1011_u16.to_be_bytes()[..], 40));
    drop(client);
    let (outcome, server) = recv.await.unwrap();
    let Some(Err(Error::Protocol(error))) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), ErrorKind::PongTimeout);
    assert_eq!(server.close_info().unwrap().sent, Some(CloseCode::INTERNAL_ERROR));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays_for_hours() {
    let (server, mut client) = pair(64);
    let server = tokio::spawn(echo(server));
    let waited = tokio::time::timeout(Duration::from_secs(7200), client.recv()).await;
    assert!(waited.is_err(), "{waited:?}");
    client.send("still here").await.unwrap();
    assert_eq!(client.recv().await.unwrap().unwrap(), Message::from("still here"));
    client.close(CloseCode::NORMAL, "").await.unwrap();
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stalled_message_meets_the_assembly_timeout() {
    let (mut server, mut client) = raw(config(|limits| limits.assembly_timeout = Duration::from_secs(3)));
    client.write_all(b"\x01\x81\x00\x00\x00\x00a").await.unwrap();
    let start = tokio::time::Instant::now();
    let outcome = tokio::spawn(async move { server.recv().await });
    let mut wire = Vec::new();
    client.read_to_end(&mut wire).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_eq!(wire[2..4], 1008_u16.to_be_bytes());
    drop(client);
    assert!(matches!(outcome.await.unwrap(), Some(Err(Error::Protocol(_)))));
}

#[tokio::test]
async fn a_stream_that_ends_without_a_close_is_an_error_once() {
    let (mut server, mut client) = raw(Config::default());
    client.write_all(HELLO).await.unwrap();
    drop(client);
    assert_eq!(server.recv().await.unwrap().unwrap(), Message::from("Hello"));
    let Some(Err(error)) = server.recv().await else { panic!("no error") };
    assert!(
        matches!(&error, Error::Protocol(error) if error.kind() == ErrorKind::UnexpectedEof)
            || matches!(&error, Error::Io(_)),
        "{error:?}"
    );
    assert!(server.recv().await.is_none());
    assert_eq!(server.close_info().unwrap().code, CloseCode::ABNORMAL);
}

#[tokio::test]
async fn the_queue_refuses_at_its_limit_and_send_waits_for_room() {
    let (a, b) = tokio::io::duplex(64);
    let config = config(|limits| {
        (limits.high_water, limits.low_water, limits.max_buffered) = (2000, 1000, 4000);
    });
    let mut server = WebSocket::server(a, config);
    let mut client = WebSocket::client(b, Config::default()).unwrap();
    server.queue(vec![0; 3000]).unwrap();
    assert!(matches!(server.queue(vec![0; 3000]), Err(SendError::BufferFull { buffered: 3004 })));
    assert!(poll_once(pin!(server.send(vec![1; 3000]))).await.is_none(), "there is no room");
    assert!(server.buffered_amount() <= 3004, "a send dropped before there was room queued nothing");
    let reader = tokio::spawn(async move {
        let first = client.recv().await.unwrap().unwrap();
        (first, client.recv().await.unwrap().unwrap())
    });
    server.send(vec![2; 3000]).await.unwrap();
    assert_eq!(server.buffered_amount(), 0);
    assert_eq!(reader.await.unwrap(), (Message::from(vec![0; 3000]), Message::from(vec![2; 3000])));
}

#[tokio::test]
async fn parts_of_a_message_come_as_events() {
    let mut config = Config::default();
    config.delivery = Delivery::Chunks;
    let (mut server, mut client) = raw(config);
    client.write_all(b"\x01\x83\x00\x00\x00\x00Hel\x80\x82\x00\x00\x00\x00lo").await.unwrap();
    client.write_all(CLOSE).await.unwrap();
    let mut text = BytesMut::new();
    while let Some(event) = server.next_event().await {
        if let Event::Chunk(chunk) = event {
            text.extend_from_slice(&chunk.data);
        }
    }
    assert_eq!(&text[..], b"Hello");
}

#[tokio::test]
async fn bytes_read_behind_the_handshake_come_first() {
    let (a, mut client) = tokio::io::duplex(64);
    let (first, second) = HELLO.split_at(4);
    let mut server = WebSocket::server(a, Config::default()).with_leftover(BytesMut::from(first));
    client.write_all(second).await.unwrap();
    assert_eq!(server.recv().await.unwrap().unwrap(), Message::from("Hello"));
}

/// Polls once with the task's waker.
async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|cx| {
        Poll::Ready(match future.as_mut().poll(cx) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}

/// A stream that is pending twice before each byte in either direction, so that every state has an await in it.
struct Hesitant<IO> {
    io: IO,
    read: u8,
    write: u8,
}

impl<IO: AsyncRead + Unpin> AsyncRead for Hesitant<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.read = (self.read + 1) % 3;
        if self.read > 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        match Pin::new(&mut self.io).poll_read(cx, &mut one) {
            Poll::Ready(Ok(())) => {
                buf.put_slice(one.filled());
                Poll::Ready(Ok(()))
            }
            other => other,
        }
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Hesitant<IO> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.write = (self.write + 1) % 3;
        if self.write > 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.io).poll_write(cx, &buf[..1])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn recv_dropped_at_each_await_loses_nothing() {
    let (a, mut client) = tokio::io::duplex(1 << 16);
    let mut server = WebSocket::server(Hesitant { io: a, read: 0, write: 0 }, Config::default());
    let fragments = b"\x01\x83\x00\x00\x00\x00Hel\x89\x81\x00\x00\x00\x00p\x80\x82\x00\x00\x00\x00lo";
    for _ in 0..20 {
        client.write_all(HELLO).await.unwrap();
        client.write_all(PING).await.unwrap();
        client.write_all(fragments).await.unwrap();
    }
    client.write_all(CLOSE).await.unwrap();
    let (mut received, mut dropped) = (0, 0);
    loop {
        // Each future is polled once and dropped: it is cancelled at whatever await it reached.
        match poll_once(pin!(server.recv())).await {
            Some(Some(message)) => {
                assert_eq!(message.unwrap(), Message::from("Hello"));
                received += 1;
            }
            Some(None) => break,
            None => dropped += 1,
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(received, 40);
    assert!(dropped > 1000, "{dropped}: about two for each byte that came");
    let mut wire = Vec::new();
    client.read_to_end(&mut wire).await.unwrap();
    let mut expected = b"\x8a\x01p".repeat(40);
    expected.extend_from_slice(b"\x88\x02\x03\xe8");
    assert_eq!(wire, expected);
}

#[tokio::test]
async fn send_dropped_at_each_await_breaks_no_frame() {
    let (a, b) = tokio::io::duplex(1 << 16);
    let mut client = WebSocket::client(Hesitant { io: a, read: 0, write: 0 }, Config::default()).unwrap();
    let mut server = WebSocket::server(b, Config::default());
    for number in 0..100 {
        assert!(poll_once(pin!(client.send(format!("message {number}")))).await.is_none());
    }
    client.flush().await.unwrap();
    for number in 0..100 {
        assert_eq!(server.recv().await.unwrap().unwrap(), Message::from(format!("message {number}")));
    }
}

/// A stream whose writes fail, and whose reads still give what came before.
struct Broken(DuplexStream);

impl AsyncRead for Broken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_failed_write_is_told_after_what_was_received() {
    let (a, mut client) = tokio::io::duplex(1 << 16);
    let mut server = WebSocket::server(Broken(a), Config::default());
    client.write_all(HELLO).await.unwrap();
    let error = server.send("x").await.unwrap_err();
    assert!(matches!(&error, Error::Io(error) if error.kind() == io::ErrorKind::BrokenPipe), "{error:?}");
    assert_eq!(server.recv().await.unwrap().unwrap(), Message::from("Hello"));
    let Some(Err(Error::Io(error))) = server.recv().await else { panic!("no error") };
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    assert!(server.recv().await.is_none());
}

#[test]
fn it_can_move_between_threads() {
    fn send_and_sync<T: Send + Sync + 'static>() {}
    send_and_sync::<WebSocket<tokio::net::TcpStream>>();
    fn send<T: Send>(_: T) {}
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _guard = runtime.enter();
    let (mut server, mut client) = pair(64);
    send(server.recv());
    send(client.send("x"));
}
