//! Writing revisions: by comparison with the newest, and never against what is stored.

use super::{
    Place,
    fixtures::{ORG, PROFILE, create_org, leaves, of_epoch, renamed, secret, write, write_next},
};
use crate::{
    access::ReadPermit,
    store::{RevisionWrite, Store, StoreError},
};
use futures_util::future::join_all;
use stronghold_protocol::{
    number::{Epoch, Revision},
    secret::{SealedSecret, SecretLeaf},
};

pub(in crate::store) async fn a_revision_follows_the_newest(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let revision = |number| Revision::new(number).unwrap();
    let put = |before: Option<u64>, write: RevisionWrite| {
        let before = before.map(revision);
        store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, before, &write))
    };
    assert!(!put(Some(1), write(2, 0, vec![], &[])).await.unwrap(), "nothing is before the first");
    assert!(put(None, write(1, 1, vec![secret(1, 1)], &[])).await.unwrap());
    assert!(!put(None, write(1, 0, vec![], &[])).await.unwrap(), "it exists");
    assert!(!put(Some(2), write(3, 1, vec![], &[])).await.unwrap(), "ahead");
    assert!(put(Some(1), write(2, 1, vec![], &[])).await.unwrap());
    assert!(!put(Some(1), write(2, 2, vec![secret(2, 1)], &[])).await.unwrap(), "too late");
    assert_eq!(leaves(&store).await, vec![secret(1, 1).leaf()]);
}

pub(in crate::store) async fn one_of_many_writers_wins(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    write_next(&store, write(1, 0, vec![], &[])).await;
    let writers = (1..=40).map(|number| {
        let write = write(2, 1, vec![secret(number, 1)], &[]);
        store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, Some(Revision::FIRST), &write))
    });
    let won: Vec<bool> = join_all(writers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = u8::try_from(won.iter().position(|won| *won).unwrap()).unwrap() + 1;
    assert_eq!(leaves(&store).await, vec![secret(winner, 1).leaf()]);
}

pub(in crate::store) async fn a_new_key_generation_leaves_nothing_of_the_old(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    write_next(&store, write(1, 3, vec![secret(1, 1), secret(2, 1), secret(3, 1)], &[])).await;
    let before = leaves(&store).await;
    let partly = of_epoch(write(2, 3, vec![secret(1, 1), secret(2, 1)], &[]), 2);
    assert_given_up(&store, "one is left", partly, &before).await;
    // The same versions, encrypted anew, with other names' indexes; one is removed on the way.
    let anew = |number| SealedSecret { meta: vec![number].into(), ..renamed(number, 1, 10 - number) };
    write_next(&store, of_epoch(write(2, 2, vec![anew(1), anew(3)], &[2]), 2)).await;
    let stored = store.snapshot(|tx| tx.secrets(&ReadPermit::for_test(ORG, PROFILE))).await.unwrap();
    assert!(stored.iter().all(|stored| stored.epoch == Epoch::new(2).unwrap()));
    assert_eq!(stored.into_iter().map(|stored| stored.secret).collect::<Vec<_>>(), vec![anew(3), anew(1)]);
}

pub(in crate::store) async fn contradictions_are_given_up(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    write_next(&store, of_epoch(write(1, 2, vec![secret(1, 1), secret(2, 1)], &[]), 2)).await;
    let before = leaves(&store).await;
    let contradictions = [
        ("too many", write(2, 4, vec![secret(3, 1)], &[])),
        ("too few", write(2, 2, vec![secret(3, 1)], &[])),
        ("not there", write(2, 1, vec![], &[9])),
        ("removed twice", write(2, 0, vec![], &[1, 1])),
        ("put twice", write(2, 3, vec![secret(3, 1), secret(3, 2)], &[])),
        ("a name twice", write(2, 3, vec![renamed(3, 1, 1)], &[])),
        ("a version twice", write(2, 2, vec![secret(1, 1)], &[])),
        ("not the next", write(3, 2, vec![], &[])),
    ];
    for (what, contradiction) in contradictions {
        assert_given_up(&store, what, of_epoch(contradiction, 2), &before).await;
    }
    let older = write(2, 2, vec![secret(1, 2), secret(2, 2)], &[]);
    assert_given_up(&store, "an older epoch", older, &before).await;
}

async fn assert_given_up(store: &impl Store, what: &str, write: RevisionWrite, leaves_before: &[SecretLeaf]) {
    let head = store.snapshot(|tx| tx.profile_head(&ORG, &PROFILE)).await.unwrap();
    let written = store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, Some(Revision::FIRST), &write)).await;
    assert!(matches!(written, Err(StoreError::GivenUp(_))), "{what}: {written:?}");
    assert_eq!(store.snapshot(|tx| tx.profile_head(&ORG, &PROFILE)).await.unwrap(), head);
    assert_eq!(leaves(store).await, leaves_before);
}
