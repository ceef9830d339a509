//! Archiving beside a server that serves.

use crate::world::{Actor, World, keys};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use stronghold_protocol::{
    api::{AuditCheckpoint, AuditPage},
    archive::{ArchiveHeader, ArchivedRecord},
    audit::record_leaf_hash,
    checkpoint::Checkpoint,
    directory::Conditions,
    merkle,
    time::Timestamp,
};
use stronghold_server::{
    audit::archive::{ArchiveError, ArchiveRequest, Archived, archive},
    store::{Store, sqlite::SqliteStore},
};

type Org = World<SqliteStore>;

/// Records of two days.
async fn busy() -> (Org, Actor, Timestamp) {
    let mut world = World::new().await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("ci", &[group], Conditions::default()).await;
    world.read(&agent, "production").await;
    world.clock.advance_millis(24 * 60 * 60 * 1000);
    let second_day = world.now();
    for _ in 0..3 {
        world.read(&agent, "production").await;
    }
    (world, agent, second_day)
}

fn request(world: &Org, before: Timestamp, name: &str) -> ArchiveRequest {
    let output = world.data.path().join(name);
    ArchiveRequest { org: world.org, before, output, keep: false, despite_streams: false }
}

async fn page(world: &Org, from: u64) -> AuditPage {
    let answer = world.get(&world.owner, &world.path("audit/records"), &format!("from={from}")).await;
    assert_eq!(answer.status, 200);
    serde_json::from_slice(&answer.body).unwrap()
}

fn read(path: &PathBuf) -> (ArchiveHeader, Vec<ArchivedRecord>) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let header = ArchiveHeader::parse(lines.next().unwrap().as_bytes()).unwrap();
    (header, lines.map(|line| ArchivedRecord::parse(line.as_bytes()).unwrap()).collect())
}

#[tokio::test]
async fn the_bytes_go_into_the_file_and_proofs_stay_what_they_were() {
    let (world, agent, second_day) = busy().await;
    let whole = page(&world, 0).await;
    assert_eq!(whole.archived, 0);
    let old: AuditCheckpoint =
        serde_json::from_slice(&world.get(&agent, &world.path("audit/checkpoint"), "").await.body).unwrap();
    let old = Checkpoint::verify(&old.checkpoint, &world.org, &keys().checkpoint_public_key()).unwrap();
    // From another process.
    let store = SqliteStore::open(&world.data.path().join("test.db")).unwrap();
    let first = request(&world, second_day, "first.jsonl");
    let Archived { from, to } = archive(&store, &first).await.unwrap().unwrap();
    assert_eq!(from, 0);
    assert!(to > 0 && to < whole.size, "the first day's only");
    assert_eq!(fs::metadata(&first.output).unwrap().permissions().mode() & 0o777, 0o600);
    let (header, records) = read(&first.output);
    assert_eq!((header.org, header.from, header.to), (world.org, 0, to));
    let expected: Vec<_> = (0..).zip(whole.records[..usize::try_from(to).unwrap()].to_vec()).collect();
    assert_eq!(records.into_iter().map(|line| (line.position, line.record)).collect::<Vec<_>>(), expected);

    let begins = page(&world, 0).await;
    assert!(begins.records.is_empty() && begins.archived == to);
    assert!(page(&world, to - 1).await.records.is_empty());
    let rest = page(&world, to).await;
    assert_eq!(rest.records[0], whole.records[usize::try_from(to).unwrap()]);
    // A checkpoint is still of all records, and continues the one from before.
    let query = format!("old={}", old.size);
    let new: AuditCheckpoint =
        serde_json::from_slice(&world.get(&agent, &world.path("audit/checkpoint"), &query).await.body).unwrap();
    let (note, proof) = (new.checkpoint, new.consistency.unwrap());
    let new = Checkpoint::verify(&note, &world.org, &keys().checkpoint_public_key()).unwrap();
    proof.verify(&old.root, &new.root).unwrap();
    let rest = page(&world, whole.size).await.records;
    let leaves = whole.records.iter().chain(&rest);
    let leaves: Vec<_> =
        leaves.take(usize::try_from(new.size).unwrap()).map(|record| record_leaf_hash(&record.0)).collect();
    assert_eq!(merkle::root_of(&leaves), new.root);

    // The next archive begins where this one ends; once more, there is nothing.
    let next = request(&world, world.now().plus_millis(1), "second.jsonl");
    let second = archive(&store, &next).await.unwrap().unwrap();
    assert_eq!(second.from, to);
    let later = request(&world, second_day, "third.jsonl");
    assert_eq!(archive(&store, &later).await.unwrap(), None);
    assert!(!later.output.exists());
    assert_eq!(world.read(&agent, "production").await.status, 200, "it goes on");
}

#[tokio::test]
async fn what_is_kept_is_in_both_places() {
    let (world, _, second_day) = busy().await;
    let kept = ArchiveRequest { keep: true, ..request(&world, second_day, "kept.jsonl") };
    let archived = archive(world.service.store(), &kept).await.unwrap().unwrap();
    assert_eq!(page(&world, 0).await.archived, 0);
    let again = archive(world.service.store(), &request(&world, second_day, "again.jsonl")).await.unwrap().unwrap();
    assert_eq!(archived, again);
    assert_eq!(fs::read(&kept.output).unwrap(), fs::read(world.data.path().join("again.jsonl")).unwrap());
}

#[tokio::test]
async fn nothing_is_removed_that_is_not_safe_in_a_file() {
    let (world, _, second_day) = busy().await;
    let store = world.service.store();
    let whole = page(&world, 0).await;
    let there = request(&world, second_day, "there.jsonl");
    fs::write(&there.output, "mine").unwrap();
    assert!(matches!(archive(store, &there).await, Err(ArchiveError::Exists(_))));
    assert_eq!(fs::read(&there.output).unwrap(), b"mine");
    let nowhere = ArchiveRequest { output: "/missing/folder/x".into(), ..there.clone() };
    assert!(matches!(archive(store, &nowhere).await, Err(ArchiveError::Io { .. })));
    let nobody = ArchiveRequest { org: stronghold_protocol::id::OrgId([1; 32]), ..request(&world, second_day, "n") };
    assert!(matches!(archive(store, &nobody).await, Err(ArchiveError::NoOrganization(_))));
    // A receiver that is behind.
    let org = world.org;
    store.locked(Some(org), move |tx| tx.note_delivered("siem", &org, 1)).await.unwrap();
    let streaming = request(&world, second_day, "s.jsonl");
    match archive(store, &streaming).await {
        Err(ArchiveError::Streaming { sink, next }) => assert_eq!((sink.as_str(), next), ("siem", 1)),
        other => panic!("{other:?}"),
    }
    // A record that somebody changed is evidence, and stays.
    let database = rusqlite::Connection::open(world.data.path().join("test.db")).unwrap();
    let change = "UPDATE audit_bytes SET bytes = x'7b7d' WHERE number =
                      (SELECT bytes FROM audit_records WHERE position = 2)";
    let genuine: Vec<u8> = whole.records[2].0.clone();
    assert_eq!(database.execute(change, []).unwrap(), 1);
    let damaged = ArchiveRequest { despite_streams: true, ..request(&world, second_day, "d.jsonl") };
    assert!(matches!(archive(store, &damaged).await, Err(ArchiveError::Damaged(2))));
    assert_eq!(
        database
            .execute(
                "UPDATE audit_bytes SET bytes = ?1 WHERE number = (SELECT bytes FROM audit_records WHERE position = 2)",
                [genuine]
            )
            .unwrap(),
        1
    );
    let files: Vec<_> = fs::read_dir(world.data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!files.iter().any(|name| name.to_string_lossy().contains(".new")), "no half of a file: {files:?}");
    assert_eq!(page(&world, 0).await.records[..whole.records.len()], whole.records);
    assert!(archive(store, &damaged).await.unwrap().is_some());
}

/// A crash between the transactions that remove leaves a shorter rest, and a file that holds all of it.
#[tokio::test]
async fn an_archive_that_was_interrupted_is_continued() {
    let (world, _, second_day) = busy().await;
    let store = world.service.store();
    let kept = ArchiveRequest { keep: true, ..request(&world, second_day, "kept.jsonl") };
    let whole = archive(store, &kept).await.unwrap().unwrap();
    let org = world.org;
    assert!(store.locked(Some(org), move |tx| tx.remove_archived(&org, 0, 2)).await.unwrap());
    let rest = archive(store, &request(&world, second_day, "rest.jsonl")).await.unwrap().unwrap();
    assert_eq!((rest.from, rest.to), (2, whole.to));
    assert_eq!(page(&world, 0).await.archived, whole.to);
}
