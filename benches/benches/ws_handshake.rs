//! The opening handshake of a server, from the bytes of a browser's request to the bytes of the answer, in memory. The floor is what
//! nobody can do without: httparse over the head, SHA-1 and base64 of the key, the answer put together by hand, and nothing checked.
#![allow(missing_docs, reason = "criterion's macro makes a public function")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a bench fails by panicking, and reads the clock"
)]
#![allow(clippy::print_stdout, reason = "the ratios are printed")]

use std::hint::black_box;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use sha1::{Digest as _, Sha1};
use ws_frame::handshake::{Handshake, Limits, Origins, Policy, RequestDecoder, accept_key, encode_response};

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = handshake
}

fn main() {
    benches();
    summary();
}

/// What a browser sends.
const REQUEST: &[u8] = b"GET /chat?room=1 HTTP/1.1\r\nHost: server.example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
    Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36\r\n\
    Upgrade: websocket\r\nOrigin: https://server.example.com\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n";

const RUN: usize = 1000;

fn ours(policy: &Policy, out: &mut BytesMut) {
    let mut buf = BytesMut::from(REQUEST);
    let request = RequestDecoder::new(policy.request_limits()).decode(&mut buf).unwrap().unwrap();
    let Handshake::Upgrade(accepted) = policy.respond(&request) else { unreachable!() };
    out.clear();
    encode_response(&accepted.response.map(|()| Bytes::new()), out);
}

/// A client that has sent its request, and takes the answer.
struct Client<'a> {
    request: &'a [u8],
    out: &'a mut Vec<u8>,
}

impl Read for Client<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.request.read(buf)
    }
}

impl Write for Client<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.out.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn tungstenite(out: &mut Vec<u8>) {
    out.clear();
    drop(black_box(::tungstenite::accept(Client { request: REQUEST, out }).unwrap()));
}

fn floor(out: &mut Vec<u8>) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(REQUEST).unwrap();
    let key = request
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("sec-websocket-key"))
        .unwrap()
        .value;
    let digest =
        Sha1::new().chain_update(key).chain_update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    out.clear();
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ",
    );
    out.extend_from_slice(base64::engine::general_purpose::STANDARD.encode(digest).as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
}

fn policy() -> Policy {
    Policy::new().origins(Origins::same()).subprotocols(["chat.v2", "chat.v1"]).unwrap()
}

type Contender = (&'static str, Box<dyn FnMut()>);

fn contenders() -> [Contender; 3] {
    let accept = accept_key("dGhlIHNhbXBsZSBub25jZQ==");
    let holds = move |out: &[u8]| {
        assert!(
            out.ends_with(b"\r\n\r\n") && out.windows(accept.len()).any(|window| window == accept.as_bytes())
        );
    };
    let (policy, mut mine, mut theirs, mut bare) = (policy(), BytesMut::new(), Vec::new(), Vec::new());
    ours(&policy, &mut mine);
    tungstenite(&mut theirs);
    floor(&mut bare);
    for out in [&mine[..], &theirs, &bare] {
        holds(out);
    }
    [
        ("ws-frame", Box::new(move || ours(&policy, &mut mine))),
        ("tungstenite (no origin, no subprotocol)", Box::new(move || tungstenite(&mut theirs))),
        ("httparse + SHA-1", Box::new(move || floor(&mut bare))),
    ]
}

fn handshake(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ws_handshake");
    group.throughput(Throughput::Elements(1));
    for (name, mut run) in contenders() {
        group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(&mut run));
    }
    group.finish();
}

/// The ratios, from runs that alternate; the best of many.
fn summary() {
    let mut contenders = contenders();
    let mut best = [f64::MAX; 3];
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        for ((_, run), best) in contenders.iter_mut().zip(&mut best) {
            let from = Instant::now();
            for _ in 0..RUN {
                run();
            }
            *best = best.min(from.elapsed().as_secs_f64() / RUN as f64);
        }
    }
    println!("\nhandshakes of a server a second");
    for ((name, _), time) in contenders.iter().zip(best) {
        println!("  {name}: {:.0} ({:.2} us each)", 1.0 / time, time * 1e6);
    }
    println!(
        "  ratio to tungstenite {:.2}, of the floor {:.2} (no target)",
        best[1] / best[0],
        best[2] / best[0]
    );
}
