//! Signs of life: our pings, the silence of the peer.

use std::time::{Duration, Instant};

use super::{Connection, Heartbeat};
use crate::close::CloseCode;
use crate::error::ErrorKind;

/// What is known of the peer's life.
#[derive(Debug)]
pub(super) struct Pulse {
    received_at: Instant,
    next_ping: Option<Instant>,
    /// While a ping waits for its pong: since when the peer could have answered.
    waiting: Option<Instant>,
    /// Pings that were sent; the number is the payload.
    pings: u64,
}

impl Pulse {
    pub(super) fn new(heartbeat: Option<&Heartbeat>, now: Instant) -> Pulse {
        let next_ping = heartbeat.and_then(|h| now.checked_add(h.ping_interval));
        Pulse { received_at: now, next_ping, waiting: None, pings: 0 }
    }

    /// Bytes came. A peer in the middle of a frame cannot send a pong, so its time begins again.
    pub(super) fn on_receive(&mut self, now: Instant, in_frame: bool) {
        self.received_at = now;
        if let (true, Some(since)) = (in_frame, &mut self.waiting) {
            *since = now;
        }
    }

    /// Whether the pong answers our ping. Each payload is used once, so one that answers an older ping does not.
    pub(super) fn on_pong(&mut self, payload: &[u8]) -> bool {
        let answered = self.waiting.is_some() && payload == self.pings.to_be_bytes();
        if answered {
            self.waiting = None;
        }
        answered
    }

    /// When the next ping, or its answer, is due.
    pub(super) fn deadline(&self, heartbeat: Option<&Heartbeat>) -> Option<Instant> {
        match (self.waiting, heartbeat) {
            (Some(since), Some(heartbeat)) => since.checked_add(heartbeat.pong_timeout),
            _ => self.next_ping,
        }
    }

    pub(super) fn idle_deadline(&self, timeout: Duration) -> Option<Instant> {
        self.received_at.checked_add(timeout)
    }
}

impl Connection {
    pub(super) fn handle_heartbeat(&mut self) {
        let heartbeat = self.config.heartbeat.as_ref();
        if !self.is_receiving() || self.pulse.deadline(heartbeat).is_none_or(|at| at > self.now) {
            return;
        }
        let progress = self.outbox.take_progress();
        if let Some(since) = &mut self.pulse.waiting {
            if progress && self.outbox.ping_waits() {
                *since = self.now; // The peer takes what is before our ping.
                return;
            }
            let error = self.position.error(ErrorKind::PongTimeout);
            self.fail(error);
            return;
        }
        self.pulse.pings += 1;
        let payload = self.pulse.pings.to_be_bytes();
        self.pulse.waiting = Some(self.now);
        self.pulse.next_ping = self.config.heartbeat.and_then(|h| self.now.checked_add(h.ping_interval));
        self.queue_ping(&payload);
    }

    /// Silence for too long: a closing handshake, since a peer without a heartbeat may be well.
    pub(super) fn handle_silence(&mut self) {
        let deadline = self.pulse.idle_deadline(self.config.limits.idle_timeout);
        if self.is_receiving() && deadline.is_some_and(|at| at <= self.now) {
            let error = self.position.error(ErrorKind::IdleTimeout);
            self.closing.blame(error);
            self.close(CloseCode::GOING_AWAY, "idle", self.now);
        }
    }
}
