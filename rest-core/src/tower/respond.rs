//! What a handler may give.

use crate::problem::Problem;
use crate::reply::Reply;
use crate::semantics::outcome::{
    Accepted, Created, MovedPermanently, NoContent, PermanentRedirect, SeeOther, TemporaryRedirect,
};
use crate::tower::body::{Body, BoxError};
use http_body::Body as HttpBody;

/// The answer as the service gives it.
pub type Response = http::Response<Body>;

/// A value that is an answer: a [`Reply`], a [`Problem`], an outcome of [`semantics::outcome`](crate::semantics::outcome),
/// or an `http::Response` with any body, such as a stream of events or an upgrade.
pub trait IntoResponse {
    /// The answer.
    fn into_response(self) -> Response;
}

impl<B> IntoResponse for http::Response<B>
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    fn into_response(self) -> Response {
        self.map(Body::new)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        Reply::into_response(self).map(Body::from)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        Problem::into_response(self).map(Body::from)
    }
}

macro_rules! outcomes {
    ($($outcome:ty),*) => {$(
        impl IntoResponse for $outcome {
            fn into_response(self) -> Response {
                IntoResponse::into_response(Reply::from(self))
            }
        }
    )*};
}

outcomes!(Accepted, Created, MovedPermanently, NoContent, PermanentRedirect, SeeOther, TemporaryRedirect);
