//! What the WebSocket benches share: a wire in memory, the other implementations, and a fair way to compare.
#![allow(dead_code, reason = "each bench uses its own part")]
#![allow(unreachable_pub, reason = "a module of bench programs")]

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use ws_frame::{Config, Connection, Event, Frame, Opcode};

/// What one read gives at most.
pub const READ: usize = 64 * 1024;

/// `count` messages of `size` bytes, in one frame each; masked, as a client sends them, or plain.
pub fn wire(opcode: Opcode, size: usize, count: usize, masked: bool) -> Bytes {
    wire_at(0, opcode, size, count, masked)
}

/// [`wire`], moved by `place` bytes in its memory.
pub fn wire_at(place: usize, opcode: Opcode, size: usize, count: usize, masked: bool) -> Bytes {
    let text = b"{\"id\":4711,\"name\":\"Ada\",\"tags\":[\"a\",\"b\"]} ";
    let payload: Bytes = text.iter().copied().cycle().take(size).collect();
    let mut out = BytesMut::with_capacity(place + count * (size + 14));
    out.resize(place, 0);
    for i in 0..count as u32 {
        let key = i.wrapping_mul(0x9E37_79B9).to_ne_bytes();
        Frame::new(true, opcode, payload.clone()).encode(masked.then_some(key), &mut out);
    }
    out.freeze().slice(place..)
}

/// A stream that is always ready: it gives `wire`, `most` bytes a read, and swallows what is written.
#[derive(Debug)]
pub struct Memory {
    wire: Bytes,
    at: usize,
    most: usize,
}

impl Memory {
    pub fn new(wire: &Bytes, most: usize) -> Memory {
        Memory { wire: wire.clone(), at: 0, most }
    }

    fn next(&mut self, room: usize) -> &[u8] {
        let start = self.at;
        self.at = self.wire.len().min(start + room.min(self.most));
        &self.wire[start..self.at]
    }
}

impl Read for Memory {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let piece = self.next(buf.len());
        buf[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

impl Write for Memory {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let piece = self.next(buf.remaining());
        buf.put_slice(piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl futures_util::io::AsyncRead for Memory {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.read(buf))
    }
}

impl futures_util::io::AsyncWrite for Memory {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The wire through a buffer of [`READ`] bytes: what reading costs whoever looks at nothing.
pub fn memcpy(wire: &Bytes, buf: &mut [u8]) {
    for chunk in black_box(wire).chunks(READ) {
        buf[..chunk.len()].copy_from_slice(chunk);
        black_box(&mut *buf);
    }
}

/// The machine, reading as its adapters do.
pub fn ws_frame(mut connection: Connection, wire: &Bytes, most: usize) -> usize {
    let now = now();
    let mut io = Memory::new(wire, most);
    let mut buf = BytesMut::with_capacity(most);
    let mut count = 0;
    loop {
        // What `Connection::read_credit` says is read, into the room that `receive` has left.
        let credit = connection.read_credit().min(most);
        if buf.capacity() - buf.len() < credit {
            buf.reserve(credit);
        }
        let piece = io.next(credit);
        if piece.is_empty() {
            return count;
        }
        buf.extend_from_slice(piece);
        connection.receive(&mut buf, now);
        while let Some(event) = connection.poll_event() {
            match event {
                Event::Message(message) => {
                    black_box(message);
                    count += 1;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "the machine is handed a real time")]
pub fn now() -> Instant {
    Instant::now()
}

pub fn server() -> Connection {
    Connection::server(Config::default(), now())
}

pub fn client() -> Connection {
    Connection::client(Config::default(), [7; 32], now())
}

pub async fn ws_frame_tokio(wire: &Bytes) -> usize {
    let mut socket = ws_frame::tokio::WebSocket::server(Memory::new(wire, READ), Config::default());
    let mut count = 0;
    while let Some(Ok(message)) = socket.recv().await {
        black_box(message);
        count += 1;
    }
    count
}

pub fn tungstenite(wire: &Bytes) -> usize {
    tungstenite_as(tungstenite::protocol::Role::Server, wire, READ)
}

pub fn tungstenite_in(wire: &Bytes, most: usize) -> usize {
    tungstenite_as(tungstenite::protocol::Role::Server, wire, most)
}

pub fn tungstenite_client(wire: &Bytes) -> usize {
    tungstenite_as(tungstenite::protocol::Role::Client, wire, READ)
}

fn tungstenite_as(role: tungstenite::protocol::Role, wire: &Bytes, most: usize) -> usize {
    let mut socket = tungstenite::WebSocket::from_raw_socket(Memory::new(wire, most), role, None);
    let mut count = 0;
    while let Ok(message) = socket.read() {
        black_box(message);
        count += 1;
    }
    count
}

pub async fn tokio_tungstenite(wire: &Bytes) -> usize {
    use tokio_tungstenite::WebSocketStream;
    let role = tungstenite::protocol::Role::Server;
    let mut socket = WebSocketStream::from_raw_socket(Memory::new(wire, READ), role, None).await;
    let mut count = 0;
    while let Some(Ok(message)) = socket.next().await {
        black_box(message);
        count += 1;
    }
    count
}

pub async fn tokio_websockets(wire: &Bytes) -> usize {
    let mut socket = tokio_websockets::ServerBuilder::new()
        .limits(tokio_websockets::Limits::default().max_payload_len(Some(16 * 1024 * 1024)))
        .serve(Memory::new(wire, READ));
    let mut count = 0;
    while let Some(Ok(message)) = socket.next().await {
        black_box(message);
        count += 1;
    }
    count
}

pub async fn fastwebsockets(wire: &Bytes) -> usize {
    use fastwebsockets::{FragmentCollector, Role, WebSocket};
    let mut socket =
        FragmentCollector::new(WebSocket::after_handshake(Memory::new(wire, READ), Role::Server));
    let mut count = 0;
    while let Ok(frame) = socket.read_frame().await {
        black_box(frame);
        count += 1;
    }
    count
}

pub async fn soketto(wire: &Bytes) -> usize {
    use soketto::connection::{Builder, Mode};
    let mut builder = Builder::new(Memory::new(wire, READ), Mode::Server);
    builder.set_buffer(BytesMut::with_capacity(READ));
    let (_sender, mut receiver) = builder.finish();
    let mut count = 0;
    loop {
        let mut message = Vec::new();
        match receiver.receive_data(&mut message).await {
            Ok(soketto::Data::Text(_)) => {
                assert!(std::str::from_utf8(&message).is_ok());
            }
            Ok(soketto::Data::Binary(_)) => {}
            Err(_) => return count,
        }
        black_box(message);
        count += 1;
    }
}

/// It checks no UTF-8.
pub async fn web_socket(wire: &Bytes) -> usize {
    let stream = tokio::io::BufReader::with_capacity(READ, Memory::new(wire, READ));
    let mut socket = web_socket::WebSocket::server(stream);
    let mut count = 0;
    while let Ok(event) = socket.recv().await {
        match event {
            web_socket::Event::Data { .. } => {}
            _ => return count,
        }
        black_box(event);
        count += 1;
    }
    count
}

/// The part of sockudo-ws without I/O.
pub fn sockudo(wire: &Bytes) -> usize {
    sockudo_as(sockudo_ws::Role::Server, wire, READ)
}

pub fn sockudo_in(wire: &Bytes, most: usize) -> usize {
    sockudo_as(sockudo_ws::Role::Server, wire, most)
}

pub fn sockudo_client(wire: &Bytes) -> usize {
    sockudo_as(sockudo_ws::Role::Client, wire, READ)
}

fn sockudo_as(role: sockudo_ws::Role, wire: &Bytes, most: usize) -> usize {
    let mut protocol = sockudo_ws::protocol::Protocol::new(role, 16 * 1024 * 1024, 16 * 1024 * 1024);
    let mut io = Memory::new(wire, most);
    let mut buf = BytesMut::with_capacity(READ);
    let mut messages = Vec::new();
    let mut count = 0;
    loop {
        buf.reserve(most);
        let piece = io.next(most);
        if piece.is_empty() {
            return count;
        }
        buf.extend_from_slice(piece);
        assert!(protocol.process_into(&mut buf, &mut messages).is_ok());
        for message in messages.drain(..) {
            black_box(message);
            count += 1;
        }
    }
}

pub async fn yawc(wire: &Bytes) -> usize {
    let options = yawc::Options::default().with_utf8().with_max_payload_read(16 * 1024 * 1024);
    let Ok(mut socket) = yawc::WebSocket::from_stream(Memory::new(wire, READ), yawc::Role::Server, options)
    else {
        return 0;
    };
    let mut count = 0;
    while let Some(frame) = socket.next().await {
        black_box(frame);
        count += 1;
    }
    count
}

/// A runtime to poll the streams of tokio in: they are always ready, so it only lends its context.
pub fn runtime() -> tokio::runtime::Runtime {
    #[allow(clippy::unwrap_used, reason = "a bench fails by panicking")]
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A name and what it runs.
pub type Contender<'a> = (&'static str, Box<dyn FnMut() + 'a>);

/// Runs the contenders in turn, again and again for `time`, and gives the least time of each: what the machine does beside cannot
/// make one look faster.
pub fn alternate(contenders: &mut [Contender<'_>], time: Duration) -> Vec<f64> {
    let mut least = vec![f64::MAX; contenders.len()];
    let end = now() + time;
    let mut rounds = 0;
    while rounds < 3 || now() < end {
        for ((_, run), least) in contenders.iter_mut().zip(&mut least) {
            let start = now();
            run();
            *least = least.min((now() - start).as_secs_f64() * 1e9);
        }
        rounds += 1;
    }
    least
}

/// Where in a page the wire begins, in turn.
const PLACES: usize = 8;

/// [`alternate`] with the wire at some places of its page, `time` for all of them; names, and the least time at any place.
///
/// Where a copy of 4 KiB and more goes to a place that is 1 to 31 bytes further in its page than the one that it comes from, glibc's `memcpy`
/// takes ten times as long on some CPUs of AMD, as their `rep movsb` does. It is what stands for reading here, for all contenders and for the
/// floor, and where it goes to is chance.
pub fn alternate_places(
    time: Duration,
    wire: impl Fn(usize) -> Bytes,
    contenders: impl for<'w> Fn(&'w Bytes) -> Vec<Contender<'w>>,
) -> Vec<(&'static str, f64)> {
    let mut least: Vec<(&'static str, f64)> = Vec::new();
    for place in 0..PLACES {
        let wire = wire(place * 4096 / PLACES);
        let mut contenders = contenders(&wire);
        let times = alternate(&mut contenders, time / PLACES as u32);
        least.resize(contenders.len(), ("", f64::MAX));
        for ((least, (name, _)), time) in least.iter_mut().zip(contenders).zip(times) {
            *least = (name, time.min(least.1));
        }
    }
    least
}

/// Prints each contender's time beside ours, the first.
pub fn report(title: &str, contenders: &[Contender<'_>], times: &[f64], units: f64) {
    let names = contenders.iter().map(|(name, _)| *name);
    report_times(title, &names.zip(times.iter().copied()).collect::<Vec<_>>(), units);
}

/// [`report`], of names and times.
#[allow(clippy::print_stdout, reason = "what a bench is for")]
pub fn report_times(title: &str, times: &[(&'static str, f64)], units: f64) {
    println!("\n{title}");
    for (name, time) in times {
        println!("  {name:<22} {:>12.2} ns  {:>6.2}x ours", time / units, time / times[0].1);
    }
}

/// Prints a ratio beside its target.
#[allow(clippy::print_stdout, reason = "what a bench is for")]
pub fn ratio(what: &str, value: f64, target: f64, most: bool) {
    let held = if most { value <= target } else { value >= target };
    let sign = if most { "<=" } else { ">=" };
    let verdict = if held { "held" } else { "NOT held" };
    println!("  ratio {what}: {value:.2} (target {sign} {target}) {verdict}");
}
