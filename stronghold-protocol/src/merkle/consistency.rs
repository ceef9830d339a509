//! Consistency proofs: that a larger tree continues a smaller one (RFC 6962, section 2.1.2; RFC 9162, section 2.1.4).

use super::{ProofRejected, Tree, empty_root, node_hash};
use crate::crypto::hash::Hash;
use serde::{Deserialize, Serialize};

/// That the tree of `new_size` leaves starts with the tree of `old_size` leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// Number of leaves of the smaller tree.
    pub old_size: u64,
    /// Number of leaves of the larger tree.
    pub new_size: u64,
    /// Hashes of subtrees, in RFC 6962's order.
    pub path: Vec<Hash>,
}

impl Tree {
    /// The root over the first `size` leaves, if there are as many. Takes O(log² n).
    #[must_use]
    pub fn root_at(&self, size: usize) -> Option<Hash> {
        match size {
            0 => Some(empty_root()),
            _ if size > self.len() => None,
            _ => self.hash_of(0, size),
        }
    }

    /// The proof that the tree of the first `new_size` leaves continues the tree of the first `old_size`, if this tree has as
    /// many. Takes O(log² n).
    #[must_use]
    pub fn consistency(&self, old_size: usize, new_size: usize) -> Option<Consistency> {
        if old_size > new_size || new_size > self.len() {
            return None;
        }
        let mut path = Vec::new();
        if old_size > 0 {
            self.subproof(old_size, 0, new_size, true, &mut path)?;
        }
        Some(Consistency { old_size: old_size as u64, new_size: new_size as u64, path })
    }

    /// `SUBPROOF(m, D[start:end], whole)` of RFC 6962, appended to `path`.
    fn subproof(&self, m: usize, start: usize, end: usize, whole: bool, path: &mut Vec<Hash>) -> Option<()> {
        let size = end - start;
        if m == size {
            if !whole {
                path.push(self.hash_of(start, end)?);
            }
            return Some(());
        }
        let split = largest_power_below(size);
        let middle = start + split;
        if m <= split {
            self.subproof(m, start, middle, whole, path)?;
            path.push(self.hash_of(middle, end)?);
        } else {
            self.subproof(m - split, middle, end, false, path)?;
            path.push(self.hash_of(start, middle)?);
        }
        Some(())
    }

    /// Root over the leaves from `start` to before `end`; `start` is where RFC 6962 would split.
    fn hash_of(&self, start: usize, end: usize) -> Option<Hash> {
        let size = end - start;
        if size.is_power_of_two() {
            let depth = size.trailing_zeros() as usize;
            return self.levels.get(depth)?.get(start >> depth).copied();
        }
        let middle = start + largest_power_below(size);
        Some(node_hash(&self.hash_of(start, middle)?, &self.hash_of(middle, end)?))
    }
}

/// The largest power of two below `size`, which is at least 2.
const fn largest_power_below(size: usize) -> usize {
    1 << (usize::BITS - 1 - (size - 1).leading_zeros())
}

impl Consistency {
    /// Checks that the tree with `new_root` continues the tree with `old_root`, at the sizes stated (RFC 9162, section
    /// 2.1.4.2). Every tree continues the empty one.
    ///
    /// # Errors
    /// [`ProofRejected`] when the path is too short, too long, or does not lead to both roots.
    pub fn verify(&self, old_root: &Hash, new_root: &Hash) -> Result<(), ProofRejected> {
        let holds = match self.old_size {
            0 => self.path.is_empty() && *old_root == empty_root() && (self.new_size > 0 || old_root == new_root),
            size if size == self.new_size => self.path.is_empty() && old_root == new_root,
            size if size > self.new_size => false,
            size if size.is_power_of_two() => self.leads_to(*old_root, &self.path, old_root, new_root),
            _ => match self.path.split_first() {
                Some((first, rest)) => self.leads_to(*first, rest, old_root, new_root),
                None => false,
            },
        };
        if holds { Ok(()) } else { Err(ProofRejected) }
    }

    fn leads_to(&self, first: Hash, rest: &[Hash], old_root: &Hash, new_root: &Hash) -> bool {
        let shift = (self.old_size - 1).trailing_ones();
        let mut node = (self.old_size - 1) >> shift;
        let mut last = (self.new_size - 1) >> shift;
        let (mut old, mut new) = (first, first);
        for hash in rest {
            if last == 0 {
                return false;
            }
            if node & 1 == 1 || node == last {
                old = node_hash(hash, &old);
                new = node_hash(hash, &new);
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                new = node_hash(&new, hash);
            }
            node >>= 1;
            last >>= 1;
        }
        last == 0 && old == *old_root && new == *new_root
    }
}
