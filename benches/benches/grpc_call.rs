//! A unary call through the tower service without a socket, beside tonic's; and framing beside memcpy.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench fails by panicking")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use grpc_wire::frame::{self, Deframer};
use grpc_wire::tower::GrpcService;
use grpc_wire::{Cx, Inbound, Kind, MethodDesc, Outbound, Raw, Routes, Server};
use http::{HeaderMap, Request, Response, Version};
use http_body::Body;
use http_body_util::Full;
use prost::Message;
use tower_service::Service;

#[derive(Clone, PartialEq, Message)]
struct GetUserRequest {
    #[prost(string, tag = "1")]
    user_id: String,
}

#[derive(Clone, PartialEq, Message)]
struct User {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    email: String,
    #[prost(int64, tag = "4")]
    created_at: i64,
}

fn answer(request: GetUserRequest) -> User {
    User {
        id: request.user_id,
        name: "Ada Lovelace".into(),
        email: "ada@example.org".into(),
        created_at: 1_764_000_000_000,
    }
}

struct Users;

impl grpc_wire::Service for Users {
    fn register(self, routes: &mut Routes) {
        let service = Arc::new(self);
        routes
            .unary(
                &MethodDesc::new("/users.Users/Get", Kind::Unary),
                &service,
                |_, _cx: Cx, request| async move { Ok(answer(request)) },
            )
            .bidi(
                &MethodDesc::new("/users.Users/Chat", Kind::Bidi),
                &service,
                |_, _cx: Cx, mut rx: Inbound<User>, tx: Outbound<User>| async move {
                    while let Some(user) = rx.next().await? {
                        tx.send(user).await?;
                    }
                    Ok(())
                },
            );
    }
}

/// What tonic's generator writes for the same service, less its router.
#[derive(Clone)]
struct TonicUsers;

struct TonicGet;

impl tonic::server::UnaryService<GetUserRequest> for TonicGet {
    type Response = User;
    type Future = Ready<Result<tonic::Response<User>, tonic::Status>>;

    fn call(&mut self, request: tonic::Request<GetUserRequest>) -> Self::Future {
        ready(Ok(tonic::Response::new(answer(request.into_inner()))))
    }
}

struct TonicChat;

/// The requests as the responses.
struct Back(tonic::Streaming<User>);

impl tonic::codegen::tokio_stream::Stream for Back {
    type Item = Result<User, tonic::Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

impl tonic::server::StreamingService<User> for TonicChat {
    type Response = User;
    type ResponseStream = Back;
    type Future = Ready<Result<tonic::Response<Back>, tonic::Status>>;

    fn call(&mut self, request: tonic::Request<tonic::Streaming<User>>) -> Self::Future {
        ready(Ok(tonic::Response::new(Back(request.into_inner()))))
    }
}

impl Service<Request<Full<Bytes>>> for TonicUsers {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = tonic::codegen::BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        match request.uri().path() {
            "/users.Users/Get" => Box::pin(async move {
                let codec = tonic_prost::ProstCodec::default();
                Ok(tonic::server::Grpc::new(codec).unary(TonicGet, request).await)
            }),
            _ => Box::pin(async move {
                let codec = tonic_prost::ProstCodec::default();
                Ok(tonic::server::Grpc::new(codec).streaming(TonicChat, request).await)
            }),
        }
    }
}

fn request(path: &'static str, body: &Bytes) -> Request<Full<Bytes>> {
    Request::post(path)
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", "bench")
        .body(Full::new(body.clone()))
        .unwrap()
}

fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("nothing has to be waited for"),
    }
}

/// The body's data and its trailers.
fn collect<B: Body<Data = Bytes>>(body: B) -> (usize, HeaderMap) {
    let mut body = pin!(body);
    let mut size = 0;
    let mut trailers = HeaderMap::new();
    while let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut Context::from_waker(Waker::noop()))
    {
        match frame.into_data() {
            Ok(data) => size += data.len(),
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    (size, trailers)
}

fn framed<M: Message>(messages: &[M]) -> Bytes {
    let mut wire = BytesMut::new();
    for message in messages {
        frame::encode(&Raw(message.encode_to_vec().into()), usize::MAX, &mut wire).unwrap();
    }
    wire.freeze()
}

fn run<S, B>(service: &mut S, request: Request<Full<Bytes>>) -> usize
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    let Ok(response) = now(service.call(request));
    let (size, trailers) = collect(response.into_body());
    assert_eq!(trailers["grpc-status"], "0");
    size
}

fn calls(c: &mut Criterion) {
    let asked = GetUserRequest { user_id: "4711".into() };
    let message = asked.encode_to_vec();
    let body = framed(std::slice::from_ref(&asked));
    let answered = answer(asked).encoded_len() + frame::PREFIX;
    let mut ours: GrpcService = Server::new().add(Users).into_service();

    let mut group = c.benchmark_group("grpc_call/unary");
    group.bench_function("floor", |b| {
        b.iter(|| {
            let request = GetUserRequest::decode(black_box(&message[..])).unwrap();
            black_box(answer(request).encode_to_vec())
        });
    });
    group.bench_function("ours", |b| {
        b.iter_batched(
            || request("/users.Users/Get", &body),
            |request| assert_eq!(run(&mut ours, request), answered),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("tonic", |b| {
        b.iter_batched(
            || request("/users.Users/Get", &body),
            |request| assert_eq!(run(&mut TonicUsers, request), answered),
            BatchSize::SmallInput,
        );
    });
    group.finish();

    let user = answer(GetUserRequest { user_id: "4711".into() });
    let users = vec![user; 1000];
    let body = framed(&users);
    let mut group = c.benchmark_group("grpc_call/bidi_1000");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("floor", |b| {
        let messages: Vec<Vec<u8>> = users.iter().map(Message::encode_to_vec).collect();
        let mut out = BytesMut::with_capacity(body.len());
        b.iter(|| {
            out.clear();
            for message in &messages {
                User::decode(&message[..]).unwrap().encode(&mut out).unwrap();
            }
            black_box(out.len())
        });
    });
    group.bench_function("ours", |b| {
        b.iter_batched(
            || request("/users.Users/Chat", &body),
            |request| assert_eq!(run(&mut ours, request), body.len()),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("tonic", |b| {
        b.iter_batched(
            || request("/users.Users/Chat", &body),
            |request| assert_eq!(run(&mut TonicUsers, request), body.len()),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn framing(c: &mut Criterion) {
    for (name, size, count) in
        [("16 B", 16, 4096), ("1 KiB", 1 << 10, 1024), ("64 KiB", 64 << 10, 16), ("4 MiB", 4 << 20, 1)]
    {
        let mut wire = BytesMut::new();
        for _ in 0..count {
            frame::encode(&Raw(vec![7; size].into()), usize::MAX, &mut wire).unwrap();
        }
        let wire = wire.freeze();
        let mut group = c.benchmark_group(format!("grpc_frame/{name}"));
        group.throughput(Throughput::Bytes(wire.len() as u64));
        group.bench_function("memcpy", |b| {
            let mut out = vec![0; wire.len()];
            b.iter(|| {
                out.copy_from_slice(black_box(&wire));
                black_box(out.len())
            });
        });
        for (pieces, piece) in [("whole", usize::MAX), ("16 KiB pieces", 16 << 10)] {
            group.bench_function(format!("decode, {pieces}"), |b| {
                b.iter(|| {
                    let mut deframer = Deframer::new(usize::MAX, 0);
                    let mut rest = wire.clone();
                    let mut seen = 0;
                    while !rest.is_empty() {
                        deframer.push(rest.split_to(piece.min(rest.len())));
                        while let Some(frame) = deframer.next().unwrap() {
                            seen += black_box(frame).payload.len();
                        }
                    }
                    assert_eq!(seen, size * count);
                });
            });
        }
        group.bench_function("encode", |b| {
            let message = Raw(vec![7; size].into());
            let mut out = BytesMut::with_capacity(wire.len());
            b.iter(|| {
                out.clear();
                for _ in 0..count {
                    frame::encode(&message, usize::MAX, &mut out).unwrap();
                }
                black_box(out.len())
            });
        });
        group.finish();
    }
}

criterion_group!(benches, calls, framing);
criterion_main!(benches);
