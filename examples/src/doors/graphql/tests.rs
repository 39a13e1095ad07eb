//! How often the store is read for a request, under an executor that is a loop: no runtime is anywhere.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use graphql_exec::{App, Request};
use serde_json::Value;
use webhook_sig::UnixMillis;
use webhook_sig::delivery::{Config, Dispatcher, Prepared};

use super::resolvers::Caller;
use super::schema::builder;
use crate::event::Event;
use crate::failure::Failure;
use crate::feed::Feed;
use crate::input::NewUser;
use crate::store::{Change, Listener, Opened, Place, Store, Threads, posts, users};

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Owes nothing to anybody.
struct Silent(Mutex<Dispatcher>);

impl Listener for Silent {
    fn prepare(&self, event: &Event) -> Result<Prepared, Failure> {
        let now = UnixMillis::from_millis(1);
        Ok(self.0.lock().unwrap().prepare(event.outbound().unwrap(), now).unwrap())
    }

    fn committed(&self, _: Change) {}
}

/// A store with 20 users more, each with two posts.
fn store() -> (Store, Threads) {
    let silent = Arc::new(Silent(Mutex::new(Dispatcher::new(Config::default(), 0))));
    let (store, threads) = Opened::open(Place::Memory).unwrap().serve(silent).unwrap();
    let filled = store.write(|w| {
        for n in 0..20 {
            let new = NewUser { name: format!("user {n}"), email: format!("user{n}@example.net") };
            let user = users::create(w, None, new)?;
            for post in 0..2 {
                posts::create(w, user.id, format!("post {post} of {n}"), "text".to_owned())?;
            }
        }
        Ok(())
    });
    block_on(filled).unwrap();
    (store, threads)
}

/// The data of an answer, and how often the store was read for it.
fn run(app: &App<Caller>, store: &Store, query: &str) -> (Value, u64) {
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let feed = Feed::new();
    let follow = Arc::new(move |kind| feed.follow(kind, stopped.clone()));
    let caller = Caller { store: store.clone(), follow, may_write: false };
    let before = store.reads();
    let response = block_on(app.execute(&Request::new(query), caller));
    let answer: Value = serde_json::from_slice(response.json()).unwrap();
    assert_eq!(answer.get("errors"), None, "{answer}");
    (answer["data"].clone(), store.reads() - before)
}

const TWENTY: &str = "{ users(limit: 20, offset: 3) { name posts { title } } }";

#[test]
fn twenty_users_with_their_posts_read_the_store_twice_and_21_times_without_batching() {
    let (store, threads) = store();
    let batched = builder().unwrap().build().unwrap();
    let (data, reads) = run(&batched, &store, TWENTY);
    assert_eq!(data["users"].as_array().unwrap().len(), 20);
    for (n, user) in data["users"].as_array().unwrap().iter().enumerate() {
        assert_eq!(user["name"], format!("user {n}"));
        assert_eq!(user["posts"][0]["title"], format!("post 1 of {n}"), "newest first");
        assert_eq!(user["posts"].as_array().unwrap().len(), 2);
    }
    assert_eq!(reads, 2, "once for the users, once for the posts of all");

    let alone = builder().unwrap().batching(false).build().unwrap();
    assert_eq!(run(&alone, &store, TWENTY), (data, 21));
    threads.close();
}

#[test]
fn posts_with_authors_and_comments_read_the_store_once_for_each_field() {
    let (store, threads) = store();
    let app = builder().unwrap().build().unwrap();
    let (data, reads) = run(&app, &store, "{ posts(limit: 43) { author { name } comments { body } } }");
    assert_eq!((data["posts"].as_array().unwrap().len(), reads), (43, 3));
    // One user, asked for many times and deep: each key is read once.
    let query =
        "{ a: user(id: 42) { posts { author { posts { author { name } } } } } b: user(id: 42) { name } }";
    let (data, reads) = run(&app, &store, query);
    assert_eq!(data["a"]["posts"][0]["author"]["posts"][1]["author"]["name"], "Alice");
    // The user, her posts, and their author: what comes below has been read.
    assert_eq!(reads, 3);
    threads.close();
}
