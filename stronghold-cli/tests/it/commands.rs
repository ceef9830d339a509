//! The script contract: commands, fields and meanings that scripts outside the repository rely on.

use crate::{fields, named, org, text};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};
use stronghold_testkit::{Cli, Org, Server, Token, program, random_word, until};

#[test]
fn org_create_prints_ids_and_keys_and_signs_the_owner_in() {
    let server = Server::start();
    let code_file = server.setup_code_file();
    assert_eq!(fs::metadata(&code_file).unwrap().permissions().mode() & 0o777, 0o600);
    let first_code = fs::read_to_string(&code_file).unwrap();
    assert!(!server.log().contains(first_code.trim()), "the log says where the code is, not what");
    assert!(server.log().contains(text(&code_file)), "{}", server.log());
    let mut org = Org::on(server);
    assert_eq!(fields(&org.created), ["account_key", "org_id", "recovery_kit", "user_id"]);
    let status = org.owner.json(&["auth", "status"]);
    assert_eq!(status["kind"], "user");
    assert_eq!(status["id"], org.created["user_id"]);
    assert_eq!(status["org_id"], org.created["org_id"]);
    assert_eq!(status["name"], "owner@acme.example");

    // A code counts once; the operator can make another, for a further organization.
    let used = org.folder();
    fs::write(&used, &first_code).unwrap();
    let create = |file: &str| {
        let other = Cli::new(&org.folder())
            .var("API_STRONGHOLD_URL", org.server.url())
            .var("API_STRONGHOLD_PASSWORD", random_word(20));
        other.run(&["--json", "org", "create", "Second", "--setup-code-file", file, "--email", "owner@acme.example"])
    };
    let again = create(text(&used));
    assert_eq!(again.code(), 3, "{again}");
    let made = Command::new(program("stronghold-server"))
        .env_clear()
        .args(["setup-code", "--data-dir"])
        .arg(org.server.data_dir())
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let printed = String::from_utf8(made.stdout).unwrap();
    let file = Path::new(printed.trim());
    assert_ne!(fs::read_to_string(file).unwrap().trim(), first_code.trim());
    let second = create(text(file)).succeeds().json();
    assert_ne!(second["org_id"], org.created["org_id"], "an address is unique within an organization only");
    org.server.stop();
}

#[test]
fn a_second_device_logs_in_with_account_key_and_password() {
    let org = org();
    let device = Cli::new(&org.folder())
        .var("API_STRONGHOLD_URL", org.server.url())
        .var("API_STRONGHOLD_PASSWORD", &org.password)
        .var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
    let login = ["auth", "login", "--email", "owner@acme.example"];
    device.json(&login);
    // From here on, only what the folder holds.
    let device = Cli::new(device.config_dir());
    let profile = org.profile(&[("FROM", b"the first device")]);
    let pulled = device.json(&["env", "pull", "--profile", &profile, "--format", "json"]);
    assert_eq!(pulled, json!({"FROM": "the first device"}));

    let wrong_password = device.clone().var("API_STRONGHOLD_URL", org.server.url());
    let wrong_password = wrong_password.var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
    wrong_password.clone().var("API_STRONGHOLD_PASSWORD", "not the password").run(&login).fails(3);
    wrong_password.run(&login).fails(2);
    let by_stdin = ["auth", "login", "--email", "owner@acme.example", "--password-stdin"];
    let piped = wrong_password.run_with(&by_stdin, format!("{}\n", org.password).as_bytes());
    assert_eq!(piped.code(), 0, "{piped}");
    let stranger = ["auth", "login", "--email", "stranger@acme.example"];
    wrong_password.clone().var("API_STRONGHOLD_PASSWORD", &org.password).run(&stranger).fails(3);
}

#[test]
fn profiles_are_created_listed_shown_renamed_and_deleted() {
    let org = org();
    let name = org.name("profile");
    let created = org.owner.json(&["profile", "create", &name]);
    assert_eq!(fields(&created), ["name", "profile_id", "revision"]);
    assert_eq!((&created["name"], &created["revision"]), (&json!(name), &json!(1)));
    let id = created["profile_id"].as_str().unwrap().to_owned();
    org.owner.run(&["profile", "create", &name]).fails(1);
    let shaped_like_id = org.owner.run(&["profile", "create", &id]);
    assert!(matches!(shaped_like_id.code(), 1 | 2), "a name shaped like an id is refused: {shaped_like_id}");
    assert_eq!(named(&org.owner.json(&["profile", "list"]), &name)["profile_id"], json!(id));
    let renamed = org.name("profile");
    org.owner.json(&["profile", "rename", &id, &renamed]);
    assert_eq!(org.owner.json(&["profile", "show", &renamed])["profile_id"], json!(id));
    org.owner.run(&["profile", "show", &name]).fails(4);
    org.owner.run(&["profile", "delete", &renamed]).fails(2);
    org.owner.json(&["profile", "delete", &renamed, "--yes"]);
    org.owner.run(&["profile", "show", &id]).fails(4);
    org.owner.json(&["profile", "create", &renamed]);
}

#[test]
fn env_push_counts_what_it_did_and_prunes_only_when_told() {
    let org = org();
    let profile = org.profile(&[]);
    let file = org.folder();
    let push = |content: &str, arguments: &[&str]| {
        fs::write(&file, content).unwrap();
        let mut all = vec!["env", "push", "--profile", &profile, text(&file)];
        all.extend(arguments);
        org.owner.json(&all)
    };
    let counts =
        |pushed: &Value| ["revision", "created", "updated", "unchanged"].map(|field| pushed[field].as_u64().unwrap());
    let pull = || org.owner.json(&["env", "pull", "--profile", &profile, "--format", "json"]);

    let first = push("A=1\nB=2\nC=3\n", &[]);
    assert_eq!(fields(&first), ["created", "profile", "revision", "unchanged", "updated"]);
    assert_eq!(first["profile"], json!(profile));
    assert_eq!(counts(&first), [2, 3, 0, 0]);
    let dry = push("A=1\nB=changed\nD=4\n", &["--dry-run"]);
    assert_eq!(counts(&dry)[1..], [1, 1, 1], "{dry}");
    assert_eq!(pull(), json!({"A": "1", "B": "2", "C": "3"}), "a dry run changes nothing");
    assert_eq!(counts(&push("A=1\nB=changed\nD=4\n", &[])), [3, 1, 1, 1]);
    assert_eq!(pull(), json!({"A": "1", "B": "changed", "C": "3", "D": "4"}), "what the file lacks stays");
    let dry = push("A=1\n", &["--prune", "--dry-run"]);
    assert_eq!(dry["deleted"], json!(3));
    assert_eq!(pull().as_object().unwrap().len(), 4);
    let pruned = push("A=1\n", &["--prune"]);
    assert_eq!(counts(&pruned)[1..], [0, 0, 1]);
    assert_eq!(pull(), json!({"A": "1"}));
    let same = push("A=1\n", &["--prune"]);
    assert_eq!(counts(&same)[1..], [0, 0, 1]);
    assert_eq!(same["revision"], pruned["revision"], "nothing changed, so nothing was written");
    push("A=2\nE=5\n", &[]);
    assert_eq!(pull(), json!({"A": "2", "E": "5"}));
}

#[test]
fn secret_list_shows_ids_versions_and_times_and_no_values() {
    let org = org();
    let profile = org.profile(&[("ONE", b"hunter2 hunter2"), ("TWO", b"2")]);
    org.push(&profile, &[("TWO", b"zwei")]);
    let list = org.owner.run(&["--json", "secret", "list", "--profile", &profile]).succeeds();
    assert!(!list.text().contains("hunter2"));
    let list = list.json();
    assert_eq!(fields(&list[0]), ["kind", "name", "secret_id", "updated_at", "version"]);
    assert_eq!(named(&list, "ONE")["version"], json!(1));
    assert_eq!(named(&list, "TWO")["version"], json!(2));
    assert!(named(&list, "TWO")["updated_at"].as_str().unwrap() > named(&list, "ONE")["updated_at"].as_str().unwrap());
    org.owner.run(&["secret", "delete", "ONE", "--profile", &profile]).fails(2);
    org.owner.json(&["secret", "delete", "ONE", "--profile", &profile, "--yes"]);
    assert_eq!(org.owner.json(&["secret", "list", "--profile", &profile]).as_array().unwrap().len(), 1);
    org.owner.run(&["secret", "delete", "ONE", "--profile", &profile, "--yes"]).fails(4);
}

#[test]
fn groups_grant_profiles_to_members() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let group = org.name("group");
    let created = org.owner.json(&["group", "create", &group]);
    assert_eq!(created["name"], json!(group));
    let id = created["group_id"].as_str().unwrap().to_owned();
    org.owner.run(&["group", "create", &group]).fails(1);
    org.owner.json(&["group", "grant", &group, &profile, "--access", "read"]);
    let agent = org.agent(&[]);
    org.as_agent(&agent).run(&["env", "pull", "--profile", &profile]).fails(3);
    org.owner.json(&["group", "add", &id, "--agent", &agent.name]);
    assert_eq!(org.pull(&agent, &profile), json!({"KEY": "value"}));
    let shown = org.owner.json(&["group", "show", &group]);
    assert_eq!(shown["grants"], json!([{"profile": profile, "access": ["read"]}]));
    assert_eq!(shown["members"], json!([{"kind": "agent", "name": agent.name}]));
    assert_eq!(named(&org.owner.json(&["group", "list"]), &group)["group_id"], json!(id));
    for access in ["write", "history"] {
        org.owner.json(&["group", "grant", &group, &profile, "--access", access]);
    }
    assert_eq!(org.owner.json(&["group", "show", &id])["grants"][0]["access"], json!(["read", "write", "history"]));
    org.owner.run(&["group", "grant", &group, &profile, "--access", "everything"]).fails_usage();
    org.owner.json(&["group", "remove", &group, "--agent", &agent.id]);
    org.as_agent(&agent).run(&["env", "pull", "--profile", &profile]).fails(3);
    org.owner.json(&["group", "revoke", &id, &profile]);
    org.owner.json(&["group", "delete", &group, "--yes"]);
    org.owner.run(&["group", "show", &group]).fails(4);
}

#[test]
fn agents_are_created_listed_and_shown() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let group = org.group(&[&profile]);
    let name = format!("CI/CD Pipeline {}", random_word(8));
    let created = org.owner.json(&["agent", "create", &name, "--group", &group, "--expires", "90d"]);
    assert_eq!(fields(&created), ["agent_id", "expires_at", "name", "token"]);
    let token = Token::of(&created);
    assert_eq!(token.name, name);
    org.owner.run(&["agent", "create", &name]).fails(1);
    let forever = org.agent(&[]);
    let dated = org.owner.json(&["agent", "create", &org.name("agent"), "--expires", "2099-01-31"]);
    assert_eq!(dated["expires_at"], json!("2099-01-31T00:00:00.000Z"));
    for wrong in ["2s ago", "-1d", "2020-01-31", "2099-02-30", "soon", "99999999999999999999d", "0s"] {
        let refused = org.owner.run(&["agent", "create", &org.name("agent"), &format!("--expires={wrong}")]);
        assert!(refused.fails(2).contains(wrong), "{refused}");
    }

    let list = org.owner.json(&["agent", "list"]);
    let listed = named(&list, &name);
    assert_eq!(fields(listed), ["agent_id", "expires_at", "groups", "last_seen_at", "name", "status"]);
    assert_eq!(listed["groups"], json!([group]));
    assert_eq!(listed["status"], json!("active"));
    assert_eq!(listed["last_seen_at"], Value::Null);
    assert_eq!(listed["expires_at"], created["expires_at"]);
    assert_eq!(named(&list, &forever.name)["expires_at"], Value::Null);
    let _ = org.pull(&token, &profile);
    let seen = org.owner.json(&["agent", "show", &token.id]);
    assert!(seen["last_seen_at"].is_string(), "{seen}");
    assert_eq!(seen["profiles"], json!([profile]));
    assert!(!org.owner.run(&["agent", "list"]).text().contains(&token.token), "a token is shown once");
}

/// The four statuses of `agent list`.
#[test]
fn an_agents_status_is_active_inactive_expired_or_deleted() {
    let org = org();
    let status = |agent: &Token| named(&org.owner.json(&["agent", "list"]), &agent.name)["status"].clone();
    let agent = org.agent(&[]);
    assert_eq!(status(&agent), "active");
    org.owner.json(&["agent", "deactivate", &agent.name]);
    assert_eq!(status(&agent), "inactive");
    org.owner.json(&["agent", "activate", &agent.id]);
    assert_eq!(status(&agent), "active");
    org.owner.run(&["agent", "delete", &agent.name]).fails(2);
    org.owner.json(&["agent", "delete", &agent.name, "--yes"]);
    assert_eq!(status(&agent), "deleted");
    let brief = org.agent_with(&[], &["--expires", "2s"]);
    until("it expires", Duration::from_secs(30), || (status(&brief) == "expired").then_some(()));
}

#[test]
fn rotate_token_prints_what_create_prints_and_what_is_exposed() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent_with(&[&org.group(&[&profile])], &["--expires", "90d"]);
    let rotated = org.owner.json(&["agent", "rotate-token", &agent.name]);
    assert_eq!(fields(&rotated), ["agent_id", "could_read", "expires_at", "name", "read", "token"]);
    let rotated = Token::of(&rotated);
    assert_eq!((&rotated.id, &rotated.name), (&agent.id, &agent.name));
    assert_ne!(rotated.seed(), agent.seed());
    assert_eq!(org.pull(&rotated, &profile), json!({"KEY": "value"}));
    org.as_agent(&agent).run(&["env", "pull", "--profile", &profile]).fails(3);
}

/// What is not text comes as base64.
#[test]
fn json_holds_binary_values() {
    let org = org();
    let profile =
        org.profile(&[("TEXT", "naïve \u{1f980} \"\\\n".as_bytes()), ("BLOB", b"\xff\x00\xfe"), ("NONE", b"")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let expected = json!({"TEXT": "naïve \u{1f980} \"\\\n", "BLOB": {"base64": "/wD+"}, "NONE": ""});
    assert_eq!(org.pull(&agent, &profile), expected);
}

/// Ids are accepted wherever names are, by agents too.
#[test]
fn profiles_are_named_by_id_too() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let id = org.owner.json(&["profile", "show", &profile])["profile_id"].as_str().unwrap().to_owned();
    assert_eq!(org.pull(&agent, &id), json!({"KEY": "value"}));
    org.owner.json(&["secret", "list", "--profile", &id]);
    let variable = org.as_agent(&agent).var("API_STRONGHOLD_PROFILE", &profile);
    assert_eq!(variable.ok(&["env", "pull", "--format", "json"]).json(), json!({"KEY": "value"}));
    variable.clone().without("API_STRONGHOLD_PROFILE").run(&["env", "pull"]).fails(2);
}

/// Errors of `--json` are problem details.
#[test]
fn json_errors_are_problem_details() {
    let org = org();
    let cases: [(Cli, &[&str], i32); 4] = [
        (org.owner.clone(), &["profile", "show", "no-such-profile"], 4),
        (org.as_agent(&org.agent(&[])), &["env", "pull", "--profile", "no-such-profile"], 3),
        (Cli::new(&org.folder()), &["profile", "list"], 3),
        (org.owner.clone().var("API_STRONGHOLD_URL", "http://127.0.0.1:1"), &["profile", "list"], 6),
    ];
    for (cli, arguments, code) in cases {
        let run = cli.run(&[&["--json"], arguments].concat());
        let problem: Value = serde_json::from_str(&run.fails(code)).unwrap_or_else(|error| panic!("{error}: {run}"));
        for field in ["type", "title"] {
            assert!(problem[field].is_string(), "{problem}");
        }
        assert!(problem["type"].as_str().unwrap().starts_with("urn:stronghold:problem:"), "{problem}");
    }
}

/// Also those of the argument parser, before it has read all flags.
#[test]
fn json_errors_of_the_argument_parser_are_problem_details() {
    let cli = Cli::new(&org().folder());
    let commands: [&[&str]; 4] = [
        &["--json"],
        &["profile", "--json", "create"],
        &["--output=json", "--no-such-flag"],
        &["env", "pull", "--json", "--format", "yaml"],
    ];
    for arguments in commands {
        let run = cli.run(arguments);
        let problem: Value = serde_json::from_str(&run.fails(2)).unwrap_or_else(|error| panic!("{error}: {run}"));
        assert_eq!(problem["code"], "usage");
    }
    cli.run(&["env", "run", "--no-such-flag", "--", "--json"]).fails_usage();
    assert!(cli.ok(&["--json", "--version"]).text().starts_with("api-stronghold-cli "));
}

/// What the owner sees of the organization, verified from its genesis on.
#[test]
fn org_show_and_verify() {
    let org = Org::start();
    let profile = org.profile(&[("ONE", b"1"), ("TWO", b"2")]);
    let _ = org.agent(&[&org.group(&[&profile])]);
    let shown = org.owner.json(&["org", "show"]);
    assert_eq!(shown["org_id"], org.created["org_id"]);
    assert_eq!(shown["name"], "Acme");
    assert_eq!(shown["owners"], json!(["owner@acme.example"]));
    let verified = org.owner.json(&["org", "verify"]);
    assert_eq!(verified["verified"], json!(true));
    assert_eq!((&verified["profiles"], &verified["secrets"]), (&json!(1), &json!(2)));
    assert_eq!(verified["head"], shown["head"]);
    // genesis, profile, group, grant, agent
    assert!(verified["statements"].as_u64().unwrap() >= 4, "{verified}");
}
