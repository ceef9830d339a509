//! What is refused when a backup is taken or restored; and then there is nothing.

use super::{backup, beside, manifest, newcomer, restore, restored, run, run_through};
use crate::{tampering::copy, text};
use rusqlite::Connection;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};
use stronghold_testkit::{Cli, Org, Sandbox, Server, ServerOptions};

struct Scene {
    org: Org,
    profile: String,
    /// A backup of it.
    taken: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let org = Org::start();
        let profile = org.profile(&[("KEY", b"value")]);
        let taken = org.made_folder().join("backup");
        backup(org.server.data_dir(), &taken, &[]).succeeds();
        Self { org, profile, taken }
    }

    /// A copy of the backup, changed.
    fn changed(&self, change: impl FnOnce(&Path)) -> PathBuf {
        let folder = self.org.folder();
        copy(&self.taken, &folder);
        change(&folder);
        folder
    }

    /// A restore that must be refused, for a reason. Where there was no data directory there is none afterwards.
    fn refused(&self, from: &Path, more: &[&str], reason: &str) {
        let data = self.org.folder();
        let said = restore(from, &data, more).fails(1);
        assert!(said.starts_with("stronghold-server: ") && said.contains(reason), "{said}");
        assert!(!data.exists(), "{said}: {:?}", beside(&data));
    }
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Changes a database, and makes the manifest fit it: as if a server had been backed up whose database was so.
fn doctor(backup: &Path, sql: &str) {
    let file = backup.join("stronghold.db");
    Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    describe(backup);
}

/// Makes the manifest fit the database's file.
fn describe(backup: &Path) {
    let bytes = fs::read(backup.join("stronghold.db")).unwrap();
    let mut described = manifest(backup);
    described["files"]["stronghold.db"] =
        json!({"bytes": bytes.len(), "sha256": sha256(&backup.join("stronghold.db"))});
    fs::write(backup.join("backup.json"), described.to_string()).unwrap();
}

/// By another program than ours, so that the manifest is what operators can check.
fn sha256(file: &Path) -> String {
    let output = std::process::Command::new("sha256sum").arg(file).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().next().unwrap().to_owned()
}

#[test]
fn what_is_not_a_whole_backup_is_refused() {
    let scene = Scene::new();
    for name in ["stronghold.db", "checkpoint.key"] {
        assert_eq!(manifest(&scene.taken)["files"][name]["sha256"], json!(sha256(&scene.taken.join(name))));
        let missing = scene.changed(|folder| fs::remove_file(folder.join(name)).unwrap());
        scene.refused(&missing, &[], &format!("{name} is missing"));
        let changed = scene.changed(|folder| {
            let mut bytes = fs::read(folder.join(name)).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(folder.join(name), bytes).unwrap();
        });
        scene.refused(&changed, &[], &format!("{name} is not the file that was backed up"));
    }
    let shorter = scene.changed(|folder| {
        let file = fs::File::options().write(true).open(folder.join("stronghold.db")).unwrap();
        file.set_len(file.metadata().unwrap().len() - 4096).unwrap();
    });
    scene.refused(&shorter, &[], "is not the file that was backed up");
    let missing = scene.changed(|folder| fs::remove_file(folder.join("backup.json")).unwrap());
    scene.refused(&missing, &[], "name the directory that a backup made");
    scene.refused(&scene.org.folder(), &[], "name the directory that a backup made");
    // A server's own data directory is no backup.
    scene.refused(scene.org.server.data_dir(), &[], "name the directory that a backup made");
}

#[test]
fn a_changed_manifest_is_refused() {
    let scene = Scene::new();
    let described = manifest(&scene.taken);
    let org = &described["organizations"][0];
    let (statements, records) = (org["statements"].as_u64().unwrap(), org["records"].as_u64().unwrap());
    let id = org["org"].as_str().unwrap();
    let other = if id.starts_with('A') { id.replacen('A', "B", 1) } else { format!("A{}", &id[1..]) };
    let head = org["head"].as_str().unwrap();
    let other_head = if head.starts_with('A') { head.replacen('A', "B", 1) } else { format!("A{}", &head[1..]) };
    let statement = |count: u64| format!("\"statements\": {count}");
    let record = |count: u64| format!("\"records\": {count}");
    let cases = [
        (statement(statements), statement(statements + 1), "says something else of organization"),
        (record(records), record(records - 1), "says something else of organization"),
        (id.to_owned(), other, "says something else of organization"),
        (head.to_owned(), other_head, "says something else of organization"),
        ("\"format\": 1".to_owned(), "\"format\": 2".to_owned(), "use a newer release"),
        ("\"format\": 1".to_owned(), "\"format\": 0".to_owned(), "there is no format 0"),
        ("\"format\": 1".to_owned(), "\"format\": 1, \"more\": 1".to_owned(), "not the manifest of a backup"),
        ("\"layout\": ".to_owned(), "\"layout\": 1".to_owned(), "says that the database has layout"),
        ("\"stronghold.db\"".to_owned(), "\"../stronghold.db\"".to_owned(), "not the manifest of a backup"),
        ("{".to_owned(), "[".to_owned(), "not the manifest of a backup"),
    ];
    for (from, to, reason) in cases {
        let changed = scene.changed(|folder| edit(&folder.join("backup.json"), &from, &to));
        scene.refused(&changed, &[], reason);
    }
    let forgotten = scene.changed(|folder| {
        let mut described = manifest(folder);
        described["organizations"] = json!([]);
        fs::write(folder.join("backup.json"), described.to_string()).unwrap();
    });
    scene.refused(&forgotten, &[], "says something else of organization");
}

/// What no hash tells: the manifest fits these files.
#[test]
fn a_database_that_cannot_be_served_is_refused() {
    let scene = Scene::new();
    let newer = scene.changed(|folder| doctor(folder, "PRAGMA user_version = 1000"));
    scene.refused(&newer, &[], "use a newer release");
    let foreign = scene.changed(|folder| doctor(folder, "PRAGMA application_id = 1"));
    scene.refused(&foreign, &[], "belongs to another program");
    let empty = scene.changed(|folder| {
        fs::write(folder.join("stronghold.db"), "").unwrap();
        describe(folder);
    });
    scene.refused(&empty, &[], "belongs to another program");
    let none = scene.changed(|folder| {
        fs::write(folder.join("stronghold.db"), "text ".repeat(5000)).unwrap();
        describe(folder);
    });
    scene.refused(&none, &[], "not a Stronghold database");
    for (sql, reason) in [
        ("DELETE FROM statements WHERE seq = 1", "statements are missing"),
        ("UPDATE statements SET hash = zeroblob(32) WHERE seq = (SELECT seq FROM orgs)", "newest statement is another"),
        ("DELETE FROM audit_records WHERE position = 1", "audit records are missing"),
    ] {
        scene.refused(&scene.changed(|folder| doctor(folder, sql)), &[], reason);
    }
    // An index without an entry: SQLite itself notices.
    let damaged = scene.changed(|folder| {
        let sql = "PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = 'CREATE INDEX audit_records_by_time ON audit_records (org, id)'
            WHERE name = 'audit_records_by_time'";
        doctor(folder, sql);
    });
    scene.refused(&damaged, &[], "it is damaged, use another backup");
}

#[test]
fn a_data_directory_that_has_something_is_refused_and_left_alone() {
    let scene = Scene::new();
    let taken = &scene.taken;
    let of_the_server = scene.org.server.data_dir();
    let said = restore(taken, of_the_server, &[]).fails(1);
    assert!(said.contains("is there already") && said.contains("stronghold.db"), "{said}");
    assert_eq!(scene.org.owner.json(&["org", "verify"])["verified"], true, "the server is as it was");
    for (name, reason) in [
        ("stronghold.db", "is there already"),
        ("stronghold.db-wal", "is there already"),
        ("stronghold.db-journal", "is there already"),
    ] {
        let data = scene.org.made_folder();
        fs::write(data.join(name), "").unwrap();
        let said = restore(taken, &data, &[]).fails(1);
        assert!(said.contains(reason) && said.contains(name), "{said}");
        assert_eq!(beside(&data), [name]);
    }
    let data = scene.org.made_folder();
    fs::write(data.join("checkpoint.key"), [1; 32]).unwrap();
    let said = restore(taken, &data, &[]).fails(1);
    assert!(said.contains("another server's checkpoint key"), "{said}");
    assert_eq!(fs::read(data.join("checkpoint.key")).unwrap(), [1; 32]);
    assert_eq!(beside(&data), ["checkpoint.key"]);
    // The backup's own key: a restore that was killed between its last two steps is repeated.
    fs::copy(taken.join("checkpoint.key"), data.join("checkpoint.key")).unwrap();
    restore(taken, &data, &[]).succeeds();
    assert_eq!(beside(&data), ["checkpoint.key", "stronghold.db"]);
    let file = scene.org.folder();
    fs::write(&file, "").unwrap();
    restore(taken, &file, &[]).fails(1);
}

#[test]
fn a_backup_without_the_key_is_restored_with_it() {
    let scene = Scene::new();
    let out = scene.org.folder();
    let said = backup(scene.org.server.data_dir(), &out, &["--without-key"]).succeeds().text();
    assert!(said.contains("the checkpoint key is not in it"), "{said}");
    assert_eq!(beside(&out), ["backup.json", "stronghold.db"]);
    scene.refused(&out, &[], "--checkpoint-key FILE");
    let other = Server::start();
    let wrong = other.data_dir().join("checkpoint.key");
    scene.refused(&out, &["--checkpoint-key", text(&wrong)], "not the checkpoint key of this backup");
    scene.refused(&out, &["--checkpoint-key", "missing"], "there is no checkpoint key at missing");
    scene.refused(&out, &["--checkpoint-key", text(&out.join("backup.json"))], "must hold exactly 32 bytes");
    // Nor does another server's key in the backup itself pass.
    let swapped = scene.changed(|folder| {
        fs::copy(&wrong, folder.join("checkpoint.key")).unwrap();
        let mut described = manifest(folder);
        described["files"]["checkpoint.key"]["sha256"] = json!(sha256(&wrong));
        fs::write(folder.join("backup.json"), described.to_string()).unwrap();
    });
    scene.refused(&swapped, &[], "not the checkpoint key of this backup");

    let data = scene.org.folder();
    let key = scene.org.server.data_dir().join("checkpoint.key");
    restore(&out, &data, &["--checkpoint-key", text(&key)]).succeeds();
    let server = ServerOptions::default().data_dir(&data).start();
    let owner = newcomer(&scene.org, &server);
    assert_eq!(owner.json(&["org", "verify"])["verified"], true);
    assert_eq!(owner.json(&["audit", "verify"])["verified"], true);
    assert_eq!(owner.ok(&["secret", "get", "KEY", "--profile", &scene.profile]).stdout, b"value");
}

#[test]
fn a_backup_takes_the_place_of_nothing() {
    let scene = Scene::new();
    let data = scene.org.server.data_dir();
    let before = manifest(&scene.taken);
    for out in [scene.taken.clone(), scene.org.made_folder(), scene.org.server.log_file().to_owned()] {
        let said = backup(data, &out, &[]).fails(1);
        assert!(said.contains("is there already"), "{said}");
    }
    assert_eq!(manifest(&scene.taken), before);
    let below = scene.org.folder().join("below");
    assert!(backup(data, &below, &[]).fails(1).contains("No such file"), "a slip in the path makes no folder");
    let nothing = scene.org.made_folder();
    assert!(backup(&nothing, &scene.org.folder(), &[]).fails(1).contains("there is no database"));
    assert!(backup(&scene.org.folder(), &scene.org.folder(), &[]).fails(1).contains("No such file"));
    assert_eq!(beside(&nothing), Vec::<String>::new());
    let keyless = scene.org.made_folder();
    fs::copy(scene.taken.join("stronghold.db"), keyless.join("stronghold.db")).unwrap();
    let out = scene.org.folder();
    assert!(backup(&keyless, &out, &[]).fails(1).contains("there is no checkpoint key"));
    assert!(!out.exists());
    // A backup is no data directory, but the database of a stopped server is as good as that of a running one.
    fs::copy(scene.taken.join("checkpoint.key"), keyless.join("checkpoint.key")).unwrap();
    backup(&keyless, &out, &[]).succeeds();
    assert_eq!(beside(&keyless), ["checkpoint.key", "stronghold.db"], "nothing is left beside the database");
    run(&["backup"]).fails_usage();
    run(&["restore", "--data-dir", text(&nothing)]).fails_usage();
}

#[test]
fn a_damaged_database_is_not_backed_up() {
    let mut scene = Scene::new();
    scene.org.server.stop();
    let data = scene.org.server.data_dir().to_owned();
    let database = Connection::open(data.join("stronghold.db")).unwrap();
    database.execute_batch("DELETE FROM audit_records WHERE position = 1").unwrap();
    drop(database);
    let out = scene.org.folder();
    let said = backup(&data, &out, &[]).fails(1);
    assert!(said.contains("is damaged") && said.contains("keep the ones that you have"), "{said}");
    assert!(!out.exists());
}

#[test]
fn a_full_disk_leaves_nothing() {
    let scene = Scene::new();
    let disk = scene.org.made_folder();
    // The second has room for the database, and not for anything more.
    let pages = fs::metadata(scene.taken.join("stronghold.db")).unwrap().len().div_ceil(4096) + 1;
    for size in ["64k".to_owned(), format!("{}k", pages * 4)] {
        let sandbox = Sandbox::new(&format!("mount -t tmpfs -o size={size} tmpfs {}", text(&disk)));
        let empty = sandbox.then(&format!("test -z \"$(ls -A {})\" || code=99", text(&disk))).wrapper();
        let data = scene.org.server.data_dir();
        let out = disk.join("backup");
        let said = run_through(&empty, &["backup", "--data-dir", text(data), "--out", text(&out)]).fails(1);
        assert!(said.contains("there is no room"), "{said}");
        let out = disk.join("data");
        let said = run_through(&empty, &["restore", "--from", text(&scene.taken), "--data-dir", text(&out)]).fails(1);
        assert!(said.contains("there is no room"), "{said}");
    }
    assert_eq!(scene.org.owner.json(&["org", "verify"])["verified"], true);
}

/// What must not be good twice, and what goes back with the backup.
#[test]
fn what_was_used_or_ended_after_the_backup() {
    let mut scene = Scene::new();
    let org = &scene.org;
    let code = run(&["setup-code", "--show", "--data-dir", text(org.server.data_dir())]).succeeds().text();
    let agent = org.agent_with(&[&org.group(&[&scene.profile])], &["--max-uses", "2"]);
    let taken = org.folder();
    backup(org.server.data_dir(), &taken, &[]).succeeds();
    let file = org.folder();
    fs::write(&file, &code).unwrap();
    let create = ["org", "create", "Second", "--setup-code-file", text(&file), "--email", "o@second.example"];
    let at = |server: &Server| {
        Cli::new(&org.folder()).var("API_STRONGHOLD_URL", server.url()).var("API_STRONGHOLD_PASSWORD", &org.password)
    };
    at(&org.server).json(&create);
    for _ in 0..2 {
        let _ = org.pull(&agent, &scene.profile);
    }
    org.as_agent(&agent).run(&["env", "pull", "--profile", &scene.profile]).fails(3);
    org.owner.json(&["agent", "deactivate", &agent.name]);

    let data = org.folder();
    let said = restore(&taken, &data, &[]).succeeds().text();
    assert!(said.contains("1 open setup codes are void") && said.contains("org verify"), "{said}");
    let server = ServerOptions::default().data_dir(&data).start();
    // The code was used since: it is good for nothing, and another one can be made.
    at(&server).run(&create).fails(3);
    let another = run(&["setup-code", "--show", "--data-dir", text(&data)]).succeeds().text();
    fs::write(&file, another).unwrap();
    at(&server).json(&create);
    // Uses and deactivation are the backup's again; whoever remembers the deactivation notices.
    let pulled = org.as_agent(&agent).var("API_STRONGHOLD_URL", server.url());
    pulled.ok(&["env", "pull", "--profile", &scene.profile]);
    let owner = org.owner.clone().var("API_STRONGHOLD_URL", server.url());
    assert_eq!(owner.run(&["-q", "org", "verify"]).code(), 5);
    // A backup of what was restored is one like any other.
    let again = org.folder();
    backup(&data, &again, &[]).succeeds();
    let second = restored(org, &again);
    assert_eq!(newcomer(org, &second).json(&["org", "verify"])["verified"], true);
    scene.org.server.stop();
}

/// Of a server that was killed, whose newest writes are in the log beside its database.
#[test]
fn a_killed_servers_data_is_backed_up() {
    let mut scene = Scene::new();
    scene.org.push(&scene.profile, &[("KEY", b"newest")]);
    scene.org.server.kill();
    let out = scene.org.folder();
    backup(scene.org.server.data_dir(), &out, &[]).succeeds();
    assert_eq!(beside(&out), ["backup.json", "checkpoint.key", "stronghold.db"]);
    let server = restored(&scene.org, &out);
    let owner = newcomer(&scene.org, &server);
    assert_eq!(owner.ok(&["secret", "get", "KEY", "--profile", &scene.profile]).stdout, b"newest");
    // The killed one goes on as if nothing had been.
    scene.org.server.start_again();
    assert_eq!(scene.org.owner.json(&["org", "verify"])["verified"], true);
}
