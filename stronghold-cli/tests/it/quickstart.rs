//! From nothing to an agent that pulls its secrets, with one command.

use crate::text;
use rustix::process::{Pid, Signal, kill_process};
use std::{
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
