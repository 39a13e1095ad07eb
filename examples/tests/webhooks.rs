//! Webhooks, both ways: what is sent verifies with the crate itself, and what arrives is verified before it is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests wait")]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use common::{
    Events, JSON, Reply, Sink, TOKEN, create_user, get, post, send, signed_by, start, until, verifies,
};
use serde_json::{Value, json};
use showcase::{Config, Showcase, Targets};

async fn register(addr: SocketAddr, sink: &Sink, scheme: &str) -> (i64, String) {
    let reply = post(
        addr,
        "/webhooks/endpoints",
        &json!({ "url": sink.url(), "types": ["user.*"], "scheme": scheme }),
    )
    .await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let endpoint = reply.json();
    assert_eq!(reply.header("location"), format!("/webhooks/endpoints/{}", endpoint["id"]));
    assert!(reply.header("cache-control").contains("no-store"), "an answer with a secret is not kept");
    (endpoint["id"].as_i64().unwrap(), endpoint["secret"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_is_sent_verifies_with_the_secret_that_was_shown_once() {
    for scheme in ["standard", "github", "stripe", "generic", "slack", "svix"] {
        let service = start().await;
        let addr = service.addr();
        let mut sink = Sink::start().await;
        let (id, secret) = register(addr, &sink, scheme).await;
        for path in ["/webhooks/endpoints".to_owned(), format!("/webhooks/endpoints/{id}")] {
            let reply = get(addr, &path).await;
            assert_eq!(reply.status, 200);
            assert!(
                !String::from_utf8_lossy(&reply.body).contains(&secret),
                "the secret is shown again at {path}"
            );
        }
        create_user(addr, "Signed", "signed@example.net").await;
        let (headers, body) = sink.take().await;
        assert_eq!(headers["content-type"], "application/json");
        assert!(verifies(scheme, &secret, &headers, &body), "{scheme} {headers:?}");
        let tampered = [&body[..], b" "].concat();
        assert!(!verifies(scheme, &secret, &headers, &tampered), "{scheme}");
        until("the delivery is recorded", || async {
            get(addr, &format!("/webhooks/deliveries?endpoint={id}&state=delivered")).await.json()["total"]
                == 1
        })
        .await;
        let list = get(addr, &format!("/webhooks/deliveries?endpoint={id}")).await.json();
        let attempt = &list["deliveries"][0]["attempts"][0];
        assert_eq!((&attempt["status"], &attempt["number"]), (&json!(204), &json!(1)), "{list}");
        service.shutdown().await;
    }
}

#[tokio::test]
async fn a_failure_is_tried_again_under_the_same_id_until_it_arrives() {
    let service = start().await;
    let addr = service.addr();
    let mut sink = Sink::start().await;
    sink.answer([503, 500]);
    register(addr, &sink, "standard").await;
    create_user(addr, "Retry", "retry@example.net").await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(sink.take().await.0["webhook-id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    sink.quiet(Duration::from_millis(300)).await;
    let list = get(addr, "/webhooks/deliveries?state=delivered").await.json();
    let statuses: Vec<&Value> =
        list["deliveries"][0]["attempts"].as_array().unwrap().iter().map(|a| &a["status"]).collect();
    assert_eq!(statuses, [503, 500, 204]);
    let id = &list["deliveries"][0]["id"];
    assert_eq!(get(addr, &format!("/webhooks/deliveries/{id}")).await.json()["state"], "delivered");
    assert_eq!(get(addr, "/webhooks/dead-letters").await.json()["total"], 0);
}

/// Lets an endpoint fail until its delivery is dead; gives the event's and the delivery's ids.
async fn dead_letter(addr: SocketAddr, sink: &mut Sink) -> (Value, Value) {
    sink.answer([500, 500, 500]);
    create_user(addr, "Dead", "dead@example.net").await;
    for _ in 0..3 {
        sink.take().await;
    }
    until("it is a dead letter", || async { get(addr, "/webhooks/dead-letters").await.json()["total"] == 1 })
        .await;
    let dead = get(addr, "/webhooks/dead-letters").await.json()["deliveries"][0].clone();
    assert_eq!((&dead["state"], dead["attempts"].as_array().unwrap().len()), (&json!("dead"), 3));
    (dead["event_id"].clone(), dead["id"].clone())
}

#[tokio::test]
async fn a_dead_letter_is_replayed_by_delivery() {
    let service = start().await;
    let addr = service.addr();
    let mut sink = Sink::start().await;
    register(addr, &sink, "standard").await;
    let (_, delivery) = dead_letter(addr, &mut sink).await;
    let replay = post(addr, "/webhooks/replay", &json!({ "delivery_id": delivery })).await;
    assert_eq!(replay.status, 202, "{replay:?}");
    let (_, body) = sink.take().await;
    assert!(String::from_utf8_lossy(&body).contains("dead@example.net"));
    until("no dead letter is left", || async {
        get(addr, "/webhooks/dead-letters").await.json()["total"] == 0
    })
    .await;
    sink.quiet(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn an_event_is_replayed_by_id_and_by_time() {
    let service = start().await;
    let addr = service.addr();
    let mut events = Events::open(addr, "/events", &[]).await;
    let mut sink = Sink::start().await;
    register(addr, &sink, "standard").await;
    create_user(addr, "Again", "again@example.net").await;
    let (first, first_body) = sink.take().await;
    let event: Value = serde_json::from_str(events.next().await.unwrap().data()).unwrap();
    until("it is delivered", || async {
        get(addr, "/webhooks/deliveries?state=delivered").await.json()["total"] == 1
    })
    .await;
    for selection in
        [json!({ "event_id": event["id"] }), json!({ "from": event["time"], "to": event["time"] })]
    {
        let replay = post(addr, "/webhooks/replay", &selection).await;
        assert_eq!(replay.status, 202, "{replay:?}");
        let (headers, body) = sink.take().await;
        assert_eq!(
            (&headers["webhook-id"], &body),
            (&first["webhook-id"], &first_body),
            "the receiver can tell it is the same"
        );
        sink.quiet(Duration::from_millis(200)).await;
    }
    post(addr, "/webhooks/replay", &json!({ "event_id": 999_999 })).await.problem(404);
    post(addr, "/webhooks/replay", &json!({ "delivery_id": 999_999 })).await.problem(404);
    for wrong in [
        json!({}),
        json!({ "event_id": "x" }),
        json!({ "event_id": 1, "delivery_id": 1 }),
        json!({ "from": "yesterday", "to": "now" }),
        json!({ "from": event["time"] }),
    ] {
        post(addr, "/webhooks/replay", &wrong).await.problem(422);
    }
}

#[tokio::test]
async fn an_endpoint_that_is_gone_gets_nothing_more() {
    let service = start().await;
    let addr = service.addr();
    let mut sink = Sink::start().await;
    sink.answer([410]);
    let (id, _) = register(addr, &sink, "standard").await;
    create_user(addr, "One", "one@example.net").await;
    sink.take().await;
    until("it is disabled", || async {
        get(addr, &format!("/webhooks/endpoints/{id}")).await.json()["state"] == "disabled"
    })
    .await;
    create_user(addr, "Two", "two@example.net").await;
    sink.quiet(Duration::from_millis(300)).await;
    let deleted = send(addr, "DELETE", &format!("/webhooks/endpoints/{id}"), &[TOKEN], "").await;
    assert_eq!(deleted.status, 204);
    get(addr, &format!("/webhooks/endpoints/{id}")).await.problem(404);
    assert_eq!(get(addr, "/webhooks/deliveries").await.json()["total"], 0);
}

async fn try_to_register(config: Config, url: &str) -> Reply {
    let service = Showcase::start(config).await.unwrap();
    let reply = post(
        service.addr(),
        "/webhooks/endpoints",
        &json!({ "url": url, "types": ["*"], "scheme": "standard" }),
    )
    .await;
    service.shutdown().await;
    reply
}

#[tokio::test]
async fn a_target_outside_the_allowed_ones_is_refused_at_registration() {
    for url in [
        "http://192.0.2.1/",
        "https://93.184.216.34/hook",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://user:pass@127.0.0.1/",
        "ftp://127.0.0.1/",
        "http:///nothing",
        "127.0.0.1:80",
        "",
    ] {
        let reply = try_to_register(common::config(), url).await;
        let problem = reply.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url} {problem}");
    }
    let mut public = common::config();
    public.targets = Targets::Public;
    for url in [
        "http://127.0.0.1:9000/hook",
        "https://localhost/hook",
        "https://[::1]/",
        "https://10.1.2.3/",
        "https://0x7f.1/",
    ] {
        try_to_register(public.clone(), url).await.problem(422);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_said() {
    let service = start().await;
    let addr = service.addr();
    let url = "http://127.0.0.1:9/hook";
    for (wrong, pointer) in [
        (json!({ "url": url, "types": [], "scheme": "standard" }), "/types"),
        (json!({ "url": url, "types": ["user.*.x"], "scheme": "standard" }), "/types"),
        (json!({ "url": url, "types": "user.*", "scheme": "standard" }), "/types"),
        (json!({ "url": url, "types": ["user.*"], "scheme": "md5" }), "/scheme"),
        (json!({ "url": 7, "types": ["user.*"], "scheme": "standard" }), "/url"),
        (
            json!({ "url": url, "types": ["user.*"], "scheme": "standard", "secret": "whsec_short" }),
            "/secret",
        ),
        (json!({ "url": url, "types": ["user.*"], "scheme": "standard", "color": "red" }), "/color"),
    ] {
        let reply = post(addr, "/webhooks/endpoints", &wrong).await;
        assert_eq!(reply.problem(422)["errors"][0]["pointer"], *pointer, "{wrong}");
    }
    get(addr, "/webhooks/deliveries?state=lost").await.problem(400);
    get(addr, "/webhooks/deliveries/99").await.problem(404);
    get(addr, "/webhooks/endpoints/99").await.problem(404);
}

#[tokio::test]
async fn a_signed_message_creates_a_user_once_however_often_it_comes() {
    for (n, scheme) in ["standard", "github", "stripe", "generic"].into_iter().enumerate() {
        let service = start().await;
        let addr = service.addr();
        let mut events = Events::open(addr, "/events", &[]).await;
        let body =
            json!({ "type": "user.create", "data": { "name": "In", "email": format!("in{n}@example.net") } })
                .to_string();
        let message = signed_by(scheme, body.as_bytes());
        for _ in 0..3 {
            let reply = message.send(addr).await;
            assert_eq!(reply.status, 202, "{scheme} {reply:?}");
        }
        assert!(events.next().await.unwrap().data().contains(&format!("in{n}@example.net")));
        events.quiet(Duration::from_millis(200)).await;
        service.shutdown().await;
    }
}

#[tokio::test]
async fn what_is_not_signed_right_is_refused_before_it_is_read() {
    for scheme in ["standard", "github", "stripe", "generic", "slack", "svix"] {
        let service = start().await;
        let addr = service.addr();
        let body =
            json!({ "type": "user.create", "data": { "name": "Forged", "email": "forged@example.net" } })
                .to_string();
        let mut forged = signed_by(scheme, body.as_bytes());
        forged.body = body.replace("Forged", "F0rged").into();
        let reply = forged.send(addr).await;
        reply.problem(401);
        assert!(
            !String::from_utf8_lossy(&reply.body).contains("sha256="),
            "nothing is told that helps to forge"
        );
        let bare = send(addr, "POST", &format!("/webhooks/inbound/{scheme}"), &[JSON], body).await;
        assert!(matches!(bare.status.as_u16(), 400 | 401), "{bare:?}");
        bare.problem(bare.status.as_u16());
        assert_eq!(get(addr, "/users").await.json()["total"], 3, "{scheme}");
        service.shutdown().await;
    }
}

#[tokio::test]
async fn a_signed_message_that_cannot_be_used_is_told_so_and_may_come_again() {
    let service = start().await;
    let addr = service.addr();
    for (body, status) in [
        (&b"{\"type\":"[..], 400),
        (b"\xff\xfe", 400),
        (b"[]", 422),
        (b"{\"type\":7,\"data\":{}}", 422),
        (b"{\"type\":\"user.create\",\"data\":{\"name\":\"\"}}", 422),
        (b"{\"type\":\"user.create\",\"data\":{\"name\":\"A\",\"email\":\"alice@example.com\"}}", 409),
    ] {
        let message = signed_by("standard", body);
        message.send(addr).await.problem(status);
        // It was not taken, so its id is not used up.
        message.send(addr).await.problem(status);
    }
    let note = signed_by("standard", br#"{"type":"invoice.paid","data":{"amount":7}}"#);
    assert_eq!(note.send(addr).await.status, 202);
    assert_eq!(note.send(addr).await.status, 202);
    let list = get(addr, "/notifications").await.json();
    assert_eq!(list["total"], 2, "the sample and this one: {list}");
    assert_eq!(list["_embedded"]["notifications"][0]["data"]["amount"], 7);
    let big = signed_by("standard", &vec![b' '; (1 << 20) + 1]);
    big.send(addr).await.problem(413);
    get(addr, "/webhooks/inbound/standard").await.problem(405);
    send(addr, "POST", "/webhooks/inbound/square", &[JSON], "{}").await.problem(404);
    send(addr, "POST", "/webhooks/inbound/slack", &[JSON], "{}").await.problem(400);
}

#[tokio::test]
async fn a_service_subscribed_to_itself_does_not_go_round_for_ever() {
    let service = start().await;
    let addr = service.addr();
    let mut events = Events::open(addr, "/events", &[]).await;
    let endpoint = json!({
        "url": format!("http://{addr}/webhooks/inbound/standard"),
        "types": ["*"],
        "scheme": "standard",
        "secret": common::INBOUND_SECRET,
    });
    assert_eq!(post(addr, "/webhooks/endpoints", &endpoint).await.status, 201);
    create_user(addr, "Loop", "loop@example.net").await;
    assert_eq!(events.next().await.unwrap().event(), "user.created");
    until("what came back is kept", || async {
        get(addr, "/notifications?limit=1").await.json()["_embedded"]["notifications"][0]["type"]
            == "user.created"
    })
    .await;
    events.quiet(Duration::from_millis(500)).await;
}
