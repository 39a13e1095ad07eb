//! Starting and stopping the service.
#![allow(clippy::disallowed_methods, reason = "sockets, files and tasks are opened here")]

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rest_core::auth::Token;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::app::{App, Front};
use crate::bus::Bus;
use crate::config::Config;
use crate::doors::console::Page;
use crate::doors::{graphql, grpc, inbound, trpc};
use crate::stats::Stats;
use crate::store::{Opened, Place, Threads};
use crate::{routes, server};

/// The service.
pub struct Showcase;

/// A service that runs until [`Running::shutdown`].
pub struct Running {
    addr: SocketAddr,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    deliveries: JoinHandle<()>,
    threads: Threads,
    /// Held for as long as the folder is used.
    _lock: Option<File>,
}

/// Why the service cannot start; each is one sentence that says what to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    Address(SocketAddr, io::Error),
    /// The folder cannot be created or written.
    Folder(PathBuf, io::Error),
    /// Another process uses the folder.
    InUse(PathBuf),
    /// The database cannot be opened.
    Database(Box<dyn std::error::Error + Send + Sync>),
    /// The configuration makes no sense; says which part.
    Config(String),
}

impl Showcase {
    /// Starts the service on the present runtime.
    ///
    /// # Errors
    /// A [`StartError`], before anything was written if the address is taken.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let listener =
            TcpListener::bind(config.addr).await.map_err(|e| StartError::Address(config.addr, e))?;
        let addr = listener.local_addr().map_err(|e| StartError::Address(config.addr, e))?;
        let (place, lock) = match &config.data {
            Some(folder) => (Place::Folder(folder.clone()), Some(take(folder)?)),
            None => (Place::Memory, None),
        };
        let receiver =
            inbound::Receiver::new(&config.inbound_secret).map_err(|e| StartError::Config(e.to_string()))?;
        let graphql = graphql::build().map_err(StartError::Config)?;
        let opened = {
            let config = config.clone();
            let open = move || {
                let opened = Opened::open(place)?;
                let (bus, deliveries) = Bus::restore(&config, &opened)?;
                let bus = Arc::new(bus);
                let (store, threads) = opened.serve(bus.clone())?;
                Ok((bus, deliveries, store, threads))
            };
            tokio::task::spawn_blocking(open).await.map_err(|e| StartError::Database(Box::new(e)))?
        };
        let (bus, deliveries, store, threads) = opened.map_err(StartError::Database)?;
        let (stop, stopped) = watch::channel(false);
        let app = Arc::new(App {
            token: Token::new(&config.token),
            config,
            store: store.clone(),
            bus,
            receiver,
            counters: Arc::default(),
            stopped: stopped.clone(),
            page: Page::new(),
            graphql,
        });
        let api = routes::service(&app).map_err(|e| StartError::Config(e.to_string()))?;
        let deliveries = tokio::spawn(deliveries.run(store));
        let rpc = trpc::door(&app).map_err(|e| StartError::Config(e.to_string()))?;
        let front = Front { app: Arc::clone(&app), api, grpc: grpc::service(&app), rpc };
        let server = tokio::spawn(server::serve(listener, front, stopped));
        Ok(Running { addr, app, stop, server, deliveries, threads, _lock: lock })
    }
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What its doors have decoded so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.app.counters.snapshot()
    }

    /// Stops: no new connection, WebSockets closed with 1001, event streams ended, requests under way answered, the
    /// database folded into one file. Takes as long as [`Config::drain`] at most, and a moment for the disk.
    pub async fn shutdown(self) {
        // The receivers are the tasks that are to stop; without one there is nothing to tell.
        let _ = self.stop.send(true);
        self.app.bus.hub.drain(RECONNECT);
        self.app.bus.hooks.shutdown();
        // An attempt under way may end in time; one that does not is made again at the next start.
        let (server, deliveries) = tokio::join!(self.server, timeout(self.app.config.drain, self.deliveries));
        if let Err(cause) = server {
            tracing::error!(%cause, "the server ended by a panic");
        }
        if deliveries.is_err() {
            tracing::warn!("a webhook was under way for too long and will be sent again");
        }
        let threads = self.threads;
        if let Err(cause) = tokio::task::spawn_blocking(move || threads.close()).await {
            tracing::error!(%cause, "the store was not closed");
        }
    }
}

/// Creates the folder if need be, and locks it for this process. The lock goes with the process, however it ends.
fn take(folder: &Path) -> Result<File, StartError> {
    let refused = |cause| StartError::Folder(folder.to_owned(), cause);
    // Secrets of endpoints lie in there.
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(refused)?;
    let path = folder.join("lock");
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(refused)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse(folder.to_owned())),
        Err(TryLockError::Error(cause)) => Err(refused(cause)),
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Address(addr, cause) => {
                write!(f, "cannot listen on {addr}: {}; choose another with --addr", cause.kind())
            }
            StartError::Folder(path, cause) => write!(
                f,
                "cannot write to the folder {}: {}; choose another with --data, or use --memory",
                path.display(),
                cause.kind()
            ),
            StartError::InUse(path) => {
                write!(
                    f,
                    "another process uses the folder {}; choose another with --data, or stop it",
                    path.display()
                )
            }
            StartError::Database(cause) => {
                write!(
                    f,
                    "cannot open the database: {cause}; choose another folder with --data, or use --memory"
                )
            }
            StartError::Config(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Address(_, cause) | StartError::Folder(_, cause) => Some(cause),
            StartError::Database(cause) => Some(cause.as_ref()),
            StartError::InUse(_) | StartError::Config(_) => None,
        }
    }
}

/// When the clients of a stream that is ended are to come back.
const RECONNECT: Duration = Duration::from_secs(1);
