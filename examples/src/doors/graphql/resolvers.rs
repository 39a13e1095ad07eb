//! What the fields of the schema do with the store.

use std::collections::HashMap;
use std::sync::Arc;

use graphql_exec::{GraphqlError, Object, ObjectRef, Typed, Value, error::code};

use crate::app::App;
use crate::event::EventType;
use crate::failure::Failure;
use crate::feed::Follower;
use crate::input::{Fields, NewUser, Page, parse_id};
use crate::store::Store;
use crate::store::posts::{self, Comment, Post};
use crate::store::rooms::Message;
use crate::store::users::{self, User};

/// On whose behalf a request runs, and what it can reach.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(super) store: Store,
    pub(super) follow: Arc<dyn Fn(EventType) -> Follower + Send + Sync>,
    pub(super) may_write: bool,
}

impl Caller {
    pub(super) fn new(app: &Arc<App>, may_write: bool) -> Caller {
        let follow = {
            let app = Arc::clone(app);
            Arc::new(move |kind| app.follow(kind))
        };
        Caller { store: app.store.clone(), follow, may_write }
    }
}

impl Typed for User {
    const NAME: &'static str = "User";
}

impl Typed for Post {
    const NAME: &'static str = "Post";
}

impl Typed for Comment {
    const NAME: &'static str = "Comment";
}

impl Typed for Message {
    const NAME: &'static str = "Message";
}

/// A refusal of the service as an error of GraphQL.
pub(super) fn refusal(failure: &Failure) -> GraphqlError {
    let problem = failure.problem();
    let code = match problem.status().as_u16() {
        400 | 422 => code::BAD_USER_INPUT,
        401 => code::UNAUTHENTICATED,
        403 => code::FORBIDDEN,
        404 => "NOT_FOUND",
        409 => code::CONFLICT,
        503 => "SERVICE_UNAVAILABLE",
        _ => code::INTERNAL_SERVER_ERROR,
    };
    let error = GraphqlError::new(failure.to_string()).with_code(code);
    let violations: Vec<Value> = failure
        .violations()
        .map(|violation| {
            let members = [("pointer", violation.pointer), ("detail", violation.detail)];
            members.into_iter().collect::<Object>().into()
        })
        .collect();
    if violations.is_empty() { error } else { error.with_extension("errors", violations) }
}

/// A number from a range, or an error that names the argument.
pub(super) fn within(name: &str, value: i64, min: i64, max: i64) -> Result<i64, GraphqlError> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    let message = format!("the argument `{name}` must be a whole number from {min} to {max}");
    Err(GraphqlError::new(message).with_code(code::BAD_USER_INPUT))
}

pub(super) fn limit(value: i64) -> Result<i64, GraphqlError> {
    within("limit", value, 1, Page::MAX)
}

pub(super) fn page(limit: i64, offset: i64) -> Result<Page, GraphqlError> {
    Ok(Page { limit: self::limit(limit)?, offset: within("offset", offset, 0, i64::from(u32::MAX))? })
}

pub(super) async fn users_page(caller: &Caller, page: Page) -> Result<Vec<User>, GraphqlError> {
    let page = caller.store.read(move |db| users::list(db, page)).await;
    page.map(|(users, _)| users).map_err(|failure| refusal(&failure))
}

pub(super) async fn posts_page(caller: &Caller, page: Page) -> Result<Vec<Post>, GraphqlError> {
    let page = caller.store.read(move |db| posts::list(db, None, page)).await;
    page.map(|(posts, _)| posts).map_err(|failure| refusal(&failure))
}

/// The users of these ids, each in its place. A text that is no id of ours names nobody.
pub(super) async fn users_by_id(
    caller: &Caller,
    ids: &[Arc<str>],
) -> Result<Vec<Option<User>>, GraphqlError> {
    let ids: Vec<i64> = ids.iter().map(|id| number(id)).collect();
    let wanted = ids.clone();
    let found = caller.store.read(move |db| users::find_many(db, &wanted)).await;
    Ok(in_place(&ids, found.map_err(|failure| refusal(&failure))?, |user| user.id))
}

/// The posts of these ids, likewise.
pub(super) async fn posts_by_id(
    caller: &Caller,
    ids: &[Arc<str>],
) -> Result<Vec<Option<Post>>, GraphqlError> {
    let ids: Vec<i64> = ids.iter().map(|id| number(id)).collect();
    let wanted = ids.clone();
    let found = caller.store.read(move |db| posts::find_many(db, &wanted)).await;
    Ok(in_place(&ids, found.map_err(|failure| refusal(&failure))?, |post| post.id))
}

/// The newest posts of each of these users, as many as is wanted of each: one read, whatever is wanted.
pub(super) async fn posts_of(
    caller: &Caller,
    keys: &[(i64, i64)],
) -> Result<Vec<Result<Vec<Post>, GraphqlError>>, GraphqlError> {
    let mut users_by_limit: HashMap<i64, Vec<i64>> = HashMap::new();
    for (user, limit) in keys.iter().filter(|(_, limit)| self::limit(*limit).is_ok()) {
        users_by_limit.entry(*limit).or_default().push(*user);
    }
    let read = caller.store.read(move |db| {
        let mut found: HashMap<(i64, i64), Vec<Post>> = HashMap::new();
        for (limit, users) in users_by_limit {
            for post in posts::of_users(db, &users, limit)? {
                found.entry((post.user_id, limit)).or_default().push(post);
            }
        }
        Ok(found)
    });
    let mut found = read.await.map_err(|failure| refusal(&failure))?;
    let of = |key: &(i64, i64)| limit(key.1).map(|_| found.remove(key).unwrap_or_default());
    Ok(keys.iter().map(of).collect())
}

/// The comments on each of these posts.
pub(super) async fn comments_on(caller: &Caller, ids: &[i64]) -> Result<Vec<Vec<Comment>>, GraphqlError> {
    let wanted = ids.to_vec();
    let read = caller.store.read(move |db| posts::comments_on(db, &wanted, Page::MAX)).await;
    let mut found: HashMap<i64, Vec<Comment>> = HashMap::new();
    for comment in read.map_err(|failure| refusal(&failure))? {
        found.entry(comment.post_id).or_default().push(comment);
    }
    Ok(ids.iter().map(|id| found.remove(id).unwrap_or_default()).collect())
}

/// The authors of posts. A post goes with its author, so one that is missing was deleted a moment ago.
pub(super) async fn authors(caller: &Caller, ids: &[i64]) -> Result<Vec<Option<User>>, GraphqlError> {
    let wanted = ids.to_vec();
    let found = caller.store.read(move |db| users::find_many(db, &wanted)).await;
    Ok(in_place(ids, found.map_err(|failure| refusal(&failure))?, |user| user.id))
}

pub(super) async fn search(
    caller: &Caller,
    text: String,
    kinds: Vec<String>,
    limit: i64,
) -> Result<Vec<ObjectRef>, GraphqlError> {
    let limit = self::limit(limit)?;
    let wants = |kind: &str| kinds.iter().any(|wanted| wanted == kind);
    let (wants_users, wants_posts) = (wants("USER"), wants("POST"));
    let read = caller.store.read(move |db| {
        let users = if wants_users { users::search(db, &text, limit)? } else { Vec::new() };
        let posts = if wants_posts { posts::search(db, &text, limit)? } else { Vec::new() };
        Ok((users, posts))
    });
    let (users, posts) = read.await.map_err(|failure| refusal(&failure))?;
    Ok(users.into_iter().map(ObjectRef::of).chain(posts.into_iter().map(ObjectRef::of)).collect())
}

pub(super) async fn create_user(caller: &Caller, input: Object) -> Result<User, GraphqlError> {
    if !caller.may_write {
        return Err(GraphqlError::new("the token is needed to write").with_code(code::UNAUTHENTICATED));
    }
    // The rules and their words are those of the other doors.
    let input = serde_json::to_value(&input).map_err(|cause| refusal(&Failure::unavailable(&cause)))?;
    let new = Fields::of(input).and_then(NewUser::read).map_err(|failure| refusal(&failure))?;
    let created = caller.store.write(move |w| users::create(w, None, new)).await;
    created.map_err(|failure| refusal(&failure))
}

/// 0, which is nobody's, for a text that is no id.
fn number(id: &str) -> i64 {
    parse_id(id).unwrap_or(0)
}

fn in_place<T: Clone>(ids: &[i64], found: Vec<T>, id: impl Fn(&T) -> i64) -> Vec<Option<T>> {
    let found: HashMap<i64, T> = found.into_iter().map(|row| (id(&row), row)).collect();
    ids.iter().map(|id| found.get(id).cloned()).collect()
}
