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
    manifest::{Manifest, ManifestRefusal},
    problem::{Problem, ProblemCode},
};

impl<S: Store> Decision<'_, S> {
    /// Accepts the next revision of the profile that the path names.
    ///
    /// 1. the caller may read the profile, else it learns nothing; 2. its key may write it; 3. the manifest is a head
    ///    that the directory allows now, signed by the caller's own key; 4. it follows the newest revision and holds
    ///    what it says.
    pub(super) fn write_revision(&self, tx: &mut dyn Tx, new: &NewRevision) -> Result<Answer, Refused> {
        // 1.
        let permit = self.permit()?;
        if new.profile != permit.profile() {
            return Err(malformed("path and body name different profiles".to_owned()).into());
        }
        // 2.
        let leaf = self.directory().leaf(&new.profile).ok_or_else(Problem::not_found)?;
        let writes = leaf.writers.iter().any(|writer| writer.key_id() == self.caller.key);
        if !self.caller.kind.is_manager() && !writes {
            return Err(Problem::new(ProblemCode::Forbidden, "your groups may read this profile, not write it").into());
        }
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
        Ok(Answer::new(Some(released), move |record| Written { revision, record }))
    }
}
