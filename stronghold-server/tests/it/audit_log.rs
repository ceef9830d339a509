//! The audit log for whoever verifies it: pages of exact records, checkpoints that continue each other, and what happens
//! when somebody changed the store.

use crate::world::{Actor, World, keys, settings};
use std::collections::BTreeSet;
use stronghold_protocol::{
    api::{AuditCheckpoint, AuditPage},
    audit::{AuditRecord, record_leaf_hash},
    checkpoint::Checkpoint,
    crypto::hash::Hash,
    directory::Conditions,
    merkle,
};
use stronghold_server::{
    service::{Outgoing, Service},
    store::sqlite::SqliteStore,
};

type Org = World<SqliteStore>;

fn parsed<T: serde::de::DeserializeOwned>(answer: &Outgoing) -> T {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

async fn page(world: &Org, from: u64) -> AuditPage {
    parsed(&world.get(&world.owner, &world.path("audit/records"), &format!("from={from}")).await)
}

async fn checkpoint(world: &Org, who: &Actor, old: Option<u64>) -> (Checkpoint, AuditCheckpoint) {
    let query = old.map(|old| format!("old={old}")).unwrap_or_default();
    let reply: AuditCheckpoint = parsed(&world.get(who, &world.path("audit/checkpoint"), &query).await);
    let key = keys().checkpoint_public_key();
    (Checkpoint::verify(&reply.checkpoint, &world.org, &key).unwrap(), reply)
}

/// The same organization, served by a new start on the same data.
async fn restarted(mut world: Org) -> Org {
    let store = SqliteStore::open(&world.data.path().join("test.db")).unwrap();
    world.service = Service::start(store, settings(), keys(), world.clock.clone()).await.unwrap();
    world
}

/// What somebody does who can write the database file.
fn execute(world: &Org, sql: &str) {
    let database = rusqlite::Connection::open(world.data.path().join("test.db")).unwrap();
    assert_eq!(database.execute(sql, []).unwrap(), 1);
}

async fn busy() -> (Org, Actor) {
    let mut world = World::new().await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("ci", &[group], Conditions::default()).await;
    for _ in 0..5 {
        world.read(&agent, "production").await;
    }
    (world, agent)
}

#[tokio::test]
async fn a_checkpoint_is_of_all_records_before_it() {
    let (world, agent) = busy().await;
    let before = page(&world, 0).await;
    let (stated, _) = checkpoint(&world, &agent, None).await;
    let after = page(&world, 0).await;
    // The page's own record is in the checkpoint, the checkpoint's own is not.
    assert_eq!(stated.size, before.size + 1);
    assert_eq!((after.size, after.records.len() as u64), (stated.size + 1, stated.size + 1));
    let leaves: Vec<Hash> = after.records.iter().map(|record| record_leaf_hash(&record.0)).collect();
    let size = usize::try_from(stated.size).unwrap();
    assert_eq!(merkle::root_of(&leaves[..size]), stated.root);
    assert_eq!(stated.directory, world.directory.head());
    let last = AuditRecord::parse(&after.records[size].0).unwrap();
    assert_eq!((last.action.as_str(), last.principal), ("checkpoint.read", Some(agent.id)));
    let ids: BTreeSet<_> = after.records.iter().map(|record| AuditRecord::parse(&record.0).unwrap().id).collect();
    assert_eq!(ids.len(), after.records.len());
}

#[tokio::test]
async fn every_checkpoint_continues_every_earlier_one() {
    let (world, agent) = busy().await;
    let mut earlier: Vec<Checkpoint> = Vec::new();
    for _ in 0..8 {
        for old in &earlier {
            let (new, reply) = checkpoint(&world, &agent, Some(old.size)).await;
            let proof = reply.consistency.unwrap();
            assert_eq!((proof.old_size, proof.new_size), (old.size, new.size));
            proof.verify(&old.root, &new.root).unwrap();
        }
        earlier.push(checkpoint(&world, &agent, None).await.0);
    }
    let (new, reply) = checkpoint(&world, &agent, Some(0)).await;
    reply.consistency.unwrap().verify(&merkle::empty_root(), &new.root).unwrap();
    let beyond = world.get(&agent, &world.path("audit/checkpoint"), &format!("old={}", new.size + 100)).await;
    assert_eq!(beyond.status, 400, "nothing continues a log that is longer");
}

#[tokio::test]
async fn pages_lead_to_the_end() {
    let (world, _) = busy().await;
    let whole = page(&world, 0).await;
    for (from, expected) in (0..).zip(&whole.records) {
        let rest = page(&world, from).await;
        assert_eq!(rest.records.first(), Some(expected));
    }
    let beyond = page(&world, 1_000_000).await;
    assert!(beyond.records.is_empty() && beyond.size > whole.size);
}

/// The same log, whether a server kept its tree or reads it from the store.
#[tokio::test]
async fn a_restart_continues_the_log() {
    let (world, agent) = busy().await;
    let (old, _) = checkpoint(&world, &agent, None).await;
    let again = restarted(world).await;
    let (new, reply) = checkpoint(&again, &agent, Some(old.size)).await;
    reply.consistency.unwrap().verify(&old.root, &new.root).unwrap();
}

/// Whoever changes a record's row behind the server's back cannot make a checkpoint that continues an earlier one.
#[tokio::test]
async fn a_changed_past_continues_nothing() {
    let changes = [
        "UPDATE audit_records SET leaf = zeroblob(32) WHERE position = 3",
        "UPDATE audit_records SET leaf = (SELECT leaf FROM audit_records WHERE position = 5) WHERE position = 4",
    ];
    for change in changes {
        let (world, agent) = busy().await;
        let (old, _) = checkpoint(&world, &agent, None).await;
        execute(&world, change);
        let again = restarted(world).await;
        let (new, reply) = checkpoint(&again, &agent, Some(old.size)).await;
        assert!(reply.consistency.unwrap().verify(&old.root, &new.root).is_err(), "{change}");
    }
    // A row that is gone leaves a gap, which is told and never papered over.
    let (world, agent) = busy().await;
    execute(&world, "DELETE FROM audit_records WHERE position = 3");
    let again = restarted(world).await;
    let answer = again.get(&agent, &again.path("audit/checkpoint"), "").await;
    assert_eq!(answer.status, 500);
    let answer = again.get(&again.owner, &again.path("audit/records"), "from=0").await;
    assert_eq!(answer.status, 500);
}
