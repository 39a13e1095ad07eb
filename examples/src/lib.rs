//! Every crate of the family in one service on one port.
//!
//! ```text
//! connection ─ HTTP/1.1 or HTTP/2 ─ routes ─┬─ REST       (rest-core)   ─┐
//!                                           ├─ GraphQL    (graphql-exec)─┤
//!                                           ├─ WebSocket  (ws-frame)    ─┼─ one write: rows, event, owed deliveries
//!                                           └─ webhooks in (webhook-sig)─┘        │ committed
//!                                                                                 ▼
//!                         event stream (sse-codec) ◄─┬─ rooms (ws-frame) ◄─┬─ webhooks out (webhook-sig)
//!                                                    └─────── bus ─────────┘
//! ```
//!
//! An event is a row, written in the same transaction as what it tells of and as the deliveries that it owes. After the
//! commit it goes to each listening door once, in the order of the ids.

mod app;
mod body;
mod bus;
mod clock;
mod config;
mod doors;
mod event;
mod failure;
mod feed;
mod guard;
mod input;
mod rooms;
mod routes;
mod server;
mod start;
mod stats;
mod store;
mod targets;

pub use config::{Args, Config, Targets};
pub use start::{Running, Showcase, StartError};
pub use stats::Stats;
