//! Revisions that come in parts: whole or not at all, and nobody's but their author's.

use crate::world::*;
use stronghold_protocol::{
    api::{NewRevision, SealedProfile, StageSecrets, StagedSecrets},
    directory::Role,
    id::{ProfileId, StagingId},
    limits::STAGINGS,
    number::Epoch,
    secret::SealedSecret,
};
use stronghold_server::store::{StagingRef, Store, sqlite::SqliteStore};

async fn furnished() -> (World<SqliteStore>, Actor, Actor) {
    let mut world = World::new().await;
    world.create_profile("production").await;
    world.create_profile("staging").await;
    let group = world.create_group("writers", &["production", "staging"], true).await;
    let one = world.create_user("one", Role::Editor, &[group]).await;
    let two = world.create_user("two", Role::Editor, &[group]).await;
    world.write(&one, "production", vec![secret("A", 1, ""), secret("B", 1, "")], Vec::new()).await;
    (world, one, two)
}

fn staging(number: u8) -> StagingId {
    StagingId::from_bytes([number; 16])
}

async fn stage_for(
    world: &World<SqliteStore>,
    who: &Actor,
    profile: &str,
    epoch: u64,
    id: StagingId,
    secrets: &[SealedSecret],
) -> String {
    let epoch = Epoch::new(epoch).unwrap();
    let body = StageSecrets { staging: id, epoch, secrets: secrets.to_vec() };
    code(&world.post(who, &world.profile_path(profile, "staging"), &body).await)
}

async fn stage(world: &World<SqliteStore>, who: &Actor, id: u8, secrets: &[SealedSecret]) -> String {
    stage_for(world, who, "production", 1, staging(id), secrets).await
}

/// The next revision, which holds `parts` too: they come by a staging.
fn taking(world: &World<SqliteStore>, who: &Actor, id: u8, parts: &[SealedSecret]) -> (NewRevision, Known) {
    let profile = world.profile_id("production");
    let (mut new, known) = world.revision(who, profile, parts.to_vec(), Vec::new(), |_| {});
    new.puts.clear();
    new.staged = Some(staging(id));
    (new, known)
}

async fn write(world: &World<SqliteStore>, who: &Actor, new: &NewRevision) -> String {
    code(&world.post(who, &world.profile_path("production", "revisions"), new).await)
}

async fn held(world: &World<SqliteStore>, who: &Actor) -> Vec<SealedSecret> {
    reply::<SealedProfile>(&world.read(who, "production").await).secrets
}

async fn leaves(world: &World<SqliteStore>, who: &Actor, profile: ProfileId, id: StagingId) -> usize {
    let (org, key) = (world.org, who.keys.sign.key_id());
    let of = StagingRef { id, author: key, epoch: Epoch::FIRST };
    world.service.store().snapshot(move |tx| tx.staged(&org, &profile, &of)).await.unwrap().len()
}

fn parts() -> [SealedSecret; 3] {
    [secret("A", 2, "new"), secret("C", 1, ""), secret("D", 1, "")]
}

#[tokio::test]
async fn a_revision_takes_all_parts_at_once_and_nothing_is_seen_before() {
    let (mut world, one, _) = furnished().await;
    let before = held(&world, &one).await;
    for part in parts() {
        assert_eq!(stage(&world, &one, 1, &[part]).await, "ok");
        assert_eq!(held(&world, &one).await, before);
    }
    let (new, known) = taking(&world, &one, 1, &parts());
    assert_eq!(write(&world, &one, &new).await, "ok");
    assert_eq!(held(&world, &one).await, known.secrets.values().cloned().collect::<Vec<_>>());
    let id = world.profile_id("production");
    world.known.insert(id, known);
    assert_eq!(leaves(&world, &one, id, staging(1)).await, 0, "nothing stays staged");
    // The profile goes on like any other.
    world.write(&one, "production", vec![secret("C", 2, "next")], vec![secret("D", 1, "").id]).await;
    let page = world.get(&Actor::user("owner"), &world.profile_path("production", "revisions"), "anchor=0").await;
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn parts_and_puts_go_together() {
    let (world, one, _) = furnished().await;
    assert_eq!(stage(&world, &one, 1, &parts()).await, "ok");
    let mut all = parts().to_vec();
    all.push(secret("E", 1, ""));
    let (mut new, known) = taking(&world, &one, 1, &all);
    new.puts = vec![secret("E", 1, "")];
    assert_eq!(write(&world, &one, &new).await, "ok");
    assert_eq!(held(&world, &one).await.len(), known.secrets.len());
}

#[tokio::test]
async fn nobody_takes_or_changes_what_somebody_else_staged() {
    let (world, one, two) = furnished().await;
    assert_eq!(stage(&world, &one, 1, &parts()).await, "ok");
    let (new, _) = taking(&world, &two, 1, &parts());
    assert_eq!(write(&world, &two, &new).await, "revision_conflict");
    assert_eq!(stage(&world, &two, 1, &[secret("E", 1, "")]).await, "invalid_manifest");
    let (new, _) = taking(&world, &one, 1, &parts());
    assert_eq!(write(&world, &one, &new).await, "ok");
}

#[tokio::test]
async fn what_was_staged_for_one_profile_is_not_anothers() {
    let (world, one, _) = furnished().await;
    assert_eq!(stage_for(&world, &one, "staging", 1, staging(1), &parts()).await, "ok");
    let (new, _) = taking(&world, &one, 1, &parts());
    assert_eq!(write(&world, &one, &new).await, "revision_conflict");
}

#[tokio::test]
async fn only_the_epoch_that_is_written_can_be_staged_for() {
    let (world, one, _) = furnished().await;
    for epoch in [2, 3, 1_000_000] {
        assert_eq!(stage_for(&world, &one, "production", epoch, staging(1), &parts()).await, "conflict");
    }
    assert_eq!(stage(&world, &one, 1, &parts()).await, "ok");
}

#[tokio::test]
async fn a_revision_in_between_ends_what_was_staged() {
    let (mut world, one, two) = furnished().await;
    assert_eq!(stage(&world, &one, 1, &parts()).await, "ok");
    let late = taking(&world, &one, 1, &parts()).0;
    world.write(&two, "production", vec![secret("E", 1, "")], Vec::new()).await;
    assert_eq!(leaves(&world, &one, world.profile_id("production"), staging(1)).await, 0);
    assert_eq!(write(&world, &one, &late).await, "revision_conflict");
    // Worked out again on top of it, under the old name of the attempt: it is not there any more.
    let (new, _) = taking(&world, &one, 1, &parts());
    assert_eq!(write(&world, &one, &new).await, "revision_conflict");
    assert_eq!(stage(&world, &one, 2, &parts()).await, "ok");
    let (new, _) = taking(&world, &one, 2, &parts());
    assert_eq!(write(&world, &one, &new).await, "ok");
}

#[tokio::test]
async fn nothing_is_added_to_what_a_revision_holds() {
    let (mut world, one, two) = furnished().await;
    let before = held(&world, &one).await;
    // The generation of an epoch in which nothing was staged has the nil id.
    assert_eq!(stage(&world, &one, 0, &[secret("E", 1, "")]).await, "invalid_manifest");
    assert_eq!(held(&world, &one).await, before);
    assert_eq!(stage(&world, &one, 1, &parts()).await, "ok");
    let (new, known) = taking(&world, &one, 1, &parts());
    assert_eq!(write(&world, &one, &new).await, "ok");
    let id = world.profile_id("production");
    world.known.insert(id, known);
    let before = held(&world, &one).await;
    for who in [&one, &two] {
        assert_eq!(stage(&world, who, 0, &[secret("E", 1, "")]).await, "invalid_manifest");
    }
    assert_eq!(held(&world, &one).await, before);
}

#[tokio::test]
async fn parts_must_follow_what_the_profile_holds() {
    let (world, one, _) = furnished().await;
    let mut namesake = secret("C", 1, "");
    namesake.index = secret("B", 1, "").index;
    let cases = [
        ("a version again", vec![secret("A", 1, "again")]),
        ("a version left out", vec![secret("A", 3, "")]),
        ("a new secret that is not new", vec![secret("C", 2, "")]),
        ("two secrets of one name", vec![namesake]),
    ];
    for ((what, secrets), id) in cases.into_iter().zip(1..) {
        assert_eq!(stage(&world, &one, id, &secrets).await, "ok", "{what}");
        let (new, _) = taking(&world, &one, id, &secrets);
        assert_eq!(write(&world, &one, &new).await, "invalid_manifest", "{what}");
    }
    let other = [secret("A", 2, "other"), secret("C", 1, "")];
    // What the manifest was not signed for: a part more, a part less, another ciphertext, a secret twice.
    for (id, staged) in [(11, &parts()[..]), (12, &parts()[..1]), (13, &other[..])] {
        assert_eq!(stage(&world, &one, id, staged).await, "ok");
        let (new, _) = taking(&world, &one, id, &parts()[..2]);
        assert_eq!(write(&world, &one, &new).await, "invalid_manifest");
    }
    assert_eq!(stage(&world, &one, 14, &parts()).await, "ok");
    let (mut new, _) = taking(&world, &one, 14, &parts());
    new.puts = vec![secret("C", 1, "")];
    assert_eq!(write(&world, &one, &new).await, "invalid_manifest");
    assert_eq!(stage(&world, &one, 15, &[secret("C", 1, ""), secret("C", 1, "")]).await, "invalid_manifest");
    let mut huge = secret("C", 1, "");
    huge.value.0 = vec![0; 400 * 1024];
    assert_eq!(stage(&world, &one, 16, &[huge]).await, "too_large");
    assert_eq!(held(&world, &one).await, vec![secret("A", 1, ""), secret("B", 1, "")].sorted());
}

/// As a reply has them.
trait Sorted {
    fn sorted(self) -> Self;
}

impl Sorted for Vec<SealedSecret> {
    fn sorted(mut self) -> Self {
        self.sort_unstable_by_key(|secret| secret.index);
        self
    }
}

#[tokio::test]
async fn only_so_many_attempts_of_an_author_are_kept() {
    let (world, one, two) = furnished().await;
    let id = world.profile_id("production");
    assert_eq!(stage(&world, &two, 100, &parts()).await, "ok");
    for number in 1..=u8::try_from(STAGINGS).unwrap() + 3 {
        assert_eq!(stage(&world, &one, number, &parts()).await, "ok");
    }
    let mut kept = 0;
    for number in 1..=u8::try_from(STAGINGS).unwrap() + 3 {
        kept += usize::from(leaves(&world, &one, id, staging(number)).await > 0);
    }
    assert_eq!(kept, STAGINGS);
    assert_eq!(leaves(&world, &two, id, staging(100)).await, 3, "another author's stay");
}

#[tokio::test]
async fn a_reader_and_a_stranger_stage_nothing() {
    let (mut world, ..) = furnished().await;
    let readers = world.create_group("readers", &["production"], false).await;
    let reader = world.create_user("reader", Role::Editor, &[readers]).await;
    let outsider = world.create_user("outsider", Role::Editor, &[]).await;
    assert_eq!(stage(&world, &reader, 1, &parts()).await, "forbidden");
    assert_eq!(stage(&world, &outsider, 1, &parts()).await, "not_found");
}

#[tokio::test]
async fn a_new_profile_takes_no_parts() {
    let (world, ..) = furnished().await;
    let (change, mut new, _) = world.creation("third");
    new.staged = Some(staging(1));
    let (commit, _) = world.statement(vec![change], vec![new]);
    let answer = world.post(&Actor::user("owner"), &world.path("statements"), &commit).await;
    assert_eq!(code(&answer), "invalid_manifest");
}

#[tokio::test]
async fn a_deleted_secret_comes_back_by_a_part_with_its_next_version() {
    let (mut world, one, _) = furnished().await;
    world.write(&one, "production", Vec::new(), vec![secret("B", 1, "").id]).await;
    for (number, version, expected) in [(1, 1, "invalid_manifest"), (2, 2, "ok")] {
        let back = [secret("B", version, "back")];
        let body = StageSecrets { staging: staging(number), epoch: Epoch::FIRST, secrets: back.to_vec() };
        let answer = world.post(&one, &world.profile_path("production", "staging"), &body).await;
        assert_eq!(reply::<StagedSecrets>(&answer).staged, 1);
        let (new, _) = taking(&world, &one, number, &back);
        assert_eq!(write(&world, &one, &new).await, expected);
    }
}
