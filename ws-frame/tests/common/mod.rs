//! What the tests of the machine share.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "a module of test programs")]

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use ws_frame::{
    CloseCode, CloseFrame, CloseInfo, Config, Connection, Event, Frame, FrameDecoder, Message, Opcode, Role,
};

#[allow(clippy::disallowed_methods, reason = "a base for simulated time")]
pub fn start() -> Instant {
    Instant::now()
}

pub const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Without heartbeat, so that nothing moves but what a test moves.
pub fn quiet() -> Config {
    let mut config = Config::default();
    config.heartbeat = None;
    config
}

pub fn server() -> Connection {
    Connection::server(quiet(), start())
}

pub fn client() -> Connection {
    Connection::client(quiet(), [7; 32], start())
}

/// A frame of a client, on the wire.
pub fn masked(fin: bool, opcode: Opcode, payload: impl AsRef<[u8]>) -> BytesMut {
    let mut out = BytesMut::new();
    let payload = Bytes::copy_from_slice(payload.as_ref());
    Frame::new(fin, opcode, payload).encode(Some([0x37, 0xfa, 0x21, 0x3d]), &mut out);
    out
}

/// A frame of a server, on the wire.
pub fn plain(fin: bool, opcode: Opcode, payload: impl AsRef<[u8]>) -> BytesMut {
    let mut out = BytesMut::new();
    Frame::new(fin, opcode, Bytes::copy_from_slice(payload.as_ref())).encode(None, &mut out);
    out
}

pub fn close_body(code: u16, reason: &str) -> Vec<u8> {
    [&code.to_be_bytes()[..], reason.as_bytes()].concat()
}

pub fn events(connection: &mut Connection) -> Vec<Event> {
    std::iter::from_fn(|| connection.poll_event()).collect()
}

pub fn feed_at(connection: &mut Connection, wire: &[u8], now: Instant) -> Vec<Event> {
    connection.receive(&mut BytesMut::from(wire), now);
    events(connection)
}

/// At the time of the base: deadlines never pass.
pub fn feed(connection: &mut Connection, wire: &[u8]) -> Vec<Event> {
    feed_at(connection, wire, start())
}

pub fn transmit(connection: &mut Connection) -> BytesMut {
    let mut out = BytesMut::new();
    while connection.poll_transmit(&mut out) {}
    out
}

/// The frames that the connection has to send.
pub fn sent(connection: &mut Connection) -> Vec<Frame> {
    let reader = if connection.role() == Role::Server { Role::Client } else { Role::Server };
    let mut buf = transmit(connection);
    let mut decoder = FrameDecoder::new(reader, usize::MAX);
    let frames = std::iter::from_fn(|| decoder.decode(&mut buf).unwrap()).collect();
    assert!(buf.is_empty(), "half a frame was sent");
    frames
}

/// The code in the Close frame that the connection has to send.
pub fn sent_close(connection: &mut Connection) -> Option<CloseCode> {
    let frames = sent(connection);
    let close = frames.iter().find(|frame| frame.opcode == Opcode::Close)?;
    Some(CloseFrame::parse(&close.payload).unwrap().code)
}

pub fn text(text: &str) -> Event {
    Event::Message(Message::from(text))
}

pub fn closed(events: &[Event]) -> &CloseInfo {
    match events {
        [.., Event::Closed(info)] => info,
        other => panic!("not closed: {other:?}"),
    }
}

#[cfg(all(feature = "tower", feature = "h2"))]
pub(crate) mod http;
#[cfg(feature = "rustls")]
pub(crate) mod tls;
