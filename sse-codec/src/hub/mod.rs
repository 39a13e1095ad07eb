//! Broadcast with replay, without I/O: what is published, who is to see it, what is lost and what is due.
//!
//! A [`Hub`] keeps one log of encoded events. A subscriber is a cursor into it, so an event is encoded and stored once
//! however many read it, and replay joins live events without a seam: both are the same log.
//!
//! ```
//! use std::time::Instant;
//! use sse_codec::{Frame, hub::{Delivery, Hub, HubConfig, Resume, Subscribe}};
//!
//! let now = Instant::now();
//! let mut hub = Hub::new(HubConfig::default(), 0);
//! hub.publish(now, &"prices", Frame::data("12"))?;
//! hub.publish(now, &"prices", Frame::data("13"))?;
//!
//! let (reader, resume) = hub.subscribe(now, Subscribe::topic("prices").last_event_id("1"))?;
//! assert_eq!(resume, Resume::Resumed { replayed: 1 });
//! assert_eq!(hub.poll_next(now, reader), Delivery::Frame("id: 2\ndata: 13\n\n".into()));
//! assert_eq!(hub.poll_next(now, reader), Delivery::Pending);
//!
//! hub.publish(now, &"prices", Frame::data("14"))?;
//! assert_eq!(hub.poll_woken(), Some(reader));
//! assert_eq!(hub.poll_next(now, reader), Delivery::Frame("id: 3\ndata: 14\n\n".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Driving it: after each call, drain [`poll_woken`](Hub::poll_woken) and let each subscriber named there read with
//! [`poll_next`](Hub::poll_next) until [`Delivery::Pending`]; then wait for [`poll_timeout`](Hub::poll_timeout) and
//! call [`handle_timeout`](Hub::handle_timeout).

mod delivery;
mod error;
mod filter;
mod limits;
mod policy;
mod resume;
mod ring;
mod subscriber;

use std::{
    collections::BTreeSet,
    fmt,
    hash::Hash,
    time::{Duration, Instant},
};

use bytes::Bytes;

pub use self::{
    delivery::{Delivery, End, Publish, SubId},
    error::{PublishError, SubscribeError},
    filter::Published,
    limits::HubLimits,
    policy::{HubConfig, Ids, Slow},
    resume::{Resume, Subscribe},
};
use self::{
    resume::From as Begin,
    ring::{Entry, Log, Position},
    subscriber::Subscriber,
};
use crate::{EventId, EventName, Frame, draw::Draw};

/// What can name a topic.
pub trait TopicKey: Clone + Eq + Hash {}

impl<K: Clone + Eq + Hash> TopicKey for K {}

/// The broadcast hub: topics of type `K`, events as [`Frame`]s. See the [module](self) for how to drive it.
pub struct Hub<K> {
    config: HubConfig,
    log: Log<K>,
    slots: Vec<Slot<K>>,
    free: Vec<u32>,
    subscribers: usize,
    /// The slots of the subscribers of every topic.
    of_all: Vec<u32>,
    woken: Vec<SubId>,
    timers: BTreeSet<(Instant, SubId)>,
    draw: Draw,
    draining: bool,
}

#[derive(Debug)]
struct Slot<K> {
    generation: u32,
    subscriber: Option<Subscriber<K>>,
}

impl<K: TopicKey> Hub<K> {
    /// An empty hub. `entropy` spreads its timers; any number does, the same one in each process does no harm but to
    /// the spread.
    #[must_use]
    pub fn new(config: HubConfig, entropy: u64) -> Self {
        Self {
            config,
            log: Log::new(),
            slots: Vec::new(),
            free: Vec::new(),
            subscribers: 0,
            of_all: Vec::new(),
            woken: Vec::new(),
            timers: BTreeSet::new(),
            draw: Draw::new(entropy),
            draining: false,
        }
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &HubConfig {
        &self.config
    }

    /// How many subscribers there are, ended ones included until they are unsubscribed.
    #[must_use]
    pub const fn subscribers(&self) -> usize {
        self.subscribers
    }

    /// How many events the log holds, over all topics.
    #[must_use]
    pub fn events(&self) -> usize {
        self.log.len()
    }

    /// Fills the log from a durable one, so that ids outlive a restart. `events` are its latest, in order, with their
    /// ids; `floor` is the number of the last event before them (0 if there is none): a client that resumes from below
    /// it is told of a gap. Their age counts from `now`.
    ///
    /// # Errors
    /// As [`publish`](Self::publish), at the first event refused; those before it stay.
    ///
    /// ```
    /// # use std::time::Instant;
    /// # use sse_codec::{Frame, hub::{Hub, HubConfig, Resume, Subscribe}};
    /// # let now = Instant::now();
    /// let mut hub = Hub::new(HubConfig::default(), 0);
    /// let rows = [(41, "a"), (42, "b")];
    /// let frames = rows.iter().map(|(id, data)| Ok(("all", Frame::data(*data).id(id.to_string())?)));
    /// hub.seed(now, 40, frames.collect::<Result<Vec<_>, sse_codec::FieldError>>()?)?;
    ///
    /// let resumed = |hub: &mut Hub<_>, id: &str| hub.subscribe(now, Subscribe::all().last_event_id(id)).map(|s| s.1);
    /// assert_eq!(resumed(&mut hub, "40")?, Resume::Resumed { replayed: 2 });
    /// assert!(matches!(resumed(&mut hub, "39")?, Resume::Gap { oldest: Some(id) } if id.as_str() == "41"));
    /// assert_eq!(resumed(&mut hub, "43")?, Resume::UnknownId);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seed<'f>(
        &mut self,
        now: Instant,
        floor: u64,
        events: impl IntoIterator<Item = (K, Frame<'f>)>,
    ) -> Result<(), PublishError> {
        self.log.set_floor(floor);
        for (topic, frame) in events {
            self.publish(now, &topic, frame)?;
        }
        Ok(())
    }

    /// Publishes an event and returns its id; `None` for a transient one.
    ///
    /// The frame's id is the event's; without one, numbered hubs draw the next number. The cost is one pass over the
    /// subscribers of the topic, with no copy or allocation for any of them.
    ///
    /// # Errors
    /// [`PublishError`]; nobody has then seen the event.
    pub fn publish<'f>(
        &mut self,
        now: Instant,
        topic: &K,
        event: impl Into<Publish<'f>>,
    ) -> Result<Option<EventId>, PublishError> {
        let Publish { frame, key, transient } = event.into();
        if frame.text().is_none() {
            return Err(PublishError::NoData);
        }
        let (position, id) = self.name(frame.event_id(), transient)?;
        // Both names were checked when the frame took them; the empty id stands for none.
        let name = EventName::parse(frame.event_name().unwrap_or("")).unwrap_or_default();
        let frame = match &id {
            Some(id) => frame.id(id).map_err(|_| PublishError::Id)?,
            None => frame,
        };
        let bytes = frame.encode();
        let limits = &self.config.limits;
        if bytes.len() > limits.max_event {
            return Err(PublishError::TooLarge { length: bytes.len(), max: limits.max_event });
        }
        if !self.log.has_room_for(topic, limits.max_topics) {
            return Err(PublishError::TooManyTopics { max: limits.max_topics });
        }
        let slot = self.log.intern(topic);
        self.trim(now, Some((slot, bytes.len())));
        let entry = Entry { topic: slot, at: now, id: id.clone(), event: name, bytes, key, superseded: None };
        let superseded = self.log.append(position, entry);
        self.offer(now, slot, position, superseded);
        Ok(id)
    }

    fn name(
        &self,
        given: Option<&str>,
        transient: bool,
    ) -> Result<(Position, Option<EventId>), PublishError> {
        let head = self.log.head();
        let given = given.filter(|id| !id.is_empty());
        if transient {
            return if given.is_some() { Err(PublishError::TransientId) } else { Ok((head.next(), None)) };
        }
        let last = head.number;
        let drawn = last.checked_add(1).ok_or(PublishError::NotIncreasing { last });
        let (number, id) = match (&self.config.ids, given) {
            (Ids::Opaque, None) => return Err(PublishError::Id),
            (Ids::Opaque, Some(id)) => (drawn?, EventId::parse(id)),
            (Ids::Numbered { .. }, Some(id)) => {
                let number = self.config.ids.number(id).ok_or(PublishError::Id)?;
                if number <= last {
                    return Err(PublishError::NotIncreasing { last });
                }
                (number, EventId::parse(id))
            }
            (ids @ Ids::Numbered { .. }, None) => {
                let number = drawn?;
                (number, EventId::parse(&ids.format(number)))
            }
        };
        Ok((Position { number, minor: 0 }, Some(id.map_err(|_| PublishError::Id)?)))
    }

    fn offer(&mut self, now: Instant, topic: u32, position: Position, superseded: Option<Position>) {
        let Self { log, config, slots, of_all, woken, timers, .. } = self;
        let (Some(entry), Some(members)) = (log.entry(position), log.topic(topic)) else { return };
        for index in members.members.iter().chain(of_all.iter()) {
            let Some(slot) = slots.get_mut(*index as usize) else { continue };
            let Some(subscriber) = &mut slot.subscriber else { continue };
            if subscriber.offer(log, &config.limits, (position, entry), superseded) && subscriber.unpark(now)
            {
                let id = SubId { index: *index, generation: slot.generation };
                woken.push(id);
                arm(timers, id, subscriber, config.limits.write_stall);
            }
        }
    }

    /// Takes from the log what is over its bounds, and from the accounts of those who still had it to read.
    fn trim(&mut self, now: Instant, incoming: Option<(u32, usize)>) {
        let Self { log, config, slots, of_all, woken, .. } = self;
        while let Some((position, entry)) = log.trim(now, incoming, &config.limits) {
            if let Some(topic) = log.topic(entry.topic) {
                for index in topic.members.iter().chain(of_all.iter()) {
                    let Some(slot) = slots.get_mut(*index as usize) else { continue };
                    let Some(subscriber) = &mut slot.subscriber else { continue };
                    if subscriber.lose(log, position, &entry) && subscriber.unpark(now) {
                        woken.push(SubId { index: *index, generation: slot.generation });
                    }
                }
            }
            if incoming.is_none_or(|(slot, _)| slot != entry.topic) {
                log.release(entry.topic);
            }
        }
    }

    /// Adds a subscriber and says where its stream begins.
    ///
    /// # Errors
    /// [`SubscribeError`].
    pub fn subscribe(&mut self, now: Instant, wish: Subscribe<K>) -> Result<(SubId, Resume), SubscribeError> {
        let limits = &self.config.limits;
        if self.draining {
            return Err(SubscribeError::Draining);
        }
        if self.subscribers >= limits.max_subscribers.min(u32::MAX as usize) {
            return Err(SubscribeError::Full { max: limits.max_subscribers });
        }
        let Subscribe { mut topics, filter, from, slow } = wish;
        if let Some(topics) = &mut topics {
            let max = limits.max_topics_per_subscriber;
            let mut seen = std::collections::HashSet::new();
            topics.retain(|topic| seen.len() <= max && seen.insert(topic.clone()));
            if topics.len() > max {
                return Err(SubscribeError::TooManyTopics { max });
            }
        }
        self.trim(now, None);

        let mut subscriber = Subscriber::new(now, filter, slow.unwrap_or(self.config.slow), self.log.head());
        subscriber.announce = self.config.retry;
        subscriber.beat_at = self.config.heartbeat.and_then(|beat| after(&mut self.draw, now, beat));
        subscriber.age_at = self.config.max_age.and_then(|age| after(&mut self.draw, now, age));

        let trimmed = match &topics {
            None => self.log.trimmed(None),
            Some(topics) => topics.iter().map(|topic| self.log.trimmed(Some(topic))).max().unwrap_or(0),
        };
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, subscriber: None });
            // `max_subscribers` was held to 2^32 above.
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        match topics {
            None => subscriber.place = join(&mut self.of_all, index),
            Some(topics) => {
                let mut places = Vec::with_capacity(topics.len());
                for topic in &topics {
                    let slot = self.log.intern(topic);
                    if let Some(topic) = self.log.topic_mut(slot) {
                        places.push((slot, join(&mut topic.members, index)));
                    }
                }
                subscriber.topics = Some(places.into_boxed_slice());
            }
        }
        let resume = self.resume(&mut subscriber, &from, trimmed);

        let slot = &mut self.slots[index as usize];
        let id = SubId { index, generation: slot.generation };
        arm(&mut self.timers, id, &mut subscriber, self.config.limits.write_stall);
        slot.subscriber = Some(subscriber);
        self.subscribers += 1;
        Ok((id, resume))
    }

    fn resume(&self, subscriber: &mut Subscriber<K>, from: &Begin, trimmed: u64) -> Resume {
        let after = match from {
            Begin::Now => return Resume::Live,
            Begin::Start => 0,
            Begin::Id(id) => match self.config.ids.number(id).or_else(|| self.log.number_of(id)) {
                Some(number) if number <= self.log.head().number => number,
                _ => return Resume::UnknownId,
            },
        };
        let (replayed, first) = subscriber.replay_from(Position::after_number(after), &self.log);
        if trimmed > after {
            let oldest = first.and_then(|first| self.log.entry(first)).and_then(|entry| entry.id.clone());
            return Resume::Gap { oldest };
        }
        Resume::Resumed { replayed }
    }

    /// Removes a subscriber. Unknown handles are ignored.
    pub fn unsubscribe(&mut self, id: SubId) {
        let Some(slot) = self.slots.get_mut(id.index()).filter(|slot| slot.generation == id.generation)
        else {
            return;
        };
        let Some(subscriber) = slot.subscriber.take() else { return };
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        self.subscribers -= 1;
        if let Some(at) = subscriber.timer_at {
            self.timers.remove(&(at, id));
        }
        let Some(topics) = subscriber.topics else {
            if let Some(moved) = leave(&mut self.of_all, subscriber.place)
                && let Some(other) = occupant(&mut self.slots, moved)
            {
                other.place = subscriber.place;
            }
            return;
        };
        for (topic, place) in topics {
            let Some(members) = self.log.topic_mut(topic).map(|topic| &mut topic.members) else { continue };
            if let Some(moved) = leave(members, place)
                && let Some(other) = occupant(&mut self.slots, moved)
                && let Some(listed) = other.topics.iter_mut().flatten().find(|(slot, _)| *slot == topic)
            {
                listed.1 = place;
            }
            self.log.release(topic);
        }
    }

    /// What this subscriber is to be sent next. Call it until it says [`Delivery::Pending`], and only when the last
    /// frame could be written: not calling is how a slow connection is told apart.
    pub fn poll_next(&mut self, now: Instant, id: SubId) -> Delivery {
        let Self { log, config, slots, timers, draw, .. } = self;
        let slot = slots.get_mut(id.index()).filter(|slot| slot.generation == id.generation);
        let Some(subscriber) = slot.and_then(|slot| slot.subscriber.as_mut()) else {
            return Delivery::Ended(End::Unknown);
        };
        if let Some(end) = subscriber.ended {
            return Delivery::Ended(end);
        }
        subscriber.touch(now);
        if subscriber.has_aged(now) {
            subscriber.close(End::MaxAge, None);
        }
        let delivery = if let Some(dropped) = subscriber.take_dropped() {
            Delivery::Lagged { dropped }
        } else if let Some(retry) = subscriber.announce.take() {
            Delivery::Frame(Frame::empty().retry(retry).encode())
        } else if let Some(bytes) = subscriber.deliver(log) {
            Delivery::Frame(bytes)
        } else {
            match subscriber.farewell() {
                Some(Some(retry)) => Delivery::Frame(Frame::empty().retry(retry).encode()),
                Some(None) => Delivery::Ended(subscriber.ended.unwrap_or(End::Closed)),
                None if subscriber.beat_at.is_some_and(|at| at <= now) => Delivery::Frame(HEARTBEAT),
                None => Delivery::Pending,
            }
        };
        match &delivery {
            Delivery::Frame(_) => {
                subscriber.beat_at = config.heartbeat.and_then(|beat| after(draw, now, beat));
            }
            Delivery::Pending => subscriber.park(),
            Delivery::Lagged { .. } | Delivery::Ended(_) => {}
        }
        arm(timers, id, subscriber, config.limits.write_stall);
        delivery
    }

    /// A subscriber that has something to read again since it was last told [`Delivery::Pending`].
    pub fn poll_woken(&mut self) -> Option<SubId> {
        self.woken.pop()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due. It may be early, never late.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Time has passed: heartbeats, maximum ages, stalled readers, and events too old for replay.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.trim(now, None);
        while let Some((at, id)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            let stall = self.config.limits.write_stall;
            let Some(subscriber) = occupant(&mut self.slots, id.index) else { continue };
            subscriber.timer_at = None;
            let is_due = subscriber.deadline(stall).is_some_and(|deadline| deadline <= now);
            if is_due && subscriber.has_stalled(now, stall) {
                subscriber.end(End::Stalled);
                self.woken.push(id);
            } else if is_due {
                if subscriber.has_aged(now) {
                    subscriber.close(End::MaxAge, None);
                }
                if subscriber.unpark(now) {
                    self.woken.push(id);
                }
            }
            arm(&mut self.timers, id, subscriber, stall);
        }
    }

    /// Ends one subscription, after what waits for it was delivered; with `retry`, the client is told when to come back.
    pub fn close(&mut self, now: Instant, id: SubId, retry: Option<Duration>) {
        self.close_with(now, id, End::Closed, retry);
    }

    fn close_with(&mut self, now: Instant, id: SubId, end: End, retry: Option<Duration>) {
        let slot = self.slots.get_mut(id.index()).filter(|slot| slot.generation == id.generation);
        let Some(subscriber) = slot.and_then(|slot| slot.subscriber.as_mut()) else { return };
        subscriber.close(end, retry);
        if subscriber.unpark(now) {
            self.woken.push(id);
        }
        arm(&mut self.timers, id, subscriber, self.config.limits.write_stall);
    }

    /// Ends every subscription, after what waits for it was delivered, and refuses new ones. Clients are told to come
    /// back after a time drawn for each of them between `retry` and twice that, so that they do not all come at once.
    pub fn drain(&mut self, now: Instant, retry: Duration) {
        self.draining = true;
        for index in 0..self.slots.len() {
            let retry = self.draw.between(retry, retry.saturating_mul(2));
            let generation = self.slots[index].generation;
            // Slots are numbered by `u32`.
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            self.close_with(now, SubId { index, generation }, End::Drained, Some(retry));
        }
    }
}

impl<K> fmt::Debug for Hub<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("config", &self.config)
            .field("subscribers", &self.subscribers)
            .field("draining", &self.draining)
            .finish_non_exhaustive()
    }
}

/// An empty comment: the shortest block that is no event (HTML Standard §9.2.7 recommends comments against timeouts).
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// `now` and `wait`, give or take a fifth. `None` when the clock cannot tell such a time.
fn after(draw: &mut Draw, now: Instant, wait: Duration) -> Option<Instant> {
    let fifth = wait / 5;
    now.checked_add(draw.between(wait.saturating_sub(fifth), wait.saturating_add(fifth)))
}

/// Makes sure that the table of deadlines is not later than the subscriber's. It may be earlier: most deadlines move on
/// with each event, and moving the entry only when it fires is cheaper.
fn arm<K: TopicKey>(
    timers: &mut BTreeSet<(Instant, SubId)>,
    id: SubId,
    subscriber: &mut Subscriber<K>,
    stall: Duration,
) {
    let deadline = subscriber.deadline(stall);
    let is_early = |deadline| subscriber.timer_at.is_some_and(|at| at <= deadline);
    if deadline.is_some_and(is_early) {
        return;
    }
    if let Some(at) = subscriber.timer_at {
        timers.remove(&(at, id));
    }
    subscriber.timer_at = deadline;
    timers.extend(deadline.map(|deadline| (deadline, id)));
}

fn occupant<K>(slots: &mut [Slot<K>], index: u32) -> Option<&mut Subscriber<K>> {
    slots.get_mut(index as usize)?.subscriber.as_mut()
}

fn join(members: &mut Vec<u32>, index: u32) -> u32 {
    members.push(index);
    u32::try_from(members.len() - 1).unwrap_or(u32::MAX)
}

/// Takes a place out of a list; returns whom that moved into it.
fn leave(members: &mut Vec<u32>, place: u32) -> Option<u32> {
    members.swap_remove(place as usize);
    members.get(place as usize).copied()
}
