//! A connection of `graphql-transport-ws` over a pipe, with time that stands still until it is moved.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests wait")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use graphql_exec::tokio::{Refused, serve};
use graphql_exec::ws::{SUBPROTOCOL, WsLimits};
use graphql_exec::{App, GraphqlError, Object, Root, Schema};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use ws_frame::Config;
use ws_frame::handshake::Subprotocol;
use ws_frame::tokio::{Error, WebSocket};

/// How many sources are open.
#[derive(Clone, Default)]
struct Open(Arc<AtomicUsize>);

struct Source {
    numbers: Pin<Box<dyn Stream<Item = i32> + Send>>,
    open: Open,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.open.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Stream for Source {
    type Item = i32;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<i32>> {
        self.numbers.as_mut().poll_next(cx)
    }
}

struct Client {
    ws: WebSocket<DuplexStream>,
    numbers: broadcast::Sender<i32>,
    open: Open,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Result<(), Error>>,
}

impl Client {
    /// A client and a server on the two ends of a pipe that holds `pipe` bytes.
    fn start(pipe: usize, subprotocol: Option<&str>) -> Client {
        let schema = Schema::parse("type Query { one: Int who: String never: Int } type Subscription { number: Int all: Int late: Int }").unwrap();
        let numbers = broadcast::Sender::new(1_024);
        let open = Open::default();
        let source = {
            let (numbers, open) = (numbers.clone(), open.clone());
            move || {
                open.0.fetch_add(1, Ordering::SeqCst);
                let mut heard = numbers.subscribe();
                let numbers = Heard(Box::pin(async move { (heard.recv().await.ok(), heard) }));
                Source { numbers: Box::pin(numbers), open: open.clone() }
            }
        };
        let late = source.clone();
        let app = App::<String>::builder(schema)
            .field("Query.one", |_: &Root, _| 1)
            .field("Query.who", |_: &Root, call| call.context.as_ref().clone())
            .field_async("Query.never", |_: graphql_exec::Parent<Root>, _| std::future::pending::<i32>())
            .subscribe("Subscription.number", move |_| {
                let source = source();
                async move { Ok::<_, GraphqlError>(source) }
            })
            .subscribe("Subscription.all", |_| async { Ok::<_, GraphqlError>(Endless(0)) })
            .subscribe("Subscription.late", move |_| {
                let late = late.clone();
                async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Ok::<_, GraphqlError>(late())
                }
            })
            .build()
            .unwrap();
        let (ours, theirs) = tokio::io::duplex(pipe);
        let mut config = Config::default();
        config.heartbeat = None;
        let config = Arc::new(config);
        let subprotocol = subprotocol.map(|name| Subprotocol::parse(name).unwrap());
        let socket = WebSocket::server(theirs, Arc::clone(&config)).with_subprotocol(subprotocol);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let connect = async |payload: Object| match payload.get("name").and_then(|name| name.as_str()) {
            Some("nobody") => Err(Refused::new("nobody may not")),
            Some(name) => Ok(name.to_owned()),
            None => Ok(String::new()),
        };
        let served = tokio::spawn(serve(socket, app, WsLimits::DEFAULT, connect, stopped));
        let ws = WebSocket::client(ours, config).unwrap();
        Client { ws, numbers, open, stop: Some(stop), served }
    }

    async fn ready() -> Client {
        let mut client = Client::start(1 << 16, Some(SUBPROTOCOL));
        client.say(json!({ "type": "connection_init", "payload": { "name": "ada" } })).await;
        assert_eq!(client.next().await, json!({ "type": "connection_ack" }));
        client
    }

    async fn say(&mut self, message: Value) {
        self.ws.send(message.to_string()).await.unwrap();
    }

    async fn subscribe(&mut self, id: &str, query: &str) {
        self.say(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    async fn next(&mut self) -> Value {
        let message =
            timeout(Duration::from_secs(60), self.ws.recv()).await.expect("in time").expect("open").unwrap();
        serde_json::from_str(message.as_text().unwrap()).unwrap()
    }

    async fn closed(mut self) -> (u16, usize) {
        while let Some(Ok(_)) = timeout(Duration::from_secs(60), self.ws.recv()).await.expect("in time") {}
        let code = self.ws.close_info().expect("closed").code.as_u16();
        let _ = timeout(Duration::from_secs(60), self.served).await.expect("the server ends").unwrap();
        (code, self.open.0.load(Ordering::SeqCst))
    }

    fn sources(&self) -> usize {
        self.open.0.load(Ordering::SeqCst)
    }
}

/// Numbers without end.
struct Endless(i32);

impl Stream for Endless {
    type Item = i32;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<i32>> {
        self.0 = self.0.wrapping_add(1);
        Poll::Ready(Some(self.0))
    }
}

type Receiving = Pin<Box<dyn Future<Output = (Option<i32>, broadcast::Receiver<i32>)> + Send>>;

/// What a channel brings.
struct Heard(Receiving);

impl Stream for Heard {
    type Item = i32;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<i32>> {
        let Poll::Ready((number, mut heard)) = self.0.as_mut().poll(cx) else { return Poll::Pending };
        self.0 = Box::pin(async move { (heard.recv().await.ok(), heard) });
        Poll::Ready(number)
    }
}

#[tokio::test(start_paused = true)]
async fn the_payload_of_the_init_becomes_the_context_of_each_operation() {
    let mut client = Client::ready().await;
    client.subscribe("1", "{ who }").await;
    assert_eq!(
        client.next().await,
        json!({ "id": "1", "type": "next", "payload": { "data": { "who": "ada" } } })
    );
    assert_eq!(client.next().await, json!({ "id": "1", "type": "complete" }));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_refused_is_closed_with_4403() {
    let mut client = Client::start(1 << 16, Some(SUBPROTOCOL));
    client.say(json!({ "type": "connection_init", "payload": { "name": "nobody" } })).await;
    assert_eq!(client.closed().await.0, 4403);
}

#[tokio::test(start_paused = true)]
async fn another_subprotocol_and_silence_are_closed_with_their_codes() {
    for other in [None, Some("graphql-ws")] {
        assert_eq!(Client::start(1 << 16, other).closed().await.0, 4406);
    }
    assert_eq!(Client::start(1 << 16, Some(SUBPROTOCOL)).closed().await.0, 4408);
}

#[tokio::test(start_paused = true)]
async fn a_pong_says_that_the_subscription_before_it_listens() {
    let mut client = Client::ready().await;
    // This source takes a second to open.
    client.subscribe("s", "subscription { late }").await;
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(client.next().await, json!({ "type": "pong" }));
    assert_eq!(client.sources(), 1);
    client.numbers.send(5).unwrap();
    assert_eq!(client.next().await["payload"]["data"]["late"], 5);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_waits_holds_up_nothing() {
    let mut client = Client::ready().await;
    client.subscribe("n", "{ never }").await;
    client.subscribe("q", "{ one }").await;
    assert_eq!(client.next().await["payload"]["data"]["one"], 1);
    assert_eq!(client.next().await["type"], "complete");
    client.say(json!({ "id": "n", "type": "complete" })).await;
    client.subscribe("n", "{ one }").await;
    assert_eq!(client.next().await["id"], "n");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_stopped_closes_its_source_and_the_others_go_on() {
    let mut client = Client::ready().await;
    for id in ["a", "b"] {
        client.subscribe(id, "subscription { number }").await;
    }
    client.say(json!({ "id": "a", "type": "complete" })).await;
    client.say(json!({ "type": "ping" })).await;
    assert_eq!(client.next().await["type"], "pong");
    assert_eq!(client.sources(), 1);
    client.numbers.send(9).unwrap();
    assert_eq!(
        client.next().await,
        json!({ "id": "b", "type": "next", "payload": { "data": { "number": 9 } } })
    );
}

#[tokio::test(start_paused = true)]
async fn the_end_closes_all_sources_whoever_ends_it() {
    // The client says goodbye.
    let mut client = Client::ready().await;
    client.subscribe("a", "subscription { number }").await;
    client.say(json!({ "type": "ping" })).await;
    client.next().await;
    client.ws.close(ws_frame::CloseCode::NORMAL, "").await.unwrap();
    timeout(Duration::from_secs(60), &mut client.served).await.expect("it ends").unwrap().unwrap();
    assert_eq!(client.sources(), 0);

    // The service stops.
    let mut client = Client::ready().await;
    client.subscribe("a", "subscription { number }").await;
    client.say(json!({ "type": "ping" })).await;
    client.next().await;
    client.stop.take().unwrap().send(()).unwrap();
    assert_eq!(client.closed().await, (1001, 0));

    // The client breaks the protocol.
    let mut client = Client::ready().await;
    client.subscribe("a", "subscription { number }").await;
    client.subscribe("a", "subscription { number }").await;
    assert_eq!(client.closed().await, (4409, 0));
}

#[tokio::test(start_paused = true)]
async fn a_source_without_end_waits_for_a_client_that_does_not_read() {
    let mut client = Client::start(4_096, Some(SUBPROTOCOL));
    client.say(json!({ "type": "connection_init" })).await;
    assert_eq!(client.next().await["type"], "connection_ack");
    client.subscribe("all", "subscription { all }").await;
    client.ws.flush().await.unwrap();
    // Were nothing held back, this would fill the memory instead of passing.
    tokio::time::sleep(Duration::from_millis(100)).await;
    // All of them arrive in order once it reads, and others are answered beside it.
    for n in 1..=1_000 {
        assert_eq!(client.next().await["payload"]["data"]["all"], n);
    }
    client.subscribe("one", "{ one }").await;
    loop {
        let message = client.next().await;
        if message["id"] == "one" {
            assert_eq!(message["payload"]["data"]["one"], 1);
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_that_ends_completes_its_subscription() {
    let mut client = Client::ready().await;
    client.subscribe("s", "subscription { number }").await;
    client.say(json!({ "type": "ping" })).await;
    client.next().await;
    client.numbers.send(1).unwrap();
    assert_eq!(client.next().await["type"], "next");
    // The app holds senders, so fall behind instead: the channel tells of it as an end.
    for n in 0..2_000 {
        client.numbers.send(n).unwrap();
    }
    assert_eq!(client.next().await, json!({ "id": "s", "type": "complete" }));
    assert_eq!(client.sources(), 0);
}
