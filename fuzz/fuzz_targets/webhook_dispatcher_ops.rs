//! The dispatcher against a naive model: a list of deliveries that is searched from the front.
//! Nothing goes out early, nothing due is held back, limits hold, every delivery ends, the books balance.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use std::time::Duration;
use webhook_sig::delivery::*;
use webhook_sig::ssrf::EndpointUrl;
use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

#[derive(Arbitrary, Debug)]
enum Op {
    Enqueue { of_type_a: bool },
    Wait { millis: u32 },
    ToDeadline,
    Outcome { which: u8, answer: Answer },
    Enable(u8),
    Disable(u8),
    Remove(u8),
    Requeue(u8),
    RequeueAll,
    Purge(u8),
    Replay(u8),
    /// The operations of the next step fail at first.
    StoreFails,
}

#[derive(Arbitrary, Debug)]
enum Answer {
    Ok,
    Error,
    Gone,
    Later(u16),
    Timeout,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum At {
    Waiting(u64),
    InFlight { lost_at: u64 },
    Delivered,
    Dead,
    Gone,
}

#[derive(Debug)]
struct Row {
    id: DeliveryId,
    event: u32,
    endpoint: u64,
    step: usize,
    attempts: u32,
    at: At,
}

const STEPS: [u64; 4] = [0, 5_000, 30_000, 300_000];
const PER_ENDPOINT: usize = 2;
const IN_ALL: usize = 4;
const QUEUE: usize = 6;
const TYPES: [(u64, &str); 3] = [(1, "*"), (2, "a.*"), (3, "b.x")];

struct Model {
    rows: Vec<Row>,
    /// None for a removed endpoint.
    enabled: [Option<bool>; 3],
    events: Vec<bool>,
    now: u64,
}

impl Model {
    fn wants(endpoint: u64, of_type_a: bool) -> bool {
        endpoint == 1 || (endpoint == 2) == of_type_a
    }

    fn is_enabled(&self, endpoint: u64) -> bool {
        self.enabled[endpoint as usize - 1] == Some(true)
    }

    fn in_flight(&self, endpoint: Option<u64>) -> usize {
        let flying = |row: &&Row| matches!(row.at, At::InFlight { .. }) && endpoint.is_none_or(|id| id == row.endpoint);
        self.rows.iter().filter(flying).count()
    }

    fn queued(&self, endpoint: u64) -> usize {
        let queued = |row: &&Row| row.endpoint == endpoint && matches!(row.at, At::Waiting(_) | At::InFlight { .. });
        self.rows.iter().filter(queued).count()
    }

    fn fail(&mut self, index: usize, asked: Option<u64>) {
        let now = self.now;
        let row = &mut self.rows[index];
        row.step += 1;
        row.at = match STEPS.get(row.step) {
            Some(wait) => At::Waiting(now + asked.map_or(*wait, |asked| asked.max(*wait))),
            None => At::Dead,
        };
    }

    fn pass_time(&mut self, to: u64) {
        self.now = to;
        for index in 0..self.rows.len() {
            if let At::InFlight { lost_at } = self.rows[index].at
                && lost_at <= to
            {
                self.fail(index, None);
            }
        }
    }
}

fn endpoint(id: u64, types: &str) -> Endpoint {
    let url = EndpointUrl::parse("https://example.com/").unwrap();
    let ring = KeyRing::new().hmac("k", Secret::raw("0123456789abcdef0123456789abcdef").unwrap()).unwrap();
    Endpoint::new(EndpointId::new(id), url, Scheme::Generic, ring).types(TypeFilter::parse([types]).unwrap())
}

fuzz_target!(|ops: Vec<Op>| {
    let mut config = Config::default();
    config.retry.jitter = Jitter::NONE;
    config.retry.schedule = Schedule::new(STEPS.map(Duration::from_millis)).unwrap();
    config.limits.max_in_flight = IN_ALL;
    config.limits.max_in_flight_per_endpoint = PER_ENDPOINT;
    config.limits.max_queue_per_endpoint = QUEUE;
    let mut hooks = Dispatcher::new(config, 0);
    let mut store = MemoryStore::new(usize::MAX);
    let mut model = Model { rows: Vec::new(), enabled: [Some(true); 3], events: Vec::new(), now: 1_700_000_000_000 };
    for (id, types) in TYPES {
        hooks.register(endpoint(id, types)).unwrap();
    }

    let mut failing = false;
    for op in ops.into_iter().take(300) {
        let now = UnixMillis::from_millis(model.now);
        match op {
            Op::Enqueue { of_type_a } => {
                let number = model.events.len() as u32;
                model.events.push(of_type_a);
                let id = EventId::parse(&format!("evt_{number}")).unwrap();
                let kind = EventType::parse(if of_type_a { "a.x" } else { "b.x" }).unwrap();
                let made = hooks.enqueue(OutboundEvent::new(id, kind, "{}", now), now).unwrap();
                assert_eq!(made, add(&mut model, &mut hooks, &mut store, number));
            }
            Op::Wait { millis } => model.pass_time(model.now + u64::from(millis)),
            Op::ToDeadline => {
                if let Some(at) = hooks.poll_timeout() {
                    assert!(at > now, "a deadline that has passed");
                    model.pass_time(at.as_millis());
                }
            }
            Op::Outcome { which, answer } => {
                let flying: Vec<usize> =
                    (0..model.rows.len()).filter(|index| matches!(model.rows[*index].at, At::InFlight { .. })).collect();
                if !flying.is_empty() {
                    let index = flying[usize::from(which) % flying.len()];
                    let row = &model.rows[index];
                    let number = AttemptNumber::new(row.attempts).unwrap();
                    let id = AttemptId { delivery: row.id, number };
                    let endpoint = row.endpoint as usize - 1;
                    let outcome = match answer {
                        Answer::Ok => {
                            model.rows[index].at = At::Delivered;
                            Outcome::status(204)
                        }
                        Answer::Gone => {
                            model.rows[index].at = At::Waiting(model.now);
                            model.rows[index].step = 0;
                            model.enabled[endpoint] = Some(false);
                            Outcome::status(410)
                        }
                        Answer::Later(seconds) => {
                            let asked = (u64::from(seconds) * 1000).min(36_000_000);
                            model.fail(index, Some(asked));
                            Outcome::retry_after(429, &seconds.to_string())
                        }
                        Answer::Error => {
                            model.fail(index, None);
                            Outcome::status(500)
                        }
                        Answer::Timeout => {
                            model.fail(index, None);
                            Outcome::Timeout
                        }
                    };
                    hooks.on_outcome(id, outcome, now).unwrap();
                    assert!(hooks.on_outcome(id, Outcome::status(200), now).is_err());
                }
            }
            Op::Enable(which) => {
                let slot = usize::from(which % 3);
                assert_eq!(hooks.enable(EndpointId::new(slot as u64 + 1), now).is_ok(), model.enabled[slot].is_some());
                model.enabled[slot] = model.enabled[slot].map(|_| true);
            }
            Op::Disable(which) => {
                let slot = usize::from(which % 3);
                assert_eq!(hooks.disable(EndpointId::new(slot as u64 + 1)).is_ok(), model.enabled[slot].is_some());
                model.enabled[slot] = model.enabled[slot].map(|_| false);
            }
            Op::Remove(which) => {
                let slot = usize::from(which % 3);
                let id = slot as u64 + 1;
                assert_eq!(hooks.remove(EndpointId::new(id), now).is_ok(), model.enabled[slot].is_some());
                model.enabled[slot] = None;
                for row in model.rows.iter_mut().filter(|row| row.endpoint == id && row.at != At::Delivered) {
                    row.at = At::Gone;
                }
            }
            Op::Requeue(which) => {
                let dead: Vec<DeliveryId> = hooks.dead_letters(None).map(|letter| letter.delivery).collect();
                if !dead.is_empty() {
                    requeue(&mut model, &mut hooks, dead[usize::from(which) % dead.len()]);
                }
            }
            Op::RequeueAll => {
                let room: usize = (1..=3)
                    .map(|id| {
                        let dead = model.rows.iter().filter(|row| row.endpoint == id && row.at == At::Dead).count();
                        dead.min(QUEUE - model.queued(id).min(QUEUE))
                    })
                    .sum();
                let dead: Vec<DeliveryId> = hooks.dead_letters(None).map(|letter| letter.delivery).collect();
                assert_eq!(hooks.requeue_all(None, now), room);
                for id in dead {
                    let index = model.rows.iter().position(|row| row.id == id).unwrap();
                    if model.queued(model.rows[index].endpoint) < QUEUE {
                        let now = model.now;
                        let row = &mut model.rows[index];
                        (row.at, row.step) = (At::Waiting(now), 0);
                    }
                }
            }
            Op::Purge(which) => {
                let dead: Vec<DeliveryId> = hooks.dead_letters(None).map(|letter| letter.delivery).collect();
                if !dead.is_empty() {
                    let id = dead[usize::from(which) % dead.len()];
                    assert!(hooks.purge(id));
                    model.rows.iter_mut().find(|row| row.id == id).unwrap().at = At::Gone;
                }
            }
            Op::Replay(which) => {
                if !model.events.is_empty() {
                    let number = u32::from(which) % model.events.len() as u32;
                    let id = EventId::parse(&format!("evt_{number}")).unwrap();
                    hooks.replay(Selector::Event(id), None).unwrap();
                    let targets = |id: &u64| model.is_enabled(*id) && Model::wants(*id, model.events[number as usize]);
                    let full = (1..=3).filter(targets).any(|id| model.queued(id) >= QUEUE);
                    if !full {
                        add(&mut model, &mut hooks, &mut store, number);
                    }
                }
            }
            Op::StoreFails => {
                failing = true;
                continue;
            }
        }
        if std::mem::take(&mut failing) {
            let now = UnixMillis::from_millis(model.now);
            hooks.handle_timeout(now);
            while let Some(op) = hooks.poll_store() {
                hooks.on_stored(op.ticket, StoreResult::Failed, now);
            }
            // All that failed is issued again before the model looks.
            model.pass_time(model.now + 1_000);
        }
        let now = UnixMillis::from_millis(model.now);
        hooks.handle_timeout(now);
        drain(&mut model, &mut hooks, &mut store);
        compare(&model, &hooks);
    }
});

/// Mirrors the rows that the dispatcher has just made for an event; gives their number.
fn add(model: &mut Model, hooks: &mut Dispatcher, store: &mut MemoryStore, event: u32) -> usize {
    let known = model.rows.len();
    store.settle(hooks, UnixMillis::from_millis(model.now));
    let mut made: Vec<(DeliveryId, u64)> = store
        .rows()
        .filter(|row| row.event.as_str() == format!("evt_{event}") && model.rows.iter().all(|other| other.id != row.id))
        .map(|row| (row.id, row.endpoint.get()))
        .collect();
    made.sort();
    let wanted: Vec<u64> =
        (1..=3).filter(|id| model.is_enabled(*id) && Model::wants(*id, model.events[event as usize])).collect();
    assert_eq!(made.iter().map(|(_, endpoint)| *endpoint).collect::<Vec<_>>(), wanted);
    for (id, endpoint) in made {
        let at = if model.queued(endpoint) >= QUEUE { At::Dead } else { At::Waiting(model.now) };
        model.rows.push(Row { id, event, endpoint, step: 0, attempts: 0, at });
    }
    model.rows.len() - known
}

fn requeue(model: &mut Model, hooks: &mut Dispatcher, id: DeliveryId) {
    let index = model.rows.iter().position(|row| row.id == id).unwrap();
    let full = model.queued(model.rows[index].endpoint) >= QUEUE;
    assert_eq!(hooks.requeue(id, UnixMillis::from_millis(model.now)).is_err(), full);
    if !full {
        let now = model.now;
        let row = &mut model.rows[index];
        (row.at, row.step) = (At::Waiting(now), 0);
    }
}

fn drain(model: &mut Model, hooks: &mut Dispatcher, store: &mut MemoryStore) {
    let now = UnixMillis::from_millis(model.now);
    loop {
        store.settle(hooks, now);
        let Some(attempt) = hooks.poll_attempt(now) else { break };
        let endpoint = attempt.endpoint.get();
        assert!(model.is_enabled(endpoint), "nothing goes to a disabled endpoint");
        let row = model.rows.iter_mut().find(|row| row.id == attempt.delivery()).expect("a known delivery");
        assert!(matches!(row.at, At::Waiting(at) if at <= model.now), "early, or twice: {row:?}");
        assert_eq!(attempt.event.as_str(), format!("evt_{}", row.event));
        row.attempts += 1;
        assert_eq!(attempt.number().get(), row.attempts);
        row.at = At::InFlight { lost_at: model.now + 30_000 };
        assert!(model.in_flight(Some(endpoint)) <= PER_ENDPOINT && model.in_flight(None) <= IN_ALL);
    }
    while hooks.poll_event().is_some() {}
    for id in (1..=3).filter(|id| model.is_enabled(*id)) {
        let due = model.rows.iter().any(|row| row.endpoint == id && matches!(row.at, At::Waiting(at) if at <= model.now));
        let room = model.in_flight(Some(id)) < PER_ENDPOINT && model.in_flight(None) < IN_ALL;
        assert!(!(due && room), "endpoint {id} has a due delivery and a free place");
    }
}

fn compare(model: &Model, hooks: &Dispatcher) {
    let count = |wanted: fn(At) -> bool| model.rows.iter().filter(|row| wanted(row.at)).count();
    assert_eq!(hooks.pending(), count(|at| matches!(at, At::Waiting(_) | At::InFlight { .. })));
    assert_eq!(hooks.in_flight(), count(|at| matches!(at, At::InFlight { .. })));
    let dead = count(|at| at == At::Dead);
    assert_eq!(hooks.dead_letters(None).count(), dead);
    let counters = hooks.counters();
    assert_eq!(counters.delivered as usize, count(|at| at == At::Delivered));
    assert_eq!((counters.purged + counters.dropped) as usize, count(|at| at == At::Gone));
    assert_eq!(counters.created as usize, model.rows.len());
    assert_eq!(counters.attempts, model.rows.iter().map(|row| u64::from(row.attempts)).sum::<u64>());
    // The next deadline is the model's, too: the earliest of what waits in time and what may be lost.
    let waits = model.rows.iter().filter_map(|row| match row.at {
        At::Waiting(at) if at > model.now => Some(at),
        At::InFlight { lost_at } => Some(lost_at),
        _ => None,
    });
    assert_eq!(hooks.poll_timeout().map(UnixMillis::as_millis), waits.min());
}
