//! The table of events, and the deliveries that an event owes in the same transaction.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use webhook_sig::delivery::EventId;

use super::{Change, Write, hooks};
use crate::clock::Time;
use crate::event::{Event, EventType, json};
use crate::failure::Failure;

/// Events that are kept for replay. Older ones go, with their deliveries, once none of these is under way.
const KEPT: i64 = 10_000;
/// How many events lie between two sweeps.
const SWEEP: i64 = 256;

/// Records what happened and what it owes to the registered endpoints; gives the event's id.
pub(crate) fn append<T: Serialize>(w: &mut Write<'_>, kind: EventType, data: &T) -> Result<i64, Failure> {
    let data = json(data);
    w.db.prepare_cached("INSERT INTO events (type, at, data) VALUES (?, ?, ?)")?.execute(params![
        kind.as_str(),
        w.now.millis(),
        data
    ])?;
    let id = w.db.last_insert_rowid();
    let event = Arc::new(Event { id, kind, at: w.now, data });
    let owed = w.listener.prepare(&event)?;
    hooks::insert(w.db, id, owed.deliveries(), w.now)?;
    if id % SWEEP == 0 {
        sweep(w.db, id - KEPT)?;
    }
    w.changed(Change::Happened(event, owed));
    Ok(id)
}

fn sweep(db: &Connection, up_to: i64) -> Result<(), Failure> {
    db.prepare_cached(
        "DELETE FROM events WHERE id <= ?1
         AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = events.id AND d.status IN ('waiting', 'leased'))",
    )?
    .execute([up_to])?;
    Ok(())
}

/// The newest events, oldest first.
pub(crate) fn newest(db: &Connection, limit: i64) -> Result<Vec<Event>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, type, at, data FROM (SELECT * FROM events ORDER BY id DESC LIMIT ?) ORDER BY id",
    )?;
    let rows = statement.query_map([limit], read)?;
    Ok(rows.collect::<Result<Vec<Option<Event>>, _>>()?.into_iter().flatten().collect())
}

pub(crate) fn row(db: &Connection, id: i64) -> Result<Option<Event>, Failure> {
    let mut statement = db.prepare_cached("SELECT id, type, at, data FROM events WHERE id = ?")?;
    Ok(statement.query_row([id], read).optional()?.flatten())
}

/// The event that was sent under this id, if it is still kept.
pub(crate) fn find(db: &Connection, id: &EventId) -> Result<Option<Event>, Failure> {
    match Event::row_of(id) {
        Some(id) => row(db, id),
        None => Ok(None),
    }
}

/// Events from one moment up to before another, behind a place in the order of time and id, in that order.
pub(crate) fn of_time(
    db: &Connection,
    from: i64,
    to: i64,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<Event>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, type, at, data FROM events WHERE at >= ? AND at < ? AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?",
    )?;
    let rows = statement.query_map(params![from, to, after.0, after.1, limit], read)?;
    Ok(rows.collect::<Result<Vec<Option<Event>>, _>>()?.into_iter().flatten().collect())
}

/// Events of one kind behind an id, oldest first.
pub(crate) fn of_kind(
    db: &Connection,
    kind: EventType,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, type, at, data FROM events WHERE id > ? AND type = ? ORDER BY id LIMIT ?",
    )?;
    let rows = statement.query_map(params![after, kind.as_str(), limit], read)?;
    Ok(rows.collect::<Result<Vec<Option<Event>>, _>>()?.into_iter().flatten().collect())
}

/// The id of the newest event that ever was, or 0.
pub(crate) fn last_id(db: &Connection) -> Result<i64, Failure> {
    let mut statement =
        db.prepare_cached("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Event>> {
    let kind: String = row.get(1)?;
    let (id, at, data) = (row.get(0)?, Time::from_millis(row.get(2)?), row.get(3)?);
    Ok(EventType::parse(&kind).map(|kind| Event { id, kind, at, data }))
}
