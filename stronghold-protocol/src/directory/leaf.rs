//! What the directory says of one profile, in fixed bytes, and where that stands in the `state_root`.

use crate::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::Vouched,
    encoding::Context,
    id::ProfileId,
    manifest::KeyCommitment,
    merkle::{self, Inclusion, ProofRejected},
    name::Name,
    number::Epoch,
};
use serde::{Deserialize, Serialize};

/// What the directory says of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileLeaf {
    /// The profile's id.
    pub id: ProfileId,
    /// Its name.
    pub name: Name,
    /// Its key generation.
    pub epoch: Epoch,
    /// Commitment to that generation's master key.
    pub commitment: KeyCommitment,
    /// Signing keys of the editors who may write it, sorted.
    pub writers: Vec<SigningPublicKey>,
    /// The revision that the directory vouches for.
    pub vouched: Vouched,
}

impl ProfileLeaf {
    /// The leaf's hash in the `state_root` tree, over fixed bytes (`docs/protocol.md`, section 6).
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        let mut context = Context::new("profile-leaf")
            .field(self.id)
            .field(self.name.as_str())
            .number(self.epoch.get())
            .field(self.commitment)
            .number(self.writers.len() as u64);
        for writer in &self.writers {
            context = context.field(writer);
        }
        let context = context.number(self.vouched.revision.get()).field(self.vouched.manifest);
        merkle::leaf_hash(context.as_ref())
    }
}

/// A leaf with the proof that it stands in a header's `state_root`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LeafEntry {
    /// The leaf.
    pub leaf: ProfileLeaf,
    /// Its place among the leaves, sorted by profile id.
    pub proof: Inclusion,
}

impl LeafEntry {
    /// Checks that the leaf stands under `state_root`.
    ///
    /// # Errors
    /// [`ProofRejected`] otherwise.
    pub fn verify(&self, state_root: &Hash) -> Result<(), ProofRejected> {
        self.proof.verify(&self.leaf.leaf_hash(), state_root)
    }
}
