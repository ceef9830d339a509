//! Merkle proofs.

use crate::{objects::assert_same_again, world::json};
use stronghold_protocol::{
    crypto::hash::Hash,
    merkle::{Consistency, Inclusion, Tree, leaf_hash},
};

/// Neither full nor a power of two, so that proofs of every shape exist.
const LEAVES: usize = 13;

fn tree() -> Tree {
    Tree::from_leaf_hashes((0..LEAVES).map(|leaf| leaf_hash(&[leaf as u8])))
}

/// Inclusion and consistency proofs: only the tree's own proofs lead to its roots.
pub mod proof {
    use super::*;

    /// One of each kind, from the middle and from the edge of the tree.
    pub fn samples() -> Vec<Vec<u8>> {
        let tree = tree();
        let consistencies = [(0, 5), (4, 13), (6, 13), (11, 12), (13, 13)];
        let inclusions = [(0, 1), (3, 7), (12, 13), (6, 11)];
        let consistencies =
            consistencies.map(|(old, new)| json(&tree.consistency(old, new).expect("the tree has them")));
        let inclusions = inclusions.map(|(leaf, size)| json(&tree.inclusion_at(leaf, size).expect("the tree has it")));
        [consistencies.as_slice(), &inclusions].concat()
    }

    /// Whether bytes are a proof that holds in the tree.
    pub fn check(data: &[u8]) -> bool {
        continues(data) || includes(data)
    }

    fn continues(data: &[u8]) -> bool {
        let Ok(proof) = serde_json::from_slice::<Consistency>(data) else { return false };
        assert_same_again(&proof);
        let tree = tree();
        let (Some(old), Some(new)) = (root(&tree, proof.old_size), root(&tree, proof.new_size)) else {
            // Sizes that the tree never had: that it does not panic is all that can be said here.
            let _ = proof.verify(&tree.root(), &tree.root());
            return false;
        };
        let holds = proof.verify(&old, &new).is_ok();
        let genuine = tree.consistency(proof.old_size as usize, proof.new_size as usize);
        assert_eq!(holds, genuine.as_ref() == Some(&proof), "the tree's own proof holds and no other");
        // Trees of some sizes have proofs of one shape, but the sizes say how long a path is.
        let right_length = genuine.is_some_and(|genuine| genuine.path.len() == proof.path.len());
        assert!(right_length || roots(&tree).all(|new| proof.verify(&old, &new).is_err()), "a path is cut short");
        let forged = Hash([0xff; 32]);
        assert!(proof.verify(&forged, &new).is_err(), "a tree that never was is continued");
        assert!(proof.old_size == 0 || proof.verify(&old, &forged).is_err(), "a rewritten tree continues this one");
        holds
    }

    fn includes(data: &[u8]) -> bool {
        let Ok(proof) = serde_json::from_slice::<Inclusion>(data) else { return false };
        assert_same_again(&proof);
        let tree = tree();
        let leaf = usize::try_from(proof.index).ok().and_then(|index| tree.leaf(index));
        let (Some(leaf), Some(root)) = (leaf, root(&tree, proof.size)) else {
            let _ = proof.verify(&Hash([0xff; 32]), &tree.root());
            return false;
        };
        let holds = proof.verify(&leaf, &root).is_ok();
        let genuine = tree.inclusion_at(proof.index as usize, proof.size as usize);
        assert_eq!(holds, genuine.as_ref() == Some(&proof), "the tree's own proof holds and no other");
        let right_length = genuine.is_some_and(|genuine| genuine.path.len() == proof.path.len());
        assert!(right_length || roots(&tree).all(|root| proof.verify(&leaf, &root).is_err()), "a path is cut short");
        assert!(proof.verify(&Hash([0xff; 32]), &root).is_err(), "a leaf that never was is included");
        holds
    }

    fn root(tree: &Tree, size: u64) -> Option<Hash> {
        tree.root_at(usize::try_from(size).ok()?)
    }

    fn roots(tree: &Tree) -> impl Iterator<Item = Hash> {
        (0..=LEAVES).filter_map(|size| tree.root_at(size))
    }
}
