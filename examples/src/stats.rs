//! Counters: how much reached the decoder of each door.

use std::sync::atomic::{AtomicU64, Ordering};

/// What each door has decoded since the start. A request that was refused before, by the transport, does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// REST requests that reached the router.
    pub rest: u64,
    /// WebSocket handshakes that were read.
    pub ws_handshakes: u64,
    /// WebSocket messages and protocol errors that came out of the frame decoder.
    pub ws_messages: u64,
    /// Typed RPC requests that reached its decoder, whatever they then were.
    pub rpc: u64,
    /// Requests for the event stream whose parameters were read.
    pub sse: u64,
    /// Signed requests that reached the verifier.
    pub inbound: u64,
    /// Requests that manage webhooks and reached the router.
    pub webhooks: u64,
    /// Calls that reached the gRPC and gRPC-Web decoder.
    pub grpc: u64,
    /// SOAP messages that reached the reader of envelopes.
    pub soap: u64,
    /// Requests and handshakes that reached the GraphQL door.
    pub graphql: u64,
}

/// The living counters.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) rest: AtomicU64,
    pub(crate) ws_handshakes: AtomicU64,
    pub(crate) ws_messages: AtomicU64,
    pub(crate) rpc: AtomicU64,
    pub(crate) sse: AtomicU64,
    pub(crate) inbound: AtomicU64,
    pub(crate) webhooks: AtomicU64,
    pub(crate) grpc: AtomicU64,
    pub(crate) soap: AtomicU64,
    pub(crate) graphql: AtomicU64,
}

impl Counters {
    pub(crate) fn snapshot(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            rest: read(&self.rest),
            ws_handshakes: read(&self.ws_handshakes),
            ws_messages: read(&self.ws_messages),
            rpc: read(&self.rpc),
            sse: read(&self.sse),
            inbound: read(&self.inbound),
            webhooks: read(&self.webhooks),
            grpc: read(&self.grpc),
            soap: read(&self.soap),
            graphql: read(&self.graphql),
        }
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
