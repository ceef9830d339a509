//! What is remembered of an organization: floors that only rise.

use super::MemoryStore;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use stronghold_protocol::{
    checkpoint::Checkpoint,
    directory::HeaderRef,
    evidence::ProfileFloor,
    id::{OrgId, ProfileId},
    json,
    roster::RosterRef,
};

/// The highest that was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// The newest header.
    pub header: Option<HeaderRef>,
    /// The newest roster.
    pub roster: Option<RosterRef>,
    /// The newest revision of each profile.
    pub profiles: Vec<ProfileFloor>,
    /// The newest checkpoint of the audit log that was verified.
    pub checkpoint: Option<Checkpoint>,
}

/// Two things that were remembered in one place are not the same: they are of two histories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was verified now is of another history than what is remembered: {0}")]
pub struct Conflict(&'static str);

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::rolled_back(&conflict.to_string())
    }
}

impl Remembered {
    /// What a store holds of an organization.
    ///
    /// # Errors
    /// [`Error::State`] when it cannot be read, [`Error::Invalid`] when what is there is damaged.
    pub async fn load(store: &dyn MemoryStore, org: &OrgId) -> Result<Self, Error> {
        let Some(bytes) = store.load(org).await? else { return Ok(Self::default()) };
        Self::parse(&bytes).map_err(|_| {
            let place = store.place(org);
            Error::invalid(format!("{place} is damaged; delete it only if you accept that older secrets may be shown"))
        })
    }

    /// Parses an entry of a store.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is damaged.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Error> {
        json::from_slice(bytes).map_err(|error| Error::invalid(error.to_string()))
    }

    /// The bytes of an entry.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|error| Error::invalid(error.to_string()))
    }

    /// Takes over whatever `other` knows that is newer. Nothing ever goes down.
    ///
    /// # Errors
    /// [`Conflict`], and nothing is changed, when the two know different things of one place: a header at one position, a
    /// roster of one version, a revision of one profile.
    pub fn raise(&mut self, other: &Self) -> Result<(), Conflict> {
        self.check_one_history(other)?;
        let newer = |new: &HeaderRef| self.header.is_none_or(|old| new.seq > old.seq);
        if let Some(header) = other.header.filter(newer) {
            self.header = Some(header);
        }
        let newer = |new: &RosterRef| self.roster.is_none_or(|old| new.version > old.version);
        if let Some(roster) = other.roster.filter(newer) {
            self.roster = Some(roster);
        }
        let longer = |new: &Checkpoint| self.checkpoint.is_none_or(|old| new.size > old.size);
        if let Some(checkpoint) = other.checkpoint.filter(longer) {
            self.checkpoint = Some(checkpoint);
        }
        for floor in &other.profiles {
            match self.profiles.iter_mut().find(|known| known.id == floor.id) {
                Some(known) => raise_floor(known, floor),
                None => self.profiles.push(floor.clone()),
            }
        }
        Ok(())
    }

    fn check_one_history(&self, other: &Self) -> Result<(), Conflict> {
        let forked = |a: HeaderRef, b: HeaderRef| a.seq == b.seq && a.hash != b.hash;
        if self.header.zip(other.header).is_some_and(|(a, b)| forked(a, b)) {
            return Err(Conflict("another statement at the same position"));
        }
        let forked = |a: RosterRef, b: RosterRef| a.version == b.version && a.hash != b.hash;
        if self.roster.zip(other.roster).is_some_and(|(a, b)| forked(a, b)) {
            return Err(Conflict("another roster of the same version"));
        }
        let forked = |a: &ProfileFloor, b: &ProfileFloor| {
            (a.id, a.revision) == (b.id, b.revision)
                && a.manifest.zip(b.manifest).is_some_and(|(mine, theirs)| mine != theirs)
        };
        if self.profiles.iter().any(|mine| other.profiles.iter().any(|theirs| forked(mine, theirs))) {
            return Err(Conflict("another revision of the same number"));
        }
        Ok(())
    }

    /// Goes back to `seen`, which is older: header, roster and the profiles that it names become what it says.
    pub fn go_back_to(&mut self, seen: &Self) {
        self.header = seen.header;
        self.roster = seen.roster;
        for floor in &seen.profiles {
            self.profiles.retain(|known| known.id != floor.id && known.name != floor.name);
            self.profiles.push(floor.clone());
        }
    }

    /// Forgets other profiles that had this floor's name: somebody accepted that it was replaced.
    pub fn forget_name(&mut self, floor: &ProfileFloor) {
        self.profiles.retain(|known| known.id == floor.id || known.name != floor.name);
    }

    /// Forgets a profile.
    pub(crate) fn forgotten(&mut self, id: ProfileId) {
        self.profiles.retain(|known| known.id != id);
    }
}

/// The higher of each: what was verified apart from each other need not be ordered.
fn raise_floor(known: &mut ProfileFloor, floor: &ProfileFloor) {
    if floor.revision > known.revision {
        known.revision = floor.revision;
        known.manifest = floor.manifest;
        known.name = floor.name.clone();
    } else if floor.revision == known.revision && known.manifest.is_none() {
        known.manifest = floor.manifest;
    }
    known.epoch = known.epoch.max(floor.epoch);
}
