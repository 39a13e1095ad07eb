#![no_main]
//! The server of `graphql-transport-ws`: any texts, answers and times in any order. One close at most and nothing behind it; results
//! only of operations that are under way; messages that are JSON; deadlines that are ahead.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use graphql_exec::GraphqlError;
use graphql_exec::ws::{Event, Operation, Output, Server, WsLimits};

#[derive(arbitrary::Arbitrary, Debug)]
enum Step<'a> {
    Text(&'a str),
    Binary,
    Init,
    Accept,
    Refuse(&'a str),
    Subscribe(u8),
    Stop(u8),
    Ping,
    Next(u8),
    Complete(u8),
    Error(u8),
    Wait(u16),
}

libfuzzer_sys::fuzz_target!(|steps: Vec<Step<'_>>| {
    let mut now = Instant::now();
    let mut limits = WsLimits::default();
    limits.max_operations = 5;
    let mut server = Server::new(limits, now);
    let mut under_way: Vec<Operation> = Vec::new();
    let (mut is_closed, mut accepted) = (false, false);
    for step in steps {
        let pick = |n: u8| under_way.get(usize::from(n) % under_way.len().max(1)).cloned();
        match step {
            Step::Text(text) => server.handle_text(text, now),
            Step::Binary => server.handle_binary(),
            Step::Init => server.handle_text(r#"{"type":"connection_init"}"#, now),
            Step::Accept => server.accept(now),
            Step::Refuse(reason) => server.refuse(reason),
            Step::Subscribe(id) => {
                let text =
                    format!(r#"{{"id":"{}","type":"subscribe","payload":{{"query":"{{a}}"}}}}"#, id % 8);
                server.handle_text(&text, now);
            }
            Step::Stop(id) => server.handle_text(&format!(r#"{{"id":"{}","type":"complete"}}"#, id % 8), now),
            Step::Ping => server.handle_text(r#"{"type":"ping","payload":{"a":[1]}}"#, now),
            Step::Next(n) => {
                if let Some(operation) = pick(n) {
                    assert_eq!(server.next(&operation, "{}"), !server.is_closed());
                }
            }
            Step::Complete(n) => {
                if let Some(operation) = pick(n) {
                    server.complete(&operation);
                    under_way.retain(|other| *other != operation);
                }
            }
            Step::Error(n) => {
                if let Some(operation) = pick(n) {
                    server.error(&operation, &[GraphqlError::new("no")]);
                    under_way.retain(|other| *other != operation);
                }
            }
            Step::Wait(millis) => {
                now += Duration::from_millis(u64::from(millis));
                server.handle_timeout(now);
                assert!(server.poll_timeout().is_none_or(|deadline| deadline > now));
            }
        }
        while let Some(event) = server.poll_event() {
            match event {
                Event::Start { operation, .. } => {
                    assert!(accepted, "nothing runs before the connection is acknowledged");
                    under_way.push(operation);
                }
                Event::Stop(operation) => under_way.retain(|other| *other != operation),
                _ => {}
            }
        }
        while let Some(output) = server.poll_output() {
            assert!(!is_closed, "nothing follows the close");
            match output {
                Output::Text(text) => {
                    let message: serde_json::Value = serde_json::from_str(&text).unwrap();
                    accepted |= message["type"] == "connection_ack";
                }
                Output::Close(close) => {
                    is_closed = true;
                    assert!(close.reason.len() <= 123);
                }
                _ => {}
            }
        }
        assert_eq!(is_closed, server.is_closed());
        if is_closed {
            under_way.clear();
        }
        let ids: HashSet<&str> = under_way.iter().map(Operation::id).collect();
        assert!(ids.len() == under_way.len() && under_way.len() <= 5);
    }
});
