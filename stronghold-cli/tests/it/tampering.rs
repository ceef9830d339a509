//! Tampering with the audit log, one way at a time, and who finds out: the table in SECURITY.md is what this measures.

use crate::text;
use rusqlite::{Connection, params};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use stronghold_sdk::protocol::{
    audit::{AuditRecord, UnsignedAction, record_leaf_hash},
    checkpoint::Checkpoint,
    crypto::sign::SigningKey,
    id::{EventId, OrgId},
};
use stronghold_testkit::{Cli, Org, Proxy, ServerOptions};

/// Where things stand in the log.
struct Facts {
    /// The target's second read, and another agent's right after it.
    read: i64,
    other: i64,
    /// The record of a change of the directory, before both.
    statement: i64,
    /// A read after which the directory did not change any more.
    late: i64,
    /// The data of before that one.
    earlier: PathBuf,
}

struct Scene {
    org: Org,
    facts: Facts,
    pristine: PathBuf,
    /// The owner's configuration folder, after the log was verified.
    memory: PathBuf,
    receipts: PathBuf,
    agent: Cli,
}

pub(crate) fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn database(org: &Org) -> Connection {
    let database = Connection::open(org.server.data_dir().join("stronghold.db")).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    database
}

fn size(database: &Connection) -> i64 {
    database.query_row("SELECT records FROM orgs", [], |row| row.get(0)).unwrap()
}

impl Scene {
    fn new() -> Self {
        let mut org = Org::start();
        let profile = org.profile(&[("KEY", b"value")]);
        let group = org.group(&[&profile]);
        let (target, other) = (org.agent(&[&group]), org.agent(&[&group]));
        let receipts = org.folder();
        let agent = org.as_agent(&target).var("API_STRONGHOLD_KEEP_RECEIPTS", &receipts);
        let bystander = org.as_agent(&other);
        let pull = ["env", "pull", "--profile", &profile];
        let read = |cli: &Cli| {
            let position = size(&database(&org));
            cli.ok(&pull);
            position
        };
        read(&agent);
        let statement = {
            // The statement is the last request of its command.
            let _ = org.group(&[]);
            size(&database(&org)) - 1
        };
        let (second, others) = (read(&agent), read(&bystander));
        let earlier = org.folder();
        org.server.stop();
        copy(org.server.data_dir(), &earlier);
        org.server.start_again();
        let late = size(&database(&org));
        for _ in 0..3 {
            agent.ok(&pull);
            bystander.ok(&pull);
        }
        org.owner.json(&["audit", "verify"]);
        org.server.stop();
        let (pristine, memory) = (org.folder(), org.folder());
        copy(org.server.data_dir(), &pristine);
        copy(org.owner.config_dir(), &memory);
        let facts = Facts { read: second, other: others, statement, late, earlier };
        Self { org, facts, pristine, memory, receipts, agent }
    }

    fn url(&self) -> String {
        self.org.server.url().to_owned()
    }

    /// What `audit verify` says to the owner, with or without memory.
    fn verify(&self, remembers: bool) -> Found {
        let folder = self.org.folder();
        copy(&self.memory, &folder);
        if !remembers {
            fs::remove_dir_all(folder.join("state")).unwrap();
        }
        let cli = Cli::new(&folder).var("API_STRONGHOLD_URL", self.url());
        Found::of(&cli.run(&["audit", "verify"]))
    }

    /// What it says to the agent, of its receipts alone.
    fn redeem(&self) -> Found {
        let cli = self.agent.clone().var("API_STRONGHOLD_CONFIG_DIR", self.org.folder());
        Found::of(&cli.run(&["audit", "verify", "--receipts", text(&self.receipts)]))
    }

    /// Starts the server on the genuine data.
    fn restore(&mut self) {
        copy(&self.pristine, self.org.server.data_dir());
        self.org.server.start_again();
    }
}

/// What verifying found.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Something,
    Record(i64),
}

impl Found {
    fn of(run: &stronghold_testkit::Run) -> Self {
        if run.code() == 0 {
            return Self::Nothing;
        }
        let said = run.fails(5);
        let named = said.split_once("audit record ").and_then(|(_, rest)| rest.split(':').next());
        named.map_or(Self::Something, |position| Self::Record(position.parse().unwrap()))
    }

    /// As the table says it.
    fn word(&self) -> &'static str {
        match self {
            Self::Nothing => "no",
            Self::Something => "yes",
            Self::Record(_) => "names it",
        }
    }
}

/// Name as in the table, what is done, and the first record that is wrong then.
type Attack = (&'static str, fn(&Connection, &Facts), fn(&Facts) -> i64);

const ATTACKS: &[Attack] = &[
    (
        "change the address of a read",
        |db, at| put(db, at.read, |record| record.address = Some("203.0.113.9".to_owned())),
        |at| at.read,
    ),
    ("replace the agent of a read", replace_agent, |at| at.read),
    ("delete a read", |db, at| delete(db, at.read), |at| at.read),
    ("delete the record of a directory change", |db, at| delete(db, at.statement), |at| at.statement),
    ("insert a read that was asked for once already", insert, |at| at.other),
    ("insert a log-in that nobody tried", insert_log_in, |at| at.other),
    ("swap two reads", |db, at| swap(db, at.read, at.other), |at| at.read),
    ("cut off the newest reads", |db, at| cut(db, at.late), |at| at.late),
    ("cut off from a directory change on", |db, at| cut(db, at.statement), |at| at.statement),
];

fn record(db: &Connection, position: i64) -> AuditRecord {
    let sql = "SELECT b.bytes FROM audit_records r JOIN audit_bytes b ON b.number = r.bytes WHERE r.position = ?1";
    let bytes: Vec<u8> = db.query_row(sql, [position], |row| row.get(0)).unwrap();
    AuditRecord::parse(&bytes).unwrap()
}

/// Changes a record where it lies, with all that the database derives from it.
fn put(db: &Connection, position: i64, change: impl FnOnce(&mut AuditRecord)) {
    let mut record = record(db, position);
    change(&mut record);
    let bytes = record.encode().unwrap();
    let sql = "UPDATE audit_bytes SET bytes = ?1 WHERE number = (SELECT bytes FROM audit_records WHERE position = ?2)";
    assert_eq!(db.execute(sql, params![bytes, position]).unwrap(), 1);
    let leaf = record_leaf_hash(&bytes).0;
    let sql = "UPDATE audit_records SET leaf = ?1, id = ?2, principal = ?3 WHERE position = ?4";
    let principal = record.principal.map(|principal| principal.as_bytes().to_vec());
    db.execute(sql, params![leaf, record.id.as_bytes(), principal, position]).unwrap();
}

fn replace_agent(db: &Connection, at: &Facts) {
    let other = record(db, at.other);
    put(db, at.read, |record| record.principal = other.principal);
}

/// Moves everything from a position on, so that positions stay without gaps.
fn shift(db: &Connection, from: i64, by: i64) {
    let far = 1_000_000_i64;
    db.execute("UPDATE audit_records SET position = position + ?1 WHERE position >= ?2", params![far, from]).unwrap();
    db.execute("UPDATE audit_records SET position = position - ?1 + ?2 WHERE position >= ?1", params![far, by])
        .unwrap();
    db.execute("UPDATE orgs SET records = records + ?1", [by]).unwrap();
}

fn delete(db: &Connection, position: i64) {
    db.execute("DELETE FROM audit_records WHERE position = ?1", [position]).unwrap();
    shift(db, position + 1, -1);
}

/// Puts a copy of the target's read, with an id of its own, before the other agent's.
fn insert(db: &Connection, at: &Facts) {
    insert_record(db, at, &record(db, at.read));
}

/// Puts a log-in of the owner before the other agent's read: nobody signs one, so it is made up easily.
fn insert_log_in(db: &Connection, at: &Facts) {
    let owner = record(db, 0).principal;
    let read = record(db, at.read);
    let action = UnsignedAction::LoginFinish.name().to_owned();
    insert_record(
        db,
        at,
        &AuditRecord { principal: owner, key_id: None, action, released: None, request: None, ..read },
    );
}

fn insert_record(db: &Connection, at: &Facts, record: &AuditRecord) {
    let copied = AuditRecord { id: EventId::generate(record.time).unwrap(), ..record.clone() };
    let bytes = copied.encode().unwrap();
    let leaf = record_leaf_hash(&bytes).0;
    shift(db, at.other, 1);
    db.execute("INSERT INTO audit_bytes (bytes) VALUES (?1)", [bytes]).unwrap();
    let sql =
        "INSERT INTO audit_records SELECT org, ?1, ?2, at, principal_kind, principal, action, profile, allowed, ?3, ?4
               FROM audit_records WHERE position = ?5";
    let row = params![at.other, copied.id.as_bytes(), leaf, db.last_insert_rowid(), at.read];
    assert_eq!(db.execute(sql, row).unwrap(), 1);
}

fn swap(db: &Connection, one: i64, other: i64) {
    for (from, to) in [(one, 1_000_000), (other, one), (1_000_000, other)] {
        db.execute("UPDATE audit_records SET position = ?2 WHERE position = ?1", params![from, to]).unwrap();
    }
}

fn cut(db: &Connection, from: i64) {
    db.execute("DELETE FROM audit_records WHERE position >= ?1", [from]).unwrap();
    db.execute("UPDATE orgs SET records = ?1", [from]).unwrap();
}

/// The table of SECURITY.md: from an attack's name to its other cells.
fn published() -> BTreeMap<String, Vec<String>> {
    let text = include_str!("../../../SECURITY.md");
    let rows = text.lines().skip_while(|line| !line.starts_with("| done to the log |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    rows.map(cells).map(|mut cells| (cells.remove(0), cells)).collect()
}

#[test]
fn tampering_is_found_by_whom_the_table_says() {
    let mut scene = Scene::new();
    let mut measured = BTreeMap::new();
    for (name, attack, first) in ATTACKS {
        // First, whoever writes the database, without the checkpoint key: the server signs the log as it was.
        scene.restore();
        assert_eq!(scene.verify(true), Found::Nothing, "the genuine log verifies");
        attack(&database(&scene.org), &scene.facts);
        let by_anyone = scene.verify(false);
        assert_eq!(by_anyone, scene.verify(true), "{name}, without the key");
        scene.org.server.stop();
        // Then, whoever has the key too: what is signed is the log as it was written.
        scene.restore();
        scene.org.server.stop();
        attack(&database(&scene.org), &scene.facts);
        scene.org.server.start_again();
        let found = [by_anyone, scene.verify(false), scene.verify(true), scene.redeem()];
        scene.org.server.stop();
        for found in &found {
            let Found::Record(position) = found else { continue };
            assert!(*position >= first(&scene.facts), "{name}: record {position} is as it was");
        }
        assert_eq!(found[2], Found::Record(first(&scene.facts)), "{name}: whoever remembers names the first");
        measured.insert((*name).to_owned(), found.iter().map(|found| found.word().to_owned()).collect::<Vec<_>>());
    }
    // The whole file, as it was once.
    copy(&scene.facts.earlier, scene.org.server.data_dir());
    scene.org.server.start_again();
    let found = [scene.verify(false), scene.verify(true), scene.redeem()];
    assert_eq!(found[1], Found::Record(scene.facts.late));
    let words = std::iter::once("-").chain(found.iter().map(Found::word)).map(str::to_owned);
    measured.insert("put back the whole file as it was".to_owned(), words.collect());
    assert_eq!(measured, published());
}

/// A checkpoint that somebody else signed, or that names another directory, is refused by everyone.
#[test]
fn another_checkpoint_key_is_refused() {
    let proxy = Proxy::listen();
    let server = ServerOptions::default().arg("--public-url").arg(proxy.url()).start();
    proxy.connect_to(server.address());
    let org = Org::create(server, proxy.url(), |cli| cli);
    let id: OrgId = org.created["org_id"].as_str().unwrap().parse().unwrap();
    org.owner.json(&["audit", "verify"]);
    let memory = org.owner.config_dir().to_owned();
    proxy.edit_replies(move |body| {
        let Ok(mut reply) = serde_json::from_str::<serde_json::Value>(&body) else { return body };
        let Some(note) = reply["checkpoint"].as_str() else { return body };
        let forged = Checkpoint::parse_unverified(note, &id).unwrap().sign(&SigningKey::from_seed(&[7; 32]));
        reply["checkpoint"] = forged.into();
        reply.to_string()
    });
    for remembers in [true, false] {
        let folder = org.folder();
        copy(&memory, &folder);
        if !remembers {
            fs::remove_dir_all(folder.join("state")).unwrap();
        }
        let said = Cli::new(&folder).var("API_STRONGHOLD_URL", proxy.url()).run(&["audit", "verify"]).fails(5);
        assert!(said.contains("not signed by the key that the directory names"), "{said}");
    }
}

/// The key is swapped at the server itself: it then has one that the directory does not name, and releases no secret, no checkpoint
/// and no receipt. A server that signs with it all the same is the one above.
#[test]
fn a_server_whose_key_was_swapped_releases_nothing() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    org.owner.json(&["audit", "verify"]);
    let (file, foreign) = (org.server.data_dir().join("checkpoint.key"), [7; 32]);
    let genuine = fs::read(&file).unwrap();
    for key in [foreign, genuine.try_into().unwrap()] {
        org.server.stop();
        fs::write(&file, key).unwrap();
        org.server.start_again();
        let read = [
            org.as_agent(&agent).run(&["env", "pull", "--profile", &profile]),
            org.as_agent(&agent).run(&["secret", "get", "KEY", "--profile", &profile]),
            org.owner.run(&["-q", "audit", "verify"]),
            org.owner.run(&["-q", "org", "verify"]),
        ];
        for run in read {
            match key == foreign {
                true => drop(run.fails(1)),
                false => drop(run.succeeds()),
            }
        }
    }
}
