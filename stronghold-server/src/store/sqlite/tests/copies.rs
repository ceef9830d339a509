//! Copies of databases, of every layout that there ever was.

use super::{
    super::{
        copy, inspect,
        migrations::{APPLICATION_ID, MIGRATIONS},
        renounce,
    },
    Directory, Place,
};
use crate::store::{Store, sqlite::SqliteStore};
use rusqlite::params;
use std::{fs, ops::ControlFlow};
use stronghold_protocol::id::OrgId;

const ORG: OrgId = OrgId([5; 32]);
const HASH: [u8; 32] = [6; 32];

/// A database as a release left it that knew `layout` migrations, with an organization, a setup code and a log-in.
fn of_layout(layout: usize) -> Directory {
    let place = Directory::new();
    let database = place.raw();
    database.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    MIGRATIONS.iter().take(layout).for_each(|migration| database.execute_batch(migration).unwrap());
    database.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
    database.pragma_update(None, "user_version", i64::try_from(layout).unwrap()).unwrap();
    database
        .execute("INSERT INTO orgs (id, created_at, seq, hash) VALUES (?1, 0, 0, ?2)", params![ORG.0, HASH])
        .unwrap();
    database
        .execute("INSERT INTO statements (org, seq, hash, bytes) VALUES (1, 0, ?1, x'7b7d')", params![HASH])
        .unwrap();
    database
        .execute_batch(
            "INSERT INTO setup_codes (hash, at) VALUES (zeroblob(32), 0);
             INSERT INTO login_attempts (name, org, user, state, expires_at) VALUES (x'01', zeroblob(32), zeroblob(16), x'', 0);",
        )
        .unwrap();
    place
}

#[tokio::test]
async fn every_layout_is_copied_as_it_is_and_then_opened() {
    for layout in 1..=MIGRATIONS.len() {
        let (source, target) = (of_layout(layout), Directory::new());
        fs::write(target.path(), "").unwrap();
        copy(&source.path(), &target.path(), &mut |_, _| ControlFlow::Continue(())).unwrap();
        let version =
            |place: &Directory| place.raw().pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
        assert_eq!(version(&source).unwrap(), i64::try_from(layout).unwrap(), "the source stays what it is");
        let found = inspect(&target.path()).unwrap();
        assert_eq!((found.layout, found.orgs.len()), (layout, 1));
        let (org, head, records) = found.orgs[0];
        assert_eq!((org, head.seq.get(), head.hash.0, records), (ORG, 0, HASH, 0));

        assert_eq!(renounce(&target.path(), "name", b"first").unwrap(), 1);
        assert_eq!(renounce(&target.path(), "name", b"second").unwrap(), 0);
        let names: Vec<_> = fs::read_dir(target.0.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(names, [target.path()], "one plain file");
        let store = SqliteStore::open(&target.path()).unwrap();
        let value = store.snapshot(|tx| Ok((tx.head(&ORG)?, tx.server_value("name")?))).await.unwrap();
        assert_eq!((value.0.unwrap().head.hash.0, value.1.unwrap().as_slice()), (HASH, &b"second"[..]));
        drop(store);
        let left = target.raw().query_row("SELECT count(*) FROM login_attempts", [], |row| row.get::<_, i64>(0));
        assert_eq!(left.unwrap(), 0);
    }
}

#[test]
fn a_copy_is_of_one_moment() {
    let (source, target) = (of_layout(MIGRATIONS.len()), Directory::new());
    let put = "INSERT INTO server_values (name, value) VALUES (?1, randomblob(3000000))";
    let writer = source.raw();
    for number in 0..8 {
        writer.execute(put, [format!("before {number}")]).unwrap();
    }
    fs::write(target.path(), "").unwrap();
    let (mut during, mut totals) = (0, Vec::new());
    copy(&source.path(), &target.path(), &mut |_, total| {
        writer.execute(put, [format!("during {during}")]).unwrap();
        during += 1;
        totals.push(total);
        if during < 100 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .unwrap();
    assert!(during > 2, "it takes several steps");
    totals.dedup();
    assert_eq!(totals.len(), 1, "it never begins again");
    let count = "SELECT count(*) FROM server_values WHERE name LIKE 'before %' OR name LIKE 'during %'";
    assert_eq!(target.raw().query_row(count, [], |row| row.get::<_, i64>(0)).unwrap(), 8);
}
