//! What is to be sent once the connection is back.

use core::fmt;
use std::collections::VecDeque;

use crate::message::Message;

/// Messages that wait for a connection, and messages that each connection begins with.
///
/// A subscription is remembered until it is ended, and sent again on each new connection, in the order in which they were made. A queued
/// message is sent once. Both are bounded in bytes, each message counted with 64 bytes more than its payload.
///
/// ```
/// use ws_frame::Message;
/// use ws_frame::reconnect::Offline;
///
/// let mut offline = Offline::new(64 * 1024);
/// offline.subscribe("news", Message::from(r#"{"subscribe":"news"}"#)).unwrap();
/// offline.queue(Message::from("a line of the user's")).unwrap();
/// // The connection is open: subscriptions first.
/// let sent: Vec<Message> = offline.on_open().collect();
/// assert_eq!(sent, [Message::from(r#"{"subscribe":"news"}"#), Message::from("a line of the user's")]);
/// // It was lost, and is open again.
/// assert_eq!(offline.on_open().count(), 1);
/// offline.unsubscribe("news");
/// assert_eq!(offline.on_open().count(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Offline {
    max_bytes: usize,
    bytes: usize,
    subscriptions: Vec<(Box<str>, Message)>,
    queue: VecDeque<Message>,
}

/// What one message costs beyond its payload.
const OVERHEAD: usize = 64;

fn cost(message: &Message) -> usize {
    message.len().saturating_add(OVERHEAD)
}

impl Offline {
    /// Holds `max_bytes` at most, subscriptions and queue together.
    #[must_use]
    pub const fn new(max_bytes: usize) -> Offline {
        Offline { max_bytes, bytes: 0, subscriptions: Vec::new(), queue: VecDeque::new() }
    }

    /// Keeps a message for the next connection.
    ///
    /// # Errors
    /// [`OfflineFull`], and nothing is kept. [`drop_oldest`](Self::drop_oldest) makes room where the newest matters most.
    pub fn queue(&mut self, message: Message) -> Result<(), OfflineFull> {
        self.take(cost(&message))?;
        self.queue.push_back(message);
        Ok(())
    }

    /// Keeps a message for each connection to come, in place of the one under the same name.
    ///
    /// # Errors
    /// [`OfflineFull`], and what was under the name stays.
    pub fn subscribe(&mut self, name: &str, message: Message) -> Result<(), OfflineFull> {
        let size = cost(&message).saturating_add(name.len());
        if let Some((_, old)) = self.subscriptions.iter_mut().find(|(other, _)| **other == *name) {
            let rest = self.bytes - cost(old) - name.len();
            if size > self.max_bytes.saturating_sub(rest) {
                return Err(OfflineFull { max_bytes: self.max_bytes });
            }
            self.bytes = rest + size;
            *old = message;
            return Ok(());
        }
        self.take(size)?;
        self.subscriptions.push((name.into(), message));
        Ok(())
    }

    /// Ends a subscription; says whether there was one.
    pub fn unsubscribe(&mut self, name: &str) -> bool {
        let Some(at) = self.subscriptions.iter().position(|(other, _)| **other == *name) else {
            return false;
        };
        let (name, message) = self.subscriptions.remove(at);
        self.bytes -= cost(&message) + name.len();
        true
    }

    /// Drops the message that waits longest.
    pub fn drop_oldest(&mut self) -> Option<Message> {
        let message = self.queue.pop_front()?;
        self.bytes -= cost(&message);
        Some(message)
    }

    /// What to send on a connection that has just opened: each subscription, then each message that waited.
    pub fn on_open(&mut self) -> impl Iterator<Item = Message> {
        let queue = core::mem::take(&mut self.queue);
        self.bytes -= queue.iter().map(cost).sum::<usize>();
        self.subscriptions.iter().map(|(_, message)| message.clone()).chain(queue)
    }

    /// Bytes that are held, as they are counted against the bound.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    fn take(&mut self, size: usize) -> Result<(), OfflineFull> {
        if size > self.max_bytes - self.bytes {
            return Err(OfflineFull { max_bytes: self.max_bytes });
        }
        self.bytes += size;
        Ok(())
    }
}

/// The message does not fit what may be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfflineFull {
    max_bytes: usize,
}

impl fmt::Display for OfflineFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "messages that wait for a connection are over max_bytes ({})", self.max_bytes)
    }
}

impl core::error::Error for OfflineFull {}
