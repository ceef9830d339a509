//! What a server's database holds, as the test reads it itself.

use rusqlite::{Connection, OpenFlags};
use std::path::Path;

pub(crate) type Hash = [u8; 32];

/// Whole histories: of statements, and of the one profile that is played with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Database {
    pub(crate) headers: Vec<Hash>,
    /// Every revision, oldest first, of all profiles.
    pub(crate) revisions: Vec<(Vec<u8>, Hash)>,
}

impl Database {
    /// Reads it from outside, while the server may run.
    pub(crate) fn read(file: &Path) -> Self {
        let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut read = Self::default();
        let mut statements = database.prepare("SELECT hash FROM statements ORDER BY seq").unwrap();
        let mut rows = statements.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            read.headers.push(row.get(0).unwrap());
        }
        let mut revisions =
            database.prepare("SELECT profile, manifest FROM revisions ORDER BY profile, revision").unwrap();
        let mut rows = revisions.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            read.revisions.push((row.get(0).unwrap(), row.get(1).unwrap()));
        }
        read
    }

    /// The manifests of one profile.
    pub(crate) fn of(&self, profile: &[u8]) -> Vec<Hash> {
        self.revisions.iter().filter(|(id, _)| id == profile).map(|(_, manifest)| *manifest).collect()
    }
}
