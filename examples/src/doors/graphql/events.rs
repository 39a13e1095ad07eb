//! The sources of subscriptions: committed events, as the objects that they are about.

use futures_util::Stream;
use futures_util::stream::unfold;
use graphql_exec::GraphqlError;
use serde::Deserialize;

use crate::clock::Time;
use crate::event::Event;
use crate::feed::{Ended, Follower};
use crate::store::rooms::Message;
use crate::store::users::User;

/// What `read` makes of each event that is followed. It ends when the service stops, and with an error when the reader is so slow
/// that events would be missing.
pub(super) fn stream<T, F>(follower: Follower, read: F) -> impl Stream<Item = Result<T, GraphqlError>> + Send
where
    T: Send + 'static,
    F: Fn(&Event) -> Option<Result<T, GraphqlError>> + Send + 'static,
{
    unfold(Some((follower, read)), |state| async move {
        let (mut follower, read) = state?;
        loop {
            match follower.next().await {
                Ok(event) => {
                    if let Some(item) = read(&event) {
                        return Some((item, Some((follower, read))));
                    }
                }
                Err(Ended::Stopped) => return None,
                Err(Ended::Behind) => {
                    let error = GraphqlError::new("this subscription reads too slowly; subscribe again");
                    return Some((Err(error.with_code("RESOURCE_EXHAUSTED")), None));
                }
            }
        }
    })
}

/// The user that an event is about.
pub(super) fn user(event: &Event) -> Result<User, GraphqlError> {
    #[derive(Deserialize)]
    struct Data {
        id: i64,
        name: String,
        email: String,
        created_at: String,
        updated_at: String,
    }
    let data: Data = serde_json::from_str(&event.data).map_err(|cause| unreadable(event, &cause))?;
    let time = |text: &str| Time::parse_rfc3339(text).unwrap_or(event.at);
    Ok(User {
        id: data.id,
        created_at: time(&data.created_at),
        updated_at: time(&data.updated_at),
        name: data.name,
        email: data.email,
        version: event.id,
    })
}

/// The message that an event is about, if it was said in this room.
pub(super) fn message(event: &Event, room: &str) -> Option<Result<Message, GraphqlError>> {
    #[derive(Deserialize)]
    struct Data {
        room: String,
        id: i64,
        from: String,
        body: String,
        at: String,
    }
    let data: Data = match serde_json::from_str(&event.data) {
        Ok(data) => data,
        Err(cause) => return Some(Err(unreadable(event, &cause))),
    };
    let Data { room: said_in, id, from, body, at } = data;
    (said_in == room).then_some(Ok(Message { room: said_in, id, from, body, at }))
}

fn unreadable(event: &Event, cause: &serde_json::Error) -> GraphqlError {
    tracing::error!(event = event.id, %cause, "an event cannot be read back");
    GraphqlError::new("an event cannot be read").with_code("INTERNAL_SERVER_ERROR")
}
