//! A static library without std: it calls into each `no_std` core, and brings the panic handler and the allocator that std
//! would bring. If std were anywhere in the graph, both would be there twice and the build would fail.
#![no_std]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicUsize, Ordering};

use bytes::BytesMut;

/// Counts the events in an event stream.
#[unsafe(no_mangle)]
pub extern "C" fn octavo_events(first: u8, second: u8) -> usize {
    let stream = [first, second];
    let mut parser = sse_codec::Parser::new();
    let mut input = &stream[..];
    let mut count = 0;
    while parser.next(&mut input).is_some() {
        count += 1;
    }
    count
}

/// Counts the frames in what a client sent.
#[unsafe(no_mangle)]
pub extern "C" fn octavo_frames(first: u8, second: u8) -> usize {
    let mut decoder = ws_frame::FrameDecoder::new(ws_frame::Role::Server, 1024);
    let mut input = BytesMut::from(&[first, second][..]);
    let mut count = 0;
    while let Ok(Some(_)) = decoder.decode(&mut input) {
        count += 1;
    }
    count
}

/// 1 if a body was signed as its header says.
#[unsafe(no_mangle)]
pub extern "C" fn octavo_verify(first: u8, second: u8) -> usize {
    let now = webhook_sig::UnixMillis::from_secs(1_700_000_000);
    let Ok(secret) = webhook_sig::Secret::raw([first; 32]) else { return 0 };
    let Ok(ring) = webhook_sig::KeyRing::new().hmac("key", secret) else { return 0 };
    let body = [first, second];
    let Ok(headers) = ring.signer(webhook_sig::Scheme::StandardWebhooks).sign("msg", now, &body) else { return 0 };
    usize::from(ring.scheme(webhook_sig::Scheme::StandardWebhooks).verify(&headers, body, now).is_ok())
}

const HEAP: usize = 1 << 20;

/// A bump allocator: it hands out, and takes nothing back.
struct Bump {
    heap: UnsafeCell<[u8; HEAP]>,
    next: AtomicUsize,
}

// SAFETY: each byte of `heap` is handed out once, as `next` only grows.
unsafe impl Sync for Bump {}

// SAFETY: the ranges given out are aligned, within `heap`, and never overlap.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let base = self.heap.get() as usize;
        let mut start = 0;
        let taken = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
            start = (base + next).next_multiple_of(layout.align()) - base;
            start.checked_add(layout.size()).filter(|end| *end <= HEAP)
        });
        match taken {
            Ok(_) => (base + start) as *mut u8,
            Err(_) => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: Bump = Bump { heap: UnsafeCell::new([0; HEAP]), next: AtomicUsize::new(0) };

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
