//! The trees and proofs against an independent implementation of RFC 6962, the crate `ct-merkle`.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use proptest::prelude::*;
use sha2::Sha256;
use stronghold_protocol::{
    crypto::hash::Hash,
    merkle::{Consistency, Inclusion, Tree, leaf_hash},
};

/// The same leaves in both: their numbers.
fn both(size: usize) -> (Tree, MemoryBackedTree<Sha256, [u8; 8]>) {
    let leaves = (0..size).map(|at| (at as u64).to_be_bytes());
    let mut theirs = MemoryBackedTree::new();
    leaves.clone().for_each(|leaf| theirs.push(leaf));
    (Tree::from_leaf_hashes(leaves.map(|leaf| leaf_hash(&leaf))), theirs)
}

fn root(hash: &Hash, size: u64) -> RootHash<Sha256> {
    RootHash::new(hash.0.into(), size)
}

fn bytes(path: &[Hash]) -> Vec<u8> {
    path.iter().flat_map(|hash| hash.0).collect()
}

fn hashes(bytes: &[u8]) -> Vec<Hash> {
    bytes.chunks(32).map(|hash| Hash(hash.try_into().unwrap())).collect()
}

/// Our proof is believed by them, theirs by us.
fn agree_on_consistency(ours: &Tree, theirs: &MemoryBackedTree<Sha256, [u8; 8]>, old: usize) {
    let new = ours.len();
    let (old_root, new_root) = (ours.root_at(old).unwrap(), ours.root());
    let proof = ours.consistency(old, new).unwrap();
    let read = ConsistencyProof::try_from_bytes(bytes(&proof.path)).unwrap();
    let (before, after) = (root(&old_root, old as u64), root(&new_root, new as u64));
    after.verify_consistency(&before, &read).unwrap_or_else(|error| panic!("{old} to {new}: {error}"));
    let path = hashes(theirs.prove_consistency(new - old).as_bytes());
    let given = Consistency { old_size: old as u64, new_size: new as u64, path };
    given.verify(&old_root, &new_root).unwrap_or_else(|error| panic!("{old} to {new}: {error}"));
    assert_eq!(given, proof);
}

fn agree_on_inclusion(ours: &Tree, theirs: &MemoryBackedTree<Sha256, [u8; 8]>, index: usize) {
    let (size, leaf) = (ours.len() as u64, (index as u64).to_be_bytes());
    let proof = ours.inclusion(index).unwrap();
    let read = InclusionProof::try_from_bytes(bytes(&proof.path)).unwrap();
    root(&ours.root(), size).verify_inclusion(&leaf, index as u64, &read).unwrap();
    let given = Inclusion { index: index as u64, size, path: hashes(theirs.prove_inclusion(index).as_bytes()) };
    given.verify(&leaf_hash(&leaf), &ours.root()).unwrap();
    assert_eq!(given, proof);
}

#[test]
fn every_proof_between_small_sizes_is_believed_both_ways() {
    for new in 1..=130 {
        let (ours, theirs) = both(new);
        assert_eq!(theirs.root().as_bytes().as_slice(), ours.root().0);
        (1..=new).for_each(|old| agree_on_consistency(&ours, &theirs, old));
        (0..new).for_each(|index| agree_on_inclusion(&ours, &theirs, index));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn proofs_between_any_sizes_are_believed_both_ways(new in 1_usize..5000, old in 0.0..1.0_f64) {
        let (ours, theirs) = both(new);
        // Somewhere from 1 to `new`.
        let old = 1 + ((new - 1) as f64 * old) as usize;
        agree_on_consistency(&ours, &theirs, old);
        agree_on_inclusion(&ours, &theirs, old - 1);
    }
}
