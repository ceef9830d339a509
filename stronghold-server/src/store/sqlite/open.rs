//! Opening the database file, and the settings of every connection.

use super::{
    SqliteOptions,
    column::integer,
    migrations::{MigrationError, check, migrate},
};
use crate::store::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How many prepared statements a connection keeps: all that `Tx` has, so that none is ever parsed twice.
const STATEMENTS: usize = 128;

/// How long an opening that met another one waits before it tries again.
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(5);

/// What a SQLite store's connections are opened on.
pub(super) struct Database {
    path: PathBuf,
    options: SqliteOptions,
}

impl Database {
    /// Names a database file. Made absolute: SQLite gives names such as `file:x` and `:memory:` a meaning of their own.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the path is empty.
    pub(super) fn new(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let unusable = |error: io::Error| unusable(path, error.to_string());
        Ok(Self { path: std::path::absolute(path).map_err(unusable)?, options })
    }

    /// Opens the one connection that writes; creates the file if there is none, and brings it to today's layout.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], with the reason for people.
    pub(super) fn open_writer(&self) -> Result<Connection, StoreError> {
        self.create_file()?;
        let mut connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let given_up = Instant::now() + self.options.busy_timeout;
        loop {
            let error = match self.configure_writer(&mut connection) {
                Ok(()) => return Ok(connection),
                Err(MigrationError::Sqlite(error)) => error,
                Err(other) => return Err(self.refuse(other)),
            };
            // SQLite does not wait when it changes a new file's journal while another server does the same: it answers
            // "busy" at once. Every step may be repeated.
            if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) || Instant::now() >= given_up {
                return Err(self.explain(error));
            }
            thread::sleep(BETWEEN_ATTEMPTS);
        }
    }

    /// Opens a connection that only reads. The writer's must be open, which made the files beside the database.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], with the reason for people.
    pub(super) fn open_reader(&self) -> Result<Connection, StoreError> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        configure(&connection, "PRAGMA cache_size = -8192;").map_err(|error| self.explain(error))?;
        Ok(connection)
    }

    /// Opens a connection for copying, beside a server that may have the file open or not, and perhaps of another release:
    /// it changes nothing. Not a read-only one, which would leave a log beside a database that nobody serves.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], with the reason for people.
    pub(super) fn open_source(&self) -> Result<Connection, StoreError> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        configure(&connection, "PRAGMA query_only = ON;").map_err(|error| self.explain(error))?;
        Ok(connection)
    }

    /// Opens the only connection to a copy; it needs no memory shared with others, which would be another file.
    ///
    /// # Errors
    /// [`StoreError::Unusable`], with the reason for people.
    pub(super) fn open_copy(&self) -> Result<Connection, StoreError> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        configure(&connection, "PRAGMA locking_mode = EXCLUSIVE;").map_err(|error| self.explain(error))?;
        Ok(connection)
    }

    /// What is wrong with the file's layout, for people.
    pub(super) fn refuse(&self, error: MigrationError) -> StoreError {
        match error {
            MigrationError::Sqlite(error) => self.explain(error),
            other => self.unusable(other.to_string()),
        }
    }

    /// Creates the file with mode 0600 if there is none; SQLite gives `-wal` and `-shm` the mode of the file itself.
    fn create_file(&self) -> Result<(), StoreError> {
        match fs::metadata(&self.path) {
            Ok(found) if found.is_dir() => return Err(self.unusable("it is a directory")),
            Ok(found) if !found.is_file() => return Err(self.unusable("it is not a regular file")),
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(self.unusable(error.to_string())),
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&self.path) {
            // Another server that starts at the same time was first.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            result => result.map(drop).map_err(|error| self.unusable(error.to_string())),
        }
    }

    fn connect(&self, access: OpenFlags) -> Result<Connection, StoreError> {
        // Each connection stays on one thread, so SQLite need not lock it.
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(|error| self.explain(error))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.busy_timeout(self.options.busy_timeout).map_err(|error| self.explain(error))?;
        Ok(connection)
    }

    /// Sets up the connection that writes, after a look at the file: one that is not ours stays as it is.
    fn configure_writer(&self, connection: &mut Connection) -> Result<(), MigrationError> {
        check(connection)?;
        if connection.is_readonly("main")? {
            return Err(rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None).into());
        }
        configure(connection, WRITER)?;
        if let Some(bytes) = self.options.max_bytes {
            let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            connection.pragma_update(None, "max_page_count", (integer(bytes) / page.max(1)).max(1))?;
        }
        migrate(connection)
    }

    fn explain(&self, error: rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => self.unusable("it is not a Stronghold database"),
            Some(ErrorCode::ReadOnly) => {
                self.unusable("it cannot be written: check its permissions and the file system")
            }
            Some(ErrorCode::CannotOpen) => {
                let reason = fs::File::open(&self.path)
                    .err()
                    .map_or_else(|| "its directory must be writable too".to_owned(), |error| error.to_string());
                self.unusable(reason)
            }
            _ => self.unusable(StoreError::from(error).to_string()),
        }
    }

    fn unusable(&self, reason: impl Into<String>) -> StoreError {
        unusable(&self.path, reason)
    }
}

fn unusable(path: &Path, reason: impl Into<String>) -> StoreError {
    StoreError::Unusable { path: path.to_owned(), reason: reason.into() }
}

/// Full durability: the log is synced at every commit. Checkpoints are rarer than SQLite's default, because each costs
/// two more syncs; the log is cut back after a burst.
const WRITER: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA wal_autocheckpoint = 4096;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -32768;
    PRAGMA foreign_keys = ON;
";

/// Believes nothing that the file says beyond its data, and keeps what a savepoint may undo out of temporary files.
fn configure(connection: &Connection, settings: &str) -> rusqlite::Result<()> {
    connection
        .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;")?;
    connection.execute_batch(settings)
}
