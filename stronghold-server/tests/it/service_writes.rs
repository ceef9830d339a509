//! What a server accepts into its store, and what it refuses with which code.

use crate::world::*;
use stronghold_protocol::{
    api::{CommitStatement, Committed, SealedProfile, Written},
    audit::{AuditRecord, Outcome, Released},
    crypto::hash::{Hash, sha256},
    directory::{AgentStatus, Change, Conditions, HeaderRef, Role, Vouched},
    manifest::{KeyCommitment, Manifest},
    number::{Epoch, Seq, Version},
};
use stronghold_server::{service::Outgoing, store::sqlite::SqliteStore};

async fn furnished() -> World<SqliteStore> {
    let mut world = World::new().await;
    world.create_profile("production").await;
    let owner = Actor::user("owner");
    world.write(&owner, "production", vec![secret("A", 1, ""), secret("B", 1, "")], Vec::new()).await;
    world
}

async fn post_revision(
    world: &World<SqliteStore>,
    author: &Actor,
    puts: Vec<stronghold_protocol::secret::SealedSecret>,
    removes: Vec<stronghold_protocol::id::SecretId>,
    adjust: impl FnOnce(&mut Manifest),
) -> Outgoing {
    let id = world.profile_id("production");
    let (new, _) = world.revision(author, id, puts, removes, adjust);
    world.post(author, &world.profile_path("production", "revisions"), &new).await
}

#[tokio::test]
async fn a_write_is_read_back_exactly_and_recorded() {
    let mut world = furnished().await;
    let owner = Actor::user("owner");
    let id = world.profile_id("production");
    let (new, known) = world.revision(
        &owner,
        id,
        vec![secret("A", 2, "new"), secret("C", 1, "")],
        vec![secret("B", 1, "").id],
        |_| {},
    );
    let written: Written = reply(&world.post(&owner, &world.profile_path("production", "revisions"), &new).await);
    assert_eq!(written.revision, known.manifest.revision);
    let record = AuditRecord::parse(&written.receipt.record.0).unwrap();
    let released = Released::Manifest { profile: id, revision: written.revision, manifest: known.hash };
    assert_eq!((record.outcome, record.released), (Outcome::Allowed, Some(released)));
    let sealed: SealedProfile = reply(&world.read(&owner, "production").await);
    assert_eq!(sealed.secrets, known.secrets.values().cloned().collect::<Vec<_>>());
    world.known.insert(id, known);
    world.write(&owner, "production", vec![secret("A", 3, "newer")], Vec::new()).await;
}

#[tokio::test]
async fn a_revision_that_does_not_follow_is_a_conflict() {
    let mut world = furnished().await;
    let owner = Actor::user("owner");
    let id = world.profile_id("production");
    let path = world.profile_path("production", "revisions");
    let (first, known) = world.revision(&owner, id, vec![secret("C", 1, "one")], Vec::new(), |_| {});
    let (second, _) = world.revision(&owner, id, vec![secret("C", 1, "two")], Vec::new(), |_| {});
    assert_eq!(world.post(&owner, &path, &first).await.status, 200);
    assert_eq!(code(&world.post(&owner, &path, &second).await), "revision_conflict");
    assert_eq!(code(&world.post(&owner, &path, &first).await), "revision_conflict");
    world.known.insert(id, known);
    let skipped = post_revision(&world, &owner, Vec::new(), Vec::new(), |m| m.revision = m.revision.next()).await;
    assert_eq!(code(&skipped), "revision_conflict");
    let unlinked = post_revision(&world, &owner, Vec::new(), Vec::new(), |m| m.prev = Some(Hash([1; 32]))).await;
    assert_eq!(code(&unlinked), "revision_conflict");
}

#[tokio::test]
async fn a_manifest_must_be_of_what_came_with_it() {
    let world = furnished().await;
    let owner = Actor::user("owner");
    let refused = async |puts, removes, adjust: fn(&mut Manifest)| {
        code(&post_revision(&world, &owner, puts, removes, adjust).await)
    };
    assert_eq!(refused(vec![], vec![], |m| m.root = Hash([1; 32])).await, "invalid_manifest");
    assert_eq!(refused(vec![], vec![], |m| m.count += 1).await, "invalid_manifest");
    assert_eq!(refused(vec![], vec![], |m| m.org.0[0] ^= 1).await, "invalid_manifest");
    assert_eq!(refused(vec![], vec![], |m| m.name = name("staging")).await, "conflict");
    assert_eq!(refused(vec![], vec![], |m| m.epoch = Epoch::new(2).unwrap()).await, "conflict");
    assert_eq!(refused(vec![], vec![], |m| m.commitment = KeyCommitment([1; 32])).await, "conflict");
    let elsewhere = |m: &mut Manifest| m.header = HeaderRef { seq: Seq::FIRST, hash: Hash([1; 32]) };
    assert_eq!(refused(vec![], vec![], elsewhere).await, "invalid_manifest");
    let beyond = |m: &mut Manifest| m.header.seq = Seq::new(1_000_000).unwrap();
    assert_eq!(refused(vec![], vec![], beyond).await, "invalid_manifest");
    // Versions: an existing secret goes up by one, a new one starts at one, nothing is named twice.
    assert_eq!(refused(vec![secret("A", 1, "same version")], vec![], |_| {}).await, "invalid_manifest");
    assert_eq!(refused(vec![secret("A", 3, "")], vec![], |_| {}).await, "invalid_manifest");
    assert_eq!(refused(vec![secret("C", 2, "")], vec![], |_| {}).await, "invalid_manifest");
    assert_eq!(refused(vec![], vec![secret("C", 1, "").id], |_| {}).await, "invalid_manifest");
    let both = (vec![secret("A", 2, "")], vec![secret("A", 1, "").id]);
    assert_eq!(refused(both.0, both.1, |_| {}).await, "invalid_manifest");
    let twice = vec![secret("C", 1, ""), secret("C", 1, "")];
    assert_eq!(refused(twice, vec![], |_| {}).await, "invalid_manifest");
    // Two secrets under one name would leave it open which of them counts.
    let mut namesake = secret("C", 1, "");
    namesake.index = secret("A", 1, "").index;
    assert_eq!(refused(vec![namesake], vec![], |_| {}).await, "invalid_manifest");
    let mut huge = secret("C", 1, "");
    huge.value.0 = vec![0; 400 * 1024];
    assert_eq!(refused(vec![huge], vec![], |_| {}).await, "too_large");
    assert_eq!(world.read(&owner, "production").await.status, 200);
}

#[tokio::test]
async fn an_editor_writes_what_its_groups_may_write_under_its_own_key() {
    let mut world = furnished().await;
    let readers = world.create_group("readers", &["production"], false).await;
    let writers = world.create_group("writers", &["production"], true).await;
    let reader = world.create_user("reader", Role::Editor, &[readers]).await;
    let writer = world.create_user("writer", Role::Editor, &[writers]).await;
    let outsider = world.create_user("outsider", Role::Editor, &[]).await;
    let owner = Actor::user("owner");
    let put = || vec![secret("C", 1, "")];
    assert_eq!(code(&post_revision(&world, &reader, put(), vec![], |_| {}).await), "forbidden");
    assert_eq!(code(&post_revision(&world, &outsider, put(), vec![], |_| {}).await), "not_found");
    // The writer's request with the owner's manifest: rightful, but not its own.
    let id = world.profile_id("production");
    let (new, _) = world.revision(&owner, id, put(), vec![], |_| {});
    let answer = world.post(&writer, &world.profile_path("production", "revisions"), &new).await;
    assert_eq!(code(&answer), "invalid_manifest");
    world.write(&writer, "production", put(), vec![]).await;
}

#[tokio::test]
async fn a_statement_is_accepted_once_and_only_at_the_head() {
    let mut world = furnished().await;
    let (first, after) = world.statement(vec![Change::PolicyChanged { name: name("Acme One") }], Vec::new());
    let (second, _) = world.statement(vec![Change::PolicyChanged { name: name("Acme Two") }], Vec::new());
    let path = world.path("statements");
    let committed: Committed = reply(&world.post(&world.owner, &path, &first).await);
    assert_eq!(committed.head, after.head());
    let record = AuditRecord::parse(&committed.receipt.record.0).unwrap();
    assert_eq!(record.directory, world.directory.head(), "it was decided as of the head before");
    assert_eq!(record.released, Some(Released::Statement { seq: after.head().seq, hash: after.head().hash }));
    for stale in [&first, &second] {
        let answer = world.post(&world.owner, &path, stale).await;
        assert_eq!((code(&answer).as_str(), problem(&answer).head_seq), ("conflict", Some(after.head().seq)));
    }
    world.directory = after;
    world.commit(vec![Change::PolicyChanged { name: name("Acme Two") }], Vec::new()).await;
}

#[tokio::test]
async fn a_statement_that_does_not_hold_is_refused_and_changes_nothing() {
    let mut world = furnished().await;
    let path = world.path("statements");
    let agent = Actor::agent("agent");
    let created = Change::AgentCreated {
        id: agent.agent_id(),
        name: name("agent"),
        keys: agent.keys.clone(),
        conditions: Conditions::default(),
    };
    let (good, _) = world.statement(vec![created], Vec::new());
    let mut forged = good.clone();
    forged.statement.body.0.push(b' ');
    assert_eq!(code(&world.post(&world.owner, &path, &forged).await), "invalid_statement");
    let mut unsigned = good.clone();
    unsigned.statement.header.signatures.clear();
    assert_eq!(code(&world.post(&world.owner, &path, &unsigned).await), "invalid_statement");
    assert_eq!(world.post(&world.owner, &path, &good).await.status, 200);
    assert_eq!(code(&world.get(&agent, &world.path("whoami"), "").await), "ok");
    world.directory = world.directory.append(&good.statement).unwrap();
}

#[tokio::test]
async fn seals_must_come_along_whole_and_with_nothing_besides() {
    let mut world = furnished().await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[], Conditions::default()).await;
    let path = world.path("statements");
    let joins = Change::MemberAdded { group, member: agent.id };
    let (good, after) = world.statement(vec![joins], Vec::new());
    assert_eq!(good.seals.len(), 1);
    let missing = CommitStatement { seals: Vec::new(), ..good.clone() };
    assert_eq!(code(&world.post(&world.owner, &path, &missing).await), "missing_seals");
    let mut more = good.clone();
    more.seals.push(more.seals[0].clone());
    assert_eq!(code(&world.post(&world.owner, &path, &more).await), "invalid_statement");
    let mut other = good.clone();
    other.seals[0].id.recipient = Actor::agent("other").keys.kem.key_id();
    assert_eq!(code(&world.post(&world.owner, &path, &other).await), "invalid_statement");
    let mut huge = good.clone();
    huge.seals[0].sealed.0 = vec![0; 100_000];
    assert_eq!(code(&world.post(&world.owner, &path, &huge).await), "too_large");
    // A refusal left nothing behind: the agent is no member and reads nothing.
    assert_eq!(code(&world.read(&agent, "production").await), "not_found");
    assert_eq!(world.post(&world.owner, &path, &good).await.status, 200);
    world.directory = after;
    assert_eq!(code(&world.read(&agent, "production").await), "ok");
}

#[tokio::test]
async fn a_new_profile_comes_with_its_first_revision() {
    let mut world = furnished().await;
    let path = world.path("statements");
    let (change, new, known) = world.creation("staging");
    let (without, _) = world.statement(vec![change.clone()], Vec::new());
    assert_eq!(code(&world.post(&world.owner, &path, &without).await), "invalid_manifest");
    let mut full = new.clone();
    full.puts.push(secret("A", 1, ""));
    let (with_secrets, _) = world.statement(vec![change.clone()], vec![full]);
    assert_eq!(code(&world.post(&world.owner, &path, &with_secrets).await), "invalid_manifest");
    let (twice, _) = world.statement(vec![change.clone()], vec![new.clone(), new.clone()]);
    assert_eq!(code(&world.post(&world.owner, &path, &twice).await), "invalid_manifest");
    world.commit(vec![change], vec![new]).await;
    world.known.insert(known.manifest.profile, known);
    assert_eq!(code(&world.read(&world.owner, "staging").await), "ok");
}

#[tokio::test]
async fn what_is_vouched_for_must_be_the_newest_revision() {
    let mut world = furnished().await;
    let owner = Actor::user("owner");
    let id = world.profile_id("production");
    let vouch = |known: &Known| {
        let vouched = Vouched { revision: known.manifest.revision, manifest: known.hash };
        Change::ProfileVouched { id, vouched }
    };
    let (stale, _) = world.statement(vec![vouch(&world.known[&id])], Vec::new());
    world.write(&owner, "production", vec![secret("C", 1, "")], Vec::new()).await;
    let path = world.path("statements");
    assert_eq!(code(&world.post(&world.owner, &path, &stale).await), "revision_conflict");
    let newest = vouch(&world.known[&id]);
    world.commit(vec![newest], Vec::new()).await;
}

#[tokio::test]
async fn a_removal_rekeys_and_the_removed_reads_nothing_from_then_on() {
    let mut world = furnished().await;
    let owner = Actor::user("owner");
    let group = world.create_group("deploy", &["production"], false).await;
    let goes = world.create_agent("goes", &[group], Conditions::default()).await;
    let stays = world.create_agent("stays", &[group], Conditions::default()).await;
    assert_eq!(code(&world.read(&goes, "production").await), "ok");
    let id = world.profile_id("production");
    let commitment = KeyCommitment(sha256(&[b"second"]).0);
    let epoch = Epoch::new(2).unwrap();
    let renew = |m: &mut Manifest| (m.epoch, m.commitment) = (epoch, commitment);
    let again = vec![secret("A", 1, "again"), secret("B", 1, "again")];
    let change = |known: &Known| {
        let vouched = Vouched { revision: known.manifest.revision, manifest: known.hash };
        vec![
            Change::AgentDeleted { id: goes.agent_id() },
            Change::GroupEpoch { id: group, epoch, key: kem("deploy 2") },
            Change::ProfileEpoch { id, epoch, commitment, vouched },
        ]
    };
    let path = world.path("statements");
    // Not every secret is encrypted anew.
    let (partly, known) = world.revision(&owner, id, again[..1].to_vec(), Vec::new(), renew);
    let (commit, _) = world.statement(change(&known), vec![partly]);
    assert_eq!(code(&world.post(&owner, &path, &commit).await), "invalid_manifest");
    let (whole, known) = world.revision(&owner, id, again, Vec::new(), renew);
    // The earlier keys are missing.
    let (mut commit, _) = world.statement(change(&known), vec![whole.clone()]);
    commit.histories.clear();
    assert_eq!(code(&world.post(&owner, &path, &commit).await), "missing_seals");
    world.commit(change(&known), vec![whole]).await;
    world.known.insert(id, known);
    assert_eq!(code(&world.read(&goes, "production").await), "deleted");
    let sealed: SealedProfile = reply(&world.read(&stays, "production").await);
    assert_eq!(sealed.keys.group_epoch, epoch);
    assert_eq!(sealed.secrets, world.known[&id].secrets.values().cloned().collect::<Vec<_>>());
    assert!(sealed.secrets.iter().all(|secret| secret.version == Version::FIRST));
    world.write(&owner, "production", vec![secret("A", 2, "")], Vec::new()).await;
}

#[tokio::test]
async fn a_rekey_that_is_not_finished_leaves_the_profile_readable_as_vouched() {
    let mut world = furnished().await;
    let owner = Actor::user("owner");
    let group = world.create_group("deploy", &["production"], false).await;
    let goes = world.create_agent("goes", &[group], Conditions::default()).await;
    let stays = world.create_agent("stays", &[group], Conditions::default()).await;
    let id = world.profile_id("production");
    let (epoch, commitment) = (Epoch::new(2).unwrap(), KeyCommitment(sha256(&[b"second"]).0));
    let known = world.known[&id].clone();
    let vouched = Vouched { revision: known.manifest.revision, manifest: known.hash };
    let changes = vec![
        Change::AgentDeleted { id: goes.agent_id() },
        Change::GroupEpoch { id: group, epoch, key: kem("deploy 2") },
        Change::ProfileEpoch { id, epoch, commitment, vouched },
    ];
    world.commit(changes, Vec::new()).await;
    let sealed: SealedProfile = reply(&world.read(&stays, "production").await);
    assert_eq!(sealed.keys.group_epoch, Epoch::FIRST, "the old master key is sealed to the old group key only");
    let old = post_revision(&world, &owner, vec![secret("C", 1, "")], Vec::new(), |_| {}).await;
    assert_eq!(code(&old), "conflict", "nothing is written under the old epoch any more");
    let again = vec![secret("A", 1, "again"), secret("B", 1, "again")];
    let (flip, known) =
        world.revision(&owner, id, again, Vec::new(), |m| (m.epoch, m.commitment) = (epoch, commitment));
    assert_eq!(world.post(&owner, &world.profile_path("production", "revisions"), &flip).await.status, 200);
    world.known.insert(id, known);
    let sealed: SealedProfile = reply(&world.read(&stays, "production").await);
    assert_eq!(sealed.keys.group_epoch, epoch);
}

#[tokio::test]
async fn a_rename_ships_a_manifest_that_states_the_name() {
    let mut world = furnished().await;
    let owner = Actor::user("owner");
    let id = world.profile_id("production");
    let (new, known) = world.revision(&owner, id, Vec::new(), Vec::new(), |m| m.name = name("prod"));
    let vouched = Vouched { revision: known.manifest.revision, manifest: known.hash };
    world.commit(vec![Change::ProfileRenamed { id, name: name("prod"), vouched }], vec![new]).await;
    assert_eq!(code(&world.read(&owner, "prod").await), "ok");
    assert_eq!(code(&world.read(&owner, "production").await), "not_found");
}

#[tokio::test]
async fn a_status_counts_from_the_next_request_on() {
    let mut world = furnished().await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    let set = |status| Change::AgentChanged {
        id: agent.agent_id(),
        name: name("agent"),
        status,
        conditions: Conditions::default(),
    };
    assert_eq!(code(&world.read(&agent, "production").await), "ok");
    world.commit(vec![set(AgentStatus::Inactive)], Vec::new()).await;
    assert_eq!(code(&world.read(&agent, "production").await), "inactive");
    world.commit(vec![set(AgentStatus::Active)], Vec::new()).await;
    assert_eq!(code(&world.read(&agent, "production").await), "ok");
}

#[tokio::test]
async fn two_servers_on_one_store_see_each_others_statements_at_once() {
    let mut world = furnished().await;
    let store = SqliteStore::open(&world.data.path().join("test.db")).unwrap();
    let other =
        stronghold_server::service::Service::start(store, settings(), keys(), world.clock.clone()).await.unwrap();
    let group = world.create_group("deploy", &["production"], false).await;
    let ask = async |world: &World<SqliteStore>, agent: &Actor| {
        let path = world.profile_path("production", "read");
        let request = world.sign(agent, stronghold_protocol::request::Method::Get, &path, "anchor=0", b"");
        code(&other.handle(incoming(&request, Vec::new(), Some("192.0.2.7".parse().unwrap()))).await)
    };
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    assert_eq!(ask(&world, &agent).await, "ok", "a key that only the store knows yet");
    world
        .commit(
            vec![Change::AgentChanged {
                id: agent.agent_id(),
                name: name("agent"),
                status: AgentStatus::Inactive,
                conditions: Conditions::default(),
            }],
            Vec::new(),
        )
        .await;
    assert_eq!(ask(&world, &agent).await, "inactive");
}

#[tokio::test]
async fn a_seal_to_an_agent_that_is_about_to_expire_may_come_or_not() {
    let mut world = furnished().await;
    let group = world.create_group("deploy", &["production"], false).await;
    let minutes = |minutes: i64| Conditions {
        expires_at: Some(world.now().plus_millis(minutes * 60_000)),
        ..Conditions::default()
    };
    let (soon, later) = (minutes(14), minutes(16));
    let soon = world.create_agent("soon", &[], soon).await;
    let later = world.create_agent("later", &[], later).await;
    let path = world.path("statements");
    for (agent, expected) in [(&soon, "ok"), (&later, "missing_seals")] {
        let joins = Change::MemberAdded { group, member: agent.id };
        let (commit, after) = world.statement(vec![joins], Vec::new());
        assert_eq!(commit.seals.len(), 1);
        let without = CommitStatement { seals: Vec::new(), ..commit };
        let answered = code(&world.post(&world.owner, &path, &without).await);
        assert_eq!(answered, expected);
        if answered == "ok" {
            world.directory = after;
        }
    }
    // Without its seal the agent is a member that nothing leads to: the server says so instead of serving half.
    assert_eq!(code(&world.read(&soon, "production").await), "unavailable");
}
