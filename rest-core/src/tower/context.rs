//! What a handler is given.

use crate::body::{Collector, ContentError, expect_json, parse_json};
use crate::field::HttpDate;
use crate::limits::Limits;
use crate::media_type::{MediaType, negotiate};
use crate::patch::{MERGE_PATCH_JSON, merge};
use crate::problem::Problem;
use crate::semantics::{Conditions, Rules, Validators};
use crate::tower::body::Body;
use bytes::Bytes;
use core::fmt;
use core::str::FromStr;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

/// The parameters of the path, percent-decoded, from left to right. A mounted service finds them in the extensions of
/// its request; a handler asks [`Context::param`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathParams(pub(crate) Vec<(String, String)>);

impl PathParams {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

/// A request on its way through a handler, with the state of the service.
///
/// ```
/// use rest_core::tower::Context;
/// use rest_core::{Problem, Reply};
/// async fn show(cx: Context<Vec<String>>) -> Result<Reply, Problem> {
///     let index: usize = cx.parse("index")?;
///     let name = cx.state().get(index).ok_or_else(Problem::not_found)?;
///     Reply::ok().json(name)
/// }
/// # let _ = rest_core::tower::Resource::new().get(show);
/// ```
pub struct Context<S> {
    pub(crate) state: Arc<S>,
    pub(crate) parts: Parts,
    pub(crate) body: Body,
    pub(crate) params: PathParams,
    pub(crate) limits: Arc<Limits>,
    pub(crate) now: SystemTime,
    pub(crate) require_if_match: bool,
}

impl<S> Context<S> {
    /// The state that the service was made with.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The same, to keep beyond the request.
    pub fn shared_state(&self) -> Arc<S> {
        Arc::clone(&self.state)
    }

    /// The method; HEAD where the handler of GET answers a HEAD.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The request target.
    pub fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// The fields.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// What the layers below attached, such as the address of the peer or the means to upgrade.
    pub fn extensions(&self) -> &Extensions {
        &self.parts.extensions
    }

    /// The wall clock when the request came.
    pub fn now(&self) -> SystemTime {
        self.now
    }

    /// The bounds in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A parameter of the path, percent-decoded.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// A parameter of the path as `T`.
    ///
    /// # Errors
    /// A 404 problem when it is no `T`: a path that cannot name a resource names none.
    pub fn parse<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        self.param(name).and_then(|value| value.parse().ok()).ok_or_else(Problem::not_found)
    }

    /// The pairs of the query, decoded as a form: `+` is a space. Octets that are not UTF-8 are replaced.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let pairs = self.parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_form(name), decode_form(value))
        })
    }

    /// The first value of a query parameter as `T`; `None` when it is not there.
    ///
    /// # Errors
    /// A 400 problem that names the parameter when its value is no `T`.
    pub fn query<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some((_, value)) = self.query_pairs().find(|(n, _)| n == name) else {
            return Ok(None);
        };
        let wrong =
            || Problem::bad_request().detail(format!("the query parameter {name:?} has a wrong value"));
        value.parse().map(Some).map_err(|_| wrong())
    }

    /// The index of the offered media type that the client likes best; see
    /// [`negotiate`](crate::media_type::negotiate). Add `Vary: Accept` to the answer.
    ///
    /// # Errors
    /// A 406 problem when it takes none.
    pub fn negotiate(&self, offers: &[&str]) -> Result<usize, Problem> {
        negotiate(self.headers().get_all(header::ACCEPT), offers, &self.limits)?
            .ok_or_else(|| Problem::not_acceptable().detail(format!("available: {}", offers.join(", "))))
    }

    /// The conditions of the request, to be checked in the transaction that makes the change.
    pub fn conditions(&self) -> Conditions {
        let rules = Rules::at(HttpDate::from(self.now)).limits(Limits::clone(&self.limits));
        let rules = if self.require_if_match { rules.require_if_match() } else { rules };
        Conditions::of(self.method(), self.headers(), rules)
    }

    /// Checks the conditions of the request against the current state. Call it in PUT, PATCH and DELETE before the
    /// change; GET and HEAD are checked by the adapter.
    ///
    /// # Errors
    /// The problem of a 412 or, on a resource that [requires](crate::tower::Resource::requires_if_match) If-Match, a 428.
    pub fn check(&self, current: &Validators) -> Result<(), Problem> {
        self.conditions().check(current)
    }

    /// The content, collected.
    ///
    /// # Errors
    /// A 413 problem over [`Limits::max_body`], 400 when it does not arrive whole.
    pub async fn bytes(&mut self) -> Result<Bytes, Problem> {
        let mut collector = Collector::new(&self.limits);
        collector.announced(&self.parts.headers)?;
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|_| ContentError::Incomplete)?;
            if let Ok(data) = frame.into_data() {
                collector.push(data)?;
            }
        }
        Ok(collector.finish())
    }

    /// The content as JSON.
    ///
    /// # Errors
    /// A problem: 415 for another type, 413, 400 with line and column for what is no JSON, 422 with a pointer for what is
    /// no `T`.
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        expect_json(self.headers(), &self.limits)?;
        Ok(parse_json(&self.bytes().await?)?)
    }

    /// The content as a JSON Merge Patch, applied to `current`, which is what the client may change of the resource.
    ///
    /// Takes `application/merge-patch+json` and `application/json`.
    ///
    /// # Errors
    /// As [`json`](Context::json); 415 names the type in Accept-Patch, 422 means that the result is no `T`.
    pub async fn merge_patch<T: Serialize + DeserializeOwned>(&mut self, current: &T) -> Result<T, Problem> {
        let media_type =
            self.headers().get(header::CONTENT_TYPE).and_then(|v| MediaType::parse(v, &self.limits).ok());
        let accepted = [MERGE_PATCH_JSON, "application/json"];
        if !media_type.is_some_and(|m| accepted.contains(&m.essence())) {
            // RFC 5789 §2.2.
            let problem = Problem::from(ContentError::Unsupported { accept: MERGE_PATCH_JSON });
            return Err(problem.header(ACCEPT_PATCH, HeaderValue::from_static(MERGE_PATCH_JSON)));
        }
        let patch = self.json().await?;
        let mut value = serde_json::to_value(current).map_err(|_| Problem::internal())?;
        let too_deep = |_| Problem::unprocessable().detail("the patch nests too deep");
        merge(&mut value, patch, &self.limits).map_err(too_deep)?;
        // Through text, so that errors have a pointer.
        let text = serde_json::to_vec(&value).map_err(|_| Problem::internal())?;
        Ok(parse_json(&text)?)
    }

    /// The request again, with its extensions and what is left of its body: for an upgrade, or another service.
    pub fn into_request(self) -> Request<Body> {
        Request::from_parts(self.parts, self.body)
    }
}

impl<S> fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No fields: they hold credentials.
        let (method, path) = (self.method(), self.uri().path());
        f.debug_struct("Context").field("method", method).field("path", &path).finish_non_exhaustive()
    }
}

fn decode_form(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '%']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// RFC 5789 §3.1; `http` has no constant for it.
pub(crate) const ACCEPT_PATCH: header::HeaderName = header::HeaderName::from_static("accept-patch");
