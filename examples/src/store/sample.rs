//! The rows of a first start, so that every address in the documentation answers something.

use std::time::Duration;

use rusqlite::{Connection, params};

use crate::clock::Time;

/// Fills a database that has never had a user. Sample rows make no events: nothing happened.
pub(super) fn fill(db: &mut Connection, now: Time) -> Result<(), rusqlite::Error> {
    let tx = db.transaction()?;
    let used: bool =
        tx.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'users')", [], |r| r.get(0))?;
    if used {
        return tx.commit();
    }
    let ago = |hours: u64| now.before(Duration::from_secs(hours * 3600)).millis();
    for (id, name, email, hours) in USERS {
        let at = ago(*hours);
        tx.execute(
            "INSERT INTO users (id, name, email, version, created_at, updated_at) VALUES (?, ?, ?, 0, ?, ?)",
            params![id, name, email, at, at],
        )?;
    }
    for (id, user, title, body) in POSTS {
        tx.execute(
            "INSERT INTO posts (id, user_id, title, body, created_at) VALUES (?, ?, ?, ?, ?)",
            params![id, user, title, body, ago(24)],
        )?;
    }
    for (post, author, body) in COMMENTS {
        tx.execute(
            "INSERT INTO comments (post_id, author, body, created_at) VALUES (?, ?, ?, ?)",
            params![post, author, body, ago(20)],
        )?;
    }
    for (id, user, note) in ORDERS {
        tx.execute(
            "INSERT INTO orders (id, user_id, note, created_at) VALUES (?, ?, ?, ?)",
            params![id, user, note, ago(12)],
        )?;
    }
    for (order, product, quantity, price) in ITEMS {
        tx.execute(
            "INSERT INTO items (order_id, product, quantity, price_cents) VALUES (?, ?, ?, ?)",
            params![order, product, quantity, price],
        )?;
    }
    for room in ["lobby", "support", "users"] {
        tx.execute("INSERT INTO rooms (name, created_at) VALUES (?, ?)", params![room, ago(48)])?;
    }
    for (room, sender, body) in MESSAGES {
        tx.execute(
            "INSERT INTO messages (room, sender, body, created_at) VALUES (?, ?, ?, ?)",
            params![room, sender, body, ago(6)],
        )?;
    }
    tx.execute(
        "INSERT INTO notifications (source, type, data, created_at) VALUES ('sample', 'welcome', ?, ?)",
        params![r#"{"text":"Create a user through one door and watch it arrive at the others."}"#, ago(1)],
    )?;
    tx.commit()
}

const USERS: &[(i64, &str, &str, u64)] = &[
    (1, "Ada", "ada@example.com", 720),
    (2, "Grace", "grace@example.com", 480),
    (42, "Alice", "alice@example.com", 240),
];
const POSTS: &[(i64, i64, &str, &str)] = &[
    (1, 42, "Hello", "The first post."),
    (2, 42, "On caches", "A response that says how long it holds need not be asked for again."),
    (3, 1, "Notes", "An engine has no pretensions to originate anything."),
];
const COMMENTS: &[(i64, &str, &str)] =
    &[(1, "Grace", "Welcome."), (2, "Ada", "And a validator tells whether it still does.")];
const ORDERS: &[(i64, i64, Option<&str>)] = &[(5, 1, None), (7, 42, Some("ring twice"))];
const ITEMS: &[(i64, &str, i64, i64)] =
    &[(5, "Notebook", 2, 450), (7, "Keyboard", 1, 8900), (7, "Cable", 3, 790)];
const MESSAGES: &[(&str, &str, &str)] = &[
    ("lobby", "Ada", "Is anyone here?"),
    ("lobby", "Alice", "Yes."),
    ("support", "Grace", "How can I help?"),
];
