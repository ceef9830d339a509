//! Log-ins, setup codes and the server's values.

use super::{
    Place,
    fixtures::{ORG, create_org, time},
};
use crate::{
    access::Source,
    store::{KeyRequestRecord, LoginAttempt, PasswordRecord, Store},
};
use futures_util::future::join_all;
use stronghold_protocol::{
    crypto::hash::Hash,
    id::{OrgId, UserId},
    limits::LOGIN_SOURCES,
};

const USER: UserId = UserId::from_bytes([3; 16]);

fn record(text: &str) -> PasswordRecord {
    let part = |name: &str| format!("{name} {text}").into_bytes();
    PasswordRecord { record: part("record"), envelope: part("envelope"), recovery: part("recovery") }
}

fn attempt(expires_at: i64) -> LoginAttempt {
    // The organization need not exist.
    LoginAttempt { org: OrgId([1; 32]), user: USER, state: b"state".to_vec(), expires_at: time(expires_at) }
}

pub(in crate::store) async fn a_password_is_replaced(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    assert!(store.snapshot(|tx| tx.password(&ORG, &USER)).await.unwrap().is_none());
    for text in ["old", "new"] {
        store.locked(Some(ORG), move |tx| tx.put_password(&ORG, &USER, &record(text))).await.unwrap();
    }
    let stored = store.snapshot(|tx| tx.password(&ORG, &USER)).await.unwrap().unwrap();
    let expected = record("new");
    assert_eq!(
        (stored.record, stored.envelope, stored.recovery),
        (expected.record, expected.envelope, expected.recovery)
    );
    assert!(store.snapshot(|tx| tx.password(&OrgId([1; 32]), &USER)).await.unwrap().is_none());
}

fn keys(text: &str) -> KeyRequestRecord {
    let part = |name: &str| format!("{name} {text}").into_bytes();
    KeyRequestRecord { request: part("request"), envelope: part("envelope"), recovery: part("recovery") }
}

fn parts(keys: KeyRequestRecord) -> [Vec<u8>; 3] {
    [keys.request, keys.envelope, keys.recovery]
}

pub(in crate::store) async fn new_keys_are_asked_for_until_they_are_settled(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let (user, other) = (USER, UserId::from_bytes([4; 16]));
    let ask = |user: UserId, text: &'static str| {
        store.locked(Some(ORG), move |tx| tx.put_key_request(&ORG, &user, &keys(text)))
    };
    ask(other, "other").await.unwrap();
    ask(user, "old").await.unwrap();
    ask(user, "new").await.unwrap();
    drop(store);

    let store = place.open();
    let kept = store.snapshot(move |tx| tx.key_request(&ORG, &user)).await.unwrap().unwrap();
    assert_eq!(parts(kept), parts(keys("new")));
    let all = store.snapshot(|tx| tx.key_requests(&ORG)).await.unwrap();
    let all: Vec<_> = all.into_iter().map(|(user, keys)| (user, parts(keys))).collect();
    assert_eq!(all, [(user, parts(keys("new"))), (other, parts(keys("other")))]);
    for _ in 0..2 {
        store.locked(Some(ORG), move |tx| tx.end_key_request(&ORG, &user)).await.unwrap();
    }
    assert!(store.snapshot(move |tx| tx.key_request(&ORG, &user)).await.unwrap().is_none());
    assert_eq!(store.snapshot(|tx| tx.key_requests(&ORG)).await.unwrap().len(), 1);
    let nowhere = OrgId([1; 32]);
    assert!(store.snapshot(move |tx| tx.key_request(&nowhere, &user)).await.unwrap().is_none());
    assert!(store.snapshot(move |tx| tx.key_requests(&nowhere)).await.unwrap().is_empty());
}

pub(in crate::store) async fn a_log_in_is_finished_once(place: &impl Place) {
    let store = place.open();
    store.locked(None, |tx| tx.put_login(b"name", &attempt(100), time(0))).await.unwrap();
    assert!(store.locked(None, |tx| tx.take_login(b"other", time(50))).await.unwrap().is_none());
    let takes = join_all((0..16).map(|_| store.locked(None, |tx| tx.take_login(b"name", time(50))))).await;
    let taken: Vec<LoginAttempt> = takes.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken.len(), 1);
    let (taken, put) = (&taken[0], attempt(100));
    assert_eq!(
        (taken.org, taken.user, &taken.state, taken.expires_at),
        (put.org, put.user, &put.state, put.expires_at)
    );
}

pub(in crate::store) async fn a_log_in_expires(place: &impl Place) {
    let store = place.open();
    let put = store.locked(None, |tx| {
        tx.put_login(b"early", &attempt(100), time(0))?;
        tx.put_login(b"late", &attempt(101), time(0))
    });
    put.await.unwrap();
    assert!(store.locked(None, |tx| tx.take_login(b"early", time(100))).await.unwrap().is_none());
    // It is gone, even for a clock that goes back.
    assert!(store.locked(None, |tx| tx.take_login(b"early", time(1))).await.unwrap().is_none());
    assert!(store.locked(None, |tx| tx.take_login(b"late", time(100))).await.unwrap().is_some());
}

pub(in crate::store) async fn what_expired_goes_with_the_next_log_in(place: &impl Place) {
    let store = place.open();
    store.locked(None, |tx| tx.put_login(b"early", &attempt(100), time(0))).await.unwrap();
    store.locked(None, |tx| tx.put_login(b"late", &attempt(200), time(100))).await.unwrap();
    assert!(store.locked(None, |tx| tx.take_login(b"early", time(50))).await.unwrap().is_none());
    assert!(store.locked(None, |tx| tx.take_login(b"late", time(50))).await.unwrap().is_some());
}

pub(in crate::store) async fn the_newest_sources_are_kept(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let source = |number: usize| Source::from(std::net::IpAddr::from([192, 0, 2, u8::try_from(number).unwrap()]));
    let knows = async |user: UserId, number: usize| {
        let source = source(number);
        store.snapshot(move |tx| tx.knows_login_source(&ORG, &user, &source)).await.unwrap()
    };
    let (count, at) = (LOGIN_SOURCES + 3, |number: usize| time(i64::try_from(number).unwrap()));
    for number in 0..count {
        store
            .locked(Some(ORG), move |tx| tx.note_login_source(&ORG, &USER, &source(number), at(number)))
            .await
            .unwrap();
    }
    // The first is there again: it is the newest by now.
    store.locked(Some(ORG), move |tx| tx.note_login_source(&ORG, &USER, &source(0), at(count))).await.unwrap();
    let mut kept = Vec::new();
    for number in 0..count {
        if knows(USER, number).await {
            kept.push(number);
        }
    }
    let expected: Vec<usize> = std::iter::once(0).chain(count - LOGIN_SOURCES + 1..count).collect();
    assert_eq!(kept, expected);
    assert!(!knows(UserId::from_bytes([4; 16]), 0).await, "another's");
    let (nowhere, first) = (OrgId([1; 32]), source(0));
    assert!(!store.snapshot(move |tx| tx.knows_login_source(&nowhere, &USER, &first)).await.unwrap());
}

pub(in crate::store) async fn a_setup_code_is_used_once(place: &impl Place) {
    let store = place.open();
    let (code, other) = (Hash([1; 32]), Hash([2; 32]));
    assert!(!store.snapshot(|tx| tx.had_setup_code()).await.unwrap());
    store.locked(None, move |tx| tx.put_setup_code(&code, time(1))).await.unwrap();
    assert!(store.snapshot(|tx| tx.had_setup_code()).await.unwrap());
    assert!(store.snapshot(move |tx| tx.has_setup_code(&code)).await.unwrap());
    assert!(!store.snapshot(move |tx| tx.has_setup_code(&other)).await.unwrap());
    assert!(!store.locked(None, move |tx| tx.take_setup_code(&other)).await.unwrap());
    let takes = join_all((0..16).map(|_| store.locked(None, move |tx| tx.take_setup_code(&code)))).await;
    assert_eq!(takes.into_iter().filter(|taken| *taken.as_ref().unwrap()).count(), 1);
    drop(store);

    let store = place.open();
    assert!(!store.snapshot(move |tx| tx.has_setup_code(&code)).await.unwrap());
    assert!(!store.locked(None, move |tx| tx.take_setup_code(&code)).await.unwrap());
    assert!(store.snapshot(|tx| tx.had_setup_code()).await.unwrap());
}

pub(in crate::store) async fn the_first_value_stays(place: &impl Place) {
    let store = place.open();
    assert_eq!(store.snapshot(|tx| tx.server_value("name")).await.unwrap(), None);
    assert!(store.locked(None, |tx| tx.put_server_value("name", b"first")).await.unwrap());
    assert!(!store.locked(None, |tx| tx.put_server_value("name", b"second")).await.unwrap());
    assert_eq!(store.snapshot(|tx| tx.server_value("name")).await.unwrap(), Some(b"first".to_vec()));
    assert_eq!(store.snapshot(|tx| tx.server_value("other")).await.unwrap(), None);
}
