//! `wss` for clients: whom they trust, and which version of HTTP they come to speak.
#![cfg(all(feature = "tower", feature = "h2", feature = "rustls"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests of the adapter run tasks and wait")]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use common::http::{Server, echo, serve_over};
use common::tls::Authority;
use http::request::Parts;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use ws_frame::tokio::{Connector, HandshakeError, Http2, Transport, WebSocket, request};
use ws_frame::tower::{Upgraded, upgrade};
use ws_frame::{CloseCode, Config, Message};

async fn echo_endpoint(ws: WebSocket<Upgraded>, _: Parts) {
    echo(ws).await;
}

/// An endpoint behind TLS; extended CONNECT is allowed or not.
async fn serve_tls(config: Arc<ServerConfig>, extended_connect: bool) -> Server {
    let acceptor = TlsAcceptor::from(config);
    serve_over(
        upgrade(echo_endpoint),
        move |builder| {
            if extended_connect {
                builder.http2().enable_connect_protocol();
            }
        },
        move |socket| {
            let acceptor = acceptor.clone();
            async move { acceptor.accept(socket).await }
        },
    )
    .await
}

async fn open(connector: &Connector, server: &Server) -> Result<WebSocket<Transport>, HandshakeError> {
    let handshake = request(&format!("wss://localhost:{}/", server.address.port())).unwrap();
    let (mut ws, _) = connector.connect(&handshake, Config::default()).await?;
    let big = Message::from(vec![9; 300_000]);
    ws.send(big.clone()).await.unwrap();
    assert_eq!(ws.recv().await.unwrap().unwrap(), big);
    Ok(ws)
}

#[tokio::test]
async fn the_version_is_what_alpn_and_the_settings_say() {
    let authority = Authority::new();
    let http2 = Connector::new().tls(authority.client()).http2(Http2::Negotiated);
    let http1 = Connector::new().tls(authority.client());
    for (alpn, extended_connect, h2, connections) in [
        (&["h2", "http/1.1"][..], true, true, 1),
        // The setting is missing: the first connection only showed that.
        (&["h2", "http/1.1"], false, false, 3),
        (&["http/1.1"], true, false, 2),
        (&[], true, false, 2),
    ] {
        let server = serve_tls(authority.server("localhost", false, alpn), extended_connect).await;
        for _ in 0..2 {
            let ws = open(&http2, &server).await.unwrap();
            assert_eq!(matches!(ws.io(), Transport::H2(_)), h2, "{alpn:?}");
            // Two at a time share what can be shared.
            drop(tokio::spawn(async move {
                let mut ws = ws;
                while ws.recv().await.is_some() {}
            }));
        }
        assert_eq!(server.connections.load(Ordering::SeqCst), connections, "{alpn:?}");
        let mut ws = open(&http1, &server).await.unwrap();
        assert!(matches!(ws.io(), Transport::Tls(_)));
        assert!(ws.close(CloseCode::NORMAL, "").await.unwrap().clean);
    }
}

async fn refused(connector: &Connector, server: &Server, why: &str) {
    for http2 in [Http2::Off, Http2::Negotiated] {
        match open(&connector.clone().http2(http2), server).await {
            Err(HandshakeError::Tls(error)) => assert!(error.to_string().contains(why), "{error}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_host_an_expired_certificate_and_an_unknown_authority_are_refused() {
    let authority = Authority::new();
    let connector = Connector::new().tls(authority.client());
    let alpn = &["h2", "http/1.1"];
    refused(
        &connector,
        &serve_tls(authority.server("elsewhere.example", false, alpn), true).await,
        "not valid for name",
    )
    .await;
    refused(&connector, &serve_tls(authority.server("localhost", true, alpn), true).await, "expired").await;
    let other = Authority::new();
    refused(&connector, &serve_tls(other.server("localhost", false, alpn), true).await, "BadSignature").await;
    // Nobody knows our authority but us.
    refused(
        &Connector::new(),
        &serve_tls(authority.server("localhost", false, alpn), true).await,
        "UnknownIssuer",
    )
    .await;
}

#[tokio::test]
async fn an_address_is_checked_against_the_certificate_too() {
    let authority = Authority::new();
    let connector = Connector::new().tls(authority.client());
    let at = async |server: &Server| {
        let handshake = request(&format!("wss://{}/", server.address)).unwrap();
        connector.connect(&handshake, Config::default()).await.map(|_| ())
    };
    assert!(at(&serve_tls(authority.server("127.0.0.1", false, &[]), true).await).await.is_ok());
    let error = at(&serve_tls(authority.server("localhost", false, &[]), true).await).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Tls(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_hangs_up_during_tls_is_unreachable_and_not_untrusted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    let server = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    let error = Connector::new().connect(&request(&uri).unwrap(), Config::default()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Io(_)), "{error:?}");
    server.await.unwrap();
}
