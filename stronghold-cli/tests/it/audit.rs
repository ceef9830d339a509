//! The audit log from the command line: who read what, verified, filtered, exported.

use crate::text;
use serde_json::Value;
use stronghold_testkit::{Cli, Org, Token};

/// An organization of its own, with an agent that pulled, got one secret, and was denied.
fn busy() -> (Org, Token, String) {
    let org = Org::start();
    let profile = org.profile(&[("DATABASE_URL", b"postgres://db"), ("API_KEY", b"k3y")]);
    let other = org.profile(&[]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let cli = org.as_agent(&agent);
    cli.ok(&["env", "pull", "--profile", &profile]);
    cli.ok(&["secret", "get", "API_KEY", "--profile", &profile]);
    cli.run(&["env", "pull", "--profile", &other]).fails(3);
    (org, agent, profile)
}

fn list(cli: &Cli, more: &[&str]) -> Vec<Value> {
    cli.json(&[&["audit", "list"], more].concat()).as_array().unwrap().clone()
}

fn actions(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["action"].as_str().unwrap()).collect()
}

#[test]
fn the_list_says_which_agent_read_what() {
    let (org, agent, profile) = busy();
    let reads = list(&org.owner, &["--agent", &agent.name]);
    // A single secret from a cold start is a pull of the whole profile: its blind index needs the key.
    assert_eq!(actions(&reads), ["profile.read", "profile.read", "profile.read"], "{reads:?}");
    let denied = reads.last().unwrap();
    assert_eq!((&denied["outcome"], &denied["reason"]), (&"denied".into(), &"not_found".into()));
    for record in &reads {
        assert_eq!(record["principal"]["name"], agent.name.as_str());
        assert_eq!(record["principal"]["kind"], "agent");
    }
    let whole = &reads[0];
    assert_eq!((&whole["profile"]["name"], &whole["profile"]["revision"]), (&profile.as_str().into(), &2.into()));
    // The same, of one profile, and of one secret in it: whoever reads the whole profile reads the secret.
    let of_profile = list(&org.owner, &["--profile", &profile, "--agent", &agent.name]);
    assert_eq!(actions(&of_profile), ["profile.read", "profile.read"]);
    let of_secret = list(&org.owner, &["--profile", &profile, "--secret", "DATABASE_URL", "--agent", &agent.name]);
    let positions = |records: &[Value]| records.iter().map(|record| record["position"].clone()).collect::<Vec<_>>();
    assert_eq!(positions(&of_secret), positions(&of_profile));
    org.owner.run(&["audit", "list", "--profile", &profile, "--secret", "NOT_THERE"]).fails(4);
    let table = org.owner.ok(&["audit", "list", "--profile", &profile, "--agent", &agent.name]).text();
    assert!(table.contains("revision 2") && table.contains(&agent.name), "{table}");
}

#[test]
fn filters_narrow_the_list() {
    let (org, agent, _) = busy();
    let all = list(&org.owner, &["--limit", "1000"]);
    assert!(all.windows(2).all(|pair| pair[0]["position"].as_u64() < pair[1]["position"].as_u64()));
    let denied = list(&org.owner, &["--outcome", "denied"]);
    assert!(denied.iter().all(|record| record["outcome"] == "denied") && !denied.is_empty());
    let reads = list(&org.owner, &["--action", "profile.read", "--outcome", "allowed"]);
    assert!(actions(&reads).iter().all(|action| *action == "profile.read"));
    assert_eq!(list(&org.owner, &["--limit", "3"]).len(), 3);
    assert!(list(&org.owner, &["--since", "1h"]).len() >= all.len());
    assert!(list(&org.owner, &["--until", "1h"]).is_empty());
    assert!(list(&org.owner, &["--since", "2020-01-01", "--until", "2020-02-01"]).is_empty());
    assert_eq!(org.owner.ok(&["audit", "list", "--until", "2020-02-01"]).text(), "No record matches.\n");
    let owner = list(&org.owner, &["--user", "owner@acme.example"]);
    assert!(owner.iter().all(|record| record["principal"]["kind"] == "user") && !owner.is_empty());
    org.owner.run(&["audit", "list", "--agent", "nobody"]).fails(4);
    org.owner.run(&["audit", "list", "--user", "nobody@acme.example"]).fails(4);
    org.owner.run(&["audit", "list", "--since", "yesterday"]).fails(2);
    // A deleted agent's records stay, by its id.
    let id = list(&org.owner, &["--agent", &agent.name])[0]["principal"]["id"].as_str().unwrap().to_owned();
    org.owner.ok(&["agent", "delete", &agent.name, "--yes"]);
    assert!(!list(&org.owner, &["--agent", &id]).is_empty());
    // Agents administer nothing, the log included.
    let other = org.agent(&[]);
    org.as_agent(&other).run(&["audit", "list"]).fails(3);
}

#[test]
fn the_log_is_verified_and_remembered() {
    let (org, _, _) = busy();
    let first = org.owner.json(&["audit", "verify"]);
    assert_eq!((&first["verified"], &first["continues"]), (&true.into(), &Value::Null));
    assert_eq!(
        first["allowed"].as_u64().unwrap() + first["denied"].as_u64().unwrap(),
        first["records"].as_u64().unwrap()
    );
    let second = org.owner.json(&["audit", "verify"]);
    assert_eq!(second["continues"], first["records"]);
    assert!(second["records"].as_u64() > first["records"].as_u64());
    let line = org.owner.ok(&["audit", "verify"]).text();
    assert!(line.contains("It continues the"), "{line}");
}

#[test]
fn everything_can_be_exported() {
    let (org, agent, profile) = busy();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    org.owner.ok(&["audit", "export", "-o", text(&file)]);
    let lines: Vec<Value> =
        std::fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (position, line) in lines.iter().enumerate() {
        assert_eq!(line["position"], position, "every record, in order");
        assert_eq!(line["schema"], 1);
    }
    let csv = org.owner.ok(&["audit", "export", "--format", "csv", "--profile", &profile]).text();
    let mut rows = csv.lines();
    let columns = rows.next().unwrap().split(',').count();
    assert!(rows.clone().count() >= 3 && rows.all(|row| row.split(',').count() >= columns), "{csv}");
    assert!(csv.contains(&agent.name) && csv.contains("revision 2"));
}
