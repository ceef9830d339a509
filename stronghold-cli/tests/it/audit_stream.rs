//! The audit log at a webhook, over kills of the server and absences of the receiver.

use serde_json::Value;
use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    net::TcpListener,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use stronghold_testkit::{Cli, Delivery, Manner, Org, Receiver, ServerOptions, program, until};

/// How long events may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn streaming(receiver: &Receiver) -> Org {
    Org::on(ServerOptions::default().arg("--audit-webhook").arg(receiver.url()).start())
}

/// All records of an organization, by what the command line shows: position to id.
fn logged(owner: &Cli) -> BTreeMap<u64, String> {
    let records = owner.json(&["audit", "list", "--limit", "100000"]);
    let id = |record: &Value| record["event_id"].as_str().unwrap().to_owned();
    records.as_array().unwrap().iter().map(|record| (record["position"].as_u64().unwrap(), id(record))).collect()
}

/// What was accepted of an organization: position to id. The same position never has another id.
fn accepted(deliveries: &[Delivery], org: &str) -> BTreeMap<u64, String> {
    let mut events = BTreeMap::new();
    for event in deliveries.iter().filter(|delivery| delivery.accepted).flat_map(|delivery| &delivery.events) {
        if event["org"] != org {
            continue;
        }
        assert_eq!(event["schema"], 1);
        assert_eq!(event["id"], event["record"]["id"]);
        let id = event["id"].as_str().unwrap().to_owned();
        let before = events.insert(event["position"].as_u64().unwrap(), id.clone());
        assert!(before.is_none_or(|before| before == id), "what comes again has the same id");
    }
    events
}

/// Waits until everything that is logged by now was accepted.
fn until_complete(receiver: &Receiver, owner: &Cli, org: &str) {
    let wanted = logged(owner);
    let got = until("everything was delivered", PATIENCE, || {
        let got = accepted(&receiver.deliveries(), org);
        wanted.keys().all(|position| got.contains_key(position)).then_some(got)
    });
    assert!(wanted.iter().all(|(position, id)| got.get(position) == Some(id)));
}

fn org_id(created: &Value) -> String {
    created["org_id"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_is_lost_when_the_server_is_killed_between_delivery_and_acknowledgement() {
    let receiver = Receiver::start();
    let mut org = streaming(&receiver);
    let id = org_id(&org.created);
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    until_complete(&receiver, &org.owner, &id);
    for _ in 0..4 {
        receiver.behave(Manner::Silent);
        let before = receiver.deliveries().len();
        let _ = org.pull(&agent, &profile);
        let taken = until("the receiver has them", PATIENCE, || receiver.deliveries().get(before).cloned());
        org.server.kill();
        receiver.behave(Manner::Accept);
        org.server.start_again();
        let again = until("they come again", PATIENCE, || {
            receiver
                .deliveries()
                .into_iter()
                .find(|delivery| delivery.accepted && delivery.events[0] == taken.events[0])
        });
        assert!(again.events.starts_with(&taken.events), "the same events, in the same order");
        until_complete(&receiver, &org.owner, &id);
    }
    // Killed at any moment, while agents read.
    for _ in 0..3 {
        for _ in 0..5 {
            let _ = org.pull(&agent, &profile);
        }
        org.server.kill();
        org.server.start_again();
    }
    until_complete(&receiver, &org.owner, &id);
    let all = accepted(&receiver.deliveries(), &id);
    assert!(all.keys().copied().eq(0..all.len() as u64), "without a gap");
}

#[test]
fn a_receiver_that_is_away_gets_everything_later_and_nobody_waits_for_it() {
    let receiver = Receiver::start();
    receiver.behave(Manner::Refuse);
    let org = streaming(&receiver);
    let id = org_id(&org.created);
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    assert_eq!(org.pull(&agent, &profile)["KEY"], "1");
    // Its state is in the log, without what is in the events.
    let log = until("the log says so", PATIENCE, || {
        let log = org.server.log();
        log.contains("audit events were not accepted").then_some(log)
    });
    assert!(log.contains("behind=") && log.contains("status 503") && !log.contains(&agent.id), "{log}");
    assert!(accepted(&receiver.deliveries(), &id).is_empty());
    receiver.behave(Manner::Accept);
    until_complete(&receiver, &org.owner, &id);
    until("the log says that too", PATIENCE, || org.server.log().contains("accepted again").then_some(()));
}

/// Takes syslog connections, reads each to its end, closes it, and keeps the messages: all but what an early end cut short.
fn syslog_receiver() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let messages = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&messages);
    thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut bytes = Vec::new();
            // A sender may be killed at any point.
            let _ = client.read_to_end(&mut bytes);
            let mut rest = bytes.as_slice();
            while let Some(space) = rest.iter().position(|byte| *byte == b' ') {
                let length: usize = std::str::from_utf8(&rest[..space]).unwrap().parse().unwrap();
                let Some(message) = rest.get(space + 1..space + 1 + length) else { break };
                kept.lock().unwrap().push(String::from_utf8(message.to_vec()).unwrap());
                rest = &rest[space + 1 + length..];
            }
        }
    });
    (url, messages)
}

#[test]
fn syslog_gets_everything_over_kills_of_the_server() {
    let (url, messages) = syslog_receiver();
    let mut org = Org::on(ServerOptions::default().arg("--audit-syslog").arg(url).start());
    let profile = org.profile(&[("KEY", b"1")]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    for _ in 0..4 {
        for _ in 0..4 {
            let _ = org.pull(&agent, &profile);
        }
        org.server.kill();
        org.server.start_again();
    }
    let wanted = logged(&org.owner);
    until("everything was delivered", PATIENCE, || {
        let messages = messages.lock().unwrap();
        let all = wanted.iter().all(|(position, id)| {
            let data = format!(
                "[stronghold@32473 schema=\"1\" id=\"{id}\" org=\"{}\" position=\"{position}\"",
                org_id(&org.created)
            );
            messages.iter().any(|message| message.contains(&data))
        });
        all.then_some(())
    });
    let messages = messages.lock().unwrap();
    assert!(
        messages.iter().all(|message| message.starts_with("<110>1 ") || message.starts_with("<108>1 ")),
        "{messages:?}"
    );
}

#[test]
fn a_receiver_that_hangs_keeps_no_server_from_ending() {
    let receiver = Receiver::start();
    receiver.behave(Manner::Silent);
    let mut org = streaming(&receiver);
    let _ = org.profile(&[]);
    until("the receiver has something", PATIENCE, || receiver.deliveries().first().cloned());
    // Cleanly, by SIGTERM.
    org.server.stop();
    receiver.behave(Manner::Accept);
    org.server.start_again();
    until_complete(&receiver, &org.owner, &org_id(&org.created));
}

#[test]
fn each_organization_has_a_stream_of_its_own() {
    let receiver = Receiver::start();
    let mut org = streaming(&receiver);
    let code = Command::new(program("stronghold-server"))
        .args(["setup-code", "--show", "--data-dir"])
        .arg(org.server.data_dir())
        .output()
        .unwrap();
    let file = org.made_folder().join("code");
    fs::write(&file, code.stdout).unwrap();
    let second = Cli::new(&org.folder()).var("API_STRONGHOLD_URL", org.server.url());
    let second = second.var("API_STRONGHOLD_PASSWORD", &org.password);
    let create = ["org", "create", "Other", "--setup-code-file", crate::text(&file), "--email", "o@other.example"];
    let other = org_id(&second.json(&create));
    let first = org_id(&org.created);
    assert_ne!(first, other);
    for round in 0..2 {
        second.json(&["profile", "create", &format!("p{round}")]);
        let _ = org.profile(&[("KEY", b"1")]);
        until_complete(&receiver, &org.owner, &first);
        until_complete(&receiver, &second, &other);
        org.server.kill();
        org.server.start_again();
    }
    for id in [&first, &other] {
        let all = accepted(&receiver.deliveries(), id);
        assert!(all.keys().copied().eq(0..all.len() as u64), "without a gap");
    }
}

#[test]
fn a_stream_that_cannot_be_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("secret");
    fs::write(&short, "c2hvcnQ=").unwrap();
    let hook = "https://hook.example/s3cret";
    for (arguments, expected) in [
        (vec!["--audit-webhook", "http://hook.example/s3cret"], "--audit-webhook"),
        (vec!["--audit-webhook", hook, "--audit-webhook-secret-file", crate::text(&short)], "24 to 64 bytes"),
        (vec!["--audit-webhook", hook, "--audit-webhook-secret-file", "missing"], "missing"),
        (vec!["--audit-syslog", "tls://log.example", "--audit-ca-cert", crate::text(&short)], "no PEM certificate"),
    ] {
        let options = arguments.iter().fold(ServerOptions::default(), ServerOptions::arg);
        let run = options.run();
        assert_eq!(run.code(), 1, "{run}");
        let messages = run.messages();
        assert!(messages.contains(expected) && !messages.contains("s3cret"), "{run}");
    }
    let refused = ServerOptions::default().arg("--audit-syslog").arg("http://log.example").run();
    assert_eq!(refused.code(), 2, "{refused}");
}
