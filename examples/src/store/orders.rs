//! Orders and their items.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Write, events, users};
use crate::clock::Time;
use crate::event::EventType;
use crate::failure::Failure;
use crate::input::Page;

/// An order, stored and seen.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) note: Option<String>,
    pub(crate) created_at: String,
}

/// One line of an order.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) id: i64,
    pub(crate) order_id: i64,
    pub(crate) product: String,
    pub(crate) quantity: i64,
    pub(crate) price_cents: i64,
}

/// A line that a caller wants to add.
#[derive(Clone, Debug)]
pub(crate) struct NewItem {
    pub(crate) product: String,
    pub(crate) quantity: i64,
    pub(crate) price_cents: i64,
}

/// The orders of a user, newest first, and how many there are.
pub(crate) fn list(db: &Connection, user: i64, page: Page) -> Result<(Vec<Order>, i64), Failure> {
    users::require(db, user)?;
    let total = db
        .prepare_cached("SELECT count(*) FROM orders WHERE user_id = ?")?
        .query_row([user], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT id, user_id, note, created_at FROM orders WHERE user_id = ? ORDER BY id DESC LIMIT ? OFFSET ?",
    )?;
    let rows = statement.query_map([user, page.limit, page.offset], read)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

/// An order, which must be this user's.
pub(crate) fn require(db: &Connection, user: i64, order: i64) -> Result<Order, Failure> {
    users::require(db, user)?;
    db.prepare_cached("SELECT id, user_id, note, created_at FROM orders WHERE id = ? AND user_id = ?")?
        .query_row([order, user], read)
        .optional()?
        .ok_or_else(|| Failure::not_found(format!("user {user} has no order {order}")))
}

/// Creates an order with its first items; they are part of it and make no event of their own.
pub(crate) fn create(
    w: &mut Write<'_>,
    user: i64,
    note: Option<String>,
    items: Vec<NewItem>,
) -> Result<Order, Failure> {
    users::require(w.db, user)?;
    w.db.prepare_cached("INSERT INTO orders (user_id, note, created_at) VALUES (?, ?, ?)")?
        .execute(params![user, note, w.now.millis()])?;
    let order = Order { id: w.db.last_insert_rowid(), user_id: user, note, created_at: w.now.to_string() };
    for item in items {
        insert(w, order.id, item)?;
    }
    events::append(w, EventType::OrderCreated, &order)?;
    Ok(order)
}

/// The items of an order, in the order of their ids, and how many there are.
pub(crate) fn items(db: &Connection, user: i64, order: i64, page: Page) -> Result<(Vec<Item>, i64), Failure> {
    require(db, user, order)?;
    let total = db
        .prepare_cached("SELECT count(*) FROM items WHERE order_id = ?")?
        .query_row([order], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT id, order_id, product, quantity, price_cents FROM items WHERE order_id = ? ORDER BY id LIMIT ? OFFSET ?",
    )?;
    let rows = statement.query_map([order, page.limit, page.offset], read_item)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

pub(crate) fn add_item(w: &mut Write<'_>, user: i64, order: i64, new: NewItem) -> Result<Item, Failure> {
    require(w.db, user, order)?;
    let item = insert(w, order, new)?;
    events::append(w, EventType::ItemCreated, &item)?;
    Ok(item)
}

fn insert(w: &Write<'_>, order: i64, new: NewItem) -> Result<Item, Failure> {
    let NewItem { product, quantity, price_cents } = new;
    w.db.prepare_cached("INSERT INTO items (order_id, product, quantity, price_cents) VALUES (?, ?, ?, ?)")?
        .execute(params![order, product, quantity, price_cents])?;
    Ok(Item { id: w.db.last_insert_rowid(), order_id: order, product, quantity, price_cents })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        id: row.get(0)?,
        user_id: row.get(1)?,
        note: row.get(2)?,
        created_at: Time::from_millis(row.get(3)?).to_string(),
    })
}

fn read_item(row: &Row<'_>) -> rusqlite::Result<Item> {
    Ok(Item {
        id: row.get(0)?,
        order_id: row.get(1)?,
        product: row.get(2)?,
        quantity: row.get(3)?,
        price_cents: row.get(4)?,
    })
}
