//! REST: resources as HAL documents with validators.

use rest_core::Reply;
use rest_core::field::ETag;
use rest_core::hypermedia::{Hal, Link};
use rest_core::semantics::outcome::{Created, Location};
use serde::Serialize;

use super::call::Call;
use crate::event::json;
use crate::failure::Failure;
use crate::input::Page;

pub(crate) mod orders;
pub(crate) mod posts;
pub(crate) mod rooms;
pub(crate) mod users;

/// What a collection says of itself.
#[derive(Serialize)]
struct Collection {
    total: i64,
}

/// A page of a collection, with links to the pages beside it.
fn collection<T: Serialize>(
    call: &Call,
    name: &str,
    rows: Vec<T>,
    total: i64,
    page: Page,
) -> Result<Reply, Failure> {
    let Page { limit, offset } = page;
    let at = |offset: i64| Link::new(format!("{}?limit={limit}&offset={offset}", call.uri().path()));
    let mut document = Hal::new(Collection { total }).link("self", at(offset));
    if offset + limit < total {
        document = document.link("next", at(offset + limit));
    }
    if offset > 0 {
        document = document.link("prev", at((offset - limit).max(0)));
    }
    let document = document.embed_many(name, rows)?;
    // A page has no version of its own, so its content is its version.
    let etag = ETag::from_content(json(&document));
    Ok(Reply::ok().hal(&document)?.etag(&etag))
}

/// 201 with the address of what was made.
pub(crate) fn created(path: &str) -> Result<Reply, Failure> {
    let location = Location::parse(path).map_err(|cause| Failure::unavailable(&cause))?;
    Ok(Reply::from(Created { location }))
}
