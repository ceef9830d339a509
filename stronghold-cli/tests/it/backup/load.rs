//! Backups under load, restored elsewhere.

use super::{backup, beside, command, device, manifest, newcomer, restored};
use crate::{say, text};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use stronghold_testkit::{Cli, Org, Token, until};

const PATIENCE: Duration = Duration::from_secs(120);
/// Bytes that make the database large enough for a look at a copy that is not complete.
const BALLAST: u64 = 96 * 1024 * 1024;

/// What a server acknowledged.
#[derive(Clone, Default)]
struct Acknowledged {
    /// Secrets of each profile.
    secrets: BTreeMap<String, BTreeMap<String, String>>,
    /// Names of agents.
    agents: Vec<String>,
    /// How many pulls were answered.
    pulls: usize,
}

impl Acknowledged {
    fn writes(&self) -> usize {
        self.secrets.values().map(BTreeMap::len).sum::<usize>() + self.agents.len()
    }
}

/// Clients that write and read until they are told to stop.
struct Load {
    acknowledged: Mutex<Acknowledged>,
    over: AtomicBool,
}

impl Load {
    fn so_far(&self) -> Acknowledged {
        self.acknowledged.lock().unwrap().clone()
    }

    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::SeqCst)
    }

    /// Adds a secret with each write, so that none hides an earlier one.
    fn write_secrets(&self, cli: &Cli, profile: &str) {
        for round in 0.. {
            if !self.goes_on() {
                return;
            }
            let (name, value) = (format!("KEY_{round}"), format!("value {round} of {profile}"));
            let set = ["secret", "set", &name, "--profile", profile, "--stdin"];
            cli.run_with(&set, value.as_bytes()).succeeds();
            let mut acknowledged = self.acknowledged.lock().unwrap();
            acknowledged.secrets.entry(profile.to_owned()).or_default().insert(name, value);
        }
    }

    fn create_agents(&self, cli: &Cli, group: &str) {
        for round in 0.. {
            if !self.goes_on() {
                return;
            }
            let name = format!("agent {round}");
            cli.json(&["agent", "create", &name, "--group", group]);
            self.acknowledged.lock().unwrap().agents.push(name);
        }
    }

    fn pull(&self, agent: &Cli, profile: &str) {
        while self.goes_on() {
            agent.ok(&["env", "pull", "--profile", profile, "--format", "json"]);
            self.acknowledged.lock().unwrap().pulls += 1;
        }
    }
}

/// Tells the clients to stop also when a check fails, so that the test ends.
struct Ends<'l>(&'l Load);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

struct Scene {
    org: Org,
    profiles: [String; 2],
    /// Of agents that are created under load. Nobody writes to its profile: a statement vouches for the newest revision of
    /// each profile that it concerns, and gives way to whoever writes one meanwhile.
    group: String,
    agent: Token,
}

impl Scene {
    fn new() -> Self {
        let org = Org::start();
        let profiles = [org.profile(&[("FIRST", b"1")]), org.profile(&[("FIRST", b"1")])];
        let agent = org.agent(&[&org.group(&[&profiles[0], &profiles[1]])]);
        let group = org.group(&[&org.profile(&[("QUIET", b"1")])]);
        fill(&org);
        Self { org, profiles, group, agent }
    }
}

/// Puts values into the database that the server never asks for.
fn fill(org: &Org) {
    let database = Connection::open(org.server.data_dir().join("stronghold.db")).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    let piece: i64 = 4 * 1024 * 1024;
    for number in 0..i64::try_from(BALLAST).unwrap() / piece {
        let put = "INSERT INTO server_values (name, value) VALUES ('ballast ' || ?1, randomblob(?2))";
        database.execute(put, [number, piece]).unwrap();
    }
}

/// A backup that was stopped by the system in the middle of the copy, and goes on when it is told to.
struct Held {
    child: Child,
    id: Pid,
}

impl Held {
    fn start(org: &Org, out: &Path) -> Self {
        for _ in 0..20 {
            let arguments = ["backup", "--data-dir", text(org.server.data_dir()), "--out", text(out)];
            let mut command = command(&[], &arguments);
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
            let mut held = Self { child, id };
            let begun = until("the copy begins", PATIENCE, || {
                let copied = copied(out);
                (copied > 0 || held.child.try_wait().unwrap().is_some()).then_some(copied)
            });
            held.signal(Signal::STOP);
            until("it stands still", PATIENCE, || {
                (held.child.try_wait().unwrap().is_some() || held.stands_still()).then_some(())
            });
            // Where the copy was complete already, another one is tried.
            if begun > 0 && held.child.try_wait().unwrap().is_none() && copied(out) < BALLAST {
                return held;
            }
            held.signal(Signal::CONT);
            held.child.wait().unwrap();
            let _ = fs::remove_dir_all(out);
        }
        panic!("no backup was caught in the middle");
    }

    /// Whether each of its threads is stopped: the signal is on its way for a while.
    fn stands_still(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).into_iter().flatten().flatten();
        let mut states = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
        // The state comes after the name, which stands in parentheses.
        states.all(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')))
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process(self.id, signal);
    }

    fn finish(self) {
        self.signal(Signal::CONT);
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What of a backup that is being made is not under its name yet.
fn staged(out: &Path) -> Option<PathBuf> {
    let prefix = format!(".{}.", out.file_name().unwrap().to_str().unwrap());
    let name = beside(out.parent().unwrap()).into_iter().find(|name| name.starts_with(&prefix))?;
    Some(out.with_file_name(name))
}

fn copied(out: &Path) -> u64 {
    let database = staged(out).map(|folder| folder.join("stronghold.db"));
    database.and_then(|file| fs::metadata(file).ok()).map_or(0, |file| file.len())
}

/// A backup with what is known of when it was taken.
struct Taken {
    path: PathBuf,
    /// What was acknowledged before it began.
    before: Acknowledged,
    /// A client that verified everything just before it began.
    witness: Cli,
    /// How many writes were acknowledged while it was made.
    during: usize,
    /// Profiles and secrets of writes that began after the copy did.
    later: Vec<(String, String)>,
}

#[test]
fn a_backup_under_load_holds_every_write_that_was_acknowledged_before() {
    let scene = Scene::new();
    let org = &scene.org;
    let folder = org.made_folder();
    let load = Load { acknowledged: Mutex::default(), over: AtomicBool::new(false) };
    let (taken, after) = thread::scope(|scope| {
        let _ends = Ends(&load);
        for profile in &scene.profiles {
            let (load, cli) = (&load, device(org));
            scope.spawn(move || load.write_secrets(&cli, profile));
            let reader = org.as_agent(&scene.agent);
            scope.spawn(move || load.pull(&reader, profile));
        }
        let (admin, load) = (device(org), &load);
        let group = &scene.group;
        scope.spawn(move || load.create_agents(&admin, group));

        let mut taken = Vec::new();
        for round in 0..3 {
            let enough = load.so_far().writes() + 4;
            until("the clients write", PATIENCE, || (load.so_far().writes() >= enough).then_some(()));
            let witness = device(org);
            witness.json(&["org", "verify"]);
            let path = folder.join(format!("backup-{round}"));
            let before = load.so_far();
            let mut later = Vec::new();
            if round == 0 {
                // Writers wait for nothing while a backup is in the middle of its copy, however long it takes.
                let held = Held::start(org, &path);
                let stopped_at = load.so_far();
                let size = copied(&path);
                until("the clients go on writing", PATIENCE, || {
                    let now = load.so_far();
                    let goes_on = |profile| now.secrets[profile].len() >= stopped_at.secrets[profile].len() + 2;
                    let agents = now.agents.len() > stopped_at.agents.len();
                    (scene.profiles.iter().all(goes_on) && agents && now.pulls > stopped_at.pulls).then_some(())
                });
                assert!(!path.exists(), "it has no name before it is complete");
                assert_eq!(copied(&path), size, "and was held all the time");
                // The first write after the stop may have begun before it; the second did not.
                let secrets = load.so_far().secrets;
                let newest = |(profile, known): (&String, &BTreeMap<String, String>)| {
                    (profile.clone(), format!("KEY_{}", known.len() - 1))
                };
                later.extend(secrets.iter().map(newest));
                held.finish();
            } else {
                backup(org.server.data_dir(), &path, &[]).succeeds();
            }
            let during = load.so_far().writes() - before.writes();
            taken.push(Taken { path, before, witness, during, later });
        }
        let after = load.so_far();
        (taken, after)
    });
    assert!(taken[0].during > 0 && taken[0].later.len() == scene.profiles.len());
    org.owner.json(&["org", "verify"]);
    assert_eq!(beside(&folder), ["backup-0", "backup-1", "backup-2"], "nothing is left beside them");
    for Taken { path, before, witness, during, later } in &taken {
        let began = Instant::now();
        check_form(path);
        let server = restored(org, path);
        assert_ne!(server.url(), org.server.url());
        let at = |cli: &Cli| cli.clone().var("API_STRONGHOLD_URL", server.url());
        let fresh = newcomer(org, &server);
        for (who, cli) in [("a client without memory", fresh.clone()), ("a client that remembers", at(witness))] {
            let verified = cli.json(&["org", "verify"]);
            assert_eq!(verified["verified"], true, "{who}");
            let described = &manifest(path)["organizations"][0];
            assert_eq!(verified["statements"], described["statements"], "{who}");
            assert_eq!(verified["head"], described["head"], "{who}");
        }
        assert_eq!(fresh.json(&["audit", "verify"])["verified"], true);
        for (profile, secrets) in &before.secrets {
            // By a person, and by an agent that was there before.
            let agent = org.as_agent(&scene.agent).var("API_STRONGHOLD_URL", server.url());
            for reader in [&fresh, &agent] {
                let pulled = reader.ok(&["env", "pull", "--profile", profile, "--format", "json"]).json();
                for (name, value) in secrets {
                    assert_eq!(pulled[name], json!(value), "{name} of {profile}");
                }
            }
        }
        for (profile, name) in later {
            // One snapshot, of when the copy began.
            fresh.run(&["secret", "get", name, "--profile", profile]).fails(4);
        }
        let agents = fresh.json(&["agent", "list"]);
        let is_there = |name: &String| agents.as_array().unwrap().iter().any(|agent| agent["name"] == json!(name));
        assert!(before.agents.iter().all(is_there), "{agents}");
        // Whoever saw more notices: at this server, what it remembers is not there.
        assert_eq!(at(&org.owner).run(&["-q", "org", "verify"]).code(), 5);
        say(&format!(
            "a backup after {} acknowledged writes, {during} more during it; restored and verified in {:.1?}",
            before.writes(),
            began.elapsed()
        ));
    }
    say(&format!("{} writes and {} pulls were acknowledged in all, none failed", after.writes(), after.pulls));
}

/// One plain database, a key, and a manifest, for their owner alone.
fn check_form(backup: &Path) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(beside(backup), ["backup.json", "checkpoint.key", "stronghold.db"]);
    assert_eq!(mode(backup), 0o700);
    let described = manifest(backup);
    for name in beside(backup) {
        assert_eq!(mode(&backup.join(&name)), 0o600, "{name}");
        let file = &described["files"][&name];
        if name != "backup.json" {
            assert_eq!(file["bytes"], json!(fs::metadata(backup.join(&name)).unwrap().len()));
        }
    }
    // SQLite's file format, 1.3.3: 1 for both is a database without a log beside it.
    let header = fs::read(backup.join("stronghold.db")).unwrap();
    assert_eq!(header[18..20], [1, 1]);
    assert_eq!(described["format"], Value::from(1));
}

#[test]
fn a_killed_backup_has_no_name_and_a_stopped_one_leaves_nothing() {
    let scene = Scene::new();
    let org = &scene.org;
    let folder = org.made_folder();
    let out = folder.join("backup");
    let mut held = Held::start(org, &out);
    held.signal(Signal::KILL);
    held.child.wait().unwrap();
    assert!(!out.exists());
    let left = staged(&out).expect("what a killed one left has another name");
    assert!(!left.join("backup.json").exists(), "and is not a backup");
    fs::remove_dir_all(left).unwrap();

    let held = Held::start(org, &out);
    held.signal(Signal::TERM);
    held.signal(Signal::CONT);
    let output = held.child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("stopped: no backup was left behind"));
    assert_eq!(beside(&folder), Vec::<String>::new());

    backup(org.server.data_dir(), &out, &[]).succeeds();
    check_form(&out);
    assert_eq!(beside(&folder), ["backup"]);
}
