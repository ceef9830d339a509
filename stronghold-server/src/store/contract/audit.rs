//! Nonces, uses, activity and records.

use super::{
    Place,
    fixtures::{KEY, ORG, agent, create_org, create_org_named, entry, nonce, seq, time},
};
use crate::store::{Seen, Store, StreamBehind};
use futures_util::future::join_all;
use stronghold_protocol::{crypto::sign::KeyId, id::OrgId};

pub(in crate::store) async fn a_nonce_counts_once_per_key(place: &impl Place) {
    let other = OrgId([8; 32]);
    let store = place.open();
    create_org(&store).await;
    create_org_named(&store, other).await;
    let claims = (0..32).map(|_| store.locked(Some(ORG), |tx| tx.claim_nonce(&ORG, &KEY, &nonce(1), time(5))));
    let claimed = join_all(claims).await.into_iter().filter(|claimed| *claimed.as_ref().unwrap()).count();
    assert_eq!(claimed, 1);
    drop(store);

    let store = place.open();
    let claim =
        |org, key, number| store.locked(Some(org), move |tx| tx.claim_nonce(&org, &key, &nonce(number), time(6)));
    assert!(!claim(ORG, KEY, 1).await.unwrap(), "remembered after reopening");
    assert!(claim(ORG, KEY, 2).await.unwrap(), "another nonce");
    assert!(claim(ORG, KeyId([6; 32]), 1).await.unwrap(), "another key");
    assert!(claim(other, KEY, 1).await.unwrap(), "another organization");
}

pub(in crate::store) async fn a_nonce_is_looked_up_without_counting(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let knows =
        async |org, key, number| store.snapshot(move |tx| tx.knows_nonce(&org, &key, &nonce(number))).await.unwrap();
    assert!(!knows(ORG, KEY, 1).await);
    assert!(!knows(ORG, KEY, 1).await);
    assert!(store.locked(Some(ORG), |tx| tx.claim_nonce(&ORG, &KEY, &nonce(1), time(5))).await.unwrap());
    assert!(knows(ORG, KEY, 1).await);
    for (org, key, number) in [(ORG, KEY, 2), (ORG, KeyId([6; 32]), 1), (OrgId([1; 32]), KEY, 1)] {
        assert!(!knows(org, key, number).await);
    }
}

pub(in crate::store) async fn old_nonces_are_forgotten(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let claim = |number| {
        let at = time(i64::try_from(number).unwrap());
        store.locked(Some(ORG), move |tx| tx.claim_nonce(&ORG, &KEY, &nonce(number), at))
    };
    for number in 1..=10 {
        assert!(claim(number).await.unwrap());
    }
    assert_eq!(store.locked(None, |tx| tx.forget_nonces(time(4))).await.unwrap(), 3);
    assert_eq!(store.locked(None, |tx| tx.forget_nonces(time(4))).await.unwrap(), 0);
    assert!(claim(3).await.unwrap(), "forgotten");
    assert!(!claim(4).await.unwrap(), "not before the time");
}

pub(in crate::store) async fn uses_are_counted_exactly(place: &impl Place) {
    const MAX: u64 = 10;
    let store = place.open();
    create_org(&store).await;
    let claim = |number, max| store.locked(Some(ORG), move |tx| tx.claim_use(&ORG, &agent(number), max));
    let claims = join_all((0..64).map(|_| claim(1, Some(MAX)))).await;
    let claimed = claims.into_iter().filter(|claimed| *claimed.as_ref().unwrap()).count();
    assert_eq!(u64::try_from(claimed).unwrap(), MAX);
    assert!(!claim(1, Some(MAX)).await.unwrap());
    assert!(claim(1, Some(MAX + 1)).await.unwrap(), "the maximum was raised");
    assert!(claim(1, None).await.unwrap(), "without a maximum");
    assert!(!claim(2, Some(0)).await.unwrap());
    assert!(claim(3, Some(1)).await.unwrap());
    let seen = store.locked(Some(ORG), |tx| {
        tx.touch(&ORG, &agent(1), time(1), seq(0))?;
        tx.activity(&ORG)
    });
    assert_eq!(seen.await.unwrap(), vec![Seen { principal: agent(1), at: time(1), seq: seq(0), uses: MAX + 2 }]);
}

pub(in crate::store) async fn activity_never_goes_back(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    for (number, at, head) in [(1, 10, 2), (2, 20, 3), (1, 30, 4), (1, 25, 3)] {
        store.locked(Some(ORG), move |tx| tx.touch(&ORG, &agent(number), time(at), seq(head))).await.unwrap();
    }
    let mut seen = store.snapshot(|tx| tx.activity(&ORG)).await.unwrap();
    seen.sort_by_key(|seen| seen.principal);
    let expected = [(1, 30, 4), (2, 20, 3)];
    let expected =
        expected.map(|(number, at, head)| Seen { principal: agent(number), at: time(at), seq: seq(head), uses: 0 });
    assert_eq!(seen, expected);
    assert!(store.snapshot(|tx| tx.activity(&OrgId([1; 32]))).await.unwrap().is_empty());
}

pub(in crate::store) async fn positions_are_dense_under_concurrency(place: &impl Place) {
    const RECORDS: usize = 300;
    let store = place.open();
    create_org(&store).await;
    let append = |number: usize| {
        // The times do not come in order, and the newest stands in the middle.
        let at = i64::try_from(if number == RECORDS / 2 { 2 * RECORDS } else { number }).unwrap();
        let record = entry(number.to_be_bytes().to_vec(), at);
        store.locked(Some(ORG), move |tx| tx.append_record(&ORG, &record))
    };
    let positions: Vec<u64> = join_all((0..RECORDS).map(append)).await.into_iter().map(Result::unwrap).collect();
    let records = store.snapshot(|tx| tx.records(&ORG, 0, usize::MAX)).await.unwrap();
    assert_eq!(records.len(), RECORDS);
    for (number, position) in positions.iter().enumerate() {
        assert_eq!(records[usize::try_from(*position).unwrap()], number.to_be_bytes());
    }
    let head = store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap();
    assert_eq!(usize::try_from(head.records).unwrap(), RECORDS);
    assert_eq!(head.newest_record_at, Some(time(i64::try_from(2 * RECORDS).unwrap())));
}

pub(in crate::store) async fn records_come_in_pages(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    for number in 0..10 {
        let (mut record, expected) = (entry(vec![number; 3], 1), u64::from(number));
        if number % 2 == 0 {
            (record.principal, record.profile, record.allowed) = (None, None, false);
        }
        let position = store.locked(Some(ORG), move |tx| tx.append_record(&ORG, &record)).await.unwrap();
        assert_eq!(position, expected);
    }
    let page = |from, limit| store.snapshot(move |tx| tx.records(&ORG, from, limit));
    assert_eq!(page(2, 3).await.unwrap(), [[2; 3], [3; 3], [4; 3]]);
    assert_eq!(page(8, 5).await.unwrap(), [[8; 3], [9; 3]]);
    assert!(page(10, 5).await.unwrap().is_empty());
    assert!(page(u64::MAX, 5).await.unwrap().is_empty());
    assert!(page(0, 0).await.unwrap().is_empty());
    assert!(store.snapshot(|tx| tx.records(&OrgId([1; 32]), 0, 5)).await.unwrap().is_empty());
    // The leaves come in the same pages.
    let leaves = |from, limit| store.snapshot(move |tx| tx.record_leaves(&ORG, from, limit));
    let expected = |range: std::ops::Range<u8>| range.map(|number| entry(vec![number; 3], 1).leaf).collect::<Vec<_>>();
    assert_eq!(leaves(2, 3).await.unwrap(), expected(2..5));
    assert_eq!(leaves(8, 5).await.unwrap(), expected(8..10));
    assert!(leaves(10, 5).await.unwrap().is_empty());
    assert!(store.snapshot(|tx| tx.record_leaves(&OrgId([1; 32]), 0, 5)).await.unwrap().is_empty());
}

pub(in crate::store) async fn receivers_get_on_each_by_itself(place: &impl Place) {
    let other = OrgId([8; 32]);
    let store = place.open();
    create_org(&store).await;
    create_org_named(&store, other).await;
    for (org, number) in [(ORG, 0), (ORG, 1), (ORG, 2), (other, 0)] {
        let record = entry(vec![number], 1);
        store.locked(Some(org), move |tx| tx.append_record(&org, &record)).await.unwrap();
    }
    let deliver =
        |sink: &'static str, org, next| store.locked(Some(org), move |tx| tx.note_delivered(sink, &org, next));
    let behind = |sink: &'static str| store.snapshot(move |tx| tx.streams_behind(sink));
    let at = |org, next, records| StreamBehind { org, next, records };
    assert_eq!(behind("a").await.unwrap(), [at(ORG, 0, 3), at(other, 0, 1)]);
    deliver("a", ORG, 2).await.unwrap();
    deliver("a", other, 1).await.unwrap();
    deliver("b", ORG, 1).await.unwrap();
    assert_eq!(behind("a").await.unwrap(), [at(ORG, 2, 3)]);
    assert_eq!(behind("b").await.unwrap(), [at(ORG, 1, 3), at(other, 0, 1)]);
    deliver("a", ORG, 1).await.unwrap();
    assert_eq!(behind("a").await.unwrap(), [at(ORG, 2, 3)], "it never goes back");
    deliver("a", ORG, 3).await.unwrap();
    assert!(behind("a").await.unwrap().is_empty());
    assert!(deliver("a", OrgId([1; 32]), 1).await.is_err(), "no such organization");
}

pub(in crate::store) async fn archived_records_leave_their_leaves(place: &impl Place) {
    let other = OrgId([8; 32]);
    let store = place.open();
    create_org(&store).await;
    create_org_named(&store, other).await;
    let append = |org, number: u8| {
        let record = entry(vec![number; 2], i64::from(number));
        store.locked(Some(org), move |tx| tx.append_record(&org, &record))
    };
    for number in 0..6 {
        append(ORG, number).await.unwrap();
    }
    let before = |at| store.snapshot(move |tx| tx.records_before(&ORG, time(at)));
    assert_eq!([before(0).await.unwrap(), before(3).await.unwrap(), before(100).await.unwrap()], [0, 3, 6]);
    let remove = |from, to| store.locked(Some(ORG), move |tx| tx.remove_archived(&ORG, from, to));
    let leaves = store.snapshot(|tx| tx.record_leaves(&ORG, 0, 9)).await.unwrap();
    assert!(!remove(1, 3).await.unwrap(), "not where the archived ones end");
    assert!(!remove(0, 7).await.unwrap(), "more than there are");
    assert!(remove(0, 2).await.unwrap());
    assert!(!remove(0, 2).await.unwrap(), "once");
    assert!(remove(2, 6).await.unwrap());
    // The newest bytes are gone: what comes next must not be taken for theirs.
    append(other, 70).await.unwrap();
    assert_eq!(append(ORG, 6).await.unwrap(), 6);
    drop(store);

    let store = place.open();
    let head = store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap();
    assert_eq!((head.records, head.archived), (7, 6));
    let page = |from| store.snapshot(move |tx| tx.records(&ORG, from, 9));
    assert!(page(0).await.unwrap().is_empty() && page(5).await.unwrap().is_empty());
    assert_eq!(page(6).await.unwrap(), [[6; 2]]);
    let still = store.snapshot(|tx| tx.record_leaves(&ORG, 0, 9)).await.unwrap();
    assert_eq!(still[..6], leaves);
    assert_eq!(store.snapshot(move |tx| tx.records(&other, 0, 9)).await.unwrap(), [[70; 2]]);
    assert_eq!(store.snapshot(|tx| tx.records_before(&ORG, time(0))).await.unwrap(), 6);
    // A receiver that is new begins with what is here.
    let behind = store.snapshot(|tx| tx.streams_behind("a")).await.unwrap();
    assert_eq!(behind[0], StreamBehind { org: ORG, next: 6, records: 7 });
    store.locked(Some(ORG), |tx| tx.note_delivered("b", &ORG, 3)).await.unwrap();
    assert_eq!(store.snapshot(|tx| tx.stream_positions(&ORG)).await.unwrap(), [("b".to_owned(), 3)]);
}
