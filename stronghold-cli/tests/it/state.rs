//! What a client remembers: shared by processes, and never taken back by a server.

use crate::{org, tampering::copy};
use serde_json::json;
use std::{fs, path::Path, process::Stdio, thread};
use stronghold_testkit::{Cli, Org};

/// Many processes on one folder, while revisions rise: all succeed, and the highest is what is remembered.
#[test]
fn processes_share_a_state_folder() {
    let org = org();
    let profile = org.profile(&[("KEY", b"0")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let cli = org.as_agent(&agent);
    for round in 1..4 {
        let children: Vec<_> = (0..8)
            .map(|_| {
                let mut command = cli.command(&["env", "pull", "--profile", &profile, "--format", "json"]);
                command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let pusher = thread::scope(|scope| {
            scope.spawn(|| org.push(&profile, &[("KEY", round.to_string().as_bytes())])).join().unwrap()
        });
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        }
        assert_eq!(
            cli.ok(&["env", "pull", "--profile", &profile, "--format", "json"]).json(),
            json!({"KEY": round.to_string()})
        );
        let floors = read_floors(cli.config_dir());
        assert!(floors.contains(&format!("\"revision\":{}", pusher["revision"])), "{floors}");
    }
    let left: Vec<String> = fs::read_dir(cli.config_dir().join("state"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "no half-written file is left");
}

fn read_floors(folder: &Path) -> String {
    let mut files = fs::read_dir(folder.join("state")).unwrap().map(|entry| entry.unwrap().path());
    let floors = files.find(|file| file.to_str().unwrap().contains("floors")).expect("something is remembered");
    fs::read_to_string(floors).unwrap()
}

/// Several identities of one organization may share a folder, also a person and an agent.
#[test]
fn a_person_and_an_agent_share_a_folder() {
    let org = org();
    let profile = org.profile(&[("KEY", b"value")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let pull = ["env", "pull", "--profile", &profile, "--format", "json"];
    let device = Cli::new(&org.folder())
        .var("API_STRONGHOLD_URL", org.server.url())
        .var("API_STRONGHOLD_PASSWORD", &org.password)
        .var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
    device.json(&["auth", "login", "--email", "owner@acme.example"]);
    for _ in 0..2 {
        assert_eq!(device.ok(&pull).json(), json!({"KEY": "value"}));
        assert_eq!(device.clone().var("API_STRONGHOLD_TOKEN", &agent.token).ok(&pull).json(), json!({"KEY": "value"}));
    }
}

/// A server that was set back to an old copy of its data: whoever remembers more refuses it, with exit code 5; a token whose
/// floor is newer does too.
#[test]
fn a_server_that_was_set_back_is_refused() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"old")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let (remembering, forgetful) = (org.as_agent(&agent), org.as_agent(&agent));
    let pull = ["env", "pull", "--profile", &profile];
    remembering.ok(&pull);
    org.server.stop();
    let backup = org.folder();
    copy(org.server.data_dir(), &backup);
    org.server.start_again();
    let pushed = org.push(&profile, &[("KEY", b"new")]);
    assert_eq!(remembering.ok(&pull).text(), "KEY=new\n");
    let newer_revision = pushed["revision"].to_string();
    let late = org.agent(&[&group]);

    org.server.stop();
    fs::remove_dir_all(org.server.data_dir()).unwrap();
    copy(&backup, org.server.data_dir());
    org.server.start_again();
    let file = org.folder();
    fs::write(&file, "OLD=1\n").unwrap();
    let out = file.to_str().unwrap();
    remembering.run(&[&pull[..], &["-o", out]].concat()).fails(5);
    assert_eq!(fs::read_to_string(&file).unwrap(), "OLD=1\n");
    remembering.run(&["env", "run", "--profile", &profile, "--", "true"]).fails(5);
    remembering.run(&["secret", "get", "KEY", "--profile", &profile]).fails(5);
    org.owner.run(&["profile", "list"]).fails(5);
    // Who remembers nothing cannot know, unless it is told.
    assert_eq!(forgetful.ok(&pull).text(), "KEY=old\n");
    let told = org.as_agent(&agent);
    told.run(&[&pull[..], &["--min-revision", &newer_revision]].concat()).fails(5);
    told.clone().var("API_STRONGHOLD_MIN_REVISION", &newer_revision).run(&pull).fails(5);
    told.ok(&[&pull[..], &["--min-revision", "1"]].concat());
    told.run(&[&pull[..], &["--min-revision", "soon"]].concat()).fails(2);
    // This agent is unknown to the old data.
    org.as_agent(&late).run(&pull).fails(3);
}

/// A name that belongs to another profile now is told, and accepted by hand only.
#[test]
fn a_replaced_profile_is_accepted_by_hand() {
    let org = org();
    let profile = org.profile(&[("KEY", b"first")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let cli = org.as_agent(&agent);
    let pull = ["env", "pull", "--profile", &profile];
    cli.ok(&pull);
    org.owner.json(&["profile", "delete", &profile, "--yes"]);
    cli.run(&pull).fails(3);
    org.owner.json(&["profile", "create", &profile]);
    org.push(&profile, &[("KEY", b"second")]);
    org.owner.json(&["group", "grant", &group, &profile]);
    let line = cli.run(&pull).fails(5);
    assert!(line.contains("replaced"), "{line}");
    assert_eq!(cli.ok(&[&pull[..], &["--accept-replaced"]].concat()).text(), "KEY=second\n");
    assert_eq!(cli.ok(&pull).text(), "KEY=second\n", "once is enough");
}
