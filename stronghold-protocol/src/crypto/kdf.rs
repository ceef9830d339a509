//! HKDF-SHA256 and HMAC-SHA256.

use crate::crypto::hash::Hash;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// HKDF-SHA256 (RFC 5869) with an empty salt, extracted once, from which any number of keys are expanded.
#[derive(Clone)]
pub struct Kdf(Hkdf<Sha256>);

impl Kdf {
    /// Extracts from input key material, which must be uniformly random (32 bytes everywhere in this protocol).
    #[must_use]
    pub fn new(key_material: &[u8]) -> Self {
        Self(Hkdf::new(None, key_material))
    }

    /// Expands `N` bytes (at most 64 in this protocol) for a context.
    #[must_use]
    pub fn derive<const N: usize>(&self, context: impl AsRef<[u8]>) -> Zeroizing<[u8; N]> {
        const { assert!(N <= 255 * 32, "HKDF-SHA256 expands at most 255 blocks") };
        let mut output = Zeroizing::new([0; N]);
        // Expanding fails only above 255 blocks, which does not compile.
        let _ = self.0.expand(context.as_ref(), output.as_mut_slice());
        output
    }
}

impl std::fmt::Debug for Kdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kdf([REDACTED])")
    }
}

/// HMAC-SHA256 (RFC 2104) under one key, prepared once for any number of messages.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// Prepares a key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self::of_block(key)
    }

    /// Prepares a key of another protocol's length, at most 64 bytes; none when it is longer.
    #[must_use]
    pub fn of_bytes(key: &[u8]) -> Option<Self> {
        (key.len() <= 64).then(|| Self::of_block(key))
    }

    /// RFC 2104 pads a shorter key with zeros to the hash's block of 64 bytes.
    fn of_block(key: &[u8]) -> Self {
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(key).for_each(|(padded, byte)| *padded = *byte);
        Self(Hmac::<Sha256>::new((&*block).into()))
    }

    /// The code of `message`.
    #[must_use]
    pub fn mac(&self, message: &[u8]) -> Hash {
        let mut mac = self.0.clone();
        mac.update(message);
        Hash(mac.finalize().into_bytes().into())
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey([REDACTED])")
    }
}
