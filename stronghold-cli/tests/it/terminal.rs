//! A person at a terminal: asked for what is missing, shown nothing of what they type, and told that long work goes on.

use crate::named;
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};
use stronghold_testkit::{Cli, Org, until};

const EMAIL: &str = "ada@acme.example";
const PATIENCE: Duration = Duration::from_secs(120);

/// A command at a terminal of its own, which the program `script` makes.
struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    output: Receiver<Vec<u8>>,
    shown: String,
    /// How much of it was waited for already.
    seen: usize,
}

impl Terminal {
    fn start(cli: &Cli, arguments: &[&str]) -> Self {
        let script =
            "command=; for word; do command=\"$command '$word'\"; done; exec script -qefc \"$command\" /dev/null";
        let wrapper = ["sh", "-c", script, "terminal"].map(Into::into).to_vec();
        let mut command = cli.clone().var("TERM", "xterm").through(wrapper).command(arguments);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let (keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, output, shown: String::new(), seen: 0 }
    }

    /// Types a line once this is asked for.
    fn answer(&mut self, question: &str, line: &str) {
        let end = until(question, PATIENCE, || {
            self.output.try_iter().for_each(|bytes| self.shown.push_str(&String::from_utf8_lossy(&bytes)));
            let found = self.shown[self.seen..].find(question);
            if found.is_none() {
                assert!(self.child.try_wait().unwrap().is_none(), "it never asked {question:?}: {}", self.shown);
            }
            found.map(|at| self.seen + at + question.len())
        });
        self.seen = end;
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// Its exit code, and everything that was on the screen.
    fn end(mut self) -> (i32, String) {
        // The keyboard stays: the end of it would be typed.
        let status = until("it ends", PATIENCE, || self.child.try_wait().unwrap());
        self.output.iter().for_each(|bytes| self.shown.push_str(&String::from_utf8_lossy(&bytes)));
        (status.code().unwrap(), self.shown)
    }
}

/// A machine with nothing but the server's address.
fn machine(org: &Org) -> Cli {
    Cli::new(&org.folder()).var("API_STRONGHOLD_URL", org.server.url())
}

/// The word on the screen that begins like this.
fn shown<'s>(screen: &'s str, prefix: &str) -> &'s str {
    screen.split_whitespace().find(|word| word.starts_with(prefix)).unwrap_or_else(|| panic!("no {prefix}: {screen}"))
}

/// Runs a command at a terminal, which asks this and is answered that.
fn typed(cli: &Cli, arguments: &[&str], answers: &[(&str, &str)], code: i32) -> String {
    let mut terminal = Terminal::start(cli, arguments);
    for (question, line) in answers {
        terminal.answer(question, line);
    }
    let (ended, screen) = terminal.end();
    assert_eq!(ended, code, "{screen}");
    for (question, line) in answers.iter().filter(|(question, _)| question.contains("assword")) {
        assert!(!screen.contains(line), "what was typed for {question:?} is on the screen: {screen}");
    }
    screen
}

/// The person of these tests in a list of people.
fn named_person(listed: &Value) -> &Value {
    listed.as_array().unwrap().iter().find(|entry| entry["email"] == EMAIL).unwrap()
}

/// Joining, another device, a changed password, a forgotten one: each at a terminal, with what is asked for.
#[test]
fn a_person_is_asked_for_passwords() {
    let org = Org::start();
    let invited = org.owner.json(&["user", "invite", EMAIL]);
    let cli = machine(&org);
    let accept = ["user", "accept", "--email", EMAIL, "--invite", invited["code"].as_str().unwrap()];
    let (first, second, third) = ("correct horse", "battery staple", "purple monkey");
    let screen = typed(&cli, &accept, &[("Password: ", first), ("Password again: ", second)], 1);
    assert!(screen.contains("the two passwords differ"), "{screen}");
    let screen = typed(&cli, &accept, &[("Password: ", first), ("Password again: ", first)], 0);
    let key = shown(&screen, "stronghold_account_").to_owned();
    let kit = shown(&screen, "stronghold_recovery_").to_owned();
    // Whoever confirms sees the fingerprint before the keys are in force, and can say no.
    let listed = org.owner.json(&["user", "list"]);
    let keys = named_person(&listed)["accepted_keys"].as_str().unwrap().to_owned();
    assert!(screen.contains(&format!("--fingerprint {keys}")), "there is something to compare: {screen}");
    let question = format!("fingerprint is {keys}?");
    let confirm = ["user", "confirm", EMAIL];
    typed(&org.owner, &confirm, &[(&question, "n")], 1);
    assert_eq!(named_person(&org.owner.json(&["user", "list"]))["status"], "accepted", "nothing was done");
    typed(&org.owner, &confirm, &[(&question, "y")], 0);
    assert_eq!(named_person(&org.owner.json(&["user", "list"]))["status"], "member");

    // A new device.
    let device = machine(&org).var("API_STRONGHOLD_ACCOUNT_KEY", &key);
    let login = ["auth", "login", "--email", EMAIL];
    typed(&device, &login, &[("Password: ", second)], 3);
    typed(&device, &login, &[("Password: ", first)], 0);
    device.ok(&["profile", "list"]);

    // Another password.
    let change = ["auth", "password", "--email", EMAIL];
    let answers = [("Password so far: ", first), ("New password: ", second), ("New password again: ", second)];
    typed(&device, &change, &answers, 0);
    typed(&device, &login, &[("Password: ", first)], 3);
    typed(&device, &login, &[("Password: ", second)], 0);

    // A forgotten one.
    let lost = machine(&org).var("API_STRONGHOLD_RECOVERY_KIT", &kit);
    let screen = typed(&lost, &["auth", "recover"], &[("Password: ", third), ("Password again: ", third)], 0);
    let key = shown(&screen, "stronghold_account_").to_owned();
    typed(&device.var("API_STRONGHOLD_ACCOUNT_KEY", key), &login, &[("Password: ", third)], 0);
}

#[test]
fn an_owner_is_asked_before_what_cannot_be_undone() {
    let org = Org::start();
    let owner = org.owner.clone().without("API_STRONGHOLD_PASSWORD");
    let rotate = ["user", "rotate-keys", "--email", "owner@acme.example"];
    let with_key = owner.clone().var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
    typed(&with_key, &rotate, &[("Password: ", "a guess")], 3);
    typed(&with_key, &rotate, &[("Password: ", &org.password)], 0);
    owner.ok(&["profile", "list"]);
    let agent = org.agent(&[]);
    let delete = ["agent", "delete", &agent.name];
    let status = || named(&owner.json(&["agent", "list"]), &agent.name)["status"].clone();
    let screen = typed(&owner, &delete, &[("[y/N] ", "n")], 1);
    assert!(screen.contains("nothing was done"), "{screen}");
    assert_eq!(status(), json!("active"));
    typed(&owner, &delete, &[("[y/N] ", "y")], 0);
    assert_eq!(status(), json!("deleted"));
}

/// More than one request's worth is encrypted anew: a person sees how far it is; a script's standard error has nothing of it.
#[test]
fn long_work_shows_how_far_it_is() {
    const SECRETS: usize = 1_200;
    let org = Org::start();
    let secrets: Vec<(String, Value)> = (0..SECRETS).map(|at| (format!("SECRET_{at}"), json!("value"))).collect();
    let secrets: Vec<(&str, &[u8])> = secrets.iter().map(|(name, _)| (name.as_str(), &b"value"[..])).collect();
    let profile = org.profile(&secrets);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let of_all = format!("/{SECRETS}");
    for command in [&["profile", "rotate", &profile][..], &["agent", "delete", &agent.name, "--yes"]] {
        let screen = typed(&org.owner, command, &[], 0);
        assert!(screen.contains("encrypting anew") && screen.contains(&of_all), "{screen}");
    }
    assert_eq!(org.owner.ok(&["profile", "rotate", &profile]).messages(), "");
    assert!(!typed(&org.owner, &["-q", "profile", "rotate", &profile], &[], 0).contains(&of_all));
}
