//! The benches of the family; each group has a peer and a floor (`benches/*.rs`).

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

/// The system's allocator, which counts. A bench that reports allocations makes it the global one, for all contenders.
#[derive(Debug)]
pub struct Counting;

static ALLOCATED: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);

/// How many bytes are allocated now, under the same conditions as [`allocations`].
pub fn live() -> usize {
    LIVE.load(Relaxed)
}

/// What `run` gives, and how often it allocated or grew an allocation. Of use where no other thread allocates, and where
/// [`Counting`] is the global allocator.
pub fn allocations<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let before = ALLOCATED.load(Relaxed);
    let result = run();
    (result, ALLOCATED.load(Relaxed) - before)
}

/// Loads and stores, so that what is counted costs next to nothing; threads that allocate at once lose counts.
fn count(taken: usize, given_back: usize) {
    ALLOCATED.store(ALLOCATED.load(Relaxed) + 1, Relaxed);
    LIVE.store(LIVE.load(Relaxed).wrapping_add(taken).wrapping_sub(given_back), Relaxed);
}

// SAFETY: every call goes to `System` as it came.
#[allow(unsafe_code, reason = "an allocator is unsafe by its trait")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.store(LIVE.load(Relaxed).wrapping_sub(layout.size()), Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(block, layout) }
    }
}
