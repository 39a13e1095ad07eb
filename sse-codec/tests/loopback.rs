//! Hub and event source over hyper and real sockets: what one sends, the other receives, through cuts and refusals.

#![cfg(all(feature = "hyper", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test has sockets, tasks and a clock")]

use std::{
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Version, header};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use sse_codec::{
    Event, Frame,
    client::{ClientConfig, Disconnect, Ended, RedirectError},
    hub::{HubConfig, Resume, Slow, Subscribe},
    hyper::{EventBody, SharedHub},
    tokio::{Connector, EventSource, Io, Signal},
};
use tokio::{net::TcpListener, task::JoinSet};

/// What should come at once may take this long on a busy machine.
const TOO_LONG: Duration = Duration::from_secs(60);

type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

struct Server {
    address: std::net::SocketAddr,
    _accepting: JoinSet<()>,
}

impl Server {
    /// Serves HTTP/1.1 and h2c; dropping it cuts every connection.
    async fn start(answer: impl Fn(Request<Incoming>) -> Answer + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answer.clone();
                let service = service_fn(move |request| {
                    let answer = answer(request);
                    async move { Ok::<_, Infallible>(answer) }
                });
                connections.spawn(async move {
                    let builder = auto::Builder::new(TokioExecutor::new());
                    drop(builder.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        Self { address, _accepting: accepting }
    }

    fn config(&self, path: &str) -> ClientConfig {
        let mut config = ClientConfig::new(&format!("http://{}{path}", self.address)).unwrap();
        config.backoff.base = Duration::from_millis(20);
        config.backoff.max = Duration::from_millis(40);
        config
    }
}

fn plain(status: u16, kind: &str, body: &'static str) -> Answer {
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, kind);
    response.body(Full::new(Bytes::from(body)).boxed_unsync()).unwrap()
}

fn hub() -> SharedHub<String> {
    SharedHub::new(HubConfig::default())
}

async fn serve(hub: &SharedHub<String>) -> Server {
    let hub = hub.clone();
    Server::start(move |request| hub.respond(&request, Subscribe::all()).map(|body| body.boxed_unsync()))
        .await
}

fn publish(hub: &SharedHub<String>, data: &str) {
    hub.publish(&"a".to_owned(), Frame::data(data.to_owned())).unwrap();
}

async fn signal(source: &mut EventSource) -> Signal {
    let next = tokio::time::timeout(TOO_LONG, source.next()).await;
    next.expect("a signal in time").expect("the stream goes on").expect("no failure")
}

async fn opened(source: &mut EventSource) {
    match signal(source).await {
        Signal::Open { .. } => {}
        other => panic!("{other:?} where a stream was due"),
    }
}

async fn event(source: &mut EventSource) -> Event {
    match signal(source).await {
        Signal::Event(event) => event,
        other => panic!("{other:?} where an event was due"),
    }
}

async fn end(source: &mut EventSource) -> Option<Ended> {
    let end = tokio::time::timeout(TOO_LONG, async {
        loop {
            match source.next().await {
                None => return None,
                Some(Err(ended)) => return Some(ended),
                Some(Ok(_)) => {}
            }
        }
    });
    let end = end.await.expect("an end in time");
    assert_eq!(source.next().await, None, "and nothing behind it");
    end
}

async fn until(mut holds: impl FnMut() -> bool) {
    let holding = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TOO_LONG, holding).await.expect("it comes about in time");
}

async fn block(body: &mut EventBody<String>) -> Option<String> {
    let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
    Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn events_arrive_and_the_reader_is_gone_when_dropped() {
    let hub = hub();
    let server = serve(&hub).await;
    let mut source = EventSource::open(server.config("/"));
    opened(&mut source).await;
    hub.publish(&"a".to_owned(), Frame::data("x\ny").event("tick").unwrap()).unwrap();
    let received = event(&mut source).await;
    assert_eq!((received.event(), received.data(), received.id()), ("tick", "x\ny", "1"));
    assert_eq!(hub.subscribers(), 1);
    drop(source);
    until(|| hub.subscribers() == 0).await;
}

#[tokio::test]
async fn http2_carries_it_too() {
    let hub = hub();
    let served = hub.clone();
    let server = Server::start(move |request| {
        assert_eq!(request.version(), Version::HTTP_2);
        assert_eq!(request.headers()["authorization"], "Bearer t");
        served.respond(&request, Subscribe::all()).map(|body| body.boxed_unsync())
    });
    let server = server.await;
    let config = server.config("/p?q").bearer("t").unwrap();
    let mut source = EventSource::open_with(config, Connector::tcp().http2());
    opened(&mut source).await;
    for n in 0..100 {
        publish(&hub, &n.to_string());
        assert_eq!(event(&mut source).await.data(), n.to_string());
    }
    drop(source);
    until(|| hub.subscribers() == 0).await;
}

#[tokio::test]
async fn a_cut_connection_is_made_anew_and_nothing_is_missed() {
    let hub = hub();
    let cut = Arc::new(AtomicUsize::new(0));
    let (served, count) = (hub.clone(), Arc::clone(&cut));
    // Each stream is cut after 40 bytes, which may be in the middle of an event.
    let server = Server::start(move |request| {
        count.fetch_add(1, Ordering::Relaxed);
        let mut room = 40;
        let body = served.respond(&request, Subscribe::all());
        body.map(|body| {
            let cut = body.map_frame(move |frame| {
                let mut data = frame.into_data().unwrap();
                data.truncate(room);
                room -= data.len();
                http_body::Frame::data(data)
            });
            LimitedBody { body: Box::pin(cut), left: 40 }.boxed_unsync()
        })
    });
    let server = server.await;
    let mut source = EventSource::open(server.config("/"));
    opened(&mut source).await;
    let mut seen = Vec::new();
    for n in 0..30 {
        publish(&hub, &n.to_string());
    }
    while seen.len() < 30 {
        if let Signal::Event(event) = signal(&mut source).await {
            seen.push(event.data().parse::<u32>().unwrap());
        }
    }
    assert_eq!(seen, (0..30).collect::<Vec<_>>());
    assert!(cut.load(Ordering::Relaxed) > 5);
    assert_eq!(source.last_event_id(), "30");
}

struct LimitedBody<B> {
    body: Pin<Box<B>>,
    left: usize,
}

impl<B: http_body::Body<Data = Bytes>> http_body::Body for LimitedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, B::Error>>> {
        if self.left == 0 {
            return std::task::Poll::Ready(None);
        }
        let frame = std::task::ready!(self.body.as_mut().poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            self.left -= frame.data_ref().map_or(0, Bytes::len).min(self.left);
        }
        std::task::Poll::Ready(frame)
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut config = ClientConfig::new(&format!("http://{address}/")).unwrap();
    config.backoff.base = Duration::from_millis(20);
    let mut source = EventSource::open(config);
    assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::Error, .. }));
    let listener = TcpListener::bind(address).await.unwrap();
    let hub = hub();
    let served = hub.clone();
    let _server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service_fn(move |request: Request<Incoming>| {
            let answer = served.respond(&request, Subscribe::all());
            async move { Ok::<_, Infallible>(answer) }
        });
        drop(auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
    });
    while !matches!(signal(&mut source).await, Signal::Open { .. }) {}
}

#[tokio::test]
async fn status_204_and_close_end_the_stream_without_an_error() {
    let server = Server::start(|_| plain(204, "text/event-stream", "")).await;
    let mut source = EventSource::open(server.config("/"));
    assert_eq!(end(&mut source).await, None);

    let hub = hub();
    let server = serve(&hub).await;
    let mut source = EventSource::open(server.config("/"));
    opened(&mut source).await;
    source.close();
    assert_eq!(end(&mut source).await, None);
    until(|| hub.subscribers() == 0).await;
    source.restart();
    opened(&mut source).await;
}

#[tokio::test]
async fn an_error_status_and_a_wrong_type_fail_with_the_body() {
    let server = Server::start(|request| match request.uri().path() {
        "/500" => plain(500, "text/plain", "out of cheese"),
        _ => plain(200, "text/html", "<p>"),
    });
    let server = server.await;
    let ended = end(&mut EventSource::open(server.config("/500"))).await;
    let body = "out of cheese".into();
    assert_eq!(ended, Some(Ended::Status { status: StatusCode::INTERNAL_SERVER_ERROR, body }));
    let ended = end(&mut EventSource::open(server.config("/"))).await;
    assert_eq!(ended, Some(Ended::ContentType { found: Some("text/html".into()), body: "<p>".into() }));
}

#[tokio::test]
async fn redirects_are_followed_across_servers_without_the_token() {
    let hub = hub();
    let served = hub.clone();
    let target = Server::start(move |request| {
        assert!(!request.headers().contains_key("authorization"));
        served.respond(&request, Subscribe::all()).map(|body| body.boxed_unsync())
    });
    let target = target.await;
    let location = format!("http://{}/events", target.address);
    let first = Server::start(move |request| {
        assert_eq!(request.headers()["authorization"], "Bearer t");
        let location = if request.uri().path() == "/loop" { "/loop" } else { &location };
        let mut response = plain(307, "text/plain", "over there");
        response.headers_mut().insert(header::LOCATION, location.parse().unwrap());
        response
    });
    let first = first.await;
    let mut source = EventSource::open(first.config("/").bearer("t").unwrap());
    opened(&mut source).await;
    publish(&hub, "x");
    assert_eq!(event(&mut source).await.data(), "x");

    let ended = end(&mut EventSource::open(first.config("/loop").bearer("t").unwrap())).await;
    assert_eq!(ended, Some(Ended::Redirect(RedirectError::TooMany { max: 10 })));
}

#[tokio::test]
async fn a_passing_refusal_is_retried_with_a_fresh_token() {
    let hub = hub();
    let served = hub.clone();
    let server = Server::start(move |request| {
        if request.headers()["authorization"] == "Bearer 1" {
            return plain(503, "text/plain", "not yet");
        }
        served.respond(&request, Subscribe::all()).map(|body| body.boxed_unsync())
    });
    let server = server.await;
    let mut config = server.config("/");
    config.retryable = sse_codec::client::transient;
    let mut attempt = 0;
    let mut source = EventSource::open(config).before_attempt(move |headers| {
        attempt += 1;
        headers.insert(header::AUTHORIZATION, format!("Bearer {attempt}").parse().unwrap());
    });
    let why = Disconnect::Status(StatusCode::SERVICE_UNAVAILABLE);
    assert!(matches!(signal(&mut source).await, Signal::Waiting { why: found, .. } if found == why));
    opened(&mut source).await;
}

#[tokio::test]
async fn https_needs_a_connector_and_a_connector_is_used() {
    let config = ClientConfig::new("https://home.example/").unwrap();
    assert_eq!(end(&mut EventSource::open(config.clone())).await, Some(Ended::Futile));

    let connector = Connector::new(|uri| async move {
        assert_eq!(uri.host(), Some("home.example"));
        let (near, far) = tokio::io::duplex(1024);
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut far = far;
            let mut request = [0; 1024];
            let length = far.read(&mut request).await.unwrap();
            let request = str::from_utf8(&request[..length]).unwrap();
            assert!(request.starts_with("GET / HTTP/1.1\r\n") && request.contains("host: home.example\r\n"));
            let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: by hand\n\n";
            far.write_all(answer).await.unwrap();
        });
        Ok(Box::new(near) as Box<dyn Io>)
    });
    let mut source = EventSource::open_with(config, connector);
    opened(&mut source).await;
    assert_eq!(event(&mut source).await.data(), "by hand");
}

#[tokio::test]
async fn a_silent_server_is_left() {
    let mut settings = HubConfig::default();
    settings.heartbeat = None;
    let hub = SharedHub::<String>::new(settings);
    let server = serve(&hub).await;
    let mut config = server.config("/");
    config.idle_timeout = Some(Duration::from_millis(100));
    let mut source = EventSource::open(config);
    opened(&mut source).await;
    assert!(matches!(signal(&mut source).await, Signal::Waiting { why: Disconnect::Idle, .. }));
}

/// Over a pipe, under a clock that stands still while there is work: no stall of the machine counts as silence.
#[tokio::test(start_paused = true)]
async fn heartbeats_keep_a_quiet_stream_open() {
    let mut settings = HubConfig::default();
    settings.heartbeat = Some(Duration::from_millis(30));
    let hub = SharedHub::<String>::new(settings);
    let served = hub.clone();
    let connector = Connector::new(move |_| {
        let (near, far) = tokio::io::duplex(1024);
        let hub = served.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = hub.respond(&request, Subscribe::all());
                async move { Ok::<_, Infallible>(answer) }
            });
            drop(auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(far), service).await);
        });
        async move { Ok(Box::new(near) as Box<dyn Io>) }
    });
    let mut config = ClientConfig::new("http://home.example/").unwrap();
    config.idle_timeout = Some(Duration::from_millis(300));
    let mut source = EventSource::open_with(config, connector);
    opened(&mut source).await;
    let quiet = tokio::time::timeout(Duration::from_millis(900), source.next()).await;
    assert!(quiet.is_err(), "neither an event nor an end: {quiet:?}");
    publish(&hub, "x");
    assert_eq!(event(&mut source).await.data(), "x");
}

#[tokio::test(start_paused = true)]
async fn one_task_drives_the_heartbeats_of_all_bodies() {
    let hub = hub();
    let mut bodies: Vec<_> = (0..50).map(|_| hub.subscribe(Subscribe::all()).unwrap()).collect();
    let begun = tokio::time::Instant::now();
    for body in &mut bodies {
        assert_eq!(block(body).await.as_deref(), Some(":\n\n"));
    }
    let waited = begun.elapsed();
    assert!((12..=18).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn a_gap_begins_with_a_reset_event() {
    let hub = hub();
    hub.seed(40, [("a".to_owned(), Frame::data("x").id("41").unwrap())]).unwrap();
    let mut body = hub.subscribe(Subscribe::all().last_event_id("7")).unwrap();
    assert!(matches!(body.resume(), Resume::Gap { .. }));
    assert_eq!(block(&mut body).await.as_deref(), Some("event: reset\ndata: gap\n\n"));
    assert_eq!(block(&mut body).await.as_deref(), Some("id: 41\ndata: x\n\n"));
    let mut body = hub.subscribe(Subscribe::all().last_event_id("99")).unwrap();
    assert_eq!(block(&mut body).await.as_deref(), Some("event: reset\ndata: unknown-id\n\n"));
    publish(&hub, "y");
    assert_eq!(block(&mut body).await.as_deref(), Some("id: 42\ndata: y\n\n"));

    let silent = SharedHub::with_reset(HubConfig::default(), None);
    silent.seed(40, [("a".to_owned(), Frame::data("x").id("41").unwrap())]).unwrap();
    let mut body = silent.subscribe(Subscribe::all().last_event_id("7").slow(Slow::DropOldest)).unwrap();
    assert_eq!(block(&mut body).await.as_deref(), Some("id: 41\ndata: x\n\n"));
}

#[tokio::test]
async fn a_lagging_body_says_so() {
    let mut settings = HubConfig::default();
    settings.slow = Slow::DropOldest;
    settings.limits.max_queue_events = 1;
    let hub = SharedHub::<String>::new(settings);
    let mut body = hub.subscribe(Subscribe::all()).unwrap();
    for n in 0..3 {
        publish(&hub, &n.to_string());
    }
    assert_eq!(block(&mut body).await.as_deref(), Some("event: reset\ndata: lagged\n\n"));
    assert_eq!(block(&mut body).await.as_deref(), Some("id: 3\ndata: 2\n\n"));
}

#[tokio::test]
async fn draining_ends_every_stream_and_then_refuses() {
    let hub = hub();
    let server = serve(&hub).await;
    let mut sources = Vec::new();
    for _ in 0..3 {
        let mut source = EventSource::open(server.config("/"));
        opened(&mut source).await;
        sources.push(source);
    }
    publish(&hub, "last words");
    hub.drain(Duration::from_millis(200));
    tokio::time::timeout(TOO_LONG, hub.drained()).await.expect("all are gone");
    for source in &mut sources {
        assert_eq!(event(source).await.data(), "last words");
        let Signal::Waiting { wait, why: Disconnect::End } = signal(source).await else { panic!() };
        assert!(wait >= Duration::from_millis(200));
        let refused = end(source).await;
        assert!(matches!(refused, Some(Ended::Status { status: StatusCode::SERVICE_UNAVAILABLE, .. })));
    }
}

#[tokio::test]
async fn responses_have_their_headers_and_refusals_their_status() {
    let hub = hub();
    let respond = |method: Method, accept: Option<&str>| {
        let mut request = Request::builder().method(method);
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        hub.respond(&request.body(()).unwrap(), Subscribe::all())
    };
    let ok = respond(Method::GET, None);
    assert_eq!(ok.status(), StatusCode::OK);
    assert_eq!(ok.headers()["content-type"], "text/event-stream");
    assert_eq!(ok.headers()["cache-control"], "no-store");
    assert_eq!(ok.headers()["x-accel-buffering"], "no");
    assert!(!ok.body().is_end_stream());
    assert_eq!(hub.subscribers(), 1);
    let head = respond(Method::HEAD, Some("text/event-stream"));
    assert_eq!((head.status(), head.headers()), (ok.status(), ok.headers()));
    assert!(head.body().is_end_stream());
    assert_eq!(hub.subscribers(), 1, "a HEAD subscribes to nothing");
    let refused = respond(Method::POST, None);
    assert_eq!(
        (refused.status(), &refused.headers()["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD".parse().unwrap())
    );
    assert_eq!(respond(Method::GET, Some("application/json")).status(), StatusCode::NOT_ACCEPTABLE);
    drop(ok);
    hub.drain(Duration::from_secs(1));
    let refused = respond(Method::GET, None);
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
    );
}

#[tokio::test]
async fn the_header_resumes_unless_the_wish_does() {
    let hub = hub();
    for n in 1..=3 {
        publish(&hub, &n.to_string());
    }
    let request = Request::get("/").header("last-event-id", "1").body(()).unwrap();
    let response = hub.respond(&request, Subscribe::all());
    assert_eq!(*response.body().resume(), Resume::Resumed { replayed: 2 });
    let response = hub.respond(&request, Subscribe::all().last_event_id("2"));
    assert_eq!(*response.body().resume(), Resume::Resumed { replayed: 1 });
}

#[tokio::test]
async fn an_unread_source_holds_the_server_back() {
    const EVENTS: usize = 400;
    let mut settings = HubConfig::default();
    settings.limits.max_queue_events = EVENTS;
    settings.limits.max_queue = usize::MAX;
    let hub = SharedHub::<String>::new(settings);
    let (served, taken) = (hub.clone(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&taken);
    let server = Server::start(move |request| {
        let count = Arc::clone(&count);
        served.respond(&request, Subscribe::all()).map(|body| {
            let counted = body.map_frame(move |frame| {
                count.fetch_add(1, Ordering::Relaxed);
                frame
            });
            counted.boxed_unsync()
        })
    });
    let server = server.await;
    let mut source = EventSource::open(server.config("/"));
    opened(&mut source).await;
    let big = "x".repeat(64 * 1024);
    for _ in 0..EVENTS {
        publish(&hub, &big);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = taken.load(Ordering::Relaxed);
    assert!(before < EVENTS, "the socket's buffers alone were filled, not all {EVENTS} events taken");
    for _ in 0..EVENTS {
        assert_eq!(event(&mut source).await.data().len(), big.len());
    }
    assert_eq!(taken.load(Ordering::Relaxed), EVENTS);
}
