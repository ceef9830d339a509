//! Secrets over time, from the command line: across an agent's removal, so across key generations.

use crate::{named, org};
use serde_json::{Value, json};
use stronghold_testkit::Org;

const OWNER: &str = "owner@acme.example";

fn set(org: &Org, profile: &str, name: &str, value: &str) {
    org.owner.run_with(&["secret", "set", name, "--profile", profile, "--stdin"], value.as_bytes()).succeeds();
}

fn value_at(org: &Org, profile: &str, name: &str, version: &str) -> String {
    org.owner.ok(&["secret", "get", name, "--profile", profile, "--version", version]).text()
}

fn head(org: &Org, profile: &str) -> u64 {
    org.owner.json(&["profile", "show", profile])["revision"].as_u64().unwrap()
}

/// Versions and states, newest first.
fn versions(org: &Org, profile: &str, name: &str) -> Vec<(u64, String)> {
    let history = org.owner.json(&["secret", "history", name, "--profile", profile]);
    let all = history["versions"].as_array().unwrap().clone();
    assert!(all.iter().all(|version| version["author"] == OWNER), "{history}");
    all.iter()
        .map(|version| (version["version"].as_u64().unwrap(), version["state"].as_str().unwrap().to_owned()))
        .collect()
}

fn state(number: u64, state: &str) -> (u64, String) {
    (number, state.to_owned())
}

#[test]
fn a_secret_over_time() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"one"), ("OTHER", b"same")]);
    let group = org.group(&[&profile]);
    let (stays, leaves) = (org.agent(&[&group]), org.agent(&[&group]));
    org.owner.json(&["agent", "delete", &leaves.name, "--yes"]);
    set(&org, &profile, "KEY", "two");
    assert_eq!(versions(&org, &profile, "KEY"), [state(2, "current"), state(1, "kept")]);
    assert_eq!(
        (value_at(&org, &profile, "KEY", "1"), value_at(&org, &profile, "KEY", "2")),
        ("one".to_owned(), "two".to_owned())
    );
    let shown = org.owner.ok(&["secret", "history", "KEY", "--profile", &profile]).text();
    assert!(shown.contains(OWNER) && shown.contains("current"), "{shown}");

    let old = head(&org, &profile);
    let rolled = org.owner.json(&["secret", "rollback", "KEY", "--profile", &profile, "--to", "1"]);
    assert_eq!((&rolled["revision"], &rolled["changed"]), (&json!(old + 1), &json!(true)));
    assert_eq!(org.pull(&stays, &profile), json!({"KEY": "one", "OTHER": "same"}));
    assert_eq!(versions(&org, &profile, "KEY").len(), 3);

    org.owner.json(&["secret", "delete", "OTHER", "--profile", &profile, "--yes"]);
    let deleted = org.owner.json(&["secret", "list", "--deleted", "--profile", &profile]);
    assert_eq!(named(&deleted, "OTHER")["versions"][0]["version"], json!(1));
    let diff = org.owner.json(&[
        "profile",
        "diff",
        &old.to_string(),
        &head(&org, &profile).to_string(),
        "--profile",
        &profile,
    ]);
    assert_eq!(
        (&named(&diff, "KEY")["change"], &named(&diff, "OTHER")["change"]),
        (&json!("changed"), &json!("deleted"))
    );
    assert!(!diff.to_string().contains("same"), "no values unless they are asked for: {diff}");
    let both = [&old.to_string(), &head(&org, &profile).to_string()].map(String::clone);
    let shown = org.owner.json(&["profile", "diff", &both[0], &both[1], "--profile", &profile, "--show-values"]);
    assert_eq!(named(&shown, "KEY")["old"]["value"], json!("two"));

    org.owner.json(&["secret", "restore", "OTHER", "--profile", &profile]);
    assert_eq!(versions(&org, &profile, "OTHER"), [state(2, "current"), state(1, "kept")]);
    set(&org, &profile, "EXTRA", "extra");
    let restored =
        org.owner.json(&["profile", "restore", "--revision", &old.to_string(), "--profile", &profile, "--yes"]);
    assert_eq!((&restored["updated"], &restored["deleted"]), (&json!(1), &json!(1)));
    assert_eq!(org.pull(&stays, &profile), json!({"KEY": "two", "OTHER": "same"}));

    let revisions = org.owner.json(&["profile", "history", "--profile", &profile]);
    let listed = revisions.as_array().unwrap();
    assert_eq!(listed.len() as u64, head(&org, &profile));
    assert!(listed.iter().all(|revision| revision["author"] == OWNER && revision["time"].is_string()));
    assert_eq!((listed[0]["epoch"].clone(), listed.last().unwrap()["epoch"].clone()), (json!(2), json!(1)));

    let other = org.profile(&[]);
    org.owner.json(&["secret", "copy", "KEY", "--profile", &profile, "--to", &other, "--as", "COPIED"]);
    assert_eq!(org.owner.ok(&["secret", "get", "COPIED", "--profile", &other]).stdout, b"two");
    org.owner.json(&["org", "verify"]);
}

#[test]
fn what_is_purged_is_gone_and_verifies() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"one")]);
    set(&org, &profile, "KEY", "two");
    let purge = |arguments: &[&str]| {
        let mut all = vec!["--json", "secret", "purge", "KEY", "--profile", &profile];
        all.extend(arguments);
        org.owner.run(&all)
    };
    purge(&["--version", "2", "--yes"]).fails(1);
    purge(&["--version", "9", "--yes"]).fails(4);
    purge(&["--version", "1"]).fails(2);
    purge(&["--yes"]).fails(2);
    let purged: Value = purge(&["--version", "1", "--yes"]).succeeds().json();
    assert_eq!(purged["versions"], json!([1]));
    assert_eq!(versions(&org, &profile, "KEY"), [state(2, "current"), state(1, "purged")]);
    let line = org.owner.run(&["secret", "get", "KEY", "--version", "1", "--profile", &profile]).fails(1);
    assert!(line.contains("purged"), "{line}");
    purge(&["--all", "--yes"]).fails(1);
    let verified = org.owner.json(&["org", "verify"]);
    assert_eq!(verified["purged"], json!(1));
    assert_eq!(org.owner.ok(&["secret", "get", "KEY", "--profile", &profile]).stdout, b"two");
}

#[test]
fn history_is_for_people_who_may_read_it() {
    let org = org();
    let profile = org.profile(&[("KEY", b"one")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    for command in [
        &["secret", "history", "KEY", "--profile"][..],
        &["secret", "get", "KEY", "--version", "1", "--profile"],
        &["profile", "history", "--profile"],
    ] {
        let mut all = command.to_vec();
        all.push(&profile);
        org.as_agent(&agent).run(&all).fails(3);
    }
    org.owner.run(&["secret", "history", "NEVER", "--profile", &profile]).fails(4);
    org.owner.run(&["secret", "get", "KEY", "--version", "5", "--profile", &profile]).fails(4);
    org.owner.run(&["profile", "restore", "--revision", "99", "--profile", &profile, "--yes"]).fails(4);
    org.owner.run(&["secret", "get", "KEY", "--version", "0", "--profile", &profile]).fails_usage();
}

/// A stopped server's file is changed: `org verify` says which profile and revision, with exit code 5.
#[test]
fn a_changed_past_fails_org_verify() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"one")]);
    set(&org, &profile, "KEY", "two");
    org.owner.json(&["org", "verify"]);
    org.server.stop();
    let database = rusqlite::Connection::open(org.server.data_dir().join("stronghold.db")).unwrap();
    let changed = database.execute("UPDATE ciphertexts SET value = zeroblob(100) WHERE version = 1", []).unwrap();
    assert_eq!(changed, 1);
    drop(database);
    org.server.start_again();
    let line = org.owner.run(&["-q", "org", "verify"]).fails(5);
    assert!(line.contains(&format!("profile {profile}, revision 2")), "{line}");
}
