//! Lock files: floors in a repository, for machines that remember nothing.

use crate::{tampering::copy, text};
use serde_json::{Value, json};
use std::{fs, path::Path};
use stronghold_testkit::{Cli, Org, Token};

/// An agent on a machine that has seen nothing yet.
fn runner(org: &Org, agent: &Token, lock: &Path) -> Cli {
    org.as_agent(agent).var("API_STRONGHOLD_LOCK", lock)
}

fn revision(lock: &Path, profile: &str) -> u64 {
    let lock: Value = serde_json::from_slice(&fs::read(lock).unwrap()).unwrap();
    let floors = lock["profiles"].as_array().unwrap().clone();
    let floor = floors.iter().find(|floor| floor["name"] == profile).unwrap();
    floor["revision"].as_u64().unwrap()
}

#[test]
fn a_server_that_went_back_is_refused_without_any_memory() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"old")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let (lock, earlier) = (org.folder(), org.folder());
    org.server.stop();
    copy(org.server.data_dir(), &earlier);
    org.server.start_again();
    org.push(&profile, &[("KEY", b"new")]);
    org.as_agent(&agent).ok(&["profile", "lock", &profile, "-o", text(&lock)]);
    assert_eq!(revision(&lock, &profile), 3);
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    // No older, and everything newer.
    assert_eq!(runner(&org, &agent, &lock).ok(&pull).json(), json!({"KEY": "new"}));
    org.push(&profile, &[("KEY", b"newer")]);
    let _ = org.group(&[]);
    assert_eq!(runner(&org, &agent, &lock).ok(&pull).json(), json!({"KEY": "newer"}));
    let with_header = org.folder();
    org.as_agent(&agent).ok(&["profile", "lock", "-o", text(&with_header)]);

    org.server.stop();
    copy(&earlier, org.server.data_dir());
    org.server.start_again();
    assert_eq!(org.as_agent(&agent).ok(&pull).json(), json!({"KEY": "old"}), "what nobody can tell without a floor");
    for lock in [&lock, &with_header] {
        let cli = runner(&org, &agent, lock);
        cli.run(&pull).fails(5);
        cli.run(&["secret", "get", "KEY", "--profile", &profile]).fails(5);
        cli.run(&["env", "run", "--profile", &profile, "--", "true"]).fails(5);
        // Writing the file anew is no way around it, unless somebody says so.
        let before = fs::read(lock).unwrap();
        org.as_agent(&agent).run(&["profile", "lock", "-o", text(lock)]).fails(5);
        assert_eq!(fs::read(lock).unwrap(), before);
        org.as_agent(&agent).ok(&["profile", "lock", "-o", text(lock), "--accept-rollback"]);
        assert_eq!(revision(lock, &profile), 2);
        assert_eq!(runner(&org, &agent, lock).ok(&pull).json(), json!({"KEY": "old"}));
    }
}

#[test]
fn a_lock_is_of_what_it_names() {
    let org = Org::start();
    let (named, other) = (org.profile(&[("KEY", b"1")]), org.profile(&[("KEY", b"2")]));
    let agent = org.agent(&[&org.group(&[&named, &other])]);
    let lock = org.folder();
    // A person writes it as well, and then reads with it.
    let printed = org.owner.json(&["profile", "lock", &named, "-o", text(&lock)]);
    assert_eq!(printed["org_id"], org.created["org_id"]);
    let get = |profile: &str| ["secret", "get", "KEY", "--profile", profile].map(str::to_owned);
    assert_eq!(org.owner.clone().var("API_STRONGHOLD_LOCK", &lock).ok(&get(&named)).text(), "1");
    for cli in [runner(&org, &agent, &lock), org.owner.clone().var("API_STRONGHOLD_LOCK", &lock)] {
        let said = cli.run(&get(&other)).fails(1);
        assert!(said.contains("profile lock"), "it says what to do: {said}");
    }
    // Named once, it is raised from then on; all is what can be read.
    org.push(&named, &[("KEY", b"3")]);
    org.as_agent(&agent).ok(&["profile", "lock", "--lock", text(&lock)]);
    assert_eq!(revision(&lock, &named), 3);
    let all = org.folder();
    assert_eq!(
        org.as_agent(&agent).json(&["profile", "lock", "-o", text(&all)])["profiles"].as_array().unwrap().len(),
        2
    );
    // Another organization's, none, and what is no lock at all.
    let elsewhere = Org::start();
    let theirs = elsewhere.folder();
    let foreign = elsewhere.profile(&[]);
    elsewhere.owner.ok(&["profile", "lock", &foreign, "-o", text(&theirs)]);
    let said = runner(&org, &agent, &theirs).run(&get(&named)).fails(1);
    assert!(said.contains("another organization"), "{said}");
    runner(&org, &agent, &org.folder()).run(&get(&named)).fails(2);
    for broken in ["", "{}", r#"{"format":2}"#] {
        fs::write(&theirs, broken).unwrap();
        runner(&org, &agent, &theirs).run(&get(&named)).fails(1);
    }
}
