//! The loader asks once for what many parents want, without a timer and without a runtime.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::sync::{Arc, Mutex};

use common::{Turns, block_on};
use graphql_exec::{App, Call, GraphqlError, Limits, Loader, Parent, Request, Root, Schema, Typed};

/// The data source, which writes down each read.
#[derive(Default)]
struct Source {
    reads: Mutex<Vec<String>>,
}

impl Source {
    fn read(&self, what: String) {
        self.reads.lock().unwrap().push(what);
    }

    fn users(&self) -> Vec<User> {
        self.read("users".into());
        (1..=20).map(|id| User { id }).collect()
    }

    fn posts(&self, users: &[i64]) -> Vec<Vec<Post>> {
        self.read(format!("posts of {users:?}"));
        users
            .iter()
            .map(|&author| (0..3).map(|nth| Post { id: author * 10 + nth, author }).collect())
            .collect()
    }
}

struct User {
    id: i64,
}

impl Typed for User {
    const NAME: &'static str = "User";
}

struct Post {
    id: i64,
    author: i64,
}

impl Typed for Post {
    const NAME: &'static str = "Post";
}

type Context = Arc<Source>;

const SDL: &str = "
    type Query { users: [User!]! slow: Int! }
    type User { id: ID! posts: [Post!]! }
    type Post { id: ID! author: User! }
";

fn app(batching: bool, limits: Limits) -> App<Context> {
    let posts = Loader::new(|source: Arc<Context>, ids: Vec<i64>| async move {
        Turns(2).await;
        Ok::<_, GraphqlError>(source.posts(&ids))
    });
    let authors = Loader::new(|source: Arc<Context>, ids: Vec<i64>| async move {
        source.read(format!("authors {ids:?}"));
        Ok::<_, GraphqlError>(ids.into_iter().map(|id| User { id }).collect())
    });
    App::builder(Schema::parse(SDL).unwrap())
        .field_async("Query.users", |_: Parent<Root>, call: Arc<Call<Context>>| async move {
            Turns(1).await;
            call.context.users()
        })
        .field_async("Query.slow", |_: Parent<Root>, _| async {
            Turns(50).await;
            1
        })
        .property("User.id", |user: &User| &user.id)
        .load("User.posts", |user: &User, _| user.id, &posts)
        .property("Post.id", |post: &Post| &post.id)
        .load("Post.author", |post: &Post, _| post.author, &authors)
        .batching(batching)
        .limits(limits)
        .build()
        .unwrap()
}

fn run(app: &App<Context>, query: &str) -> (String, Vec<String>) {
    let source = Arc::new(Source::default());
    let response = block_on(app.execute(&Request::new(query), Arc::clone(&source)));
    let reads = source.reads.lock().unwrap().clone();
    (String::from_utf8(response.into_json()).unwrap(), reads)
}

#[test]
fn twenty_users_with_posts_read_the_source_twice() {
    let (json, reads) = run(&app(true, Limits::default()), "{ users { id posts { id } } }");
    let keys: Vec<i64> = (1..=20).collect();
    assert_eq!(reads, ["users".to_owned(), format!("posts of {keys:?}")]);
    assert!(
        json.starts_with(r#"{"data":{"users":[{"id":"1","posts":[{"id":"10"},{"id":"11"},{"id":"12"}]},"#),
        "{json}"
    );
}

#[test]
fn without_the_loader_the_same_query_reads_twenty_one_times() {
    let (batched, _) = run(&app(true, Limits::default()), "{ users { id posts { id } } }");
    let (json, reads) = run(&app(false, Limits::default()), "{ users { id posts { id } } }");
    assert_eq!(reads.len(), 21);
    assert_eq!(json, batched);
}

#[test]
fn a_key_that_many_want_is_asked_for_once() {
    let (_, reads) = run(&app(true, Limits::default()), "{ users { posts { author { id } } } }");
    let keys: Vec<i64> = (1..=20).collect();
    assert_eq!(reads.len(), 3);
    assert_eq!(reads[2], format!("authors {keys:?}"));
}

#[test]
fn a_key_that_was_read_stays_for_the_rest_of_the_request() {
    let query = "{ users { posts { author { posts { author { id } } } } } }";
    let (_, reads) = run(&app(true, Limits::default()), query);
    assert_eq!(reads.len(), 3, "{reads:?}");
}

#[test]
fn two_fields_of_one_loader_share_its_batch() {
    let (_, reads) = run(&app(true, Limits::default()), "{ users { a: posts { id } b: posts { id } } }");
    assert_eq!(reads.len(), 2);
}

#[test]
fn the_next_request_reads_anew() {
    let app = app(true, Limits::default());
    let query = "{ users { posts { id } } }";
    assert_eq!((run(&app, query).1.len(), run(&app, query).1.len()), (2, 2));
}

#[test]
fn a_batch_beyond_the_most_keys_is_split() {
    let mut limits = Limits::default();
    limits.max_batch = 8;
    let (json, reads) = run(&app(true, limits), "{ users { id posts { id } } }");
    assert_eq!(reads.len(), 4);
    assert_eq!(reads[3], "posts of [17, 18, 19, 20]");
    assert_eq!(json, run(&app(true, Limits::default()), "{ users { id posts { id } } }").0);
}

#[test]
fn a_field_that_waits_for_something_else_does_not_hold_back_the_loader() {
    // Nobody ever wakes `slow` here, and still the loader is called.
    struct Never;
    impl Future for Never {
        type Output = ();
        fn poll(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
            std::task::Poll::Pending
        }
    }
    let source = Arc::new(Source::default());
    let posts = Loader::new(|source: Arc<Context>, ids: Vec<i64>| async move {
        Ok::<_, GraphqlError>(source.posts(&ids))
    });
    let authors = Loader::new(|_: Arc<Context>, ids: Vec<i64>| async move {
        Ok::<_, GraphqlError>(ids.into_iter().map(|id| User { id }).collect())
    });
    let app = App::builder(Schema::parse(SDL).unwrap())
        .field("Query.users", |_: &Root, call: &Call<Context>| call.context.users())
        .field_async("Query.slow", |_: Parent<Root>, _| async {
            Never.await;
            1
        })
        .property("User.id", |user: &User| &user.id)
        .load("User.posts", |user: &User, _| user.id, &posts)
        .property("Post.id", |post: &Post| &post.id)
        .load("Post.author", |post: &Post, _| post.author, &authors)
        .build()
        .unwrap();
    let mut execution = app.execute(&Request::new("{ slow users { posts { id } } }"), Arc::clone(&source));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::Pin::new(&mut execution).poll(&mut cx).is_pending());
    assert_eq!(source.reads.lock().unwrap().len(), 2);
}

#[test]
fn a_loader_that_gives_too_few_values_fails_each_key() {
    let posts =
        Loader::new(|_: Arc<Context>, _: Vec<i64>| async { Ok::<_, GraphqlError>(vec![Vec::<Post>::new()]) });
    let authors = Loader::new(|_: Arc<Context>, ids: Vec<i64>| async move {
        Ok::<_, GraphqlError>(ids.into_iter().map(|id| User { id }).collect())
    });
    let app = App::builder(Schema::parse(SDL).unwrap())
        .field("Query.users", |_: &Root, call: &Call<Context>| call.context.users())
        .field("Query.slow", |_: &Root, _| 1)
        .property("User.id", |user: &User| &user.id)
        .load("User.posts", |user: &User, _| user.id, &posts)
        .property("Post.id", |post: &Post| &post.id)
        .load("Post.author", |post: &Post, _| post.author, &authors)
        .build()
        .unwrap();
    let response = block_on(app.execute(&Request::new("{ users { posts { id } } }"), Arc::default()));
    assert_eq!(response.data_json(), Some("null"));
    assert_eq!(response.errors().len(), 20);
    assert_eq!(
        response.errors()[3].to_json(),
        concat!(
            r#"{"message":"the loader gave 1 values for 20 keys","locations":[{"line":1,"column":11}],"#,
            r#""path":["users",3,"posts"],"extensions":{"code":"INTERNAL_SERVER_ERROR"}}"#
        )
    );
}
