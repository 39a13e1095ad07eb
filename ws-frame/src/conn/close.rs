//! The end of a connection: the closing handshake (RFC 6455 §7), failures, deadlines.

use std::time::Instant;

use super::{Connection, Event};
use crate::close::{CloseCode, CloseFrame, CloseInfo};
use crate::error::{Error, ErrorKind};
use crate::header::Role;
use crate::text::Text;

/// How far the end has come.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// What ended the input. It takes effect when all events before it were taken, so that replies to them go before our Close.
    ending: Option<Box<Ending>>,
    /// Input has no meaning any more: `ending` is, or was, there.
    input_over: bool,
    /// The code in our Close, once it is queued.
    sent: Option<CloseCode>,
    /// The peer's Close, once its event was taken.
    received: Option<Box<CloseFrame>>,
    /// Why we began to close, where that was not the application's wish.
    cause: Option<Box<Error>>,
    /// `Event::Closed` was given.
    closed: bool,
    /// We failed the connection: input may still come, and must be taken away, or the transport is reset and our Close lost.
    failed: bool,
    /// The transport's input ended.
    eof: bool,
    deadline: Option<Instant>,
    /// The deadline passed.
    expired: bool,
}

#[derive(Debug)]
enum Ending {
    PeerClose(CloseFrame),
    Failure(Error),
}

impl Closing {
    pub(super) fn is_receiving(&self) -> bool {
        !self.input_over
    }

    pub(super) fn on_eof(&mut self) {
        self.eof = true;
    }

    pub(super) fn sent(&self) -> Option<CloseCode> {
        self.sent
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Remembers why we close, unless something was wrong before.
    pub(super) fn blame(&mut self, error: Error) {
        self.cause.get_or_insert_with(|| Box::new(error));
    }

    pub(super) fn wants_input(&self, role: Role) -> bool {
        !self.eof && (!self.input_over || self.closed && self.lingers(role))
    }

    /// Whether we wait for the peer to end the transport after the last event: a client, as the server ends it first (§7.1.1), and
    /// who has failed the connection.
    fn lingers(&self, role: Role) -> bool {
        !self.eof && !self.expired && (self.failed || role == Role::Client)
    }
}

impl Connection {
    /// Starts the closing handshake (RFC 6455 §7.1.2): a Close frame behind all that is queued. Messages of the peer are delivered
    /// until its Close comes, or `close_timeout` is over. Does nothing when a Close was sent already.
    ///
    /// A `code` that is not on the wire sends an empty Close; a `reason` over [`MAX_REASON`](crate::MAX_REASON) bytes is cut at a
    /// whole character.
    pub fn close(&mut self, code: CloseCode, reason: &str, now: Instant) {
        self.advance_clock(now);
        if self.closing.closed || self.closing.sent.is_some() {
            return;
        }
        self.send_close(code, reason);
        self.start_close_timer();
    }

    /// Whether [`Event::Closed`] was given.
    pub fn is_closed(&self) -> bool {
        self.closing.closed
    }

    /// Whether the transport can be dropped: the connection is closed, all is transmitted, and the peer has ended the transport
    /// where that is waited for: by a client, whose server ends it first (§7.1.1), and after a failure, lest bytes that
    /// nobody read reset the transport and take our Close with them. `close_timeout` bounds the wait.
    ///
    /// When [`is_closed`](Self::is_closed) and nothing is left to transmit, the adapter ends its half of the transport.
    pub fn is_finished(&self) -> bool {
        let closing = &self.closing;
        closing.closed && (closing.expired || self.outbox.is_empty() && !closing.lingers(self.role))
    }

    pub(super) fn handle_close_timeout(&mut self) {
        if self.closing.deadline.is_none_or(|at| at > self.now) {
            return;
        }
        self.closing.deadline = None;
        self.closing.expired = true;
        if self.is_receiving() {
            let error = self.position.error(ErrorKind::CloseTimeout);
            self.end_input(Ending::Failure(error));
        }
    }

    /// The peer broke a rule, or a deadline passed: input ends here (§7.1.7).
    pub(super) fn fail(&mut self, error: Error) {
        if self.is_receiving() {
            self.end_input(Ending::Failure(error));
            self.start_close_timer();
        }
    }

    pub(super) fn peer_closes(&mut self, frame: CloseFrame) {
        self.end_input(Ending::PeerClose(frame));
        self.start_close_timer();
    }

    /// The end of the transport, once all that came before it was looked at.
    pub(super) fn end_at_eof(&mut self) {
        if self.closing.eof {
            let error = self.position.error(ErrorKind::UnexpectedEof);
            self.fail(error);
        }
    }

    /// What comes after the last event: the end, in its steps.
    pub(super) fn next_ending(&mut self) -> Option<Event> {
        if self.closing.closed {
            return None;
        }
        if let Some(frame) = self.closing.received.take() {
            // The application had its chance to say a last word.
            self.send_close(frame.code, "");
            return Some(self.closed_by_peer(*frame));
        }
        match *self.closing.ending.take()? {
            Ending::PeerClose(frame) if self.closing.sent.is_some() => Some(self.closed_by_peer(frame)),
            Ending::PeerClose(frame) => {
                self.closing.received = Some(Box::new(frame.clone()));
                Some(Event::PeerClosing(frame))
            }
            Ending::Failure(error) => {
                let code = error.close_code();
                if code.is_on_wire() {
                    self.send_close(code, &error.kind().to_string());
                    self.closing.failed = true;
                }
                self.closing.blame(error);
                let frame = CloseFrame { code: CloseCode::ABNORMAL, reason: Text::default() };
                Some(self.closed(frame, false))
            }
        }
    }

    fn closed_by_peer(&mut self, frame: CloseFrame) -> Event {
        let clean = self.closing.cause.is_none();
        self.closed(frame, clean)
    }

    fn closed(&mut self, frame: CloseFrame, clean: bool) -> Event {
        let closing = &mut self.closing;
        closing.closed = true;
        let CloseFrame { code, reason } = frame;
        let info =
            CloseInfo { code, reason, clean, sent: closing.sent, error: closing.cause.as_deref().copied() };
        if let Some(observer) = &self.config.observer {
            observer.closed(&info);
        }
        Event::Closed(info)
    }

    fn send_close(&mut self, code: CloseCode, reason: &str) {
        if self.closing.sent.is_some() {
            return;
        }
        let code = if code.is_on_wire() { code } else { CloseCode::NO_STATUS };
        self.closing.sent = Some(code);
        self.queue_close(code, reason);
    }

    fn end_input(&mut self, ending: Ending) {
        self.closing.input_over = true;
        self.closing.ending = Some(Box::new(ending));
    }

    fn start_close_timer(&mut self) {
        self.closing.deadline = self.now.checked_add(self.config.limits.close_timeout);
    }
}
