//! The digest of a body: `Content-Digest` (RFC 9530) with SHA-256 and nothing else.

use crate::{
    crypto::hash::{Hash, sha256},
    encoding::InvalidBytes,
};
use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

const PREFIX: &str = "sha-256=:";
const SUFFIX: &str = ":";

/// A body is not the one that was signed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not the one that was signed for")]
pub struct BodyRefused;

/// The SHA-256 digest of a body. Its text is the header's value, `sha-256=:BASE64:`, in its only accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentDigest(Hash);

impl ContentDigest {
    /// The digest of a body.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(sha256(&[body]))
    }

    /// Checks that this is the digest of `body`.
    ///
    /// # Errors
    /// [`BodyRefused`] otherwise.
    pub fn verify(&self, body: &[u8]) -> Result<(), BodyRefused> {
        if Self::of(body) == *self { Ok(()) } else { Err(BodyRefused) }
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}{SUFFIX}", BASE64.encode(&self.0.0))
    }
}

impl FromStr for ContentDigest {
    type Err = InvalidBytes;

    fn from_str(text: &str) -> Result<Self, InvalidBytes> {
        // One algorithm and one spelling: as a structured field it could be written in several ways, which nobody needs.
        let digest = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        digest
            .and_then(|digest| BASE64.decode(digest.as_bytes()).ok())
            .and_then(|bytes| bytes.try_into().ok())
            .map(|bytes| Self(Hash(bytes)))
            .ok_or(InvalidBytes { expected: Hash::LENGTH })
    }
}

impl Serialize for ContentDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("expected a SHA-256 content digest"))
    }
}
