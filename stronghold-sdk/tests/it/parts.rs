//! Large edits go in parts: wholly there or not at all, at whatever point their author is killed or raced.

use crate::world::{Death, Wire, World};
use rusqlite::Connection;
use std::sync::{Arc, Mutex};
use stronghold_sdk::{
    admin::{Edit, NewSecret, Session},
    protocol::{id::ProfileId, limits, name::SecretName},
};
use zeroize::Zeroizing;

/// As many secrets as make several parts, with `salt` in each value.
fn large(salt: &str) -> Edit {
    let mut edit = Edit { prune: true, ..Edit::default() };
    for number in 0..600 {
        let value = Zeroizing::new(format!("{salt} {number} {}", "x".repeat(3000)).into_bytes());
        edit.set.insert(SecretName::new(&format!("SECRET_{number}")).unwrap(), NewSecret { value, note: None });
    }
    edit
}

fn count(world: &World, table: &str) -> i64 {
    let database = Connection::open(world.database()).unwrap();
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// The salt of what the profile holds, which is all of one edit.
async fn held(session: &Session<Wire>, profile: ProfileId) -> String {
    let opened = session.open_profile(profile).await.unwrap();
    let salts = opened.iter().map(|(_, plain)| {
        let text = String::from_utf8(plain.value.to_vec()).unwrap();
        text.split(' ').next().unwrap_or_default().to_owned()
    });
    let mut salts: Vec<String> = salts.collect();
    salts.sort_unstable();
    salts.dedup();
    assert_eq!(salts.len(), 1, "wholly one edit's: {salts:?}");
    salts.remove(0)
}

#[tokio::test]
async fn killed_at_any_point_it_is_wholly_there_or_not_at_all() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("OLD", "old")]).await;
    let mut deaths = 0;
    for point in 0.. {
        let (mut session, wire) = world.second_wire().await;
        let death = Death { answered: point / 2, arrives: point % 2 == 1 };
        let done = wire.until(death, session.edit(profile, &large("new"), false)).await;
        match (done, held(&world.session, profile).await.as_str()) {
            (None, "old") => deaths += 1,
            (None | Some(Ok(_)), "new") => break,
            (done, held) => panic!("{held} after {done:?}"),
        }
        let staged = usize::try_from(count(&world, "stagings")).unwrap();
        assert!(staged <= limits::STAGINGS, "{staged} attempts are kept");
    }
    assert!(deaths > 6, "it takes several requests: {deaths}");
    assert_eq!(count(&world, "stagings"), 0, "nothing stays behind");
    assert_eq!(count(&world, "ciphertexts"), 601, "of the first secret, and of each new one");
    // What came in parts is the past like any other.
    world.set(profile, &[("SECRET_0", "again")]).await;
    world.session.verify_audit(&mut |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_writer_in_between_is_not_overwritten() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("OLD", "old")]).await;
    let (mut slow, wire) = world.second_wire().await;
    // Before the revision that would take the parts, somebody else writes: once.
    let mut other = Some(world.second_session().await);
    let raced = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&raced);
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel::<()>();
    wire.lies(move |request, reply| {
        if request.parts().path().ends_with("/staging") {
            *seen.lock().unwrap() += 1;
            let _ = sender.send(());
        }
        reply
    });
    let writer = async {
        receiver.recv().await;
        if let Some(mut other) = other.take() {
            let value = Zeroizing::new(b"between".to_vec());
            let mut edit = Edit::default();
            edit.set.insert(SecretName::new("BETWEEN").unwrap(), NewSecret { value, note: None });
            other.edit(profile, &edit, false).await.unwrap();
        }
    };
    let edit = Edit { prune: false, ..large("new") };
    let (edited, ()) = tokio::join!(slow.edit(profile, &edit, false), writer);
    edited.unwrap();
    let opened = world.session.open_profile(profile).await.unwrap();
    assert_eq!(opened.len(), 602, "the old one, the one in between, and all of the edit");
    assert!(*raced.lock().unwrap() >= 3);
    assert_eq!(count(&world, "stagings"), 0);
}

#[tokio::test]
async fn no_request_is_larger_than_a_proxy_lets_through() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[]).await;
    let largest = Arc::new(Mutex::new((0_usize, 0_usize)));
    let seen = Arc::clone(&largest);
    world.wire.watches(move |path, bytes| {
        let mut seen = seen.lock().unwrap();
        seen.0 = seen.0.max(bytes);
        seen.1 += usize::from(path.ends_with("/staging"));
    });
    world.session.edit(profile, &large("new"), false).await.unwrap();
    // The largest values, as many as there can be in three parts.
    let mut edit = Edit { prune: true, ..Edit::default() };
    for number in 0..5 {
        let value = Zeroizing::new(vec![number; limits::SECRET_VALUE_BYTES]);
        edit.set.insert(SecretName::new(&format!("LARGE_{number}")).unwrap(), NewSecret { value, note: None });
    }
    world.session.edit(profile, &edit, false).await.unwrap();
    // A new key for all of it: what is not staged goes with the statement.
    world.session.rotate_profile(profile).await.unwrap();
    world.session.finish_rekeys(&mut |_| {}).await.unwrap();
    let (bytes, parts) = *largest.lock().unwrap();
    assert!(bytes < 1_000_000, "{bytes} bytes in one request");
    assert!(parts > 6, "{parts} parts");
}
