//! A server that cannot write its audit record answers an error and releases nothing, whatever keeps it from writing.

use crate::{tampering::copy, text};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};
use stronghold_testkit::{Cli, Org, Proxy, Sandbox, ServerOptions};

/// An organization behind a proxy that keeps what the server answered last.
struct Scene {
    org: Org,
    profile: String,
    agent: Cli,
    last: Arc<Mutex<String>>,
    proxy: Proxy,
}

impl Scene {
    fn new() -> Self {
        let proxy = Proxy::listen();
        let server = ServerOptions::default().arg("--public-url").arg(proxy.url()).start();
        proxy.connect_to(server.address());
        let org = Org::create(server, proxy.url(), |cli| cli);
        let profile = org.profile(&[("KEY", b"value")]);
        let token = org.agent(&[&org.group(&[&profile])]);
        let agent = org.as_agent(&token).var("API_STRONGHOLD_URL", proxy.url());
        let last = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&last);
        proxy.edit_replies(move |body| {
            kept.lock().unwrap().clone_from(&body);
            body
        });
        Self { org, profile, agent, last, proxy }
    }

    fn pull(&self) -> stronghold_testkit::Run {
        self.agent.run(&["env", "pull", "--profile", &self.profile, "--format", "json"])
    }

    /// Whether a pull worked; if not, it was refused, and nothing came with the refusal.
    fn pulled(&self) -> bool {
        let run = self.pull();
        if run.code() == 0 {
            assert_eq!(run.json(), json!({"KEY": "value"}));
            return true;
        }
        run.fails(1);
        assert_eq!(run.text(), "");
        let answer: Value = serde_json::from_str(&self.last.lock().unwrap()).unwrap();
        assert_eq!((&answer["code"], &answer["secrets"]), (&json!("unavailable"), &Value::Null), "{answer}");
        false
    }

    /// How many of the agent's pulls the log says were answered, once all of it was verified.
    fn logged(&self) -> usize {
        assert_eq!(self.org.owner.json(&["audit", "verify"])["verified"], true);
        let reads = self.org.owner.json(&["audit", "list", "--action", "profile.read", "--limit", "10000"]);
        let allowed = |read: &&Value| read["outcome"] == "allowed" && read["principal"]["kind"] == "agent";
        reads.as_array().unwrap().iter().filter(allowed).count()
    }
}

#[test]
fn a_full_disk_releases_nothing() {
    let mut scene = Scene::new();
    let (data, address) = (scene.org.server.data_dir().to_owned(), scene.org.server.address().to_owned());
    scene.org.server.stop();
    // A disk with room for some pulls, and with something on it that can be deleted.
    let disk = scene.org.made_folder();
    let made = format!(
        "mount -t tmpfs -o size=4m tmpfs {0}\ncp -a {1}/. {0}/\nhead -c 1048576 /dev/zero > {0}/ballast",
        text(&disk),
        text(&data)
    );
    let small = ServerOptions::default().data_dir(&disk).listen(&address).arg("--public-url").arg(scene.proxy.url());
    let server = small.through(Sandbox::new(&made).wrapper()).start();
    let mut pulls = 0;
    while scene.pulled() {
        pulls += 1;
        assert!(pulls < 2000, "the disk does not fill");
    }
    assert!(pulls > 0);
    assert!(!scene.pulled(), "nor the next time");
    fs::remove_file(
        Path::new("/proc")
            .join(server.id().to_string())
            .join("root")
            .join(disk.strip_prefix("/").unwrap())
            .join("ballast"),
    )
    .unwrap();
    assert!(scene.pulled(), "with room, it goes on");
    assert_eq!(scene.logged(), pulls + 1, "what was answered is logged, and nothing else");
}

#[test]
fn a_locked_database_releases_nothing() {
    let scene = Scene::new();
    assert!(scene.pulled());
    let database = Connection::open(scene.org.server.data_dir().join("stronghold.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(!scene.pulled());
    database.execute_batch("ROLLBACK").unwrap();
    assert!(scene.pulled());
    assert_eq!(scene.logged(), 2);
}

#[test]
fn a_read_only_database_is_not_served() {
    let mut scene = Scene::new();
    assert!(scene.pulled());
    scene.org.server.stop();
    let disk = scene.org.made_folder();
    copy(scene.org.server.data_dir(), &disk);
    let made = format!("mount --bind {0} {0}\nmount -o remount,bind,ro {0}", text(&disk));
    let run = ServerOptions::default().data_dir(&disk).through(Sandbox::new(&made).wrapper()).run();
    let said = run.fails(1);
    assert!(said.contains("writable"), "it says why: {said}");
    // The same data, where it can be written.
    scene.org.server.start_again();
    assert!(scene.pulled());
    assert_eq!(scene.logged(), 2);
}
