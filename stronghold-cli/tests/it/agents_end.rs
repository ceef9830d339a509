//! Ending one agent's access: it is told why, in one line, and nobody else notices.

use crate::{named, org};
use serde_json::json;
use std::time::Duration;
use stronghold_testkit::{Org, Token, until};

/// The line that an agent is refused with.
fn refusal(org: &Org, agent: &Token, profile: &str) -> String {
    org.as_agent(agent).run(&["env", "pull", "--profile", profile]).fails(3)
}

/// Pushes a new value, which those who stay must read.
fn stays_readable(org: &Org, profile: &str, value: &str, agents: &[&Token]) {
    org.push(profile, &[("KEY", value.as_bytes())]);
    for agent in agents {
        assert_eq!(org.pull(agent, profile), json!({"KEY": value}), "{} stays", agent.name);
    }
}

/// A profile outside an agent's groups looks like one that does not exist: the same words, the same exit code.
#[test]
fn a_foreign_profile_is_like_a_missing_one() {
    let org = org();
    let (own, foreign) = (org.profile(&[("KEY", b"own")]), org.profile(&[("KEY", b"foreign")]));
    let _other_group = org.agent(&[&org.group(&[&foreign])]);
    let member = org.agent(&[&org.group(&[&own])]);
    let in_none = org.agent(&[]);
    let foreign_id = org.owner.json(&["profile", "show", &foreign])["profile_id"].as_str().unwrap().to_owned();
    let missing = org.name("profile");
    let missing_id = format!(
        "{}{}",
        &foreign_id[..foreign_id.len() - 4],
        if foreign_id.ends_with("0000") { "1111" } else { "0000" }
    );
    for agent in [&member, &in_none] {
        for json in [false, true] {
            for command in [
                &["env", "pull", "--profile"][..],
                &["secret", "get", "KEY", "--profile"],
                &["secret", "list", "--profile"],
            ] {
                let told = |profile: &str| {
                    let mut all = command.to_vec();
                    all.push(profile);
                    if json {
                        all.push("--json");
                    }
                    org.as_agent(agent).run(&all).fails(3).replace(profile, "PROFILE")
                };
                // Each once: an agent that is denied more than 30 times in a minute is told to wait.
                let [by_name, by_id] = [&foreign, &foreign_id].map(|profile| told(profile));
                assert_eq!(by_name, told(&missing));
                assert_eq!(by_id, told(&missing_id));
                assert_eq!(by_name, by_id, "an id tells no more than a name");
            }
            let run = |profile: &str| {
                org.as_agent(agent)
                    .run(&["env", "run", "--profile", profile, "--", "true"])
                    .fails(3)
                    .replace(profile, "PROFILE")
            };
            assert_eq!(run(&foreign), run(&missing));
        }
    }
    assert_eq!(org.pull(&member, &own), json!({"KEY": "own"}));
    assert_eq!(org.as_agent(&member).json(&["auth", "status"])["profiles"], json!([own]));
    assert_eq!(org.as_agent(&in_none).json(&["auth", "status"])["profiles"], json!([]));
    assert_eq!(org.as_agent(&in_none).json(&["profile", "list"]), json!([]));
    let line = refusal(org, &in_none, &own);
    assert!(line.contains("group"), "it says what to do: {line}");
}

#[test]
fn an_expired_agent() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let other = org.agent(&[&group]);
    let brief = org.agent_with(&[&group], &["--expires", "2s"]);
    let cli = org.as_agent(&brief);
    let refused = until("the agent expires", Duration::from_secs(60), || {
        let run = cli.run(&["env", "pull", "--profile", &profile]);
        (run.code() != 0).then_some(run)
    });
    let line = refused.fails(3);
    assert!(line.contains("expired") && line.contains("agent update"), "{line}");
    stays_readable(org, &profile, "2", &[&other]);
    org.owner.json(&["agent", "update", &brief.name, "--expires", "1d"]);
    stays_readable(org, &profile, "3", &[&other, &brief]);
    assert_eq!(named(&org.owner.json(&["agent", "list"]), &brief.name)["status"], "active");
}

#[test]
fn a_deactivated_agent_can_be_activated_again() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let (agent, other, leaver) = (org.agent(&[&group]), org.agent(&[&group]), org.agent(&[&group]));
    org.owner.json(&["agent", "deactivate", &agent.name]);
    let line = refusal(org, &agent, &profile);
    assert!(line.contains("agent activate"), "{line}");
    stays_readable(org, &profile, "2", &[&other]);
    org.owner.json(&["agent", "activate", &agent.name]);
    stays_readable(org, &profile, "3", &[&agent, &other]);

    // New epochs are not sealed to it while it is inactive: activation makes up for that.
    org.owner.json(&["agent", "deactivate", &agent.name]);
    org.owner.json(&["agent", "delete", &leaver.name, "--yes"]);
    stays_readable(org, &profile, "4", &[&other]);
    refusal(org, &agent, &profile);
    org.owner.json(&["agent", "activate", &agent.name]);
    stays_readable(org, &profile, "5", &[&agent, &other]);
}

#[test]
fn a_deleted_agent() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let second_profile = org.profile(&[("KEY", b"a")]);
    let (group, second_group) = (org.group(&[&profile]), org.group(&[&profile, &second_profile]));
    let (agent, other) = (org.agent(&[&group, &second_group]), org.agent(&[&group]));
    let second_other = org.agent(&[&second_group]);
    org.owner.json(&["agent", "delete", &agent.name, "--yes"]);
    let line = refusal(org, &agent, &profile);
    assert!(line.contains("deleted"), "{line}");
    refusal(org, &agent, &second_profile);
    assert_eq!(org.pull(&other, &profile), json!({"KEY": "1"}), "what was there before stays readable");
    assert_eq!(org.pull(&second_other, &second_profile), json!({"KEY": "a"}));
    stays_readable(org, &profile, "2", &[&other, &second_other]);
    stays_readable(org, &second_profile, "b", &[&second_other]);
    refusal(org, &other, &second_profile);
    // The name is free again, for another agent.
    let again = Token::of(&org.owner.json(&["agent", "create", &agent.name, "--group", &group]));
    assert_ne!(again.id, agent.id);
    stays_readable(org, &profile, "3", &[&again, &other]);
    refusal(org, &agent, &profile);
}

#[test]
fn a_rotated_token() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let (agent, other) = (org.agent(&[&group]), org.agent(&[&group]));
    let mut token = agent.clone();
    for round in 2..5 {
        let new = Token::of(&org.owner.json(&["agent", "rotate-token", &agent.name]));
        let line = refusal(org, &token, &profile);
        assert!(line.contains("replaced"), "{line}");
        stays_readable(org, &profile, &round.to_string(), &[&new, &other]);
        token = new;
    }
    refusal(org, &agent, &profile);
}

#[test]
fn an_agent_that_leaves_a_group() {
    let org = org();
    let profile = org.profile(&[("KEY", b"1")]);
    let (group, emptied) = (org.group(&[&profile]), org.group(&[&profile]));
    let (agent, other, both) = (org.agent(&[&group]), org.agent(&[&group]), org.agent(&[&group, &emptied]));
    let missing = org.name("profile");
    org.owner.json(&["group", "remove", &group, "--agent", &agent.name]);
    let line = refusal(org, &agent, &profile).replace(&profile, "PROFILE");
    assert_eq!(line, refusal(org, &agent, &missing).replace(&missing, "PROFILE"));
    stays_readable(org, &profile, "2", &[&other, &both]);
    // Through the other group it keeps what that one grants.
    org.owner.json(&["group", "remove", &group, "--agent", &both.name]);
    stays_readable(org, &profile, "3", &[&other, &both]);
    org.owner.json(&["group", "remove", &emptied, "--agent", &both.name]);
    refusal(org, &both, &profile);
    stays_readable(org, &profile, "4", &[&other]);
    org.owner.json(&["group", "add", &group, "--agent", &agent.name]);
    stays_readable(org, &profile, "5", &[&agent, &other]);
    let again = org.owner.json(&["group", "add", &group, "--agent", &agent.name]);
    assert_eq!(again["changed"], json!(false));
}

#[test]
fn a_group_that_loses_a_grant_and_one_that_is_deleted() {
    let org = org();
    let (profile, kept) = (org.profile(&[("KEY", b"1")]), org.profile(&[("KEY", b"kept")]));
    let (revoked, deleted, stays) = (org.group(&[&profile, &kept]), org.group(&[&profile]), org.group(&[&profile]));
    let (a, b, c) = (org.agent(&[&revoked]), org.agent(&[&deleted]), org.agent(&[&stays]));
    org.owner.json(&["group", "revoke", &revoked, &profile]);
    refusal(org, &a, &profile);
    assert_eq!(org.pull(&a, &kept), json!({"KEY": "kept"}));
    stays_readable(org, &profile, "2", &[&b, &c]);
    org.owner.json(&["group", "delete", &deleted, "--yes"]);
    refusal(org, &b, &profile);
    stays_readable(org, &profile, "3", &[&c]);
    org.owner.json(&["group", "grant", &revoked, &profile]);
    stays_readable(org, &profile, "4", &[&a, &c]);
}

/// A removal encrypts everything anew in one batch: also where there is much of it, and versions and times stay.
#[test]
fn a_rekey_of_many_secrets() {
    let org = org();
    let many: Vec<(String, String)> = (0..300).map(|i| (format!("NAME_{i:03}"), format!("value {i}"))).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let profile = org.profile(&many);
    let group = org.group(&[&profile]);
    let (agent, other) = (org.agent(&[&group]), org.agent(&[&group]));
    let before = org.pull(&other, &profile);
    let listed = org.owner.json(&["secret", "list", "--profile", &profile]);
    assert_eq!(before.as_object().unwrap().len(), many.len());
    org.owner.json(&["agent", "delete", &agent.name, "--yes"]);
    assert_eq!(org.pull(&other, &profile), before);
    let after = org.owner.json(&["secret", "list", "--profile", &profile]);
    let kept = |list: &serde_json::Value| -> Vec<_> {
        let items = list.as_array().unwrap().iter();
        items.map(|item| (item["name"].clone(), item["secret_id"].clone(), item["version"].clone())).collect()
    };
    assert_eq!(kept(&after), kept(&listed), "names, ids and versions stay");
    refusal(org, &agent, &profile);
}
