//! What connections that wait hold, counted by the allocator: fresh, and after each has received a message and sent it back.
#![allow(missing_docs, reason = "a bench program")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and says what it found"
)]

mod ws_peers;

use std::sync::Arc;

use benches::{Counting, live};
use bytes::{Bytes, BytesMut};
use ws_frame::{Config, Connection, Event, Opcode};
use ws_peers::*;

#[global_allocator]
static COUNTING: Counting = Counting;

fn main() {
    const CONNECTIONS: usize = 100_000;
    let message = wire(Opcode::Text, 200, 1, true);
    let config = Arc::new(Config::default());
    println!("bytes a connection, that many of them in the allocator's count");

    let before = live();
    let mut servers: Vec<Connection> =
        (0..CONNECTIONS).map(|_| Connection::server(config.clone(), now())).collect();
    let fresh = live() - before;
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    for server in &mut servers {
        input.clear();
        input.extend_from_slice(&message);
        server.receive(&mut input, now());
        while let Some(event) = server.poll_event() {
            if let Event::Message(message) = event {
                server.send(message).unwrap();
            }
        }
        output.clear();
        while server.poll_transmit(&mut output) {}
    }
    let idle = live() - before - input.capacity() - output.capacity();
    println!("  {:<24} {:>8} fresh {:>8} after an echo", "ws-frame", fresh / CONNECTIONS, idle / CONNECTIONS);
    ratio("bytes of an idle core", (idle / CONNECTIONS) as f64, 512.0, true);
    ratio("MB of 100k idle connections", idle as f64 / 1e6, 100.0, true);
    drop(servers);

    // The peers hold their stream too; the one in memory is 48 bytes.
    peer("tungstenite", 10_000, || {
        use tungstenite::protocol::{Role, WebSocket};
        let mut socket = WebSocket::from_raw_socket(Memory::new(&message, READ), Role::Server, None);
        let received = socket.read().unwrap();
        socket.send(received).unwrap();
        socket
    });
    peer("sockudo Protocol", 10_000, || {
        // It parses from its caller's buffer, and holds what it keeps itself.
        let mut protocol = sockudo_ws::protocol::Protocol::new(sockudo_ws::Role::Server, 16 << 20, 16 << 20);
        let mut input = BytesMut::from(&message[..]);
        let received = protocol.process(&mut input).unwrap();
        let mut output = BytesMut::new();
        protocol.encode_message(&received[0], &mut output).unwrap();
        protocol
    });
    let runtime = runtime();
    peer("fastwebsockets", 10_000, || {
        use fastwebsockets::{FragmentCollector, Role, WebSocket};
        let mut socket =
            FragmentCollector::new(WebSocket::after_handshake(Memory::new(&message, READ), Role::Server));
        runtime.block_on(async {
            let received = socket.read_frame().await.unwrap();
            socket.write_frame(received).await.unwrap();
        });
        socket
    });
    peer("ws-frame tokio", 10_000, || {
        let io = Memory::new(&Bytes::from(message.to_vec()), READ);
        runtime.block_on(async {
            let mut socket = ws_frame::tokio::WebSocket::server(io, config.clone());
            let received = socket.recv().await.unwrap().unwrap();
            socket.send(received).await.unwrap();
            socket
        })
    });
}

/// What each of so many holds after an echo.
fn peer<T>(name: &str, connections: usize, make: impl Fn() -> T) {
    let before = live();
    let held: Vec<T> = (0..connections).map(|_| make()).collect();
    let bytes = live() - before;
    println!("  {name:<24} {:>28} after an echo", bytes / connections);
    drop(held);
}
