//! Registered endpoints, what each is owed, and how every attempt went.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Change, Write, events};
use crate::clock::Time;
use crate::event::{Event, EventType, TypePattern};
use crate::failure::Failure;
use crate::input::Page;

/// Endpoints that may be registered at once: each event costs a row for each that wants it.
pub(crate) const MAX_ENDPOINTS: i64 = 100;
/// Deliveries that one replay may start.
const MAX_REPLAY: usize = 1000;

/// An endpoint as it is stored; the secret never leaves by a listing.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) id: i64,
    pub(crate) url: String,
    pub(crate) types: Vec<TypePattern>,
    pub(crate) scheme: String,
    pub(crate) secret: String,
    pub(crate) enabled: bool,
    pub(crate) created_at: Time,
}

/// What to store for a new endpoint.
#[derive(Clone)]
pub(crate) struct NewEndpoint {
    pub(crate) url: String,
    pub(crate) types: Vec<TypePattern>,
    pub(crate) scheme: &'static str,
    pub(crate) secret: String,
}

/// One event owed to one endpoint.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    pub(crate) event_id: i64,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) endpoint_id: i64,
    pub(crate) state: String,
    pub(crate) next_attempt_at: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) attempts: Vec<Attempt>,
}

/// One try, and what came of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Attempt {
    pub(crate) number: i64,
    pub(crate) at: String,
    pub(crate) outcome: String,
    pub(crate) status: Option<u16>,
}

/// A delivery that has to be made: all that its next attempt needs.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) delivery: i64,
    pub(crate) endpoint: i64,
    pub(crate) event: Arc<Event>,
    /// Attempts of the present schedule that were made before.
    pub(crate) made: u32,
    pub(crate) next_at: Time,
}

/// Which deliveries a listing shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) endpoint: Option<i64>,
    pub(crate) event: Option<i64>,
    pub(crate) state: Option<&'static str>,
}

/// Which deliveries to make again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selection {
    Delivery(i64),
    Event(i64),
    /// Events with an id in this range.
    Ids(i64, i64),
    /// Events of this time, both ends included.
    Times(Time, Time),
}

/// Notes for each endpoint that wants this kind of event that it is owed.
pub(super) fn owe(w: &Write<'_>, event: &Arc<Event>) -> Result<Vec<Owed>, Failure> {
    let mut owed = Vec::new();
    for endpoint in wanting(w.db, event.kind)? {
        w.db.prepare_cached(
            "INSERT INTO deliveries (event_id, endpoint_id, state, next_at, created_at, updated_at)
             VALUES (?1, ?2, 'pending', ?3, ?3, ?3)",
        )?
        .execute(params![event.id, endpoint, w.now.millis()])?;
        owed.push(Owed { delivery: w.db.last_insert_rowid(), endpoint, event: Arc::clone(event), made: 0, next_at: w.now });
    }
    Ok(owed)
}

fn wanting(db: &Connection, kind: EventType) -> Result<Vec<i64>, Failure> {
    let mut statement = db.prepare_cached("SELECT id, types FROM endpoints WHERE enabled = 1 ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, patterns(&row.get::<_, String>(1)?))))?;
    let all: Vec<(i64, Vec<TypePattern>)> = rows.collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|(_, types)| types.iter().any(|t| t.matches(kind))).map(|(id, _)| id).collect())
}

pub(crate) fn register(w: &mut Write<'_>, new: NewEndpoint) -> Result<Endpoint, Failure> {
    let count: i64 = w.db.prepare_cached("SELECT count(*) FROM endpoints")?.query_row([], |row| row.get(0))?;
    if count >= MAX_ENDPOINTS {
        return Err(Failure::conflict(format!("{MAX_ENDPOINTS} endpoints are registered already; delete one first")));
    }
    let types = new.types.iter().map(TypePattern::as_str).collect::<Vec<_>>().join(" ");
    w.db.prepare_cached("INSERT INTO endpoints (url, types, scheme, secret, created_at) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![new.url, types, new.scheme, new.secret, w.now.millis()])?;
    let endpoint = Endpoint {
        id: w.db.last_insert_rowid(),
        url: new.url,
        types: new.types,
        scheme: new.scheme.to_owned(),
        secret: new.secret,
        enabled: true,
        created_at: w.now,
    };
    w.changed(Change::EndpointAdded(endpoint.clone()));
    Ok(endpoint)
}

pub(crate) fn endpoints(db: &Connection) -> Result<Vec<Endpoint>, Failure> {
    let mut statement =
        db.prepare_cached("SELECT id, url, types, scheme, secret, enabled, created_at FROM endpoints ORDER BY id")?;
    Ok(statement.query_map([], read_endpoint)?.collect::<Result<_, _>>()?)
}

pub(crate) fn endpoint(db: &Connection, id: i64) -> Result<Endpoint, Failure> {
    db.prepare_cached("SELECT id, url, types, scheme, secret, enabled, created_at FROM endpoints WHERE id = ?")?
        .query_row([id], read_endpoint)
        .optional()?
        .ok_or_else(|| Failure::not_found(format!("there is no endpoint {id}")))
}

/// Removes an endpoint and all that it was owed.
pub(crate) fn remove(w: &mut Write<'_>, id: i64) -> Result<(), Failure> {
    if w.db.prepare_cached("DELETE FROM endpoints WHERE id = ?")?.execute([id])? == 0 {
        return Err(Failure::not_found(format!("there is no endpoint {id}")));
    }
    w.changed(Change::EndpointRemoved(id));
    Ok(())
}

/// Takes an endpoint out of service that said it is gone; what it is owed is dead.
pub(crate) fn disable(w: &Write<'_>, id: i64) -> Result<(), Failure> {
    w.db.prepare_cached("UPDATE endpoints SET enabled = 0 WHERE id = ?")?.execute([id])?;
    w.db.prepare_cached("UPDATE deliveries SET state = 'dead', updated_at = ? WHERE endpoint_id = ? AND state = 'pending'")?
        .execute(params![w.now.millis(), id])?;
    Ok(())
}

/// Deliveries, newest first, with their attempts, and how many there are.
pub(crate) fn deliveries(db: &Connection, filter: &Filter, page: Page) -> Result<(Vec<Delivery>, i64), Failure> {
    const CHOSEN: &str = "WHERE (?1 IS NULL OR d.endpoint_id = ?1) AND (?2 IS NULL OR d.event_id = ?2) AND (?3 IS NULL OR d.state = ?3)";
    let total = db
        .prepare_cached(&format!("SELECT count(*) FROM deliveries d {CHOSEN}"))?
        .query_row(params![filter.endpoint, filter.event, filter.state], |row| row.get(0))?;
    let mut statement =
        db.prepare_cached(&format!("{SELECT_DELIVERY} {CHOSEN} ORDER BY d.id DESC LIMIT ?4 OFFSET ?5"))?;
    let mut rows: Vec<Delivery> = statement
        .query_map(params![filter.endpoint, filter.event, filter.state, page.limit, page.offset], read_delivery)?
        .collect::<Result<_, _>>()?;
    for row in &mut rows {
        row.attempts = attempts(db, row.id)?;
    }
    Ok((rows, total))
}

pub(crate) fn delivery(db: &Connection, id: i64) -> Result<Delivery, Failure> {
    let mut found = db
        .prepare_cached(&format!("{SELECT_DELIVERY} WHERE d.id = ?"))?
        .query_row([id], read_delivery)
        .optional()?
        .ok_or_else(|| Failure::not_found(format!("there is no delivery {id}")))?;
    found.attempts = attempts(db, id)?;
    Ok(found)
}

fn attempts(db: &Connection, delivery: i64) -> Result<Vec<Attempt>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT number, at, outcome, status FROM (SELECT * FROM attempts WHERE delivery_id = ? ORDER BY id DESC LIMIT 100) ORDER BY id",
    )?;
    let read = |row: &Row<'_>| {
        let at = Time::from_millis(row.get(1)?).to_string();
        Ok(Attempt { number: row.get(0)?, at, outcome: row.get(2)?, status: row.get(3)? })
    };
    Ok(statement.query_map([delivery], read)?.collect::<Result<_, _>>()?)
}

/// All that is pending, oldest first: what a start has to take up again.
pub(crate) fn pending(db: &Connection) -> Result<Vec<Owed>, Failure> {
    let mut statement = db.prepare_cached(&format!("{SELECT_OWED} WHERE d.state = 'pending' AND p.enabled = 1 ORDER BY d.id"))?;
    let rows = statement.query_map([], read_owed)?.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().flatten().collect())
}

/// Writes down how an attempt went: `next_at` if another will follow, else the state that the delivery ends in.
pub(crate) fn attempted(
    w: &Write<'_>,
    delivery: i64,
    outcome: &str,
    status: Option<u16>,
    fate: Result<&'static str, Time>,
) -> Result<(), Failure> {
    let (state, next_at) = match fate {
        Ok(state) => (state, w.now),
        Err(next_at) => ("pending", next_at),
    };
    let changed = w
        .db
        .prepare_cached("UPDATE deliveries SET state = ?, attempts = attempts + 1, next_at = ?, updated_at = ? WHERE id = ?")?
        .execute(params![state, next_at.millis(), w.now.millis(), delivery])?;
    if changed == 0 {
        // Its endpoint was deleted while the attempt was under way.
        return Ok(());
    }
    w.db.prepare_cached(
        "INSERT INTO attempts (delivery_id, number, at, outcome, status)
         VALUES (?1, (SELECT count(*) + 1 FROM attempts WHERE delivery_id = ?1), ?2, ?3, ?4)",
    )?
    .execute(params![delivery, w.now.millis(), outcome, status])?;
    Ok(())
}

/// Makes deliveries pending again, from the start of their schedule. Those that are pending already stay as they
/// are. An event is also owed to endpoints that were registered after it.
///
/// Gives how many there are.
pub(crate) fn replay(w: &mut Write<'_>, selection: Selection) -> Result<usize, Failure> {
    let mut chosen = Vec::new();
    match selection {
        Selection::Delivery(id) => {
            let found = delivery(w.db, id)?;
            if !endpoint(w.db, found.endpoint_id)?.enabled {
                return Err(Failure::conflict("the endpoint of this delivery is disabled"));
            }
            chosen.push((found.event_id, found.endpoint_id));
        }
        Selection::Event(id) => match events::between(w.db, id, id, 1)?.first() {
            Some(event) => chosen.extend(wanting(w.db, event.kind)?.into_iter().map(|to| (id, to))),
            None => return Err(Failure::not_found(format!("event {id} is not known, or no longer kept"))),
        },
        Selection::Ids(from, to) => {
            for event in events::between(w.db, from, to, i64::MAX)? {
                chosen.extend(wanting(w.db, event.kind)?.into_iter().map(|to| (event.id, to)));
                too_many(&chosen)?;
            }
        }
        Selection::Times(from, to) => {
            for event in events::of_time(w.db, from, to)? {
                chosen.extend(wanting(w.db, event.kind)?.into_iter().map(|to| (event.id, to)));
                too_many(&chosen)?;
            }
        }
    }
    let mut owed = Vec::new();
    for (event, endpoint) in chosen {
        let changed = w
            .db
            .prepare_cached(
                "INSERT INTO deliveries (event_id, endpoint_id, state, next_at, created_at, updated_at)
                 VALUES (?1, ?2, 'pending', ?3, ?3, ?3)
                 ON CONFLICT (event_id, endpoint_id) DO UPDATE
                 SET state = 'pending', attempts = 0, next_at = ?3, updated_at = ?3 WHERE state <> 'pending'",
            )?
            .execute(params![event, endpoint, w.now.millis()])?;
        if changed > 0 {
            let mut statement = w.db.prepare_cached(&format!("{SELECT_OWED} WHERE d.event_id = ? AND d.endpoint_id = ?"))?;
            owed.extend(statement.query_row([event, endpoint], read_owed)?);
        }
    }
    let count = owed.len();
    w.changed(Change::Replayed(owed));
    Ok(count)
}

fn too_many(chosen: &[(i64, i64)]) -> Result<(), Failure> {
    if chosen.len() > MAX_REPLAY {
        return Err(Failure::new(
            http::StatusCode::UNPROCESSABLE_ENTITY,
            format!("the range holds more than {MAX_REPLAY} deliveries; choose a smaller one"),
        ));
    }
    Ok(())
}

/// Remembers the key of a message that was received; false if it is known already.
pub(crate) fn first_time(w: &Write<'_>, dedupe: &str) -> Result<bool, Failure> {
    let old = w.now.before(std::time::Duration::from_secs(24 * 3600));
    w.db.prepare_cached("DELETE FROM received WHERE at < ?")?.execute([old.millis()])?;
    let new = w
        .db
        .prepare_cached("INSERT OR IGNORE INTO received (dedupe, at) VALUES (?, ?)")?
        .execute(params![dedupe, w.now.millis()])?;
    Ok(new > 0)
}

fn patterns(stored: &str) -> Vec<TypePattern> {
    stored.split(' ').filter_map(TypePattern::parse).collect()
}

fn read_endpoint(row: &Row<'_>) -> rusqlite::Result<Endpoint> {
    Ok(Endpoint {
        id: row.get(0)?,
        url: row.get(1)?,
        types: patterns(&row.get::<_, String>(2)?),
        scheme: row.get(3)?,
        secret: row.get(4)?,
        enabled: row.get(5)?,
        created_at: Time::from_millis(row.get(6)?),
    })
}

const SELECT_DELIVERY: &str = "SELECT d.id, d.event_id, e.type, d.endpoint_id, d.state, d.next_at, d.created_at, d.updated_at
    FROM deliveries d JOIN events e ON e.id = d.event_id";

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let state: String = row.get(4)?;
    let next = Time::from_millis(row.get(5)?);
    Ok(Delivery {
        id: row.get(0)?,
        event_id: row.get(1)?,
        kind: row.get(2)?,
        endpoint_id: row.get(3)?,
        next_attempt_at: (state == "pending").then(|| next.to_string()),
        state,
        created_at: Time::from_millis(row.get(6)?).to_string(),
        updated_at: Time::from_millis(row.get(7)?).to_string(),
        attempts: Vec::new(),
    })
}

const SELECT_OWED: &str = "SELECT d.id, d.endpoint_id, d.attempts, d.next_at, e.id, e.type, e.at, e.data
    FROM deliveries d JOIN events e ON e.id = d.event_id JOIN endpoints p ON p.id = d.endpoint_id";

fn read_owed(row: &Row<'_>) -> rusqlite::Result<Option<Owed>> {
    let kind: String = row.get(5)?;
    let Some(kind) = EventType::parse(&kind) else { return Ok(None) };
    Ok(Some(Owed {
        delivery: row.get(0)?,
        endpoint: row.get(1)?,
        made: row.get(2)?,
        next_at: Time::from_millis(row.get(3)?),
        event: Arc::new(Event { id: row.get(4)?, kind, at: Time::from_millis(row.get(6)?), data: row.get(7)? }),
    }))
}
