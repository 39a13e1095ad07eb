//! A connection that waits holds no memory but itself, counted by the allocator.
#![cfg(feature = "std")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "an allocator that counts")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use bytes::BytesMut;
use common::*;
use ws_frame::{Connection, Event, Opcode, Part};

/// Counts what the thread that runs a test holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // While a thread ends its counter may be gone.
    let _ = HELD.try_with(|held| held.set(held.get() + bytes));
}

// SAFETY: it is the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: handed on as it came.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: handed on as it came.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn held() -> isize {
    HELD.with(Cell::get)
}

/// Moves what `from` has to send to `to`; the events that come of it.
fn carry(from: &mut Connection, to: &mut Connection) -> usize {
    let mut wire = transmit(from);
    to.receive(&mut wire, start());
    std::iter::from_fn(|| to.poll_event()).count()
}

#[test]
fn a_connection_is_its_own_size_and_nothing_else() {
    let config = Arc::new(quiet());
    let messages = ["short".to_owned(), "long ".repeat(1000), "very long ".repeat(50_000)];
    let before = held();
    let mut server = Connection::server(config.clone(), start());
    let mut client = Connection::client(config, [7; 32], start());
    assert_eq!(held(), before, "fresh");
    for message in &messages {
        client.send(&message[..]).unwrap();
        assert_eq!(carry(&mut client, &mut server), 1);
        server.send(&message[..]).unwrap();
        assert_eq!(carry(&mut server, &mut client), 1);
        assert_eq!(held(), before, "after {} bytes both ways", message.len());
    }
    client.send(Part::new("a", false)).unwrap();
    client.ping(b"?").unwrap();
    client.send(Part::new("b", true)).unwrap();
    assert_eq!(carry(&mut client, &mut server), 2, "a ping and a message in parts");
    carry(&mut server, &mut client);
    assert_eq!(held(), before, "after a message in parts, a ping and its pong");
}

#[test]
fn a_short_message_that_waits_alone_is_written_where_it_is_wanted() {
    let mut client = Connection::client(Arc::new(quiet()), [7; 32], start());
    let mut out = BytesMut::with_capacity(64);
    let before = held();
    for message in ["sixteen letters.", "short"] {
        client.send(message).unwrap();
        assert_eq!(held(), before, "it waits");
        let there = out.as_ptr();
        assert!(client.poll_transmit(&mut out));
        assert_eq!((out.len(), out.as_ptr()), (6 + message.len(), there));
        assert_eq!(held(), before, "it is written");
        out.clear();
    }
}

#[test]
fn a_burst_leaves_nothing_behind() {
    let mut server = Connection::server(Arc::new(quiet()), start());
    let mut wire: BytesMut =
        (0..3000).flat_map(|i| masked(true, Opcode::Text, vec![b'x'; i % 300])).collect();
    let before = held() - wire.capacity() as isize;
    server.receive(&mut wire, start());
    let got = std::iter::from_fn(|| server.poll_event())
        .inspect(|event| assert!(matches!(event, Event::Message(_))));
    assert_eq!(got.count(), 3000);
    drop(wire);
    assert!(held() - before <= 0, "{} bytes", held() - before);
}

#[test]
fn the_handshake_of_a_heartbeat_leaves_nothing_behind() {
    let t = start();
    let config = Arc::new(ws_frame::Config::default());
    let before = held();
    let mut server = Connection::server(config.clone(), t);
    let mut client = Connection::client(config, [7; 32], t);
    server.handle_timeout(t + secs(30));
    assert_eq!(carry(&mut server, &mut client), 1);
    assert_eq!(carry(&mut client, &mut server), 0, "the answer to the heartbeat is no event");
    assert_eq!(held(), before);
}

#[test]
fn a_small_message_that_is_cut_waits_in_the_buffer_of_the_reader() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let wire = masked(true, opcode, vec![b'x'; 1024]);
        let mut server = Connection::server(Arc::new(quiet()), start());
        let mut buf = BytesMut::with_capacity(2048);
        let before = held();
        for piece in wire.chunks(400) {
            assert_eq!(held(), before);
            buf.extend_from_slice(piece);
            server.receive(&mut buf, start());
        }
        assert!(matches!(server.poll_event(), Some(Event::Message(message)) if message.len() == 1024));
    }
}
