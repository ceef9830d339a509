//! The versions of one secret.

use super::{OpenHistory, ProfileHistory};
use crate::{admin::Session, error::Error, open::PlainSecret};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::VersionRef,
    directory::Tombstone,
    id::{ProfileId, SecretId, UserId},
    number::{Revision, Version},
    time::Timestamp,
    transport::Transport,
};

/// Every version that a secret ever had.
#[derive(Clone, Debug)]
pub struct SecretHistory {
    /// The secret.
    pub id: SecretId,
    /// The revision that deleted it, if it is not there now.
    pub deleted: Option<Revision>,
    /// Other secrets that once had the name.
    pub others: Vec<SecretId>,
    /// Newest first.
    pub versions: Vec<SecretVersion>,
}

/// One version of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretVersion {
    /// Its number.
    pub version: Version,
    /// The revision that wrote it.
    pub revision: Revision,
    /// Who signed that revision.
    pub author: UserId,
    /// When, as its author says.
    pub time: Timestamp,
    /// What became of it.
    pub state: VersionState,
}

/// What became of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// The profile holds it.
    Current,
    /// It can be read, and brought back.
    Kept,
    /// An owner destroyed it.
    Purged(Tombstone),
}

impl<T: Transport> Session<T> {
    /// The versions of a secret, by name or id, deleted ones too.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there never was such a secret; otherwise as [`Session::open_history`].
    pub async fn secret_history(&mut self, profile: ProfileId, secret: &str) -> Result<SecretHistory, Error> {
        let open = self.open_history(profile).await?;
        let (id, others) = open.find(secret)?;
        Ok(self.versions_of(&open.history, id, others))
    }

    /// Every secret that was deleted, with its name if a version of it can still be read.
    ///
    /// # Errors
    /// As [`Session::secret_history`].
    pub async fn deleted_secrets(
        &mut self,
        profile: ProfileId,
    ) -> Result<Vec<(Option<PlainSecret>, SecretHistory)>, Error> {
        let open = self.open_history(profile).await?;
        let gone: Vec<SecretId> = open.history.contents.deleted().map(|(id, _)| id).collect();
        let histories: Vec<SecretHistory> =
            gone.into_iter().map(|id| self.versions_of(&open.history, id, Vec::new())).collect();
        let readable = |history: &SecretHistory| {
            let kept = history.versions.iter().find(|version| !matches!(version.state, VersionState::Purged(_)))?;
            Some(VersionRef { secret: history.id, version: kept.version })
        };
        let wanted: Vec<VersionRef> = histories.iter().filter_map(readable).collect();
        let mut plain: BTreeMap<SecretId, PlainSecret> = BTreeMap::new();
        for (version, opened) in self.read_versions(&open, &wanted).await? {
            plain.extend(opened.map(|opened| (version.secret, opened)));
        }
        Ok(histories.into_iter().map(|history| (plain.remove(&history.id), history)).collect())
    }

    /// One version of a secret, opened.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there never was such a version, [`Error::Invalid`] when it was purged; otherwise as
    /// [`Session::open_history`].
    pub async fn secret_version(
        &mut self,
        profile: ProfileId,
        secret: &str,
        version: Version,
    ) -> Result<(SecretVersion, PlainSecret), Error> {
        let open = self.open_history(profile).await?;
        let (id, _) = open.find(secret)?;
        let plain = self.read_version(&open, VersionRef { secret: id, version }).await?;
        let all = self.versions_of(&open.history, id, Vec::new());
        let found = all.versions.into_iter().find(|found| found.version == version);
        found.map(|found| (found, plain)).ok_or_else(|| Error::not_found("version", &version.to_string()))
    }

    /// One version, opened; it must not have been purged.
    pub(super) async fn read_version(&mut self, open: &OpenHistory, version: VersionRef) -> Result<PlainSecret, Error> {
        if open.history.written_at(&version).is_none() {
            return Err(Error::not_found("version", &version.version.to_string()));
        }
        let plain = self.read_versions(open, &[version]).await?.remove(&version).flatten();
        plain.ok_or_else(|| Error::invalid(format!("version {} was purged by an owner", version.version)))
    }

    /// What is known of a secret's versions.
    pub(super) fn versions_of(&self, history: &ProfileHistory, id: SecretId, others: Vec<SecretId>) -> SecretHistory {
        let current = history.contents.leaf(&id).map(|leaf| leaf.version);
        let mut deleted = None;
        let mut versions: Vec<SecretVersion> = Vec::new();
        for revision in &history.revisions {
            if revision.removes.contains(&id) {
                deleted = Some(revision.number());
            }
            let newest = versions.last().map(|newest| newest.version);
            let put = revision.puts.iter().find(|put| put.id == id && Some(put.version) > newest);
            versions.extend(put.map(|put| SecretVersion {
                version: put.version,
                revision: revision.number(),
                author: revision.author,
                time: revision.manifest().time,
                state: self.state_of(history.profile, id, put.version, current),
            }));
        }
        versions.reverse();
        SecretHistory { id, deleted: deleted.filter(|_| current.is_none()), others, versions }
    }

    fn state_of(&self, profile: ProfileId, id: SecretId, version: Version, current: Option<Version>) -> VersionState {
        let purged = self.directory.profile(&profile).and_then(|entry| entry.purged.get(&(id, version)));
        match purged {
            _ if current == Some(version) => VersionState::Current,
            Some(tombstone) => VersionState::Purged(*tombstone),
            None => VersionState::Kept,
        }
    }
}
