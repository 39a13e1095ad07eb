//! The adapter for delivery over hyper and tokio: it sends attempts, waits, and keeps a store up to date.
//!
//! [`Sender`] sends one [`Attempt`](crate::delivery::Attempt): resolves the name, vets all addresses, connects to a vetted one, POSTs over HTTP/1.1, and reads a bounded answer
//! within the attempt's deadline. [`Deliverer`] drives a whole [`Dispatcher`](crate::delivery::Dispatcher) with it.
//!
//! ```
//! use webhook_sig::delivery::*;
//! use webhook_sig::hyper::{Deliverer, Sender, entropy};
//! use webhook_sig::ssrf::{EndpointUrl, TargetPolicy};
//! use webhook_sig::{KeyRing, Scheme, Secret};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::default();
//! config.policy = TargetPolicy::loopback_only();
//! let (deliverer, hooks) = Deliverer::new(Dispatcher::new(config, entropy()?), Sender::new(), MemoryStore::new(1000));
//! let running = tokio::spawn(deliverer.run());
//!
//! let ring = KeyRing::new().hmac("2026-11", Secret::whsec("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?)?;
//! let url = EndpointUrl::parse("http://127.0.0.1:9/hooks")?;
//! hooks.with(|dispatcher, _| dispatcher.register(Endpoint::new(EndpointId::new(1), url, Scheme::StandardWebhooks, ring)))?;
//! let event = OutboundEvent::new(EventId::parse("evt_1")?, EventType::parse("user.created")?, r#"{"id":42}"#, hooks.now());
//! assert_eq!(hooks.enqueue(event)?, 1);
//!
//! hooks.shutdown();
//! let _store = running.await?;
//! # Ok(())
//! # }
//! ```

mod connect;
mod deliverer;
mod resolve;
mod sender;
mod store;

pub use deliverer::{Deliverer, Handle};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use sender::{Sender, SenderLimits};
pub use store::Store;

/// 64 bits of the system's randomness, for [`Dispatcher::new`](crate::delivery::Dispatcher::new).
///
/// # Errors
/// Where the system has none to give.
pub fn entropy() -> std::io::Result<u64> {
    getrandom::u64().map_err(|error| std::io::Error::other(std::format!("{error}")))
}
