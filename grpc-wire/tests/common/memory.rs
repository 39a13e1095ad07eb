//! A transport that joins a client to a server in the same thread, and an executor that polls only what was woken.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    dead_code,
    reason = "a test fails by panicking; the clock is read once"
)]

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use grpc_wire::call::{PeerEvent, Transmit};
use grpc_wire::client::{RequestSide, ResponseSide, Transport, Want};
use grpc_wire::{Client, Dispatch};
use http::request;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The transport, with a clock of its own. Clones are the same.
#[derive(Clone)]
pub(crate) struct Memory {
    dispatch: Dispatch,
    shared: Arc<Shared>,
    /// Both directions are cut into pieces of this size.
    piece: usize,
}

struct Shared {
    spawned: Mutex<Vec<Task>>,
    now: Mutex<Instant>,
}

pub(crate) fn memory(dispatch: Dispatch, piece: usize) -> Memory {
    let shared = Shared { spawned: Mutex::default(), now: Mutex::new(Instant::now()) };
    Memory { dispatch, shared: Arc::new(shared), piece }
}

impl Memory {
    pub(crate) fn client(&self) -> Client<Self> {
        Client::new(self.clone())
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.shared.now.lock().unwrap() += by;
    }

    /// Runs a future with all that it spawns. A task that is never woken is a failed test.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut main = pin!(future);
        let main_flag = Flag::new();
        let mut tasks: Vec<(Arc<Flag>, Task)> = Vec::new();
        loop {
            let mut is_idle = true;
            if main_flag.take() {
                is_idle = false;
                if let Poll::Ready(value) = main.as_mut().poll(&mut Context::from_waker(&main_flag.waker())) {
                    return value;
                }
            }
            tasks.extend(self.shared.spawned.lock().unwrap().drain(..).map(|task| (Flag::new(), task)));
            tasks.retain_mut(|(flag, task)| {
                if !flag.take() {
                    return true;
                }
                is_idle = false;
                task.as_mut().poll(&mut Context::from_waker(&flag.waker())).is_pending()
            });
            assert!(!is_idle, "everybody waits and nobody was woken");
        }
    }
}

struct Flag(AtomicBool);

impl Flag {
    fn new() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }

    fn waker(self: &Arc<Self>) -> Waker {
        Arc::clone(self).into()
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn cut(data: &Bytes, piece: usize) -> impl Iterator<Item = Bytes> {
    (0..data.len()).step_by(piece).map(move |begin| data.slice(begin..(begin + piece).min(data.len())))
}

impl Transport for Memory {
    fn carry(
        self,
        head: request::Parts,
        mut up: RequestSide,
        mut down: ResponseSide,
    ) -> impl Future<Output = ()> + Send + 'static {
        let now = self.now();
        let mut io = match self.dispatch.accept(head, now) {
            Ok(io) => Some(io),
            Err(rejection) => {
                down.receive(PeerEvent::Head(rejection.response().into_parts().0), now);
                None
            }
        };
        let mut to_server = VecDeque::new();
        let mut to_client = VecDeque::new();
        poll_fn(move |context| {
            let now = self.now();
            down.handle_timeout(now);
            let Some(io) = &mut io else { return Poll::Ready(()) };
            io.handle_timeout(now);
            loop {
                let mut is_moved = false;
                while io.wants_data() {
                    if let Some(data) = to_server.pop_front() {
                        io.receive(PeerEvent::Data(data), now);
                    } else {
                        match up.poll_transmit(context) {
                            Poll::Ready(Some(Transmit::Data(data))) => {
                                to_server.extend(cut(&data, self.piece));
                            }
                            Poll::Ready(Some(Transmit::Reset(code))) => {
                                io.receive(PeerEvent::Reset(code), now);
                            }
                            Poll::Ready(_) => {
                                io.receive(PeerEvent::End(None), now);
                            }
                            Poll::Pending => break,
                        }
                    }
                    is_moved = true;
                }
                match down.poll(context) {
                    Poll::Ready(Want::Nothing) => return Poll::Ready(()),
                    Poll::Ready(Want::Data) => {
                        if let Some(data) = to_client.pop_front() {
                            down.receive(PeerEvent::Data(data), now);
                            is_moved = true;
                        } else if let Poll::Ready(transmit) = io.poll_transmit(context) {
                            match transmit {
                                Some(Transmit::Head { head, end }) => {
                                    down.receive(PeerEvent::Head(head), now);
                                    if end {
                                        down.receive(PeerEvent::End(None), now);
                                    }
                                }
                                Some(Transmit::Data(data)) => to_client.extend(cut(&data, self.piece)),
                                Some(Transmit::Trailers(trailers)) => {
                                    down.receive(PeerEvent::End(Some(trailers)), now);
                                }
                                Some(Transmit::End) | None => down.receive(PeerEvent::End(None), now),
                                Some(Transmit::Reset(_)) => panic!("a server resets nothing"),
                            }
                            is_moved = true;
                        }
                    }
                    // The client does not take its messages: the server goes on until its own buffer is full.
                    Poll::Pending => {}
                }
                if !is_moved {
                    return Poll::Pending;
                }
            }
        })
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.shared.spawned.lock().unwrap().push(Box::pin(task));
    }

    fn now(&self) -> Instant {
        *self.shared.now.lock().unwrap()
    }
}
