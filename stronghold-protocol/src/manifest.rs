//! Manifests: the signed statement of exactly what a profile holds at a revision.
//!
//! Specified in `docs/protocol.md`, section 9.

use crate::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::{HeaderRef, ProfileLeaf},
    encoding::byte_type,
    id::{OrgId, ProfileId},
    limits, merkle,
    name::Name,
    number::{Epoch, Revision},
    secret::SecretLeaf,
    signed::{Payload, Signed, SignedRefusal, Verified},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

byte_type!(
    /// Commitment to a profile's master key of one epoch (32 bytes): it fixes the key and tells nothing of it.
    KeyCommitment,
    32
);

/// What a profile holds at a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The organization.
    pub org: OrgId,
    /// The profile.
    pub profile: ProfileId,
    /// The profile's name at this revision.
    pub name: Name,
    /// The revision.
    pub revision: Revision,
    /// Hash of the manifest before; none at revision 1.
    pub prev: Option<Hash>,
    /// The key generation under which the secrets are encrypted.
    pub epoch: Epoch,
    /// Commitment to that generation's master key.
    pub commitment: KeyCommitment,
    /// How many secrets there are.
    pub count: u64,
    /// RFC 6962 root over the [`SecretLeaf`]s, sorted by blind index.
    pub root: Hash,
    /// The newest directory header that the author knew, before the author's own statement if there is one.
    pub header: HeaderRef,
    /// When the author says it was written; shown to people, decides nothing.
    pub time: Timestamp,
}

impl Payload for Manifest {
    const TYPE: &'static str = "manifest.v1";
}

/// Why a manifest is not the head of its profile, or not of these secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestRefusal {
    /// The envelope did not verify.
    #[error("manifest: {0}")]
    Signed(#[from] SignedRefusal),
    /// It states something else than the directory does.
    #[error("manifest: it states another {0} than the directory")]
    OtherThanLeaf(&'static str),
    /// Its revision is not the vouched one and does not come after it.
    #[error("manifest: revision {revision} is older than revision {vouched}, which the directory vouches for")]
    Old {
        /// What the manifest states.
        revision: Revision,
        /// What the directory vouches for.
        vouched: Revision,
    },
    /// It does not follow the manifest before it.
    #[error("manifest: it does not follow the one before it")]
    NotNext,
    /// The secrets are not those it was signed for.
    #[error("manifest: the secrets are not those it was signed for")]
    OtherSecrets,
    /// It holds more than [`limits::SECRETS_PER_PROFILE`] secrets.
    #[error("manifest: a profile holds at most {} secrets", limits::SECRETS_PER_PROFILE)]
    TooManySecrets,
}

impl Manifest {
    /// Believes that `envelope` is a head of the profile that `leaf` speaks of: either the very manifest that the
    /// directory vouches for, or a newer one by a rightful signer (`roster_keys`, or a writer in the leaf).
    ///
    /// 1. the vouched manifest is known by its hash; 2. any other is signed by a rightful signer and comes after it;
    /// 3. both are of this organization, profile and name; 4. a newer one is of the leaf's epoch and commitment, the
    ///    vouched one of no later epoch.
    ///
    /// # Errors
    /// [`ManifestRefusal`], in the order of the steps.
    pub fn verify_head(
        envelope: &Signed,
        org: &OrgId,
        leaf: &ProfileLeaf,
        roster_keys: &[SigningPublicKey],
    ) -> Result<Verified<Self>, ManifestRefusal> {
        let vouched = leaf.vouched;
        // 1.
        let is_vouched = envelope.hash_as::<Self>() == vouched.manifest;
        let verified = if is_vouched {
            envelope.pinned::<Self>(&vouched.manifest.0)?
        } else {
            // 2.
            let mut rightful = roster_keys.to_vec();
            rightful.extend_from_slice(&leaf.writers);
            envelope.verify::<Self>(&rightful, 1)?
        };
        let said = verified.value();
        if !is_vouched && said.revision <= vouched.revision {
            return Err(ManifestRefusal::Old { revision: said.revision, vouched: vouched.revision });
        }
        if !is_vouched && said.revision == vouched.revision.next() && said.prev != Some(vouched.manifest) {
            return Err(ManifestRefusal::NotNext);
        }
        // 3.
        let other = ManifestRefusal::OtherThanLeaf;
        if said.org != *org {
            return Err(other("organization"));
        }
        if said.profile != leaf.id {
            return Err(other("profile"));
        }
        if said.name != leaf.name {
            return Err(other("name"));
        }
        // 4.
        if is_vouched && said.revision != vouched.revision {
            return Err(other("revision"));
        }
        if said.epoch > leaf.epoch || (!is_vouched && said.epoch != leaf.epoch) {
            return Err(other("epoch"));
        }
        if said.epoch == leaf.epoch && said.commitment != leaf.commitment {
            return Err(other("key commitment"));
        }
        if said.count > limits::SECRETS_PER_PROFILE as u64 {
            return Err(ManifestRefusal::TooManySecrets);
        }
        Ok(verified)
    }

    /// Checks that `leaves`, sorted by blind index, are all and exactly the secrets of this manifest.
    ///
    /// # Errors
    /// [`ManifestRefusal::OtherSecrets`] when the count, the order or the root differs.
    pub fn check_secrets(&self, leaves: &[SecretLeaf]) -> Result<(), ManifestRefusal> {
        let sorted = leaves.windows(2).all(|pair| matches!(pair, [a, b] if a.index < b.index));
        if !sorted || self.count != leaves.len() as u64 {
            return Err(ManifestRefusal::OtherSecrets);
        }
        let hashes: Vec<Hash> = leaves.iter().map(SecretLeaf::leaf_hash).collect();
        if merkle::root_of(&hashes) == self.root { Ok(()) } else { Err(ManifestRefusal::OtherSecrets) }
    }

    /// Checks that this manifest follows `before`: one revision later, naming its hash, of the same profile.
    ///
    /// # Errors
    /// [`ManifestRefusal::NotNext`] otherwise.
    pub fn check_follows(&self, before: &Verified<Self>) -> Result<(), ManifestRefusal> {
        let old = before.value();
        let follows = self.org == old.org
            && self.profile == old.profile
            && self.revision == old.revision.next()
            && self.prev == Some(before.hash())
            && self.epoch >= old.epoch;
        if follows { Ok(()) } else { Err(ManifestRefusal::NotNext) }
    }
}
