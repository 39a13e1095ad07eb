//! Every path of the service, and what leads to it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use http::Method;
use http::request::Parts;
use rest_core::Limits;
use rest_core::auth::{BearerError, authenticate};
use rest_core::field::CacheControl;
use rest_core::patch::MERGE_PATCH_JSON;
use rest_core::route::RouteError;
use rest_core::tower::{Api, ApiService, Resource};

use crate::app::App;
use crate::doors::rest::{orders, posts, rooms, users};
use crate::doors::{console, graphql, inbound, room, soap, stream, webhooks};
use crate::stats::{Counters, count};

/// The table of resources as a service.
pub(crate) fn service(app: &Arc<App>) -> Result<ApiService<Arc<App>>, RouteError> {
    let mut limits = Limits::default();
    limits.max_body = app.config.max_body;
    let page = || Resource::new();
    let rest = || guarded(app, |c| &c.rest).cache(&revalidated());
    let hooks = || guarded(app, |c| &c.webhooks).cache(&CacheControl::new().no_store());
    Api::new(Arc::clone(app))
        .limits(limits)
        .resource("/", page().get(console::show))
        .resource("/health", page().get(console::health))
        .resource("/users", rest().get(users::list).post(users::create))
        .resource(
            "/users/{id}",
            rest()
                .requires_if_match()
                .accept_patch(MERGE_PATCH_JSON)
                .get(users::show)
                .put(users::put)
                .patch(users::patch)
                .delete(users::delete),
        )
        .resource("/users/{id}/posts", rest().get(posts::list_of_user).post(posts::create))
        .resource("/users/{id}/orders", rest().get(orders::list).post(orders::create))
        .resource("/users/{id}/orders/{order}", rest().get(orders::show))
        .resource("/users/{id}/orders/{order}/items", rest().get(orders::items).post(orders::add_item))
        .resource("/posts", rest().get(posts::list))
        .resource("/posts/{id}", rest().get(posts::show))
        .resource("/posts/{id}/comments", rest().get(posts::comments).post(posts::comment))
        .resource("/rooms", rest().get(rooms::list))
        .resource("/rooms/{room}/messages", rest().get(rooms::messages))
        .resource("/notifications", rest().get(rooms::notifications))
        .resource("/ws/{room}", page().get(room::join).method(Method::CONNECT, room::join))
        .resource("/events", page().get(stream::open))
        .service("/soap", soap::door(app))
        .service("/graphql", graphql::Door::new(app))
        .resource("/webhooks/endpoints", hooks().get(webhooks::list).post(webhooks::register))
        .resource("/webhooks/endpoints/{id}", hooks().get(webhooks::show).delete(webhooks::remove))
        .resource("/webhooks/deliveries", hooks().get(webhooks::deliveries))
        .resource("/webhooks/deliveries/{id}", hooks().get(webhooks::delivery))
        .resource("/webhooks/dead-letters", hooks().get(webhooks::dead_letters))
        .resource("/webhooks/replay", hooks().post(webhooks::replay))
        .resource("/webhooks/inbound/{scheme}", page().post(inbound::receive))
        .into_service()
}

/// A resource that counts its requests, and whose methods that write need the token.
fn guarded(app: &App, counter: fn(&Counters) -> &AtomicU64) -> Resource<Arc<App>> {
    let (counters, token) = (Arc::clone(&app.counters), app.token.clone());
    Resource::new().guard(move |request: &Parts| -> Result<(), BearerError> {
        count(counter(&counters));
        if request.method.is_safe() { Ok(()) } else { authenticate(&request.headers, &token) }
    })
}

/// May be kept by the client, and asked about before each use.
fn revalidated() -> CacheControl {
    CacheControl::new().private().max_age(0).must_revalidate()
}
