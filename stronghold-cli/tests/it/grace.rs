//! `agent rotate-token --grace`: a fleet is moved from one token to the next without an outage.

use crate::{named, org};
use serde_json::json;
use std::time::Duration;
use stronghold_testkit::{Token, until};

#[test]
fn a_fleet_of_two_moves_without_an_outage() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let old = org.agent(&[&group]);
    let begun = org.owner.json(&["agent", "rotate-token", &old.name, "--grace", "1h"]);
    let new = Token::of(&begun);
    let until = begun["old_token_until"].as_str().unwrap();
    // Both processes of the fleet keep reading, whatever else happens.
    for (value, token) in [("1", &old), ("1", &new)] {
        assert_eq!(org.pull(token, &profile), json!({"KEY": value}));
    }
    org.push(&profile, &[("KEY", b"2")]);
    for token in [&old, &new] {
        assert_eq!(org.pull(token, &profile), json!({"KEY": "2"}));
    }
    let listed = org.owner.json(&["agent", "list"]);
    let pending = &named(&listed, &old.name)["rotation_pending"];
    assert_eq!(pending["until"], until);
    assert!(pending["since"].as_str().unwrap() < until);
    let shown = org.owner.ok(&["agent", "show", &old.name]).text();
    assert!(shown.contains("rotation pending since") && shown.contains(until), "{shown}");
    let refused = org.owner.run(&["agent", "rotate-token", &old.name, "--grace", "1h"]).fails(1);
    assert!(refused.contains("not finished"), "{refused}");

    let finished = org.owner.json(&["agent", "rotate-token", &old.name, "--finish"]);
    assert_eq!(finished["finished"], json!(true));
    let line = org.as_agent(&old).run(&["env", "pull", "--profile", &profile]).fails(3);
    assert!(line.contains("replaced"), "{line}");
    org.push(&profile, &[("KEY", b"3")]);
    assert_eq!(org.pull(&new, &profile), json!({"KEY": "3"}));
    let listed = org.owner.json(&["agent", "list"]);
    assert_eq!(named(&listed, &old.name).get("rotation_pending"), None);
    let again = org.owner.json(&["agent", "rotate-token", &old.name, "--finish"]);
    assert_eq!(again["finished"], json!(false));
}

/// The server cannot finish a rotation, it has no keys: whoever can is told.
#[test]
fn an_overdue_rotation_is_told_to_whoever_can_finish_it() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let new = Token::of(&org.owner.json(&["agent", "rotate-token", &agent.name, "--grace", "1s"]));
    let warning = until("the rotation is overdue", Duration::from_secs(60), || {
        let messages = org.owner.ok(&["group", "list"]).messages();
        messages.lines().find(|line| line.contains(&agent.name)).map(str::to_owned)
    });
    assert!(warning.starts_with("warning: ") && warning.contains("--finish"), "{warning}");
    for token in [&agent, &new] {
        assert_eq!(org.pull(token, &profile), json!({"KEY": "1"}));
    }
    org.owner.json(&["agent", "rotate-token", &agent.name, "--finish"]);
    assert!(!org.owner.ok(&["group", "list"]).messages().contains(&agent.name));
}

#[test]
fn what_cannot_be_a_grace_time() {
    let org = org();
    let agent = org.agent(&[]);
    for grace in ["never", "0s", "soon", "2001-01-01"] {
        org.owner.run(&["agent", "rotate-token", &agent.name, "--grace", grace]).fails(2);
    }
    org.owner.run(&["agent", "rotate-token", &agent.name, "--grace", "1h", "--finish"]).fails_usage();
}
