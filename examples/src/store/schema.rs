//! The tables, and how a connection is set up.

use rusqlite::Connection;

use super::{BUSY, OpenError};

/// The version of the tables below, kept in `user_version`.
const VERSION: i64 = 1;

/// Sets up the writing connection and creates the tables on first use.
pub(super) fn prepare(db: &mut Connection) -> Result<(), OpenError> {
    configure(db)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // `FULL` syncs the log at each commit: what was acknowledged survives a loss of power.
    db.pragma_update(None, "synchronous", "FULL")?;
    let found: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match found {
        0 => {
            let tx = db.transaction()?;
            tx.execute_batch(TABLES)?;
            tx.pragma_update(None, "user_version", VERSION)?;
            Ok(tx.commit()?)
        }
        VERSION => Ok(()),
        _ => Err(format!("its tables have version {found} and this program knows version {VERSION}").into()),
    }
}

/// What holds for both connections. A small cache: the demo's rows fit, and an idle service stays small.
pub(super) fn configure(db: &Connection) -> Result<(), rusqlite::Error> {
    db.busy_timeout(BUSY)?;
    db.set_prepared_statement_cache_capacity(64);
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "cache_size", -2048)?;
    db.pragma_update(None, "temp_store", "MEMORY")
}

/// Times are milliseconds since 1970. `version` is the id of the event that last changed the row, so that no
/// version of a user comes twice, not even when an id is deleted and used again.
const TABLES: &str = "
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    email TEXT NOT NULL COLLATE NOCASE UNIQUE,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX posts_of_user ON posts(user_id);
CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    post_id INTEGER NOT NULL REFERENCES posts(id) ON DELETE CASCADE,
    author TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX comments_of_post ON comments(post_id);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users(id) ON DELETE CASCADE,
    note TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_of_user ON orders(user_id);
CREATE TABLE items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id INTEGER NOT NULL REFERENCES orders(id) ON DELETE CASCADE,
    product TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price_cents INTEGER NOT NULL
) STRICT;
CREATE INDEX items_of_order ON items(order_id);
CREATE TABLE rooms (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL REFERENCES rooms(name) ON DELETE CASCADE,
    sender TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_of_room ON messages(room);
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    data TEXT NOT NULL
) STRICT;
CREATE TABLE endpoints (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    scheme TEXT NOT NULL,
    secret TEXT NOT NULL,
    disabled TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id INTEGER NOT NULL REFERENCES events(id) ON DELETE CASCADE,
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    at INTEGER NOT NULL,
    step INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failure TEXT,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_of_event ON deliveries(event_id);
CREATE INDEX deliveries_of_endpoint ON deliveries(endpoint_id);
CREATE INDEX deliveries_unsettled ON deliveries(status) WHERE status <> 'delivered';
CREATE TABLE attempts (
    delivery_id INTEGER NOT NULL REFERENCES deliveries(id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    status INTEGER,
    PRIMARY KEY (delivery_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE received (
    dedupe TEXT PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX received_by_time ON received(at);
";
