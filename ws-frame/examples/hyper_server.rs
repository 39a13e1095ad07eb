//! Sends every message back, behind hyper, over HTTP/1.1 and HTTP/2 alike:
//! `cargo run -p ws-frame --features tower --example hyper_server -- 127.0.0.1:9002`.
//!
//! It speaks the subprotocol `echo`, takes pages from anywhere, asks who comes to `/private` for a token, and says at `/version`
//! which version of HTTP it was opened by. After the address, the names
//! of two PEM files, of a certificate and its key, make it speak TLS.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program, not a core"
)]

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;
use ws_frame::handshake::Origins;
use ws_frame::tokio::WebSocket;
use ws_frame::tower::{Upgraded, upgrade};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:9002".to_owned());
    let tls = match (arguments.next(), arguments.next()) {
        (Some(certificate), Some(key)) => Some(tls(&certificate, &key)?),
        _ => None,
    };
    let listener = TcpListener::bind(&address).await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let endpoint = upgrade(echo).origins(Origins::any()).subprotocols(["echo"])?.authorize(authorize);
    loop {
        let (socket, peer) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (service, tls) = (TowerToHyperService::new(endpoint.clone()), tls.clone());
        tokio::spawn(async move {
            let served = match tls {
                None => serve(socket, service).await,
                Some(tls) => match tls.accept(socket).await {
                    Ok(socket) => serve(socket, service).await,
                    Err(error) => Err(error.into()),
                },
            };
            if let Err(error) = served {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

async fn serve<IO, S>(
    io: IO,
    service: TowerToHyperService<S>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>>
where
    IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    let mut server = Builder::new(TokioExecutor::new());
    server.http2().enable_connect_protocol();
    server.serve_connection_with_upgrades(TokioIo::new(io), service).await
}

fn tls(certificate: &str, key: &str) -> Result<TlsAcceptor, Box<dyn std::error::Error>> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<_, _>>()?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn echo(mut ws: WebSocket<Upgraded>, head: Parts) {
    if head.uri.path() == "/version" && ws.send(format!("{:?}", head.version)).await.is_err() {
        return;
    }
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
