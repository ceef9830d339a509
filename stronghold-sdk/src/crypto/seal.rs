//! Sealing to a public key: HPKE in base mode with X-Wing. Specified in `docs/protocol.md`, section 8.
//!
//! ```text
//! KEM   X-Wing = ML-KEM-768 + X25519 (0x647a, draft-connolly-cfrg-xwing-kem, draft-ietf-hpke-pq)
//! KDF   HKDF-SHA256 (0x0001)
//! AEAD  ChaCha20-Poly1305 (0x0003), empty AAD: everything that binds is in `info`
//! sealed = enc (1120 bytes) | ciphertext (as long as the plaintext) | tag (16 bytes)
//! ```
//! X-Wing has no authenticated mode, so a seal proves nothing about who made it: whatever is opened is checked against
//! what owners and admins signed. The mode is a constant of this file.

use super::{OpenError, SealError};
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable,
    aead::ChaCha20Poly1305,
    hybrid_array::typenum::Unsigned,
    kdf::HkdfSha256,
    kem::XWing,
    rand_core::{TryCryptoRng, TryRng},
    setup_receiver, setup_sender_with_rng,
};
use std::{convert::Infallible, fmt};
use stronghold_protocol::crypto::{kem::KemPublicKey, random, random::RandomnessUnavailable};
use zeroize::{Zeroize, Zeroizing};

type PrivateKey = <XWing as Kem>::PrivateKey;
type PublicKey = <XWing as Kem>::PublicKey;
type EncappedKey = <XWing as Kem>::EncappedKey;

/// Length of the encapsulated key, in bytes.
pub const ENCAPSULATED_BYTES: usize = 1120;

/// How many bytes a seal is longer than what it holds.
pub const OVERHEAD_BYTES: usize = ENCAPSULATED_BYTES + 16;

/// Longest `info`, in bytes: HPKE asks for less than 2^16 together with its own labels.
const INFO_BYTES: usize = 32 * 1024;

/// Randomness of one encapsulation, in bytes: 32 for ML-KEM-768, 32 for X25519.
const ENCAPSULATION_RANDOMNESS_BYTES: usize = 64;

const _: () = assert!(<PrivateKey as Serializable>::OutputSize::USIZE == 32, "an X-Wing private key is its seed");
const _: () = assert!(<PublicKey as Serializable>::OutputSize::USIZE == KemPublicKey::LENGTH);
const _: () = assert!(<EncappedKey as Serializable>::OutputSize::USIZE == ENCAPSULATED_BYTES);

/// An X-Wing private key. It is wiped when dropped and hidden from `Debug`.
///
/// The mechanism's crate expands the seed anew at each opening, which is most of its cost; it offers no way to keep the
/// expansion.
#[derive(Clone)]
pub struct KemSecretKey {
    secret: PrivateKey,
    public: KemPublicKey,
}

impl KemSecretKey {
    /// The key of a 32-byte seed: an X-Wing private key *is* its seed (draft-connolly-cfrg-xwing-kem, section 5.2).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let Ok(secret) = PrivateKey::from_bytes(seed) else {
            unreachable!("32 bytes are always a private key: asserted at compile time above");
        };
        let Ok(public) = KemPublicKey::from_bytes(&XWing::sk_to_pk(&secret).to_bytes()) else {
            unreachable!("a public key has its own length: asserted at compile time above");
        };
        Self { secret, public }
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> KemPublicKey {
        self.public.clone()
    }
}

impl fmt::Debug for KemSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KemSecretKey({})", self.public.key_id())
    }
}

/// Seals `plaintext` to a public key, bound to `info`. Returns `enc | ciphertext | tag`.
///
/// `SealBase(pkR, info, aad = "", pt)` of RFC 9180, section 6.1.
///
/// # Errors
/// [`SealError::InvalidRecipient`] when the key is not a valid ML-KEM-768 key, [`SealError::TooLong`] for an `info` over
/// 32 KiB, [`SealError::Randomness`] when the operating system gives none.
pub fn seal(recipient: &KemPublicKey, info: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    if info.len() > INFO_BYTES {
        return Err(SealError::TooLong);
    }
    let recipient = PublicKey::from_bytes(recipient.as_bytes()).map_err(|_| SealError::InvalidRecipient)?;
    let mut randomness = Prefetched::new()?;
    let (encapsulated, mut context) =
        setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeS::Base, &recipient, info, &mut randomness)
            .map_err(|_| SealError::InvalidRecipient)?;
    randomness.check()?;
    let ciphertext = context.seal(plaintext, &[]).map_err(|_| SealError::TooLong)?;
    Ok([encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

/// Opens what was sealed to this key with the same `info`.
///
/// `OpenBase(enc, skR, info, aad = "", ct)` of RFC 9180, section 6.1.
///
/// # Errors
/// [`OpenError`] for whatever reason.
pub fn open(key: &KemSecretKey, info: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if info.len() > INFO_BYTES {
        return Err(OpenError);
    }
    let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED_BYTES).ok_or(OpenError)?;
    let encapsulated = EncappedKey::from_bytes(encapsulated).map_err(|_| OpenError)?;
    let mut context =
        setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(&OpModeR::Base, &key.secret, &encapsulated, info)
            .map_err(|_| OpenError)?;
    context.open(ciphertext, &[]).map(Zeroizing::new).map_err(|_| OpenError)
}

/// Exactly one encapsulation's randomness, fetched before: the trait that HPKE asks for has no way to report that the
/// operating system gives none, and its own generator would panic.
struct Prefetched {
    bytes: Zeroizing<[u8; ENCAPSULATION_RANDOMNESS_BYTES]>,
    used: usize,
    exhausted: bool,
}

impl Prefetched {
    fn new() -> Result<Self, RandomnessUnavailable> {
        Ok(Self { bytes: random::secret()?, used: 0, exhausted: false })
    }

    /// Refuses what was made if more was asked for than there was: those bytes were not random.
    const fn check(&self) -> Result<(), RandomnessUnavailable> {
        if self.exhausted { Err(RandomnessUnavailable) } else { Ok(()) }
    }
}

impl TryRng for Prefetched {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        let end = self.used.saturating_add(target.len());
        match self.bytes.get_mut(self.used..end) {
            Some(source) => {
                target.copy_from_slice(source);
                source.zeroize();
                self.used = end;
            }
            None => self.exhausted = true,
        }
        Ok(())
    }
}

impl TryCryptoRng for Prefetched {}
