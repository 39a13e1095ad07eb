//! `/posts`, `/users/{id}/posts` and their comments.

use rest_core::Reply;
use rest_core::hypermedia::{Hal, Link};

use super::{collection, created};
use crate::doors::call::{Call, fields, id, page};
use crate::failure::Failure;
use crate::store::posts::{self, Comment, Post};

pub(crate) async fn list(call: Call) -> Result<Reply, Failure> {
    let page = page(&call)?;
    let (rows, total) = call.state().store.read(move |db| posts::list(db, None, page)).await?;
    collection(&call, "posts", rows.into_iter().map(document).collect(), total, page)
}

pub(crate) async fn list_of_user(call: Call) -> Result<Reply, Failure> {
    let (user, page) = (id(&call, "id")?, page(&call)?);
    let (rows, total) = call.state().store.read(move |db| posts::list(db, Some(user), page)).await?;
    collection(&call, "posts", rows.into_iter().map(document).collect(), total, page)
}

pub(crate) async fn create(mut call: Call) -> Result<Reply, Failure> {
    let user = id(&call, "id")?;
    let mut fields = fields(&mut call).await?;
    let (title, body) = (fields.text("title", 200), fields.text("body", 10_000));
    fields.finish()?;
    let post = call.state().store.write(move |w| posts::create(w, user, title, body)).await?;
    Ok(created(&format!("/posts/{}", post.id))?.hal(&document(post))?)
}

pub(crate) async fn show(call: Call) -> Result<Reply, Failure> {
    let id = id(&call, "id")?;
    let post = call.state().store.read(move |db| posts::require(db, id)).await?;
    Ok(Reply::ok().hal(&document(post))?)
}

pub(crate) async fn comments(call: Call) -> Result<Reply, Failure> {
    let (post, page) = (id(&call, "id")?, page(&call)?);
    let (rows, total) = call.state().store.read(move |db| posts::comments(db, post, page)).await?;
    collection(&call, "comments", rows, total, page)
}

pub(crate) async fn comment(mut call: Call) -> Result<Reply, Failure> {
    let post = id(&call, "id")?;
    let mut fields = fields(&mut call).await?;
    let (author, body) = (fields.text("author", 100), fields.text("body", 10_000));
    fields.finish()?;
    let comment: Comment = call.state().store.write(move |w| posts::comment(w, post, author, body)).await?;
    Ok(created(&format!("/posts/{post}/comments"))?.json(&comment)?)
}

fn document(post: Post) -> Hal<Post> {
    let path = format!("/posts/{}", post.id);
    let author = Link::new(format!("/users/{}", post.user_id));
    Hal::new(post)
        .link("self", Link::new(path.clone()))
        .link("author", author)
        .link("comments", Link::new(format!("{path}/comments")))
}
