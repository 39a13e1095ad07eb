//! Posts and their comments.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Write, events, users};
use crate::clock::Time;
use crate::event::{EventType, json};
use crate::failure::Failure;
use crate::input::Page;

/// A post, stored and seen.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Post {
    pub(crate) id: i64,
    pub(crate) user_id: i64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) created_at: String,
}

/// A comment on a post.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Comment {
    pub(crate) id: i64,
    pub(crate) post_id: i64,
    pub(crate) author: String,
    pub(crate) body: String,
    pub(crate) created_at: String,
}

/// The posts of one user or of all, newest first, and how many there are.
pub(crate) fn list(db: &Connection, user: Option<i64>, page: Page) -> Result<(Vec<Post>, i64), Failure> {
    if let Some(id) = user {
        users::require(db, id)?;
    }
    let total = db
        .prepare_cached("SELECT count(*) FROM posts WHERE ?1 IS NULL OR user_id = ?1")?
        .query_row([user], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT id, user_id, title, body, created_at FROM posts WHERE ?1 IS NULL OR user_id = ?1
         ORDER BY id DESC LIMIT ?2 OFFSET ?3",
    )?;
    let rows =
        statement.query_map(params![user, page.limit, page.offset], read)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

pub(crate) fn require(db: &Connection, id: i64) -> Result<Post, Failure> {
    db.prepare_cached("SELECT id, user_id, title, body, created_at FROM posts WHERE id = ?")?
        .query_row([id], read)
        .optional()?
        .ok_or_else(|| Failure::not_found(format!("there is no post {id}")))
}

pub(crate) fn create(w: &mut Write<'_>, user: i64, title: String, body: String) -> Result<Post, Failure> {
    users::require(w.db, user)?;
    w.db.prepare_cached("INSERT INTO posts (user_id, title, body, created_at) VALUES (?, ?, ?, ?)")?
        .execute(params![user, title, body, w.now.millis()])?;
    let post =
        Post { id: w.db.last_insert_rowid(), user_id: user, title, body, created_at: w.now.to_string() };
    events::append(w, EventType::PostCreated, &post)?;
    Ok(post)
}

/// The comments on a post, oldest first, and how many there are.
pub(crate) fn comments(db: &Connection, post: i64, page: Page) -> Result<(Vec<Comment>, i64), Failure> {
    require(db, post)?;
    let total = db
        .prepare_cached("SELECT count(*) FROM comments WHERE post_id = ?")?
        .query_row([post], |row| row.get(0))?;
    let mut statement = db.prepare_cached(
        "SELECT id, post_id, author, body, created_at FROM comments WHERE post_id = ? ORDER BY id LIMIT ? OFFSET ?",
    )?;
    let rows =
        statement.query_map([post, page.limit, page.offset], read_comment)?.collect::<Result<_, _>>()?;
    Ok((rows, total))
}

pub(crate) fn comment(
    w: &mut Write<'_>,
    post: i64,
    author: String,
    body: String,
) -> Result<Comment, Failure> {
    require(w.db, post)?;
    w.db.prepare_cached("INSERT INTO comments (post_id, author, body, created_at) VALUES (?, ?, ?, ?)")?
        .execute(params![post, author, body, w.now.millis()])?;
    let comment =
        Comment { id: w.db.last_insert_rowid(), post_id: post, author, body, created_at: w.now.to_string() };
    events::append(w, EventType::CommentCreated, &comment)?;
    Ok(comment)
}

/// The newest posts of each of these users, `limit` a user at most, user by user.
pub(crate) fn of_users(db: &Connection, users: &[i64], limit: i64) -> Result<Vec<Post>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, user_id, title, body, created_at FROM (
             SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY id DESC) AS place FROM posts
             WHERE user_id IN (SELECT value FROM json_each(?1))
         ) WHERE place <= ?2 ORDER BY user_id, id DESC",
    )?;
    let rows = statement.query_map(params![json(&users), limit], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Those of these posts that there are, in no order.
pub(crate) fn find_many(db: &Connection, posts: &[i64]) -> Result<Vec<Post>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, user_id, title, body, created_at FROM posts WHERE id IN (SELECT value FROM json_each(?))",
    )?;
    let rows = statement.query_map([json(&posts)], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The first comments on each of these posts, `limit` a post at most, post by post.
pub(crate) fn comments_on(db: &Connection, posts: &[i64], limit: i64) -> Result<Vec<Comment>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, post_id, author, body, created_at FROM (
             SELECT *, row_number() OVER (PARTITION BY post_id ORDER BY id) AS place FROM comments
             WHERE post_id IN (SELECT value FROM json_each(?1))
         ) WHERE place <= ?2 ORDER BY post_id, id",
    )?;
    let rows = statement.query_map(params![json(&posts), limit], read_comment)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

/// The newest posts whose title has this text in it, whatever the case of its ASCII letters.
pub(crate) fn search(db: &Connection, text: &str, limit: i64) -> Result<Vec<Post>, Failure> {
    let mut statement = db.prepare_cached(
        "SELECT id, user_id, title, body, created_at FROM posts
         WHERE instr(lower(title), lower(?1)) > 0 ORDER BY id DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![text, limit], read)?.collect::<Result<_, _>>()?;
    Ok(rows)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Post> {
    Ok(Post {
        id: row.get(0)?,
        user_id: row.get(1)?,
        title: row.get(2)?,
        body: row.get(3)?,
        created_at: Time::from_millis(row.get(4)?).to_string(),
    })
}

fn read_comment(row: &Row<'_>) -> rusqlite::Result<Comment> {
    Ok(Comment {
        id: row.get(0)?,
        post_id: row.get(1)?,
        author: row.get(2)?,
        body: row.get(3)?,
        created_at: Time::from_millis(row.get(4)?).to_string(),
    })
}
