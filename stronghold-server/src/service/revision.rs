//! A new revision of a profile, checked against the one before it.

use super::{
    evidence::stored_manifest,
    gate::{Decision, Refused},
};
use crate::store::{ProfileHead, RevisionWrite, StagingRef, Store, StoreError, Tx};
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    api::NewRevision,
    id::{ProfileId, SecretId},
    limits,
    manifest::Manifest,
    number::{Epoch, Version},
    problem::{Problem, ProblemCode},
    secret::{SealedSecret, SecretLeaf},
    signed::Verified,
};

/// What a ciphertext adds to its plaintext: key commitment, nonce and tag, and room for a kind's own fields, in bytes.
const CIPHERTEXT_OVERHEAD: usize = 1024;
/// Largest ciphertext of a value, in bytes: padding (Padme) adds at most an eighth.
const VALUE_BYTES: usize = limits::SECRET_VALUE_BYTES + limits::SECRET_VALUE_BYTES / 8 + CIPHERTEXT_OVERHEAD;
/// Largest ciphertext of name, note, kind and time as JSON, in bytes: JSON may escape each byte as six.
const META_BYTES: usize = (limits::SECRET_NAME_BYTES + limits::SECRET_NOTE_BYTES) * 6 * 9 / 8 + CIPHERTEXT_OVERHEAD;

impl<S: Store> Decision<'_, S> {
    /// Checks that `new`, whose manifest is `manifest`, follows the profile's newest revision `before` (none for a
    /// profile that is being created) and holds what it says.
    ///
    /// 1. it follows the newest revision; 2. it names a header of the directory; 3. every put and remove fits what is
    ///    there; 4. what results is what the manifest was signed for.
    ///
    /// # Errors
    /// [`Refused`] with `revision_conflict` (1.) or `invalid_manifest`.
    pub(super) fn check_revision(
        &self,
        tx: &mut dyn Tx,
        new: &NewRevision,
        manifest: &Verified<Manifest>,
        before: Option<&ProfileHead>,
    ) -> Result<RevisionWrite, Refused> {
        let said = manifest.value();
        // 1.
        if let Some(before) = before {
            said.check_follows(&stored_manifest(before)?).map_err(|_| revision_conflict(before))?;
        } else if said.revision != stronghold_protocol::number::Revision::FIRST || said.prev.is_some() {
            return Err(invalid("a new profile starts with revision 1").into());
        }
        // 2.
        if !self.holds_header(&said.header) {
            return Err(invalid("it names a header that is not in the directory").into());
        }
        // 3.
        let leaves = if before.is_some() { tx.leaves(&self.org(), &new.profile)? } else { Vec::new() };
        let renewed = before.is_some_and(|before| before.epoch < said.epoch);
        let staging = new.staged.map(|id| StagingRef { id, author: self.caller.key, epoch: said.epoch });
        let staged = match &staging {
            Some(staging) => tx.staged(&self.org(), &new.profile, staging)?,
            None => Vec::new(),
        };
        let nothing_to_take = staging.is_some() && staged.is_empty() && !(renewed && leaves.is_empty());
        match before {
            // Another revision was written meanwhile, or the author began again: what was staged is gone.
            Some(before) if nothing_to_take => return Err(revision_conflict(before).into()),
            None if staging.is_some() => return Err(invalid("nothing can be staged for a new profile").into()),
            _ => {}
        }
        let written = new.puts.iter().map(|put| put.id).chain(staged.iter().map(|leaf| leaf.id));
        let deleted = self.deleted_versions(tx, &new.profile, written, &leaves)?;
        let leaves = changed_leaves(leaves, new, &staged, &deleted, renewed)?;
        self.check_sealed_size(tx, new, said.epoch, &leaves)?;
        // 4.
        said.check_secrets(&leaves).map_err(|refusal| invalid(&refusal.to_string()))?;
        let manifest_bytes =
            serde_json::to_vec(manifest.envelope()).map_err(|error| StoreError::GivenUp(error.to_string()))?;
        Ok(RevisionWrite {
            profile: new.profile,
            head: ProfileHead {
                revision: said.revision,
                manifest: manifest.hash(),
                manifest_bytes,
                epoch: said.epoch,
                count: said.count,
            },
            puts: new.puts.clone(),
            staged: staging,
            removes: new.removes.clone(),
            at: self.now,
        })
    }

    /// Checks that the profile is no larger than it may be, with what it keeps and what was staged for it.
    fn check_sealed_size(
        &self,
        tx: &mut dyn Tx,
        new: &NewRevision,
        epoch: Epoch,
        leaves: &[SecretLeaf],
    ) -> Result<(), Refused> {
        if leaves.len() <= limits::PROFILE_SEALED_BYTES / (VALUE_BYTES + META_BYTES) {
            return Ok(());
        }
        let sent: BTreeSet<SecretId> = new.puts.iter().map(|put| put.id).collect();
        let stored: Vec<SecretLeaf> = leaves.iter().filter(|leaf| !sent.contains(&leaf.id)).copied().collect();
        let sent: usize = new.puts.iter().map(SealedSecret::sealed_bytes).sum();
        let bytes = tx.sealed_bytes(&self.org(), &new.profile, epoch, &stored)? + sent as u64;
        if bytes > limits::PROFILE_SEALED_BYTES as u64 {
            let most = limits::PROFILE_SEALED_BYTES;
            let detail = format!("the profile would hold {bytes} bytes of ciphertexts, and holds at most {most}");
            return Err(Problem::new(ProblemCode::TooLarge, detail).into());
        }
        Ok(())
    }

    /// The last versions of those secrets which the revision brings back: their numbers go on.
    fn deleted_versions(
        &self,
        tx: &mut dyn Tx,
        profile: &ProfileId,
        written: impl Iterator<Item = SecretId>,
        leaves: &[SecretLeaf],
    ) -> Result<BTreeMap<SecretId, Version>, StoreError> {
        let there: BTreeSet<SecretId> = leaves.iter().map(|leaf| leaf.id).collect();
        let mut last = BTreeMap::new();
        for id in written.filter(|id| !there.contains(id)) {
            if let Some(version) = tx.newest_version(&self.org(), profile, &id)? {
                last.insert(id, version);
            }
        }
        Ok(last)
    }

    /// Writes a checked revision.
    pub(super) fn store_revision(
        &self,
        tx: &mut dyn Tx,
        before: Option<&ProfileHead>,
        write: &RevisionWrite,
    ) -> Result<(), StoreError> {
        if tx.write_revision(&self.org(), before.map(|before| before.revision), write)? {
            self.inner.contents.note(self.org(), write.profile, write.head.manifest);
            Ok(())
        } else {
            Err(StoreError::GivenUp(format!("profile {} changed while it was locked", write.profile)))
        }
    }
}

/// The leaves after a revision, sorted by blind index.
fn changed_leaves(
    leaves: Vec<SecretLeaf>,
    new: &NewRevision,
    staged: &[SecretLeaf],
    deleted: &BTreeMap<SecretId, Version>,
    renewed: bool,
) -> Result<Vec<SecretLeaf>, Problem> {
    let mut by_id: BTreeMap<SecretId, SecretLeaf> = leaves.into_iter().map(|leaf| (leaf.id, leaf)).collect();
    let kept = by_id.len();
    for id in &new.removes {
        by_id.remove(id).ok_or_else(|| invalid("it removes a secret that is not there"))?;
    }
    let removed = kept - by_id.len();
    let mut put = 0;
    let mut seen = BTreeSet::new();
    let removes: BTreeSet<SecretId> = new.removes.iter().copied().collect();
    new.puts.iter().try_for_each(check_sizes)?;
    for secret in new.puts.iter().map(SealedSecret::leaf).chain(staged.iter().copied()) {
        if !seen.insert(secret.id) || removes.contains(&secret.id) {
            return Err(invalid("it names a secret twice"));
        }
        let before = by_id.insert(secret.id, secret);
        put += usize::from(before.is_some());
        let fits = match before {
            None => secret.version == deleted.get(&secret.id).map_or(Version::FIRST, |last| last.next()),
            Some(before) => secret.version == before.version.next() || (renewed && secret.version == before.version),
        };
        if !fits {
            return Err(invalid("a secret's version is not the next one"));
        }
    }
    if renewed && put + removed != kept {
        return Err(invalid("a new epoch encrypts every secret anew"));
    }
    let mut leaves: Vec<SecretLeaf> = by_id.into_values().collect();
    leaves.sort_unstable_by_key(|leaf| leaf.index);
    Ok(leaves)
}

/// Refuses ciphertexts that are larger than a secret's can be.
pub(super) fn check_sizes(secret: &SealedSecret) -> Result<(), Problem> {
    if secret.value.0.len() > VALUE_BYTES || secret.meta.0.len() > META_BYTES {
        return Err(Problem::new(ProblemCode::TooLarge, "a secret is larger than the protocol allows"));
    }
    Ok(())
}

/// Refuses a revision that does not follow the newest one.
pub(super) fn revision_conflict(before: &ProfileHead) -> Problem {
    let detail = format!("the newest revision is {}: read it and try again", before.revision);
    Problem::new(ProblemCode::RevisionConflict, detail)
}

/// Refuses a manifest.
pub(super) fn invalid(reason: &str) -> Problem {
    Problem::new(ProblemCode::InvalidManifest, reason)
}

/// The revision of a list that is about a profile.
pub(super) fn find_revision<'r>(revisions: &'r [NewRevision], profile: &ProfileId) -> Option<&'r NewRevision> {
    revisions.iter().find(|revision| revision.profile == *profile)
}
