//! What a person's command line remembers, as an agent's does: no server takes it back, and each override lifts what it
//! names.

use crate::{tampering::copy, text};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use stronghold_testkit::{Cli, Org, Sandbox};

/// An organization, a profile of it, and a copy of the server's data of before the newest value was written.
struct Past {
    org: Org,
    profile: String,
    earlier: PathBuf,
}

impl Past {
    fn new() -> Self {
        let mut org = Org::start();
        let profile = org.profile(&[("KEY", b"old")]);
        let earlier = org.folder();
        org.server.stop();
        copy(org.server.data_dir(), &earlier);
        org.server.start_again();
        org.push(&profile, &[("KEY", b"new")]);
        Self { org, profile, earlier }
    }

    fn go_back(&mut self) {
        self.org.server.stop();
        copy(&self.earlier, self.org.server.data_dir());
        self.org.server.start_again();
    }
}

/// The statements that the server has.
fn head(org: &Org, cli: &Cli) -> u64 {
    let shown = cli.json(&["org", "show"]);
    assert_eq!(shown["org_id"], org.created["org_id"]);
    shown["seq"].as_u64().or_else(|| shown["statements"].as_u64()).unwrap_or_else(|| panic!("{shown}"))
}

/// The file of a state folder whose name begins so.
fn file_of(folder: &Path, name: &str) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.find(|file| file.file_name().unwrap().to_str().unwrap().starts_with(name)).expect("it is there")
}

/// A person on another device.
fn device(org: &Org) -> Cli {
    let cli = Cli::new(&org.folder())
        .var("API_STRONGHOLD_URL", org.server.url())
        .var("API_STRONGHOLD_PASSWORD", &org.password)
        .var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
    cli.json(&["auth", "login", "--email", "owner@acme.example"]);
    cli
}

/// The directory is the same in both states, so only the profile's own floor tells: whatever reads, writes, vouches or seals is
/// refused, and nothing is signed on top of the old revision.
#[test]
fn no_command_works_on_less_than_was_seen() {
    let mut past = Past::new();
    let profile = past.profile.clone();
    // Another device saw the newest revision as well, but only by reading it.
    let reader = device(&past.org);
    assert_eq!(reader.ok(&["env", "pull", "--profile", &profile]).text(), "KEY=new\n");
    past.org.server.stop();
    let newest = past.org.folder();
    copy(past.org.server.data_dir(), &newest);
    past.org.server.start_again();
    past.go_back();
    let at = ["--profile", profile.as_str()];
    let commands: Vec<Vec<&str>> = vec![
        [&["env", "pull"][..], &at].concat(),
        [&["env", "run"][..], &at, &["--", "true"]].concat(),
        [&["secret", "get", "KEY"][..], &at].concat(),
        [&["secret", "list"][..], &at].concat(),
        [&["secret", "delete", "KEY", "--yes"][..], &at].concat(),
        [&["secret", "history", "KEY"][..], &at].concat(),
        [&["profile", "history"][..], &at].concat(),
        vec!["profile", "lock", &profile],
        vec!["profile", "rename", &profile, "other"],
        vec!["profile", "rotate", &profile],
    ];
    for cli in [&past.org.owner, &reader] {
        for command in &commands {
            cli.run(command).fails(5);
        }
        cli.run_with(&["secret", "set", "KEY", "--profile", &profile, "--stdin"], b"on top").fails(5);
        cli.run_with(&["env", "push", "--profile", &profile, "-"], b"KEY=on-top\n").fails(5);
    }
    past.org.server.stop();
    copy(&newest, past.org.server.data_dir());
    past.org.server.start_again();
    assert_eq!(past.org.owner.ok(&["env", "pull", "--profile", &profile]).text(), "KEY=new\n");
}

/// What a new agent's token vouches for is the newest revision, so minting one on top of an old revision is refused.
#[test]
fn an_agent_is_not_made_on_top_of_an_old_revision() {
    let mut past = Past::new();
    let group = past.org.group(&[&past.profile]);
    past.earlier = past.org.folder();
    past.org.server.stop();
    copy(past.org.server.data_dir(), &past.earlier);
    past.org.server.start_again();
    past.org.push(&past.profile, &[("KEY", b"newer")]);
    past.go_back();
    let before = head(&past.org, &past.org.owner);
    past.org.owner.run(&["agent", "create", "late", "--group", &group]).fails(5);
    assert_eq!(head(&past.org, &past.org.owner), before, "nothing was signed");
}

/// The statements on disk are a cache: whatever becomes of the file, what is accepted stays the same.
#[test]
fn the_directory_file_decides_nothing() {
    let mut past = Past::new();
    let _ = past.org.group(&[]);
    let state = past.org.owner.config_dir().join("state");
    let file = file_of(&state, "directory-");
    let whole = fs::read(&file).unwrap();
    let (cli, profile) = (past.org.owner.clone(), past.profile.clone());
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let damages: [(&str, Option<Vec<u8>>); 6] = [
        ("missing", None),
        ("empty", Some(Vec::new())),
        ("short", Some(whole[..whole.len() / 2].to_vec())),
        ("a bit flipped", Some(flipped)),
        ("no text", Some(vec![0xff; 100])),
        ("whole", Some(whole)),
    ];
    let put = |damage: &Option<Vec<u8>>| match damage {
        Some(bytes) => fs::write(&file, bytes).unwrap(),
        None => fs::remove_file(&file).unwrap(),
    };
    for (what, damage) in &damages {
        put(damage);
        assert_eq!(cli.ok(&["env", "pull", "--profile", &profile]).text(), "KEY=new\n", "{what}");
        // What was damaged is whole again, and one more command reads it.
        cli.ok(&["profile", "list"]);
        assert!(fs::read(&file).unwrap().ends_with(b"\n"), "{what}");
    }
    past.go_back();
    for (what, damage) in &damages {
        put(damage);
        let said = cli.run(&["profile", "list"]).fails(5);
        assert!(!said.is_empty(), "{what}");
    }
}

/// Memory that cannot be written is one warning, which says what to do; the work goes on. Damaged memory is refused.
#[test]
fn memory_that_cannot_be_written_warns_once() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"1")]);
    let cli = device(&org);
    let at = text(cli.config_dir()).to_owned();
    cli.ok(&["env", "pull", "--profile", &profile]);
    org.push(&profile, &[("KEY", b"2")]);
    let read_only = Sandbox::new(&format!("mount --bind {at} {at}\nmount -o remount,ro,bind {at}"));
    let pulled = cli.clone().through(read_only.wrapper()).run(&["env", "pull", "--profile", &profile]).succeeds();
    assert_eq!(pulled.text(), "KEY=2\n");
    let said = pulled.messages();
    assert_eq!(said.lines().filter(|line| line.starts_with("warning: ")).count(), 1, "{said}");
    assert!(said.contains("API_STRONGHOLD_CONFIG_DIR"), "{said}");
    let state = cli.config_dir().join("state");
    let floors = file_of(&state, "floors-");
    for damage in ["", "{", "[]", r#"{"header":null,"roster":null,"profiles":[],"more":1}"#] {
        fs::write(&floors, damage).unwrap();
        for command in [&["env", "pull", "--profile", &profile][..], &["org", "show"], &["org", "verify"]] {
            let said = cli.run(command).fails(1);
            assert!(said.contains("damaged"), "{said}");
        }
        assert_eq!(fs::read_to_string(&floors).unwrap(), damage);
    }
}

/// Another profile of the same name is told on every command that takes a name, and accepted by hand only.
#[test]
fn a_replaced_profile_is_told_to_people() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"first")]);
    let group = org.group(&[&profile]);
    let other = device(&org);
    other.ok(&["env", "pull", "--profile", &profile]);
    let lock = org.folder();
    // Who deletes it knows.
    org.owner.json(&["profile", "delete", &profile, "--yes"]);
    org.owner.json(&["profile", "create", &profile]);
    org.push(&profile, &[("KEY", b"second")]);
    let at = ["--profile", profile.as_str()];
    let commands: Vec<Vec<&str>> = vec![
        [&["env", "pull"][..], &at].concat(),
        [&["env", "run"][..], &at, &["--", "true"]].concat(),
        [&["secret", "get", "KEY"][..], &at].concat(),
        [&["secret", "list"][..], &at].concat(),
        [&["secret", "list", "--exposed"][..], &at].concat(),
        [&["secret", "delete", "KEY", "--yes"][..], &at].concat(),
        [&["secret", "history", "KEY"][..], &at].concat(),
        [&["secret", "rollback", "KEY", "--to", "1"][..], &at].concat(),
        [&["secret", "copy", "KEY", "--to", &profile, "--as", "OTHER"][..], &at].concat(),
        [&["profile", "history"][..], &at].concat(),
        [&["profile", "diff", "1", "2"][..], &at].concat(),
        [&["profile", "restore", "--revision", "1", "--yes"][..], &at].concat(),
        vec!["profile", "show", &profile],
        vec!["profile", "rename", &profile, "other"],
        vec!["profile", "rotate", &profile],
        vec!["profile", "lock", &profile, "-o", text(&lock)],
        vec!["profile", "delete", &profile, "--yes"],
        vec!["group", "grant", &group, &profile],
        vec!["group", "revoke", &group, &profile],
        [&["audit", "list"][..], &at].concat(),
    ];
    for command in &commands {
        let run = other.run(command);
        let said = run.fails(5);
        assert!(said.contains("replaced"), "{command:?}: {said}");
    }
    for (command, input) in
        [(["secret", "set", "KEY", "--stdin"], "x"), (["env", "push", "-", "--format=dotenv"], "A=1")]
    {
        let said = other.run_with(&[&command[..], &at].concat(), input.as_bytes()).fails(5);
        assert!(said.contains("replaced"), "{command:?}: {said}");
    }
    let pull = ["env", "pull", "--profile", &profile];
    assert_eq!(other.ok(&[&pull[..], &["--accept-replaced"]].concat()).text(), "KEY=second\n");
    assert_eq!(other.ok(&pull).text(), "KEY=second\n", "once is enough");
    assert_eq!(org.owner.ok(&pull).text(), "KEY=second\n");
}

/// `--accept-replaced` accepts another profile of a name; the same profile in an older state is refused all the same, by an
/// agent, by a person, and with a lock file.
#[test]
fn accepting_a_replacement_accepts_no_rollback() {
    let mut past = Past::new();
    let group = past.org.group(&[&past.profile]);
    let agent = past.org.agent(&[&group]);
    past.earlier = past.org.folder();
    past.org.server.stop();
    copy(past.org.server.data_dir(), &past.earlier);
    past.org.server.start_again();
    past.org.push(&past.profile, &[("KEY", b"newer")]);
    let (remembering, lock) = (past.org.as_agent(&agent), past.org.folder());
    let pull = ["env", "pull", "--profile", &past.profile.clone()].map(str::to_owned);
    let accepting = [&pull[..], &["--accept-replaced".to_owned()]].concat();
    remembering.ok(&pull);
    past.org.owner.ok(&["profile", "lock", &past.profile, "-o", text(&lock)]);
    past.go_back();
    remembering.run(&accepting).fails(5);
    past.org.owner.run(&accepting).fails(5);
    let locked = past.org.as_agent(&agent).var("API_STRONGHOLD_LOCK", &lock);
    locked.run(&accepting).fails(5);
    let said =
        past.org.as_agent(&agent).run(&["profile", "lock", &past.profile, "-o", text(&lock), "--accept-replaced"]);
    said.fails(5);
}

/// A lock file names profiles by id: another one of the name is not read with it, unless the file is written again.
#[test]
fn a_lock_file_is_changed_by_writing_it() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"first")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let lock = org.folder();
    org.owner.ok(&["profile", "lock", &profile, "-o", text(&lock)]);
    org.owner.json(&["profile", "delete", &profile, "--yes"]);
    org.owner.json(&["profile", "create", &profile]);
    org.push(&profile, &[("KEY", b"second")]);
    org.owner.json(&["group", "grant", &group, &profile]);
    let runner = org.as_agent(&agent).var("API_STRONGHOLD_LOCK", &lock);
    let pull = ["env", "pull", "--profile", &profile];
    runner.run(&pull).fails(5);
    runner.run(&[&pull[..], &["--accept-replaced"]].concat()).fails(5);
    let write = ["profile", "lock", &profile, "-o", text(&lock)];
    org.as_agent(&agent).run(&write).fails(5);
    org.as_agent(&agent).run(&[&write[..], &["--accept-rollback"]].concat()).fails(5);
    org.as_agent(&agent).ok(&[&write[..], &["--accept-replaced"]].concat());
    assert_eq!(runner.ok(&pull).text(), "KEY=second\n");
}

/// A rollback that is accepted accepts no other profile of the name.
#[test]
fn accepting_a_rollback_accepts_no_replacement() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"first")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    org.owner.json(&["profile", "delete", &profile, "--yes"]);
    org.owner.json(&["profile", "create", &profile]);
    org.owner.json(&["group", "grant", &group, &profile]);
    let earlier = org.folder();
    org.server.stop();
    copy(org.server.data_dir(), &earlier);
    org.server.start_again();
    // An agent that knows the id of the time before, and a header beyond what the server will have.
    let state = org.as_agent(&agent);
    state.ok(&["profile", "list"]);
    let folder = state.config_dir().join("state");
    org.push(&profile, &[("KEY", b"second")]);
    state.ok(&["env", "pull", "--profile", &profile]);
    let floors = file_of(&folder, "floors-");
    let mut known: Value = serde_json::from_slice(&fs::read(&floors).unwrap()).unwrap();
    known["profiles"][0]["id"] = json!("01890000-0000-7000-8000-000000000001");
    fs::write(&floors, known.to_string()).unwrap();
    let _ = org.group(&[]);
    org.server.stop();
    copy(&earlier, org.server.data_dir());
    org.server.start_again();
    let said = state.run(&["env", "pull", "--profile", &profile, "--accept-rollback"]).fails(5);
    assert!(said.contains("replaced"), "{said}");
}

/// People are held to `--min-revision` by the library, as agents are.
#[test]
fn people_can_name_a_revision() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"value")]);
    let pull = ["env", "pull", "--profile", &profile];
    org.owner.ok(&[&pull[..], &["--min-revision", "2"]].concat());
    org.owner.run(&[&pull[..], &["--min-revision", "3"]].concat()).fails(5);
    org.owner.run(&["env", "run", "--profile", &profile, "--min-revision", "3", "--", "true"]).fails(5);
}

/// Signing in again at a server that is behind works, because `org verify` needs it, and lowers no floor.
#[test]
fn signing_in_again_lowers_no_floor() {
    let mut past = Past::new();
    let cli = device(&past.org);
    let _ = past.org.group(&[]);
    cli.ok(&["profile", "list"]);
    let recovered = past.org.created["recovery_kit"].as_str().unwrap().to_owned();
    past.go_back();
    cli.run(&["profile", "list"]).fails(5);
    cli.json(&["auth", "login", "--email", "owner@acme.example"]);
    cli.run(&["profile", "list"]).fails(5);
    let verified = cli.run(&["org", "verify"]);
    assert_eq!(verified.code(), 5, "it tells what was lost: {verified}");
    let recovering = cli.clone().var("API_STRONGHOLD_RECOVERY_KIT", &recovered);
    recovering.run(&["auth", "recover"]).fails(5);
    cli.run(&["profile", "list"]).fails(5);
    // On a folder that remembers nothing but the credentials, they alone hold.
    fs::remove_dir_all(cli.config_dir().join("state")).unwrap();
    cli.ok(&["org", "show"]);
}
