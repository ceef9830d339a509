//! Several servers on one file.

use super::{Directory, Place, SqliteOptions, SqliteStore};
use crate::store::{
    Store, StoreError,
    contract::fixtures::{KEY, ORG, create_org, entry, nonce, time},
};
use futures_util::future::join_all;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_start_at_once_agree_on_the_layout() {
    let place = Directory::new();
    let opening = (0..6).map(|_| {
        let path = place.path();
        std::thread::spawn(move || SqliteStore::open(&path))
    });
    let opening: Vec<_> = opening.collect();
    for opened in opening {
        opened.join().unwrap().unwrap().check_ready().await.unwrap();
    }
}

/// SQLite itself does not wait for whoever changes a new file's journal; the first start of two servers would fail.
#[test]
fn a_server_that_sets_up_the_file_is_waited_for() {
    let place = Directory::new();
    let first = place.raw();
    first.execute_batch("BEGIN IMMEDIATE").unwrap();
    let wait = Duration::from_millis(200);
    let options = SqliteOptions { busy_timeout: wait, ..SqliteOptions::default() };
    let since = Instant::now();
    let given_up = SqliteStore::open_with(&place.path(), options).map(drop);
    assert!(matches!(given_up, Err(StoreError::Unusable { .. })), "{given_up:?}");
    assert!(since.elapsed() >= wait);

    let path = place.path();
    let second = std::thread::spawn(move || SqliteStore::open(&path));
    first.execute_batch("COMMIT").unwrap();
    second.join().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_on_one_file_share_one_log() {
    const EACH: u64 = 100;
    let place = Directory::new();
    let stores = [place.open(), place.open()];
    create_org(&stores[0]).await;
    let work = |number: u64| {
        let store = &stores[usize::from(number.is_multiple_of(2))];
        store.locked(Some(ORG), move |tx| {
            // Both try the same nonces.
            let claimed = tx.claim_nonce(&ORG, &KEY, &nonce(number / 2), time(1))?;
            let position = tx.append_record(&ORG, &entry(vec![1], 1))?;
            Ok((claimed, position))
        })
    };
    let done: Vec<(bool, u64)> = join_all((0..2 * EACH).map(work)).await.into_iter().map(Result::unwrap).collect();
    let mut positions: Vec<u64> = done.iter().map(|(_, position)| *position).collect();
    positions.sort_unstable();
    assert_eq!(positions, (0..2 * EACH).collect::<Vec<_>>());
    let claimed = done.iter().filter(|(claimed, _)| *claimed).count();
    assert_eq!(u64::try_from(claimed).unwrap(), EACH);
}
