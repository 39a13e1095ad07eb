//! The event stream, as an `EventSource` sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests wait")]

mod common;

use std::time::Duration;

use common::{Events, create_user, get, send, start};
use showcase::Showcase;

#[tokio::test]
async fn a_stream_resumes_behind_the_last_id_by_header_or_query() {
    let service = start().await;
    let addr = service.addr();
    let mut first = Events::open(addr, "/events", &[]).await;
    for n in 0..4 {
        create_user(addr, "N", &format!("n{n}@example.net")).await;
    }
    let second_id = {
        first.next().await.unwrap();
        first.next().await.unwrap().id().to_owned()
    };
    drop(first);
    let mut by_header = Events::open(addr, "/events", &[("last-event-id", &second_id)]).await;
    let mut by_query = Events::open(addr, &format!("/events?last_event_id={second_id}"), &[]).await;
    for stream in [&mut by_header, &mut by_query] {
        for n in [2, 3] {
            assert!(stream.next().await.unwrap().data().contains(&format!("n{n}@example.net")));
        }
        stream.quiet(Duration::from_millis(100)).await;
    }
    // A browser that reconnects sends the header beside the query that it was opened with; the header is newer.
    let newest = (second_id.parse::<u64>().unwrap() + 1).to_string();
    let mut both =
        Events::open(addr, &format!("/events?last_event_id={second_id}"), &[("last-event-id", &newest)])
            .await;
    assert!(both.next().await.unwrap().data().contains("n3@example.net"));
}

#[tokio::test]
async fn who_missed_too_much_is_told_to_start_anew() {
    let mut config = common::config();
    config.replay = 4;
    let service = Showcase::start(config).await.unwrap();
    for n in 0..400 {
        create_user(service.addr(), "N", &format!("n{n}@example.net")).await;
    }
    let mut stream = Events::open(service.addr(), "/events", &[("last-event-id", "1")]).await;
    let reset = stream.next().await.unwrap();
    assert_eq!(reset.event(), "reset");
    assert!(stream.next().await.unwrap().event() == "user.created");
    // An id that was never given out, as after the data was thrown away.
    let mut stranger = Events::open(service.addr(), "/events", &[("last-event-id", "999999")]).await;
    assert_eq!(stranger.next().await.unwrap().event(), "reset");
    create_user(service.addr(), "Live", "live@example.net").await;
    assert!(stranger.next().await.unwrap().data().contains("live@example.net"));
}

#[tokio::test]
async fn a_silent_stream_is_kept_open_by_comments() {
    let mut config = common::config();
    config.heartbeat = Duration::from_millis(50);
    let service = Showcase::start(config).await.unwrap();
    let bytes =
        common::raw(service.addr(), b"GET /events HTTP/1.1\r\nhost: x\r\n\r\n", Duration::from_millis(400))
            .await;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.matches("\n:").count() >= 2, "{text}");
    let lower = text.to_ascii_lowercase();
    for field in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(lower.contains(field), "{field} is not in {text}");
    }
}

#[tokio::test]
async fn what_cannot_be_streamed_is_a_problem() {
    let service = start().await;
    let addr = service.addr();
    get(addr, "/events?topic=nonsense").await.problem(400);
    get(addr, "/events?tropic=users").await.problem(400);
    get(addr, "/events?topic=%ff").await.problem(400);
    get(addr, "/events?last_event_id=1&last_event_id=2").await.problem(400);
    send(addr, "GET", "/events", &[("accept", "application/json")], "").await.problem(406);
    send(addr, "POST", "/events", &[], "").await.problem(405);
}

#[tokio::test]
async fn a_stop_ends_the_streams() {
    let service = start().await;
    let mut stream = Events::open(service.addr(), "/events", &[]).await;
    let since = std::time::Instant::now();
    service.shutdown().await;
    assert!(stream.next().await.is_none());
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
}
