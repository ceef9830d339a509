//! `profile.write`: a profile's next revision, by compare-and-set.

use super::{
    gate::{Answer, Decision, Refused},
    revision::{invalid, revision_conflict},
    task::malformed,
};
use crate::store::{Store, Tx};
use stronghold_protocol::{
    api::{NewRevision, Written},
    audit::Released,
    directory::ProfileLeaf,
    id::ProfileId,
    manifest::{Manifest, ManifestRefusal},
    problem::{Problem, ProblemCode},
};

impl<S: Store> Decision<'_, S> {
    /// Accepts the next revision of the profile that the path names.
    ///
    /// 1. the caller may read the profile, else it learns nothing; 2. its key may write it, and need not wait; 3. the
    ///    manifest is a head that the directory allows now, signed by the caller's own key; 4. it follows the newest
    ///    revision and holds what it says.
    pub(super) fn write_revision(&self, tx: &mut dyn Tx, new: &NewRevision) -> Result<Answer, Refused> {
        // 1.
        let permit = self.permit()?;
        if new.profile != permit.profile() {
            return Err(malformed("path and body name different profiles".to_owned()).into());
        }
        // 2.
        let leaf = self.writable_leaf(&new.profile)?;
        self.check_hold(tx, &new.profile)?;
        // 3.
        let before = self.profile_head(tx, &permit)?;
        let roster = self.directory().roster().value().signing_keys();
        let manifest = Manifest::verify_head(&new.manifest, &self.org(), &leaf, &roster).map_err(|refusal| {
            match refusal {
                ManifestRefusal::Old { .. } | ManifestRefusal::NotNext => revision_conflict(&before),
                // Somebody renamed or rekeyed the profile since the author looked: replaying the directory helps.
                ManifestRefusal::OtherThanLeaf("name" | "epoch" | "key commitment") => {
                    Problem::conflict(self.directory().head().seq)
                }
                refusal => invalid(&refusal.to_string()),
            }
        })?;
        if manifest.hash() == before.manifest {
            return Err(revision_conflict(&before).into());
        }
        if !manifest.signers().iter().any(|signer| signer.key_id() == self.caller.key) {
            return Err(invalid("it is signed by somebody else than the caller").into());
        }
        // 4.
        let write = self.check_revision(tx, new, &manifest, Some(&before))?;
        self.store_revision(tx, Some(&before), &write)?;
        let revision = write.head.revision;
        let released = Released::Manifest { profile: new.profile, revision, manifest: write.head.manifest };
        Ok(Answer::new(Some(released), move |receipt| Written { revision, receipt }))
    }

    /// The profile's leaf, if the caller may write the profile.
    ///
    /// # Errors
    /// A problem when it may only read it.
    pub(super) fn writable_leaf(&self, profile: &ProfileId) -> Result<ProfileLeaf, Problem> {
        let leaf = self.directory().leaf(profile).ok_or_else(Problem::not_found)?;
        let writes = leaf.writers.iter().any(|writer| writer.key_id() == self.caller.key);
        if self.caller.kind.is_manager() || writes {
            Ok(leaf)
        } else {
            Err(Problem::new(ProblemCode::Forbidden, "your groups may read this profile, not write it"))
        }
    }

    /// Checks that writes to the profile do not wait for somebody else's statement.
    fn check_hold(&self, tx: &mut dyn Tx, profile: &ProfileId) -> Result<(), Refused> {
        match tx.hold(&self.org(), profile, self.now)? {
            Some(hold) if hold.author != self.caller.key => {
                let detail = "an administrator's change of this profile goes first; try again in a moment";
                Err(Problem::new(ProblemCode::ProfileHeld, detail).retry_after(1).into())
            }
            _ => Ok(()),
        }
    }
}
