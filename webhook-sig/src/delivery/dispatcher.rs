//! The machine: endpoints and events go in, signed attempts, store operations and reports come out.

use super::attempt::{Attempt, Failure};
use super::config::Config;
use super::counters::Counters;
use super::endpoint::{DisabledReason, Endpoint, EndpointState};
use super::event::DeliveryEvent;
use super::id::{AttemptId, AttemptNumber, DeliveryId, EndpointId, EventId, Ticket};
use super::limits::Limits;
use super::outbound::OutboundEvent;
use super::queue::{Entropy, Slot};
use super::replay::ReplayState;
use super::store_op::{Change, DeliveryRow, DeliveryStatus};
use super::storing::Outstanding;
use crate::UnixMillis;
use crate::ssrf::{Blocked, TargetPolicy};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

/// Delivers events to endpoints: at least once, with retries, dead letters and replay, and without doing any I/O itself.
///
/// After each input drain [`poll_store`](Self::poll_store), [`poll_attempt`](Self::poll_attempt) and [`poll_event`](Self::poll_event) until all are empty, then wait for
/// the next input or for [`poll_timeout`](Self::poll_timeout), and call [`handle_timeout`](Self::handle_timeout). Times are wall-clock times, since schedules outlive
/// the process.
///
/// Everything that must survive a crash leaves as a [`StoreOp`](super::StoreOp), and takes effect when [`on_stored`](Self::on_stored) reports it durable: an attempt goes
/// out only when its lease is stored. So a crash at any moment loses nothing; it may repeat an attempt whose outcome was not stored yet.
///
/// ```
/// use webhook_sig::delivery::*;
/// use webhook_sig::ssrf::EndpointUrl;
/// use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};
///
/// let now = UnixMillis::from_secs(1_700_000_000);
/// let mut hooks = Dispatcher::new(Config::default(), 7);
/// let mut store = MemoryStore::new(1000);
/// let ring = KeyRing::new().hmac("2026-11", Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)?;
/// let url = EndpointUrl::parse("https://example.com/hooks")?;
/// hooks.register(Endpoint::new(EndpointId::new(1), url, Scheme::StandardWebhooks, ring))?;
///
/// hooks.enqueue(OutboundEvent::new(EventId::parse("evt_1")?, EventType::parse("user.created")?, "{}", now), now)?;
/// store.settle(&mut hooks, now);
/// let attempt = hooks.poll_attempt(now).expect("due at once");
/// assert_eq!(attempt.number().get(), 1);
///
/// hooks.on_outcome(attempt.id, Outcome::status(503), now)?;
/// store.settle(&mut hooks, now);
/// let next = hooks.poll_timeout().expect("a second attempt");
/// assert!(next.as_millis() - now.as_millis() >= 5_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Dispatcher {
    pub(super) config: Config,
    pub(super) policy: Arc<TargetPolicy>,
    pub(super) entropy: Entropy,
    pub(super) endpoints: BTreeMap<EndpointId, Slot>,
    pub(super) deliveries: BTreeMap<DeliveryId, Delivery>,
    pub(super) held: BTreeMap<EventId, Held>,
    pub(super) held_bytes: usize,
    pub(super) due: BTreeSet<(UnixMillis, DeliveryId)>,
    /// Attempts in flight by the time at which they count as lost.
    pub(super) leases: BTreeSet<(UnixMillis, DeliveryId)>,
    /// Dead letters, the oldest first.
    pub(super) dead: BTreeSet<(UnixMillis, DeliveryId)>,
    /// Endpoints with something ready and a place free, served in turn.
    pub(super) runnable: VecDeque<EndpointId>,
    /// Leased deliveries, to be handed out.
    pub(super) outgoing: VecDeque<DeliveryId>,
    pub(super) in_flight: usize,
    pub(super) paused: bool,
    pub(super) outstanding: BTreeMap<Ticket, Outstanding>,
    pub(super) to_store: VecDeque<Ticket>,
    /// Operations that failed, by the time at which they are issued again.
    pub(super) redo: BTreeSet<(UnixMillis, Ticket)>,
    pub(super) replays: BTreeMap<Ticket, ReplayState>,
    pub(super) events: VecDeque<DeliveryEvent>,
    pub(super) counters: Counters,
    pub(super) next_delivery: u64,
    pub(super) next_ticket: u64,
    pub(super) next_replay: u64,
}

/// One event in memory, for all its deliveries.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) event: Arc<OutboundEvent>,
    pub(super) holders: usize,
}

/// One delivery in memory.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) event: Arc<OutboundEvent>,
    pub(super) endpoint: EndpointId,
    pub(super) step: u32,
    pub(super) attempts: u32,
    pub(super) last_failure: Option<Failure>,
    pub(super) state: State,
}

/// Where a delivery stands. The order of a delivery's life: `Storing`, `Waiting`, `Ready`, `Leasing`, `Leased`, `InFlight`, `Settling`, and from
/// there gone, back to `Waiting`, or `Dead`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its row, new or requeued, is on its way to the store.
    Storing,
    Waiting(UnixMillis),
    Ready,
    Leasing,
    Leased,
    InFlight {
        started: UnixMillis,
        lost_at: UnixMillis,
    },
    Settling,
    Dead(UnixMillis),
    Purging,
}

impl State {
    /// True while it takes one of the places in flight.
    pub(super) fn takes_a_place(self) -> bool {
        matches!(self, Self::Leasing | Self::Leased | Self::InFlight { .. })
    }

    /// True while it counts towards the endpoint's queue.
    pub(super) fn is_queued(self) -> bool {
        !matches!(self, Self::Dead(_) | Self::Purging)
    }
}

/// An event with its deliveries, made by [`Dispatcher::prepare`] and not yet under way.
#[derive(Clone, Debug)]
#[must_use = "store it, then admit it"]
pub struct Prepared {
    pub(super) event: Arc<OutboundEvent>,
    pub(super) deliveries: Vec<DeliveryRow>,
}

impl Prepared {
    /// The event to be stored.
    #[must_use]
    pub fn event(&self) -> &OutboundEvent {
        &self.event
    }

    /// The rows to be stored with it.
    #[must_use]
    pub fn deliveries(&self) -> &[DeliveryRow] {
        &self.deliveries
    }
}

/// An endpoint cannot be registered.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegisterError {
    /// The policy refuses the URL.
    Blocked(Blocked),
    /// The id is taken; [`Dispatcher::replace`] changes an endpoint.
    Duplicate,
    /// No endpoint has this id, so it cannot be replaced.
    Unknown,
    /// [`Limits::max_endpoints`] is reached.
    TooMany,
}

/// An event cannot be enqueued.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnqueueError {
    /// The payload is larger than [`Limits::max_payload`].
    PayloadTooLarge,
    /// The content type is no header field value.
    ContentType,
    /// An event with this id is under way.
    Duplicate,
    /// [`Limits::max_held_bytes`] of payloads wait already. Try again later.
    Full,
}

/// No endpoint has this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownEndpoint;

impl Dispatcher {
    /// A dispatcher without endpoints. `seed` is the chance for the jitter: 64 random bits, or a fixed number in a test.
    #[must_use]
    pub fn new(config: Config, seed: u64) -> Self {
        Self {
            policy: Arc::new(config.policy.clone()),
            config,
            entropy: Entropy(seed),
            endpoints: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            held: BTreeMap::new(),
            held_bytes: 0,
            due: BTreeSet::new(),
            leases: BTreeSet::new(),
            dead: BTreeSet::new(),
            runnable: VecDeque::new(),
            outgoing: VecDeque::new(),
            in_flight: 0,
            paused: false,
            outstanding: BTreeMap::new(),
            to_store: VecDeque::new(),
            redo: BTreeSet::new(),
            replays: BTreeMap::new(),
            events: VecDeque::new(),
            counters: Counters::default(),
            next_delivery: 1,
            next_ticket: 1,
            next_replay: 1,
        }
    }

    /// Adds an endpoint. The caller keeps the registry (URL, filter, secret): register all of it again after a restart, before
    /// [`restore`](Self::restore), and [`restore_disabled`](Self::restore_disabled) those that were disabled.
    ///
    /// # Errors
    /// [`RegisterError`] for a URL that the policy refuses, an id that is taken, or too many endpoints.
    pub fn register(&mut self, endpoint: Endpoint) -> Result<(), RegisterError> {
        self.policy.check_url(endpoint.url()).map_err(RegisterError::Blocked)?;
        if self.endpoints.contains_key(&endpoint.id()) {
            return Err(RegisterError::Duplicate);
        }
        if self.endpoints.len() >= self.config.limits.max_endpoints {
            return Err(RegisterError::TooMany);
        }
        self.endpoints.insert(endpoint.id(), Slot::new(endpoint));
        Ok(())
    }

    /// Changes an endpoint's URL, keys, filter or header fields; its deliveries under way go by the new ones from the next attempt on.
    ///
    /// # Errors
    /// [`RegisterError`] for a URL that the policy refuses or an id that is not registered.
    pub fn replace(&mut self, endpoint: Endpoint) -> Result<(), RegisterError> {
        self.policy.check_url(endpoint.url()).map_err(RegisterError::Blocked)?;
        let slot = self.endpoints.get_mut(&endpoint.id()).ok_or(RegisterError::Unknown)?;
        slot.endpoint = endpoint;
        Ok(())
    }

    /// Sets an endpoint disabled as it was before a restart, without a store operation.
    ///
    /// # Errors
    /// [`UnknownEndpoint`] for an id that is not registered.
    pub fn restore_disabled(
        &mut self,
        id: EndpointId,
        reason: DisabledReason,
    ) -> Result<(), UnknownEndpoint> {
        self.endpoints.get_mut(&id).ok_or(UnknownEndpoint)?.state = EndpointState::Disabled(reason);
        Ok(())
    }

    /// Stops deliveries to an endpoint. Those under way wait; attempts already handed out may still end.
    ///
    /// # Errors
    /// [`UnknownEndpoint`] for an id that is not registered.
    pub fn disable(&mut self, id: EndpointId) -> Result<(), UnknownEndpoint> {
        self.set_state(id, EndpointState::Disabled(DisabledReason::Manual))
    }

    /// Starts deliveries to an endpoint again, also after a 410. What waited is due at once, within the limit in flight.
    ///
    /// # Errors
    /// [`UnknownEndpoint`] for an id that is not registered.
    pub fn enable(&mut self, id: EndpointId, now: UnixMillis) -> Result<(), UnknownEndpoint> {
        self.set_state(id, EndpointState::Enabled)?;
        self.mark_runnable(id);
        self.pump(now);
        Ok(())
    }

    pub(super) fn set_state(&mut self, id: EndpointId, state: EndpointState) -> Result<(), UnknownEndpoint> {
        let slot = self.endpoints.get_mut(&id).ok_or(UnknownEndpoint)?;
        if slot.state != state {
            slot.state = state;
            self.push_op(Change::Endpoint(id, state));
        }
        Ok(())
    }

    /// Removes an endpoint with all its deliveries, dead letters included. Outcomes of attempts in flight are ignored. The
    /// time that it takes grows with all deliveries in memory.
    ///
    /// # Errors
    /// [`UnknownEndpoint`] for an id that is not registered.
    pub fn remove(&mut self, id: EndpointId, now: UnixMillis) -> Result<(), UnknownEndpoint> {
        if !self.endpoints.contains_key(&id) {
            return Err(UnknownEndpoint);
        }
        let gone: Vec<DeliveryId> = self
            .deliveries
            .iter()
            .filter(|(_, delivery)| delivery.endpoint == id)
            .map(|(id, _)| *id)
            .collect();
        for delivery in gone {
            self.drop_delivery(delivery);
            self.counters.dropped += 1;
        }
        self.endpoints.remove(&id);
        self.push_op(Change::Forget(id));
        self.pump(now);
        Ok(())
    }

    /// The endpoints and their states, by id.
    pub fn endpoints(&self) -> impl Iterator<Item = (&Endpoint, EndpointState)> {
        self.endpoints.values().map(|slot| (&slot.endpoint, slot.state))
    }

    /// One endpoint and its state.
    #[must_use]
    pub fn endpoint(&self, id: EndpointId) -> Option<(&Endpoint, EndpointState)> {
        self.endpoints.get(&id).map(|slot| (&slot.endpoint, slot.state))
    }

    /// Takes in an event: one delivery for each enabled endpoint that wants its type, under way as soon as the store has them.
    /// The number returned is how many there are.
    ///
    /// An endpoint whose queue is full does not hold up the others: its delivery becomes a dead letter at once.
    ///
    /// # Errors
    /// [`EnqueueError`]: nothing was taken in.
    pub fn enqueue(&mut self, event: OutboundEvent, now: UnixMillis) -> Result<usize, EnqueueError> {
        let Prepared { event, deliveries } = self.prepare(event, now)?;
        let count = deliveries.len();
        // Held once for the operation itself, so that an event that nobody wants is not taken in twice meanwhile.
        let event = self.hold(event);
        for row in &deliveries {
            self.adopt(&event, row, State::Storing);
        }
        self.counters.events += 1;
        self.counters.created += count as u64;
        self.push_op(Change::Insert { event, deliveries });
        Ok(count)
    }

    /// The first half of [`enqueue`](Self::enqueue), for a caller who stores the event and its rows in a transaction of their own, together with what
    /// the event tells of. Nothing is under way until [`admit`](Self::admit); to drop the result undoes it. Should the process die between the commit and `admit`,
    /// [`restore`](Self::restore) finds the rows.
    ///
    /// # Errors
    /// [`EnqueueError`]: the event cannot be taken in.
    pub fn prepare(&mut self, event: OutboundEvent, now: UnixMillis) -> Result<Prepared, EnqueueError> {
        let limits = &self.config.limits;
        if event.payload.len() > limits.max_payload {
            return Err(EnqueueError::PayloadTooLarge);
        }
        let text = &event.content_type;
        if text.is_empty()
            || text.len() > 128
            || !text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
            || text.trim() != text
        {
            return Err(EnqueueError::ContentType);
        }
        if self.held.contains_key(&event.id) {
            return Err(EnqueueError::Duplicate);
        }
        if !self.make_room(&event) {
            return Err(EnqueueError::Full);
        }
        let event = Arc::new(event);
        let targets: Vec<EndpointId> = self
            .endpoints
            .values()
            .filter(|slot| slot.takes(&event.event_type))
            .map(|slot| slot.endpoint.id())
            .collect();
        let deliveries = targets.into_iter().map(|endpoint| self.new_row(&event.id, endpoint, now)).collect();
        Ok(Prepared { event, deliveries })
    }

    /// The second half of [`enqueue`](Self::enqueue), once the caller's transaction is durable. Does nothing for an event that is under way already.
    pub fn admit(&mut self, prepared: Prepared, now: UnixMillis) {
        let Prepared { event, deliveries } = prepared;
        if self.held.contains_key(&event.id) {
            return;
        }
        self.counters.events += 1;
        let event = self.hold(event);
        for row in &deliveries {
            if self.adopt(&event, row, State::Storing) {
                self.counters.created += 1;
                self.begin(row);
            }
        }
        self.release(&event.id);
        self.events_push(DeliveryEvent::Enqueued { event: event.id.clone(), deliveries: deliveries.len() });
        self.pump(now);
    }

    /// Takes over an event and its rows from the store after a restart. Register the endpoints first; rows of endpoints that are not
    /// registered, and of deliveries that have arrived, are passed over. A delivery that was leased at the crash is tried again at once: whether that
    /// attempt arrived nobody can know. The limits on queues and memory refuse nothing here, as it was taken in once. Returns how many deliveries
    /// were taken over.
    pub fn restore(&mut self, event: OutboundEvent, rows: &[DeliveryRow], now: UnixMillis) -> usize {
        let event = self.hold(Arc::new(event));
        let mut taken = 0;
        for row in rows {
            self.skip_ids_through(row.id);
            let live = row.status != DeliveryStatus::Delivered && row.event == event.id;
            if !live || !self.adopt(&event, row, State::Storing) {
                continue;
            }
            taken += 1;
            self.counters.restored += 1;
            match row.status {
                DeliveryStatus::Dead => self.bury(row.id, row.at),
                DeliveryStatus::Leased => self.schedule(row.id, now),
                DeliveryStatus::Waiting | DeliveryStatus::Delivered => self.schedule(row.id, row.at),
            }
        }
        self.release(&event.id);
        self.pump(now);
        taken
    }

    /// Counts new deliveries from behind this id. Call it after a restart with the highest id in the store where
    /// [`restore`](Self::restore) is not given every row.
    pub fn skip_ids_through(&mut self, last: DeliveryId) {
        self.next_delivery = self.next_delivery.max(last.get().saturating_add(1));
    }

    /// The next request to send, signed with this time. Its lease is stored.
    pub fn poll_attempt(&mut self, now: UnixMillis) -> Option<Attempt> {
        while let Some(id) = self.outgoing.pop_front() {
            if let Some(attempt) = self.hand_out(id, now) {
                return Some(attempt);
            }
        }
        None
    }

    /// The next report.
    pub fn poll_event(&mut self) -> Option<DeliveryEvent> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, unless something happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<UnixMillis> {
        let due = self.due.first().map(|(at, _)| *at);
        let lost = self.leases.first().map(|(at, _)| *at);
        let redo = self.redo.first().map(|(at, _)| *at);
        [due, lost, redo].into_iter().flatten().min()
    }

    /// Lets time pass: deliveries become due, attempts without an outcome count as lost, failed store operations are issued again.
    pub fn handle_timeout(&mut self, now: UnixMillis) {
        self.pump(now);
    }

    /// Leases no more attempts until [`resume`](Self::resume): to drain before the process ends, [`pause`](Self::pause) and wait for [`is_idle`](Self::is_idle).
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Leases attempts again.
    pub fn resume(&mut self, now: UnixMillis) {
        self.paused = false;
        self.pump(now);
    }

    /// True with no attempt in flight and no store operation under way.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.outstanding.is_empty()
    }

    /// Attempts leased or in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Deliveries that are neither delivered nor dead letters, all endpoints together.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.endpoints.values().map(|slot| slot.queued).sum()
    }

    /// What was done so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// The policy over targets in force.
    #[must_use]
    pub fn policy(&self) -> &TargetPolicy {
        &self.policy
    }

    pub(super) fn events_push(&mut self, event: DeliveryEvent) {
        if self.events.len() >= self.config.limits.max_unread_events.max(1) {
            self.events.pop_front();
            self.counters.unread_events += 1;
        }
        self.events.push_back(event);
    }
}

impl Delivery {
    /// The attempt that is under way or was the last.
    pub(super) fn attempt(&self, delivery: DeliveryId) -> AttemptId {
        // Only asked for after a lease, which counts `attempts` up from 0.
        AttemptId { delivery, number: AttemptNumber::new(self.attempts).unwrap_or(AttemptNumber::FIRST) }
    }

    pub(super) fn row(&self, id: DeliveryId, status: DeliveryStatus, at: UnixMillis) -> DeliveryRow {
        DeliveryRow {
            id,
            event: self.event.id.clone(),
            endpoint: self.endpoint,
            status,
            at,
            step: self.step,
            attempts: self.attempts,
            last_failure: self.last_failure,
        }
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blocked(blocked) => blocked.fmt(f),
            Self::Duplicate => f.write_str("an endpoint with this id is registered already"),
            Self::Unknown => UnknownEndpoint.fmt(f),
            Self::TooMany => f.write_str("the limit on endpoints is reached"),
        }
    }
}

impl core::error::Error for RegisterError {}

impl fmt::Display for EnqueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PayloadTooLarge => "the payload is larger than the limit max_payload",
            Self::ContentType => "the content type is no header field value",
            Self::Duplicate => "an event with this id is under way already",
            Self::Full => "the payloads in memory have reached the limit max_held_bytes; try again later",
        })
    }
}

impl core::error::Error for EnqueueError {}

impl fmt::Display for UnknownEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no endpoint has this id")
    }
}

impl core::error::Error for UnknownEndpoint {}
