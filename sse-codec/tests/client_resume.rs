//! Where the event source goes on, and what it can tell of the sequence: HTML Standard §9.2.4; MCP, Streamable HTTP.

#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]

#[path = "rig/client.rs"]
mod rig;

use std::time::Instant;

use http::{HeaderValue, Method, StatusCode};
use rig::{SECOND, config, connect, ended, feed, headers, open, stream_head, wait};
use sse_codec::{
    Item, LimitKind,
    client::{Action, Client, ClientConfig, Disconnect, Ended, Mark, ReadyState, ResumeBy, Resumed},
};

#[test]
fn opens_parses_and_resumes_with_the_id_as_utf8_bytes() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    assert_eq!(client.state(), ReadyState::Open);
    assert_eq!(feed(&mut client, now, "id: é\ndata: 1\n\nid: never\ndata: 2".as_bytes()), ["1"]);
    client.on_eof(now, Disconnect::End);
    assert_eq!(client.state(), ReadyState::Connecting);
    let waited = wait(&mut client, now);
    assert!((SECOND..=2 * SECOND).contains(&waited));
    assert_eq!(client.disconnect(), Some(Disconnect::End));
    let request = open(&mut client, now + waited);
    assert_eq!(request.headers()["last-event-id"].as_bytes(), "é".as_bytes());
    assert_eq!(feed(&mut client, now, b": the half block is gone\ndata: 3\n\n"), ["3"]);
}

#[test]
fn an_id_is_committed_only_with_what_was_given_out() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    let mut input = &b"id: 1\ndata: a\n\nid: 2\ndata: b\n\n"[..];
    assert!(matches!(client.on_bytes(now, &mut input), Some(Item::Event(_))));
    assert_eq!(client.last_event_id(), "1", "the second event is still in the input");
    client.on_eof(now, Disconnect::Error);
    let waited = wait(&mut client, now);
    assert_eq!(connect(&mut client, now + waited).headers()["last-event-id"], "1");
}

#[test]
fn the_first_id_can_be_given_and_an_empty_one_forgets_it() {
    let now = Instant::now();
    let mut config = config();
    config.last_event_id = "41".parse().unwrap();
    let mut client = Client::new(config, 0);
    assert_eq!(open(&mut client, now).headers()["last-event-id"], "41");
    feed(&mut client, now, b"id\n\n");
    client.on_eof(now, Disconnect::End);
    let waited = wait(&mut client, now);
    assert!(!connect(&mut client, now + waited).headers().contains_key("last-event-id"));
}

/// Ends the stream and opens the next one: what the request says of the last event id.
fn reopen(client: &mut Client, now: Instant) -> Option<HeaderValue> {
    client.on_eof(now, Disconnect::Error);
    let waited = wait(client, now);
    open(client, now + waited).headers().get("last-event-id").cloned()
}

type Marks = Vec<(String, Mark)>;

/// The events of `input`, each with its mark.
fn marks(client: &mut Client, now: Instant, mut input: &[u8]) -> Marks {
    let mut found = Vec::new();
    while let Some(item) = client.on_bytes(now, &mut input) {
        if let Item::Event(event) = item {
            let data = event.data().to_owned();
            found.push((data, client.mark()));
        }
    }
    found
}

fn marked(pairs: &[(&str, Mark)]) -> Marks {
    pairs.iter().map(|(data, mark)| ((*data).to_owned(), *mark)).collect()
}

/// The same of owned events.
fn owned_marks(client: &mut Client, now: Instant, mut input: &[u8]) -> Marks {
    let mut found = Vec::new();
    while let Some(event) = client.next_event(now, &mut input).unwrap() {
        found.push((event.into_data(), client.mark()));
    }
    assert!(input.is_empty(), "`None` means that the chunk is used up");
    found
}

#[test]
fn owned_events_and_their_marks_are_those_that_are_lent() {
    let now = Instant::now();
    let first = b"retry: 5\nid: 1\ndata: a\n\nid: 2\ndata: b\n\n";
    let second = b": hello\n\nid: 1\n\ndata: without an id of its own\n\nid: 2\ndata: b\n\nevent: reset\ndata: lost\n\n\
        id: 3\ndata: c\n\nid: 4\n\n";
    for (remember_ids, reset) in [(0, false), (8, false), (0, true), (8, true)] {
        let read = |marks: fn(&mut Client, Instant, &[u8]) -> Marks| {
            let mut config = config();
            config.remember_ids = remember_ids;
            let config = if reset { config.reset_event("reset").unwrap() } else { config };
            let mut client = Client::new(config, 0);
            open(&mut client, now);
            let mut found = marks(&mut client, now, first);
            assert_eq!(reopen(&mut client, now).unwrap(), "2");
            found.extend(marks(&mut client, now, second));
            (found, client.last_event_id().to_owned())
        };
        let lent = read(marks);
        assert_eq!(lent, read(owned_marks));
        assert_eq!((lent.0.len(), &*lent.1), (6, "4"));
        assert_eq!(lent.0.iter().any(|(_, mark)| *mark == Mark::Duplicate), remember_ids > 0);
        assert_eq!(lent.0.iter().any(|(_, mark)| *mark == Mark::Gap), reset);
    }
}

#[test]
fn owned_events_go_on_behind_a_crossed_limit_and_a_refused_body_is_kept() {
    let now = Instant::now();
    let mut config = config();
    config.parser.max_data = 2;
    let mut client = Client::new(config, 0);
    open(&mut client, now);
    let mut input = &b"data: abc\n\ndata: ok\n\n"[..];
    assert_eq!(client.next_event(now, &mut input).unwrap_err().limit, LimitKind::Data);
    assert_eq!(client.next_event(now, &mut input).unwrap().unwrap().data(), "ok");

    client.restart();
    assert!(matches!(client.poll(now), Action::Close));
    connect(&mut client, now);
    client.on_response(now, StatusCode::NOT_FOUND, &headers(&[]));
    let mut input = &b"nothing here"[..];
    assert_eq!(client.next_event(now, &mut input), Ok(None));
    client.on_eof(now, Disconnect::End);
    let Ended::Status { body, .. } = ended(&mut client, now) else { panic!("a refused status") };
    assert_eq!(body, "nothing here");
}

#[test]
fn it_says_whether_the_stream_was_asked_to_go_on() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    assert_eq!(client.resumed(), Resumed::Fresh);
    feed(&mut client, now, b"id: 1\ndata: x\n\n");
    assert_eq!(reopen(&mut client, now).unwrap(), "1");
    assert_eq!(client.resumed(), Resumed::Asked);
    feed(&mut client, now, b"id\ndata: forget it\n\n");
    assert_eq!(reopen(&mut client, now), None);
    assert_eq!(client.resumed(), Resumed::Fresh);
}

#[test]
fn no_id_whatever_breaks_the_request() {
    let now = Instant::now();
    let long = "9".repeat(4097);
    let cases = [
        ("\u{1F980} caf\u{e9} \u{10FFFF}", true),
        ("  spaces  and\ttabs ", true),
        (&long[..4096], true),
        (&long[..], false),
        ("bell \u{7}", false),
        ("\u{7f}", false),
    ];
    for (id, is_sent) in cases {
        let mut config = config();
        config.parser.max_id = 1 << 20;
        let mut client = Client::new(config, 0);
        open(&mut client, now);
        feed(&mut client, now, format!("id: {id}\ndata: x\n\n").as_bytes());
        assert_eq!(client.last_event_id(), id);
        let sent = reopen(&mut client, now);
        assert_eq!(sent.as_ref().map(HeaderValue::as_bytes), is_sent.then_some(id.as_bytes()), "{id:?}");
        assert_eq!(client.resumed(), if is_sent { Resumed::Asked } else { Resumed::Unsendable }, "{id:?}");
    }
}

#[test]
fn an_id_beyond_the_parsers_limit_is_not_taken() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    feed(&mut client, now, format!("id: 1\ndata\n\nid: {}\ndata\n\n", "9".repeat(1025)).as_bytes());
    assert_eq!(reopen(&mut client, now).unwrap(), "1");
}

#[test]
fn an_id_in_bad_utf8_goes_back_as_it_was_decoded() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    feed(&mut client, now, b"id: a\xFFb\ndata\n\n");
    assert_eq!(reopen(&mut client, now).unwrap().as_bytes(), "a\u{FFFD}b".as_bytes());
}

#[test]
fn the_reset_event_that_was_named_is_a_gap() {
    let now = Instant::now();
    let stream = b"event: reset\ndata: gap\n\nid: 7\ndata: x\n\n";
    let mut client = Client::new(config().reset_event("reset").unwrap(), 0);
    open(&mut client, now);
    assert_eq!(marks(&mut client, now, stream), marked(&[("gap", Mark::Gap), ("x", Mark::New)]));
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    assert_eq!(marks(&mut client, now, stream), marked(&[("gap", Mark::New), ("x", Mark::New)]));
}

#[test]
fn what_was_given_out_on_an_earlier_connection_is_a_duplicate() {
    let now = Instant::now();
    let mut config = config();
    config.remember_ids = 3;
    let mut client = Client::new(config, 0);
    open(&mut client, now);
    let first = b"id: 1\ndata: 1\n\nid: 2\ndata: 2\n\ndata: no id\n\nid: 2\ndata: the same id twice\n\nid: 3\ndata: 3\n\n";
    assert!(marks(&mut client, now, first).iter().all(|(_, mark)| *mark == Mark::New));
    reopen(&mut client, now);
    let again =
        b"data: no id\n\nid: 3\ndata: 3\n\ndata: none either\n\nid: 4\ndata: 4\n\nid: 4\ndata: 4 again\n\n";
    let expected = [
        ("no id", Mark::New),
        ("3", Mark::Duplicate),
        ("none either", Mark::New),
        ("4", Mark::New),
        ("4 again", Mark::New),
    ];
    assert_eq!(marks(&mut client, now, again), marked(&expected));
    // 2, 3 and 4 are kept now, so that 1 is forgotten.
    reopen(&mut client, now);
    let all = b"id: 1\ndata: 1\n\nid: 3\ndata: 3\n\nid: 4\ndata: 4\n\nid: 5\ndata: 5\n\n";
    let expected = [("1", Mark::New), ("3", Mark::Duplicate), ("4", Mark::Duplicate), ("5", Mark::New)];
    assert_eq!(marks(&mut client, now, all), marked(&expected));
}

#[test]
fn nothing_is_remembered_unless_asked() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    open(&mut client, now);
    feed(&mut client, now, b"id: 1\ndata\n\n");
    reopen(&mut client, now);
    assert_eq!(marks(&mut client, now, b"id: 1\ndata: x\n\n"), marked(&[("x", Mark::New)]));
}

#[test]
fn an_id_that_came_alone_counts_as_given_out() {
    let now = Instant::now();
    let mut config = config();
    config.remember_ids = 8;
    let mut client = Client::new(config, 0);
    open(&mut client, now);
    feed(&mut client, now, b"id: 1\n\n");
    assert_eq!(reopen(&mut client, now).unwrap(), "1");
    assert_eq!(marks(&mut client, now, b"id: 1\ndata: x\n\n"), marked(&[("x", Mark::Duplicate)]));
}

// MCP, Streamable HTTP, "Resumability and Redelivery", and SEP-1699.

fn mcp() -> ClientConfig {
    let mut config = config().bearer("t").unwrap();
    config.method = Method::POST;
    config.body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}".into();
    config.headers.insert("content-type", HeaderValue::from_static("application/json"));
    config.headers.insert("mcp-session-id", HeaderValue::from_static("s"));
    config.resume_by = ResumeBy::Get;
    config
}

#[test]
fn mcp_a_priming_block_is_enough_to_resume_from_and_that_by_get() {
    let now = Instant::now();
    let mut client = Client::new(mcp(), 0);
    let request = open(&mut client, now);
    assert_eq!((request.method(), request.body().is_empty()), (&Method::POST, false));
    assert!(!request.headers().contains_key("last-event-id"));
    assert!(feed(&mut client, now, b"id: s1/0\ndata:\n\nid: s1/1\nretry: 500\n\n").len() == 1);
    client.on_eof(now, Disconnect::End);
    let waited = wait(&mut client, now);
    assert!((500..=1000).contains(&waited.as_millis()), "as the server said: {waited:?}");
    let request = connect(&mut client, now + waited);
    assert_eq!((request.method(), request.body().len()), (&Method::GET, 0));
    assert_eq!(request.headers()["last-event-id"], "s1/1");
    assert_eq!(request.headers()["mcp-session-id"], "s");
    assert!(
        request.headers().contains_key("authorization") && !request.headers().contains_key("content-type")
    );
}

#[test]
fn mcp_a_post_is_not_carried_out_twice() {
    let now = Instant::now();
    let mut client = Client::new(mcp(), 0);
    open(&mut client, now);
    feed(&mut client, now, b"data: no id at all\n\n");
    client.on_eof(now, Disconnect::Error);
    assert_eq!(ended(&mut client, now), Ended::NotResumable);
    assert_eq!(client.state(), ReadyState::Closed);

    // An attempt that never came to a stream is made again as it was.
    let mut client = Client::new(mcp(), 0);
    connect(&mut client, now);
    client.on_eof(now, Disconnect::Error);
    let waited = wait(&mut client, now);
    assert_eq!(connect(&mut client, now + waited).method(), Method::POST);
}

#[test]
fn mcp_ids_belong_to_one_stream() {
    let now = Instant::now();
    let (mut one, mut other) = (Client::new(mcp(), 0), Client::new(mcp(), 1));
    open(&mut one, now);
    open(&mut other, now);
    feed(&mut one, now, b"id: a/1\ndata\n\n");
    feed(&mut other, now, b"id: b/7\ndata\n\n");
    assert_eq!(reopen(&mut one, now).unwrap(), "a/1");
    assert_eq!(reopen(&mut other, now).unwrap(), "b/7");

    // The same client for another stream: its id is forgotten, and the request is the first one again.
    one.set_last_event_id(&sse_codec::EventId::default());
    one.restart();
    assert!(matches!(one.poll(now), Action::Close));
    let request = connect(&mut one, now);
    assert_eq!((request.method(), request.headers().get("last-event-id")), (&Method::POST, None));
}

#[test]
fn mcp_a_server_that_polls_by_closing_is_not_backed_off_from() {
    let mut now = Instant::now();
    let mut client = Client::new(config(), 11);
    for _ in 0..30 {
        open(&mut client, now);
        feed(&mut client, now, b"id: 1\nretry: 200\n\n");
        now += SECOND;
        client.on_eof(now, Disconnect::End);
        let waited = wait(&mut client, now);
        assert!((200..=400).contains(&waited.as_millis()), "{waited:?}");
        now += waited;
    }
    // A connection that breaks is another matter.
    let mut longest = 0;
    for _ in 0..10 {
        open(&mut client, now);
        feed(&mut client, now, b"retry: 200\n\n");
        client.on_eof(now, Disconnect::Error);
        let waited = wait(&mut client, now);
        longest = longest.max(waited.as_millis());
        now += waited;
    }
    assert!(longest > 1000, "{longest} ms");
}

#[test]
fn the_priming_block_of_a_get_is_resumed_from_too() {
    let now = Instant::now();
    let mut client = Client::new(config(), 0);
    connect(&mut client, now);
    client.on_response(now, StatusCode::OK, &stream_head());
    assert!(feed(&mut client, now, b"id: 0\n\n").is_empty());
    assert_eq!(reopen(&mut client, now).unwrap(), "0");
    let json = headers(&[("content-type", "application/json")]);
    client.restart();
    client.poll(now);
    connect(&mut client, now);
    client.on_response(now, StatusCode::OK, &json);
    client.on_eof(now, Disconnect::End);
    assert!(matches!(ended(&mut client, now), Ended::ContentType { .. }));
}
