//! No byte of the evidence, and no part of a proof, can be changed, dropped or exchanged.

use crate::{
    directory_world::{PRODUCTION, name, profile, sealed_secret},
    evidence::full,
    evidence_world::{Client, Shown},
};
use proptest::prelude::*;
use std::mem::swap;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::ProfileLeaf,
    evidence::{ChainEvidence, ProfileEvidence},
    merkle::Inclusion,
    secret::SealedSecret,
    signed::Signed,
};

fn is_refused(client: &Client, shown: &Shown) -> bool {
    client.check(shown, "production").is_err()
}

/// Every signed object, in the order of the checks.
fn signed_parts(shown: &mut Shown) -> Vec<&mut Signed> {
    let ChainEvidence { anchor, rosters, head, .. } = &mut shown.chain;
    let ProfileEvidence { manifest, .. } = &mut shown.profile;
    std::iter::once(anchor).chain(rosters).chain([head, manifest]).collect()
}

const SIGNED_PARTS: usize = 6;

/// The anchor and its roster are trusted by their hashes; the others by who signed them.
const PINNED_PARTS: usize = 2;

/// Every proof.
fn proofs(shown: &mut Shown) -> [&mut Inclusion; 4] {
    [
        shown.chain.anchor_proof.as_mut().unwrap(),
        shown.chain.remembered_proof.as_mut().unwrap(),
        &mut shown.profile.leaf.proof,
        shown.profile.header_proof.as_mut().unwrap(),
    ]
}

/// The profile's, among them.
const LEAF_PROOF: usize = 2;

#[test]
fn no_bit_of_a_signature_can_change() {
    let (_, client, good) = full();
    for part in PINNED_PARTS..SIGNED_PARTS {
        for byte in 0..64 {
            let mut shown = good.clone();
            signed_parts(&mut shown)[part].signatures[0].signature.0[byte] ^= 1 << (byte % 8);
            assert!(is_refused(client, &shown), "byte {byte} of the signature of part {part}");
        }
        for byte in 0..32 {
            let mut shown = good.clone();
            signed_parts(&mut shown)[part].signatures[0].key.0[byte] ^= 1 << (byte % 8);
            assert!(is_refused(client, &shown), "byte {byte} of the key id of part {part}");
        }
        let mut shown = good.clone();
        signed_parts(&mut shown)[part].signatures.clear();
        assert!(is_refused(client, &shown), "part {part} without a signature");
    }
}

/// A true object in the place of another: of the same type or not, it is not believed there.
#[test]
fn no_signed_object_stands_in_for_another() {
    let (_, client, good) = full();
    let parts: Vec<Signed> = signed_parts(&mut good.clone()).into_iter().map(|part| part.clone()).collect();
    assert_eq!(parts.len(), SIGNED_PARTS);
    for place in 0..SIGNED_PARTS {
        for (other, object) in parts.iter().enumerate().filter(|(other, _)| *other != place) {
            let mut shown = good.clone();
            *signed_parts(&mut shown)[place] = object.clone();
            assert!(is_refused(client, &shown), "part {other} in the place of part {place}");
        }
    }
    for from in 0..3 {
        let mut shown = good.clone();
        shown.chain.rosters.remove(from);
        assert!(is_refused(client, &shown), "roster {from} left out");
        let mut shown = good.clone();
        let again = shown.chain.rosters[from].clone();
        shown.chain.rosters.insert(from, again);
        assert!(is_refused(client, &shown), "roster {from} twice");
    }
}

#[test]
fn no_part_of_a_proof_can_change() {
    let (_, client, good) = full();
    let bends: [fn(&mut Inclusion); 10] = [
        |proof| proof.index += 1,
        |proof| proof.index = proof.index.wrapping_sub(1),
        |proof| proof.size += 1,
        |proof| proof.size -= 1,
        |proof| (proof.index, proof.size) = (proof.index + 1, proof.size + 1),
        |proof| (proof.index, proof.size) = (u64::MAX, u64::MAX),
        |proof| proof.path.clear(),
        |proof| proof.path.push(Hash([0; 32])),
        |proof| proof.path.insert(0, Hash([0; 32])),
        |proof| {
            proof.path.pop();
        },
    ];
    for part in 0..4 {
        for (number, bend) in bends.iter().enumerate() {
            let mut shown = good.clone();
            bend(proofs(&mut shown)[part]);
            // How many profiles there are is not signed: another number that gives the same path proves the same.
            let same_path = part == LEAF_PROOF && number == 2;
            assert!(same_path || is_refused(client, &shown), "bend {number} of proof {part}");
        }
        let siblings = proofs(&mut good.clone())[part].path.len();
        for at in 0..siblings {
            for byte in 0..32 {
                let mut shown = good.clone();
                proofs(&mut shown)[part].path[at].0[byte] ^= 1 << (byte % 8);
                assert!(is_refused(client, &shown), "byte {byte} of sibling {at} of proof {part}");
            }
            let mut shown = good.clone();
            proofs(&mut shown)[part].path.remove(at);
            assert!(is_refused(client, &shown), "sibling {at} of proof {part} left out");
        }
        for other in 0..part {
            let mut shown = good.clone();
            let [a, b, c, d] = proofs(&mut shown);
            let mut all = [a, b, c, d];
            let (left, right) = all.split_at_mut(part);
            swap(left[other], right[0]);
            assert!(is_refused(client, &shown), "proofs {other} and {part} exchanged");
        }
    }
}

#[test]
fn no_field_of_a_leaf_can_change() {
    let (_, client, good) = full();
    let refuses = |what: &str, bend: &dyn Fn(&mut ProfileLeaf)| {
        let mut shown = good.clone();
        bend(&mut shown.profile.leaf.leaf);
        assert_ne!(shown.profile.leaf, good.profile.leaf);
        assert!(is_refused(client, &shown), "{what}");
    };
    refuses("id", &|leaf| leaf.id = profile(PRODUCTION + 1));
    refuses("name", &|leaf| leaf.name = name("Production"));
    refuses("epoch", &|leaf| leaf.epoch = leaf.epoch.next());
    refuses("no writer", &|leaf| leaf.writers.clear());
    refuses("a writer twice", &|leaf| leaf.writers.push(leaf.writers[0]));
    refuses("vouched revision", &|leaf| leaf.vouched.revision = leaf.vouched.revision.next());
    for byte in 0..32 {
        refuses("commitment", &|leaf| leaf.commitment.0[byte] ^= 1 << (byte % 8));
        refuses("vouched manifest", &|leaf| leaf.vouched.manifest.0[byte] ^= 1 << (byte % 8));
    }
}

#[test]
fn no_byte_of_a_secret_can_change() {
    let (_, client, good) = full();
    let (_, read) = client.check(good, "production").unwrap();
    let secret = sealed_secret(1, 1);
    read.check_secrets(std::slice::from_ref(&secret)).unwrap();
    let text = serde_json::to_string(&secret).unwrap();
    let mut parsed = 0;
    for at in 0..text.len() {
        assert!(serde_json::from_str::<SealedSecret>(&text[..at]).is_err(), "cut at {at}");
        for byte in b' '..=b'~' {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = byte;
            // What says the same is the same: no other secret is.
            if let Ok(other) = serde_json::from_slice::<SealedSecret>(&bytes)
                && other != secret
            {
                parsed += 1;
                assert!(read.check_secrets(&[other]).is_err(), "{byte} at {at}");
            }
        }
    }
    assert!(parsed > 1000, "hardly anything was tried");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// A bit of any signed payload, wherever it is, or its end.
    #[test]
    fn no_byte_of_a_payload_can_change(
        part in 0..SIGNED_PARTS,
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
        cut in any::<bool>(),
    ) {
        let (_, client, good) = full();
        let mut shown = good.clone();
        let payload = &mut signed_parts(&mut shown)[part].payload.0;
        let at = at.index(payload.len());
        if cut {
            payload.truncate(at);
        } else {
            payload[at] ^= 1 << bit;
        }
        prop_assert!(is_refused(client, &shown));
    }

    /// A byte of the reply as it travels: it does not parse, is refused, or says nothing else than before. Of what is
    /// trusted by its hash, the signatures are not looked at; and how many profiles there are is not signed.
    #[test]
    fn no_byte_of_the_reply_can_change(at in any::<prop::sample::Index>(), byte in b' '..=b'~', cut in any::<bool>()) {
        let (_, client, good) = full();
        let mut bytes = serde_json::to_vec(&(&good.chain, &good.profile)).unwrap();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] = byte;
        }
        if let Ok((chain, profile)) = serde_json::from_slice(&bytes) {
            let mut shown = Shown { chain, profile };
            if !is_refused(client, &shown) {
                let originals: Vec<Signed> = signed_parts(&mut good.clone()).into_iter().map(|part| part.clone()).collect();
                for (part, original) in signed_parts(&mut shown).into_iter().zip(originals).take(PINNED_PARTS) {
                    part.signatures = original.signatures;
                }
                shown.profile.leaf.proof.size = good.profile.leaf.proof.size;
                prop_assert_eq!(shown.chain, good.chain.clone());
                prop_assert_eq!(shown.profile, good.profile.clone());
            }
        }
    }
}
