//! The cryptography that only clients have: what can open a secret.
//!
//! Suite 1: HPKE (RFC 9180, base mode) with X-Wing, HKDF-SHA256 and ChaCha20-Poly1305 for [`seal`]s;
//! XChaCha20-Poly1305 with key commitment for secrets at rest ([`aead`]); the client's half of OPAQUE (RFC 9807,
//! [`password`]); and how a seed becomes an [`identity`]. Nothing is negotiated: no function here takes an algorithm.
//! What both sides need is in [`stronghold_protocol::crypto`].

pub mod aead;
pub mod identity;
pub mod padme;
pub mod password;
pub mod seal;

use stronghold_protocol::crypto::random::RandomnessUnavailable;

/// A ciphertext did not open: wrong key, wrong context, or altered bytes. One error for all, so that it is no oracle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be opened: the key is another one, or the bytes were altered")]
pub struct OpenError;

/// Why nothing could be sealed or encrypted. None of it depends on the plaintext's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The recipient's public key is not one of the mechanism.
    #[error("the recipient's public key is invalid")]
    InvalidRecipient,
    /// The plaintext or its context is longer than the format can say.
    #[error("the plaintext or its context is too long")]
    TooLong,
    /// See [`RandomnessUnavailable`].
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}
