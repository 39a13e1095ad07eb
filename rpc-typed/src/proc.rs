//! Procedures as constants: path, kind and types, shared by the server and by Rust callers.

use std::fmt;
use std::marker::PhantomData;

/// What a procedure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reads; comes by GET.
    Query,
    /// Changes something; comes by POST.
    Mutation,
    /// A stream of events; comes by GET as Server-Sent Events.
    Subscription,
}

impl Kind {
    /// The name, as messages have it: `query`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Query => "query",
            Kind::Mutation => "mutation",
            Kind::Subscription => "subscription",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The kinds as types, so that a handler of one kind is not taken for another.
pub mod kind {
    /// The kind of a [`Query`](super::Query).
    #[derive(Clone, Copy, Debug)]
    pub enum Query {}
    /// The kind of a [`Mutation`](super::Mutation).
    #[derive(Clone, Copy, Debug)]
    pub enum Mutation {}
    /// The kind of a [`Subscription`](super::Subscription).
    #[derive(Clone, Copy, Debug)]
    pub enum Subscription {}
    /// The shape of a handler that gives one value; see [`Rpc::run`](crate::Rpc::run).
    #[derive(Clone, Copy, Debug)]
    pub enum Once {}
    /// The shape of a handler that gives a stream; see [`Rpc::stream`](crate::Rpc::stream).
    #[derive(Clone, Copy, Debug)]
    pub enum Many {}

    /// A kind at compile time; the three above have it, and nothing else can.
    pub trait Marker: sealed::Sealed + 'static {
        /// The kind at run time.
        const KIND: crate::Kind;
        /// The shape of its handlers.
        type Shape: 'static;
    }
    impl Marker for Query {
        const KIND: crate::Kind = crate::Kind::Query;
        type Shape = Once;
    }
    impl Marker for Mutation {
        const KIND: crate::Kind = crate::Kind::Mutation;
        type Shape = Once;
    }
    impl Marker for Subscription {
        const KIND: crate::Kind = crate::Kind::Subscription;
        type Shape = Many;
    }

    mod sealed {
        pub trait Sealed {}
        impl Sealed for super::Query {}
        impl Sealed for super::Mutation {}
        impl Sealed for super::Subscription {}
    }
}

/// A procedure: its path, its kind `K`, what it takes and what it gives.
///
/// ```
/// use rpc_typed::{Mutation, mutation};
///
/// const ADD: Mutation<i32, i32> = mutation("add");
/// // For the server it stands in a router that is nested; its callers name the whole path.
/// const ADD_AT: Mutation<i32, i32> = ADD.below("math.simple");
/// assert_eq!(ADD_AT.to_string(), "math.simple.add");
/// ```
pub struct Proc<K, I, O> {
    prefix: &'static str,
    name: &'static str,
    types: PhantomData<fn(I) -> (K, O)>,
}

/// A procedure that reads.
pub type Query<I, O> = Proc<kind::Query, I, O>;
/// A procedure that changes something.
pub type Mutation<I, O> = Proc<kind::Mutation, I, O>;
/// A procedure that gives a stream of events; `O` is one event, plain or [`Tracked`](crate::Tracked).
pub type Subscription<I, O> = Proc<kind::Subscription, I, O>;

/// A query at a path such as `users.getById`.
#[must_use]
pub const fn query<I, O>(path: &'static str) -> Query<I, O> {
    Proc { prefix: "", name: path, types: PhantomData }
}

/// A mutation at a path.
#[must_use]
pub const fn mutation<I, O>(path: &'static str) -> Mutation<I, O> {
    Proc { prefix: "", name: path, types: PhantomData }
}

/// A subscription at a path.
#[must_use]
pub const fn subscription<I, O>(path: &'static str) -> Subscription<I, O> {
    Proc { prefix: "", name: path, types: PhantomData }
}

impl<K, I, O> Proc<K, I, O> {
    /// The same procedure as seen from a router that its own is nested in, under `prefix`. A second call replaces the
    /// prefix of the first.
    #[must_use]
    pub const fn below(self, prefix: &'static str) -> Proc<K, I, O> {
        Proc { prefix, name: self.name, types: PhantomData }
    }
}

impl<K, I, O> Clone for Proc<K, I, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K, I, O> Copy for Proc<K, I, O> {}

impl<K, I, O> fmt::Display for Proc<K, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix)?;
        f.write_str(if self.prefix.is_empty() { "" } else { "." })?;
        f.write_str(self.name)
    }
}

impl<K: kind::Marker, I, O> fmt::Debug for Proc<K, I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {self}", K::KIND)
    }
}
