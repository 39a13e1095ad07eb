//! From a name to its addresses.
#![allow(clippy::disallowed_methods, reason = "an adapter: resolving is I/O")]

use std::boxed::Box;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::vec::Vec;

/// The addresses of a name, on their way.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Resolves host names. All addresses must be given: one that is left out is one that is not vetted, and never connected to either.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of the name.
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// The operating system's resolver (`getaddrinfo`), on tokio's blocking threads.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
