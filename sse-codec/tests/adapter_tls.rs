//! `https` by rustls, over HTTP/1.1 and HTTP/2, with a certificate of our own.

#![cfg(feature = "rustls")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test has sockets and tasks")]

#[path = "rig/body.rs"]
mod body;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use body::Stays;
use http::{Request, Response, Version};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rustls::{
    RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use sse_codec::{
    client::{ClientConfig, Disconnect, Ended},
    tokio::{Connector, EventSource, Io, Signal},
};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_rustls::TlsAcceptor;

/// However busy the machine is.
const TOO_LONG: Duration = Duration::from_secs(60);

/// Serves one event that names the version of the request, and then nothing.
async fn serve(protocols: &[&str]) -> (SocketAddr, JoinSet<()>) {
    let certificates = vec![CertificateDer::from_pem_slice(include_bytes!("tls/leaf.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/leaf.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = config.with_single_cert(certificates, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut accepting = JoinSet::new();
    accepting.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            connections.spawn(async move {
                // A client that trusts nobody hangs up here.
                let Ok(stream) = acceptor.accept(socket).await else { return };
                let service = service_fn(async |request: Request<Incoming>| {
                    let body = Stays::new(format!("data: {:?}\n\n", request.version()), &Arc::default());
                    Ok::<_, Infallible>(
                        Response::builder().header("content-type", "text/event-stream").body(body).unwrap(),
                    )
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                drop(builder.serve_connection(TokioIo::new(stream), service).await);
            });
        }
    });
    (address, accepting)
}

fn connector() -> Connector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(include_bytes!("tls/ca.pem")).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    // Every name is this machine here, whatever a resolver says.
    let dial = Connector::new(|uri| async move {
        let port = uri.port_u16().unwrap();
        Ok(Box::new(tokio::net::TcpStream::connect(("127.0.0.1", port)).await?) as Box<dyn Io>)
    });
    dial.rustls(config.with_root_certificates(roots).with_no_client_auth())
}

async fn signal(source: &mut EventSource) -> Option<Result<Signal, Ended>> {
    timeout(TOO_LONG, source.next()).await.expect("a signal in time")
}

#[tokio::test]
async fn https_is_read_over_both_versions() {
    let (address, _server) = serve(&["h2", "http/1.1"]).await;
    let url = format!("https://hooks.localhost:{}/", address.port());
    for (connector, version) in [(connector(), Version::HTTP_11), (connector().http2(), Version::HTTP_2)] {
        let mut source = EventSource::open_with(ClientConfig::new(&url).unwrap(), connector);
        assert!(matches!(signal(&mut source).await, Some(Ok(Signal::Open { .. }))));
        let Some(Ok(Signal::Event(event))) = signal(&mut source).await else { panic!("no event") };
        assert_eq!(event.data(), format!("{version:?}"));
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_known_is_not_accepted() {
    let (address, _server) = serve(&["http/1.1"]).await;
    let url = format!("https://localhost:{}/", address.port());
    let mut source = EventSource::open_with(ClientConfig::new(&url).unwrap(), Connector::tls().unwrap());
    assert!(matches!(signal(&mut source).await, Some(Ok(Signal::Waiting { why: Disconnect::Error, .. }))));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_accepted() {
    let (address, _server) = serve(&["http/1.1"]).await;
    let url = format!("https://localhost:{}/", address.port());
    let mut source = EventSource::open_with(ClientConfig::new(&url).unwrap(), connector());
    assert!(matches!(signal(&mut source).await, Some(Ok(Signal::Waiting { why: Disconnect::Error, .. }))));
}

#[tokio::test]
async fn http2_is_not_spoken_to_a_server_that_did_not_choose_it() {
    let (address, _server) = serve(&[]).await;
    let url = format!("https://hooks.localhost:{}/", address.port());
    let mut source = EventSource::open_with(ClientConfig::new(&url).unwrap(), connector().http2());
    assert!(matches!(signal(&mut source).await, Some(Ok(Signal::Waiting { why: Disconnect::Error, .. }))));
}
