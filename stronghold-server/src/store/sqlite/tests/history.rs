//! The past is kept, so that any revision can be put together again.

use super::{Directory, Place};
use crate::store::contract::fixtures::{create_org, of_epoch, renamed, secret, write, write_next};
use stronghold_protocol::secret::SealedSecret;

type Row = ([u8; 32], [u8; 16], i64, i64, Vec<u8>, Vec<u8>);

fn at_revision(place: &Directory, revision: i64) -> Vec<Row> {
    let raw = place.raw();
    let mut select = raw
        .prepare(
            "SELECT e.blind_index, e.secret, e.version, e.epoch, c.meta, c.value
             FROM entries AS e JOIN ciphertexts AS c USING (org, profile, secret, version, epoch, ciphertexts)
             JOIN revisions AS r ON (r.epoch, r.generation, r.revision) = (e.epoch, e.generation, ?1)
             WHERE e.from_revision <= ?1 AND (e.to_revision IS NULL OR e.to_revision > ?1) ORDER BY e.blind_index",
        )
        .unwrap();
    let rows = select.query_map([revision], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn rows(secrets: &[SealedSecret], epoch: i64) -> Vec<Row> {
    let row = |secret: &SealedSecret| {
        let version = i64::try_from(secret.version.get()).unwrap();
        (secret.index.0, *secret.id.as_bytes(), version, epoch, secret.meta.0.clone(), secret.value.0.clone())
    };
    secrets.iter().map(row).collect()
}

#[tokio::test]
async fn every_revision_can_be_put_together_again() {
    let place = Directory::new();
    let store = place.open();
    create_org(&store).await;
    let anew = |number: u8, version| SealedSecret { value: vec![number; 5].into(), ..secret(number, version) };
    write_next(&store, write(1, 2, vec![secret(1, 1), secret(2, 1)], &[])).await;
    write_next(&store, write(2, 3, vec![secret(2, 2), secret(3, 1)], &[])).await;
    write_next(&store, write(3, 2, vec![renamed(2, 3, 1)], &[1])).await;
    write_next(&store, of_epoch(write(4, 2, vec![anew(2, 3), anew(3, 1)], &[]), 2)).await;
    write_next(&store, of_epoch(write(5, 0, vec![], &[2, 3]), 2)).await;

    let expected = [
        rows(&[secret(1, 1), secret(2, 1)], 1),
        rows(&[secret(1, 1), secret(2, 2), secret(3, 1)], 1),
        rows(&[renamed(2, 3, 1), secret(3, 1)], 1),
        rows(&[anew(2, 3), anew(3, 1)], 2),
        vec![],
    ];
    for (revision, expected) in (1..).zip(expected) {
        assert_eq!(at_revision(&place, revision), expected, "revision {revision}");
    }
    let manifests: Vec<String> = place
        .raw()
        .prepare("SELECT CAST(manifest_bytes AS TEXT) FROM revisions ORDER BY revision")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(manifests, ["manifest 1", "manifest 2", "manifest 3", "manifest 4", "manifest 5"]);
}

/// The newest revision is found by the partial indexes, however long the past is.
#[test]
fn what_is_read_often_is_found_by_an_index() {
    let place = Directory::new();
    drop(place.open());
    let raw = place.raw();
    let plan = |sql: &str| -> String {
        let mut explain = raw.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = explain.query_map([], |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    let generation = "org = 1 AND profile = x'00' AND epoch = 1 AND generation = x'00'";
    let current = format!("FROM entries WHERE {generation} AND to_revision IS NULL");
    for (sql, index) in [
        (format!("SELECT * {current} ORDER BY blind_index"), "current_entries_by_name"),
        (format!("SELECT * {current} AND blind_index = x'00'"), "current_entries_by_name"),
        (
            "SELECT * FROM revisions WHERE org = 1 AND profile = x'00' ORDER BY revision DESC LIMIT 1".to_owned(),
            "sqlite_autoindex_revisions",
        ),
        (
            "SELECT bytes FROM audit_records WHERE org = 1 AND at >= 1 AND principal = x'00'".to_owned(),
            "audit_records_by_time",
        ),
        ("SELECT * FROM nonces WHERE at < 1 ORDER BY at LIMIT 1".to_owned(), "nonces_by_age"),
    ] {
        let plan = plan(&sql);
        assert!(plan.contains(index) && !plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
    let end = plan(&format!(
        "UPDATE entries SET to_revision = 2 WHERE {generation} AND secret = x'00' AND to_revision IS NULL"
    ));
    assert!(end.contains("PRIMARY KEY (org=? AND profile=? AND epoch=? AND generation=? AND secret=?)"), "{end}");
}
