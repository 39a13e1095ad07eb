//! From a call to the handler of its operation, and from what that gives to an answer.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::describe::{Operation, ServiceDesc};
use super::exchange::Call;
use super::wsdl::Wsdl;
use crate::codec::{Decode, Encode};
use crate::envelope::{Fault, MessageWriter, Targeting};
use crate::error::Error;
use crate::limits::Limits;
use crate::xml::{EncodeError, QName};

/// A future behind a box; any executor may poll it.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

type Handler<S> = Box<dyn Fn(Context<S>) -> BoxFuture<Result<Answer, Fault>> + Send + Sync>;

/// What an operation comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A message.
    Message(Bytes),
    /// Nothing will be said: the operation is one-way.
    Accepted,
}

/// A service with the handlers of its operations.
///
/// ```
/// use soap_envelope::codec::{Cursor, Decode, DecodeError, Encode};
/// use soap_envelope::envelope::Fault;
/// use soap_envelope::server::{Context, Dispatcher};
/// use soap_envelope::xml::{EncodeError, QName, Writer};
///
/// struct Double(i32);
/// struct Doubled(i32);
///
/// impl Decode for Double {
///     const NAME: QName<'static> = QName::from_static("urn:maths", "Double");
///     fn decode(c: &mut Cursor<'_>) -> Result<Self, DecodeError> {
///         Ok(Double(c.value(QName::from_static("urn:maths", "Number"))?))
///     }
/// }
///
/// impl Encode for Doubled {
///     const NAME: QName<'static> = QName::from_static("urn:maths", "Doubled");
///     fn encode(&self, w: &mut Writer) -> Result<(), EncodeError> {
///         w.value(QName::from_static("urn:maths", "Number"), &self.0)
///     }
/// }
///
/// async fn double(_: Context<()>, request: Double) -> Result<Doubled, Fault> {
///     request.0.checked_mul(2).map(Doubled).ok_or_else(|| Fault::sender("too large to be doubled"))
/// }
///
/// let service = Dispatcher::builder(()).operation("Double", None, double).build();
/// assert_eq!(service.description().node().is_understood(Double::NAME), false);
/// ```
pub struct Dispatcher<S> {
    service: Arc<ServiceDesc>,
    state: Arc<S>,
    handlers: Vec<Handler<S>>,
}

/// A [`Dispatcher`] in the making.
pub struct DispatcherBuilder<S> {
    service: ServiceDesc,
    state: Arc<S>,
    handlers: Vec<Handler<S>>,
}

impl<S: Send + Sync + 'static> Dispatcher<S> {
    /// Begins with what all handlers share.
    pub fn builder(state: S) -> DispatcherBuilder<S> {
        Dispatcher::shared(Arc::new(state))
    }

    /// The same where others share it too.
    pub fn shared(state: Arc<S>) -> DispatcherBuilder<S> {
        DispatcherBuilder { service: ServiceDesc::new(), state, handlers: Vec::new() }
    }

    /// What the service offers, for [`Exchange::new`](crate::Exchange::new).
    #[must_use]
    pub fn description(&self) -> &Arc<ServiceDesc> {
        &self.service
    }

    /// Performs a call that an exchange with this service gave.
    pub fn call(&self, call: Call) -> BoxFuture<Result<Answer, Fault>> {
        match self.handlers.get(call.index()) {
            Some(handler) => handler(Context { state: Arc::clone(&self.state), call }),
            None => {
                let found = call.message().body_name().map(|name| name.to_owned());
                Box::pin(core::future::ready(Err(Error::Operation { found }.to_fault())))
            }
        }
    }
}

impl<S: Send + Sync + 'static> DispatcherBuilder<S> {
    /// Adds an operation. It takes the element that the type of the request is named after; `action` is the one that the
    /// description gives it. The handler gives a value, `()` for an operation without an answer, a [`Reply`] to add header
    /// blocks, or a fault.
    #[must_use]
    pub fn operation<T, R, F, U>(mut self, name: &str, action: Option<&str>, handler: F) -> Self
    where
        T: Decode + Send + 'static,
        R: Respond + Send + 'static,
        F: Fn(Context<S>, T) -> U + Send + Sync + 'static,
        U: Future<Output = Result<R, Fault>> + Send + 'static,
    {
        let operation = Operation::new(name, T::NAME);
        self.service = self.service.operation(match action {
            Some(uri) => operation.action(uri),
            None => operation,
        });
        let handler = Arc::new(handler);
        self.handlers.push(Box::new(move |context: Context<S>| {
            let handler = Arc::clone(&handler);
            Box::pin(async move {
                let request = context.call.decode::<T>()?;
                let writer = context.call.answer();
                let response = handler(context, request).await?;
                response.respond(writer).map_err(|error| Error::Encode(error).to_fault())
            })
        }));
        self
    }

    /// Tells it that header blocks of this name are understood; the handlers ask for them with [`Context::header`].
    #[must_use]
    pub fn understands(mut self, name: QName<'_>) -> Self {
        self.service = self.service.understands(name);
        self
    }

    /// Lets it act in one more role.
    #[must_use]
    pub fn acts_in(mut self, role: impl Into<String>) -> Self {
        self.service = self.service.acts_in(role);
        self
    }

    /// Sets the limits of requests.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.service = self.service.limits(limits);
        self
    }

    /// Gives it a description, served under `?wsdl`.
    #[must_use]
    pub fn wsdl(mut self, wsdl: Wsdl) -> Self {
        self.service = self.service.wsdl(wsdl);
        self
    }

    /// Asks for a prefix in answers.
    #[must_use]
    pub fn prefer(mut self, prefix: &'static str, namespace: &'static str) -> Self {
        self.service = self.service.prefer(prefix, namespace);
        self
    }

    /// The service.
    #[must_use]
    pub fn build(self) -> Dispatcher<S> {
        Dispatcher { service: Arc::new(self.service), state: self.state, handlers: self.handlers }
    }
}

/// A call, and what the service shares with its handlers.
#[derive(Clone, Debug)]
pub struct Context<S> {
    state: Arc<S>,
    call: Call,
}

impl<S> Context<S> {
    /// What all handlers share.
    #[must_use]
    pub fn state(&self) -> &Arc<S> {
        &self.state
    }

    /// The call.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Reads the first header block of the type that is for this service; `None` when there is none.
    ///
    /// # Errors
    /// A fault that says what is wrong with it and where.
    pub fn header<T: Decode>(&self) -> Result<Option<T>, Fault> {
        self.call.header()
    }
}

/// What a handler may give.
pub trait Respond {
    /// Writes the answer.
    ///
    /// # Errors
    /// When a value has no form in XML.
    fn respond(self, writer: MessageWriter) -> Result<Answer, EncodeError>;
}

impl<T: Encode> Respond for T {
    fn respond(self, writer: MessageWriter) -> Result<Answer, EncodeError> {
        writer.body(&self).map(Answer::Message)
    }
}

impl Respond for () {
    fn respond(self, _: MessageWriter) -> Result<Answer, EncodeError> {
        Ok(Answer::Accepted)
    }
}

type Write<T> = Box<dyn FnOnce(MessageWriter) -> Result<T, EncodeError> + Send>;

/// A value with header blocks.
///
/// ```
/// # use soap_envelope::codec::Encode;
/// use soap_envelope::envelope::Targeting;
/// use soap_envelope::server::Reply;
///
/// fn with_trace<B: Encode + Send + 'static, H: Encode + Send + 'static>(body: B, trace: H) -> Reply {
///     Reply::new(body).header(trace, Targeting::new())
/// }
/// ```
pub struct Reply {
    blocks: Vec<Write<MessageWriter>>,
    body: Write<Bytes>,
}

impl Reply {
    /// With this body.
    pub fn new<T: Encode + Send + 'static>(body: T) -> Self {
        Reply { blocks: Vec::new(), body: Box::new(move |writer| writer.body(&body)) }
    }

    /// Adds a header block.
    #[must_use]
    pub fn header<T: Encode + Send + 'static>(mut self, value: T, targeting: Targeting) -> Self {
        self.blocks.push(Box::new(move |writer| writer.header(&value, &targeting)));
        self
    }
}

impl Respond for Reply {
    fn respond(self, writer: MessageWriter) -> Result<Answer, EncodeError> {
        let writer = self.blocks.into_iter().try_fold(writer, |writer, block| block(writer))?;
        (self.body)(writer).map(Answer::Message)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("blocks", &self.blocks.len()).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Dispatcher<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("service", &self.service).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for DispatcherBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DispatcherBuilder").field("service", &self.service).finish_non_exhaustive()
    }
}
