//! The cryptography that both sides need: one suite, nothing negotiated.
//!
//! Suite 1: SHA-256, HKDF-SHA256 (RFC 5869), HMAC-SHA256 (RFC 2104), Ed25519 with strict verification (RFC 8032), and
//! OPAQUE (RFC 9807) over ristretto255 and SHA-512 with Argon2id (RFC 9106). What can open a secret (HPKE with X-Wing,
//! XChaCha20-Poly1305) is in `stronghold_sdk::crypto`: these two modules are the only places that name an algorithm.

pub mod hash;
pub mod kdf;
pub mod kem;
pub mod password;
pub mod random;
pub mod sign;

/// The number of the only suite, named in tokens and rosters.
pub const SUITE: u16 = 1;
