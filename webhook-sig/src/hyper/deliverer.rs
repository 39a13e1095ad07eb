//! The loop that drives a dispatcher: store, send, wait.
#![allow(clippy::disallowed_methods, reason = "an adapter: it reads the clock, waits and spawns")]

use super::sender::Sender;
use super::store::Store;
use crate::UnixMillis;
use crate::delivery::{
    AttemptId, DeliveryEvent, Dispatcher, EnqueueError, OutboundEvent, Outcome, StoreOp, StoreResult,
};
use std::boxed::Box;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::vec::Vec;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The most operations handed to the store at once, so that a transaction stays short.
const STORE_BATCH: usize = 1024;
/// The longest sleep: a wall clock that was set forward is noticed within it.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long a shutdown waits for a store that fails, once all attempts have ended.
const STORE_PATIENCE: Duration = Duration::from_secs(5);

/// Drives a [`Dispatcher`]: applies its store operations, sends its attempts, tells of its events.
///
/// [`run`](Self::run) is one future to spawn; a [`Handle`] reaches the dispatcher from anywhere meanwhile.
pub struct Deliverer<S> {
    shared: Arc<Shared>,
    sender: Sender,
    store: S,
    on_event: Box<dyn FnMut(DeliveryEvent) + Send>,
}

/// Reaches the dispatcher of a running [`Deliverer`]. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

struct Shared {
    dispatcher: Mutex<Dispatcher>,
    wake: Notify,
    stopping: AtomicBool,
}

impl Shared {
    /// A panic in a closure of [`Handle::with`] leaves the dispatcher between two calls at worst: it is used on.
    fn lock(&self) -> MutexGuard<'_, Dispatcher> {
        self.dispatcher.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> UnixMillis {
    UnixMillis::from(SystemTime::now())
}

impl Handle {
    /// Calls the dispatcher with the present time, then lets the loop look after what has changed: to register endpoints, to list or
    /// requeue dead letters, to replay. The dispatcher is locked meanwhile: be quick.
    pub fn with<R>(&self, call: impl FnOnce(&mut Dispatcher, UnixMillis) -> R) -> R {
        let result = call(&mut self.shared.lock(), now());
        self.shared.wake.notify_one();
        result
    }

    /// [`Dispatcher::enqueue`], now.
    ///
    /// # Errors
    /// Those of [`Dispatcher::enqueue`].
    pub fn enqueue(&self, event: OutboundEvent) -> Result<usize, EnqueueError> {
        self.with(|dispatcher, now| dispatcher.enqueue(event, now))
    }

    /// The wall clock.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        now()
    }

    /// Ends the loop once the attempts in flight have ended and are stored. What is queued stays in the store.
    pub fn shutdown(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.with(|dispatcher, _| dispatcher.pause());
    }
}

impl<S: Store> Deliverer<S> {
    /// A loop over this dispatcher, and a handle to it. Restore from the store before.
    #[must_use]
    pub fn new(dispatcher: Dispatcher, sender: Sender, store: S) -> (Self, Handle) {
        let shared = Arc::new(Shared {
            dispatcher: Mutex::new(dispatcher),
            wake: Notify::new(),
            stopping: AtomicBool::new(false),
        });
        let handle = Handle { shared: shared.clone() };
        (Self { shared, sender, store, on_event: Box::new(|_| {}) }, handle)
    }

    /// With somebody to tell of events. The call runs in the loop: be quick, or pass it on.
    #[must_use]
    pub fn on_event(mut self, call: impl FnMut(DeliveryEvent) + Send + 'static) -> Self {
        self.on_event = Box::new(call);
        self
    }

    /// Delivers until [`Handle::shutdown`], then gives the store back. Dropping the future ends it at once: attempts in flight break off, and are
    /// tried again after a restart, since their leases are stored.
    pub async fn run(mut self) -> S {
        let mut flights = JoinSet::new();
        let mut patience = None;
        self.shared.lock().handle_timeout(now());
        loop {
            self.drain(&mut flights).await;
            if self.shared.stopping.load(Ordering::Acquire) && flights.is_empty() {
                let until = *patience.get_or_insert_with(|| Instant::now() + STORE_PATIENCE);
                if self.shared.lock().is_idle() || Instant::now() >= until {
                    return self.store;
                }
            }
            self.wait(&mut flights).await;
            self.shared.lock().handle_timeout(now());
        }
    }

    /// Until the dispatcher has nothing more to say.
    async fn drain(&mut self, flights: &mut JoinSet<(AttemptId, Outcome)>) {
        loop {
            let ops: Vec<StoreOp> = {
                let mut dispatcher = self.shared.lock();
                std::iter::from_fn(|| dispatcher.poll_store()).take(STORE_BATCH).collect()
            };
            let stored = !ops.is_empty();
            if stored {
                self.store_all(ops).await;
            }
            let mut dispatcher = self.shared.lock();
            while let Some(attempt) = dispatcher.poll_attempt(now()) {
                let sender = self.sender.clone();
                flights.spawn(async move { (attempt.id, sender.send(&attempt).await) });
            }
            let events: Vec<DeliveryEvent> = std::iter::from_fn(|| dispatcher.poll_event()).collect();
            // Not under the lock: the callee may hold a handle.
            drop(dispatcher);
            events.into_iter().for_each(&mut self.on_event);
            if !stored {
                return;
            }
        }
    }

    async fn store_all(&mut self, ops: Vec<StoreOp>) {
        let tickets: Vec<_> = ops.iter().map(|op| op.ticket).collect();
        let results = self.store.apply(ops).await.into_iter().chain(std::iter::repeat(StoreResult::Failed));
        let mut dispatcher = self.shared.lock();
        for (ticket, result) in tickets.into_iter().zip(results) {
            dispatcher.on_stored(ticket, result, now());
        }
    }

    /// Until an attempt ends, a handle was used, or time has come.
    async fn wait(&mut self, flights: &mut JoinSet<(AttemptId, Outcome)>) {
        let sleep = match self.shared.lock().poll_timeout() {
            Some(at) => at.saturating_since(now()).min(LONGEST_SLEEP),
            None => LONGEST_SLEEP,
        };
        tokio::select! {
            () = self.shared.wake.notified() => {}
            () = tokio::time::sleep(sleep) => {}
            Some(ended) = flights.join_next() => {
                let mut dispatcher = self.shared.lock();
                let mut ended = Some(ended);
                while let Some(one) = ended.take() {
                    // A sender that panicked reports nothing; its attempt counts as lost in time. So does an outcome that comes too late.
                    if let Ok((id, outcome)) = one {
                        let _ = dispatcher.on_outcome(id, outcome, now());
                    }
                    ended = flights.try_join_next();
                }
            }
        }
    }
}

impl<S> fmt::Debug for Deliverer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliverer").field("sender", &self.sender).finish_non_exhaustive()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
