//! One exchange, seen from the service.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use super::describe::{Operation, ServiceDesc};
use crate::bind::http::{Action, Refusal, RequestHead, content_type, status_of};
use crate::codec::{Decode, Encode};
use crate::envelope::{Fault, Message, MessageWriter, Version};
use crate::error::Error;
use crate::exchange::{Collected, Exchange, Input, Side, Transmit, sealed};
use crate::xml::EncodeError;

/// The receiving end of an [`Exchange`]: a request comes in, a call comes out, its answer goes in, a response comes out.
///
/// ```
/// use std::sync::Arc;
/// use http::{HeaderMap, Method, StatusCode};
/// use soap_envelope::envelope::{Fault, MessageWriter};
/// use soap_envelope::server::{Event, Operation, Server, ServiceDesc};
/// use soap_envelope::xml::{Fragment, QName};
/// use soap_envelope::{Exchange, Input, Limits, Transmit, Version};
///
/// let service = ServiceDesc::new().operation(Operation::new("GetUser", QName::from_static("urn:u", "GetUser")));
/// let mut exchange = Exchange::<Server>::new(Arc::new(service));
///
/// let mut headers = HeaderMap::new();
/// headers.insert("content-type", "text/xml; charset=utf-8".parse()?);
/// exchange.head(&Method::POST, &"/soap".parse()?, &headers);
/// let body = Fragment::parse("<u:GetUser xmlns:u='urn:u'/>", &Limits::DEFAULT)?;
/// exchange.receive(Input::Chunk(MessageWriter::new(Version::Soap11).body_fragment(&body)?));
/// exchange.receive(Input::End);
///
/// let Some(Event::Call(call)) = exchange.poll_event() else { panic!("the request is complete") };
/// assert_eq!(call.operation().name(), "GetUser");
/// exchange.refuse(&Fault::sender("there is no such user"));
/// let Some(Transmit::Head(head)) = exchange.poll_transmit() else { panic!("the answer is known") };
/// assert_eq!(head.status, StatusCode::INTERNAL_SERVER_ERROR); // SOAP 1.1 §6.2
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    service: Arc<ServiceDesc>,
    stage: Stage,
    /// The version that the answer is written in.
    version: Version,
    head: Option<ResponseHead>,
    data: Option<Bytes>,
}

#[derive(Clone, Debug)]
enum Stage {
    /// The head of the request is still to come.
    Head,
    /// The body comes in.
    Body { head: RequestHead, collected: Collected },
    /// A call is to be taken by `poll_event`.
    Ready(Box<Call>),
    /// The caller works on its answer.
    Called,
    /// The answer is there.
    Answered,
}

impl sealed::Sealed for Server {}
impl Side for Server {}

/// What a request comes to.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub enum Event {
    /// An operation is to be performed; answer with [`Exchange::reply`], [`Exchange::accept`] or [`Exchange::refuse`].
    Call(Box<Call>),
}

/// The head of a response.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields.
    pub headers: HeaderMap,
}

/// A request for an operation: its message, and what the transport said of it.
#[derive(Clone, Debug)]
pub struct Call {
    service: Arc<ServiceDesc>,
    index: usize,
    message: Message,
    action: Action,
}

impl Call {
    /// The operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        // The index came from the same list.
        &self.service.operations[self.index]
    }

    /// Its place in the list of the service's operations.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The version of the message; the answer will be in the same.
    #[must_use]
    pub fn version(&self) -> Version {
        self.message.version()
    }

    /// The action that the transport named.
    #[must_use]
    pub fn action(&self) -> &Action {
        &self.action
    }

    /// Reads the value in the body.
    ///
    /// # Errors
    /// A fault that says what is wrong with it and where.
    pub fn decode<T: Decode>(&self) -> Result<T, Fault> {
        self.message.decode().map_err(|error| error.to_fault())
    }

    /// Reads the first header block of the type that is for this service; `None` when there is none.
    ///
    /// # Errors
    /// A fault that says what is wrong with it and where.
    pub fn header<T: Decode>(&self) -> Result<Option<T>, Fault> {
        let block = self.message.header(&self.service.node, T::NAME);
        block.map(|block| block.decode().map_err(|error: Error| error.to_fault())).transpose()
    }

    /// The beginning of an answer, for those who add header blocks to it.
    #[must_use]
    pub fn answer(&self) -> MessageWriter {
        let writer = MessageWriter::new(self.version());
        self.service
            .prefixes
            .iter()
            .fold(writer, |writer, (prefix, namespace)| writer.prefer(prefix, namespace))
    }
}

impl Exchange<Server> {
    /// An exchange with a service.
    #[must_use]
    pub fn new(service: Arc<ServiceDesc>) -> Self {
        let side = Server { service, stage: Stage::Head, version: Version::Soap12, head: None, data: None };
        Exchange { side }
    }

    /// Takes the head of the request. One that carries no message is answered at once, as is a GET for the description.
    pub fn head(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap) {
        let is_get = matches!(*method, Method::GET | Method::HEAD);
        if is_get && let Some(wsdl) = self.side.service.wsdl.as_ref().filter(|_| is_for_wsdl(uri)) {
            let Some(authority) = authority(uri, headers) else {
                return self.reject(&Refusal::Field { name: "host" });
            };
            let scheme = uri.scheme_str().unwrap_or("http");
            let text = wsdl.at(&format!("{scheme}://{authority}{}", uri.path()));
            let mut fields = HeaderMap::new();
            fields.insert(CONTENT_TYPE, content_type(Version::Soap11));
            // The address in it is that of the request.
            fields.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
            // HEAD: the fields of the answer to GET (RFC 9110 §9.3.2).
            fields.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
            let text = if *method == Method::HEAD { String::new() } else { text };
            return self.finish(StatusCode::OK, fields, text.into());
        }
        match RequestHead::read(method, headers) {
            Ok(head) => {
                self.side.version = head.version;
                let max = self.side.service.limits.max_envelope;
                let announced =
                    headers.get(CONTENT_LENGTH).and_then(|field| field.to_str().ok()?.parse::<usize>().ok());
                if announced.is_some_and(|length| length > max) {
                    return self.reject(&Refusal::TooLarge { max });
                }
                self.side.stage = Stage::Body { head, collected: Collected::default() };
            }
            Err(refusal) => self.reject(&refusal),
        }
    }

    /// Whether the body is to be read on; otherwise the answer does not depend on it.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        matches!(self.side.stage, Stage::Body { .. })
    }

    /// Takes a piece of the body. Nothing happens once [`Exchange::wants_body`] says no.
    pub fn receive(&mut self, input: Input) {
        let Stage::Body { head, collected } = &mut self.side.stage else { return };
        let max = self.side.service.limits.max_envelope;
        match input {
            Input::Chunk(chunk) => {
                if !collected.push(chunk, max) {
                    self.reject(&Refusal::TooLarge { max });
                }
            }
            Input::Interrupted => self.reject(&Refusal::Interrupted),
            Input::End => {
                let (bytes, head) = (collected.take(), head.clone());
                match self.read(bytes, head) {
                    Ok(call) => self.side.stage = Stage::Ready(Box::new(call)),
                    Err(error) => self.refuse(&error.to_fault()),
                }
            }
        }
    }

    fn read(&mut self, bytes: Vec<u8>, head: RequestHead) -> Result<Call, Error> {
        let service = Arc::clone(&self.side.service);
        let message = Message::read(bytes, head.charset.as_deref(), &service.limits)?;
        if message.version() != head.version {
            // The media type promised the other version: it is no envelope of that one.
            return Err(Error::Version { found: message.version().envelope().to_owned() });
        }
        let index = service.find(&message, &head.action)?;
        Ok(Call { service, index, message, action: head.action })
    }

    /// The call, once the request is complete and is one.
    pub fn poll_event(&mut self) -> Option<Event> {
        match core::mem::replace(&mut self.side.stage, Stage::Called) {
            Stage::Ready(call) => Some(Event::Call(call)),
            other => {
                self.side.stage = other;
                None
            }
        }
    }

    /// Answers with a value: 200.
    ///
    /// # Errors
    /// When the value has no form in XML; then the answer is the receiver's fault.
    pub fn reply<T: Encode>(&mut self, value: &T) -> Result<(), EncodeError> {
        let writer = MessageWriter::new(self.side.version);
        let prefixes = self.side.service.prefixes.iter();
        let writer = prefixes.fold(writer, |writer, (prefix, namespace)| writer.prefer(prefix, namespace));
        match writer.body(value) {
            Ok(message) => {
                self.reply_message(message);
                Ok(())
            }
            Err(error) => {
                self.refuse(&Error::Encode(error.clone()).to_fault());
                Err(error)
            }
        }
    }

    /// Answers with a message that was written already, in the version of the call: 200.
    pub fn reply_message(&mut self, message: Bytes) {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type(self.side.version));
        self.finish(StatusCode::OK, headers, message);
    }

    /// Answers that the message was taken and nothing will be said of it: 202 without a body.
    pub fn accept(&mut self) {
        self.finish(StatusCode::ACCEPTED, HeaderMap::new(), Bytes::new());
    }

    /// Answers with a fault, under the status that it has in the binding.
    pub fn refuse(&mut self, fault: &Fault) {
        self.fault(status_of(self.side.version, fault), HeaderMap::new(), fault);
    }

    /// The next piece of the response.
    pub fn poll_transmit(&mut self) -> Option<Transmit<ResponseHead>> {
        match self.side.head.take() {
            Some(head) => Some(Transmit::Head(head)),
            None => self.side.data.take().map(Transmit::Data),
        }
    }

    fn reject(&mut self, refusal: &Refusal) {
        let allow = if self.side.service.wsdl.is_some() { "GET, HEAD, POST" } else { "POST" };
        let fault = Fault::sender(refusal.to_string());
        self.fault(refusal.status(), refusal.headers(allow), &fault);
    }

    fn fault(&mut self, status: StatusCode, mut headers: HeaderMap, fault: &Fault) {
        headers.insert(CONTENT_TYPE, content_type(self.side.version));
        let text = MessageWriter::new(self.side.version).fault(fault).unwrap_or_default();
        self.finish(status, headers, text);
    }

    fn finish(&mut self, status: StatusCode, headers: HeaderMap, data: Bytes) {
        if matches!(self.side.stage, Stage::Answered) {
            return;
        }
        self.side.stage = Stage::Answered;
        self.side.head = Some(ResponseHead { status, headers });
        self.side.data = Some(data).filter(|data| !data.is_empty());
    }
}

/// `?wsdl`, in any case, as toolkits ask for it.
fn is_for_wsdl(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|part| part.eq_ignore_ascii_case("wsdl")))
}

/// The host under which the service was asked for: that of the target, or of the header field.
fn authority(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Some(authority.clone());
    }
    let mut fields = headers.get_all(HOST).iter();
    let host = fields.next()?.to_str().ok()?;
    let authority: Authority = host.parse().ok()?;
    (fields.next().is_none() && !host.contains('@')).then_some(authority)
}
