//! Signed objects: bytes that are parsed only after they are known to be somebody's.
//!
//! An envelope is `{payload, signatures: [{key, signature}]}`. A signature covers label, type and payload bytes; the
//! payload is strict JSON of exactly one type. [`Signed`] is what arrives; [`Verified`] is made only by verification,
//! by signature or by a hash that was already trusted. Specified in `docs/protocol.md`, section 3.

use crate::{
    crypto::{
        hash::{Hash, object_hash},
        sign::{KeyId, Signature, SigningKey, SigningPublicKey},
    },
    encoding::{Base64Bytes, Context},
    json, limits,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// A payload that can be signed: strict JSON with a type name that carries its version.
pub trait Payload: Serialize + DeserializeOwned {
    /// For example `header.v1`.
    const TYPE: &'static str;
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeySignature {
    /// Which key made it.
    pub key: KeyId,
    /// The signature over label, type and payload.
    pub signature: Signature,
}

/// A signed object as it travels: nothing in it may be believed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The exact bytes that were signed.
    pub payload: Base64Bytes,
    /// Who signed them; one key counts once.
    pub signatures: Vec<KeySignature>,
}

/// Why a signed object was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignedRefusal {
    /// It has more than [`limits::SIGNATURES`] signatures, or one key signed twice.
    #[error("the signed object has too many signatures, or one key's twice")]
    Signatures,
    /// Too few of the keys that must sign did, or a signature of one of them is false.
    #[error("the signed object is not signed by whom it must be")]
    NotSigned,
    /// Its hash is not the trusted one.
    #[error("the signed object is not the one that was named by its hash")]
    OtherHash,
    /// It verified, but is not strict JSON of its type: its signer made a mistake, or is of another version.
    #[error("the signed object does not parse as {expected}: {reason}")]
    Malformed {
        /// The type that was expected.
        expected: &'static str,
        /// What the parser said; payloads of signed objects hold no secret.
        reason: String,
    },
    /// Its payload is larger than [`limits::PAYLOAD_BYTES`].
    #[error("the signed object is too large")]
    TooLarge,
}

/// A payload that verified, with the hash that names it and the keys that signed it.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    value: T,
    hash: Hash,
    signers: Vec<SigningPublicKey>,
    envelope: Arc<Signed>,
}

impl<T> Verified<T> {
    /// The payload.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// The object hash of the payload.
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The keys whose signatures were checked and found good; empty when the object was trusted by its hash.
    pub fn signers(&self) -> &[SigningPublicKey] {
        &self.signers
    }

    /// The envelope it came in.
    pub fn envelope(&self) -> &Signed {
        &self.envelope
    }
}

impl Signed {
    /// Signs `payload` with every one of `keys`.
    ///
    /// # Errors
    /// [`SignedRefusal::Malformed`] when the payload does not serialize, which none of this protocol's types does.
    pub fn create<T: Payload>(payload: &T, keys: &[&SigningKey]) -> Result<Self, SignedRefusal> {
        let bytes = serde_json::to_vec(payload).map_err(|error| malformed::<T>(&error))?;
        let message = signing_input(T::TYPE, &bytes);
        let signatures = keys
            .iter()
            .map(|key| KeySignature { key: key.public_key().key_id(), signature: key.sign(&message) })
            .collect();
        Ok(Self { payload: Base64Bytes(bytes), signatures })
    }

    /// The same object with the signature of one more key, if that key had not signed it. Whoever signs what another made must
    /// have seen all of it, so this is for [`crate::approval::Described`] only.
    #[must_use]
    pub(crate) fn countersigned<T: Payload>(&self, key: &SigningKey) -> Self {
        let mut signed = self.clone();
        let id = key.public_key().key_id();
        if signed.signatures.iter().all(|known| known.key != id) {
            let signature = key.sign(&signing_input(T::TYPE, &signed.payload.0));
            signed.signatures.push(KeySignature { key: id, signature });
        }
        signed
    }

    /// The hash that names this object, if it is a `T`.
    #[must_use]
    pub fn hash_as<T: Payload>(&self) -> Hash {
        object_hash(T::TYPE, &self.payload.0)
    }

    /// Believes the object if at least `threshold` of `keys` signed it; one key counts once, other keys do not count.
    ///
    /// # Errors
    /// [`SignedRefusal`]: `Signatures`, `TooLarge`, `NotSigned`, then `Malformed`, in this order.
    pub fn verify<T: Payload>(
        &self,
        keys: &[SigningPublicKey],
        threshold: usize,
    ) -> Result<Verified<T>, SignedRefusal> {
        let signers = self.good_signers::<T>(keys)?;
        // A threshold of zero would believe anything.
        if signers.len() < threshold.max(1) {
            return Err(SignedRefusal::NotSigned);
        }
        self.parse(signers)
    }

    /// Believes the object because its hash starts with trusted bytes: all 32, or the 16 that a token carries.
    ///
    /// # Errors
    /// [`SignedRefusal`]: `OtherHash` (also for fewer than 16 trusted bytes), then `Malformed`.
    pub fn pinned<T: Payload>(&self, trusted: &[u8]) -> Result<Verified<T>, SignedRefusal> {
        self.check_size()?;
        let hash = self.hash_as::<T>();
        if trusted.len() < 16 || !hash.0.starts_with(trusted) {
            return Err(SignedRefusal::OtherHash);
        }
        self.parse(Vec::new())
    }

    /// Which of `keys` signed this object as a `T`; a false signature in the name of one of them refuses it all.
    ///
    /// # Errors
    /// [`SignedRefusal`]: `Signatures`, `TooLarge` or `NotSigned`.
    pub fn good_signers<T: Payload>(&self, keys: &[SigningPublicKey]) -> Result<Vec<SigningPublicKey>, SignedRefusal> {
        self.check_size()?;
        if self.signatures.len() > limits::SIGNATURES || self.has_repeated_key() {
            return Err(SignedRefusal::Signatures);
        }
        let message = signing_input(T::TYPE, &self.payload.0);
        let mut signers = Vec::new();
        for KeySignature { key, signature } in &self.signatures {
            if let Some(public) = keys.iter().find(|candidate| candidate.key_id() == *key) {
                public.verify(&message, signature).map_err(|_| SignedRefusal::NotSigned)?;
                signers.push(*public);
            }
        }
        Ok(signers)
    }

    fn check_size(&self) -> Result<(), SignedRefusal> {
        if self.payload.0.len() > limits::PAYLOAD_BYTES { Err(SignedRefusal::TooLarge) } else { Ok(()) }
    }

    fn has_repeated_key(&self) -> bool {
        let mut keys: Vec<KeyId> = self.signatures.iter().map(|signature| signature.key).collect();
        keys.sort_unstable();
        keys.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }

    fn parse<T: Payload>(&self, signers: Vec<SigningPublicKey>) -> Result<Verified<T>, SignedRefusal> {
        let value = json::from_slice(&self.payload.0).map_err(|error| malformed::<T>(&error))?;
        Ok(Verified { value, hash: self.hash_as::<T>(), signers, envelope: Arc::new(self.clone()) })
    }
}

fn signing_input(object_type: &str, payload: &[u8]) -> Vec<u8> {
    Context::new("signed-object").field(object_type).field(payload).finish()
}

fn malformed<T: Payload>(error: &impl std::fmt::Display) -> SignedRefusal {
    SignedRefusal::Malformed { expected: T::TYPE, reason: error.to_string() }
}
