//! What a service offers.

use super::wsdl::Wsdl;
use crate::bind::http::Action;
use crate::envelope::{Message, Node};
use crate::error::Error;
use crate::limits::Limits;
use crate::xml::{QName, QNameBuf};

/// One operation in the style document/literal: the element that its requests hold, and its action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    name: String,
    request: QNameBuf,
    action: Option<String>,
}

impl Operation {
    /// An operation that takes this element.
    #[must_use]
    pub fn new(name: impl Into<String>, request: QName<'_>) -> Self {
        Operation { name: name.into(), request: request.to_owned(), action: None }
    }

    /// The action that its description names. A request that names another is refused.
    #[must_use]
    pub fn action(mut self, uri: impl Into<String>) -> Self {
        self.action = Some(uri.into());
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element that its requests hold.
    #[must_use]
    pub fn request(&self) -> QName<'_> {
        self.request.as_qname()
    }

    /// Whether a request that names an action may be for it. The body decides which operation is meant; an action that
    /// contradicts it would let a request pass a filter that looks at the action only.
    fn admits(&self, action: &Action) -> bool {
        match (&self.action, action) {
            (Some(own), Action::Named(uri)) => own == uri,
            _ => true,
        }
    }
}

/// A service: its operations, the node it is, its limits, its description.
#[derive(Clone, Debug)]
pub struct ServiceDesc {
    pub(super) operations: Vec<Operation>,
    pub(super) node: Node,
    pub(super) limits: Limits,
    pub(super) wsdl: Option<Wsdl>,
    pub(super) prefixes: Vec<(&'static str, &'static str)>,
}

impl ServiceDesc {
    /// A service without operations, at the end of the path of its messages.
    #[must_use]
    pub fn new() -> Self {
        ServiceDesc {
            operations: Vec::new(),
            node: Node::ultimate_receiver(),
            limits: Limits::DEFAULT,
            wsdl: None,
            prefixes: Vec::new(),
        }
    }

    /// Adds an operation.
    #[must_use]
    pub fn operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Tells it that header blocks of this name are understood.
    #[must_use]
    pub fn understands(mut self, name: QName<'_>) -> Self {
        self.node = self.node.understands(name);
        self
    }

    /// Lets it act in one more role.
    #[must_use]
    pub fn acts_in(mut self, role: impl Into<String>) -> Self {
        self.node = self.node.acts_in(role);
        self
    }

    /// Sets the limits of requests.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives it a description, served under `?wsdl`.
    #[must_use]
    pub fn wsdl(mut self, wsdl: Wsdl) -> Self {
        self.wsdl = Some(wsdl);
        self
    }

    /// Asks for a prefix in answers.
    #[must_use]
    pub fn prefer(mut self, prefix: &'static str, namespace: &'static str) -> Self {
        self.prefixes.push((prefix, namespace));
        self
    }

    /// The node that it is.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Which operation a message is for, in the order of SOAP 1.2 Part 1 §2.6: first the mandatory header blocks, then the body.
    ///
    /// # Errors
    /// When a mandatory block is not understood, no operation takes the body, or the action is that of another.
    pub fn find(&self, message: &Message, action: &Action) -> Result<usize, Error> {
        let refused = self.node.not_understood(message);
        if !refused.is_empty() {
            return Err(Error::NotUnderstood(refused));
        }
        let name = message.body_name();
        let found = self.operations.iter().position(|operation| Some(operation.request()) == name);
        let Some(index) = found else {
            return Err(Error::Operation { found: name.map(|name| name.to_owned()) });
        };
        match (self.operations.get(index), action) {
            (Some(operation), Action::Named(uri)) if !operation.admits(action) => {
                Err(Error::Action { found: uri.chars().take(200).collect() })
            }
            _ => Ok(index),
        }
    }
}

impl Default for ServiceDesc {
    fn default() -> Self {
        ServiceDesc::new()
    }
}
