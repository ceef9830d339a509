//! A person at a terminal: asked for what is missing, shown nothing of what they type, and told that long work goes on.

use crate::named;
use rustix::{
    fs::OFlags,
    termios::{Action, LocalModes, tcflow, tcgetattr},
};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};
use stronghold_testkit::{Cli, Org, leaks, program, random_word, until};

const EMAIL: &str = "ada@acme.example";
/// What the shell of a test asks with.
const PROMPT: &str = "ready> ";
const PATIENCE: Duration = Duration::from_secs(120);

/// A command at a terminal of its own, which the program `script` makes.
pub(crate) struct Terminal {
    child: Child,
    keyboard: ChildStdin,
    output: Receiver<Vec<u8>>,
    shown: String,
    /// How much of it was waited for already.
    seen: usize,
}

impl Terminal {
    pub(crate) fn start(cli: &Cli, arguments: &[&str]) -> Self {
        let script =
            "command=; for word; do command=\"$command '$word'\"; done; exec script -qefc \"$command\" /dev/null";
        let wrapper = ["sh", "-c", script, "terminal"].map(Into::into).to_vec();
        Self::of(cli.clone().var("TERM", "xterm").through(wrapper).command(arguments))
    }

    /// A shell at a terminal, in which the program is called by its name.
    fn shell(cli: &Cli, history: &Path) -> Self {
        let folder = program("api-stronghold-cli").parent().unwrap().to_owned();
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
        let script = "exec script -qefc 'bash --norc --noprofile -i' /dev/null # \"$@\"";
        let wrapper = ["sh", "-c", script, "terminal"].map(Into::into).to_vec();
        let cli = cli.clone().var("TERM", "dumb").var("PS1", PROMPT).var("PATH", path).var("HISTFILE", history);
        Self::of(cli.through(wrapper).command(&[] as &[&str]))
    }

    fn of(mut command: Command) -> Self {
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
    pub(crate) fn answer(&mut self, question: &str, line: &str) {
        // At once when it is asked: what is typed then must not be shown either.
        self.waits_for(question);
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// The first word that begins like this, once its line is there.
    fn word(&mut self, prefix: &str) -> String {
        self.waits_for(prefix);
        let from = self.seen - prefix.len();
        self.waits_for("\n");
        self.shown[from..].split_whitespace().next().unwrap().to_owned()
    }

    fn waits_for(&mut self, question: &str) {
        let overdue = Instant::now() + PATIENCE;
        let end = loop {
            if let Some(at) = self.shown[self.seen..].find(question) {
                break self.seen + at + question.len();
            }
            let left = overdue.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("it never asked {question:?}: {}", self.shown),
            }
        };
        self.seen = end;
    }

    /// Its exit code, and everything that was on the screen.
    pub(crate) fn end(mut self) -> (i32, String) {
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
pub(crate) fn typed(cli: &Cli, arguments: &[&str], answers: &[(&str, &str)], code: i32) -> String {
    let mut terminal = Terminal::start(cli, arguments);
    for (question, line) in answers {
        terminal.answer(question, line);
    }
    let (ended, screen) = terminal.end();
    assert_eq!(ended, code, "{screen}");
    for (question, line) in
        answers.iter().filter(|(question, _)| !question.ends_with("[y/N] ") && question.ends_with(": "))
    {
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
    let accept = ["user", "accept", "--email", EMAIL];
    let code = ("Invitation's code: ", invited["code"].as_str().unwrap());
    let (first, second, third) = ("correct horse", "battery staple", "purple monkey");
    let screen = typed(&cli, &accept, &[code, ("Password: ", first), ("Password again: ", second)], 1);
    assert!(screen.contains("the two passwords differ"), "{screen}");
    let screen = typed(&cli, &accept, &[code, ("Password: ", first), ("Password again: ", first)], 0);
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

/// What a person types in a shell: commands are kept in its history; what is asked for is nowhere.
#[test]
fn what_is_asked_for_is_in_no_shells_history() {
    let org = Org::start();
    let profile = org.profile(&[]);
    let agent = org.agent(&[&org.group(&[&profile])]);
    let (value, account_key) = (random_word(24), org.account_key().to_owned());
    let kit = org.created["recovery_kit"].as_str().unwrap().to_owned();
    let new_password = random_word(24);
    [&value, &new_password].into_iter().for_each(|secret| leaks::look_for(secret));
    let history = org.folder();
    let owner = org.owner.clone().without("API_STRONGHOLD_PASSWORD");
    let set = format!("api-stronghold-cli secret set KEY --profile {profile}");
    let [as_agent, login, recover] = [
        "api-stronghold-cli auth api-user",
        "api-stronghold-cli auth login --email owner@acme.example",
        "api-stronghold-cli auth recover",
    ];
    let mut terminal = Terminal::shell(&owner, &history);
    let steps: [(&str, &[(&str, &str)]); 4] = [
        (&set, &[("Value of KEY: ", &value)]),
        (as_agent, &[("Token: ", &agent.token)]),
        (login, &[("Account key: ", &account_key), ("Password: ", &org.password)]),
        (recover, &[("Recovery kit: ", &kit), ("Password: ", &new_password), ("Password again: ", &new_password)]),
    ];
    for (command, answers) in steps {
        terminal.answer(PROMPT, command);
        for (question, answer) in answers {
            terminal.answer(question, answer);
        }
    }
    terminal.answer(PROMPT, "exit");
    let (_, screen) = terminal.end();
    let kept = fs::read_to_string(&history).unwrap();
    leaks::look_through(&history);
    assert!([&set, as_agent, login, recover].iter().all(|command| kept.contains(command)), "{kept}");
    for secret in [&value, &agent.token, &account_key, &org.password, &kit, &new_password] {
        assert!(!kept.contains(secret), "in the history: {kept}");
        assert!(!screen.contains(secret), "on the screen: {screen}");
    }
    for done in ["was set", "Signed in as agent", "Signed in as owner@acme.example", "has a new password"] {
        assert!(screen.contains(done), "{done}: {screen}");
    }
    assert_eq!(org.as_agent(&agent).ok(&["secret", "get", "KEY", "--profile", &profile]).text(), value);
}

/// Nothing that is typed at a question for a secret is shown, however fast: the terminal shows nothing typed any more before
/// the question is there. Its output is held here, so that the question stays on its way.
#[test]
fn the_echo_is_off_before_a_secret_is_asked_for() {
    let org = Org::start();
    let script = "command='tty; read go; exec'; for word; do command=\"$command '$word'\"; done; exec script -qefc \"$command\" /dev/null";
    let wrapper = ["sh", "-c", script, "terminal"].map(Into::into).to_vec();
    let cli = machine(&org).var("TERM", "xterm").through(wrapper);
    let mut terminal = Terminal::of(cli.command(&["auth", "api-user"]));
    let path = terminal.word("/dev/pts/");
    let tty = File::options().read(true).write(true).custom_flags(OFlags::NOCTTY.bits() as i32).open(path).unwrap();
    tcflow(&tty, Action::OOff).unwrap();
    writeln!(terminal.keyboard, "go").unwrap();
    let is_off = || (!tcgetattr(&tty).unwrap().local_modes.contains(LocalModes::ECHO)).then_some(());
    until("what is typed is not shown any more", Duration::from_secs(30), is_off);
    tcflow(&tty, Action::OOn).unwrap();
    let typed = random_word(24);
    terminal.answer("Token: ", &typed);
    let (code, screen) = terminal.end();
    assert_eq!(code, 3, "{screen}");
    assert!(!screen.contains(&typed), "{screen}");
}

/// A token on the command line works everywhere; at a terminal the person is told where it now is.
#[test]
fn a_token_that_is_typed_is_taken_with_a_warning() {
    let org = Org::start();
    let agent = org.agent(&[]);
    let arguments = ["auth", "api-user", "--token", &agent.token];
    let screen = typed(&machine(&org), &arguments, &[], 0);
    assert!(screen.contains("warning") && screen.contains("history") && screen.contains("--token-file"), "{screen}");
    assert!(!screen.contains(&agent.token), "{screen}");
    // In a pipeline, and in the build of an image, nothing is said and nothing asked.
    assert_eq!(machine(&org).ok(&arguments).messages(), "");
    let from_variable = machine(&org).var("API_STRONGHOLD_TOKEN", &agent.token);
    let screen = typed(&from_variable, &["auth", "api-user"], &[], 0);
    assert!(!screen.contains("warning"), "{screen}");
}

/// Everything else is refused as an argument, and not repeated.
#[test]
fn values_kits_and_codes_are_no_arguments() {
    let org = Org::start();
    let profile = org.profile(&[]);
    // They are refused before anything is read of them.
    let (key, kit, code) = ("stronghold_account_of_hers", "stronghold_recovery_of_hers", "stronghold_invite_of_hers");
    let commands: [(&[&str], &str, &str); 6] = [
        (&["secret", "set", "KEY", "a value to keep", "--profile", &profile], "a value to keep", "--file"),
        (&["auth", "login", "--email", EMAIL, "--account-key", key], key, "--account-key-file"),
        (&["auth", "password", "--email", EMAIL, "--account-key", key], key, "--account-key-file"),
        (&["user", "rotate-keys", "--email", EMAIL, "--account-key", key], key, "--account-key-file"),
        (&["auth", "recover", "--kit", kit], kit, "--kit-file"),
        (&["user", "accept", "--email", EMAIL, "--invite", code], code, "--invite-file"),
    ];
    for (arguments, secret, other) in commands {
        let line = org.owner.run(arguments).fails(2);
        assert!(line.contains("is no argument") && line.contains("history") && line.contains(other), "{line}");
        assert!(!line.contains(secret), "{line}");
    }
    assert_eq!(org.owner.json(&["secret", "list", "--profile", &profile]), json!([]));
}

/// Files and standard input in place of arguments.
#[test]
fn keys_kits_codes_and_passwords_come_from_files() {
    let org = Org::start();
    let file = |content: &str| {
        let file = org.folder();
        fs::write(&file, format!("{content}\n")).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let invited = org.owner.json(&["user", "invite", EMAIL]);
    let (code, password) = (file(invited["code"].as_str().unwrap()), random_word(24));
    let password_file = file(&password);
    let cli = machine(&org);
    let accept = ["user", "accept", "--email", EMAIL, "--invite-file", &code, "--password-file", &password_file];
    let accepted = cli.json(&accept);
    let fingerprint = accepted["fingerprint"].as_str().unwrap();
    org.owner.json(&["user", "confirm", EMAIL, "--fingerprint", fingerprint]);
    let key = file(accepted["account_key"].as_str().unwrap());
    let login = ["auth", "login", "--email", EMAIL, "--account-key-file", &key, "--password-file", &password_file];
    machine(&org).json(&login);
    let two = file(&format!("{password}\nanother password of hers"));
    machine(&org).json(&["auth", "password", "--email", EMAIL, "--account-key-file", &key, "--password-file", &two]);
    let kit = file(accepted["recovery_kit"].as_str().unwrap());
    machine(&org).json(&["auth", "recover", "--kit-file", &kit, "--password-file", &password_file]);
    let agent = org.agent(&[]);
    machine(&org).json(&["auth", "api-user", "--token-file", &file(&agent.token)]);
    let profile = org.profile(&[]);
    let set = ["secret", "set", "KEY", "-", "--profile", &profile];
    org.owner.run_with(&set, b"from standard input").succeeds();
    assert_eq!(org.owner.ok(&["secret", "get", "KEY", "--profile", &profile]).text(), "from standard input");
    // What is missing is named, and where it could come from.
    let line = machine(&org).run(&["auth", "recover"]).fails(2);
    assert!(
        line.contains("recovery kit") && line.contains("--kit-file") && line.contains("API_STRONGHOLD_RECOVERY_KIT"),
        "{line}"
    );
    let create = ["org", "create", "Other", "--email", "o@acme.example"];
    let line = machine(&org).run(&create).fails(2);
    assert!(line.contains("--setup-code-file"), "{line}");
}
