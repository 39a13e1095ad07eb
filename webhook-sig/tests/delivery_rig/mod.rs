//! A dispatcher on a virtual clock with a store in memory.
#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part of it, and fails by panicking")]

use webhook_sig::delivery::*;
use webhook_sig::ssrf::EndpointUrl;
use webhook_sig::{KeyRing, Scheme, Secret, UnixMillis};

pub(crate) const START: UnixMillis = UnixMillis::from_secs(1_700_000_000);
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) fn ring() -> KeyRing {
    KeyRing::new().hmac("k1", Secret::whsec(SECRET).unwrap()).unwrap()
}

pub(crate) fn endpoint(id: u64, types: &[&str]) -> Endpoint {
    let url = EndpointUrl::parse(&format!("https://example.com/hooks/{id}")).unwrap();
    Endpoint::new(EndpointId::new(id), url, Scheme::StandardWebhooks, ring())
        .types(TypeFilter::parse(types).unwrap())
}

pub(crate) fn event(id: &str, kind: &str, at: UnixMillis) -> OutboundEvent {
    let payload = format!(r#"{{"id":"{id}"}}"#);
    OutboundEvent::new(EventId::parse(id).unwrap(), EventType::parse(kind).unwrap(), payload, at)
}

pub(crate) fn secs(secs: u64) -> std::time::Duration {
    std::time::Duration::from_secs(secs)
}

pub(crate) struct Rig {
    pub(crate) hooks: Dispatcher,
    pub(crate) store: MemoryStore,
    pub(crate) now: UnixMillis,
}

impl Rig {
    pub(crate) fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.retry.jitter = Jitter::NONE;
        change(&mut config);
        Self { hooks: Dispatcher::new(config, 1), store: MemoryStore::new(10_000), now: START }
    }

    /// One endpoint for every type, exact schedule.
    pub(crate) fn with_endpoint() -> Self {
        let mut rig = Self::new(|_| {});
        rig.hooks.register(endpoint(1, &["*"])).unwrap();
        rig
    }

    pub(crate) fn enqueue(&mut self, id: &str, kind: &str) -> usize {
        let made = self.hooks.enqueue(event(id, kind, self.now), self.now).unwrap();
        self.settle();
        made
    }

    pub(crate) fn settle(&mut self) {
        self.store.settle(&mut self.hooks, self.now);
    }

    pub(crate) fn attempt(&mut self) -> Option<Attempt> {
        self.settle();
        self.hooks.poll_attempt(self.now)
    }

    pub(crate) fn attempts(&mut self) -> Vec<Attempt> {
        std::iter::from_fn(|| self.attempt()).collect()
    }

    pub(crate) fn outcome(&mut self, attempt: &Attempt, outcome: Outcome) {
        self.hooks.on_outcome(attempt.id, outcome, self.now).unwrap();
        self.settle();
    }

    pub(crate) fn events(&mut self) -> Vec<DeliveryEvent> {
        std::iter::from_fn(|| self.hooks.poll_event()).collect()
    }

    /// Goes to the next deadline; false where there is none.
    pub(crate) fn advance(&mut self) -> bool {
        let Some(at) = self.hooks.poll_timeout() else { return false };
        assert!(at > self.now, "a deadline that has passed was not handled");
        self.go_to(at);
        true
    }

    pub(crate) fn go_to(&mut self, at: UnixMillis) {
        self.now = at;
        self.hooks.handle_timeout(at);
        self.settle();
    }

    /// Fails every attempt with this outcome until the dispatcher has nothing to wait for; gives the times of the attempts.
    pub(crate) fn fail_all(&mut self, outcome: &Outcome) -> Vec<UnixMillis> {
        let mut times = Vec::new();
        loop {
            while let Some(attempt) = self.attempt() {
                times.push(self.now);
                self.outcome(&attempt, outcome.clone());
            }
            if !self.advance() {
                return times;
            }
        }
    }

    /// The books balance.
    pub(crate) fn check(&self) {
        let counters = self.hooks.counters();
        assert_eq!(
            counters.created + counters.restored,
            counters.delivered
                + counters.purged
                + counters.forgotten
                + counters.dropped
                + self.hooks.pending() as u64
                + self.hooks.dead_letters(None).count() as u64,
            "{counters:?}",
        );
    }
}
