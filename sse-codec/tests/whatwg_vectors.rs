//! HTML Standard §9.2: its examples, then a vector for each rule; each vector whole, at every split, and byte by byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Seen, comment, cut, event, id_only, message, model, read, retry};
use sse_codec::Limits;

#[track_caller]
fn check(stream: &[u8], expected: &[Seen]) {
    let limits = Limits::default();
    assert_eq!(model(stream).items, expected, "the model of these tests");
    let whole = read(&limits, [stream]);
    assert_eq!(whole.items, expected);
    assert_eq!(read(&limits, stream.chunks(1)), whole, "byte by byte");
    for at in 0..=stream.len() {
        let (head, tail) = stream.split_at(at);
        assert_eq!(read(&limits, [head, tail]), whole, "cut at {at}");
        assert_eq!(read(&limits, [head, b"", tail]), whole, "an empty chunk at {at}");
    }
    assert_eq!(read(&limits, cut(stream, &[2, 3])), whole, "in twos and threes");
}

macro_rules! vectors {
    ($($(#[$doc:meta])* $name:ident: $stream:expr => [$($item:expr),* $(,)?];)*) => {
        $($(#[$doc])* #[test] fn $name() { check($stream, &[$($item),*]); })*
    };
}

vectors! {
    // The examples of §9.2.1 and §9.2.6.
    s9_2_1_stock_ticker: b"data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\ndata: This is the third message.\n\n"
        => [message("This is the first message."), message("This is the second message, it\nhas two lines."), message("This is the third message.")];
    s9_2_1_add_and_remove: b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n"
        => [event("add", "73857293", ""), event("remove", "2153", ""), event("add", "113411", "")];
    s9_2_6_yhoo: b"data: YHOO\ndata: +2\ndata: 10\n\n" => [message("YHOO\n+2\n10")];
    s9_2_6_four_blocks: b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
        => [comment("test stream"), event("message", "first event", "1"), message("second event"), message(" third event")];
    s9_2_6_empty_strings_and_incomplete: b"data\n\ndata\ndata\n\ndata:" => [message(""), message("\n")];
    s9_2_6_space_after_colon: b"data:test\n\ndata: test\n\n" => [message("test"), message("test")];

    // Lines.
    lines_end_at_lf: b"data: a\n\ndata: b\n\n" => [message("a"), message("b")];
    lines_end_at_cr: b"data: a\r\rdata: b\r\r" => [message("a"), message("b")];
    lines_end_at_crlf: b"data: a\r\n\r\ndata: b\r\n\r\n" => [message("a"), message("b")];
    lines_end_at_each_in_one_block: b"data: a\rdata: b\r\ndata: c\n\r" => [message("a\nb\nc")];
    lf_then_cr_are_two_ends: b"data: a\n\rdata: b\n\r" => [message("a"), message("b")];
    crlf_cr_is_a_line_end_and_a_blank_line: b"data: a\r\n\rdata: b\r\n\r" => [message("a"), message("b")];
    other_separators_are_text: "data: a\u{2028}b\u{0085}c\u{000B}d\u{000C}e\n\n".as_bytes() => [message("a\u{2028}b\u{0085}c\u{000B}d\u{000C}e")];
    blank_lines_dispatch_nothing: b"\n\r\n\r\n\n\r" => [];

    // Fields.
    one_space_is_stripped: b"data:  two\n\ndata:\ttab\n\n" => [message(" two"), message("\ttab")];
    first_colon_splits: b"data: a:b: c\n\nid: x:1\ndata::\n\n" => [message("a:b: c"), event("message", ":", "x:1")];
    data_without_value_is_an_event: b"data:\n\ndata: \n\n" => [message(""), message("")];
    bare_names: b"data\nevent\nid\n\n" => [message("")];
    bare_names_clear_type_and_id: b"id: 1\ndata: a\n\nevent: x\nevent\nid\ndata: b\n\n" => [event("message", "a", "1"), message("b")];
    names_are_case_sensitive: b"Data: a\nDATA: b\nEvent: c\n\ndata: d\n\n" => [message("d")];
    names_take_no_space: b" data: a\ndata : b\n\n" => [];
    longer_names_are_unknown: b"database: a\neventual: b\nidle: c\nretrying: 1\nda: d\n\n" => [];
    unknown_fields_leave_the_block: b"foo: 1\ndata: a\nbar\ndata: b\n\n" => [message("a\nb")];
    empty_data_lines_count: b"data\ndata: x\ndata\n\n" => [message("\nx\n")];
    nul_in_data_stays: b"data: a\0b\n\n" => [message("a\0b")];

    // The type.
    type_is_of_one_block: b"event: a\ndata: 1\n\ndata: 2\n\n" => [event("a", "1", ""), message("2")];
    type_of_a_block_without_data_is_gone: b"event: a\n\ndata: 1\n\n" => [message("1")];
    last_type_wins: b"event: a\nevent: b\ndata: 1\n\n" => [event("b", "1", "")];
    empty_type_is_message: b"event:\ndata: 1\n\nevent: \ndata: 2\n\n" => [message("1"), message("2")];
    type_may_follow_data: b"data: 1\nevent: late\n\n" => [event("late", "1", "")];

    // The id.
    id_persists: b"id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n" => [event("message", "a", "1"), event("message", "b", "1"), event("message", "c", "2")];
    id_with_nul_is_ignored: b"id: 1\ndata: a\n\nid: 2\x003\ndata: b\n\n" => [event("message", "a", "1"), event("message", "b", "1")];
    id_with_nul_leaves_the_id_before_it: b"id: 1\nid: \0\ndata: a\n\n" => [event("message", "a", "1")];
    empty_id_resets: b"id: 1\ndata: a\n\nid:\ndata: b\n\n" => [event("message", "a", "1"), message("b")];
    last_id_wins: b"id: 1\ndata: a\nid: 2\n\n" => [event("message", "a", "2")];
    id_alone_is_committed: b"id: 7\n\ndata: a\n\nid\n\n" => [id_only("7"), event("message", "a", "7"), id_only("")];
    id_with_type_but_no_data: b"id: 7\nevent: x\n\n" => [id_only("7")];
    id_is_not_trimmed: "id:  é 1 \ndata: a\n\n".as_bytes() => [event("message", "a", " é 1 ")];
    id_is_committed_at_the_blank_line_only: b"id: 1\n\nid: 2\ndata: lost\n" => [id_only("1")];

    // The reconnection time.
    retry_in_force_when_its_line_ends: b"retry: 3000\ndata: lost" => [retry(3000)];
    retry_without_space: b"retry:10\n" => [retry(10)];
    retry_without_line_end_is_nothing: b"retry: 3000" => [];
    retry_takes_digits_only: b"retry: +5\nretry: -5\nretry: 5s\nretry: 1.5\nretry:\nretry\nretry:  5\nretry: 5 \nretry: 0x10\n" => [];
    retry_takes_ascii_digits_only: "retry: \u{0665}\u{FF15}\n".as_bytes() => [];
    retry_saturates: b"retry: 18446744073709551615\nretry: 18446744073709551616\nretry: 99999999999999999999999999\n" => [retry(u64::MAX), retry(u64::MAX), retry(u64::MAX)];
    retry_zero_and_leading_zeros: b"retry: 0\nretry: 00007\n" => [retry(0), retry(7)];
    retry_inside_a_block: b"id: 1\nevent: e\ndata: a\nretry: 1\ndata: b\n\n" => [retry(1), event("e", "a\nb", "1")];

    // Comments.
    comments_are_items: b":\n: a\n:b\n:  c\n::\n" => [comment(""), comment("a"), comment("b"), comment(" c"), comment(":")];
    comment_inside_a_block: b"event: e\nid: 1\ndata: a\n: note\ndata: b\n\n" => [comment("note"), event("e", "a\nb", "1")];
    comment_like_a_field: b":data: a\n\n: data: b\n\n" => [comment("data: a"), comment("data: b")];

    // The byte order mark.
    bom_is_dropped: b"\xEF\xBB\xBFdata: a\n\n" => [message("a")];
    bom_is_dropped_once: b"\xEF\xBB\xBF\xEF\xBB\xBFdata: a\n\ndata: b\n\n" => [message("b")];
    bom_later_is_text: b"data: \xEF\xBB\xBF\n\n\xEF\xBB\xBFdata: a\n\n" => [message("\u{FEFF}")];
    bom_alone: b"\xEF\xBB\xBF" => [];
    bom_cut_short: b"\xEF\xBBdata: a\n\n\xEF\xBB\xBFdata: b\n\ndata: c\n\n" => [message("c")];
    bom_like_beginning: b"\xEF\xBB\xBEdata: a\n\n" => [];
    bom_before_a_blank_line: b"\xEF\xBB\xBF\r\ndata: a\n\n" => [message("a")];

    // The end.
    block_without_blank_line_is_dropped: b"data: a\n\ndata: b\n" => [message("a")];
    line_without_end_is_dropped: b"data: a\n\ndata: b\n\nid: 9" => [message("a"), message("b")];
    empty_stream: b"" => [];

    // Encoding Standard, "UTF-8 decoder": one U+FFFD for each maximal subpart.
    invalid_bytes_are_replaced: b"data: a\xFFb\xC0\xAFc\n\n" => [message("a\u{FFFD}b\u{FFFD}\u{FFFD}c")];
    cut_sequences_are_one: b"data: \xE2\x82|\xF0\x9F\x98|\xC3\n\n" => [message("\u{FFFD}|\u{FFFD}|\u{FFFD}")];
    surrogates_and_overlong_are_three: b"data: \xED\xA0\x80|\xE0\x80\x80\n\n" => [message("\u{FFFD}\u{FFFD}\u{FFFD}|\u{FFFD}\u{FFFD}\u{FFFD}")];
    beyond_unicode_is_four: b"data: \xF4\x90\x80\x80\n\n" => [message("\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")];
    replaced_everywhere: b"event: \xFFe\nid: \xFFi\ndata: \xFFd\n\n:\xFFc\nid: \xFF\n\n"
        => [event("\u{FFFD}e", "\u{FFFD}d", "\u{FFFD}i"), comment("\u{FFFD}c"), id_only("\u{FFFD}")];
    a_line_end_ends_a_sequence: b"data: \xE2\ndata: \x82\xAC\n\n" => [message("\u{FFFD}\n\u{FFFD}\u{FFFD}")];
    characters_of_each_length: "event: é\nid: €\ndata: 😀 é €\n\n: 😀\n".as_bytes() => [event("é", "😀 é €", "€"), comment("😀")];
}

#[test]
fn long_lines_are_scanned_by_words_and_by_memchr() {
    for length in [0, 1, 7, 8, 9, 10, 11, 15, 16, 17, 31, 32, 33, 63, 64, 65, 240] {
        let text = "x".repeat(length);
        for end in ["\n", "\r", "\r\n"] {
            check(format!("data: {text}{end}{end}").as_bytes(), &[message(&text)]);
        }
    }
}
