//! What was acknowledged is there after the process was stopped or killed in the middle of its work.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests start processes, wait, and tell what they saw"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use common::{Events, JSON, Sink, TOKEN, create_user, get, post};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::json;

struct Process {
    child: Child,
    addr: SocketAddr,
}

impl Process {
    fn start(folder: &Path) -> Process {
        let mut child = Command::new(env!("CARGO_BIN_EXE_showcase"))
            .args(["--addr", "127.0.0.1:0", "--data", folder.to_str().unwrap()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line
            .trim()
            .strip_prefix("listening on http://")
            .unwrap_or_else(|| panic!("{line}"))
            .parse()
            .unwrap();
        Process { child, addr }
    }

    fn signal(&mut self, name: &str) -> ExitStatus {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < Duration::from_secs(8), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Creates users on one connection until it fails; gives the addresses that were acknowledged with their ids.
async fn writer(addr: SocketAddr, name: String, stop: Arc<AtomicBool>) -> Vec<(i64, String)> {
    let mut acknowledged = Vec::new();
    let socket = tokio::net::TcpStream::connect(addr).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let email = format!("{name}-{n}@example.net");
        let request = http::Request::post("/users")
            .header("host", addr.to_string())
            .header(TOKEN.0, TOKEN.1)
            .header(JSON.0, JSON.1)
            .body(Full::new(Bytes::from(json!({ "name": name, "email": email }).to_string())))
            .unwrap();
        let Ok(Ok(response)) =
            tokio::time::timeout(Duration::from_secs(5), sender.send_request(request)).await
        else {
            break;
        };
        // The status alone is the acknowledgement; the body may be cut by the kill.
        assert_eq!(response.status(), 201);
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        acknowledged.push((location.rsplit('/').next().unwrap().parse().unwrap(), email));
        if response.into_body().collect().await.is_err() {
            break;
        }
    }
    acknowledged
}

async fn no_acknowledged_write_is_lost(signal: &str) {
    let folder = common::Folder::new();
    let mut process = Process::start(folder.path());
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> =
        (0..6).map(|n| tokio::spawn(writer(process.addr, format!("w{n}"), Arc::clone(&stop)))).collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let status = tokio::task::spawn_blocking({
        let signal = signal.to_owned();
        move || (process.signal(&signal), process)
    })
    .await
    .unwrap()
    .0;
    stop.store(true, Ordering::Relaxed);
    if signal == "-TERM" {
        assert_eq!(status.code(), Some(0), "a stop that was asked for is a success");
    }
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    assert!(acknowledged.len() > 20, "only {} writes under way", acknowledged.len());

    let again = Process::start(folder.path());
    for (id, email) in &acknowledged {
        let reply = get(again.addr, &format!("/users/{id}")).await;
        assert_eq!(reply.status, 200, "user {id} is lost after {signal}");
        assert_eq!(reply.json()["email"], *email.as_str());
    }
    // Each of them made its event, in the same transaction.
    let mut events = Events::open(again.addr, "/events?topic=users", &[("last-event-id", "0")]).await;
    let mut found = std::collections::HashMap::new();
    while found.len() < acknowledged.len().min(900) {
        let event = events.next().await.unwrap();
        if event.event() == "user.created" {
            let data: serde_json::Value = serde_json::from_str(event.data()).unwrap();
            *found.entry(data["data"]["id"].as_i64().unwrap()).or_insert(0) += 1;
        }
    }
    assert!(found.values().all(|times| *times == 1), "an event was told twice");
    eprintln!("{} acknowledged writes, none lost after {signal}", acknowledged.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_term_under_writes_loses_no_acknowledged_write() {
    no_acknowledged_write_is_lost("-TERM").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_kill_under_writes_loses_no_acknowledged_write() {
    no_acknowledged_write_is_lost("-KILL").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_event_stream_resumes_across_a_restart() {
    let folder = common::Folder::new();
    let mut process = Process::start(folder.path());
    let mut events = Events::open(process.addr, "/events", &[]).await;
    create_user(process.addr, "First", "first@example.net").await;
    let first = events.next().await.unwrap();
    let second = create_user(process.addr, "Second", "second@example.net").await;
    // The client loses the line here; the second event is missed and the service dies.
    drop(events);
    process.signal("-KILL");

    let again = Process::start(folder.path());
    let third = create_user(again.addr, "Third", "third@example.net").await;
    let mut resumed = Events::open(again.addr, "/events", &[("last-event-id", first.id())]).await;
    for id in [second, third] {
        let event = resumed.next().await.unwrap();
        let data: serde_json::Value = serde_json::from_str(event.data()).unwrap();
        assert_eq!((event.event(), data["data"]["id"].as_i64()), ("user.created", Some(id)));
        assert_eq!(data["id"].to_string(), event.id());
    }
    resumed.quiet(Duration::from_millis(300)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_was_pending_is_made_after_a_restart() {
    let folder = common::Folder::new();
    let mut process = Process::start(folder.path());
    // A port on which nobody listens yet.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    drop(listener);
    let endpoint =
        json!({ "url": format!("http://{target}/hook"), "types": ["user.*"], "scheme": "standard" });
    assert_eq!(post(process.addr, "/webhooks/endpoints", &endpoint).await.status, 201);
    create_user(process.addr, "Ada", "owed@example.net").await;
    common::until("the first attempt fails", || async {
        let list = get(process.addr, "/webhooks/deliveries").await.json();
        list["deliveries"][0]["attempts"].as_array().is_some_and(|a| !a.is_empty())
    })
    .await;
    process.signal("-KILL");

    let mut sink = Sink::start_on(target).await;
    let again = Process::start(folder.path());
    let (headers, body) = sink.take().await;
    let value: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(value["data"]["email"], "owed@example.net");
    assert!(headers.contains_key("webhook-signature"));
    common::until("it is recorded", || async {
        get(again.addr, "/webhooks/deliveries?state=delivered").await.json()["total"] == 1
    })
    .await;
    sink.quiet(Duration::from_millis(300)).await;
}
