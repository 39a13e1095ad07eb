//! An open connection as a machine: bytes and time in, bytes, events and the next deadline out.

mod assembly;
mod close;
mod events;
mod heartbeat;
mod outbox;
mod partial;
mod recv;
mod run;
mod send;

use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use crate::budget::MemoryBudget;
use crate::close::{CloseFrame, CloseInfo};
#[cfg(feature = "deflate")]
use crate::deflate::{Agreement, Session};
use crate::header::{Header, Opcode, Role};
use crate::limits::Limits;
use crate::mask_key::MaskKeys;
use crate::message::{Chunk, Message};
use crate::observe::{Direction, Observer};
use events::Waiting;

/// How a connection behaves. Many connections share one: hand an `Arc<Config>` to each.
///
/// ```
/// use std::time::Duration;
/// use ws_frame::{Config, Heartbeat};
///
/// let mut config = Config::default();
/// config.limits.max_message = 64 * 1024;
/// config.heartbeat = Some(Heartbeat { ping_interval: Duration::from_secs(45), ..Heartbeat::DEFAULT });
/// ```
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Config {
    /// The bounds.
    pub limits: Limits,
    /// When to ask whether the peer is there; `None` never asks.
    pub heartbeat: Option<Heartbeat>,
    /// Whether messages are delivered whole.
    pub delivery: Delivery,
    /// Memory for messages that are not whole, shared with other connections; `None` leaves it to [`Limits`].
    pub budget: Option<MemoryBudget>,
    /// Who is told of each frame; `None` costs nothing.
    pub observer: Option<Arc<dyn Observer>>,
}

/// Budgets and observers are equal when they are the same one.
impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        let observers = match (&self.observer, &other.observer) {
            (Some(this), Some(other)) => Arc::ptr_eq(this, other),
            (None, None) => true,
            _ => false,
        };
        observers
            && self.limits == other.limits
            && self.heartbeat == other.heartbeat
            && self.delivery == other.delivery
            && self.budget == other.budget
    }
}

impl Eq for Config {}

impl Default for Config {
    /// Default limits, a heartbeat, whole messages, no shared budget, no observer.
    fn default() -> Self {
        Config {
            limits: Limits::DEFAULT,
            heartbeat: Some(Heartbeat::DEFAULT),
            delivery: Delivery::Messages,
            budget: None,
            observer: None,
        }
    }
}

/// When to ask whether the peer is there (RFC 6455 §5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Time between two pings: 30 s.
    pub ping_interval: Duration,
    /// Time for the answer: 10 s. Counted while the peer could answer: not while it is in the middle of a frame, and not
    /// while our ping waits behind bytes that it is taking.
    pub pong_timeout: Duration,
}

impl Heartbeat {
    /// The defaults named at each field.
    pub const DEFAULT: Heartbeat =
        Heartbeat { ping_interval: Duration::from_secs(30), pong_timeout: Duration::from_secs(10) };
}

impl Default for Heartbeat {
    fn default() -> Self {
        Heartbeat::DEFAULT
    }
}

/// Whether messages are delivered whole.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// [`Event::Message`], once a message is complete.
    #[default]
    Messages,
    /// [`Event::Chunk`] as the bytes come, so that a message is never held whole. The limits on a message stay: raise
    /// `max_frame`, `max_message`, `max_fragments` and `assembly_timeout` for longer streams.
    Chunks,
}

/// What happened.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message came.
    Message(Message),
    /// A part of a message came ([`Delivery::Chunks`]).
    Chunk(Chunk),
    /// The peer sent a ping. Its pong is queued already.
    Ping(Bytes),
    /// The peer sent a pong that is not the answer to the heartbeat.
    Pong(Bytes),
    /// The queue to the peer passed [`Limits::high_water`]: stop producing.
    HighWater,
    /// The queue to the peer fell to [`Limits::low_water`] after a `HighWater`: go on.
    LowWater,
    /// The peer sent Close. Messages can still be sent, until the next call of [`Connection::poll_event`] queues our Close.
    PeerClosing(CloseFrame),
    /// The connection is over. The last event.
    Closed(CloseInfo),
}

/// An open connection, after the handshake.
///
/// After each input ([`receive`](Self::receive), [`receive_eof`](Self::receive_eof), [`handle_timeout`](Self::handle_timeout),
/// [`send`](Self::send), [`close`](Self::close)) call [`poll_event`](Self::poll_event) until `None`, and write what
/// [`poll_transmit`](Self::poll_transmit) gives until `false`; then wait for bytes or for [`poll_timeout`](Self::poll_timeout).
/// Once [`is_finished`](Self::is_finished) the transport can be dropped.
///
/// What a peer does wrong is never an error of a call: what came before it is delivered, replies to that are sent, then our Close with
/// the right code, and [`Event::Closed`] says what was wrong.
#[derive(Debug)]
pub struct Connection {
    config: Arc<Config>,
    role: Role,
    /// The latest time that was handed in.
    now: Instant,
    position: recv::Position,
    /// The message that is not whole.
    open: Option<Box<assembly::Assembly>>,
    /// What is known of a small message that is not whole, at the front of the reader's buffer.
    partial: Option<partial::Partial>,
    control: recv::ControlBudget,
    events: events::Events,
    /// Input that waits until events are taken.
    backlog: Option<Box<BytesMut>>,
    stalled: bool,
    /// The reader's buffer is memory of a big frame.
    lent: bool,
    outbox: outbox::Outbox,
    /// The kind of the message that is sent in parts, while it is not ended.
    sending: Option<Opcode>,
    keys: Option<MaskKeys>,
    /// permessage-deflate, where it was negotiated.
    #[cfg(feature = "deflate")]
    deflate: Option<Box<Session>>,
    closing: close::Closing,
    pulse: heartbeat::Pulse,
}

impl Connection {
    /// The server's end.
    pub fn server(config: impl Into<Arc<Config>>, now: Instant) -> Connection {
        Connection::new(config.into(), Role::Server, None, now)
    }

    /// The client's end. `seed` makes the masking keys: 32 bytes from the system's generator, fresh for each connection (RFC
    /// 6455 §10.3).
    pub fn client(config: impl Into<Arc<Config>>, seed: [u8; 32], now: Instant) -> Connection {
        Connection::new(config.into(), Role::Client, Some(MaskKeys::new(seed)), now)
    }

    fn new(config: Arc<Config>, role: Role, keys: Option<MaskKeys>, now: Instant) -> Connection {
        Connection {
            role,
            now,
            position: recv::Position::default(),
            open: None,
            partial: None,
            control: recv::ControlBudget::new(config.limits.max_control_per_second, now),
            events: events::Events::default(),
            backlog: None,
            stalled: false,
            lent: false,
            outbox: outbox::Outbox::default(),
            sending: None,
            keys,
            #[cfg(feature = "deflate")]
            deflate: None,
            closing: close::Closing::default(),
            pulse: heartbeat::Pulse::new(config.heartbeat.as_ref(), now),
            config,
        }
    }

    /// The connection with what the handshake agreed on of permessage-deflate (RFC 7692), before anything is sent or received.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(mut self, agreement: Option<Agreement>) -> Connection {
        self.deflate = agreement.map(|agreement| Box::new(Session::new(agreement)));
        self
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Bytes queued and not yet handed to the transport, frame headers and control frames included.
    pub fn buffered_amount(&self) -> usize {
        self.outbox.buffered()
    }

    /// Moves bytes to be written to the end of `out`, 64 KiB at most a call, and says whether there were any. Write them before
    /// the next call, so that [`buffered_amount`](Self::buffered_amount) stays true.
    #[inline]
    pub fn poll_transmit(&mut self, out: &mut BytesMut) -> bool {
        let moved = self.outbox.drain_into(out);
        self.check_low_water();
        moved
    }

    /// Lends the bytes to be written, without a copy, and says how many slices were filled. Tell what was written through
    /// [`transmitted`](Self::transmitted).
    ///
    /// ```
    /// # use std::{io::{IoSlice, Write}, time::Instant};
    /// # use ws_frame::{Config, Connection};
    /// # let mut connection = Connection::server(Config::default(), Instant::now());
    /// # let mut socket = Vec::new();
    /// connection.send(vec![7; 100_000]).unwrap();
    /// loop {
    ///     let mut slices = [IoSlice::new(&[]); 16];
    ///     let filled = connection.poll_transmit_vectored(&mut slices);
    ///     if filled == 0 {
    ///         break;
    ///     }
    ///     let written = socket.write_vectored(&slices[..filled]).unwrap();
    ///     connection.transmitted(written);
    /// }
    /// assert_eq!(socket.len(), 10 + 100_000);
    /// ```
    pub fn poll_transmit_vectored<'a>(&'a mut self, out: &mut [IoSlice<'a>]) -> usize {
        self.outbox.lend(out)
    }

    /// Takes `written` bytes, of those lent by [`poll_transmit_vectored`](Self::poll_transmit_vectored), off the queue.
    pub fn transmitted(&mut self, written: usize) {
        self.outbox.advance(written);
        self.check_low_water();
    }

    /// When to call [`handle_timeout`](Self::handle_timeout); `None` when nothing waits for time.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_finished() {
            return None;
        }
        if self.is_ending() || self.stalled {
            return self.closing.deadline();
        }
        let idle = self.pulse.idle_deadline(self.config.limits.idle_timeout);
        let assembly = self.assembly_deadline();
        [idle, assembly, self.pulse.deadline(self.config.heartbeat.as_ref())].into_iter().flatten().min()
    }

    /// Does what is due at `now`. Early calls do nothing. An adapter that slept over a deadline hands in first what can be read
    /// already: the pong that is waited for may be among it.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance_clock(now);
        if self.is_ending() {
            self.handle_close_timeout();
        } else if !self.stalled {
            self.handle_assembly();
            self.handle_heartbeat();
            self.handle_silence();
        }
    }

    /// Whether only the end is waited for.
    fn is_ending(&self) -> bool {
        !self.is_receiving() || self.closing.sent().is_some()
    }

    /// Tells the observer.
    #[inline]
    fn observe(&self, direction: Direction, header: &Header) {
        if let Some(observer) = &self.config.observer {
            observer.frame(direction, header);
        }
    }

    /// Time never goes back, whatever the caller says.
    fn advance_clock(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }
}
