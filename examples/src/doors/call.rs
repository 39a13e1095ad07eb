//! What the handlers of all HTTP doors ask of a request.

use std::sync::Arc;

use rest_core::tower::Context;
use serde_json::Value;

use crate::app::App;
use crate::failure::Failure;
use crate::input::{Fields, Page, Query, parse_id};

/// A request, and the service that it is for.
pub(crate) type Call = Context<Arc<App>>;

/// A number in the path. What is no number of ours names nothing, so it is 404 and not 400.
pub(crate) fn id(call: &Call, name: &str) -> Result<i64, Failure> {
    match parse_id(call.param(name).unwrap_or_default()) {
        Some(id) if id > 0 => Ok(id),
        _ => Err(Failure::not_found("ids are whole numbers from 1")),
    }
}

pub(crate) fn query(call: &Call) -> Result<Query, Failure> {
    Query::parse(call.uri().query())
}

pub(crate) fn page(call: &Call) -> Result<Page, Failure> {
    Page::read(&query(call)?)
}

/// The body as a JSON object.
pub(crate) async fn fields(call: &mut Call) -> Result<Fields, Failure> {
    Fields::of(call.json::<Value>().await?)
}
