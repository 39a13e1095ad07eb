//! Whatever a peer compresses, no message is over the caps, and however its bytes are cut the events are the same.
#![no_main]

use std::sync::LazyLock;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use ws_frame::deflate::{Agreement, Deflate, Deflater};
use ws_frame::{Config, Connection, Delivery, Event, Frame, Opcode};

static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

/// One for each takeover; the pools are shared by all runs.
static AGREED: LazyLock<[Agreement; 2]> = LazyLock::new(|| {
    [Deflate::without_takeover(), Deflate::with_takeover()].map(|deflate| {
        let (agreed, _) = deflate.choose(&[deflate.offer()]).expect("our own offer");
        agreed
    })
});

const MAX: usize = 100_000;

fuzz_target!(|input: (bool, u8, bool, Vec<(u8, &[u8])>)| {
    let (takeover, seed, chunks, parts) = input;
    let agreed = &AGREED[usize::from(takeover)];
    let wire = wire(agreed, &parts);
    let whole = run(agreed, chunks, &wire, |left| left);
    let bytewise = run(agreed, chunks, &wire, |_| 1);
    let mut state = u32::from(seed) | 1;
    let random = run(agreed, chunks, &wire, |left| {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (1 + (state >> 23) as usize).min(left)
    });
    assert_eq!(whole, bytewise);
    assert_eq!(whole, random);
});

/// Frames of a server. The first byte of each part says what kind: raw or compressed, text or binary, first or not, last or not, and whether
/// the payload is blown up first.
fn wire(agreed: &Agreement, parts: &[(u8, &[u8])]) -> BytesMut {
    let mut out = BytesMut::new();
    let mut deflater = Deflater::new(agreed);
    let mut open = false;
    for (kind, part) in parts {
        let last = kind & 1 != 0;
        let mut payload = part.to_vec();
        if kind & 2 != 0 {
            let times = if kind & 4 != 0 { 1 } else { 1 + usize::from(*kind) * 64 / part.len().max(1) };
            payload.clear();
            deflater.deflate(&part.repeat(times), last, &mut payload);
        }
        let opcode = match (open && kind & 64 == 0, kind & 8 != 0) {
            (true, _) => Opcode::Continuation,
            (false, true) => Opcode::Text,
            (false, false) => Opcode::Binary,
        };
        let start = out.len();
        Frame::new(last, opcode, Bytes::from(payload)).encode(None, &mut out);
        if opcode != Opcode::Continuation && kind & 48 != 0 {
            out[start] |= 0x40;
        }
        open = !last;
    }
    out
}

/// The events, with the chunks of a message joined.
fn run(agreed: &Agreement, chunks: bool, wire: &[u8], mut cut: impl FnMut(usize) -> usize) -> Vec<Event> {
    let mut config = Config::default();
    config.limits.max_message = MAX;
    config.limits.max_fragments = 64;
    config.delivery = if chunks { Delivery::Chunks } else { Delivery::Messages };
    let mut connection = Connection::client(config, [7; 32], *NOW).with_deflate(Some(agreed.clone()));
    let (mut events, mut message, mut rest) = (Vec::new(), 0, wire);
    let mut buf = BytesMut::new();
    let mut take = |connection: &mut Connection, events: &mut Vec<Event>| {
        while let Some(event) = connection.poll_event() {
            match event {
                Event::Message(ref whole) => assert!(whole.len() <= MAX),
                Event::Chunk(mut chunk) => {
                    message = if chunk.first { chunk.data.len() } else { message + chunk.data.len() };
                    assert!(message <= MAX);
                    // Where a chunk ends depends on how the bytes came; what it says does not.
                    if let (false, Some(Event::Chunk(before))) = (chunk.first, events.last_mut()) {
                        let joined = [&before.data[..], &chunk.data].concat();
                        before.data = joined.into();
                        before.last = chunk.last;
                        continue;
                    }
                    chunk.data = Bytes::copy_from_slice(&chunk.data);
                    events.push(Event::Chunk(chunk));
                    continue;
                }
                _ => {}
            }
            events.push(event);
        }
    };
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest.len()));
        rest = after;
        buf.extend_from_slice(piece);
        connection.receive(&mut buf, *NOW);
        take(&mut connection, &mut events);
    }
    connection.receive_eof(*NOW);
    take(&mut connection, &mut events);
    let Some(end @ Event::Closed(_)) = events.pop() else { panic!("an ended connection says so") };
    // How much of a message that was not ended came out before the end depends on how its bytes came.
    if matches!(events.last(), Some(Event::Chunk(chunk)) if !chunk.last) {
        events.pop();
    }
    events.push(end);
    events
}
