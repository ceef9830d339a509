//! A profile's past: every revision put together again, whatever came after it.

use super::{
    Place,
    fixtures::{KEY, ORG, PROFILE, create_org, of_epoch, renamed, secret, write, write_next},
};
use crate::{
    access::HistoryPermit,
    store::{RevisionWrite, StagingRef, Store, StoredRevision},
};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::{PastVersion, VersionRef},
    id::{SecretId, StagingId},
    number::{Epoch, Revision, Version},
    secret::{SealedSecret, SecretLeaf},
};

fn id(number: u8) -> SecretId {
    SecretId::from_bytes([number; 16])
}

fn number(revision: u64) -> Revision {
    Revision::new(revision).unwrap()
}

/// A secret as it is encrypted in an epoch, under another blind index.
fn anew(number: u8, version: u64, epoch: u8) -> SealedSecret {
    SealedSecret { meta: vec![epoch; 3].into(), ..renamed(number, version, 100 * epoch - number) }
}

async fn revisions(store: &impl Store, from: u64, upwards: bool, most: usize) -> Vec<StoredRevision> {
    let from = number(from);
    let permit = || HistoryPermit::for_test(ORG, PROFILE);
    store.snapshot(move |tx| tx.past_revisions(&permit(), from, upwards, most)).await.unwrap()
}

async fn version(store: &impl Store, secret: u8, version: u64) -> Option<PastVersion> {
    let asked = VersionRef { secret: id(secret), version: Version::new(version).unwrap() };
    store.snapshot(move |tx| tx.past_version(&HistoryPermit::for_test(ORG, PROFILE), &asked)).await.unwrap()
}

/// Two written generations and a staged one, with changes, deletions and a return in between.
async fn aged(store: &impl Store) {
    create_org(store).await;
    write_next(store, write(1, 3, vec![secret(1, 1), secret(2, 1), secret(3, 1)], &[])).await;
    write_next(store, write(2, 2, vec![secret(1, 2)], &[2])).await;
    write_next(store, of_epoch(write(3, 1, vec![anew(1, 2, 2)], &[3]), 2)).await;
    write_next(store, of_epoch(write(4, 2, vec![anew(2, 2, 2)], &[]), 2)).await;
    let staging = StagingRef { id: StagingId::from_bytes([9; 16]), author: KEY, epoch: Epoch::new(3).unwrap() };
    let staged = vec![third(1, 2), third(2, 2)];
    store.locked(Some(ORG), move |tx| tx.stage(&ORG, &PROFILE, &staging, &staged)).await.unwrap();
    let take = RevisionWrite { staged: Some(staging), ..of_epoch(write(5, 2, vec![], &[]), 3) };
    write_next(store, take).await;
}

/// A secret in the third epoch.
fn third(number: u8, version: u64) -> SealedSecret {
    SealedSecret { meta: vec![3; 3].into(), ..renamed(number, version, 50 - number) }
}

pub(in crate::store) async fn every_revision_is_put_together_again(place: &impl Place) {
    let store = place.open();
    aged(&store).await;
    let upwards = revisions(&store, 1, true, 100).await;
    let expected: [(Vec<SealedSecret>, Vec<u8>); 5] = [
        (vec![secret(1, 1), secret(2, 1), secret(3, 1)], vec![]),
        (vec![secret(1, 2)], vec![2]),
        (vec![anew(1, 2, 2)], vec![3]),
        (vec![anew(2, 2, 2)], vec![]),
        (vec![third(1, 2), third(2, 2)], vec![]),
    ];
    assert_eq!(upwards.len(), expected.len());
    let sorted = |leaves: Vec<SecretLeaf>| -> BTreeMap<SecretId, SecretLeaf> {
        leaves.into_iter().map(|leaf| (leaf.id, leaf)).collect()
    };
    for (stored, (puts, removes)) in upwards.iter().zip(&expected) {
        let number = stored.revision.get();
        assert_eq!(sorted(stored.puts.clone()), sorted(puts.iter().map(SealedSecret::leaf).collect()), "{number}");
        assert_eq!(stored.removes, removes.iter().map(|number| id(*number)).collect::<Vec<_>>(), "{number}");
        assert_eq!(stored.manifest_bytes, format!("manifest {number}").into_bytes());
        let (epoch, leaves) = (stored.epoch, stored.puts.clone());
        let secrets = store
            .snapshot(move |tx| tx.past_secrets(&HistoryPermit::for_test(ORG, PROFILE), epoch, &leaves))
            .await
            .unwrap();
        for past in secrets {
            let leaf = past.leaf;
            assert_eq!(past.sealed_secret().map(|sealed| sealed.leaf()), Some(leaf), "{number}");
        }
    }
    let mut downwards = revisions(&store, 5, false, 100).await;
    downwards.reverse();
    assert_eq!(downwards, upwards, "either way");
    assert_eq!(revisions(&store, 4, false, 2).await, [upwards[3].clone(), upwards[2].clone()]);
    assert_eq!(revisions(&store, 2, true, 2).await, upwards[1..3]);
    assert_eq!(revisions(&store, 6, true, 2).await, []);
}

pub(in crate::store) async fn a_version_is_found_as_it_was_encrypted_last(place: &impl Place) {
    let store = place.open();
    aged(&store).await;
    let shown = |past: Option<PastVersion>| past.map(|past| (past.epoch.get(), past.secret.sealed_secret()));
    assert_eq!(shown(version(&store, 1, 1).await), Some((1, Some(secret(1, 1)))));
    assert_eq!(shown(version(&store, 1, 2).await), Some((3, Some(third(1, 2)))));
    assert_eq!(shown(version(&store, 3, 1).await), Some((1, Some(secret(3, 1)))), "deleted ones too");
    assert_eq!(shown(version(&store, 1, 3).await), None);
    assert_eq!(shown(version(&store, 9, 1).await), None);
    // What is only staged is nobody's past.
    let staging = StagingRef { id: StagingId::from_bytes([8; 16]), author: KEY, epoch: Epoch::new(4).unwrap() };
    let waiting = vec![SealedSecret { meta: vec![4; 3].into(), ..secret(1, 2) }, secret(3, 9), secret(7, 1)];
    store.locked(Some(ORG), move |tx| tx.stage(&ORG, &PROFILE, &staging, &waiting)).await.unwrap();
    assert_eq!(shown(version(&store, 1, 2).await), Some((3, Some(third(1, 2)))));
    let newest = |number: u8| store.snapshot(move |tx| tx.newest_version(&ORG, &PROFILE, &id(number)));
    assert_eq!(newest(2).await.unwrap().map(Version::get), Some(2));
    assert_eq!(newest(3).await.unwrap().map(Version::get), Some(1), "a deleted one's too, and no staged one's");
    assert_eq!(newest(7).await.unwrap(), None);
    assert_eq!(newest(9).await.unwrap(), None);
}

pub(in crate::store) async fn a_purge_destroys_a_version_of_all_epochs(place: &impl Place) {
    let store = place.open();
    aged(&store).await;
    let before = revisions(&store, 1, true, 100).await;
    let purge = |secret: u8, version: u64| {
        let version = Version::new(version).unwrap();
        store.locked(Some(ORG), move |tx| tx.purge(&ORG, &PROFILE, &id(secret), version))
    };
    purge(1, 1).await.unwrap();
    let gone = version(&store, 1, 1).await.unwrap().secret;
    assert_eq!((gone.leaf, gone.sealed), (secret(1, 1).leaf(), None), "that it was stays");
    assert!(version(&store, 1, 2).await.unwrap().secret.sealed.is_some());
    assert!(version(&store, 2, 1).await.unwrap().secret.sealed.is_some());
    assert_eq!(revisions(&store, 1, true, 100).await, before);
}
