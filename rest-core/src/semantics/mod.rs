//! What methods, status codes and preconditions mean (RFC 9110).

pub mod method;
pub mod outcome;
pub mod precondition;
pub mod status;

pub use method::{Cacheable, MethodSemantics};
pub use precondition::{Conditions, Precondition, Rules, Validators, evaluate};
pub use status::{StatusClass, StatusSemantics};
