//! Execution (GraphQL September 2025, §6), breadth first.
//!
//! [`Engine`] decides and never calls anybody: it says which field of which parents is wanted, is told the values when they
//! are there, and gives the response. A selection is resolved once for all parents of its layer, so that a list of a hundred
//! users with three fields asks three times and not three hundred.

mod batch;
mod collect;
mod column;
mod engine;
mod layer;
mod nulls;
mod output;
mod response;
mod write;

pub use batch::{Info, ResolveBatch};
pub use column::Property;
pub use engine::{Engine, StaleTask, Step, TaskId};
pub use output::{ObjectRef, Objects, Output, Parent, Resolved, Root, Typed};
pub use response::Response;
