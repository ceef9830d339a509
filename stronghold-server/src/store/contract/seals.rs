//! Sealed keys.

use super::{
    Place,
    fixtures::{ORG, PROFILE, create_org},
};
use crate::store::Store;
use stronghold_protocol::{
    crypto::sign::KeyId,
    id::{GroupId, OrgId, ProfileId},
    number::Epoch,
    seal::{KeyHistory, Seal, SealId, SealedObject},
};

fn seal(object: SealedObject, epoch: u64, recipient: u8, sealed: &[u8]) -> Seal {
    let id = SealId { object, epoch: Epoch::new(epoch).unwrap(), recipient: KeyId([recipient; 32]) };
    Seal { id, sealed: sealed.to_vec().into() }
}

async fn read(store: &impl Store, ids: Vec<SealId>) -> Vec<Seal> {
    let mut seals = store.snapshot(move |tx| tx.seals(&ORG, &ids)).await.unwrap();
    seals.sort_by_key(|seal| seal.id);
    seals
}

pub(in crate::store) async fn a_seal_is_replaced(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    for sealed in [b"first".as_slice(), b"second"] {
        let seals = [seal(SealedObject::ProfileKey(PROFILE), 1, 1, sealed)];
        store.locked(Some(ORG), move |tx| tx.put_seals(&ORG, &seals)).await.unwrap();
    }
    let replaced = seal(SealedObject::ProfileKey(PROFILE), 1, 1, b"second");
    assert_eq!(read(&store, vec![replaced.id]).await, vec![replaced]);
}

pub(in crate::store) async fn only_named_seals_are_read(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    // Everything by which one seal differs from another.
    let mut seals = vec![
        seal(SealedObject::ProfileKey(PROFILE), 1, 1, b"profile"),
        seal(SealedObject::HistoryKey(PROFILE), 1, 1, b"history"),
        seal(SealedObject::GroupSeed(GroupId::from_bytes(*PROFILE.as_bytes())), 1, 1, b"group"),
        seal(SealedObject::ProfileKey(PROFILE), 2, 1, b"epoch"),
        seal(SealedObject::ProfileKey(PROFILE), 1, 2, b"recipient"),
        seal(SealedObject::ProfileKey(ProfileId::from_bytes([9; 16])), 1, 1, b"object"),
    ];
    let stored = seals.clone();
    store.locked(Some(ORG), move |tx| tx.put_seals(&ORG, &stored)).await.unwrap();
    for seal in &seals {
        assert_eq!(read(&store, vec![seal.id]).await, vec![seal.clone()]);
    }
    let missing = seal(SealedObject::ProfileKey(PROFILE), 3, 1, b"").id;
    let ids = seals.iter().map(|seal| seal.id).chain([missing]).collect();
    seals.sort_by_key(|seal| seal.id);
    assert_eq!(read(&store, ids).await, seals);
    let id = seals[0].id;
    let elsewhere = store.snapshot(move |tx| tx.seals(&OrgId([1; 32]), &[id])).await.unwrap();
    assert!(elsewhere.is_empty());
}

pub(in crate::store) async fn earlier_keys_come_newest_first(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let history = |profile, epoch, sealed: u8| KeyHistory {
        profile,
        epoch: Epoch::new(epoch).unwrap(),
        sealed: vec![sealed].into(),
    };
    let other = ProfileId::from_bytes([9; 16]);
    let histories = [history(PROFILE, 2, 0), history(PROFILE, 3, 3), history(other, 2, 9), history(PROFILE, 2, 2)];
    store.locked(Some(ORG), move |tx| tx.put_histories(&ORG, &histories)).await.unwrap();
    let stored = store.snapshot(|tx| tx.histories(&ORG, &PROFILE)).await.unwrap();
    assert_eq!(stored, vec![history(PROFILE, 3, 3), history(PROFILE, 2, 2)]);
}
