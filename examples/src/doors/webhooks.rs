//! `/webhooks/…`: endpoints, what they were sent, and sending it again.

use rest_core::Reply;
use rest_core::semantics::outcome::{Accepted, Location, NoContent};
use serde_json::{Value, json};
use webhook_sig::delivery::{DeliveryId, Selector, TypeFilter};
use webhook_sig::ssrf::EndpointUrl;
use webhook_sig::{Scheme, Secret, UnixMillis};

use super::call::{Call, fields, id, page, query};
use super::rest::created;
use crate::clock::Time;
use crate::failure::Failure;
use crate::input::Fields;
use crate::store::events;
use crate::store::hooks::{self, Delivery, Endpoint, Filter, NewEndpoint};
use crate::targets;

pub(crate) async fn list(call: Call) -> Result<Reply, Failure> {
    let endpoints = call.state().store.read(hooks::endpoints).await?;
    let shown: Vec<Value> = endpoints.iter().map(view).collect();
    Ok(Reply::ok().json(&json!({ "total": shown.len(), "endpoints": shown }))?)
}

pub(crate) async fn show(call: Call) -> Result<Reply, Failure> {
    let id = id(&call, "id")?;
    let endpoint = call.state().store.read(move |db| hooks::endpoint(db, id)).await?;
    Ok(Reply::ok().json(&view(&endpoint))?)
}

/// Registers an endpoint. This answer alone shows its secret.
pub(crate) async fn register(mut call: Call) -> Result<Reply, Failure> {
    let new = read_endpoint(fields(&mut call).await?, &call)?;
    let endpoint = call.state().store.write(move |w| hooks::register(w, new)).await?;
    let mut shown = view(&endpoint);
    if let Some(members) = shown.as_object_mut() {
        members.insert("secret".to_owned(), Value::from(endpoint.secret.as_str()));
    }
    let no_store = rest_core::field::CacheControl::new().no_store();
    Ok(created(&format!("/webhooks/endpoints/{}", endpoint.id))?.json(&shown)?.cache_control(&no_store))
}

pub(crate) async fn remove(call: Call) -> Result<NoContent, Failure> {
    let id = id(&call, "id")?;
    call.state().store.write(move |w| hooks::remove(w, id)).await?;
    Ok(NoContent)
}

pub(crate) async fn deliveries(call: Call) -> Result<Reply, Failure> {
    let query = query(&call)?;
    query.only(&["endpoint", "event_id", "state", "limit", "offset"])?;
    let state = match query.get("state") {
        None => None,
        Some(name) => Some(*hooks::STATES.iter().find(|s| **s == name).ok_or_else(|| {
            Failure::bad_request(format!(
                "query parameter `state` must be one of {}",
                hooks::STATES.join(", ")
            ))
        })?),
    };
    let filter = Filter {
        endpoint: query.integer("endpoint", 1, i64::MAX)?,
        event: query.integer("event_id", 1, i64::MAX)?,
        state,
    };
    listing(call, filter).await
}

pub(crate) async fn delivery(call: Call) -> Result<Reply, Failure> {
    let id = id(&call, "id")?;
    let delivery = call.state().store.read(move |db| hooks::delivery(db, id)).await?;
    Ok(Reply::ok().json(&delivery)?)
}

pub(crate) async fn dead_letters(call: Call) -> Result<Reply, Failure> {
    listing(call, Filter { state: Some("dead"), ..Filter::default() }).await
}

async fn listing(call: Call, filter: Filter) -> Result<Reply, Failure> {
    let page = page(&call)?;
    let (rows, total) = call.state().store.read(move |db| hooks::deliveries(db, &filter, page)).await?;
    Ok(Reply::ok().json(&json!({ "total": total, "deliveries": rows }))?)
}

/// What to send again.
enum Again {
    Event(i64),
    Delivery(i64),
    Times(Time, Time),
}

/// Sends events again, under their old ids. A dead letter goes on as the delivery that it is; what has arrived is
/// delivered anew.
pub(crate) async fn replay(mut call: Call) -> Result<Reply, Failure> {
    let again = read_replay(fields(&mut call).await?)?;
    let (selector, dead) = call.state().store.read(move |db| select(db, &again)).await?;
    call.state()
        .bus
        .hooks
        .with(|dispatcher, now| {
            let revived = dead.is_some_and(|id| dispatcher.requeue(id, now).is_ok());
            if revived { Ok(()) } else { dispatcher.replay(selector, None).map(|_| ()) }
        })
        .map_err(|cause| Failure::conflict(cause.to_string()))?;
    let monitor = Location::parse("/webhooks/deliveries").map_err(|cause| Failure::unavailable(&cause))?;
    Ok(Reply::from(Accepted { monitor }).json(&json!({ "status": "accepted" }))?)
}

/// In the dispatcher's words; and the delivery, if it is a dead letter.
fn select(db: &rusqlite::Connection, again: &Again) -> Result<(Selector, Option<DeliveryId>), Failure> {
    Ok(match *again {
        Again::Event(id) => {
            let event = events::row(db, id)?.and_then(|event| event.outbound());
            let event = event
                .ok_or_else(|| Failure::not_found(format!("event {id} is not known, or no longer kept")))?;
            (Selector::Event(event.id), None)
        }
        Again::Delivery(id) => {
            let Delivery { state, .. } = hooks::delivery(db, id)?;
            if state == "pending" {
                return Err(Failure::conflict("this delivery is under way already"));
            }
            let id = DeliveryId::new(id.unsigned_abs());
            (Selector::Delivery(id), (state == "dead").then_some(id))
        }
        Again::Times(from, to) => {
            let millis = |time: Time| time.millis().unsigned_abs();
            // The range names its last moment, the dispatcher the first one behind it.
            let (from, to) = (
                UnixMillis::from_millis(millis(from)),
                UnixMillis::from_millis(millis(to).saturating_add(1)),
            );
            (Selector::Range { from, to }, None)
        }
    })
}

fn read_replay(mut fields: Fields) -> Result<Again, Failure> {
    let ids = ["event_id", "delivery_id"].map(|name| fields.has(name));
    let again = match (ids, fields.has("from") || fields.has("to")) {
        ([true, false], false) => Again::Event(fields.integer("event_id", 1, i64::MAX)),
        ([false, true], false) => Again::Delivery(fields.integer("delivery_id", 1, i64::MAX)),
        ([false, false], true) => Again::Times(fields.time("from"), fields.time("to")),
        _ => {
            let rule = "give one of event_id, delivery_id, or from and to";
            return Err(Failure::unprocessable(rule));
        }
    };
    fields.finish()?;
    Ok(again)
}

fn read_endpoint(mut fields: Fields, call: &Call) -> Result<NewEndpoint, Failure> {
    let url = fields.text("url", EndpointUrl::MAX_LEN);
    if !url.trim().is_empty() {
        let policy = targets::policy(call.state().config.targets);
        let refused = match EndpointUrl::parse(&url) {
            Ok(parsed) => policy.check_url(&parsed).err().map(|cause| cause.to_string()),
            Err(cause) => Some(cause.to_string()),
        };
        if let Some(cause) = refused {
            fields.reject("url", cause);
        }
    }
    let types = match fields.take("types") {
        Some(Value::Array(types)) => {
            types.iter().map(|t| t.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        }
        _ => None,
    };
    if types.as_ref().is_none_or(|types| TypeFilter::parse(types).is_err()) {
        fields.reject("types", "must be an array of types such as user.created, user.* or *");
    }
    let named = fields.take("scheme");
    let wanted = match named.as_ref().map(|s| s.as_str().and_then(scheme)) {
        None => Scheme::StandardWebhooks,
        Some(Some(scheme)) => scheme,
        Some(None) => {
            let names: Vec<&str> = Scheme::ALL
                .into_iter()
                .filter_map(|known| scheme(known.as_str()))
                .map(Scheme::as_str)
                .collect();
            fields.reject("scheme", format!("must be one of {}", names.join(", ")));
            Scheme::StandardWebhooks
        }
    };
    let secret = match fields.optional_text("secret", 1024) {
        Some(text) => {
            let strong = |secret: &Secret| secret.expose().len() >= MIN_SECRET;
            if !targets::secret(wanted, &text).as_ref().is_ok_and(strong) {
                fields.reject(
                    "secret",
                    format!(
                        "must be {MIN_SECRET} bytes or more, and whsec_ with base64 for the schemes standard and svix"
                    ),
                );
            }
            text
        }
        None => generate()?,
    };
    fields.finish()?;
    Ok(NewEndpoint { url, types: types.unwrap_or_default().join(" "), scheme: wanted.as_str(), secret })
}

/// The schemes that events go out under. Linear's wants a time in the payload, which an event does not have.
fn scheme(name: &str) -> Option<Scheme> {
    name.parse().ok().filter(|scheme| *scheme != Scheme::Linear)
}

#[allow(clippy::disallowed_methods, reason = "a secret is drawn where it is handed out")]
fn generate() -> Result<String, Failure> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|cause| Failure::unavailable(&cause))?;
    let secret = Secret::generate(&entropy).map_err(|cause| Failure::unavailable(&cause))?;
    Ok(secret.to_whsec().to_string())
}

fn view(endpoint: &Endpoint) -> Value {
    json!({
        "id": endpoint.id,
        "url": endpoint.url,
        "types": endpoint.types.split(' ').collect::<Vec<_>>(),
        "scheme": endpoint.scheme,
        "state": if endpoint.disabled.is_none() { "enabled" } else { "disabled" },
        "created_at": endpoint.created_at.to_string(),
    })
}

/// Bytes of a secret that a caller brings along.
const MIN_SECRET: usize = 16;
