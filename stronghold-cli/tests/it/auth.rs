//! Who a command acts as.

use crate::{org, text};
use serde_json::{Value, json};
use std::{fs, os::unix::fs::PermissionsExt};
use stronghold_testkit::{Cli, random_word};

#[test]
fn auth_status_tells_agent_user_and_none() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let folder = org.folder();
    let cli = Cli::new(&folder);
    let fields = |status: &Value| {
        for name in ["kind", "id", "name", "org_id", "url", "profiles"] {
            assert!(status.get(name).is_some(), "{name} is missing in {status}");
        }
    };

    let none = cli.json(&["auth", "status"]);
    fields(&none);
    assert_eq!(none["kind"], "none");
    assert_eq!(none["profiles"], json!([]));

    cli.ok(&["auth", "api-user", "--token", &agent.token]);
    let status = cli.json(&["auth", "status"]);
    fields(&status);
    assert_eq!(
        (&status["kind"], &status["id"], &status["name"], &status["org_id"]),
        (&json!("agent"), &json!(agent.id), &json!(agent.name), &org.created["org_id"])
    );
    assert_eq!(status["url"], json!(org.server.url()));
    assert_eq!(status["profiles"], json!([profile]));
    let told = cli.ok(&["auth", "status"]).text();
    assert!(told.contains(text(&folder)) && told.contains("0600"), "it says where credentials are kept: {told}");
    assert!(!told.contains(&agent.token));
    let credentials = fs::metadata(folder.join("credentials.json")).unwrap();
    assert_eq!(credentials.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);

    let user = org.owner.json(&["auth", "status"]);
    fields(&user);
    assert_eq!(user["kind"], "user");
    assert!(user["profiles"].as_array().unwrap().contains(&json!(profile)));
}

/// One identity is active per folder: the last `auth`, or `auth switch`; the environment wins over it.
#[test]
fn the_last_identity_is_active_until_another_is_chosen() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let group = org.group(&[&profile]);
    let (first, second, third) = (org.agent(&[&group]), org.agent(&[&group]), org.agent(&[&group]));
    let cli = Cli::new(&org.folder());
    let active = |cli: &Cli| cli.json(&["auth", "status"])["name"].as_str().unwrap().to_owned();
    for agent in [&first, &second] {
        cli.ok(&["auth", "api-user", "--token", &agent.token]);
        assert_eq!(active(&cli), agent.name);
    }
    cli.ok(&["auth", "switch", &first.name]);
    assert_eq!(active(&cli), first.name);
    cli.ok(&["auth", "switch", &second.id]);
    assert_eq!(active(&cli), second.name);
    cli.run(&["auth", "switch", "nobody"]).fails(4);
    let listed = cli.json(&["auth", "list"]);
    let is_active: Vec<bool> = listed.as_array().unwrap().iter().map(|item| item["active"] == json!(true)).collect();
    assert_eq!(is_active, [false, true]);
    assert!(!listed.to_string().contains("stronghold_agent_"), "tokens are not listed");

    let overridden = cli.clone().var("API_STRONGHOLD_TOKEN", &third.token);
    assert_eq!(active(&overridden), third.name);
    let file = org.folder();
    fs::write(&file, format!("{}\n", third.token)).unwrap();
    assert_eq!(active(&cli.clone().var("API_STRONGHOLD_TOKEN_FILE", &file)), third.name);
    assert_eq!(active(&cli.clone().var("API_STRONGHOLD_TOKEN", "").var("API_STRONGHOLD_TOKEN_FILE", " ")), second.name);
    assert_eq!(active(&cli), second.name, "the environment leaves nothing behind");

    cli.ok(&["auth", "logout"]);
    assert_eq!(cli.json(&["auth", "status"])["kind"], "none");
    cli.run(&["env", "pull", "--profile", &profile]).fails(3);
    cli.ok(&["auth", "switch", &first.name]);
    assert_eq!(active(&cli), first.name);
    cli.ok(&["auth", "logout", "--all"]);
    assert_eq!(cli.json(&["auth", "list"]), json!([]));
    let left = fs::read_to_string(cli.config_dir().join("credentials.json")).unwrap();
    assert!(!left.contains("stronghold_agent_"), "{left}");
}

/// A token may come from standard input or a file, so that no process list shows it.
#[test]
fn tokens_come_from_standard_input_and_files() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    let cli = Cli::new(&org.folder());
    cli.run_with(&["auth", "api-user", "--token", "-"], format!("{}\r\n", agent.token).as_bytes()).succeeds();
    assert_eq!(cli.ok(&pull).json(), json!({"KEY": "value"}));
    let file = org.folder();
    fs::write(&file, &agent.token).unwrap();
    let cli = Cli::new(&org.folder()).var("API_STRONGHOLD_TOKEN_FILE", &file);
    assert_eq!(cli.ok(&pull).json(), json!({"KEY": "value"}));
    cli.ok(&["auth", "api-user"]);
    assert_eq!(cli.without("API_STRONGHOLD_TOKEN_FILE").ok(&pull).json(), json!({"KEY": "value"}));
}

/// `auth api-user` asks the server before it keeps a token, unless told not to.
#[test]
fn a_token_that_the_server_refuses_is_not_kept() {
    let org = org();
    let agent = org.agent(&[]);
    org.owner.json(&["agent", "delete", &agent.name, "--yes"]);
    let cli = Cli::new(&org.folder());
    cli.run(&["auth", "api-user", "--token", &agent.token]).fails(3);
    assert!(!cli.config_dir().join("credentials.json").exists());
    cli.ok(&["auth", "api-user", "--token", &agent.token, "--offline"]);
    cli.run(&["auth", "status"]).fails(3);
}

/// URL: flag, then environment, then the identity's or token's own.
#[test]
fn the_nearest_address_wins() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let pull = ["env", "pull", "--profile", &profile];
    let nowhere = "http://127.0.0.1:1";
    org.as_agent(&agent).ok(&pull);
    let misled = org.as_agent(&agent).var("API_STRONGHOLD_URL", nowhere);
    misled.run(&pull).fails(6);
    misled.ok(&[&pull[..], &["--url", org.server.url()]].concat());
    org.as_agent(&agent).var("API_STRONGHOLD_URL", "").ok(&pull);
    let localhost = org.server.url().replace("127.0.0.1", "localhost");
    org.as_agent(&agent).ok(&[&pull[..], &["--url", &localhost]].concat());
    // What `auth` was told is remembered with the identity.
    let cli = Cli::new(&org.folder());
    cli.ok(&["auth", "api-user", "--token", &agent.token, "--url", &localhost]);
    assert_eq!(cli.json(&["auth", "status"])["url"], json!(localhost));
}

/// Agents only read.
#[test]
fn an_agents_token_administers_nothing() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let (new, name) = (random_word(12), agent.name.as_str());
    let file = org.folder();
    fs::write(&file, "A=1\n").unwrap();
    let commands: &[&[&str]] = &[
        &["profile", "create", &new],
        &["profile", "rename", &profile, &new],
        &["profile", "delete", &profile, "--yes"],
        &["env", "push", "--profile", &profile, text(&file)],
        &["secret", "set", "KEY", "--profile", &profile, "--file", text(&file)],
        &["secret", "delete", "KEY", "--profile", &profile, "--yes"],
        &["group", "create", &new],
        &["group", "list"],
        &["group", "show", &group],
        &["group", "add", &group, "--agent", name],
        &["group", "remove", &group, "--agent", name],
        &["group", "grant", &group, &profile],
        &["group", "revoke", &group, &profile],
        &["group", "delete", &group, "--yes"],
        &["agent", "create", &new],
        &["agent", "list"],
        &["agent", "show", name],
        &["agent", "update", name, "--expires", "never"],
        &["agent", "activate", name],
        &["agent", "deactivate", name],
        &["agent", "rotate-token", name],
        &["agent", "delete", name, "--yes"],
        &["org", "show"],
        &["org", "verify"],
    ];
    let cli = org.as_agent(&agent);
    for command in commands {
        let line = cli.run(command).fails(3);
        assert!(line.contains("agent"), "{line}");
    }
    assert_eq!(org.pull(&agent, &profile), json!({"KEY": "value"}));
    assert_eq!(cli.json(&["profile", "list"])[0]["name"], json!(profile));
    assert_eq!(cli.ok(&["secret", "get", "KEY", "--profile", &profile]).stdout, b"value");
}

/// Help for whoever is stuck: each check with its source, and the exit code of what is wrong.
#[test]
fn doctor_explains() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let well = org.as_agent(&agent).ok(&["doctor"]).text();
    assert!(well.contains(&profile) && well.contains("API_STRONGHOLD_TOKEN") && !well.contains("FAIL"), "{well}");
    assert!(!well.contains(&agent.token));
    assert!(!org.owner.ok(&["doctor"]).text().contains("FAIL"));
    let code = |cli: Cli| cli.run(&["doctor"]).code();
    assert_eq!(code(Cli::new(&org.folder())), 3, "nobody is signed in");
    assert_eq!(code(org.as_agent(&agent).var("API_STRONGHOLD_URL", "http://127.0.0.1:1")), 6);
    assert_eq!(code(org.as_agent(&org.agent(&[]))), 3, "it can read nothing");
}
