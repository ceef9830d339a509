//! The embedded store: one SQLite file, for one machine.
//!
//! One thread writes: it takes the works that wait, decides them in one transaction, and answers all of them after its
//! commit is on disk (`writer.rs`). A few threads read (`readers.rs`). The file is in WAL mode with a sync at every
//! commit; other processes may open it at the same time, which is how it can be backed up while it is in use.

mod column;
mod copy;
mod migrations;
mod open;
mod readers;
mod tx;
mod work;
mod writer;

#[cfg(test)]
mod tests;

pub(crate) use copy::{CopyError, Inspected, copy, inspect, renounce};

use super::{Store, StoreError, Tx};
use open::Database;
use std::{
    path::Path,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};
use stronghold_protocol::id::OrgId;
use tokio::sync::{mpsc, oneshot};
use tx::SqliteTx;
use work::{Pending, Work};

/// How many works wait at most; whoever brings more waits to be let in.
const QUEUE: usize = 256;

/// A store in a SQLite file. Clones are the same store; the last one that is dropped closes it, which waits for works
/// that were let in and leaves one file without a log beside it.
#[derive(Clone)]
pub struct SqliteStore {
    threads: Arc<Threads>,
}

/// How a SQLite store is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How large the database file may grow, in bytes; writes beyond it fail as on a full disk. None for no limit but
    /// the disk's.
    pub max_bytes: Option<u64>,
    /// How long to wait for another process that writes, before works fail.
    pub busy_timeout: Duration,
    /// How many threads read; at least one.
    pub readers: usize,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { max_bytes: None, busy_timeout: Duration::from_secs(5), readers: 4 }
    }
}

impl SqliteStore {
    /// Opens the store in a file with the default options; creates the file, with mode 0600, if there is none.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], and why: a directory, not a database, not ours, of a newer release, not writable.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// Opens the store in a file; creates the file, with mode 0600, if there is none.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let database = Database::new(path, options)?;
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            let thread = thread::Builder::new().name(name.to_owned()).spawn(run);
            thread.map_err(|error| StoreError::Database(format!("no thread for the store: {error}")))
        };
        let writer = database.open_writer()?;
        let (works, waiting) = mpsc::channel(QUEUE);
        let writer = spawn("store-write", Box::new(move || writer::run(&writer, waiting)))?;
        let (reads, waiting) = mpsc::channel(QUEUE);
        let mut threads = Threads { works: Some(works), reads: Some(reads), writer: Some(writer), readers: Vec::new() };
        let waiting = readers::share(waiting);
        for _ in 0..options.readers.max(1) {
            let reader = database.open_reader()?;
            let waiting = Arc::clone(&waiting);
            threads.readers.push(spawn("store-read", Box::new(move || readers::run(&reader, &waiting)))?);
        }
        Ok(Self { threads: Arc::new(threads) })
    }

    /// Hands a work to the writer, or a read to the readers, and waits for what comes of it.
    async fn ask<T, F>(&self, queue: Option<&mpsc::Sender<Box<dyn Work>>>, decide: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut SqliteTx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let queue = queue.ok_or(StoreError::Closed)?;
        queue.send(Box::new(Pending::new(decide, answer))).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Store for SqliteStore {
    async fn locked<T, F>(&self, _org: Option<OrgId>, mut decide: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        // One writer: its transaction locks every organization.
        self.ask(self.threads.works.as_ref(), move |tx| decide(tx)).await
    }

    async fn snapshot<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let mut read = Some(read);
        let once = move |tx: &mut SqliteTx<'_>| match read.take() {
            Some(read) => read(tx),
            None => Err(StoreError::GivenUp("a snapshot is read once".to_owned())),
        };
        self.ask(self.threads.reads.as_ref(), once).await
    }

    async fn check_ready(&self) -> Result<(), StoreError> {
        self.ask(self.threads.works.as_ref(), |tx| tx.check_writable()).await
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SqliteStore")
    }
}

/// The threads behind a store, and the queues to them.
struct Threads {
    works: Option<mpsc::Sender<Box<dyn Work>>>,
    reads: Option<mpsc::Sender<Box<dyn Work>>>,
    writer: Option<JoinHandle<()>>,
    readers: Vec<JoinHandle<()>>,
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Readers first: the writer closes the last connection, and so leaves no log behind.
        drop(self.reads.take());
        self.readers.drain(..).for_each(wait_for);
        drop(self.works.take());
        self.writer.take().into_iter().for_each(wait_for);
    }
}

/// Waits for a thread to end, unless it is this one: a work may hold the last handle of the store that runs it.
fn wait_for(thread: JoinHandle<()>) {
    if thread.thread().id() != thread::current().id() && thread.join().is_err() {
        tracing::error!("a thread of the store panicked");
    }
}
