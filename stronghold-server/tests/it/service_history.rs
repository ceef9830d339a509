//! A profile's past: who may read it, what is recorded, how a version is destroyed, and how a secret comes back.

use crate::world::*;
use stronghold_protocol::{
    api::{IntroducedSecrets, NewRevision, RevisionPage, SecretVersions},
    audit::{AuditRecord, Outcome, Released, ReleasedSecret},
    directory::{Change, Conditions, Role},
    id::SecretId,
    limits,
    number::{Revision, Version},
    secret::SealedSecret,
};
use stronghold_server::{service::Outgoing, store::sqlite::SqliteStore};

fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

fn id(label: &str) -> SecretId {
    secret(label, 1, "").id
}

/// A had two versions, B was deleted.
async fn aged() -> World<SqliteStore> {
    let mut world = World::new().await;
    world.create_profile("production").await;
    let owner = Actor::user("owner");
    world.write(&owner, "production", vec![secret("A", 1, ""), secret("B", 1, "")], Vec::new()).await;
    world.write(&owner, "production", vec![secret("A", 2, "new")], vec![id("B")]).await;
    world
}

async fn versions(world: &World<SqliteStore>, who: &Actor, of: &[(&str, u64)]) -> Outgoing {
    let pairs: Vec<String> = of.iter().map(|(label, number)| format!("of={}.{number}", id(label))).collect();
    world.get(who, &world.profile_path("production", "versions"), &pairs.join("&")).await
}

#[tokio::test]
async fn the_past_is_for_whoever_is_granted_it() {
    let mut world = aged().await;
    let writes = world.create_group("writes", &["production"], true).await;
    let reads = world.create_group("reads", &["production"], true).await;
    world.grant_history(reads, "production").await;
    let admin = world.create_admin("admin").await;
    let writer = world.create_user("writer", Role::Editor, &[writes]).await;
    let reader = world.create_user("reader", Role::Editor, &[reads]).await;
    let stranger = world.create_user("stranger", Role::Editor, &[]).await;
    let agent = world.create_agent("agent", &[reads], Conditions::default()).await;
    let auditor = world.create_user("auditor", Role::Auditor, &[]).await;
    let routes = [("revisions", "anchor=0"), ("versions", &format!("of={}.1", id("A"))), ("introduced", "from=1")];
    for (route, query) in routes {
        for (who, expected) in [
            (&world.owner, "ok"),
            (&admin, "ok"),
            (&reader, "ok"),
            (&writer, "not_found"),
            (&stranger, "not_found"),
            (&agent, "forbidden"),
            (&auditor, "forbidden"),
        ] {
            let answer = world.get(who, &world.profile_path("production", route), query).await;
            assert_eq!(code(&answer), expected, "{route}");
            let last = world.records().await.pop().unwrap();
            assert_eq!(last.principal, Some(who.id), "{route}");
            assert_eq!(last.outcome == Outcome::Allowed, expected == "ok", "{route}");
            assert!(last.outcome == Outcome::Allowed || last.released.is_none(), "{route}");
        }
        // What does not exist is answered like what may not be read.
        let unknown = world.get(&world.owner, &world.profile_path("none", route), query).await;
        assert_eq!(code(&unknown), "not_found", "{route}");
    }
}

#[tokio::test]
async fn a_record_says_which_versions_were_released() {
    let world = aged().await;
    let owner = Actor::user("owner");
    let profile = world.profile_id("production");
    let answered: SecretVersions = reply(&versions(&world, &owner, &[("A", 1), ("A", 2), ("B", 1), ("A", 3)]).await);
    let sealed: Vec<Option<SealedSecret>> =
        answered.versions.iter().map(|version| version.secret.clone().sealed_secret()).collect();
    for expected in [secret("A", 1, ""), secret("A", 2, "new"), secret("B", 1, "")] {
        assert!(sealed.contains(&Some(expected)));
    }
    assert_eq!(sealed.len(), 3, "what never was is left out");
    let record = AuditRecord::parse(&answered.receipt.record.0).unwrap();
    let Some(Released::Versions { profile: of, mut secrets }) = record.released else { panic!("{record:?}") };
    secrets.sort_unstable_by_key(|released| (released.secret, released.version));
    let mut expected =
        [("A", 1), ("A", 2), ("B", 1)].map(|(label, n)| ReleasedSecret { secret: id(label), version: version(n) });
    expected.sort_unstable_by_key(|released| (released.secret, released.version));
    assert_eq!((of, secrets), (profile, expected.to_vec()));

    let introduced = world.get(&owner, &world.profile_path("production", "introduced"), "from=2").await;
    let introduced: IntroducedSecrets = reply(&introduced);
    let written: Vec<(u64, usize)> =
        introduced.revisions.iter().map(|revision| (revision.revision.get(), revision.secrets.len())).collect();
    assert_eq!(written, [(2, 2), (3, 1)]);
    let record = AuditRecord::parse(&introduced.receipt.record.0).unwrap();
    let (from, through) = (Revision::new(2).unwrap(), Revision::new(3).unwrap());
    assert_eq!(record.released, Some(Released::Revisions { profile, from, through }));

    let page = world.get(&owner, &world.profile_path("production", "revisions"), "anchor=0&before=3").await;
    let page: RevisionPage = reply(&page);
    assert_eq!(page.revisions.len(), 2);
    assert_eq!((page.revisions[0].puts.len(), page.revisions[1].puts.len()), (2, 0));
    assert_eq!(AuditRecord::parse(&page.receipt.record.0).unwrap().released, None, "no ciphertext");
}

#[tokio::test]
async fn questions_about_the_past_are_checked() {
    let world = aged().await;
    let owner = Actor::user("owner");
    let many: Vec<(&str, u64)> = (1..=limits::VERSIONS_READ as u64 + 1).map(|number| ("A", number)).collect();
    assert_eq!(code(&versions(&world, &owner, &many).await), "malformed");
    assert_eq!(code(&versions(&world, &owner, &many[1..]).await), "ok");
    for (route, query) in [
        ("versions", ""),
        ("versions", "of=A.1"),
        ("versions", "of=01890000-0000-7000-8000-000000000000"),
        ("versions", "of=01890000-0000-7000-8000-000000000000.0"),
        ("introduced", ""),
        ("introduced", "from=0"),
        ("revisions", "anchor=0&before=0"),
        ("revisions", "before=2"),
    ] {
        let answer = world.get(&owner, &world.profile_path("production", route), query).await;
        assert_eq!(code(&answer), "malformed", "{route}?{query}");
    }
    let beyond = world.get(&owner, &world.profile_path("production", "introduced"), "from=4").await;
    assert_eq!(code(&beyond), "not_found");
}

#[tokio::test]
async fn an_owner_destroys_versions_that_the_profile_does_not_hold() {
    let mut world = aged().await;
    let owner = Actor::user("owner");
    let profile = world.profile_id("production");
    let purged =
        |label: &str, number: u64| Change::SecretPurged { profile, secret: id(label), versions: vec![version(number)] };
    for (label, number) in [("A", 2), ("A", 3), ("C", 1)] {
        let (commit, _) = world.statement(vec![purged(label, number)], Vec::new());
        let answer = world.post(&owner, &world.path("statements"), &commit).await;
        assert_eq!(code(&answer), "invalid_statement", "{label} {number}");
    }
    // No admin does, with whatever client.
    let admin = world.create_admin("admin").await;
    assert!(world.directory.draft(vec![purged("A", 1)], false, world.now()).is_err());
    let (mut commit, _) = world.statement(vec![purged("A", 1)], Vec::new());
    let body = commit.statement.body.clone();
    let header = commit.statement.header.clone();
    let said: stronghold_protocol::directory::Header = serde_json::from_slice(&header.payload.0).unwrap();
    commit.statement.header = stronghold_protocol::signed::Signed::create(&said, &[&admin.sign]).unwrap();
    commit.statement.body = body;
    let answer = world.post(&admin, &world.path("statements"), &commit).await;
    assert_eq!(code(&answer), "invalid_statement");

    world.commit(vec![purged("A", 1), purged("B", 1)], Vec::new()).await;
    let answered: SecretVersions = reply(&versions(&world, &owner, &[("A", 1), ("A", 2), ("B", 1)]).await);
    for past in answered.versions {
        let current = past.secret.leaf.version == version(2);
        assert_eq!(past.secret.sealed.is_some(), current, "{:?}", past.secret.leaf);
    }
    let record = AuditRecord::parse(&answered.receipt.record.0).unwrap();
    let only = vec![ReleasedSecret { secret: id("A"), version: version(2) }];
    assert_eq!(record.released, Some(Released::Versions { profile, secrets: only }), "purged ones are not released");
    assert_eq!(code(&world.read(&owner, "production").await), "ok");
}

#[tokio::test]
async fn a_deleted_secret_comes_back_with_its_next_version() {
    let mut world = aged().await;
    let owner = Actor::user("owner");
    let path = world.profile_path("production", "revisions");
    let put = |world: &World<SqliteStore>, number: u64| -> NewRevision {
        world.revision(&owner, world.profile_id("production"), vec![secret("B", number, "b")], Vec::new(), |_| {}).0
    };
    for number in [1, 3] {
        assert_eq!(code(&world.post(&owner, &path, &put(&world, number)).await), "invalid_manifest", "{number}");
    }
    world.write(&owner, "production", vec![secret("B", 2, "b")], Vec::new()).await;
    let answered: SecretVersions = reply(&versions(&world, &owner, &[("B", 1), ("B", 2)]).await);
    assert_eq!(answered.versions.len(), 2);
}
