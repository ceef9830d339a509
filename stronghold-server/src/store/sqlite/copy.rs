//! A database file copied while it is in use, and what is done to a copy before it is a server's again.

use super::{
    SqliteOptions,
    column::{count, number},
    migrations::{MigrationError, layout},
    open::Database,
};
use crate::store::StoreError;
use rusqlite::{
    Connection, ErrorCode,
    backup::{Backup, StepResult},
    params,
};
use std::{ops::ControlFlow, path::Path};
use stronghold_protocol::{crypto::hash::Hash, directory::HeaderRef, id::OrgId, number::Seq};

/// How many pages are copied between two looks at whether to go on: 4 MiB.
const PAGES_AT_ONCE: i32 = 1024;

/// Is told how many bytes of how many are done, and says whether to go on.
pub(crate) type Watch<'w> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'w;

/// A database was not copied.
#[derive(Debug)]
pub(crate) enum CopyError {
    /// There is no room for the copy.
    Full,
    /// The watch said so.
    Stopped,
    /// One of the two cannot be used.
    Store(StoreError),
}

impl From<StoreError> for CopyError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            _ => Self::Store(error.into()),
        }
    }
}

/// Copies a database as it is at one moment into an empty file, which becomes a plain one without a log beside it. It is
/// not synced yet.
///
/// # Errors
/// [`CopyError`]; what is in the file then is of no use.
pub(crate) fn copy(source: &Path, target: &Path, watch: &mut Watch<'_>) -> Result<(), CopyError> {
    let database = Database::new(source, SqliteOptions::default())?;
    let mut connection = database.open_source()?;
    // One snapshot from here on. Without it SQLite would begin again after every commit of the server's; with it, writers
    // neither wait for the copy nor disturb it, and only their log grows until it is done.
    let snapshot = connection.transaction()?;
    check_layout(&database, &snapshot)?;
    let copied = Database::new(target, SqliteOptions::default())?;
    let mut copy = copied.open_copy()?;
    // The file is new, and removed when anything fails: there is nothing to roll back to.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    let page: i64 = snapshot.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let bytes = |pages: i32| u64::try_from(i64::from(pages).saturating_mul(page)).unwrap_or(0);
    let backup = Backup::new(&snapshot, &mut copy)?;
    loop {
        let step = backup.step(PAGES_AT_ONCE)?;
        let progress = backup.progress();
        let total = bytes(progress.pagecount);
        if watch(total.saturating_sub(bytes(progress.remaining)), total).is_break() {
            return Err(CopyError::Stopped);
        }
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => return Err(StoreError::Database("the database is locked".to_owned()).into()),
        }
    }
    drop(backup);
    close(copy)?;
    // A new connection: the copy's first page says since the last step that it has a log beside it.
    let copy = copied.open_copy()?;
    copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    close(copy)
}

/// What is in a database.
#[derive(Debug)]
pub(crate) struct Inspected {
    /// Its layout.
    pub(crate) layout: usize,
    /// Of each organization, by id: the newest statement, and the number of audit records.
    pub(crate) orgs: Vec<(OrgId, HeaderRef, u64)>,
}

/// Checks a copy that nothing else has open, and says what is in it.
///
/// # Errors
/// [`StoreError::Unusable`] when it is not ours or newer than this release, [`StoreError::Damaged`] when it does not add up.
pub(crate) fn inspect(path: &Path) -> Result<Inspected, StoreError> {
    let database = Database::new(path, SqliteOptions::default())?;
    let connection = database.open_copy()?;
    let layout = check_layout(&database, &connection)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Damaged(verdict.replace('\n', "; ")));
    }
    let mut select = connection.prepare("SELECT id, seq, hash, records, number FROM orgs ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut orgs = Vec::new();
    while let Some(row) = rows.next()? {
        let org = OrgId(row.get(0)?);
        let head = HeaderRef { seq: number(row, 1, Seq::new)?, hash: Hash(row.get(2)?) };
        let records = count(row, 3)?;
        check_logs(&connection, row.get(4)?, &head, records)
            .map_err(|what| StoreError::Damaged(format!("organization {org}: {what}")))?;
        orgs.push((org, head, records));
    }
    Ok(Inspected { layout, orgs })
}

/// Ends in a copy what must not be good for a second time, and sets a value of the server's own. Returns how many setup codes
/// were open.
///
/// # Errors
/// [`CopyError`] when it cannot be written.
pub(crate) fn renounce(path: &Path, name: &str, value: &[u8]) -> Result<usize, CopyError> {
    let mut connection = Database::new(path, SqliteOptions::default())?.open_copy()?;
    let transaction = connection.transaction()?;
    transaction.execute("DELETE FROM login_attempts", [])?;
    let setup_codes = transaction.execute("UPDATE setup_codes SET used = 1 WHERE used = 0", [])?;
    transaction.execute(
        "INSERT INTO server_values (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        params![name, value],
    )?;
    transaction.commit()?;
    close(connection)?;
    Ok(setup_codes)
}

fn check_layout(database: &Database, connection: &Connection) -> Result<usize, StoreError> {
    match layout(connection) {
        // A server that was stopped at its very first start leaves an empty file.
        Ok(0) => Err(database.refuse(MigrationError::Foreign)),
        Ok(found) => Ok(found),
        Err(error) => Err(database.refuse(error)),
    }
}

/// Checks that both logs of an organization have no gap and end where its head row says.
///
/// # Errors
/// What is wrong.
fn check_logs(connection: &Connection, org: i64, head: &HeaderRef, records: u64) -> Result<(), String> {
    let failed = |error: rusqlite::Error| error.to_string();
    let found = |sql: &str| -> rusqlite::Result<(i64, i64)> {
        connection.query_row(sql, [org], |row| Ok((row.get(0)?, row.get(1)?)))
    };
    // Positions are unique: as many as there are, up to the last, is all of them.
    let whole = |(number, last): (i64, i64), expected: u64| last + 1 == number && u64::try_from(number) == Ok(expected);
    let statements = found("SELECT count(*), coalesce(max(seq), -1) FROM statements WHERE org = ?1");
    if !whole(statements.map_err(failed)?, head.seq.get() + 1) {
        return Err("statements are missing".to_owned());
    }
    let newest = "SELECT hash FROM statements WHERE org = ?1 ORDER BY seq DESC LIMIT 1";
    let newest: [u8; 32] = connection.query_row(newest, [org], |row| row.get(0)).map_err(failed)?;
    if newest != head.hash.0 {
        return Err("its newest statement is another one".to_owned());
    }
    let found = found("SELECT count(*), coalesce(max(position), -1) FROM audit_records WHERE org = ?1");
    if !whole(found.map_err(failed)?, records) {
        return Err("audit records are missing".to_owned());
    }
    Ok(())
}

fn close(connection: Connection) -> Result<(), CopyError> {
    connection.close().map_err(|(_, error)| error.into())
}
