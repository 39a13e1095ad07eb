//! Queries and mutations.

use rpc_typed::{Code, RpcError};

use super::types::{self, ById, NewUser, Post, User};
use super::{Authorized, Context, refused};
use crate::input::{self, Fields, Page, parse_id};
use crate::store::{posts as stored, users};

pub(super) async fn get_by_id(c: Context, input: ById) -> Result<User, RpcError> {
    let Some(id) = parse_id(&input.id) else {
        return Err(RpcError::new(Code::NotFound, "ids are whole numbers from 1"));
    };
    let user = c.app.store.read(move |db| users::require(db, id)).await.map_err(|f| refused(&f))?;
    Ok(user.into())
}

pub(super) async fn create(c: Authorized, input: NewUser) -> Result<User, RpcError> {
    let new = Fields::of(input.0).and_then(input::NewUser::read).map_err(|f| refused(&f))?;
    let created = c.app.store.write(move |w| users::create(w, None, new)).await;
    Ok(created.map_err(|f| refused(&f))?.into())
}

pub(super) async fn posts(c: Context, input: Option<types::Page>) -> Result<Vec<Post>, RpcError> {
    let types::Page { limit, offset } = input.unwrap_or_default();
    let limit = i64::from(limit.unwrap_or(20));
    if !(1..=Page::MAX).contains(&limit) {
        let what = format!("must be a whole number from 1 to {}", Page::MAX);
        return Err(RpcError::new(Code::BadRequest, format!("limit {what}")).issue(["limit"], what));
    }
    let page = Page { limit, offset: i64::from(offset.unwrap_or(0)) };
    let (posts, _) =
        c.app.store.read(move |db| stored::list(db, None, page)).await.map_err(|f| refused(&f))?;
    Ok(posts.into_iter().map(Post::from).collect())
}
