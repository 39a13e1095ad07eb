//! What the hub promises, one promise a test.

#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]

use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, StatusCode};
use sse_codec::{
    Frame,
    hub::{
        Delivery, End, Hub, HubConfig, Ids, Publish, PublishError, Resume, Slow, SubId, Subscribe,
        SubscribeError,
    },
};

const SECOND: Duration = Duration::from_secs(1);

fn hub(change: impl FnOnce(&mut HubConfig)) -> (Hub<&'static str>, Instant) {
    let mut config = HubConfig::default();
    change(&mut config);
    (Hub::new(config, 42), Instant::now())
}

/// Everything that waits: the data of events, and other blocks as they are.
fn read(hub: &mut Hub<&'static str>, now: Instant, id: SubId) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        match hub.poll_next(now, id) {
            Delivery::Frame(bytes) => {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                let data = text.lines().find_map(|line| line.strip_prefix("data: "));
                seen.push(data.unwrap_or(&text).to_owned());
            }
            Delivery::Lagged { dropped } => seen.push(format!("lost {dropped}")),
            Delivery::Pending => return seen,
            Delivery::Ended(end) => {
                seen.push(format!("{end:?}"));
                return seen;
            }
            other => panic!("{other:?}"),
        }
    }
}

fn publish_all(hub: &mut Hub<&'static str>, now: Instant, topic: &'static str, data: &[&'static str]) {
    for data in data {
        hub.publish(now, &topic, Frame::data(*data)).unwrap();
    }
}

#[test]
fn an_event_is_encoded_once_and_shared() {
    let (mut hub, now) = hub(|_| ());
    let readers = [(); 3].map(|()| hub.subscribe(now, Subscribe::all()).unwrap().0);
    hub.publish(now, &"a", Frame::data("x").event("e").unwrap()).unwrap();
    let places = readers.map(|id| match hub.poll_next(now, id) {
        Delivery::Frame(bytes) => {
            assert_eq!(&bytes[..], b"event: e\nid: 1\ndata: x\n\n");
            bytes.as_ptr()
        }
        other => panic!("{other:?}"),
    });
    assert_eq!(places[0], places[1]);
    assert_eq!(places[1], places[2]);
}

#[test]
fn replay_joins_live_events_without_a_gap() {
    let (mut hub, now) = hub(|_| ());
    publish_all(&mut hub, now, "a", &["1", "2", "3"]);
    let (id, resume) = hub.subscribe(now, Subscribe::topic("a").last_event_id("1")).unwrap();
    assert_eq!(resume, Resume::Resumed { replayed: 2 });
    assert!(matches!(hub.poll_next(now, id), Delivery::Frame(_)));
    publish_all(&mut hub, now, "a", &["4"]);
    assert_eq!(read(&mut hub, now, id), ["3", "4"]);
}

#[test]
fn several_topics_arrive_in_the_order_of_publication() {
    let (mut hub, now) = hub(|_| ());
    let (two, _) = hub.subscribe(now, Subscribe::topics(["a", "b", "a"])).unwrap();
    let (all, _) = hub.subscribe(now, Subscribe::all()).unwrap();
    for (topic, data) in [("b", "1"), ("c", "2"), ("a", "3"), ("b", "4")] {
        publish_all(&mut hub, now, topic, &[data]);
    }
    assert_eq!(read(&mut hub, now, two), ["1", "3", "4"]);
    assert_eq!(read(&mut hub, now, all), ["1", "2", "3", "4"]);
}

#[test]
fn a_busy_topic_does_not_push_out_the_history_of_a_quiet_one() {
    let (mut hub, now) = hub(|config| {
        config.limits.max_replay_events = 2;
        config.limits.max_queue_events = 2;
    });
    publish_all(&mut hub, now, "quiet", &["q"]);
    publish_all(&mut hub, now, "busy", &["1", "2", "3", "4"]);
    let (id, resume) = hub.subscribe(now, Subscribe::topic("quiet").from_start()).unwrap();
    assert_eq!((resume, read(&mut hub, now, id)), (Resume::Resumed { replayed: 1 }, vec!["q".to_owned()]));
    let (_, resume) = hub.subscribe(now, Subscribe::topic("busy").last_event_id("1")).unwrap();
    assert!(matches!(resume, Resume::Gap { oldest: Some(id) } if id.as_str() == "4"));
}

#[test]
fn a_filter_governs_live_events_and_replay() {
    let (mut hub, now) = hub(|_| ());
    let event = |name: &'static str, data: &'static str| Frame::data(data).event(name).unwrap();
    hub.publish(now, &"a", event("public", "1")).unwrap();
    hub.publish(now, &"a", event("secret", "2")).unwrap();
    let wish = Subscribe::all().filter(|event| event.event == "public" && !event.id.is_empty()).from_start();
    let (id, resume) = hub.subscribe(now, wish).unwrap();
    assert_eq!(resume, Resume::Resumed { replayed: 1 });
    hub.publish(now, &"a", event("secret", "3")).unwrap();
    hub.publish(now, &"b", event("public", "4")).unwrap();
    assert_eq!(read(&mut hub, now, id), ["1", "4"]);
}

#[test]
fn ids_not_given_out_are_unknown() {
    let (mut hub, now) = hub(|config| config.ids = Ids::Numbered { prefix: "run7-".into() });
    assert_eq!(hub.publish(now, &"a", Frame::data("x")).unwrap().unwrap().as_str(), "run7-1");
    for id in
        ["run7-2", "run6-1", "1", "run7-01", "run7-+1", "run7-", "run7-99999999999999999999", "\u{fffd}"]
    {
        assert_eq!(
            hub.subscribe(now, Subscribe::all().last_event_id(id)).unwrap().1,
            Resume::UnknownId,
            "{id}"
        );
    }
    for id in ["run7-1", "run7-0"] {
        let resume = hub.subscribe(now, Subscribe::all().last_event_id(id)).unwrap().1;
        assert!(matches!(resume, Resume::Resumed { .. }), "{id}");
    }
}

#[test]
fn the_header_is_read_as_utf8_and_may_be_missing_or_empty() {
    let (mut hub, now) = hub(|config| config.ids = Ids::Opaque);
    hub.publish(now, &"a", Frame::data("1").id("é").unwrap()).unwrap();
    hub.publish(now, &"a", Frame::data("2").id("x").unwrap()).unwrap();
    let mut resume = |value: Option<&[u8]>| {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            headers.insert("last-event-id", HeaderValue::from_bytes(value).unwrap());
        }
        hub.subscribe(now, Subscribe::all().resume_from(&headers)).unwrap().1
    };
    assert_eq!(resume(Some("é".as_bytes())), Resume::Resumed { replayed: 1 });
    assert_eq!(resume(Some(b"\xe9")), Resume::UnknownId);
    assert_eq!(resume(Some(b"")), Resume::Live);
    assert_eq!(resume(None), Resume::Live);
}

#[test]
fn opaque_ids_are_required_and_unknown_once_trimmed() {
    let (mut hub, now) = hub(|config| {
        config.ids = Ids::Opaque;
        config.limits.max_replay_events = 1;
        config.limits.max_queue_events = 1;
    });
    assert_eq!(hub.publish(now, &"a", Frame::data("x")), Err(PublishError::Id));
    for id in ["first", "second"] {
        hub.publish(now, &"a", Frame::data(id).id(id).unwrap()).unwrap();
    }
    assert_eq!(hub.subscribe(now, Subscribe::all().last_event_id("first")).unwrap().1, Resume::UnknownId);
    let known = hub.subscribe(now, Subscribe::all().last_event_id("second")).unwrap().1;
    assert_eq!(known, Resume::Resumed { replayed: 0 });
}

#[test]
fn numbers_of_the_publisher_must_grow_and_mix_with_drawn_ones() {
    let (mut hub, now) = hub(|_| ());
    let mut publish = |id: &str| hub.publish(now, &"a", Frame::data("x").id(id.to_owned()).unwrap());
    assert_eq!(publish("40").unwrap().unwrap().as_str(), "40");
    assert_eq!(publish("40"), Err(PublishError::NotIncreasing { last: 40 }));
    assert_eq!(publish("041"), Err(PublishError::Id));
    assert_eq!(publish("").unwrap().unwrap().as_str(), "41");
    publish(&u64::MAX.to_string()).unwrap();
    assert_eq!(publish(""), Err(PublishError::NotIncreasing { last: u64::MAX }));
}

#[test]
fn transient_events_have_no_id_and_are_not_replayed() {
    let (mut hub, now) = hub(|_| ());
    publish_all(&mut hub, now, "a", &["1"]);
    let (id, _) = hub.subscribe(now, Subscribe::all().last_event_id("1")).unwrap();
    assert_eq!(hub.publish(now, &"a", Publish::new(Frame::data("typing")).transient()), Ok(None));
    assert_eq!(hub.poll_next(now, id), Delivery::Frame("data: typing\n\n".into()));
    let (late, resume) = hub.subscribe(now, Subscribe::all().from_start()).unwrap();
    assert_eq!(resume, Resume::Resumed { replayed: 1 });
    assert_eq!(read(&mut hub, now, late), ["1"]);
    let named = Publish::new(Frame::data("x").id("9").unwrap()).transient();
    assert_eq!(hub.publish(now, &"a", named), Err(PublishError::TransientId));
}

#[test]
fn slow_readers_meet_their_policy() {
    for (slow, wanted) in [
        (Slow::DropOldest, vec!["lost 2", "3", "4"]),
        (Slow::DropNewest, vec!["lost 2", "1", "2"]),
        (Slow::Disconnect, vec!["Slow"]),
    ] {
        let (mut hub, now) = hub(|config| config.limits.max_queue_events = 2);
        let (id, _) = hub.subscribe(now, Subscribe::all().slow(slow)).unwrap();
        publish_all(&mut hub, now, "a", &["1", "2", "3", "4"]);
        assert_eq!(read(&mut hub, now, id), wanted, "{slow:?}");
        if slow != Slow::Disconnect {
            publish_all(&mut hub, now, "a", &["5"]);
            assert_eq!(read(&mut hub, now, id), ["5"], "{slow:?}");
        }
    }
}

#[test]
fn the_queue_is_bounded_in_bytes_and_one_event_always_fits() {
    let (mut hub, now) = hub(|config| config.limits.max_queue = 100);
    let (id, _) = hub.subscribe(now, Subscribe::all().slow(Slow::DropOldest)).unwrap();
    let big = "x".repeat(70);
    for data in [&big[..], "y", &big] {
        hub.publish(now, &"a", Frame::data(data.to_owned())).unwrap();
    }
    assert_eq!(read(&mut hub, now, id), ["lost 1", "y", &big]);
    let huge = "z".repeat(500);
    hub.publish(now, &"a", Frame::data(huge.clone())).unwrap();
    assert_eq!(read(&mut hub, now, id), [huge]);
}

#[test]
fn coalescing_delivers_the_latest_of_each_key() {
    let (mut hub, now) = hub(|_| ());
    let (slow, _) = hub.subscribe(now, Subscribe::all().slow(Slow::Coalesce)).unwrap();
    let (every, _) = hub.subscribe(now, Subscribe::all()).unwrap();
    for (key, data) in [("A", "A1"), ("B", "B1"), ("A", "A2"), ("A", "A3")] {
        hub.publish(now, &"prices", Publish::new(Frame::data(data)).key(key)).unwrap();
    }
    assert_eq!(read(&mut hub, now, slow), ["B1", "A3"]);
    assert_eq!(read(&mut hub, now, every), ["A1", "B1", "A2", "A3"]);
}

#[test]
fn a_replay_longer_than_the_queue_is_whole() {
    let (mut hub, now) = hub(|config| config.limits.max_queue_events = 2);
    publish_all(&mut hub, now, "a", &["1", "2", "3", "4", "5"]);
    for (slow, live) in [(Slow::DropOldest, ["8", "9"]), (Slow::DropNewest, ["6", "7"])] {
        let (mut hub, now) = (Hub::new(hub.config().clone(), 0), now);
        publish_all(&mut hub, now, "a", &["1", "2", "3", "4", "5"]);
        let (id, _) = hub.subscribe(now, Subscribe::all().from_start().slow(slow)).unwrap();
        publish_all(&mut hub, now, "a", &["6", "7", "8", "9"]);
        let mut wanted = vec!["lost 2", "1", "2", "3", "4", "5"];
        wanted.extend(live);
        assert_eq!(read(&mut hub, now, id), wanted);
    }
}

#[test]
fn heartbeats_come_in_silence_only_and_are_spread() {
    let (mut hub, now) = hub(|_| ());
    let readers: Vec<_> = (0..200).map(|_| hub.subscribe(now, Subscribe::all()).unwrap().0).collect();
    for id in &readers {
        assert_eq!(hub.poll_next(now, *id), Delivery::Pending);
    }
    let first = hub.poll_timeout().unwrap();
    assert!(first >= now + 12 * SECOND);
    hub.handle_timeout(now + 15 * SECOND);
    let early = std::iter::from_fn(|| hub.poll_woken()).count();
    assert!((50..150).contains(&early), "about half by the middle, not {early}");
    let late = now + 18 * SECOND;
    hub.handle_timeout(late);
    assert_eq!(early + std::iter::from_fn(|| hub.poll_woken()).count(), 200);
    for id in &readers {
        assert_eq!(hub.poll_next(late, *id), Delivery::Frame(":\n\n".into()));
        assert_eq!(hub.poll_next(late, *id), Delivery::Pending);
    }
    let busy = late + 11 * SECOND;
    publish_all(&mut hub, busy, "a", &["x"]);
    for id in &readers {
        read(&mut hub, busy, *id);
    }
    while hub.poll_woken().is_some() {}
    hub.handle_timeout(busy + 11 * SECOND);
    assert_eq!(hub.poll_woken(), None, "an event is as good as a heartbeat");
}

#[test]
fn a_reader_that_stalls_is_ended() {
    let (mut hub, now) = hub(|_| ());
    let [stalls, reads] = [(); 2].map(|()| hub.subscribe(now, Subscribe::all()).unwrap().0);
    for id in [stalls, reads] {
        read(&mut hub, now, id);
    }
    publish_all(&mut hub, now, "a", &["1"]);
    read(&mut hub, now, reads);
    let mut at = now;
    while at < now + 31 * SECOND {
        at = hub.poll_timeout().unwrap().max(at);
        hub.handle_timeout(at);
        read(&mut hub, at, reads);
    }
    assert_eq!(read(&mut hub, at, stalls), ["Stalled"]);
    assert_eq!(hub.subscribers(), 2, "until it is unsubscribed");
    hub.unsubscribe(stalls);
    assert_eq!(hub.subscribers(), 1);
}

#[test]
fn a_connection_ends_at_its_maximum_age_after_what_waits() {
    let (mut hub, now) = hub(|config| {
        config.max_age = Some(100 * SECOND);
        config.heartbeat = None;
        config.limits.write_stall = 1000 * SECOND;
    });
    let (id, _) = hub.subscribe(now, Subscribe::all()).unwrap();
    read(&mut hub, now, id);
    let at = hub.poll_timeout().unwrap();
    assert!((80 * SECOND..=120 * SECOND).contains(&(at - now)));
    publish_all(&mut hub, now, "a", &["1", "2"]);
    hub.handle_timeout(at);
    assert_eq!(read(&mut hub, at, id), ["1", "2", "MaxAge"]);
    assert_eq!(hub.poll_timeout(), None);
}

#[test]
fn draining_delivers_says_when_to_come_back_and_ends() {
    let (mut hub, now) = hub(|_| ());
    let readers: Vec<_> = (0..50).map(|_| hub.subscribe(now, Subscribe::all()).unwrap().0).collect();
    publish_all(&mut hub, now, "a", &["1"]);
    hub.drain(now, 2 * SECOND);
    publish_all(&mut hub, now, "a", &["too late"]);
    let mut times = Vec::new();
    for id in readers {
        let seen = read(&mut hub, now, id);
        let [event, retry, end] = &seen[..] else { panic!("{seen:?}") };
        assert_eq!((&event[..], &end[..]), ("1", "Drained"));
        times.push(retry.trim().strip_prefix("retry: ").unwrap().parse::<u64>().unwrap());
    }
    assert!(times.iter().all(|time| (2_000..=4_001).contains(time)));
    assert!(times.iter().max().unwrap() - times.iter().min().unwrap() > 500, "they are spread");
    assert_eq!(hub.subscribe(now, Subscribe::all()).err(), Some(SubscribeError::Draining));
}

#[test]
fn one_subscription_can_be_closed_with_a_time_to_come_back() {
    let (mut hub, now) = hub(|_| ());
    let (id, _) = hub.subscribe(now, Subscribe::all()).unwrap();
    read(&mut hub, now, id);
    hub.close(now, id, Some(3 * SECOND));
    assert_eq!(hub.poll_woken(), Some(id));
    assert_eq!(read(&mut hub, now, id), ["retry: 3000\n\n", "Closed"]);
}

#[test]
fn a_stream_can_begin_with_a_reconnection_time() {
    let (mut hub, now) = hub(|config| config.retry = Some(5 * SECOND));
    let (id, _) = hub.subscribe(now, Subscribe::all()).unwrap();
    assert_eq!(read(&mut hub, now, id), ["retry: 5000\n\n"]);
}

#[test]
fn a_seeded_log_goes_on_where_the_last_run_ended() {
    let (mut hub, now) = hub(|_| ());
    hub.seed(now, 57, []).unwrap();
    assert_eq!(
        hub.subscribe(now, Subscribe::all().last_event_id("57")).unwrap().1,
        Resume::Resumed { replayed: 0 }
    );
    assert_eq!(
        hub.subscribe(now, Subscribe::all().last_event_id("56")).unwrap().1,
        Resume::Gap { oldest: None }
    );
    assert_eq!(
        hub.subscribe(now, Subscribe::topic("new").last_event_id("9")).unwrap().1,
        Resume::Gap { oldest: None }
    );
    assert_eq!(hub.publish(now, &"a", Frame::data("x")).unwrap().unwrap().as_str(), "58");
}

#[test]
fn old_events_are_not_replayed() {
    let (mut hub, now) = hub(|_| ());
    publish_all(&mut hub, now, "a", &["1"]);
    publish_all(&mut hub, now + 300 * SECOND, "a", &["2"]);
    let at = now + 601 * SECOND;
    let (_, resume) = hub.subscribe(at, Subscribe::all().last_event_id("0")).unwrap();
    assert!(matches!(resume, Resume::Gap { oldest: Some(id) } if id.as_str() == "2"));
}

#[test]
fn each_bound_is_an_error_that_names_it() {
    let (mut hub, now) = hub(|config| {
        config.limits.max_subscribers = 2;
        config.limits.max_topics_per_subscriber = 2;
        config.limits.max_topics = 1;
        config.limits.max_event = 40;
    });
    let many = hub.subscribe(now, Subscribe::topics(["a", "b", "c"])).unwrap_err();
    assert_eq!(
        (&many, many.http_status()),
        (&SubscribeError::TooManyTopics { max: 2 }, StatusCode::BAD_REQUEST)
    );
    hub.subscribe(now, Subscribe::topics(["a", "b", "a", "b", "a"])).unwrap();
    let (leaves, _) = hub.subscribe(now, Subscribe::all()).unwrap();
    let full = hub.subscribe(now, Subscribe::all()).unwrap_err();
    assert_eq!(
        (&full, full.http_status()),
        (&SubscribeError::Full { max: 2 }, StatusCode::SERVICE_UNAVAILABLE)
    );
    hub.unsubscribe(leaves);
    hub.unsubscribe(leaves);
    hub.subscribe(now, Subscribe::all()).unwrap();

    publish_all(&mut hub, now, "a", &["x"]);
    assert_eq!(hub.publish(now, &"b", Frame::data("x")), Err(PublishError::TooManyTopics { max: 1 }));
    publish_all(&mut hub, now, "a", &["x"]);
    let large = hub.publish(now, &"a", Frame::data("x".repeat(40)));
    assert_eq!(large, Err(PublishError::TooLarge { length: 54, max: 40 }));
    assert_eq!(hub.publish(now, &"a", Frame::comment("x")), Err(PublishError::NoData));
    assert_eq!(hub.events(), 2);
    publish_all(&mut hub, now + 601 * SECOND, "a", &["y"]);
    assert_eq!(hub.events(), 1);
}

#[test]
fn the_whole_log_is_bounded_over_its_topics() {
    let (mut hub, now) = hub(|config| config.limits.max_log = 10 * 300);
    for topic in ["a", "b", "c", "d"] {
        for _ in 0..10 {
            publish_all(&mut hub, now, topic, &["x"]);
        }
    }
    assert!((8..=11).contains(&hub.events()), "{}", hub.events());
}

#[test]
fn topics_of_clients_leave_nothing_behind() {
    let mut hub = Hub::<String>::new(HubConfig::default(), 0);
    let now = Instant::now();
    let before = hub.subscribe(now, Subscribe::topic("kept".into())).unwrap().0;
    let mut places = Vec::new();
    for n in 0..1000 {
        let (id, _) = hub.subscribe(now, Subscribe::topics([format!("t{n}"), "kept".into()])).unwrap();
        places.push(id.index());
        hub.unsubscribe(id);
    }
    places.dedup();
    assert_eq!(places, [1], "the place is used again");
    hub.publish(now, &"kept".into(), Frame::data("x")).unwrap();
    assert!(matches!(hub.poll_next(now, before), Delivery::Frame(_)));
}

#[test]
fn members_are_found_after_others_left() {
    let (mut hub, now) = hub(|_| ());
    let ids: Vec<_> = (0..9).map(|_| hub.subscribe(now, Subscribe::topics(["a", "b"])).unwrap().0).collect();
    for place in [0, 4, 8, 1, 7] {
        hub.unsubscribe(ids[place]);
    }
    publish_all(&mut hub, now, "b", &["x"]);
    for (place, id) in ids.iter().enumerate() {
        let wanted = if [0, 4, 8, 1, 7].contains(&place) { "Unknown" } else { "x" };
        assert_eq!(read(&mut hub, now, *id), [wanted]);
    }
    assert_eq!(hub.poll_next(now, ids[0]), Delivery::Ended(End::Unknown));
}
