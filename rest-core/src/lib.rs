//! HTTP semantics without I/O: what a REST service has to decide, as types and pure functions over `http`.
//!
//! | module | what it decides |
//! |---|---|
//! | [`semantics`] | methods, status codes, outcomes that demand their fields, preconditions in the order of RFC 9110 §13.2.2 |
//! | [`field`] | ETag, HTTP-date, Cache-Control, the lists of If-Match and If-None-Match |
//! | [`route`] | path and method to a route, 404, 405 or 501, and from a pattern back to a path |
//! | [`problem`], [`reply`] | the two kinds of answer: problem+json and everything else |
//! | [`hypermedia`] | HAL documents, links, the Link field |
//! | [`media_type`], [`body`], [`patch`] | content: its type, a bounded JSON reader, JSON Merge Patch |
//! | [`auth`] | bearer tokens in constant time, and the challenge for them |
//! | `tower` | feature `tower`: all of it as one `tower_service::Service` |
//!
//! Nothing here opens a socket or reads a clock; where a decision needs the time, it is an argument. Each bound on what a
//! peer may send is a field of [`Limits`].
//!
//! ```
//! use http::{HeaderMap, HeaderValue, Method, header};
//! use rest_core::field::{ETag, HttpDate};
//! use rest_core::semantics::{Precondition, Rules, Validators, evaluate};
//!
//! let mut request = HeaderMap::new();
//! request.insert(header::IF_NONE_MATCH, HeaderValue::from_static("\"v7\""));
//! let current = Validators::present().etag(ETag::from_version(7));
//! let now = HttpDate::from_unix(1_790_000_000);
//! let decision = evaluate(&Method::GET, &request, &current, &Rules::at(now));
//! assert_eq!(decision, Precondition::NotModified);
//! ```

pub mod auth;
pub mod body;
pub mod error;
pub mod field;
pub mod hypermedia;
pub mod limits;
pub mod media_type;
pub mod patch;
pub mod problem;
pub mod reply;
pub mod route;
pub mod semantics;
#[cfg(feature = "tower")]
pub mod tower;

pub use limits::Limits;
pub use media_type::MediaType;
pub use problem::{Problem, ToProblem};
pub use reply::Reply;

#[cfg(all(doctest, feature = "tower"))]
#[doc = include_str!("../README.md")]
struct Readme;
