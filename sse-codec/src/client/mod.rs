//! The reconnecting `EventSource` as a machine: HTML Standard §9.2.2 and §9.2.3, without I/O.
//!
//! A [`Client`] decides when to connect, with which request, what to make of the response, and how long to wait after
//! an end. Whoever drives it owns the connection, the clock and the sleeping:
//!
//! ```
//! use std::time::Instant;
//! use http::{HeaderMap, HeaderValue, StatusCode};
//! use sse_codec::{Item, client::{Action, Client, ClientConfig, Disconnect, Verdict}};
//!
//! let now = Instant::now();
//! let mut client = Client::new(ClientConfig::new("http://example.com/prices")?, 0);
//!
//! let Action::Connect(request) = client.poll(now) else { panic!("it begins by connecting") };
//! assert_eq!(request.headers()["accept"], "text/event-stream");
//!
//! let mut head = HeaderMap::new();
//! head.insert("content-type", HeaderValue::from_static("text/event-stream"));
//! assert_eq!(client.on_response(now, StatusCode::OK, &head), Verdict::Open);
//!
//! let mut chunk = &b"id: 7\ndata: 12\n\n"[..];
//! while let Some(item) = client.on_bytes(now, &mut chunk) {
//!     assert!(matches!(item, Item::Event(event) if event.data() == "12"));
//! }
//!
//! client.on_eof(now, Disconnect::End);
//! let Action::Wait { until } = client.poll(now) else { panic!("not before the reconnection time") };
//! let Action::Connect(request) = client.poll(until) else { panic!("then it connects again") };
//! assert_eq!(request.headers()["last-event-id"], "7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backoff;
mod config;
mod error;
mod limits;
mod machine;
mod mime;
mod redirect;
mod sequence;

pub use self::{
    backoff::Backoff,
    config::{ClientConfig, ResumeBy, transient},
    error::{Disconnect, Ended, RedirectError, UrlError},
    limits::ClientLimits,
    machine::{Action, Client, ReadyState, Verdict},
    sequence::{Mark, Resumed},
};
