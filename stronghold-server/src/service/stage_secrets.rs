//! `profile.stage`: secrets that are encrypted anew, before a revision takes them all at once.

use super::{
    gate::{Answer, Decision, Refused},
    revision::{check_sizes, invalid, revision_conflict},
};
use crate::store::{StagingRef, Store, Tx};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::{StageSecrets, StagedSecrets},
    id::SecretId,
    number::Version,
    problem::Problem,
};

impl<S: Store> Decision<'_, S> {
    /// Stages secrets for the new epoch of the profile that the path names.
    ///
    /// 1. the caller may read the profile, else it learns nothing, and write it; 2. the profile waits for exactly this
    ///    epoch; 3. each secret is one of the newest revision's, in its version.
    pub(super) fn stage_secrets(&self, tx: &mut dyn Tx, stage: &StageSecrets) -> Result<Answer, Refused> {
        // 1.
        let permit = self.permit()?;
        let leaf = self.writable_leaf(&permit.profile())?;
        // 2.
        let head = self.profile_head(tx, &permit)?;
        if stage.epoch != leaf.epoch {
            // Somebody else made a newer epoch: replaying the directory helps.
            return Err(Problem::conflict(self.directory().head().seq).into());
        }
        if head.epoch >= leaf.epoch {
            // Somebody else finished: nothing waits any more.
            return Err(revision_conflict(&head).into());
        }
        // 3.
        let leaves = tx.leaves(&self.org(), &permit.profile())?;
        let there: BTreeMap<SecretId, Version> = leaves.into_iter().map(|leaf| (leaf.id, leaf.version)).collect();
        for secret in &stage.secrets {
            check_sizes(secret)?;
            if there.get(&secret.id) != Some(&secret.version) {
                return Err(invalid("a secret that is staged is not one of the newest revision's").into());
            }
        }
        let staging = StagingRef { id: stage.staging, author: self.caller.key, epoch: stage.epoch };
        tx.stage(&self.org(), &permit.profile(), &staging, &stage.secrets)?;
        let staged = tx.staged(&self.org(), &permit.profile(), &staging)?.len();
        let staged = u64::try_from(staged).unwrap_or(u64::MAX);
        Ok(Answer::new(None, move |record| StagedSecrets { staged, record }))
    }
}
