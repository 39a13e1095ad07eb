//! The procedures as constants, and what they take and give. The TypeScript type of the router is written from these.

use rpc_typed::{Mutation, Query, Subscription, Tracked, mutation, query, subscription};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Event;
use crate::failure::Failure;
use crate::store;

pub(super) const GET_BY_ID: Query<ById, User> = query("getById");
pub(super) const CREATE: Mutation<NewUser, User> = mutation("create");
pub(super) const CREATED: Subscription<Option<Resume>, Tracked<User>> = subscription("created");
pub(super) const POSTS: Query<Option<Page>, Vec<Post>> = query("posts");
pub(super) const TICKS: Subscription<Option<TicksInput>, Tracked<Tick>> = subscription("ticks");

#[derive(Deserialize, JsonSchema)]
pub(super) struct ById {
    /// The user's id.
    pub(super) id: String,
}

// Read as it comes, so that all broken rules are told at once, by the same words as at every other door.
/// A user to be created.
#[derive(Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(with = "NewUserFields", rename = "NewUser")]
pub(super) struct NewUser(pub(super) Value);

/// The shape of a [`NewUser`].
#[derive(JsonSchema)]
#[schemars(rename = "NewUser")]
#[expect(dead_code, reason = "only its schema is used")]
struct NewUserFields {
    /// 1 to 100 characters.
    name: String,
    /// An address that no other user has.
    email: String,
}

/// Which posts.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// 1 to 100; 20 if nothing is said.
    #[schemars(range(min = 1, max = 100))]
    pub(super) limit: Option<u32>,
    /// How many are skipped.
    pub(super) offset: Option<u32>,
}

/// Where to resume.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resume {
    /// The id of the last event that was seen.
    pub(super) last_event_id: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TicksInput {
    /// The number of the last tick, 1 to 1000; 10 if nothing is said.
    #[schemars(range(min = 1, max = 1000))]
    pub(super) count: Option<u32>,
    /// Milliseconds between two, 10 to 60000; 1000 if nothing is said.
    #[schemars(range(min = 10, max = 60000))]
    pub(super) every_ms: Option<u32>,
    /// The id of the last tick that was seen.
    pub(super) last_event_id: Option<String>,
}

/// A user.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    id: String,
    name: String,
    email: String,
    /// RFC 3339.
    created_at: String,
}

impl From<store::users::User> for User {
    fn from(user: store::users::User) -> User {
        let created_at = user.created_at.to_string();
        User { id: user.id.to_string(), name: user.name, email: user.email, created_at }
    }
}

impl User {
    /// The user that an event tells of.
    pub(super) fn told(event: &Event) -> Result<User, Failure> {
        #[derive(Deserialize)]
        struct Told {
            id: i64,
            name: String,
            email: String,
            created_at: String,
        }
        let told = serde_json::from_str(&event.data).map_err(|cause| Failure::unavailable(&cause))?;
        let Told { id, name, email, created_at } = told;
        Ok(User { id: id.to_string(), name, email, created_at })
    }
}

/// A post.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Post {
    id: String,
    title: String,
    body: String,
    author_id: String,
    /// RFC 3339.
    created_at: String,
}

impl From<store::posts::Post> for Post {
    fn from(post: store::posts::Post) -> Post {
        let store::posts::Post { id, user_id, title, body, created_at } = post;
        Post { id: id.to_string(), title, body, author_id: user_id.to_string(), created_at }
    }
}

/// One beat of the clock.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tick {
    /// Its number, from 1.
    pub(super) n: u32,
    /// RFC 3339.
    pub(super) at: String,
}
