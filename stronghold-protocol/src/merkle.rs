//! RFC 6962 Merkle trees: hashes, a tree that shares its past, inclusion and consistency proofs.
//!
//! Specified in `docs/protocol.md`, section 4; RFC 6962, section 2.1, and RFC 9162, section 2.1.3.

mod consistency;

pub use consistency::Consistency;

use crate::crypto::hash::{Hash, sha256};
use rpds::VectorSync;
use serde::{Deserialize, Serialize};

/// The root of a tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    sha256(&[])
}

/// Hash of a leaf: SHA-256(0x00 || data).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    sha256(&[&[0], data])
}

/// Hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], &left.0, &right.0])
}

/// The root over leaf hashes, without keeping a tree.
#[must_use]
pub fn root_of(leaf_hashes: &[Hash]) -> Hash {
    let mut level = leaf_hashes.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).filter_map(parent_of).collect();
    }
    level.first().copied().unwrap_or_else(empty_root)
}

fn parent_of(children: &[Hash]) -> Option<Hash> {
    match children {
        [left, right] => Some(node_hash(left, right)),
        [lone] => Some(*lone),
        _ => None,
    }
}

/// A Merkle tree whose clones share their nodes, so that keeping an earlier state costs nothing.
///
/// Level 0 holds the leaf hashes; each node above hashes two children, and a lone last child moves up unchanged, which
/// gives exactly RFC 6962's tree.
#[derive(Clone, Debug)]
pub struct Tree {
    levels: Vec<VectorSync<Hash>>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { levels: vec![VectorSync::new_sync()] }
    }
}

impl Tree {
    /// A tree over these leaf hashes.
    #[must_use]
    pub fn from_leaf_hashes(leaf_hashes: impl IntoIterator<Item = Hash>) -> Self {
        let mut level: Vec<Hash> = leaf_hashes.into_iter().collect();
        let mut levels = vec![level.iter().copied().collect()];
        while level.len() > 1 {
            level = level.chunks(2).filter_map(parent_of).collect();
            levels.push(level.iter().copied().collect());
        }
        Self { levels }
    }

    /// Number of leaves.
    #[must_use]
    pub fn len(&self) -> usize {
        self.levels.first().map_or(0, VectorSync::len)
    }

    /// Whether there is no leaf.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The root hash.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or_else(empty_root)
    }

    /// The hash of the leaf at `index`.
    #[must_use]
    pub fn leaf(&self, index: usize) -> Option<Hash> {
        self.levels.first().and_then(|leaves| leaves.get(index)).copied()
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf_hash: Hash) {
        let index = self.len();
        self.put(index, leaf_hash);
    }

    /// Replaces the leaf hash at `index`; does nothing beyond the end.
    pub fn set(&mut self, index: usize, leaf_hash: Hash) {
        if index < self.len() {
            self.put(index, leaf_hash);
        }
    }

    /// The inclusion path of the leaf at `index`, lowest sibling first (RFC 6962, section 2.1.1), if there is such a leaf.
    #[must_use]
    pub fn inclusion(&self, index: usize) -> Option<Inclusion> {
        let size = self.len();
        if index >= size {
            return None;
        }
        let mut position = index;
        let mut path = Vec::new();
        for level in &self.levels {
            path.extend(level.get(position ^ 1).copied());
            position /= 2;
        }
        Some(Inclusion { index: index as u64, size: size as u64, path })
    }

    /// The inclusion path of the leaf at `index` in the tree of the first `size` leaves (RFC 6962, section 2.1.1), if
    /// there is such a leaf: what an earlier root proves. Takes O(log n).
    #[must_use]
    pub fn inclusion_at(&self, index: usize, size: usize) -> Option<Inclusion> {
        if index >= size || size > self.len() {
            return None;
        }
        // Every node left of the last one of its level covers only leaves below `size`, so it is the stored one. The last
        // one is worked out on the way up, as its subtree may have grown since.
        let mut edge = self.leaf(size - 1)?;
        let mut position = index;
        let mut nodes = size;
        let mut path = Vec::new();
        for level in &self.levels {
            if nodes <= 1 {
                break;
            }
            let last = nodes - 1;
            let sibling = position ^ 1;
            if sibling < last {
                path.push(*level.get(sibling)?);
            } else if sibling == last {
                path.push(edge);
            }
            if last & 1 == 1 {
                edge = node_hash(level.get(last - 1)?, &edge);
            }
            position /= 2;
            nodes = nodes.div_ceil(2);
        }
        Some(Inclusion { index: index as u64, size: size as u64, path })
    }

    fn put(&mut self, index: usize, hash: Hash) {
        let mut position = index;
        let mut hash = hash;
        let mut depth = 0;
        loop {
            if depth == self.levels.len() {
                self.levels.push(VectorSync::new_sync());
            }
            let Some(level) = self.levels.get_mut(depth) else { return };
            if position < level.len() {
                level.set_mut(position, hash);
            } else {
                level.push_back_mut(hash);
            }
            if level.len() <= 1 {
                return;
            }
            // The parent depends on both children; on this path the other one is already right.
            let left = position & !1;
            hash = match (level.get(left), level.get(left + 1)) {
                (Some(left), Some(right)) => node_hash(left, right),
                (Some(lone), None) => *lone,
                _ => return,
            };
            position /= 2;
            depth += 1;
        }
    }
}

/// Where a leaf stands in a tree, with the hashes that prove it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// Position of the leaf, from 0.
    pub index: u64,
    /// Number of leaves of the tree.
    pub size: u64,
    /// Sibling hashes, lowest first.
    pub path: Vec<Hash>,
}

/// A proof does not lead to the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Merkle proof does not lead to the signed root")]
pub struct ProofRejected;

impl Inclusion {
    /// Checks that `leaf_hash` stands at `index` of the tree with this `size` and `root` (RFC 9162, section 2.1.3.2).
    ///
    /// # Errors
    /// [`ProofRejected`] when the path is too short, too long, or leads to another root.
    pub fn verify(&self, leaf_hash: &Hash, root: &Hash) -> Result<(), ProofRejected> {
        if self.index >= self.size {
            return Err(ProofRejected);
        }
        let mut node = self.index;
        let mut last = self.size - 1;
        let mut hash = *leaf_hash;
        for sibling in &self.path {
            if last == 0 {
                return Err(ProofRejected);
            }
            if node & 1 == 1 || node == last {
                hash = node_hash(sibling, &hash);
                // A lone last child moved up without a sibling: skip those levels.
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node_hash(&hash, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        if last == 0 && hash == *root { Ok(()) } else { Err(ProofRejected) }
    }
}
