//! A server that was put back to an old copy of its data: what `org verify` says, and going on from there.

use crate::{named, people::member, tampering::copy, text};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use stronghold_testkit::{Cli, Org, Run};

/// An organization with two profiles, an old copy of its data, and everything that came after it.
struct Scene {
    org: Org,
    backup: PathBuf,
    one: String,
    two: String,
    group: String,
}

impl Scene {
    /// Up to the copy.
    fn new() -> Self {
        let org = Org::start();
        let (one, two) = (org.profile(&[("KEY", b"old")]), org.profile(&[("KEY", b"old")]));
        let group = org.group(&[&one, &two]);
        let backup = org.folder();
        Self { org, backup, one, two, group }
    }

    fn back_up(&mut self) {
        self.org.server.stop();
        copy(self.org.server.data_dir(), &self.backup);
        self.org.server.start_again();
    }

    fn restore(&mut self) {
        self.org.server.stop();
        copy(&self.backup, self.org.server.data_dir());
        self.org.server.start_again();
    }

    /// The owner's configuration folder, as it is now, for another command to change.
    fn owner_again(&self) -> Cli {
        let folder = self.org.folder();
        copy(self.org.owner.config_dir(), &folder);
        Cli::new(&folder).var("API_STRONGHOLD_URL", self.org.server.url())
    }

    /// The owner on a new machine, with nothing but password and account key.
    fn owner_without_memory(&self) -> Cli {
        let device = Cli::new(&self.org.folder())
            .var("API_STRONGHOLD_URL", self.org.server.url())
            .var("API_STRONGHOLD_PASSWORD", &self.org.password)
            .var("API_STRONGHOLD_ACCOUNT_KEY", self.org.account_key());
        device.json(&["auth", "login", "--email", "owner@acme.example"]);
        device
    }
}

const VERIFY: [&str; 3] = ["--json", "org", "verify"];

/// The report and the one line of a verification that fails with exit code 5.
fn mismatch(run: &Run) -> (Value, Value) {
    assert_eq!(run.code(), 5, "{run}");
    let messages = run.messages();
    let problem = messages.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{run}"));
    (run.json(), serde_json::from_str(problem).unwrap())
}

/// All that was lost, in one list of texts.
fn lost_texts(report: &Value) -> Vec<String> {
    let statements = report["lost"]["statements"].as_array().unwrap();
    let changes = statements.iter().flat_map(|statement| statement["changes"].as_array().unwrap());
    changes.map(|change| change["text"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn everything_that_was_lost_is_named() {
    let mut scene = Scene::new();
    let (gone, kept) = (scene.org.agent(&[&scene.group]), scene.org.agent(&[&scene.group]));
    let paused = scene.org.agent(&[&scene.group]);
    let (editor, _) = member(&scene.org, "editor@acme.example", "editor", &[&scene.group]);
    let before = scene.org.owner.json(&["org", "verify"]);
    scene.back_up();

    let org = &scene.org;
    let late = org.agent(&[&scene.group]);
    org.owner.json(&["agent", "delete", &gone.name, "--yes"]);
    org.owner.json(&["agent", "deactivate", &paused.name]);
    org.owner.json(&["agent", "rotate-token", &kept.name]);
    org.owner.json(&["user", "remove", "editor@acme.example", "--yes"]);
    org.push(&scene.one, &[("KEY", b"new"), ("MORE", b"new")]);
    for value in [&b"new"[..], b"newer"] {
        org.push(&scene.two, &[("KEY", value)]);
    }
    let _ = org.pull(&late, &scene.one);
    let now = org.owner.json(&["org", "verify"]);
    let log = org.owner.json(&["audit", "verify"]);
    assert_eq!((&now["verdict"], &now["verified"]), (&json!("same"), &json!(true)));
    scene.restore();

    let (report, problem) = mismatch(&scene.org.owner.run(&VERIFY));
    assert_eq!((&report["verdict"], &report["verified"]), (&json!("older"), &json!(false)));
    assert_eq!((&report["statements"], &report["head"]), (&before["statements"], &before["head"]));
    let number = |value: &Value| value.as_u64().unwrap();
    let (old, new) = (number(&before["statements"]), number(&now["statements"]));
    let header = &report["remembered"]["header"];
    assert_eq!((&header["relation"], &header["by"]), (&json!("behind"), &json!(new - old)));
    assert_eq!((&header["shown"]["seq"], &header["known"]["seq"]), (&json!(old - 1), &json!(new - 1)));

    let statements = report["lost"]["statements"].as_array().unwrap();
    let positions: Vec<u64> = statements.iter().map(|statement| number(&statement["seq"])).collect();
    assert_eq!(positions, (old..new).collect::<Vec<_>>(), "every lost statement is listed");
    assert!(statements.iter().all(|statement| statement["author"] == "owner@acme.example"), "{report}");
    assert!(statements.iter().all(|statement| statement["time"].as_str().unwrap().ends_with('Z')), "{report}");
    assert_eq!(report["lost"]["unlisted"], 0);
    let texts = lost_texts(&report);
    for text in [
        format!("agent created: {}", late.name),
        format!("agent deleted: {}", gone.name),
        format!("agent deactivated: {}", paused.name),
        format!("agent's token rotated, the old one ended: {}", kept.name),
        "member removed: editor@acme.example".to_owned(),
        format!("added to group {}: agent {}", scene.group, late.name),
    ] {
        assert!(texts.contains(&text), "{text:?} is not in {texts:?}");
    }
    let regained = &report["lost"]["regained"];
    for (name, text) in [
        (&gone.name[..], "was deleted, and is served again"),
        (&paused.name, "was deactivated, and is served again"),
        (&kept.name, "has a token again that was rotated out"),
        ("editor@acme.example", "was removed, and is a member again, as editor"),
    ] {
        assert_eq!(named(regained, name)["text"], text);
    }
    assert!(named(regained, &scene.one)["text"].as_str().unwrap().starts_with("has its key of generation"));

    for profile in [&scene.one, &scene.two] {
        let compared = named(&report["remembered"]["profiles"], profile);
        assert_eq!(compared["relation"], "behind", "{compared}");
        let (known, shown) = (number(&compared["known"]["revision"]), number(&compared["shown"]["revision"]));
        assert_eq!(number(&compared["by"]), known - shown);
        assert_eq!(shown, 2, "created, and written once");
    }
    let audit = &report["remembered"]["audit"];
    let kept_records = number(&audit["kept"]);
    assert_eq!(audit["known"], log["records"]);
    assert!(kept_records < number(&log["records"]) && kept_records <= number(&audit["shown"]), "{audit}");
    let title = problem["title"].as_str().unwrap();
    let parts = [format!("{} statements", new - old), "of 2 profiles".to_owned(), "audit records".to_owned()];
    for part in parts.iter().map(String::as_str).chain(["older than what this client remembers"]) {
        assert!(title.contains(part), "{part:?} is not in {title}");
    }
    assert!(problem["detail"].as_str().unwrap().contains("--accept-rollback"));

    // In words, the same.
    let words = scene.org.owner.run(&["-q", "org", "verify"]);
    assert_eq!(words.code(), 5, "{words}");
    for part in ["Lost statements", "Allowed again", &gone.name, "member removed: editor@acme.example", "audit log: of"]
    {
        assert!(words.text().contains(part), "{part:?} is not in {words}");
    }
    // Other commands say where to look, and use nothing.
    let line = scene.org.owner.run(&["profile", "list"]).fails(5);
    assert!(line.contains("`org verify`"), "{line}");
    // Who remembers nothing cannot know; and who was removed is a member again.
    assert_eq!(scene.owner_without_memory().json(&["org", "verify"])["verified"], true);
    editor.ok(&["secret", "get", "KEY", "--profile", &scene.one]);
}

#[test]
fn without_the_cache_counts_are_told() {
    let mut scene = Scene::new();
    scene.back_up();
    let _ = scene.org.agent(&[&scene.group]);
    scene.org.owner.json(&["org", "verify"]);
    scene.restore();
    let owner = scene.owner_again();
    let state = fs::read_dir(owner.config_dir().join("state")).unwrap();
    let caches = state.map(|entry| entry.unwrap().path()).filter(|file| text(file).contains("directory-"));
    let caches: Vec<_> = caches.collect();
    assert_eq!(caches.len(), 1);
    fs::remove_file(&caches[0]).unwrap();
    let (report, _) = mismatch(&owner.run(&VERIFY));
    assert_eq!(report["verdict"], "older");
    assert_eq!((&report["lost"]["statements"], &report["lost"]["unlisted"]), (&json!([]), &json!(1)));
    assert_eq!(report["remembered"]["header"]["relation"], "behind");
}

/// Reads only: nothing but the audit log tells.
#[test]
fn lost_reads_are_counted() {
    let mut scene = Scene::new();
    let agent = scene.org.agent(&[&scene.group]);
    scene.back_up();
    let before = scene.org.owner.json(&["audit", "verify"])["records"].as_u64().unwrap();
    scene.restore();
    // As many records that are other ones do not hide it.
    for _ in 0..3 {
        let _ = scene.org.pull(&agent, &scene.one);
    }
    let (report, _) = mismatch(&scene.org.owner.run(&VERIFY));
    assert_eq!(report["verdict"], "older");
    let audit = &report["remembered"]["audit"];
    assert_eq!(audit["known"], before);
    // The owner's own verification was what was recorded last.
    assert!(audit["kept"].as_u64().unwrap() < before, "{audit}");
    assert_eq!(report["remembered"]["header"]["relation"], "equal");
    let accepted = scene.org.owner.json(&["org", "verify", "--accept-rollback", "--yes"]);
    assert_eq!(accepted["accepted"], true);
    scene.org.owner.json(&["audit", "verify"]);
    scene.org.owner.json(&["org", "verify"]);
}

#[test]
fn a_person_goes_on_from_an_older_server() {
    let mut scene = Scene::new();
    let agent = scene.org.agent(&[&scene.group]);
    scene.back_up();
    let late = scene.org.agent(&[&scene.group]);
    let profile = scene.org.profile(&[("KEY", b"1")]);
    scene.org.push(&scene.one, &[("KEY", b"new")]);
    scene.org.owner.json(&["agent", "delete", &agent.name, "--yes"]);
    scene.org.owner.json(&["org", "verify"]);
    scene.org.owner.json(&["audit", "verify"]);
    let lock = scene.org.folder();
    scene.org.owner.json(&["profile", "lock", "-o", text(&lock)]);
    // Another machine, which remembers what it verified itself.
    let device = scene.owner_without_memory();
    device.json(&["org", "verify"]);
    scene.restore();

    let owner = &scene.org.owner;
    // Nobody is asked where nobody is there.
    let line = owner.run(&["-q", "org", "verify", "--accept-rollback"]).fails(2);
    assert!(line.contains("--yes"), "{line}");
    owner.run(&["profile", "list"]).fails(5);
    // Nothing goes behind a lock file.
    let locked = owner.clone().var("API_STRONGHOLD_LOCK", &lock);
    let (report, problem) = mismatch(&locked.run(&["--json", "org", "verify", "--accept-rollback", "--yes"]));
    assert_eq!(report["accepted"], false);
    assert!(problem["detail"].as_str().unwrap().contains("lock file"), "{problem}");

    for cli in [owner, &device] {
        let accepted = cli.json(&["org", "verify", "--accept-rollback", "--yes"]);
        assert_eq!((&accepted["verdict"], &accepted["accepted"]), (&json!("older"), &json!(true)));
        let again = cli.json(&["org", "verify", "--accept-rollback", "--yes"]);
        assert_eq!((&again["verdict"], &again["accepted"]), (&json!("same"), &json!(false)), "once is enough");
        cli.json(&["audit", "verify"]);
    }
    assert!(
        lost_texts(&mismatch(&scene.owner_again().run(&["--json", "org", "verify", "--against", text(&lock)])).0)
            .is_empty()
    );
    // What was lost is done again, on top of what is left.
    let org = &scene.org;
    owner.json(&["agent", "delete", &agent.name, "--yes"]);
    owner.json(&["profile", "create", &profile]);
    org.push(&profile, &[("KEY", b"2")]);
    org.push(&scene.one, &[("KEY", b"again")]);
    let again = org.agent(&[&scene.group]);
    assert_eq!(org.pull(&again, &scene.one), json!({"KEY": "again"}));
    assert_eq!(owner.json(&["org", "verify"])["verdict"], "same");
    owner.json(&["audit", "verify"]);
    assert_eq!(device.json(&["org", "verify"])["verdict"], "same");
    org.as_agent(&late).run(&["env", "pull", "--profile", &scene.one]).fails(3);
}

#[test]
fn an_agent_goes_on_from_an_older_server() {
    let mut scene = Scene::new();
    let agent = scene.org.agent(&[&scene.group]);
    scene.back_up();
    let cli = scene.org.as_agent(&agent);
    let pull = ["env", "pull", "--profile", &scene.one.clone()];
    let accept = [&pull[..], &["--accept-rollback"]].concat();
    scene.org.push(&scene.one, &[("KEY", b"new")]);
    let _ = scene.org.agent(&[&scene.group]);
    assert_eq!(cli.ok(&accept).text(), "KEY=new\n", "nothing was lost, and nothing is accepted");
    let lock = scene.org.folder();
    scene.org.owner.json(&["profile", "lock", &scene.one, "-o", text(&lock)]);
    scene.restore();

    let line = cli.run(&pull).fails(5);
    assert!(line.contains("`org verify`") && line.contains("--accept-rollback"), "{line}");
    let line = cli.clone().var("API_STRONGHOLD_LOCK", &lock).run(&accept).fails(5);
    assert!(line.contains("behind the lock file"), "{line}");
    cli.run(&[&accept[..], &["--min-revision", "3"]].concat()).fails(5);
    cli.run(&pull).fails(5);
    let run = ["env", "run", "--profile", &scene.one, "--accept-rollback", "--", "sh", "-c", "echo $KEY"];
    assert_eq!(cli.ok(&run).text(), "old\n");
    assert_eq!(cli.ok(&pull).text(), "KEY=old\n", "once is enough");
    // A person accepts for all profiles at once.
    scene.org.owner.run(&accept).fails(2);
    // What comes after is remembered as ever.
    scene.org.owner.json(&["org", "verify", "--accept-rollback", "--yes"]);
    scene.org.push(&scene.one, &[("KEY", b"other")]);
    assert_eq!(cli.ok(&pull).text(), "KEY=other\n");
    scene.restore();
    cli.run(&pull).fails(5);
}

/// A server that went on with something else in the place of what an agent or a person remembers is not only older.
#[test]
fn another_history_is_never_accepted() {
    let mut scene = Scene::new();
    let agent = scene.org.agent(&[&scene.group]);
    scene.back_up();
    let cli = scene.org.as_agent(&agent);
    let accept = ["env", "pull", "--profile", &scene.one.clone(), "--accept-rollback"];
    scene.org.push(&scene.one, &[("KEY", b"new")]);
    let lost = scene.org.agent(&[&scene.group]);
    cli.ok(&accept);
    scene.org.owner.json(&["org", "verify"]);
    let before = scene.owner_again();
    scene.restore();
    let elsewhere = scene.owner_without_memory();
    elsewhere.run_with(&["secret", "set", "KEY", "--profile", &scene.one, "--stdin"], b"other").succeeds();

    // The same revision with another content; the directory is only behind.
    let line = cli.run(&accept).fails(5);
    assert!(line.contains("another history"), "{line}");
    let (report, problem) = mismatch(&before.run(&[&VERIFY[..], &["--accept-rollback", "--yes"]].concat()));
    assert_eq!((&report["verdict"], &report["accepted"]), (&json!("forked"), &json!(false)));
    assert_eq!(named(&report["remembered"]["profiles"], &scene.one)["relation"], "forked");
    assert_eq!(report["remembered"]["header"]["relation"], "behind");
    assert!(problem["title"].as_str().unwrap().contains("another history"), "{problem}");

    // Another statement, too.
    elsewhere.json(&["agent", "create", "another"]);
    let (report, _) = mismatch(&before.run(&[&VERIFY[..], &["--accept-rollback", "--yes"]].concat()));
    assert_eq!((&report["verdict"], &report["accepted"]), (&json!("forked"), &json!(false)));
    let (header, forked_at) = (&report["remembered"]["header"], &report["lost"]["forked_at"]);
    assert_eq!(header["relation"], "forked");
    assert_eq!(forked_at, &header["known"]["seq"], "the one statement after the copy");
    assert!(lost_texts(&report).contains(&format!("agent created: {}", lost.name)), "{report}");
    let line = cli.run(&accept).fails(5);
    assert!(line.contains("another history"), "{line}");
}
