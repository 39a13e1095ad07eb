//! The doors: what each protocol says and hears, over the same store and the same events.

pub(crate) mod console;
