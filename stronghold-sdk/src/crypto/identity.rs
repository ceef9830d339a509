//! An identity: the keys that come of one 32-byte seed. Specified in `docs/protocol.md`, section 16.
//!
//! ```text
//! signing seed = HKDF-SHA256(seed, "stronghold/v1/identity/sign", 32)   -> Ed25519
//! KEM seed     = HKDF-SHA256(seed, "stronghold/v1/identity/kem", 32)    -> X-Wing
//! ```

use super::seal::KemSecretKey;
use std::fmt;
use stronghold_protocol::{
    crypto::{kdf::Kdf, kem::PublicKeys, sign::SigningKey},
    encoding::Context,
};

/// The signing and the KEM key of a principal, a recovery kit or an invitation. Hidden from `Debug`.
pub struct Identity {
    sign: SigningKey,
    kem: KemSecretKey,
}

impl Identity {
    /// The identity of a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let kdf = Kdf::new(seed);
        Self {
            sign: SigningKey::from_seed(&kdf.derive(Context::new("identity/sign"))),
            kem: KemSecretKey::from_seed(&kdf.derive(Context::new("identity/kem"))),
        }
    }

    /// Signs.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.sign
    }

    /// Opens what is sealed to this identity.
    #[must_use]
    pub const fn kem_key(&self) -> &KemSecretKey {
        &self.kem
    }

    /// The public halves, for the directory.
    #[must_use]
    pub fn public_keys(&self) -> PublicKeys {
        PublicKeys { sign: self.sign.public_key(), kem: self.kem.public_key() }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.sign.public_key().key_id())
    }
}
