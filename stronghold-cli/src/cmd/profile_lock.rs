//! `profile lock`: how new profiles are, in a file.

use super::source::as_agent;
use crate::{
    acting::{Acting, Freshness, HttpAgent, HttpSession},
    args::ProfileLockArgs,
    failure::Failure,
    files,
    output::{Output, table},
    settings::Settings,
    shown::lines,
};
use std::path::Path;
use stronghold_sdk::{
    lock::{FILE_NAME, Lock},
    protocol::{directory::HeaderRef, evidence::ProfileFloor, id::OrgId},
};

/// Whoever can read profiles.
enum Reader {
    Agent(HttpAgent),
    User(Box<HttpSession>),
}

/// Reads every profile, no older than the file says so far, and writes the file.
pub(crate) async fn run(settings: &Settings, output: &Output, args: &ProfileLockArgs) -> Result<(), Failure> {
    let file = args.out.as_deref().or_else(|| settings.lock_file()).unwrap_or_else(|| Path::new(FILE_NAME));
    let known = Lock::read(file)?;
    // Each override lifts what it names: after a rollback the file's floors, after a replacement its names.
    let floors = known.clone().filter(|_| !args.accept_rollback);
    let freshness = Freshness { rewrites_lock: true, ..Freshness::default() };
    let reader = match settings.acting()? {
        Acting::Agent { token, url, .. } => {
            Reader::Agent(settings.agent_with(token, url.as_deref(), freshness, floors.clone())?)
        }
        Acting::User { .. } => Reader::User(Box::new(settings.session_with(freshness, floors.clone()).await?)),
    };
    let names = match floors.as_ref().map(|lock| lock.profiles.as_slice()) {
        _ if !args.profiles.is_empty() => args.profiles.clone(),
        Some(floors) if !floors.is_empty() => floors.iter().map(|floor| floor.id.to_string()).collect(),
        _ => reader.all().await?,
    };
    let mut lock = floors;
    for name in &names {
        let (org, header, floor) = output.working("reading and verifying", reader.floor_of(name)).await?;
        if let Some(known) = &known {
            check_kept(settings, known, &org, &floor)?;
        }
        lock.get_or_insert_with(|| Lock::new(org, header)).put(header, floor);
    }
    let lock = lock.ok_or_else(|| Failure::not_found("profile that you can read, among", "none"))?;
    files::write_shared(file, lock.to_text()?.as_bytes())?;
    output.result(&lock, || {
        let row = |floor: &ProfileFloor| vec![floor.name.to_string(), floor.revision.to_string()];
        let rows: Vec<Vec<String>> = lock.profiles.iter().map(row).collect();
        table(&["PROFILE", "REVISION"], &rows).then(lines!["", format!("{} was written; commit it.", file.display())])
    })
}

/// What `--accept-rollback` does not lift: whose file it is, and which profile has a name in it.
fn check_kept(settings: &Settings, known: &Lock, org: &OrgId, floor: &ProfileFloor) -> Result<(), Failure> {
    known.check_org(org)?;
    let other = known.profiles.iter().find(|locked| locked.name == floor.name && locked.id != floor.id);
    match other.filter(|_| !settings.global.accept_replaced) {
        None => Ok(()),
        Some(locked) => Err(stronghold_sdk::Error::replaced(locked.id, floor.id).into()),
    }
}

impl Reader {
    /// The ids of all profiles that can be read.
    async fn all(&self) -> Result<Vec<String>, Failure> {
        Ok(match self {
            Self::Agent(agent) => agent.profiles().await?.iter().map(|profile| profile.id.to_string()).collect(),
            Self::User(session) => {
                session.list_profiles().await?.iter().map(|profile| profile.id.to_string()).collect()
            }
        })
    }

    /// The newest header and a profile's revision, verified.
    async fn floor_of(&self, profile: &str) -> Result<(OrgId, HeaderRef, ProfileFloor), Failure> {
        match self {
            Self::Agent(agent) => {
                let (header, floor) = agent.floor_of(profile).await.map_err(as_agent)?;
                Ok((agent.org(), header, floor))
            }
            Self::User(session) => {
                let id = session.find_profile(profile)?.id;
                let opened = session.open_profile(id).await?;
                Ok((session.directory().org(), opened.newest_header(), opened.floor()))
            }
        }
    }
}
