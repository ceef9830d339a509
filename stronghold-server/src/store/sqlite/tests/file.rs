//! The database's file.

use super::{Directory, Place};
use crate::store::{
    Store, StoreError,
    contract::fixtures::{ORG, create_org},
    sqlite::SqliteStore,
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

fn refusal(path: &Path) -> String {
    match SqliteStore::open(path) {
        Err(error @ StoreError::Unusable { .. }) => error.to_string(),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("opened {}", path.display()),
    }
}

fn beside(place: &Directory) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(place.0.path()).unwrap().map(|found| found.unwrap().path()).collect();
    paths.sort();
    paths
}

#[tokio::test]
async fn only_its_owner_may_read_it() {
    let place = Directory::new();
    let store = place.open();
    create_org(&store).await;
    let paths = beside(&place);
    assert!(paths.len() > 1, "there is a log beside the database");
    for path in paths {
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn closing_leaves_one_file() {
    let place = Directory::new();
    let store = place.open();
    create_org(&store).await;
    let clone = store.clone();
    drop(store);
    assert!(clone.snapshot(|tx| tx.head(&ORG)).await.unwrap().is_some(), "a clone keeps it open");
    drop(clone);
    assert_eq!(beside(&place), [place.path()]);
}

#[tokio::test]
async fn it_is_durable_and_logs_ahead() {
    let place = Directory::new();
    let store = place.open();
    create_org(&store).await;
    let mode: String = place.raw().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let database = super::super::open::Database::new(&place.path(), super::SqliteOptions::default()).unwrap();
    let setting = |connection: &rusqlite::Connection, name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap()
    };
    let writer = database.open_writer().unwrap();
    assert_eq!(setting(&writer, "synchronous"), 2, "FULL");
    assert_eq!(setting(&writer, "foreign_keys"), 1);
}

#[test]
fn what_is_no_database_is_refused() {
    let place = Directory::new();
    assert!(refusal(place.0.path()).contains("directory"));
    assert!(refusal(&place.path().join("below")).contains("No such file"));
    assert!(refusal(Path::new("")).contains("cannot be used"));
    assert!(refusal(Path::new("/dev/null")).contains("regular file"));

    let text = place.0.path().join("text");
    for content in [b"short".to_vec(), vec![b'x'; 100_000]] {
        fs::write(&text, &content).unwrap();
        assert!(refusal(&text).contains("not a Stronghold database"));
        assert_eq!(fs::read(&text).unwrap(), content, "left as it was");
    }
    assert_eq!(beside(&place), [text], "nothing was left beside it");
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let place = Directory::new();
    place.raw().execute_batch("CREATE TABLE theirs (x)").unwrap();
    let before = fs::read(place.path()).unwrap();
    assert!(refusal(&place.path()).contains("another program"));
    assert_eq!(fs::read(place.path()).unwrap(), before);
}

#[test]
fn a_newer_layout_is_refused_and_left_alone() {
    let place = Directory::new();
    drop(place.open());
    place.raw().pragma_update(None, "user_version", 1000).unwrap();
    let before = fs::read(place.path()).unwrap();
    assert!(refusal(&place.path()).contains("newer release"));
    assert_eq!(fs::read(place.path()).unwrap(), before);
}

#[test]
fn a_read_only_database_is_refused() {
    let place = Directory::new();
    drop(place.open());
    // SQLite's own mark for "read this, do not write it" (file format, 1.3.3), which binds the superuser too.
    let mut bytes = fs::read(place.path()).unwrap();
    bytes[18] = 3;
    fs::write(place.path(), bytes).unwrap();
    assert!(refusal(&place.path()).contains("cannot be written"));
}

#[test]
fn a_name_means_nothing_to_sqlite() {
    let place = Directory::new();
    for name in ["file:x?mode=memory", ":memory:", "a b#c%20"] {
        let path = place.0.path().join(name);
        drop(SqliteStore::open(&path).unwrap());
        assert!(fs::metadata(&path).unwrap().len() > 0);
    }
}
