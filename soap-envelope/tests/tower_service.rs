//! The service over any request body, driven by the crate's own client: both ends meet.
#![cfg(feature = "tower")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use common::{Token, User};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use soap_envelope::client::{Client, Event};
use soap_envelope::codec::Decode;
use soap_envelope::envelope::{Fault, FaultCode, MessageWriter, Targeting};
use soap_envelope::server::{self, Dispatcher, Reply};
use soap_envelope::tower::SoapService;
use soap_envelope::{Exchange, Input, Limits, Transmit, Version};
use tower_service::Service;

/// A body in the given pieces, which may break off.
struct Pieces(VecDeque<Result<Bytes, &'static str>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.0.pop_front().map(|piece| piece.map(Frame::data)))
    }
}

async fn echo(cx: server::Context<()>, user: User) -> Result<Reply, Fault> {
    let token = cx.header::<Token>()?.ok_or_else(|| Fault::sender("no token"))?;
    Ok(Reply::new(user).header(token, Targeting::new()))
}

fn service() -> SoapService<()> {
    let mut limits = Limits::default();
    limits.max_envelope = 4096;
    let dispatcher = Dispatcher::builder(()).limits(limits).understands(Token::NAME).operation(
        "Echo",
        Some("urn:echo"),
        echo,
    );
    SoapService::new(dispatcher.build())
}

async fn ask<B>(request: Request<B>) -> (StatusCode, http::HeaderMap, Bytes)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    let response: Result<Response<Full<Bytes>>, Infallible> = service().call(request).await;
    let (parts, body) = response.unwrap().into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes())
}

/// One call from end to end, its body in pieces of so many bytes.
async fn call(version: Version, action: Option<&str>, message: Bytes, piece: usize) -> Event {
    let mut exchange = Exchange::<Client>::new(version, Limits::DEFAULT).understands(Token::NAME);
    exchange.request(action, message).unwrap();
    let Some(Transmit::Head(head)) = exchange.poll_transmit() else { panic!("the head comes first") };
    let Some(Transmit::Data(data)) = exchange.poll_transmit() else { panic!("then the message") };
    let pieces = data.chunks(piece).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    let mut request = Request::post("/soap").body(Pieces(pieces)).unwrap();
    *request.headers_mut() = head.headers;
    let (status, headers, body) = ask(request).await;
    exchange.head(status, &headers).unwrap();
    for chunk in body.chunks(piece) {
        exchange.receive(Input::Chunk(Bytes::copy_from_slice(chunk))).unwrap();
    }
    exchange.receive(Input::End).unwrap();
    exchange.poll_event().unwrap()
}

fn message(version: Version, user: &User) -> Bytes {
    let token = Token("t".into());
    MessageWriter::new(version).header(&token, &Targeting::mandatory()).unwrap().body(user).unwrap()
}

#[tokio::test]
async fn both_ends_meet_in_both_versions_at_any_cut() {
    let user = User { id: -3, name: "Zoë 𝄞 & <x>".into(), tags: vec!["]]>".into()] };
    for version in Version::ALL {
        for piece in [1, 2, 7, 64, 10_000] {
            match call(version, Some("urn:echo"), message(version, &user), piece).await {
                Event::Reply(reply) => {
                    assert_eq!(reply.decode::<User>().unwrap(), user);
                    assert_eq!(reply.headers().next().unwrap().decode::<Token>().unwrap(), Token("t".into()));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_fault_of_a_handler_comes_back() {
    for version in Version::ALL {
        let bytes = MessageWriter::new(version).body(&User::default()).unwrap();
        match call(version, None, bytes, 100).await {
            Event::Fault(fault) => {
                assert_eq!((fault.code(), fault.reason()), (&FaultCode::Sender, "no token"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_never_ends_is_refused() {
    let request = |pieces: Vec<Result<Bytes, &'static str>>| {
        let builder = Request::post("/").header("content-type", "text/xml");
        builder.body(Pieces(pieces.into())).unwrap()
    };
    let (status, _, body) = ask(request(vec![Ok("<a".into()), Err("reset")])).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(String::from_utf8_lossy(&body).contains("the message ended before its end"));
    let endless = vec![Ok(Bytes::from(" ".repeat(1000))); 100];
    let (status, _, body) = ask(request(endless)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(String::from_utf8_lossy(&body).contains("longer than 4096 bytes"));
    // An announced length is believed when it is too much.
    let announced = Request::post("/").header("content-type", "text/xml").header("content-length", "4097");
    assert_eq!(ask(announced.body(Pieces(VecDeque::new())).unwrap()).await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn without_a_description_only_post_is_allowed() {
    let (status, headers, _) = ask(Request::get("/?wsdl").body(Full::<Bytes>::default()).unwrap()).await;
    assert_eq!((status, headers["allow"].as_bytes()), (StatusCode::METHOD_NOT_ALLOWED, b"POST".as_slice()));
}
