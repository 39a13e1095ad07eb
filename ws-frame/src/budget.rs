//! Memory for messages that are not whole, shared by many connections.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::error::ErrorKind;

/// Bytes that connections may hold, together, of messages that are not whole. A connection that needs more is closed with 1013
/// ([`ErrorKind::BudgetExhausted`]): it stops many peers that each begin a big message and never end it.
///
/// ```
/// use ws_frame::{Config, MemoryBudget};
///
/// let budget = MemoryBudget::new(256 * 1024 * 1024);
/// let mut config = Config::default();
/// config.budget = Some(budget.clone()); // and the same in each other configuration
/// assert_eq!(budget.used(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct MemoryBudget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    used: AtomicUsize,
}

impl MemoryBudget {
    /// A budget of `max` bytes.
    pub fn new(max: usize) -> MemoryBudget {
        MemoryBudget(Arc::new(Shared { max, used: AtomicUsize::new(0) }))
    }

    /// Bytes that are held now: payload that came, and 64 bytes for each fragment.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: usize) -> bool {
        let add = |used: usize| used.checked_add(bytes).filter(|&sum| sum <= self.0.max);
        self.0.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Two are equal when they are the same budget.
impl PartialEq for MemoryBudget {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for MemoryBudget {}

/// What one message holds of a budget, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Option<MemoryBudget>,
    bytes: usize,
}

impl Charge {
    pub(crate) fn new(budget: Option<MemoryBudget>) -> Charge {
        Charge { budget, bytes: 0 }
    }

    /// Takes `bytes` more.
    pub(crate) fn add(&mut self, bytes: usize) -> Result<(), ErrorKind> {
        let Some(budget) = &self.budget else { return Ok(()) };
        if !budget.take(bytes) {
            return Err(ErrorKind::BudgetExhausted);
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.give_back(self.bytes);
        }
    }
}
