//! A successful answer: status, fields, content.

use crate::field::{CacheControl, ETag, HttpDate};
use crate::hypermedia::{Hal, Link};
use crate::problem::Problem;
use crate::semantics::status;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// A successful answer, built step by step. Errors are a [`Problem`] instead.
///
/// [`Reply::ok`] is a 200; the other statuses come from [`semantics::outcome`](crate::semantics::outcome).
///
/// ```
/// use rest_core::{Reply, field::{CacheControl, ETag}};
/// #[derive(serde::Serialize)]
/// struct User { id: u64 }
/// let reply = Reply::ok()
///     .json(&User { id: 42 })?
///     .etag(&ETag::from_version(3))
///     .cache_control(&CacheControl::new().private().max_age(60));
/// let response = reply.into_response();
/// assert_eq!(response.headers()["cache-control"], "private, max-age=60");
/// assert_eq!(response.body(), r#"{"id":42}"#);
/// # Ok::<(), rest_core::Problem>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    content: Bytes,
}

impl Reply {
    /// 200 without content so far.
    pub fn ok() -> Reply {
        Reply::with_status(StatusCode::OK)
    }

    pub(crate) fn with_status(status: StatusCode) -> Reply {
        Reply { status, headers: HeaderMap::new(), content: Bytes::new() }
    }

    /// Sets the content to the JSON of `value`, as `application/json`.
    ///
    /// # Errors
    /// A 500 problem when `value` cannot be written as JSON, such as a map whose keys are no strings.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Reply, Problem> {
        let text = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
        Ok(self.content("application/json", text))
    }

    /// Sets the content to a HAL document, as `application/hal+json`. When a link of it has a `method`, the answer names
    /// the profile that defines that member in a Link field ([`hypermedia::METHOD_PROFILE`](crate::hypermedia)).
    ///
    /// # Errors
    /// As [`json`](Reply::json).
    pub fn hal<T: Serialize>(self, document: &Hal<T>) -> Result<Reply, Problem> {
        let text = serde_json::to_vec(document).map_err(|_| Problem::internal())?;
        let reply = self.content(crate::hypermedia::HAL_JSON, text);
        Ok(match document.uses_method() {
            true => reply.link("profile", &Link::new(crate::hypermedia::METHOD_PROFILE)),
            false => reply,
        })
    }

    /// Sets the content and its media type. An answer that may have none (204, 205) stays without.
    pub fn content(mut self, media_type: &'static str, content: impl Into<Bytes>) -> Reply {
        if status::has_content(self.status) {
            self.content = content.into();
            self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        self
    }

    /// Sets ETag.
    pub fn etag(self, etag: &ETag) -> Reply {
        self.header(header::ETAG, etag.to_header_value())
    }

    /// Sets Last-Modified.
    pub fn last_modified(self, date: impl Into<HttpDate>) -> Reply {
        self.header(header::LAST_MODIFIED, date.into().to_header_value())
    }

    /// Sets Cache-Control; removes it when there is no directive.
    pub fn cache_control(mut self, directives: &CacheControl) -> Reply {
        match directives.to_header_value() {
            Some(value) => return self.header(header::CACHE_CONTROL, value),
            None => self.headers.remove(header::CACHE_CONTROL),
        };
        self
    }

    /// Adds a Link field (RFC 8288). A templated link has no such form and is left out.
    pub fn link(mut self, rel: &str, link: &Link) -> Reply {
        if let Some(value) = link.to_header_value(rel) {
            // Fails only at 32,768 fields, which no answer needs.
            let _ = self.headers.try_append(header::LINK, value);
        }
        self
    }

    /// Sets any field.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Reply {
        self.headers.insert(name, value);
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The fields so far.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The whole response.
    pub fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(self.content);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
