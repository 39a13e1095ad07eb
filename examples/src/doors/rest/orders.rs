//! `/users/{id}/orders` and their items.

use rest_core::Reply;
use rest_core::hypermedia::{Hal, Link};
use serde_json::Value;

use super::{collection, created};
use crate::doors::call::{Call, fields, id, page};
use crate::failure::Failure;
use crate::input::Fields;
use crate::store::orders::{self, Item, NewItem, Order};

/// Items that an order may come with.
const MAX_ITEMS: usize = 100;

pub(crate) async fn list(call: Call) -> Result<Reply, Failure> {
    let (user, page) = (id(&call, "id")?, page(&call)?);
    let (rows, total) = call.state().store.read(move |db| orders::list(db, user, page)).await?;
    collection(&call, "orders", rows.into_iter().map(document).collect(), total, page)
}

pub(crate) async fn create(mut call: Call) -> Result<Reply, Failure> {
    let user = id(&call, "id")?;
    let mut fields = fields(&mut call).await?;
    let note = fields.optional_text("note", 500);
    let items = match fields.take("items") {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MAX_ITEMS => read_items(items),
        Some(_) => {
            fields.reject("items", format!("must be an array of at most {MAX_ITEMS} items"));
            Ok(Vec::new())
        }
    };
    fields.finish()?;
    let items = items?;
    let order = call.state().store.write(move |w| orders::create(w, user, note, items)).await?;
    Ok(created(&format!("/users/{user}/orders/{}", order.id))?.hal(&document(order))?)
}

pub(crate) async fn show(call: Call) -> Result<Reply, Failure> {
    let (user, order) = (id(&call, "id")?, id(&call, "order")?);
    let order = call.state().store.read(move |db| orders::require(db, user, order)).await?;
    Ok(Reply::ok().hal(&document(order))?)
}

pub(crate) async fn items(call: Call) -> Result<Reply, Failure> {
    let (user, order, page) = (id(&call, "id")?, id(&call, "order")?, page(&call)?);
    let (rows, total) = call.state().store.read(move |db| orders::items(db, user, order, page)).await?;
    collection(&call, "items", rows, total, page)
}

pub(crate) async fn add_item(mut call: Call) -> Result<Reply, Failure> {
    let (user, order) = (id(&call, "id")?, id(&call, "order")?);
    let new = read_item(fields(&mut call).await?)?;
    let item: Item = call.state().store.write(move |w| orders::add_item(w, user, order, new)).await?;
    Ok(created(&format!("/users/{user}/orders/{order}/items"))?.json(&item)?)
}

fn read_items(items: Vec<Value>) -> Result<Vec<NewItem>, Failure> {
    let mut read = Vec::with_capacity(items.len());
    let mut violations = Vec::new();
    for (n, item) in items.into_iter().enumerate() {
        match Fields::of(item).and_then(read_item) {
            Ok(item) => read.push(item),
            Err(failure) => {
                let failure = failure.below(&format!("/items/{n}"));
                violations.extend(failure.violations());
            }
        }
    }
    if violations.is_empty() { Ok(read) } else { Err(Failure::invalid(violations)) }
}

fn read_item(mut fields: Fields) -> Result<NewItem, Failure> {
    let item = NewItem {
        product: fields.text("product", 200),
        quantity: fields.integer("quantity", 1, 10_000),
        price_cents: fields.integer("price_cents", 0, 100_000_000),
    };
    fields.finish()?;
    Ok(item)
}

fn document(order: Order) -> Hal<Order> {
    let user = format!("/users/{}", order.user_id);
    let path = format!("{user}/orders/{}", order.id);
    Hal::new(order)
        .link("self", Link::new(path.clone()))
        .link("user", Link::new(user))
        .link("items", Link::new(format!("{path}/items")))
}
