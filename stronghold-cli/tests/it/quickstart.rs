//! From nothing to an agent that pulls its secrets, with one command.

use crate::text;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::Stdio,
};
use stronghold_testkit::Cli;

#[test]
fn quickstart_once_shows_the_names_of_what_was_pulled() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = Cli::without_config_dir()
        .var("HOME", folder.path())
        .run(&["quickstart", "--once", "--data-dir", text(&data)])
        .succeeds();
    let shown = format!("{}{}", run.text(), run.messages());
    for name in ["API_KEY", "DATABASE_URL", "FEATURE_FLAGS", "GREETING"] {
        assert!(shown.contains(name), "{run}");
    }
    for command in ["auth api-user --token <AGENT_TOKEN>", "env pull --profile production"] {
        assert!(shown.contains(command), "{run}");
    }
    assert!(!shown.contains("stronghold_agent_") && !shown.contains("sample-key-with"), "no secret on a screen: {run}");
    let keys = fs::metadata(data.join("owner-keys.json")).unwrap();
    assert_eq!(keys.permissions().mode() & 0o777, 0o600);
    assert!(!folder.path().join(".config").exists(), "everything is in the one folder");
    // There already is an organization.
    let again = Cli::without_config_dir().run(&["quickstart", "--once", "--data-dir", text(&data)]);
    let code = again.code();
    assert!(code != 0 && !again.messages().contains("panicked"), "{again}");
}

/// Every user of a machine can list the arguments of its processes, and whoever becomes this user reads their environment.
#[test]
fn quickstart_hands_its_children_no_secret_by_argument_or_environment() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let password = stronghold_testkit::random_word(24);
    stronghold_testkit::leaks::look_for(&password);
    let mut cli = Cli::without_config_dir();
    for name in ["PASSWORD", "NEW_PASSWORD", "ACCOUNT_KEY", "RECOVERY_KIT", "INVITE", "REASON"] {
        cli = cli.var(format!("API_STRONGHOLD_{name}"), &password);
    }
    let arguments = ["quickstart", "--once", "--data-dir", text(&data)];
    let mut command = cli.command(&arguments);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut seen: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    while child.try_wait().unwrap().is_none() {
        for id in children_of(child.id()) {
            let words = words_of(&format!("/proc/{id}/cmdline"));
            // Until it runs its own program, a child is a copy of its parent.
            if words.is_empty() || words.iter().any(|word| word == "quickstart") {
                continue;
            }
            let variables = words_of(&format!("/proc/{id}/environ"));
            let handed = |word: &String| word.contains("stronghold_") && !word.contains("stronghold_server=");
            assert!(!words.iter().any(handed), "{words:?}");
            assert!(!variables.iter().any(|variable| variable.contains(&password) || handed(variable)), "{words:?}");
            seen.insert(id, words);
        }
    }
    assert!(child.wait().unwrap().success());
    for looked_for in [&["stronghold-server"][..], &["auth", "api-user", "--token", "-"], &["env", "pull"]] {
        let is_it = |words: &Vec<String>| looked_for.iter().all(|word| words.iter().any(|other| other.ends_with(word)));
        assert!(seen.values().any(is_it), "{looked_for:?} was not seen: {seen:?}");
    }
}

fn children_of(id: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    children.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

/// The words of a process's list; none where it has ended.
fn words_of(file: &str) -> Vec<String> {
    let bytes = fs::read(file).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

#[test]
fn quickstart_imports_a_file_and_serves_until_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("own.env"));
    fs::write(&file, "MY_OWN=1\nANOTHER='two words'\n").unwrap();
    let cli = Cli::without_config_dir();
    let arguments = ["quickstart", "--data-dir", text(&data), "--import", text(&file)];
    let mut child =
        cli.command(&arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut said = Vec::new();
    for line in lines.by_ref() {
        let serves = line.contains("export API_STRONGHOLD_CONFIG_DIR=");
        said.push(line);
        if serves {
            break;
        }
    }
    assert!(said.iter().any(|line| line.contains("ANOTHER") && line.contains("MY_OWN")), "{said:#?}");
    // What it says to do works, from another terminal.
    let owner = said.last().unwrap().split_once('=').unwrap().1.to_owned();
    let listed = Cli::new(owner.as_ref()).json(&["secret", "list", "--profile", "production"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success(), "{said:#?}");
    drop(lines);
    Cli::new(owner.as_ref()).run(&["profile", "list"]).fails(6);
}

#[test]
fn quickstart_with_a_file_that_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.env");
    fs::write(&file, "GOOD=1\nnonsense\n").unwrap();
    for (file, tells) in [(text(&file), "line 2"), (text(folder.path()), "folder"), ("/no/such/file", "/no/such/file")]
    {
        let data = folder.path().join("data");
        let run = Cli::without_config_dir().run(&["quickstart", "--once", "--data-dir", text(&data), "--import", file]);
        assert_eq!(run.code(), 1, "{run}");
        assert!(run.messages().contains(tells) && !run.messages().contains("panicked"), "{run}");
        let _ = fs::remove_dir_all(&data);
    }
}
