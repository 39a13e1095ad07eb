//! GraphQL over HTTP (<https://graphql.github.io/graphql-over-http/draft/>, stage 2) as decisions over `http` parts and bytes.
//!
//! [`Head::read`] and [`Head::read_body`] turn a request into a [`Request`](crate::Request) or an [`HttpError`], and [`answer`]
//! and [`refuse`] turn what became of it into a response. Nothing is executed here: see the feature `tower` for a service.
//!
//! Where the draft leaves a choice:
//!
//! | question | here |
//! |---|---|
//! | no `Accept`, or `*/*` | `application/json`, as the audit of graphql-http expects |
//! | nothing acceptable | 406 |
//! | content types of a POST | `application/json` alone; all others, and none, are 415 |
//! | a list of requests | 400 |
//! | subscriptions | `text/event-stream`, the distinct connections mode of graphql-sse |
//! | a parameter given twice, or the empty `variables` of a GET | 400; no variables |

mod accept;
mod answer;
mod error;
mod form;
mod head;
mod limits;

pub use accept::{Accepts, ResponseType};
pub use answer::{answer, head, refuse};
pub use error::HttpError;
pub use head::Head;
pub use limits::HttpLimits;
