//! The doors: what each protocol says and hears, over the same store and the same events.

pub(crate) mod call;
pub(crate) mod console;
pub(crate) mod graphql;
pub(crate) mod grpc;
pub(crate) mod inbound;
pub(crate) mod rest;
pub(crate) mod room;
pub(crate) mod room_message;
pub(crate) mod soap;
pub(crate) mod stream;
pub(crate) mod trpc;
pub(crate) mod webhooks;
