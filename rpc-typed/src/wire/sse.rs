//! The events of a subscription as Server-Sent Events (`stream/sse.ts` of `@trpc/server`). All of them are frames of
//! `sse-codec`, which lets no text forge a field.

use std::time::Duration;

use bytes::BytesMut;
use sse_codec::Frame;

use crate::event::Wire;

/// A `ping`: bytes on the connection, and nothing for the application.
pub const PING: &[u8] = b"event: ping\ndata: \n\n";
/// The end of the subscription: the client closes and does not come back.
pub const RETURN: &[u8] = b"event: return\ndata: \n\n";

/// Writes the events of one subscription in their order. It knows the id that the client's `EventSource` holds, since an
/// event without one would otherwise be taken to have the last.
///
/// ```
/// use bytes::BytesMut;
/// use rpc_typed::{EventId, Wire, wire::sse::Encoder};
///
/// let (mut sse, mut out) = (Encoder::new(None), BytesMut::new());
/// sse.connected(&mut out, None);
/// sse.event(&mut out, &Wire { id: Some(EventId::from(7)), json: "1".into() });
/// sse.event(&mut out, &Wire { id: None, json: "2".into() });
/// assert_eq!(
///     &out[..],
///     b"event: connected\ndata: {}\n\nid: 7\ndata: 1\n\nid: \ndata: 2\n\nevent: restore-id\nid: 7\ndata: \n\n"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    last_id: Option<String>,
}

impl Encoder {
    /// The stream of a client that resumes behind `last_event_id`, or begins.
    #[must_use]
    pub fn new(last_event_id: Option<&str>) -> Encoder {
        // An id with these bytes could not come from an `id` field.
        let last_id =
            last_event_id.filter(|id| !id.is_empty() && !id.bytes().any(|b| matches!(b, 0 | b'\r' | b'\n')));
        Encoder { last_id: last_id.map(str::to_owned) }
    }

    /// The first event: it tells the client after how much silence to reconnect.
    pub fn connected(&self, out: &mut BytesMut, reconnect_after_inactivity: Option<Duration>) {
        let options = match reconnect_after_inactivity {
            Some(time) => format!(r#"{{"reconnectAfterInactivityMs":{}}}"#, time.as_millis()),
            None => "{}".to_owned(),
        };
        named(out, "connected", &options);
    }

    /// An event of the application.
    pub fn event(&mut self, out: &mut BytesMut, event: &Wire) {
        let data = || Frame::data(&*event.json);
        match (&event.id, &self.last_id) {
            (Some(id), _) => {
                write(out, data().id(id.as_str()));
                self.last_id = Some(id.as_str().to_owned());
            }
            (None, None) => data().encode_into(out),
            // The event clears the id, and another that nobody listens to sets it back, so that the client resumes there.
            (None, Some(last)) => {
                write(out, data().id(""));
                write(out, Frame::data("").event("restore-id").and_then(|frame| frame.id(last.as_str())));
            }
        }
    }

    /// The error that ends the subscription; `shape` as [`write_shape`](super::response::write_shape) writes it.
    pub fn error(&self, out: &mut BytesMut, shape: &str) {
        named(out, "serialized-error", shape);
    }
}

fn named(out: &mut BytesMut, event: &'static str, data: &str) {
    write(out, Frame::data(data).event(event));
}

/// Ids were checked when they were made and names are ours, so no frame is refused.
fn write(out: &mut BytesMut, frame: Result<Frame<'_>, sse_codec::FieldError>) {
    if let Ok(frame) = frame {
        frame.encode_into(out);
    }
}
