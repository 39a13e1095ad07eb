//! Any chunks of a stream give the frames of a reader that has it whole, and the same end; what was framed is read back.
#![no_main]

use arbitrary::Arbitrary;
use bytes::{Bytes, BytesMut};
use grpc_wire::frame::{self, Deframer};
use grpc_wire::{FrameError, Raw};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    wire: Vec<u8>,
    cuts: Vec<u8>,
    max: u16,
    flags: u8,
    messages: Vec<Vec<u8>>,
}

/// The specification read literally, from the whole stream.
fn model(wire: &[u8], max: usize, allowed: u8) -> (Vec<(u8, Vec<u8>)>, Result<(), FrameError>) {
    let mut frames = Vec::new();
    let mut at = 0;
    while at < wire.len() {
        let offset = at as u64;
        let Some(prefix) = wire.get(at..at + 5) else { return (frames, Err(FrameError::Truncated { offset })) };
        let flags = prefix[0];
        let len = u32::from_be_bytes([prefix[1], prefix[2], prefix[3], prefix[4]]) as usize;
        if flags & !allowed != 0 || flags == 0x81 {
            return (frames, Err(FrameError::Flags { flags, offset }));
        }
        if len > max {
            return (frames, Err(FrameError::TooLong { len, max, offset }));
        }
        let Some(payload) = wire.get(at + 5..at + 5 + len) else {
            return (frames, Err(FrameError::Truncated { offset }));
        };
        frames.push((flags, payload.to_vec()));
        at += 5 + len;
    }
    (frames, Ok(()))
}

fn read(wire: &[u8], cuts: &[u8], max: usize, allowed: u8) -> (Vec<(u8, Vec<u8>)>, Result<(), FrameError>) {
    let mut deframer = Deframer::new(max, allowed);
    let mut frames = Vec::new();
    let mut rest = wire;
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let size = cuts.next().map_or(rest.len(), |cut| usize::from(*cut) % 17 + 1).min(rest.len());
        let (piece, after) = rest.split_at(size);
        rest = after;
        deframer.push(Bytes::copy_from_slice(piece));
        // Some pieces lie there for a while.
        if size % 3 == 0 && !rest.is_empty() {
            continue;
        }
        loop {
            match deframer.next() {
                Ok(Some(frame)) => frames.push((frame.flags, frame.payload.to_vec())),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(deframer.next(), Err(error));
                    return (frames, Err(error));
                }
            }
        }
    }
    (frames, deframer.finish())
}

fuzz_target!(|input: Input| {
    let max = usize::from(input.max);
    let expected = model(&input.wire, max, input.flags);
    assert_eq!(read(&input.wire, &[], max, input.flags), expected);
    assert_eq!(read(&input.wire, &input.cuts, max, input.flags), expected);

    let mut wire = BytesMut::new();
    for message in &input.messages {
        frame::encode(&Raw(Bytes::copy_from_slice(message)), usize::MAX, &mut wire).unwrap();
    }
    let (frames, end) = read(&wire, &input.cuts, usize::MAX, 0);
    assert_eq!(end, Ok(()));
    assert!(frames.iter().map(|(_, payload)| payload).eq(&input.messages));
});
