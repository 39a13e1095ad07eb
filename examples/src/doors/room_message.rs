//! What is said over a WebSocket: JSON messages, each with a `type`.

use serde_json::{Value, json};

use crate::event::Event;
use crate::failure::Failure;
use crate::input::{Fields, NewUser};
use crate::store::users::User;

/// What a client may say.
#[derive(Debug, PartialEq)]
pub(crate) enum ClientMessage {
    Say { from: String, body: String },
    CreateUser(NewUser),
    Authenticate { token: String },
}

/// Reads one text message. A refusal goes back with the `ref` of the message, if it had one.
pub(crate) fn read(text: &str) -> (Option<Value>, Result<ClientMessage, Failure>) {
    let mut fields = match Fields::decode(text.as_bytes()) {
        Ok(fields) => fields,
        Err(failure) => return (None, Err(failure)),
    };
    let reference = fields.take("ref");
    (reference, read_fields(fields))
}

fn read_fields(mut fields: Fields) -> Result<ClientMessage, Failure> {
    let Some(kind) = fields.take("type") else {
        return Err(Failure::bad_request("a message needs a `type`: message, create_user or auth"));
    };
    match kind.as_str() {
        Some("message") => {
            let body = fields.text("body", MAX_BODY);
            let from = fields.optional_text("from", 100).unwrap_or_else(|| "guest".to_owned());
            fields.finish()?;
            Ok(ClientMessage::Say { from, body })
        }
        Some("create_user") => NewUser::read(fields).map(ClientMessage::CreateUser),
        Some("auth") => {
            let token = fields.text("token", 1000);
            fields.finish()?;
            Ok(ClientMessage::Authenticate { token })
        }
        _ => Err(Failure::bad_request("this `type` is not known; there are message, create_user and auth")),
    }
}

pub(crate) fn joined(room: &str, members: usize) -> String {
    json!({ "type": "joined", "room": room, "members": members }).to_string()
}

pub(crate) fn authenticated() -> String {
    json!({ "type": "authenticated" }).to_string()
}

pub(crate) fn created(user: &User, reference: Option<&Value>) -> String {
    json!({ "type": "created", "user": user.view(), "ref": reference }).to_string()
}

pub(crate) fn error(failure: &Failure, reference: Option<&Value>) -> String {
    let problem = failure.problem();
    let mut message = json!({
        "type": "error",
        "title": problem.title(),
        "detail": problem.detail_text(),
        "status": problem.status().as_u16(),
    });
    if let Some(members) = message.as_object_mut() {
        if !problem.errors().is_empty() {
            members.insert("errors".to_owned(), json!(problem.errors()));
        }
        if let Some(reference) = reference {
            members.insert("ref".to_owned(), reference.clone());
        }
    }
    message.to_string()
}

/// `{"type":"message","room":…,"id":…,"from":…,"body":…,"at":…}`, from the data of its event.
pub(crate) fn said(event: &Event) -> String {
    // The data is an object that we wrote, so its members follow the brace.
    format!(r#"{{"type":"message",{}"#, event.data.strip_prefix('{').unwrap_or(&event.data))
}

/// The room that the data of a `message.created` names.
pub(crate) fn room_of(event: &Event) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        room: String,
    }
    serde_json::from_str::<Named>(&event.data).ok().map(|named| named.room)
}

/// `{"type":"user.created","id":…,"user":…}`, likewise for other events about users.
pub(crate) fn about_user(event: &Event) -> String {
    format!(r#"{{"type":"{}","id":{},"user":{}}}"#, event.kind.as_str(), event.id, event.data)
}

/// Characters of what is said at once.
pub(crate) const MAX_BODY: usize = 16_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::event::EventType;
    use crate::store::rooms::Message;

    #[test]
    fn each_type_is_read_and_others_are_told_apart() {
        let ok = |text: &str| read(text).1.unwrap();
        assert_eq!(
            ok(r#"{"type":"message","body":"hi"}"#),
            ClientMessage::Say { from: "guest".into(), body: "hi".into() }
        );
        assert_eq!(ok(r#"{"type":"auth","token":"t"}"#), ClientMessage::Authenticate { token: "t".into() });
        let user = NewUser { name: "A".into(), email: "a@b.co".into() };
        let (reference, message) = read(r#"{"type":"create_user","name":"A","email":"a@b.co","ref":[7]}"#);
        assert_eq!((reference, message.unwrap()), (Some(json!([7])), ClientMessage::CreateUser(user)));
        let status = |text: &str| read(text).1.unwrap_err().problem().status().as_u16();
        for text in ["", "{", "nul", "{}", r#"{"type":"shout"}"#, r#"{"type":7}"#] {
            assert_eq!(status(text), 400, "{text}");
        }
        for text in [
            "[]",
            "7",
            r#"{"type":"message"}"#,
            r#"{"type":"message","body":7}"#,
            r#"{"type":"auth","token":"t","x":1}"#,
        ] {
            assert_eq!(status(text), 422, "{text}");
        }
    }

    #[test]
    fn an_event_becomes_a_message_of_its_room() {
        let message =
            Message { room: "lobby".into(), id: 3, from: "A".into(), body: "\"hi\"".into(), at: "t".into() };
        let event = |kind, data: String| Event { id: 9, kind, at: Time::from_millis(0), data };
        let said_event = event(EventType::MessageCreated, crate::event::json(&message));
        let value: Value = serde_json::from_str(&said(&said_event)).unwrap();
        assert_eq!(
            value,
            json!({"type":"message","room":"lobby","id":3,"from":"A","body":"\"hi\"","at":"t"})
        );
        assert_eq!(room_of(&said_event).as_deref(), Some("lobby"));
        let about = about_user(&event(EventType::UserCreated, r#"{"id":1}"#.into()));
        assert_eq!(
            serde_json::from_str::<Value>(&about).unwrap(),
            json!({"type":"user.created","id":9,"user":{"id":1}})
        );
    }
}
