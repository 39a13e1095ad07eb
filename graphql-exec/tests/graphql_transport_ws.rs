//! The server's side of `graphql-transport-ws`: the examples of the protocol, its close codes, its limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "the tests begin at the present time and then count themselves"
)]

use std::time::{Duration, Instant};

use graphql_exec::ws::{Close, CloseCode, Event, Operation, Output, Server, WsLimits};
use graphql_exec::{GraphqlError, Request, Value};
use proptest::prelude::*;

const INIT: &str = r#"{"type":"connection_init"}"#;

struct Socket {
    server: Server,
    now: Instant,
}

impl Socket {
    fn open() -> Socket {
        Socket::with(WsLimits::DEFAULT)
    }

    fn with(limits: WsLimits) -> Socket {
        let now = Instant::now();
        Socket { server: Server::new(limits, now), now }
    }

    /// Past the acknowledgement.
    fn ready(limits: WsLimits) -> Socket {
        let mut socket = Socket::with(limits);
        socket.say(INIT);
        assert!(matches!(socket.server.poll_event(), Some(Event::Init(payload)) if payload.is_empty()));
        socket.server.accept(socket.now);
        assert_eq!(socket.heard(), [r#"{"type":"connection_ack"}"#]);
        socket
    }

    fn say(&mut self, text: &str) {
        self.server.handle_text(text, self.now);
    }

    fn after(&mut self, time: Duration) {
        self.now += time;
        self.server.handle_timeout(self.now);
    }

    fn subscribe(&mut self, id: &str) -> Operation {
        self.say(&format!(r#"{{"id":"{id}","type":"subscribe","payload":{{"query":"{{ a }}"}}}}"#));
        match self.server.poll_event() {
            Some(Event::Start { operation, request }) => {
                assert_eq!((operation.id(), request), (id, Request::new("{ a }")));
                operation
            }
            other => panic!("{other:?}"),
        }
    }

    fn heard(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.server.poll_output())
            .map(|output| match output {
                Output::Text(text) => text,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[track_caller]
    fn closed(&mut self) -> Close {
        assert_eq!(self.server.poll_event(), None);
        assert_eq!(self.server.poll_timeout(), None);
        assert!(self.server.is_closed());
        let last = std::iter::from_fn(|| self.server.poll_output()).last();
        match last {
            Some(Output::Close(close)) => close,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn successful_connection_initialisation() {
    let mut socket = Socket::open();
    socket.say(r#"{"type":"connection_init","payload":{"authorization":"Bearer t"}}"#);
    let Some(Event::Init(payload)) = socket.server.poll_event() else { panic!("an init") };
    assert_eq!(payload.get("authorization"), Some(&Value::from("Bearer t")));
    assert_eq!(socket.heard(), [""; 0]);
    socket.server.accept(socket.now);
    assert_eq!(socket.heard(), [r#"{"type":"connection_ack"}"#]);
}

#[test]
fn forbidden_connection_initialisation() {
    let mut socket = Socket::open();
    socket.say(INIT);
    socket.server.poll_event();
    socket.server.refuse("the token is wrong");
    assert_eq!(socket.closed(), Close { code: CloseCode::Forbidden, reason: "the token is wrong".into() });
}

#[test]
fn erroneous_connection_initialisation() {
    for (text, reason) in [
        (r#"{"type":"connection_init","payload":7}"#, "the payload must be an object"),
        (r#"{"type":"connection_init","payload":["a"]}"#, "the payload must be an object"),
        (r#"{"type":"connection_init","type":"connection_init"}"#, "a message must have one type"),
    ] {
        let mut socket = Socket::open();
        socket.say(text);
        assert_eq!(socket.closed(), Close { code: CloseCode::InvalidMessage, reason: reason.into() });
    }
}

#[test]
fn connection_initialisation_timeout() {
    let mut socket = Socket::open();
    assert_eq!(socket.server.poll_timeout(), Some(socket.now + Duration::from_secs(3)));
    socket.after(Duration::from_millis(2_999));
    assert!(!socket.server.is_closed());
    socket.after(Duration::from_millis(1));
    assert_eq!(socket.closed().code, CloseCode::InitTimeout);

    // A message that comes with the deadline past is late, whether or not the timer was looked at.
    let mut late = Socket::open();
    late.now += Duration::from_secs(3);
    late.say(INIT);
    assert_eq!(late.closed().code, CloseCode::InitTimeout);
}

#[test]
fn an_init_in_time_ends_the_deadline_however_long_its_check_takes() {
    let mut socket = Socket::open();
    socket.say(INIT);
    assert_eq!(socket.server.poll_timeout(), None);
    socket.after(Duration::from_secs(60));
    assert!(!socket.server.is_closed());
    socket.server.accept(socket.now);
    assert_eq!(socket.server.poll_timeout(), Some(socket.now + Duration::from_secs(30)));
}

#[test]
fn too_many_initialisation_requests() {
    for acknowledged in [false, true] {
        let mut socket = Socket::open();
        socket.say(INIT);
        socket.server.poll_event();
        if acknowledged {
            socket.server.accept(socket.now);
        }
        socket.say(INIT);
        assert_eq!(
            socket.closed(),
            Close { code: CloseCode::TooManyInits, reason: "Too many initialisation requests".into() }
        );
    }
}

#[test]
fn an_operation_before_the_acknowledgement_is_unauthorized() {
    for begun in [false, true] {
        let mut socket = Socket::open();
        if begun {
            socket.say(INIT);
            socket.server.poll_event();
        }
        socket.say(r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#);
        assert_eq!(socket.closed(), Close { code: CloseCode::Unauthorized, reason: "Unauthorized".into() });
    }
}

#[test]
fn single_result_operation() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    let operation = socket.subscribe("1");
    assert!(socket.server.next(&operation, r#"{"data":{"a":1}}"#));
    socket.server.complete(&operation);
    assert_eq!(
        socket.heard(),
        [r#"{"id":"1","type":"next","payload":{"data":{"a":1}}}"#, r#"{"id":"1","type":"complete"}"#]
    );
    assert!(!socket.server.next(&operation, "{}"), "it is over");
    socket.server.complete(&operation);
    assert_eq!(socket.heard(), [""; 0]);
}

#[test]
fn streaming_operation_stopped_by_the_client() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    let operation = socket.subscribe("s");
    for n in 0..3 {
        assert!(socket.server.next(&operation, &format!(r#"{{"data":{n}}}"#)));
    }
    assert_eq!(socket.heard().len(), 3);
    socket.say(r#"{"id":"s","type":"complete"}"#);
    assert_eq!(socket.server.poll_event(), Some(Event::Stop(operation.clone())));
    // What was on its way is not sent, and no complete comes back.
    assert!(!socket.server.next(&operation, "{}"));
    socket.server.complete(&operation);
    assert_eq!(socket.heard(), [""; 0]);
}

#[test]
fn an_operation_that_cannot_be_run_ends_with_its_errors() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    let operation = socket.subscribe("1");
    socket.server.error(&operation, &[GraphqlError::new("a"), GraphqlError::new("b\"").with_code("C")]);
    assert_eq!(
        socket.heard(),
        [
            r#"{"id":"1","type":"error","payload":[{"message":"a"},{"message":"b\"","extensions":{"code":"C"}}]}"#
        ]
    );
    socket.server.complete(&operation);
    assert_eq!(socket.heard(), [""; 0]);
}

#[test]
fn an_id_that_is_under_way_closes_the_socket_and_one_that_is_done_may_be_used_again() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    let first = socket.subscribe("1");
    socket.say(r#"{"id":"1","type":"complete"}"#);
    socket.server.poll_event();
    let second = socket.subscribe("1");
    assert_ne!(first, second);
    // A late result of the first is not taken for one of the second.
    assert!(!socket.server.next(&first, "{}"));
    assert!(socket.server.next(&second, "{}"));
    socket.say(r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#);
    assert_eq!(
        socket.closed(),
        Close { code: CloseCode::SubscriberExists, reason: "Subscriber for 1 already exists".into() }
    );
}

#[test]
fn a_complete_for_what_is_not_under_way_is_passed_over() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    socket.say(r#"{"id":"none","type":"complete"}"#);
    assert_eq!((socket.server.poll_event(), socket.heard().len()), (None, 0));
}

#[test]
fn a_ping_is_answered_with_its_payload_at_any_time() {
    let mut socket = Socket::open();
    socket.say(r#"{"type":"ping"}"#);
    socket.say(r#"{"type":"ping","payload":{"n":[1,null,"é"]}}"#);
    socket.say(r#"{"type":"pong","payload":{"n":1}}"#);
    assert_eq!(socket.heard(), [r#"{"type":"pong"}"#, r#"{"type":"pong","payload":{"n":[1,null,"é"]}}"#]);
}

#[test]
fn a_ping_of_ours_is_sent_after_each_interval() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    for _ in 0..3 {
        socket.after(Duration::from_secs(29));
        assert_eq!(socket.heard(), [""; 0]);
        socket.after(Duration::from_secs(1));
        assert_eq!(socket.heard(), [r#"{"type":"ping"}"#]);
    }
    // One that is late is not followed by a burst.
    socket.after(Duration::from_secs(300));
    assert_eq!(socket.heard().len(), 1);
    let mut limits = WsLimits::default();
    limits.ping_interval = None;
    assert_eq!(Socket::ready(limits).server.poll_timeout(), None);
}

#[test]
fn invalid_messages_close_the_socket_at_once_and_say_why() {
    for (text, reason) in [
        ("", "the request is no json: it ends early at byte 0"),
        ("{", "the request is no json: it ends early at byte 1"),
        ("[]", "a message must be an object"),
        ("{}", "a message must have a type, a string"),
        (r#"{"type":7}"#, "a message must have a type, a string"),
        (r#"{"type":"start"}"#, "the type of the message is not known"),
        (r#"{"type":"connection_ack"}"#, "the type of the message is not known"),
        (r#"{"type":"ping","payload":"x"}"#, "the payload must be an object"),
        (r#"{"type":"subscribe","payload":{"query":"a"}}"#, "the id must be a string of 1 to 256 bytes"),
        (
            r#"{"id":"","type":"subscribe","payload":{"query":"a"}}"#,
            "the id must be a string of 1 to 256 bytes",
        ),
        (r#"{"id":1,"type":"complete"}"#, "the id must be a string of 1 to 256 bytes"),
        (r#"{"id":"1","type":"subscribe"}"#, "a subscribe must have a payload"),
        (r#"{"id":"1","type":"subscribe","payload":{}}"#, "the parameter query is required"),
        (
            r#"{"id":"1","type":"subscribe","payload":{"query":"a","variables":[]}}"#,
            "the parameter variables must be an object, not a list",
        ),
    ] {
        let mut socket = Socket::ready(WsLimits::DEFAULT);
        let operation = socket.subscribe("other");
        socket.say(text);
        assert!(!socket.server.is_under_way(&operation), "the others are over too");
        assert_eq!(
            socket.closed(),
            Close { code: CloseCode::InvalidMessage, reason: reason.into() },
            "{text}"
        );
        // And nothing that follows is looked at.
        socket.say(INIT);
        socket.say("{");
        assert_eq!((socket.server.poll_event(), socket.server.poll_output()), (None, None));
    }
    let mut socket = Socket::open();
    socket.server.handle_binary();
    assert_eq!(socket.closed().code, CloseCode::InvalidMessage);
}

#[test]
fn what_was_queued_before_the_end_is_sent_before_it() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    let operation = socket.subscribe("1");
    socket.server.next(&operation, "{}");
    socket.server.close(CloseCode::GoingAway, "the service stops");
    assert!(matches!(socket.server.poll_output(), Some(Output::Text(_))));
    assert_eq!(socket.closed().code.as_u16(), 1001);
}

#[test]
fn one_operation_beyond_the_limit_is_an_error_and_the_others_go_on() {
    let mut limits = WsLimits::default();
    limits.max_operations = 2;
    let mut socket = Socket::ready(limits);
    let (one, _two) = (socket.subscribe("1"), socket.subscribe("2"));
    socket.say(r#"{"id":"3","type":"subscribe","payload":{"query":"{a}"}}"#);
    assert_eq!(socket.server.poll_event(), None);
    assert_eq!(
        socket.heard(),
        [
            r#"{"id":"3","type":"error","payload":[{"message":"the connection crosses max_operations of 2","extensions":{"code":"LIMIT_EXCEEDED"}}]}"#
        ]
    );
    socket.server.complete(&one);
    socket.subscribe("3");
}

#[test]
fn messages_and_ids_end_at_their_limits() {
    let mut limits = WsLimits::default();
    limits.max_message = INIT.len();
    let mut socket = Socket::with(limits.clone());
    socket.say(INIT);
    assert!(matches!(socket.server.poll_event(), Some(Event::Init(_))));
    let mut socket = Socket::with(limits);
    socket.say(&format!("{INIT} "));
    assert_eq!(socket.closed().reason, "the message exceeds the limit max_message of 26 bytes");

    let mut socket = Socket::ready(WsLimits::DEFAULT);
    socket.subscribe(&"é".repeat(128));
    socket.say(&format!(r#"{{"id":"{}","type":"complete"}}"#, "x".repeat(257)));
    assert_eq!(socket.closed().code, CloseCode::InvalidMessage);
}

#[test]
fn a_client_that_does_not_read_is_known_by_what_waits_for_it() {
    let mut limits = WsLimits::default();
    limits.max_outbound = 3;
    let mut socket = Socket::ready(limits);
    let operation = socket.subscribe("1");
    for _ in 0..3 {
        assert!(socket.server.is_writable());
        socket.server.next(&operation, "{}");
    }
    assert!(!socket.server.is_writable());
    socket.server.poll_output();
    assert!(socket.server.is_writable());
}

#[test]
fn a_reason_fits_a_close_frame() {
    let mut socket = Socket::ready(WsLimits::DEFAULT);
    let id = "é".repeat(100);
    socket.subscribe(&id);
    socket.say(&format!(r#"{{"id":"{id}","type":"subscribe","payload":{{"query":"{{a}}"}}}}"#));
    let close = socket.closed();
    assert!((120..=123).contains(&close.reason.len()), "{}", close.reason.len());
}

proptest! {
    #[test]
    fn any_texts_at_any_time_end_in_one_close_at_most_and_keep_the_bounds(
        steps in proptest::collection::vec((0_u8..12, 0_u64..40_000, ".{0,24}"), 0..60),
    ) {
        let mut socket = Socket::open();
        let mut under_way: Vec<Operation> = Vec::new();
        let mut closes = 0;
        for (step, millis, text) in steps {
            match step {
                0 => socket.say(INIT),
                1 => socket.server.accept(socket.now),
                2 | 3 => {
                    let id = serde_json::to_string(&text).unwrap();
                    socket.say(&format!(r#"{{"id":{id},"type":"subscribe","payload":{{"query":"a"}}}}"#));
                }
                4 => {
                    let id = serde_json::to_string(&text).unwrap();
                    socket.say(&format!(r#"{{"id":{id},"type":"complete"}}"#));
                }
                5 => for operation in &under_way {
                    let goes_on = socket.server.next(operation, "{}");
                    prop_assert!(goes_on || socket.server.is_closed());
                },
                6 => if let Some(o) = under_way.pop() { socket.server.complete(&o) },
                7 => if let Some(o) = under_way.pop() { socket.server.error(&o, &[GraphqlError::new(text)]) },
                8 => socket.say(r#"{"type":"ping"}"#),
                9 => socket.say(&text),
                10 => socket.after(Duration::from_millis(millis)),
                _ => prop_assert!(socket.server.poll_timeout().is_none_or(|at| at + Duration::from_secs(40) > socket.now)),
            }
            while let Some(event) = socket.server.poll_event() {
                prop_assert!(!socket.server.is_closed());
                match event {
                    Event::Start { operation, .. } => under_way.push(operation),
                    Event::Stop(operation) => under_way.retain(|o| *o != operation),
                    Event::Init(_) => {}
                    _ => {}
                }
            }
            while let Some(output) = socket.server.poll_output() {
                prop_assert_eq!(closes, 0, "nothing follows a close");
                match output {
                    Output::Text(text) => drop(serde_json::from_str::<serde_json::Value>(&text).unwrap()),
                    _ => closes += 1,
                }
            }
            prop_assert_eq!(closes == 1, socket.server.is_closed());
            prop_assert!(under_way.len() <= WsLimits::DEFAULT.max_operations);
        }
    }
}
