//! The server knows nothing: after everything was done that can be done, neither its files, nor its log, nor its memory hold
//! a secret's name or value, a token's seed, a password or an account key.

use crate::{say, text};
use data_encoding::BASE64;
use serde_json::Value;
use std::{collections::BTreeSet, fs};
use stronghold_testkit::{Cli, Finding, Needles, Org, Token, memory, random_bytes, random_word};

/// Everything that only clients may know.
#[derive(Default)]
struct Known {
    names: Vec<String>,
    values: Vec<Vec<u8>>,
    tokens: Vec<Token>,
    others: Vec<(String, Vec<u8>)>,
}

#[test]
fn the_server_never_holds_a_secret() {
    let org = Org::start();
    let mut known = Known::default();
    let (profile, control) = walk_through(&org, &mut known);

    let mut needles = Needles::new();
    for name in &known.names {
        needles.add(&format!("the name {name}"), name.as_bytes());
    }
    for (number, value) in known.values.iter().enumerate() {
        needles.add(&format!("value {number}"), value);
    }
    for token in &known.tokens {
        needles.add(&format!("the seed of {}'s token", token.name), &token.seed());
    }
    for (label, bytes) in &known.others {
        needles.add(label, bytes);
    }
    assert!(known.names.len() >= 50 && known.values.len() >= 100 && known.tokens.len() >= 4);
    let needed = needles.len();
    // What the server does know shows that we look at the right places: in its files and in its memory.
    needles.add("control: the profile's name", profile.as_bytes());
    needles.add("control: the agent's name", control.as_bytes());

    let mut in_memory = BTreeSet::new();
    let pages = memory::scan(org.server.id(), &mut needles, &mut in_memory);
    let mut in_files = BTreeSet::new();
    let files = needles.scan_folder(org.server.data_dir(), &[], &mut in_files);
    let log = needles.scan_file(org.server.log_file(), &mut in_files);
    let names: BTreeSet<String> = fs::read_dir(org.server.data_dir())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    say(&format!(
        "looked for {needed} secrets in {pages} bytes of memory, {files} bytes of {names:?} and {log} bytes of log"
    ));
    assert!(names.iter().any(|name| name.ends_with("-wal")), "the write-ahead log was looked at: {names:?}");
    assert!(log > 0 && files > 100_000 && pages > 1_000_000);
    for (place, findings) in [("memory", &in_memory), ("files", &in_files)] {
        let (controls, secrets): (Vec<&Finding>, Vec<&Finding>) =
            findings.iter().partition(|finding| finding.label.starts_with("control"));
        assert!(secrets.is_empty(), "the server's {place} hold {secrets:#?}");
        assert!(!controls.is_empty(), "the scan of {place} finds what is there");
    }
}

/// Configuration folders hold keys, and no secret: neither what was pulled nor what was pushed.
#[test]
fn configuration_folders_hold_no_secret() {
    let org = Org::start();
    let mut known = Known::default();
    let _ = walk_through(&org, &mut known);
    let mut needles = Needles::new();
    for (number, value) in known.values.iter().enumerate() {
        needles.add(&format!("value {number}"), value);
    }
    for name in &known.names {
        needles.add(&format!("the name {name}"), name.as_bytes());
    }
    needles.add("the password", org.password.as_bytes());
    let control = org.owner.json(&["auth", "status"])["id"].as_str().unwrap().to_owned();
    needles.add("control: the owner's id", control.as_bytes());
    let mut findings = BTreeSet::new();
    let mut folders = 0;
    // Folders of clients; the data of the server and the files that were pushed and pulled on purpose are beside them.
    for entry in fs::read_dir(org.server.folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && (path.join("credentials.json").exists() || path.join("state").exists()) {
            needles.scan_folder(&path, &[], &mut findings);
            folders += 1;
        }
    }
    assert!(folders >= 4, "{folders}");
    let labels: BTreeSet<&str> = findings.iter().map(|finding| finding.label.as_str()).collect();
    assert_eq!(labels, BTreeSet::from(["control: the owner's id"]), "{findings:#?}");
}

/// Random bytes that are no text, and that an environment can hold.
fn binary() -> Vec<u8> {
    random_bytes(40).into_iter().map(|byte| byte | 0x80).collect()
}

/// Every command that handles a secret, with 50 random names and values. Returns what the server may know: the names of a
/// profile and of an agent.
fn walk_through(org: &Org, known: &mut Known) -> (String, String) {
    for what in ["account_key", "recovery_kit"] {
        let printed = org.created[what].as_str().unwrap();
        known.others.push((what.to_owned(), printed.as_bytes().to_vec()));
        // version (1) | suite (2) | org id (32) | user id (16) | what is secret | checksum (4)
        let body = printed.rsplit('_').next().unwrap().to_uppercase();
        let body = data_encoding::BASE32_NOPAD.decode(body.as_bytes()).unwrap();
        known.others.push((format!("the bytes of {what}"), body[51..body.len() - 4].to_vec()));
    }
    known.others.push(("the password".to_owned(), org.password.clone().into_bytes()));
    let credentials = fs::read(org.owner.config_dir().join("credentials.json")).unwrap();
    let credentials: Value = serde_json::from_slice(&credentials).unwrap();
    let seed = credentials["identities"][0]["seed"].as_str().unwrap();
    known.others.push(("the owner's seed".to_owned(), data_encoding::BASE64URL_NOPAD.decode(seed.as_bytes()).unwrap()));

    // A device of the owner, which all commands run on.
    let device = Cli::new(&org.folder()).var("API_STRONGHOLD_URL", org.server.url());
    let device = device.var("API_STRONGHOLD_PASSWORD", &org.password);
    device.clone().var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key()).json(&[
        "auth",
        "login",
        "--email",
        "owner@acme.example",
    ]);
    let wrong = random_word(24);
    let mistyped =
        device.clone().var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key()).var("API_STRONGHOLD_PASSWORD", &wrong);
    mistyped.run(&["auth", "login", "--email", "owner@acme.example"]).fails(3);
    known.others.push(("a mistyped password".to_owned(), wrong.into_bytes()));

    let profile = org.name("profile");
    device.json(&["profile", "create", &profile]);
    known.names = (0..50).map(|_| random_word(24)).collect();
    let mut values = |count: usize| -> Vec<Vec<u8>> {
        let new: Vec<Vec<u8>> = (0..count)
            .map(|number| if number % 5 == 0 { binary() } else { random_word(16 + number).into_bytes() })
            .collect();
        known.values.extend(new.clone());
        new
    };
    let push = |values: &[Vec<u8>]| {
        let file: serde_json::Map<String, Value> = known
            .names
            .iter()
            .zip(values)
            .map(|(name, value)| match std::str::from_utf8(value) {
                Ok(text) => (name.clone(), Value::from(text)),
                Err(_) => (name.clone(), serde_json::json!({"base64": BASE64.encode(value)})),
            })
            .collect();
        let input = Value::Object(file).to_string();
        device.run_with(&["env", "push", "--profile", &profile, "--format", "json", "-"], input.as_bytes()).succeeds();
    };
    push(&values(50));
    push(&values(50));
    let single = values(1).remove(0);
    let note = random_word(30);
    let set = ["secret", "set", &known.names[0], "--profile", &profile, "--stdin", "--note", &note];
    device.run_with(&set, &single).succeeds();
    known.others.push(("a note".to_owned(), note.clone().into_bytes()));
    assert_eq!(device.ok(&["secret", "get", &known.names[0], "--profile", &profile]).stdout, single);
    device.json(&["secret", "list", "--profile", &profile]);
    device.json(&["secret", "delete", &known.names[49], "--profile", &profile, "--yes"]);

    let (group, other_group) = (org.group(&[&profile]), org.group(&[&profile]));
    let agents: Vec<Token> = (0..4).map(|_| org.agent(&[&group, &other_group])).collect();
    for agent in &agents {
        let cli = Cli::new(&org.folder());
        cli.ok(&["auth", "api-user", "--token", &agent.token]);
        for format in ["json", "dotenv", "shell"] {
            let out = org.folder();
            let run = cli.run(&["env", "pull", "--profile", &profile, "--format", format, "-o", text(&out)]);
            assert!(format != "json" || run.code() == 0, "{run}");
        }
        cli.ok(&["secret", "get", &known.names[1], "--profile", &profile]);
        cli.run(&["secret", "get", &random_word(20), "--profile", &profile]).fails(4);
        cli.ok(&["env", "run", "--profile", &profile, "--", "true"]);
        cli.run(&["env", "pull", "--profile", "no-such-profile"]).fails(3);
        cli.ok(&["auth", "status"]);
    }
    let rotated = Token::of(&device.json(&["agent", "rotate-token", &agents[0].name]));
    org.as_agent(&agents[0]).run(&["env", "pull", "--profile", &profile]).fails(3);
    let _ = org.pull(&rotated, &profile);
    device.json(&["agent", "deactivate", &agents[1].name]);
    org.as_agent(&agents[1]).run(&["env", "pull", "--profile", &profile]).fails(3);
    device.json(&["agent", "activate", &agents[1].name]);
    device.json(&["agent", "delete", &agents[2].name, "--yes"]);
    device.json(&["group", "remove", &group, "--agent", &agents[3].name]);
    device.json(&["group", "revoke", &other_group, &profile]);
    push(&values(50));
    device.json(&["profile", "rename", &profile, &format!("{profile}-renamed")]);
    device.json(&["org", "verify"]);
    let control = agents[1].name.clone();
    known.tokens.extend(agents);
    known.tokens.push(rotated);
    (profile, control)
}
