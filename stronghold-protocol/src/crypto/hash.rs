//! SHA-256, and the hash by which signed objects are named.

use crate::encoding::{Context, byte_type, length_prefix};
use sha2::{Digest, Sha256};

byte_type!(
    /// A SHA-256 hash (32 bytes).
    Hash,
    32
);

impl Hash {
    /// All zero: the `prev` of the genesis statement.
    pub const ZERO: Self = Self([0; 32]);
}

/// SHA-256 of the concatenation of `parts` (FIPS 180-4). The caller makes the parts unambiguous.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// SHA-256 of what comes piece by piece: of a file, for example.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces.
    #[must_use]
    pub fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

/// SHA-256 of a context with these fields, without a copy of them: ciphertexts can be large, and many.
#[must_use]
pub fn context_hash(purpose: &str, fields: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(Context::new(purpose).as_ref());
    for field in fields {
        hasher.update(length_prefix(field.len()));
        hasher.update(field);
    }
    Hash(hasher.finalize().into())
}

/// The hash that names a signed object: SHA-256 over label, type and payload, never over signatures.
///
/// `object_type` carries its version, for example `header.v1`.
#[must_use]
pub fn object_hash(object_type: &str, payload: &[u8]) -> Hash {
    let context = Context::new("object-hash").field(object_type).field(payload);
    sha256(&[context.as_ref()])
}
