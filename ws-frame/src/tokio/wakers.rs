//! One waker for two tasks.
//!
//! Reading may have to write (a pong) and writing to read (so that two peers that both write do not wait for each other), while a
//! socket remembers one waker a direction. A `WebSocket` split between a reading and a writing task therefore hands
//! the socket a waker that wakes both.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

#[derive(Debug, Default)]
pub(super) struct Wakers {
    slots: Mutex<[Option<Waker>; 2]>,
}

/// On whose behalf a poll is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Reader = 0,
    Writer = 1,
}

impl Wakers {
    /// Remembers the task of one side.
    pub(super) fn register(&self, side: Side, cx: &Context<'_>) {
        let mut slots = self.lock();
        match &mut slots[side as usize] {
            Some(waker) => waker.clone_from(cx.waker()),
            empty => *empty = Some(cx.waker().clone()),
        }
    }

    /// Wakes the reading task, for what the writing one received.
    pub(super) fn wake_reader(&self) {
        let reader = core::mem::take(&mut self.lock()[Side::Reader as usize]);
        if let Some(waker) = reader {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, [Option<Waker>; 2]> {
        // Two optional wakers are whole whatever panicked while they were held.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let [reader, writer] = core::mem::take(&mut *self.lock());
        for waker in [reader, writer].into_iter().flatten() {
            waker.wake();
        }
    }
}
