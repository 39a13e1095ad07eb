//! How a call ended: a code, a message, details (PROTOCOL-HTTP2 "Responses", statuscodes.md).

use std::borrow::Cow;
use std::{error, fmt};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::limits::Limits;
use crate::meta::{self, Metadata};
use crate::percent;

pub(crate) const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
pub(crate) const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
pub(crate) const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// The numbers of statuscodes.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// 0: it succeeded.
    Ok = 0,
    /// 1: the caller gave it up.
    Cancelled = 1,
    /// 2: an error of which nothing else is known.
    Unknown = 2,
    /// 3: an argument is wrong whatever the state of the system.
    InvalidArgument = 3,
    /// 4: it took too long; it may have been done all the same.
    DeadlineExceeded = 4,
    /// 5: what was asked for is not there.
    NotFound = 5,
    /// 6: what was to be created is there already.
    AlreadyExists = 6,
    /// 7: the caller may not do this.
    PermissionDenied = 7,
    /// 8: a quota or a limit is used up.
    ResourceExhausted = 8,
    /// 9: the system is not in the state that it needs; do not retry before it is.
    FailedPrecondition = 9,
    /// 10: it collided with another; retry the whole transaction.
    Aborted = 10,
    /// 11: past the end of the valid range.
    OutOfRange = 11,
    /// 12: the method is not known or not supported.
    Unimplemented = 12,
    /// 13: something is broken.
    Internal = 13,
    /// 14: not at the moment; retry with a delay.
    Unavailable = 14,
    /// 15: data are lost or corrupt.
    DataLoss = 15,
    /// 16: there are no valid credentials.
    Unauthenticated = 16,
}

const CODES: [Code; 17] = [
    Code::Ok,
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

/// The decimal of each code, in order.
static NUMBERS: [HeaderValue; 17] = [
    HeaderValue::from_static("0"),
    HeaderValue::from_static("1"),
    HeaderValue::from_static("2"),
    HeaderValue::from_static("3"),
    HeaderValue::from_static("4"),
    HeaderValue::from_static("5"),
    HeaderValue::from_static("6"),
    HeaderValue::from_static("7"),
    HeaderValue::from_static("8"),
    HeaderValue::from_static("9"),
    HeaderValue::from_static("10"),
    HeaderValue::from_static("11"),
    HeaderValue::from_static("12"),
    HeaderValue::from_static("13"),
    HeaderValue::from_static("14"),
    HeaderValue::from_static("15"),
    HeaderValue::from_static("16"),
];

impl Code {
    /// The code of a number; `None` for one that statuscodes.md does not know.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        CODES.get(usize::try_from(number).ok()?).copied()
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// Its name, as statuscodes.md writes it: `NOT_FOUND`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }

    /// The code of an answer that has an HTTP status and no `grpc-status` (http-grpc-status-mapping.md).
    #[must_use]
    pub fn from_http(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }

    /// The code of a stream that the peer reset with this HTTP/2 error code (PROTOCOL-HTTP2, "Errors").
    #[must_use]
    pub const fn from_reset(code: u32) -> Self {
        match code {
            // NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT,
            // FRAME_SIZE_ERROR, COMPRESSION_ERROR, CONNECT_ERROR
            0..=4 | 6 | 9 | 10 => Self::Internal,
            7 => Self::Unavailable,
            8 => Self::Cancelled,
            11 => Self::ResourceExhausted,
            12 => Self::PermissionDenied,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a call ended. One word; OK takes no memory.
///
/// ```
/// use grpc_wire::{Code, Status};
///
/// let status = Status::not_found("no user 7");
/// assert_eq!((status.code(), status.message()), (Code::NotFound, "no user 7"));
/// assert_eq!(status.to_string(), "NOT_FOUND: no user 7");
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Status(Option<Box<Inner>>);

#[derive(Clone, PartialEq)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    details: Bytes,
    metadata: Metadata,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident $code:ident;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(message: impl Into<Cow<'static, str>>) -> Self {
            Self::new(Code::$code, message)
        })*
    };
}

impl Status {
    /// Success.
    pub const OK: Self = Self(None);

    /// A status of this code. The message goes to the peer: it must not tell what is internal.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        if code == Code::Ok && message.is_empty() {
            return Self::OK;
        }
        Self(Some(Box::new(Inner { code, message, details: Bytes::new(), metadata: Metadata::new() })))
    }

    constructors! {
        /// 1 CANCELLED.
        cancelled Cancelled;
        /// 2 UNKNOWN.
        unknown Unknown;
        /// 3 INVALID_ARGUMENT.
        invalid_argument InvalidArgument;
        /// 4 DEADLINE_EXCEEDED.
        deadline_exceeded DeadlineExceeded;
        /// 5 NOT_FOUND.
        not_found NotFound;
        /// 6 ALREADY_EXISTS.
        already_exists AlreadyExists;
        /// 7 PERMISSION_DENIED.
        permission_denied PermissionDenied;
        /// 8 RESOURCE_EXHAUSTED.
        resource_exhausted ResourceExhausted;
        /// 9 FAILED_PRECONDITION.
        failed_precondition FailedPrecondition;
        /// 10 ABORTED.
        aborted Aborted;
        /// 11 OUT_OF_RANGE.
        out_of_range OutOfRange;
        /// 12 UNIMPLEMENTED.
        unimplemented Unimplemented;
        /// 13 INTERNAL.
        internal Internal;
        /// 14 UNAVAILABLE.
        unavailable Unavailable;
        /// 15 DATA_LOSS.
        data_loss DataLoss;
        /// 16 UNAUTHENTICATED.
        unauthenticated Unauthenticated;
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.as_ref().map_or(Code::Ok, |inner| inner.code)
    }

    /// Whether the code is OK.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.code() == Code::Ok
    }

    /// The text for people, empty where there is none.
    #[must_use]
    pub fn message(&self) -> &str {
        self.0.as_ref().map_or("", |inner| &inner.message)
    }

    /// An encoded `google.rpc.Status`, empty where there is none.
    #[must_use]
    pub fn details(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |inner| &inner.details)
    }

    /// The metadata that came, or goes, with it in the trailers.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.0.as_ref().map(|inner| &inner.metadata)
    }

    /// The same with these details, an encoded `google.rpc.Status`; sent as `grpc-status-details-bin`.
    #[must_use]
    pub fn with_details(mut self, details: impl Into<Bytes>) -> Self {
        self.inner().details = details.into();
        self
    }

    /// The same with metadata for the trailers.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.inner().metadata = metadata;
        self
    }

    /// `Ok` for OK, else the status as an error.
    ///
    /// # Errors
    /// The status itself, where it is not OK.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_ok() { Ok(()) } else { Err(self) }
    }

    fn inner(&mut self) -> &mut Inner {
        self.0.get_or_insert_with(|| {
            Box::new(Inner {
                code: Code::Ok,
                message: Cow::Borrowed(""),
                details: Bytes::new(),
                metadata: Metadata::new(),
            })
        })
    }

    /// Adds the status to trailers, or to the head of an answer that has nothing but a status.
    pub fn write(&self, headers: &mut HeaderMap, limits: &Limits) {
        headers.insert(GRPC_STATUS, NUMBERS[self.code() as usize].clone());
        let Some(inner) = &self.0 else { return };
        inner.metadata.write(headers);
        if !inner.message.is_empty() {
            let text = percent::encode_within(&inner.message, limits.max_status_message);
            // Percent-encoded text is printable ASCII, which any header value may hold.
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(GRPC_MESSAGE, value);
            }
        }
        if !inner.details.is_empty() {
            let value = meta::encode_bin(&inner.details);
            if value.len() <= limits.max_status_details {
                headers.insert(GRPC_DETAILS, value);
            }
        }
    }

    /// The status in these headers; `None` where they have no `grpc-status`. A number that nobody knows is UNKNOWN, as is
    /// what is no number.
    #[must_use]
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let number = headers.get(GRPC_STATUS)?;
        let code = number
            .to_str()
            .ok()
            .and_then(|text| text.parse().ok())
            .and_then(Code::from_number)
            .unwrap_or(Code::Unknown);
        let message = headers.get(GRPC_MESSAGE).map(|value| percent::decode(value.as_bytes()).into_owned());
        let mut status = Self::new(code, message.unwrap_or_default());
        // Details that are no base64 are dropped: the status matters more than what is said about it.
        if let Some(details) =
            headers.get(GRPC_DETAILS).and_then(|value| meta::decode_bin(value.as_bytes()).ok())
        {
            status = status.with_details(details);
        }
        Some(status)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Status");
        out.field("code", &self.code()).field("message", &self.message());
        if !self.details().is_empty() {
            out.field("details", &self.details().len());
        }
        out.finish_non_exhaustive()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code().name())?;
        if self.message().is_empty() { Ok(()) } else { write!(f, ": {}", self.message()) }
    }
}

impl error::Error for Status {}
