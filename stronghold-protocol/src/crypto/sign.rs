//! Ed25519 signatures (RFC 8032), verified strictly.

use crate::{
    crypto::hash::{Hash, sha256},
    encoding::{Context, byte_type},
};
use ed25519_dalek::{Signer, VerifyingKey};

byte_type!(
    /// An Ed25519 public key (32 bytes).
    SigningPublicKey,
    32
);
byte_type!(
    /// An Ed25519 signature (64 bytes).
    Signature,
    64
);
byte_type!(
    /// Names a public key: the hash of its bytes (32 bytes). It is the `keyid` of requests and signatures.
    KeyId,
    32
);

/// A signature did not verify, or its key is not a valid, strong point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureRejected;

impl SigningPublicKey {
    /// The id of this key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        key_id(&self.0)
    }

    /// Verifies `signature` over `message`, strictly: canonical encodings, no small-order keys or points.
    ///
    /// # Errors
    /// [`SignatureRejected`], for whatever reason: callers learn nothing more.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureRejected> {
        let key = VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureRejected)?;
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(message, &signature).map_err(|_| SignatureRejected)
    }
}

/// The id of any public key, signing or KEM: SHA-256 over a label and the key's bytes.
#[must_use]
pub fn key_id(public_key: &[u8]) -> KeyId {
    let Hash(bytes) = sha256(&[Context::new("key-id").field(public_key).as_ref()]);
    KeyId(bytes)
}

/// An Ed25519 signing key. It is wiped when dropped and hidden from `Debug`.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key of a 32-byte seed (RFC 8032, section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> SigningPublicKey {
        SigningPublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `message`; deterministic.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({})", self.public_key().key_id())
    }
}
