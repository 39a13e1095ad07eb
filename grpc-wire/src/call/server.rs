//! A call as the server sees it.

use std::convert::Infallible;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, header, request, response};

use super::{PeerEvent, Transmit};
use crate::codec::Encode;
use crate::deadline::{Deadline, DeadlinePolicy};
use crate::error::Rejection;
use crate::frame::{self, Deframer};
use crate::limits::Limits;
use crate::meta::{self, Metadata};
use crate::proto::{Dialect, grpc, web};
use crate::status::Status;

/// What a call tells its handler.
#[derive(Clone, Debug, PartialEq)]
pub enum ServerEvent {
    /// The next message of the client.
    Message(Bytes),
    /// The client sends no more.
    HalfClosed,
    /// The call is over before the handler finished it.
    Cancelled(Cancelled),
}

/// Why a call was over before its handler finished it.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq)]
pub enum Cancelled {
    /// The client reset the stream with this HTTP/2 error code.
    Reset(u32),
    /// The request broke off, or the connection is gone.
    Lost,
    /// The deadline passed; the client is told DEADLINE_EXCEEDED.
    Deadline,
    /// The client broke the protocol or a limit; it is told this status.
    Protocol(Status),
}

impl Cancelled {
    /// It as a status, for a handler that still listens.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Reset(code) => {
                Status::cancelled(format!("the client reset the stream with error code {code}"))
            }
            Self::Lost => Status::cancelled("the request broke off"),
            Self::Deadline => deadline_exceeded(),
            Self::Protocol(status) => status.clone(),
        }
    }
}

pub(super) fn deadline_exceeded() -> Status {
    Status::deadline_exceeded("the deadline has passed")
}

/// One call on the server.
///
/// ```
/// use std::time::Instant;
/// use grpc_wire::call::{PeerEvent, ServerCall, ServerEvent, Transmit};
/// use grpc_wire::{DeadlinePolicy, Limits, Raw, Status};
///
/// let request = http::Request::post("/echo.Echo/Echo")
///     .version(http::Version::HTTP_2)
///     .header("content-type", "application/grpc")
///     .header("te", "trailers")
///     .body(())?;
/// let now = Instant::now();
/// let (head, ()) = request.into_parts();
/// let mut call = ServerCall::accept(&head, &Limits::default(), &DeadlinePolicy::default(), now)?;
/// call.receive(PeerEvent::Data((&b"\0\0\0\0\x05hello"[..]).into()), now);
/// call.receive(PeerEvent::End(None), now);
/// let Some(ServerEvent::Message(message)) = call.poll_event() else { panic!("a message came") };
/// assert_eq!(call.poll_event(), Some(ServerEvent::HalfClosed));
/// call.send_message(&Raw(message))?;
/// call.finish(Status::OK);
/// assert!(matches!(call.poll_transmit(), Some(Transmit::Head { end: false, .. })));
/// assert!(matches!(call.poll_transmit(), Some(Transmit::Data(_))));
/// let Some(Transmit::Trailers(trailers)) = call.poll_transmit() else { panic!("trailers end it") };
/// assert_eq!(trailers["grpc-status"], "0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ServerCall {
    dialect: Dialect,
    content_type: HeaderValue,
    limits: Limits,
    deadline: Option<Deadline>,
    // What comes.
    deframer: Deframer,
    text: Option<web::TextDecoder>,
    recv: Recv,
    /// Set by [`expect_one`](Self::expect_one): the message is held until the client has half-closed.
    one: Option<One>,
    cancelled: Option<Cancelled>,
    is_cancel_told: bool,
    // What goes.
    head: Head,
    is_head_wanted: bool,
    out: BytesMut,
    /// How much was taken from `out` last, which is what the next messages may need.
    taken: usize,
    trailers: Option<Box<Metadata>>,
    end: End,
}

#[derive(Debug, Default)]
struct One {
    message: Option<Bytes>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recv {
    Open,
    /// The body has ended; its messages may still be in the deframer.
    Ended,
    /// All was told.
    Told,
}

/// Most calls have no metadata to send, and then the machine is small to move.
#[derive(Debug)]
enum Head {
    Plain,
    With(Box<Metadata>),
    Sent,
}

#[derive(Debug)]
enum End {
    Open,
    Status(Status),
    /// The frame with the trailers of gRPC-Web has been sent.
    Web,
    Done,
}

/// A buffer of this size grows by itself quickly enough.
const SMALL: usize = 512;

impl ServerCall {
    /// Takes a request as a call.
    ///
    /// A `grpc-timeout` that cannot be read is INVALID_ARGUMENT, a compressed request UNIMPLEMENTED with
    /// `grpc-accept-encoding`, metadata above the limits RESOURCE_EXHAUSTED: then the call is there, is cancelled, and has
    /// its answer to send.
    ///
    /// # Errors
    /// A [`Rejection`] for a request that HTTP must answer.
    pub fn accept(
        head: &request::Parts,
        limits: &Limits,
        policy: &DeadlinePolicy,
        now: Instant,
    ) -> Result<Self, Rejection> {
        let (dialect, content_type) = Dialect::accept(head)?;
        let mut call = Self {
            dialect,
            content_type,
            limits: limits.clone(),
            deadline: None,
            deframer: Deframer::new(limits.max_recv_message, frame::COMPRESSED),
            text: (dialect == Dialect::WebText).then(web::TextDecoder::new),
            recv: Recv::Open,
            one: None,
            cancelled: None,
            is_cancel_told: false,
            head: Head::Plain,
            is_head_wanted: false,
            out: BytesMut::new(),
            taken: 0,
            trailers: None,
            end: End::Open,
        };
        if let Err(status) = meta::check(&head.headers, limits) {
            call.refuse(status);
            return Ok(call);
        }
        match policy.deadline(head.headers.get(grpc::TIMEOUT), now) {
            Ok(deadline) => call.deadline = deadline,
            Err(error) => call.refuse(Status::invalid_argument(error.to_string())),
        }
        let encoding = head.headers.get(grpc::ENCODING).filter(|value| value.as_bytes() != b"identity");
        if let Some(encoding) = encoding {
            call.refuse(Status::unimplemented(format!("grpc-encoding {encoding:?} is not known")));
        }
        Ok(call)
    }

    /// Its dialect.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Until when it may take.
    #[must_use]
    pub const fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// The method takes exactly one message: any other number is UNIMPLEMENTED (statuscodes.md, "cardinality violation"),
    /// and the message is not told before the client has half-closed.
    pub fn expect_one(&mut self) {
        self.one = Some(One::default());
        self.advance_one();
    }

    /// Takes what came from the client.
    pub fn receive(&mut self, event: PeerEvent<Infallible>, now: Instant) {
        if self.is_over() {
            return;
        }
        match event {
            PeerEvent::Head(never) => match never {},
            PeerEvent::Data(data) => {
                if self.recv != Recv::Open {
                    return;
                }
                let data = match &mut self.text {
                    None => data,
                    Some(text) => match text.decode(&data) {
                        Ok(data) => data,
                        Err(error) => return self.refuse(error.into()),
                    },
                };
                self.deframer.push(data);
            }
            PeerEvent::End(_) => {
                if self.recv == Recv::Open {
                    self.recv = Recv::Ended;
                }
                if let Some(Err(error)) = self.text.as_ref().map(web::TextDecoder::finish) {
                    return self.refuse(error.into());
                }
            }
            PeerEvent::Reset(code) => return self.cancel(Cancelled::Reset(code)),
            PeerEvent::Lost(_) => return self.cancel(Cancelled::Lost),
        }
        self.advance_one();
        self.handle_timeout(now);
    }

    /// Whether more of the body is useful now. An adapter that reads only then holds a client back whose messages the
    /// handler does not take.
    #[must_use]
    pub fn wants_data(&self) -> bool {
        self.recv == Recv::Open && !self.is_over() && self.deframer.is_drained()
    }

    /// What the handler is to know next.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        if let Some(event) = self.take_cancelled() {
            return Some(event);
        }
        if self.recv == Recv::Told || self.is_over() {
            return None;
        }
        if let Some(one) = &mut self.one {
            if self.recv != Recv::Ended {
                return None;
            }
            if let Some(message) = one.message.take() {
                return Some(ServerEvent::Message(message));
            }
            self.recv = Recv::Told;
            return Some(ServerEvent::HalfClosed);
        }
        match self.next_message() {
            Ok(Some(message)) => Some(ServerEvent::Message(message)),
            Ok(None) if self.recv == Recv::Ended => {
                self.recv = Recv::Told;
                Some(ServerEvent::HalfClosed)
            }
            Ok(None) => None,
            Err(status) => {
                self.refuse(status);
                self.take_cancelled()
            }
        }
    }

    /// Why it was over before the handler finished it.
    #[must_use]
    pub const fn cancelled(&self) -> Option<&Cancelled> {
        self.cancelled.as_ref()
    }

    /// The metadata of the head, until it is sent.
    pub fn head_mut(&mut self) -> Option<&mut Metadata> {
        if matches!(self.head, Head::Plain) {
            self.head = Head::With(Box::default());
        }
        match &mut self.head {
            Head::With(metadata) => Some(metadata),
            Head::Plain | Head::Sent => None,
        }
    }

    /// The metadata of the trailers, beside those of the status.
    pub fn trailers_mut(&mut self) -> &mut Metadata {
        self.trailers.get_or_insert_default()
    }

    /// Sends the head now, and not with the first message.
    pub fn send_head(&mut self) {
        self.is_head_wanted = true;
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As [`frame::encode`], and a status that says why the call is over.
    pub fn send_message<M: Encode + ?Sized>(&mut self, message: &M) -> Result<(), Status> {
        match &self.end {
            End::Open => {
                if self.out.is_empty() && self.taken > SMALL {
                    self.out.reserve(self.taken);
                }
                frame::encode(message, self.limits.max_send_message, &mut self.out)
            }
            _ => Err(self.over_status()),
        }
    }

    /// Whether another message can be sent now without waiting.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.out.len() < self.limits.max_send_buffer || !matches!(self.end, End::Open)
    }

    /// Ends the call. The first end counts.
    pub fn finish(&mut self, status: Status) {
        if matches!(self.end, End::Open) {
            self.end = End::Status(status);
        }
    }

    /// What is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit<response::Parts>> {
        match &self.end {
            End::Web => {
                self.end = End::Done;
                return Some(Transmit::End);
            }
            End::Done => return None,
            End::Open if self.out.is_empty() && (!self.is_head_wanted || matches!(self.head, Head::Sent)) => {
                return None;
            }
            End::Open | End::Status(_) => {}
        }
        match std::mem::replace(&mut self.head, Head::Sent) {
            Head::Plain => return Some(self.transmit_head(None)),
            Head::With(metadata) => return Some(self.transmit_head(Some(&metadata))),
            Head::Sent => {}
        }
        if self.dialect.is_web()
            && let End::Status(status) = &self.end
        {
            let trailers = web::encode_trailers(&self.trailers_with(status));
            frame::encode_payload(frame::TRAILERS, &trailers, &mut self.out);
            self.end = End::Web;
        }
        if !self.out.is_empty() {
            // Not split off: nothing would be left of it, and the two would have to share.
            let data = std::mem::take(&mut self.out).freeze();
            self.taken = data.len();
            return Some(Transmit::Data(if self.text.is_some() { web::encode_text(&data) } else { data }));
        }
        let End::Status(status) = &self.end else { return None };
        let trailers = self.trailers_with(status);
        self.end = End::Done;
        Some(Transmit::Trailers(trailers))
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.is_done() { None } else { self.deadline.map(Deadline::moment) }
    }

    /// Ends the call where its deadline has passed, though messages wait to be sent: those are dropped.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) && !matches!(self.end, End::Web) {
            self.out.clear();
            self.end = End::Open;
            self.cancel(Cancelled::Deadline);
        }
    }

    /// The adapter is gone.
    pub(crate) fn lose(&mut self) {
        self.cancel(Cancelled::Lost);
        self.end = End::Done;
    }

    /// Whether everything has been sent, or nothing can be.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self.end, End::Done)
    }

    fn transmit_head(&mut self, metadata: Option<&Metadata>) -> Transmit<response::Parts> {
        let (mut head, ()) = Response::new(()).into_parts();
        // RFC 9110 §15.3.1: whatever the call's status, HTTP has done its part.
        let headers = &mut head.headers;
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        if let Some(metadata) = metadata {
            metadata.write(headers);
        }
        let mut end = false;
        if let End::Status(status) = &self.end
            && !status.is_ok()
            && self.out.is_empty()
        {
            // "Trailers-Only": the status is in the head.
            if let Some(metadata) = &self.trailers {
                metadata.write(headers);
            }
            status.write(headers, &self.limits);
            if status.code() == crate::Code::Unimplemented {
                headers.insert(grpc::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
            }
            end = true;
        }
        if end {
            self.end = End::Done;
        }
        Transmit::Head { head, end }
    }

    fn trailers_with(&self, status: &Status) -> HeaderMap {
        let mut trailers = HeaderMap::new();
        if let Some(metadata) = &self.trailers {
            metadata.write(&mut trailers);
        }
        status.write(&mut trailers, &self.limits);
        trailers
    }

    fn next_message(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(frame) = self.deframer.next()? else {
            if self.recv == Recv::Ended {
                self.deframer.finish()?;
            }
            return Ok(None);
        };
        if frame.flags & frame::COMPRESSED != 0 {
            return Err(Status::internal("a compressed message without grpc-encoding"));
        }
        Ok(Some(frame.payload))
    }

    /// Reads the one message as it comes, so that a second one is seen.
    fn advance_one(&mut self) {
        if self.one.is_none() || self.recv == Recv::Told || self.is_over() {
            return;
        }
        loop {
            match self.next_message() {
                Ok(Some(message)) => {
                    let Some(one) = &mut self.one else { return };
                    if one.message.replace(message).is_some() {
                        return self.refuse(cardinality("more than one came"));
                    }
                }
                Ok(None) => break,
                Err(status) => return self.refuse(status),
            }
        }
        if self.recv == Recv::Ended && self.one.as_ref().is_some_and(|one| one.message.is_none()) {
            self.refuse(cardinality("none came"));
        }
    }

    fn take_cancelled(&mut self) -> Option<ServerEvent> {
        if self.is_cancel_told {
            return None;
        }
        let why = self.cancelled.clone()?;
        self.is_cancel_told = true;
        Some(ServerEvent::Cancelled(why))
    }

    fn is_over(&self) -> bool {
        self.cancelled.is_some() || !matches!(self.end, End::Open)
    }

    fn over_status(&self) -> Status {
        self.cancelled.as_ref().map_or_else(|| Status::cancelled("the call is finished"), Cancelled::status)
    }

    fn refuse(&mut self, status: Status) {
        self.cancel(Cancelled::Protocol(status));
    }

    fn cancel(&mut self, why: Cancelled) {
        if self.cancelled.is_some() {
            return;
        }
        match &why {
            // A stream that was reset takes no answer (RFC 9113 §5.1).
            Cancelled::Reset(_) => self.end = End::Done,
            Cancelled::Lost | Cancelled::Deadline | Cancelled::Protocol(_) => self.finish(why.status()),
        }
        self.cancelled = Some(why);
    }
}

fn cardinality(what: &str) -> Status {
    Status::unimplemented(format!("the method takes exactly one message, {what}"))
}
