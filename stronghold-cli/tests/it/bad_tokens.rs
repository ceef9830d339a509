//! Strings that are no token: one line that says so, exit code 3, nothing kept, and never the string itself.

use crate::{org, text};
use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
};
use stronghold_testkit::{Cli, Org, Run};

/// Checks a refused token: whichever way it came, no part of it may be shown.
fn refused(run: &Run, token: &[u8]) {
    let line = run.fails(3);
    assert!(line.starts_with("error: "), "{line}");
    let shown = String::from_utf8_lossy(token);
    // The prefix is no secret, and an error may say how tokens start.
    if let Some(secret) = shown.trim().strip_prefix("stronghold_agent_").filter(|rest| rest.len() > 8) {
        assert!(!line.contains(&secret[..8]), "{line}");
    }
    assert!(line.len() < 500, "{line}");
}

fn malformed(good: &str) -> Vec<Vec<u8>> {
    let swap = |at: usize, new: u8| {
        let mut bytes = good.as_bytes().to_vec();
        bytes[at] = if bytes[at] == new { b'z' } else { new };
        bytes
    };
    let middle = good.len() / 2;
    let mut tokens: Vec<Vec<u8>> = vec![
        b"x".to_vec(),
        b"stronghold_agent_".to_vec(),
        b"stronghold_agent_a".to_vec(),
        b"stronghold_agent".to_vec(),
        good.strip_prefix("stronghold_agent_").unwrap().as_bytes().to_vec(),
        good.replace("_agent_", "_invite_").into_bytes(),
        good.replace("_agent_", "_AGENT_").into_bytes(),
        good.to_uppercase().into_bytes(),
        format!("{good}{good}").into_bytes(),
        format!("{good}a").into_bytes(),
        format!("{good}aaaaaaaa").into_bytes(),
        format!("{good}=").into_bytes(),
        format!("\"{good}\"").into_bytes(),
        format!("Bearer {good}").into_bytes(),
        format!("{} {}", &good[..middle], &good[middle..]).into_bytes(),
        format!("{}\n{}", &good[..middle], &good[middle..]).into_bytes(),
        "\u{1f980}".repeat(100).into_bytes(),
        vec![b'a'; 60_000],
        format!("stronghold_agent_{}", "a".repeat(60_000)).into_bytes(),
        swap(20, b'0'),
        swap(20, b'_'),
        swap(20, 0xff),
        swap(good.len() - 1, 0xc3),
    ];
    for cut in 1..=12 {
        tokens.push(good.as_bytes()[..good.len() - cut].to_vec());
    }
    for at in [17, 18, 19, 22, 40, 60, 100, 140, middle, good.len() - 8, good.len() - 1] {
        tokens.push(swap(at, b'b'));
    }
    tokens
}

#[test]
fn malformed_tokens_are_refused_here_whichever_way_they_come() {
    let org = org();
    let good = org.agent(&[]).token;
    let file = org.folder();
    let pull = ["env", "pull", "--profile", "production"];
    for token in malformed(&good) {
        let argument = OsStr::from_bytes(&token);
        let cli = Cli::new(&org.folder());
        // Not a server is asked: this one does not exist, and asking it would be exit code 6.
        let cli = cli.var("API_STRONGHOLD_URL", "http://127.0.0.1:1");
        let by_flag = cli.run(&[OsStr::new("auth"), OsStr::new("api-user"), OsStr::new("--token"), argument]);
        if std::str::from_utf8(&token).is_ok() {
            refused(&by_flag, &token);
        } else {
            assert!(matches!(by_flag.code(), 2 | 3) && by_flag.stdout.is_empty(), "{by_flag}");
            assert!(!by_flag.messages().contains("panicked"), "{by_flag}");
        }
        refused(&cli.clone().var("API_STRONGHOLD_TOKEN", argument).run(&pull), &token);
        fs::write(&file, &token).unwrap();
        let by_file = cli.clone().var("API_STRONGHOLD_TOKEN_FILE", &file).run(&pull);
        let by_stdin = cli.run_with(&["auth", "api-user", "--token", "-"], &token);
        for run in [by_file, by_stdin] {
            assert!(matches!(run.code(), 1 | 3), "{run}");
            let code = run.code();
            run.fails(code);
        }
        assert!(!cli.config_dir().join("credentials.json").exists(), "nothing is kept");
    }
}

/// A damaged token must not quietly become another identity: the signed-in one.
#[test]
fn a_damaged_token_never_falls_back_to_the_signed_in_identity() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let cli = Cli::new(&org.folder());
    cli.ok(&["auth", "api-user", "--token", &agent.token]);
    let pull = ["env", "pull", "--profile", &profile];
    cli.ok(&pull);
    cli.clone().var("API_STRONGHOLD_TOKEN", "damaged").run(&pull).fails(3);
    let not_text = OsString::from_vec(vec![b'a', 0xff, b'b']);
    cli.clone().var("API_STRONGHOLD_TOKEN", &not_text).run(&pull).fails(3);
    for (content, code) in [(&b""[..], 1), (b"\xff\xfe", 1), (b"a\0b", 3), (&[b'a'; 200_000], 1)] {
        let file = org.folder();
        fs::write(&file, content).unwrap();
        cli.clone().var("API_STRONGHOLD_TOKEN_FILE", &file).run(&pull).fails(code);
    }
    for file in [text(&org.made_folder()), "/no/such/file"] {
        let line = cli.clone().var("API_STRONGHOLD_TOKEN_FILE", file).run(&pull).fails(1);
        assert!(line.contains(file), "{line}");
    }
}

/// The other strings of ours are recognized, and named as what they are.
#[test]
fn other_strings_of_ours_are_no_tokens() {
    let org = org();
    for (what, name) in [("account_key", "account key"), ("recovery_kit", "recovery kit")] {
        let text = org.created[what].as_str().unwrap();
        let line = Cli::new(&org.folder()).run(&["auth", "api-user", "--token", text]).fails(3);
        assert!(line.contains(name) && !line.contains(text), "{line}");
    }
    let token = org.agent(&[]).token;
    let login = ["auth", "login", "--email", "owner@acme.example"];
    for key in [token.as_str(), "stronghold_account_aaaa", "x", org.created["recovery_kit"].as_str().unwrap()] {
        let cli = Cli::new(&org.folder()).var("API_STRONGHOLD_URL", org.server.url());
        let cli = cli.var("API_STRONGHOLD_PASSWORD", &org.password).var("API_STRONGHOLD_ACCOUNT_KEY", key);
        let line = cli.run(&login).fails(3);
        assert!(!line.contains(key) || key == "x", "{line}");
    }
}

/// A token of another organization, on another server: refused, and nothing told.
#[test]
fn a_token_of_another_server_is_refused() {
    let other = Org::start();
    let profile = other.profile(&[("KEY", b"value")]);
    let agent = other.agent(&[&other.group(&[&profile])]);
    let cli = Cli::new(&org().folder()).var("API_STRONGHOLD_TOKEN", &agent.token);
    cli.run(&["env", "pull", "--profile", &profile, "--url", org().server.url()]).fails(3);
    cli.run(&["auth", "status", "--url", org().server.url()]).fails(3);
    cli.ok(&["env", "pull", "--profile", &profile]);
}
