//! The evidence in a reply: from the caller's anchor to the newest header, and from there to a profile's manifest.

use super::{
    gate::{Decision, Refused},
    task::Since,
};
use crate::store::{ProfileHead, Store, StoreError, Tx};
use stronghold_protocol::{
    api::KeyPath,
    directory::HeaderRef,
    evidence::{ChainEvidence, ProfileEvidence},
    id::{GroupId, ProfileId},
    json,
    manifest::Manifest,
    merkle::{Inclusion, leaf_hash},
    number::Seq,
    problem::{Problem, ProblemCode},
    seal::{Seal, SealId, SealedObject},
    signed::{Signed, Verified},
};

impl<S: Store> Decision<'_, S> {
    /// From the anchor to the newest header.
    ///
    /// A caller that knows more than this server (a restored backup) gets the newest header there is, and sees by it
    /// that the server is behind.
    pub(super) fn chain(&self, tx: &mut dyn Tx, since: Since) -> Result<ChainEvidence, Refused> {
        let head = self.directory().head().seq;
        let anchor = since.anchor.min(head);
        let start = self.inner.orgs.header(tx, &self.state, anchor)?;
        Ok(ChainEvidence {
            anchor: start.envelope,
            rosters: self.state.rosters_from(start.roster),
            head: self.state.header.as_ref().clone(),
            anchor_proof: self.header_proof(anchor),
            remembered_proof: since.remembered.and_then(|remembered| self.header_proof(remembered)),
        })
    }

    /// Proof that the newest header's log holds the header at `seq`; none where it is the newest one or beyond.
    fn header_proof(&self, seq: Seq) -> Option<Inclusion> {
        let size = usize::try_from(self.directory().head().seq.get()).ok()?;
        let index = usize::try_from(seq.get()).ok()?;
        self.directory().header_log().inclusion_at(index, size)
    }

    /// Whether `header` is one of the directory's.
    pub(super) fn holds_header(&self, header: &HeaderRef) -> bool {
        let leaf = usize::try_from(header.seq.get()).ok().and_then(|index| self.directory().header_log().leaf(index));
        leaf == Some(leaf_hash(&header.hash.0))
    }

    /// From the newest header to the profile's newest manifest.
    pub(super) fn profile_evidence(
        &self,
        profile: &ProfileId,
        manifest: &Verified<Manifest>,
    ) -> Result<ProfileEvidence, Refused> {
        let leaf = self.directory().leaf_entry(profile).ok_or_else(Problem::not_found)?;
        Ok(ProfileEvidence {
            leaf,
            manifest: manifest.envelope().clone(),
            header_proof: self.header_proof(manifest.value().header.seq),
        })
    }

    /// The sealed keys from the caller's key to the master key of the manifest's epoch.
    ///
    /// A group's earlier keys are looked through too: until a rekey is finished, the profile's old master key is sealed
    /// only to them. Owners and admins whose own key is newer than that get the new master key: its history opens the old
    /// one for them.
    pub(super) fn key_path(
        &self,
        tx: &mut dyn Tx,
        profile: &ProfileId,
        head: &ProfileHead,
    ) -> Result<KeyPath, Refused> {
        let epoch = self.directory().profile(profile).map_or(head.epoch, |profile| profile.epoch);
        let is_manager = self.caller.kind.is_manager();
        for (group, key_epoch) in self
            .reading_groups(profile)
            .into_iter()
            .map(|group| (group, head.epoch))
            .chain(is_manager.then_some((GroupId::ADMINS, epoch)))
        {
            let newest = self.directory().group(&group).map_or(0, |group| group.epoch.get());
            for epoch in (1..=newest).rev().filter_map(|epoch| stronghold_protocol::number::Epoch::new(epoch).ok()) {
                let Some(recipient) = self.state.group_key(&group, epoch) else { continue };
                let seed =
                    SealId { object: SealedObject::GroupSeed(group), epoch, recipient: self.caller.kem.key_id() };
                let key = SealId { object: SealedObject::ProfileKey(*profile), epoch: key_epoch, recipient };
                let seals = tx.seals(&self.org(), &[seed, key])?;
                let find = |id: SealId| seals.iter().find(|seal: &&Seal| seal.id == id).map(|seal| seal.sealed.clone());
                if let Some((group_seed, profile_key)) = find(seed).zip(find(key)) {
                    return Ok(KeyPath { group, group_epoch: epoch, group_seed, profile_key });
                }
            }
        }
        tracing::error!(%profile, principal = %self.caller.principal, "no sealed key leads from the caller to the profile");
        Err(Problem::new(ProblemCode::Unavailable, "a sealed key is missing; an administrator can repair that").into())
    }

    /// The groups through which the caller may read a profile, `admins` first.
    pub(super) fn reading_groups(&self, profile: &ProfileId) -> Vec<GroupId> {
        let directory = self.directory();
        let (Some(entry), Some(_)) =
            (directory.profile(profile), directory.reading_group(&self.caller.principal, profile))
        else {
            return Vec::new();
        };
        let mut groups = directory.groups_of(&self.caller.principal);
        groups.retain(|group| *group == GroupId::ADMINS || entry.grants.contains_key(group));
        groups
    }
}

/// Believes a manifest because the store holds it under this hash: it was verified when it was accepted.
///
/// # Errors
/// [`StoreError::Damaged`] when it is another one.
pub(super) fn stored_manifest(head: &ProfileHead) -> Result<Verified<Manifest>, StoreError> {
    let damaged = |error: &dyn std::fmt::Display| StoreError::Damaged(format!("a manifest: {error}"));
    let envelope: Signed = json::from_slice(&head.manifest_bytes).map_err(|error| damaged(&error))?;
    envelope.pinned(&head.manifest.0).map_err(|error| damaged(&error))
}
