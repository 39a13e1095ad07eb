//! The messages of the protocol as JSON.

use crate::request::{Request, Top, parse};
use crate::value::{Object, Value, json};

/// What a client says.
#[derive(Debug, PartialEq)]
pub(super) enum ClientMessage {
    Init(Object),
    Ping(Option<Value>),
    Pong,
    Subscribe { id: String, request: Request },
    Complete { id: String },
}

impl ClientMessage {
    /// Reads a message; what is wrong becomes the reason of 4400.
    pub(super) fn read(text: &str, max_id: usize) -> Result<Self, String> {
        let Top::Members(members) = parse(text, None).map_err(|error| error.to_string())? else {
            return Err("a message must be an object".to_owned());
        };
        let (mut kind, mut id, mut payload) = (None, None, None);
        for (name, value) in members {
            let place = match name.as_str() {
                "type" => &mut kind,
                "id" => &mut id,
                "payload" => &mut payload,
                // The protocol names no other member.
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(format!("a message must have one {name}"));
            }
        }
        let Some(Value::String(kind)) = kind else {
            return Err("a message must have a type, a string".to_owned());
        };
        let id = move || match id {
            Some(Value::String(id)) if (1..=max_id).contains(&id.len()) => Ok(id.as_ref().to_owned()),
            _ => Err(format!("the id must be a string of 1 to {max_id} bytes")),
        };
        let payload = match payload {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => Some(object),
            Some(_) => return Err("the payload must be an object".to_owned()),
        };
        match &*kind {
            "connection_init" => Ok(Self::Init(payload.unwrap_or_default())),
            "ping" => Ok(Self::Ping(payload.map(Value::Object))),
            "pong" => Ok(Self::Pong),
            "subscribe" => {
                let id = id()?;
                let payload = payload.ok_or("a subscribe must have a payload")?;
                let request = Request::from_object(payload).map_err(|error| error.to_string())?;
                Ok(Self::Subscribe { id, request })
            }
            "complete" => Ok(Self::Complete { id: id()? }),
            _ => Err("the type of the message is not known".to_owned()),
        }
    }
}

/// A message to the client: its `type`, then `id` and `payload` where it has them. The payload is a JSON text.
pub(super) fn write(kind: &'static str, id: Option<&str>, payload: Option<&str>) -> String {
    let mut out = Vec::with_capacity(40 + id.map_or(0, str::len) + payload.map_or(0, str::len));
    out.push(b'{');
    if let Some(id) = id {
        out.extend_from_slice(b"\"id\":");
        json::write_str(id, &mut out);
        out.push(b',');
    }
    out.extend_from_slice(b"\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.push(b'"');
    if let Some(payload) = payload {
        out.extend_from_slice(b",\"payload\":");
        out.extend_from_slice(payload.as_bytes());
    }
    out.push(b'}');
    // Made of texts, so it is one.
    String::from_utf8(out).unwrap_or_default()
}
