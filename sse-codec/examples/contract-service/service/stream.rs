//! One client: its signals, each POSTed to `callbackUrl/N` before the next one is looked at.

use bytes::Bytes;
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use sse_codec::tokio::{EventSource, Signal};
use tokio::{net::TcpStream, sync::mpsc::UnboundedReceiver};

use super::Command;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs until it is aborted. A source that has ended may be restarted.
pub(super) async fn run(mut source: EventSource, mut commands: UnboundedReceiver<Command>, callback: Uri) {
    let mut callbacks = Callbacks { url: callback, number: 0, sender: None };
    let mut has_ended = false;
    loop {
        let signal = tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(Command::Restart) => {
                    source.restart();
                    has_ended = false;
                    continue;
                }
                None => return,
            },
            signal = source.next(), if !has_ended => signal,
        };
        let told = match signal {
            None => {
                has_ended = true;
                continue;
            }
            Some(Ok(signal)) => tell(&signal),
            Some(Err(ended)) => Some(failure(&ended.to_string())),
        };
        if let Some(told) = told {
            callbacks.post(&told).await;
        }
    }
}

/// What the callback says of a signal. That a stream is open has no kind.
fn tell(signal: &Signal) -> Option<Value> {
    match signal {
        Signal::Event(event) | Signal::Duplicate(event) | Signal::Gap(event) => Some(json!({
            "kind": "event",
            "event": { "type": event.event(), "data": event.data(), "id": event.id() },
        })),
        Signal::Comment(text) => Some(json!({ "kind": "comment", "comment": text })),
        Signal::Waiting { why, .. } => Some(failure(&why.to_string())),
        Signal::Dropped(overflow) => Some(failure(&overflow.to_string())),
        _ => None,
    }
}

fn failure(message: &str) -> Value {
    json!({ "kind": "error", "comment": message })
}

/// Numbers run on for as long as the client lives.
struct Callbacks {
    url: Uri,
    number: u64,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Callbacks {
    async fn post(&mut self, told: &Value) {
        self.number += 1;
        // A connection that was kept may have been closed meanwhile; a fresh one has no such excuse.
        let was_kept = self.sender.is_some();
        let mut sent = self.send(told).await;
        if sent.is_err() && was_kept {
            sent = self.send(told).await;
        }
        if let Err(error) = sent {
            eprintln!("callback {} of {}: {error}", self.number, self.url);
        }
    }

    async fn send(&mut self, told: &Value) -> Result<(), Failure> {
        let authority = self.url.authority().ok_or("no authority")?.clone();
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => {
                let host = authority.host().trim_start_matches('[').trim_end_matches(']');
                let socket = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
                let (sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
                tokio::spawn(connection);
                sender
            }
        };
        sender.ready().await?;
        let path = format!("{}/{}", self.url.path().trim_end_matches('/'), self.number);
        let request = Request::post(path)
            .header(header::HOST, authority.as_str())
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::from(told.to_string()))?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        answer.into_body().collect().await?;
        self.sender = Some(sender);
        if status.is_success() { Ok(()) } else { Err(format!("answered {status}").into()) }
    }
}
