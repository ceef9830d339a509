//! A profile's past: every revision since its first, verified, and what can be done with it.
//!
//! The past is walked back from a verified head, each manifest pinned by its successor, and replayed from revision 1 up: so
//! nothing in between can be missing, and the leaf of every version that ever was is known before any ciphertext is asked
//! for. Bringing something back is always a new revision on top.

mod diff;
mod fetch;
mod keys;
mod purge;
mod restore;
mod verify;
mod versions;
mod walk;

pub use diff::Difference;
pub use purge::PurgeWhich;
pub use verify::VerifiedPast;
pub use versions::{SecretHistory, SecretVersion, VersionState};

use super::Session;
use crate::{error::Error, open::ProfileKey};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::VersionRef,
    directory::ProfileLeaf,
    evidence::ProfileFloor,
    history::Contents,
    id::{ProfileId, SecretId, UserId},
    manifest::Manifest,
    name::{Name, SecretName},
    number::{Epoch, Revision, Version},
    secret::SecretLeaf,
    signed::Verified,
    transport::Transport,
};

/// A profile's whole past, verified down to revision 1.
#[derive(Clone, Debug)]
pub struct ProfileHistory {
    profile: ProfileId,
    leaf: ProfileLeaf,
    floor: ProfileFloor,
    /// In order, the first is revision 1.
    revisions: Vec<KnownRevision>,
    contents: Contents,
}

/// A revision that was verified, with what it changed.
#[derive(Clone, Debug)]
pub struct KnownRevision {
    manifest: Verified<Manifest>,
    author: UserId,
    puts: Vec<SecretLeaf>,
    removes: Vec<SecretId>,
}

impl KnownRevision {
    /// Its manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        self.manifest.value()
    }

    /// Its number.
    #[must_use]
    pub const fn number(&self) -> Revision {
        self.manifest.value().revision
    }

    /// Who signed it.
    #[must_use]
    pub const fn author(&self) -> UserId {
        self.author
    }

    /// How many secrets it wrote: new versions, and those that were encrypted anew.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.puts.len()
    }

    /// How many secrets it deleted.
    #[must_use]
    pub const fn deleted(&self) -> usize {
        self.removes.len()
    }
}

impl ProfileHistory {
    /// The profile.
    #[must_use]
    pub const fn profile(&self) -> ProfileId {
        self.profile
    }

    /// Its name now.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.leaf.name
    }

    /// Every revision, oldest first.
    #[must_use]
    pub fn revisions(&self) -> &[KnownRevision] {
        &self.revisions
    }

    /// What to remember of the profile.
    #[must_use]
    pub const fn floor(&self) -> &ProfileFloor {
        &self.floor
    }

    /// What it holds now, and what it held.
    #[must_use]
    pub const fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The number of the newest revision.
    #[must_use]
    pub const fn newest(&self) -> Revision {
        self.floor.revision
    }

    /// One revision.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none of that number.
    pub fn revision(&self, number: Revision) -> Result<&KnownRevision, Error> {
        let at = usize::try_from(number.get() - 1).unwrap_or(usize::MAX);
        self.revisions.get(at).ok_or_else(|| Error::not_found("revision", &number.to_string()))
    }

    /// The leaves of a revision, by secret.
    ///
    /// # Errors
    /// As [`Self::revision`].
    pub fn leaves_at(&self, number: Revision) -> Result<BTreeMap<SecretId, SecretLeaf>, Error> {
        self.revision(number)?;
        let mut leaves = BTreeMap::new();
        for revision in self.revisions.iter().take_while(|revision| revision.number() <= number) {
            for id in &revision.removes {
                leaves.remove(id);
            }
            leaves.extend(revision.puts.iter().map(|put| (put.id, *put)));
        }
        Ok(leaves)
    }

    /// The version of a secret that each revision holds; none where it does not hold the secret.
    #[must_use]
    pub fn versions_over_time(&self, secret: &SecretId) -> BTreeMap<Revision, Option<Version>> {
        let mut held = None;
        let after = |revision: &KnownRevision| {
            if revision.removes.contains(secret) {
                held = None;
            }
            held = revision.puts.iter().find(|put| put.id == *secret).map(|put| put.version).or(held);
            (revision.number(), held)
        };
        self.revisions.iter().map(after).collect()
    }

    /// The first revision that wrote a version, and the last: its newest encryption.
    fn written_at(&self, version: &VersionRef) -> Option<(&KnownRevision, &KnownRevision, SecretLeaf)> {
        let of = |revision: &KnownRevision| {
            let mut puts = revision.puts.iter();
            puts.find(|put| put.id == version.secret && put.version == version.version).copied()
        };
        let first = self.revisions.iter().find(|revision| of(revision).is_some())?;
        let (last, leaf) = self.revisions.iter().rev().find_map(|revision| Some((revision, of(revision)?)))?;
        Some((first, last, leaf))
    }
}

/// A past with the keys to open it.
#[derive(Clone, Debug)]
pub struct OpenHistory {
    history: ProfileHistory,
    keys: BTreeMap<Epoch, ProfileKey>,
}

impl OpenHistory {
    /// The past.
    #[must_use]
    pub const fn history(&self) -> &ProfileHistory {
        &self.history
    }

    /// The secret with this name, or id: the one that the profile holds, else the one that was deleted last. Beside it, the
    /// others that once had the name.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no secret ever had it.
    pub fn find(&self, text: &str) -> Result<(SecretId, Vec<SecretId>), Error> {
        let contents = &self.history.contents;
        if let Some(id) = text.parse::<SecretId>().ok().filter(|id| contents.newest_version(id).is_some()) {
            return Ok((id, Vec::new()));
        }
        let name = SecretName::new(text).map_err(|_| Error::not_found("secret", text))?;
        let indexes: BTreeMap<Epoch, _> =
            self.keys.iter().map(|(epoch, key)| (*epoch, key.blind_index(&name))).collect();
        let mut had_it: Vec<SecretId> = Vec::new();
        for revision in self.history.revisions.iter().rev() {
            let Some(index) = indexes.get(&revision.manifest().epoch) else { continue };
            for put in revision.puts.iter().filter(|put| put.index == *index) {
                if !had_it.contains(&put.id) {
                    had_it.push(put.id);
                }
            }
        }
        let live = had_it.iter().position(|id| contents.leaf(id).is_some());
        if had_it.is_empty() {
            return Err(Error::not_found("secret", text));
        }
        let found = had_it.remove(live.unwrap_or(0));
        Ok((found, had_it))
    }
}

impl<T: Transport> Session<T> {
    /// A profile's whole past, verified and ready to be opened.
    ///
    /// # Errors
    /// [`Error`] when the caller may not read the history, or the server cannot be reached or shows something forged.
    pub async fn open_history(&mut self, profile: ProfileId) -> Result<OpenHistory, Error> {
        let history = self.history(profile).await?;
        let keys = self.past_keys(&history).await?;
        Ok(OpenHistory { history, keys })
    }
}
