//! Documents with links: HAL (draft-kelly-json-hal) and the Link field (RFC 8288).

pub mod hal;
pub mod link;

pub use hal::Hal;
pub use link::{Link, LinkSet, Links};

/// The media type of [`Hal`] documents.
pub const HAL_JSON: &str = "application/hal+json";

/// The profile (RFC 6906) that defines the `method` member of a link: the request method to use with the target. HAL has
/// no such member, so an answer that uses it names this profile in a Link field.
pub const METHOD_PROFILE: &str = "urn:octavo:profile:link-method";
