//! An organization on a server process, with an admin and an agent at work on it, who are timed.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use stronghold_sdk::{
    Client, HttpTransport, LocalIdentity, ProfileReader,
    admin::{Access, Account, Edit, NewAgent, NewOrganization, NewSecret, Session},
    protocol::{
        directory::Conditions,
        evidence::{Anchor, ProfileSelector},
        id::ProfileId,
        name::{Email, Name, SecretName},
        time::{Clock, SystemClock},
        token::AgentToken,
    },
};
use stronghold_testkit::Server;
use zeroize::Zeroizing;

/// The admin's session.
pub type AdminSession = Session<HttpTransport>;

/// A server process, and who works on it.
pub struct Served {
    /// The process.
    pub server: Server,
    /// The admin, who is its owner.
    pub session: AdminSession,
    /// The profile that is written and read.
    pub profile: ProfileId,
    /// Reads it.
    pub agent: AgentToken,
    /// An agent that was deleted.
    pub deleted: AgentToken,
    /// The organization and its owner's id, for tries of their account.
    pub account: (String, String),
}

/// The name of the profile.
const PROFILE: &str = "production";
/// Bytes of each value that the admin pushes: together they are more than is read before headers are judged.
const PUSHED: usize = 20_000;
/// How long an admin waits after each edit, an agent after each read: they work, they do not test the machine.
const PAUSE: Duration = Duration::from_millis(20);

impl Served {
    /// A new server with an organization.
    pub async fn new() -> Self {
        let server = Server::start();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let client = || Client::new(transport(server.url()), Arc::clone(&clock));
        let code = std::fs::read_to_string(server.setup_code_file()).unwrap();
        let new = NewOrganization {
            name: Name::new("Bench").unwrap(),
            email: Email::new("owner@bench.example").unwrap(),
            password: Zeroizing::new("correct horse battery staple".to_owned()),
            setup_code: Zeroizing::new(code.trim().to_owned()),
        };
        let owner = Account::create_organization(&client(), new, &clock).await.unwrap().account;
        let mut session = AdminSession::builder(&owner).in_process().open(client()).await.unwrap();
        let profile = session.create_profile(Name::new(PROFILE).unwrap()).await.unwrap();
        session.edit(profile, &edit(0, 100, 64), false).await.unwrap();
        let agent = agent(&mut session, "reader", profile).await;
        let deleted = agent_without_groups(&mut session, "deleted").await;
        let id = deleted.agent;
        session.delete_agent(id).await.unwrap();
        let account = (owner.org.to_string(), owner.user.to_string());
        Self { server, session, profile, agent, deleted, account }
    }

    /// Lets admin and agent work for so long.
    pub async fn work(&mut self, length: Duration) -> Worked {
        let stop = Arc::new(AtomicBool::new(false));
        let read = tokio::spawn(reads(self.server.url().to_owned(), copy(&self.agent), Arc::clone(&stop)));
        let probes = tokio::spawn(probes(self.server.url().to_owned(), Arc::clone(&stop)));
        let mut writes = Timed::default();
        let until = Instant::now() + length;
        let mut number = 0;
        while Instant::now() < until {
            number += 1;
            let start = Instant::now();
            let done = self.session.edit(self.profile, &edit(number, 5, PUSHED), false).await;
            writes.note(start, done.err().map(|error| error.to_string()));
            tokio::time::sleep(PAUSE).await;
        }
        stop.store(true, Ordering::Relaxed);
        Worked { writes, reads: read.await.unwrap(), probes: probes.await.unwrap() }
    }
}

/// How long things took, and which failed.
#[derive(Debug, Default)]
pub struct Timed {
    took: Vec<Duration>,
    /// What failed, in its words.
    pub failures: Vec<String>,
}

impl Timed {
    fn note(&mut self, start: Instant, failure: Option<String>) {
        self.took.push(start.elapsed());
        self.failures.extend(failure);
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.took.len()
    }

    /// The time within which 99 of 100 were done.
    #[must_use]
    pub fn p99(&self) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        let at = (took.len() * 99).div_ceil(100).saturating_sub(1);
        took.get(at).copied().unwrap_or_default()
    }
}

/// What admin and agent did, and whoever asks whether the server lives.
#[derive(Debug)]
pub struct Worked {
    /// Edits of the admin.
    pub writes: Timed,
    /// Reads of the agent.
    pub reads: Timed,
    /// Questions at `/healthz`, each in a connection of its own.
    pub probes: Timed,
}

async fn reads(url: String, token: AgentToken, stop: Arc<AtomicBool>) -> Timed {
    let client = Client::new(transport(&url), Arc::new(SystemClock));
    let (who, profile): (_, ProfileSelector) = (LocalIdentity::from_token(&token), PROFILE.parse().unwrap());
    let anchor = Anchor {
        org: token.org,
        seq: token.floor.seq,
        hash: token.floor.hash_prefix.to_vec(),
        remembered: None,
        roster: None,
    };
    let mut timed = Timed::default();
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let read = client.read_profile(&who, &profile, &anchor).await;
        timed.note(start, read.err().map(|error| error.to_string()));
        tokio::time::sleep(PAUSE).await;
    }
    timed
}

async fn probes(url: String, stop: Arc<AtomicBool>) -> Timed {
    let mut timed = Timed::default();
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let failure = crate::attack::healthy(&url, "127.0.0.1").await.err();
        timed.note(start, failure);
        tokio::time::sleep(5 * PAUSE).await;
    }
    timed
}

fn transport(url: &str) -> HttpTransport {
    HttpTransport::builder(url).timeout(Duration::from_secs(30)).build().unwrap()
}

fn edit(round: usize, count: usize, length: usize) -> Edit {
    let mut edit = Edit::default();
    for number in 0..count {
        let name = SecretName::new(&format!("SERVICE_SECRET_NUMBER_{number:05}")).unwrap();
        let value = format!("{round:0length$}").into_bytes();
        edit.set.insert(name, NewSecret { value: Zeroizing::new(value), note: None });
    }
    edit
}

async fn agent(session: &mut AdminSession, name: &str, profile: ProfileId) -> AgentToken {
    let group = session.create_group(Name::new(name).unwrap()).await.unwrap();
    session.grant(group, profile, Access::Read).await.unwrap();
    let new =
        NewAgent { name: Name::new(name).unwrap(), groups: vec![group], conditions: Conditions::default(), url: None };
    token(session, new).await
}

async fn agent_without_groups(session: &mut AdminSession, name: &str) -> AgentToken {
    let new =
        NewAgent { name: Name::new(name).unwrap(), groups: Vec::new(), conditions: Conditions::default(), url: None };
    token(session, new).await
}

async fn token(session: &mut AdminSession, new: NewAgent) -> AgentToken {
    let minted = session.create_agent(new).await.unwrap();
    AgentToken::parse(secrecy::ExposeSecret::expose_secret(&minted.token)).unwrap()
}

fn copy(token: &AgentToken) -> AgentToken {
    AgentToken::parse(secrecy::ExposeSecret::expose_secret(&token.to_secret_string())).unwrap()
}

/// What the server's process holds and wrote.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Most that was resident since [`reset`], in KiB.
    pub resident_kib: u64,
    /// Its log, in bytes.
    pub log: u64,
    /// Its database with the log beside it, in bytes.
    pub database: u64,
}

/// Begins to measure the most that is resident, from now on.
pub fn reset(server: &Server) {
    // "5" resets the peak (proc_pid_clear_refs(5)).
    std::fs::write(format!("/proc/{}/clear_refs", server.id()), "5").unwrap();
}

/// What the server's process holds and wrote by now.
#[must_use]
pub fn held(server: &Server) -> Held {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let resident_kib = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    let size = |path: PathBuf| std::fs::metadata(path).map_or(0, |found| found.len());
    let database = ["stronghold.db", "stronghold.db-wal"].map(|file| size(server.data_dir().join(file)));
    Held { resident_kib, log: size(server.log_file().to_owned()), database: database.iter().sum() }
}
