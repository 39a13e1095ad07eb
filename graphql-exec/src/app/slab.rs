//! The futures of one request, polled when they are woken and not before. Names no runtime and spawns nothing.

use core::task::{Context, Poll, Waker};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Wake,
};

use super::BoxFuture;

/// Which of the futures were woken, and who waits for that.
#[derive(Default)]
struct Shared {
    inner: Mutex<Woken>,
}

#[derive(Default)]
struct Woken {
    tasks: Vec<usize>,
    waker: Option<Waker>,
}

struct TaskWaker {
    task: usize,
    queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let waker = {
            let mut woken = self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner);
            woken.tasks.push(self.task);
            woken.waker.take()
        };
        // Outside of the lock: the waker is code of somebody else.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct Entry<T, J> {
    future: BoxFuture<T>,
    job: J,
    waker: Arc<TaskWaker>,
}

/// Futures, each with what it is for.
pub(super) struct Slab<T, J> {
    entries: Vec<Option<Entry<T, J>>>,
    free: Vec<usize>,
    shared: Arc<Shared>,
}

impl<T, J> Slab<T, J> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), free: Vec::new(), shared: Arc::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Adds a future; it is polled in the next round.
    pub(super) fn push(&mut self, future: BoxFuture<T>, job: J) {
        let task = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            self.entries.len() - 1
        });
        let waker =
            Arc::new(TaskWaker { task, queued: AtomicBool::new(true), shared: Arc::clone(&self.shared) });
        // In the next round without waking anybody: who adds a future goes on to poll it.
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner).tasks.push(task);
        self.entries[task] = Some(Entry { future, job, waker });
    }

    /// Who is woken when a future is.
    pub(super) fn register(&self, waker: &Waker) {
        let mut woken = self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if !woken.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            woken.waker = Some(waker.clone());
        }
    }

    /// Polls each future that was woken, once. Gives those that are ready.
    pub(super) fn round(&mut self) -> Vec<(J, T)> {
        let tasks =
            core::mem::take(&mut self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner).tasks);
        let mut done = Vec::new();
        for task in tasks {
            // A waker of a future that is gone may wake its successor: one poll too many harms nobody.
            let Some(entry) = self.entries.get_mut(task).and_then(Option::as_mut) else { continue };
            entry.waker.queued.store(false, Ordering::Release);
            let waker = Waker::from(Arc::clone(&entry.waker));
            if let Poll::Ready(value) = entry.future.as_mut().poll(&mut Context::from_waker(&waker))
                && let Some(entry) = self.entries[task].take()
            {
                self.free.push(task);
                done.push((entry.job, value));
            }
        }
        done
    }

    /// Whether a future was woken since it was polled.
    pub(super) fn has_woken(&self) -> bool {
        !self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner).tasks.is_empty()
    }
}
