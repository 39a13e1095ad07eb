//! Dead letters and replay, and the store that fails or refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod delivery_rig;
use delivery_rig::*;
use std::time::Duration;
use webhook_sig::delivery::*;

fn one_try() -> Rig {
    Rig::new(|config| config.retry.schedule = Schedule::new([Duration::ZERO]).unwrap())
}

fn dead(rig: &Rig) -> Vec<String> {
    rig.hooks.dead_letters(None).map(|letter| letter.event.id.to_string()).collect()
}

#[test]
fn dead_letters_are_listed_requeued_and_purged() {
    let mut rig = one_try();
    rig.hooks.register(endpoint(1, &["a"])).unwrap();
    rig.hooks.register(endpoint(2, &["b"])).unwrap();
    for (id, kind) in [("evt_1", "a"), ("evt_2", "b"), ("evt_3", "a"), ("evt_4", "a")] {
        rig.enqueue(id, kind);
        rig.fail_all(&Outcome::status(503));
        rig.go_to(rig.now + secs(1));
    }
    assert_eq!(dead(&rig), ["evt_1", "evt_2", "evt_3", "evt_4"]);
    let of_one: Vec<_> =
        rig.hooks.dead_letters(Some(EndpointId::new(2))).map(|letter| letter.delivery).collect();
    assert_eq!(of_one.len(), 1);

    // One back: due at once, the same delivery, attempt numbers go on.
    rig.hooks.requeue(of_one[0], rig.now).unwrap();
    assert_eq!(rig.hooks.requeue(of_one[0], rig.now), Err(RequeueError::Unknown));
    let again = rig.attempt().unwrap();
    assert_eq!((again.delivery(), again.number().get(), again.event.as_str()), (of_one[0], 2, "evt_2"));
    rig.outcome(&again, Outcome::status(200));
    assert_eq!(rig.hooks.counters().requeued, 1);

    // One deleted, in the store as well.
    let first = rig.hooks.dead_letters(None).next().unwrap().delivery;
    assert!(rig.hooks.purge(first) && !rig.hooks.purge(first));
    rig.settle();
    assert_eq!(dead(&rig), ["evt_3", "evt_4"]);
    assert!(rig.store.row(first).is_none());

    // All of an endpoint, then none are left.
    assert_eq!(rig.hooks.requeue_all(Some(EndpointId::new(2)), rig.now), 0);
    assert_eq!(rig.hooks.requeue_all(Some(EndpointId::new(1)), rig.now), 2);
    rig.settle();
    rig.fail_all(&Outcome::Connect);
    assert_eq!(rig.hooks.purge_all(None), 2);
    rig.settle();
    assert!(dead(&rig).is_empty() && rig.hooks.counters().purged == 3);
    rig.check();
}

#[test]
fn dead_letters_in_memory_are_bounded_and_the_store_keeps_them() {
    let mut rig = one_try();
    rig.hooks = Dispatcher::new(
        {
            let mut config = Config::default();
            config.retry.schedule = Schedule::new([Duration::ZERO]).unwrap();
            config.limits.max_dead_letters = 2;
            config
        },
        1,
    );
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    for at in 1..=3 {
        rig.enqueue(&format!("evt_{at}"), "a");
        rig.fail_all(&Outcome::Connect);
        rig.go_to(rig.now + secs(1));
    }
    assert_eq!(dead(&rig), ["evt_2", "evt_3"]);
    let forgotten = DeliveryId::new(1);
    assert!(rig.events().iter().any(
        |event| matches!(event, DeliveryEvent::DeadLetterForgotten { delivery, .. } if *delivery == forgotten)
    ));
    assert_eq!(rig.store.row(forgotten).unwrap().status, DeliveryStatus::Dead);
    assert_eq!(rig.hooks.requeue(forgotten, rig.now), Err(RequeueError::Unknown));
    // It can be replayed by its delivery.
    rig.hooks.replay(Selector::Delivery(forgotten), None).unwrap();
    assert_eq!(rig.attempt().unwrap().event.as_str(), "evt_1");
    rig.check();
}

#[test]
fn a_requeue_respects_the_queue_limit() {
    let mut rig = Rig::new(|config| {
        config.retry.schedule = Schedule::new([Duration::ZERO]).unwrap();
        config.limits.max_queue_per_endpoint = 1;
    });
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    rig.enqueue("evt_1", "a");
    rig.fail_all(&Outcome::Connect);
    rig.enqueue("evt_2", "a");
    let letter = rig.hooks.dead_letters(None).next().unwrap().delivery;
    assert_eq!(rig.hooks.requeue(letter, rig.now), Err(RequeueError::Full));
    rig.check();
}

/// Three delivered events, a minute apart, at two endpoints for `a` and one for `b`.
fn history() -> Rig {
    let mut rig = Rig::new(|config| config.limits.max_replay_page = 2);
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    rig.hooks.register(endpoint(2, &["a"])).unwrap();
    for (id, kind) in [("evt_1", "a"), ("evt_2", "b"), ("evt_3", "a")] {
        rig.enqueue(id, kind);
        for attempt in rig.attempts() {
            rig.outcome(&attempt, Outcome::status(200));
        }
        rig.go_to(rig.now + secs(60));
    }
    rig.events();
    rig
}

fn replayed(rig: &mut Rig, selector: Selector, only: Option<u64>) -> (Vec<(String, u64)>, usize, bool) {
    let id = rig.hooks.replay(selector, only.map(EndpointId::new)).unwrap();
    let mut sent = Vec::new();
    for attempt in rig.attempts() {
        assert_eq!(attempt.number(), AttemptNumber::FIRST);
        sent.push((attempt.event.to_string(), attempt.endpoint.get()));
        rig.outcome(&attempt, Outcome::status(200));
    }
    sent.sort();
    let told = rig.events().into_iter().find_map(|event| match event {
        DeliveryEvent::Replayed { replay, deliveries, complete } if replay == id => {
            Some((deliveries, complete))
        }
        _ => None,
    });
    rig.check();
    let (made, complete) = told.expect("told of the replay");
    (sent, made, complete)
}

#[test]
fn an_event_is_replayed_by_its_id_to_every_endpoint_that_wants_it() {
    let mut rig = history();
    let id = EventId::parse("evt_1").unwrap();
    let both = vec![("evt_1".to_owned(), 1), ("evt_1".to_owned(), 2)];
    assert_eq!(replayed(&mut rig, Selector::Event(id.clone()), None), (both.clone(), 2, true));
    assert_eq!(replayed(&mut rig, Selector::Event(id), Some(2)), (both[1..].to_vec(), 1, true));
    let unknown = EventId::parse("evt_9").unwrap();
    assert_eq!(replayed(&mut rig, Selector::Event(unknown), None), (vec![], 0, true));
}

#[test]
fn a_delivery_is_replayed_to_its_endpoint_only() {
    let mut rig = history();
    let second =
        rig.store.rows().find(|row| row.event.as_str() == "evt_3" && row.endpoint.get() == 2).unwrap().id;
    assert_eq!(
        replayed(&mut rig, Selector::Delivery(second), None),
        (vec![("evt_3".to_owned(), 2)], 1, true)
    );
    assert_eq!(replayed(&mut rig, Selector::Delivery(DeliveryId::new(99)), None), (vec![], 0, true));
}

#[test]
fn a_span_of_time_is_replayed_in_pages_with_its_end_left_out() {
    let mut rig = history();
    let all = Selector::Range { from: START, to: START + secs(121) };
    let (sent, made, complete) = replayed(&mut rig, all, None);
    assert_eq!((made, complete), (5, true));
    assert_eq!(
        sent.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
        ["evt_1", "evt_1", "evt_2", "evt_3", "evt_3"]
    );
    let middle = Selector::Range { from: START + secs(60), to: START + secs(120) };
    assert_eq!(replayed(&mut rig, middle, None), (vec![("evt_2".to_owned(), 1)], 1, true));
    let backwards = Selector::Range { from: START + secs(60), to: START };
    assert_eq!(replayed(&mut rig, backwards, None), (vec![], 0, true));
}

#[test]
fn a_replay_stops_at_a_full_queue_and_says_so() {
    let mut rig = Rig::new(|config| config.limits.max_queue_per_endpoint = 3);
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    for at in 0..5 {
        rig.enqueue(&format!("evt_{at}"), "a");
        let attempt = rig.attempt().unwrap();
        rig.outcome(&attempt, Outcome::status(200));
    }
    rig.hooks.replay(Selector::Range { from: START, to: START + secs(1) }, None).unwrap();
    rig.settle();
    assert!(
        rig.events()
            .iter()
            .any(|event| matches!(event, DeliveryEvent::Replayed { deliveries: 3, complete: false, .. }))
    );
    assert_eq!(rig.hooks.pending(), 3);
    rig.check();
}

#[test]
fn replays_at_once_are_limited_and_a_store_that_ignores_the_page_does_not_loop() {
    let mut rig = Rig::new(|config| {
        config.limits.max_replays = 1;
        config.limits.max_replay_page = 1;
    });
    rig.hooks.register(endpoint(1, &["*"])).unwrap();
    rig.hooks.replay(Selector::Range { from: START, to: START + secs(9) }, None).unwrap();
    assert_eq!(rig.hooks.replay(Selector::Delivery(DeliveryId::new(1)), None), Err(TooManyReplays));
    let mut pages = 0;
    while let Some(op) = rig.hooks.poll_store() {
        let result = match op.change {
            Change::Find(_) => {
                pages += 1;
                StoreResult::Found(vec![Found { event: event("evt_1", "a", START), endpoint: None }])
            }
            _ => StoreResult::Stored,
        };
        rig.hooks.on_stored(op.ticket, result, rig.now);
    }
    assert_eq!(pages, 2);
}

#[test]
fn nothing_goes_out_or_is_told_before_it_is_stored() {
    let mut rig = Rig::with_endpoint();
    rig.hooks.enqueue(event("evt_1", "a", START), START).unwrap();
    assert!(rig.hooks.poll_attempt(START).is_none() && rig.hooks.poll_event().is_none());
    let insert = rig.hooks.poll_store().unwrap();
    assert!(rig.hooks.poll_store().is_none(), "no lease before the event is stored");
    rig.hooks.on_stored(insert.ticket, StoreResult::Stored, START);
    assert!(rig.hooks.poll_attempt(START).is_none());
    let lease = rig.hooks.poll_store().unwrap();
    assert!(
        matches!(&lease.change, Change::Lease(row) if row.attempts == 1 && row.status == DeliveryStatus::Leased)
    );
    rig.hooks.on_stored(lease.ticket, StoreResult::Stored, START);
    let attempt = rig.hooks.poll_attempt(START).unwrap();
    rig.events();
    rig.hooks.on_outcome(attempt.id, Outcome::status(200), START).unwrap();
    assert!(rig.hooks.poll_event().is_none());
    let settled = rig.hooks.poll_store().unwrap();
    rig.hooks.on_stored(settled.ticket, StoreResult::Stored, START);
    assert!(matches!(rig.hooks.poll_event(), Some(DeliveryEvent::Delivered { .. })));
    // A second answer to the same ticket changes nothing.
    rig.hooks.on_stored(settled.ticket, StoreResult::Refused, START);
    assert!(rig.hooks.poll_event().is_none());
    rig.check();
}

#[test]
fn a_failed_operation_is_issued_again_after_a_second() {
    let mut rig = Rig::with_endpoint();
    rig.hooks.enqueue(event("evt_1", "a", START), START).unwrap();
    let op = rig.hooks.poll_store().unwrap();
    rig.hooks.on_stored(op.ticket, StoreResult::Failed, START);
    assert!(rig.hooks.poll_store().is_none());
    assert_eq!(rig.hooks.poll_event(), Some(DeliveryEvent::StoreFailing { retry_at: START + secs(1) }));
    assert_eq!(rig.hooks.poll_timeout(), Some(START + secs(1)));
    rig.advance();
    assert!(rig.attempt().is_some());
    assert_eq!(rig.hooks.counters().store_failures, 1);
    rig.check();
}

#[test]
fn a_refused_event_is_dropped_and_a_refused_lease_frees_its_place() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "a");
    let attempt = rig.attempt().unwrap();
    rig.outcome(&attempt, Outcome::status(200));
    rig.events();
    // The memory has forgotten the event, the store has not.
    rig.hooks.enqueue(event("evt_1", "a", START), START).unwrap();
    rig.settle();
    let refused = DeliveryEvent::Refused { event: EventId::parse("evt_1").unwrap(), delivery: None };
    assert_eq!(rig.events(), [refused]);
    assert_eq!((rig.hooks.pending(), rig.hooks.in_flight()), (0, 0));
    rig.check();

    rig.hooks.enqueue(event("evt_2", "a", START), START).unwrap();
    let insert = rig.hooks.poll_store().unwrap();
    rig.hooks.on_stored(insert.ticket, StoreResult::Stored, START);
    let lease = rig.hooks.poll_store().unwrap();
    assert_eq!(rig.hooks.in_flight(), 1);
    rig.hooks.on_stored(lease.ticket, StoreResult::Refused, START);
    assert_eq!((rig.hooks.pending(), rig.hooks.in_flight()), (0, 0));
    assert!(rig.hooks.is_idle());
    rig.check();
}

#[test]
fn a_removed_endpoint_takes_its_deliveries_along_whatever_their_state() {
    let mut rig = Rig::with_endpoint();
    for at in 0..8 {
        rig.enqueue(&format!("evt_{at}"), "a");
    }
    let attempts = rig.attempts();
    rig.outcome(&attempts[0], Outcome::status(500));
    // One more is settling, its operation fails, and must not come back behind the removal.
    rig.hooks.on_outcome(attempts[1].id, Outcome::status(500), rig.now).unwrap();
    while let Some(op) = rig.hooks.poll_store() {
        rig.hooks.on_stored(op.ticket, StoreResult::Failed, rig.now);
    }
    rig.hooks.remove(EndpointId::new(1), rig.now).unwrap();
    rig.settle();
    assert_eq!(rig.hooks.remove(EndpointId::new(1), rig.now), Err(UnknownEndpoint));
    assert_eq!((rig.hooks.pending(), rig.hooks.in_flight(), rig.store.rows().count()), (0, 0, 0));
    assert!(rig.hooks.on_outcome(attempts[2].id, Outcome::status(200), rig.now).is_err());
    while rig.advance() {}
    assert!(rig.attempt().is_none() && rig.hooks.is_idle());
    rig.check();
}

#[test]
fn a_disabling_that_failed_to_be_stored_is_not_issued_over_a_later_enabling() {
    let mut rig = Rig::with_endpoint();
    let id = EndpointId::new(1);
    rig.hooks.disable(id).unwrap();
    let op = rig.hooks.poll_store().unwrap();
    rig.hooks.on_stored(op.ticket, StoreResult::Failed, START);
    rig.hooks.enable(id, START).unwrap();
    let mut states = Vec::new();
    loop {
        while let Some(op) = rig.hooks.poll_store() {
            if let Change::Endpoint(_, state) = op.change {
                states.push(state);
            }
            rig.hooks.on_stored(op.ticket, StoreResult::Stored, rig.now);
        }
        let Some(at) = rig.hooks.poll_timeout() else { break };
        rig.now = at;
        rig.hooks.handle_timeout(at);
    }
    assert_eq!(states.last(), Some(&EndpointState::Enabled));
}

#[test]
fn prepared_rows_are_nothing_until_they_are_admitted() {
    let mut rig = Rig::with_endpoint();
    drop(rig.hooks.prepare(event("evt_1", "a", START), START).unwrap());
    assert_eq!((rig.hooks.pending(), rig.hooks.counters().events), (0, 0));
    let prepared = rig.hooks.prepare(event("evt_1", "a", START), START).unwrap();
    let twice = prepared.clone();
    assert_eq!(prepared.deliveries().len(), 1);
    // The caller's transaction: the reference store takes the same rows.
    let insert =
        Change::Insert { event: prepared.event().clone().into(), deliveries: prepared.deliveries().to_vec() };
    assert!(matches!(rig.store.apply(&insert), StoreResult::Stored));
    rig.hooks.admit(prepared, START);
    rig.hooks.admit(twice, START);
    assert_eq!(rig.attempts().len(), 1);
    rig.check();
}

#[test]
fn the_memory_store_lets_the_oldest_finished_events_go() {
    let mut rig = Rig::with_endpoint();
    rig.store = MemoryStore::new(2);
    for at in 0..5 {
        rig.enqueue(&format!("evt_{at}"), "a");
        let attempt = rig.attempt().unwrap();
        if at != 0 {
            rig.outcome(&attempt, Outcome::status(200));
        }
        rig.now = rig.now + Duration::from_millis(1);
    }
    let kept = |rig: &Rig, at: u32| rig.store.event(&EventId::parse(&format!("evt_{at}")).unwrap()).is_some();
    // evt_0 is under way, and stays.
    assert_eq!((0..5).filter(|at| kept(&rig, *at)).collect::<Vec<_>>(), [0, 4]);
    assert_eq!(rig.store.rows().count(), 2);
}
