//! What a call can fail with, and what is wrong with a router.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What kind of failure: tRPC's keys, with JSON-RPC's numbers and HTTP's statuses (`rpc/codes.ts` of `@trpc/server`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// −32700, 400: what came could not be parsed.
    ParseError,
    /// −32600, 400: the request is wrong, its input included.
    BadRequest,
    /// −32603, 500: something of ours failed.
    InternalServerError,
    /// −32603, 501.
    NotImplemented,
    /// −32603, 502.
    BadGateway,
    /// −32603, 503.
    ServiceUnavailable,
    /// −32603, 504.
    GatewayTimeout,
    /// −32001, 401: nobody knows who calls.
    Unauthorized,
    /// −32002, 402.
    PaymentRequired,
    /// −32003, 403: the caller may not.
    Forbidden,
    /// −32004, 404: no such procedure, or no such thing.
    NotFound,
    /// −32005, 405: the procedure takes another method.
    MethodNotSupported,
    /// −32008, 408: it took too long.
    Timeout,
    /// −32009, 409.
    Conflict,
    /// −32012, 412.
    PreconditionFailed,
    /// −32013, 413: a size is over its limit.
    PayloadTooLarge,
    /// −32015, 415.
    UnsupportedMediaType,
    /// −32022, 422.
    UnprocessableContent,
    /// −32028, 428.
    PreconditionRequired,
    /// −32029, 429.
    TooManyRequests,
    /// −32099, 499.
    ClientClosedRequest,
}

impl Code {
    /// All of them.
    pub const ALL: [Code; 21] = [
        Code::ParseError,
        Code::BadRequest,
        Code::InternalServerError,
        Code::NotImplemented,
        Code::BadGateway,
        Code::ServiceUnavailable,
        Code::GatewayTimeout,
        Code::Unauthorized,
        Code::PaymentRequired,
        Code::Forbidden,
        Code::NotFound,
        Code::MethodNotSupported,
        Code::Timeout,
        Code::Conflict,
        Code::PreconditionFailed,
        Code::PayloadTooLarge,
        Code::UnsupportedMediaType,
        Code::UnprocessableContent,
        Code::PreconditionRequired,
        Code::TooManyRequests,
        Code::ClientClosedRequest,
    ];

    const fn facts(self) -> (&'static str, i32, u16) {
        match self {
            Code::ParseError => ("PARSE_ERROR", -32700, 400),
            Code::BadRequest => ("BAD_REQUEST", -32600, 400),
            Code::InternalServerError => ("INTERNAL_SERVER_ERROR", -32603, 500),
            Code::NotImplemented => ("NOT_IMPLEMENTED", -32603, 501),
            Code::BadGateway => ("BAD_GATEWAY", -32603, 502),
            Code::ServiceUnavailable => ("SERVICE_UNAVAILABLE", -32603, 503),
            Code::GatewayTimeout => ("GATEWAY_TIMEOUT", -32603, 504),
            Code::Unauthorized => ("UNAUTHORIZED", -32001, 401),
            Code::PaymentRequired => ("PAYMENT_REQUIRED", -32002, 402),
            Code::Forbidden => ("FORBIDDEN", -32003, 403),
            Code::NotFound => ("NOT_FOUND", -32004, 404),
            Code::MethodNotSupported => ("METHOD_NOT_SUPPORTED", -32005, 405),
            Code::Timeout => ("TIMEOUT", -32008, 408),
            Code::Conflict => ("CONFLICT", -32009, 409),
            Code::PreconditionFailed => ("PRECONDITION_FAILED", -32012, 412),
            Code::PayloadTooLarge => ("PAYLOAD_TOO_LARGE", -32013, 413),
            Code::UnsupportedMediaType => ("UNSUPPORTED_MEDIA_TYPE", -32015, 415),
            Code::UnprocessableContent => ("UNPROCESSABLE_CONTENT", -32022, 422),
            Code::PreconditionRequired => ("PRECONDITION_REQUIRED", -32028, 428),
            Code::TooManyRequests => ("TOO_MANY_REQUESTS", -32029, 429),
            Code::ClientClosedRequest => ("CLIENT_CLOSED_REQUEST", -32099, 499),
        }
    }

    /// The key, as `data.code` carries it: `NOT_FOUND`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.facts().0
    }

    /// The JSON-RPC number, as `code` carries it: −32004.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.facts().1
    }

    /// The HTTP status, as `data.httpStatus` carries it: 404.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        self.facts().2
    }

    /// The code of a key.
    #[must_use]
    pub fn parse(key: &str) -> Option<Code> {
        Code::ALL.into_iter().find(|code| code.as_str() == key)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a call failed. Everything in it but its [`source`](Error::source) goes to the client.
///
/// ```
/// use rpc_typed::{Code, RpcError};
///
/// let refused = RpcError::new(Code::BadRequest, "two rules are broken")
///     .issue(["name"], "must not be blank")
///     .issue(["email"], "must be an address");
/// assert_eq!(refused.issues()[1].to_string(), "email: must be an address");
///
/// // What was not foreseen is for the log; the client hears that it happened.
/// let failed = RpcError::internal(std::io::Error::other("disk 3 is full"));
/// assert_eq!(failed.message(), "Internal server error");
/// ```
#[derive(Debug)]
pub struct RpcError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: Code,
    message: Option<Cow<'static, str>>,
    issues: Vec<Issue>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl RpcError {
    /// An error with a message that is meant for the client.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> RpcError {
        RpcError(Box::new(Inner { code, message: Some(message.into()), issues: Vec::new(), source: None }))
    }

    /// An error that was not foreseen: the client hears `Internal server error`, the cause is kept for the log.
    #[must_use]
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> RpcError {
        let code = Code::InternalServerError;
        RpcError(Box::new(Inner { code, message: None, issues: Vec::new(), source: Some(source.into()) }))
    }

    pub(crate) fn with_message(mut self, message: String) -> RpcError {
        self.0.message = Some(message.into());
        self
    }

    /// The same error for another call. The cause stays with the first.
    pub(crate) fn duplicate(&self) -> RpcError {
        let Inner { code, message, issues, .. } = &*self.0;
        let (message, issues) = (message.clone(), issues.clone());
        RpcError(Box::new(Inner { code: *code, message, issues, source: None }))
    }

    /// Adds a place of the input that broke a rule; it is sent in `data.issues`.
    #[must_use]
    pub fn issue<P: Into<PathSegment>>(
        mut self,
        path: impl IntoIterator<Item = P>,
        message: impl Into<String>,
    ) -> RpcError {
        let path = path.into_iter().map(Into::into).collect();
        self.0.issues.push(Issue { path, message: message.into() });
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the client is told.
    #[must_use]
    pub fn message(&self) -> &str {
        match (&self.0.message, self.0.code) {
            (Some(message), _) => message,
            (None, Code::InternalServerError) => "Internal server error",
            (None, code) => code.as_str(),
        }
    }

    /// The places of the input that broke a rule.
    #[must_use]
    pub fn issues(&self) -> &[Issue] {
        &self.0.issues
    }
}

impl From<Code> for RpcError {
    /// The message is tRPC's default, the key; of an internal error, `Internal server error`.
    fn from(code: Code) -> RpcError {
        RpcError(Box::new(Inner { code, message: None, issues: Vec::new(), source: None }))
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.message())
    }
}

impl Error for RpcError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// A place of the input that broke a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Where, from the input inwards. Empty: the input as a whole.
    pub path: Vec<PathSegment>,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, segment) in self.path.iter().enumerate() {
            match segment {
                PathSegment::Key(key) if n == 0 => f.write_str(key)?,
                PathSegment::Key(key) => write!(f, ".{key}")?,
                PathSegment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

/// One step into an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// A member of an object.
    Key(String),
    /// An element of an array, from 0.
    Index(usize),
}

impl From<&str> for PathSegment {
    fn from(key: &str) -> PathSegment {
        PathSegment::Key(key.to_owned())
    }
}

impl From<String> for PathSegment {
    fn from(key: String) -> PathSegment {
        PathSegment::Key(key)
    }
}

impl From<usize> for PathSegment {
    fn from(index: usize) -> PathSegment {
        PathSegment::Index(index)
    }
}

/// All that is wrong with a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    pub(crate) problems: Vec<Problem>,
}

impl BuildError {
    /// Each problem, in the order of the paths.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl Error for BuildError {}

/// One thing that is wrong with a router.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Two procedures have this path.
    Duplicate(String),
    /// One procedure has this path, and others have paths below it: a client cannot have both.
    Overlap(String),
    /// A segment of the path is a word that JavaScript's proxies and promises take for themselves (`router.ts` of
    /// `@trpc/server`), or `__proto__`.
    Reserved(String),
    /// A segment of the path is empty or holds other characters than letters, digits, `_`, `$` and `-`.
    Name(String),
    /// The path is longer than [`Limits::DEFAULT`](crate::Limits::DEFAULT) lets any be.
    TooLong(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Duplicate(path) => write!(f, "two procedures have the path `{path}`: rename one"),
            Problem::Overlap(path) => {
                write!(f, "`{path}` is a procedure and also the beginning of other paths: rename it")
            }
            Problem::Reserved(path) => {
                write!(f, "`{path}` holds a reserved word (then, call, apply, __proto__): rename it")
            }
            Problem::Name(path) => {
                write!(
                    f,
                    "`{path}` holds an empty segment or other characters than letters, digits, _, $ and -"
                )
            }
            Problem::TooLong(path) => {
                write!(f, "the path `{path}` is longer than a client may ask for: shorten it")
            }
        }
    }
}
