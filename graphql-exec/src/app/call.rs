//! What a resolver is handed beside its parent.

use core::fmt;
use std::sync::Arc;

use crate::{
    error::GraphqlError,
    exec::Info,
    value::{Arguments, FromValue},
};

/// The arguments of the field, the context of the request, and what is known of the operation.
pub struct Call<C> {
    /// The coerced arguments.
    pub args: Arc<Arguments>,
    /// What the service handed in for this request.
    pub context: Arc<C>,
    /// The field and the operation.
    pub info: Info,
}

impl<C> Call<C> {
    /// An argument as the type that is needed: [`Arguments::get`].
    ///
    /// # Errors
    /// The argument is not of that type, which is a mistake of the resolver.
    pub fn arg<T: FromValue>(&self, name: &str) -> Result<T, GraphqlError> {
        self.args.get(name)
    }
}

impl<C> Clone for Call<C> {
    fn clone(&self) -> Self {
        Self { args: Arc::clone(&self.args), context: Arc::clone(&self.context), info: self.info.clone() }
    }
}

impl<C> fmt::Debug for Call<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({}.{})", self.info.parent_type(), self.info.field_name())
    }
}
