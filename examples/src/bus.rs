//! From the commit to the listening doors: the event stream, the rooms, the webhooks, the feeds of subscriptions; each once.

use std::sync::Arc;
use std::sync::OnceLock;

use sse_codec::EventName;
use sse_codec::hub::HubConfig;
use sse_codec::hyper::SharedHub;
use webhook_sig::delivery::{Dispatcher, EndpointId, Prepared, StoreOp, StoreResult};
use webhook_sig::hyper::{Deliverer, Handle, Sender, entropy};

use crate::config::Config;
use crate::doors::{room_message, stream};
use crate::event::{Event, EventType};
use crate::failure::Failure;
use crate::feed::Feed;
use crate::rooms::Rooms;
use crate::store::{Change, Listener, OpenError, Opened, Store, events, hooks};
use crate::targets;

/// Everyone who listens.
pub(crate) struct Bus {
    pub(crate) hub: SharedHub<&'static str>,
    pub(crate) rooms: Rooms<Line>,
    pub(crate) hooks: Handle,
    pub(crate) feed: Feed,
}

/// What goes to the members of a room: framed once for all of them.
pub(crate) type Line = ws_frame::Prepared;

/// The webhooks that are still to be sent, as a loop to be run once the store is served.
pub(crate) struct Deliveries {
    run: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
    store: Arc<OnceLock<Store>>,
}

impl Bus {
    /// Takes up what the database holds: the newest events for whoever resumes, the deliveries that are still owed.
    pub(crate) fn restore(config: &Config, opened: &Opened) -> Result<(Bus, Deliveries), OpenError> {
        let hub = hub(config, opened)?;
        let mut dispatcher = Dispatcher::new(targets::dispatcher_config(config)?, entropy()?);
        let handle_now =
            webhook_sig::UnixMillis::from_millis(crate::clock::Time::now().millis().unsigned_abs());
        for endpoint in hooks::endpoints(opened.db())? {
            let id = EndpointId::new(endpoint.id.unsigned_abs());
            // A target that the present configuration forbids is not registered, and its deliveries wait for another.
            match targets::endpoint(&endpoint).and_then(|e| Ok(dispatcher.register(e)?)) {
                Ok(()) => {}
                Err(cause) => {
                    tracing::warn!(endpoint = endpoint.id, %cause, "an endpoint is not served");
                    continue;
                }
            }
            if let Some(reason) = endpoint.disabled_reason() {
                dispatcher.restore_disabled(id, reason)?;
            }
        }
        dispatcher.skip_ids_through(hooks::last_delivery(opened.db())?);
        for (event, rows) in hooks::unsettled(opened.db())? {
            dispatcher.restore(event, &rows, handle_now);
        }
        let store = Arc::new(OnceLock::<Store>::new());
        let durable = {
            let store = Arc::clone(&store);
            move |ops: Vec<StoreOp>| apply(store.get().cloned(), ops)
        };
        let (deliverer, hooks) = Deliverer::new(dispatcher, Sender::new(), durable);
        let run = Box::pin(async move {
            drop(deliverer.run().await);
        });
        Ok((Bus { hub, rooms: Rooms::new(), hooks, feed: Feed::new() }, Deliveries { run, store }))
    }
}

impl Deliveries {
    /// Sends until [`Handle::shutdown`].
    pub(crate) async fn run(self, store: Store) {
        if self.store.set(store).is_ok() {
            self.run.await;
        }
    }
}

/// One transaction for all; when it fails, none is reported, and all come again.
async fn apply(store: Option<Store>, ops: Vec<StoreOp>) -> Vec<StoreResult> {
    let Some(store) = store else { return Vec::new() };
    let stored =
        store.write(move |w| ops.iter().map(|op| hooks::apply(w, &op.change)).collect::<Result<Vec<_>, _>>());
    stored.await.unwrap_or_default()
}

fn hub(config: &Config, opened: &Opened) -> Result<SharedHub<&'static str>, OpenError> {
    let mut settings = HubConfig::default();
    settings.heartbeat = Some(config.heartbeat);
    settings.limits.max_replay_events = config.replay;
    // The table of events lasts longer than the process, so age is no reason to forget one.
    settings.limits.max_replay_age = std::time::Duration::MAX;
    settings.limits.max_event = 2 * config.max_body + 1024;
    settings.limits.max_queue = 4 << 20;
    settings.limits.max_replay = 8 << 20;
    settings.limits.max_log = 16 << 20;
    settings.limits.max_subscribers = config.max_connections;
    let hub = SharedHub::with_reset(settings, EventName::parse("reset").ok());
    let newest = events::newest(opened.db(), i64::try_from(config.replay).unwrap_or(i64::MAX))?;
    let last = events::last_id(opened.db())?;
    let floor = newest.first().map_or(last, |first| first.id - 1);
    let frames = newest.iter().map(|event| Ok((stream::topic(event.kind), stream::frame(event)?)));
    hub.seed(floor.unsigned_abs(), frames.collect::<Result<Vec<_>, sse_codec::FieldError>>()?)?;
    Ok(hub)
}

impl Listener for Bus {
    fn prepare(&self, event: &Event) -> Result<Prepared, Failure> {
        let outbound =
            event.outbound().ok_or_else(|| Failure::unavailable(&"an event has no outbound form"))?;
        self.hooks
            .with(|dispatcher, now| dispatcher.prepare(outbound, now))
            .map_err(|cause| Failure::unavailable(&cause))
    }

    fn committed(&self, change: Change) {
        match change {
            Change::Happened(event, owed) => {
                self.publish(&event);
                self.hooks.with(|dispatcher, now| dispatcher.admit(owed, now));
            }
            Change::EndpointAdded(endpoint) => {
                let added =
                    targets::endpoint(&endpoint).and_then(|e| Ok(self.hooks.with(|d, _| d.register(e))?));
                if let Err(cause) = added {
                    tracing::error!(endpoint = endpoint.id, %cause, "an endpoint was stored and cannot be served");
                }
            }
            Change::EndpointRemoved(id) => {
                let id = EndpointId::new(id.unsigned_abs());
                // One that the present configuration forbids was never registered.
                let _ = self.hooks.with(|dispatcher, now| dispatcher.remove(id, now));
            }
        }
    }
}

impl Bus {
    fn publish(&self, event: &Arc<Event>) {
        self.feed.tell(event);
        let streamed = stream::frame(event)
            .map_err(|e| e.to_string())
            .and_then(|frame| self.hub.publish(&stream::topic(event.kind), frame).map_err(|e| e.to_string()));
        if let Err(cause) = streamed {
            tracing::error!(event = event.id, %cause, "an event is missing in the stream");
        }
        match event.kind {
            EventType::UserCreated | EventType::UserUpdated | EventType::UserDeleted => {
                self.rooms.tell("users", || line(room_message::about_user(event)));
            }
            EventType::MessageCreated => {
                if let Some(room) = room_message::room_of(event) {
                    self.rooms.tell(&room, || line(room_message::said(event)));
                }
            }
            _ => {}
        }
    }
}

fn line(text: String) -> Line {
    ws_frame::Prepared::new(text)
}
