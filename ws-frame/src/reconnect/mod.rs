//! A client that comes back: when to connect again, and when to give up.
//!
//! [`Reconnector`] is a machine without a socket, a clock or a random source: tell it how each try and each connection ended, and it says
//! when to try again. [`Backoff`] is what it goes by, as data. [`Offline`] keeps what is to be sent meanwhile, and what is to be said
//! again on each new connection.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use ws_frame::reconnect::{Backoff, Failure, ReconnectEvent, Reconnector};
//!
//! # let mut now = Instant::now();
//! let mut client = Reconnector::new(Backoff::default(), now);
//! assert_eq!(client.poll_event(), Some(ReconnectEvent::Connect { attempt: 1 }));
//! // The server is not there. `random` is 64 bits from a random source, drawn for each call.
//! let random = u64::MAX / 2;
//! client.failed(Failure::Unreachable, now, random);
//! let until = client.poll_timeout().unwrap();
//! assert!(until - now < Duration::from_millis(250));
//! now = until;
//! client.handle_timeout(now);
//! assert!(matches!(client.poll_event(), Some(ReconnectEvent::Waiting { .. })));
//! assert_eq!(client.poll_event(), Some(ReconnectEvent::Connect { attempt: 2 }));
//! client.opened(now);
//! assert_eq!(client.poll_event(), Some(ReconnectEvent::Open { attempt: 2 }));
//! ```

mod backoff;
mod offline;
mod retry_after;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::close::CloseCode;

pub use backoff::{Backoff, Jitter, OnClose};
pub use offline::{Offline, OfflineFull};
pub use retry_after::retry_after;

/// Why a try to connect failed.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection, a handshake that took too long, or one that was cut off.
    Unreachable,
    /// An HTTP answer other than the one that opens a connection.
    Refused {
        /// Its status.
        status: StatusCode,
        /// What [`retry_after`] says of its headers.
        retry_after: Option<Duration>,
    },
    /// Trying again cannot help: the URI is wrong, the certificate is not trusted, the answer breaks the protocol.
    Fatal,
}

/// What happened, or is to be done.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconnectEvent {
    /// Connect now. Answer with [`Reconnector::opened`] or [`Reconnector::failed`].
    Connect {
        /// How many tries this makes since a connection was stable, this one included.
        attempt: u32,
    },
    /// The connection is open.
    Open {
        /// How many tries it took.
        attempt: u32,
    },
    /// The next try is at `until`.
    Waiting {
        /// When [`ReconnectEvent::Connect`] comes.
        until: Instant,
        /// The number of that try.
        attempt: u32,
    },
    /// No further try. The last event, unless [`Reconnector::retry_now`] begins anew.
    Stopped(StopReason),
}

/// Why there is no further try.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The application said so.
    Application,
    /// The server closed with a code that [`Backoff::on_close`] stops at.
    Closed(CloseCode),
    /// The server refused with a status that [`Backoff::on_status`] stops at.
    Refused(StatusCode),
    /// [`Failure::Fatal`].
    Fatal,
    /// [`Backoff::max_tries`] in a row gave no stable connection.
    TriesSpent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Connecting,
    Open { since: Instant },
    Waiting { until: Instant },
    Stopped,
}

/// The machine of a client that comes back.
///
/// After each input, take [`poll_event`](Self::poll_event) until `None`, then wait for [`poll_timeout`](Self::poll_timeout).
///
/// # How the time of a try is chosen
/// Try n after a loss falls at a uniformly random point of window n (full jitter). Windows are `base`, twice that, and so on up to
/// `cap`, and lie end to end from the moment of the loss: who tried early in its window does not come first in the next one too. So the
/// clients of a server that went down spread over the whole of the window in which it returns, whenever that is.
#[derive(Clone, Debug)]
pub struct Reconnector {
    backoff: Arc<Backoff>,
    state: State,
    /// Tries since a connection was stable.
    attempt: u32,
    /// Windows that were used since then.
    windows: u32,
    /// Where the last window ends.
    window_end: Instant,
    events: VecDeque<ReconnectEvent>,
}

impl Reconnector {
    /// A client that connects at once.
    pub fn new(backoff: impl Into<Arc<Backoff>>, now: Instant) -> Reconnector {
        let mut this = Reconnector {
            backoff: backoff.into(),
            state: State::Stopped,
            attempt: 0,
            windows: 0,
            window_end: now,
            events: VecDeque::new(),
        };
        this.connect();
        this
    }

    /// What happened, or is to be done next.
    pub fn poll_event(&mut self) -> Option<ReconnectEvent> {
        self.events.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); `None` while nothing waits for time.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            _ => None,
        }
    }

    /// Asks for the next try when its time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|until| until <= now) {
            self.connect();
        }
    }

    /// The connection opened. Has no effect unless one was asked for.
    pub fn opened(&mut self, now: Instant) {
        if self.state == State::Connecting {
            self.state = State::Open { since: now };
            self.events.push_back(ReconnectEvent::Open { attempt: self.attempt });
        }
    }

    /// A try failed. `random` is 64 bits from a random source, drawn for each call. Has no effect unless a try was asked for.
    pub fn failed(&mut self, failure: Failure, now: Instant, random: u64) {
        if self.state != State::Connecting {
            return;
        }
        match failure {
            Failure::Unreachable => self.wait(Duration::ZERO, Duration::ZERO, now, random),
            Failure::Refused { status, .. } if self.backoff.stops_at_status(status) => {
                self.stop_for(StopReason::Refused(status));
            }
            Failure::Refused { retry_after, .. } => {
                let pause = retry_after.unwrap_or_default().min(self.backoff.max_retry_after);
                self.wait(pause, Duration::ZERO, now, random);
            }
            Failure::Fatal => self.stop_for(StopReason::Fatal),
        }
    }

    /// The connection ended, with the code in [`CloseInfo`](crate::CloseInfo). `random` is 64 bits from a random source, drawn for each
    /// call. Has no effect unless the connection was open.
    ///
    /// After [`Backoff::stable`] of being open, counting begins anew.
    pub fn closed(&mut self, code: CloseCode, now: Instant, random: u64) {
        let State::Open { since } = self.state else { return };
        if now.saturating_duration_since(since) >= self.backoff.stable {
            self.attempt = 0;
            self.windows = 0;
        }
        match self.backoff.close_rule(code) {
            OnClose::Stop => self.stop_for(StopReason::Closed(code)),
            OnClose::Retry => self.wait(Duration::ZERO, Duration::ZERO, now, random),
            OnClose::Later(window) => self.wait(Duration::ZERO, window, now, random),
        }
    }

    /// No further try.
    pub fn stop(&mut self) {
        if self.state != State::Stopped {
            self.stop_for(StopReason::Application);
        }
    }

    /// Connects now instead of waiting, or again after a stop: the network is back, or the user asked. Counting begins anew. Has no effect
    /// while connecting or open.
    pub fn retry_now(&mut self, now: Instant) {
        if matches!(self.state, State::Waiting { .. } | State::Stopped) {
            self.attempt = 0;
            self.windows = 0;
            self.window_end = now;
            self.connect();
        }
    }

    /// Whether there is no further try.
    pub fn is_stopped(&self) -> bool {
        self.state == State::Stopped
    }

    /// Whether the connection is open.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    fn connect(&mut self) {
        self.attempt = self.attempt.saturating_add(1);
        self.state = State::Connecting;
        self.events.push_back(ReconnectEvent::Connect { attempt: self.attempt });
    }

    /// Waits for a point of the next window, which is at least `least` long and begins `pause` from now at the earliest.
    fn wait(&mut self, pause: Duration, least: Duration, now: Instant, random: u64) {
        if self.backoff.max_tries.is_some_and(|most| self.attempt >= most) {
            self.stop_for(StopReason::TriesSpent);
            return;
        }
        let window = self.backoff.window(self.windows).max(least);
        let start = if self.windows == 0 { now } else { self.window_end.max(now) };
        let start = later(start, pause);
        self.windows = self.windows.saturating_add(1);
        self.window_end = later(start, window);
        let until = match self.backoff.jitter {
            Jitter::Full => later(start, fraction(window, random)),
            Jitter::None => self.window_end,
        };
        self.state = State::Waiting { until };
        self.events.push_back(ReconnectEvent::Waiting { until, attempt: self.attempt.saturating_add(1) });
    }

    fn stop_for(&mut self, reason: StopReason) {
        self.state = State::Stopped;
        self.events.push_back(ReconnectEvent::Stopped(reason));
    }
}

/// A part of `whole` that is as big as `random` is among all 64-bit numbers.
fn fraction(whole: Duration, random: u64) -> Duration {
    let nanos = whole.as_nanos().min(u128::from(u64::MAX));
    // The product of two 64-bit numbers fits 128 bits, and its upper half fits 64.
    Duration::from_nanos(((nanos * u128::from(random)) >> 64) as u64)
}

/// Time that cannot be counted is far enough away as thirty years.
fn later(start: Instant, by: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
    start.checked_add(by.min(FAR)).unwrap_or(start)
}
