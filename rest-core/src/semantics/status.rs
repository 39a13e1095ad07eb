//! The table of status codes (RFC 9110 §15, RFC 6585, RFC 7725, RFC 8297, RFC 8470).

use http::StatusCode;

/// The first digit of a status code (RFC 9110 §15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusClass {
    /// 1xx: the request goes on.
    Informational,
    /// 2xx: received, understood, accepted.
    Successful,
    /// 3xx: something else has to be done.
    Redirection,
    /// 4xx: the request is wrong.
    ClientError,
    /// 5xx: the server failed at what seems a right request.
    ServerError,
}

/// What a status code promises.
///
/// ```
/// use http::StatusCode;
/// use rest_core::semantics::{StatusClass, StatusSemantics};
/// let gone = StatusSemantics::of(StatusCode::GONE).ok_or("410 is registered")?;
/// assert_eq!((gone.reason, gone.class), ("Gone", StatusClass::ClientError));
/// assert!(gone.cacheable_by_default);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusSemantics {
    /// The reason phrase of the registry, as RFC 9110 words it.
    pub reason: &'static str,
    /// The class.
    pub class: StatusClass,
    /// Whether a cache may use heuristic freshness for it (RFC 9110 §15.1).
    pub cacheable_by_default: bool,
    /// Whether its response may have content; not so for 1xx, 204, 205 and 304 (RFC 9110 §6.4.1).
    pub content: bool,
    /// The field without which the response is wrong, or of no use to the client.
    pub required_field: Option<&'static str>,
}

impl StatusSemantics {
    /// The semantics of a registered status; `None` for any other, which counts as the x00 of its class (§15).
    pub fn of(status: StatusCode) -> Option<StatusSemantics> {
        let code = status.as_u16();
        let reason = reason(status)?;
        Some(StatusSemantics {
            reason,
            class: class(status)?,
            cacheable_by_default: matches!(
                code,
                200 | 203 | 204 | 206 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
            ),
            content: has_content(status),
            required_field: required_field(status),
        })
    }
}

/// The class of any status; `None` above 599, which no specification defines.
pub fn class(status: StatusCode) -> Option<StatusClass> {
    Some(match status.as_u16() / 100 {
        1 => StatusClass::Informational,
        2 => StatusClass::Successful,
        3 => StatusClass::Redirection,
        4 => StatusClass::ClientError,
        5 => StatusClass::ServerError,
        _ => return None,
    })
}

/// Whether a response of this status may have content (RFC 9110 §6.4.1, §15.3.6).
pub fn has_content(status: StatusCode) -> bool {
    !matches!(status.as_u16(), 100..=199 | 204 | 205 | 304)
}

/// The field without which a response of this status is wrong or of no use, by name.
pub fn required_field(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        // 101 and 426: RFC 9110 §15.2.2, §15.5.22.
        101 | 426 => "Upgrade",
        // The created resource is otherwise the target itself (§15.3.2); redirections: §15.4.
        201 | 301 | 302 | 303 | 307 | 308 => "Location",
        206 => "Content-Range",
        401 => "WWW-Authenticate",
        405 => "Allow",
        407 => "Proxy-Authenticate",
        // Optional in RFC 6585 §4 and RFC 9110 §15.6.4; without it each client chooses when to come back.
        429 | 503 => "Retry-After",
        _ => return None,
    })
}

/// The reason phrase of a registered status, as RFC 9110 words it.
pub fn reason(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        100 => "Continue",
        101 => "Switching Protocols",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        511 => "Network Authentication Required",
        _ => return None,
    })
}
