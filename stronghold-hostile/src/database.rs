//! The server's database, as whoever runs it reads and rewrites it.

use rusqlite::{Connection, OpenFlags};
use std::{fs, path::Path};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Directory, Statement},
    id::OrgId,
    merkle::Tree,
};

/// What is taken back in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Back {
    /// This table alone.
    Table(String),
    /// Every table but this one.
    AllBut(String),
    /// All of it.
    Whole,
}

fn read_only(file: &Path) -> Connection {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// The tables of a database, sorted.
#[must_use]
pub fn tables(file: &Path) -> Vec<String> {
    let database = read_only(file);
    let query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let mut statement = database.prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Writes to `to` the database `now` with tables of the database `then`, its own former self.
pub fn put_back(now: &Path, then: &Path, to: &Path, back: &Back) {
    let _ = fs::remove_file(to);
    read_only(now).execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
    let database = Connection::open(to).unwrap();
    database.pragma_update(None, "foreign_keys", false).unwrap();
    database.execute("ATTACH DATABASE ?1 AS former", [then.to_str().unwrap()]).unwrap();
    for table in tables(now) {
        let goes = match back {
            Back::Table(only) => *only == table,
            Back::AllBut(one) => *one != table,
            Back::Whole => true,
        };
        if goes {
            let rows =
                format!("DELETE FROM main.\"{table}\"; INSERT INTO main.\"{table}\" SELECT * FROM former.\"{table}\"");
            database.execute_batch(&rows).unwrap();
        }
    }
}

/// The statements of an organization, and what they add up to.
pub(crate) fn directory(file: &Path, org: &OrgId) -> (Vec<Statement>, Directory) {
    let database = read_only(file);
    let query = "SELECT bytes FROM statements JOIN orgs ON number = org WHERE id = ?1 ORDER BY statements.seq";
    let mut rows = database.prepare(query).unwrap();
    let bytes = rows.query_map([&org.0[..]], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let statements: Vec<Statement> = bytes.map(|bytes| serde_json::from_slice(&bytes.unwrap()).unwrap()).collect();
    let first = Directory::genesis(&statements[0], org).unwrap();
    let state = statements[1..].iter().fold(first, |state, statement| state.append(statement).unwrap());
    (statements, state)
}

/// Another organization of the same server.
pub(crate) fn other_org(file: &Path, org: &OrgId) -> Option<OrgId> {
    let database = read_only(file);
    let found = database.query_row("SELECT id FROM orgs WHERE id != ?1", [&org.0[..]], |row| row.get::<_, [u8; 32]>(0));
    found.ok().map(OrgId)
}

/// The first records of an audit log, as a tree.
pub(crate) fn log(file: &Path, org: &OrgId, size: u64) -> Tree {
    let database = read_only(file);
    let query = "SELECT leaf FROM audit_records JOIN orgs ON number = org WHERE orgs.id = ?1 AND position < ?2 ORDER BY position";
    let mut rows = database.prepare(query).unwrap();
    let leaves = rows.query_map((&org.0[..], i64::try_from(size).unwrap()), |row| row.get::<_, [u8; 32]>(0)).unwrap();
    Tree::from_leaf_hashes(leaves.map(|leaf| Hash(leaf.unwrap())))
}

/// The bytes of the newest audit record of an allowed action.
pub(crate) fn record_of(file: &Path, org: &OrgId, action: &str) -> Option<Vec<u8>> {
    let query = "SELECT b.bytes FROM audit_records AS r JOIN orgs ON orgs.number = r.org JOIN audit_bytes AS b ON b.number = r.bytes \
         WHERE orgs.id = ?1 AND action = ?2 AND allowed = 1 ORDER BY position DESC LIMIT 1";
    read_only(file).query_row(query, (&org.0[..], action), |row| row.get(0)).ok()
}
