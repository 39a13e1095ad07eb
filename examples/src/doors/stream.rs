//! `GET /events`: the event stream.

use http::{Request, Response, StatusCode};
use rest_core::tower::{Body, IntoResponse};
use sse_codec::Frame;
use sse_codec::hub::Subscribe;

use super::call::Call;
use crate::app::as_problem;
use crate::event::{Event, EventType};
use crate::failure::Failure;
use crate::input::Query;
use crate::stats::count;

/// Answers with the stream.
pub(crate) async fn open(call: Call) -> Result<Response<Body>, Failure> {
    count(&call.state().counters.sse);
    let hub = call.state().bus.hub.clone();
    let request = call.into_request();
    let response = hub.respond(&request, wish(&request)?);
    Ok(match response.status() {
        StatusCode::OK => response.into_response(),
        StatusCode::NOT_ACCEPTABLE => {
            as_problem(response, "this resource is text/event-stream and nothing else")
        }
        _ => as_problem(response, "no more streams can be opened now; try again later"),
    })
}

/// Which events, and from where on. The header is newer than the query: a browser that reconnects sends both.
fn wish<B>(request: &Request<B>) -> Result<Subscribe<&'static str>, Failure> {
    let query = Query::parse(request.uri().query())?;
    query.only(&["topic", "last_event_id"])?;
    let wish = match query.get("topic") {
        None | Some("all") => Subscribe::all(),
        Some(name) => Subscribe::topic(*TOPICS.iter().find(|t| **t == name).ok_or_else(|| {
            Failure::bad_request(format!(
                "query parameter `topic` must be all or one of {}",
                TOPICS.join(", ")
            ))
        })?),
    };
    let mut headers = request.headers().get_all("last-event-id").iter();
    let id = match (headers.next(), headers.next()) {
        (None, _) => query.get("last_event_id").unwrap_or_default(),
        (Some(id), None) => std::str::from_utf8(id.as_bytes())
            .map_err(|_| Failure::bad_request("the Last-Event-ID header is no UTF-8"))?,
        _ => return Err(Failure::bad_request("the Last-Event-ID header is given twice")),
    };
    Ok(wish.last_event_id(id))
}

/// The topics of the stream: each kind of thing that events are about.
const TOPICS: [&str; 7] = ["users", "posts", "comments", "orders", "items", "messages", "notifications"];

/// The topic of an event.
pub(crate) fn topic(kind: EventType) -> &'static str {
    match kind {
        EventType::UserCreated | EventType::UserUpdated | EventType::UserDeleted => "users",
        EventType::PostCreated => "posts",
        EventType::CommentCreated => "comments",
        EventType::OrderCreated => "orders",
        EventType::ItemCreated => "items",
        EventType::MessageCreated => "messages",
        EventType::NotificationCreated => "notifications",
    }
}

/// The event as the stream carries it. JSON is UTF-8 without line breaks, and the names are our own, so none is refused.
pub(crate) fn frame(event: &Event) -> Result<Frame<'static>, sse_codec::FieldError> {
    let data = String::from_utf8_lossy(&event.json()).into_owned();
    Frame::data(data).event(event.kind.as_str())?.id(event.id.to_string())
}
