//! The thread that writes, and its group commit: many works, one transaction, one sync of the disk.

use super::{
    tx::SqliteTx,
    work::{Work, reason},
};
use crate::store::StoreError;
use rusqlite::Connection;
use tokio::sync::mpsc;

/// How many works one transaction decides at most, so that the first of them does not wait for long.
const BATCH: usize = 64;

/// Decides works until the store is closed and none waits; then puts the log into the database file.
pub(super) fn run(connection: &Connection, mut waiting: mpsc::Receiver<Box<dyn Work>>) {
    while let Some(batch) = next_batch(&mut waiting) {
        commit(connection, batch);
    }
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        // Nothing is lost: the log stays, and the next start reads it.
        tracing::warn!(%error, "the database's log could not be put into its file");
    }
}

/// The works that wait now, at most [`BATCH`]; waits for the first. None once the store is closed.
///
/// Those who were answered by the commit before ask again while this one is written, so batches fill by themselves:
/// waiting for more would only add to everybody's time.
fn next_batch(waiting: &mut mpsc::Receiver<Box<dyn Work>>) -> Option<Vec<Box<dyn Work>>> {
    let mut batch = vec![waiting.blocking_recv()?];
    while batch.len() < BATCH
        && let Ok(work) = waiting.try_recv()
    {
        batch.push(work);
    }
    Some(batch)
}

/// Why nothing of a batch was done.
enum Lost {
    /// A work's failure undid the whole transaction, as a full disk can, before its commit was tried.
    WithOneWork(StoreError),
    /// The transaction could not be opened, or its commit failed or may have.
    AtCommit(StoreError),
}

/// Decides a batch and answers each of its works, after the commit.
fn commit(connection: &Connection, mut batch: Vec<Box<dyn Work>>) {
    batch.retain(|work| work.is_awaited());
    match decide(connection, &mut batch) {
        Ok(()) => batch.into_iter().for_each(Work::release),
        // Certainly nothing is written, so each can be decided again by itself, and only those that fail are told so.
        Err(Lost::WithOneWork(_)) if batch.len() > 1 => {
            batch.into_iter().for_each(|work| commit(connection, vec![work]));
        }
        Err(Lost::WithOneWork(error) | Lost::AtCommit(error)) => {
            tracing::error!(%error, works = batch.len(), "a transaction failed");
            let reason = reason(&error);
            batch.into_iter().for_each(|work| work.fail(StoreError::Database(reason.clone())));
        }
    }
}

/// Decides each work of a batch, and commits what they did.
///
/// The batch was closed before: 1. the transaction takes the write lock; 2. each work is decided in a savepoint of its
/// own, and undone alone if it fails; 3. all is committed once, with a sync.
fn decide(connection: &Connection, batch: &mut [Box<dyn Work>]) -> Result<(), Lost> {
    if batch.is_empty() {
        return Ok(());
    }
    // 1.
    execute(connection, "BEGIN IMMEDIATE").map_err(Lost::AtCommit)?;
    let decided = batch.iter_mut().try_for_each(|work| decide_one(connection, work.as_mut()));
    // 3.
    let done = decided.map_err(Lost::WithOneWork).and_then(|()| execute(connection, "COMMIT").map_err(Lost::AtCommit));
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(%error, "a transaction could not be rolled back");
    }
    done
}

fn decide_one(connection: &Connection, work: &mut dyn Work) -> Result<(), StoreError> {
    // 2.
    execute(connection, "SAVEPOINT work")?;
    if let Err(reason) = work.decide(&mut SqliteTx::new(connection)) {
        if connection.is_autocommit() {
            return Err(StoreError::Database(reason));
        }
        execute(connection, "ROLLBACK TO work")?;
    }
    execute(connection, "RELEASE work")
}

fn execute(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}
