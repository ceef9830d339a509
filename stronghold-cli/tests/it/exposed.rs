//! What a removal exposes is told at once, and listed until it is changed.

use crate::org;
use serde_json::{Value, json};

/// The names of secrets in a list.
fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[test]
fn what_a_deleted_agent_may_know() {
    let org = org();
    let profile = org.profile(&[("READ", b"1"), ("ALSO_READ", b"2")]);
    let unread = org.profile(&[("UNREAD", b"3")]);
    let group = org.group(&[&profile, &unread]);
    let (agent, other) = (org.agent(&[&group]), org.agent(&[&group]));
    let _ = org.pull(&agent, &profile);
    let deleted = org.owner.json(&["agent", "delete", &agent.name, "--yes"]);
    assert_eq!(deleted["status"], "deleted");
    assert_eq!(names(&deleted["read"]), ["ALSO_READ", "READ"]);
    let mut could_read = names(&deleted["could_read"]);
    could_read.sort_unstable();
    assert_eq!(could_read, ["ALSO_READ", "READ", "UNREAD"]);
    assert_eq!(deleted["read"][0]["profile"], profile.as_str());
    let list = || org.owner.json(&["secret", "list", "--exposed", "--profile", &profile]);
    assert_eq!(names(&list()), ["ALSO_READ", "READ"]);
    let to = &list()[0]["exposed_to"][0];
    assert_eq!((to["name"].as_str(), to["read"].as_bool()), (Some(agent.name.as_str()), Some(true)));
    let text = org.owner.ok(&["secret", "list", "--exposed"]).text();
    assert!(text.contains(&profile) && text.contains(&unread) && text.contains(&agent.name), "{text}");
    org.push(&profile, &[("READ", b"rotated")]);
    assert_eq!(names(&list()), ["ALSO_READ"]);
    org.owner.json(&["secret", "delete", "ALSO_READ", "--profile", &profile, "--yes"]);
    assert_eq!(list(), json!([]));
    assert!(org.owner.ok(&["secret", "list", "--exposed", "--profile", &profile]).text().contains("was changed since"));
    // What was brought back is what the agent has read.
    org.owner.json(&["secret", "rollback", "READ", "--profile", &profile, "--to", "1"]);
    org.owner.json(&["secret", "restore", "ALSO_READ", "--profile", &profile]);
    assert_eq!(names(&list()), ["ALSO_READ", "READ"]);
    org.push(&profile, &[("READ", b"again")]);
    org.owner.json(&["secret", "delete", "ALSO_READ", "--profile", &profile, "--yes"]);

    let removed = org.owner.json(&["group", "remove", &group, "--agent", &other.name]);
    assert_eq!((removed["changed"].as_bool(), names(&removed["read"])), (Some(true), vec![]));
    assert_eq!(names(&removed["could_read"]).len(), 2);
}

#[test]
fn every_command_that_ends_an_access_tells() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let rotated = org.owner.json(&["agent", "rotate-token", &agent.name]);
    assert_eq!(names(&rotated["could_read"]), ["KEY"]);
    assert_eq!(rotated["read"], json!([]));
    org.owner.json(&["agent", "rotate-token", &agent.name, "--grace", "1h"]);
    let finished = org.owner.json(&["agent", "rotate-token", &agent.name, "--finish"]);
    assert_eq!(names(&finished["could_read"]), ["KEY"]);
    let text = org.owner.ok(&["group", "revoke", &group, &profile]).text();
    assert!(
        text.contains(&format!("{profile}/KEY")) && text.contains("read, as the audit log says:  nothing"),
        "{text}"
    );
    let again = org.owner.json(&["group", "revoke", &group, &profile]);
    assert_eq!((again["changed"].as_bool(), &again["could_read"]), (Some(false), &json!([])));
    org.owner.json(&["group", "grant", &group, &profile]);
    let deleted = org.owner.json(&["group", "delete", &group, "--yes"]);
    assert_eq!(names(&deleted["could_read"]), ["KEY"]);
    org.owner.run(&["group", "add", &group]).fails_usage();
}
