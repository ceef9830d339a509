//! What a machine that loses its power leaves behind: the files as they are at some moment.

use std::{
    fs,
    path::{Path, PathBuf},
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::HeaderRef,
    id::{EventId, OrgId},
    number::Seq,
    time::Timestamp,
};
use stronghold_server::store::{AuditEntry, Store, StoredStatement, sqlite::SqliteStore};

const ORG: OrgId = OrgId([7; 32]);
const RECORDS: u64 = 60;

fn record(number: u64) -> AuditEntry {
    AuditEntry {
        id: EventId::from_bytes([1; 16]),
        at: Timestamp::from_millis(1).unwrap(),
        principal: None,
        action: "profile.read".to_owned(),
        profile: None,
        allowed: true,
        leaf: Hash([2; 32]),
        bytes: number.to_be_bytes().repeat(100),
    }
}

async fn append(store: &SqliteStore, number: u64) -> u64 {
    store.locked(Some(ORG), move |tx| tx.append_record(&ORG, &record(number))).await.unwrap()
}

async fn open_with_org(path: &Path) -> SqliteStore {
    let store = SqliteStore::open(path).unwrap();
    let genesis = StoredStatement { at: HeaderRef { seq: Seq::FIRST, hash: Hash::ZERO }, bytes: b"genesis".to_vec() };
    let at = Timestamp::from_millis(1).unwrap();
    assert!(store.locked(None, move |tx| tx.create_org(&ORG, &genesis, at)).await.unwrap());
    store
}

fn log_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-wal");
    path.into()
}

/// How many records a store opened on these files has; it must have each of them from the first on.
async fn records_after_crash(directory: &Path, database: &[u8], log: &[u8]) -> u64 {
    let path = directory.join("crashed.db");
    fs::write(&path, database).unwrap();
    fs::write(log_of(&path), log).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let seen = store.snapshot(|tx| Ok((tx.head(&ORG)?, tx.records(&ORG, 0, usize::MAX)?)));
    let (head, records) = seen.await.unwrap();
    let expected = (0..records.len()).map(|number| record(u64::try_from(number).unwrap()).bytes);
    assert!(records.iter().cloned().eq(expected));
    let count = head.map_or(0, |head| head.records);
    assert_eq!(count, u64::try_from(records.len()).unwrap());
    if head.is_some() {
        assert_eq!(append(&store, count).await, count, "it goes on where it stopped");
    }
    count
}

/// Everything that was answered is there, whenever the power goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let store = open_with_org(&path).await;
    for number in 0..RECORDS {
        assert_eq!(append(&store, number).await, number);
        // The database file only changes at checkpoints, which so short a log does not need: the two belong together.
        let (database, log) = (fs::read(&path).unwrap(), fs::read(log_of(&path)).unwrap());
        assert_eq!(records_after_crash(directory.path(), &database, &log).await, number + 1);
    }
}

/// Whatever part of the log's end is lost or garbled, what is left is whole works from the first on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_log_loses_whole_works_from_the_end() {
    const STEP: usize = 7919;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.db");
    let store = open_with_org(&path).await;
    for number in 0..RECORDS {
        append(&store, number).await;
    }
    let (database, log) = (fs::read(&path).unwrap(), fs::read(log_of(&path)).unwrap());
    let mut last = 0;
    for end in (0..log.len()).step_by(STEP).chain([log.len()]) {
        let count = records_after_crash(directory.path(), &database, &log[..end]).await;
        assert!(count >= last, "more of the log holds no fewer records");
        last = count;

        let mut garbled = log.clone();
        if let Some(byte) = garbled.get_mut(end) {
            *byte ^= 1;
        }
        let of_garbled = records_after_crash(directory.path(), &database, &garbled).await;
        assert!(of_garbled <= RECORDS && of_garbled >= count);
    }
    assert_eq!(last, RECORDS);
}
