//! One waker for two tasks.
//!
//! Reading may have to write (a pong) and writing to read (so that two peers that both write do not wait for each other), while a
//! socket remembers one waker a direction. A `WebSocket` split between a reading and a writing task therefore hands
//! the socket a waker that wakes both. As long as one task does it all, the socket is handed that task's own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

/// Who waits for a `WebSocket`.
#[derive(Debug)]
pub(super) enum Wakers {
    /// All polls have come from one task at a time: whoever waits on each side.
    One([Option<Waker>; 2]),
    /// Two tasks have waited at the same time.
    Both(Arc<Both>),
}

/// On whose behalf a poll is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Reader = 0,
    Writer = 1,
}

impl Side {
    const fn other(self) -> Side {
        match self {
            Side::Reader => Side::Writer,
            Side::Writer => Side::Reader,
        }
    }
}

impl Default for Wakers {
    fn default() -> Self {
        Wakers::One([None, None])
    }
}

impl Wakers {
    /// What to poll with on one side: `None` for the task's own waker, or one that wakes both.
    pub(super) fn choose(&mut self, side: Side, cx: &Context<'_>) -> Option<Waker> {
        if let Wakers::One(waiting) = self {
            let other = &mut waiting[side.other() as usize];
            if other.as_ref().is_none_or(|other| other.will_wake(cx.waker())) {
                return None;
            }
            let mut slots = [None, None];
            slots[side.other() as usize] = other.take();
            *self = Wakers::Both(Arc::new(Both { slots: Mutex::new(slots) }));
        }
        let Wakers::Both(both) = self else { return None };
        store(&mut both.lock()[side as usize], cx);
        Some(Waker::from(Arc::clone(both)))
    }

    /// A task goes to wait on one side.
    pub(super) fn remember(&mut self, side: Side, cx: &Context<'_>) {
        if let Wakers::One(waiting) = self {
            store(&mut waiting[side as usize], cx);
        }
    }

    /// Nobody waits on one side any more.
    pub(super) fn forget(&mut self, side: Side) {
        if let Wakers::One(waiting) = self {
            waiting[side as usize] = None;
        }
    }

    /// Wakes the reading task, for what the writing one received.
    pub(super) fn wake_reader(&mut self) {
        let reader = match self {
            Wakers::One(waiting) => waiting[Side::Reader as usize].take(),
            Wakers::Both(both) => both.lock()[Side::Reader as usize].take(),
        };
        if let Some(waker) = reader {
            waker.wake();
        }
    }
}

fn store(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        empty => *empty = Some(cx.waker().clone()),
    }
}

/// Wakes whoever waits on either side.
#[derive(Debug)]
pub(super) struct Both {
    slots: Mutex<[Option<Waker>; 2]>,
}

impl Both {
    fn lock(&self) -> MutexGuard<'_, [Option<Waker>; 2]> {
        // Two optional wakers are whole whatever panicked while they were held.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Both {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn task() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    fn woken(count: &Count) -> usize {
        count.0.load(Ordering::Relaxed)
    }

    #[test]
    fn one_task_on_both_sides_uses_its_own_waker() {
        let (_, waker) = task();
        let cx = Context::from_waker(&waker);
        let mut wakers = Wakers::default();
        assert!(wakers.choose(Side::Reader, &cx).is_none());
        wakers.remember(Side::Reader, &cx);
        assert!(wakers.choose(Side::Writer, &cx).is_none());
    }

    #[test]
    fn a_task_that_waits_no_more_does_not_count() {
        let ((_, one), (_, two)) = (task(), task());
        let mut wakers = Wakers::default();
        wakers.remember(Side::Reader, &Context::from_waker(&one));
        wakers.forget(Side::Reader);
        assert!(wakers.choose(Side::Writer, &Context::from_waker(&two)).is_none());
    }

    #[test]
    fn two_tasks_are_both_woken_also_the_one_that_waited_alone() {
        let ((reads, one), (writes, two)) = (task(), task());
        let mut wakers = Wakers::default();
        wakers.remember(Side::Reader, &Context::from_waker(&one));
        let both = wakers.choose(Side::Writer, &Context::from_waker(&two)).unwrap();
        both.wake_by_ref();
        assert_eq!((woken(&reads), woken(&writes)), (1, 1));
        // Whoever has not come back is not woken again.
        let again = wakers.choose(Side::Reader, &Context::from_waker(&one)).unwrap();
        again.wake_by_ref();
        assert_eq!((woken(&reads), woken(&writes)), (2, 1));
    }

    #[test]
    fn a_writer_that_has_read_wakes_the_reader_alone() {
        let ((reads, one), (writes, two)) = (task(), task());
        let mut wakers = Wakers::default();
        wakers.remember(Side::Reader, &Context::from_waker(&one));
        wakers.wake_reader();
        assert_eq!(woken(&reads), 1);
        wakers.remember(Side::Reader, &Context::from_waker(&one));
        assert!(wakers.choose(Side::Writer, &Context::from_waker(&two)).is_some());
        wakers.wake_reader();
        assert_eq!((woken(&reads), woken(&writes)), (2, 0));
    }
}
