//! What can be wrong on the wire, with what is sent, and with a request as HTTP.

use std::borrow::Cow;
use std::convert::Infallible;
use std::{error, fmt};

use http::{HeaderValue, Method, Response, StatusCode, header};

use crate::status::{Code, Status};

/// A stream of bytes that is no sequence of messages.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The first byte of a frame has a bit that means nothing here.
    Flags {
        /// The byte.
        flags: u8,
        /// Where the frame begins, in bytes from the start of the stream.
        offset: u64,
    },
    /// The length is above the limit. Nothing was allocated for it.
    TooLong {
        /// The announced length.
        len: usize,
        /// The limit.
        max: usize,
        /// Where the frame begins.
        offset: u64,
    },
    /// The stream ended inside of a frame.
    Truncated {
        /// Where that frame begins.
        offset: u64,
    },
}

impl FrameError {
    /// The code that the specification gives it.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::TooLong { .. } => Code::ResourceExhausted,
            Self::Flags { .. } | Self::Truncated { .. } => Code::Internal,
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flags { flags, offset } => {
                write!(f, "the frame at byte {offset} has the flags {flags:#04x}, which mean nothing here")
            }
            Self::TooLong { len, max, offset } => {
                write!(f, "the message at byte {offset} has {len} bytes, at most {max} are taken")
            }
            Self::Truncated { offset } => write!(f, "the stream ends inside of the message at byte {offset}"),
        }
    }
}

impl error::Error for FrameError {}

impl From<FrameError> for Status {
    fn from(error: FrameError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// A message that cannot be encoded or decoded: what the codec says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError(Cow<'static, str>);

impl CodecError {
    /// The reason, in words that the peer may read.
    #[must_use]
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl error::Error for CodecError {}

impl From<CodecError> for Status {
    /// INTERNAL, which statuscodes.md gives for a message that cannot be parsed.
    fn from(error: CodecError) -> Self {
        Self::internal(error.0)
    }
}

/// An entry that metadata cannot have, or cannot be read as.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetadataError {
    /// The name has other characters than `a-z`, `0-9`, `_`, `-` and `.`.
    Name {
        /// The name.
        name: Box<str>,
    },
    /// The name is HTTP's or gRPC's own.
    Reserved {
        /// The name.
        name: Box<str>,
    },
    /// A name in `-bin` where text is meant, or one without where bytes are.
    Kind {
        /// The name.
        name: Box<str>,
    },
    /// The value is not printable ASCII.
    Value {
        /// The name.
        name: Box<str>,
    },
    /// The value of a `-bin` entry is no base64.
    Base64,
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name } => {
                write!(f, "metadata name {name:?} may hold a-z, 0-9, '_', '-' and '.' only")
            }
            Self::Reserved { name } => write!(f, "metadata name {name:?} is reserved"),
            Self::Kind { name } => {
                write!(f, "metadata name {name:?}: names in -bin are for bytes, others for text")
            }
            Self::Value { name } => {
                write!(
                    f,
                    "the value of metadata {name:?} is not printable ASCII; use a name in -bin for bytes"
                )
            }
            Self::Base64 => f.write_str("the value of a -bin entry is no base64"),
        }
    }
}

impl error::Error for MetadataError {}

impl From<Infallible> for MetadataError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<MetadataError> for Status {
    fn from(error: MetadataError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

/// A request that is no gRPC call: HTTP answers it, since its client cannot read a `grpc-status`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The method is not POST.
    Method,
    /// The `content-type` is not one of gRPC or gRPC-Web.
    ContentType,
    /// gRPC over HTTP/1: there the trailers would be lost. gRPC-Web works.
    Version,
    /// gRPC without `te: trailers`: a hop on the way may drop the trailers.
    Te,
}

impl Rejection {
    /// The HTTP status: 405, 415, 505 or 400.
    #[must_use]
    pub const fn http_status(self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::Te => StatusCode::BAD_REQUEST,
        }
    }

    /// The whole answer; it has no body.
    #[must_use]
    pub fn response(self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.http_status();
        match self {
            Self::Method => {
                response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(Method::POST.as_str()));
            }
            Self::ContentType => {
                // RFC 9110 §15.5.16: what would be taken.
                let accepted = HeaderValue::from_static("application/grpc, application/grpc-web");
                response.headers_mut().insert("accept-post", accepted);
            }
            Self::Version | Self::Te => {}
        }
        response
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method => "a call is a POST",
            Self::ContentType => "the content-type is none of application/grpc and application/grpc-web",
            Self::Version => "gRPC needs HTTP/2; use gRPC-Web over HTTP/1.1",
            Self::Te => "te: trailers is missing",
        })
    }
}

impl error::Error for Rejection {}
