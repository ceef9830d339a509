//! A profile's past: what can be brought back, and that nobody can change any of it unnoticed.

use crate::world::World;
use rusqlite::{Connection, params};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use stronghold_sdk::{
    Error, ErrorKind, PullOptions,
    admin::{Edit, NewSecret, PurgeWhich, Session, VersionState},
    protocol::{
        id::{GroupId, ProfileId},
        limits,
        name::SecretName,
        number::{Revision, Version},
        transport::Transport,
    },
};

pub(crate) fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

fn revision(number: u64) -> Revision {
    Revision::new(number).unwrap()
}

pub(crate) fn name(text: &str) -> SecretName {
    SecretName::new(text).unwrap()
}

/// The name and value of everything that a profile holds.
async fn values<T: Transport>(session: &Session<T>, profile: ProfileId) -> BTreeMap<String, String> {
    let opened = session.open_profile(profile).await.unwrap();
    opened
        .iter()
        .map(|(_, plain)| (plain.name.expose().to_owned(), String::from_utf8(plain.value.to_vec()).unwrap()))
        .collect()
}

async fn delete(world: &mut World, profile: ProfileId, secret: &str) {
    let edit = stronghold_sdk::admin::Edit { delete: vec![name(secret)], ..Default::default() };
    world.session.edit(profile, &edit, false).await.unwrap();
}

/// A profile whose past crosses three epochs: KEY has three versions, GONE was deleted, OTHER never changed.
pub(crate) async fn aged() -> (World, ProfileId, GroupId) {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("KEY", "one"), ("OTHER", "same"), ("GONE", "old")]).await;
    let group = world.group("deploy", &[profile]).await;
    for (agent, value) in [("A", "two"), ("B", "three")] {
        let token = world.token(agent, &[group]).await;
        world.session.remove_member(group, token.agent.into()).await.unwrap();
        world.set(profile, &[("KEY", value)]).await;
    }
    delete(&mut world, profile, "GONE").await;
    (world, profile, group)
}

pub(crate) async fn verify(world: &World, profile: ProfileId) -> Result<stronghold_sdk::admin::VerifiedPast, Error> {
    let mut session = world.second_session().await;
    let states = session.past_states().await?;
    session.verify_past(profile, &states).await
}

#[tokio::test]
async fn a_secrets_versions_are_read_across_epochs() {
    let (mut world, profile, _) = aged().await;
    let history = world.session.secret_history(profile, "KEY").await.unwrap();
    let seen: Vec<(u64, VersionState)> =
        history.versions.iter().map(|version| (version.version.get(), version.state)).collect();
    assert_eq!(seen, [(3, VersionState::Current), (2, VersionState::Kept), (1, VersionState::Kept)]);
    assert!(history.versions.iter().all(|version| version.author == world.session.user()));
    for (number, expected) in [(1, "one"), (2, "two"), (3, "three")] {
        let (_, plain) = world.session.secret_version(profile, "KEY", version(number)).await.unwrap();
        assert_eq!(plain.value.as_slice(), expected.as_bytes());
    }
    for (secret, number) in [("KEY", 4), ("NEVER", 1)] {
        let missing = world.session.secret_version(profile, secret, version(number)).await.unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }
    let gone = world.session.secret_history(profile, "GONE").await.unwrap();
    assert!(gone.deleted.is_some() && gone.versions.len() == 1);
    let verified = verify(&world, profile).await.unwrap();
    assert_eq!((verified.secrets, verified.purged), (2, 0));
    assert!(verified.ciphertexts > verified.secrets, "{verified:?}");
}

#[tokio::test]
async fn bringing_back_makes_new_versions_and_changes_none() {
    let (mut world, profile, _) = aged().await;
    let before = world.session.history(profile).await.unwrap();
    world.session.rollback(profile, "KEY", version(1)).await.unwrap();
    world.session.restore_secret(profile, "GONE").await.unwrap();
    let history = world.session.secret_history(profile, "KEY").await.unwrap();
    assert_eq!(history.versions[0].version, version(4));
    let gone = world.session.secret_history(profile, "GONE").await.unwrap();
    assert_eq!((gone.versions[0].version, gone.deleted), (version(2), None));
    let now = values(&world.session, profile).await;
    let expected = [("GONE", "old"), ("KEY", "one"), ("OTHER", "same")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(now, BTreeMap::from(expected));
    let after = world.session.history(profile).await.unwrap();
    let hashes = |history: &stronghold_sdk::admin::ProfileHistory| -> Vec<_> {
        history.revisions().iter().map(|revision| revision.manifest().clone()).collect()
    };
    assert_eq!(hashes(&after)[..before.revisions().len()], hashes(&before)[..], "what was is as it was");
    assert_eq!(after.revisions().len(), before.revisions().len() + 2);
    // What is there already is not written again; a deleted secret is not rolled back, a live one not restored.
    let unchanged = world.session.rollback(profile, "KEY", version(1)).await.unwrap();
    assert_eq!((unchanged.updated, unchanged.unchanged), (0, 1));
    assert!(world.session.restore_secret(profile, "KEY").await.is_err());
    delete(&mut world, profile, "KEY").await;
    assert!(world.session.rollback(profile, "KEY", version(1)).await.is_err());
    verify(&world, profile).await.unwrap();
}

#[tokio::test]
async fn a_name_that_is_taken_again_is_another_secret() {
    let (mut world, profile, _) = aged().await;
    world.set(profile, &[("GONE", "new")]).await;
    let live = world.session.secret_history(profile, "GONE").await.unwrap();
    assert_eq!((live.versions.len(), live.others.len(), live.deleted), (1, 1, None));
    let old = live.others[0].to_string();
    let (_, plain) = world.session.secret_version(profile, &old, version(1)).await.unwrap();
    assert_eq!(plain.value.as_slice(), b"old");
    assert!(world.session.restore_secret(profile, &old).await.is_err(), "its name is taken");
    let deleted = world.session.deleted_secrets(profile).await.unwrap();
    assert_eq!(deleted.len(), 1);
    assert_eq!(deleted[0].1.id.to_string(), old);
}

#[tokio::test]
async fn a_whole_revision_comes_back_and_differs_in_nothing() {
    let (mut world, profile, group) = aged().await;
    let then = values(&world.session, profile).await;
    let old = world.session.history(profile).await.unwrap().newest();
    world.set(profile, &[("KEY", "four"), ("EXTRA", "extra"), ("GONE", "another one")]).await;
    delete(&mut world, profile, "OTHER").await;
    let token = world.token("C", &[group]).await;
    world.session.delete_agent(token.agent).await.unwrap();
    let head = world.session.history(profile).await.unwrap().newest();
    let differences = world.session.diff(profile, old, head).await.unwrap();
    let names: Vec<_> = differences.iter().map(|difference| difference.name().unwrap().to_owned()).collect();
    assert_eq!(names, ["EXTRA", "GONE", "KEY", "OTHER"]);
    let dry = world.session.restore_profile(profile, old, None, true).await.unwrap();
    assert_eq!((dry.created, dry.updated, dry.deleted), (1, 1, 2));
    assert_eq!(world.session.history(profile).await.unwrap().newest(), head, "nothing happened");
    // What was worked out for another revision than there is now was not shown.
    let stale = world.session.restore_profile(profile, old, Some(revision(1)), false).await.unwrap_err();
    assert!(stale.to_string().contains("look again"), "{stale}");
    let done = world.session.restore_profile(profile, old, Some(dry.revision), false).await.unwrap();
    assert_eq!((done.created, done.updated, done.deleted), (dry.created, dry.updated, dry.deleted));
    assert_eq!(values(&world.session, profile).await, then);
    assert!(world.session.diff(profile, old, done.revision).await.unwrap().is_empty());
    let missing = world.session.restore_profile(profile, revision(1000), None, false).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    verify(&world, profile).await.unwrap();
}

#[tokio::test]
async fn a_note_comes_back_with_its_revision() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[]).await;
    let mut revisions = Vec::new();
    for note in ["before", "after"] {
        let secret = NewSecret { value: b"the same".to_vec().into(), note: Some(note.to_owned().into()) };
        let edit = Edit { set: BTreeMap::from([(name("KEY"), secret)]), ..Edit::default() };
        revisions.push(world.session.edit(profile, &edit, false).await.unwrap().revision);
    }
    let done = world.session.restore_profile(profile, revisions[0], None, false).await.unwrap();
    assert_eq!((done.created, done.updated, done.deleted), (0, 1, 0));
    let secrets = world.session.pull(profile, &PullOptions::default()).await.unwrap();
    assert_eq!(secrets.get("KEY").unwrap().note(), Some("before"));
}

#[tokio::test]
async fn a_copy_takes_value_and_note_along() {
    let mut world = World::new().await;
    let from = world.profile("production", &[("KEY", "value")]).await;
    let to = world.profile("staging", &[("COPY", "before")]).await;
    world.session.copy_secret(from, &name("KEY"), to, name("COPY")).await.unwrap();
    world.session.copy_secret(from, &name("KEY"), to, name("KEY")).await.unwrap();
    let expected = [("COPY", "value"), ("KEY", "value")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(values(&world.session, to).await, BTreeMap::from(expected));
    assert_eq!(world.session.secret_history(to, "COPY").await.unwrap().versions.len(), 2);
    assert!(world.session.copy_secret(from, &name("KEY"), from, name("KEY")).await.is_err());
    assert!(world.session.copy_secret(from, &name("NONE"), to, name("X")).await.is_err());
}

#[tokio::test]
async fn a_purge_leaves_a_tombstone_and_nothing_else() {
    let (mut world, profile, _) = aged().await;
    let world_database = world.database();
    let database = Connection::open(&world_database).unwrap();
    let count = || -> i64 { database.query_row("SELECT count(*) FROM ciphertexts", [], |row| row.get(0)).unwrap() };
    let before = count();
    for (which, why) in [(3, "the profile holds it"), (9, "it never was")] {
        let which = PurgeWhich::Versions(vec![version(which)]);
        assert!(world.session.purge(profile, "KEY", &which).await.is_err(), "{why}");
    }
    let ciphertext: Vec<u8> = database
        .query_row(
            "SELECT value FROM ciphertexts WHERE version = 1 AND epoch = 1 AND secret IN
            (SELECT secret FROM ciphertexts WHERE version = 2)",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let on_disk = || {
        database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).unwrap();
        let file = std::fs::read(&world_database).unwrap();
        file.windows(ciphertext.len()).any(|bytes| bytes == ciphertext)
    };
    assert!(on_disk());
    let (_, purged) = world.session.purge(profile, "KEY", &PurgeWhich::Versions(vec![version(1)])).await.unwrap();
    assert!(!on_disk(), "its bytes are overwritten");
    assert_eq!(purged, [version(1)]);
    assert!(count() < before, "of every epoch");
    let (id, purged) = world.session.purge(profile, "GONE", &PurgeWhich::AllEarlier).await.unwrap();
    assert_eq!(purged, [version(1)]);
    let left: i64 = database
        .query_row("SELECT count(*) FROM ciphertexts WHERE secret = ?1", params![id.as_bytes()], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
    let history = world.session.secret_history(profile, "KEY").await.unwrap();
    assert!(matches!(history.versions[2].state, VersionState::Purged(tombstone) if tombstone.seq.get() > 0));
    let refused = world.session.secret_version(profile, "KEY", version(1)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Failure);
    assert!(refused.to_string().contains("purged"), "{refused}");
    assert!(world.session.rollback(profile, "KEY", version(1)).await.is_err());
    assert!(world.session.restore_secret(profile, "GONE").await.is_err());
    assert!(world.session.restore_profile(profile, revision(2), None, false).await.is_err());
    assert!(world.session.purge(profile, "KEY", &PurgeWhich::Versions(vec![version(1)])).await.is_err(), "again");
    let verified = verify(&world, profile).await.unwrap();
    assert!(verified.purged >= 2);
    // Everyone else reads on as before.
    assert_eq!(values(&world.session, profile).await.len(), 2);
}

/// More revisions, more versions and more bytes than fit on one page of each kind.
#[tokio::test]
async fn a_long_past_comes_in_pages() {
    let mut world = World::new().await;
    let names: Vec<String> = (0..limits::VERSIONS_READ + 1).map(|number| format!("KEY_{number}")).collect();
    let all: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "first")).collect();
    let profile = world.profile("production", &all).await;
    let large = "x".repeat(limits::SECRET_VALUE_BYTES);
    for number in 0..limits::REVISIONS_PAGE {
        let value = if number % 50 == 0 { format!("{}{number}", &large[4..]) } else { number.to_string() };
        world.set(profile, &[("OTHER", &value)]).await;
    }
    let changed: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "second")).collect();
    world.set(profile, &changed).await;
    let newest = world.session.history(profile).await.unwrap().newest();
    assert_eq!(newest.get(), limits::REVISIONS_PAGE as u64 + 3);

    let asked = Arc::new(Mutex::new(BTreeMap::<String, usize>::new()));
    let counted = asked.clone();
    world.wire.lies(move |request, reply| {
        let route = request.parts().path().rsplit('/').next().unwrap().to_owned();
        *counted.lock().unwrap().entry(route).or_default() += 1;
        reply
    });
    let states = world.session.past_states().await.unwrap();
    let past = world.session.verify_past(profile, &states).await.unwrap();
    assert_eq!((past.revisions, past.secrets), (limits::REVISIONS_PAGE + 3, names.len() + 1));
    assert_eq!(past.ciphertexts, limits::REVISIONS_PAGE + 2 * names.len());
    let differences = world.session.diff(profile, revision(2), newest).await.unwrap();
    assert_eq!(differences.len(), names.len() + 1);
    let asked = asked.lock().unwrap();
    assert_eq!((asked["revisions"], asked["versions"]), (4, 3));
    assert!(asked["introduced"] > 2, "{asked:?}");
}
