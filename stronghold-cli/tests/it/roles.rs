//! What each role may do, each from a machine of its own: the exit codes of the same commands.

use serde_json::json;
use stronghold_testkit::{Cli, Org};

/// Ok, refused, not there for them.
const OK: i32 = 0;
const NO: i32 = 3;
const NONE: i32 = 4;

fn joined(org: &Org, role: &str, groups: &[&str]) -> Cli {
    let email = format!("{role}@acme.example");
    let mut invite = vec!["user", "invite", &email, "--role", role];
    groups.iter().for_each(|group| invite.extend(["--group", group]));
    let invited = org.owner.json(&invite);
    let cli = Cli::new(&org.folder())
        .var("API_STRONGHOLD_URL", org.server.url())
        .var("API_STRONGHOLD_PASSWORD", "a password of their own");
    let accept = ["--json", "user", "accept", "--email", &email, "--invite", "-"];
    cli.run_with(&accept, invited["code"].as_str().unwrap().as_bytes()).succeeds();
    org.owner.json(&["user", "confirm", &email, "--yes"]);
    cli
}

#[test]
fn each_role_does_what_it_may_and_is_refused_what_it_may_not() {
    let org = Org::start();
    let (written, read) = (org.profile(&[("KEY", b"1")]), org.profile(&[("KEY", b"1")]));
    let foreign = org.profile(&[("KEY", b"1")]);
    let (writers, readers) = (org.group(&[]), org.group(&[&read]));
    org.owner.json(&["group", "grant", &writers, &written, "--access", "write"]);
    let agent = org.agent(&[&org.group(&[&written, &read, &foreign])]);
    let people = [
        org.owner.clone(),
        joined(&org, "admin", &[]),
        joined(&org, "editor", &[&writers, &readers]),
        joined(&org, "auditor", &[]),
    ];
    let set = |profile: &str| ["secret", "set", "KEY", "--profile", profile, "--stdin"].map(str::to_owned).to_vec();
    let get = |profile: &str| ["secret", "get", "KEY", "--profile", profile].map(str::to_owned).to_vec();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    // Owner, admin, editor, auditor. Nobody changes or removes themselves: that fails, whoever they are.
    let table: Vec<(Vec<String>, [i32; 4])> = vec![
        (get(&written), [OK, OK, OK, NO]),
        (set(&written), [OK, OK, OK, NO]),
        (get(&read), [OK, OK, OK, NO]),
        (set(&read), [OK, OK, NO, NO]),
        (get(&foreign), [OK, OK, NONE, NO]),
        (set(&foreign), [OK, OK, NONE, NO]),
        (words("agent create AGENT"), [OK, OK, NO, NO]),
        (words("group create GROUP"), [OK, OK, NO, NO]),
        (words("profile create PROFILE"), [OK, OK, NO, NO]),
        (words("user invite AGENT@acme.example --role editor"), [OK, OK, NO, NO]),
        (words("user invite AGENT@acme.example --role admin"), [OK, NO, NO, NO]),
        (words("user set-role auditor@acme.example admin"), [OK, NO, NO, 1]),
        (words("user remove owner@acme.example --yes"), [1, NO, NO, NO]),
        (words("org policy --name AGENT"), [OK, NO, NO, NO]),
        (words("org policy --owner-threshold 1"), [OK, NO, NO, NO]),
        (words("audit list"), [OK, OK, NO, OK]),
        (words("audit verify"), [OK, OK, NO, OK]),
        (words("org show"), [OK, OK, OK, OK]),
        (words("org verify"), [OK, OK, OK, OK]),
        (words("user list"), [OK, OK, OK, OK]),
    ];
    let mut name = 0;
    for (command, expected) in &table {
        for (index, cli) in people.iter().enumerate() {
            name += 1;
            let unique = |word: &String| match word.as_str() {
                "AGENT" | "GROUP" | "PROFILE" => format!("name-{name}"),
                _ => word.replace("AGENT@", &format!("name-{name}@")),
            };
            let words: Vec<String> = command.iter().map(unique).collect();
            let run = cli.run_with(&words, name.to_string().as_bytes());
            assert_eq!(run.code(), expected[index], "person {index}: {words:?}: {}", run.messages());
            // What is given to one is taken back, so that all start the same.
            if words.first().is_some_and(|word| word == "user") && words[1] == "set-role" && run.code() == OK {
                org.owner.json(&["user", "set-role", "auditor@acme.example", "auditor"]);
            }
        }
    }
    // What was refused was not done: the last who may write each was heard.
    let value = |profile: &str| org.pull(&agent, profile)["KEY"].clone();
    let last = |profile: &[String]| {
        let row = table.iter().position(|(command, _)| command == profile).unwrap();
        let writers = table[row].1.iter().filter(|code| **code == OK).count();
        json!((row * people.len() + writers).to_string())
    };
    for profile in [&written, &read, &foreign] {
        assert_eq!(value(profile), last(&set(profile)), "{profile}");
    }
}
