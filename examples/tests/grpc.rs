//! The gRPC door through real sockets: our generated client, and frames made by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests open sockets and wait")]

mod common;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::{Reply, Room, create_user, get, send, start};
use grpc_wire::hyper::Channel;
use grpc_wire::{Code, Metadata, Status};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use pb::{
    ChatMessage, CreateUserRequest, GetUserRequest, ListUsersRequest, User, UserServiceClient,
    WatchUsersRequest,
};
use serde_json::json;
use showcase::Showcase;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

mod pb {
    grpc_wire::include_proto!("octavo.users.v1");
}

const PATIENCE: Duration = Duration::from_secs(10);
const GET_USER: &str = "/octavo.users.v1.UserService/GetUser";
const BULK: &str = "/octavo.users.v1.UserService/CreateUsersBulk";
const GRPC: (&str, &str) = ("content-type", "application/grpc");
const WEB: (&str, &str) = ("content-type", "application/grpc-web+proto");
const TE: (&str, &str) = ("te", "trailers");
/// `user_id: "42"`.
const ALICE: &[u8] = b"\x0a\x0242";

async fn client(addr: SocketAddr) -> UserServiceClient<Channel> {
    UserServiceClient::new(Channel::connect(&addr.to_string()).await.unwrap())
}

fn token() -> Metadata {
    let mut metadata = Metadata::new();
    metadata.insert("authorization", "Bearer abc123").unwrap();
    metadata
}

fn new_user(n: usize) -> CreateUserRequest {
    CreateUserRequest { name: format!("Grpc {n}"), email: format!("grpc{n}@example.net") }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, word: &str) {
    let status = result.expect_err("it is refused");
    assert_eq!(status.code(), code, "{status:?}");
    assert!(status.message().contains(word), "{word} is not in {status:?}");
    leaks_nothing(status.message());
}

#[track_caller]
fn leaks_nothing(text: &str) {
    for inner in ["rusqlite", "SQL", "panicked", "src/", "prost", "serde", "octavo_", "tokio"] {
        assert!(!text.contains(inner), "{text} tells of the inside");
    }
}

/// An answer over HTTP/2, made by hand.
#[derive(Debug)]
struct Raw {
    reply: Reply,
    trailers: HeaderMap,
}

impl Raw {
    /// The code and the text that the call ended with, wherever they stand.
    #[track_caller]
    fn status(&self) -> (u32, String) {
        let at = if self.trailers.contains_key("grpc-status") { &self.trailers } else { &self.reply.headers };
        let text = |name: &str| at.get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
        (text("grpc-status").parse().unwrap_or_else(|_| panic!("no status: {self:?}")), text("grpc-message"))
    }

    #[track_caller]
    fn ends_with(&self, code: Code) {
        assert_eq!(self.reply.status, 200, "{self:?}");
        assert_eq!(self.reply.header("content-type"), "application/grpc", "{self:?}");
        let (number, message) = self.status();
        assert_eq!(number, code.number(), "{self:?}");
        assert_eq!(message.is_empty(), code == Code::Ok, "{self:?}");
        leaks_nothing(&message);
    }
}

/// One HTTP/2 connection by hyper.
struct Http2(hyper::client::conn::http2::SendRequest<Pieces>, SocketAddr);

type Pieces = StreamBody<tokio_stream::Pieces>;

mod tokio_stream {
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use bytes::Bytes;
    use futures_util::Stream;
    use http_body::Frame;
    use tokio::sync::mpsc;

    /// The pieces of a body, as somebody sends them.
    pub(crate) struct Pieces(pub(crate) mpsc::UnboundedReceiver<Bytes>);

    impl Stream for Pieces {
        type Item = Result<Frame<Bytes>, Infallible>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
        }
    }
}

impl Http2 {
    async fn connect(addr: SocketAddr) -> Http2 {
        let socket = TcpStream::connect(addr).await.unwrap();
        let handshake =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await;
        let (sender, connection) = handshake.unwrap();
        tokio::spawn(connection);
        Http2(sender, addr)
    }

    /// Sends the pieces as they come, and takes the whole answer.
    async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        pieces: mpsc::UnboundedReceiver<Bytes>,
    ) -> Raw {
        let mut request = Request::builder().method(method).uri(format!("http://{}{path}", self.1));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(StreamBody::new(tokio_stream::Pieces(pieces))).unwrap();
        let response =
            timeout(PATIENCE, self.0.send_request(request)).await.expect("an answer in time").unwrap();
        let (parts, body) = response.into_parts();
        let body = timeout(PATIENCE, body.collect()).await.expect("an end in time").unwrap();
        let trailers = body.trailers().cloned().unwrap_or_default();
        Raw { reply: Reply { status: parts.status, headers: parts.headers, body: body.to_bytes() }, trailers }
    }
}

/// A call with a whole body.
async fn raw(addr: SocketAddr, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Raw {
    let (pieces, sent) = mpsc::unbounded_channel();
    pieces.send(body.into()).unwrap();
    drop(pieces);
    Http2::connect(addr).await.call("POST", path, headers, sent).await
}

/// A message in its frame.
fn frame(flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![flags];
    frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend(payload);
    frame
}

#[tokio::test]
async fn a_user_is_read() {
    let service = start().await;
    let users = client(service.addr()).await;
    let alice = users.get_user(GetUserRequest { user_id: "42".into() }).await.unwrap();
    let known = get(service.addr(), "/users/42").await.json();
    assert_eq!((alice.id.as_str(), alice.name.as_str()), ("42", known["name"].as_str().unwrap()));
    assert_eq!(alice.email, known["email"].as_str().unwrap());
    assert!(alice.created_at > 1_500_000_000_000, "{alice:?}");
    assert_eq!(service.stats().grpc, 1);
}

#[tokio::test]
async fn users_are_listed_in_pages() {
    let service = start().await;
    let users = client(service.addr()).await;
    let list = async |limit, offset| {
        let mut found = users.list_users(ListUsersRequest { limit, offset }).await?;
        let mut ids = Vec::new();
        while let Some(user) = found.next().await? {
            ids.push(user.id);
        }
        Ok::<Vec<String>, Status>(ids)
    };
    let all = list(0, 0).await.unwrap();
    assert!(all.len() >= 3, "{all:?}");
    assert_eq!(list(2, 0).await.unwrap(), all[..2]);
    assert_eq!(list(100, 1).await.unwrap()[0], all[1]);
    assert!(list(1, 1_000_000).await.unwrap().is_empty());
    refused(list(101, 0).await, Code::InvalidArgument, "limit");
    refused(list(-1, 0).await, Code::InvalidArgument, "limit");
    refused(list(1, -1).await, Code::InvalidArgument, "offset");
}

#[tokio::test]
async fn users_are_created_in_bulk_and_told_of() {
    let service = start().await;
    let addr = service.addr();
    let users = client(addr).await;
    let mut room = Room::join(addr, "/ws/users").await;
    let (tx, created) = users.create_users_bulk().metadata(token()).start().unwrap();
    for n in 0..40 {
        tx.send(new_user(n)).await.unwrap();
    }
    tx.finish();
    let created = created.await.unwrap().users;
    assert_eq!(created.len(), 40);
    for (n, user) in created.iter().enumerate() {
        assert_eq!((&user.name, &user.email), (&new_user(n).name, &new_user(n).email));
        assert_eq!(room.next_of("user.created").await["user"]["email"], json!(user.email));
    }
    let read = get(addr, &format!("/users/{}", created[7].id)).await.json();
    assert_eq!(read["email"], json!(new_user(7).email));
}

/// Sends users in one call.
async fn bulk(
    users: &UserServiceClient<Channel>,
    metadata: Metadata,
    wanted: Vec<CreateUserRequest>,
) -> Result<Vec<User>, Status> {
    let (tx, created) = users.create_users_bulk().metadata(metadata).start().unwrap();
    for user in wanted {
        // The refusal may come before all is sent.
        if tx.send(user).await.is_err() {
            break;
        }
    }
    tx.finish();
    timeout(PATIENCE, created).await.expect("an end in time").map(|list| list.users)
}

#[tokio::test]
async fn one_mistake_in_a_bulk_leaves_no_trace() {
    let service = start().await;
    let addr = service.addr();
    let users = client(addr).await;
    let count = async || get(addr, "/users?limit=1").await.json()["total"].clone();
    let before = count().await;
    let bad = |name: &str, email: &str| CreateUserRequest { name: name.into(), email: email.into() };
    for (last, code, word) in [
        (bad("", "a@example.net"), Code::InvalidArgument, "message 3: name: is required"),
        (bad(" ", "a@example.net"), Code::InvalidArgument, "name: must not be blank"),
        (bad(&"n".repeat(101), "a@example.net"), Code::InvalidArgument, "at most 100 characters"),
        (bad("N", "no address"), Code::InvalidArgument, "message 3: email: must be an address"),
        (bad("", ""), Code::InvalidArgument, "email: is required"),
        (new_user(0), Code::AlreadyExists, "message 3: another user has this email address"),
    ] {
        let result = bulk(&users, token(), vec![new_user(0), new_user(1), last]).await;
        refused(result, code, word);
    }
    assert_eq!(count().await, before);
    assert_eq!(bulk(&users, token(), vec![]).await.unwrap(), []);
    assert_eq!(bulk(&users, token(), vec![new_user(0), new_user(1)]).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_bulk_has_an_end() {
    let service = start().await;
    let users = client(service.addr()).await;
    let result = bulk(&users, token(), (0..1001).map(new_user).collect()).await;
    refused(result, Code::ResourceExhausted, "at most 1000 users");
}

#[tokio::test]
async fn what_writes_needs_the_token() {
    let service = start().await;
    let users = client(service.addr()).await;
    let with = |value: &str| {
        let mut metadata = Metadata::new();
        metadata.insert("authorization", value).unwrap();
        metadata
    };
    for (metadata, word) in [
        (Metadata::new(), "no bearer token"),
        (with("Bearer wrong"), "not valid"),
        (with("Basic YTpi"), "no bearer token"),
        (with("Bearer a b"), "not a token"),
    ] {
        refused(bulk(&users, metadata.clone(), vec![new_user(1)]).await, Code::Unauthenticated, word);
        let (tx, mut rx) = users.chat().metadata(metadata).start().unwrap();
        let _ = tx.send(said("lobby", "hello")).await;
        refused(rx.next().await, Code::Unauthenticated, word);
    }
    let raw = raw(
        service.addr(),
        BULK,
        &[GRPC, TE, ("authorization", "Bearer abc123"), ("authorization", "Bearer abc123")],
        "",
    );
    raw.await.ends_with(Code::Unauthenticated);
}

fn said(room: &str, body: &str) -> ChatMessage {
    ChatMessage { room: room.into(), from: "Grpc".into(), body: body.into(), sent_at: 0 }
}

#[tokio::test]
async fn a_chat_hears_what_is_said_in_its_room_at_any_door() {
    let service = start().await;
    let addr = service.addr();
    let users = client(addr).await;
    let mut room = Room::join(addr, "/ws/talk?token=abc123").await;
    let (tx, mut rx) = users.chat().metadata(token()).start().unwrap();
    tx.send(said("talk", "from gRPC")).await.unwrap();
    let own = rx.next().await.unwrap().unwrap();
    assert_eq!((own.room.as_str(), own.from.as_str(), own.body.as_str()), ("talk", "Grpc", "from gRPC"));
    assert!(own.sent_at > 1_500_000_000_000);
    assert_eq!(room.next_of("message").await["body"], "from gRPC");
    room.say(&json!({ "type": "message", "body": "from WebSocket", "from": "Ws" })).await;
    let other = rx.next().await.unwrap().unwrap();
    assert_eq!((other.from.as_str(), other.body.as_str()), ("Ws", "from WebSocket"));
    // Elsewhere is not here; and a later message needs no room and no name.
    let mut elsewhere = Room::join(addr, "/ws/elsewhere?token=abc123").await;
    elsewhere.say(&json!({ "type": "message", "body": "not here" })).await;
    elsewhere.next_of("message").await;
    tx.send(ChatMessage { body: "again".into(), ..Default::default() }).await.unwrap();
    let again = rx.next().await.unwrap().unwrap();
    assert_eq!((again.room.as_str(), again.from.as_str(), again.body.as_str()), ("talk", "guest", "again"));
    tx.finish();
    assert_eq!(rx.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_chat_that_only_joins_is_told_by_the_head() {
    let service = start().await;
    let users = client(service.addr()).await;
    let (tx, mut rx) = users.chat().metadata(token()).start().unwrap();
    tx.send(ChatMessage { room: "quiet".into(), ..Default::default() }).await.unwrap();
    timeout(PATIENCE, rx.head()).await.expect("a head in time").unwrap();
    let mut room = Room::join(service.addr(), "/ws/quiet?token=abc123").await;
    room.say(&json!({ "type": "message", "body": "anybody?" })).await;
    assert_eq!(rx.next().await.unwrap().unwrap().body, "anybody?");
    drop(rx);
    drop(tx);
}

#[tokio::test]
async fn what_cannot_be_said_ends_the_chat() {
    let service = start().await;
    let users = client(service.addr()).await;
    for (messages, word) in [
        (vec![said("", "x")], "room: must be 1 to 64"),
        (vec![said("Upper", "x")], "room: must be 1 to 64"),
        (vec![said("r", "x"), said("other", "x")], "room: must stay"),
        (vec![said("r", " ")], "body: must not be blank"),
        (vec![said("r", &"x".repeat(16_001))], "body: must have at most 16000 characters"),
        (vec![ChatMessage { from: "f".repeat(101), ..said("r", "x") }], "from: must have at most 100"),
    ] {
        let (tx, mut rx) = users.chat().metadata(token()).start().unwrap();
        for message in messages {
            tx.send(message).await.unwrap();
        }
        let end = loop {
            match timeout(PATIENCE, rx.next()).await.expect("an end in time") {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it was accepted: {word}"),
                Err(status) => break status,
            }
        };
        refused(Err::<(), _>(end), Code::InvalidArgument, word);
    }
    // Who says nothing at all has said it.
    let (tx, mut rx) = users.chat().metadata(token()).start().unwrap();
    tx.finish();
    assert_eq!(rx.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_watcher_is_told_of_each_user_once() {
    let service = start().await;
    let addr = service.addr();
    let users = client(addr).await;
    let mut created = users.watch_users(WatchUsersRequest {}).await.unwrap();
    timeout(PATIENCE, created.head()).await.expect("a head before the first user").unwrap();
    let id = create_user(addr, "Watched", "watched@example.net").await;
    let told = timeout(PATIENCE, created.next()).await.expect("a user in time").unwrap().unwrap();
    assert_eq!(
        (told.id, told.name.as_str(), told.email.as_str()),
        (id.to_string(), "Watched", "watched@example.net")
    );
    assert!(told.created_at > 1_500_000_000_000);
    let made = bulk(&users, token(), (0..3).map(new_user).collect()).await.unwrap();
    for user in made {
        assert_eq!(created.next().await.unwrap().unwrap(), user);
    }
    assert!(timeout(Duration::from_millis(200), created.next()).await.is_err(), "one too many");
}

#[tokio::test]
async fn a_stop_ends_streams_with_unavailable() {
    let service = start().await;
    let users = client(service.addr()).await;
    let mut created = users.watch_users(WatchUsersRequest {}).await.unwrap();
    created.head().await.unwrap();
    let (tx, mut heard) = users.chat().metadata(token()).start().unwrap();
    tx.send(ChatMessage { room: "r".into(), ..Default::default() }).await.unwrap();
    heard.head().await.unwrap();
    let since = Instant::now();
    service.shutdown().await;
    refused(created.next().await, Code::Unavailable, "the service stops");
    refused(heard.next().await, Code::Unavailable, "the service stops");
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_deadline_ends_an_open_stream() {
    let service = start().await;
    let users = client(service.addr()).await;
    let since = Instant::now();
    let watching = users.watch_users(WatchUsersRequest {}).timeout(Duration::from_millis(200)).await;
    let mut created = watching.unwrap();
    refused(timeout(PATIENCE, created.next()).await.expect("an end in time"), Code::DeadlineExceeded, "");
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    // The server keeps it too, where the client does not.
    let path = "/octavo.users.v1.UserService/WatchUsers";
    let since = Instant::now();
    let answer = raw(service.addr(), path, &[GRPC, TE, ("grpc-timeout", "150m")], frame(0, b"")).await;
    answer.ends_with(Code::DeadlineExceeded);
    assert!(since.elapsed() >= Duration::from_millis(150), "{:?}", since.elapsed());
}

#[tokio::test]
async fn a_call_that_is_dropped_harms_no_other_on_its_connection() {
    let service = start().await;
    let users = client(service.addr()).await;
    for _ in 0..100 {
        let mut created = users.watch_users(WatchUsersRequest {}).await.unwrap();
        created.head().await.unwrap();
        drop(created);
    }
    // More than the connection may have at a time.
    assert_eq!(users.get_user(GetUserRequest { user_id: "42".into() }).await.unwrap().id, "42");
}

#[tokio::test]
async fn ids_come_back_with_head_and_trailers() {
    let service = start().await;
    let users = client(service.addr()).await;
    let mut metadata = Metadata::new();
    metadata.insert("x-request-id", "r-1").unwrap();
    metadata.insert_bin("x-trace-bin", b"\x00\xff\x80").unwrap();
    let reply =
        users.get_user(GetUserRequest { user_id: "42".into() }).metadata(metadata.clone()).reply().await;
    let reply = reply.unwrap();
    assert_eq!(reply.head.get("x-request-id"), Some("r-1"));
    assert_eq!(&reply.trailers.get_bin("x-trace-bin").unwrap().unwrap()[..], b"\x00\xff\x80");
    let status = users.get_user(GetUserRequest { user_id: "0".into() }).metadata(metadata).await.unwrap_err();
    let back = status.metadata().expect("a refusal has metadata too");
    assert_eq!(&back.get_bin("x-trace-bin").unwrap().unwrap()[..], b"\x00\xff\x80");
}

#[tokio::test]
async fn a_user_who_is_not_there_and_an_id_that_is_none() {
    let service = start().await;
    let users = client(service.addr()).await;
    let user = async |id: &str| users.get_user(GetUserRequest { user_id: id.into() }).await;
    refused(user("999999").await, Code::NotFound, "no user 999999");
    for id in ["", "0", "-1", "007", "ü", "42 ", "99999999999999999999"] {
        refused(user(id).await, Code::InvalidArgument, "user_id");
    }
}

#[tokio::test]
async fn frames_that_are_none_are_told_so() {
    let service = start().await;
    let addr = service.addr();
    let call = async |body: Vec<u8>| raw(addr, GET_USER, &[GRPC, TE], body).await;
    call(frame(0, ALICE)).await.ends_with(Code::Ok);
    // A flag that means nothing, a compressed message without a compression, a frame of gRPC-Web.
    for flags in [2, 1, 0x80] {
        call(frame(flags, ALICE)).await.ends_with(Code::Internal);
    }
    // Cut off in the prefix and in the message.
    call(frame(0, ALICE)[..3].to_vec()).await.ends_with(Code::Internal);
    call(frame(0, ALICE)[..7].to_vec()).await.ends_with(Code::Internal);
    // None, and two: a unary method takes one.
    call(Vec::new()).await.ends_with(Code::Unimplemented);
    call([frame(0, ALICE), frame(0, ALICE)].concat()).await.ends_with(Code::Unimplemented);
    // Over the limit, announced and sent.
    call(b"\0\x7f\xff\xff\xff\x0a".to_vec()).await.ends_with(Code::ResourceExhausted);
    call(frame(0, &vec![b' '; (1 << 20) + 1])).await.ends_with(Code::ResourceExhausted);
    assert_eq!(service.stats().grpc, 10);
    call(frame(0, ALICE)).await.ends_with(Code::Ok);
}

#[tokio::test]
async fn messages_that_are_none_are_told_so() {
    let service = start().await;
    let addr = service.addr();
    let call = async |message: &[u8]| raw(addr, GET_USER, &[GRPC, TE], frame(0, message)).await;
    // Another type of field, a length beyond the end, bytes that are no UTF-8, a group that never ends.
    for message in [&b"\x08\x01"[..], b"\x0a\x7f4", b"\x0a\x02\xff\xfe", b"\x0b\x0b\x0b", b"\xff"] {
        call(message).await.ends_with(Code::Internal);
    }
    // A field that we do not know is passed over.
    call(b"\x0a\x0242\x12\x01x").await.ends_with(Code::Ok);
    // In a stream, the one that is broken ends it.
    let two = [frame(0, b"\x0a\x01N\x12\x0dn@example.net"), frame(0, b"\x0a\x01\xff")].concat();
    let auth = ("authorization", "Bearer abc123");
    raw(addr, BULK, &[GRPC, TE, auth], two).await.ends_with(Code::Internal);
}

#[tokio::test]
async fn a_body_in_any_pieces_is_the_same_call() {
    let service = start().await;
    let mut connection = Http2::connect(service.addr()).await;
    let body = frame(0, ALICE);
    for split in 0..=body.len() {
        let (pieces, sent) = mpsc::unbounded_channel();
        for piece in [&body[..split], &body[split..]] {
            pieces.send(Bytes::copy_from_slice(piece)).unwrap();
        }
        drop(pieces);
        let answer = connection.call("POST", GET_USER, &[GRPC, TE], sent).await;
        answer.ends_with(Code::Ok);
        assert_eq!(answer.reply.body[..7], [0, 0, 0, 0, answer.reply.body[4], 0x0a, 2]);
    }
}

#[tokio::test]
async fn headers_that_are_wrong_are_told_so() {
    let service = start().await;
    let addr = service.addr();
    let body = || frame(0, ALICE);
    for timeout in ["123456789S", "1", "S", "-1S", "1x", "", "1.5S"] {
        let answer = raw(addr, GET_USER, &[GRPC, TE, ("grpc-timeout", timeout)], body()).await;
        answer.ends_with(Code::InvalidArgument);
    }
    raw(addr, GET_USER, &[GRPC, TE, ("grpc-timeout", "0n")], body()).await.ends_with(Code::DeadlineExceeded);
    raw(addr, GET_USER, &[GRPC, TE, ("grpc-timeout", "99999999H")], body()).await.ends_with(Code::Ok);
    raw(addr, GET_USER, &[GRPC, TE, ("x-trace-bin", "!!")], body()).await.ends_with(Code::InvalidArgument);
    raw(addr, GET_USER, &[GRPC, TE, ("x-other-bin", "!!")], body()).await.ends_with(Code::Ok);
    let gzip = raw(addr, GET_USER, &[GRPC, TE, ("grpc-encoding", "gzip")], body()).await;
    gzip.ends_with(Code::Unimplemented);
    assert_eq!(gzip.reply.header("grpc-accept-encoding"), "identity");
    let many: Vec<(String, String)> = (0..200).map(|n| (format!("x-{n}"), "v".to_owned())).collect();
    let mut headers = vec![GRPC, TE];
    headers.extend(many.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    raw(addr, GET_USER, &headers, body()).await.ends_with(Code::ResourceExhausted);
}

#[tokio::test]
async fn what_is_no_call_is_answered_as_http() {
    let service = start().await;
    let addr = service.addr();
    for kind in ["application/json", "application/grpcx", "text/plain", ""] {
        raw(addr, GET_USER, &[("content-type", kind), TE], frame(0, ALICE)).await.reply.problem(415);
    }
    raw(addr, GET_USER, &[TE], frame(0, ALICE)).await.reply.problem(415);
    raw(addr, GET_USER, &[GRPC], frame(0, ALICE)).await.reply.problem(400);
    let (_, nothing) = mpsc::unbounded_channel();
    let answer = Http2::connect(addr).await.call("GET", GET_USER, &[GRPC, TE], nothing).await;
    answer.reply.problem(405);
    assert_eq!(answer.reply.header("allow"), "POST");
    // gRPC itself needs trailers, which HTTP/1.1 does not carry to most clients.
    send(addr, "POST", GET_USER, &[GRPC, TE], frame(0, ALICE)).await.problem(505);
    send(addr, "GET", GET_USER, &[], "").await.problem(415);
}

#[tokio::test]
async fn what_is_not_there_is_unimplemented() {
    let service = start().await;
    let addr = service.addr();
    for path in [
        "/octavo.users.v1.UserService/Nothing",
        "/octavo.users.v1.UserService/getUser",
        "/octavo.users.v1.UserService/",
        "/octavo.users.v1.Nothing/GetUser",
        "/grpc.health.v1.Health/Check",
        "/users",
        "/",
    ] {
        raw(addr, path, &[GRPC, TE], frame(0, b"")).await.ends_with(Code::Unimplemented);
    }
    // The other doors are untouched by the content type of this one.
    assert_eq!(get(addr, "/users/42").await.status, 200);
}

#[tokio::test]
async fn a_unary_call_that_is_never_sent_ends_and_a_stream_stays_open() {
    let mut config = common::config();
    config.body_timeout = Duration::from_millis(200);
    let service = Showcase::start(config).await.unwrap();
    let addr = service.addr();
    let (pieces, sent) = mpsc::unbounded_channel();
    pieces.send(Bytes::from(frame(0, ALICE)[..4].to_vec())).unwrap();
    let since = Instant::now();
    let answer = Http2::connect(addr).await.call("POST", GET_USER, &[GRPC, TE], sent).await;
    assert_ne!(answer.status().0, 0, "{answer:?}");
    leaks_nothing(&answer.status().1);
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    drop(pieces);
    let users = client(addr).await;
    let (tx, created) = users.create_users_bulk().metadata(token()).start().unwrap();
    for n in 0..4 {
        tx.send(new_user(n)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    tx.finish();
    assert_eq!(created.await.unwrap().users.len(), 4);
}

/// The frames of a gRPC-Web body: flags and payload.
#[track_caller]
fn web_frames(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [flags, a, b, c, d, rest @ ..] = body {
        let (payload, rest) = rest.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        frames.push((*flags, payload.to_vec()));
        body = rest;
    }
    assert!(body.is_empty(), "a piece is left: {body:?}");
    frames
}

#[tokio::test]
async fn grpc_web_is_served_over_http_1() {
    let service = start().await;
    let addr = service.addr();
    let reply = send(addr, "POST", GET_USER, &[WEB], frame(0, ALICE)).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/grpc-web+proto"));
    let frames = web_frames(&reply.body);
    let [(0, user), (0x80, trailers)] = frames.as_slice() else { panic!("{frames:?}") };
    assert_eq!(user[..4], *b"\x0a\x0242");
    assert!(String::from_utf8_lossy(trailers).contains("grpc-status: 0\r\n"), "{trailers:?}");
    // `limit: 2`
    let list = "/octavo.users.v1.UserService/ListUsers";
    let reply = send(addr, "POST", list, &[WEB], frame(0, b"\x08\x02")).await;
    let flags: Vec<u8> = web_frames(&reply.body).iter().map(|(flags, _)| *flags).collect();
    assert_eq!(flags, [0, 0, 0x80]);
}

#[tokio::test]
async fn grpc_web_is_served_over_http_2() {
    let service = start().await;
    let answer = raw(service.addr(), GET_USER, &[WEB], frame(0, ALICE)).await;
    assert!(answer.trailers.is_empty(), "{answer:?}");
    let frames = web_frames(&answer.reply.body);
    assert_eq!(frames.iter().map(|(flags, _)| *flags).collect::<Vec<_>>(), [0, 0x80]);
}

#[tokio::test]
async fn a_refusal_is_told_in_grpc_web_too() {
    let service = start().await;
    let addr = service.addr();
    let refused = async |path: &str, body: Vec<u8>| {
        let reply = send(addr, "POST", path, &[WEB], body).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        // In the head, or in the last frame of the body.
        match reply.header("grpc-status") {
            "" => {
                let frames = web_frames(&reply.body);
                let (0x80, trailers) = frames.last().unwrap() else { panic!("{frames:?}") };
                let text = String::from_utf8(trailers.clone()).unwrap();
                let line = text.lines().find_map(|line| line.strip_prefix("grpc-status: ")).unwrap();
                line.parse::<u32>().unwrap()
            }
            code => code.parse().unwrap(),
        }
    };
    assert_eq!(refused(GET_USER, frame(0, b"\x0a\x06999999")).await, Code::NotFound.number());
    assert_eq!(refused(GET_USER, frame(0, b"\x0a\x01\xff")).await, Code::Internal.number());
    assert_eq!(refused(GET_USER, frame(2, ALICE)).await, Code::Internal.number());
    assert_eq!(refused(GET_USER, b"\0\0\0".to_vec()).await, Code::Internal.number());
    assert_eq!(refused("/octavo.users.v1.UserService/No", frame(0, b"")).await, Code::Unimplemented.number());
    assert_eq!(refused(BULK, frame(0, b"")).await, Code::Unauthenticated.number());
    let large = frame(0, &vec![b' '; (1 << 20) + 1]);
    assert_eq!(refused(GET_USER, large).await, Code::ResourceExhausted.number());
}
