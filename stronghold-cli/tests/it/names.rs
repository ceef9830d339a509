//! Names that shells and programs act on: what the commands do about them, and that nothing runs.

use crate::{org, text};
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};
use stronghold_testkit::Cli;

/// As an agent that reads one profile with these secrets.
fn reader(secrets: &[(&str, &[u8])]) -> Cli {
    let profile = org().profile(secrets);
    org().as_agent(&org().agent(&[&org().group(&[&profile])])).var("API_STRONGHOLD_PROFILE", profile)
}

/// The audit's own example: a crafted value of `RANDOM` ran when the output was evaluated.
#[test]
fn a_name_that_shells_evaluate_is_in_nothing_that_is_sourced() {
    let marks = org().made_folder();
    let value = format!("a[$(touch {})]", text(&marks.join("ran")));
    let cli = reader(&[("RANDOM", value.as_bytes()), ("BASH_ENV", b"/nowhere"), ("PLAIN", b"1")]);
    for format in ["shell", "dotenv"] {
        let refused = cli.run(&["env", "pull", "--format", format]);
        let line = refused.fails(1);
        for part in ["RANDOM", "BASH_ENV", "--allow-name", "--except", format] {
            assert!(line.contains(part), "{line} says {part}");
        }
        assert!(refused.stdout.is_empty() && !line.contains("touch"), "nothing is written, and no value told");
        let one = cli.run(&["env", "pull", "--format", format, "--allow-name", "RANDOM"]).fails(1);
        assert!(one.contains("BASH_ENV") && !one.contains("RANDOM"), "{one}");
        let rest = cli.ok(&["env", "pull", "--format", format, "--except", "RANDOM,BASH_ENV"]).text();
        assert!(rest.contains("PLAIN=") && rest.lines().count() == 1, "{rest}");
        let meant = ["env", "pull", "--format", format, "--allow-name", "RANDOM", "--allow-name", "BASH_ENV"];
        assert_eq!(cli.ok(&meant).text().lines().count(), 3);
    }
    let json = cli.ok(&["env", "pull", "--format", "json"]);
    assert_eq!(json.json()["RANDOM"], value.as_str(), "nobody sources JSON");
    assert!(json.messages().is_empty(), "{json}");

    // A file keeps what it held.
    let file = org().folder();
    fs::write(&file, "OLD=1\n").unwrap();
    cli.run(&["env", "pull", "-o", text(&file)]).fails(1);
    assert_eq!(fs::read_to_string(&file).unwrap(), "OLD=1\n");

    // Where it is allowed it does run: the trial sees what it is about.
    let meant = cli.ok(&["env", "pull", "--format", "shell", "--allow-name", "RANDOM", "--except", "BASH_ENV"]).text();
    let ran = Command::new("bash").args(["-c", "eval \"$1\"", "bash", &meant]).output().unwrap();
    assert!(marks.join("ran").exists(), "{ran:?}");
}

/// Whoever gives a secret such a name is told, and it is stored all the same.
#[test]
fn whoever_gives_such_a_name_is_warned() {
    let profile = org().profile(&[("HARMLESS", b"1")]);
    let file = org().folder();
    fs::write(&file, "PLAIN=1\nNODE_OPTIONS=--require=x\nOPTIND=1\n").unwrap();
    let warned = |arguments: &[&str], names: &[&str], others: &[&str]| {
        let ran = org().owner.run_with(arguments, b"1").succeeds();
        let messages = ran.messages();
        assert_eq!(messages.matches("warning").count(), usize::from(!names.is_empty()), "{messages}");
        names.iter().for_each(|name| assert!(messages.contains(name), "{messages} names {name}"));
        others.iter().for_each(|name| assert!(!messages.contains(name), "{messages} does not name {name}"));
    };
    let push = ["env", "push", "--profile", &profile, text(&file), "--format", "dotenv"];
    warned(&push, &["NODE_OPTIONS", "OPTIND", "--allow-name"], &["PLAIN"]);
    warned(&[&push[..], &["--dry-run"]].concat(), &["NODE_OPTIONS", "OPTIND"], &[]);
    warned(&["secret", "set", "LD_PRELOAD", "--stdin", "--profile", &profile], &["LD_PRELOAD"], &[]);
    warned(&["secret", "set", "NODE_ENV", "--stdin", "--profile", &profile], &[], &["NODE_ENV"]);
    let copy = ["secret", "copy", "HARMLESS", "--profile", &profile, "--to", &profile, "--as"];
    warned(&[&copy[..], &["BASH_ENV"]].concat(), &["BASH_ENV"], &["HARMLESS"]);
    assert_eq!(org().owner.json(&["secret", "get", "LD_PRELOAD", "--profile", &profile])["value"], "1");
}

/// What some readers would take otherwise is told by name, and what none may act on is refused by name.
#[test]
fn dotenv_values_that_readers_act_on() {
    let cases = fs::read(case_01()).unwrap();
    let profile = org().profile(&[]);
    let file = org().folder();
    fs::write(&file, cases).unwrap();
    org().owner.json(&["env", "push", "--profile", &profile, text(&file), "--format", "json"]);
    org().push(&profile, &[("TOKEN", b"$2y$10$abc"), ("dotted.name", b"1")]);
    let cli = org().as_agent(&org().agent(&[&org().group(&[&profile])])).var("API_STRONGHOLD_PROFILE", &profile);
    for name in ["GREETING", "NOTE", "PW"] {
        let line = cli.run(&["env", "pull", "--only", name]).fails(1);
        assert!(line.contains(name) && line.contains("--format json"), "{line}");
        assert!(!line.contains("touch") && !line.contains("off"), "values are not told: {line}");
    }
    let held = cli.ok(&["env", "pull", "--only", "TOKEN,dotted.*"]);
    assert_eq!(held.text(), "TOKEN='$2y$10$abc'\ndotted.name=1\n");
    let messages = held.messages();
    for part in ["TOKEN", "dotenv-expand", "python-dotenv", "dotted.name"] {
        assert!(messages.contains(part), "{messages} says {part}");
    }
    assert!(!messages.contains("$2y"), "{messages}");
    cli.ok(&["env", "pull", "--format", "shell", "--except", "dotted.name"]);
}

fn case_01() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/dotenv-output-runs-commands.json")
}

/// The variables that shells list, as names of secrets, through the commands that people use: pull and evaluate, pull to a
/// file and source it, and a shell as the command of `env run`. (Values of every kind, and every word that shells and
/// runtimes hold, are tried in the tests of the SDK.)
#[test]
fn nothing_runs_in_any_shell_that_reads_a_profile_named_after_its_variables() {
    let shells = [["bash", ""], ["dash", ""], ["zsh", ""], ["ksh", ""], ["mksh", ""], ["busybox", "sh"]];
    let folder = org().made_folder();
    let mark = folder.join("ran");
    let value = format!("_[$(/bin/touch {})]", text(&mark));
    let mut names = BTreeSet::new();
    for shell in &shells {
        for list in ["set", "typeset -p", "print -l ${(k)parameters}"] {
            let listed = start(shell, &["-c", list], &folder);
            let lines = String::from_utf8_lossy(&listed.stdout).into_owned();
            let words = lines.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let is_name = |word: &&str| word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            names.extend(words.filter(is_name).map(str::to_owned));
        }
    }
    for name in ["PATH", "RANDOM", "OPTIND", "fpath", "USER_ID"] {
        assert!(names.contains(name), "the shells list {name}");
    }
    let secrets: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), value.as_bytes())).collect();
    let cli = reader(&secrets);
    // What is refused is named, all at once: without those the rest is written.
    let line = cli.run(&["env", "pull", "--format", "shell"]).fails(1);
    let words: BTreeSet<&str> = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
    let refused: Vec<&str> = names.iter().map(String::as_str).filter(|name| words.contains(name)).collect();
    let except = refused.join(",");
    let shell_text = cli.ok(&["env", "pull", "--format", "shell", "--except", &except]).text();
    let dotenv = folder.join("secrets.env");
    cli.ok(&["env", "pull", "--format", "dotenv", "--except", &except, "-o", text(&dotenv)]);
    assert!(shell_text.lines().count() + refused.len() == names.len() && refused.len() < names.len());
    let after = "; : x; x=1; /bin/true; (:); echo came to its end";
    for shell in &shells {
        let evaluate = format!("eval \"$1\"{after}");
        let source = format!("set -a; . {}{after}", text(&dotenv));
        for (what, done) in [
            ("eval", start(shell, &["-c", &evaluate, "shell", &shell_text], &folder)),
            ("source", start(shell, &["-c", &source], &folder)),
        ] {
            assert!(done.stdout.ends_with(b"came to its end\n"), "{shell:?}, {what}: {done:?}");
            assert!(!mark.exists(), "{shell:?} runs something by {what}");
        }
        for flags in [["-c", ""], ["-i", "-c"]] {
            let script = format!(":{after}");
            let command: Vec<&str> =
                ["env", "run", "--"].into_iter().chain(*shell).chain(flags).chain([script.as_str()]).collect();
            let command: Vec<&str> = command.into_iter().filter(|part| !part.is_empty()).collect();
            let done = cli.run(&command);
            assert!(done.text().ends_with("came to its end\n"), "{done}");
            assert!(!mark.exists(), "{shell:?} {flags:?} runs something as a child");
            assert_eq!(done.messages().matches("not passed on").count(), 1, "one warning for all: {done}");
        }
    }
}

fn start(shell: &[&str; 2], arguments: &[&str], home: &Path) -> Output {
    let words: Vec<&str> = shell.iter().chain(arguments).copied().filter(|word| !word.is_empty()).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", home);
    command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{shell:?}: {error}: run `cargo xtask test`"))
}
