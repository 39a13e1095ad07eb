//! The sending end: one request, and what came of it.

use core::{error, fmt};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::bind::http::{Action, Refusal, SoapType, request_headers};
use crate::envelope::{Fault, Message, Node, Version};
use crate::error::Error;
use crate::exchange::{Collected, Exchange, Input, Side, Transmit, sealed};
use crate::limits::Limits;
use crate::xml::QName;

/// The sending end of an [`Exchange`]: a message goes in, a request comes out, a response goes in, a reply or a fault comes out.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use soap_envelope::client::{Client, Event};
/// use soap_envelope::envelope::{Fault, MessageWriter};
/// use soap_envelope::xml::Fragment;
/// use soap_envelope::{Exchange, Input, Limits, Transmit, Version};
///
/// let body = Fragment::parse("<u:GetUser xmlns:u='urn:u'/>", &Limits::DEFAULT)?;
/// let message = MessageWriter::new(Version::Soap12).body_fragment(&body)?;
/// let mut exchange = Exchange::<Client>::new(Version::Soap12, Limits::DEFAULT);
/// exchange.request(Some("urn:u/GetUser"), message)?;
/// let Some(Transmit::Head(head)) = exchange.poll_transmit() else { panic!("a head comes first") };
/// assert_eq!(head.headers["content-type"], "application/soap+xml; charset=utf-8; action=\"urn:u/GetUser\"");
/// let Some(Transmit::Data(_)) = exchange.poll_transmit() else { panic!("then the message") };
///
/// let mut headers = HeaderMap::new();
/// headers.insert("content-type", "application/soap+xml".parse()?);
/// exchange.head(StatusCode::BAD_REQUEST, &headers)?;
/// exchange.receive(Input::Chunk(MessageWriter::new(Version::Soap12).fault(&Fault::sender("no"))?))?;
/// exchange.receive(Input::End)?;
/// assert!(matches!(exchange.poll_event(), Some(Event::Fault(fault)) if fault.reason() == "no"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    version: Version,
    limits: Limits,
    node: Node,
    head: Option<RequestHead>,
    data: Option<Bytes>,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    Head,
    Body { status: StatusCode, charset: Option<String>, collected: Collected },
    Ready(Box<Event>),
    Done,
}

impl sealed::Sealed for Client {}
impl Side for Client {}

/// The head of a request; its target is the caller's.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct RequestHead {
    /// POST.
    pub method: Method,
    /// Its header fields.
    pub headers: HeaderMap,
}

/// What came of a request.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Event {
    /// A message that is no fault.
    Reply(Box<Message>),
    /// A fault.
    Fault(Fault),
    /// The message was taken and nothing is said of it.
    Accepted,
}

impl Exchange<Client> {
    /// An exchange in a version.
    #[must_use]
    pub fn new(version: Version, limits: Limits) -> Self {
        let node = Node::ultimate_receiver();
        Exchange { side: Client { version, limits, node, head: None, data: None, stage: Stage::Head } }
    }

    /// Tells it that header blocks of this name in the answer are understood.
    #[must_use]
    pub fn understands(mut self, name: QName<'_>) -> Self {
        self.side.node = self.side.node.understands(name);
        self
    }

    /// Takes the message to be sent, and the action that the description gives the operation.
    ///
    /// # Errors
    /// When the action cannot stand in a header field.
    pub fn request(&mut self, action: Option<&str>, message: Bytes) -> Result<(), ClientError> {
        let action = action.map_or(Action::Unnamed, |uri| Action::Named(uri.to_owned()));
        let headers = request_headers(self.side.version, &action).map_err(ClientError::Head)?;
        self.side.head = Some(RequestHead { method: Method::POST, headers });
        self.side.data = Some(message);
        Ok(())
    }

    /// The next piece of the request.
    pub fn poll_transmit(&mut self) -> Option<Transmit<RequestHead>> {
        match self.side.head.take() {
            Some(head) => Some(Transmit::Head(head)),
            None => self.side.data.take().map(Transmit::Data),
        }
    }

    /// Takes the head of the response.
    ///
    /// # Errors
    /// When it is no answer of a SOAP node: a status that the binding does not know, or content that is no message.
    pub fn head(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<(), ClientError> {
        self.side.stage = Stage::Done;
        // SOAP 1.2 Part 2 §7.5.1.2, Table 17.
        if matches!(status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
            self.side.stage = Stage::Ready(Box::new(Event::Accepted));
            return Ok(());
        }
        let charset = match SoapType::of(headers) {
            Ok(media) => media.charset,
            Err(_) if !status.is_success() => return Err(ClientError::Status(status)),
            Err(refusal) => return Err(ClientError::Head(refusal)),
        };
        self.side.stage = Stage::Body { status, charset, collected: Collected::default() };
        Ok(())
    }

    /// Takes a piece of the body of the response.
    ///
    /// # Errors
    /// When it is longer than `max_envelope`, broke off, is no message, or has a mandatory header block that is not understood.
    pub fn receive(&mut self, input: Input) -> Result<(), ClientError> {
        let max = self.side.limits.max_envelope;
        let Stage::Body { status, charset, collected } = &mut self.side.stage else { return Ok(()) };
        let refusal = match input {
            Input::Chunk(chunk) => match collected.push(chunk, max) {
                true => return Ok(()),
                false => Refusal::TooLarge { max },
            },
            Input::End => {
                let (status, charset, bytes) = (*status, charset.take(), collected.take());
                self.side.stage = Stage::Done;
                let event = self.read(status, charset.as_deref(), bytes)?;
                self.side.stage = Stage::Ready(Box::new(event));
                return Ok(());
            }
            Input::Interrupted => Refusal::Interrupted,
        };
        self.side.stage = Stage::Done;
        Err(ClientError::Head(refusal))
    }

    fn read(&self, status: StatusCode, charset: Option<&str>, bytes: Vec<u8>) -> Result<Event, ClientError> {
        let Client { node, limits, .. } = &self.side;
        let message = match Message::read(bytes, charset, limits) {
            Ok(message) => message,
            // What a proxy says of a failure is often XML of a kind.
            Err(_) if !status.is_success() => return Err(ClientError::Status(status)),
            Err(error) => return Err(ClientError::Message(error)),
        };
        let refused: Vec<_> = node.not_understood(&message);
        if !refused.is_empty() {
            return Err(ClientError::Message(Error::NotUnderstood(refused)));
        }
        match message.fault().map_err(ClientError::Message)? {
            Some(fault) => Ok(Event::Fault(fault)),
            None if !status.is_success() => Err(ClientError::Status(status)),
            None => Ok(Event::Reply(Box::new(message))),
        }
    }

    /// What came of the request, once it is known.
    pub fn poll_event(&mut self) -> Option<Event> {
        match core::mem::replace(&mut self.side.stage, Stage::Done) {
            Stage::Ready(event) => Some(*event),
            other => {
                self.side.stage = other;
                None
            }
        }
    }
}

/// A response that is no answer.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// The head of the request cannot be written, or that of the response carries no message.
    Head(Refusal),
    /// The server answered with a status that is not of SOAP and without a fault.
    Status(StatusCode),
    /// The content is no message.
    Message(Error),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Head(refusal) => refusal.fmt(f),
            ClientError::Status(status) => write!(f, "the server answered {status} without a SOAP fault"),
            ClientError::Message(error) => error.fmt(f),
        }
    }
}

impl error::Error for ClientError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            ClientError::Head(refusal) => Some(refusal),
            ClientError::Message(error) => Some(error),
            ClientError::Status(_) => None,
        }
    }
}
