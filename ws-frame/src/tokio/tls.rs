//! TLS for clients, by rustls.

use core::fmt;
use std::borrow::ToOwned as _;
use std::sync::Arc;
use std::vec;
use std::vec::Vec;

use ::tokio::net::TcpStream;
use ::tokio::time::{Instant, timeout_at};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::opening::HandshakeError;
use crate::handshake::WebSocketUri;

/// ALPN's name of HTTP/2 (RFC 9113 §3.2) and of HTTP/1.1 (RFC 7301 §6).
pub(super) const H2: &[u8] = b"h2";
const HTTP_11: &[u8] = b"http/1.1";

/// One configuration with either offer of ALPN.
#[derive(Clone)]
pub(super) struct Tls {
    http1: Arc<ClientConfig>,
    both: Arc<ClientConfig>,
}

impl Tls {
    pub(super) fn new(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![HTTP_11.to_owned()];
        let http1 = Arc::new(config.clone());
        config.alpn_protocols = vec![H2.to_owned(), HTTP_11.to_owned()];
        Self { http1, both: Arc::new(config) }
    }

    /// The roots of Mozilla's programme, and ring.
    pub(super) fn public_roots() -> Option<Self> {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
        Some(Self::new(builder.with_root_certificates(roots).with_no_client_auth()))
    }

    pub(super) async fn connect(
        &self,
        uri: &WebSocketUri,
        tcp: TcpStream,
        offer_h2: bool,
        deadline: Instant,
    ) -> Result<TlsStream<TcpStream>, HandshakeError> {
        let host = uri.host().trim_start_matches('[').trim_end_matches(']');
        // A host of a URI is a name or an address; what is neither has no certificate.
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| HandshakeError::Tls(std::io::Error::other(error)))?;
        let config = if offer_h2 { &self.both } else { &self.http1 };
        match timeout_at(deadline, TlsConnector::from(Arc::clone(config)).connect(name, tcp)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                Err(HandshakeError::Tls(error))
            }
            // Cut off, as when a server restarts.
            Ok(Err(error)) => Err(HandshakeError::Io(error)),
            Err(_) => Err(HandshakeError::Timeout),
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocols: Vec<_> = self.both.alpn_protocols.iter().map(|name| name.escape_ascii()).collect();
        f.debug_struct("Tls").field("alpn", &protocols).finish_non_exhaustive()
    }
}
