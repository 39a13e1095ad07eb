//! Sends each line of the standard input as a text message and prints each message that comes, until the input ends:
//! `cargo run -p ws-frame --all-features --example chat -- ws://127.0.0.1:9001/`.
//!
//! Options after the URL: `--ca FILE` trusts the authority in a PEM file, `--http2` goes over HTTP/2 where the server can,
//! `--subprotocol NAME` offers one, `--comes-back` connects again when the connection is lost.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program, not a core"
)]

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::mpsc;
use ws_frame::handshake::ClientHandshake;
use ws_frame::reconnect::Backoff;
use ws_frame::tokio::{Client, ClientEvent, Connector, HandshakeError, Http2, Transport, request};
use ws_frame::{CloseCode, Config, Message};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("give the URL of a server, such as ws://127.0.0.1:9001/")?;
    let (mut connector, mut subprotocol, mut comes_back) = (Connector::new(), None, false);
    while let Some(option) = arguments.next() {
        match option.as_str() {
            "--ca" => connector = connector.tls(trusting(&arguments.next().ok_or("--ca FILE")?)?),
            "--http2" => {
                let known = if url.starts_with("wss:") { Http2::Negotiated } else { Http2::PriorKnowledge };
                connector = connector.http2(known);
            }
            "--subprotocol" => subprotocol = arguments.next(),
            "--comes-back" => comes_back = true,
            other => return Err(format!("no option {other}").into()),
        }
    }
    let handshake = move || opening(&url, subprotocol.as_deref());
    let lines = lines();
    if comes_back {
        follow(connector, handshake, lines).await
    } else {
        talk(connector, handshake, lines).await
    }
}

fn opening(url: &str, subprotocol: Option<&str>) -> Result<ClientHandshake, HandshakeError> {
    let handshake = request(url)?;
    Ok(match subprotocol {
        Some(name) => handshake.clone().subprotocols([name]).unwrap_or(handshake),
        None => handshake,
    })
}

async fn talk(
    connector: Connector,
    handshake: impl Fn() -> Result<ClientHandshake, HandshakeError>,
    mut lines: mpsc::Receiver<String>,
) -> Outcome<()> {
    let (mut ws, _response) = match connector.connect(&handshake()?, Config::default()).await {
        Ok(opened) => opened,
        Err(error) => {
            if let HandshakeError::Response { response, .. } = &error {
                eprintln!("{}", String::from_utf8_lossy(response.body()));
            }
            return Err(error.into());
        }
    };
    let version = if matches!(ws.io(), Transport::H2(_)) { "HTTP/2" } else { "HTTP/1.1" };
    eprintln!("open over {version}, subprotocol {}", ws.subprotocol().map_or("none", |name| name.as_str()));
    let mut open = true;
    loop {
        tokio::select! {
            line = lines.recv(), if open => match line {
                Some(line) => ws.send(line).await?,
                // What the server sends before it sees our Close still comes.
                None => {
                    open = false;
                    ws.start_close(CloseCode::NORMAL, "");
                }
            },
            message = ws.recv() => match message {
                Some(message) => print(&message?),
                None => return Ok(()),
            },
        }
    }
}

async fn follow(
    connector: Connector,
    handshake: impl Fn() -> Result<ClientHandshake, HandshakeError> + Send + Sync + 'static,
    mut lines: mpsc::Receiver<String>,
) -> Outcome<()> {
    let handshake = Arc::new(handshake);
    let mut client =
        Client::new(
            connector,
            Config::default(),
            Backoff::default(),
            move || std::future::ready(handshake()),
        );
    let mut open = true;
    loop {
        tokio::select! {
            line = lines.recv(), if open => match line {
                // What cannot be said now is said on the next connection.
                Some(line) => if client.queue(line.clone()).is_err() {
                    client.offline().queue(line.into())?;
                },
                None => {
                    open = false;
                    client.stop(CloseCode::NORMAL, "");
                }
            },
            event = client.next() => match event {
                Some(ClientEvent::Message(message)) => print(&message),
                Some(event) => eprintln!("{event:?}"),
                None => return Ok(()),
            },
        }
    }
}

/// The lines of the standard input, read by a thread that the end of the program does not wait for.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn print(message: &Message) {
    println!("{}", message.as_text().unwrap_or("(binary)"));
}

fn trusting(file: &str) -> Outcome<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
