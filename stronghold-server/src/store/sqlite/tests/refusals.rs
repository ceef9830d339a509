//! A commit that fails releases nothing, and another process that writes is waited for.

use super::{Directory, Place, SqliteOptions, SqliteStore};
use crate::store::{
    Store, StoreError,
    contract::fixtures::{ORG, create_org, entry},
};
use futures_util::{FutureExt, future::join_all};
use std::time::Duration;

/// Lets writing succeed and the commit fail, when the value `poison` was stored: a foreign key that is checked then.
const POISON: &str = "
    CREATE TABLE bait (org INTEGER REFERENCES orgs (number) DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER poison AFTER INSERT ON server_values WHEN new.name = 'poison'
        BEGIN INSERT INTO bait VALUES (-1); END;
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_releases_nothing() {
    let place = Directory::new();
    let store = place.open();
    create_org(&store).await;
    place.raw().execute_batch(POISON).unwrap();
    let mut answered = 0;
    for _ in 0..10 {
        let works = (0..30).map(|number| {
            store.locked(Some(ORG), move |tx| {
                if number == 15 {
                    assert!(tx.put_server_value("poison", b"")?);
                }
                tx.append_record(&ORG, &entry(vec![number], 1)).map(|_| number)
            })
        });
        let done = join_all(works).await;
        assert!(matches!(done[15], Err(StoreError::Database(_))), "{:?}", done[15]);
        answered += done.iter().filter(|done| done.is_ok()).count();
        // Exactly what was answered is there: what shared the failed commit was refused, and is gone.
        let stored = store.snapshot(|tx| tx.records(&ORG, 0, usize::MAX)).await.unwrap();
        assert_eq!(stored.len(), answered);
        assert!(!stored.contains(&vec![15]));
    }
    assert!(answered < 10 * 29, "some shared a failed commit");
    let after = store.locked(Some(ORG), |tx| tx.append_record(&ORG, &entry(vec![1], 1))).await;
    assert!(after.is_ok(), "the store goes on: {after:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_writer_is_waited_for_and_then_refused() {
    let place = Directory::new();
    let options = SqliteOptions { busy_timeout: Duration::from_millis(50), ..SqliteOptions::default() };
    let store = SqliteStore::open_with(&place.path(), options).unwrap();
    create_org(&store).await;
    let append = || store.locked(Some(ORG), |tx| tx.append_record(&ORG, &entry(vec![1], 1)));
    let raw = place.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = join_all((0..5).map(|_| append())).await;
    assert!(refused.iter().all(|done| matches!(done, Err(StoreError::Database(_)))), "{refused:?}");
    assert!(store.check_ready().await.is_err());
    assert!(store.snapshot(|tx| tx.head(&ORG)).await.unwrap().is_some(), "reading goes on");
    raw.execute_batch("ROLLBACK").unwrap();
    assert_eq!(append().await.unwrap(), 0);
    store.check_ready().await.unwrap();
}

#[tokio::test]
async fn a_request_that_was_given_up_does_nothing() {
    let place = Directory::new();
    let store = place.open();
    let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let mut begun = Some(begun);
    let busy = {
        let store = store.clone();
        tokio::spawn(async move {
            let work = store.locked(None, move |_| {
                if let Some(begun) = begun.take() {
                    begun.send(()).unwrap();
                }
                may_go_on.recv_timeout(Duration::from_secs(60)).unwrap();
                Ok(())
            });
            work.await
        })
    };
    has_begun.await.unwrap();
    // It waits behind the busy one, and is dropped there.
    let mut waiting = Box::pin(store.locked(None, |tx| tx.put_server_value("given up", b"")));
    assert!(waiting.as_mut().now_or_never().is_none());
    drop(waiting);
    go_on.send(()).unwrap();
    busy.await.unwrap().unwrap();
    store.check_ready().await.unwrap();
    assert_eq!(store.snapshot(|tx| tx.server_value("given up")).await.unwrap(), None);
}
