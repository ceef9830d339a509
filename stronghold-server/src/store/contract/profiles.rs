//! What a profile holds.

use super::{
    Place,
    fixtures::{ORG, PROFILE, create_org, leaves, renamed, secret, write, write_next},
};
use crate::{
    access::ReadPermit,
    store::{Store, StoredSecret},
};
use stronghold_protocol::{
    id::{OrgId, ProfileId},
    number::Epoch,
    secret::{BlindIndex, SealedSecret},
};

async fn secrets(store: &impl Store) -> Vec<SealedSecret> {
    let stored = store.snapshot(|tx| tx.secrets(&ReadPermit::for_test(ORG, PROFILE))).await.unwrap();
    let of_epoch = |stored: StoredSecret| {
        assert_eq!(stored.epoch, Epoch::FIRST);
        stored.secret
    };
    stored.into_iter().map(of_epoch).collect()
}

async fn assert_holds(store: &impl Store, expected: &[SealedSecret]) {
    assert_eq!(secrets(store).await, expected);
    assert_eq!(leaves(store).await, expected.iter().map(SealedSecret::leaf).collect::<Vec<_>>());
    let head = store.snapshot(|tx| tx.profile_head(&ORG, &PROFILE)).await.unwrap().unwrap();
    assert_eq!(head.count, u64::try_from(expected.len()).unwrap());
}

pub(in crate::store) async fn a_profile_holds_what_its_newest_revision_does(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    assert_eq!(store.snapshot(|tx| tx.profile_head(&ORG, &PROFILE)).await.unwrap(), None);
    assert!(leaves(&store).await.is_empty());

    write_next(&store, write(1, 0, vec![], &[])).await;
    assert_holds(&store, &[]).await;
    write_next(&store, write(2, 3, vec![secret(3, 1), secret(1, 1), secret(2, 1)], &[])).await;
    assert_holds(&store, &[secret(1, 1), secret(2, 1), secret(3, 1)]).await;
    write_next(&store, write(3, 3, vec![secret(2, 2), secret(9, 1)], &[1])).await;
    assert_holds(&store, &[secret(2, 2), secret(3, 1), secret(9, 1)]).await;

    let head = store.snapshot(|tx| tx.profile_head(&ORG, &PROFILE)).await.unwrap().unwrap();
    assert_eq!(head, write(3, 3, vec![], &[]).head);
}

pub(in crate::store) async fn some_secrets_are_read_by_name(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    write_next(&store, write(1, 3, vec![secret(1, 1), secret(2, 1), secret(3, 1)], &[])).await;
    write_next(&store, write(2, 2, vec![secret(2, 2)], &[3])).await;
    let read = store.snapshot(|tx| {
        let indexes = [5, 2, 3].map(|name| BlindIndex([name; 32]));
        tx.secrets_at(&ReadPermit::for_test(ORG, PROFILE), &indexes)
    });
    assert_eq!(read.await.unwrap(), vec![StoredSecret { secret: secret(2, 2), epoch: Epoch::FIRST }]);
}

pub(in crate::store) async fn names_can_be_exchanged(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    write_next(&store, write(1, 2, vec![secret(1, 1), secret(2, 1)], &[])).await;
    write_next(&store, write(2, 2, vec![renamed(1, 2, 2), renamed(2, 2, 1)], &[])).await;
    assert_holds(&store, &[renamed(2, 2, 1), renamed(1, 2, 2)]).await;
    // A name is free in the revision that removes its secret.
    write_next(&store, write(3, 2, vec![renamed(3, 1, 2)], &[1])).await;
    assert_holds(&store, &[renamed(2, 2, 1), renamed(3, 1, 2)]).await;
}

pub(in crate::store) async fn a_permit_is_for_one_profile(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    write_next(&store, write(1, 1, vec![secret(1, 1)], &[])).await;
    for (org, profile) in [(OrgId([1; 32]), PROFILE), (ORG, ProfileId::from_bytes([1; 16]))] {
        let read = store.snapshot(move |tx| {
            let permit = ReadPermit::for_test(org, profile);
            Ok((tx.secrets(&permit)?, tx.secrets_at(&permit, &[BlindIndex([1; 32])])?))
        });
        assert_eq!(read.await.unwrap(), (vec![], vec![]));
    }
}
