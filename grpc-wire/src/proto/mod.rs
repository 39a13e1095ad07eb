//! The dialects: how heads, messages and trailers lie in HTTP.

pub mod grpc;
pub mod web;

use http::{HeaderMap, HeaderValue, Method, Version, header};

use crate::error::Rejection;

/// One way to say a call in HTTP.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// gRPC: `application/grpc`, HTTP/2, trailers (PROTOCOL-HTTP2).
    Grpc,
    /// gRPC-Web: `application/grpc-web`, any HTTP, the trailers as the last frame of the body (PROTOCOL-WEB).
    Web,
    /// gRPC-Web with the body in base64: `application/grpc-web-text`.
    WebText,
}

impl Dialect {
    /// The dialect that a `content-type` names; a suffix such as `+proto` and parameters do not matter.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Self::named(headers.get(header::CONTENT_TYPE)?)
    }

    fn named(content_type: &HeaderValue) -> Option<Self> {
        let value = content_type.as_bytes();
        let end = value.iter().position(|byte| matches!(byte, b'+' | b';' | b' ')).unwrap_or(value.len());
        let name = &value[..end];
        [
            (grpc::CONTENT_TYPE, Self::Grpc),
            (web::CONTENT_TYPE, Self::Web),
            (web::CONTENT_TYPE_TEXT, Self::WebText),
        ]
        .into_iter()
        .find_map(|(known, dialect)| name.eq_ignore_ascii_case(known.as_bytes()).then_some(dialect))
    }

    /// The dialect of a request, where it can be a call, and the `content-type` of the answer: that of the request.
    ///
    /// # Errors
    /// A [`Rejection`] for a request that HTTP must answer.
    pub fn accept(head: &http::request::Parts) -> Result<(Self, HeaderValue), Rejection> {
        let content_type = head.headers.get(header::CONTENT_TYPE).ok_or(Rejection::ContentType)?;
        let dialect = Self::named(content_type).ok_or(Rejection::ContentType)?;
        if head.method != Method::POST {
            return Err(Rejection::Method);
        }
        if dialect == Self::Grpc {
            if head.version < Version::HTTP_2 {
                return Err(Rejection::Version);
            }
            if !head.headers.get(header::TE).is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"))
            {
                return Err(Rejection::Te);
            }
        }
        // What nearly all send does not have to be shared with the request.
        Ok((dialect, KNOWN.iter().find(|known| *known == content_type).unwrap_or(content_type).clone()))
    }

    /// Whether its trailers are a frame of the body.
    #[must_use]
    pub const fn is_web(self) -> bool {
        matches!(self, Self::Web | Self::WebText)
    }
}

static KNOWN: [HeaderValue; 3] = [
    HeaderValue::from_static("application/grpc"),
    HeaderValue::from_static("application/grpc+proto"),
    HeaderValue::from_static("application/grpc-web+proto"),
];

/// Whether a request is for this crate, whatever is wrong with it: its `content-type` begins with `application/grpc`.
#[must_use]
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let begin = grpc::CONTENT_TYPE.as_bytes();
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.as_bytes().get(..begin.len()))
        .is_some_and(|name| name.eq_ignore_ascii_case(begin))
}
