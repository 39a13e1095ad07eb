//! From a path and a method to a route, and back.
//!
//! A pattern is a path whose segments are literals or `{name}`, the last one perhaps `{*name}`. Literals win over both. A
//! `{name}` and a `{*name}` in the same place cannot be told apart and are refused when the second is inserted.

pub mod pattern;
pub mod reverse;
pub mod table;

pub use pattern::{Pattern, PatternError};
pub use reverse::{ReverseError, RoutePath};
pub use table::{Allow, Found, Params, Route, RouteError, Table};
