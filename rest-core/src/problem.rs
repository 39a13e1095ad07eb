//! Problem details: errors that a program can read (RFC 9457).

use crate::semantics::status;
use bytes::Bytes;
use core::fmt;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// The media type of [`Problem`] (RFC 9457 §3).
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Turns an error into what the client may know of it.
///
/// What is not put into the [`Problem`] stays inside: nothing is taken from `Display`, `Debug` or `source`.
///
/// ```
/// use rest_core::problem::{Problem, ToProblem};
/// enum AppError { NoSuchUser, Database(std::io::Error) }
/// impl ToProblem for AppError {
///     fn to_problem(&self) -> Problem {
///         match self {
///             AppError::NoSuchUser => Problem::not_found(),
///             AppError::Database(_) => Problem::internal(),
///         }
///     }
/// }
/// let hidden = AppError::Database(std::io::Error::other("disk 3 at 10.0.0.7"));
/// assert_eq!(hidden.to_problem().to_json(), r#"{"type":"about:blank","title":"Internal Server Error","status":500}"#);
/// ```
pub trait ToProblem {
    /// The problem that the client is shown.
    fn to_problem(&self) -> Problem;
}

/// A problem document, with the fields that its response must carry.
///
/// The status is always an error. A status that is wrong without a field (401, 405, 407, 426, 429, 503) has a type in
/// [`semantics::outcome`](crate::semantics::outcome) that demands the field and turns into a problem.
///
/// ```
/// use rest_core::problem::Problem;
/// let problem = Problem::unprocessable()
///     .detail("the user could not be created")
///     .error("/email", "is not an address");
/// assert_eq!(problem.status(), 422);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Problem(Box<Inner>);

#[derive(Clone, Debug, PartialEq)]
struct Inner {
    r#type: Option<String>,
    title: Option<String>,
    status: StatusCode,
    detail: Option<String>,
    instance: Option<String>,
    errors: Vec<InvalidMember>,
    extensions: Map<String, Value>,
    headers: HeaderMap,
}

/// One entry of the `errors` member: what is wrong in the request content, and where.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct InvalidMember {
    /// A JSON Pointer into the request content (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What to do about it.
    pub detail: String,
}

/// A status that cannot be a problem by itself.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemError {
    /// The status is not 4xx or 5xx: an error must not say that it succeeded.
    NotAnError(StatusCode),
    /// The status is wrong without a field; use the type of [`semantics::outcome`](crate::semantics::outcome).
    FieldRequired(StatusCode, &'static str),
}

impl fmt::Display for ProblemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProblemError::NotAnError(status) => write!(f, "{} is not an error status", status.as_u16()),
            ProblemError::FieldRequired(status, field) => {
                write!(f, "{} needs a {field} field; use its type in semantics::outcome", status.as_u16())
            }
        }
    }
}

impl core::error::Error for ProblemError {}

impl Problem {
    /// A problem of any error status that needs no field of its own.
    ///
    /// # Errors
    /// [`ProblemError`] for a status below 400, and for 401, 405, 407, 426, 429 and 503.
    pub fn new(status: StatusCode) -> Result<Problem, ProblemError> {
        if !status.is_client_error() && !status.is_server_error() {
            return Err(ProblemError::NotAnError(status));
        }
        match status::required_field(status) {
            Some(field) => Err(ProblemError::FieldRequired(status, field)),
            None => Ok(Problem::of(status)),
        }
    }

    /// 400: the message cannot be understood. For content that is understood and wrong, see
    /// [`unprocessable`](Problem::unprocessable).
    pub fn bad_request() -> Problem {
        Problem::of(StatusCode::BAD_REQUEST)
    }

    /// 403: who the client is does not matter, or is known and not enough. Without credentials the answer is
    /// [`Unauthorized`](crate::semantics::outcome::Unauthorized).
    pub fn forbidden() -> Problem {
        Problem::of(StatusCode::FORBIDDEN)
    }

    /// 404: there is nothing here, or nothing that the client may know of.
    pub fn not_found() -> Problem {
        Problem::of(StatusCode::NOT_FOUND)
    }

    /// 406: no form of the resource is acceptable.
    pub fn not_acceptable() -> Problem {
        Problem::of(StatusCode::NOT_ACCEPTABLE)
    }

    /// 409: the state of the resource forbids it, such as a name that is taken.
    pub fn conflict() -> Problem {
        Problem::of(StatusCode::CONFLICT)
    }

    /// 410: there was something here, and it will not come back.
    pub fn gone() -> Problem {
        Problem::of(StatusCode::GONE)
    }

    /// 412: a condition of the request does not hold.
    pub fn precondition_failed() -> Problem {
        Problem::of(StatusCode::PRECONDITION_FAILED)
    }

    /// 413: the content is larger than allowed.
    pub fn content_too_large() -> Problem {
        Problem::of(StatusCode::PAYLOAD_TOO_LARGE)
    }

    /// 415: the content is of a type that this method on this resource does not take.
    pub fn unsupported_media_type() -> Problem {
        Problem::of(StatusCode::UNSUPPORTED_MEDIA_TYPE)
    }

    /// 422: the content is well formed and of a known type, and says something that cannot be.
    pub fn unprocessable() -> Problem {
        Problem::of(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// 428: the request must be conditional (RFC 6585 §3).
    pub fn precondition_required() -> Problem {
        Problem::of(StatusCode::PRECONDITION_REQUIRED)
    }

    /// 500: something failed here. It says no more than that.
    pub fn internal() -> Problem {
        Problem::of(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// 501: the server does not implement the method for any resource.
    pub fn not_implemented() -> Problem {
        Problem::of(StatusCode::NOT_IMPLEMENTED)
    }

    /// 502: a server behind this one gave an answer that cannot be used.
    pub fn bad_gateway() -> Problem {
        Problem::of(StatusCode::BAD_GATEWAY)
    }

    /// 504: a server behind this one gave no answer in time.
    pub fn gateway_timeout() -> Problem {
        Problem::of(StatusCode::GATEWAY_TIMEOUT)
    }

    /// A problem of a status that the caller knows to be an error.
    pub(crate) fn of(status: StatusCode) -> Problem {
        Problem(Box::new(Inner {
            r#type: None,
            title: status::reason(status).map(str::to_owned),
            status,
            detail: None,
            instance: None,
            errors: Vec::new(),
            extensions: Map::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// Sets `type`, a URI reference that names the kind of problem, and the `title` that goes with it (§3.1.1, §3.1.3).
    /// Without this the type is `about:blank` and the title the reason phrase of the status (§4.2.1).
    #[must_use]
    pub fn kind(mut self, r#type: impl Into<String>, title: impl Into<String>) -> Self {
        self.0.r#type = Some(r#type.into());
        self.0.title = Some(title.into());
        self
    }

    /// Sets `detail`: what went wrong this time, for a person, with a way out and without internals (§3.1.4).
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Sets `instance`, a URI reference that names this occurrence (§3.1.5).
    #[must_use]
    pub fn instance(mut self, instance: impl Into<String>) -> Self {
        self.0.instance = Some(instance.into());
        self
    }

    /// Adds one entry to the `errors` member: a JSON Pointer into the request content, and what is wrong there.
    #[must_use]
    pub fn error(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        self.0.errors.push(InvalidMember { pointer: pointer.into(), detail: detail.into() });
        self
    }

    /// Sets an extension member (§3.2). The names `type`, `title`, `status`, `detail`, `instance` and `errors` have
    /// methods of their own and are left alone here.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        if !MEMBERS.contains(&name.as_str()) {
            self.0.extensions.insert(name, value.into());
        }
        self
    }

    /// Sets a field of the response, such as `Accept` beside a 415.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The `type`; `about:blank` when none was set.
    pub fn problem_type(&self) -> &str {
        self.0.r#type.as_deref().unwrap_or("about:blank")
    }

    /// The `title`.
    pub fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }

    /// The `detail` that was set.
    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The `instance` that was set.
    pub fn instance_uri(&self) -> Option<&str> {
        self.0.instance.as_deref()
    }

    /// The entries of the `errors` member.
    pub fn errors(&self) -> &[InvalidMember] {
        &self.0.errors
    }

    /// The extension members.
    pub fn extensions(&self) -> &Map<String, Value> {
        &self.0.extensions
    }

    /// The fields that the response carries besides Content-Type.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        // Strings, numbers and JSON values only: serialisation has no way to fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The whole response: status, fields, `application/problem+json` content.
    pub fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.to_json()));
        *response.status_mut() = self.0.status;
        *response.headers_mut() = self.0.headers;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }

    /// Reads a problem that another server sent, as a client must: a member of the wrong type counts as absent (§3.1),
    /// an unknown member is an extension. `status` is that of the response, which is the one that holds (§3.1.2).
    ///
    /// # Errors
    /// The error of `serde_json` when `content` is not a JSON object.
    pub fn from_json(status: StatusCode, content: &[u8]) -> Result<Problem, serde_json::Error> {
        let mut members: Map<String, Value> = serde_json::from_slice(content)?;
        let mut text = |name: &str| match members.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (r#type, title, detail, instance) =
            (text("type"), text("title"), text("detail"), text("instance"));
        let r#type = r#type.filter(|kind| kind != "about:blank");
        members.remove("status");
        let errors = match members.get("errors").map(<Vec<InvalidMember> as serde::Deserialize>::deserialize)
        {
            Some(Ok(errors)) => {
                members.remove("errors");
                errors
            }
            _ => Vec::new(),
        };
        let extensions = members;
        let headers = HeaderMap::new();
        Ok(Problem(Box::new(Inner { r#type, title, status, detail, instance, errors, extensions, headers })))
    }
}

impl ToProblem for Problem {
    fn to_problem(&self) -> Problem {
        self.clone()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status.as_u16(), self.title().unwrap_or("problem"))?;
        self.detail_text().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl core::error::Error for Problem {}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.problem_type())?;
        let optional = [("detail", &self.0.detail), ("instance", &self.0.instance)];
        if let Some(title) = &self.0.title {
            map.serialize_entry("title", title)?;
        }
        map.serialize_entry("status", &self.0.status.as_u16())?;
        for (name, value) in optional {
            if let Some(value) = value {
                map.serialize_entry(name, value)?;
            }
        }
        if !self.0.errors.is_empty() {
            map.serialize_entry("errors", &self.0.errors)?;
        }
        for (name, value) in &self.0.extensions {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

const MEMBERS: [&str; 6] = ["type", "title", "status", "detail", "instance", "errors"];

macro_rules! into_problem {
    ($($error:ty),*) => {$(
        impl From<$error> for Problem {
            fn from(error: $error) -> Problem {
                error.to_problem()
            }
        }
    )*};
}
pub(crate) use into_problem;

into_problem!(crate::error::LimitExceeded, crate::error::FieldError);
