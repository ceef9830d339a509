//! `profile.stage`: secrets in parts, before a revision takes them all at once.

use super::{
    gate::{Answer, Decision, Refused},
    revision::{check_sizes, invalid},
};
use crate::store::{StagingRef, Store, StoreError, Tx};
use std::collections::BTreeSet;
use stronghold_protocol::{
    api::{StageSecrets, StagedSecrets},
    id::SecretId,
    limits,
    problem::Problem,
};

/// Most secrets that one staging is given, with as many that are sent again.
const MOST: u64 = 2 * limits::SECRETS_PER_PROFILE as u64;

impl<S: Store> Decision<'_, S> {
    /// Stages secrets for a revision to come of the profile that the path names.
    ///
    /// 1. the caller may read the profile, else it learns nothing, and write it; 2. the epoch is the one that revisions are
    ///    written under from now on; 3. it is no more than can be needed, under an id of the caller's own. Whether it
    ///    follows what the profile holds is checked when a revision takes it: reading all of the profile for each part of it
    ///    would keep others waiting.
    pub(super) fn stage_secrets(&self, tx: &mut dyn Tx, stage: &StageSecrets) -> Result<Answer, Refused> {
        // 1.
        let permit = self.permit()?;
        let leaf = self.writable_leaf(&permit.profile())?;
        // 2.
        if stage.epoch != leaf.epoch {
            // Somebody else made a newer epoch: replaying the directory helps.
            return Err(Problem::conflict(self.directory().head().seq).into());
        }
        // 3.
        stage.secrets.iter().try_for_each(check_sizes)?;
        let ids: BTreeSet<SecretId> = stage.secrets.iter().map(|secret| secret.id).collect();
        if ids.len() != stage.secrets.len() {
            return Err(invalid("a secret is staged twice at once").into());
        }
        let staging = StagingRef { id: stage.staging, author: self.caller.key, epoch: stage.epoch };
        let staged = tx.stage(&self.org(), &permit.profile(), &staging, &stage.secrets)?;
        let staged = staged.ok_or_else(|| invalid("its id is that of another staging"))?;
        if staged > MOST {
            return Err(StoreError::GivenUp("more is staged than any profile holds".to_owned()).into());
        }
        Ok(Answer::new(None, move |receipt| StagedSecrets { staged, receipt }))
    }
}
