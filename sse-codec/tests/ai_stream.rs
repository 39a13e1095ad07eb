//! A model's answer as a `Stream`, over any body.
#![cfg(all(feature = "ai", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use sse_codec::ai::{
    AiError, AiLimits, Delta, Stream, StreamError, anthropic, openai_chat, openai_responses,
};

/// A body of these frames, which counts how many were read.
struct Script {
    frames: VecDeque<Step>,
    read: usize,
}

enum Step {
    Data(Bytes),
    Trailers,
    Wait,
    Fail,
}

impl http_body::Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.read += 1;
        Poll::Ready(match self.frames.pop_front() {
            None => None,
            Some(Step::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Step::Trailers) => Some(Ok(Frame::trailers(http::HeaderMap::new()))),
            Some(Step::Fail) => Some(Err(io::Error::from(io::ErrorKind::ConnectionReset))),
            Some(Step::Wait) => {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
        })
    }
}

fn body(steps: impl IntoIterator<Item = Step>) -> Script {
    Script { frames: steps.into_iter().collect(), read: 0 }
}

fn data(stream: &[u8], size: usize) -> Vec<Step> {
    stream.chunks(size).map(|chunk| Step::Data(Bytes::copy_from_slice(chunk))).collect()
}

/// Polls until it is ready; there is nothing to wait for but the script.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

fn chat() -> BytesMut {
    let mut out = BytesMut::new();
    let mut writer = openai_chat::Writer::new("c", "m", 1);
    writer.text("Hel", &mut out);
    writer.text("lo", &mut out);
    writer.finish("stop", None, &mut out);
    out
}

#[test]
fn events_come_as_the_body_does() {
    let stream = chat();
    for size in [1, 7, 1000] {
        let mut steps = vec![Step::Wait];
        for step in data(&stream, size) {
            steps.extend([step, Step::Wait, Step::Data(Bytes::new())]);
        }
        steps.push(Step::Trailers);
        let mut stream = openai_chat::stream(body(steps));
        let mut text = String::new();
        while let Some(event) = run(stream.next()) {
            for delta in event.unwrap().deltas() {
                if let Delta::Text(more) = delta {
                    text.push_str(more);
                }
            }
        }
        assert_eq!(text, "Hello");
        assert!(run(stream.next()).is_none(), "it stays at its end");
        let held = stream.message().unwrap().clone();
        assert_eq!(stream.finish().unwrap(), held);
    }
}

#[test]
fn it_is_a_stream_that_reads_no_more_than_it_must() {
    let mut stream = openai_chat::stream(body(data(&chat(), 64)));
    let mut context = Context::from_waker(Waker::noop());
    let first = futures_core::Stream::poll_next(Pin::new(&mut stream), &mut context);
    assert!(matches!(first, Poll::Ready(Some(Ok(openai_chat::Event::Chunk(_))))));
    assert!(format!("{stream:?}").starts_with("Stream"));
    // After the last event the body is left alone, so that its connection can be used again or closed.
    let mut stream = openai_chat::stream(body(data(&chat(), 1 << 20).into_iter().chain([Step::Fail])));
    while let Some(event) = run(stream.next()) {
        event.unwrap();
    }
    assert!(stream.finish().is_ok());
}

#[test]
fn a_body_that_ends_early_is_truncated() {
    let stream = chat();
    let cut = stream.len() - "data: [DONE]\n\n".len();
    let mut stream = openai_chat::stream(body(data(&stream[..cut], 50)));
    let mut events = 0;
    let error = loop {
        match run(stream.next()) {
            Some(Ok(_)) => events += 1,
            Some(Err(error)) => break error,
            None => panic!("no end without an error"),
        }
    };
    assert_eq!(events, 3);
    assert!(matches!(error, StreamError::Message(AiError::Truncated)), "{error}");
    assert!(run(stream.next()).is_none());
    assert!(matches!(stream.finish(), Err(AiError::Truncated)));
}

#[test]
fn a_body_that_fails_says_why() {
    let steps = data(b": hello\n\n", 100).into_iter().chain([Step::Fail, Step::Fail]);
    let mut stream = anthropic::stream(body(steps));
    let error = run(stream.next()).unwrap().unwrap_err();
    assert!(matches!(&error, StreamError::Body(error) if error.kind() == io::ErrorKind::ConnectionReset));
    assert!(error.to_string().starts_with("the body failed: "), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    assert!(run(stream.next()).is_none());
    assert!(matches!(stream.finish(), Err(AiError::Truncated)));
}

#[test]
fn an_error_of_the_service_ends_it() {
    let mut out = BytesMut::new();
    let mut writer = openai_responses::Writer::new("r", "m", 1);
    writer.text("x", &mut out);
    writer.error(&sse_codec::ai::ApiError::new("server_error", "no"), &mut out);
    let mut stream = openai_responses::stream(body(data(&out, 33)));
    let error = loop {
        if let Err(error) = run(stream.next()).expect("an error comes") {
            break error;
        }
    };
    assert!(matches!(&error, StreamError::Message(AiError::Api(error)) if error.message == "no"));
    assert!(run(stream.next()).is_none());
    assert_eq!(stream.message().unwrap().text(), "x");
    assert!(matches!(stream.finish(), Err(AiError::Failed)));
}

#[test]
fn limits_hold() {
    let mut limits = AiLimits::default();
    limits.max_message = 3;
    let mut stream = Stream::<openai_chat::Chat, _>::with_limits(
        body(data(&chat(), 9)),
        sse_codec::Limits::default(),
        limits,
    );
    let error = loop {
        if let Err(error) = run(stream.next()).expect("an error comes") {
            break error;
        }
    };
    assert!(matches!(error, StreamError::Message(AiError::TooLarge { limit: "max_message", .. })), "{error}");
}
