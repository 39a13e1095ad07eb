//! However its input is cut, a connection gives the same events, the same end and the same Close frame; and the parts that it delivers are,
//! together, the messages.
#![no_main]

use std::sync::LazyLock;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use ws_frame::{Config, Connection, Delivery, Event, FrameDecoder, Message, Opcode, Role};

static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (server, seed, wire) = input;
    let whole = run(server, Delivery::Messages, wire, |left| left);
    let bytewise = run(server, Delivery::Messages, wire, |_| 1);
    let mut state = u32::from(seed) | 1;
    let mut random_cut = |left: usize| {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (1 + (state >> 26) as usize).min(left)
    };
    let random = run(server, Delivery::Messages, wire, &mut random_cut);
    let parts = run(server, Delivery::Chunks, wire, &mut random_cut);
    assert_eq!(whole, bytewise);
    assert_eq!(whole, random);
    assert_eq!(whole.1, parts.1);
    assert_eq!(whole.0.last(), parts.0.last());
    assert_eq!(messages(&whole.0), joined(&parts.0));
});

fn messages(events: &[Event]) -> Vec<Message> {
    let message = |event: &Event| match event {
        Event::Message(message) => Some(message.clone()),
        _ => None,
    };
    events.iter().filter_map(message).collect()
}

/// The messages that chunks make; one that breaks off is none.
fn joined(events: &[Event]) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut open = Vec::new();
    for event in events {
        let Event::Chunk(chunk) = event else { continue };
        if chunk.first {
            open.clear();
        }
        open.extend_from_slice(&chunk.data);
        if chunk.last {
            let bytes = Bytes::from(std::mem::take(&mut open));
            messages.push(match chunk.opcode {
                Opcode::Text => Message::Text(bytes.try_into().expect("checked")),
                _ => Message::Binary(bytes),
            });
        }
    }
    messages
}

/// The events, and the body of the Close that was sent.
fn run(
    server: bool,
    delivery: Delivery,
    wire: &[u8],
    mut cut: impl FnMut(usize) -> usize,
) -> (Vec<Event>, Option<Vec<u8>>) {
    let mut config = Config::default();
    config.delivery = delivery;
    config.limits.max_frame = 4096;
    config.limits.max_message = 4096;
    config.limits.max_fragments = 8;
    let mut connection =
        if server { Connection::server(config, *NOW) } else { Connection::client(config, [7; 32], *NOW) };
    let (mut events, mut sent, mut rest) = (Vec::new(), BytesMut::new(), wire);
    let mut buf = BytesMut::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest.len()));
        rest = after;
        buf.extend_from_slice(piece);
        connection.receive(&mut buf, *NOW);
        events.extend(std::iter::from_fn(|| connection.poll_event()));
        while connection.poll_transmit(&mut sent) {}
    }
    connection.receive_eof(*NOW);
    events.extend(std::iter::from_fn(|| connection.poll_event()));
    while connection.poll_transmit(&mut sent) {}
    assert!(matches!(events.last(), Some(Event::Closed(_))), "an ended connection says so");

    // Which pongs are sent depends on how fast they are taken; the Close does not.
    let reader = if server { Role::Client } else { Role::Server };
    let mut decoder = FrameDecoder::new(reader, usize::MAX);
    let mut close = None;
    while let Some(frame) = decoder.decode(&mut sent).expect("what we send is well formed") {
        assert!(close.is_none(), "nothing follows a Close");
        if frame.opcode == Opcode::Close {
            close = Some(frame.payload.to_vec());
        }
    }
    (events, close)
}
