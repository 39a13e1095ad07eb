//! The hub against plain queues: every operation is done to a hub and to a model in which each subscriber owns a list of
//! what it still has to read. Operations are read from bytes, so that property tests and the fuzzer share this file.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use sse_codec::{
    Frame,
    hub::{Delivery, End, Hub, HubConfig, Publish, Resume, Slow, SubId, Subscribe},
};

const EVENTS: [&str; 3] = ["message", "tick", "secret"];
const POLICIES: [Slow; 4] = [Slow::DropOldest, Slow::DropNewest, Slow::Disconnect, Slow::Coalesce];

#[derive(Clone, Debug)]
struct Event {
    serial: usize,
    topic: u8,
    event: &'static str,
    number: Option<u64>,
    key: Option<u8>,
    wire: Vec<u8>,
    at: Instant,
    superseded_by: Option<usize>,
}

struct Reader {
    id: SubId,
    topics: Option<Vec<u8>>,
    no_secrets: bool,
    slow: Slow,
    replay: VecDeque<Event>,
    live: VecDeque<Event>,
    dropped: u64,
    ended: bool,
    parked: bool,
}

impl Reader {
    fn wants(&self, event: &Event) -> bool {
        self.topics.as_ref().is_none_or(|topics| topics.contains(&event.topic))
            && !(self.no_secrets && event.event == "secret")
    }

    fn forget(&mut self, serial: usize) -> bool {
        let before = self.replay.len() + self.live.len();
        self.replay.retain(|event| event.serial != serial);
        self.live.retain(|event| event.serial != serial);
        before != self.replay.len() + self.live.len()
    }

    fn end(&mut self) {
        self.ended = true;
        self.dropped = 0;
        self.replay.clear();
        self.live.clear();
    }
}

struct Model {
    config: HubConfig,
    log: Vec<Event>,
    trimmed: Vec<Event>,
    readers: Vec<Reader>,
    unsure_below: [u64; 3],
    last: u64,
    serial: usize,
}

impl Model {
    fn trim(&mut self, now: Instant, incoming: Option<(u8, usize)>) {
        let limits = &self.config.limits;
        loop {
            let over = incoming.and_then(|(topic, length)| {
                let of_topic = |event: &&Event| event.topic == topic;
                let bytes: usize = self.log.iter().filter(of_topic).map(|event| event.wire.len()).sum();
                let is_over = self.log.iter().filter(of_topic).count() >= limits.max_replay_events
                    || bytes + length > limits.max_replay.max(limits.max_queue);
                if is_over { self.log.iter().position(|event| event.topic == topic) } else { None }
            });
            let cost: usize = self.log.iter().map(|event| event.wire.len() + 256).sum();
            let cost = cost + incoming.map_or(0, |(_, length)| length + 256);
            let is_old = |event: &Event| now.duration_since(event.at) > limits.max_replay_age;
            let first =
                self.log.first().is_some_and(|event| is_old(event) || cost > limits.max_log).then_some(0);
            let Some(at) = over.or(first) else { return };
            let event = self.log.remove(at);
            for reader in &mut self.readers {
                if reader.forget(event.serial) {
                    reader.dropped += 1;
                    if reader.slow == Slow::Disconnect {
                        reader.end();
                    }
                }
            }
            self.trimmed.push(event);
        }
    }

    /// Returns whom this wakes.
    fn publish(&mut self, event: Event) -> Vec<SubId> {
        let limits = self.config.limits.clone();
        let latest = |old: &&mut Event| old.topic == event.topic && old.key.is_some() && old.key == event.key;
        let superseded = self.log.iter_mut().rev().find(latest).map(|old| {
            old.superseded_by = Some(event.serial);
            old.serial
        });
        let mut woken = Vec::new();
        for reader in &mut self.readers {
            if reader.ended || !reader.wants(&event) {
                continue;
            }
            if let Some(old) = superseded.filter(|_| reader.slow == Slow::Coalesce) {
                let old = self.log.iter().find(|event| event.serial == old).expect("it is in the log");
                if reader.wants(old) {
                    reader.forget(old.serial);
                }
            }
            if std::mem::take(&mut reader.parked) {
                woken.push(reader.id);
            }
            let is_over = |live: &VecDeque<Event>| {
                let bytes: usize = live.iter().map(|event| event.wire.len()).sum();
                let is_full =
                    live.len() >= limits.max_queue_events || bytes + event.wire.len() > limits.max_queue;
                !live.is_empty() && is_full
            };
            if is_over(&reader.live) {
                match reader.slow {
                    Slow::Disconnect => {
                        reader.end();
                        continue;
                    }
                    Slow::DropNewest => {
                        reader.dropped += 1;
                        continue;
                    }
                    _ => {
                        while is_over(&reader.live) {
                            reader.live.pop_front();
                            reader.dropped += 1;
                        }
                    }
                }
            }
            reader.live.push_back(event.clone());
        }
        if !self.log.iter().any(|other| other.topic == event.topic) {
            self.unsure_below[usize::from(event.topic)] = self.lost_below();
        }
        self.log.push(event);
        woken
    }

    /// The highest number that was trimmed.
    fn lost_below(&self) -> u64 {
        self.trimmed.iter().filter_map(|event| event.number).max().unwrap_or(0)
    }

    fn poll(&mut self, id: SubId) -> Delivery {
        let Some(reader) = self.readers.iter_mut().find(|reader| reader.id == id) else {
            return Delivery::Ended(End::Unknown);
        };
        if reader.ended {
            return Delivery::Ended(End::Slow);
        }
        let dropped = std::mem::take(&mut reader.dropped);
        if dropped > 0 {
            reader.parked = false;
            return Delivery::Lagged { dropped };
        }
        let next = reader.replay.pop_front().or_else(|| reader.live.pop_front());
        reader.parked = next.is_none();
        next.map_or(Delivery::Pending, |event| Delivery::Frame(event.wire.into()))
    }

    fn resume(&self, reader: &mut Reader, from: Option<u64>) -> Vec<Resume> {
        let Some(from) = from else { return vec![Resume::Live] };
        if from > self.last {
            return vec![Resume::UnknownId];
        }
        let is_behind = |event: &&Event| event.number.is_some_and(|number| number > from);
        let seen = |event: &Event, reader: &Reader| {
            let by = event.superseded_by.and_then(|by| self.log.iter().find(|other| other.serial == by));
            let is_replaced = by.is_some_and(|by| by.number.is_some() && reader.wants(by));
            reader.wants(event) && (reader.slow != Slow::Coalesce || !is_replaced)
        };
        reader.replay =
            self.log.iter().filter(is_behind).filter(|event| seen(event, reader)).cloned().collect();
        // What was trimmed counts by topic, whatever the filter says: the hub keeps no trimmed event to ask about.
        let is_of_topic = |topic: u8| reader.topics.as_ref().is_none_or(|topics| topics.contains(&topic));
        let is_lost = self.trimmed.iter().filter(is_behind).any(|event| is_of_topic(event.topic));
        let first = reader.replay.front().and_then(|event| event.number);
        let oldest = first.map(|number| number.to_string().parse().expect("digits are an id"));
        let gap = Resume::Gap { oldest };
        if is_lost {
            return vec![gap];
        }
        let resumed = Resume::Resumed { replayed: reader.replay.len() };
        // A topic of which nothing was kept may have been forgotten: the hub then cannot tell whose the lost ones were.
        let is_unsure = reader.topics.iter().flatten().any(|topic| {
            let is_kept = self.log.iter().any(|event| event.topic == *topic);
            from < if is_kept { self.unsure_below[usize::from(*topic)] } else { self.lost_below() }
        });
        if is_unsure { vec![resumed, gap] } else { vec![resumed] }
    }
}

/// Reads operations from `data`, does each to a hub and to the model, and panics where they differ.
pub(crate) fn run(data: &[u8]) {
    let mut bytes = data.iter().copied();
    let mut config = HubConfig::default();
    config.heartbeat = None;
    config.limits.write_stall = Duration::from_secs(1_000_000);
    config.limits.max_queue_events = 3;
    config.limits.max_queue = 160;
    config.limits.max_replay_events = 6;
    config.limits.max_replay = 400;
    config.limits.max_log = 4000;
    config.limits.max_replay_age = Duration::from_secs(50);
    let mut now = Instant::now();
    let mut hub = Hub::<u8>::new(config.clone(), 0);
    let mut model = Model {
        config,
        log: Vec::new(),
        trimmed: Vec::new(),
        readers: Vec::new(),
        unsure_below: [0; 3],
        last: 0,
        serial: 0,
    };
    let mut gone = None;

    while let Some(operation) = bytes.next() {
        let mut byte = || bytes.next().unwrap_or(0);
        match operation % 8 {
            0..=2 => publish(&mut hub, &mut model, now, [byte(), byte(), byte()]),
            3 => {
                let id = subscribe(&mut hub, &mut model, now, [byte(), byte(), byte()]);
                assert_eq!(gone.filter(|gone| *gone == id), None, "a handle came back");
            }
            4 | 5 => {
                if let Some(id) = pick(&model, byte()) {
                    for _ in 0..=byte() % 4 {
                        assert_eq!(hub.poll_next(now, id), model.poll(id));
                    }
                }
            }
            6 => {
                if let Some(id) = pick(&model, byte()) {
                    hub.unsubscribe(id);
                    model.readers.retain(|reader| reader.id != id);
                    assert_eq!(hub.poll_next(now, id), Delivery::Ended(End::Unknown));
                    gone = Some(id);
                }
            }
            _ => {
                now += Duration::from_secs(u64::from(byte() % 32));
                model.trim(now, None);
                hub.handle_timeout(now);
            }
        }
        assert_eq!(hub.subscribers(), model.readers.len());
        assert_eq!(hub.events(), model.log.len());
    }

    let ids: Vec<_> = model.readers.iter().map(|reader| reader.id).collect();
    for id in ids {
        loop {
            let (found, wanted) = (hub.poll_next(now, id), model.poll(id));
            assert_eq!(found, wanted);
            if matches!(wanted, Delivery::Pending | Delivery::Ended(_)) {
                break;
            }
        }
    }
}

fn pick(model: &Model, byte: u8) -> Option<SubId> {
    let count = model.readers.len();
    (count > 0).then(|| model.readers[usize::from(byte) % count].id)
}

fn publish(hub: &mut Hub<u8>, model: &mut Model, now: Instant, [what, size, jump]: [u8; 3]) {
    let topic = what % 3;
    let event = EVENTS[usize::from(what / 3 % 3)];
    let is_transient = what % 7 == 0;
    let key = (what % 2 == 0).then_some(what / 9 % 2);
    let data = "x".repeat(usize::from(size % 100));
    let number = (!is_transient).then(|| model.last + 1 + u64::from(jump % 3));

    let mut frame = Frame::data(data).event(event).expect("no newline");
    if let Some(number) = number {
        frame = frame.id(number.to_string()).expect("digits");
        model.last = number;
    }
    let wire = frame.encode().to_vec();
    let mut publish = Publish::new(frame);
    if is_transient {
        publish = publish.transient();
    }
    if let Some(key) = key {
        publish = publish.key(key.to_string());
    }
    let id = hub.publish(now, &topic, publish).expect("within the limits");
    assert_eq!(id.map(|id| id.to_string()), number.map(|number| number.to_string()));

    model.serial += 1;
    model.trim(now, Some((topic, wire.len())));
    let serial = model.serial;
    let mut woken =
        model.publish(Event { serial, topic, event, number, key, wire, at: now, superseded_by: None });
    let mut found: Vec<_> = std::iter::from_fn(|| hub.poll_woken()).collect();
    woken.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, woken);
}

fn subscribe(hub: &mut Hub<u8>, model: &mut Model, now: Instant, [what, from, how]: [u8; 3]) -> SubId {
    let topics = match what % 8 {
        0 => None,
        mask => Some((0..3).filter(|topic| mask & (1 << topic) != 0).collect::<Vec<u8>>()),
    };
    let no_secrets = what & 0x80 != 0;
    let slow = POLICIES[usize::from(how % 4)];
    let from = match from {
        0..=63 => None,
        _ => Some((model.last + 2).saturating_sub(u64::from(from % 32))),
    };
    let mut wish = topics.clone().map_or_else(Subscribe::all, Subscribe::topics).slow(slow);
    if no_secrets {
        wish = wish.filter(|event| event.event != "secret");
    }
    if let Some(from) = from {
        wish = wish.last_event_id(from.to_string());
    }
    model.trim(now, None);
    let (id, resume) = hub.subscribe(now, wish).expect("there is room");
    let mut reader = Reader {
        id,
        topics,
        no_secrets,
        slow,
        replay: VecDeque::new(),
        live: VecDeque::new(),
        dropped: 0,
        ended: false,
        parked: false,
    };
    let possible = model.resume(&mut reader, from);
    assert!(possible.contains(&resume), "{resume:?} is not among {possible:?}");
    model.readers.push(reader);
    id
}
