//! What the tests share: the application that `interop/rpc-typed/reference` has too, and a driver without a runtime.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::disallowed_methods, reason = "time begins somewhere")]

use std::future::poll_fn;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use rpc_typed::{
    App, Code, Config, EventId, Head, Item, Mutation, Query, Router, Rpc, RpcError, Session, Stop,
    Subscription, Tracked, Transmit, mutation, query, subscription,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a request brings: its token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ctx {
    pub(crate) token: Option<String>,
}

/// Who has shown the token.
#[derive(Clone, Debug)]
pub(crate) struct Authed {
    pub(crate) user: &'static str,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Greeting {
    pub(crate) greeting: String,
}
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub(crate) struct ById {
    pub(crate) id: String,
}
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
}
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Named {
    pub(crate) name: String,
}
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) by: String,
}
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountTo {
    pub(crate) to: u32,
    pub(crate) last_event_id: Option<String>,
}
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Number {
    pub(crate) n: u32,
}
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resume {
    pub(crate) last_event_id: String,
}

pub(crate) const HELLO: Query<Option<String>, Greeting> = query("hello");
pub(crate) const NONE: Query<(), Option<u8>> = query("none");
pub(crate) const NOTHING: Mutation<(), ()> = mutation("nothing");
pub(crate) const BOOM: Query<(), ()> = query("boom");
pub(crate) const PANIC: Query<(), ()> = query("panic");
pub(crate) const HANG: Query<(), ()> = query("hang");
pub(crate) const GET: Query<ById, User> = query("get");
pub(crate) const CREATE: Mutation<Named, Made> = mutation("create");
pub(crate) const TAKEN: Mutation<Named, ()> = mutation("taken");
pub(crate) const COUNT: Subscription<CountTo, Tracked<Number>> = subscription("count");
pub(crate) const RESUMED: Subscription<Option<Resume>, Option<String>> = subscription("resumed");
pub(crate) const LETTERS: Subscription<(), &'static str> = subscription("letters");
pub(crate) const MIXED: Subscription<(), Either> = subscription("mixed");
pub(crate) const BREAKS: Subscription<(), u8> = subscription("breaks");
pub(crate) const PANICS: Subscription<(), u8> = subscription("panics");
pub(crate) const AGAIN: Subscription<(), u8> = subscription("again");
pub(crate) const SILENT: Subscription<(), u8> = subscription("silent");
pub(crate) const MINE: Subscription<(), u8> = subscription("mine");

pub(crate) fn app() -> App<Ctx> {
    let rpc = Rpc::<Ctx>::new();
    let authed = rpc.use_ctx(|c: Ctx| async move {
        match c.token.as_deref() {
            Some("Bearer t") => Ok(Authed { user: "ada" }),
            _ => Err(RpcError::from(Code::Unauthorized)),
        }
    });
    let users = Router::new()
        .handle(
            GET,
            rpc.run(|_: Ctx, input: ById| async move {
                match input.id.as_str() {
                    "1" => Ok(User { id: input.id, name: "Ada".into() }),
                    _ => Err(RpcError::new(Code::NotFound, "No such user")),
                }
            }),
        )
        .handle(
            CREATE,
            authed.run(
                |c: Authed, input: Named| async move { Ok(Made { name: input.name, by: c.user.into() }) },
            ),
        )
        .handle(
            TAKEN,
            rpc.run(|_: Ctx, _: Named| async { Err::<(), _>(RpcError::new(Code::Conflict, "taken")) }),
        );
    let streams = Router::new()
        .handle(
            COUNT,
            rpc.stream(|_: Ctx, input: CountTo| async move {
                let from = input.last_event_id.and_then(|id| id.parse().ok()).unwrap_or(0u32);
                let number = |n: u32| Ok::<_, Stop>(Tracked::new(EventId::from(u64::from(n)), Number { n }));
                Ok(stream::iter((from + 1..=input.to).map(number)))
            }),
        )
        .handle(
            RESUMED,
            rpc.stream(|_: Ctx, input: Option<Resume>| async {
                Ok(stream::iter([Ok::<_, Stop>(input.map(|i| i.last_event_id))]))
            }),
        )
        .handle(
            LETTERS,
            rpc.stream(|_: Ctx, (): ()| async { Ok(stream::iter([Ok::<_, Stop>("a"), Ok("b\nc")])) }),
        )
        .handle(
            MIXED,
            rpc.stream(|_: Ctx, (): ()| async {
                let events = [(Some(7), 1), (None, 2), (Some(8), 3), (None, 4)];
                Ok(stream::iter(events.map(|(id, data)| Ok::<_, Stop>(Either(id, data)))))
            }),
        )
        .handle(
            BREAKS,
            rpc.stream(|_: Ctx, (): ()| async {
                Ok(stream::iter([Ok(1), Err(Stop::from(RpcError::new(Code::Forbidden, "no more"))), Ok(2)]))
            }),
        )
        .handle(
            PANICS,
            rpc.stream(|_: Ctx, (): ()| async {
                Ok(stream::iter([1, 2]).map(|n| if n == 2 { panic!("secret") } else { Ok::<_, Stop>(n) }))
            }),
        )
        .handle(AGAIN, rpc.stream(|_: Ctx, (): ()| async { Ok(stream::iter([Ok(1), Err(Stop::Reconnect)])) }))
        .handle(SILENT, rpc.stream(|_: Ctx, (): ()| async { Ok(stream::pending::<Result<u8, Stop>>()) }))
        .handle(MINE, authed.stream(|_: Authed, (): ()| async { Ok(stream::iter([Ok::<u8, Stop>(1)])) }));
    Router::new()
        .handle(
            HELLO,
            rpc.run(|_: Ctx, name: Option<String>| async move {
                Ok(Greeting { greeting: format!("hello {}", name.as_deref().unwrap_or("world")) })
            }),
        )
        .handle(NONE, rpc.run(|_: Ctx, (): ()| async { Ok(None) }))
        .handle(NOTHING, rpc.run(|_: Ctx, (): ()| async { Ok(()) }))
        .handle(BOOM, rpc.run(|_: Ctx, (): ()| async { Err(RpcError::internal("the secret cause")) }))
        .handle(PANIC, rpc.run(|_: Ctx, (): ()| async { panic!("secret") }))
        .handle(HANG, rpc.run(|_: Ctx, (): ()| std::future::pending()))
        .nest("user", users)
        .merge(streams)
        .build()
        .unwrap()
}

/// An event that is tracked or not, as JavaScript can yield.
pub(crate) struct Either(pub(crate) Option<u64>, pub(crate) u8);

impl Item for Either {
    type Data = u8;
    const TRACKED: bool = false;
    fn into_parts(self) -> (Option<EventId>, u8) {
        (self.0.map(EventId::from), self.1)
    }
}

/// A request, as tests write it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<Bytes>,
    /// In place of a context.
    pub(crate) refused: Option<&'static str>,
}

impl Request {
    pub(crate) fn get(target: &str) -> Request {
        Request { target: target.into(), ..Request::default() }
    }

    pub(crate) fn post(target: &str, body: impl Into<Bytes>) -> Request {
        let request = Request { method: Method::POST, body: vec![body.into()], ..Request::get(target) };
        request.header("content-type", "application/json")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Request {
        self.headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
        self
    }

    pub(crate) fn token(self) -> Request {
        self.header("authorization", "Bearer t")
    }

    /// A session that has got all of the request.
    pub(crate) fn session(&self, app: App<Ctx>, config: &Config, now: Instant) -> Session<Ctx> {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&*self.target, None),
        };
        let head = Head { method: &self.method, path, query, headers: &self.headers };
        let mut session = Session::new(app, config, head, now);
        if session.wants_context() {
            let token = self.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
            match self.refused {
                Some(message) => session.context_failed(&RpcError::new(Code::Forbidden, message), now),
                None => session.context(Ctx { token }, now),
            }
        }
        for piece in &self.body {
            session.receive(piece.clone(), now);
        }
        session.end_of_input(now);
        session
    }

    /// The answer, as far as it comes without waiting.
    pub(crate) fn send_with(&self, config: &Config) -> Answer {
        let now = Instant::now();
        Answer::of(&mut self.session(app(), config, now), now)
    }

    pub(crate) fn send(&self) -> Answer {
        self.send_with(&Config::default())
    }
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the end has come.
    pub(crate) ended: bool,
}

impl Answer {
    pub(crate) fn of(session: &mut Session<Ctx>, now: Instant) -> Answer {
        let mut answer = Answer::default();
        answer.go_on(session, now);
        answer
    }

    /// Takes what has come since.
    pub(crate) fn go_on(&mut self, session: &mut Session<Ctx>, now: Instant) {
        while let Some(transmit) = poll_fn(|cx| session.poll_transmit(cx, now)).now_or_never() {
            match transmit {
                Some(Transmit::Head(status, headers)) => (self.status, self.headers) = (status, headers),
                Some(Transmit::Body(bytes)) => self.body.extend_from_slice(&bytes),
                Some(Transmit::End) => self.ended = true,
                None => break,
            }
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The events of a stream.
    pub(crate) fn events(&self) -> Vec<(String, String, String)> {
        let mut parser = sse_codec::Parser::new();
        let mut rest = &self.body[..];
        let mut events = Vec::new();
        while let Some(item) = parser.next(&mut rest) {
            if let sse_codec::Item::Event(event) = item {
                events.push((event.event().into(), event.id().into(), event.data().into()));
            }
        }
        events
    }
}

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
