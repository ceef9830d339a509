//! Encrypted secrets: their place in a manifest, and the contexts that bind each ciphertext to its place.
//!
//! Specified in `docs/protocol.md`, section 10. Encrypting and opening is the client's (`stronghold_sdk::open`).

use crate::{
    crypto::hash::{Hash, context_hash},
    encoding::{Base64Bytes, Context, byte_type},
    id::{OrgId, ProfileId, SecretId},
    merkle,
    number::{Epoch, Version},
};
use serde::{Deserialize, Serialize};

byte_type!(
    /// A secret's name as the server sees it: HMAC-SHA256 under a key of the profile's epoch (32 bytes).
    BlindIndex,
    32
);

/// The two ciphertexts of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Name, note, kind and time.
    Meta,
    /// The value.
    Value,
}

impl Part {
    /// `meta` or `value`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Value => "value",
        }
    }
}

/// A secret as it is stored and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SealedSecret {
    /// Blind index of its name.
    pub index: BlindIndex,
    /// Its id, the same over all versions and epochs.
    pub id: SecretId,
    /// Its version.
    pub version: Version,
    /// Ciphertext of name, note, kind and time.
    pub meta: Base64Bytes,
    /// Ciphertext of the value.
    pub value: Base64Bytes,
}

impl SealedSecret {
    /// How many bytes its ciphertexts have, of what a profile may hold ([`crate::limits::PROFILE_SEALED_BYTES`]).
    #[must_use]
    pub const fn sealed_bytes(&self) -> usize {
        self.meta.0.len() + self.value.0.len()
    }

    /// Its leaf in the manifest.
    #[must_use]
    pub fn leaf(&self) -> SecretLeaf {
        SecretLeaf {
            index: self.index,
            id: self.id,
            version: self.version,
            ciphertexts: context_hash("secret-ciphertexts", &[&self.meta.0, &self.value.0]),
        }
    }
}

/// What a manifest commits to for one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecretLeaf {
    /// Blind index of its name; leaves are sorted by it.
    pub index: BlindIndex,
    /// Its id.
    pub id: SecretId,
    /// Its version.
    pub version: Version,
    /// SHA-256 over both length-prefixed ciphertexts.
    pub ciphertexts: Hash,
}

impl SecretLeaf {
    /// The RFC 6962 leaf hash over fixed bytes (`docs/protocol.md`, section 9).
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        let leaf = Context::new("secret-leaf")
            .field(self.index)
            .field(self.id)
            .number(self.version.get())
            .field(self.ciphertexts);
        merkle::leaf_hash(leaf.as_ref())
    }
}

/// Where a ciphertext belongs: KDF info and associated data of one part of one version of a secret.
#[must_use]
pub fn secret_context(
    org: &OrgId,
    profile: &ProfileId,
    epoch: Epoch,
    secret: &SecretId,
    version: Version,
    part: Part,
) -> Vec<u8> {
    Context::new("secret")
        .field(org)
        .field(profile)
        .number(epoch.get())
        .field(secret)
        .number(version.get())
        .field(part.as_str())
        .finish()
}

/// KDF info of the key under which a profile's epoch indexes names.
#[must_use]
pub fn index_context(org: &OrgId, profile: &ProfileId, epoch: Epoch) -> Vec<u8> {
    Context::new("index").field(org).field(profile).number(epoch.get()).field("index").finish()
}

/// KDF info of the commitment to a profile's master key of an epoch.
#[must_use]
pub fn commitment_context(org: &OrgId, profile: &ProfileId, epoch: Epoch) -> Vec<u8> {
    Context::new("key-commitment").field(org).field(profile).number(epoch.get()).finish()
}
