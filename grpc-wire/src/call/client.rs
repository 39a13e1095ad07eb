//! A call as the client sees it.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header, request, response};

use super::server::deadline_exceeded;
use super::{CANCEL, PeerEvent, Transmit};
use crate::codec::Encode;
use crate::deadline::Deadline;
use crate::frame::{self, Deframer};
use crate::limits::Limits;
use crate::meta::{self, Metadata};
use crate::proto::{Dialect, grpc, web};
use crate::status::{Code, Status};
use crate::timeout;

/// What a call is to be.
#[derive(Clone, Debug)]
pub struct Spec {
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// The dialect to speak; [`Dialect::WebText`] is spoken as [`Dialect::Web`].
    pub dialect: Dialect,
    /// Metadata of the head.
    pub metadata: Metadata,
    /// How long it may take; sent to the server, and held to here.
    pub timeout: Option<Duration>,
    /// The method answers with exactly one message: any other number is UNIMPLEMENTED (statuscodes.md, "cardinality
    /// violation").
    pub expects_one: bool,
}

impl Spec {
    /// A gRPC call without metadata, without a timeout, that is answered with a stream.
    #[must_use]
    pub fn new(path: &'static str) -> Self {
        Self { path, dialect: Dialect::Grpc, metadata: Metadata::new(), timeout: None, expects_one: false }
    }
}

/// What a call tells its caller.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// The metadata of the server's head.
    Head(Metadata),
    /// The next message of the server. Where one is expected, it comes only once the call has succeeded.
    Message(Bytes),
    /// The call is over. Nothing follows.
    Done {
        /// How.
        status: Status,
        /// All trailers that came; empty where the server sent none.
        trailers: Metadata,
    },
}

/// One call on the client, the twin of [`ServerCall`](super::ServerCall).
///
/// ```
/// use std::time::Instant;
/// use grpc_wire::call::{ClientCall, ClientEvent, PeerEvent, Spec, Transmit};
/// use grpc_wire::{Limits, Raw};
///
/// let now = Instant::now();
/// let mut call = ClientCall::start(&Spec::new("/echo.Echo/Echo"), &Limits::default(), now)?;
/// call.send_message(&Raw("hello".into()))?;
/// call.finish_sending();
/// let Some(Transmit::Head { head, .. }) = call.poll_transmit() else { panic!("the head is first") };
/// assert_eq!((head.uri.path(), &head.headers["te"]), ("/echo.Echo/Echo", &"trailers".parse()?));
/// assert!(matches!(call.poll_transmit(), Some(Transmit::Data(_))));
/// assert!(matches!(call.poll_transmit(), Some(Transmit::End)));
///
/// let answer = http::Response::builder().header("content-type", "application/grpc").header("grpc-status", "5").body(())?;
/// call.receive(PeerEvent::Head(answer.into_parts().0), now);
/// call.receive(PeerEvent::End(None), now);
/// let Some(ClientEvent::Done { status, .. }) = call.poll_event() else { panic!("it has a status") };
/// assert_eq!(status.code(), grpc_wire::Code::NotFound);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ClientCall {
    dialect: Dialect,
    limits: Limits,
    deadline: Option<Deadline>,
    // What goes.
    head: Option<Box<request::Parts>>,
    out: BytesMut,
    send: Send,
    // What comes.
    deframer: Deframer,
    response: Response,
    expects_one: bool,
    held: Option<Bytes>,
    /// Said by the server, or decided here; told after the messages before it.
    status: Option<Status>,
    trailers: Metadata,
    /// The status does not wait for the messages before it.
    is_cut: bool,
    /// The body has ended; in gRPC-Web the trailers may still be in the deframer.
    is_ended: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Send {
    Open,
    Finished,
    Reset,
    Done,
}

#[derive(Debug)]
enum Response {
    Waiting,
    Head(HeaderMap),
    Body,
    Told,
}

impl ClientCall {
    /// Begins a call. Its head is the first thing to send; the adapter adds scheme and authority to the path.
    ///
    /// # Errors
    /// INTERNAL for a path that is none.
    pub fn start(spec: &Spec, limits: &Limits, now: Instant) -> Result<Self, Status> {
        let dialect = if spec.dialect.is_web() { Dialect::Web } else { Dialect::Grpc };
        if !spec.path.starts_with('/') {
            return Err(Status::internal("the path of a method begins with a slash"));
        }
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.version_mut() = http::Version::HTTP_2;
        *request.uri_mut() = Uri::from_maybe_shared(Bytes::from_static(spec.path.as_bytes()))
            .map_err(|_| Status::internal("the path of a method is no URI"))?;
        let headers = request.headers_mut();
        let content_type = if dialect.is_web() { "application/grpc-web+proto" } else { grpc::CONTENT_TYPE };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if dialect.is_web() {
            headers.insert("x-grpc-web", HeaderValue::from_static("1"));
        } else {
            headers.insert(header::TE, HeaderValue::from_static("trailers"));
        }
        if let Some(timeout) = spec.timeout {
            // Digits and a letter are a header value.
            if let Ok(value) = HeaderValue::try_from(timeout::format(timeout)) {
                headers.insert(grpc::TIMEOUT, value);
            }
        }
        spec.metadata.write(headers);
        if !headers.contains_key(header::USER_AGENT) {
            let agent = concat!("grpc-rust-octavo/", env!("CARGO_PKG_VERSION"));
            headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        }
        let flags = frame::COMPRESSED | if dialect.is_web() { frame::TRAILERS } else { 0 };
        Ok(Self {
            dialect,
            limits: limits.clone(),
            deadline: spec.timeout.and_then(|timeout| Deadline::after(timeout, now)),
            head: Some(Box::new(request.into_parts().0)),
            out: BytesMut::new(),
            send: Send::Open,
            deframer: Deframer::new(limits.max_recv_message, flags),
            response: Response::Waiting,
            expects_one: spec.expects_one,
            held: None,
            status: None,
            trailers: Metadata::new(),
            is_cut: false,
            is_ended: false,
        })
    }

    /// Until when it may take.
    #[must_use]
    pub const fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As [`frame::encode`], and the status of a call that is over.
    pub fn send_message<M: Encode + ?Sized>(&mut self, message: &M) -> Result<(), Status> {
        if self.send != Send::Open {
            let over = self.status.clone().filter(|status| !status.is_ok());
            return Err(over.unwrap_or_else(|| Status::cancelled("no more messages are taken")));
        }
        frame::encode(message, self.limits.max_send_message, &mut self.out)
    }

    /// Whether another message can be sent now without waiting.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.out.len() < self.limits.max_send_buffer || self.send != Send::Open
    }

    /// Sends no more messages.
    pub fn finish_sending(&mut self) {
        if self.send == Send::Open {
            self.send = Send::Finished;
        }
    }

    /// Gives the call up: the stream is reset, the status is CANCELLED.
    pub fn cancel(&mut self) {
        self.fail(Status::cancelled("the caller gave the call up"));
    }

    /// Ends the call with a status of this side's own.
    pub fn fail(&mut self, status: Status) {
        if self.status.is_none() || (!self.is_cut && !matches!(self.response, Response::Told)) {
            self.status = Some(status);
            self.is_cut = true;
            self.stop_sending(Send::Reset);
        }
    }

    /// Takes what came from the server, or what became of the connection.
    pub fn receive(&mut self, event: PeerEvent<response::Parts>, now: Instant) {
        if self.status.is_some() || self.is_ended {
            return;
        }
        match event {
            PeerEvent::Head(head) => self.receive_head(head),
            PeerEvent::Data(data) => {
                self.deframer.push(data);
                self.advance_one();
            }
            PeerEvent::End(trailers) => self.receive_end(trailers),
            PeerEvent::Reset(code) => {
                // A server that has answered in full may stop the rest of the request with NO_ERROR (RFC 9113 §8.1).
                let status = Status::new(
                    Code::from_reset(code),
                    format!("the server reset the stream with error code {code}"),
                );
                self.end(status);
            }
            PeerEvent::Lost(what) => self.end(Status::unavailable(what)),
        }
        self.handle_timeout(now);
    }

    /// Whether more of the body is useful now. An adapter that reads only then holds a server back whose messages nobody
    /// takes.
    #[must_use]
    pub fn wants_data(&self) -> bool {
        self.status.is_none() && !self.is_ended && self.deframer.is_drained()
    }

    /// What the caller is to know next.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        if self.is_cut {
            return self.done();
        }
        if matches!(self.response, Response::Head(_)) {
            let Response::Head(headers) = std::mem::replace(&mut self.response, Response::Body) else {
                return None;
            };
            return Some(ClientEvent::Head(Metadata::from_headers(headers)));
        }
        if matches!(self.response, Response::Told) {
            return None;
        }
        if self.expects_one {
            self.status.as_ref()?;
            if self.status.as_ref().is_some_and(Status::is_ok)
                && let Some(message) = self.held.take()
            {
                return Some(ClientEvent::Message(message));
            }
            return self.done();
        }
        match self.next_message() {
            Ok(Some(message)) => Some(ClientEvent::Message(message)),
            Ok(None) => self.done(),
            Err(status) => {
                self.fail(status);
                self.done()
            }
        }
    }

    /// What is to be sent next.
    pub fn poll_transmit(&mut self) -> Option<Transmit<request::Parts>> {
        if self.send == Send::Reset {
            self.send = Send::Done;
            // A server that has never heard of the call need not hear of its end.
            let is_known = self.head.take().is_none();
            return Some(if is_known { Transmit::Reset(CANCEL) } else { Transmit::End });
        }
        if let Some(head) = self.head.take() {
            return Some(Transmit::Head { head: *head, end: false });
        }
        if !self.out.is_empty() {
            return Some(Transmit::Data(std::mem::take(&mut self.out).freeze()));
        }
        if self.send != Send::Finished {
            return None;
        }
        self.send = Send::Done;
        Some(Transmit::End)
    }

    /// Whether all that this side sends has been given by [`poll_transmit`](Self::poll_transmit), but for the end.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        match self.send {
            Send::Open | Send::Reset => false,
            Send::Finished => self.head.is_none() && self.out.is_empty(),
            Send::Done => true,
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.status.is_some() { None } else { self.deadline.map(Deadline::moment) }
    }

    /// Ends the call where its deadline has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.fail(deadline_exceeded());
        }
    }

    /// Whether nothing more is to be received: the status is known, or lies behind messages that are here.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.status.is_some() || self.is_ended
    }

    fn receive_head(&mut self, head: response::Parts) {
        if !matches!(self.response, Response::Waiting) {
            return self.end(Status::internal("a second head came"));
        }
        if let Err(status) = meta::check(&head.headers, &self.limits) {
            return self.fail(status);
        }
        // "Trailers-Only": a status in the head, whatever HTTP says.
        if let Some(status) = Status::read(&head.headers) {
            let headers = Metadata::from_headers(head.headers);
            self.trailers = headers.clone();
            self.end(if status.is_ok() { status } else { status.with_metadata(headers) });
            return;
        }
        if head.status != StatusCode::OK {
            let status = Status::new(
                Code::from_http(head.status),
                format!("the server answered {} and no grpc-status", head.status),
            );
            return self.end(status);
        }
        let is_same = Dialect::of(&head.headers).is_some_and(|dialect| dialect == self.dialect);
        if !is_same {
            return self.fail(Status::unknown(format!(
                "the server answered with the content-type {:?}",
                head.headers.get(header::CONTENT_TYPE)
            )));
        }
        let encoding = head.headers.get(grpc::ENCODING).filter(|value| value.as_bytes() != b"identity");
        if let Some(encoding) = encoding {
            // It was told in no grpc-accept-encoding (compression.md).
            return self
                .fail(Status::internal(format!("the server answered in the grpc-encoding {encoding:?}")));
        }
        self.response = Response::Head(head.headers);
    }

    fn receive_end(&mut self, trailers: Option<HeaderMap>) {
        if matches!(self.response, Response::Waiting) {
            return self.end(Status::internal("the stream ended without a head"));
        }
        if self.dialect.is_web() && trailers.is_none() {
            // The trailers are behind messages that may not have been taken yet.
            self.is_ended = true;
            return self.advance_one();
        }
        let Some(trailers) = trailers else {
            return self.end(no_status());
        };
        self.take_trailers(trailers);
    }

    fn take_trailers(&mut self, trailers: HeaderMap) {
        if let Err(status) = meta::check(&trailers, &self.limits) {
            return self.fail(status);
        }
        let status = Status::read(&trailers).unwrap_or_else(no_status);
        self.trailers = Metadata::from_headers(trailers);
        let status = if status.is_ok() { status } else { status.with_metadata(self.trailers.clone()) };
        self.end(status);
    }

    /// The status is known. Where a message is expected, it says whether there was exactly one.
    fn end(&mut self, status: Status) {
        if status.is_ok() {
            if let Err(error) = self.check_end() {
                return self.fail(error);
            }
            self.stop_sending(Send::Finished);
        } else {
            self.stop_sending(Send::Reset);
        }
        self.status = Some(status);
    }

    fn check_end(&mut self) -> Result<(), Status> {
        if self.expects_one {
            if !self.dialect.is_web() {
                self.deframer.finish()?;
            }
            if self.held.is_none() {
                return Err(cardinality("none came"));
            }
        }
        Ok(())
    }

    /// What has been sent in full stays sent; the rest is not.
    fn stop_sending(&mut self, to: Send) {
        if self.send != Send::Done {
            self.out.clear();
            self.send = to;
        }
    }

    fn next_message(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(frame) = self.deframer.next()? else {
            if self.is_ended && self.status.is_none() {
                self.deframer.finish()?;
                return Err(no_status());
            }
            if self.status.as_ref().is_some_and(Status::is_ok) && !self.dialect.is_web() {
                self.deframer.finish()?;
            }
            return Ok(None);
        };
        if frame.flags == frame::TRAILERS {
            self.take_trailers(web::decode_trailers(&frame.payload)?);
            return Ok(None);
        }
        if frame.flags & frame::COMPRESSED != 0 {
            return Err(Status::internal("a compressed message without grpc-encoding"));
        }
        Ok(Some(frame.payload))
    }

    /// Reads the one message as it comes, so that a second one is seen.
    fn advance_one(&mut self) {
        while self.expects_one && self.status.is_none() {
            match self.next_message() {
                Ok(Some(message)) => {
                    if self.held.replace(message).is_some() {
                        self.fail(cardinality("more than one came"));
                    }
                }
                Ok(None) => break,
                Err(status) => self.fail(status),
            }
        }
    }

    fn done(&mut self) -> Option<ClientEvent> {
        if matches!(self.response, Response::Told) {
            return None;
        }
        let status = self.status.clone()?;
        self.response = Response::Told;
        Some(ClientEvent::Done { status, trailers: std::mem::take(&mut self.trailers) })
    }
}

fn no_status() -> Status {
    Status::unknown("the stream ended without a grpc-status")
}

fn cardinality(what: &str) -> Status {
    Status::unimplemented(format!("the method answers with exactly one message, {what}"))
}
