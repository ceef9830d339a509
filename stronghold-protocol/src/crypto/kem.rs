//! Public keys of the key encapsulation mechanism (X-Wing). Encapsulating and opening is the client's.

use crate::{
    crypto::sign::{KeyId, SigningPublicKey, key_id},
    encoding::{InvalidBytes, base64url},
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, sync::Arc};

/// An X-Wing public key: 1216 bytes, ML-KEM-768's 1184 and X25519's 32 (draft-connolly-cfrg-xwing-kem). Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KemPublicKey(Arc<[u8]>);

impl KemPublicKey {
    /// Length in bytes.
    pub const LENGTH: usize = 1216;

    /// Wraps the bytes of a public key. Whether they are a key of the mechanism shows when something is sealed to it.
    ///
    /// # Errors
    /// [`InvalidBytes`] when there are not exactly 1216.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidBytes> {
        if bytes.len() == Self::LENGTH { Ok(Self(bytes.into())) } else { Err(InvalidBytes { expected: Self::LENGTH }) }
    }

    /// The raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id of this key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        key_id(&self.0)
    }
}

impl fmt::Debug for KemPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemPublicKey({})", self.key_id())
    }
}

impl Serialize for KemPublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url(&self.0))
    }
}

impl<'de> Deserialize<'de> for KemPublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let invalid = InvalidBytes { expected: Self::LENGTH };
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| de::Error::custom(invalid))?;
        Self::from_bytes(&bytes).map_err(de::Error::custom)
    }
}

/// The public halves of an identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PublicKeys {
    /// Verifies its signatures.
    pub sign: SigningPublicKey,
    /// Seals to it.
    pub kem: KemPublicKey,
}
