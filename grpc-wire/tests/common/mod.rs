//! A service with a method of each kind, whose messages are plain bytes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    dead_code,
    reason = "a test fails by panicking; not every file uses all of it"
)]

use std::sync::Arc;
use std::time::Duration;

use grpc_wire::{Cx, Inbound, Kind, MethodDesc, Outbound, Raw, Routes, Service, Status};

pub(crate) static ECHO: MethodDesc = MethodDesc::new("/test.Echo/Echo", Kind::Unary);
pub(crate) static SPLIT: MethodDesc = MethodDesc::new("/test.Echo/Split", Kind::ServerStreaming);
pub(crate) static JOIN: MethodDesc = MethodDesc::new("/test.Echo/Join", Kind::ClientStreaming);
pub(crate) static CHAT: MethodDesc = MethodDesc::new("/test.Echo/Chat", Kind::Bidi);
/// Answers with what the request names: a code's number, then a colon and a message.
pub(crate) static FAIL: MethodDesc = MethodDesc::new("/test.Echo/Fail", Kind::Unary);
/// Sends one message, then none for ever.
pub(crate) static HANG: MethodDesc = MethodDesc::new("/test.Echo/Hang", Kind::ServerStreaming);
pub(crate) static PANIC: MethodDesc = MethodDesc::new("/test.Echo/Panic", Kind::Unary);
/// Answers with the metadata `x-in` of the request in its message, and with `x-head` and `x-trailer-bin`.
pub(crate) static META: MethodDesc = MethodDesc::new("/test.Echo/Meta", Kind::Unary);
/// Its head goes out at once, its first message only when the client says something.
pub(crate) static WATCH: MethodDesc = MethodDesc::new("/test.Echo/Watch", Kind::Bidi);
/// Not there.
pub(crate) static NOWHERE: MethodDesc = MethodDesc::new("/test.Echo/Nowhere", Kind::Unary);

/// The service; what it holds is dropped with a handler that hangs.
#[derive(Clone, Default)]
pub(crate) struct Echo {
    pub(crate) hanging: Arc<()>,
}

impl Service for Echo {
    fn register(self, routes: &mut Routes) {
        let service = Arc::new(self);
        routes
            .unary(&ECHO, &service, |_, _cx: Cx, request: Raw| async move { Ok(request) })
            .server_streaming(&SPLIT, &service, |_, _cx: Cx, request: Raw, tx: Outbound<Raw>| async move {
                for index in 0..request.0.len() {
                    tx.send(Raw(request.0.slice(index..=index))).await?;
                }
                Ok(())
            })
            .client_streaming(&JOIN, &service, |_, _cx: Cx, mut rx: Inbound<Raw>| async move {
                let mut all = Vec::new();
                while let Some(message) = rx.next().await? {
                    all.extend_from_slice(&message.0);
                }
                Ok(Raw(all.into()))
            })
            .bidi(&CHAT, &service, |_, _cx: Cx, mut rx: Inbound<Raw>, tx: Outbound<Raw>| async move {
                while let Some(message) = rx.next().await? {
                    tx.send(message).await?;
                }
                Ok(())
            })
            .unary(&FAIL, &service, |_, _cx: Cx, request: Raw| async move {
                let text = String::from_utf8(request.0.to_vec()).unwrap();
                let (code, message) = text.split_once(':').unwrap();
                let code = grpc_wire::Code::from_number(code.parse().unwrap()).unwrap();
                Err::<Raw, _>(Status::new(code, message.to_owned()))
            })
            .server_streaming(
                &HANG,
                &service,
                |service, _cx: Cx, request: Raw, tx: Outbound<Raw>| async move {
                    let _held = Arc::clone(&service.hanging);
                    tx.send(request).await?;
                    std::future::pending().await
                },
            )
            .unary(&PANIC, &service, |_, _cx: Cx, request: Raw| async move {
                if !request.0.is_empty() {
                    panic!("an internal secret");
                }
                Ok(request)
            })
            .unary(&META, &service, |_, cx: Cx, _request: Raw| async move {
                cx.with_head(|head| head.insert("x-head", "h").unwrap());
                cx.with_trailers(|trailers| trailers.insert_bin("x-trailer-bin", &[0, 255]).unwrap());
                let seen = cx.metadata().get("x-in").unwrap_or("none").to_owned();
                Ok(Raw(seen.into()))
            })
            .bidi(&WATCH, &service, |_, cx: Cx, mut rx: Inbound<Raw>, tx: Outbound<Raw>| async move {
                cx.send_head();
                let Some(message) = rx.next().await? else { return Ok(()) };
                tx.send(message).await
            });
    }
}

pub(crate) fn raw(bytes: &'static [u8]) -> Raw {
    Raw(bytes.into())
}

pub(crate) const SOON: Duration = Duration::from_secs(20);
