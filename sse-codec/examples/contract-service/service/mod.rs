//! The routes:
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | 200, `{"capabilities": […]}` |
//! | `POST /`, an [`Order`] | 201 with `Location`: a client is open |
//! | `POST /ID`, `{"command": "restart"}` | 202 |
//! | `DELETE /ID` | 204: the client is closed |
//! | `DELETE /` | 204, and the program ends |
//!
//! Bad JSON, or an order that cannot be carried out, is 400; an unknown path 404; another method 405.

mod stream;

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use sse_codec::{
    EventId,
    client::ClientConfig,
    tokio::{Connector, EventSource},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
    task::{AbortHandle, JoinSet},
};

const CAPABILITIES: [&str; 8] =
    ["bom", "comments", "headers", "last-event-id", "post", "read-timeout", "report", "restart"];

/// The most that a request's body may hold.
const MAX_BODY: usize = 1 << 20;

/// What client to open.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    stream_url: String,
    callback_url: String,
    initial_delay_ms: Option<u64>,
    read_timeout_ms: Option<u64>,
    last_event_id: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    method: Option<String>,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "command", rename_all = "lowercase")]
enum Command {
    Restart,
}

#[derive(Default)]
struct Service {
    clients: Mutex<HashMap<u64, OpenClient>>,
    next: AtomicU64,
    is_quitting: AtomicBool,
    quit: Notify,
}

struct OpenClient {
    commands: mpsc::UnboundedSender<Command>,
    task: AbortHandle,
}

impl Drop for OpenClient {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves until `DELETE /`.
pub(crate) async fn serve(listener: TcpListener) -> io::Result<()> {
    let service = Arc::<Service>::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = service.quit.notified() => return Ok(()),
            accepted = listener.accept() => {
                let (socket, _) = accepted?;
                connections.spawn(Arc::clone(&service).converse(socket));
            }
        }
    }
}

impl Service {
    async fn converse(self: Arc<Self>, socket: TcpStream) {
        let answering = service_fn(|request| {
            let service = Arc::clone(&self);
            async move { Ok::<_, Infallible>(service.answer(request).await.unwrap_or_else(Refusal::into_answer)) }
        });
        // A caller that has gone needs no answer.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), answering).await;
        if self.is_quitting.load(Ordering::Relaxed) {
            self.quit.notify_one();
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        let path = request.uri().path().to_owned();
        match (request.method().clone(), path.as_str()) {
            (Method::GET, "/") => {
                let listing = serde_json::json!({ "capabilities": CAPABILITIES }).to_string();
                let mut answer = Response::new(Full::from(listing));
                answer
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Ok(answer)
            }
            (Method::POST, "/") => self.open(read(request).await?),
            (Method::DELETE, "/") => {
                self.is_quitting.store(true, Ordering::Relaxed);
                let mut answer = status(StatusCode::NO_CONTENT);
                answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                Ok(answer)
            }
            (_, "/") => Err(refuse(StatusCode::METHOD_NOT_ALLOWED)),
            (method, _) => {
                let id = path[1..].parse().ok().filter(|id| self.clients().contains_key(id));
                let id = id.ok_or_else(|| refuse(StatusCode::NOT_FOUND))?;
                match method {
                    Method::POST => {
                        let command = read(request).await?;
                        let clients = self.clients();
                        let client = clients.get(&id).ok_or_else(|| refuse(StatusCode::NOT_FOUND))?;
                        client.commands.send(command).map_err(|_| refuse(StatusCode::NOT_FOUND))?;
                        Ok(status(StatusCode::ACCEPTED))
                    }
                    Method::DELETE => {
                        self.clients().remove(&id);
                        Ok(status(StatusCode::NO_CONTENT))
                    }
                    _ => Err(refuse(StatusCode::METHOD_NOT_ALLOWED)),
                }
            }
        }
    }

    fn open(&self, order: Order) -> Result<Answer, Refusal> {
        let callback: Uri = order.callback_url.parse().map_err(bad)?;
        if callback.scheme_str() != Some("http") || callback.authority().is_none() {
            return Err(bad("callbackUrl is no absolute http url"));
        }
        let config = configure(order).map_err(bad)?;
        let source = EventSource::open_with(config, Connector::tcp()).with_comments();
        let (commands, received) = mpsc::unbounded_channel();
        let task = tokio::spawn(stream::run(source, received, callback)).abort_handle();
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        self.clients().insert(id, OpenClient { commands, task });
        let mut answer = status(StatusCode::CREATED);
        answer.headers_mut().insert(header::LOCATION, HeaderValue::from_str(&format!("/{id}")).map_err(bad)?);
        Ok(answer)
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<u64, OpenClient>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn configure(order: Order) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let mut config = ClientConfig::new(&order.stream_url)?;
    match order.method.as_deref() {
        None | Some("GET") => {}
        Some(method @ ("POST" | "REPORT")) => config.method = Method::from_bytes(method.as_bytes())?,
        Some(other) => return Err(format!("the method is POST or REPORT, not {other}").into()),
    }
    config.body = order.body.unwrap_or_default().into();
    for (name, value) in order.headers.unwrap_or_default() {
        config.headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(&value)?);
    }
    if let Some(id) = order.last_event_id {
        config.last_event_id = EventId::parse(&id)?;
    }
    if let Some(delay) = order.initial_delay_ms {
        config.backoff.base = Duration::from_millis(delay);
    }
    config.idle_timeout = order.read_timeout_ms.map(Duration::from_millis);
    Ok(config)
}

type Answer = Response<Full<Bytes>>;

fn status(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// A status, and the reason in words where there is one.
struct Refusal(StatusCode, String);

impl Refusal {
    fn into_answer(self) -> Answer {
        let mut answer = Answer::new(Full::from(self.1));
        *answer.status_mut() = self.0;
        answer
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        answer
    }
}

const fn refuse(status: StatusCode) -> Refusal {
    Refusal(status, String::new())
}

#[expect(clippy::needless_pass_by_value, reason = "so that it can be named where errors are mapped")]
fn bad(why: impl ToString) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, why.to_string())
}

async fn read<T: for<'de> Deserialize<'de>>(request: Request<Incoming>) -> Result<T, Refusal> {
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await.map_err(bad)?.to_bytes();
    serde_json::from_slice(&body).map_err(bad)
}
