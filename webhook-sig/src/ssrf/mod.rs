//! Where a webhook may be sent: URLs that every parser reads alike, and addresses vetted before a connection.
//!
//! A sender of webhooks opens connections to hosts that strangers choose: server-side request forgery (SSRF) is its first risk.
//! Two gates stand in the way, and both are needed, since a name's addresses change between the two:
//!
//! 1. [`EndpointUrl::parse`] and [`TargetPolicy::check_url`] at registration: spelling, port, names and literal addresses.
//! 2. [`TargetPolicy::vet`] when connecting, over **all** resolved addresses: one bad address refuses them all, and the connection
//!    goes to a vetted address, never to a second look-up.
//!
//! ```
//! use webhook_sig::ssrf::{EndpointUrl, TargetPolicy};
//!
//! let policy = TargetPolicy::public();
//! let url = EndpointUrl::parse("https://example.com/hooks?tenant=7")?;
//! assert!(policy.check_url(&url).is_ok());
//! assert!(policy.vet(&["93.184.215.14".parse()?]).is_ok());
//! assert!(policy.vet(&["93.184.215.14".parse()?, "10.0.0.7".parse()?]).is_err());
//! assert!(EndpointUrl::parse("http://0x7f.1/").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod host;
mod table;
mod url;
mod vet;

pub use host::Host;
pub use table::AddressClass;
pub use url::{EndpointUrl, UrlError};
pub use vet::{Blocked, Network, NetworkError, Reach, TargetPolicy};
