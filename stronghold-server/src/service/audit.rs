//! `audit.read` and `checkpoint.read`: the audit log, for whoever verifies it.

use super::{
    gate::{Answer, Decision, Refused},
    task::{WantedProofs, malformed},
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

    /// Releases a checkpoint of all records so far, that it continues the log of `old` records, and where records stand in it.
    pub(super) fn read_checkpoint(&self, tx: &mut dyn Tx, wanted: &WantedProofs) -> Result<Answer, Refused> {
        let org = self.org();
        self.check_checkpoint_key()?;
        let tree = self.inner.audit_trees.current(tx, &org)?;
        let consistency = match wanted.old {
            Some(old) => {
                let proof = usize::try_from(old).ok().and_then(|old| tree.consistency(old, tree.len()));
                Some(proof.ok_or_else(|| malformed("query: the log has fewer records than old says".to_owned()))?)
            }
            None => None,
        };
        let inclusion = |position: &u64| {
            let proof = usize::try_from(*position).ok().and_then(|position| tree.inclusion(position));
            proof.ok_or_else(|| malformed("query: the log has no record at a position".to_owned()))
        };
        let inclusions = wanted.positions.iter().map(inclusion).collect::<Result<Vec<_>, _>>()?;
        let head = self.directory().head();
        let checkpoint = Checkpoint { org, size: tree.len() as u64, root: tree.root(), directory: head };
        let inner = Arc::clone(self.inner);
        // Only what is committed is signed and kept: this runs after the commit.
        Ok(Answer::new(None, move |_| {
            inner.audit_trees.keep(org, tree);
            let checkpoint = checkpoint.sign(inner.keys.checkpoint());
            AuditCheckpoint { checkpoint, consistency, inclusions }
        }))
    }

    /// Whether checkpoints and receipts can be signed. A signature by another key than the directory names would be worth
    /// nothing, so what needs one is not released.
    pub(super) fn check_checkpoint_key(&self) -> Result<(), StoreError> {
        if self.directory().checkpoint_key() == self.inner.keys.checkpoint_public_key() {
            return Ok(());
        }
        let reason = "the configured checkpoint key is not the one that the directory names";
        Err(StoreError::GivenUp(reason.to_owned()))
    }
}
