//! The client that comes back, against a server that comes and goes; and the two halves of a split connection.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpListener;
use ws_frame::handshake::Policy;
use ws_frame::reconnect::{Backoff, StopReason};
use ws_frame::tokio::{Client, ClientEvent, Connector, WebSocket, accept, request};
use ws_frame::{CloseCode, Config, Message, Outgoing, SendError};

fn client(uri: String) -> Client {
    let mut backoff = Backoff::default();
    backoff.base = Duration::from_millis(5);
    backoff.cap = Duration::from_millis(20);
    Client::new(Connector::new(), Config::default(), backoff, move || std::future::ready(request(&uri)))
}

/// The next event, of a kind that is named by its `Debug`.
async fn next(client: &mut Client) -> (ClientEvent, String) {
    let event = tokio::time::timeout(Duration::from_secs(60), client.next()).await.unwrap().unwrap();
    let text = format!("{event:?}");
    let kind = text.split([' ', '(', '{']).next().unwrap().to_owned();
    (event, kind)
}

async fn kinds(client: &mut Client, count: usize) -> Vec<String> {
    let mut kinds = Vec::new();
    for _ in 0..count {
        kinds.push(next(client).await.1);
    }
    kinds
}

#[tokio::test]
async fn a_lost_connection_is_opened_again_and_told_what_it_must_know() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = client(format!("ws://{}/", listener.local_addr().unwrap()));
    assert_eq!(client.queue("nobody there"), Err(SendError::Closed));
    client.offline().subscribe("s", Message::from("subscribe")).unwrap();
    client.offline().queue(Message::from("once")).unwrap();
    let server = tokio::spawn(async move {
        let mut heard = Vec::new();
        for round in 0..3 {
            let (socket, _) = listener.accept().await.unwrap();
            let (mut ws, _) = accept(socket, &Policy::new(), Config::default()).await.unwrap();
            heard.push(ws.recv().await.unwrap().unwrap());
            if round == 0 {
                heard.push(ws.recv().await.unwrap().unwrap());
            }
            ws.send(format!("round {round}")).await.unwrap();
            match round {
                // Gone without a word, then with one that lets it come back at once.
                0 => drop(ws),
                1 => drop(ws.close(CloseCode::GOING_AWAY, "").await),
                _ => while let Some(Ok(_)) = ws.recv().await {},
            }
        }
        heard
    });
    assert_eq!(kinds(&mut client, 5).await, ["Connecting", "Open", "Message", "Closed", "Waiting"]);
    assert_eq!(kinds(&mut client, 5).await, ["Connecting", "Open", "Message", "Closed", "Waiting"]);
    assert_eq!(kinds(&mut client, 3).await, ["Connecting", "Open", "Message"]);
    client.queue("bye").unwrap();
    client.stop(CloseCode::NORMAL, "done");
    let (event, _) = next(&mut client).await;
    assert!(matches!(event, ClientEvent::Closed(info) if info.clean && info.code == CloseCode::NORMAL));
    let (event, _) = next(&mut client).await;
    assert!(matches!(event, ClientEvent::Stopped(StopReason::Application)));
    assert!(client.next().await.is_none());
    let texts: Vec<_> = server.await.unwrap().iter().map(|m| m.as_text().unwrap().to_owned()).collect();
    assert_eq!(texts, ["subscribe", "once", "subscribe", "subscribe"]);
}

#[tokio::test]
async fn a_policy_violation_ends_it_and_who_asks_can_begin_anew() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = client(format!("ws://{}/", listener.local_addr().unwrap()));
    let server = tokio::spawn(async move {
        for _ in 0..2 {
            let (socket, _) = listener.accept().await.unwrap();
            let (mut ws, _) = accept(socket, &Policy::new(), Config::default()).await.unwrap();
            let _ = ws.close(CloseCode::POLICY_VIOLATION, "no").await;
        }
    });
    for _ in 0..2 {
        assert_eq!(kinds(&mut client, 3).await, ["Connecting", "Open", "Closed"]);
        let (event, _) = next(&mut client).await;
        assert!(matches!(event, ClientEvent::Stopped(StopReason::Closed(CloseCode::POLICY_VIOLATION))));
        assert!(client.next().await.is_none());
        client.retry_now();
    }
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_a_refusal_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = client(format!("ws://{}/", listener.local_addr().unwrap()));
    let server = tokio::spawn(async move {
        for answer in ["503 Busy\r\nRetry-After: 7", "401 Unauthorized\r\nWWW-Authenticate: Bearer"] {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 2048];
            let _ = socket.read(&mut request).await.unwrap();
            let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 2\r\n\r\nno");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    assert_eq!(kinds(&mut client, 2).await, ["Connecting", "Failed"]);
    let (event, _) = next(&mut client).await;
    let ClientEvent::Waiting { until, attempt: 2 } = event else { panic!("{event:?}") };
    let pause = until - tokio::time::Instant::now().into_std();
    assert!(pause >= Duration::from_secs(7) && pause < Duration::from_secs(8), "{pause:?}");
    assert_eq!(kinds(&mut client, 2).await, ["Connecting", "Failed"]);
    let (event, _) = next(&mut client).await;
    assert!(matches!(event, ClientEvent::Stopped(StopReason::Refused(status)) if status == 401), "{event:?}");
    server.await.unwrap();
}

#[tokio::test]
async fn nobody_listens_and_tries_are_spent_or_stopped() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("ws://{}/", listener.local_addr().unwrap());
    drop(listener);
    let mut backoff = Backoff::default();
    backoff.base = Duration::from_millis(1);
    backoff.max_tries = Some(3);
    let mut spent =
        Client::new(Connector::new(), Config::default(), backoff, move || std::future::ready(request(&uri)));
    assert_eq!(
        kinds(&mut spent, 8).await,
        ["Connecting", "Failed", "Waiting", "Connecting", "Failed", "Waiting", "Connecting", "Failed"]
    );
    let (event, _) = next(&mut spent).await;
    assert!(matches!(event, ClientEvent::Stopped(StopReason::TriesSpent)), "{event:?}");

    let mut stopped = client("no uri".into());
    assert_eq!(kinds(&mut stopped, 2).await, ["Connecting", "Failed"]);
    assert!(matches!(next(&mut stopped).await.0, ClientEvent::Stopped(StopReason::Fatal)));
    let mut stopped = client("ws://127.0.0.1:1/".into());
    assert_eq!(kinds(&mut stopped, 3).await, ["Connecting", "Failed", "Waiting"]);
    stopped.stop(CloseCode::NORMAL, "");
    assert!(matches!(next(&mut stopped).await.0, ClientEvent::Stopped(StopReason::Application)));
}

fn pair(capacity: usize, config: Config) -> (WebSocket<DuplexStream>, WebSocket<DuplexStream>) {
    let (a, b) = tokio::io::duplex(capacity);
    (WebSocket::server(a, config), WebSocket::client(b, Config::default()).unwrap())
}

#[tokio::test]
async fn many_tasks_send_by_halves_while_one_receives() {
    let (server, mut client) = pair(256, Config::default());
    let (sender, mut receiver) = server.into_split();
    let mut tasks = Vec::new();
    for n in 0..8_u8 {
        let sender = sender.clone();
        tasks.push(tokio::spawn(async move {
            for i in 0..50_u8 {
                sender.send(vec![n, i]).await.unwrap();
            }
        }));
    }
    drop(sender);
    let receiving = tokio::spawn(async move {
        let mut count = 0;
        while let Some(message) = receiver.recv().await {
            message.unwrap();
            count += 1;
        }
        assert!(receiver.close_info().unwrap().clean);
        count
    });
    let mut last = [None; 8];
    for i in 0..400 {
        let Message::Binary(data) = client.recv().await.unwrap().unwrap() else { panic!("text") };
        let previous = last[usize::from(data[0])].replace(data[1]);
        assert_eq!(previous.map_or(0, |p| p + 1), data[1], "a task's messages stay in order");
        if i % 10 == 0 {
            client.send("up").await.unwrap();
        }
    }
    assert!(client.close(CloseCode::NORMAL, "").await.unwrap().clean);
    assert_eq!(receiving.await.unwrap(), 40);
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn control_frames_keep_their_place_between_messages_of_a_half() {
    let (server, client) = tokio::io::duplex(1 << 16);
    let (sender, mut receiver) = WebSocket::server(server, Config::default()).into_split();
    let mut peer = client;
    sender.send("one").await.unwrap();
    sender.ping(b"p").await.unwrap();
    assert_eq!(sender.ping(&[0; 126]).await, Err(SendError::ControlTooLong));
    sender.send("two").await.unwrap();
    sender.close(CloseCode::NORMAL, "bye").await.unwrap();
    sender.send("never").await.unwrap();
    // A ping and the answer to our Close, masked by zeroes.
    peer.write_all(b"\x89\x81\x00\x00\x00\x00x\x88\x82\x00\x00\x00\x00\x03\xe8").await.unwrap();
    assert!(receiver.recv().await.is_none());
    drop(peer.shutdown().await);
    assert!(sender.is_closed());
    assert_eq!(sender.send("late").await, Err(SendError::Closed));
    drop(receiver);
    let mut wire = Vec::new();
    peer.read_to_end(&mut wire).await.unwrap();
    // A ping does not wait behind messages, and nothing follows a Close.
    assert_eq!(wire, b"\x89\x01p\x81\x03one\x81\x03two\x88\x05\x03\xe8bye");
}

#[tokio::test]
async fn a_half_waits_while_the_peer_does_not_read_and_loses_nothing() {
    let mut config = Config::default();
    config.heartbeat = None;
    config.limits.high_water = 1000;
    config.limits.low_water = 100;
    config.limits.max_buffered = 5000;
    let (server, mut client) = pair(64, config);
    let (sender, mut receiver) = server.into_split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    let sending = tokio::spawn(async move {
        for n in 0..60_u8 {
            // Among them such as fit only into an empty queue.
            sender.send(vec![n; if n % 7 == 0 { 6000 } else { 500 }]).await.unwrap();
        }
        sender.close(CloseCode::NORMAL, "").await.unwrap();
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!sending.is_finished());
    for n in 0..60_u8 {
        let message = client.recv().await.unwrap().unwrap();
        assert_eq!(message, Message::from(vec![n; if n % 7 == 0 { 6000 } else { 500 }]));
    }
    assert!(client.recv().await.is_none());
    sending.await.unwrap();
    assert!(receiving.await.unwrap().is_none());
}

#[tokio::test]
async fn a_sender_dropped_while_it_waits_has_sent_nothing() {
    let mut config = Config::default();
    config.limits.high_water = 10;
    let (server, mut client) = pair(64, config);
    let (sender, mut receiver) = server.into_split();
    // Nobody writes: sixteen wait, and the seventeenth has no place.
    for n in 0..16_u8 {
        sender.send(vec![n; 100]).await.unwrap();
    }
    assert!(tokio::time::timeout(Duration::from_millis(20), sender.send("dropped")).await.is_err());
    let work = tokio::spawn(async move { while receiver.next_event().await.is_some() {} });
    for n in 0..16_u8 {
        assert_eq!(client.recv().await.unwrap().unwrap(), Message::from(vec![n; 100]));
    }
    sender.send(Outgoing::from(Message::from("last"))).await.unwrap();
    assert_eq!(client.recv().await.unwrap().unwrap(), Message::from("last"));
    drop(client);
    work.await.unwrap();
    assert_eq!(sender.send("gone").await, Err(SendError::Closed));
}

#[test]
fn the_limits_of_a_client_are_what_bounds_it_offline() {
    let mut config = Config::default();
    config.limits.max_buffered = 1000;
    let mut client =
        Client::new(Connector::new(), config, Backoff::default(), || std::future::ready(request("ws://a/")));
    assert!(client.offline().queue(Message::from(vec![0; 1000])).is_err());
    assert!(client.offline().queue(Message::from(vec![0; 900])).is_ok());
    let mut client = client.max_offline(usize::MAX);
    assert!(client.offline().queue(Message::from(vec![0; 1000])).is_err());
}
