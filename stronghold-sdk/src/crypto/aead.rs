//! Secrets at rest: XChaCha20-Poly1305 with a key commitment. Specified in `docs/protocol.md`, section 10.
//!
//! ```text
//! key (32) | commitment (32) = HKDF-SHA256-Expand(kdf, context, 64)
//! frame  = length of the plaintext (u32, big-endian) | plaintext | zeros up to the PADMÉ length
//! sealed = commitment (32) | nonce (24, random) | XChaCha20-Poly1305(key, nonce, aad = context, frame) | tag (16)
//! ```
//! `XChaCha20-Poly1305` alone lets whoever knows two keys make one ciphertext that opens under both. The commitment ends
//! that: it is a hash of the key material and the context, checked first. The key depends on the context too, so
//! the associated data is a second, independent binding rather than the only one.

use super::{OpenError, SealError, padme::padded_length};
use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use stronghold_protocol::crypto::{kdf::Kdf, random};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const COMMITMENT_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;
const LENGTH_BYTES: usize = 4;

/// How many bytes a ciphertext is longer than its padded frame: commitment, nonce and tag.
pub const OVERHEAD_BYTES: usize = COMMITMENT_BYTES + NONCE_BYTES + TAG_BYTES;

/// Encrypts `plaintext` for a context, under the key that `kdf` expands for that context.
///
/// The context must name what is encrypted so that no two plaintexts share it, except for successive versions of
/// the same thing: nonces are random and 24 bytes long, so a shared key is safe.
///
/// # Errors
/// [`SealError::TooLong`] above 4 GiB, [`SealError::Randomness`] when the operating system gives none.
pub fn seal(kdf: &Kdf, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let length = u32::try_from(plaintext.len()).map_err(|_| SealError::TooLong)?;
    let frame_bytes = padded_length(LENGTH_BYTES.saturating_add(plaintext.len()));
    let keys = Keys::derive(kdf, context);
    let nonce = random::array::<NONCE_BYTES>()?;

    // Reserved whole, so that no copy of the plaintext is left behind by growth; encryption overwrites it in place.
    let mut sealed = Vec::with_capacity(OVERHEAD_BYTES.saturating_add(frame_bytes));
    sealed.extend_from_slice(keys.commitment());
    sealed.extend_from_slice(&nonce);
    let head = sealed.len();
    sealed.extend_from_slice(&length.to_be_bytes());
    sealed.extend_from_slice(plaintext);
    sealed.resize(head + frame_bytes, 0);
    let (_, frame) = sealed.split_at_mut(head);
    let tag = keys
        .cipher()
        .encrypt_inout_detached(&XNonce::from(nonce), context, frame.into())
        .map_err(|_| SealError::TooLong)?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what was encrypted for the same context under the same `kdf`.
///
/// 1. the commitment, in constant time; 2. the tag; 3. the frame: its length fits, its padding is zero and of the one
///    length that it must have.
///
/// # Errors
/// [`OpenError`] for whatever reason.
pub fn open(kdf: &Kdf, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (commitment, rest) = sealed.split_first_chunk::<COMMITMENT_BYTES>().ok_or(OpenError)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG_BYTES>().ok_or(OpenError)?;
    let keys = Keys::derive(kdf, context);
    // 1.
    if !bool::from(keys.commitment().ct_eq(commitment)) {
        return Err(OpenError);
    }
    // 2.
    let mut frame = Zeroizing::new(ciphertext.to_vec());
    keys.cipher()
        .decrypt_inout_detached(&XNonce::from(*nonce), context, frame.as_mut_slice().into(), &Tag::from(*tag))
        .map_err(|_| OpenError)?;
    // 3.
    let length = plaintext_length(&frame).ok_or(OpenError)?;
    frame.copy_within(LENGTH_BYTES..LENGTH_BYTES + length, 0);
    frame.truncate(length);
    Ok(frame)
}

/// The length that a frame states, if the rest of it is as it must be.
fn plaintext_length(frame: &[u8]) -> Option<usize> {
    let (length, rest) = frame.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (_, padding) = rest.split_at_checked(length)?;
    let canonical = frame.len() == padded_length(LENGTH_BYTES + length) && padding.iter().all(|byte| *byte == 0);
    canonical.then_some(length)
}

/// The key of one context, and the commitment to it.
struct Keys(Zeroizing<[u8; 64]>);

impl Keys {
    fn derive(kdf: &Kdf, context: &[u8]) -> Self {
        Self(kdf.derive::<64>(context))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let (key, _) = self.halves();
        XChaCha20Poly1305::new(key.into())
    }

    fn commitment(&self) -> &[u8; 32] {
        self.halves().1
    }

    fn halves(&self) -> (&[u8; 32], &[u8; 32]) {
        match self.0.as_chunks() {
            ([key, commitment], []) => (key, commitment),
            _ => unreachable!("64 bytes are two halves of 32"),
        }
    }
}
