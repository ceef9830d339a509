//! What others named, wrote and answered, where people read it: nothing of it steers a terminal or fakes a line.

use crate::{
    org,
    terminal::{Terminal, typed},
    text,
};
use serde_json::{Value, json};
use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
};
use stronghold_testkit::{Org, Run, Server, ServerOptions, Stub};

/// C0, DEL and C1 controls but for the line feed, and what acts on the direction of text.
pub(crate) fn acts(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Nothing that acts is in what a command printed.
fn harmless(run: &Run) {
    for printed in [String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr)] {
        assert!(!printed.chars().any(acts), "{printed:?}\n{run}");
        assert!(!printed.lines().any(|line| line.starts_with("FAKE")), "a faked line\n{run}");
    }
}

/// Names that secrets can have.
const NAMES: [&str; 8] = [
    "A\nFAKE  1  2026-01-01  value",
    "\u{1b}[2J\u{1b}]0;title\u{7}",
    "\u{9b}31mred",
    "exe.\u{202e}gpj",
    "\u{2066}isolated\u{2069}\u{200f}",
    "tab\tand\rreturn",
    "\u{61c}\u{7f}\u{85}",
    "plain",
];

/// Names that everything else can have, or is called by mistake.
const NAME: &str = "deploy\u{202e}yolped\u{2069}";

/// An organization whose members are malicious about names.
struct Scene {
    org: Org,
    profile: String,
    group: String,
    agent: String,
}

impl Scene {
    fn new() -> Self {
        let org = Org::start();
        let (profile, group, agent) = (format!("p{NAME}"), format!("g{NAME}"), format!("a{NAME}"));
        org.owner.json(&["profile", "create", &profile]);
        let secrets: Vec<(&str, &[u8])> = NAMES.iter().map(|name| (*name, &b"a\x1b[31mb"[..])).collect();
        org.push(&profile, &secrets);
        org.owner.json(&["group", "create", &group]);
        org.owner.json(&["group", "grant", &group, &profile]);
        org.owner.json(&["agent", "create", &agent, "--group", &group]);
        Self { org, profile, group, agent }
    }
}

#[test]
fn names_and_reasons_steer_no_terminal() {
    let Scene { org, profile, group, agent } = Scene::new();
    let owner = &org.owner;
    let invited = "eve\u{202e}@acme.example";
    let reasoned = owner.clone().var("API_STRONGHOLD_REASON", "why\u{1b}[31m\nFAKE\u{202e}");
    let renamed = format!("q{NAME}");
    let at = ["--profile", profile.as_str()];
    let commands: Vec<Vec<&str>> = vec![
        vec!["secret", "list"],
        vec!["secret", "history", NAMES[0]],
        vec!["secret", "history", NAMES[1], "--profile", "no\u{1b}[1m\nFAKE"],
        vec!["secret", "get", "missing\u{1b}\nFAKE"],
        vec!["secret", "set", NAMES[0], "--file", "/no/\u{1b}[31m\nFAKE"],
        vec!["secret", "set", NAMES[3], "--reference", "no\u{1b}such\nFAKE"],
        vec!["secret", "copy", NAMES[0], "--to", &profile, "--new-name", NAMES[1]],
        vec!["secret", "delete", NAMES[5], "--yes"],
        vec!["secret", "restore", NAMES[5]],
        vec!["secret", "list", "--deleted"],
        vec!["secret", "list", "--exposed"],
        vec!["profile", "list"],
        vec!["profile", "show", &profile],
        vec!["profile", "history"],
        vec!["profile", "diff", "1", "2", "--show-values"],
        vec!["profile", "show", "\u{202e}missing\u{1b}\nFAKE"],
        vec!["profile", "rename", &profile, &renamed],
        vec!["profile", "rename", &renamed, &profile],
        vec!["group", "list"],
        vec!["group", "show", &group],
        vec!["group", "grant", &group, &profile],
        vec!["agent", "list"],
        vec!["agent", "show", &agent],
        vec!["agent", "deactivate", &agent],
        vec!["agent", "create", "in\u{1b}valid"],
        vec!["agent", "create", "\u{202e}other", "--group", &group],
        vec!["agent", "update", &agent, "--expires", "\u{1b}soon\nFAKE"],
        vec!["agent", "rotate-token", &agent, "--grace", "1h"],
        vec!["agent", "delete", &agent, "--yes"],
        vec!["user", "invite", invited],
        vec!["user", "list"],
        vec!["user", "remove", invited, "--yes"],
        vec!["org", "policy", "--name", NAME],
        vec!["org", "show"],
        vec!["org", "verify"],
        vec!["audit", "list"],
        vec!["audit", "list", "--context", "\u{1b}key=1\nFAKE"],
        vec!["audit", "verify"],
        vec!["auth", "status"],
        vec!["auth", "list"],
        vec!["auth", "switch", "no\u{1b}body\nFAKE"],
        vec!["doctor"],
        vec!["env", "push", "/no/\u{1b}[31m\nFAKE\u{202e}"],
    ];
    for command in commands {
        let takes_profile = matches!(command[..], ["secret" | "env", ..] | ["profile", "history" | "diff", ..]);
        let more = if takes_profile && !command.contains(&"--profile") { &at[..] } else { &[] };
        let all = [&command[..], more].concat();
        let run = reasoned.run(&all);
        harmless(&run);
        let written_twice = ["create", "rename", "delete", "restore", "rotate-token", "invite", "remove", "copy"];
        if !command.iter().any(|word| written_twice.contains(word)) {
            let run = reasoned.run(&[&["--json"][..], &all].concat());
            harmless(&run);
        }
    }
    // Shown in full, a name a line: nothing is lost to the escaping.
    let listed = owner.ok(&["secret", "list", "--profile", &profile]);
    assert_eq!(listed.text().lines().count(), 1 + NAMES.len(), "{listed}");
    for shown in ["A\\nFAKE", "\\u{1b}[2J", "\\u{9b}31mred", "exe.\\u{202e}gpj", "tab\\tand\\rreturn"] {
        assert!(listed.text().contains(shown), "{shown}: {listed}");
    }
    let names: Vec<String> = owner
        .json(&["secret", "list", "--profile", &profile])
        .as_array()
        .unwrap()
        .iter()
        .map(|listed| listed["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(NAMES.iter().all(|name| names.iter().any(|listed| listed == name)), "JSON says the same: {names:?}");
}

/// Whoever follows the log sees what callers say of themselves.
#[test]
fn exports_say_the_same_and_steer_nothing() {
    let Scene { org, .. } = Scene::new();
    let reason = "why\u{1b}[31m\u{9b}\u{202e}";
    org.owner.clone().var("API_STRONGHOLD_REASON", reason).ok(&["profile", "list"]);
    let exported = org.owner.ok(&["audit", "export"]);
    harmless(&exported);
    let records: Vec<Value> = exported.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().any(|record| record["context"]["reason"] == reason), "{exported}");
}

/// The argument parser repeats what was typed.
#[test]
fn arguments_that_are_refused_steer_nothing() {
    let cli = org().owner.clone();
    let evil = "\u{1b}[31mx\u{202e}\nFAKE: line";
    let flag = format!("--{evil}");
    for arguments in [
        &[evil][..],
        &["env", evil],
        &[flag.as_str()],
        &["env", "pull", "--format", evil],
        &["--output", evil, "profile", "list"],
        &["profile", "rotate", "p", evil],
        &["audit", "list", "--limit", evil],
        &["secret", "get", "N", "--version", evil],
        &["completions", evil],
    ] {
        let run = cli.run(arguments);
        run.fails_usage();
        harmless(&run);
        let run = cli.run(&[&["--json"][..], arguments].concat());
        assert_eq!(run.code(), 2, "{run}");
        harmless(&run);
    }
    let not_text = cli.run(&[OsStr::new("env"), OsStr::from_bytes(b"\x1b[31m\xff\xfe")]);
    not_text.fails_usage();
    harmless(&not_text);
}

/// What fails here names files as they were given.
#[test]
fn a_failure_that_names_a_file_steers_nothing() {
    let profile = org().profile(&[]);
    let run = org().owner.run(&["env", "push", "--profile", &profile, "no\u{1b}[31m\u{9b}2J\u{202e}such.env"]);
    assert_ne!(run.code(), 0, "{run}");
    harmless(&run);
}

/// A server, or whatever answers in its place, writes the failure's text.
#[test]
fn what_a_server_says_steers_nothing() {
    let said = "no\u{1b}[31m\u{9b}2J\u{202e}\nFAKE: line";
    let problem = json!({"type": "urn:stronghold:problem:internal", "title": said, "detail": said, "code": "internal", "status": 500});
    let agent = org().agent(&[]);
    for stub in [
        Stub::http("500 Internal Server Error", "application/problem+json", problem.to_string().as_bytes()),
        Stub::http("403 Forbidden", &format!("text/{}", "\u{e9}"), said.as_bytes()),
        Stub::answering(format!("HTTP/1.1 200 {said}\r\n\r\n")),
        Stub::answering(said),
    ] {
        for verbose in ["-q", "-vv"] {
            let run = org().as_agent(&agent).run(&[verbose, "--url", stub.url(), "--timeout", "5", "profile", "list"]);
            assert_ne!(run.code(), 0, "{run}");
            harmless(&run);
        }
    }
}

/// A value is what was asked for: exact for a program, and for a person's terminal without what would steer it.
#[test]
fn values_are_exact_but_for_a_terminal() {
    let org = Org::start();
    let value = b"first\nse\x1b[31mcond\t\xe2\x80\xae\xff";
    let profile = org.profile(&[("KEY", value), ("PLAIN", b"plain\nvalue\n")]);
    let get = ["secret", "get", "KEY", "--profile", &profile];
    assert_eq!(org.owner.ok(&get).stdout, value);
    let screen = typed(&org.owner, &get, &[], 0);
    assert!(screen.contains("first\r\nse\\u{1b}[31mcond\t\\u{202e}\\xff\r\n"), "{screen:?}");
    assert!(screen.contains("warning") && screen.contains("exact bytes"), "{screen:?}");
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    let screen = typed(&org.owner, &pull, &[], 0);
    assert!(!screen.chars().any(|character| acts(character) && !matches!(character, '\r' | '\u{1b}')), "{screen:?}");
    let screen = typed(&org.owner, &["secret", "get", "PLAIN", "--profile", &profile], &[], 0);
    assert_eq!(screen, "plain\r\nvalue\r\n", "nothing is added where there is nothing to escape");
}

/// Questions name what they are about.
#[test]
fn questions_steer_nothing() {
    let org = Org::start();
    let name = "\u{1b}[2JK\u{202e}\nFAKE";
    let profile = org.profile(&[(name, b"value")]);
    let set = ["secret", "set", name, "--profile", &profile];
    let asked = "Value of \\u{1b}[2JK\\u{202e}\\nFAKE: ";
    let screen = typed(&org.owner, &set, &[(asked, "a new value")], 0);
    assert!(!screen.contains("a new value") && !screen.contains("\u{1b}[2J"), "{screen:?}");
    let delete = ["secret", "delete", name, "--profile", &profile];
    let mut terminal = Terminal::start(&org.owner, &delete);
    terminal.answer("Delete secret \\u{1b}[2JK\\u{202e}\\nFAKE of", "y");
    assert_eq!(terminal.end().0, 0);
}

/// A log line is a line, whatever a client put into its request.
#[test]
fn the_servers_log_has_no_line_that_a_client_wrote() {
    for format in ["text", "json"] {
        let server: Server =
            ServerOptions::default().arg("--log-format").arg(format).arg("--log-level").arg("debug").start();
        let org = Org::on(server);
        for target in ["/v1/\u{9b}31m%0aFAKE\u{202e}", "/v1/whoami?\u{202e}=\u{1b}"] {
            raw_request(org.server.address(), target);
        }
        let log = org.server.log();
        assert!(!log.chars().any(acts), "{log:?}");
        assert!(!log.lines().any(|line| line.starts_with("FAKE")), "{log}");
        if format == "json" {
            let events = log.lines().filter(|line| line.starts_with('{'));
            events.for_each(|line| drop(serde_json::from_str::<Value>(line).unwrap()));
        }
    }
}

/// Sends a request whose target and headers are no text that a client of ours would send.
fn raw_request(address: &str, target: &str) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let evil = "\u{202e}\u{9b}31m\tx";
    let request = format!(
        "GET {target} HTTP/1.1\r\nhost: {evil}\r\nsignature-input: stronghold={evil}\r\nsignature: {evil}\r\n\
         stronghold-context: {evil}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server may hang up on what is no request.
    let _ = stream.read_to_end(&mut answer);
}

/// `quickstart` shows what its commands print, and the names of what it imports.
#[test]
fn quickstart_shows_names_that_steer_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("da\u{202e}ta\nFAKE");
    let file = folder.path().join("own.json");
    fs::write(&file, "A\u{202e}B=1\nC\u{9b}D=2\n").unwrap();
    fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let cli = stronghold_testkit::Cli::without_config_dir();
    let run = cli.run(&["quickstart", "--once", "--data-dir", text(&data), "--import", text(&file)]);
    harmless(&run);
}
