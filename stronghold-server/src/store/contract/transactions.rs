//! Works, snapshots and what is durable.

use super::{
    Place,
    fixtures::{KEY, ORG, PROFILE, agent, create_org, entry, nonce, secret, seq, statement, time, write, write_next},
};
use crate::{
    access::ReadPermit,
    store::{Store, StoreError, Tx},
};
use futures_util::future::join_all;
use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

/// Works at once, half of which write and then `fail`; exactly what the others wrote must be there.
async fn half_of_them_fail(place: &impl Place, fail: fn() -> Result<u64, StoreError>) {
    const WORKS: u64 = 150;
    let store = place.open();
    create_org(&store).await;
    let work = |number: u64| {
        store.locked(Some(ORG), move |tx| {
            assert!(tx.claim_nonce(&ORG, &KEY, &nonce(number), time(1))?);
            let position = tx.append_record(&ORG, &entry(number.to_be_bytes().to_vec(), 1))?;
            if number.is_multiple_of(2) { fail() } else { Ok(position) }
        })
    };
    let mut positions = Vec::new();
    for (number, done) in (0_u64..).zip(join_all((0..WORKS).map(work)).await) {
        if number.is_multiple_of(2) {
            assert!(matches!(done, Err(StoreError::GivenUp(_))), "{done:?}");
        } else {
            positions.push((done.unwrap(), number));
        }
    }
    let records = store.snapshot(|tx| tx.records(&ORG, 0, usize::MAX)).await.unwrap();
    positions.sort_unstable();
    let expected: Vec<Vec<u8>> = positions.iter().map(|(_, number)| number.to_be_bytes().to_vec()).collect();
    assert_eq!(records, expected);
    let claimed = join_all((0..WORKS).map(|number| {
        store.locked(Some(ORG), move |tx| Ok((number, tx.claim_nonce(&ORG, &KEY, &nonce(number), time(1))?)))
    }));
    for claimed in claimed.await {
        let (number, free) = claimed.unwrap();
        assert_eq!(free, number.is_multiple_of(2), "nonce {number}");
    }
}

pub(in crate::store) async fn a_failing_work_undoes_only_itself(place: &impl Place) {
    half_of_them_fail(place, || Err(StoreError::GivenUp("as it should".to_owned()))).await;
}

pub(in crate::store) async fn a_panicking_work_undoes_only_itself(place: &impl Place) {
    half_of_them_fail(place, || panic!("as it should")).await;
}

pub(in crate::store) async fn works_see_earlier_works(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    // Each work appends to the head that it finds: all succeed only if each sees the one before it.
    let append = |author: u8| {
        store.locked(Some(ORG), move |tx| {
            let head = tx.head(&ORG)?.unwrap().head;
            tx.append_statement(&ORG, &head, &statement(head.seq.get() + 1, author))
        })
    };
    for appended in join_all((1..=100).map(append)).await {
        assert!(appended.unwrap());
    }
    assert_eq!(store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap().head.seq, seq(100));
}

pub(in crate::store) async fn what_is_answered_is_seen_by_all(place: &impl Place) {
    let (writing, reading) = (place.open(), place.open());
    create_org(&writing).await;
    for number in 0..50 {
        let record = entry(vec![number], 1);
        let position = writing.locked(Some(ORG), move |tx| tx.append_record(&ORG, &record)).await.unwrap();
        let seen = reading.snapshot(move |tx| tx.records(&ORG, position, 9)).await.unwrap();
        assert_eq!(seen, vec![vec![number]]);
    }
}

pub(in crate::store) async fn a_snapshot_is_of_one_moment(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (written, has_written) = mpsc::channel();
    let look = store.snapshot(move |tx| {
        let before = tx.head(&ORG)?;
        begun.send(()).unwrap();
        has_written.recv_timeout(Duration::from_secs(60)).unwrap();
        Ok((before, tx.head(&ORG)?, tx.records(&ORG, 0, 9)?))
    });
    let append = async {
        has_begun.await.unwrap();
        store.locked(Some(ORG), |tx| tx.append_record(&ORG, &entry(vec![1], 1))).await.unwrap();
        written.send(()).unwrap();
    };
    let (seen, ()) = tokio::join!(look, append);
    let (before, after, records) = seen.unwrap();
    assert_eq!(before, after);
    assert!(records.is_empty());
    assert_eq!(store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap().records, 1);
}

pub(in crate::store) async fn a_snapshot_cannot_write(place: &impl Place) {
    let store = place.open();
    let written = store.snapshot(|tx| tx.put_server_value("name", b"value")).await;
    assert!(matches!(written, Err(StoreError::Database(_))), "{written:?}");
    assert_eq!(store.snapshot(|tx| tx.server_value("name")).await.unwrap(), None);
}

pub(in crate::store) async fn everything_survives_reopening(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    write_next(&store, write(1, 1, vec![secret(1, 1)], &[])).await;
    let serve = store.locked(Some(ORG), |tx| {
        tx.append_statement(&ORG, &statement(0, 0).at, &statement(1, 1))?;
        tx.claim_use(&ORG, &agent(1), None)?;
        tx.touch(&ORG, &agent(1), time(9), seq(1))?;
        tx.append_record(&ORG, &entry(vec![1, 2, 3], 9))
    });
    serve.await.unwrap();
    let everything = |tx: &mut dyn Tx| {
        Ok((
            (tx.head(&ORG)?, tx.statements(&ORG, seq(0), 9)?, tx.activity(&ORG)?),
            (tx.profile_head(&ORG, &PROFILE)?, tx.leaves(&ORG, &PROFILE)?),
            (tx.secrets(&ReadPermit::for_test(ORG, PROFILE))?, tx.records(&ORG, 0, 9)?),
        ))
    };
    let before = store.snapshot(everything).await.unwrap();
    drop(store);
    assert_eq!(place.open().snapshot(everything).await.unwrap(), before);
}

/// Prints how many audited reads a second the store can decide; it asserts that each was recorded, not how fast.
pub(in crate::store) async fn throughput_is_shown(place: &impl Place) {
    const CALLERS: u64 = 32;
    const READS: u64 = 50;
    let store = place.open();
    create_org(&store).await;
    let call = async |caller: u64| {
        for read in 0..READS {
            let served = store.locked(Some(ORG), move |tx| {
                let head = tx.head(&ORG)?.unwrap();
                assert!(tx.claim_nonce(&ORG, &KEY, &nonce(caller * READS + read), time(1))?);
                assert!(tx.claim_use(&ORG, &agent(1), None)?);
                tx.append_record(&ORG, &entry(vec![0; 2048], 1))?;
                tx.touch(&ORG, &agent(1), time(1), head.head.seq)
            });
            served.await.unwrap();
        }
    };
    let start = Instant::now();
    join_all((0..CALLERS).map(call)).await;
    let seconds = start.elapsed().as_secs_f64();
    let total = CALLERS * READS;
    #[allow(clippy::cast_precision_loss, reason = "a small number, for people")]
    let rate = total as f64 / seconds;
    println!("{total} audited reads by {CALLERS} callers: {rate:.0} a second");
    assert_eq!(store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap().records, total);
}
