//! What is damaged is an error that says so, never a panic and never a wrong answer.

use super::{Directory, Place};
use crate::{
    access::ReadPermit,
    store::{
        Store, StoreError, Tx,
        contract::fixtures::{ORG, PROFILE, agent, create_org, entry, secret, seq, statement, time, write, write_next},
        sqlite::SqliteStore,
    },
};
use std::fmt::Debug;
use stronghold_protocol::{id::UserId, secret::BlindIndex};

/// A database with something in every table that is read back.
async fn filled() -> Directory {
    let place = Directory::new();
    let store = place.open();
    create_org(&store).await;
    write_next(&store, write(1, 2, vec![secret(1, 1), secret(2, 1)], &[])).await;
    let fill = store.locked(Some(ORG), |tx| {
        for number in 1..=4 {
            let before = tx.head(&ORG)?.unwrap().head;
            assert!(tx.append_statement(&ORG, &before, &statement(number, 0))?);
            tx.append_record(&ORG, &entry(vec![7; 3000], 1))?;
        }
        tx.touch(&ORG, &agent(1), time(1), seq(0))
    });
    fill.await.unwrap();
    place
}

const fn permit() -> ReadPermit {
    ReadPermit::for_test(ORG, PROFILE)
}

/// Runs `damage` on the database, then expects `read` to tell.
async fn assert_damaged<T: Debug + Send + 'static>(
    damage: &str,
    read: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
) {
    let place = filled().await;
    let raw = place.raw();
    raw.execute_batch("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;").unwrap();
    let changed = raw.execute(damage, []).unwrap();
    assert!(changed > 0, "{damage}");
    let found = place.open().snapshot(read).await;
    assert!(matches!(found, Err(StoreError::Damaged(_))), "{damage}: {found:?}");
}

#[tokio::test]
async fn a_value_that_cannot_be_is_told() {
    assert_damaged("UPDATE orgs SET hash = x'00'", |tx| tx.head(&ORG)).await;
    assert_damaged("UPDATE orgs SET seq = -1", |tx| tx.head(&ORG)).await;
    assert_damaged("UPDATE orgs SET seq = 9007199254740992", |tx| tx.head(&ORG)).await;
    assert_damaged("UPDATE orgs SET newest_record_at = -1", |tx| tx.head(&ORG)).await;
    assert_damaged("UPDATE statements SET hash = x'00' WHERE seq = 2", |tx| tx.statements(&ORG, seq(0), 9)).await;
    assert_damaged("UPDATE principals SET kind = 'other'", |tx| tx.activity(&ORG)).await;
    assert_damaged("UPDATE principals SET uses = -1", |tx| tx.activity(&ORG)).await;
    assert_damaged("UPDATE revisions SET manifest = x''", |tx| tx.profile_head(&ORG, &PROFILE)).await;
    assert_damaged("UPDATE entries SET version = -1", |tx| tx.leaves(&ORG, &PROFILE)).await;
    assert_damaged("UPDATE entries SET ciphertexts = x'01'", |tx| tx.leaves(&ORG, &PROFILE)).await;
    // No ciphertext has this version.
    assert_damaged("UPDATE entries SET version = 2", |tx| tx.secrets(&permit())).await;
    assert_damaged("UPDATE entries SET version = 2", |tx| tx.secrets_at(&permit(), &[BlindIndex([2; 32])])).await;
}

#[tokio::test]
async fn what_is_missing_is_told() {
    assert_damaged("DELETE FROM statements WHERE seq = 2", |tx| tx.statements(&ORG, seq(0), 9)).await;
    assert_damaged("DELETE FROM statements WHERE seq = 4", |tx| tx.statements(&ORG, seq(3), 9)).await;
    assert_damaged("DELETE FROM audit_records WHERE position = 0", |tx| tx.records(&ORG, 0, 9)).await;
    assert_damaged("DELETE FROM audit_records WHERE position = 1", |tx| tx.records(&ORG, 0, 3)).await;
    assert_damaged("DELETE FROM audit_records WHERE position = 3", |tx| tx.records(&ORG, 2, 9)).await;
    assert_damaged("DELETE FROM audit_bytes WHERE number = 2", |tx| tx.records(&ORG, 0, 9)).await;
    assert_damaged("DELETE FROM ciphertexts", |tx| tx.secrets(&permit())).await;
}

/// Reads and writes whatever can be.
async fn use_all(store: &SqliteStore) -> Result<(), StoreError> {
    let read = |tx: &mut dyn Tx| {
        tx.head(&ORG)?;
        tx.statements(&ORG, seq(0), 9)?;
        tx.activity(&ORG)?;
        tx.profile_head(&ORG, &PROFILE)?;
        tx.leaves(&ORG, &PROFILE)?;
        tx.secrets(&permit())?;
        tx.records(&ORG, 0, 9)?;
        tx.password(&ORG, &UserId::from_bytes([1; 16]))?;
        tx.had_setup_code().map(drop)
    };
    store.snapshot(read).await?;
    store.locked(Some(ORG), |tx| tx.append_record(&ORG, &entry(vec![1], 1)).map(drop)).await
}

#[tokio::test]
async fn garbled_pages_never_panic() {
    const STEP: usize = 1500;
    let place = filled().await;
    let whole = std::fs::read(place.path()).unwrap();
    let mut told = 0;
    for start in (0..whole.len()).step_by(STEP) {
        let mut garbled = whole.clone();
        for byte in garbled.iter_mut().skip(start).take(40) {
            *byte ^= 0xa5;
        }
        std::fs::write(place.path(), garbled).unwrap();
        let used = match SqliteStore::open(&place.path()) {
            Ok(store) => use_all(&store).await,
            Err(error) => Err(error),
        };
        if let Err(error) = used {
            assert!(!error.to_string().contains("panic"), "{error}");
            told += 1;
        }
        for beside in ["-wal", "-shm"] {
            let mut path = place.path().into_os_string();
            path.push(beside);
            // The file is there only where the store could not be closed cleanly.
            let _ = std::fs::remove_file(path);
        }
    }
    assert!(told > 0);
}
