//! Several owners from the command line: what takes two of them waits for the second.

use serde_json::{Value, json};
use stronghold_testkit::{Cli, Org};

fn joined(org: &Org, email: &str, role: &str) -> (Cli, Value) {
    let invited = org.owner.json(&["user", "invite", email, "--role", role]);
    let cli = Cli::new(&org.folder())
        .var("API_STRONGHOLD_URL", org.server.url())
        .var("API_STRONGHOLD_PASSWORD", "a password of their own");
    let accept = ["--json", "user", "accept", "--email", email, "--invite", "-"];
    cli.run_with(&accept, invited["code"].as_str().unwrap().as_bytes()).succeeds();
    let confirmed = org.owner.json(&["user", "confirm", email, "--yes"]);
    (cli, confirmed)
}

fn waiting(cli: &Cli) -> Vec<Value> {
    cli.json(&["org", "approvals"]).as_array().unwrap().clone()
}

#[test]
fn changes_of_owners_wait_for_a_second_one() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"value")]);
    let policy = org.owner.json(&["org", "policy"]);
    assert_eq!((&policy["owners"], &policy["owner_threshold"]), (&json!(1), &json!(1)));
    let line = org.owner.run(&["org", "policy", "--owner-threshold", "2"]).fails(1);
    assert!(line.contains("number of owners"), "{line}");
    let (second, _) = joined(&org, "second@acme.example", "owner");
    let raised = org.owner.json(&["org", "policy", "--owner-threshold", "2"]);
    assert_eq!(raised["owner_threshold"], json!(1), "not yet");
    let id = raised["approval_id"].as_str().unwrap();
    let listed = waiting(&second);
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["approval_id"], &listed[0]["missing"]), (&json!(id), &json!(1)));
    assert_eq!(listed[0]["change"], "the owner threshold becomes 2, and was 1");
    assert_eq!(second.json(&["org", "show"])["approvals_pending"], json!(1));
    let line = org.owner.run(&["org", "approve", id, "--yes"]).fails(1);
    assert!(line.contains("another owner"), "{line}");
    second.run(&["org", "approve", id]).fails(2);
    // The beginning of the id is enough.
    let made = second.json(&["org", "approve", &id[..8], "--yes"]);
    assert_eq!((&made["status"], &made["missing"]), (&json!("made"), &json!(0)));
    assert_eq!(org.owner.json(&["org", "policy"])["owner_threshold"], json!(2));
    assert!(waiting(&second).is_empty());

    // A third owner joins with two signatures.
    let (third, confirmed) = joined(&org, "third@acme.example", "owner");
    assert_eq!(confirmed["status"], "pending");
    third.run(&["profile", "list"]).fails(3);
    let id = confirmed["approval_id"].as_str().unwrap();
    let text = second.ok(&["org", "approvals"]).text();
    let fingerprint = confirmed["fingerprint"].as_str().unwrap();
    assert!(text.contains("third@acme.example (id "), "{text}");
    assert!(text.contains(&format!("fingerprint {fingerprint}) joins as owner")), "{text}");
    assert_eq!(second.json(&["org", "approve", id, "--yes"])["status"], "made");
    assert_eq!(third.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "value");

    // One is removed: two others sign.
    let removed = org.owner.json(&["user", "remove", "second@acme.example", "--yes"]);
    assert_eq!(removed["status"], "pending");
    second.ok(&["secret", "get", "KEY", "--profile", &profile]);
    let made = third.ok(&["org", "approve", removed["approval_id"].as_str().unwrap(), "--yes"]).text();
    assert!(made.contains("second@acme.example (id ") && made.contains(" is removed"), "{made}");
    second.run(&["secret", "get", "KEY", "--profile", &profile]).fails(3);

    // Two owners are left, and one would be fewer than the threshold.
    let line = org.owner.run(&["user", "set-role", "third@acme.example", "admin"]).fails(1);
    assert!(line.contains("org policy"), "{line}");
}

#[test]
fn what_waits_can_be_given_up() {
    let org = Org::start();
    let (second, _) = joined(&org, "second@acme.example", "owner");
    let id = org.owner.json(&["org", "policy", "--owner-threshold", "2"])["approval_id"].as_str().unwrap().to_owned();
    let (admin, _) = joined(&org, "admin@acme.example", "admin");
    // An admin joined, which is a new roster: what waited named the one before.
    assert!(waiting(&second).is_empty());
    second.run(&["org", "approve", &id, "--yes"]).fails(4);
    let id = org.owner.json(&["org", "policy", "--owner-threshold", "2"])["approval_id"].as_str().unwrap().to_owned();
    admin.run(&["org", "approve", &id, "--yes"]).fails(3);
    admin.run(&["org", "withdraw", &id]).fails(3);
    assert_eq!(second.json(&["org", "withdraw", &id])["status"], "withdrawn");
    second.run(&["org", "withdraw", &id]).fails(4);
    assert!(waiting(&org.owner).is_empty());
    assert_eq!(org.owner.json(&["org", "policy", "--name", "Renamed"])["name"], "Renamed");
    admin.run(&["org", "policy", "--name", "Mine"]).fails(3);
    org.owner.ok(&["org", "verify"]);
}

#[test]
fn an_owners_new_keys_wait_for_the_other_owner() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"value")]);
    let (second, _) = joined(&org, "second@acme.example", "owner");
    let raised = org.owner.json(&["org", "policy", "--owner-threshold", "2"]);
    second.json(&["org", "approve", raised["approval_id"].as_str().unwrap(), "--yes"]);
    let (email, key) = ("owner@acme.example", org.account_key().to_owned());
    let owner = org.owner.clone().var("API_STRONGHOLD_ACCOUNT_KEY", &key).var("API_STRONGHOLD_PASSWORD", &org.password);
    let proposed = owner.json(&["user", "rotate-keys", "--email", email]);
    let (id, fingerprint) = (proposed["approval_id"].as_str().unwrap(), proposed["fingerprint"].as_str().unwrap());
    assert_eq!(proposed["status"], "pending");
    assert_eq!(owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "value");
    assert!(second.ok(&["org", "approvals"]).text().contains(fingerprint), "what is signed can be compared");
    second.json(&["org", "approve", id, "--yes"]);
    owner.run(&["profile", "list"]).fails(3);
    owner.ok(&["auth", "login", "--email", email]);
    assert_eq!(owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "value");
    assert_eq!(owner.json(&["org", "policy"])["owner_threshold"], 2);
    assert_eq!(second.json(&["org", "verify"])["verified"], true);
    assert_eq!(second.json(&["audit", "verify"])["verified"], true);
}
