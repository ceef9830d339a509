//! What a database holds, as the test reads it itself: whole histories, from the first statement on.

use rusqlite::{Connection, OpenFlags};
use std::{collections::BTreeMap, path::Path, sync::Arc};
use stronghold_sdk::protocol::directory::{Body, Change, Statement};

pub(crate) type Hash = [u8; 32];
pub(crate) type Id = [u8; 16];

/// What a statement did, as far as it matters here.
#[derive(Clone, Debug)]
enum Event {
    Created(Id, String),
    Deleted(Id),
    Granted(Id),
    Agent(Id),
}

/// The whole history in one database.
#[derive(Clone, Debug, Default)]
pub(crate) struct Branch {
    /// The hash of each header, from the first on.
    pub(crate) headers: Vec<Hash>,
    /// The hash of each manifest, by profile.
    pub(crate) revisions: BTreeMap<Id, Vec<Hash>>,
    /// What each statement did.
    events: Vec<Vec<Event>>,
    /// The statements themselves, a line each, as a client's cache holds them.
    pub(crate) lines: Vec<Arc<[u8]>>,
}

/// A profile that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveProfile {
    pub(crate) id: Id,
    /// Whether the group of the agents may read it.
    pub(crate) granted: bool,
}

impl Branch {
    /// Reads what a database has by now, from outside. A database only grows.
    pub(crate) fn read(&mut self, file: &Path) {
        let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut statements =
            database.prepare("SELECT hash, bytes FROM statements WHERE seq >= ?1 ORDER BY seq").unwrap();
        let mut rows = statements.query([i64::try_from(self.headers.len()).unwrap()]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (hash, bytes): (Hash, Vec<u8>) = (row.get(0).unwrap(), row.get(1).unwrap());
            let statement: Statement = serde_json::from_slice(&bytes).unwrap();
            let body: Body = serde_json::from_slice(&statement.body.0).unwrap();
            self.headers.push(hash);
            self.events.push(body.changes.iter().filter_map(event).collect());
            self.lines.push(bytes.into());
        }
        self.revisions.clear();
        let mut revisions = database.prepare("SELECT profile, manifest FROM revisions ORDER BY revision").unwrap();
        let mut rows = revisions.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let (profile, manifest): (Id, Hash) = (row.get(0).unwrap(), row.get(1).unwrap());
            self.revisions.entry(profile).or_default().push(manifest);
        }
    }

    /// The profiles that exist, by name.
    pub(crate) fn profiles(&self) -> BTreeMap<String, LiveProfile> {
        let mut live: BTreeMap<String, LiveProfile> = BTreeMap::new();
        for event in self.events.iter().flatten() {
            match event {
                Event::Created(id, name) => {
                    live.insert(name.clone(), LiveProfile { id: *id, granted: false });
                }
                Event::Deleted(id) => live.retain(|_, profile| profile.id != *id),
                Event::Granted(id) => {
                    live.values_mut().filter(|profile| profile.id == *id).for_each(|profile| profile.granted = true);
                }
                Event::Agent(_) => {}
            }
        }
        live
    }

    /// Whether the agent exists.
    pub(crate) fn has_agent(&self, id: &Id) -> bool {
        self.events.iter().flatten().any(|event| matches!(event, Event::Agent(agent) if agent == id))
    }

    /// The manifests of a profile.
    pub(crate) fn of(&self, id: &Id) -> &[Hash] {
        self.revisions.get(id).map_or(&[], Vec::as_slice)
    }
}

fn event(change: &Change) -> Option<Event> {
    match change {
        Change::ProfileCreated { id, name, .. } => Some(Event::Created(*id.as_bytes(), name.to_string())),
        Change::ProfileDeleted { id } => Some(Event::Deleted(*id.as_bytes())),
        Change::ProfileGranted { profile, .. } => Some(Event::Granted(*profile.as_bytes())),
        Change::AgentCreated { id, .. } => Some(Event::Agent(*id.as_bytes())),
        _ => None,
    }
}
