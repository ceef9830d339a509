//! Archived records: verified from their files, and what is wrong with a file is named.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use stronghold_testkit::{Org, Run, Token, program};

struct Scene {
    org: Org,
    agent: Token,
    profile: String,
    /// Two archives, and how many records they hold together.
    files: [PathBuf; 2],
    archived: u64,
}

impl Scene {
    /// An organization whose log so far is in two archives, made while the server runs; and goes on.
    fn new() -> Self {
        let org = Org::start();
        let profile = org.profile(&[("KEY", b"1")]);
        let agent = org.agent(&[&org.group(&[&profile])]);
        let folder = org.made_folder();
        let files = ["a.jsonl", "b.jsonl"].map(|name| folder.join(name));
        let mut archived = 0;
        for file in &files {
            let _ = org.pull(&agent, &profile);
            let line = archive(&org, file, &[]);
            let count: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
            assert!(count > 0, "{line}");
            archived += count;
        }
        let _ = org.pull(&agent, &profile);
        Self { org, agent, profile, files, archived }
    }

    fn verify(&self, files: &[&Path]) -> Run {
        let mut arguments = vec!["audit", "verify"];
        for file in files {
            arguments.extend(["--archive", crate::text(file)]);
        }
        self.org.owner.run(&arguments)
    }
}

/// Archives all records so far. Returns what was printed.
fn archive(org: &Org, file: &Path, more: &[&str]) -> String {
    let mut command = std::process::Command::new(program("stronghold-server"));
    command.args(["audit", "archive", "--before", "2100-01-01", "--data-dir"]).arg(org.server.data_dir());
    command.args(["--org", org.created["org_id"].as_str().unwrap(), "--output"]).arg(file).args(more);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn archives_verify_with_the_rest_of_the_log() {
    let scene = Scene::new();
    let [first, second] = [scene.files[0].as_path(), scene.files[1].as_path()];
    // In any order; and the server's part is remembered as before.
    for (files, continues) in [([second, first], false), ([first, second], true)] {
        let run = scene.verify(&files).succeeds();
        assert_eq!(run.text().contains("It continues"), continues, "{run}");
    }
    // Several files behind one flag.
    let both = [first, second].map(crate::text);
    let verified = scene.org.owner.json(&["audit", "verify", "--archive", both[0], both[1]]);
    assert!(verified["records"].as_u64().unwrap() > scene.archived);
    // Without a file, it is said what cannot be checked, and nothing is claimed.
    let missing = scene.verify(&[]).fails(1);
    assert!(missing.contains(&format!("records from 0 to {}", scene.archived - 1)), "{missing}");
    assert!(missing.contains("--archive"), "{missing}");
    let missing = scene.verify(&[first]).fails(1);
    assert!(!missing.contains("records from 0 to") && missing.contains("archives that were not given"), "{missing}");
    let other = Scene::new();
    let foreign = scene.verify(&[&other.files[0], second]).fails(1);
    assert!(foreign.contains("another organization"), "{foreign}");
    scene.verify(&[Path::new("missing.jsonl")]).fails(1);
}

#[test]
fn a_changed_missing_or_reordered_archived_record_is_named() {
    let scene = Scene::new();
    let [first, second] = [scene.files[0].as_path(), scene.files[1].as_path()];
    scene.verify(&[first, second]).succeeds();
    let genuine = fs::read_to_string(first).unwrap();
    let lines: Vec<&str> = genuine.lines().collect();
    let (last, position) = (lines.len() - 2, 3);
    let at = position + 1;
    let bytes = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        data_encoding::BASE64URL_NOPAD.decode(line["record"].as_str().unwrap().as_bytes()).unwrap()
    };
    let line = |position: usize, record: &[u8]| {
        let record = data_encoding::BASE64URL_NOPAD.encode(record);
        format!("{{\"position\":{position},\"record\":\"{record}\"}}")
    };
    // Another address: nobody signed it, but it was logged.
    let text = String::from_utf8(bytes(lines[at])).unwrap();
    let changed = text.replace("127.0.0.1\",\"directory", "203.0.113.9\",\"directory");
    assert_ne!(text, changed);
    let changed = line(position, changed.as_bytes());
    let damaged = line(position, b"{}");
    // The bytes of two records that follow each other, each at the other's position.
    let swapped = [line(position, &bytes(lines[at + 1])), line(position + 1, &bytes(lines[at]))];
    let with = |edit: &dyn Fn(&mut Vec<String>)| {
        let mut lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        edit(&mut lines);
        lines.join("\n") + "\n"
    };
    let cases: Vec<(&str, String, usize)> = vec![
        ("changed", with(&|lines| lines[at] = changed.clone()), position),
        ("damaged", with(&|lines| lines[at] = damaged.clone()), position),
        ("a line that is none", with(&|lines| lines[at] = "?".to_owned()), position),
        ("missing", with(&|lines| drop(lines.remove(at))), position),
        ("the last one missing", with(&|lines| drop(lines.pop())), last),
        ("reordered", with(&|lines| lines.swap(at, at + 1)), position),
        (
            "reordered with their positions",
            with(&|lines| lines.splice(at..at + 2, swapped.clone()).for_each(drop)),
            position,
        ),
        ("twice", with(&|lines| lines.insert(at, lines[at].clone())), position + 1),
        ("one too many", with(&|lines| lines.push(line(last + 1, b"{}"))), last + 1),
    ];
    for (what, text, bad) in cases {
        fs::write(first, text).unwrap();
        let message = scene.verify(&[first, second]).fails(5);
        assert!(message.contains(&format!("audit record {bad}:")), "{what}: {message}");
    }
    fs::write(first, &genuine).unwrap();
    scene.verify(&[first, second]).succeeds();
}

#[test]
fn lists_and_exports_read_archives() {
    let scene = Scene::new();
    let owner = &scene.org.owner;
    let files = scene.files.each_ref().map(|file| crate::text(file));
    let reads = |more: &[&str]| {
        let all = [&["--json", "audit", "list", "--agent", &scene.agent.name], more].concat();
        let run = owner.run(&all).succeeds();
        (run.json().as_array().unwrap().len(), run.messages())
    };
    let (count, warning) = reads(&["--profile", &scene.profile]);
    assert_eq!(count, 1, "what the server has");
    assert!(warning.contains("archived") && warning.contains("--archive"), "{warning}");
    let (count, warning) = reads(&["--archive", files[0]]);
    assert_eq!(count, 2);
    assert!(warning.contains("archived"), "{warning}");
    assert_eq!(reads(&["--archive", files[0], "--archive", files[1]]), (3, String::new()));
    assert_eq!(reads(&["--archive", files[0], files[1], "--limit", "2"]).0, 2);
    assert_eq!(reads(&["--limit", "1"]), (1, String::new()), "nothing old was asked for");
    let exported = owner.ok(&["audit", "export", "--archive", files[0], files[1]]).text();
    for (position, line) in exported.lines().enumerate() {
        assert_eq!(serde_json::from_str::<Value>(line).unwrap()["position"], position);
    }
    assert!(exported.lines().count() as u64 > scene.archived);
}

#[test]
fn the_command_refuses_what_would_lose_something() {
    let org = Org::start();
    let _ = org.profile(&[("KEY", b"1")]);
    let id = org.created["org_id"].as_str().unwrap();
    let folder = org.made_folder();
    let file = folder.join("a.jsonl");
    let run = |data: &Path, more: &[&str]| {
        let mut command = std::process::Command::new(program("stronghold-server"));
        command.args(["audit", "archive", "--data-dir"]).arg(data).args(["--output", crate::text(&file)]).args(more);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = run(&folder.join("typo"), &["--org", id, "--before", "2100-01-01"]);
    assert!(code == Some(1) && text.contains("no database"), "{text}");
    let (code, text) = run(org.server.data_dir(), &["--org", id, "--before", "2020-01-01T00:00:00Z"]);
    assert!(code == Some(0) && text.contains("nothing was archived"), "{text}");
    assert!(!file.exists());
    assert_eq!(run(org.server.data_dir(), &["--org", id, "--before", "soon"]).0, Some(2));
    assert_eq!(run(org.server.data_dir(), &["--org", "acme", "--before", "2100-01-01"]).0, Some(2));
    fs::write(&file, "there").unwrap();
    let (code, text) = run(org.server.data_dir(), &["--org", id, "--before", "2100-01-01"]);
    assert!(code == Some(1) && text.contains("replaces nothing"), "{text}");
    org.owner.ok(&["audit", "verify"]);
    // With `--keep` both have them, and the file is verified all the same.
    fs::remove_file(&file).unwrap();
    archive(&org, &file, &["--keep"]);
    org.owner.ok(&["audit", "verify"]);
    org.owner.ok(&["audit", "verify", "--archive", crate::text(&file)]);
    let changed = fs::read_to_string(&file).unwrap().replacen("\"position\":0", "\"position\":1", 1);
    fs::write(&file, changed).unwrap();
    org.owner.run(&["audit", "verify", "--archive", crate::text(&file)]).fails(5);
}
