//! `env run`: a command with a profile's secrets in its environment.

use crate::{org, text};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::Stdio,
    sync::OnceLock,
};
use stronghold_testkit::{Cli, Run, random_bytes};

/// As an agent that can read one profile, named by the environment.
fn agent() -> Cli {
    static AGENT: OnceLock<Cli> = OnceLock::new();
    let made = AGENT.get_or_init(|| {
        let secrets: &[(&str, &[u8])] = &[
            ("PLAIN", b"value"),
            ("TWO_LINES", b"first\nsecond\n"),
            ("ODD", "$HOME `id` \\ \" ' \u{1f980}".as_bytes()),
            ("NOT_UTF8", b"\xff\xfe"),
            ("dotted.name", b"dots"),
            ("EMPTY", b""),
        ];
        let profile = org().profile(secrets);
        org().as_agent(&org().agent(&[&org().group(&[&profile])])).var("API_STRONGHOLD_PROFILE", profile)
    });
    made.clone()
}

fn run(cli: &Cli, command: &[&str]) -> Run {
    cli.run(&[&["env", "run", "--"], command].concat())
}

fn environment(run: &Run) -> BTreeMap<String, Vec<u8>> {
    let lines = run.stdout.split(|byte| *byte == 0).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let at = line.iter().position(|byte| *byte == b'=').unwrap();
            (String::from_utf8(line[..at].to_vec()).unwrap(), line[at + 1..].to_vec())
        })
        .collect()
}

#[test]
fn the_command_sees_exact_values_and_not_our_token() {
    let cli = agent().var("INHERITED", "yes").var("PLAIN", "from outside").var("API_STRONGHOLD_PASSWORD", "p");
    let cli = cli.var("API_STRONGHOLD_ACCOUNT_KEY", "k").var("API_STRONGHOLD_TOKEN_FILE", "f");
    let seen = environment(&run(&cli, &["env", "-0"]).succeeds());
    let value = |name: &str| seen.get(name).map(Vec::as_slice);
    assert_eq!(value("PLAIN"), Some(b"value".as_slice()), "what was fetched beats what was inherited");
    assert_eq!(value("TWO_LINES"), Some(b"first\nsecond\n".as_slice()));
    assert_eq!(value("ODD"), Some("$HOME `id` \\ \" ' \u{1f980}".as_bytes()));
    assert_eq!(value("NOT_UTF8"), Some(b"\xff\xfe".as_slice()));
    assert_eq!(value("dotted.name"), Some(b"dots".as_slice()));
    assert_eq!(value("EMPTY"), Some(b"".as_slice()));
    assert_eq!(value("INHERITED"), Some(b"yes".as_slice()));
    for name in ["TOKEN", "TOKEN_FILE", "PASSWORD", "ACCOUNT_KEY"] {
        assert_eq!(value(&format!("API_STRONGHOLD_{name}")), None, "{name} is not the command's");
    }

    let preserved = cli.run(&["env", "run", "--preserve-env", "--", "env", "-0"]).succeeds();
    assert_eq!(environment(&preserved)["PLAIN"], b"from outside");
    let clean = environment(&cli.run(&["env", "run", "--no-inherit-env", "--", "env", "-0"]).succeeds());
    assert!(!clean.contains_key("INHERITED") && clean.contains_key("PATH") && clean["PLAIN"] == b"value");
    let picked = environment(&cli.run(&["env", "run", "--only", "EMPTY", "--", "env", "-0"]).succeeds());
    assert!(picked.contains_key("EMPTY") && !picked.contains_key("TWO_LINES"));
}

#[test]
fn arguments_are_passed_as_they_are() {
    let odd = ["a b", "", "*", "$PLAIN", "\"'\\", "--json", "-o", "--", "line\nbreak"];
    let printed = run(&agent(), &[&["printf", "<%s>"], &odd[..]].concat()).succeeds().text();
    assert_eq!(printed, odd.map(|argument| format!("<{argument}>")).concat());
}

#[test]
fn standard_input_and_output_are_the_commands() {
    let echoed = agent().run_with(&["env", "run", "--", "cat"], b"exact\0bytes\xff").succeeds();
    assert_eq!(echoed.stdout, b"exact\0bytes\xff");
    let complaint = run(&agent(), &["sh", "-c", "echo complaint >&2"]).succeeds();
    assert_eq!(complaint.messages(), "complaint\n");
}

#[test]
fn exit_codes_are_the_commands() {
    let cli = agent();
    for code in [0, 1, 2, 6, 7, 126, 127, 255] {
        assert_eq!(run(&cli, &["sh", "-c", &format!("exit {code}")]).code(), code);
    }
    for (signal, code) in [("TERM", 143), ("KILL", 137), ("INT", 130), ("SEGV", 139)] {
        assert_eq!(run(&cli, &["sh", "-c", &format!("kill -{signal} $$")]).code(), code, "128 and {signal}'s number");
    }
}

#[test]
fn a_command_that_cannot_be_started() {
    let cli = agent();
    let missing = run(&cli, &["no-such-command-anywhere"]).fails(127);
    assert!(missing.contains("no-such-command-anywhere"), "{missing}");
    let file = org().folder();
    fs::write(&file, "#!/bin/sh\n").unwrap();
    run(&cli, &[text(&file)]).fails(126);
    run(&cli, &[text(&org().made_folder())]).fails(126);
    fs::write(&file, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    let code = run(&cli, &[text(&file)]).code();
    assert!(matches!(code, 126 | 127), "{code}");
    run(&cli, &[]).fails_usage();
}

/// Each signal reaches the command, whose own way to end is ours.
#[test]
fn signals_are_passed_on() {
    for (signal, name, code) in
        [(Signal::TERM, "TERM", 41), (Signal::INT, "INT", 42), (Signal::HUP, "HUP", 43), (Signal::QUIT, "QUIT", 44)]
    {
        let script = format!("trap 'exit {code}' {name}; echo ready; while :; do sleep 0.05; done");
        let mut command = agent().command(&["env", "run", "--", "sh", "-c", &script]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
    }
}

/// What the kernel cannot hold is an error that names the secret; the command does not start.
#[test]
fn what_an_environment_cannot_hold_is_refused() {
    let fits = 128 * 1024 - "FITS=\0".len();
    let fits = "x".repeat(fits);
    let profile = org().profile(&[("FITS", fits.as_bytes())]);
    let agent = org().agent(&[&org().group(&[&profile])]);
    let cli = org().as_agent(&agent).var("API_STRONGHOLD_PROFILE", &profile);
    let length = run(&cli, &["sh", "-c", "printf %s \"$FITS\" | wc -c"]).succeeds().text();
    assert_eq!(length.trim(), fits.len().to_string());

    let marker = org().folder();
    org().push(&profile, &[("TOO_LARGE", format!("{fits}xxxxxxxxxx").as_bytes())]);
    let line = run(&cli, &["touch", text(&marker)]).fails(1);
    assert!(line.contains("TOO_LARGE") && line.contains("128 KiB"), "{line}");
    org().push(&profile, &[("TOO_LARGE", b"small now"), ("HOLDS_NUL", b"a\0b")]);
    let line = run(&cli, &["touch", text(&marker)]).fails(1);
    assert!(line.contains("HOLDS_NUL") && line.contains("NUL"), "{line}");
    assert!(!marker.exists());
    cli.ok(&["env", "run", "--except", "HOLDS_NUL", "--", "touch", text(&marker)]);
    assert!(marker.exists());

    // Each fits, all together do not: the kernel refuses.
    let many: Vec<(String, Vec<u8>)> = (0..40).map(|i| (format!("BULK_{i}"), vec![b'x'; 100 * 1024])).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
    let bulk = org().profile(&many);
    let agent = org().agent(&[&org().group(&[&bulk])]);
    let cli = org().as_agent(&agent).var("API_STRONGHOLD_PROFILE", &bulk);
    run(&cli, &["true"]).fails(126);
}

/// A secret never replaces what makes the command run as itself.
#[test]
fn path_home_and_the_loader_are_kept() {
    let profile =
        org().profile(&[("PATH", b"/nowhere"), ("HOME", b"/nowhere"), ("LD_PRELOAD", b"/nowhere.so"), ("OWN", b"1")]);
    let agent = org().agent(&[&org().group(&[&profile])]);
    let cli = org().as_agent(&agent).var("API_STRONGHOLD_PROFILE", &profile).var("HOME", "/home/of/mine");
    let ran = run(&cli, &["env", "-0"]).succeeds();
    let seen = environment(&ran);
    assert_eq!((seen["HOME"].as_slice(), seen["OWN"].as_slice()), (b"/home/of/mine".as_slice(), b"1".as_slice()));
    assert!(!seen.contains_key("LD_PRELOAD") && seen["PATH"] != b"/nowhere");
    let warnings: Vec<String> = ran.messages().lines().map(str::to_owned).collect();
    let [warning] = warnings.as_slice() else { panic!("one warning for all: {warnings:?}") };
    for part in ["PATH", "HOME", "LD_PRELOAD", "--allow-name"] {
        assert!(warning.contains(part), "what is left out is told: {warning}");
    }
    assert!(!warning.contains("OWN"), "{warning}");

    // Who means one of them says so, for that one.
    let ran = cli.run(&["env", "run", "--allow-name", "HOME", "--", "env", "-0"]).succeeds();
    let seen = environment(&ran);
    assert!(seen["HOME"] == b"/nowhere" && seen["PATH"] != b"/nowhere" && !seen.contains_key("LD_PRELOAD"));
    let all = ["env", "run", "--allow-name", "HOME", "--allow-name", "LD_PRELOAD", "--allow-name", "PATH", "--"];
    let ran = cli.run(&[&all[..], &["/usr/bin/env", "-0"]].concat()).succeeds();
    assert_eq!(environment(&ran)["PATH"], b"/nowhere");
    assert!(!ran.messages().contains("not passed on"), "{ran}");
}

/// Our own variables hold what lets in: the command gets none of them, whatever they are called, but what is kept by name.
#[test]
fn the_command_gets_none_of_our_variables_unless_kept_by_name() {
    let names = ["RECOVERY_KIT", "NEW_PASSWORD", "PASSWORD", "INVITE", "URL", "REASON", "", "OF_NEXT_YEAR"];
    let names = names.map(|name| format!("API_STRONGHOLD_{name}"));
    let cli = names.iter().fold(agent(), |cli, name| if name.ends_with("_URL") { cli } else { cli.var(name, "x") });
    let ours = |run: &Run| -> Vec<String> {
        environment(run).into_keys().filter(|name| name.starts_with("API_STRONGHOLD_")).collect()
    };
    let ran = run(&cli, &["env", "-0"]).succeeds();
    assert_eq!(ours(&ran), Vec::<String>::new(), "none is handed on");
    let keep = ["env", "run", "--keep", "API_STRONGHOLD_PROFILE", "--keep", "API_STRONGHOLD_REASON", "--", "env", "-0"];
    assert_eq!(ours(&cli.run(&keep).succeeds()), ["API_STRONGHOLD_PROFILE", "API_STRONGHOLD_REASON"]);
    let clean =
        ["env", "run", "--no-inherit-env", "--keep", "API_STRONGHOLD_REASON", "--keep", "OTHER", "--", "env", "-0"];
    let seen = environment(&cli.clone().var("OTHER", "o").var("ANOTHER", "a").run(&clean).succeeds());
    assert_eq!(
        (seen["API_STRONGHOLD_REASON"].as_slice(), seen["OTHER"].as_slice()),
        (b"x".as_slice(), b"o".as_slice())
    );
    assert!(!seen.contains_key("ANOTHER") && !seen.contains_key("API_STRONGHOLD_PROFILE"));
}

/// No process list shows a secret: neither ours nor the command's arguments hold any.
#[test]
fn secrets_are_in_no_argument() {
    let value = data_encoding::HEXLOWER.encode(&random_bytes(16));
    let profile = org().profile(&[("SECRET", value.as_bytes())]);
    let agent = org().agent(&[&org().group(&[&profile])]);
    let cli = org().as_agent(&agent).var("API_STRONGHOLD_PROFILE", &profile);
    let script = "tr '\\0' ' ' < /proc/$PPID/cmdline; tr '\\0' ' ' < /proc/$$/cmdline; echo $SECRET >&2";
    let ran = run(&cli, &["sh", "-c", script]).succeeds();
    assert_eq!(ran.messages().trim(), value);
    assert!(ran.text().contains("env run") && !ran.text().contains(&value), "{ran}");
}
