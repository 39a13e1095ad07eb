//! The whole loop over loopback: enqueue, store, send, retry, drain, restart.
#![cfg(feature = "hyper")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "these tests open sockets and measure time")]

mod delivery_rig;
use delivery_rig::{event, ring, secs};
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use webhook_sig::Scheme;
use webhook_sig::delivery::*;
use webhook_sig::hyper::{Deliverer, Handle, Sender, Store};
use webhook_sig::ssrf::{EndpointUrl, TargetPolicy};

/// A receiver that answers with these statuses in turn, then with 200; gives its port and the event ids in the order of their arrival.
async fn receiver(statuses: &'static [u16], delay: Duration) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (log, turn) = (seen.clone(), Arc::new(AtomicUsize::new(0)));
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let (log, turn) = (log.clone(), turn.clone());
            let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let (log, turn) = (log.clone(), turn.clone());
                async move {
                    log.lock().unwrap().push(request.headers()["webhook-id"].to_str().unwrap().to_owned());
                    let status = statuses.get(turn.fetch_add(1, Ordering::SeqCst)).copied().unwrap_or(200);
                    tokio::time::sleep(delay).await;
                    let mut response = http::Response::new(http_body_util::Empty::<bytes::Bytes>::new());
                    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
                    Ok::<_, Infallible>(response)
                }
            });
            let io = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service));
        }
    });
    (port, seen)
}

fn config() -> Config {
    let mut config = Config::default();
    config.policy = TargetPolicy::loopback_only();
    config.retry.schedule = Schedule::new([0, 30, 30].map(Duration::from_millis)).unwrap();
    config.retry.jitter = Jitter::NONE;
    config
}

fn register(dispatcher: &mut Dispatcher, port: u16) {
    let url = EndpointUrl::parse(&format!("http://127.0.0.1:{port}/hooks")).unwrap();
    dispatcher.register(Endpoint::new(EndpointId::new(1), url, Scheme::StandardWebhooks, ring())).unwrap();
}

fn start<S: Store + 'static>(
    dispatcher: Dispatcher,
    store: S,
) -> (Handle, mpsc::UnboundedReceiver<DeliveryEvent>, tokio::task::JoinHandle<S>) {
    let (tell, told) = mpsc::unbounded_channel();
    let (deliverer, handle) = Deliverer::new(dispatcher, Sender::new(), store);
    // The receiver may be dropped before the loop ends.
    let running = tokio::spawn(deliverer.on_event(move |event| drop(tell.send(event))).run());
    (handle, told, running)
}

async fn until(told: &mut mpsc::UnboundedReceiver<DeliveryEvent>, wanted: impl Fn(&DeliveryEvent) -> bool) {
    let search = async {
        while let Some(event) = told.recv().await {
            if wanted(&event) {
                return;
            }
        }
        panic!("the loop ended before");
    };
    tokio::time::timeout(secs(10), search).await.expect("told in time");
}

fn delivered(event: &DeliveryEvent) -> bool {
    matches!(event, DeliveryEvent::Delivered { .. })
}

#[tokio::test]
async fn an_event_is_retried_until_it_is_delivered() {
    let (port, seen) = receiver(&[500, 503], Duration::ZERO).await;
    let mut dispatcher = Dispatcher::new(config(), 1);
    register(&mut dispatcher, port);
    let (handle, mut told, running) = start(dispatcher, MemoryStore::new(100));
    assert_eq!(handle.enqueue(event("evt_1", "user.created", handle.now())), Ok(1));
    until(
        &mut told,
        |event| matches!(event, DeliveryEvent::Delivered { attempt, .. } if attempt.number.get() == 3),
    )
    .await;
    assert_eq!(*seen.lock().unwrap(), ["evt_1", "evt_1", "evt_1"]);
    handle.shutdown();
    let store = running.await.unwrap();
    assert!(store.rows().all(|row| row.status == DeliveryStatus::Delivered));
}

#[tokio::test]
async fn a_dead_letter_is_requeued_and_an_event_replayed_through_the_handle() {
    let (port, seen) = receiver(&[500, 500, 500], Duration::ZERO).await;
    let mut dispatcher = Dispatcher::new(config(), 1);
    register(&mut dispatcher, port);
    let (handle, mut told, running) = start(dispatcher, MemoryStore::new(100));
    handle.enqueue(event("evt_1", "user.created", handle.now())).unwrap();
    until(&mut told, |event| matches!(event, DeliveryEvent::DeadLettered { .. })).await;
    assert_eq!(handle.with(|dispatcher, now| dispatcher.requeue_all(None, now)), 1);
    until(&mut told, delivered).await;
    let id = EventId::parse("evt_1").unwrap();
    handle.with(|dispatcher, _| dispatcher.replay(Selector::Event(id), None)).unwrap();
    until(&mut told, delivered).await;
    assert_eq!(seen.lock().unwrap().len(), 5);
    handle.shutdown();
    running.await.unwrap();
}

#[tokio::test]
async fn a_gone_endpoint_is_disabled() {
    let (port, seen) = receiver(&[410], Duration::ZERO).await;
    let mut dispatcher = Dispatcher::new(config(), 1);
    register(&mut dispatcher, port);
    let (handle, mut told, running) = start(dispatcher, MemoryStore::new(100));
    handle.enqueue(event("evt_1", "user.created", handle.now())).unwrap();
    until(&mut told, |event| {
        matches!(event, DeliveryEvent::EndpointDisabled { reason: DisabledReason::Gone, .. })
    })
    .await;
    assert_eq!(handle.enqueue(event("evt_2", "user.created", handle.now())), Ok(0));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(*seen.lock().unwrap(), ["evt_1"]);
    handle.shutdown();
    running.await.unwrap();
}

#[tokio::test]
async fn many_events_from_many_tasks_all_arrive() {
    let (port, seen) = receiver(&[500, 200, 500], Duration::ZERO).await;
    let mut dispatcher = Dispatcher::new(config(), 1);
    register(&mut dispatcher, port);
    let (handle, mut told, running) = start(dispatcher, MemoryStore::new(1000));
    let senders: Vec<_> = (0..10)
        .map(|task| {
            let handle = handle.clone();
            tokio::spawn(async move {
                for at in 0..10 {
                    handle.enqueue(event(&format!("evt_{task}_{at}"), "user.created", handle.now())).unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    for _ in 0..100 {
        until(&mut told, delivered).await;
    }
    let mut ids = seen.lock().unwrap().clone();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 100);
    handle.shutdown();
    running.await.unwrap();
}

#[tokio::test]
async fn shutdown_waits_for_attempts_in_flight_and_leaves_the_rest_in_the_store() {
    let (port, seen) = receiver(&[], Duration::from_millis(300)).await;
    let mut dispatcher = Dispatcher::new(config(), 1);
    register(&mut dispatcher, port);
    let (handle, _told, running) = start(dispatcher, MemoryStore::new(100));
    for at in 0..6 {
        handle.enqueue(event(&format!("evt_{at}"), "user.created", handle.now())).unwrap();
    }
    while seen.lock().unwrap().len() < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    handle.shutdown();
    let store = running.await.unwrap();
    let count = |status| store.rows().filter(|row| row.status == status).count();
    assert_eq!((count(DeliveryStatus::Delivered), count(DeliveryStatus::Waiting)), (4, 2));

    // The next process takes them up.
    let mut dispatcher = Dispatcher::new(config(), 2);
    register(&mut dispatcher, port);
    store.restore_into(&mut dispatcher, handle.now());
    let (handle, mut told, running) = start(dispatcher, store);
    until(&mut told, delivered).await;
    until(&mut told, delivered).await;
    handle.shutdown();
    assert!(running.await.unwrap().rows().all(|row| row.status == DeliveryStatus::Delivered));
}

#[tokio::test]
async fn a_closure_is_a_store_and_one_that_fails_is_asked_again() {
    let (port, _) = receiver(&[], Duration::ZERO).await;
    let mut dispatcher = Dispatcher::new(
        {
            let mut config = config();
            config.limits.store_retry = Duration::from_millis(10);
            config
        },
        1,
    );
    register(&mut dispatcher, port);
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let failing_at_first = move |ops: Vec<StoreOp>| {
        let call = counter.fetch_add(1, Ordering::SeqCst);
        async move {
            // A list that is too short means failed as well.
            if call < 3 { Vec::new() } else { ops.iter().map(|_| StoreResult::Stored).collect() }
        }
    };
    let (handle, mut told, running) = start(dispatcher, failing_at_first);
    handle.enqueue(event("evt_1", "user.created", handle.now())).unwrap();
    until(&mut told, delivered).await;
    assert!(calls.load(Ordering::SeqCst) >= 6);
    handle.shutdown();
    drop(running.await.unwrap());
}

#[tokio::test]
async fn an_event_stored_in_the_callers_own_transaction_is_admitted() {
    let (port, seen) = receiver(&[], Duration::ZERO).await;
    let mut dispatcher = Dispatcher::new(config(), 1);
    register(&mut dispatcher, port);
    let changes = Arc::new(Mutex::new(Vec::new()));
    let log = changes.clone();
    let store = move |ops: Vec<StoreOp>| {
        let results = ops.iter().map(|_| StoreResult::Stored).collect();
        log.lock().unwrap().extend(ops.into_iter().map(|op| op.change));
        async move { results }
    };
    let (handle, mut told, running) = start(dispatcher, store);
    let prepared =
        handle.with(|dispatcher, now| dispatcher.prepare(event("evt_1", "user.created", now), now)).unwrap();
    assert_eq!(prepared.deliveries().len(), 1);
    handle.with(|dispatcher, now| dispatcher.admit(prepared, now));
    until(&mut told, delivered).await;
    assert_eq!(*seen.lock().unwrap(), ["evt_1"]);
    assert!(
        !changes.lock().unwrap().iter().any(|change| matches!(change, Change::Insert { .. })),
        "it was stored already"
    );
    handle.shutdown();
    drop(running.await.unwrap());
}
