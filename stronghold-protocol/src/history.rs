//! Replaying a profile's past: from nothing, revision after revision, each held against its manifest.
//!
//! Specified in `docs/protocol.md`, section 9.

use crate::{
    crypto::hash::Hash,
    id::SecretId,
    manifest::{Manifest, ManifestRefusal},
    merkle::Tree,
    number::{Epoch, Version},
    secret::{BlindIndex, SecretLeaf},
};
use std::collections::{BTreeMap, BTreeSet};

/// What a profile holds after a revision, and which versions there were.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Sorted by blind index, each with its leaf hash.
    leaves: Vec<(SecretLeaf, Hash)>,
    by_id: BTreeMap<SecretId, BlindIndex>,
    tree: Tree,
    epoch: Option<Epoch>,
    /// The newest version of every secret that ever was.
    versions: BTreeMap<SecretId, Version>,
}

/// Why changes do not lead to a revision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryRefusal {
    /// The changes contradict what was there before.
    #[error("{0}")]
    Changes(&'static str),
    /// What results is not what the manifest was signed for.
    #[error(transparent)]
    Manifest(#[from] ManifestRefusal),
}

impl Contents {
    /// What the profile holds, sorted by blind index.
    pub fn leaves(&self) -> impl Iterator<Item = &SecretLeaf> {
        self.leaves.iter().map(|(leaf, _)| leaf)
    }

    /// The current leaf of a secret.
    #[must_use]
    pub fn leaf(&self, secret: &SecretId) -> Option<&SecretLeaf> {
        let index = self.by_id.get(secret)?;
        let at = self.position(index).ok()?;
        self.leaves.get(at).map(|(leaf, _)| leaf)
    }

    /// The newest version of a secret, deleted ones too.
    #[must_use]
    pub fn newest_version(&self, secret: &SecretId) -> Option<Version> {
        self.versions.get(secret).copied()
    }

    /// The secrets that were deleted, with the last version of each.
    pub fn deleted(&self) -> impl Iterator<Item = (SecretId, Version)> {
        let gone = self.versions.iter().filter(|(id, _)| !self.by_id.contains_key(id));
        gone.map(|(id, version)| (*id, *version))
    }

    /// Goes to the next revision.
    ///
    /// 1. what it removes was there; 2. each put is a new version, one after the newest there ever was of that secret, or
    ///    in a new epoch the same version encrypted anew; 3. a new epoch leaves nothing of the old; 4. what results is
    ///    what the manifest was signed for. After an error this value is of no use any more.
    ///
    /// # Errors
    /// [`HistoryRefusal`], in the order of the steps.
    pub fn apply(
        &mut self,
        manifest: &Manifest,
        puts: &[SecretLeaf],
        removes: &[SecretId],
    ) -> Result<(), HistoryRefusal> {
        let renewed = self.epoch.is_some_and(|epoch| epoch < manifest.epoch);
        let held = self.by_id.len();
        // 1.
        let mut touched: BTreeSet<SecretId> = BTreeSet::new();
        for id in removes {
            require(self.by_id.contains_key(id) && touched.insert(*id), "it removes a secret that is not there")?;
        }
        // 2.
        let mut renewed_secrets = 0;
        for put in puts {
            require(touched.insert(put.id), "it names a secret twice")?;
            let there = self.leaf(&put.id);
            let anew = renewed && there.is_some_and(|leaf| leaf.version == put.version);
            let next = self.versions.get(&put.id).map_or(Version::FIRST, |version| version.next());
            require(anew || put.version == next, "a version is not the one after the newest")?;
            renewed_secrets += usize::from(there.is_some());
        }
        // 3.
        require(!renewed || renewed_secrets + removes.len() == held, "a new epoch leaves something of the old one")?;
        // 4.
        self.change(puts, removes)?;
        self.epoch = Some(manifest.epoch);
        if manifest.count == self.leaves.len() as u64 && manifest.root == self.tree.root() {
            Ok(())
        } else {
            Err(ManifestRefusal::OtherSecrets.into())
        }
    }

    fn change(&mut self, puts: &[SecretLeaf], removes: &[SecretId]) -> Result<(), HistoryRefusal> {
        self.versions.extend(puts.iter().map(|put| (put.id, put.version)));
        let in_place = removes.is_empty() && puts.iter().all(|put| self.by_id.get(&put.id) == Some(&put.index));
        if in_place {
            for put in puts {
                let Ok(at) = self.position(&put.index) else { continue };
                let hash = put.leaf_hash();
                if let Some(slot) = self.leaves.get_mut(at) {
                    *slot = (*put, hash);
                }
                self.tree.set(at, hash);
            }
            return Ok(());
        }
        let gone: BTreeSet<SecretId> = removes.iter().copied().chain(puts.iter().map(|put| put.id)).collect();
        self.leaves.retain(|(leaf, _)| !gone.contains(&leaf.id));
        self.leaves.extend(puts.iter().map(|put| (*put, put.leaf_hash())));
        self.leaves.sort_unstable_by_key(|(leaf, _)| leaf.index);
        let sorted = self.leaves.windows(2).all(|pair| matches!(pair, [(a, _), (b, _)] if a.index < b.index));
        require(sorted, "two secrets have one name")?;
        for id in removes {
            self.by_id.remove(id);
        }
        self.by_id.extend(puts.iter().map(|put| (put.id, put.index)));
        self.tree = Tree::from_leaf_hashes(self.leaves.iter().map(|(_, hash)| *hash));
        Ok(())
    }

    fn position(&self, index: &BlindIndex) -> Result<usize, usize> {
        self.leaves.binary_search_by(|(leaf, _)| leaf.index.cmp(index))
    }
}

fn require(holds: bool, reason: &'static str) -> Result<(), HistoryRefusal> {
    if holds { Ok(()) } else { Err(HistoryRefusal::Changes(reason)) }
}
