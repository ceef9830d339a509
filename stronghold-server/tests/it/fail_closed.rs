//! When the store fails, nothing is released.

use crate::world::*;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use stronghold_protocol::{directory::Conditions, id::OrgId};
use stronghold_server::store::{Store, StoreError, Tx, sqlite::SqliteStore};
use tempfile::TempDir;

/// A store whose commits can be made to fail after everything was decided.
pub(crate) struct Failing {
    store: SqliteStore,
    fails: Arc<AtomicBool>,
}

impl Store for Failing {
    fn locked<T, F>(&self, org: Option<OrgId>, mut decide: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let fails = Arc::clone(&self.fails);
        self.store.locked(org, move |tx| {
            let decided = decide(tx)?;
            if fails.load(Ordering::SeqCst) { Err(StoreError::Database("disk full".to_owned())) } else { Ok(decided) }
        })
    }

    fn snapshot<T, F>(&self, read: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.store.snapshot(read)
    }

    fn check_ready(&self) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.store.check_ready()
    }
}

pub(crate) async fn world() -> (World<Failing>, Arc<AtomicBool>) {
    let data = Arc::new(TempDir::new().unwrap());
    let fails = Arc::new(AtomicBool::new(false));
    let store = SqliteStore::open(&data.path().join("test.db")).unwrap();
    (World::on(Failing { store, fails: Arc::clone(&fails) }, settings(), data).await, fails)
}

#[tokio::test]
async fn a_record_that_cannot_be_written_releases_nothing() {
    let (mut world, fails) = world().await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    let before = world.records().await.len();
    fails.store(true, Ordering::SeqCst);
    for path in [world.profile_path("production", "read"), world.path("profiles")] {
        let answer = world.get(&agent, &path, "anchor=0").await;
        assert_eq!((answer.status, code(&answer).as_str()), (503, "unavailable"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("chain"));
    }
    // Not even that the caller is refused.
    assert_eq!(code(&world.get(&agent, &world.path("activity"), "").await), "unavailable");
    fails.store(false, Ordering::SeqCst);
    assert_eq!(world.records().await.len(), before);
    assert_eq!(world.read(&agent, "production").await.status, 200);
}

#[tokio::test]
async fn a_statement_whose_commit_failed_counts_nowhere() {
    let (mut world, fails) = world().await;
    let agent = Actor::agent("agent");
    let created = |label: &str| stronghold_protocol::directory::Change::AgentCreated {
        id: agent.agent_id(),
        name: name(label),
        keys: agent.keys.clone(),
        conditions: Conditions::default(),
    };
    let (commit, _) = world.statement(vec![created("lost")], Vec::new());
    fails.store(true, Ordering::SeqCst);
    assert_eq!(code(&world.post(&world.owner, &world.path("statements"), &commit).await), "unavailable");
    fails.store(false, Ordering::SeqCst);
    assert_eq!(code(&world.get(&agent, &world.path("whoami"), "").await), "unauthenticated");
    // Another statement takes its place, and what is sent afterwards is that one's.
    world.commit(vec![created("kept")], Vec::new()).await;
    let who: stronghold_protocol::api::WhoAmI = reply(&world.get(&agent, &world.path("whoami"), "").await);
    assert_eq!(who.name, "kept");
}
