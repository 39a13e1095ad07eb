//! Users.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Write, events};
use crate::clock::Time;
use crate::event::{EventType, json};
use crate::failure::Failure;
use crate::input::{NewUser, Page};

/// A user as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email: String,
    /// The id of the event that last changed it.
    pub(crate) version: i64,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// A user as callers see it.
#[derive(Serialize)]
pub(crate) struct UserView<'a> {
    pub(crate) id: i64,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

impl User {
    pub(crate) fn view(&self) -> UserView<'_> {
        UserView {
            id: self.id,
            name: &self.name,
            email: &self.email,
            created_at: self.created_at.to_string(),
            updated_at: self.updated_at.to_string(),
        }
    }
}

pub(crate) fn find(db: &Connection, id: i64) -> Result<Option<User>, Failure> {
    let mut statement =
        db.prepare_cached("SELECT id, name, email, version, created_at, updated_at FROM users WHERE id = ?")?;
    Ok(statement.query_row([id], read).optional()?)
}

pub(crate) fn require(db: &Connection, id: i64) -> Result<User, Failure> {
    find(db, id)?.ok_or_else(|| Failure::not_found(format!("there is no user {id}")))
}

/// A page in the order of ids, and how many there are in all.
pub(crate) fn list(db: &Connection, page: Page) -> Result<(Vec<User>, i64), Failure> {
    let total = db.prepare_cached("SELECT count(*) FROM users")?.query_row([], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT id, name, email, version, created_at, updated_at FROM users ORDER BY id LIMIT ? OFFSET ?",
    )?;
    let rows = statement.query_map([page.limit, page.offset], read)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

/// Those of these users that there are, in no order.
pub(crate) fn find_many(db: &Connection, users: &[i64]) -> Result<Vec<User>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, name, email, version, created_at, updated_at FROM users
         WHERE id IN (SELECT value FROM json_each(?))",
    )?;
    let rows = statement.query_map([json(&users)], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The first users whose name has this text in it, whatever the case of its ASCII letters.
pub(crate) fn search(db: &Connection, text: &str, limit: i64) -> Result<Vec<User>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, name, email, version, created_at, updated_at FROM users
         WHERE instr(lower(name), lower(?1)) > 0 ORDER BY id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![text, limit], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Creates a user under the next free id, or under one that the caller chose.
pub(crate) fn create(w: &mut Write<'_>, id: Option<i64>, new: NewUser) -> Result<User, Failure> {
    let at = w.now.millis();
    w.db.prepare_cached(
        "INSERT INTO users (id, name, email, version, created_at, updated_at) VALUES (?, ?, ?, 0, ?, ?)",
    )?
    .execute(params![id, new.name, new.email, at, at])
    .map_err(taken)?;
    let id = w.db.last_insert_rowid();
    let user =
        User { id, name: new.name, email: new.email, version: 0, created_at: w.now, updated_at: w.now };
    stamp(w, user, EventType::UserCreated)
}

pub(crate) fn update(w: &mut Write<'_>, old: &User, new: NewUser) -> Result<User, Failure> {
    w.db.prepare_cached("UPDATE users SET name = ?, email = ?, updated_at = ? WHERE id = ?")?
        .execute(params![new.name, new.email, w.now.millis(), old.id])
        .map_err(taken)?;
    let user = User { name: new.name, email: new.email, updated_at: w.now, ..*old };
    stamp(w, user, EventType::UserUpdated)
}

pub(crate) fn delete(w: &mut Write<'_>, user: &User) -> Result<(), Failure> {
    w.db.prepare_cached("DELETE FROM users WHERE id = ?")?.execute([user.id])?;
    events::append(w, EventType::UserDeleted, &user.view())?;
    Ok(())
}

/// Tells of the change, and makes the event's id the version of the row.
fn stamp(w: &mut Write<'_>, user: User, kind: EventType) -> Result<User, Failure> {
    let version = events::append(w, kind, &user.view())?;
    w.db.prepare_cached("UPDATE users SET version = ? WHERE id = ?")?.execute([version, user.id])?;
    Ok(User { version, ..user })
}

fn taken(error: rusqlite::Error) -> Failure {
    match error.sqlite_error() {
        Some(e) if e.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE => {
            Failure::conflict("another user has this email address")
        }
        _ => Failure::from(error),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        version: row.get(3)?,
        created_at: Time::from_millis(row.get(4)?),
        updated_at: Time::from_millis(row.get(5)?),
    })
}
