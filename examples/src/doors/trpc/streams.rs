//! Subscriptions. Each event has an id to resume behind, so a client that was cut off, by us or by the net, misses none.
#![allow(clippy::disallowed_methods, reason = "ticks come by the clock")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, stream};
use rpc_typed::{Code, EventId, RpcError, Stop, Tracked};

use super::types::{Resume, Tick, TicksInput, User};
use super::{Context, refused};
use crate::app::App;
use crate::clock::Time;
use crate::event::{Event, EventType};
use crate::feed::Follower;
use crate::input::parse_id;
use crate::store::events;

/// Numbered ticks, then the end.
pub(super) async fn ticks(
    c: Context,
    input: Option<TicksInput>,
) -> Result<impl Stream<Item = Result<Tracked<Tick>, Stop>>, RpcError> {
    let input = input.unwrap_or_default();
    let count = within("count", input.count.unwrap_or(10), 1, 1000)?;
    let every = within("everyMs", input.every_ms.unwrap_or(1000), 10, 60_000)?;
    let every = Duration::from_millis(u64::from(every));
    // An id that is none of ours begins anew.
    let seen = input.last_event_id.and_then(|id| id.parse().ok()).unwrap_or(0);
    let stopped = c.app.stopped.clone();
    Ok(stream::unfold((seen, stopped), move |(n, mut stopped): (u32, _)| async move {
        let n = n.checked_add(1).filter(|n| *n <= count)?;
        let stopping = tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => true,
            () = tokio::time::sleep(every) => false,
        };
        if stopping {
            return Some((Err(Stop::Reconnect), (n, stopped)));
        }
        let tick = Tick { n, at: Time::now().to_string() };
        Some((Ok(Tracked::new(u64::from(n).into(), tick)), (n, stopped)))
    }))
}

fn within(name: &str, value: u32, min: u32, max: u32) -> Result<u32, RpcError> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let what = format!("must be a whole number from {min} to {max}");
    Err(RpcError::new(Code::BadRequest, format!("{name} {what}")).issue([name], what))
}

/// Each user that is created, from here on or from behind the event that the client saw last.
pub(super) async fn created(
    c: Context,
    input: Option<Resume>,
) -> Result<impl Stream<Item = Result<Tracked<User>, Stop>>, RpcError> {
    let seen = match input.and_then(|input| input.last_event_id) {
        None => None,
        Some(id) => Some(parse_id(&id).ok_or_else(|| {
            RpcError::new(Code::BadRequest, "lastEventId is none of ours")
                .issue(["lastEventId"], "is none of ours")
        })?),
    };
    // Listen first and look back then: what is committed in between is heard, and told once.
    let follower = c.app.follow(EventType::UserCreated);
    let mut feed =
        Users { app: c.app, follower, missed: VecDeque::new(), seen: 0, replaying: seen.is_some() };
    if let Some(seen) = seen {
        // An id that is still to come is of another database: from here on, then.
        let newest = feed.app.store.read(events::last_id).await.map_err(|f| refused(&f))?;
        feed.seen = seen.min(newest);
        feed.look_back().await.map_err(|f| refused(&f))?;
    }
    Ok(stream::unfold(feed, |mut feed| async move {
        let told = match feed.next().await {
            Ok(event) => User::told(&event)
                .map(|user| Tracked::new(EventId::from(event.id.unsigned_abs()), user))
                .map_err(|f| refused(&f).into()),
            Err(stop) => Err(stop),
        };
        Some((told, feed))
    }))
}

struct Users {
    app: Arc<App>,
    follower: Follower,
    missed: VecDeque<Event>,
    seen: i64,
    replaying: bool,
}

/// Events that are read back at a time.
const PAGE: i64 = 100;

impl Users {
    async fn look_back(&mut self) -> Result<(), crate::failure::Failure> {
        let seen = self.seen;
        let missed =
            self.app.store.read(move |db| events::of_kind(db, EventType::UserCreated, seen, PAGE)).await?;
        self.replaying = i64::try_from(missed.len()).is_ok_and(|n| n == PAGE);
        self.missed = missed.into();
        Ok(())
    }

    async fn next(&mut self) -> Result<Arc<Event>, Stop> {
        if self.missed.is_empty() && self.replaying {
            self.look_back().await.map_err(|f| Stop::from(refused(&f)))?;
        }
        if let Some(event) = self.missed.pop_front() {
            self.seen = event.id;
            return Ok(Arc::new(event));
        }
        loop {
            // Whether the service stops or the client was too slow: it comes back behind what it saw, and misses nothing.
            let event = self.follower.next().await.map_err(|_| Stop::Reconnect)?;
            if event.id > self.seen {
                self.seen = event.id;
                return Ok(event);
            }
        }
    }
}
