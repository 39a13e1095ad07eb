//! From an attempt to a connection: resolve once, vet everything, connect to what was vetted.
#![allow(clippy::disallowed_methods, reason = "an adapter: it opens sockets and waits")]

use super::sender::Sender;
use crate::delivery::{Attempt, Outcome};
use crate::ssrf::Host;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec::Vec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

/// A connection, plain or encrypted.
pub(super) enum Stream {
    Plain(TcpStream),
    #[cfg(feature = "rustls")]
    Tls(std::boxed::Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

impl Sender {
    /// The connection for an attempt.
    pub(super) async fn connect(&self, attempt: &Attempt) -> Result<Stream, Outcome> {
        let addresses = self.addresses(attempt).await?;
        // The policy may have been narrowed since the endpoint was registered.
        attempt.policy.check_url(&attempt.url).map_err(Outcome::Blocked)?;
        attempt.policy.vet(&addresses).map_err(Outcome::Blocked)?;
        let budget = Instant::now() + self.limits().connect_timeout;
        let tcp = dial(&addresses, attempt.url.port(), budget).await?;
        if !attempt.url.is_https() {
            return Ok(Stream::Plain(tcp));
        }
        self.secure(tcp, attempt.url.host(), budget).await
    }

    async fn addresses(&self, attempt: &Attempt) -> Result<Vec<IpAddr>, Outcome> {
        let name = match attempt.url.host() {
            Host::Name(name) => name,
            Host::V4(address) => return Ok([(*address).into()].into()),
            Host::V6(address) => return Ok([(*address).into()].into()),
        };
        match timeout(self.limits().dns_timeout, self.resolver().resolve(name)).await {
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(_)) | Err(_) => Err(Outcome::Dns),
        }
    }

    #[cfg(feature = "rustls")]
    async fn secure(&self, tcp: TcpStream, host: &Host, budget: Instant) -> Result<Stream, Outcome> {
        use rustls::pki_types::ServerName;
        let name = match host {
            // The name of the URL, not of the address: it goes into SNI, and the certificate must carry it.
            Host::Name(name) => ServerName::try_from(name.clone()).map_err(|_| Outcome::Tls)?,
            Host::V4(address) => ServerName::from(IpAddr::from(*address)),
            Host::V6(address) => ServerName::from(IpAddr::from(*address)),
        };
        let connector = tokio_rustls::TlsConnector::from(self.tls().ok_or(Outcome::Tls)?);
        match tokio::time::timeout_at(budget, connector.connect(name, tcp)).await {
            Ok(Ok(stream)) => Ok(Stream::Tls(std::boxed::Box::new(stream))),
            Ok(Err(_)) => Err(Outcome::Tls),
            Err(_) => Err(Outcome::Connect),
        }
    }

    /// Without the feature `rustls` nothing speaks TLS.
    #[cfg(not(feature = "rustls"))]
    async fn secure(&self, _tcp: TcpStream, _host: &Host, _budget: Instant) -> Result<Stream, Outcome> {
        Err(Outcome::Tls)
    }
}

/// Tries the addresses in turn, each with its share of the time that is left, so that one that swallows packets leaves some for the next.
async fn dial(addresses: &[IpAddr], port: u16, budget: Instant) -> Result<TcpStream, Outcome> {
    for (at, address) in addresses.iter().enumerate() {
        let left = budget.saturating_duration_since(Instant::now());
        let shares = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        if let Ok(Ok(tcp)) = timeout(left / shares, TcpStream::connect(SocketAddr::new(*address, port))).await
        {
            // A request is written at once; waiting to fill segments only delays it. Where it cannot be set, it is slower, not wrong.
            let _ = tcp.set_nodelay(true);
            return Ok(tcp);
        }
    }
    Err(Outcome::Connect)
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
