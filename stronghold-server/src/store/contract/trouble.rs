//! When writing does not work.

use super::{
    Place,
    fixtures::{KEY, ORG, agent, create_org, entry, nonce, seq, time},
};
use crate::store::{Store, StoreError};
use futures_util::future::join_all;
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};
use stronghold_protocol::id::OrgId;

/// Larger than what the small store has room for.
const TOO_LARGE: usize = 4 * 1024 * 1024;

pub(in crate::store) async fn writing_without_an_organization_is_given_up(place: &impl Place) {
    let store = place.open();
    let unknown = OrgId([1; 32]);
    let written = store.locked(Some(unknown), move |tx| tx.append_record(&unknown, &entry(vec![1], 1))).await;
    assert!(matches!(written, Err(StoreError::GivenUp(_))), "{written:?}");
    let touched = store.locked(Some(unknown), move |tx| tx.touch(&unknown, &agent(1), time(1), seq(0))).await;
    assert!(matches!(touched, Err(StoreError::GivenUp(_))), "{touched:?}");
}

/// Fills the store with many works at once until some fail. What was answered is there, and nothing else.
pub(in crate::store) async fn a_full_store_keeps_what_it_answered(place: &impl Place) {
    let store = place.open_small();
    create_org(&store).await;
    let (mut kept, mut failed) = (Vec::new(), Vec::new());
    while failed.is_empty() {
        let first = u64::try_from(kept.len()).unwrap();
        let work = |number: u64| {
            store.locked(Some(ORG), move |tx| {
                assert!(tx.claim_nonce(&ORG, &KEY, &nonce(number), time(1))?);
                let mut bytes = vec![0; 16 * 1024];
                bytes[..8].copy_from_slice(&number.to_be_bytes());
                tx.append_record(&ORG, &entry(bytes, 1))
            })
        };
        for (number, done) in (first..).zip(join_all((first..first + 20).map(work)).await) {
            match done {
                Ok(position) => kept.push((position, number)),
                Err(StoreError::Database(reason)) => failed.push((number, reason)),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    println!("full after {} records: {}", kept.len(), failed[0].1);
    assert!(!kept.is_empty());
    drop(store);

    let store = place.open();
    let records = store.snapshot(|tx| tx.records(&ORG, 0, usize::MAX)).await.unwrap();
    kept.sort_unstable();
    let stored: Vec<u64> = records.iter().map(|record| u64::from_be_bytes(record[..8].try_into().unwrap())).collect();
    assert_eq!(stored, kept.iter().map(|(_, number)| *number).collect::<Vec<_>>());
    for (number, _) in failed {
        let free = store.locked(Some(ORG), move |tx| tx.claim_nonce(&ORG, &KEY, &nonce(number), time(1)));
        assert!(free.await.unwrap(), "nothing of a failed work is kept");
    }
}

pub(in crate::store) async fn a_full_store_can_still_be_read(place: &impl Place) {
    let store = place.open_small();
    create_org(&store).await;
    store.check_ready().await.unwrap();
    let before = store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap();
    let mut stored = before.records;
    let fill = |size: usize| store.locked(Some(ORG), move |tx| tx.append_record(&ORG, &entry(vec![0; size], 1)));
    for size in [64 * 1024, 1024, 1] {
        while fill(size).await.is_ok() {
            stored += 1;
        }
    }
    let head = store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap();
    assert_eq!((head.head, head.records), (before.head, stored));
}

pub(in crate::store) async fn one_work_too_large_fails_alone(place: &impl Place) {
    let store = place.open_small();
    create_org(&store).await;
    let sizes = (0..30).map(|number| if number % 10 == 5 { TOO_LARGE } else { 100 });
    let works = sizes.clone().map(|size| {
        let record = entry(vec![0; size], 1);
        store.locked(Some(ORG), move |tx| tx.append_record(&ORG, &record))
    });
    let done = join_all(works).await;
    for (size, done) in sizes.zip(&done) {
        assert_eq!(done.is_err(), size == TOO_LARGE, "{size} bytes: {done:?}");
    }
    let records = store.snapshot(|tx| tx.records(&ORG, 0, usize::MAX)).await.unwrap();
    assert_eq!(records.len(), done.iter().filter(|done| done.is_ok()).count());
}

/// A work may hold what holds the store, and so drop its last handle on the store's own thread.
pub(in crate::store) async fn a_work_may_hold_the_last_handle(place: &impl Place) {
    /// Drops the store, then tells.
    struct Holder<S>(Option<Arc<S>>, mpsc::Sender<()>);
    impl<S> Drop for Holder<S> {
        fn drop(&mut self) {
            drop(self.0.take());
            // Nobody listens where the test failed already.
            let _ = self.1.send(());
        }
    }

    let store = Arc::new(place.open());
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (dropped, was_dropped) = mpsc::channel();
    let holder = Holder(Some(Arc::clone(&store)), dropped);
    let mut begun = Some(begun);
    let asker = tokio::spawn(async move {
        let work = store.locked(None, move |tx| {
            assert!(holder.0.is_some());
            if let Some(begun) = begun.take() {
                begun.send(()).unwrap();
            }
            may_go_on.recv_timeout(Duration::from_secs(60)).unwrap();
            tx.put_server_value("name", b"value")
        });
        work.await
    });
    has_begun.await.unwrap();
    asker.abort();
    assert!(asker.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    was_dropped.recv_timeout(Duration::from_secs(60)).unwrap();
    let store = place.open();
    assert_eq!(store.snapshot(|tx| tx.server_value("name")).await.unwrap(), Some(b"value".to_vec()));
}
