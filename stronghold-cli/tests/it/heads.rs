//! Two clients' views of one organization, held against each other: `org verify --save` and `--against`.

use crate::{named, people::member, tampering::copy, text};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};
use stronghold_testkit::{Cli, Org, Run, Server, ServerOptions, Token};

const HEADS: [&str; 5] = ["checkpoint", "format", "header", "org_id", "profiles"];

/// One organization whose data was copied, on two servers that go on separately, each with its own client.
struct Forked {
    org: Org,
    /// The other one.
    branch: Server,
    /// The owner on another machine, who knows the other server.
    other: Cli,
    profile: String,
    agent: Token,
}

impl Forked {
    fn new() -> Self {
        let mut org = Org::start();
        let profile = org.profile(&[("KEY", b"common")]);
        let agent = org.agent(&[&org.group(&[&profile])]);
        let other = org.folder();
        org.owner.json(&["org", "verify"]);
        copy(org.owner.config_dir(), &other);
        let data = org.folder();
        org.server.stop();
        copy(org.server.data_dir(), &data);
        org.server.start_again();
        let branch = ServerOptions::default().data_dir(&data).start();
        let other = Cli::new(&other).var("API_STRONGHOLD_URL", branch.url());
        Self { org, branch, other, profile, agent }
    }

    fn save(&self, cli: &Cli) -> PathBuf {
        let file = self.org.folder();
        let saved = cli.json(&["org", "verify", "--save", text(&file)]);
        assert_eq!(saved["saved"], text(&file));
        file
    }

    /// Reads on one of the two, so often.
    fn read(&self, url: &str, times: usize) {
        let cli = self.org.as_agent(&self.agent).var("API_STRONGHOLD_URL", url);
        for _ in 0..times {
            cli.ok(&["env", "pull", "--profile", &self.profile]);
        }
    }
}

/// What a comparison that fails with exit code 5 says of the one file.
fn mismatch(run: &Run) -> Value {
    assert_eq!(run.code(), 5, "{run}");
    let report = run.json();
    // What this client itself remembers is all there.
    assert_eq!((&report["verified"], &report["verdict"]), (&json!(false), &json!("same")), "{report}");
    let problem = run.messages();
    let problem = problem.lines().find(|line| line.starts_with('{')).unwrap();
    assert_eq!(serde_json::from_str::<Value>(problem).unwrap()["code"], "integrity");
    report["against"][0].clone()
}

fn against(cli: &Cli, file: &Path) -> Run {
    cli.run(&["--json", "org", "verify", "--against", text(file)])
}

/// One server: whoever is ahead or behind is told so, and nothing is wrong.
#[test]
fn one_history_passes() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"1")]);
    let (admin, _) = member(&org, "admin@acme.example", "admin", &[]);
    let (file, lock) = (org.folder(), org.folder());
    org.owner.json(&["org", "verify", "--save", text(&file)]);
    org.owner.json(&["profile", "lock", "-o", text(&lock)]);
    let saved: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(crate::fields(&saved), [&HEADS[..], &["roster"]].concat());
    assert_eq!((&saved["format"], &saved["org_id"]), (&json!(1), &org.created["org_id"]));

    // Nothing happened but the comparisons themselves.
    let equal = against(&admin, &file).succeeds().json()["against"][0].clone();
    assert_eq!((&equal["verdict"], &equal["header"]["relation"]), (&json!("same"), &json!("equal")));
    assert_eq!(named(&equal["profiles"], &profile)["relation"], "equal");
    assert_eq!(equal["audit"]["relation"], "ahead");
    // The server is ahead of the file.
    let _ = org.agent(&[]);
    org.push(&profile, &[("KEY", b"2")]);
    let ahead = against(&admin, &file).succeeds().json()["against"][0].clone();
    assert_eq!((&ahead["header"]["relation"], &ahead["header"]["by"]), (&json!("ahead"), &json!(1)));
    let compared = named(&ahead["profiles"], &profile);
    assert_eq!((&compared["relation"], &compared["by"]), (&json!("ahead"), &json!(1)));
    let words = admin.ok(&["-q", "org", "verify", "--against", text(&file)]).text();
    assert!(words.contains("one history, the server is ahead by 1 statement, 1 revision and"), "{words}");
    // This client was behind the file, until it looked.
    let newer = org.folder();
    let _ = org.agent(&[]);
    org.owner.json(&["org", "verify", "--save", text(&newer)]);
    let behind = against(&admin, &newer).succeeds().json()["against"][0].clone();
    assert_eq!(behind["this_client"], json!({"relation": "behind", "by": 1}));
    // A lock file is a client's view too.
    let locked = against(&admin, &lock).succeeds().json()["against"][0].clone();
    assert_eq!((&locked["verdict"], &locked["audit"]), (&json!("same"), &Value::Null));
}

#[test]
fn forked_statements_are_found_from_both_sides() {
    let forked = Forked::new();
    forked.org.owner.json(&["agent", "create", "here"]);
    forked.other.json(&["agent", "create", "there"]);
    let (here, there) = (forked.save(&forked.org.owner), forked.save(&forked.other));
    for (cli, file, url) in
        [(&forked.other, &here, forked.branch.url()), (&forked.org.owner, &there, forked.org.server.url())]
    {
        forked.read(url, 10);
        let found = mismatch(&against(cli, file));
        assert_eq!((&found["verdict"], &found["header"]["relation"]), (&json!("forked"), &json!("forked")), "{found}");
        assert_eq!(found["header"]["known"]["seq"], found["header"]["shown"]["seq"]);
        assert_eq!(found["audit"]["relation"], "forked");
        let words = cli.run(&["-q", "org", "verify", "--against", text(file)]);
        assert!(words.text().contains("a fork") && words.text().contains("is another one"), "{words}");
    }
    // Nobody goes over to the other one.
    let moved = forked.other.clone().var("API_STRONGHOLD_URL", forked.org.server.url());
    let run = moved.run(&["--json", "org", "verify", "--accept-rollback", "--yes"]);
    assert_eq!((run.code(), &run.json()["verdict"]), (5, &json!("forked")));
}

/// No statement, only another revision with the same number.
#[test]
fn forked_revisions_are_found_from_both_sides() {
    let forked = Forked::new();
    for (cli, value) in [(&forked.org.owner, &b"here"[..]), (&forked.other, b"there")] {
        cli.run_with(&["secret", "set", "KEY", "--profile", &forked.profile, "--stdin"], value).succeeds();
    }
    let (here, there) = (forked.save(&forked.org.owner), forked.save(&forked.other));
    for (cli, file) in [(&forked.other, &here), (&forked.org.owner, &there)] {
        let found = mismatch(&against(cli, file));
        assert_eq!((&found["verdict"], &found["header"]["relation"]), (&json!("forked"), &json!("equal")));
        assert_eq!(named(&found["profiles"], &forked.profile)["relation"], "forked");
    }
    // One that goes on does not hide it.
    forked.org.push(&forked.profile, &[("KEY", b"later")]);
    assert_eq!(mismatch(&against(&forked.org.owner, &there))["verdict"], "forked");
}

/// Reads only.
#[test]
fn forked_audit_logs_are_found_from_both_sides() {
    let forked = Forked::new();
    forked.read(forked.org.server.url(), 2);
    forked.read(forked.branch.url(), 3);
    let (here, there) = (forked.save(&forked.org.owner), forked.save(&forked.other));
    for (cli, file, url) in
        [(&forked.other, &here, forked.branch.url()), (&forked.org.owner, &there, forked.org.server.url())]
    {
        // A log that is shorter than the other's could also only be older.
        forked.read(url, 10);
        let found = mismatch(&against(cli, file));
        assert_eq!((&found["verdict"], &found["audit"]["relation"]), (&json!("forked"), &json!("forked")));
        assert_eq!(found["header"]["relation"], "equal");
        assert_eq!(named(&found["profiles"], &forked.profile)["relation"], "equal");
    }
}

/// A server that shows one client less than another has seen.
#[test]
fn an_older_state_than_the_others_is_found() {
    let forked = Forked::new();
    let _ = forked.org.agent(&[]);
    forked.org.push(&forked.profile, &[("KEY", b"newer")]);
    forked.read(forked.org.server.url(), 30);
    let newer = forked.save(&forked.org.owner);
    let found = mismatch(&against(&forked.other, &newer));
    assert_eq!(found["verdict"], "older");
    for part in [&found["header"], &found["audit"], named(&found["profiles"], &forked.profile)] {
        assert_eq!(part["relation"], "behind", "{found}");
    }
    assert_eq!(found["header"]["by"], 1);
}

#[test]
fn files_that_are_none_are_told_apart() {
    let org = Org::start();
    let (file, elsewhere) = (org.folder(), Org::start());
    elsewhere.owner.json(&["org", "verify", "--save", text(&file)]);
    let line = org.owner.run(&["org", "verify", "--against", text(&file)]).fails(2);
    assert!(line.contains("another organization"), "{line}");
    org.owner.run(&["org", "verify", "--against", text(&org.folder())]).fails(1);
    for (bad, why) in [
        (json!({}), "not a heads file"),
        (json!({"format": 1, "org_id": org.created["org_id"], "more": 1}), "not a heads file"),
    ] {
        fs::write(&file, bad.to_string()).unwrap();
        let line = org.owner.run(&["org", "verify", "--against", text(&file)]).fails(1);
        assert!(line.contains(why), "{line}");
    }
    // What cannot be held together is usage.
    let both = ["org", "verify", "--accept-rollback", "--against", text(&file)];
    org.owner.run(&both).fails_usage();
    let nowhere = org.made_folder();
    org.owner.run(&["-q", "org", "verify", "--save", text(&nowhere)]).fails(1);
}
