//! The hub for servers: a handle to share between tasks, and each subscriber as an [`http_body::Body`].
//!
//! The body goes into any server that speaks `http_body` (hyper, axum, tonic), over HTTP/1.1 or HTTP/2. Dropping it
//! unsubscribes. One task per hub waits for heartbeats and other deadlines; it starts with the first subscription, inside
//! whose tokio runtime it lives, and ends with the last handle.
//!
//! ```
//! use sse_codec::{Frame, hub::{HubConfig, Subscribe}, hyper::{EventBody, SharedHub}};
//!
//! let hub = SharedHub::<String>::new(HubConfig::default());
//!
//! // In a handler of any service:
//! fn events<B>(hub: &SharedHub<String>, request: &http::Request<B>) -> http::Response<EventBody<String>> {
//!     hub.respond(request, Subscribe::topic(request.uri().path().to_owned()))
//! }
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! # let _guard = runtime.enter();
//! let response = events(&hub, &http::Request::get("/prices").body(())?);
//! assert_eq!(response.headers()["content-type"], "text/event-stream");
//!
//! // Anywhere else:
//! hub.publish(&"/prices".into(), Frame::data("12").event("tick")?)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A browser opens six HTTP/1.1 connections to an origin, over all its tabs, and a stream holds one of them; over HTTP/2
//! they share one. Let no layer compress `text/event-stream` into blocks: events would wait for a block to fill.

#![allow(clippy::disallowed_methods, reason = "the adapter reads the clock, sleeps and spawns its one task")]

mod body;
mod negotiate;

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::Waker,
    time::{Duration, Instant},
};

use ::tokio::{runtime::Handle, sync::Notify, task::JoinHandle, time};

pub use self::body::EventBody;
use crate::{
    EventId, EventName, Frame,
    hub::{Hub, HubConfig, Publish, PublishError, SubId, Subscribe, SubscribeError, TopicKey},
};

/// A [`Hub`] for any number of tasks and threads; clones are handles to the same hub.
pub struct SharedHub<K: TopicKey> {
    shared: Arc<Shared<K>>,
}

struct Shared<K: TopicKey> {
    state: Mutex<State<K>>,
    reset: Option<EventName>,
    /// The deadlines changed, or the hub is gone.
    rearm: Arc<Notify>,
    /// The last subscriber left.
    emptied: Notify,
}

struct State<K> {
    hub: Hub<K>,
    wakers: Vec<Option<Waker>>,
    timer: Option<JoinHandle<()>>,
    /// What the timer task waits for.
    timer_at: Option<Instant>,
}

impl<K: TopicKey> SharedHub<K> {
    /// A hub whose streams say `event: reset` when events were lost; see [`with_reset`](Self::with_reset).
    #[must_use]
    pub fn new(config: HubConfig) -> Self {
        Self::with_reset(config, EventName::parse("reset").ok())
    }

    /// A hub that names the event by which a client is told that it missed some and should fetch its state anew.
    ///
    /// Its data is `gap` (events behind the client's id are no longer held), `unknown-id` (nothing is known of that id) or
    /// `lagged` (the client was too slow and its policy gave events up). It has no id. `None`: nothing is said.
    #[must_use]
    pub fn with_reset(config: HubConfig, reset: Option<EventName>) -> Self {
        let entropy = RandomState::new().hash_one(0_u8);
        let state = State { hub: Hub::new(config, entropy), wakers: Vec::new(), timer: None, timer_at: None };
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                reset,
                rearm: Arc::new(Notify::new()),
                emptied: Notify::new(),
            }),
        }
    }

    /// As [`Hub::seed`]. Call it before the first subscription.
    ///
    /// # Errors
    /// As [`Hub::seed`].
    pub fn seed<'f>(
        &self,
        floor: u64,
        events: impl IntoIterator<Item = (K, Frame<'f>)>,
    ) -> Result<(), PublishError> {
        self.shared.with(|hub, now| hub.seed(now, floor, events))
    }

    /// As [`Hub::publish`].
    ///
    /// # Errors
    /// As [`Hub::publish`].
    pub fn publish<'f>(
        &self,
        topic: &K,
        event: impl Into<Publish<'f>>,
    ) -> Result<Option<EventId>, PublishError> {
        self.shared.with(|hub, now| hub.publish(now, topic, event))
    }

    /// As [`Hub::subscribe`]: the stream as a body. [`EventBody::resume`] tells where it begins.
    ///
    /// # Errors
    /// As [`Hub::subscribe`].
    pub fn subscribe(&self, wish: Subscribe<K>) -> Result<EventBody<K>, SubscribeError>
    where
        K: Send + 'static,
    {
        let (id, resume) = self.shared.with(|hub, now| hub.subscribe(now, wish))?;
        self.shared.ensure_timer();
        Ok(EventBody::new(Arc::clone(&self.shared), id, resume))
    }

    /// Answers a request for the stream.
    ///
    /// 200 with the stream for GET, without it for HEAD; 405 for other methods; 406 when `Accept` rules out
    /// `text/event-stream` (no `Accept` takes anything; RFC 9110 §12.5.1); 503 with `Retry-After` when the hub is full or
    /// drains. Unless `wish` says where to begin, the request's `Last-Event-ID` does. Refusals have an empty body.
    pub fn respond<B>(&self, request: &http::Request<B>, wish: Subscribe<K>) -> http::Response<EventBody<K>>
    where
        K: Send + 'static,
    {
        if let Err(refusal) = negotiate::check(request.method(), request.headers()) {
            return refusal.map(|()| EventBody::empty());
        }
        if request.method() == http::Method::HEAD {
            return EventBody::empty().into_response();
        }
        let wish = if wish.resumes() { wish } else { wish.resume_from(request.headers()) };
        match self.subscribe(wish) {
            Ok(body) => body.into_response(),
            Err(error) => negotiate::refusal(&error).map(|()| EventBody::empty()),
        }
    }

    /// As [`Hub::drain`]; then wait for [`drained`](Self::drained), within a time of your own: a client that does not
    /// read keeps its stream for up to `write_stall`.
    pub fn drain(&self, retry: Duration) {
        self.shared.with(|hub, now| hub.drain(now, retry));
    }

    /// Returns when no subscriber is left.
    pub async fn drained(&self) {
        loop {
            let emptied = self.shared.emptied.notified();
            if self.subscribers() == 0 {
                return;
            }
            emptied.await;
        }
    }

    /// How many streams are open.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.shared.lock().hub.subscribers()
    }

    /// How many events are held for replay.
    #[must_use]
    pub fn events(&self) -> usize {
        self.shared.lock().hub.events()
    }
}

impl<K: TopicKey> Clone for SharedHub<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K: TopicKey> fmt::Debug for SharedHub<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedHub").field("hub", &self.shared.lock().hub).finish_non_exhaustive()
    }
}

impl<K: TopicKey> Shared<K> {
    /// A filter that panics poisons the lock in the middle of a publication, whose accounts stay sound enough: at worst
    /// some subscribers do not see that one event.
    fn lock(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the hub, then wakes whom that concerns, outside the lock.
    fn with<R>(&self, act: impl FnOnce(&mut Hub<K>, Instant) -> R) -> R {
        let mut woken = Vec::new();
        let mut state = self.lock();
        let done = act(&mut state.hub, now());
        while let Some(id) = state.hub.poll_woken() {
            woken.extend(state.wakers.get_mut(id.index()).and_then(Option::take));
        }
        let is_earlier = state.is_timer_late();
        drop(state);
        if is_earlier {
            self.rearm.notify_one();
        }
        woken.into_iter().for_each(Waker::wake);
        done
    }

    fn unsubscribe(&self, id: SubId) {
        let mut state = self.lock();
        state.hub.unsubscribe(id);
        if let Some(waker) = state.wakers.get_mut(id.index()) {
            *waker = None;
        }
        if state.hub.subscribers() == 0 {
            drop(state);
            self.emptied.notify_waiters();
        }
    }

    /// Starts the timer task if there is none, or if the runtime that ran it is gone.
    fn ensure_timer(self: &Arc<Self>)
    where
        K: Send + 'static,
    {
        let mut state = self.lock();
        if state.timer.as_ref().is_some_and(|timer| !timer.is_finished()) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            state.timer = Some(runtime.spawn(run_timer(Arc::downgrade(self), Arc::clone(&self.rearm))));
        }
    }
}

impl<K: TopicKey> State<K> {
    fn is_timer_late(&self) -> bool {
        self.hub.poll_timeout().is_some_and(|due| self.timer_at.is_none_or(|at| due < at))
    }
}

impl<K: TopicKey> Drop for Shared<K> {
    fn drop(&mut self) {
        self.rearm.notify_one();
    }
}

/// Waits for the hub's deadlines for as long as there is a hub.
async fn run_timer<K: TopicKey>(shared: Weak<Shared<K>>, rearm: Arc<Notify>) {
    loop {
        let Some(strong) = shared.upgrade() else { return };
        strong.with(Hub::handle_timeout);
        let due = {
            let mut state = strong.lock();
            state.timer_at = state.hub.poll_timeout();
            state.timer_at
        };
        drop(strong);
        match due {
            None => rearm.notified().await,
            // Either the time has come or the deadlines changed: look again.
            Some(due) => drop(time::timeout_at(time::Instant::from_std(due), rearm.notified()).await),
        }
    }
}

/// The runtime's clock, which tests can stop.
fn now() -> Instant {
    time::Instant::now().into_std()
}
