//! The events as subscriptions take them: GraphQL, gRPC and typed RPC each answer an open call from a feed of its own.

use std::sync::Arc;

use tokio::sync::{broadcast, watch};

use crate::event::{Event, EventType};

/// Where committed events are told to whoever follows.
pub(crate) struct Feed(broadcast::Sender<Arc<Event>>);

/// The events of one kind from one moment on, in the order of their ids.
pub(crate) struct Follower {
    kind: EventType,
    events: broadcast::Receiver<Arc<Event>>,
    stopped: watch::Receiver<bool>,
}

/// Why a follower hears no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It fell behind by more events than are kept, and would otherwise miss some in silence.
    Behind,
    /// The service stops.
    Stopped,
}

/// Events that are kept for followers that are slow. They are shared, so a follower costs no memory for them.
const KEPT: usize = 1024;

impl Feed {
    pub(crate) fn new() -> Feed {
        Feed(broadcast::Sender::new(KEPT))
    }

    /// Tells everyone who follows now.
    pub(crate) fn tell(&self, event: &Arc<Event>) {
        // Nobody may be there.
        let _ = self.0.send(Arc::clone(event));
    }

    /// Follows one kind of event from here on, until `stopped` turns true: whatever is committed after this returns is heard.
    pub(crate) fn follow(&self, kind: EventType, stopped: watch::Receiver<bool>) -> Follower {
        Follower { kind, events: self.0.subscribe(), stopped }
    }
}

impl Follower {
    /// The next event. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Arc<Event>, Ended> {
        loop {
            tokio::select! {
                biased;
                _ = self.stopped.wait_for(|stopped| *stopped) => return Err(Ended::Stopped),
                heard = self.events.recv() => match heard {
                    Ok(event) if event.kind == self.kind => return Ok(event),
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => return Err(Ended::Behind),
                    Err(broadcast::error::RecvError::Closed) => return Err(Ended::Stopped),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;

    fn event(id: i64, kind: EventType) -> Arc<Event> {
        Arc::new(Event { id, kind, at: Time::from_millis(0), data: "{}".into() })
    }

    #[tokio::test]
    async fn each_follower_hears_its_kind_once_and_in_order() {
        let feed = Feed::new();
        let (stop, stopped) = watch::channel(false);
        feed.tell(&event(1, EventType::UserCreated));
        let mut one = feed.follow(EventType::UserCreated, stopped.clone());
        let mut two = feed.follow(EventType::UserCreated, stopped);
        feed.tell(&event(2, EventType::UserCreated));
        feed.tell(&event(3, EventType::PostCreated));
        feed.tell(&event(4, EventType::UserCreated));
        for follower in [&mut one, &mut two] {
            assert_eq!(follower.next().await.unwrap().id, 2);
            assert_eq!(follower.next().await.unwrap().id, 4);
        }
        stop.send(true).unwrap();
        assert_eq!(one.next().await.unwrap_err(), Ended::Stopped);
    }

    #[tokio::test]
    async fn a_follower_that_falls_behind_is_told_so() {
        let feed = Feed::new();
        let (_stop, stopped) = watch::channel(false);
        let mut slow = feed.follow(EventType::UserCreated, stopped);
        for n in 0..=i64::try_from(KEPT).unwrap() {
            feed.tell(&event(n, EventType::UserCreated));
        }
        assert_eq!(slow.next().await.unwrap_err(), Ended::Behind);
    }
}
