//! Sealed keys: what is sealed to whom, and the context that each seal is bound to.
//!
//! A seal is HPKE ciphertext made for one recipient key. Only clients make and open it; this module says which object
//! it belongs to. Specified in `docs/protocol.md`, section 8.

use crate::{
    crypto::{kem::KemPublicKey, sign::KeyId},
    encoding::{Base64Bytes, Context},
    id::{GroupId, OrgId, ProfileId},
    number::Epoch,
};
use serde::{Deserialize, Serialize};

/// What is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum SealedObject {
    /// The 32-byte seed of a group's key.
    GroupSeed(GroupId),
    /// The 32-byte master key of a profile.
    ProfileKey(ProfileId),
    /// The 32-byte key that opens a profile's earlier master keys.
    HistoryKey(ProfileId),
}

impl SealedObject {
    /// `group_seed`, `profile_key` or `history_key`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::GroupSeed(_) => "group_seed",
            Self::ProfileKey(_) => "profile_key",
            Self::HistoryKey(_) => "history_key",
        }
    }

    /// The 16 bytes of the group's or profile's id.
    #[must_use]
    pub const fn id_bytes(&self) -> &[u8; 16] {
        match self {
            Self::GroupSeed(id) => id.as_bytes(),
            Self::ProfileKey(id) | Self::HistoryKey(id) => id.as_bytes(),
        }
    }
}

/// Which seal: the object, its epoch and the recipient's key. A server stores at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SealId {
    /// What is sealed.
    pub object: SealedObject,
    /// Of which key generation.
    pub epoch: Epoch,
    /// Id of the KEM key that opens it.
    pub recipient: KeyId,
}

impl SealId {
    /// The HPKE `info` that binds a seal to its place: label, organization, object, epoch, recipient key.
    ///
    /// HPKE's base mode does not authenticate a sender, so none is named.
    #[must_use]
    pub fn info(&self, org: &OrgId) -> Vec<u8> {
        Context::new("seal")
            .field(self.object.kind())
            .field(org)
            .field(self.object.id_bytes())
            .number(self.epoch.get())
            .field(self.recipient)
            .finish()
    }
}

/// A sealed key as it is stored and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// Which seal.
    pub id: SealId,
    /// HPKE encapsulated key, then ciphertext.
    pub sealed: Base64Bytes,
}

/// A seal that a statement makes necessary: which one, and the recipient's whole key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedSeal {
    /// Which seal.
    pub id: SealId,
    /// The key to seal to.
    pub to: KemPublicKey,
}

/// The encrypted keys of the epoch before: `history key | master key` of epoch n-1 under the history key of epoch n.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyHistory {
    /// Whose earlier keys.
    pub profile: ProfileId,
    /// The epoch whose history key opens this.
    pub epoch: Epoch,
    /// XChaCha20-Poly1305 with key commitment, in the context of [`key_history_context`].
    pub sealed: Base64Bytes,
}

/// Context of a [`KeyHistory`].
#[must_use]
pub fn key_history_context(org: &OrgId, profile: &ProfileId, epoch: Epoch) -> Vec<u8> {
    Context::new("key-history").field(org).field(profile).number(epoch.get()).finish()
}
