//! Some of a profile's secrets, with proofs that they are there, or are not.

use super::{EvidenceRefusal, VerifiedProfile};
use crate::{
    crypto::hash::Hash,
    manifest::Manifest,
    merkle::{Inclusion, ProofRejected},
    secret::{BlindIndex, SealedSecret, SecretLeaf},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A secret with its proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PresentSecret {
    /// The secret.
    pub secret: SealedSecret,
    /// Its place in the manifest's tree.
    pub proof: Inclusion,
}

/// A leaf with its proof, the secret itself withheld: it shows that nothing stands beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProvenLeaf {
    /// The leaf.
    pub leaf: SecretLeaf,
    /// Its place in the manifest's tree.
    pub proof: Inclusion,
}

/// The part of a reply that answers for some blind indexes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PartialEvidence {
    /// The secrets that are there.
    pub present: Vec<PresentSecret>,
    /// Leaves on both sides of each index that is not there.
    pub neighbours: Vec<ProvenLeaf>,
}

/// Some secrets that are proven to be the profile's, and the indexes that are proven to be absent.
#[derive(Clone, Debug)]
pub struct VerifiedPart {
    /// The secrets, in no particular order.
    pub present: Vec<SealedSecret>,
    /// The indexes that the profile does not hold.
    pub absent: Vec<BlindIndex>,
}

impl PartialEvidence {
    /// Verifies that this answers for every index in `asked`, and for nothing else.
    ///
    /// # Errors
    /// [`EvidenceRefusal::Proof`] when a proof fails; [`EvidenceRefusal::Incomplete`] when an index is neither shown nor
    /// proven absent, or a secret was not asked for.
    pub fn verify(self, profile: &VerifiedProfile, asked: &[BlindIndex]) -> Result<VerifiedPart, EvidenceRefusal> {
        let manifest = profile.manifest().value();
        let asked: BTreeSet<BlindIndex> = asked.iter().copied().collect();
        let mut shown = BTreeSet::new();
        for entry in &self.present {
            check(manifest, &entry.secret.leaf(), &entry.proof)?;
            if !asked.contains(&entry.secret.index) || !shown.insert(entry.secret.index) {
                return Err(EvidenceRefusal::Incomplete);
            }
        }
        for entry in &self.neighbours {
            check(manifest, &entry.leaf, &entry.proof)?;
        }
        let absent: Vec<BlindIndex> = asked.difference(&shown).copied().collect();
        if absent.iter().all(|index| self.proves_absent(manifest, index)) {
            let present = self.present.into_iter().map(|entry| entry.secret).collect();
            Ok(VerifiedPart { present, absent })
        } else {
            Err(EvidenceRefusal::Incomplete)
        }
    }

    /// Whether two adjacent leaves, or the first or last one, leave no room for `index`.
    fn proves_absent(&self, manifest: &Manifest, index: &BlindIndex) -> bool {
        if manifest.count == 0 {
            return true;
        }
        let before = self.neighbours.iter().filter(|entry| entry.leaf.index < *index).max_by_key(|e| e.proof.index);
        let after = self.neighbours.iter().filter(|entry| entry.leaf.index > *index).min_by_key(|e| e.proof.index);
        match (before, after) {
            (Some(before), Some(after)) => before.proof.index + 1 == after.proof.index,
            (None, Some(first)) => first.proof.index == 0,
            (Some(last), None) => last.proof.index + 1 == manifest.count,
            (None, None) => false,
        }
    }
}

fn check(manifest: &Manifest, leaf: &SecretLeaf, proof: &Inclusion) -> Result<(), EvidenceRefusal> {
    let hash: Hash = leaf.leaf_hash();
    let sized = if proof.size == manifest.count { Ok(()) } else { Err(ProofRejected) };
    sized
        .and_then(|()| proof.verify(&hash, &manifest.root))
        .map_err(|source| EvidenceRefusal::Proof { what: "a secret is not in the manifest", source })
}
