//! Staging what is encrypted anew, taking it at once, and holding writes.

use super::{
    Place,
    fixtures::{KEY, ORG, PROFILE, create_org, leaves, of_epoch, renamed, secret, time, write, write_next},
};
use crate::{
    access::ReadPermit,
    store::{Hold, RevisionWrite, StagingRef, Store, StoreError},
};
use stronghold_protocol::{
    crypto::sign::KeyId,
    id::StagingId,
    limits::STAGINGS,
    number::{Epoch, Revision},
    secret::{SealedSecret, SecretLeaf},
};

const OTHER: KeyId = KeyId([6; 32]);

fn second() -> Epoch {
    Epoch::new(2).unwrap()
}

/// The same version, encrypted anew under another name's index.
fn anew(number: u8, author: u8) -> SealedSecret {
    SealedSecret { value: vec![author; 9].into(), ..renamed(number, 1, 100 + number) }
}

/// An author's attempt.
fn attempt(author: KeyId, number: u8) -> StagingRef {
    StagingRef { id: StagingId::from_bytes([number; 16]), author, epoch: second() }
}

async fn stage_in(store: &impl Store, staging: StagingRef, secrets: Vec<SealedSecret>) {
    store.locked(Some(ORG), move |tx| tx.stage(&ORG, &PROFILE, &staging, &secrets)).await.unwrap();
}

async fn stage(store: &impl Store, author: KeyId, secrets: Vec<SealedSecret>) {
    stage_in(store, attempt(author, 1), secrets).await;
}

async fn staged_in(store: &impl Store, staging: StagingRef) -> Vec<SecretLeaf> {
    store.snapshot(move |tx| tx.staged(&ORG, &PROFILE, &staging)).await.unwrap()
}

async fn staged(store: &impl Store, author: KeyId) -> Vec<SecretLeaf> {
    staged_in(store, attempt(author, 1)).await
}

fn taking(author: KeyId, count: u64) -> RevisionWrite {
    RevisionWrite { staged: Some(attempt(author, 1)), ..of_epoch(write(2, count, vec![], &[]), 2) }
}

async fn two_secrets(store: &impl Store) {
    create_org(store).await;
    write_next(store, write(1, 2, vec![secret(1, 1), secret(2, 1)], &[])).await;
}

pub(in crate::store) async fn a_revision_takes_what_its_author_staged(place: &impl Place) {
    let store = place.open();
    two_secrets(&store).await;
    let before = leaves(&store).await;
    stage(&store, KEY, vec![anew(1, 1)]).await;
    assert_eq!(leaves(&store).await, before, "what is staged is not there yet");
    let early = taking(KEY, 2);
    let written = store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, Some(Revision::FIRST), &early)).await;
    assert!(matches!(written, Err(StoreError::GivenUp(_))), "one is missing: {written:?}");
    // Staged again: the newer ciphertext counts.
    stage(&store, KEY, vec![anew(2, 9)]).await;
    stage(&store, KEY, vec![anew(2, 1)]).await;
    assert_eq!(staged(&store, KEY).await, vec![anew(1, 1).leaf(), anew(2, 1).leaf()]);
    write_next(&store, taking(KEY, 2)).await;
    let held = store.snapshot(|tx| tx.secrets(&ReadPermit::for_test(ORG, PROFILE))).await.unwrap();
    assert_eq!(held.iter().map(|held| held.secret.clone()).collect::<Vec<_>>(), vec![anew(1, 1), anew(2, 1)]);
    assert!(held.iter().all(|held| held.epoch == second()));
    assert!(staged(&store, KEY).await.is_empty());
}

pub(in crate::store) async fn authors_do_not_meet(place: &impl Place) {
    let store = place.open();
    two_secrets(&store).await;
    stage(&store, KEY, vec![anew(1, 1), anew(2, 1)]).await;
    let theirs = attempt(OTHER, 2);
    stage_in(&store, theirs, vec![anew(1, 2), anew(2, 2)]).await;
    // Nobody takes, sees or adds to what somebody else staged.
    let foreign = RevisionWrite { staged: Some(attempt(OTHER, 1)), ..taking(KEY, 2) };
    let written = store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, Some(Revision::FIRST), &foreign)).await;
    assert!(matches!(written, Err(StoreError::GivenUp(_))), "{written:?}");
    assert!(staged_in(&store, attempt(OTHER, 1)).await.is_empty());
    let added = store.locked(Some(ORG), |tx| tx.stage(&ORG, &PROFILE, &attempt(OTHER, 1), &[anew(1, 3)])).await;
    assert_eq!(added.unwrap(), None, "the id is another author's");
    let taken = RevisionWrite { staged: Some(theirs), ..taking(KEY, 2) };
    write_next(&store, taken).await;
    let held = store.snapshot(|tx| tx.secrets(&ReadPermit::for_test(ORG, PROFILE))).await.unwrap();
    assert_eq!(held.into_iter().map(|held| held.secret).collect::<Vec<_>>(), vec![anew(1, 2), anew(2, 2)]);
    assert!(staged(&store, KEY).await.is_empty(), "a new key generation ends what others staged");
    let late = RevisionWrite { staged: Some(attempt(KEY, 1)), ..of_epoch(write(3, 2, vec![], &[]), 2) };
    let second = Some(Revision::new(2).unwrap());
    let written = store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, second, &late)).await;
    assert!(matches!(written, Err(StoreError::GivenUp(_))), "{written:?}");
    assert_eq!(leaves(&store).await, vec![anew(1, 2).leaf(), anew(2, 2).leaf()]);
}

pub(in crate::store) async fn a_revision_of_the_same_epoch_takes_parts(place: &impl Place) {
    let store = place.open();
    two_secrets(&store).await;
    let part = |number| StagingRef { epoch: Epoch::FIRST, ..attempt(KEY, number) };
    stage_in(&store, part(1), vec![secret(1, 2)]).await;
    stage_in(&store, part(1), vec![secret(3, 1)]).await;
    stage_in(&store, part(2), vec![secret(2, 2)]).await;
    assert_eq!(leaves(&store).await, vec![secret(1, 1).leaf(), secret(2, 1).leaf()]);
    let foreign = RevisionWrite { staged: Some(StagingRef { author: OTHER, ..part(1) }), ..write(2, 3, vec![], &[]) };
    let written = store.locked(Some(ORG), move |tx| tx.write_revision(&ORG, Some(Revision::FIRST), &foreign)).await;
    assert!(matches!(written, Err(StoreError::GivenUp(_))), "{written:?}");
    write_next(&store, RevisionWrite { staged: Some(part(1)), ..write(2, 4, vec![secret(4, 1)], &[]) }).await;
    let expected = vec![secret(1, 2).leaf(), secret(2, 1).leaf(), secret(3, 1).leaf(), secret(4, 1).leaf()];
    assert_eq!(leaves(&store).await, expected);
    for number in [1, 2] {
        assert!(staged_in(&store, part(number)).await.is_empty(), "a revision ends all that was staged");
    }
    // What it held before is its past still.
    write_next(&store, write(3, 3, vec![], &[3])).await;
    assert_eq!(leaves(&store).await.len(), 3);
}

pub(in crate::store) async fn nothing_is_staged_into_what_a_revision_holds(place: &impl Place) {
    let store = place.open();
    two_secrets(&store).await;
    let stage = async |of: StagingRef| {
        store.locked(Some(ORG), move |tx| tx.stage(&ORG, &PROFILE, &of, &[secret(7, 1)])).await.unwrap()
    };
    assert_eq!(stage(StagingRef { epoch: Epoch::FIRST, ..attempt(KEY, 0) }).await, None, "that of what was written");
    stage_in(&store, attempt(KEY, 1), vec![anew(1, 1), anew(2, 1)]).await;
    write_next(&store, taking(KEY, 2)).await;
    assert_eq!(stage(attempt(KEY, 1)).await, None, "that of what was taken");
    assert_eq!(leaves(&store).await.len(), 2);
}

pub(in crate::store) async fn what_is_discarded_is_gone(place: &impl Place) {
    let store = place.open();
    two_secrets(&store).await;
    stage(&store, KEY, vec![anew(1, 1), anew(2, 1)]).await;
    store.locked(Some(ORG), |tx| tx.discard_staged(&ORG, &PROFILE)).await.unwrap();
    assert!(staged(&store, KEY).await.is_empty());
    // The same ciphertexts can be staged again: nothing of them was left.
    stage(&store, KEY, vec![anew(1, 1), anew(2, 1)]).await;
    write_next(&store, taking(KEY, 2)).await;
    store.locked(Some(ORG), |tx| tx.discard_staged(&ORG, &PROFILE)).await.unwrap();
    let held = store.snapshot(|tx| tx.secrets(&ReadPermit::for_test(ORG, PROFILE))).await.unwrap();
    assert_eq!(held.len(), 2, "what a revision took stays");
}

pub(in crate::store) async fn an_authors_newest_attempts_are_kept(place: &impl Place) {
    let store = place.open();
    two_secrets(&store).await;
    let theirs = attempt(OTHER, 100);
    stage_in(&store, theirs, vec![anew(1, 2)]).await;
    let attempts: Vec<StagingRef> =
        (1..=STAGINGS + 1).map(|number| attempt(KEY, u8::try_from(number).unwrap())).collect();
    for (number, attempt) in (0..).zip(&attempts) {
        stage_in(&store, *attempt, vec![anew(1, 10 + number)]).await;
    }
    assert!(staged_in(&store, attempts[0]).await.is_empty(), "the oldest made room");
    for (number, attempt) in (0..).zip(&attempts).skip(1) {
        assert_eq!(staged_in(&store, *attempt).await, vec![anew(1, 10 + number).leaf()]);
    }
    assert_eq!(staged_in(&store, theirs).await, vec![anew(1, 2).leaf()], "another author's stay");
}

pub(in crate::store) async fn a_hold_ends(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let hold = |author, until| Hold { author, until: time(until) };
    let found = async |at| store.snapshot(move |tx| tx.hold(&ORG, &PROFILE, time(at))).await.unwrap();
    assert_eq!(found(1).await, None);
    store.locked(Some(ORG), move |tx| tx.put_hold(&ORG, &PROFILE, &hold(KEY, 10))).await.unwrap();
    assert_eq!(found(9).await, Some(hold(KEY, 10)));
    assert_eq!(found(10).await, None, "it is over");
    store.locked(Some(ORG), move |tx| tx.put_hold(&ORG, &PROFILE, &hold(OTHER, 20))).await.unwrap();
    assert_eq!(found(10).await, Some(hold(OTHER, 20)));
    store.locked(Some(ORG), |tx| tx.end_hold(&ORG, &PROFILE)).await.unwrap();
    assert_eq!(found(10).await, None);
}
