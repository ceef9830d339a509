//! RFC 6962 trees: the known hashes of certificate-transparency's test tree, and properties over every small tree.

use proptest::prelude::*;
use stronghold_protocol::{
    crypto::hash::Hash,
    merkle::{Inclusion, ProofRejected, Tree, empty_root, leaf_hash, node_hash, root_of},
};

/// Source: github.com/google/certificate-transparency, `cpp/merkletree/merkle_tree_test.cc` (Apache-2.0): eight leaves,
/// the roots of the trees of the first 1 to 8 of them, and inclusion paths (their leaf numbers start at 1).
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// Leaf (from 0), size of the tree, path.
const PATHS: [(usize, usize, &[&str]); 4] = [
    (0, 1, &[]),
    (
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
];

pub(crate) fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

pub(crate) fn hash(text: &str) -> Hash {
    Hash(hex(text).try_into().unwrap())
}

pub(crate) fn published_leaves() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(&hex(leaf))).collect()
}

/// The root over the first leaves, as many as `size`, which is at least 1.
pub(crate) fn published_root(size: usize) -> Hash {
    hash(ROOTS[size - 1])
}

#[test]
fn published_roots() {
    assert_eq!(empty_root(), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    let leaves = published_leaves();
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(root_of(&leaves[..size]), hash(root), "{size} leaves");
        let tree = Tree::from_leaf_hashes(leaves[..size].iter().copied());
        assert_eq!(tree.root(), hash(root), "{size} leaves");
    }
}

#[test]
fn published_paths() {
    let leaves = published_leaves();
    for (index, size, path) in PATHS {
        let expected: Vec<Hash> = path.iter().map(|text| hash(text)).collect();
        let tree = Tree::from_leaf_hashes(leaves[..size].iter().copied());
        let proof = tree.inclusion(index).unwrap();
        assert_eq!(proof.path, expected, "leaf {index} of {size}");
        proof.verify(&leaves[index], &hash(ROOTS[size - 1])).unwrap();
        let whole = Tree::from_leaf_hashes(leaves.iter().copied());
        assert_eq!(whole.inclusion_at(index, size), Some(proof), "leaf {index} of the first {size}");
    }
}

pub(crate) fn some_leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|at| leaf_hash(&(at as u64).to_be_bytes())).collect()
}

/// Every leaf of every tree up to 65 leaves: the kept tree, the one-shot root and proofs from a grown tree agree.
#[test]
fn every_inclusion_of_every_small_tree_verifies() {
    let leaves = some_leaves(65);
    let whole = Tree::from_leaf_hashes(leaves.iter().copied());
    let mut grown = Tree::default();
    for size in 0..=leaves.len() {
        let root = root_of(&leaves[..size]);
        assert_eq!((grown.root(), grown.len(), grown.is_empty()), (root, size, size == 0));
        for (index, leaf) in leaves.iter().enumerate().take(size) {
            let proof = grown.inclusion(index).unwrap();
            proof.verify(leaf, &root).unwrap();
            assert_eq!(whole.inclusion_at(index, size).as_ref(), Some(&proof));
            assert_eq!(grown.leaf(index), Some(*leaf));
        }
        assert_eq!(grown.inclusion(size), None);
        assert_eq!(whole.inclusion_at(size, size), None);
        if let Some(leaf) = leaves.get(size) {
            grown.push(*leaf);
        }
    }
    assert_eq!(whole.inclusion_at(0, leaves.len() + 1), None);
}

/// No proof stands for another position, another size, another leaf or another root.
#[test]
fn every_mutation_of_every_small_proof_is_refused() {
    for size in 1..=17_usize {
        let leaves = some_leaves(size);
        let tree = Tree::from_leaf_hashes(leaves.iter().copied());
        let root = tree.root();
        for (index, leaf) in leaves.iter().enumerate() {
            let good = tree.inclusion(index).unwrap();
            let refused = |proof: &Inclusion, what: &str| {
                assert_eq!(proof.verify(leaf, &root), Err(ProofRejected), "{what} of leaf {index} of {size}");
            };
            for other in (0..=size as u64).filter(|other| *other != index as u64) {
                refused(&Inclusion { index: other, ..good.clone() }, "another index");
            }
            for at in 0..good.path.len() {
                let mut proof = good.clone();
                proof.path[at].0[31] ^= 1;
                refused(&proof, "an altered sibling");
                let mut proof = good.clone();
                proof.path.remove(at);
                refused(&proof, "a missing sibling");
                let mut proof = good.clone();
                proof.path.insert(at, Hash([9; 32]));
                refused(&proof, "an inserted sibling");
            }
            let mut proof = good.clone();
            proof.path.push(Hash([9; 32]));
            refused(&proof, "a sibling too many");
            refused(&Inclusion { size: 0, ..good.clone() }, "no size");
            let mut other_leaf = *leaf;
            other_leaf.0[0] ^= 0x80;
            assert_eq!(good.verify(&other_leaf, &root), Err(ProofRejected));
            assert_eq!(good.verify(leaf, &node_hash(&root, &root)), Err(ProofRejected));
        }
    }
}

/// An inner node is no leaf: the prefixes keep them apart.
#[test]
fn an_inner_node_is_not_a_leaf() {
    let leaves = some_leaves(4);
    let root = root_of(&leaves);
    let inner = node_hash(&leaves[0], &leaves[1]);
    let path = vec![node_hash(&leaves[2], &leaves[3])];
    Inclusion { index: 0, size: 2, path: path.clone() }.verify(&inner, &root).unwrap();
    let data = [leaves[0].0, leaves[1].0].concat();
    assert_ne!(leaf_hash(&data), inner);
    assert_eq!(Inclusion { index: 0, size: 2, path }.verify(&leaf_hash(&data), &root), Err(ProofRejected));
}

#[test]
fn setting_beyond_the_end_does_nothing() {
    let mut tree = Tree::from_leaf_hashes(some_leaves(3));
    let root = tree.root();
    tree.set(3, Hash([1; 32]));
    assert_eq!((tree.root(), tree.len()), (root, 3));
}

proptest! {
    /// A tree that grows and changes keeps the root that a tree made at once has, and its clones keep theirs.
    #[test]
    fn a_kept_tree_is_the_tree_made_at_once(
        start in 0_usize..40,
        edits in prop::collection::vec((any::<bool>(), any::<u8>(), any::<[u8; 32]>()), 0..80),
    ) {
        let mut leaves = some_leaves(start);
        let mut tree = Tree::from_leaf_hashes(leaves.iter().copied());
        let (earlier, earlier_root) = (tree.clone(), tree.root());
        for (push, at, value) in edits {
            if push || leaves.is_empty() {
                leaves.push(Hash(value));
                tree.push(Hash(value));
            } else {
                let at = usize::from(at) % leaves.len();
                leaves[at] = Hash(value);
                tree.set(at, Hash(value));
            }
            prop_assert_eq!(tree.root(), root_of(&leaves));
        }
        for (index, leaf) in leaves.iter().enumerate() {
            prop_assert!(tree.inclusion(index).unwrap().verify(leaf, &tree.root()).is_ok());
        }
        prop_assert_eq!(earlier.root(), earlier_root);
        prop_assert_eq!(earlier.len(), start);
    }

    /// Proofs against an earlier size stay right whatever is appended later.
    #[test]
    fn an_earlier_root_is_proven_from_the_grown_tree(size in 1_usize..300, more in 0_usize..300, pick in any::<prop::sample::Index>()) {
        let leaves = some_leaves(size + more);
        let tree = Tree::from_leaf_hashes(leaves.iter().copied());
        let index = pick.index(size);
        let proof = tree.inclusion_at(index, size).unwrap();
        prop_assert!(proof.verify(&leaves[index], &root_of(&leaves[..size])).is_ok());
    }

    /// A proof of one size says nothing of a root of another.
    #[test]
    fn arbitrary_paths_are_refused(index in any::<u64>(), size in any::<u64>(), path in prop::collection::vec(any::<[u8; 32]>(), 0..70)) {
        let proof = Inclusion { index, size, path: path.into_iter().map(Hash).collect() };
        prop_assert!(proof.verify(&Hash([1; 32]), &Hash([2; 32])).is_err());
    }
}
