#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::{SqliteOptions, SqliteStore};
use crate::store::contract::{Place, store_contract};
use std::path::PathBuf;

mod copies;
mod damage;
mod file;
mod history;
mod refusals;
mod sharing;

store_contract!(Directory);

/// A directory with a database in it.
struct Directory(tempfile::TempDir);

impl Directory {
    fn path(&self) -> PathBuf {
        self.0.path().join("stronghold.db")
    }

    /// The database, as anybody sees it who opens the file.
    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }
}

impl Place for Directory {
    type Store = SqliteStore;

    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).unwrap()
    }

    fn open_small(&self) -> SqliteStore {
        let options = SqliteOptions { max_bytes: Some(2 * 1024 * 1024), ..SqliteOptions::default() };
        SqliteStore::open_with(&self.path(), options).unwrap()
    }
}
