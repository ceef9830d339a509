//! The threads that read snapshots.

use super::{tx::SqliteTx, work::Work};
use crate::store::StoreError;
use rusqlite::Connection;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// A queue that several threads take from.
pub(super) type Shared = Arc<Mutex<mpsc::Receiver<Box<dyn Work>>>>;

/// Lets several threads take from a queue.
pub(super) fn share(waiting: mpsc::Receiver<Box<dyn Work>>) -> Shared {
    Arc::new(Mutex::new(waiting))
}

/// Reads until the store is closed and nobody waits.
pub(super) fn run(connection: &Connection, waiting: &Shared) {
    while let Some(read) = next(waiting) {
        if read.is_awaited() {
            answer(connection, read);
        }
    }
}

fn next(waiting: &Shared) -> Option<Box<dyn Work>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

fn answer(connection: &Connection, mut read: Box<dyn Work>) {
    match in_snapshot(connection, read.as_mut()) {
        Ok(()) => read.release(),
        Err(error) => {
            tracing::error!(%error, "a snapshot could not be read");
            read.fail(error);
        }
    }
}

/// Reads within one transaction, so that everything is seen as of one commit.
fn in_snapshot(connection: &Connection, read: &mut dyn Work) -> Result<(), StoreError> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    // Nothing is to be undone, so a failure only matters to whoever waits.
    let _ = read.decide(&mut SqliteTx::new(connection));
    if !connection.is_autocommit() {
        connection.prepare_cached("ROLLBACK")?.execute([])?;
    }
    Ok(())
}
