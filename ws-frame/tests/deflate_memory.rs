//! What compression costs in memory: nothing a message without takeover, and never more than the limits while inflating.
#![cfg(feature = "deflate")]
#![allow(unsafe_code, reason = "an allocator that counts can be installed in no other way")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the numbers are shown when a test fails")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::IoSlice;

use bytes::BytesMut;
use common::{quiet, start, transmit};
use ws_frame::deflate::{Agreement, Deflate, Deflater, WindowBits};
use ws_frame::{Connection, Delivery, Event, Message, Prepared};

struct Counting;

thread_local! {
    // Of this thread alone, as the harness runs others beside it.
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn moved(bytes: isize) {
    LIVE.with(|live| {
        live.set(live.get() + bytes);
        PEAK.with(|peak| peak.set(peak.get().max(live.get())));
    });
    if bytes > 0 {
        COUNT.with(|count| count.set(count.get() + 1));
    }
}

// SAFETY: every call is passed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        moved(layout.size() as isize);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        moved(-(layout.size() as isize));
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `run` allocated, how much more is held after it, and at most during it.
fn cost<T>(run: impl FnOnce() -> T) -> (T, usize, isize, isize) {
    let count = COUNT.with(Cell::get);
    let live = LIVE.with(Cell::get);
    PEAK.with(|peak| peak.set(live));
    let result = run();
    (result, COUNT.with(Cell::get) - count, LIVE.with(Cell::get) - live, PEAK.with(Cell::get) - live)
}

fn agree(deflate: &Deflate) -> [Agreement; 2] {
    let (server, answer) = deflate.choose(&[deflate.offer()]).unwrap();
    [deflate.check(&[answer]).unwrap().unwrap(), server]
}

fn json(i: usize) -> Message {
    let line = |n: usize| format!("{{\"id\":{},\"name\":\"somebody {i}\",\"active\":true}},", n * 7919 + i);
    Message::from((0..20).map(line).collect::<String>())
}

#[test]
fn without_takeover_to_compress_a_message_costs_no_allocation() {
    let [_, agreed] = agree(&Deflate::without_takeover());
    let mut deflater = Deflater::new(&agreed);
    let messages: Vec<Message> = (0..100).map(json).collect();
    let mut out = Vec::with_capacity(4096);
    let mut pass = |messages: &[Message]| {
        for message in messages {
            out.clear();
            deflater.deflate(message.as_bytes(), true, &mut out);
            assert!(out.len() < message.len() / 2);
        }
    };
    pass(&messages[..50]);
    let ((), count, ..) = cost(|| pass(&messages[50..]));
    assert_eq!(count, 0, "allocations to compress 50 messages");
}

#[test]
fn without_takeover_a_message_costs_nothing_to_send_and_its_payload_to_receive() {
    let [at_client, at_server] = agree(&Deflate::without_takeover());
    let mut server = Connection::server(quiet(), start()).with_deflate(Some(at_server));
    let mut client = Connection::client(quiet(), [7; 32], start()).with_deflate(Some(at_client));
    let mut wire = BytesMut::with_capacity(1024);
    let mut messages: Vec<Message> = (0..200).map(json).collect();
    messages.reverse();
    let mut pass = |messages: &mut Vec<Message>, times: usize, receive: bool| {
        for _ in 0..times {
            server.send(messages.pop().unwrap()).unwrap();
            while server.poll_transmit(&mut wire) {}
            assert_eq!(wire[0], 0xc1, "compressed");
            if receive {
                client.receive(&mut wire, start());
                assert!(matches!(client.poll_event(), Some(Event::Message(_))));
            }
            wire.clear();
        }
    };
    pass(&mut messages, 50, true);
    let ((), sending, ..) = cost(|| pass(&mut messages, 50, false));
    assert_eq!(sending, 0, "allocations to send 50 messages");
    let ((), both, ..) = cost(|| pass(&mut messages, 50, true));
    println!("{both} allocations to receive 50 messages");
    // The payload, and what holds the message while it is not whole.
    assert!(both <= 50 * 2, "{both} allocations to receive 50 messages");
}

#[test]
fn without_takeover_an_idle_connection_holds_no_state() {
    let [_, agreed] = agree(&Deflate::without_takeover());
    let connect = |message: Option<Message>| {
        let mut server = Connection::server(quiet(), start()).with_deflate(Some(agreed.clone()));
        if let Some(message) = message {
            server.send(message).unwrap();
            drop(transmit(&mut server));
        }
        server
    };
    drop(connect(Some(json(1)))); // fills the pool
    let (server, _, held, _) = cost(|| connect(Some(json(2))));
    println!("{held} bytes");
    assert!(held < 2048, "{held} bytes are held by an idle connection");
    drop(server);
}

#[test]
fn with_takeover_the_states_are_as_big_as_the_documentation_says() {
    let compressor = |bits: u8| {
        let mut deflate = Deflate::with_takeover();
        deflate.send_window = WindowBits::try_from(bits).unwrap();
        let [_, agreed] = agree(&deflate);
        let mut deflater = Deflater::new(&agreed);
        let mut out = Vec::with_capacity(1000);
        cost(|| deflater.deflate(b"hello hello hello", true, &mut out)).2
    };
    let (big, small) = (compressor(15), compressor(9));
    println!("{big} bytes with 15 bits, {small} with 9");
    assert!((360_000..400_000).contains(&big), "{big}");
    assert!((240_000..260_000).contains(&small), "{small}");

    let [at_client, at_server] = agree(&Deflate::with_takeover());
    let mut server = Connection::server(quiet(), start()).with_deflate(Some(at_server));
    let mut client = Connection::client(quiet(), [7; 32], start()).with_deflate(Some(at_client));
    server.send(json(1)).unwrap();
    let mut wire = transmit(&mut server);
    let (event, _, held, _) = cost(|| {
        client.receive(&mut wire, start());
        client.poll_event()
    });
    println!("{held} bytes to receive");
    // The message, 16 KiB for a step in the pool, and the decompressor: 46 KiB.
    assert!((60_000..68_000).contains(&held), "{held}");
    drop(event);
}

#[test]
fn while_inflating_no_more_is_held_than_may_wait() {
    let mut out = Vec::new();
    let [at_client, at_server] = agree(&Deflate::without_takeover());
    Deflater::new(&at_server).deflate(&vec![0; 15 << 20], true, &mut out);
    let mut config = quiet();
    config.delivery = Delivery::Chunks;
    config.limits.max_inflate_ratio = u32::MAX;
    let mut client = Connection::client(config, [7; 32], start()).with_deflate(Some(at_client));
    let mut wire = common::plain(true, ws_frame::Opcode::Binary, &out);
    wire[0] |= 0x40;
    let (got, _, _, peak) = cost(|| {
        client.receive(&mut wire, start());
        assert!(!client.wants_read(), "what waits is taken first");
        let mut got = 0;
        while let Some(event) = client.poll_event() {
            match event {
                Event::Chunk(chunk) => got += chunk.data.len(),
                other => panic!("{other:?}"),
            }
        }
        got
    });
    assert_eq!(got, 15 << 20);
    println!("{peak} bytes at most");
    // `max_unread`, and what a kilobyte of it stands for more.
    assert!(peak < 3 << 20, "{peak} bytes at once");
}

#[test]
fn a_prepared_message_that_waits_alone_costs_each_connection_nothing() {
    let [_, agreed] = agree(&Deflate::with_takeover());
    let news = Prepared::new("news ".repeat(20_000));
    let mut servers: Vec<Connection> =
        (0..100).map(|_| Connection::server(quiet(), start()).with_deflate(Some(agreed.clone()))).collect();
    servers[0].send(&news).unwrap();
    let ((), count, held, _) = cost(|| {
        for server in &mut servers[1..] {
            server.send(&news).unwrap();
            let mut slices = [IoSlice::new(&[]); 4];
            assert_eq!(server.poll_transmit_vectored(&mut slices), 1);
        }
    });
    assert_eq!((count, held), (0, 0));
}
