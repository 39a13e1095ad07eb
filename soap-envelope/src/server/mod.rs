//! The receiving end: what a service offers, an exchange with one client, and the dispatch to handlers.

mod describe;
mod dispatch;
mod exchange;
mod wsdl;

pub use describe::{Operation, ServiceDesc};
pub use dispatch::{Answer, BoxFuture, Context, Dispatcher, DispatcherBuilder, Reply, Respond};
pub use exchange::{Call, Event, ResponseHead, Server};
pub use wsdl::{Wsdl, WsdlError};
