//! PROTOCOL-HTTP2, "Length-Prefixed-Message".
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::{Bytes, BytesMut};
use grpc_wire::frame::{self, COMPRESSED, Deframer, Frame, TRAILERS};
use grpc_wire::{Code, CodecError, Encode, FrameError, Raw, Status};
use proptest::prelude::*;

const MAX: usize = 4 << 20;

fn wire(messages: &[&[u8]]) -> Vec<u8> {
    let mut out = BytesMut::new();
    for message in messages {
        frame::encode(&Raw(Bytes::copy_from_slice(message)), usize::MAX, &mut out).unwrap();
    }
    out.to_vec()
}

/// All frames of the pieces, and how the stream ends.
fn read(pieces: &[&[u8]], max: usize, flags: u8) -> (Vec<Frame>, Result<(), FrameError>) {
    let mut deframer = Deframer::new(max, flags);
    let mut frames = Vec::new();
    for piece in pieces {
        deframer.push(Bytes::copy_from_slice(piece));
        loop {
            match deframer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, deframer.finish())
}

#[test]
fn a_message_is_a_flag_byte_four_bytes_of_length_and_the_payload() {
    assert_eq!(wire(&[b"hello", b""]), b"\0\0\0\0\x05hello\0\0\0\0\0");
    let mut big = BytesMut::new();
    frame::encode(&Raw(vec![1; 0x0102_0304].into()), usize::MAX, &mut big).unwrap();
    assert_eq!(&big[..5], b"\0\x01\x02\x03\x04");
}

#[test]
fn every_split_gives_the_same_messages() {
    let wire = wire(&[b"hello", b"", b"a somewhat longer message", b"x"]);
    let (whole, end) = read(&[&wire], MAX, 0);
    assert_eq!((whole.len(), end), (4, Ok(())));
    for first in 0..=wire.len() {
        for second in first..=wire.len() {
            let pieces = [&wire[..first], &wire[first..second], &wire[second..]];
            assert_eq!(read(&pieces, MAX, 0), (whole.clone(), Ok(())), "cut at {first} and {second}");
        }
    }
    let bytes: Vec<&[u8]> = wire.chunks(1).collect();
    assert_eq!(read(&bytes, MAX, 0), (whole, Ok(())));
}

#[test]
fn pieces_may_be_pushed_before_the_frames_of_earlier_ones_are_taken() {
    let wire = wire(&[b"one", b"two", b"three"]);
    let mut deframer = Deframer::new(MAX, 0);
    for piece in wire.chunks(2) {
        deframer.push(Bytes::copy_from_slice(piece));
    }
    let mut all = Vec::new();
    while let Some(frame) = deframer.next().unwrap() {
        all.push(frame.payload);
    }
    assert_eq!(all, ["one", "two", "three"]);
    assert!(deframer.is_drained());
}

#[test]
fn a_message_in_one_piece_is_a_slice_of_it() {
    let piece = Bytes::from(wire(&[b"first", b"second"]));
    let mut deframer = Deframer::new(MAX, 0);
    deframer.push(piece.clone());
    deframer.next().unwrap().unwrap();
    let second = deframer.next().unwrap().unwrap().payload;
    assert_eq!(second.as_ptr(), piece[15..].as_ptr());
}

#[test]
fn the_compressed_flag_is_told_and_other_flags_are_refused() {
    let (frames, _) = read(&[b"\x01\0\0\0\x01x"], MAX, COMPRESSED);
    assert_eq!(frames, [Frame { flags: 1, payload: "x".into() }]);
    for flags in 2..=255_u8 {
        let (_, end) = read(&[b"\0\0\0\0\0", &[flags]], MAX, COMPRESSED);
        assert_eq!(end, Err(FrameError::Truncated { offset: 5 }), "a lone byte is not yet a frame");
        let (_, end) = read(&[b"\0\0\0\0\0", &[flags, 0, 0, 0, 0]], MAX, COMPRESSED);
        assert_eq!(end, Err(FrameError::Flags { flags, offset: 5 }));
        assert_eq!(end.unwrap_err().code(), Code::Internal);
    }
    let (_, end) = read(&[&[COMPRESSED | TRAILERS, 0, 0, 0, 0]], MAX, COMPRESSED | TRAILERS);
    assert_eq!(end, Err(FrameError::Flags { flags: 0x81, offset: 0 }), "trailers are not compressed");
}

#[test]
fn a_length_above_the_limit_is_refused_by_the_prefix_alone() {
    let (_, end) = read(&[b"\0\0\0\0\x01x", b"\0\xff\xff\xff\xff"], 1024, 0);
    let error = FrameError::TooLong { len: u32::MAX as usize, max: 1024, offset: 6 };
    assert_eq!(end, Err(error));
    assert_eq!(Status::from(error).code(), Code::ResourceExhausted);
    let (frames, end) = read(&[&wire(&[&[0; 1024]])], 1024, 0);
    assert_eq!((frames.len(), end), (1, Ok(())), "the limit itself fits");
}

#[test]
fn an_error_stays() {
    let mut deframer = Deframer::new(4, 0);
    deframer.push("\0\0\0\0\x05hello".into());
    let error = deframer.next().unwrap_err();
    deframer.push(Bytes::from(wire(&[b"ok"])));
    assert_eq!(deframer.next(), Err(error));
    assert_eq!(deframer.finish(), Err(error));
    assert!(!deframer.is_drained());
}

#[test]
fn a_stream_that_ends_inside_of_a_message_is_truncated_there() {
    let wire = wire(&[b"whole", b"cut off"]);
    for end in 11..wire.len() {
        let (frames, result) = read(&[&wire[..end]], MAX, 0);
        assert_eq!((frames.len(), result), (1, Err(FrameError::Truncated { offset: 10 })), "ends at {end}");
    }
    assert_eq!(Status::from(FrameError::Truncated { offset: 10 }).code(), Code::Internal);
}

#[test]
fn a_message_above_the_send_limit_is_not_begun() {
    let mut out = BytesMut::from(&b"before"[..]);
    let status = frame::encode(&Raw("hello".into()), 4, &mut out).unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(&out[..], b"before");
}

#[test]
fn a_message_that_cannot_be_encoded_is_internal_and_leaves_nothing() {
    struct Broken;
    impl Encode for Broken {
        fn encode(&self, out: &mut BytesMut) -> Result<(), CodecError> {
            out.extend_from_slice(b"half");
            Err(CodecError::new("it broke"))
        }
    }
    let mut out = BytesMut::new();
    let status = frame::encode(&Broken, MAX, &mut out).unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Internal, "it broke"));
    assert!(out.is_empty());
}

#[test]
fn a_message_of_unknown_length_is_held_to_the_send_limit_too() {
    struct Long;
    impl Encode for Long {
        fn encode(&self, out: &mut BytesMut) -> Result<(), CodecError> {
            out.extend_from_slice(&[0; 100]);
            Ok(())
        }
    }
    let mut out = BytesMut::new();
    assert_eq!(frame::encode(&Long, 99, &mut out).unwrap_err().code(), Code::ResourceExhausted);
    assert!(out.is_empty());
    frame::encode(&Long, 100, &mut out).unwrap();
    assert_eq!(&out[..5], b"\0\0\0\0\x64");
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_from_any_chunks(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8),
        cuts in prop::collection::vec(1_usize..50, 1..20),
    ) {
        let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let wire = wire(&slices);
        let mut rest = &wire[..];
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() { break }
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        let (frames, end) = read(&pieces, MAX, 0);
        prop_assert_eq!(end, Ok(()));
        let payloads: Vec<Vec<u8>> = frames.into_iter().map(|frame| frame.payload.to_vec()).collect();
        prop_assert_eq!(payloads, messages);
    }
}
