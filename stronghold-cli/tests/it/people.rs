//! People from the command line: invited on one machine, accepted on another, confirmed, removed.

use crate::named;
use serde_json::{Value, json};
use stronghold_testkit::{Cli, Org};

/// Somebody on a machine of their own, with nothing but a password.
pub(crate) fn machine(org: &Org) -> Cli {
    machine_at(Some(org.server.url()), org)
}

/// The same, where the server is reached at another address, or none is said.
fn machine_at(url: Option<&str>, org: &Org) -> Cli {
    let cli = Cli::new(&org.folder()).var("API_STRONGHOLD_PASSWORD", "a password of their own");
    url.map_or_else(|| cli.clone(), |url| cli.clone().var("API_STRONGHOLD_URL", url))
}

/// Invites, accepts and confirms; the account key is returned too.
pub(crate) fn member(org: &Org, email: &str, role: &str, groups: &[&str]) -> (Cli, String) {
    member_at(Some(org.server.url()), org, email, role, groups)
}

/// The same, where the server is reached at another address, or at the one in the invitation.
pub(crate) fn member_at(url: Option<&str>, org: &Org, email: &str, role: &str, groups: &[&str]) -> (Cli, String) {
    let mut invite = vec!["user", "invite", email, "--role", role];
    groups.iter().for_each(|group| invite.extend(["--group", group]));
    let invited = org.owner.json(&invite);
    let cli = machine_at(url, org);
    let code = invited["code"].as_str().unwrap();
    // The code comes by standard input, where no process list shows it.
    let accepted = cli.run_with(&["--json", "user", "accept", "--email", email, "--invite", "-"], code.as_bytes());
    let accepted = accepted.succeeds().json();
    cli.run(&["profile", "list"]).fails(3);
    let listed = org.owner.json(&["user", "list"]);
    assert_eq!(status(&listed, email), "accepted", "{listed}");
    // Nobody confirms keys unseen: the fingerprint is told, or that it is not compared.
    let line = org.owner.run(&["user", "confirm", email]).fails(2);
    let fingerprint = accepted["fingerprint"].as_str().unwrap();
    assert!(line.contains(fingerprint) && line.contains("--fingerprint") && line.contains("--yes"), "{line}");
    org.owner.json(&["user", "confirm", email, "--fingerprint", fingerprint]);
    assert_eq!(status(&org.owner.json(&["user", "list"]), email), "member");
    (cli, accepted["account_key"].as_str().unwrap().to_owned())
}

fn status(list: &Value, email: &str) -> String {
    let entry = list.as_array().unwrap().iter().find(|entry| entry["email"] == email);
    entry.unwrap_or_else(|| panic!("{email} is not in {list}"))["status"].as_str().unwrap().to_owned()
}

#[test]
fn an_editor_joins_from_another_machine_and_is_removed() {
    let org = Org::start();
    let (written, foreign) = (org.profile(&[("KEY", b"1")]), org.profile(&[("KEY", b"1")]));
    let group = org.group(&[]);
    org.owner.json(&["group", "grant", &group, &written, "--access", "write"]);
    let agent = org.agent(&[&group]);
    let (editor, account_key) = member(&org, "editor@acme.example", "editor", &[&group]);
    editor.run_with(&["secret", "set", "KEY", "--profile", &written, "--stdin"], b"2").succeeds();
    assert_eq!(org.pull(&agent, &written), json!({"KEY": "2"}));
    editor.run(&["secret", "get", "KEY", "--profile", &foreign]).fails(4);
    editor.run(&["agent", "create", "theirs"]).fails(3);
    editor.run(&["user", "invite", "friend@acme.example"]).fails(3);
    // A second device, with account key and password.
    let second = machine(&org).var("API_STRONGHOLD_ACCOUNT_KEY", &account_key);
    second.ok(&["auth", "login", "--email", "editor@acme.example"]);
    assert_eq!(second.ok(&["secret", "get", "KEY", "--profile", &written]).text(), "2");

    let removed = org.owner.json(&["user", "remove", "editor@acme.example", "--yes"]);
    assert_eq!(removed["status"], "removed");
    let exposed = named(&removed["read"], "KEY");
    assert_eq!(exposed["profile"], written.as_str(), "what they could read is to be rotated at its issuer");
    for cli in [&editor, &second] {
        cli.run(&["secret", "get", "KEY", "--profile", &written]).fails(3);
    }
    assert_eq!(org.pull(&agent, &written), json!({"KEY": "2"}), "nobody else notices");
    assert_eq!(org.owner.json(&["org", "verify"])["verified"], true);
    assert_eq!(org.owner.json(&["audit", "verify"])["verified"], true);
}

#[test]
fn an_admin_administers_and_is_removed_by_an_owner_only() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let (admin, _) = member(&org, "admin@acme.example", "admin", &[]);
    let (other, _) = member(&org, "other@acme.example", "admin", &[]);
    admin.json(&["agent", "create", "by-admin", "--group", &group]);
    assert_eq!(admin.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "1");
    admin.run(&["user", "remove", "owner@acme.example", "--yes"]).fails(3);
    admin.run(&["user", "remove", "other@acme.example", "--yes"]).fails(3);
    org.owner.json(&["user", "remove", "admin@acme.example", "--yes"]);
    admin.run(&["profile", "list"]).fails(3);
    assert_eq!(org.pull(&agent, &profile), json!({"KEY": "1"}));
    // Another role is other keys for everything that the old one reached.
    org.owner.json(&["user", "set-role", "other@acme.example", "auditor"]);
    other.run(&["secret", "get", "KEY", "--profile", &profile]).fails(3);
    assert!(!other.json(&["audit", "list"]).as_array().unwrap().is_empty());
}

#[test]
fn an_invitation_is_used_once_by_whom_it_is_for() {
    let org = Org::start();
    let invited = org.owner.json(&["user", "invite", "guest@acme.example", "--role", "auditor"]);
    let code = invited["code"].as_str().unwrap();
    let cli = machine(&org).var("API_STRONGHOLD_INVITE", code);
    let said = cli.run(&["user", "accept"]).fails_usage();
    assert!(said.contains("API_STRONGHOLD_EMAIL"), "{said}");
    cli.run(&["user", "accept", "--email", "else@acme.example"]).fails(1);
    let mut broken = code.to_owned();
    broken.pop();
    cli.clone().var("API_STRONGHOLD_INVITE", broken).run(&["user", "accept", "--email", "guest@acme.example"]).fails(3);
    cli.ok(&["user", "accept", "--email", "guest@acme.example"]);
    let thief = machine(&org).var("API_STRONGHOLD_INVITE", code);
    let said = thief.run(&["user", "accept", "--email", "guest@acme.example"]).fails(1);
    assert!(said.contains("accepted before"), "whoever was late learns that somebody else was not: {said}");
    org.owner.json(&["user", "confirm", "guest@acme.example", "--yes"]);
    org.owner.run(&["user", "confirm", "guest@acme.example"]).fails(4);
    // One that was cancelled is nobody's.
    let cancelled = org.owner.json(&["user", "invite", "late@acme.example"]);
    org.owner.json(&["user", "remove", "late@acme.example", "--yes"]);
    let late = machine(&org).var("API_STRONGHOLD_INVITE", cancelled["code"].as_str().unwrap());
    late.run(&["user", "accept", "--email", "late@acme.example"]).fails(3);
    org.owner.run(&["user", "remove", "nobody@acme.example", "--yes"]).fails(4);
}

#[test]
fn an_owners_new_keys_replace_the_old_ones() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let key = org.account_key().to_owned();
    let login = |cli: Cli| cli.var("API_STRONGHOLD_ACCOUNT_KEY", &key).var("API_STRONGHOLD_PASSWORD", &org.password);
    let old = login(Cli::new(&org.folder()).var("API_STRONGHOLD_URL", org.server.url()));
    old.ok(&["auth", "login", "--email", "owner@acme.example"]);
    login(org.owner.clone()).json(&["user", "rotate-keys", "--email", "owner@acme.example"]);
    assert_eq!(org.owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "1");
    assert_eq!(org.pull(&agent, &profile), json!({"KEY": "1"}));
    old.run(&["profile", "list"]).fails(3);
    old.ok(&["auth", "login", "--email", "owner@acme.example"]);
    assert_eq!(old.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "1");
}

#[test]
fn whoever_is_no_owner_asks_for_new_keys() {
    let org = Org::start();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let (email, own) = ("editor@acme.example", ["user", "rotate-keys", "--email", "editor@acme.example"]);
    let (editor, account_key) = member(&org, email, "editor", &[&group]);
    let read = |cli: &Cli| cli.ok(&["secret", "get", "KEY", "--profile", &profile]).text();
    let with_key = editor.clone().var("API_STRONGHOLD_ACCOUNT_KEY", &account_key);
    let first = with_key.json(&own);
    let asked = with_key.json(&own);
    let fingerprint = asked["fingerprint"].as_str().unwrap();
    assert_eq!(asked["status"], "pending");
    assert_ne!(first["fingerprint"], asked["fingerprint"], "the last request counts");
    assert!(with_key.ok(&own).text().contains(&format!("user confirm {email} --fingerprint ")));
    let asked = with_key.json(&own);
    assert_eq!(read(&editor), "1", "until it is confirmed the keys so far count");

    let listed = org.owner.json(&["user", "list"]);
    let entry = listed.as_array().unwrap().iter().find(|entry| entry["email"] == email).unwrap();
    assert_eq!((&entry["new_keys"], &entry["status"]), (&asked["fingerprint"], &"member".into()));
    assert!(org.owner.ok(&["user", "list"]).text().contains("asks for new keys"));
    let confirm = ["user", "confirm", email, "--fingerprint"];
    let said = org.owner.run(&[&confirm[..], &[fingerprint]].concat()).fails(1);
    assert!(said.contains("another fingerprint") && said.contains("remove them"), "{said}");
    org.owner.run(&[&confirm[..], &["short"]].concat()).fails(2);
    org.owner.run(&["user", "confirm", "owner@acme.example"]).fails(4);
    let confirmed = org.owner.json(&[&confirm[..], &[asked["fingerprint"].as_str().unwrap()]].concat());
    assert_eq!((&confirmed["email"], &confirmed["fingerprint"]), (&email.into(), &asked["fingerprint"]));
    org.owner.run(&["user", "confirm", email]).fails(4);

    let said = editor.run(&["profile", "list"]).fails(3);
    assert!(said.contains("sign in again"), "{said}");
    with_key.ok(&["auth", "login", "--email", email]);
    assert_eq!(read(&editor), "1");
    assert_eq!(org.pull(&agent, &profile), json!({"KEY": "1"}), "nobody else notices");
    assert_eq!(org.owner.json(&["org", "verify"])["verified"], true);
    assert_eq!(org.owner.json(&["audit", "verify"])["verified"], true);
}
