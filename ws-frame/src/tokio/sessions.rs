//! The HTTP/2 connections that a [`Connector`] shares.

use std::boxed::Box;
use std::collections::HashMap;
use std::string::String;
use std::sync::{Arc, Mutex, PoisonError};

use ::tokio::time::{Instant, timeout_at};

use super::Transport;
use super::connector::Connector;
use super::opening::HandshakeError;
use crate::h2::{Place, Session, WeakSession};
use crate::handshake::WebSocketUri;

#[derive(Debug, Default)]
pub(super) struct Sessions {
    servers: Mutex<HashMap<Server, Slot>>,
}

/// Scheme, host and port.
type Server = (bool, String, u16);

/// Locked while one connection is being opened, so that who comes meanwhile shares it.
type Slot = Arc<::tokio::sync::Mutex<Known>>;

/// What is known of a server.
#[derive(Debug, Default)]
enum Known {
    #[default]
    Nothing,
    /// The last connection; it lives as long as its WebSockets.
    Session(WeakSession),
    /// Its SETTINGS do not allow WebSockets.
    Http1Only,
}

/// Servers that are remembered. One more and those without a connection are forgotten.
const MAX_SERVERS: usize = 1024;

pub(super) enum Found {
    Session(Session, Place),
    /// To be spoken on this connection, or on a new one.
    Http1(Option<Transport>),
}

impl Sessions {
    /// A connection with room for one more stream, opened if need be.
    pub(super) async fn find(
        &self,
        connector: &Connector,
        uri: &WebSocketUri,
        deadline: Instant,
    ) -> Result<Found, HandshakeError> {
        let slot = self.slot(uri);
        let mut known = timeout_at(deadline, slot.lock()).await.map_err(|_| HandshakeError::Timeout)?;
        match &*known {
            Known::Http1Only => return Ok(Found::Http1(None)),
            Known::Session(weak) => {
                if let Some(session) = weak.upgrade()
                    && let Some(place) = session.place()
                    && let Ok(Ok(())) = timeout_at(deadline, session.ready()).await
                {
                    return Ok(Found::Session(session, place));
                }
            }
            Known::Nothing => {}
        }
        let dialed = connector.dial(uri, true, deadline).await?;
        if !dialed.h2 {
            return Ok(Found::Http1(Some(dialed.io)));
        }
        // The one thing that is big in here.
        let session = Box::pin(Session::open_with(dialed.io, &Session::builder(), deadline)).await?;
        match session.place() {
            Some(place) if session.allows_websocket() => {
                *known = Known::Session(session.downgrade());
                Ok(Found::Session(session, place))
            }
            _ => {
                *known = Known::Http1Only;
                Ok(Found::Http1(None))
            }
        }
    }

    fn slot(&self, uri: &WebSocketUri) -> Slot {
        let server = (uri.is_secure(), uri.host().to_ascii_lowercase(), uri.port());
        // A map of slots is whole whatever panicked while it was held.
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if servers.len() >= MAX_SERVERS && !servers.contains_key(&server) {
            servers.retain(|_, slot| match slot.try_lock() {
                Ok(known) => matches!(&*known, Known::Session(weak) if weak.upgrade().is_some()),
                Err(_) => true,
            });
        }
        Arc::clone(servers.entry(server).or_default())
    }
}
