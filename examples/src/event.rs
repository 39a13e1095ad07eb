//! What happened: one row in the table of events, the same bytes at every listening door.

use bytes::Bytes;
use serde::Serialize;

use webhook_sig::UnixMillis;
use webhook_sig::delivery::{self, EventId, OutboundEvent};

use crate::clock::Time;

/// The kinds of event that the service makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventType {
    UserCreated,
    UserUpdated,
    UserDeleted,
    PostCreated,
    CommentCreated,
    OrderCreated,
    ItemCreated,
    MessageCreated,
    NotificationCreated,
}

impl EventType {
    pub(crate) const ALL: [EventType; 9] = [
        EventType::UserCreated,
        EventType::UserUpdated,
        EventType::UserDeleted,
        EventType::PostCreated,
        EventType::CommentCreated,
        EventType::OrderCreated,
        EventType::ItemCreated,
        EventType::MessageCreated,
        EventType::NotificationCreated,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            EventType::UserCreated => "user.created",
            EventType::UserUpdated => "user.updated",
            EventType::UserDeleted => "user.deleted",
            EventType::PostCreated => "post.created",
            EventType::CommentCreated => "comment.created",
            EventType::OrderCreated => "order.created",
            EventType::ItemCreated => "item.created",
            EventType::MessageCreated => "message.created",
            EventType::NotificationCreated => "notification.created",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<EventType> {
        EventType::ALL.into_iter().find(|t| t.as_str() == text)
    }
}

/// One event, committed.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Its row, its id on the wire and its place in the order of all events.
    pub(crate) id: i64,
    pub(crate) kind: EventType,
    pub(crate) at: Time,
    /// What it is about, as JSON text.
    pub(crate) data: String,
}

impl Event {
    /// The one representation: `{"id":…,"type":…,"time":…,"data":…}`.
    pub(crate) fn json(&self) -> Bytes {
        let Event { id, kind, at, data } = self;
        let kind = kind.as_str();
        Bytes::from(format!(r#"{{"id":{id},"type":"{kind}","time":"{at}","data":{data}}}"#))
    }

    /// The event as webhooks carry it. Its id there holds the time too, since rows are counted from 1 again in a new
    /// database, and a receiver must not take a new event for an old one. Ids sort as their events do.
    pub(crate) fn outbound(&self) -> Option<OutboundEvent> {
        let id = EventId::parse(&format!("evt_{}_{:010}", self.at.millis(), self.id)).ok()?;
        let kind = delivery::EventType::parse(self.kind.as_str()).ok()?;
        Some(OutboundEvent::new(
            id,
            kind,
            self.json(),
            UnixMillis::from_millis(self.at.millis().unsigned_abs()),
        ))
    }

    /// The row of an event by the id that webhooks carry.
    pub(crate) fn row_of(id: &EventId) -> Option<i64> {
        id.as_str().rsplit('_').next()?.parse().ok()
    }
}

/// JSON text of one of our own types, none of which can fail: string keys only, no non-finite number.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_back() {
        for kind in EventType::ALL {
            assert_eq!(EventType::parse(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn an_event_is_found_by_the_id_that_went_out() {
        let event = Event {
            id: 17,
            kind: EventType::UserCreated,
            at: Time::from_millis(1_795_520_374_123),
            data: "{}".into(),
        };
        let sent = event.outbound().unwrap();
        assert_eq!((sent.id.as_str(), Event::row_of(&sent.id)), ("evt_1795520374123_0000000017", Some(17)));
    }
}
