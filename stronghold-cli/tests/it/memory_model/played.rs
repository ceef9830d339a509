//! Histories that are played with real processes.

use super::{
    database::{Database, Hash},
    model::{Needs, Seen},
};
use crate::{say, tampering::copy};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    path::PathBuf,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};
use stronghold_testkit::{Cli, Org, Seeded};

/// A client with a folder of its own.
struct Client {
    cli: Cli,
    is_agent: bool,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Pull,
    Get,
    Set,
    Group,
}

impl Command {
    const fn needs(self) -> Needs {
        match self {
            Self::Group => Needs::Directory,
            Self::Pull | Self::Get | Self::Set => Needs::Profile,
        }
    }
}

/// One server, whose databases are put back, and its clients.
pub(crate) struct Play {
    org: Org,
    file: PathBuf,
    profile: String,
    profile_id: Vec<u8>,
    clients: Vec<Client>,
    copies: Vec<PathBuf>,
    values: HashMap<Hash, String>,
    counts: BTreeMap<&'static str, u64>,
    marks: u64,
    /// How long the last command took that was not killed.
    took: Duration,
    log: Vec<String>,
}

impl Play {
    /// Two devices of a person, and an agent.
    pub(crate) fn new(org: Org) -> Self {
        let profile = org.profile(&[("KEY", b"first")]);
        let agent = org.agent(&[&org.group(&[&profile])]);
        let second = Cli::new(&org.folder())
            .var("API_STRONGHOLD_URL", org.server.url())
            .var("API_STRONGHOLD_PASSWORD", &org.password)
            .var("API_STRONGHOLD_ACCOUNT_KEY", org.account_key());
        second.json(&["auth", "login", "--email", "owner@acme.example"]);
        let file = org.server.data_dir().join("stronghold.db");
        let database = Database::read(&file);
        let profile_id = database.revisions[0].0.clone();
        let client = |cli: Cli, is_agent| {
            // From here on, everything that is shown is counted.
            cli.ok(&["env", "pull", "--profile", &profile]);
            let seen = Seen { headers: database.headers.clone(), revisions: database.of(&profile_id) };
            Client { cli, is_agent, seen }
        };
        let clients = vec![client(org.owner.clone(), false), client(second, false), client(org.as_agent(&agent), true)];
        let values = HashMap::from([(*database.of(&profile_id).last().unwrap(), "first".to_owned())]);
        Self {
            org,
            file,
            profile,
            profile_id,
            clients,
            copies: Vec::new(),
            values,
            counts: BTreeMap::new(),
            marks: 0,
            took: Duration::ZERO,
            log: Vec::new(),
        }
    }

    pub(crate) fn count(&self, kind: &str) -> u64 {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    /// Says how often each kind occurred.
    pub(crate) fn say(&self) {
        say(&format!("memory with real processes: {:?}", self.counts));
    }

    /// One history: it goes on from where the one before ended, on the newest database.
    pub(crate) fn history(&mut self, seed: u64, steps: usize) {
        let mut random = Seeded::new(seed);
        self.log = vec![format!("history of seed {seed}")];
        self.copies.clear();
        self.keep();
        for _ in 0..steps {
            match random.below(10) {
                0 => self.keep(),
                1..=3 => {
                    let to = random.below(self.copies.len());
                    self.put_back(to);
                }
                4..=6 => self.killed(&mut random),
                _ => self.command(&mut random),
            }
        }
        self.make_up();
    }

    fn tally(&mut self, kind: &'static str) {
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Keeps a copy of the database as it is.
    fn keep(&mut self) {
        let kept = self.org.folder();
        self.org.server.stop();
        copy(self.org.server.data_dir(), &kept);
        self.org.server.start_again();
        self.copies.push(kept);
    }

    /// Puts a copy in the place of the database; what was there becomes a copy.
    fn put_back(&mut self, index: usize) {
        let kept = self.org.folder();
        self.org.server.stop();
        copy(self.org.server.data_dir(), &kept);
        copy(&self.copies[index], self.org.server.data_dir());
        self.org.server.start_again();
        self.copies[index] = kept;
        self.log.push(format!("copy {index} is put back"));
        self.tally("put back");
    }

    /// Forgets everything at the end of a history, so that the next one begins with clients that trust the server.
    fn make_up(&mut self) {
        let now = Database::read(&self.file);
        for client in &mut self.clients {
            let state = client.cli.config_dir().join("state");
            fs::remove_dir_all(&state).unwrap();
            client.cli.ok(&["env", "pull", "--profile", &self.profile]);
            client.seen = Seen { headers: now.headers.clone(), revisions: now.of(&self.profile_id) };
        }
    }

    fn choose(&mut self, random: &mut Seeded) -> (usize, Command, String) {
        let who = random.below(self.clients.len());
        let command = match random.below(if self.clients[who].is_agent { 2 } else { 5 }) {
            0 => Command::Pull,
            1 => Command::Get,
            2 | 3 => Command::Set,
            _ => Command::Group,
        };
        self.marks += 1;
        (who, command, format!("mark{}", self.marks))
    }

    fn arguments<'a>(&'a self, command: Command, mark: &'a str) -> Vec<&'a str> {
        match command {
            Command::Pull => vec!["env", "pull", "--profile", &self.profile],
            Command::Get => vec!["secret", "get", "KEY", "--profile", &self.profile],
            Command::Set => vec!["secret", "set", "KEY", "--profile", &self.profile, "--stdin"],
            Command::Group => vec!["group", "create", mark],
        }
    }

    fn learn(&mut self, before: &Database, after: &Database, mark: &str) {
        let known = before.of(&self.profile_id).len();
        for manifest in after.of(&self.profile_id).iter().skip(known) {
            self.values.insert(*manifest, mark.to_owned());
        }
    }

    /// A command, held against the model: its exit code, the value that it prints, and what is remembered then.
    fn command(&mut self, random: &mut Seeded) {
        let (who, command, mark) = self.choose(random);
        let before = Database::read(&self.file);
        let start = Instant::now();
        let run = self.clients[who].cli.run_with(&self.arguments(command, &mark), mark.as_bytes());
        self.took = start.elapsed();
        let after = Database::read(&self.file);
        self.learn(&before, &after, &mark);
        self.log.push(format!("client {who}: {command:?} ended with {}", run.code()));
        let seen = self.clients[who].seen.clone();
        if seen.allows(&before, &self.profile_id, command.needs()) {
            assert_eq!(run.code(), 0, "{run}\n{}", self.log.join("\n"));
            let value = &self.values[before.of(&self.profile_id).last().unwrap()];
            match command {
                Command::Pull => assert_eq!(run.text(), format!("KEY={value}\n")),
                Command::Get => assert_eq!(run.text().trim_end(), value),
                Command::Set | Command::Group => assert_ne!(before, after),
            }
            self.clients[who].seen = seen.after(&after, &self.profile_id, command.needs());
            self.tally("accepted");
        } else {
            assert_eq!(run.code(), 5, "{run}\n{}", self.log.join("\n"));
            assert_eq!(before, after, "something was signed on top\n{}", self.log.join("\n"));
            // A person's directory is held against memory, and remembered, before a profile is looked at.
            let of_profile = command.needs() == Needs::Profile && !self.clients[who].is_agent;
            if of_profile && seen.allows(&before, &self.profile_id, Needs::Directory) {
                self.clients[who].seen = seen.after(&before, &self.profile_id, Needs::Directory);
            }
            self.tally("refused");
        }
        self.check_memory(who, &[self.clients[who].seen.clone()]);
    }

    /// A command that is killed somewhere: what is remembered then is what was shown at some point of it.
    fn killed(&mut self, random: &mut Seeded) {
        let (who, command, mark) = self.choose(random);
        let before = Database::read(&self.file);
        let input = self.org.folder();
        fs::write(&input, &mark).unwrap();
        let mut started = self.clients[who].cli.command(&self.arguments(command, &mark));
        started.stdin(fs::File::open(&input).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = started.spawn().unwrap();
        // Where it is by then depends on the machine: anywhere is right, as long as it is not over.
        let moment = self.took.as_micros().try_into().unwrap_or(usize::MAX);
        thread::sleep(Duration::from_micros(random.below(moment + 1) as u64));
        let ended = child.try_wait().unwrap().is_some();
        let _ = child.kill();
        child.wait().unwrap();
        // What it sent may still be on its way in the server: a read of the server's own, answered after it, is waited for.
        self.org.server.stop();
        self.org.server.start_again();
        let after = Database::read(&self.file);
        self.learn(&before, &after, &mark);
        self.log.push(format!("client {who}: {command:?} was killed"));
        let seen = self.clients[who].seen.clone();
        let mut possible = vec![seen.clone()];
        if seen.allows(&before, &self.profile_id, Needs::Directory) {
            possible.push(seen.after(&before, &self.profile_id, Needs::Directory));
        }
        if seen.allows(&before, &self.profile_id, command.needs()) {
            possible.push(seen.after(&before, &self.profile_id, command.needs()));
            possible.push(seen.after(&after, &self.profile_id, command.needs()));
        } else {
            assert_eq!(before, after, "something was signed on top\n{}", self.log.join("\n"));
        }
        self.clients[who].seen = self.check_memory(who, &possible);
        self.tally(if ended { "ended before the kill" } else { "killed" });
    }

    /// What a client's folder holds is one of these; which.
    fn check_memory(&self, who: usize, possible: &[Seen]) -> Seen {
        let folder = self.clients[who].cli.config_dir().join("state");
        let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let file = files.find(|file| file.to_str().unwrap().contains("floors-")).expect("something is remembered");
        let floors: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let header = (floors["header"]["seq"].as_u64().unwrap(), floors["header"]["hash"].as_str().unwrap());
        let profile =
            floors["profiles"].as_array().unwrap().iter().find(|floor| floor["name"] == self.profile.as_str());
        let profile = profile.map(|floor| (floor["revision"].as_u64().unwrap(), floor["manifest"].as_str().unwrap()));
        let found = possible.iter().find(|seen| {
            let hash = seen.headers.last().map(|hash| BASE64URL_NOPAD.encode(hash)).unwrap();
            let manifest = seen.revisions.last().map(|hash| BASE64URL_NOPAD.encode(hash)).unwrap();
            header == (seen.headers.len() as u64 - 1, hash.as_str())
                && profile == Some((seen.revisions.len() as u64, manifest.as_str()))
        });
        found.unwrap_or_else(|| panic!("{floors} is none of what was shown\n{}", self.log.join("\n"))).clone()
    }
}
