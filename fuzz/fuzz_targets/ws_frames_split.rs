//! However its input is cut, a connection gives the same events, the same end and the same Close frame.
#![no_main]

use std::sync::LazyLock;
use std::time::Instant;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use ws_frame::{Config, Connection, Event, FrameDecoder, Opcode, Role};

static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (server, seed, wire) = input;
    let whole = run(server, wire, |left| left);
    let bytewise = run(server, wire, |_| 1);
    let mut state = u32::from(seed) | 1;
    let random = run(server, wire, |left| {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        (1 + (state >> 26) as usize).min(left)
    });
    assert_eq!(whole, bytewise);
    assert_eq!(whole, random);
});

/// The events, and the body of the Close that was sent.
fn run(server: bool, wire: &[u8], mut cut: impl FnMut(usize) -> usize) -> (Vec<Event>, Option<Vec<u8>>) {
    let mut config = Config::default();
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
