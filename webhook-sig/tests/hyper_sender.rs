//! One attempt against servers on loopback, most of them hostile.
#![cfg(feature = "hyper")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "these tests open sockets and measure time")]

mod delivery_rig;
use delivery_rig::{event, ring, secs};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use webhook_sig::delivery::*;
use webhook_sig::hyper::{Resolve, Resolving, Sender, SenderLimits};
use webhook_sig::ssrf::{AddressClass, Blocked, EndpointUrl, TargetPolicy};
use webhook_sig::{Scheme, UnixMillis};

const NOW: UnixMillis = UnixMillis::from_secs(1_700_000_000);

/// A signed attempt at this URL, with this long to make it.
fn attempt(url: &str, budget: Duration) -> Attempt {
    let mut config = Config::default();
    config.policy = TargetPolicy::loopback_only();
    config.limits.attempt_timeout = budget;
    attempt_of(config, url)
}

fn attempt_of(config: Config, url: &str) -> Attempt {
    let mut hooks = Dispatcher::new(config, 1);
    let url = EndpointUrl::parse(url).unwrap();
    hooks.register(Endpoint::new(EndpointId::new(1), url, Scheme::StandardWebhooks, ring())).unwrap();
    hooks.enqueue(event("evt_1", "user.created", NOW), NOW).unwrap();
    MemoryStore::new(10).settle(&mut hooks, NOW);
    hooks.poll_attempt(NOW).unwrap()
}

/// Reads one request, head and body.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap();
        request.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        if read == 0 || (text.contains("\r\n\r\n") && text.ends_with('}')) {
            return text;
        }
    }
}

/// A server that reads one request and then does this with the connection; gives its port and the number of connections it had.
async fn server<F, R>(serve: F) -> (u16, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counter.fetch_add(1, Ordering::SeqCst);
            read_request(&mut stream).await;
            tokio::spawn(serve(stream));
        }
    });
    (port, connections)
}

/// A server that answers with these bytes and closes.
async fn answers(bytes: impl Into<Vec<u8>>) -> u16 {
    let bytes: Vec<u8> = bytes.into();
    let (port, _) = server(move |mut stream| {
        let bytes = bytes.clone();
        async move {
            // The sender may have gone before all is written.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0; 16]).await;
        }
    })
    .await;
    port
}

async fn send_to(port: u16) -> Outcome {
    Sender::new().send(&attempt(&format!("http://127.0.0.1:{port}/hooks?x=1"), secs(10))).await
}

fn response(outcome: Outcome) -> Response {
    match outcome {
        Outcome::Response(response) => response,
        other => panic!("no response: {other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_a_signed_post_and_200_is_success() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        request
    });
    let sent = attempt(&format!("http://127.0.0.1:{port}/hooks?x=1"), secs(10));
    let outcome = Sender::new().send(&sent).await;
    assert_eq!(outcome.failure(), None);
    assert_eq!(&response(outcome).body[..], b"ok");
    let request = served.await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    assert_eq!(lines.next(), Some("POST /hooks?x=1 HTTP/1.1"));
    let headers: Vec<(String, &str)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let value = |name: &str| pairs.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    assert_eq!(value("host"), Some(format!("127.0.0.1:{port}").as_str()));
    assert_eq!(value("content-length"), Some(body.len().to_string().as_str()));
    assert_eq!(value("content-type"), Some("application/json"));
    assert_eq!(value("accept-encoding"), None);
    assert_eq!(body.as_bytes(), &sent.payload[..]);
    let verified =
        ring().scheme(Scheme::StandardWebhooks).verify(&pairs.as_slice(), body.as_bytes(), NOW).unwrap();
    assert_eq!(verified.id().unwrap().as_str(), "evt_1");
}

#[tokio::test]
async fn statuses_and_retry_after_are_reported() {
    let port = answers("HTTP/1.1 500 Oops\r\ncontent-length: 3\r\n\r\nbad").await;
    assert_eq!(send_to(port).await.failure(), Some(Failure::Status(500)));
    let port =
        answers("HTTP/1.1 429 Slow\r\nretry-after: 120\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n").await;
    let limited = response(send_to(port).await);
    assert_eq!((limited.status, limited.retry_after.as_deref()), (429, Some("120")));
    let port = answers("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(send_to(port).await.failure(), None);
    // Without a length the body ends with the connection.
    let port = answers("HTTP/1.1 200 OK\r\n\r\nuntil the end").await;
    assert_eq!(&response(send_to(port).await).body[..], b"until the end");
    let port = answers("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").await;
    assert_eq!(&response(send_to(port).await).body[..], b"abc");
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (other, visits) = server(|_| async {}).await;
    for status in [301, 302, 303, 307, 308] {
        let port = answers(format!(
            "HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:{other}/\r\ncontent-length: 0\r\n\r\n"
        ))
        .await;
        assert_eq!(send_to(port).await.failure(), Some(Failure::Status(status)));
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_server_that_never_answers_runs_into_the_deadline() {
    let (port, _) = server(|stream| async move {
        tokio::time::sleep(secs(30)).await;
        drop(stream);
    })
    .await;
    let began = Instant::now();
    let outcome =
        Sender::new().send(&attempt(&format!("http://127.0.0.1:{port}/"), Duration::from_millis(400))).await;
    assert_eq!(outcome, Outcome::Timeout);
    assert!(began.elapsed() >= Duration::from_millis(400) && began.elapsed() < secs(3));
}

#[tokio::test]
async fn a_body_that_drips_or_hangs_after_a_200_runs_into_the_deadline() {
    for drip in [true, false] {
        let (port, _) = server(move |mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await;
            while drip && stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tokio::time::sleep(secs(30)).await;
        })
        .await;
        let began = Instant::now();
        let outcome = Sender::new()
            .send(&attempt(&format!("http://127.0.0.1:{port}/"), Duration::from_millis(400)))
            .await;
        assert_eq!(outcome, Outcome::Timeout, "drip {drip}");
        assert!(began.elapsed() < secs(3));
    }
}

#[tokio::test]
async fn a_head_that_drips_runs_into_the_deadline() {
    let (port, _) = server(|mut stream| async move {
        for byte in b"HTTP/1.1 200 OK\r\nx-slow: 1\r\n".iter().cycle() {
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    })
    .await;
    let outcome =
        Sender::new().send(&attempt(&format!("http://127.0.0.1:{port}/"), Duration::from_millis(400))).await;
    assert_eq!(outcome, Outcome::Timeout);
}

#[tokio::test]
async fn a_failure_status_counts_although_its_body_never_ends() {
    let (port, _) = server(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 410 Gone\r\ncontent-length: 1000\r\n\r\npart").await;
        tokio::time::sleep(secs(30)).await;
    })
    .await;
    let outcome =
        Sender::new().send(&attempt(&format!("http://127.0.0.1:{port}/"), Duration::from_millis(400))).await;
    assert_eq!(outcome.failure(), Some(Failure::Status(410)));
}

#[tokio::test]
async fn a_huge_body_is_cut_at_the_limit_and_the_status_counts() {
    let (port, _) = server(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n").await;
        let block = vec![b'x'; 64 * 1024];
        while stream.write_all(&block).await.is_ok() {}
    })
    .await;
    let began = Instant::now();
    let kept = response(send_to(port).await);
    assert_eq!((kept.status, kept.body.len()), (200, 16 * 1024));
    assert!(began.elapsed() < secs(5));
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_complete() {
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 16384\r\n\r\n".to_vec();
    answer.resize(answer.len() + 16384, b'x');
    let port = answers(answer).await;
    assert_eq!(response(send_to(port).await).body.len(), 16384);
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_a_protocol_failure() {
    for head in [format!("HTTP/1.1 200 OK\r\nx-big: {}\r\n\r\n", "v".repeat(20_000)), "x".repeat(40_000)] {
        let port = answers(head).await;
        assert_eq!(send_to(port).await, Outcome::Protocol);
    }
    let many: String = (0..200).map(|at| format!("x-{at}: v\r\n")).collect();
    let port = answers(format!("HTTP/1.1 200 OK\r\n{many}\r\n")).await;
    assert_eq!(send_to(port).await, Outcome::Protocol);
}

#[tokio::test]
async fn what_breaks_off_is_a_protocol_failure() {
    for answer in [
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        "220 mail.example.com ESMTP\r\n",
        "HTTP/1.1 999999 What\r\n\r\n",
    ] {
        let port = answers(answer).await;
        assert_eq!(send_to(port).await, Outcome::Protocol, "{answer:?}");
    }
}

#[tokio::test]
async fn a_reset_connection_is_a_protocol_failure_and_a_refused_one_a_connect_failure() {
    let (port, _) = server(|stream| async move {
        stream.set_zero_linger().unwrap();
        drop(stream);
    })
    .await;
    assert_eq!(send_to(port).await, Outcome::Protocol);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(send_to(closed).await, Outcome::Connect);
}

#[tokio::test]
async fn a_flood_of_1xx_runs_into_the_deadline() {
    let (port, _) = server(|mut stream| async move {
        while stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {}
    })
    .await;
    let began = Instant::now();
    let outcome =
        Sender::new().send(&attempt(&format!("http://127.0.0.1:{port}/"), Duration::from_millis(400))).await;
    assert!(outcome.failure().is_some(), "{outcome:?}");
    assert!(began.elapsed() < secs(5));
}

/// Answers with these addresses, after this long, and counts the questions.
struct Fixed(Vec<IpAddr>, Duration, Arc<AtomicUsize>);

impl Fixed {
    fn new(addresses: &[&str]) -> Self {
        Self(
            addresses.iter().map(|address| address.parse().unwrap()).collect(),
            Duration::ZERO,
            Arc::default(),
        )
    }
}

impl Resolve for Fixed {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        assert_eq!(name, "hooks.localhost");
        self.2.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            tokio::time::sleep(self.1).await;
            if self.0.is_empty() { Err(io::Error::other("no such name")) } else { Ok(self.0.clone()) }
        })
    }
}

#[tokio::test]
async fn one_bad_address_among_the_resolved_refuses_them_all() {
    let (port, visits) = server(|_| async {}).await;
    let sent = attempt(&format!("http://hooks.localhost:{port}/"), secs(10));
    for bad in ["10.0.0.7", "169.254.169.254", "::ffff:127.0.0.1", "93.184.215.14"] {
        for addresses in [[bad, "127.0.0.1"], ["127.0.0.1", bad]] {
            let outcome = Sender::new().resolver_from(Fixed::new(&addresses)).send(&sent).await;
            assert!(
                matches!(outcome, Outcome::Blocked(Blocked::Address(address, _)) if address.to_string() == bad),
                "{outcome:?}"
            );
        }
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0, "nothing was connected to");
}

#[tokio::test]
async fn a_public_name_that_points_inside_is_blocked() {
    let sent = attempt_of(Config::default(), "http://example.com/");
    struct Rebound;
    impl Resolve for Rebound {
        fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
            Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
        }
    }
    let outcome = Sender::new().resolver_from(Rebound).send(&sent).await;
    let inside = Blocked::Address("127.0.0.1".parse().unwrap(), AddressClass::Loopback);
    assert_eq!(outcome, Outcome::Blocked(inside));
}

#[tokio::test]
async fn the_name_is_asked_for_once_and_the_host_field_keeps_it() {
    let resolver = Fixed::new(&["127.0.0.1"]);
    let asked = resolver.2.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        request
    });
    let outcome = Sender::new()
        .resolver_from(resolver)
        .send(&attempt(&format!("http://hooks.localhost:{port}/"), secs(10)))
        .await;
    assert_eq!(outcome.failure(), None);
    assert!(served.await.unwrap().contains(&format!("host: hooks.localhost:{port}\r\n")));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_address_that_refuses_leaves_the_next_one_its_turn() {
    // 127.0.0.2 has no listener on this port.
    let port = answers("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let sent = attempt(&format!("http://hooks.localhost:{port}/"), secs(10));
    let outcome = Sender::new().resolver_from(Fixed::new(&["127.0.0.2", "127.0.0.1"])).send(&sent).await;
    assert_eq!(outcome.failure(), None);
}

#[tokio::test]
async fn a_name_server_that_fails_or_hangs_is_a_dns_failure_within_its_budget() {
    let sent = attempt("http://hooks.localhost:1/", secs(10));
    assert_eq!(Sender::new().resolver_from(Fixed::new(&[])).send(&sent).await, Outcome::Dns);
    let mut limits = SenderLimits::default();
    limits.dns_timeout = Duration::from_millis(100);
    let hanging = Fixed(vec!["127.0.0.1".parse().unwrap()], secs(60), Arc::default());
    let began = Instant::now();
    assert_eq!(Sender::new().resolver_from(hanging).limits_from(limits).send(&sent).await, Outcome::Dns);
    assert!(began.elapsed() < secs(2));
}

#[tokio::test]
async fn the_system_resolver_finds_localhost() {
    let port = answers("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let outcome = Sender::new().send(&attempt(&format!("http://localhost:{port}/"), secs(10))).await;
    assert_eq!(outcome.failure(), None);
}

#[cfg(not(feature = "rustls"))]
#[tokio::test]
async fn without_the_feature_rustls_https_is_a_tls_failure() {
    let port = answers("").await;
    let outcome = Sender::new().send(&attempt(&format!("https://127.0.0.1:{port}/"), secs(5))).await;
    assert_eq!(outcome, Outcome::Tls);
}

#[cfg(feature = "rustls")]
mod tls {
    use super::*;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    /// A server with a certificate for `hooks.localhost`; tells the SNI and the request.
    async fn tls_server() -> (u16, tokio::task::JoinHandle<Option<(String, String)>>) {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certificates = vec![CertificateDer::from_pem_slice(include_bytes!("tls/leaf.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/leaf.key")).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(certificates, key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await.ok()?;
            let name = stream.get_ref().1.server_name().unwrap_or_default().to_owned();
            let mut request = [0; 4096];
            let read = stream.read(&mut request).await.ok()?;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok()?;
            stream.shutdown().await.ok()?;
            Some((name, String::from_utf8_lossy(&request[..read]).into_owned()))
        });
        (port, served)
    }

    fn trusting_the_test_authority() -> Sender {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(include_bytes!("tls/ca.pem")).unwrap()).unwrap();
        let config =
            rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        Sender::new().tls_from(Arc::new(config)).resolver_from(Fixed::new(&["127.0.0.1"]))
    }

    #[tokio::test]
    async fn https_goes_to_the_pinned_address_under_the_name_of_the_url() {
        let (port, served) = tls_server().await;
        let outcome = trusting_the_test_authority()
            .send(&attempt(&format!("https://hooks.localhost:{port}/"), secs(10)))
            .await;
        assert_eq!(outcome.failure(), None, "{outcome:?}");
        let (name, request) = served.await.unwrap().unwrap();
        assert_eq!(name, "hooks.localhost");
        assert!(request.contains(&format!("host: hooks.localhost:{port}\r\n")), "{request}");
    }

    #[tokio::test]
    async fn a_certificate_of_an_unknown_authority_is_a_tls_failure() {
        let (port, served) = tls_server().await;
        let public = Sender::new().resolver_from(Fixed::new(&["127.0.0.1"]));
        let outcome = public.send(&attempt(&format!("https://hooks.localhost:{port}/"), secs(10))).await;
        assert_eq!(outcome, Outcome::Tls);
        assert!(served.await.unwrap().is_none(), "nothing was sent");
    }

    #[tokio::test]
    async fn a_certificate_for_another_host_is_a_tls_failure() {
        let (port, _served) = tls_server().await;
        let outcome = trusting_the_test_authority()
            .send(&attempt(&format!("https://127.0.0.1:{port}/"), secs(10)))
            .await;
        assert_eq!(outcome, Outcome::Tls);
    }

    #[tokio::test]
    async fn a_handshake_that_hangs_ends_within_the_connect_budget() {
        let (port, _) = server(|stream| async move {
            tokio::time::sleep(secs(30)).await;
            drop(stream);
        })
        .await;
        let mut limits = SenderLimits::default();
        limits.connect_timeout = Duration::from_millis(200);
        let sender = trusting_the_test_authority().limits_from(limits);
        let began = Instant::now();
        assert_eq!(
            sender.send(&attempt(&format!("https://hooks.localhost:{port}/"), secs(10))).await,
            Outcome::Connect
        );
        assert!(began.elapsed() < secs(3));
    }
}
