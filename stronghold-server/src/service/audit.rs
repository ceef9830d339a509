//! `audit.read` and `checkpoint.read`: the audit log, for whoever verifies it.

use super::{
    gate::{Answer, Decision, Refused},
    task::malformed,
};
use crate::store::{Store, StoreError, Tx};
use std::sync::Arc;
use stronghold_protocol::{
    api::{AuditCheckpoint, AuditPage},
    checkpoint::Checkpoint,
    encoding::Base64Bytes,
    limits,
};

/// From this size on a page ends with the record that reached it, in bytes.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

impl<S: Store> Decision<'_, S> {
    /// Releases a page of records.
    pub(super) fn read_audit(&self, tx: &mut dyn Tx, from: u64) -> Result<Answer, Refused> {
        let head = tx.head(&self.org())?;
        let head = head.ok_or_else(|| StoreError::Damaged("the organization's head row is missing".to_owned()))?;
        let (size, archived) = (head.records, head.archived);
        let mut records = tx.records(&self.org(), from, limits::AUDIT_PAGE)?;
        let mut bytes = 0;
        let fits = records.iter().take_while(|record| {
            let before = bytes;
            bytes += record.len();
            before < PAGE_BYTES
        });
        let fitting = fits.count();
        records.truncate(fitting);
        let records = records.into_iter().map(Base64Bytes).collect();
        Ok(Answer::new(None, move |_| AuditPage { records, size, archived }))
    }

    /// Releases a checkpoint of all records so far, and that it continues the log of `old` records.
    pub(super) fn read_checkpoint(&self, tx: &mut dyn Tx, old: Option<u64>) -> Result<Answer, Refused> {
        let org = self.org();
        if self.directory().checkpoint_key() != self.inner.keys.checkpoint_public_key() {
            // A signature by another key than the directory names would be worth nothing.
            let reason = "the configured checkpoint key is not the one that the directory names";
            return Err(StoreError::GivenUp(reason.to_owned()).into());
        }
        let tree = self.inner.audit_trees.current(tx, &org)?;
        let consistency = match old {
            Some(old) => {
                let proof = usize::try_from(old).ok().and_then(|old| tree.consistency(old, tree.len()));
                Some(proof.ok_or_else(|| malformed("query: the log has fewer records than old says".to_owned()))?)
            }
            None => None,
        };
        let head = self.directory().head();
        let checkpoint = Checkpoint { org, size: tree.len() as u64, root: tree.root(), directory: head };
        let inner = Arc::clone(self.inner);
        // Only what is committed is signed and kept: this runs after the commit.
        Ok(Answer::new(None, move |_| {
            inner.audit_trees.keep(org, tree);
            AuditCheckpoint { checkpoint: checkpoint.sign(inner.keys.checkpoint()), consistency }
        }))
    }
}
