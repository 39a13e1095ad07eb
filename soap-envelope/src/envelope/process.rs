//! The processing model: which header blocks are for a node, which it has to refuse, which it passes on.

use super::header::{Role, Targeting};
use super::reader::Message;
use crate::xml::{QName, QNameBuf};

/// A SOAP node: the roles that it acts in, and the header blocks that it understands (SOAP 1.2 Part 1 §2; SOAP 1.1 §2, §4.2).
///
/// ```
/// use soap_envelope::envelope::{Node, Role};
///
/// let node = Node::ultimate_receiver().acts_in("urn:example:logger");
/// assert!(node.is_target(&Role::Next));
/// assert!(node.is_target(&Role::UltimateReceiver));
/// assert!(node.is_target(&Role::Other("urn:example:logger".into())));
/// assert!(!node.is_target(&Role::None));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    is_ultimate: bool,
    roles: Vec<String>,
    understood: Vec<QNameBuf>,
}

/// What becomes of a header block on its way through an intermediary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It stays in the message that is passed on.
    Forward,
    /// It does not; the node may put an equal one in.
    Remove,
}

impl Node {
    /// The node at the end of the path. It acts in the roles `ultimateReceiver` and `next`.
    #[must_use]
    pub fn ultimate_receiver() -> Self {
        Node { is_ultimate: true, ..Node::default() }
    }

    /// A node on the way. It acts in the role `next`.
    #[must_use]
    pub fn intermediary() -> Self {
        Node::default()
    }

    /// Lets it act in one more role.
    #[must_use]
    pub fn acts_in(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Tells it that it can process header blocks of this name.
    #[must_use]
    pub fn understands(mut self, name: QName<'_>) -> Self {
        self.understood.push(name.to_owned());
        self
    }

    /// Whether it can process header blocks of this name.
    #[must_use]
    pub fn is_understood(&self, name: QName<'_>) -> bool {
        self.understood.iter().any(|known| *known == name)
    }

    /// Whether blocks for a role are for it (SOAP 1.2 Part 1 §2.2, Table 2). No node acts in `none`.
    #[must_use]
    pub fn is_target(&self, role: &Role) -> bool {
        match role {
            Role::Next => true,
            Role::None => false,
            Role::UltimateReceiver => self.is_ultimate,
            Role::Other(uri) => self.roles.iter().any(|known| known == uri),
        }
    }

    /// The names of the mandatory blocks that are for it and that it does not understand, in the order of the message. If there
    /// is one, the node must process nothing, and answer with the fault `MustUnderstand` (SOAP 1.2 Part 1 §2.4, §2.6).
    #[must_use]
    pub fn not_understood(&self, message: &Message) -> Vec<QNameBuf> {
        let refused = message.headers().filter(|block| {
            let targeting = block.targeting();
            targeting.must_understand && self.is_target(&targeting.role) && !self.is_understood(block.name())
        });
        refused.map(|block| block.name().to_owned()).collect()
    }

    /// What becomes of a block when this node passes the message on (SOAP 1.2 Part 1 §2.7.2). `processed` says whether the node
    /// has processed it. Blocks that are not for it are passed on; of those that are, only the ones that it left alone and that
    /// say `relay`.
    #[must_use]
    pub fn disposition(&self, targeting: &Targeting, processed: bool) -> Disposition {
        let is_kept = !self.is_target(&targeting.role) || (!processed && targeting.relay);
        if is_kept { Disposition::Forward } else { Disposition::Remove }
    }
}
