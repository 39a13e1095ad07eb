//! `/rooms`, what was said in them, and `/notifications`.

use rest_core::Reply;

use super::collection;
use crate::doors::call::{Call, page};
use crate::failure::Failure;
use crate::store::rooms;

pub(crate) async fn list(call: Call) -> Result<Reply, Failure> {
    let page = page(&call)?;
    let (rows, total) = call.state().store.read(move |db| rooms::list(db, page)).await?;
    collection(&call, "rooms", rows, total, page)
}

pub(crate) async fn messages(call: Call) -> Result<Reply, Failure> {
    let (room, page) = (call.param("room").unwrap_or_default().to_owned(), page(&call)?);
    let (rows, total) = call.state().store.read(move |db| rooms::messages(db, &room, page)).await?;
    collection(&call, "messages", rows, total, page)
}

pub(crate) async fn notifications(call: Call) -> Result<Reply, Failure> {
    let page = page(&call)?;
    let (rows, total) = call.state().store.read(move |db| rooms::notifications(db, page)).await?;
    collection(&call, "notifications", rows, total, page)
}
