//! `/users` and `/users/{id}`.

use http::Method;
use rest_core::field::ETag;
use rest_core::hypermedia::{Hal, Link};
use rest_core::patch::merge;
use rest_core::semantics::Validators;
use rest_core::semantics::outcome::NoContent;
use rest_core::{Limits, Reply};
use serde_json::json;

use super::{collection, created};
use crate::doors::call::{Call, fields, id, page};
use crate::failure::Failure;
use crate::input::{Fields, NewUser};
use crate::store::users::{self, User, UserView};

pub(crate) async fn list(call: Call) -> Result<Reply, Failure> {
    let page = page(&call)?;
    let (rows, total) = call.state().store.read(move |db| users::list(db, page)).await?;
    collection(&call, "users", rows.iter().map(document).collect(), total, page)
}

pub(crate) async fn create(mut call: Call) -> Result<Reply, Failure> {
    let new = NewUser::read(fields(&mut call).await?)?;
    let user = call.state().store.write(move |w| users::create(w, None, new)).await?;
    represent(created(&format!("/users/{}", user.id))?, &user)
}

pub(crate) async fn show(call: Call) -> Result<Reply, Failure> {
    let id = id(&call, "id")?;
    let user = call.state().store.read(move |db| users::require(db, id)).await?;
    represent(Reply::ok(), &user)
}

/// Creates the user under the client's own id, or replaces what the client has seen.
pub(crate) async fn put(mut call: Call) -> Result<Reply, Failure> {
    let id = id(&call, "id")?;
    let new = NewUser::read(fields(&mut call).await?.ignore(&READ_ONLY))?;
    let conditions = call.conditions();
    let (user, is_new) = call
        .state()
        .store
        .write(move |w| {
            let old = users::find(w.db, id)?;
            conditions.check(&validators(old.as_ref()))?;
            Ok(match old {
                Some(old) => (users::update(w, &old, new)?, false),
                None => (users::create(w, Some(id), new)?, true),
            })
        })
        .await?;
    represent(if is_new { created(&format!("/users/{id}"))? } else { Reply::ok() }, &user)
}

/// Changes what a merge patch names (RFC 7396).
pub(crate) async fn patch(mut call: Call) -> Result<Reply, Failure> {
    let id = id(&call, "id")?;
    let patch = fields(&mut call).await?.ignore(&READ_ONLY).into_value();
    let conditions = call.conditions();
    let user = call
        .state()
        .store
        .write(move |w| {
            let old = users::require(w.db, id)?;
            let mut merged = json!({ "name": old.name, "email": old.email });
            merge(&mut merged, patch, &Limits::DEFAULT)
                .map_err(|_| Failure::unprocessable("the patch is nested too deeply"))?;
            let new = NewUser::read(Fields::of(merged)?)?;
            conditions.check(&validators(Some(&old)))?;
            users::update(w, &old, new)
        })
        .await?;
    represent(Reply::ok(), &user)
}

pub(crate) async fn delete(call: Call) -> Result<Reply, Failure> {
    let id = id(&call, "id")?;
    let conditions = call.conditions();
    call.state()
        .store
        .write(move |w| {
            let old = users::require(w.db, id)?;
            conditions.check(&validators(Some(&old)))?;
            users::delete(w, &old)
        })
        .await?;
    Ok(Reply::from(NoContent))
}

fn represent(reply: Reply, user: &User) -> Result<Reply, Failure> {
    let reply = reply.hal(&document(user))?.etag(&etag(user)).last_modified(user.updated_at.system());
    Ok(reply)
}

fn document(user: &User) -> Hal<UserView<'_>> {
    let path = format!("/users/{}", user.id);
    Hal::new(user.view())
        .link("self", Link::new(path.clone()))
        .link("posts", Link::new(format!("{path}/posts")))
        .link("orders", Link::new(format!("{path}/orders")))
        .link("update", Link::new(path.clone()).method(&Method::PUT))
        .link("delete", Link::new(path).method(&Method::DELETE))
}

fn validators(user: Option<&User>) -> Validators {
    user.map_or_else(Validators::absent, |user| {
        Validators::present().etag(etag(user)).last_modified(user.updated_at.system())
    })
}

/// Unlike the version alone, not found again in another database that began at the same number.
fn etag(user: &User) -> ETag {
    ETag::from_content(format!("{} {} {}", user.id, user.version, user.updated_at))
}

/// What a client gets and may send back unchanged; it has no effect.
const READ_ONLY: [&str; 4] = ["id", "created_at", "updated_at", "_links"];
