//! Where the parser allocates, and where it does not; what an event source holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use sse_codec::{Event, Frame, Item, Limits, Parser};

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    /// Bytes that this thread took and did not give back.
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn hold(more: usize, less: usize) {
    let _ = HELD.try_with(|held| held.set(held.get() + more.cast_signed() - less.cast_signed()));
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to `System` as it came; the counter is of the thread and needs no memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATED.try_with(|count| count.set(count.get() + 1));
        hold(layout.size(), 0);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let _ = ALLOCATED.try_with(|count| count.set(count.get() + 1));
        hold(size, layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        hold(0, layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(block, layout) }
    }
}

fn allocations<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = ALLOCATED.get();
    let result = run();
    (result, ALLOCATED.get() - before)
}

/// Reads all items of a chunk and says how many events there were.
fn events(parser: &mut Parser, mut chunk: &[u8]) -> usize {
    let mut events = 0;
    while let Some(item) = parser.next(&mut chunk) {
        events += usize::from(matches!(item, Item::Event(_)));
    }
    events
}

#[test]
fn an_idle_parser_is_small_and_holds_no_heap() {
    let (mut parser, allocated) = allocations(Parser::new);
    assert!(size_of::<Parser>() <= 256, "{} bytes", size_of::<Parser>());
    assert_eq!(allocated, 0);
    let stream = b"\xEF\xBB\xBFretry: 1\n: keepalive\n\ndata: a\n\nevent: e\ndata: b\r\n\r\n";
    let (events, allocated) = allocations(|| events(&mut parser, stream));
    assert_eq!((events, allocated), (2, 0), "nor one that has read whole blocks without ids");
}

#[test]
fn an_event_in_one_chunk_is_lent_without_an_allocation() {
    let blocks = "data: {\"a\":1}\n\nevent: tick\ndata: {\"b\":2}\n\nid: 12345678\nevent: tick\r\ndata: é\r\n\r\n: keepalive\n\n";
    let stream = blocks.repeat(1000);
    let mut parser = Parser::new();
    assert_eq!(events(&mut parser, stream.as_bytes()), 3000);
    let (events, allocated) = allocations(|| events(&mut parser, stream.as_bytes()));
    assert_eq!((events, allocated), (3000, 0));
}

#[test]
fn an_event_cut_by_chunks_costs_no_allocation_once_the_buffers_are_there() {
    let stream = "id: 1\nevent: tick\ndata: {\"a\":1}\ndata: {\"b\":2}\n\n".repeat(100);
    let mut parser = Parser::new();
    let mut read = || stream.as_bytes().chunks(7).map(|chunk| events(&mut parser, chunk)).sum::<usize>();
    assert_eq!(read(), 100);
    assert_eq!(allocations(read), (100, 0));
}

#[test]
fn an_owned_event_is_one_allocation() {
    let mut parser = Parser::new();
    let mut chunk = &b"id: 1\nevent: tick\ndata: a\n\ndata: b\n\n"[..];
    let Some(Item::Event(event)) = parser.next(&mut chunk) else { panic!("an event") };
    let (_, allocated): (Event, _) = allocations(|| event.to_owned());
    assert_eq!(allocated, 1);
    let (event, allocated) = allocations(|| parser.next_event(&mut chunk));
    assert_eq!((event.unwrap().unwrap().data(), allocated), ("b", 1));
}

/// A large event that came in pieces is not copied again: the buffer goes with it, and a new one of up to 64 KiB is made.
#[test]
fn a_large_event_takes_its_buffer_along() {
    let block = format!("data: {}\n\n", "x".repeat(40 << 10));
    let mut parser = Parser::new();
    let mut read = || {
        let mut found = None;
        for mut chunk in block.as_bytes().chunks(1000) {
            while let Some(event) = parser.next_event(&mut chunk).unwrap() {
                found = Some(event);
            }
        }
        found.unwrap()
    };
    assert_eq!(read().data().len(), 40 << 10);
    let (event, allocated) = allocations(read);
    assert_eq!((event.data().len(), allocated), (40 << 10, 1));
}

/// An event that has outgrown 64 KiB gets the room that the last one needed in one step; the buffer that it takes along is as before.
#[test]
fn a_stream_of_very_large_events_does_not_grow_each_buffer_by_doubling() {
    let block = format!("data: {}\n\n", "x".repeat(4 << 20));
    let mut limits = Limits::default();
    (limits.max_line, limits.max_data) = (8 << 20, 8 << 20);
    let mut parser = Parser::with_limits(limits);
    let mut read = || {
        let mut found = None;
        for mut chunk in block.as_bytes().chunks(1460) {
            while let Some(event) = parser.next_event(&mut chunk).unwrap() {
                found = Some(event);
            }
        }
        found.unwrap().data().len()
    };
    let (length, first) = allocations(&mut read);
    assert_eq!(length, 4 << 20);
    let (length, second) = allocations(&mut read);
    assert_eq!(length, 4 << 20);
    assert!(second <= 3 && second < first, "{second} after {first}");
}

/// Stack and heap, of one that has a stream open and has read an event with an id and a type.
#[cfg(feature = "client")]
#[test]
#[allow(clippy::disallowed_methods, reason = "an `Instant` has to come from somewhere")]
fn an_open_client_holds_no_more_than_a_kibibyte() {
    use sse_codec::client::{Action, Client, ClientConfig, Verdict};
    let now = std::time::Instant::now();
    let mut head = http::HeaderMap::new();
    head.insert("content-type", http::HeaderValue::from_static("text/event-stream"));
    let before = HELD.get();
    let mut client = Client::new(ClientConfig::new("http://127.0.0.1:8080/quiet").unwrap(), 0);
    assert!(matches!(client.poll(now), Action::Connect(_)));
    assert_eq!(client.on_response(now, http::StatusCode::OK, &head), Verdict::Open);
    let mut rest = &b"id: 4711\nevent: tick\ndata: {}\n\n"[..];
    assert!(matches!(client.on_bytes(now, &mut rest), Some(Item::Event(_))));
    let heap = HELD.get() - before;
    assert!(heap > 0, "the url and the id at least");
    let held = size_of::<Client>() + heap.cast_unsigned();
    assert!(held <= 1024, "{held} bytes, {heap} of them on the heap");
}

#[test]
fn a_frame_is_encoded_with_one_allocation_and_shared_without() {
    let data = "x".repeat(240);
    let frame = Frame::data(data.as_str()).event("tick").unwrap().id("1").unwrap();
    let (bytes, allocated) = allocations(|| frame.encode());
    assert!(allocated <= 2, "the bytes, and what counts who shares them: {allocated}");
    let first = bytes.clone();
    let (shared, allocated) = allocations(|| bytes.clone());
    assert_eq!(allocated, 0);
    assert_eq!(shared.as_ptr(), first.as_ptr());
}
