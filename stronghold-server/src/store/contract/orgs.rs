//! Organizations and their directories.

use super::{
    Place,
    fixtures::{ORG, create_org, create_org_named, seq, statement, time},
};
use crate::store::{OrgHead, Store};
use futures_util::future::join_all;
use stronghold_protocol::id::OrgId;

pub(in crate::store) async fn an_organization_is_created_once(place: &impl Place) {
    let store = place.open();
    assert_eq!(store.snapshot(|tx| tx.head(&ORG)).await.unwrap(), None);
    create_org(&store).await;
    let again = store.locked(None, |tx| tx.create_org(&ORG, &statement(0, 9), time(2))).await.unwrap();
    assert!(!again);
    let head = OrgHead { head: statement(0, 0).at, records: 0, newest_record_at: None, archived: 0 };
    assert_eq!(store.snapshot(|tx| tx.head(&ORG)).await.unwrap(), Some(head));
    let stored = store.snapshot(|tx| tx.statements(&ORG, seq(0), 9)).await.unwrap();
    assert_eq!(stored, vec![statement(0, 0)]);
}

pub(in crate::store) async fn a_statement_comes_right_after_the_head(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let append = |before, after| store.locked(Some(ORG), move |tx| tx.append_statement(&ORG, &before, &after));
    assert!(!append(statement(0, 9).at, statement(1, 1)).await.unwrap(), "another hash");
    assert!(!append(statement(1, 0).at, statement(2, 1)).await.unwrap(), "another position");
    assert!(append(statement(0, 0).at, statement(2, 1)).await.is_err(), "a gap");
    assert!(append(statement(0, 0).at, statement(1, 1)).await.unwrap());
    assert!(!append(statement(0, 0).at, statement(1, 2)).await.unwrap(), "too late");
    let head = store.snapshot(|tx| tx.head(&ORG)).await.unwrap().unwrap();
    assert_eq!(head.head, statement(1, 1).at);
    let stored = store.snapshot(|tx| tx.statements(&ORG, seq(0), 9)).await.unwrap();
    assert_eq!(stored, vec![statement(0, 0), statement(1, 1)]);
}

pub(in crate::store) async fn one_of_many_authors_wins(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let before = statement(0, 0).at;
    let authors = (1..=40)
        .map(|author| store.locked(Some(ORG), move |tx| tx.append_statement(&ORG, &before, &statement(1, author))));
    let won: Vec<bool> = join_all(authors).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
    let winner = u8::try_from(won.iter().position(|won| *won).unwrap()).unwrap() + 1;
    let stored = store.snapshot(|tx| tx.statements(&ORG, seq(1), 9)).await.unwrap();
    assert_eq!(stored, vec![statement(1, winner)]);
}

pub(in crate::store) async fn statements_come_in_pages(place: &impl Place) {
    let store = place.open();
    create_org(&store).await;
    let other = OrgId([8; 32]);
    create_org_named(&store, other).await;
    for number in 1..=9 {
        let (before, next) = (statement(number - 1, 0).at, statement(number, 0));
        assert!(store.locked(Some(ORG), move |tx| tx.append_statement(&ORG, &before, &next)).await.unwrap());
    }
    let page = |from, limit| store.snapshot(move |tx| tx.statements(&ORG, seq(from), limit));
    let expected = |range: std::ops::RangeInclusive<u64>| range.map(|number| statement(number, 0)).collect::<Vec<_>>();
    assert_eq!(page(3, 4).await.unwrap(), expected(3..=6));
    assert_eq!(page(8, 4).await.unwrap(), expected(8..=9));
    assert_eq!(page(0, usize::MAX).await.unwrap(), expected(0..=9));
    assert!(page(10, 4).await.unwrap().is_empty());
    assert!(page(0, 0).await.unwrap().is_empty());
    let of_other = store.snapshot(move |tx| tx.statements(&other, seq(0), 9)).await.unwrap();
    assert_eq!(of_other, vec![statement(0, 0)]);
    let of_none = store.snapshot(|tx| tx.statements(&OrgId([1; 32]), seq(0), 9)).await.unwrap();
    assert!(of_none.is_empty());
}
