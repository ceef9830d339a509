//! Backup and restore as a program that embeds the server calls them.

use crate::world::*;
use std::{fs, ops::ControlFlow, path::PathBuf, sync::Arc};
use stronghold_protocol::{directory::Conditions, request::Method, time::Timestamp};
use stronghold_server::{
    backup::{BackupError, BackupRequest, Progress, RestoreError, RestoreRequest, Restored, restore, take},
    service::{Incoming, Service},
    store::{Store, sqlite::SqliteStore},
};
use tempfile::TempDir;

/// A server with an organization in a data directory as the program lays it out.
async fn furnished() -> (World<SqliteStore>, Actor) {
    let data = Arc::new(TempDir::new().unwrap());
    fs::write(data.path().join("checkpoint.key"), [7; 32]).unwrap();
    let store = SqliteStore::open(&data.path().join("stronghold.db")).unwrap();
    let mut world = World::on(store, settings(), data).await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    (world, agent)
}

fn request(world: &World<SqliteStore>, out: PathBuf) -> BackupRequest {
    BackupRequest { data_dir: world.data.path().to_owned(), output: out, without_key: false }
}

fn go_on(_: Progress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn restored(from: PathBuf, data: PathBuf, now: Timestamp) -> Result<Restored, RestoreError> {
    restore(&RestoreRequest { from, data_dir: data, checkpoint_key: None }, now, &mut go_on)
}

/// A service on restored data, with the same URL and clock.
async fn successor(world: &World<SqliteStore>, data: &std::path::Path) -> Service<SqliteStore> {
    let store = SqliteStore::open(&data.join("stronghold.db")).unwrap();
    Service::start(store, settings(), keys(), world.clock.clone()).await.unwrap()
}

fn signed(world: &World<SqliteStore>, who: &Actor) -> Incoming {
    let path = world.profile_path("production", "read");
    incoming(&world.sign(who, Method::Get, &path, "anchor=0", b""), Vec::new(), Some("192.0.2.7".parse().unwrap()))
}

#[tokio::test]
async fn a_restored_server_takes_no_request_that_was_answered_before() {
    let (world, agent) = furnished().await;
    let place = TempDir::new().unwrap();
    let (out, data) = (place.path().join("backup"), place.path().join("data"));
    let before = signed(&world, &agent);
    assert_eq!(world.service.handle(before.clone()).await.status, 200);
    take(&request(&world, out.clone()), world.now(), &mut go_on).unwrap();
    world.clock.advance_millis(5_000);
    // Answered after the backup: its nonce is not in it.
    let after = signed(&world, &agent);
    assert_eq!(world.service.handle(after.clone()).await.status, 200);
    world.clock.advance_millis(5_000);
    let early = signed(&world, &agent);
    world.clock.advance_millis(5_000);
    restored(out, data.clone(), world.now()).unwrap();
    let service = successor(&world, &data).await;
    let refusal = |answer: stronghold_server::service::Outgoing| (answer.status, code(&answer));
    for replayed in [after, before, early] {
        assert_eq!(refusal(service.handle(replayed).await), (401, "clock_skew".to_owned()));
    }
    // Whoever signs anew is answered, once.
    let fresh = signed(&world, &agent);
    assert_eq!(service.handle(fresh.clone()).await.status, 200);
    assert_eq!(refusal(service.handle(fresh).await), (401, "nonce_used".to_owned()));
}

/// Of the very second of the restore, which its time alone would let pass.
#[tokio::test]
async fn nonces_of_before_the_backup_are_used_up() {
    let (world, agent) = furnished().await;
    let place = TempDir::new().unwrap();
    let (out, data) = (place.path().join("backup"), place.path().join("data"));
    let before = signed(&world, &agent);
    assert_eq!(world.service.handle(before.clone()).await.status, 200);
    take(&request(&world, out.clone()), world.now(), &mut go_on).unwrap();
    restored(out, data.clone(), world.now()).unwrap();
    let service = successor(&world, &data).await;
    let answer = service.handle(before).await;
    assert_eq!((answer.status, code(&answer).as_str()), (401, "nonce_used"));
}

#[tokio::test]
async fn log_ins_end_and_the_time_of_the_newest_restore_counts() {
    let (world, agent) = furnished().await;
    let place = TempDir::new().unwrap();
    let names = ["first", "data 1", "second", "data 2"].map(|name| place.path().join(name));
    let [first, one, second, two] = names;
    let attempt = stronghold_server::store::LoginAttempt {
        org: world.org,
        user: world.owner.user_id(),
        state: vec![1; 10],
        expires_at: world.now().plus_millis(120_000),
    };
    let now = world.now();
    world.service.store().locked(None, move |tx| tx.put_login(b"started", &attempt, now)).await.unwrap();
    let manifest = take(&request(&world, first.clone()), world.now(), &mut go_on).unwrap();
    assert_eq!(manifest.organizations[0].org, world.org);
    assert_eq!(restored(first, one.clone(), world.now()).unwrap().manifest, manifest);
    let now = world.now();
    let service = successor(&world, &one).await;
    let taken = service.store().locked(None, move |tx| tx.take_login(b"started", now)).await.unwrap();
    assert!(taken.is_none());
    drop(service);

    let request = BackupRequest { data_dir: one, output: second.clone(), without_key: false };
    take(&request, world.now(), &mut go_on).unwrap();
    let stale = signed(&world, &agent);
    world.clock.advance_millis(2_000);
    restored(second, two.clone(), world.now()).unwrap();
    let answer = successor(&world, &two).await.handle(stale).await;
    assert_eq!(code(&answer), "clock_skew");
}

#[tokio::test]
async fn whoever_watches_can_stop_it() {
    let (world, _) = furnished().await;
    let place = TempDir::new().unwrap();
    let (out, data) = (place.path().join("backup"), place.path().join("data"));
    let stopped = take(&request(&world, out.clone()), world.now(), &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(BackupError::Stopped)));
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    let mut seen = Vec::new();
    take(&request(&world, out.clone()), world.now(), &mut |progress| {
        seen.push(progress);
        ControlFlow::Continue(())
    })
    .unwrap();
    let size = fs::metadata(out.join("stronghold.db")).unwrap().len();
    assert_eq!(seen.last(), Some(&Progress { done: size, total: size }));
    let request = RestoreRequest { from: out, data_dir: data.clone(), checkpoint_key: None };
    let stopped = restore(&request, world.now(), &mut |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(RestoreError::Stopped)));
    assert!(!data.exists());
}

/// The server's own locks in this process hold: SQLite's end when a file is closed that it did not open.
#[tokio::test]
async fn a_server_in_the_same_process_goes_on() {
    let (mut world, agent) = furnished().await;
    let place = TempDir::new().unwrap();
    for round in 0..3 {
        take(&request(&world, place.path().join(round.to_string())), world.now(), &mut go_on).unwrap();
        let owner = Actor::user("owner");
        let put = secret(&format!("secret {round}"), 1, "salt");
        world.write(&owner, "production", vec![put], Vec::new()).await;
        assert_eq!(world.read(&agent, "production").await.status, 200);
    }
    let database = rusqlite::Connection::open(world.data.path().join("stronghold.db")).unwrap();
    // Whoever has the file open holds a shared lock, so nobody else can take the file out of WAL mode.
    let mode = database.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
    assert!(mode.is_err() || mode.unwrap() == "wal");
}
