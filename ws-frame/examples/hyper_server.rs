//! Sends every message back, behind hyper, over HTTP/1.1 and HTTP/2 alike:
//! `cargo run -p ws-frame --features tower --example hyper_server -- 127.0.0.1:9002`.
//!
//! It speaks the subprotocol `echo`, takes pages from anywhere, and asks who comes to `/private` for a token.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program, not a core"
)]

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use ws_frame::handshake::Origins;
use ws_frame::tokio::WebSocket;
use ws_frame::tower::{Upgraded, upgrade};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9002".to_owned());
    let listener = TcpListener::bind(&address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let endpoint = upgrade(echo).origins(Origins::any()).subprotocols(["echo"])?.authorize(authorize);
    loop {
        let (socket, peer) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let service = TowerToHyperService::new(endpoint.clone());
        tokio::spawn(async move {
            let mut server = Builder::new(TokioExecutor::new());
            server.http2().enable_connect_protocol();
            if let Err(error) = server.serve_connection_with_upgrades(TokioIo::new(socket), service).await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn echo(mut ws: WebSocket<Upgraded>, _head: Parts) {
    while let Some(Ok(message)) = ws.recv().await {
        if ws.send(message).await.is_err() {
            break;
        }
    }
}

async fn authorize(head: Parts) -> Result<Parts, Response<Bytes>> {
    if head.uri.path() != "/private"
        || head.headers.get("authorization").is_some_and(|token| token == "Bearer abc123")
    {
        return Ok(head);
    }
    let mut refusal = Response::new(Bytes::from_static(b"say who you are\n"));
    *refusal.status_mut() = StatusCode::UNAUTHORIZED;
    refusal.headers_mut().insert("www-authenticate", HeaderValue::from_static("Bearer"));
    Err(refusal)
}
