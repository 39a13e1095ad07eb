//! Machines: requests and responses over time, without I/O.

mod head;
mod http;
mod stream;

pub use head::Head;
pub use http::{Event, HttpExchange, Outcome, Slot, Transmit};
pub use stream::End;
