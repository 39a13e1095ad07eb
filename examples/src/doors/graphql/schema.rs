//! The schema, and what resolves its fields.

use std::sync::Arc;

use graphql_exec::app::Call;
use graphql_exec::{App, AppBuilder, GraphqlError, Loader, Object, ObjectRef, Parent, Root, Schema};

use super::events;
use super::resolvers::{self, Caller};
use crate::event::EventType;
use crate::input::Page;
use crate::store::posts::{Comment, Post};
use crate::store::rooms::Message;
use crate::store::users::User;

/// The app of the door.
///
/// # Errors
/// The schema and its resolvers do not fit: a mistake of ours, told at the first start.
pub(crate) fn build() -> Result<App<Caller>, String> {
    builder()?.build().map_err(|error| error.to_string())
}

pub(super) fn builder() -> Result<AppBuilder<Caller>, String> {
    let schema = Schema::parse(include_str!("schema.graphql"))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    Ok(outputs(subscriptions(mutations(queries(App::builder(schema))))))
}

fn queries(builder: AppBuilder<Caller>) -> AppBuilder<Caller> {
    let users =
        Loader::new(|caller: Arc<Caller>, ids| async move { resolvers::users_by_id(&caller, &ids).await });
    let posts =
        Loader::new(|caller: Arc<Caller>, ids| async move { resolvers::posts_by_id(&caller, &ids).await });
    builder
        .load("Query.user", |_: &Root, call| id(call), &users)
        .load("Query.post", |_: &Root, call| id(call), &posts)
        .field_async("Query.users", |_: Parent<Root>, call| async move {
            resolvers::users_page(&call.context, page(&call)?).await
        })
        .field_async("Query.posts", |_: Parent<Root>, call| async move {
            resolvers::posts_page(&call.context, page(&call)?).await
        })
        .field_async("Query.node", |_: Parent<Root>, call| async move { node(&call).await })
        .field_async("Query.search", |_: Parent<Root>, call| async move {
            let (text, kinds) = (call.arg("text")?, call.arg("kinds")?);
            resolvers::search(&call.context, text, kinds, limit(&call, 10)?).await
        })
}

fn mutations(builder: AppBuilder<Caller>) -> AppBuilder<Caller> {
    builder.field_async("Mutation.createUser", |_: Parent<Root>, call| async move {
        resolvers::create_user(&call.context, call.arg::<Object>("input")?).await
    })
}

fn subscriptions(builder: AppBuilder<Caller>) -> AppBuilder<Caller> {
    builder
        .subscribe("Subscription.userCreated", |call: Arc<Call<Caller>>| async move {
            let follower = (call.context.follow)(EventType::UserCreated);
            Ok::<_, GraphqlError>(events::stream(follower, |event| Some(events::user(event))))
        })
        .subscribe("Subscription.messageReceived", |call: Arc<Call<Caller>>| async move {
            let room: String = call.arg("roomId")?;
            let follower = (call.context.follow)(EventType::MessageCreated);
            Ok::<_, GraphqlError>(events::stream(follower, move |event| events::message(event, &room)))
        })
}

fn outputs(builder: AppBuilder<Caller>) -> AppBuilder<Caller> {
    let posts =
        Loader::new(|caller: Arc<Caller>, keys| async move { resolvers::posts_of(&caller, &keys).await });
    let authors =
        Loader::new(|caller: Arc<Caller>, ids| async move { resolvers::authors(&caller, &ids).await });
    let comments =
        Loader::new(|caller: Arc<Caller>, ids| async move { resolvers::comments_on(&caller, &ids).await });
    builder
        .field("User.id", |user: &User, _| user.id.to_string())
        .property("User.name", |user: &User| &user.name)
        .property("User.email", |user: &User| &user.email)
        .field("User.createdAt", |user: &User, _| user.created_at.to_string())
        .load("User.posts", |user: &User, call| (user.id, raw_limit(call, 10)), &posts)
        .field("Post.id", |post: &Post, _| post.id.to_string())
        .property("Post.title", |post: &Post| &post.title)
        .property("Post.body", |post: &Post| &post.body)
        .property("Post.createdAt", |post: &Post| &post.created_at)
        .load("Post.author", |post: &Post, _| post.user_id, &authors)
        .load("Post.comments", |post: &Post, _| post.id, &comments)
        .field("Comment.id", |comment: &Comment, _| comment.id.to_string())
        .property("Comment.author", |comment: &Comment| &comment.author)
        .property("Comment.body", |comment: &Comment| &comment.body)
        .property("Comment.createdAt", |comment: &Comment| &comment.created_at)
        .field("Message.id", |message: &Message, _| message.id.to_string())
        .property("Message.roomId", |message: &Message| &message.room)
        .property("Message.from", |message: &Message| &message.from)
        .property("Message.body", |message: &Message| &message.body)
        .property("Message.sentAt", |message: &Message| &message.at)
}

async fn node(call: &Call<Caller>) -> Result<Option<ObjectRef>, GraphqlError> {
    let ids = [id(call)];
    Ok(match call.arg::<String>("kind")?.as_str() {
        "USER" => resolvers::users_by_id(&call.context, &ids).await?.pop().flatten().map(ObjectRef::of),
        _ => resolvers::posts_by_id(&call.context, &ids).await?.pop().flatten().map(ObjectRef::of),
    })
}

/// The schema has `id` as a text that is there.
fn id(call: &Call<Caller>) -> Arc<str> {
    call.arg("id").unwrap_or_default()
}

/// What was asked for, also where it is out of range; null is as good as the default.
fn raw_limit(call: &Call<Caller>, default: i64) -> i64 {
    call.arg::<Option<i64>>("limit").ok().flatten().unwrap_or(default)
}

fn limit(call: &Call<Caller>, default: i64) -> Result<i64, GraphqlError> {
    resolvers::limit(raw_limit(call, default))
}

fn page(call: &Call<Caller>) -> Result<Page, GraphqlError> {
    let offset = call.arg::<Option<i64>>("offset")?.unwrap_or(0);
    resolvers::page(raw_limit(call, 20), offset)
}
