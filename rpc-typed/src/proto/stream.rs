//! The body of a subscription: events, pings, and its end.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::config::Sse;
use crate::error::RpcError;
use crate::event::Wire;
use crate::wire::response::write_shape;
use crate::wire::sse::{Encoder, PING, RETURN};

/// How a stream of events ends.
#[derive(Debug)]
#[non_exhaustive]
pub enum End {
    /// It is over: the client is told so and does not come back.
    Return,
    /// It failed: the client is told why.
    Error(RpcError),
    /// The client is to reconnect behind its last event: nothing is said.
    Reconnect,
}

/// An event stream that is open.
#[derive(Debug)]
pub(super) struct Stream {
    encoder: Encoder,
    out: BytesMut,
    ping: Option<Duration>,
    ping_at: Option<Instant>,
    end_at: Option<Instant>,
    ended: bool,
}

/// Bytes that are written before the transport has to take some. An event is written whole, so it may go over.
const ENOUGH: usize = 16 * 1024;

impl Stream {
    pub(super) fn open(sse: &Sse, last_event_id: Option<&str>, now: Instant) -> Stream {
        let (encoder, mut out) = (Encoder::new(last_event_id), BytesMut::new());
        encoder.connected(&mut out, sse.reconnect_after_inactivity);
        let after = |time: Option<Duration>| time.and_then(|time| now.checked_add(time));
        Stream {
            encoder,
            out,
            ping: sse.ping,
            ping_at: after(sse.ping),
            end_at: after(sse.max_duration),
            ended: false,
        }
    }

    pub(super) fn wants_item(&self) -> bool {
        !self.ended && self.out.len() < ENOUGH
    }

    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    pub(super) fn event(&mut self, event: &Wire, now: Instant) {
        if !self.ended {
            self.encoder.event(&mut self.out, event);
            self.spoke(now);
        }
    }

    /// Ends the stream; `path` is that of its procedure.
    pub(super) fn end(&mut self, end: End, path: &str) {
        if self.ended {
            return;
        }
        self.ended = true;
        match end {
            End::Return => self.out.extend_from_slice(RETURN),
            End::Reconnect => {}
            End::Error(error) => {
                let mut shape = Vec::new();
                write_shape(&mut shape, &error, Some(path));
                self.encoder.error(&mut self.out, &String::from_utf8_lossy(&shape));
            }
        }
    }

    pub(super) fn take(&mut self) -> Option<Bytes> {
        (!self.out.is_empty()).then(|| self.out.split().freeze())
    }

    pub(super) fn timeout(&self) -> Option<Instant> {
        if self.ended {
            return None;
        }
        [self.ping_at, self.end_at].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.ended {
            return;
        }
        if self.end_at.is_some_and(|at| at <= now) {
            self.ended = true;
        } else if self.ping_at.is_some_and(|at| at <= now) {
            // One that is not yet sent says all that another would.
            if self.out.is_empty() {
                self.out.extend_from_slice(PING);
            }
            self.spoke(now);
        }
    }

    fn spoke(&mut self, now: Instant) {
        self.ping_at = self.ping.and_then(|time| now.checked_add(time));
    }
}
