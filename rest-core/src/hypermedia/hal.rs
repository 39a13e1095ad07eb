//! HAL documents (draft-kelly-json-hal).

use crate::hypermedia::link::{Link, Links};
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A HAL document: the state of a resource, its links, and other resources inside it.
///
/// ```
/// use rest_core::hypermedia::{Hal, Link};
/// #[derive(serde::Serialize)]
/// struct User { id: u64 }
/// let user = Hal::new(User { id: 42 })
///     .link("self", Link::new("/users/42"))
///     .link("delete", Link::new("/users/42").method(&http::Method::DELETE));
/// assert_eq!(
///     serde_json::to_string(&user).map_err(|e| e.to_string())?,
///     r#"{"id":42,"_links":{"self":{"href":"/users/42"},"delete":{"href":"/users/42","method":"DELETE"}}}"#,
/// );
/// # Ok::<(), String>(())
/// ```
///
/// `T` has to be a JSON object without members of the names `_links` and `_embedded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hal<T> {
    /// The state of the resource.
    #[serde(flatten)]
    pub state: T,
    /// The links, `_links`.
    #[serde(rename = "_links", default, skip_serializing_if = "Links::is_empty")]
    pub links: Links,
    #[serde(rename = "_embedded", default, skip_serializing_if = "Map::is_empty")]
    embedded: Map<String, Value>,
}

impl<T> Hal<T> {
    /// A document without links.
    pub fn new(state: T) -> Hal<T> {
        Hal { state, links: Links::new(), embedded: Map::new() }
    }

    /// Sets the one link of a relation.
    #[must_use]
    pub fn link(mut self, rel: impl Into<String>, link: Link) -> Hal<T> {
        self.links.set(rel, link);
        self
    }

    /// Sets the links of a relation that may have several.
    #[must_use]
    pub fn links(mut self, rel: impl Into<String>, links: Vec<Link>) -> Hal<T> {
        self.links.set_many(rel, links);
        self
    }

    /// Adds a CURIE: relations `name:reference` are documented at `href` with `{rel}` replaced (§8.2).
    #[must_use]
    pub fn curie(mut self, name: impl Into<String>, href: impl Into<String>) -> Hal<T> {
        self.links.push("curies", Link::templated(href).name(name));
        self
    }

    /// Embeds one resource, most often another [`Hal`] document.
    ///
    /// # Errors
    /// A 500 problem when it cannot be written as JSON.
    pub fn embed<E: Serialize>(mut self, rel: impl Into<String>, resource: &E) -> Result<Hal<T>, Problem> {
        let value = serde_json::to_value(resource).map_err(|_| Problem::internal())?;
        self.embedded.insert(rel.into(), value);
        Ok(self)
    }

    /// Embeds an array of resources; an empty one stays an array.
    ///
    /// # Errors
    /// As [`embed`](Hal::embed).
    pub fn embed_many<E: Serialize>(
        self,
        rel: impl Into<String>,
        resources: impl IntoIterator<Item = E>,
    ) -> Result<Hal<T>, Problem> {
        let values = resources.into_iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
        self.embed(rel, &values.map_err(|_| Problem::internal())?)
    }

    /// The embedded resources by relation: an object or an array each.
    pub fn embedded(&self) -> &Map<String, Value> {
        &self.embedded
    }

    /// Whether a link here or in an embedded document has a `method`.
    pub fn uses_method(&self) -> bool {
        let here = self.links.iter().any(|(_, set)| set.as_slice().iter().any(|l| l.method_text().is_some()));
        here || self.embedded.values().any(method_in)
    }
}

/// Whether an embedded document, or one in an array of them, has a link with a `method`. It was made by `embed`, so its
/// depth is what the program itself nested.
fn method_in(document: &Value) -> bool {
    let Value::Object(members) = document else {
        return document.as_array().is_some_and(|documents| documents.iter().any(method_in));
    };
    let links = members.get("_links").and_then(Value::as_object);
    let linked = links.is_some_and(|l| l.values().any(has_method));
    linked || members.get("_embedded").and_then(Value::as_object).is_some_and(|e| e.values().any(method_in))
}

fn has_method(link: &Value) -> bool {
    match link {
        Value::Array(links) => links.iter().any(has_method),
        link => link.get("method").is_some(),
    }
}
