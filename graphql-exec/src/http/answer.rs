//! Answers of GraphQL over HTTP: status, content type, body ("Response").

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, VARY};
use http::{HeaderValue, Response, StatusCode};

use super::{HttpError, ResponseType};
use crate::error::GraphqlError;
use crate::sse;

/// The answer for a single result, which is a JSON text.
///
/// `is_request_error` says that the result has no `data`: the request was refused before its execution. As
/// `application/graphql-response+json` this is status 400, as `application/json` 200, since there a client cannot tell a 400 of
/// ours from one of a proxy on the way. As an event stream it is status 200, with a `next` and a `complete`.
#[must_use]
pub fn answer(form: ResponseType, result: Bytes, is_request_error: bool) -> Response<Bytes> {
    let mut response = head(form);
    if is_request_error && form == ResponseType::GraphqlResponse {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response.map(|()| match form {
        ResponseType::EventStream => {
            // A result is written by this crate, as JSON in UTF-8.
            let result = String::from_utf8_lossy(&result);
            [sse::next(&result), sse::complete()].concat().into()
        }
        _ => result,
    })
}

/// The head of an answer, with status 200 and no body yet: that of an event stream whose results follow.
#[must_use]
pub fn head(form: ResponseType) -> Response<()> {
    let mut response = Response::new(());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, form.content_type());
    headers.insert(VARY, HeaderValue::from_static("accept"));
    if form == ResponseType::EventStream {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    response
}

/// The answer for a refusal: its status, and its words as an error of GraphQL. A client that accepts only event streams gets
/// JSON, since a stream that is not opened says nothing.
#[must_use]
pub fn refuse(error: &HttpError, form: ResponseType) -> Response<Bytes> {
    let form = if form == ResponseType::EventStream { ResponseType::Json } else { form };
    let mut response = head(form);
    *response.status_mut() = error.status();
    if let Some(allow) = error.allow() {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    }
    let error = GraphqlError::new(error.to_string()).with_code(error.code());
    response.map(|()| format!(r#"{{"errors":[{}]}}"#, error.to_json()).into())
}

/// Tells nginx, and others that follow it, to pass each event on at once.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
