//! Server and client over real sockets.
#![cfg(all(feature = "tower", feature = "hyper"))]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and opens sockets"
)]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{CHAT, ECHO, Echo, FAIL, HANG, JOIN, META, NOWHERE, PANIC, SOON, SPLIT, WATCH, raw};
use grpc_wire::hyper::{Channel, ConnectError};
use grpc_wire::{Client, Code, Metadata, Raw, Server};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

async fn serve(echo: Echo) -> String {
    let service = Server::new().add(echo).into_service();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let _ = auto::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(socket), service)
                    .await;
            });
        }
    });
    address
}

async fn client() -> Client<Channel> {
    let address = serve(Echo::default()).await;
    Client::new(Channel::connect(&address).await.unwrap())
}

#[tokio::test]
async fn a_unary_call_is_answered() {
    let client = client().await;
    let answer: Raw = client.unary(&ECHO, raw(b"hello")).await.unwrap();
    assert_eq!(answer, raw(b"hello"));
}

#[tokio::test]
async fn a_message_of_three_megabytes_goes_both_ways() {
    let client = client().await;
    let big = Raw(vec![7; 3 << 20].into());
    let answer: Raw = client.unary(&ECHO, big.clone()).await.unwrap();
    assert!(answer == big);
}

#[tokio::test]
async fn a_message_above_the_limit_is_resource_exhausted() {
    let client = client().await;
    let big = Raw(vec![7; (4 << 20) + 1].into());
    let status = client.unary::<_, Raw>(&ECHO, big).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn a_server_stream_arrives_in_order_and_ends() {
    let client = client().await;
    let mut stream = client.server_streaming::<_, Raw>(&SPLIT, raw(b"abc")).await.unwrap();
    let mut all = Vec::new();
    while let Some(message) = stream.next().await.unwrap() {
        all.push(message);
    }
    assert_eq!(all, [raw(b"a"), raw(b"b"), raw(b"c")]);
    assert_eq!(stream.next().await, Ok(None), "the end stays the end");
}

#[tokio::test]
async fn a_long_stream_that_is_read_late_arrives_whole() {
    let client = client().await;
    let request = Raw(vec![b'x'; 300_000].into());
    let mut stream = client.server_streaming::<_, Raw>(&SPLIT, request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut count = 0;
    while stream.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 300_000);
}

#[tokio::test]
async fn a_client_stream_is_answered_once_it_ends() {
    let client = client().await;
    let (tx, answer) = client.client_streaming::<Raw, Raw>(&JOIN).start().unwrap();
    for piece in [raw(b"ab"), raw(b""), raw(b"c")] {
        tx.send(piece).await.unwrap();
    }
    tx.finish();
    assert_eq!(answer.await.unwrap(), raw(b"abc"));
}

#[tokio::test]
async fn a_long_client_stream_waits_for_room_and_arrives_whole() {
    let client = client().await;
    let (tx, answer) = client.client_streaming::<Raw, Raw>(&JOIN).start().unwrap();
    for _ in 0..200 {
        tx.send(Raw(vec![1; 16 << 10].into())).await.unwrap();
    }
    tx.finish();
    assert_eq!(answer.await.unwrap().0.len(), 200 * (16 << 10));
}

#[tokio::test]
async fn both_sides_of_a_bidi_call_talk_by_turns() {
    let client = client().await;
    let (tx, mut rx) = client.bidi::<Raw, Raw>(&CHAT).start().unwrap();
    for word in [raw(b"one"), raw(b"two"), raw(b"three")] {
        tx.send(word.clone()).await.unwrap();
        assert_eq!(rx.next().await.unwrap(), Some(word));
    }
    tx.finish();
    assert_eq!(rx.next().await.unwrap(), None);
}

#[tokio::test]
async fn the_head_comes_before_any_message_when_the_handler_says_so() {
    let client = client().await;
    let (tx, mut rx) = client.bidi::<Raw, Raw>(&WATCH).start().unwrap();
    rx.head().await.unwrap();
    tx.send(raw(b"now")).await.unwrap();
    assert_eq!(rx.next().await.unwrap(), Some(raw(b"now")));
}

#[tokio::test]
async fn a_status_arrives_with_its_text() {
    let client = client().await;
    let status = client.unary::<_, Raw>(&FAIL, raw("5:nö such, 100%\n".as_bytes())).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "nö such, 100%\n"));
}

#[tokio::test]
async fn a_status_message_of_a_megabyte_is_cut_and_does_not_hide_the_status() {
    let client = client().await;
    let request = Raw(format!("9:{}", "é".repeat(500_000)).into());
    let status = client.unary::<_, Raw>(&FAIL, request).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.message().len(), 4096 / 6 * 2);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let client = client().await;
    let status = client.unary::<_, Raw>(&NOWHERE, raw(b"")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn a_handler_that_panics_is_internal_and_tells_nothing() {
    let client = client().await;
    let status = client.unary::<_, Raw>(&PANIC, raw(b"x")).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert!(!status.message().contains("secret"), "{status}");
    assert_eq!(client.unary::<_, Raw>(&ECHO, raw(b"y")).await.unwrap(), raw(b"y"), "the connection lives");
}

#[tokio::test]
async fn metadata_go_both_ways() {
    let client = client().await;
    let mut metadata = Metadata::new();
    metadata.insert("x-in", "seen").unwrap();
    let reply = client.unary::<_, Raw>(&META, raw(b"")).metadata(metadata).reply().await.unwrap();
    assert_eq!(reply.message, raw(b"seen"));
    assert_eq!(reply.head.get("x-head"), Some("h"));
    assert_eq!(&reply.trailers.get_bin("x-trailer-bin").unwrap().unwrap()[..], [0, 255]);
}

#[tokio::test]
async fn a_deadline_ends_a_stream_on_both_sides() {
    let echo = Echo::default();
    let hanging = Arc::clone(&echo.hanging);
    let client = Client::new(Channel::connect(&serve(echo).await).await.unwrap());
    let begin = Instant::now();
    let call = client.server_streaming::<_, Raw>(&HANG, raw(b"first"));
    let mut stream = call.timeout(Duration::from_millis(150)).await.unwrap();
    assert_eq!(stream.next().await.unwrap(), Some(raw(b"first")));
    let status = stream.next().await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(begin.elapsed() >= Duration::from_millis(150));
    wait_until_dropped(&hanging).await;
}

#[tokio::test]
async fn dropping_a_stream_drops_its_handler() {
    let echo = Echo::default();
    let hanging = Arc::clone(&echo.hanging);
    let client = Client::new(Channel::connect(&serve(echo).await).await.unwrap());
    let mut stream = client.server_streaming::<_, Raw>(&HANG, raw(b"first")).await.unwrap();
    stream.next().await.unwrap();
    assert!(Arc::strong_count(&hanging) > 2);
    drop(stream);
    wait_until_dropped(&hanging).await;
    assert_eq!(client.unary::<_, Raw>(&ECHO, raw(b"y")).await.unwrap(), raw(b"y"));
}

/// The service holds one, the test one, and a handler that hangs a third.
async fn wait_until_dropped(hanging: &Arc<()>) {
    let begin = Instant::now();
    while Arc::strong_count(hanging) > 2 {
        assert!(begin.elapsed() < SOON, "the handler lives on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn calls_share_the_connection() {
    let client = client().await;
    let mut calls = tokio::task::JoinSet::new();
    for index in 0..300_u32 {
        let client = client.clone();
        calls.spawn(async move {
            let message = Raw(index.to_be_bytes().to_vec().into());
            assert_eq!(client.unary::<_, Raw>(&ECHO, message.clone()).await.unwrap(), message);
        });
    }
    calls.join_all().await;
}

#[tokio::test]
async fn nobody_there_is_an_error_and_a_broken_connection_is_unavailable() {
    assert!(matches!(Channel::connect("no port").await, Err(ConnectError::Address)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let accept = tokio::spawn(async move { listener.accept().await.unwrap().0 });
    let channel = Channel::connect(&format!("http://{address}/")).await.unwrap();
    drop(accept.await.unwrap());
    let status = Client::new(channel).unary::<_, Raw>(&ECHO, raw(b"")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(matches!(Channel::connect(&address).await, Err(ConnectError::Io(_))));
}
