//! What a connection sends and receives, for who wants to trace or to count it.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use crate::close::CloseInfo;
use crate::header::Header;

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the peer.
    Received,
    /// To the peer.
    Sent,
}

/// Is told of each frame, as a wire trace or a metric wants it. It stands in [`Config::observer`](crate::Config::observer): one for
/// many connections, or one each. A connection without one pays nothing.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::Instant;
/// use ws_frame::{Config, Connection, Direction, Header, Observer};
///
/// #[derive(Debug, Default)]
/// struct Trace(Mutex<Vec<String>>);
///
/// impl Observer for Trace {
///     fn frame(&self, direction: Direction, header: &Header) {
///         self.0.lock().unwrap().push(format!("{direction:?} {:?} {}", header.opcode, header.len));
///     }
/// }
///
/// let trace = Arc::new(Trace::default());
/// let mut config = Config::default();
/// config.observer = Some(trace.clone());
/// let mut server = Connection::server(config, Instant::now());
/// server.send("Hello").unwrap();
/// assert_eq!(*trace.0.lock().unwrap(), ["Sent Text 5"]);
/// ```
pub trait Observer: fmt::Debug + Send + Sync {
    /// A frame whose header was read, and found right; or a frame that was queued.
    fn frame(&self, direction: Direction, header: &Header) {
        let _ = (direction, header);
    }

    /// The connection is over.
    fn closed(&self, info: &CloseInfo) {
        let _ = info;
    }
}

/// An [`Observer`] that counts, for any number of connections.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
/// use ws_frame::{Config, Connection, Counters};
///
/// let counters = Arc::new(Counters::default());
/// let mut config = Config::default();
/// config.observer = Some(counters.clone());
/// Connection::server(config, Instant::now()).send("Hello").unwrap();
/// assert_eq!((counters.sent().messages, counters.sent().payload), (1, 5));
/// ```
#[derive(Debug, Default)]
pub struct Counters {
    received: Tally,
    sent: Tally,
    closed_clean: AtomicU64,
    closed_otherwise: AtomicU64,
}

#[derive(Debug, Default)]
struct Tally {
    frames: AtomicU64,
    messages: AtomicU64,
    control: AtomicU64,
    payload: AtomicU64,
}

/// What went one way.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames of all kinds.
    pub frames: u64,
    /// Messages, counted by their last frame.
    pub messages: u64,
    /// Pings, pongs and Closes.
    pub control: u64,
    /// Payload of all frames as it is on the wire, in bytes.
    pub payload: u64,
}

impl Counters {
    /// What came.
    pub fn received(&self) -> Traffic {
        self.received.read()
    }

    /// What was queued to be sent.
    pub fn sent(&self) -> Traffic {
        self.sent.read()
    }

    /// Connections that ended with both Close frames, and those that ended otherwise.
    pub fn closed(&self) -> (u64, u64) {
        (self.closed_clean.load(Ordering::Relaxed), self.closed_otherwise.load(Ordering::Relaxed))
    }
}

impl Observer for Counters {
    fn frame(&self, direction: Direction, header: &Header) {
        let tally = match direction {
            Direction::Received => &self.received,
            Direction::Sent => &self.sent,
        };
        let one = |counter: &AtomicU64, counts: bool| counter.fetch_add(u64::from(counts), Ordering::Relaxed);
        one(&tally.frames, true);
        one(&tally.control, header.opcode.is_control());
        one(&tally.messages, header.fin && !header.opcode.is_control());
        tally.payload.fetch_add(header.len, Ordering::Relaxed);
    }

    fn closed(&self, info: &CloseInfo) {
        let counter = if info.clean { &self.closed_clean } else { &self.closed_otherwise };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Tally {
    fn read(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            frames: read(&self.frames),
            messages: read(&self.messages),
            control: read(&self.control),
            payload: read(&self.payload),
        }
    }
}
