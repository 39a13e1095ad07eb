//! One request and its answer, seen from one of its ends.

use bytes::Bytes;

/// One exchange of messages over HTTP, without I/O. The side decides what it can do: see
/// [`Server`](crate::server::Server) and [`Client`](crate::client::Client).
///
/// After each input, drain `poll_event` and `poll_transmit` until both are empty.
#[derive(Clone, Debug)]
pub struct Exchange<S: Side> {
    pub(crate) side: S,
}

/// An end of an exchange.
pub trait Side: sealed::Sealed {}

pub(crate) mod sealed {
    /// There are no other ends.
    pub trait Sealed {}
}

/// A piece of a body, or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The next bytes, cut anywhere.
    Chunk(Bytes),
    /// The body is complete.
    End,
    /// The body broke off: what came is not all of it.
    Interrupted,
}

/// A piece of a message to be sent.
#[derive(Clone, Debug)]
pub enum Transmit<H> {
    /// The head, always first.
    Head(H),
    /// All of the body; without it the body is empty.
    Data(Bytes),
}

/// A body that is being collected, up to a limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collected {
    first: Bytes,
    all: Vec<u8>,
}

impl Collected {
    /// Takes a chunk; `false` when it would cross the limit.
    pub(crate) fn push(&mut self, chunk: Bytes, max: usize) -> bool {
        if self.len().saturating_add(chunk.len()) > max {
            return false;
        }
        if self.len() == 0 {
            self.first = chunk;
            return true;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&core::mem::take(&mut self.first));
        }
        self.all.extend_from_slice(&chunk);
        true
    }

    /// A body in one chunk that nobody else holds is not copied.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        match self.all.is_empty() {
            true => Vec::from(core::mem::take(&mut self.first)),
            false => core::mem::take(&mut self.all),
        }
    }

    fn len(&self) -> usize {
        self.first.len().saturating_add(self.all.len())
    }
}
