//! The frames of RFC 6455 §5, and each rule that one frame can break. All of it stands without `std` in the crate.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::{Bytes, BytesMut};
use proptest::prelude::*;
use ws_frame::{CloseCode, Error, ErrorKind, Frame, FrameDecoder, Header, Limits, MAX_HEADER, Opcode, Role};

fn decode_all(role: Role, wire: &[u8]) -> Result<Vec<Frame>, Error> {
    let mut decoder = FrameDecoder::new(role, Limits::DEFAULT.max_frame);
    let mut buf = BytesMut::from(wire);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.decode(&mut buf)? {
        frames.push(frame);
    }
    Ok(frames)
}

fn frame(fin: bool, opcode: Opcode, payload: impl Into<Bytes>) -> Frame {
    Frame::new(fin, opcode, payload.into())
}

fn client_gets(wire: &[u8]) -> Vec<Frame> {
    decode_all(Role::Client, wire).unwrap()
}

#[track_caller]
fn refused(role: Role, wire: &[u8], kind: ErrorKind) {
    let error = decode_all(role, wire).unwrap_err();
    assert_eq!(error.kind(), kind);
    assert_eq!(error.close_code(), CloseCode::PROTOCOL_ERROR);
}

#[test]
fn section_5_7_single_unmasked_text() {
    assert_eq!(client_gets(b"\x81\x05\x48\x65\x6c\x6c\x6f"), [frame(true, Opcode::Text, "Hello")]);
}

#[test]
fn section_5_7_single_masked_text() {
    let wire = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(decode_all(Role::Server, wire).unwrap(), [frame(true, Opcode::Text, "Hello")]);
}

#[test]
fn section_5_7_fragmented_unmasked_text() {
    let frames = client_gets(b"\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f");
    assert_eq!(frames, [frame(false, Opcode::Text, "Hel"), frame(true, Opcode::Continuation, "lo")]);
}

#[test]
fn section_5_7_unmasked_ping_and_masked_pong() {
    assert_eq!(client_gets(b"\x89\x05\x48\x65\x6c\x6c\x6f"), [frame(true, Opcode::Ping, "Hello")]);
    let pong = b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    assert_eq!(decode_all(Role::Server, pong).unwrap(), [frame(true, Opcode::Pong, "Hello")]);
}

#[test]
fn section_5_7_256_bytes_of_binary() {
    let mut wire = b"\x82\x7e\x01\x00".to_vec();
    wire.extend([7; 256]);
    assert_eq!(client_gets(&wire), [frame(true, Opcode::Binary, vec![7; 256])]);
}

#[test]
fn section_5_7_64_kib_of_binary() {
    let mut wire = b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00".to_vec();
    wire.extend([7; 65536]);
    assert_eq!(client_gets(&wire), [frame(true, Opcode::Binary, vec![7; 65536])]);
}

#[test]
fn the_examples_of_section_5_7_are_what_encode_writes() {
    let mut out = BytesMut::new();
    frame(true, Opcode::Text, "Hello").encode(Some([0x37, 0xfa, 0x21, 0x3d]), &mut out);
    assert_eq!(&out[..], b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    out.clear();
    frame(false, Opcode::Text, "Hel").encode(None, &mut out);
    frame(true, Opcode::Continuation, "lo").encode(None, &mut out);
    assert_eq!(&out[..], b"\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f");
}

#[test]
fn lengths_are_written_in_their_shortest_form() {
    for (len, size) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
        let header = Header::new(true, Opcode::Binary, None, len);
        let mut out = BytesMut::new();
        header.write(&mut out);
        assert_eq!((out.len(), header.size()), (size, size), "length {len}");
        assert_eq!(Header::parse(&out, Role::Client), Ok(Some((header, size))));
    }
}

#[test]
fn section_5_2_each_reserved_bit_is_refused() {
    for bit in [0x40, 0x20, 0x10] {
        refused(Role::Client, &[0x81 | bit, 0], ErrorKind::ReservedBits);
        refused(Role::Client, &[0x89 | bit, 0], ErrorKind::ReservedBits);
    }
}

#[test]
fn section_5_2_each_reserved_opcode_is_refused() {
    for opcode in (0x3..=0x7).chain(0xB..=0xF) {
        refused(Role::Client, &[0x80 | opcode, 0], ErrorKind::ReservedOpcode(opcode));
    }
}

#[test]
fn a_bad_first_byte_is_refused_before_the_second_comes() {
    refused(Role::Server, b"\xc1", ErrorKind::ReservedBits);
    refused(Role::Server, b"\x83", ErrorKind::ReservedOpcode(3));
    refused(Role::Server, b"\x09", ErrorKind::ControlFragmented);
}

#[test]
fn section_5_2_a_16_bit_length_below_126_is_refused() {
    refused(Role::Client, b"\x82\x7e\x00\x7d", ErrorKind::LengthNotMinimal);
    assert!(decode_all(Role::Client, b"\x82\x7e\x00\x7e").unwrap().is_empty());
}

#[test]
fn section_5_2_a_64_bit_length_below_65536_is_refused() {
    refused(Role::Client, b"\x82\x7f\0\0\0\0\0\0\xff\xff", ErrorKind::LengthNotMinimal);
    assert!(decode_all(Role::Client, b"\x82\x7f\0\0\0\0\0\x01\0\0").unwrap().is_empty());
}

#[test]
fn section_5_2_the_top_bit_of_a_64_bit_length_is_refused() {
    refused(Role::Client, b"\x82\x7f\x80\0\0\0\0\0\0\0", ErrorKind::LengthTopBit);
}

#[test]
fn section_5_1_an_unmasked_frame_to_a_server_is_refused() {
    refused(Role::Server, b"\x81\x05Hello", ErrorKind::MaskMissing);
    refused(Role::Server, b"\x81\x00", ErrorKind::MaskMissing);
}

#[test]
fn section_5_1_a_masked_frame_to_a_client_is_refused() {
    refused(Role::Client, b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", ErrorKind::MaskPresent);
    refused(Role::Client, b"\x81\x80\0\0\0\0", ErrorKind::MaskPresent);
}

#[test]
fn section_5_5_a_fragmented_control_frame_is_refused() {
    for opcode in [8, 9, 10] {
        refused(Role::Client, &[opcode, 0], ErrorKind::ControlFragmented);
    }
}

#[test]
fn section_5_5_a_control_frame_over_125_bytes_is_refused() {
    for opcode in [0x88, 0x89, 0x8a] {
        refused(Role::Client, &[opcode, 126, 0, 126], ErrorKind::ControlTooLong);
        refused(Role::Client, &[opcode, 127], ErrorKind::ControlTooLong);
        let mut wire = vec![opcode, 125];
        wire.extend([0; 125]);
        assert_eq!(client_gets(&wire).len(), 1);
    }
}

#[test]
fn a_mask_of_zeros_is_a_mask() {
    let wire = b"\x81\x82\0\0\0\0ok";
    assert_eq!(decode_all(Role::Server, wire).unwrap(), [frame(true, Opcode::Text, "ok")]);
}

#[test]
fn max_frame_is_checked_at_the_header() {
    let mut decoder = FrameDecoder::new(Role::Client, 1000);
    let error = decoder.decode(&mut BytesMut::from(&b"\x82\x7e\x03\xe9"[..])).unwrap_err();
    assert_eq!((error.kind(), error.close_code()), (ErrorKind::FrameTooBig, CloseCode::TOO_BIG));
    let mut decoder = FrameDecoder::new(Role::Client, 1000);
    assert_eq!(decoder.decode(&mut BytesMut::from(&b"\x82\x7e\x03\xe8"[..])), Ok(None));
}

#[test]
fn a_claimed_length_allocates_nothing() {
    let mut decoder = FrameDecoder::new(Role::Client, usize::MAX);
    let mut buf = BytesMut::from(&b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff abc"[..]);
    let capacity = buf.capacity();
    assert_eq!(decoder.decode(&mut buf), Ok(None));
    assert!(buf.capacity() <= capacity);
}

#[test]
fn an_error_says_where_its_frame_begins() {
    let error = decode_all(Role::Client, b"\x81\x05Hello\x89\x00\x83\x00").unwrap_err();
    assert_eq!(error.offset(), 9);
    assert_eq!(error.to_string(), "reserved opcode 0x3 in the frame at byte 9");
}

#[test]
fn an_error_is_small() {
    assert!(size_of::<Error>() <= 32);
}

#[test]
fn a_small_payload_does_not_hold_the_read_buffer() {
    let mut buf = BytesMut::with_capacity(64 * 1024);
    buf.extend_from_slice(b"\x81\x05Hello");
    let range = buf.as_ptr() as usize..buf.as_ptr() as usize + buf.capacity();
    let frame = FrameDecoder::new(Role::Client, 1 << 20).decode(&mut buf).unwrap().unwrap();
    assert!(!range.contains(&(frame.payload.as_ptr() as usize)));
}

#[test]
fn a_big_payload_is_a_slice_of_the_read_buffer() {
    let mut buf = BytesMut::with_capacity(64 * 1024);
    frame(true, Opcode::Binary, vec![7; 20_000]).encode(None, &mut buf);
    let range = buf.as_ptr() as usize..buf.as_ptr() as usize + buf.capacity();
    let frame = FrameDecoder::new(Role::Client, 1 << 20).decode(&mut buf).unwrap().unwrap();
    assert!(range.contains(&(frame.payload.as_ptr() as usize)));
}

#[test]
fn every_split_in_two_gives_the_same_frames() {
    let mut wire = BytesMut::new();
    let frames = [
        frame(false, Opcode::Text, "Hel"),
        frame(true, Opcode::Ping, vec![1; 125]),
        frame(true, Opcode::Continuation, ""),
        frame(true, Opcode::Binary, vec![9; 300]),
    ];
    for (i, frame) in frames.iter().enumerate() {
        frame.encode(Some([i as u8, 2, 3, 4]), &mut wire);
    }
    for cut in 0..=wire.len() {
        let mut decoder = FrameDecoder::new(Role::Server, 1 << 20);
        let mut buf = BytesMut::from(&wire[..cut]);
        let mut got = Vec::new();
        while let Some(frame) = decoder.decode(&mut buf).unwrap() {
            got.push(frame);
        }
        buf.extend_from_slice(&wire[cut..]);
        while let Some(frame) = decoder.decode(&mut buf).unwrap() {
            got.push(frame);
        }
        assert_eq!(got, frames, "cut at {cut}");
    }
}

fn any_opcode() -> impl Strategy<Value = Opcode> {
    prop_oneof![
        Just(Opcode::Continuation),
        Just(Opcode::Text),
        Just(Opcode::Binary),
        Just(Opcode::Close),
        Just(Opcode::Ping),
        Just(Opcode::Pong)
    ]
}

fn any_frame() -> impl Strategy<Value = Frame> {
    (any::<bool>(), any_opcode(), prop_oneof![0..130usize, Just(65_535), Just(65_536)]).prop_map(
        |(fin, opcode, len)| {
            let control = opcode.is_control();
            let payload: Bytes = (0..if control { len % 126 } else { len }).map(|i| i as u8).collect();
            Frame::new(fin || control, opcode, payload)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_encoded_is_decoded(
        frames in prop::collection::vec((any_frame(), any::<[u8; 4]>()), 1..6),
        chunk in 1..5000usize,
        client in any::<bool>(),
    ) {
        let role = if client { Role::Client } else { Role::Server };
        let mut wire = BytesMut::new();
        for (frame, key) in &frames {
            frame.encode((!client).then_some(*key), &mut wire);
        }
        let mut decoder = FrameDecoder::new(role, 1 << 20);
        let mut buf = BytesMut::new();
        let mut got = Vec::new();
        for part in wire.chunks(chunk) {
            buf.extend_from_slice(part);
            while let Some(frame) = decoder.decode(&mut buf).unwrap() {
                got.push(frame);
            }
        }
        prop_assert!(buf.is_empty());
        prop_assert_eq!(got, frames.into_iter().map(|(frame, _)| frame).collect::<Vec<_>>());
    }

    #[test]
    fn no_input_gets_more_than_frames_or_an_error(wire in prop::collection::vec(any::<u8>(), 0..200), client in any::<bool>()) {
        let role = if client { Role::Client } else { Role::Server };
        if let Some((header, size)) = Header::parse(&wire, role).unwrap_or(None) {
            prop_assert!(size <= MAX_HEADER && size == header.size());
            let mut out = BytesMut::new();
            header.write(&mut out);
            prop_assert_eq!(&out[..], &wire[..size]);
        }
        let _ = decode_all(role, &wire);
    }
}
