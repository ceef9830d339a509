//! The Merkle trees of audit logs, in memory: they grow with what is committed, and are read from the store after a start.

use crate::store::{StoreError, Tx};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use stronghold_protocol::{id::OrgId, merkle::Tree};

/// How many leaves are read from the store at once.
const CHUNK: usize = 10_000;

/// The tree of each organization whose log was asked for.
#[derive(Debug, Default)]
pub(super) struct AuditTrees {
    by_org: Mutex<HashMap<OrgId, Tree>>,
}

impl AuditTrees {
    /// The tree over all records of the transaction so far. It may hold what is not committed: it is kept only once
    /// [`Self::keep`] is told so.
    pub(super) fn current(&self, tx: &mut dyn Tx, org: &OrgId) -> Result<Tree, StoreError> {
        let mut tree = self.lock().get(org).cloned().unwrap_or_default();
        loop {
            let leaves = tx.record_leaves(org, tree.len() as u64, CHUNK)?;
            for leaf in &leaves {
                tree.push(*leaf);
            }
            if leaves.len() < CHUNK {
                return Ok(tree);
            }
        }
    }

    /// Keeps a tree whose records are committed.
    pub(super) fn keep(&self, org: OrgId, tree: Tree) {
        let mut trees = self.lock();
        let known = trees.entry(org).or_default();
        if tree.len() > known.len() {
            *known = tree;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OrgId, Tree>> {
        self.by_org.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
