//! When, from where and how often an agent is served: changed at once, and without a new key for anybody.

use crate::{named, org};
use serde_json::json;

#[test]
fn conditions_count_at_once_and_encrypt_nothing_anew() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let (agent, other) = (org.agent(&[&group]), org.agent(&[&group]));
    let before = org.owner.json(&["profile", "show", &profile]);
    let served = || {
        assert_eq!(org.pull(&agent, &profile), json!({"KEY": "1"}));
        assert_eq!(org.pull(&other, &profile), json!({"KEY": "1"}), "nobody else notices");
    };
    let refused = |reason: &str| {
        let line = org.as_agent(&agent).run(&["env", "pull", "--profile", &profile]).fails(3);
        assert!(line.contains(reason), "{line}");
        assert_eq!(org.pull(&other, &profile), json!({"KEY": "1"}), "nobody else notices");
    };
    let update = |flags: &[&str]| org.owner.json(&[&["agent", "update", &agent.name], flags].concat());
    served();
    // Flag, what it says when it refuses, and what lifts it again.
    let all: [(&[&str], &str, &[&str]); 4] = [
        (&["--not-before", "1d"], "is valid from", &["--not-before", "never"]),
        (&["--source-cidr", "192.0.2.0/24,2001:db8::/32"], "address", &["--source-cidr", "any"]),
        (&["--max-uses", "1"], "used up", &["--max-uses", "unlimited"]),
        (&["--expires", "1d", "--source-cidr", "192.0.2.7/32"], "address", &["--source-cidr", "127.0.0.0/8,::1/128"]),
    ];
    for (condition, reason, lifted) in all {
        update(condition);
        refused(reason);
        update(lifted);
        served();
    }
    org.owner.json(&["agent", "deactivate", &agent.name]);
    refused("agent activate");
    org.owner.json(&["agent", "activate", &agent.name]);
    served();
    // Also from the start.
    let late = org.agent_with(&[&group], &["--not-before", "2099-01-01"]);
    org.as_agent(&late).run(&["env", "pull", "--profile", &profile]).fails(3);
    assert_eq!(named(&org.owner.json(&["agent", "list"]), &agent.name)["status"], "active");
    let after = org.owner.json(&["profile", "show", &profile]);
    for what in ["epoch", "revision"] {
        assert_eq!(after[what], before[what], "no {what} was made for it");
    }
    for wrong in [&["--source-cidr", "300.0.0.0/8"][..], &["--max-uses", "-1"], &["--not-before", "soon"]] {
        let run = org.owner.run(&[&["agent", "update", &agent.name], wrong].concat());
        assert_eq!(run.code(), 2, "{run}");
    }
}
