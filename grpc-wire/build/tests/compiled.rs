//! Generated code is compiled here and called: names that collide with Rust's and with each other, packages in packages,
//! all kinds of methods. The files in `odd/` are what `odd.proto` gives; a test in `proto_files.rs` proves that they are fresh.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests spawn")]

use grpc_wire::hyper::Channel;
use grpc_wire::{Code, Cx, Inbound, Outbound, Server, Status};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;

use odd::self_::v1;
use v1::{MatchClient_, MatchServer_};

include!("odd/all.rs");

struct Odd;

impl v1::Match for Odd {
    async fn r#type(&self, _: &Cx, request: v1::Result) -> Result<v1::Result, Status> {
        Ok(request)
    }

    async fn clone(&self, _: &Cx, request: v1::Option) -> Result<v1::Self_, Status> {
        Ok(v1::Self_ { ok: request.option.len() == 2, kind: v1::self_::Kind::Self_.into() })
    }

    async fn new_(&self, _: &Cx, (): (), tx: Outbound<v1::T>) -> Result<(), Status> {
        for n in 0..3 {
            tx.send(v1::T { n }).await?;
        }
        Ok(())
    }

    async fn self_(&self, _: &Cx, mut rx: Inbound<v1::C>) -> Result<odd::other::Inner, Status> {
        let mut sum = 0;
        while let Some(message) = rx.next().await? {
            sum += message.n;
        }
        Ok(odd::other::Inner { sum: Some(sum) })
    }

    async fn self__(
        &self,
        _: &Cx,
        mut rx: Inbound<v1::Send>,
        tx: Outbound<v1::Future>,
    ) -> Result<(), Status> {
        while let Some(message) = rx.next().await? {
            tx.send(v1::Future { data: message.data }).await?;
        }
        Ok(())
    }

    async fn get_url2(&self, _: &Cx, _: v1::Result) -> Result<v1::Result, Status> {
        Err(Status::failed_precondition("not any more"))
    }
}

impl odd::Outer for Odd {
    async fn up(&self, cx: &Cx, request: odd::other::Inner) -> Result<odd::Other, Status> {
        Ok(odd::Other { name: format!("{} {}", cx.method(), request.sum()) })
    }
}

impl v1::Empty for Odd {}

/// A server and a client of it, joined by a pipe in memory.
async fn joined() -> Channel {
    let server = Server::new()
        .add(MatchServer_::new(Odd))
        .add(odd::OuterServer::new(Odd))
        .add(v1::EmptyServer::new(Odd));
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let service = TowerToHyperService::new(server.into_service());
    tokio::spawn(
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(theirs), service),
    );
    Channel::over(ours, http::uri::Scheme::HTTP, http::uri::Authority::from_static("odd")).await.unwrap()
}

#[tokio::test]
async fn every_kind_of_method_is_called() {
    let odd = MatchClient_::new(joined().await);
    let result = v1::Result {
        r#type: "t".into(),
        self_: "s".into(),
        r#match: Some(v1::result::Match::Status(v1::Status { code: 3 })),
    };
    assert_eq!(odd.r#type(result.clone()).await.unwrap(), result);
    let options = v1::Option { option: vec![v1::Option::default(), v1::Option::default()] };
    let answer = odd.clone(options).await.unwrap();
    assert_eq!((answer.ok, answer.kind()), (true, v1::self_::Kind::Self_));
    let mut found = odd.new_(()).await.unwrap();
    let mut all = Vec::new();
    while let Some(message) = found.next().await.unwrap() {
        all.push(message.n);
    }
    assert_eq!(all, [0, 1, 2]);
    let (tx, sum) = odd.self_().start().unwrap();
    for n in 1..=4 {
        tx.send(v1::C { n }).await.unwrap();
    }
    tx.finish();
    assert_eq!(sum.await.unwrap().sum(), 10);
    let (tx, mut rx) = odd.self__().start().unwrap();
    for data in [&b"one"[..], b"", b"three"] {
        tx.send(v1::Send { data: data.into() }).await.unwrap();
        assert_eq!(rx.next().await.unwrap().unwrap().data, data);
    }
    tx.finish();
    assert_eq!(rx.next().await.unwrap(), None);
    #[expect(deprecated, reason = "it is called all the same")]
    let status = odd.get_url2(result).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::FailedPrecondition, "not any more"));
}

#[tokio::test]
async fn services_of_several_packages_are_served_together() {
    let channel = joined().await;
    let outer = odd::OuterClient::new(channel.clone());
    assert_eq!(outer.up(odd::other::Inner { sum: Some(5) }).await.unwrap().name, "/odd.Outer/Up 5");
    assert_eq!(MatchServer_::<Odd>::NAME, "odd.self.v1.Match");
    assert_eq!(format!("{:?}", MatchServer_::new(Odd)), "MatchServer_");
    let _ = v1::EmptyClient::new(channel);
}
