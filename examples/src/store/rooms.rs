//! Rooms, what was said in them, and notifications.

use rusqlite::{Connection, Row, params};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{Write, events};
use crate::clock::Time;
use crate::event::EventType;
use crate::failure::Failure;
use crate::input::Page;

/// A room as callers see it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) messages: i64,
    pub(crate) created_at: String,
}

/// A message as it is stored and as it is sent to a room.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) room: String,
    pub(crate) id: i64,
    pub(crate) from: String,
    pub(crate) body: String,
    pub(crate) at: String,
}

/// Something that another system told us.
#[derive(Debug, Serialize)]
pub(crate) struct Notification {
    pub(crate) id: i64,
    /// By which scheme it was signed.
    pub(crate) source: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) data: Box<RawValue>,
    pub(crate) created_at: String,
}

/// The rooms by name, and how many there are.
pub(crate) fn list(db: &Connection, page: Page) -> Result<(Vec<Room>, i64), Failure> {
    let total = db.prepare_cached("SELECT count(*) FROM rooms")?.query_row([], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT name, (SELECT count(*) FROM messages WHERE room = name), created_at FROM rooms ORDER BY name LIMIT ? OFFSET ?",
    )?;
    let read = |row: &Row<'_>| {
        let created_at = Time::from_millis(row.get(2)?).to_string();
        Ok(Room { name: row.get(0)?, messages: row.get(1)?, created_at })
    };
    let rows = statement.query_map([page.limit, page.offset], read)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

/// What was said in a room, newest first, and how much it is.
pub(crate) fn messages(db: &Connection, room: &str, page: Page) -> Result<(Vec<Message>, i64), Failure> {
    let known: bool = db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM rooms WHERE name = ?)")?
        .query_row([room], |row| row.get(0))?;
    if !known {
        return Err(Failure::not_found("there is no such room"));
    }
    let total = db
        .prepare_cached("SELECT count(*) FROM messages WHERE room = ?")?
        .query_row([room], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT room, id, sender, body, created_at FROM messages WHERE room = ? ORDER BY id DESC LIMIT ? OFFSET ?",
    )?;
    let read = |row: &Row<'_>| {
        let at = Time::from_millis(row.get(4)?).to_string();
        Ok(Message { room: row.get(0)?, id: row.get(1)?, from: row.get(2)?, body: row.get(3)?, at })
    };
    let rows =
        statement.query_map(params![room, page.limit, page.offset], read)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

/// Says something; the first message makes a room last.
pub(crate) fn say(w: &mut Write<'_>, room: String, from: String, body: String) -> Result<Message, Failure> {
    w.db.prepare_cached("INSERT OR IGNORE INTO rooms (name, created_at) VALUES (?, ?)")?
        .execute(params![room, w.now.millis()])?;
    w.db.prepare_cached("INSERT INTO messages (room, sender, body, created_at) VALUES (?, ?, ?, ?)")?
        .execute(params![room, from, body, w.now.millis()])?;
    let message = Message { room, id: w.db.last_insert_rowid(), from, body, at: w.now.to_string() };
    events::append(w, EventType::MessageCreated, &message)?;
    Ok(message)
}

/// Notifications, newest first, and how many there are.
pub(crate) fn notifications(db: &Connection, page: Page) -> Result<(Vec<Notification>, i64), Failure> {
    let total = db.prepare_cached("SELECT count(*) FROM notifications")?.query_row([], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT id, source, type, data, created_at FROM notifications ORDER BY id DESC LIMIT ? OFFSET ?",
    )?;
    let read = |row: &Row<'_>| {
        let data: String = row.get(3)?;
        Ok(Notification {
            id: row.get(0)?,
            source: row.get(1)?,
            kind: row.get(2)?,
            data: RawValue::from_string(data).unwrap_or_else(|_| RawValue::NULL.to_owned()),
            created_at: Time::from_millis(row.get(4)?).to_string(),
        })
    };
    let rows = statement.query_map([page.limit, page.offset], read)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

/// Keeps what another system told us.
///
/// A message whose type is one of our events is such an event coming back, from an endpoint that leads here. It is kept,
/// but told to nobody: it has been told already, and would go round for ever.
pub(crate) fn notify(
    w: &mut Write<'_>,
    source: &'static str,
    kind: String,
    data: Box<RawValue>,
) -> Result<i64, Failure> {
    w.db.prepare_cached("INSERT INTO notifications (source, type, data, created_at) VALUES (?, ?, ?, ?)")?
        .execute(params![source, kind, data.get(), w.now.millis()])?;
    let id = w.db.last_insert_rowid();
    let note = Notification { id, source: source.to_owned(), kind, data, created_at: w.now.to_string() };
    if EventType::parse(&note.kind).is_none() {
        events::append(w, EventType::NotificationCreated, &note)?;
    }
    Ok(id)
}
