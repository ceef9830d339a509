//! What a service is told at its start.

use crate::access::RateLimit;
use std::{sync::Arc, time::Duration};
use stronghold_protocol::{
    crypto::sign::{SigningKey, SigningPublicKey},
    request::Authority,
};

/// How a service behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The hosts that clients sign for when they come over a network: those of the public URLs.
    pub authorities: Vec<Authority>,
    /// Limits that an operator may change.
    pub limits: Limits,
}

/// Limits that an operator may change. Those of the protocol are in [`stronghold_protocol::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one address that are refused before their signature verifies, or are repeated.
    pub refused: RateLimit,
    /// Log-ins and set-ups of one address.
    pub login: RateLimit,
    /// Log-ins of one account.
    pub account: RateLimit,
    /// How long a request may take to arrive, with its body.
    pub arrival: Duration,
    /// Ciphertexts of profiles that are kept in memory, in bytes.
    pub cache_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            refused: RateLimit { burst: 300, per_minute: 600 },
            login: RateLimit { burst: 60, per_minute: 60 },
            account: RateLimit { burst: 20, per_minute: 20 },
            arrival: Duration::from_secs(60),
            cache_bytes: 128 * 1024 * 1024,
        }
    }
}

/// Keys that come from the server's configuration, never from its database.
#[derive(Clone)]
pub struct ServiceKeys {
    checkpoint: Arc<SigningKey>,
}

impl ServiceKeys {
    /// Keys from the 32-byte seed of the key that signs audit checkpoints.
    #[must_use]
    pub fn from_checkpoint_seed(seed: &[u8; 32]) -> Self {
        Self { checkpoint: Arc::new(SigningKey::from_seed(seed)) }
    }

    /// The key that signs audit checkpoints.
    pub(super) fn checkpoint(&self) -> &SigningKey {
        &self.checkpoint
    }

    /// The public half of the key that signs audit checkpoints: what a new organization's directory must name.
    #[must_use]
    pub fn checkpoint_public_key(&self) -> SigningPublicKey {
        self.checkpoint.public_key()
    }
}

impl std::fmt::Debug for ServiceKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ServiceKeys({})", self.checkpoint_public_key())
    }
}
