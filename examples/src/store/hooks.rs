//! Registered endpoints, what each is owed, and how every attempt went: the durable side of the dispatcher.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use webhook_sig::UnixMillis;
use webhook_sig::delivery::{
    AttemptRecord, Change, DeliveryId, DeliveryRow, DeliveryStatus, DisabledReason, EndpointId,
    EndpointState, EventId, Found, OutboundEvent, Query, Selector, StoreResult,
};

use super::Write;
use super::events;
use crate::clock::Time;
use crate::event::Event;
use crate::failure::Failure;
use crate::input::Page;

/// Endpoints that may be registered at once: each event costs a row for each that wants it.
pub(crate) const MAX_ENDPOINTS: i64 = 100;

/// An endpoint as it is stored; the secret never leaves by a listing.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) id: i64,
    pub(crate) url: String,
    /// Patterns, separated by spaces.
    pub(crate) types: String,
    pub(crate) scheme: String,
    pub(crate) secret: String,
    pub(crate) disabled: Option<String>,
    pub(crate) created_at: Time,
}

/// What to store for a new endpoint.
#[derive(Clone)]
pub(crate) struct NewEndpoint {
    pub(crate) url: String,
    pub(crate) types: String,
    pub(crate) scheme: &'static str,
    pub(crate) secret: String,
}

/// One event owed to one endpoint, as callers see it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    pub(crate) event_id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) endpoint_id: i64,
    /// `pending`, `delivered` or `dead`.
    pub(crate) state: &'static str,
    pub(crate) next_attempt_at: Option<String>,
    pub(crate) created_at: String,
    pub(crate) attempts: Vec<Attempt>,
}

/// One try, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Attempt {
    pub(crate) number: i64,
    pub(crate) at: String,
    pub(crate) took_ms: i64,
    /// `delivered`, or how it failed.
    pub(crate) outcome: String,
    pub(crate) status: Option<u16>,
}

/// Which deliveries a listing shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) endpoint: Option<i64>,
    pub(crate) event: Option<i64>,
    pub(crate) state: Option<&'static str>,
}

/// The states that callers know.
pub(crate) const STATES: [&str; 3] = ["pending", "delivered", "dead"];

pub(crate) fn register(w: &mut Write<'_>, new: NewEndpoint) -> Result<Endpoint, Failure> {
    let count: i64 =
        w.db.prepare_cached("SELECT count(*) FROM endpoints")?.query_row([], |row| row.get(0))?;
    if count >= MAX_ENDPOINTS {
        return Err(Failure::conflict(format!(
            "{MAX_ENDPOINTS} endpoints are registered already; delete one first"
        )));
    }
    w.db.prepare_cached(
        "INSERT INTO endpoints (url, types, scheme, secret, created_at) VALUES (?, ?, ?, ?, ?)",
    )?
    .execute(params![new.url, new.types, new.scheme, new.secret, w.now.millis()])?;
    let endpoint = Endpoint {
        id: w.db.last_insert_rowid(),
        url: new.url,
        types: new.types,
        scheme: new.scheme.to_owned(),
        secret: new.secret,
        disabled: None,
        created_at: w.now,
    };
    w.changed(super::Change::EndpointAdded(endpoint.clone()));
    Ok(endpoint)
}

pub(crate) fn endpoints(db: &Connection) -> Result<Vec<Endpoint>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, url, types, scheme, secret, disabled, created_at FROM endpoints ORDER BY id",
    )?;
    Ok(statement.query_map([], read_endpoint)?.collect::<Result<_, _>>()?)
}

pub(crate) fn endpoint(db: &Connection, id: i64) -> Result<Endpoint, Failure> {
    db.prepare_cached(
        "SELECT id, url, types, scheme, secret, disabled, created_at FROM endpoints WHERE id = ?",
    )?
    .query_row([id], read_endpoint)
    .optional()?
    .ok_or_else(|| Failure::not_found(format!("there is no endpoint {id}")))
}

/// Removes an endpoint and all that it was owed.
pub(crate) fn remove(w: &mut Write<'_>, id: i64) -> Result<(), Failure> {
    if w.db.prepare_cached("DELETE FROM endpoints WHERE id = ?")?.execute([id])? == 0 {
        return Err(Failure::not_found(format!("there is no endpoint {id}")));
    }
    w.changed(super::Change::EndpointRemoved(id));
    Ok(())
}

/// Deliveries, newest first, with their attempts, and how many there are.
pub(crate) fn deliveries(
    db: &Connection,
    filter: &Filter,
    page: Page,
) -> Result<(Vec<Delivery>, i64), Failure> {
    const CHOSEN: &str = "WHERE (?1 IS NULL OR d.endpoint_id = ?1) AND (?2 IS NULL OR d.event_id = ?2)
        AND (?3 IS NULL OR d.status = ?3 OR (?3 = 'pending' AND d.status IN ('waiting', 'leased')))";
    let total = db
        .prepare_cached(&format!("SELECT count(*) FROM deliveries d {CHOSEN}"))?
        .query_row(params![filter.endpoint, filter.event, filter.state], |row| row.get(0))?;
    let mut statement =
        db.prepare_cached(&format!("{DELIVERY} {CHOSEN} ORDER BY d.id DESC LIMIT ?4 OFFSET ?5"))?;
    let mut rows: Vec<Delivery> = statement
        .query_map(
            params![filter.endpoint, filter.event, filter.state, page.limit, page.offset],
            read_delivery,
        )?
        .collect::<Result<_, _>>()?;
    for row in &mut rows {
        row.attempts = attempts(db, row.id)?;
    }
    Ok((rows, total))
}

pub(crate) fn delivery(db: &Connection, id: i64) -> Result<Delivery, Failure> {
    let mut found = db
        .prepare_cached(&format!("{DELIVERY} WHERE d.id = ?"))?
        .query_row([id], read_delivery)
        .optional()?
        .ok_or_else(|| Failure::not_found(format!("there is no delivery {id}")))?;
    found.attempts = attempts(db, id)?;
    Ok(found)
}

/// The newest attempts of a delivery, oldest first.
fn attempts(db: &Connection, delivery: i64) -> Result<Vec<Attempt>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT number, started_at, ended_at, outcome, status
         FROM (SELECT * FROM attempts WHERE delivery_id = ? ORDER BY number DESC LIMIT 100) ORDER BY number",
    )?;
    let read = |row: &Row<'_>| {
        let (started, ended): (i64, i64) = (row.get(1)?, row.get(2)?);
        Ok(Attempt {
            number: row.get(0)?,
            at: Time::from_millis(started).to_string(),
            took_ms: ended - started,
            outcome: row.get(3)?,
            status: row.get(4)?,
        })
    };
    Ok(statement.query_map([delivery], read)?.collect::<Result<_, _>>()?)
}

/// The rows that an event's deliveries begin with, in the transaction of the event.
pub(super) fn insert(db: &Connection, event: i64, rows: &[DeliveryRow], now: Time) -> Result<(), Failure> {
    for row in rows {
        db.prepare_cached(
            "INSERT INTO deliveries (id, event_id, endpoint_id, status, at, step, attempts, failure, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            signed(row.id.get()),
            event,
            signed(row.endpoint.get()),
            row.status.as_str(),
            signed(row.at.as_millis()),
            row.step,
            row.attempts,
            row.last_failure.map(|f| f.to_string()),
            now.millis()
        ])?;
    }
    Ok(())
}

/// Does what the dispatcher wants to be durable.
pub(crate) fn apply(w: &Write<'_>, change: &Change) -> Result<StoreResult, Failure> {
    let stored = match change {
        // Our events are stored with their rows by whoever makes them; only replays add rows later.
        Change::Add(rows) => {
            for row in rows {
                match events::find(w.db, &row.event)? {
                    Some(event) => insert(w.db, event.id, std::slice::from_ref(row), w.now)?,
                    None => return Ok(StoreResult::Refused),
                }
            }
            true
        }
        Change::Lease(row) | Change::Requeue(row) => update(w.db, row)?,
        Change::Settle(row, record) => {
            let known = update(w.db, row)?;
            if known {
                log(w.db, record)?;
            }
            known
        }
        Change::Purge(ids) => {
            for id in ids {
                w.db.prepare_cached("DELETE FROM deliveries WHERE id = ?")?.execute([signed(id.get())])?;
            }
            true
        }
        Change::Endpoint(id, state) => {
            let disabled = match state {
                EndpointState::Enabled => None,
                EndpointState::Disabled(reason) => Some(reason.as_str()),
            };
            w.db.prepare_cached("UPDATE endpoints SET disabled = ? WHERE id = ?")?
                .execute(params![disabled, signed(id.get())])?;
            true
        }
        Change::Forget(id) => {
            w.db.prepare_cached("DELETE FROM deliveries WHERE endpoint_id = ?")?
                .execute([signed(id.get())])?;
            true
        }
        Change::Find(query) => return Ok(StoreResult::Found(find(w.db, query)?)),
        _ => false,
    };
    Ok(if stored { StoreResult::Stored } else { StoreResult::Refused })
}

fn update(db: &Connection, row: &DeliveryRow) -> Result<bool, Failure> {
    let changed = db
        .prepare_cached(
            "UPDATE deliveries SET status = ?, at = ?, step = ?, attempts = ?, failure = ? WHERE id = ?",
        )?
        .execute(params![
            row.status.as_str(),
            signed(row.at.as_millis()),
            row.step,
            row.attempts,
            row.last_failure.map(|f| f.to_string()),
            signed(row.id.get())
        ])?;
    Ok(changed > 0)
}

fn log(db: &Connection, record: &AttemptRecord) -> Result<(), Failure> {
    let outcome = record.failure.map_or_else(|| "delivered".to_owned(), |f| f.to_string());
    db.prepare_cached(
        "INSERT OR REPLACE INTO attempts (delivery_id, number, started_at, ended_at, outcome, status) VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        signed(record.id.delivery.get()),
        record.id.number.get(),
        signed(record.started_at.as_millis()),
        signed(record.ended_at.as_millis()),
        outcome,
        record.response.as_ref().map(|r| r.status)
    ])?;
    Ok(())
}

fn find(db: &Connection, query: &Query) -> Result<Vec<Found>, Failure> {
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let all = |events: Vec<Event>| {
        events.iter().filter_map(|e| Some(Found { event: e.outbound()?, endpoint: None })).collect()
    };
    Ok(match &query.selector {
        Selector::Event(id) => all(events::find(db, id)?.into_iter().collect()),
        Selector::Range { from, to } => {
            let after = query.after.as_ref();
            let after =
                after.map_or((-1, 0), |(at, id)| (signed(at.as_millis()), Event::row_of(id).unwrap_or(0)));
            all(events::of_time(db, signed(from.as_millis()), signed(to.as_millis()), after, limit)?)
        }
        Selector::Delivery(id) => {
            let row: Option<(i64, i64)> = db
                .prepare_cached("SELECT event_id, endpoint_id FROM deliveries WHERE id = ?")?
                .query_row([signed(id.get())], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((event, endpoint)) = row else { return Ok(Vec::new()) };
            let event = events::row(db, event)?.and_then(|e| e.outbound());
            let endpoint = Some(EndpointId::new(endpoint.unsigned_abs()));
            event.map(|event| Found { event, endpoint }).into_iter().collect()
        }
    })
}

/// What a start has to take up again: events with the rows that are neither delivered nor without an endpoint, by event.
pub(crate) fn unsettled(db: &Connection) -> Result<Vec<(OutboundEvent, Vec<DeliveryRow>)>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, event_id, endpoint_id, status, at, step, attempts, failure FROM deliveries
         WHERE status <> 'delivered' ORDER BY event_id, id",
    )?;
    let mut rows = statement.query([])?;
    let mut found: Vec<(i64, OutboundEvent, Vec<DeliveryRow>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let event_id: i64 = row.get(1)?;
        if found.last().is_none_or(|(last, _, _)| *last != event_id) {
            let Some(event) = events::row(db, event_id)?.and_then(|e| e.outbound()) else { continue };
            found.push((event_id, event, Vec::new()));
        }
        if let Some((_, event, rows)) = found.last_mut() {
            rows.push(read_row(row, event.id.clone())?);
        }
    }
    Ok(found.into_iter().map(|(_, event, rows)| (event, rows)).collect())
}

/// The highest delivery id that was ever given out.
pub(crate) fn last_delivery(db: &Connection) -> Result<DeliveryId, Failure> {
    let last: i64 = db
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'deliveries'")?
        .query_row([], |row| row.get(0))?;
    Ok(DeliveryId::new(last.unsigned_abs()))
}

/// Remembers the key of a message that was received; false if it is known already.
pub(crate) fn first_time(w: &Write<'_>, dedupe: &str) -> Result<bool, Failure> {
    let old = w.now.before(std::time::Duration::from_secs(24 * 3600));
    w.db.prepare_cached("DELETE FROM received WHERE at < ?")?.execute([old.millis()])?;
    let new =
        w.db.prepare_cached("INSERT OR IGNORE INTO received (dedupe, at) VALUES (?, ?)")?
            .execute(params![dedupe, w.now.millis()])?;
    Ok(new > 0)
}

impl Endpoint {
    /// Why it takes nothing, in the dispatcher's words.
    pub(crate) fn disabled_reason(&self) -> Option<DisabledReason> {
        [DisabledReason::Gone, DisabledReason::Manual]
            .into_iter()
            .find(|r| Some(r.as_str()) == self.disabled.as_deref())
    }
}

fn read_endpoint(row: &Row<'_>) -> rusqlite::Result<Endpoint> {
    Ok(Endpoint {
        id: row.get(0)?,
        url: row.get(1)?,
        types: row.get(2)?,
        scheme: row.get(3)?,
        secret: row.get(4)?,
        disabled: row.get(5)?,
        created_at: Time::from_millis(row.get(6)?),
    })
}

const DELIVERY: &str = "SELECT d.id, d.event_id, e.type, d.endpoint_id, d.status, d.at, d.created_at
    FROM deliveries d JOIN events e ON e.id = d.event_id";

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state = match row.get::<_, String>(4)?.as_str() {
        "delivered" => "delivered",
        "dead" => "dead",
        _ => "pending",
    };
    let at = Time::from_millis(row.get(5)?);
    Ok(Delivery {
        id: row.get(0)?,
        event_id: row.get(1)?,
        kind: row.get(2)?,
        endpoint_id: row.get(3)?,
        state,
        next_attempt_at: (state == "pending").then(|| at.to_string()),
        created_at: Time::from_millis(row.get(6)?).to_string(),
        attempts: Vec::new(),
    })
}

fn read_row(row: &Row<'_>, event: EventId) -> rusqlite::Result<DeliveryRow> {
    let unreadable = |column| {
        rusqlite::Error::InvalidColumnType(column, "a word of the dispatcher".to_owned(), Type::Text)
    };
    let failure: Option<String> = row.get(7)?;
    Ok(DeliveryRow {
        id: DeliveryId::new(row.get::<_, i64>(0)?.unsigned_abs()),
        event,
        endpoint: EndpointId::new(row.get::<_, i64>(2)?.unsigned_abs()),
        status: row.get::<_, String>(3)?.parse::<DeliveryStatus>().map_err(|_| unreadable(3))?,
        at: UnixMillis::from_millis(row.get::<_, i64>(4)?.unsigned_abs()),
        step: row.get(5)?,
        attempts: row.get(6)?,
        last_failure: failure.map(|f| f.parse()).transpose().map_err(|_| unreadable(7))?,
    })
}

/// Ids and times of the dispatcher as SQLite has them. None comes near the sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
