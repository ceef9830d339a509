//! Whether the server can serve, asked by everyone.

use crate::world::*;
use futures_util::future::join_all;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use stronghold_protocol::id::OrgId;
use stronghold_server::store::{Store, StoreError, Tx, sqlite::SqliteStore};
use tempfile::TempDir;

/// A store that counts how often it is asked whether it can be written, and can say no.
struct Asked {
    store: SqliteStore,
    times: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
}

impl Store for Asked {
    fn locked<T, F>(&self, org: Option<OrgId>, decide: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: FnMut(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.store.locked(org, decide)
    }

    fn snapshot<T, F>(&self, read: F) -> impl Future<Output = Result<T, StoreError>> + Send
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        self.store.snapshot(read)
    }

    async fn check_ready(&self) -> Result<(), StoreError> {
        self.times.fetch_add(1, Ordering::SeqCst);
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Database("disk full".to_owned()));
        }
        self.store.check_ready().await
    }
}

#[tokio::test]
async fn the_store_is_asked_once_for_all_who_ask_within_two_seconds() {
    let data = Arc::new(TempDir::new().unwrap());
    let (times, fails) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let store = SqliteStore::open(&data.path().join("test.db")).unwrap();
    let store = Asked { store, times: Arc::clone(&times), fails: Arc::clone(&fails) };
    let world = World::on(store, settings(), data).await;
    let ask = async || {
        let asked = join_all((0..100).map(|_| unsigned(&world.service, "GET", "/readyz", &()))).await;
        let mut answers: Vec<u16> = asked.iter().map(|answer| answer.status).collect();
        answers.dedup();
        (answers, times.swap(0, Ordering::SeqCst))
    };
    assert_eq!(ask().await, (vec![200], 1));
    fails.store(true, Ordering::SeqCst);
    world.clock.advance_millis(1999);
    assert_eq!(ask().await, (vec![200], 0));
    world.clock.advance_millis(1);
    assert_eq!(ask().await, (vec![503], 1));
    fails.store(false, Ordering::SeqCst);
    world.clock.advance_millis(2000);
    assert_eq!(ask().await, (vec![200], 1));
    // A clock that goes back keeps no answer for longer.
    world.clock.advance_millis(-60_000);
    assert_eq!(ask().await, (vec![200], 1));
}
