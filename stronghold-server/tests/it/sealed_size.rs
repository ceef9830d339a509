//! A profile is no larger than it may be, however it came to be.

use crate::world::*;
use stronghold_protocol::{
    api::{NewRevision, StageSecrets},
    encoding::Base64Bytes,
    id::{ProfileId, StagingId},
    limits::PROFILE_SEALED_BYTES,
    request::Method,
    secret::SealedSecret,
};
use stronghold_server::store::sqlite::SqliteStore;

/// Bytes of a large value, sealed: less than a value can have.
const VALUE: usize = 290_000;

fn large(number: usize, version: u64) -> SealedSecret {
    SealedSecret { value: Base64Bytes(vec![7; VALUE]), ..secret(&format!("SECRET {number}"), version, "") }
}

/// Posts what is too large to be held against the API's description in a moment.
async fn post(world: &World<SqliteStore>, route: &str, body: &impl serde::Serialize) -> String {
    let body = serde_json::to_vec(body).unwrap();
    let path = world.profile_path("production", route);
    let request = world.sign(&Actor::user("owner"), Method::Post, &path, "", &body);
    code(&world.service.handle(incoming(&request, body, None)).await)
}

async fn try_write(world: &mut World<SqliteStore>, profile: ProfileId, puts: Vec<SealedSecret>) -> String {
    let (new, known) = world.revision(&Actor::user("owner"), profile, puts, Vec::new(), |_| {});
    let code = post(world, "revisions", &new).await;
    if code == "ok" {
        world.known.insert(profile, known);
    }
    code
}

#[tokio::test]
async fn a_revision_after_which_a_profile_were_too_large_is_refused() {
    let mut world = World::new().await;
    let profile = world.create_profile("production").await;
    let most = PROFILE_SEALED_BYTES / large(0, 1).sealed_bytes();
    // In parts that fit into requests: every secret as large as it can be, until there is room for none.
    for first in [0, most / 2] {
        let puts = (first..if first == 0 { most / 2 } else { most }).map(|number| large(number, 1)).collect();
        assert_eq!(try_write(&mut world, profile, puts).await, "ok");
    }
    assert_eq!(try_write(&mut world, profile, vec![large(most, 1)]).await, "too_large");
    // What replaces something counts in its place, and smaller ones may still come.
    assert_eq!(try_write(&mut world, profile, vec![large(0, 2)]).await, "ok");
    assert_eq!(try_write(&mut world, profile, vec![secret("SMALL", 1, "")]).await, "ok");
    // What was staged counts as well.
    let (owner, staging) = (Actor::user("owner"), StagingId::from_bytes([5; 16]));
    let staged = large(most, 1);
    let epoch = world.known[&profile].manifest.epoch;
    let stage = StageSecrets { staging, epoch, secrets: vec![staged.clone()] };
    assert_eq!(post(&world, "staging", &stage).await, "ok");
    let (new, _) = world.revision(&owner, profile, vec![staged], Vec::new(), |_| {});
    let taken = NewRevision { puts: Vec::new(), staged: Some(staging), ..new };
    assert_eq!(post(&world, "revisions", &taken).await, "too_large");
    // A removal makes room.
    let first = large(0, 2).id;
    let (new, known) = world.revision(&owner, profile, vec![large(most, 1)], vec![first], |_| {});
    assert_eq!(post(&world, "revisions", &new).await, "ok");
    world.known.insert(profile, known);
}
