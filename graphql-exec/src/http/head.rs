//! Requests of GraphQL over HTTP: which method, which content, which parameters ("Request").

use core::str;

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, Method, Uri};

use super::accept::is_utf8;
use super::{Accepts, HttpError, HttpLimits, ResponseType, form};
use crate::request::{NAMES, Request, RequestError};
use crate::syntax::OperationType;

/// The head of a request that is one of GraphQL, so far.
///
/// ```
/// use graphql_exec::http::{Head, HttpLimits};
/// let limits = HttpLimits::DEFAULT;
/// let get = http::Request::get("/graphql?query=%7Ba%7D").body(()).unwrap().into_parts().0;
/// let head = Head::read(&get.method, &get.uri, &get.headers, &limits)?;
/// assert_eq!(head.request().unwrap().query, "{a}");
///
/// let post = http::Request::post("/graphql").header("content-type", "application/json").body(()).unwrap().into_parts().0;
/// let head = Head::read(&post.method, &post.uri, &post.headers, &limits)?;
/// assert!(head.request().is_none(), "it is in the body");
/// assert_eq!(Head::read_body(br#"{"query":"{a}"}"#, &limits)?.query, "{a}");
/// # Ok::<(), graphql_exec::http::HttpError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    accepts: Accepts,
    /// What a GET asks for; a POST says it in its body.
    request: Option<Request>,
}

impl Head {
    /// Reads a head. For a POST, read the body next, at most [`HttpLimits::max_body`] bytes of it.
    ///
    /// # Errors
    /// The first [`HttpError`].
    pub fn read(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        limits: &HttpLimits,
    ) -> Result<Self, HttpError> {
        let is_get = match *method {
            Method::GET => true,
            Method::POST => false,
            _ => return Err(HttpError::Method),
        };
        let accepts = Accepts::read(headers, limits)?;
        if accepts.for_one_result().is_none() && accepts.for_many_results().is_none() {
            return Err(HttpError::NotAcceptable);
        }
        if is_get {
            let request = Some(read_query(uri.query().unwrap_or_default(), limits)?);
            return Ok(Self { accepts, request });
        }
        check_content_type(headers)?;
        Ok(Self { accepts, request: None })
    }

    /// Reads the body of a POST.
    ///
    /// # Errors
    /// [`HttpError::BodyTooLarge`], or a [`RequestError`].
    pub fn read_body(body: &[u8], limits: &HttpLimits) -> Result<Request, HttpError> {
        if body.len() > limits.max_body {
            return Err(HttpError::BodyTooLarge { max: limits.max_body });
        }
        let text = str::from_utf8(body).map_err(|error| RequestError::Json {
            parameter: None,
            offset: error.valid_up_to(),
            what: "no utf-8",
        })?;
        Ok(Request::from_json(text)?)
    }

    /// What a GET asks for; `None` for a POST.
    #[must_use]
    pub const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// The form of an answer that refuses, before it is clear what is asked for.
    #[must_use]
    pub fn refusal_type(&self) -> ResponseType {
        self.accepts.for_refusal()
    }

    /// The form of the answer, once it is clear which kind of operation is asked for.
    ///
    /// # Errors
    /// [`HttpError::MutationByGet`], [`HttpError::StreamNotAccepted`], [`HttpError::NotAcceptable`].
    pub fn response_type(&self, operation: OperationType) -> Result<ResponseType, HttpError> {
        match operation {
            OperationType::Mutation if self.request.is_some() => Err(HttpError::MutationByGet),
            OperationType::Subscription => {
                self.accepts.for_many_results().ok_or(HttpError::StreamNotAccepted)
            }
            OperationType::Query | OperationType::Mutation => {
                self.accepts.for_one_result().ok_or(HttpError::NotAcceptable)
            }
        }
    }
}

fn read_query(query: &str, limits: &HttpLimits) -> Result<Request, HttpError> {
    if query.len() > limits.max_query {
        return Err(HttpError::QueryTooLong { max: limits.max_query });
    }
    let mut request = Request::default();
    let mut seen = [false; NAMES.len()];
    for pair in form::pairs(query) {
        let (name, value) = pair?;
        let Some(place) = NAMES.iter().position(|known| *known == name) else { continue };
        if core::mem::replace(&mut seen[place], true) {
            return Err(RequestError::Repeated { parameter: NAMES[place] }.into());
        }
        request.set_from_query(NAMES[place], value)?;
    }
    if !seen[0] {
        return Err(RequestError::Missing { parameter: "query" }.into());
    }
    Ok(request)
}

/// `application/json`, in UTF-8. Any other type is refused, above all those of simple requests, which a browser sends to any
/// site without asking it first (Fetch Standard, "CORS-safelisted request-header").
fn check_content_type(headers: &HeaderMap) -> Result<(), HttpError> {
    let value = single(headers, &CONTENT_TYPE)?;
    let text = value.to_str().map_err(|_| HttpError::ContentType)?;
    let mut parts = text.split(';').map(str::trim);
    if !parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return Err(HttpError::ContentType);
    }
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or(HttpError::ContentType)?;
        if name.eq_ignore_ascii_case("charset") && !is_utf8(value.trim_matches('"')) {
            return Err(HttpError::Charset);
        }
    }
    Ok(())
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<&'h http::HeaderValue, HttpError> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(HttpError::ContentTypeMissing),
        (Some(value), None) => Ok(value),
        // Two readers could take two different ones.
        (Some(_), Some(_)) => Err(HttpError::ContentType),
    }
}
