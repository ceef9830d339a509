//! Whoever has the database, and even an owner's key, changes nothing of the past without `org verify` noticing.

use crate::{
    history::{aged, name, verify, version},
    world::World,
};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{Access, PurgeWhich, VerifiedPast},
    crypto::identity::Identity,
    memory::Remembered,
    protocol::{
        crypto::hash::Hash,
        id::{ProfileId, UserId},
        manifest::Manifest,
        name::Name,
        signed::{Payload, Signed},
        time::Timestamp,
    },
};

/// A table of the past.
struct Table {
    name: &'static str,
    /// What tells its rows apart.
    key: &'static str,
    /// What is done to each row, each time to one: every column that anybody is ever shown is in it.
    changes: &'static [&'static str],
    /// Whether the profile and a revision are named, or else the directory or a key.
    names_revision: bool,
}

const DELETE: &str = "";

/// Changes that need not be noticed where they change nothing of what anybody is shown: revision 1 of every profile holds
/// nothing that its generation would lead to, and the end of a version is said by the one after it too.
const REDUNDANT: [(&str, &str); 3] =
    [("revisions", "epoch = epoch + 7"), ("revisions", "generation = randomblob(16)"), ("entries", TO_REVISION)];

const TO_REVISION: &str = "to_revision = CASE WHEN to_revision IS NULL THEN from_revision + 1 ELSE NULL END";

const PAST: [Table; 5] = [
    Table {
        name: "revisions",
        key: "org, profile, revision",
        changes: &[
            DELETE,
            "profile = randomblob(16)",
            "revision = revision + 1000",
            "epoch = epoch + 7",
            "generation = randomblob(16)",
            // The manifest's first character, its signature, all of it.
            r#"manifest_bytes = CAST(replace(CAST(manifest_bytes AS TEXT), '"payload":"eyJ', '"payload":"eyI') AS BLOB)"#,
            "manifest_bytes = CAST(json_set(CAST(manifest_bytes AS TEXT), '$.signatures', json('[]')) AS BLOB)",
            "manifest_bytes = x'7b7d'",
        ],
        names_revision: true,
    },
    Table {
        name: "entries",
        key: "org, profile, epoch, generation, secret, from_revision",
        changes: &[
            DELETE,
            "profile = randomblob(16)",
            "epoch = epoch + 7",
            "generation = randomblob(16)",
            "secret = randomblob(16)",
            "from_revision = 1000000",
            TO_REVISION,
            "blind_index = randomblob(32)",
            "version = version + 7",
            "ciphertexts = randomblob(32)",
        ],
        names_revision: true,
    },
    Table {
        name: "ciphertexts",
        key: "org, profile, secret, version, epoch, ciphertexts",
        changes: &[
            DELETE,
            "profile = randomblob(16)",
            "secret = randomblob(16)",
            "version = version + 7",
            "epoch = epoch + 7",
            "ciphertexts = randomblob(32)",
            "meta = zeroblob(length(meta))",
            "value = zeroblob(length(value))",
            "value = zeroblob(0)",
        ],
        names_revision: true,
    },
    Table {
        name: "key_histories",
        key: "org, profile, epoch",
        changes: &[DELETE, "profile = randomblob(16)", "epoch = epoch + 7", "sealed = zeroblob(length(sealed))"],
        names_revision: false,
    },
    // Tombstones are among them.
    Table {
        name: "statements",
        key: "org, seq",
        changes: &[
            DELETE,
            "seq = seq + 1000",
            r#"bytes = CAST(replace(CAST(bytes AS TEXT), '"payload":"eyJ', '"payload":"eyI') AS BLOB)"#,
            "bytes = CAST(json_set(CAST(bytes AS TEXT), '$.header.signatures', json('[]')) AS BLOB)",
            "bytes = CAST(json_set(CAST(bytes AS TEXT), '$.body', 'e30=') AS BLOB)",
            "bytes = x'7b7d'",
        ],
        names_revision: false,
    },
];

/// The database, in the hands of somebody whom no constraint stops.
fn database(world: &World) -> Connection {
    let database = Connection::open(world.database()).unwrap();
    database
        .execute_batch("PRAGMA busy_timeout = 10000; PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;")
        .unwrap();
    database
}

/// What a server that was started on the database as it is now shows a new client of the owner.
async fn verify_restarted(world: &World, profile: ProfileId) -> Result<VerifiedPast, Error> {
    let mut session = world.session_on_restarted().await?;
    let states = session.past_states().await?;
    session.verify_past(profile, &states).await
}

/// Everything that a restarted server shows of the past.
async fn shown(world: &World, profile: ProfileId) -> String {
    let mut session = world.session_on_restarted().await.unwrap();
    let history = session.history(profile).await.unwrap();
    let mut text = String::new();
    for revision in history.revisions() {
        let leaves = history.leaves_at(revision.number()).unwrap();
        text += &format!("{:?} {:?} {leaves:?}\n", revision.manifest(), revision.author());
    }
    for secret in ["KEY", "OTHER", "GONE"] {
        let history = session.secret_history(profile, secret).await.unwrap();
        text += &format!("{history:?}\n");
        for known in history.versions {
            let value = session.secret_version(profile, secret, known.version).await;
            text += &format!("{:?}\n", value.map(|(_, plain)| plain.value).map_err(|error| error.to_string()));
        }
    }
    text
}

#[tokio::test]
async fn every_row_of_the_past_is_what_was_signed() {
    let (mut world, profile, _) = aged().await;
    world.session.purge(profile, "KEY", &PurgeWhich::Versions(vec![version(1)])).await.unwrap();
    let whole = verify_restarted(&world, profile).await.unwrap();
    assert!(whole.purged > 0);
    let database = database(&world);
    database.execute_batch("DROP INDEX current_entries_by_name; DROP INDEX entries_by_version").unwrap();
    let all_shown = shown(&world, profile).await;
    let (mut noticed, mut redundant) = (0, 0);
    for Table { name, key, changes, names_revision } in &PAST {
        database.execute_batch(&format!("CREATE TEMP TABLE kept_{name} AS SELECT * FROM {name}")).unwrap();
        let rows: i64 = database.query_row(&format!("SELECT count(*) FROM kept_{name}"), [], |row| row.get(0)).unwrap();
        assert!(rows > 1, "{name}");
        for row in 1..=rows {
            let place = format!("({key}) = (SELECT {key} FROM kept_{name} WHERE rowid = {row})");
            for change in *changes {
                let sql = match *change {
                    DELETE => format!("DELETE FROM {name} WHERE {place}"),
                    change => format!("UPDATE {name} SET {change} WHERE {place}"),
                };
                assert_eq!(database.execute(&sql, []).unwrap(), 1, "{sql}");
                match verify_restarted(&world, profile).await {
                    Ok(_) => {
                        assert!(REDUNDANT.contains(&(name, change)), "{sql}");
                        assert_eq!(shown(&world, profile).await, all_shown, "{sql}");
                        redundant += 1;
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Integrity, "{sql}: {error}");
                        if *names_revision {
                            assert!(error.to_string().contains("profile production, revision "), "{sql}: {error}");
                        }
                        noticed += 1;
                    }
                }
                let undo = format!("BEGIN; DELETE FROM {name}; INSERT INTO {name} SELECT * FROM kept_{name}; COMMIT;");
                database.execute_batch(&undo).unwrap();
            }
        }
    }
    let after = verify_restarted(&world, profile).await.unwrap();
    assert_eq!((after.revisions, after.ciphertexts, after.purged), (whole.revisions, whole.ciphertexts, whole.purged));
    let rows = |name: &str| -> usize {
        let rows: i64 = database.query_row(&format!("SELECT count(*) FROM {name}"), [], |row| row.get(0)).unwrap();
        usize::try_from(rows).unwrap()
    };
    let all: usize = PAST.iter().map(|table| rows(table.name) * table.changes.len()).sum();
    assert_eq!(noticed + redundant, all);
    assert!(noticed > 10 * redundant, "{noticed} noticed, {redundant} without effect");
    println!("{noticed} changes noticed, {redundant} without effect on what anybody is shown");
}

/// The columns that are in no list above are the server's own: they hold nothing that anybody is shown of the past.
#[tokio::test]
async fn every_column_of_the_past_is_tried() {
    let (world, _, _) = aged().await;
    let database = database(&world);
    let own = [("revisions", "manifest"), ("revisions", "count"), ("revisions", "at"), ("statements", "hash")];
    for table in &PAST {
        let mut columns = database.prepare(&format!("SELECT name FROM pragma_table_info('{}')", table.name)).unwrap();
        let columns: BTreeSet<String> = columns.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let tried = |column: &String| table.changes.iter().any(|change| change.starts_with(&format!("{column} = ")));
        for column in columns.iter().filter(|column| !tried(column)) {
            // A database of one organization: a row of another is a row that is gone.
            assert!(column == "org" || own.contains(&(table.name, column.as_str())), "{}.{column}", table.name);
        }
    }
}

/// Exchanges the manifests of two revisions, which are as they were signed.
#[tokio::test]
async fn revisions_keep_their_order() {
    let (world, profile, _) = aged().await;
    let newest = i64::try_from(verify(&world, profile).await.unwrap().floor.revision.get()).unwrap();
    let database = database(&world);
    for number in 1..newest {
        let swap = |database: &Connection| {
            let sql = "UPDATE revisions SET revision = 2 * ?1 + 1 - revision + 1000 WHERE revision IN (?1, ?1 + 1)";
            assert_eq!(database.execute(sql, [number]).unwrap(), 2);
            let sql = "UPDATE revisions SET revision = revision - 1000 WHERE revision > 1000";
            assert_eq!(database.execute(sql, []).unwrap(), 2);
        };
        swap(&database);
        let error = verify_restarted(&world, profile).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{number}: {error}");
        swap(&database);
        verify_restarted(&world, profile).await.unwrap();
    }
}

/// An owner signs another manifest in the place of each that there is, with the key that signed the first one.
#[tokio::test]
async fn no_owner_signs_another_past() {
    let (world, profile, _) = aged().await;
    let floor = verify(&world, profile).await.unwrap().floor;
    let newest = i64::try_from(floor.revision.get()).unwrap();
    let database = database(&world);
    for number in 1..=newest {
        let honest: Vec<u8> = database
            .query_row("SELECT manifest_bytes FROM revisions WHERE revision = ?1", [number], |row| row.get(0))
            .unwrap();
        let signed: Signed = serde_json::from_slice(&honest).unwrap();
        let mut said: Manifest = serde_json::from_slice(&signed.payload.0).unwrap();
        said.time = Timestamp::from_millis(1).unwrap();
        let other = Signed::create(&said, &[world.owner_identity().signing_key()]).unwrap();
        assert_eq!(other.signatures[0].key, signed.signatures[0].key, "the very key of {}", Manifest::TYPE);
        let put = |manifest: &Signed, bytes: &[u8]| {
            let sql = "UPDATE revisions SET manifest = ?1, manifest_bytes = ?2 WHERE revision = ?3";
            let hash = manifest.hash_as::<Manifest>();
            assert_eq!(database.execute(sql, params![hash.0, bytes, number]).unwrap(), 1);
        };
        put(&other, &serde_json::to_vec(&other).unwrap());
        if number < newest {
            let error = verify_restarted(&world, profile).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{number}: {error}");
            assert!(error.to_string().contains(&format!("revision {number}")), "{number}: {error}");
        } else {
            // Nothing is after the newest one yet: whoever never saw the first cannot tell, whoever did can.
            verify_restarted(&world, profile).await.unwrap();
            let known = Remembered { profiles: vec![floor.clone()], ..Remembered::default() };
            let mut session = world.restarted_session_that_remembers(known).await.unwrap();
            let states = session.past_states().await.unwrap();
            let error = session.verify_past(profile, &states).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        }
        put(&signed, &honest);
    }
    verify_restarted(&world, profile).await.unwrap();
}

/// An owner signs everything anew that no statement vouches for yet, one revision after the other: no link is broken. Whoever
/// never saw it cannot tell; whoever did names the revision. What is vouched for stays as it is.
#[tokio::test]
async fn what_is_not_vouched_for_yet_is_known_by_who_saw_it() {
    let (mut world, profile, _) = aged().await;
    for value in ["four", "five"] {
        world.set(profile, &[("KEY", value)]).await;
    }
    let floor = verify(&world, profile).await.unwrap().floor;
    let newest = i64::try_from(floor.revision.get()).unwrap();
    let vouched = world.session.directory().profile(&profile).unwrap().vouched.revision.get();
    let vouched = i64::try_from(vouched).unwrap();
    assert!(vouched + 2 < newest, "several revisions are above the newest that is vouched for");
    let database = database(&world);
    let kept: Vec<(i64, Vec<u8>, Vec<u8>)> = {
        let mut select = database.prepare("SELECT revision, manifest, manifest_bytes FROM revisions").unwrap();
        select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
    };
    let put = |number: i64, hash: &[u8], bytes: &[u8]| {
        let sql = "UPDATE revisions SET manifest = ?1, manifest_bytes = ?2 WHERE revision = ?3";
        assert_eq!(database.execute(sql, params![hash, bytes, number]).unwrap(), 1);
    };
    for from in [vouched + 1, vouched] {
        let mut prev = None;
        for number in from..=newest {
            let honest = &kept.iter().find(|(known, ..)| *known == number).unwrap().2;
            let signed: Signed = serde_json::from_slice(honest).unwrap();
            let mut said: Manifest = serde_json::from_slice(&signed.payload.0).unwrap();
            said.time = Timestamp::from_millis(1).unwrap();
            said.prev = prev.or(said.prev);
            let other = Signed::create(&said, &[world.owner_identity().signing_key()]).unwrap();
            prev = Some(other.hash_as::<Manifest>());
            put(number, &other.hash_as::<Manifest>().0, &serde_json::to_vec(&other).unwrap());
        }
        let forgetful = verify_restarted(&world, profile).await;
        assert_eq!(forgetful.is_ok(), from > vouched, "from {from} on");
        let known = Remembered { profiles: vec![floor.clone()], ..Remembered::default() };
        let mut session = world.restarted_session_that_remembers(known).await.unwrap();
        let states = session.past_states().await.unwrap();
        let error = session.verify_past(profile, &states).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(error.to_string().contains(&format!("revision {newest}")), "{error}");
        kept.iter().for_each(|(number, hash, bytes)| put(*number, hash, bytes));
    }
    verify_restarted(&world, profile).await.unwrap();
}

/// Whoever was removed signs again, with the server and an owner: a revision that names a header of when they might, and is
/// followed by another one.
#[tokio::test]
async fn nobody_signs_after_what_ended_them() {
    let (mut world, profile, _) = aged().await;
    let group = world.session.create_group(Name::new("editors").unwrap()).await.unwrap();
    world.session.grant(group, profile, Access::Write).await.unwrap();
    let (user, editor) = (UserId::from_bytes([7; 16]), Identity::from_seed(&[7; 32]));
    world.add_editor(user, editor.public_keys(), group).await;
    let then = world.session.directory().head();
    world.session.remove_member(group, user.into()).await.unwrap();
    for value in ["after", "and after"] {
        world.set(profile, &[("OTHER", value)]).await;
    }
    let newest = verify(&world, profile).await.unwrap().floor.revision.get();
    let database = database(&world);
    let rewrite = |number: u64, signer: &Identity, change: &dyn Fn(&mut Manifest)| -> Hash {
        let number = i64::try_from(number).unwrap();
        let sql = "SELECT manifest_bytes FROM revisions WHERE revision = ?1";
        let old: Vec<u8> = database.query_row(sql, [number], |row| row.get(0)).unwrap();
        let old: Signed = serde_json::from_slice(&old).unwrap();
        let mut said: Manifest = serde_json::from_slice(&old.payload.0).unwrap();
        change(&mut said);
        let new = Signed::create(&said, &[signer.signing_key()]).unwrap();
        let (hash, bytes) = (new.hash_as::<Manifest>(), serde_json::to_vec(&new).unwrap());
        let sql = "UPDATE revisions SET manifest = ?1, manifest_bytes = ?2 WHERE revision = ?3";
        assert_eq!(database.execute(sql, params![hash.0, bytes, number]).unwrap(), 1);
        hash
    };
    let owner = world.owner_identity();
    for (signer, rightful) in [(&owner, true), (&editor, false)] {
        let hash = rewrite(newest - 1, signer, &|said| said.header = then);
        rewrite(newest, &owner, &|said| said.prev = Some(hash));
        let verified = verify_restarted(&world, profile).await;
        match verified {
            Ok(_) => assert!(rightful),
            Err(error) => {
                assert!(!rightful, "{error}");
                assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
                let expected = format!("revision {}: its author might not write", newest - 1);
                assert!(error.to_string().contains(&expected), "{error}");
            }
        }
    }
}

/// An owner who rewrites the past together with the server: what the directory vouched for, and what a client remembers,
/// gives it away.
#[tokio::test]
async fn a_client_remembers_what_was() {
    let (world, profile, _) = aged().await;
    let remembered = verify(&world, profile).await.unwrap().floor;
    let newest: i64 = i64::try_from(remembered.revision.get()).unwrap();
    // The head is taken back and written anew, by the owner: no signature is false.
    let database = Connection::open(world.database()).unwrap();
    database.execute("UPDATE entries SET to_revision = NULL WHERE to_revision = ?1", [newest]).unwrap();
    database.execute("DELETE FROM revisions WHERE revision = ?1", [newest]).unwrap();
    let mut second = world.second_session().await;
    let mut edit = stronghold_sdk::admin::Edit::default();
    for value in ["rewritten", "and on"] {
        let value = zeroize::Zeroizing::new(value.as_bytes().to_vec());
        edit.set.insert(name("OTHER"), stronghold_sdk::admin::NewSecret { value, note: None });
        second.edit(profile, &edit, false).await.unwrap();
    }
    second.history(profile).await.unwrap();
    let known = Remembered { profiles: vec![remembered], ..Remembered::default() };
    let mut remembering = world.session_that_remembers(known).await.unwrap();
    let error = remembering.history(profile).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.to_string().contains(&format!("revision {newest}")), "{error}");
}

/// What a lying server does to a reply.
type Change = fn(&mut serde_json::Value);

/// What only a lying server can do to a reply.
#[tokio::test]
async fn a_lying_server_is_caught() {
    let (mut world, profile, _) = aged().await;
    let lies: [(&str, &str, Change); 4] = [
        ("versions", "another version", |reply| reply["versions"][0]["secret"]["leaf"]["version"] = 2.into()),
        ("versions", "a loss without a tombstone", |reply| reply["versions"][0]["secret"]["sealed"] = ().into()),
        ("revisions", "a revision left out", |reply| {
            reply["revisions"].as_array_mut().unwrap().remove(1);
        }),
        ("revisions", "a leaf left out", |reply| {
            let last = reply["revisions"].as_array().unwrap().len() - 2;
            reply["revisions"][last]["puts"].as_array_mut().unwrap().pop();
        }),
    ];
    for (route, what, lie) in lies {
        world.wire.lies(move |request, mut reply| {
            if request.parts().path().ends_with(route) {
                let mut body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
                lie(&mut body);
                reply.body = serde_json::to_vec(&body).unwrap();
            }
            reply
        });
        let error = world.session.secret_version(profile, "KEY", version(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{what}: {error}");
        world.wire.is_honest_again();
        world.session.secret_version(profile, "KEY", version(1)).await.unwrap();
    }
}
