//! Crashes at every store operation: nothing is lost, nothing is early, the books balance.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod delivery_rig;
use delivery_rig::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use webhook_sig::delivery::*;

#[test]
fn an_attempt_leased_at_a_crash_is_tried_again_at_once_under_a_new_number() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "a");
    let lost = rig.attempt().unwrap();
    let mut next = Rig::with_endpoint();
    next.now = START + secs(2);
    next.store = rig.store.clone();
    rig.store.restore_into(&mut next.hooks, next.now);
    let again = next.attempt().unwrap();
    assert_eq!((again.event.as_str(), again.delivery(), again.number().get()), ("evt_1", lost.delivery(), 2));
    next.check();
}

#[test]
fn waiting_and_dead_deliveries_keep_their_time_and_place_over_a_restart() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "a");
    rig.fail_all(&Outcome::Connect);
    rig.enqueue("evt_2", "a");
    for _ in 0..2 {
        let attempt = rig.attempt().unwrap();
        rig.outcome(&attempt, Outcome::status(500));
        rig.advance();
    }
    let attempt = rig.attempt().unwrap();
    rig.outcome(&attempt, Outcome::status(500));
    let due = rig.hooks.poll_timeout().unwrap();
    assert_eq!(due, rig.now + secs(300));

    let mut next = Rig::with_endpoint();
    next.now = rig.now;
    next.store = rig.store.clone();
    rig.store.restore_into(&mut next.hooks, next.now);
    assert_eq!(next.hooks.poll_timeout(), Some(due));
    assert_eq!(next.hooks.dead_letters(None).next().unwrap().event.id.as_str(), "evt_1");
    next.advance();
    assert_eq!(next.attempt().unwrap().number().get(), 4);
    // New deliveries do not take an id of old ones.
    next.enqueue("evt_3", "a");
    assert_eq!(next.store.rows().count(), 3);
    next.check();
}

#[test]
fn rows_of_unknown_endpoints_and_of_other_events_are_passed_over() {
    let mut rig = Rig::with_endpoint();
    rig.enqueue("evt_1", "a");
    let row = rig.store.rows().next().unwrap().clone();
    let mut next = Rig::new(|_| {});
    assert_eq!(next.hooks.restore(event("evt_1", "a", START), std::slice::from_ref(&row), START), 0);
    next.hooks.register(endpoint(1, &["*"])).unwrap();
    assert_eq!(next.hooks.restore(event("evt_2", "a", START), std::slice::from_ref(&row), START), 0);
    assert_eq!(next.hooks.restore(event("evt_1", "a", START), &[row.clone(), row], START), 1);
    next.check();
}

/// What becomes of a store operation.
#[derive(Clone, Debug)]
enum Step {
    Stored,
    Failed,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![6 => Just(Step::Stored), 2 => Just(Step::Failed), 2 => Just(Step::Crash)];
    prop::collection::vec(step, 0..60)
}

fn outcomes() -> impl Strategy<Value = Vec<Option<Outcome>>> {
    let outcome = prop_oneof![
        3 => Just(Some(Outcome::status(200))),
        4 => Just(Some(Outcome::status(500))),
        1 => Just(Some(Outcome::status(410))),
        2 => Just(Some(Outcome::retry_after(429, "7"))),
        2 => Just(Some(Outcome::Timeout)),
        // No outcome at all.
        1 => Just(None),
    ];
    prop::collection::vec(outcome, 0..60)
}

/// The world around the dispatcher: a durable store, endpoints with a script, and a memory of all that went out.
struct World {
    store: MemoryStore,
    disabled: BTreeSet<EndpointId>,
    now: webhook_sig::UnixMillis,
    hooks: Dispatcher,
    seed: u64,
    sent: BTreeSet<AttemptId>,
    accepted: BTreeSet<(EventId, EndpointId)>,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            store: MemoryStore::new(1000),
            disabled: BTreeSet::new(),
            now: START,
            hooks: Dispatcher::new(Config::default(), 0),
            seed: 0,
            sent: BTreeSet::new(),
            accepted: BTreeSet::new(),
        };
        world.start();
        world
    }

    /// A new process on the old store.
    fn start(&mut self) {
        self.seed += 1;
        let mut config = Config::default();
        config.limits.max_in_flight_per_endpoint = 2;
        self.hooks = Dispatcher::new(config, self.seed);
        for id in 1..=3 {
            self.hooks.register(endpoint(id, &["*"])).unwrap();
        }
        for id in &self.disabled {
            self.hooks.restore_disabled(*id, DisabledReason::Gone).unwrap();
        }
        self.store.restore_into(&mut self.hooks, self.now);
    }

    fn crash(&mut self) {
        self.check();
        self.start();
    }

    /// Applies one operation, or does not, or dies before or after.
    fn store_one(&mut self, op: &StoreOp, step: &Step) {
        let before = self.seed.is_multiple_of(2);
        match step {
            Step::Failed => return self.hooks.on_stored(op.ticket, StoreResult::Failed, self.now),
            Step::Crash if before => return self.crash(),
            Step::Crash | Step::Stored => {}
        }
        if let Change::Lease(row) = &op.change {
            let stored = self.store.row(row.id).expect("a stored delivery");
            assert!(
                stored.status != DeliveryStatus::Waiting || stored.at <= self.now,
                "an attempt before it is due"
            );
        }
        let result = self.store.apply(&op.change);
        match &op.change {
            Change::Endpoint(id, EndpointState::Disabled(_)) => drop(self.disabled.insert(*id)),
            Change::Endpoint(id, EndpointState::Enabled) => drop(self.disabled.remove(id)),
            _ => {}
        }
        match step {
            Step::Crash => self.crash(),
            _ => self.hooks.on_stored(op.ticket, result, self.now),
        }
    }

    /// The attempt is allowed to go out now.
    fn check_attempt(&mut self, attempt: &Attempt) {
        let row = self.store.row(attempt.delivery()).expect("a stored delivery");
        assert_eq!(
            (row.status, row.attempts),
            (DeliveryStatus::Leased, attempt.number().get()),
            "its lease is stored"
        );
        assert!(self.sent.insert(attempt.id), "an attempt id is used once");
        assert!(!self.disabled.contains(&attempt.endpoint), "nothing goes to a disabled endpoint");
    }

    fn check(&self) {
        let counters = self.hooks.counters();
        assert_eq!(
            counters.created + counters.restored,
            counters.delivered
                + counters.dropped
                + self.hooks.pending() as u64
                + self.hooks.dead_letters(None).count() as u64,
            "{counters:?}"
        );
        assert!(self.hooks.in_flight() <= 6, "two for each endpoint");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_delivery_ends_delivered_dead_or_at_a_disabled_endpoint(
        events in 1_usize..8,
        steps in steps(),
        outcomes in outcomes(),
    ) {
        let mut world = World::new();
        let (mut steps, mut outcomes) = (steps.into_iter(), outcomes.into_iter());
        let mut waiting = (0..events).map(|at| event(&format!("evt_{at}"), "a", START)).collect::<Vec<_>>();
        for round in 0..2_000 {
            // Enqueue until the store has it: the caller's part of at-least-once.
            waiting.retain(|event| world.store.event(&event.id).is_none());
            if let Some(event) = waiting.first() {
                let _ = world.hooks.enqueue(event.clone(), world.now);
            }
            loop {
                while let Some(op) = world.hooks.poll_store() {
                    world.store_one(&op, &steps.next().unwrap_or(Step::Stored));
                }
                let Some(attempt) = world.hooks.poll_attempt(world.now) else { break };
                world.check_attempt(&attempt);
                let Some(outcome) = outcomes.next().unwrap_or(Some(Outcome::status(503))) else { continue };
                if outcome.failure().is_none() {
                    world.accepted.insert((attempt.event.clone(), attempt.endpoint));
                }
                world.hooks.on_outcome(attempt.id, outcome, world.now).unwrap();
            }
            while world.hooks.poll_event().is_some() {}
            world.check();
            match world.hooks.poll_timeout() {
                Some(at) => {
                    world.now = world.now.max(at);
                    world.hooks.handle_timeout(world.now);
                }
                None if waiting.is_empty() && world.hooks.is_idle() => break,
                None => {}
            }
            prop_assert!(round < 1_999, "it does not come to rest");
        }
        for row in world.store.rows() {
            match row.status {
                DeliveryStatus::Delivered => prop_assert!(world.accepted.contains(&(row.event.clone(), row.endpoint))),
                DeliveryStatus::Dead => prop_assert!(row.step == 6),
                DeliveryStatus::Waiting | DeliveryStatus::Leased => prop_assert!(world.disabled.contains(&row.endpoint), "{row:?}"),
                _ => prop_assert!(false),
            }
        }
        // Every event is in the store, once for each endpoint that was enabled when it came.
        for at in 0..events {
            let id = EventId::parse(&format!("evt_{at}")).unwrap();
            prop_assert!(world.store.event(&id).is_some());
        }
    }
}
