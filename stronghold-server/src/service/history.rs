//! `revision.*` and `version.read`: a profile's past, for whoever may read its history.

use super::{
    evidence::stored_manifest,
    gate::{Answer, Decision, Refused},
    task::Since,
};
use crate::{
    access::HistoryPermit,
    store::{ProfileHead, Store, StoreError, StoredRevision, Tx},
};
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    api::{IntroducedRevision, IntroducedSecrets, PastRevision, RevisionPage, SecretVersions, VersionRef},
    audit::{Released, ReleasedSecret},
    directory::Change,
    id::{ProfileId, SecretId},
    json, limits,
    number::{Revision, Version},
    problem::{Problem, ProblemCode},
};

impl<S: Store> Decision<'_, S> {
    /// Releases revisions, newest first, each with what it changed: leaves and ids, no ciphertext.
    pub(super) fn list_revisions(
        &self,
        tx: &mut dyn Tx,
        since: Since,
        before: Option<Revision>,
    ) -> Result<Answer, Refused> {
        let permit = self.history_permit()?;
        let head = self.past_head(tx, &permit)?;
        let chain = self.chain(tx, since)?;
        let profile = self.profile_evidence(&permit.profile(), &stored_manifest(&head)?)?;
        let from = match before {
            None => Some(head.revision),
            Some(before) => Revision::new(before.get() - 1).ok(),
        };
        let stored = match from {
            Some(from) => tx.past_revisions(&permit, from, false, limits::REVISIONS_PAGE)?,
            None => Vec::new(),
        };
        let revisions = stored.into_iter().map(past_revision).collect::<Result<Vec<_>, _>>()?;
        Ok(Answer::new(None, move |receipt| RevisionPage { chain, profile, revisions, receipt }))
    }

    /// Releases versions of secrets.
    pub(super) fn read_versions(&self, tx: &mut dyn Tx, asked: &[VersionRef]) -> Result<Answer, Refused> {
        let permit = self.history_permit()?;
        let mut versions = Vec::new();
        for version in asked {
            versions.extend(tx.past_version(&permit, version)?);
        }
        self.count_read(tx)?;
        let there = versions.iter().filter(|version| version.secret.sealed.is_some()).map(|there| there.secret.leaf);
        let secrets = there.map(|leaf| ReleasedSecret { secret: leaf.id, version: leaf.version }).collect();
        let released = Released::Versions { profile: permit.profile(), secrets };
        Ok(Answer::new(Some(released), move |receipt| SecretVersions { versions, receipt }))
    }

    /// Releases what revisions wrote, oldest first: as many as fit on a page.
    pub(super) fn read_introduced(&self, tx: &mut dyn Tx, from: Revision) -> Result<Answer, Refused> {
        let permit = self.history_permit()?;
        let stored = tx.past_revisions(&permit, from, true, limits::REVISIONS_PAGE)?;
        let (mut revisions, mut bytes) = (Vec::new(), 0);
        for StoredRevision { revision, epoch, mut puts, .. } in stored {
            puts.sort_unstable_by_key(|leaf| leaf.id);
            let secrets = tx.past_secrets(&permit, epoch, &puts)?;
            let sealed = secrets.iter().filter_map(|secret| secret.sealed.as_ref());
            bytes += sealed.map(|sealed| sealed.meta.0.len() + sealed.value.0.len()).sum::<usize>();
            revisions.push(IntroducedRevision { revision, secrets });
            if bytes >= limits::INTRODUCED_PAGE_BYTES {
                break;
            }
        }
        let through = revisions.last().map(|last| last.revision).ok_or_else(Problem::not_found)?;
        self.count_read(tx)?;
        let released = Released::Revisions { profile: permit.profile(), from, through };
        Ok(Answer::new(Some(released), move |receipt| IntroducedSecrets { revisions, receipt }))
    }

    /// Checks that what a statement purges is there to be purged: versions that were, and none that a profile holds.
    ///
    /// # Errors
    /// `invalid_statement` otherwise.
    pub(super) fn check_purges(&self, tx: &mut dyn Tx, changes: &[Change]) -> Result<(), Refused> {
        let mut current: BTreeMap<ProfileId, BTreeSet<(SecretId, Version)>> = BTreeMap::new();
        for (profile, secret, versions) in changes.iter().filter_map(purged) {
            if !current.contains_key(profile) {
                let leaves = tx.leaves(&self.org(), profile)?;
                current.insert(*profile, leaves.into_iter().map(|leaf| (leaf.id, leaf.version)).collect());
            }
            let newest = tx.newest_version(&self.org(), profile, secret)?;
            let held = current.get(profile);
            for version in versions {
                if held.is_some_and(|held| held.contains(&(*secret, *version))) {
                    return Err(invalid_purge("it purges what the profile holds now").into());
                }
                if newest.is_none_or(|newest| *version > newest) {
                    return Err(invalid_purge("it purges a version that never was").into());
                }
            }
        }
        Ok(())
    }

    /// Destroys what a statement purges.
    pub(super) fn purge(&self, tx: &mut dyn Tx, changes: &[Change]) -> Result<(), StoreError> {
        for (profile, secret, versions) in changes.iter().filter_map(purged) {
            for version in versions {
                tx.purge(&self.org(), profile, secret, *version)?;
            }
        }
        Ok(())
    }

    /// The permit to read the past of the profile that the path names.
    fn history_permit(&self) -> Result<HistoryPermit, Problem> {
        let profile = self.profile.ok_or_else(Problem::not_found)?;
        HistoryPermit::grant(self.directory(), &self.caller, &profile).ok_or_else(Problem::not_found)
    }

    fn past_head(&self, tx: &mut dyn Tx, permit: &HistoryPermit) -> Result<ProfileHead, Refused> {
        let head = tx.profile_head(&permit.org(), &permit.profile())?;
        Ok(head.ok_or_else(|| StoreError::Damaged(format!("profile {} has no revision", permit.profile())))?)
    }
}

/// What a change purges, if it does.
fn purged(change: &Change) -> Option<(&ProfileId, &SecretId, &[Version])> {
    match change {
        Change::SecretPurged { profile, secret, versions } => Some((profile, secret, versions)),
        _ => None,
    }
}

fn invalid_purge(reason: &str) -> Problem {
    Problem::new(ProblemCode::InvalidStatement, reason)
}

/// A revision as it is sent.
fn past_revision(stored: StoredRevision) -> Result<PastRevision, StoreError> {
    let StoredRevision { manifest_bytes, puts, removes, .. } = stored;
    let manifest =
        json::from_slice(&manifest_bytes).map_err(|error| StoreError::Damaged(format!("a manifest: {error}")))?;
    Ok(PastRevision { manifest, puts, removes })
}
