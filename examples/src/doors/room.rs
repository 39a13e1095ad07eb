//! `/ws/{room}`: a WebSocket that sits in a room, by GET over HTTP/1.1 and by extended CONNECT over HTTP/2.
#![allow(clippy::disallowed_methods, reason = "a connection lives in a task of its own")]

use std::sync::{Arc, LazyLock};

use http::{Response, header};
use rest_core::auth::{BearerError, authenticate};
use rest_core::problem::ToProblem;
use rest_core::tower::Body;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_frame::deflate::Deflate;
use ws_frame::handshake::Policy;
use ws_frame::tokio::WebSocket;
use ws_frame::tower::{Opening, accept};
use ws_frame::{CloseCode, Config, Message};

use super::call::{Call, query};
use super::room_message::{self, ClientMessage};
use crate::app::{App, refuse_handshake};
use crate::failure::Failure;
use crate::server::Seat;
use crate::stats::count;
use crate::store::{rooms, users};

/// Pages of our own, and messages compressed for who can read them so. One for all: compressors are shared.
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::new().deflate(Deflate::default()));

/// Decides over the handshake. Whoever cannot send headers, as a browser, gives the token in the query or says it later;
/// a token that is wrong is refused here.
pub(crate) async fn join(call: Call) -> Result<Response<Body>, Failure> {
    let app = Arc::clone(call.state());
    count(&app.counters.ws_handshakes);
    let room = room_name(&call)?;
    let query = query(&call)?;
    query.only(&["token"])?;
    let may_write = match query.get("token") {
        Some(token) if app.token.matches(token) => true,
        Some(_) => return Err(BearerError::Wrong.to_problem().into()),
        None if call.headers().contains_key(header::AUTHORIZATION) => {
            authenticate(call.headers(), &app.token).map_err(|refused| refused.to_problem())?;
            true
        }
        None => false,
    };
    let mut request = call.into_request();
    let (response, opening) = match accept(&POLICY, &mut request) {
        Ok(accepted) => accepted,
        Err(rejection) => return Ok(refuse_handshake(request.method(), &rejection)),
    };
    let seat = request.extensions().get::<Seat>().cloned();
    tokio::spawn(async move {
        sit(app, room, may_write, opening).await;
        // The connection counts among the open ones until here.
        drop(seat);
    });
    Ok(response.map(|()| Body::empty()))
}

fn room_name(call: &Call) -> Result<String, Failure> {
    let name = call.param("room").unwrap_or_default();
    if !is_name(name) {
        return Err(Failure::not_found("a room is named by 1 to 64 lower-case letters, digits, - and _"));
    }
    Ok(name.to_owned())
}

/// Whether a room can be called this.
pub(crate) fn is_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

async fn sit(app: Arc<App>, room: String, may_write: bool, opening: Opening) {
    let mut config = Config::default();
    config.limits.max_message = app.config.max_body;
    config.limits.max_frame = app.config.max_body;
    config.limits.close_timeout = app.config.drain / 2;
    let ws = match opening.open(config).await {
        Ok(ws) => ws,
        Err(cause) => {
            tracing::debug!(%cause, "a connection ended before it was a WebSocket");
            return;
        }
    };
    let mut guest = Guest { ws, app, room, may_write };
    if let Err(cause) = guest.converse().await {
        tracing::debug!(%cause, "a WebSocket ended early");
    }
}

/// One connection in its room.
struct Guest<IO> {
    ws: WebSocket<IO>,
    app: Arc<App>,
    room: String,
    may_write: bool,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Guest<IO> {
    async fn converse(&mut self) -> Result<(), ws_frame::tokio::Error> {
        let (mut seat, members) = self.app.bus.rooms.join(&self.room);
        let mut stopped = self.app.stopped.clone();
        self.ws.send(room_message::joined(&self.room, members)).await?;
        loop {
            tokio::select! {
                // In this order a member hears what its message has caused before what it says next is looked at.
                biased;
                () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {
                    return self.end(CloseCode::GOING_AWAY, "the service stops").await;
                }
                heard = seat.hear() => {
                    // What waits is written while the next message is waited for, so nobody waits for a slow reader.
                    if heard.is_none_or(|line| self.ws.queue(line).is_err()) {
                        return self.end(CloseCode::TRY_AGAIN_LATER, "this connection reads too slowly").await;
                    }
                }
                received = self.ws.recv() => match received {
                    Some(Ok(message)) => {
                        count(&self.app.counters.ws_messages);
                        let Message::Text(text) = message else {
                            return self.end(CloseCode::UNSUPPORTED_DATA, "send JSON as text").await;
                        };
                        if let Some(reply) = self.answer(&text).await {
                            self.ws.send(reply).await?;
                        }
                    }
                    Some(Err(error)) => {
                        count(&self.app.counters.ws_messages);
                        return Err(error);
                    }
                    None => return Ok(()),
                },
            }
        }
    }

    async fn end(&mut self, code: CloseCode, reason: &str) -> Result<(), ws_frame::tokio::Error> {
        self.ws.close(code, reason).await.map(|_| ())
    }

    /// What the sender alone is told; what was said in the room comes back from there.
    async fn answer(&mut self, text: &str) -> Option<String> {
        let (reference, message) = room_message::read(text);
        let done = match message {
            Ok(message) => self.act(message, reference.as_ref()).await,
            Err(failure) => Err(failure),
        };
        match done {
            Ok(reply) => reply,
            Err(failure) => Some(room_message::error(&failure, reference.as_ref())),
        }
    }

    async fn act(
        &mut self,
        message: ClientMessage,
        reference: Option<&Value>,
    ) -> Result<Option<String>, Failure> {
        if !self.may_write && !matches!(message, ClientMessage::Authenticate { .. }) {
            return Err(BearerError::Missing.to_problem().into());
        }
        match message {
            ClientMessage::Authenticate { token } => {
                self.may_write = self.app.token.matches(token);
                if self.may_write {
                    Ok(Some(room_message::authenticated()))
                } else {
                    Err(BearerError::Wrong.to_problem().into())
                }
            }
            ClientMessage::Say { from, body } => {
                let room = self.room.clone();
                self.app.store.write(move |w| rooms::say(w, room, from, body)).await?;
                Ok(None)
            }
            ClientMessage::CreateUser(new) => {
                let user = self.app.store.write(move |w| users::create(w, None, new)).await?;
                Ok(Some(room_message::created(&user, reference)))
            }
        }
    }
}
