//! TLS by rustls.

use std::{io, sync::Arc};

use http::Uri;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio_rustls::TlsConnector;

use super::connect::Io;

/// The configuration, once for each application protocol (RFC 7301).
#[derive(Clone)]
pub(super) struct Tls {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl Tls {
    pub(super) fn new(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let http1 = Arc::new(config.clone());
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self { http1, http2: Arc::new(config) }
    }

    pub(super) async fn encrypt(
        &self,
        io: Box<dyn Io>,
        name: ServerName<'static>,
        is_http2: bool,
    ) -> io::Result<Box<dyn Io>> {
        let config = if is_http2 { &self.http2 } else { &self.http1 };
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, io).await?;
        if is_http2 && stream.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("the server does not speak h2 over TLS"));
        }
        Ok(Box::new(stream))
    }
}

/// The name that the certificate must be for.
pub(super) fn server_name(uri: &Uri) -> io::Result<ServerName<'static>> {
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let invalid = |_| io::Error::new(io::ErrorKind::Unsupported, "a host that no certificate can name");
    ServerName::try_from(host.to_owned()).map_err(invalid)
}
