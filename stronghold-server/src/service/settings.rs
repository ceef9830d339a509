//! What a service is told at its start.

use crate::access::{Found, RateLimit, find_route};
use std::{sync::Arc, time::Duration};
use stronghold_protocol::{
    crypto::sign::{SigningKey, SigningPublicKey},
    request::{BasePath, Endpoint},
};

/// How a service behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What clients sign for when they come over a network: host and path of the public URLs.
    pub endpoints: Vec<Endpoint>,
    /// Limits that an operator may change.
    pub limits: Limits,
}

impl Settings {
    /// The paths before the protocol's own.
    #[must_use]
    pub fn bases(&self) -> Vec<BasePath> {
        self.endpoints.iter().map(|endpoint| endpoint.base.clone()).filter(|base| !base.as_str().is_empty()).collect()
    }

    /// The protocol's own path of a request, whether a proxy took a base path off it or not. What is signed is the path
    /// below a base either way, so this decides nothing but the route.
    pub(super) fn route_path<'p>(&self, method: &str, path: &'p str) -> &'p str {
        if !matches!(find_route(method, path), Found::Nothing) {
            return path;
        }
        self.endpoints.iter().find_map(|endpoint| endpoint.base.strip(path)).unwrap_or(path)
    }
}

/// Limits that an operator may change. Those of the protocol are in [`stronghold_protocol::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests of one address that are refused before their signature verifies, or are repeated.
    pub refused: RateLimit,
    /// Log-ins and set-ups of one address.
    pub login: RateLimit,
    /// Log-ins of one account: from each address that logged in to it before, and from all others together.
    pub account: RateLimit,
    /// Log-ins of all accounts, from addresses that logged in before, and as many from all others.
    pub all_logins: RateLimit,
    /// How long a request may take to arrive, with its body.
    pub arrival: Duration,
    /// Bytes of bodies that are held at once, from their arrival until they are answered. A quarter of them at most is of
    /// requests whose headers nobody judged.
    pub body_bytes: usize,
    /// Those of one address.
    pub body_bytes_per_address: usize,
    /// Ciphertexts of profiles that are kept in memory, in bytes.
    pub cache_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            refused: RateLimit { burst: 300, per_minute: 600 },
            login: RateLimit { burst: 60, per_minute: 60 },
            account: RateLimit { burst: 20, per_minute: 20 },
            all_logins: RateLimit { burst: 300, per_minute: 3000 },
            arrival: Duration::from_secs(60),
            body_bytes: 512 * 1024 * 1024,
            body_bytes_per_address: 128 * 1024 * 1024,
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
