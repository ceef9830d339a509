//! Consistency proofs: the known ones of certificate-transparency's test tree, and every pair of small trees.

use crate::merkle::{hash, published_leaves, published_root, some_leaves};
use proptest::prelude::*;
use stronghold_protocol::{
    crypto::hash::Hash,
    merkle::{Consistency, Tree, empty_root, root_of},
};

/// Source: github.com/google/certificate-transparency, `cpp/merkletree/merkle_tree_test.cc` (Apache-2.0): sizes of the
/// smaller and the larger tree, path.
const PROOFS: [(usize, usize, &[&str]); 4] = [
    (1, 1, &[]),
    (
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
];

#[test]
fn published_proofs() {
    let tree = Tree::from_leaf_hashes(published_leaves());
    for (old, new, path) in PROOFS {
        let proof = tree.consistency(old, new).unwrap();
        assert_eq!(proof.path, path.iter().map(|text| hash(text)).collect::<Vec<_>>(), "{old} to {new}");
        proof.verify(&published_root(old), &published_root(new)).unwrap();
    }
}

/// Every pair of sizes, also from a tree that has grown since.
#[test]
fn every_small_tree_continues_every_smaller_one() {
    let leaves = some_leaves(40);
    let tree = Tree::from_leaf_hashes(leaves.iter().copied());
    let root = |size: usize| root_of(&leaves[..size]);
    for new in 0..=leaves.len() {
        for old in 0..=new {
            let proof = tree.consistency(old, new).unwrap();
            assert_eq!(
                Tree::from_leaf_hashes(leaves[..new].iter().copied()).consistency(old, new),
                Some(proof.clone())
            );
            proof.verify(&root(old), &root(new)).unwrap();
            if old > 0 && old < new {
                for (mine, other) in [(old - 1, new), (old, new - 1)] {
                    assert!(proof.verify(&root(mine), &root(other)).is_err(), "{old} to {new} as {mine} to {other}");
                }
            }
            assert_eq!(proof.verify(&root(new), &root(old)).is_ok(), old == new);
        }
        assert_eq!(tree.consistency(new + 1, new), None);
    }
    assert_eq!(tree.consistency(1, leaves.len() + 1), None);
}

/// Another past is found by any proof that can be made of the changed tree.
#[test]
fn a_changed_past_is_no_past() {
    let leaves = some_leaves(19);
    let root = root_of(&leaves[..11]);
    for changed in 0..11 {
        let mut other = leaves.clone();
        other[changed] = Hash([0xee; 32]);
        let proof = Tree::from_leaf_hashes(other.iter().copied()).consistency(11, 19).unwrap();
        assert!(proof.verify(&root, &root_of(&other)).is_err());
        let proof = Tree::from_leaf_hashes(leaves.iter().copied()).consistency(11, 19).unwrap();
        assert!(proof.verify(&root, &root_of(&other)).is_err());
    }
    let nothing = Consistency { old_size: 0, new_size: 3, path: Vec::new() };
    assert!(nothing.verify(&empty_root(), &root_of(&leaves[..3])).is_ok());
    assert!(nothing.verify(&root, &root_of(&leaves[..3])).is_err(), "the empty tree has one root");
    let back = Consistency { old_size: 5, new_size: 3, path: Vec::new() };
    assert!(back.verify(&root, &root).is_err());
}

/// Roots are signed with the sizes of their trees: a proof that is right for other sizes proves nothing.
#[test]
fn a_proof_is_of_the_sizes_that_it_states() {
    let leaves = some_leaves(8);
    let root = |size: usize| root_of(&leaves[..size]);
    let verify = |old_size: u64, new_size: u64, path: &[Hash], old: &Hash, new: &Hash| {
        Consistency { old_size, new_size, path: path.to_vec() }.verify(old, new).is_ok()
    };
    let tree = Tree::from_leaf_hashes(leaves.iter().copied());
    // Two trees of one size are one tree, and a path says nothing more of it.
    for size in 1..=8 {
        assert!(verify(size, size, &[], &root(3), &root(3)));
        assert!(!verify(size, size, &[], &root(3), &root(4)), "two roots of {size} leaves");
        assert!(!verify(size, size, &[root(1)], &root(3), &root(3)), "a path from {size} to {size}");
    }
    // The empty tree has one root, whichever of the two it is, and needs no path.
    assert!(verify(0, 0, &[], &empty_root(), &empty_root()));
    assert!(!verify(0, 0, &[], &empty_root(), &root(1)));
    assert!(!verify(0, 3, &[root(1)], &empty_root(), &root(3)));
    // No tree becomes smaller, even where the roots are the same.
    for old in 1..=8 {
        for new in 0..old {
            assert!(!verify(old, new, &[], &root(2), &root(2)), "{old} to {new}");
        }
    }
    // The path from 2 to 4 leaves is not one to more.
    let path = tree.consistency(2, 4).unwrap().path;
    assert!(verify(2, 4, &path, &root(2), &root(4)));
    for more in 5..=8 {
        assert!(!verify(2, more, &path, &root(2), &root(4)), "4 leaves said to be {more}");
    }
}

/// What a tree does not hold has no root and no proof.
#[test]
fn nothing_is_proven_beyond_the_end() {
    for size in 0..=17 {
        let tree = Tree::from_leaf_hashes(some_leaves(size));
        for beyond in size + 1..=size + 20 {
            assert_eq!(tree.root_at(beyond), None, "{beyond} of {size}");
            for old in 0..=size {
                assert_eq!(tree.consistency(old, beyond), None, "{old} to {beyond} of {size}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bent_proof_verifies(
        old in 1..64_usize,
        more in 1..64_usize,
        at in any::<prop::sample::Index>(),
        byte in 0..32_usize,
        bit in 0..8_u32,
    ) {
        let leaves = some_leaves(old + more);
        let (old_root, new_root) = (root_of(&leaves[..old]), root_of(&leaves));
        let good = Tree::from_leaf_hashes(leaves).consistency(old, old + more).unwrap();
        good.verify(&old_root, &new_root).unwrap();
        let mut flipped = good.clone();
        let at = at.index(flipped.path.len());
        flipped.path[at].0[byte] ^= 1 << bit;
        prop_assert!(flipped.verify(&old_root, &new_root).is_err());
        let mut short = good.clone();
        short.path.remove(at);
        prop_assert!(short.verify(&old_root, &new_root).is_err());
        let mut long = good.clone();
        long.path.push(new_root);
        prop_assert!(long.verify(&old_root, &new_root).is_err());
    }
}
