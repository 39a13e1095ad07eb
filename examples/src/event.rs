//! What happened: one row in the table of events, the same bytes at every listening door.

use bytes::Bytes;
use serde::Serialize;

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
}

/// JSON text of one of our own types, none of which can fail: string keys only, no non-finite number.
pub(crate) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The pattern by which an endpoint chooses events: a type, a prefix with `.*`, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypePattern(String);

impl TypePattern {
    pub(crate) fn parse(text: &str) -> Option<TypePattern> {
        let known = match text.strip_suffix(".*") {
            Some(prefix) => EventType::ALL.iter().any(|t| t.as_str().split('.').next() == Some(prefix)),
            None => text == "*" || EventType::parse(text).is_some(),
        };
        known.then(|| TypePattern(text.to_owned()))
    }

    pub(crate) fn matches(&self, kind: EventType) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => kind.as_str().starts_with(prefix),
            None => kind.as_str() == self.0,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_chooses_by_whole_name_by_prefix_or_all() {
        let matches = |pattern: &str, kind| TypePattern::parse(pattern).is_some_and(|p| p.matches(kind));
        assert!(matches("user.created", EventType::UserCreated));
        assert!(!matches("user.created", EventType::UserUpdated));
        assert!(matches("user.*", EventType::UserUpdated));
        assert!(!matches("user.*", EventType::OrderCreated));
        assert!(matches("*", EventType::OrderCreated));
    }

    #[test]
    fn a_pattern_that_can_match_nothing_is_refused() {
        for text in ["", "user", "user.", "users.*", "user.creat", ".*", "**", "user.*.*"] {
            assert_eq!(TypePattern::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_type_reads_back() {
        for kind in EventType::ALL {
            assert_eq!(EventType::parse(kind.as_str()), Some(kind));
        }
    }
}
