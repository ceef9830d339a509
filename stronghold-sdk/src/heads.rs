//! Heads: the newest that a client has verified of an organization, and how two of them stand to each other.
//!
//! Two clients that write theirs down and compare them find out whether a server shows them one history, or a history each.
//! A heads file holds no secret, but names profiles. Specified in `docs/protocol.md`, section 11.

use crate::{error::Error, lock::Lock, memory::Remembered};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fs::File, io::Read, path::Path};
use stronghold_protocol::{
    checkpoint::Checkpoint,
    directory::HeaderRef,
    evidence::ProfileFloor,
    id::{OrgId, ProfileId},
    json,
    name::Name,
    roster::RosterRef,
};

/// The only version of the form.
const FORMAT: u64 = 1;
/// Largest file that is read, in bytes: some thousand profiles.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// What a client verified of an organization at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    format: u64,
    /// The organization.
    pub org_id: OrgId,
    /// The newest header.
    pub header: HeaderRef,
    /// The roster in force there.
    pub roster: RosterRef,
    /// The newest revision of each profile that the client may read, sorted by name.
    pub profiles: Vec<ProfileFloor>,
    /// The audit log.
    pub checkpoint: Checkpoint,
}

impl Heads {
    /// Heads of an organization, which is the checkpoint's.
    #[must_use]
    pub fn new(header: HeaderRef, roster: RosterRef, mut profiles: Vec<ProfileFloor>, checkpoint: Checkpoint) -> Self {
        profiles.sort_by(|a, b| a.name.cmp(&b.name));
        Self { format: FORMAT, org_id: checkpoint.org, header, roster, profiles, checkpoint }
    }

    /// Parses a heads file's text, strictly.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is none, of a version that is not known, or names a profile twice.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let heads: Self = json::from_slice(text).map_err(|error| {
            Error::invalid(format!("not a heads file (line {}, column {})", error.line(), error.column()))
        })?;
        if heads.format != FORMAT {
            return Err(Error::invalid(format!(
                "a heads file of format {}, which this version does not know",
                heads.format
            )));
        }
        if heads.checkpoint.org != heads.org_id {
            return Err(Error::invalid("a heads file with the checkpoint of another organization"));
        }
        let ids: BTreeSet<ProfileId> = heads.profiles.iter().map(|floor| floor.id).collect();
        if ids.len() != heads.profiles.len() {
            return Err(Error::invalid("a heads file that names a profile twice"));
        }
        Ok(heads)
    }

    /// The file's text: JSON with one member a line.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it does not serialize, which none does.
    pub fn to_text(&self) -> Result<String, Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(text + "\n")
    }
}

/// What another client has seen: its heads file, or a lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherView {
    /// The organization.
    pub org_id: OrgId,
    /// What the other has verified.
    pub known: Remembered,
}

impl OtherView {
    /// Parses the text of a heads file or a lock file.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is neither.
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        // A lock file lacks members that a heads file must have, and neither takes unknown ones.
        if let Ok(lock) = Lock::parse(text) {
            return Ok(Self { org_id: lock.org_id, known: lock.to_remembered() });
        }
        Heads::parse(text).map(Self::from)
    }

    /// Reads a heads file or a lock file.
    ///
    /// # Errors
    /// [`Error::State`] when it cannot be read, [`Error::Invalid`] when it is neither.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::state(format!("{} cannot be read", path.display()), error);
        let mut text = Vec::new();
        File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut text)).map_err(failed)?;
        if text.len() as u64 > MOST_BYTES {
            return Err(Error::invalid(format!("{} is too large for a heads file", path.display())));
        }
        Self::parse(&text).map_err(|error| Error::invalid(format!("{}: {error}", path.display())))
    }
}

impl From<Heads> for OtherView {
    fn from(heads: Heads) -> Self {
        let Heads { org_id, header, roster, profiles, checkpoint, .. } = heads;
        let known = Remembered { header: Some(header), roster: Some(roster), profiles, checkpoint: Some(checkpoint) };
        Self { org_id, known }
    }
}

/// How the server's stands to something that is known to have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "relation", content = "by", rename_all = "snake_case")]
pub enum Relation {
    /// It is that.
    Equal,
    /// It continues that, by so many statements, revisions or records.
    Ahead(u64),
    /// It ends before that, by so many.
    Behind(u64),
    /// It is another one in the same place.
    Forked,
    /// It is no more, as a statement of the directory says.
    Deleted,
    /// It was never there.
    Missing,
    /// Nothing can be told: the caller may not read it, or not as far back.
    Unknown,
}

impl Relation {
    /// How a number that is shown stands to one that is known.
    #[must_use]
    pub const fn of_numbers(known: u64, shown: u64) -> Self {
        if shown > known {
            Self::Ahead(shown - known)
        } else if shown < known {
            Self::Behind(known - shown)
        } else {
            Self::Equal
        }
    }

    /// What it says of the server.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Equal | Self::Ahead(_) | Self::Deleted | Self::Unknown => Verdict::Same,
            Self::Behind(_) | Self::Missing => Verdict::Older,
            Self::Forked => Verdict::Forked,
        }
    }
}

/// What comparing came to; later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// One history: the server has all that is known.
    Same,
    /// The server lacks some of it, and has nothing else in its place.
    Older,
    /// The server has something else in its place.
    Forked,
}

/// A header, or a roster's version, that is known, beside the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Compared<T> {
    /// What is known.
    pub known: T,
    /// The server's newest.
    pub shown: T,
    /// How they stand to each other.
    #[serde(flatten)]
    pub relation: Relation,
}

/// A profile that is known, beside the server's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedProfile {
    /// The profile.
    pub id: ProfileId,
    /// Its name, as the server has it, else as it is known.
    pub name: Name,
    /// What is known of it.
    pub known: ProfileFloor,
    /// The server's newest; none where the caller may not read it, or there is none.
    pub shown: Option<ProfileFloor>,
    /// How the revisions stand to each other; behind by none where only the key is an older one.
    #[serde(flatten)]
    pub relation: Relation,
}

/// An audit log that is known, beside the server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedLog {
    /// How many records are known.
    pub known: u64,
    /// How many the server has.
    pub shown: u64,
    /// How they stand to each other. A server that was set back and goes on recording has another log, as one that forked has.
    #[serde(flatten)]
    pub relation: Relation,
    /// How many of the known records the server still has, where that can be told: the first that is gone or another one has
    /// this position.
    pub kept: Option<u64>,
}

/// Everything that is known, beside what the server shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The newest header that is known.
    pub header: Option<Compared<HeaderRef>>,
    /// The newest roster.
    pub roster: Option<Compared<RosterRef>>,
    /// Every profile.
    pub profiles: Vec<ComparedProfile>,
    /// The audit log.
    pub audit: Option<ComparedLog>,
}

impl Comparison {
    /// What it comes to between two clients: each difference counts.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let audit = self.audit.map(|log| log.relation.verdict());
        self.verdict_without_audit().max(audit.unwrap_or(Verdict::Same))
    }

    /// What it comes to for what one client remembers. An audit log that does not continue counts as an older one: a server
    /// that was set back records each request anew, so its log is another one as soon as it is asked.
    #[must_use]
    pub fn verdict_of_memory(&self) -> Verdict {
        let audit = self.audit.map(|log| log.relation.verdict().min(Verdict::Older));
        self.verdict_without_audit().max(audit.unwrap_or(Verdict::Same))
    }

    fn verdict_without_audit(&self) -> Verdict {
        let header = self.header.map(|header| header.relation);
        let roster = self.roster.map(|roster| roster.relation);
        let profiles = self.profiles.iter().map(|profile| profile.relation);
        let all = header.into_iter().chain(roster).chain(profiles);
        all.map(Relation::verdict).max().unwrap_or(Verdict::Same)
    }
}
