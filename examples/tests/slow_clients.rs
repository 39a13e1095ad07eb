//! A client that stalls gives its place back, and others are served meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests open sockets and wait")]

mod common;

use std::time::{Duration, Instant};

use common::get;
use showcase::Showcase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Each opening that never becomes a request, and what may be answered before the end.
const STALLS: [&[u8]; 6] = [
    b"",
    b"PRI * HTTP/2.0\r\n",
    b"GET /users HTTP/1.1\r\nhost: x\r\nx-slow: ",
    b"POST /users HTTP/1.1\r\nhost: x\r\nauthorization: Bearer abc123\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{",
    b"POST /nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{",
    b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n",
];

#[tokio::test]
async fn a_connection_that_stalls_is_ended() {
    let mut config = common::config();
    config.head_timeout = Duration::from_millis(300);
    config.body_timeout = Duration::from_millis(300);
    let service = Showcase::start(config).await.unwrap();
    let stalls = STALLS.iter().map(|opening| async {
        let mut socket = TcpStream::connect(service.addr()).await.unwrap();
        socket.write_all(opening).await.unwrap();
        let since = Instant::now();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(8), socket.read_to_end(&mut answer))
            .await
            .expect("it is ended");
        (since.elapsed(), String::from_utf8_lossy(&answer).into_owned())
    });
    let ends = futures_util::future::join_all(stalls).await;
    for (opening, (took, answer)) in STALLS.iter().zip(&ends) {
        let opening = String::from_utf8_lossy(opening);
        assert!(*took < Duration::from_secs(6), "{opening:?} held its place for {took:?}, then {answer:?}");
    }
    assert!(ends[3].1.starts_with("HTTP/1.1 400"), "{}", ends[3].1);
    assert!(ends[5].1.starts_with("HTTP/1.1 200"), "{}", ends[5].1);
}

#[tokio::test]
async fn who_stalls_in_every_place_holds_up_others_for_no_longer_than_the_timeout() {
    let mut config = common::config();
    config.head_timeout = Duration::from_millis(400);
    config.max_connections = 4;
    let service = Showcase::start(config).await.unwrap();
    let mut stalled = Vec::new();
    for _ in 0..8 {
        stalled.push(TcpStream::connect(service.addr()).await.unwrap());
    }
    let since = Instant::now();
    assert_eq!(get(service.addr(), "/health").await.status, 200);
    assert!(since.elapsed() < Duration::from_secs(4), "{:?}", since.elapsed());
}
