//! The database's layout, and how an older one becomes today's.
//!
//! A migration is a numbered SQL file and is never changed once it was released; each runs in its own transaction.

use rusqlite::{Connection, TransactionBehavior};

/// In order; the n-th makes layout n.
pub(super) const MIGRATIONS: [&str; 8] = [
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_staging.sql"),
    include_str!("migrations/0003_audit_streams.sql"),
    include_str!("migrations/0004_audit_archive.sql"),
    include_str!("migrations/0005_acceptances.sql"),
    include_str!("migrations/0006_unsigned_records.sql"),
    include_str!("migrations/0007_key_requests.sql"),
    include_str!("migrations/0008_login_sources.sql"),
];

/// Marks a file as ours in its header (`application_id`): "STGH" in ASCII.
pub(super) const APPLICATION_ID: i64 = 0x5354_4748;

/// Checks that a database is new, or ours and not of a newer release, without writing to it.
///
/// # Errors
/// [`MigrationError`] when it is not, or when it cannot be read.
pub(super) fn check(connection: &mut Connection) -> Result<(), MigrationError> {
    // In one transaction: another server may be making the layout.
    let transaction = connection.transaction()?;
    layout(&transaction).map(drop)
}

/// Brings the database to today's layout, whichever of several servers that start at once gets there first.
///
/// # Errors
/// [`MigrationError`] when it is another program's or a newer release's, or when it cannot be written.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrationError> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let layout = layout(&transaction)?;
        let Some(migration) = MIGRATIONS.get(layout) else { return Ok(()) };
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", i64::try_from(layout).unwrap_or(i64::MAX) + 1)?;
        transaction.commit()?;
    }
}

/// Why a database cannot be brought to today's layout.
#[derive(Debug, thiserror::Error)]
pub(super) enum MigrationError {
    /// It holds what we did not write.
    #[error("it belongs to another program")]
    Foreign,
    /// A later release wrote it.
    #[error("it has layout {found}, and this release knows layouts up to {known}: use a newer release")]
    Newer { found: usize, known: usize },
    /// The database failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// How many migrations the database has had; at most all there are.
///
/// # Errors
/// As [`check`].
pub(super) fn layout(connection: &Connection) -> Result<usize, MigrationError> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let is_empty: bool =
        connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?;
    match usize::try_from(version) {
        Ok(0) if application == 0 && is_empty => Ok(0),
        Ok(found) if application == APPLICATION_ID && found > MIGRATIONS.len() => {
            Err(MigrationError::Newer { found, known: MIGRATIONS.len() })
        }
        Ok(found) if application == APPLICATION_ID && found > 0 => Ok(found),
        _ => Err(MigrationError::Foreign),
    }
}
