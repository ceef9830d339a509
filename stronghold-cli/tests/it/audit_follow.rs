//! `audit list --follow`: new records as they come.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};
use stronghold_testkit::{Cli, Org, until};

/// How long a record may take to be shown on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Following {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Following {
    fn start(cli: &Cli, more: &[&str]) -> Self {
        let arguments = [&["audit", "list", "--follow", "--interval", "1"], more].concat();
        let mut command = cli.command(&arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (sender, lines) = channel();
        let out = child.stdout.take().unwrap();
        thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits until a line is there that is meant.
    fn until(&mut self, what: &str, meant: impl Fn(&str) -> bool) -> String {
        until(what, PATIENCE, || {
            self.seen.extend(self.lines.try_iter());
            self.seen.iter().find(|line| meant(line)).cloned()
        })
    }

    /// Ends it by a signal. Returns its exit code, and all lines that were not taken yet.
    fn end(mut self, signal: Signal) -> (Option<i32>, Vec<String>) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(id, signal).unwrap();
        let status = until("it ends", PATIENCE, || self.child.try_wait().unwrap());
        self.seen.extend(self.lines.iter());
        (status.code(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn new_records_come_as_lines_of_json_over_a_restart_of_the_server() {
    let mut org = Org::start();
    let profile = org.profile(&[("KEY", b"1")]);
    let group = org.group(&[&profile]);
    let agent = org.agent(&[&group]);
    let _ = org.pull(&agent, &profile);
    let about = ["--json", "--profile", profile.as_str(), "--secret", "KEY"];
    let mut following = Following::start(&org.owner, &about);
    let by = |name: &str, version: u64| {
        let name = name.to_owned();
        move |line: &str| {
            let record: Value = serde_json::from_str(line).unwrap();
            record["principal"]["name"] == name.as_str() && record["secrets"][0]["version"] == version
        }
    };
    following.until("the record from before", by(&agent.name, 1));
    // An agent that did not exist when it began, and a version.
    let newcomer = org.agent(&[&group]);
    let _ = org.pull(&newcomer, &profile);
    following.until("the newcomer's read", by(&newcomer.name, 1));
    org.push(&profile, &[("KEY", b"2")]);
    let _ = org.pull(&newcomer, &profile);
    following.until("the read of version 2", by(&newcomer.name, 2));
    org.server.kill();
    org.server.start_again();
    let late = org.agent(&[&group]);
    let _ = org.pull(&late, &profile);
    following.until("a read after the restart", by(&late.name, 2));
    let (code, lines) = following.end(Signal::INT);
    assert_eq!(code, Some(0), "Ctrl-C is how it ends");
    let records: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let positions: Vec<u64> = records.iter().map(|record| record["position"].as_u64().unwrap()).collect();
    assert!(positions.windows(2).all(|pair| pair[0] < pair[1]), "each once, in order: {positions:?}");
    assert!(records.iter().all(|record| record["profile"]["name"] == profile.as_str()), "{records:?}");
}

#[test]
fn it_does_not_show_its_own_questions() {
    let org = Org::start();
    let mut following = Following::start(&org.owner, &["--limit", "0"]);
    // It shows its heading once it knows where the log ends: what is written from then on is new.
    following.until("the heading", |line| line.starts_with("TIME"));
    let create_group = || org.owner.ok(&["group", "create", &org.name("group")]);
    let newest_statement = || {
        let listed = org.owner.json(&["audit", "list", "--action", "directory.commit"]);
        listed.as_array().unwrap().last().unwrap()["statement"].as_u64().unwrap()
    };
    // Several questions of its own lie before each.
    let mut last = 0;
    for _ in 0..3 {
        create_group();
        last = newest_statement();
        following.until("the statement", |line| line.contains(&format!("statement {last} ")));
    }
    // Shown after everything before it, the last command's questions included.
    create_group();
    following.until("the end", |line| line.contains(&format!("statement {} ", last + 1)));
    let (code, lines) = following.end(Signal::TERM);
    assert_eq!(code, Some(0));
    assert!(lines[0].starts_with("TIME"), "{lines:?}");
    // Those of the three other commands: each `audit list` reads the log's length and then its page.
    let questions = lines.iter().filter(|line| line.contains("audit.read")).count();
    assert_eq!(questions, 2 * 3, "{lines:#?}");
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let org = crate::org();
    let mut following = Following::start(&org.owner, &["--limit", "1"]);
    following.until("the heading", |line| line.starts_with("TIME"));
    let Following { child, lines, .. } = &mut following;
    let (_, gone) = channel();
    // The reading thread stops at the next line, and closes the pipe.
    *lines = gone;
    let status = until("it ends", PATIENCE, || {
        org.owner.ok(&["group", "list"]);
        child.try_wait().unwrap()
    });
    assert_eq!(status.code(), Some(0));
    org.owner.run(&["audit", "list", "--follow", "--interval", "0"]).fails_usage();
    org.owner.run(&["audit", "list", "--interval", "5"]).fails_usage();
}
