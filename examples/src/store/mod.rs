//! The store: embedded SQLite with one writer.
//!
//! A thread owns the writing connection. It takes what waits in its queue into one transaction, each job in a
//! savepoint of its own, commits once for all of them, tells what happened in the order of the events' ids, and
//! only then answers. So a write that was acknowledged is on disk, and many writers share one `fsync`.
//! Reads go to a second connection on a second thread, which never waits for the writer (WAL).
#![allow(
    clippy::disallowed_methods,
    reason = "the store's two threads are the adapter between SQLite and the runtime"
)]

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;
use webhook_sig::delivery::Prepared;

use crate::clock::Time;
use crate::event::Event;
use crate::failure::Failure;

pub(crate) mod events;
pub(crate) mod hooks;
pub(crate) mod orders;
pub(crate) mod posts;
pub(crate) mod rooms;
mod sample;
mod schema;
pub(crate) mod users;

/// What a committed transaction means to the rest of the service.
pub(crate) enum Change {
    /// Something happened, and these deliveries are owed for it.
    Happened(Arc<Event>, Prepared),
    EndpointAdded(hooks::Endpoint),
    EndpointRemoved(i64),
}

/// Who has to know. Both are called on the writer's thread, so they must be quick.
pub(crate) trait Listener: Send + Sync + 'static {
    /// Draws up what an event will owe, inside the transaction that stores both.
    fn prepare(&self, event: &Event) -> Result<Prepared, Failure>;
    /// Hears of each change once, after its commit and before its answer, in the order of the commits.
    fn committed(&self, change: Change);
}

/// Where the rows live.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a folder that exists and that this process alone uses.
    Folder(PathBuf),
    /// In memory, gone with the process.
    Memory,
}

/// A handle that may be cloned.
#[derive(Clone)]
pub(crate) struct Store {
    writer: SyncSender<Job>,
    reader: SyncSender<Job>,
    #[cfg(test)]
    reads: Arc<std::sync::atomic::AtomicU64>,
}

/// The threads behind a [`Store`].
pub(crate) struct Threads {
    store: Store,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Lets the threads finish what is queued and close the database; blocks until they have.
    /// Later jobs are refused.
    pub(crate) fn close(self) {
        // A queue without a thread behind it is closed already.
        let _ = self.store.writer.send(Job::Close);
        let _ = self.store.reader.send(Job::Close);
        for handle in self.handles {
            if handle.join().is_err() {
                tracing::error!("a thread of the store ended by a panic");
            }
        }
    }
}

enum Job {
    Read(Box<dyn FnOnce(&Connection) + Send>),
    /// Runs in a savepoint; what it gives back is called with the fate of the whole transaction.
    Write(WriteJob),
    Close,
}

type WriteJob = Box<dyn FnOnce(&Connection, Time, &dyn Listener) -> Done + Send>;

struct Done {
    keep: bool,
    changes: Vec<Change>,
    answer: Box<dyn FnOnce(Result<(), Failure>) + Send>,
}

/// A write in progress: the connection inside its savepoint, and what it has changed so far for others to know.
pub(crate) struct Write<'c> {
    pub(crate) db: &'c Connection,
    pub(crate) now: Time,
    pub(crate) listener: &'c dyn Listener,
    changes: Vec<Change>,
}

/// A database that is open and not served yet: what a start has to take up is read here.
pub(crate) struct Opened {
    place: Place,
    db: Connection,
}

impl Opened {
    /// Opens or creates the database.
    pub(crate) fn open(place: Place) -> Result<Opened, OpenError> {
        let mut db = match &place {
            Place::Folder(folder) => {
                let path = folder.join(FILE);
                // It holds secrets. SQLite gives the files beside it the same permissions.
                OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
                Connection::open(path)?
            }
            Place::Memory => Connection::open_in_memory()?,
        };
        schema::prepare(&mut db)?;
        sample::fill(&mut db, Time::now())?;
        Ok(Opened { place, db })
    }

    pub(crate) fn db(&self) -> &Connection {
        &self.db
    }

    /// Starts the threads.
    pub(crate) fn serve(self, listener: Arc<dyn Listener>) -> Result<(Store, Threads), OpenError> {
        let Opened { place, db } = self;
        let (writer, writes) = sync_channel(QUEUE);
        let mut handles = Vec::new();
        let reader = match place {
            Place::Folder(folder) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let db = Connection::open_with_flags(folder.join(FILE), flags)?;
                schema::configure(&db)?;
                let (reader, reads) = sync_channel(QUEUE);
                handles.push(
                    Builder::new().name("store-reader".to_owned()).spawn(move || read_loop(&db, &reads))?,
                );
                reader
            }
            // A database in memory has one connection, so its writer reads too.
            Place::Memory => writer.clone(),
        };
        let write = move || write_loop(&db, &writes, &*listener);
        handles.push(Builder::new().name("store-writer".to_owned()).spawn(write)?);
        let store = Store {
            writer,
            reader,
            #[cfg(test)]
            reads: Arc::default(),
        };
        Ok((store.clone(), Threads { store, handles }))
    }
}

impl Store {
    /// Runs a read on a consistent view.
    pub(crate) async fn read<T, F>(&self, job: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        #[cfg(test)]
        self.reads.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        let job = Job::Read(Box::new(move |db| {
            // A caller that went away needs no answer.
            let _ = answer.send(job(db));
        }));
        submit(&self.reader, job)?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// How many reads were asked for.
    #[cfg(test)]
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Runs a write and returns when it is durable. A job that fails leaves no trace.
    ///
    /// A caller that is dropped while it waits does not undo the write.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Write<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Job::Write(Box::new(move |db, now, listener| {
            let mut write = Write { db, now, listener, changes: Vec::new() };
            let result = job(&mut write);
            Done {
                keep: result.is_ok(),
                changes: if result.is_ok() { write.changes } else { Vec::new() },
                answer: Box::new(move |fate| {
                    let _ = answer.send(result.and_then(|value| fate.map(|()| value)));
                }),
            }
        }));
        submit(&self.writer, job)?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Write<'_> {
    /// Tells what others have to know once it is committed.
    pub(crate) fn changed(&mut self, change: Change) {
        self.changes.push(change);
    }
}

fn submit(queue: &SyncSender<Job>, job: Job) -> Result<(), Failure> {
    queue.try_send(job).map_err(|e| match e {
        TrySendError::Full(_) => Failure::unavailable(&"its queue is full"),
        TrySendError::Disconnected(_) => closed(),
    })
}

fn closed() -> Failure {
    Failure::unavailable(&"it is closed")
}

fn read_loop(db: &Connection, queue: &Receiver<Job>) {
    while let Ok(Job::Read(run)) = queue.recv() {
        read(db, run);
    }
}

fn write_loop(db: &Connection, queue: &Receiver<Job>, listener: &dyn Listener) {
    let mut waiting = None;
    while let Some(job) = waiting.take().or_else(|| queue.recv().ok()) {
        match job {
            Job::Read(run) => read(db, run),
            Job::Write(run) => waiting = write_batch(db, run, queue, listener),
            Job::Close => break,
        }
    }
    // Leaves one file behind, so that a backup is a copy.
    if let Err(cause) = db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%cause, "the write-ahead log was not folded in");
    }
}

fn read(db: &Connection, run: Box<dyn FnOnce(&Connection) + Send>) {
    // In one transaction, so that a count and a page are of the same moment.
    if let Err(cause) = step(db, "BEGIN") {
        tracing::error!(%cause, "a read was not begun");
        return;
    }
    run(db);
    if let Err(cause) = step(db, "COMMIT") {
        tracing::error!(%cause, "a read was not ended");
    }
}

/// Runs the first write and those that wait behind it; gives back the job that is no write and ended the batch.
fn write_batch(
    db: &Connection,
    first: WriteJob,
    queue: &Receiver<Job>,
    listener: &dyn Listener,
) -> Option<Job> {
    let mut batch = Vec::new();
    let mut waiting = None;
    let mut next = Some(first);
    let mut fate = step(db, "BEGIN IMMEDIATE");
    // A job that is not run is dropped, and its caller told that the store failed.
    while let (Ok(()), Some(run)) = (&fate, next.take()) {
        match in_savepoint(db, run, listener) {
            Ok(done) => batch.push(done),
            Err(cause) => fate = Err(cause),
        }
        if batch.len() < BATCH {
            match queue.try_recv() {
                Ok(Job::Write(run)) => next = Some(run),
                Ok(other) => waiting = Some(other),
                Err(_) => {}
            }
        }
    }
    let fate = fate.and_then(|()| step(db, "COMMIT"));
    if let Err(cause) = &fate {
        tracing::error!(%cause, "a transaction was not committed");
        if let Err(cause) = step(db, "ROLLBACK") {
            tracing::debug!(%cause, "there was no transaction to roll back");
        }
    }
    let mut changes: Vec<Change> = Vec::new();
    let mut answers = Vec::with_capacity(batch.len());
    for done in batch {
        changes.extend(done.changes);
        answers.push(done.answer);
    }
    if fate.is_ok() {
        changes.into_iter().for_each(|change| listener.committed(change));
    }
    for answer in answers {
        answer(match &fate {
            Ok(()) => Ok(()),
            Err(cause) => Err(Failure::unavailable(cause)),
        });
    }
    waiting
}

fn in_savepoint(db: &Connection, run: WriteJob, listener: &dyn Listener) -> Result<Done, rusqlite::Error> {
    step(db, "SAVEPOINT job")?;
    let done = run(db, Time::now(), listener);
    if !done.keep {
        step(db, "ROLLBACK TO job")?;
    }
    step(db, "RELEASE job")?;
    Ok(done)
}

fn step(db: &Connection, sql: &'static str) -> Result<(), rusqlite::Error> {
    db.prepare_cached(sql)?.execute([]).map(|_| ())
}

pub(crate) type OpenError = Box<dyn std::error::Error + Send + Sync>;

/// Jobs that may wait for a thread; beyond it a caller is told to try again.
const QUEUE: usize = 1024;
/// Writes that share one commit.
const BATCH: usize = 128;
const FILE: &str = "showcase.sqlite";
/// How long SQLite waits for a lock that another connection holds.
const BUSY: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{NewUser, Page};
    use std::sync::Mutex;
    use webhook_sig::UnixMillis;
    use webhook_sig::delivery::{Config, Dispatcher};

    fn user(n: usize) -> NewUser {
        NewUser { name: format!("user {n}"), email: format!("user{n}@example.net") }
    }

    /// Owes nothing, and notes the ids of what was committed.
    struct Notes(Mutex<Dispatcher>, Mutex<Vec<i64>>);

    impl Listener for Notes {
        fn prepare(&self, event: &Event) -> Result<Prepared, Failure> {
            let now = UnixMillis::from_millis(1);
            Ok(self.0.lock().unwrap().prepare(event.outbound().unwrap(), now).unwrap())
        }

        fn committed(&self, change: Change) {
            if let Change::Happened(event, _) = change {
                self.1.lock().unwrap().push(event.id);
            }
        }
    }

    fn open() -> (Store, Threads, Arc<Notes>) {
        let notes = Arc::new(Notes(Mutex::new(Dispatcher::new(Config::default(), 0)), Mutex::default()));
        let (store, threads) = Opened::open(Place::Memory).unwrap().serve(notes.clone()).unwrap();
        (store, threads, notes)
    }

    #[tokio::test]
    async fn a_refused_write_leaves_nothing_beside_others_that_stay() {
        let (store, threads, notes) = open();
        let jobs = (0..20).map(|n| {
            store.write(move |w| {
                let made = users::create(w, None, user(n / 2))?;
                if n == 4 { Err(Failure::conflict("changed my mind")) } else { Ok(made.id) }
            })
        });
        let results = futures_util::future::join_all(jobs).await;
        // Of each pair with one address the second is refused; of the pair 4 and 5 the first.
        let kept: Vec<usize> = (0..20).filter(|n| results[*n].is_ok()).collect();
        assert_eq!(kept, [0, 2, 5, 6, 8, 10, 12, 14, 16, 18]);
        let (_, total) = store.read(|db| users::list(db, Page { limit: 1, offset: 0 })).await.unwrap();
        assert_eq!(total, 3 + 10);
        tokio::task::spawn_blocking(|| threads.close()).await.unwrap();
        assert_eq!(*notes.1.lock().unwrap(), (1..=10).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn after_the_close_a_job_is_refused() {
        let (store, threads, _) = open();
        tokio::task::spawn_blocking(|| threads.close()).await.unwrap();
        let late = store.write(|w| users::create(w, None, user(1))).await;
        assert_eq!(late.unwrap_err().problem().status(), http::StatusCode::SERVICE_UNAVAILABLE);
    }
}
