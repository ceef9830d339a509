//! A profile's master key at work: indexing names, encrypting and opening secrets.

use crate::{crypto::aead, error::Error};
use serde::{Deserialize, Serialize};
use std::fmt;
use stronghold_protocol::{
    crypto::{
        hash::Hash,
        kdf::{Kdf, MacKey},
    },
    id::{OrgId, ProfileId, SecretId},
    json, limits,
    manifest::KeyCommitment,
    name::SecretName,
    number::{Epoch, Version},
    secret::{BlindIndex, Part, SealedSecret, commitment_context, index_context, secret_context},
    time::Timestamp,
};
use zeroize::Zeroizing;

/// A secret in plain: what the two ciphertexts of one version hold.
#[derive(Clone)]
pub struct PlainSecret {
    /// Its name.
    pub name: SecretName,
    /// Its value, the exact bytes.
    pub value: Zeroizing<Vec<u8>>,
    /// What the value is.
    pub kind: SecretKind,
    /// A note for people.
    pub note: Option<Zeroizing<String>>,
    /// When its author says this version was written.
    pub updated_at: Timestamp,
}

impl PlainSecret {
    /// Whether value, kind and note are the same.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.value == other.value && self.kind == other.kind && self.note == other.note
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSecret([REDACTED])")
    }
}

/// The `meta` part in plain (`docs/protocol.md`, section 10).
#[derive(Serialize, Deserialize)]
#[serde(rename = "SecretMeta", deny_unknown_fields)]
struct Meta {
    name: Zeroizing<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<Zeroizing<String>>,
    kind: SecretKind,
    updated_at: Timestamp,
}

/// What a secret's value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretKind {
    /// The value itself.
    #[default]
    Value,
    /// The target of a reference: the value is another secret's ([`crate::references`]).
    Reference,
}

/// The master key of a profile's epoch, ready for use. It is wiped when dropped and hidden from `Debug`.
#[derive(Clone)]
pub struct ProfileKey {
    org: OrgId,
    profile: ProfileId,
    epoch: Epoch,
    kdf: Kdf,
    index_key: MacKey,
}

impl fmt::Debug for ProfileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProfileKey({}, epoch {})", self.profile, self.epoch)
    }
}

impl ProfileKey {
    /// Prepares a master key (32 random bytes).
    #[must_use]
    pub fn new(org: OrgId, profile: ProfileId, epoch: Epoch, master: &[u8; 32]) -> Self {
        let kdf = Kdf::new(master);
        let index_key = MacKey::new(&kdf.derive(index_context(&org, &profile, epoch)));
        Self { org, profile, epoch, kdf, index_key }
    }

    /// The key generation.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What the directory and manifests state of this key.
    #[must_use]
    pub fn commitment(&self) -> KeyCommitment {
        KeyCommitment(*self.kdf.derive(commitment_context(&self.org, &self.profile, self.epoch)))
    }

    /// A name as the server sees it.
    #[must_use]
    pub fn blind_index(&self, name: &SecretName) -> BlindIndex {
        let Hash(bytes) = self.index_key.mac(name.expose().as_bytes());
        BlindIndex(bytes)
    }

    /// Encrypts one version of a secret.
    ///
    /// # Errors
    /// [`Error::Invalid`] when value or note are larger than the limits, or there is no randomness.
    pub fn seal_secret(&self, id: SecretId, version: Version, plain: &PlainSecret) -> Result<SealedSecret, Error> {
        if plain.value.len() > limits::SECRET_VALUE_BYTES {
            return Err(Error::invalid(format!("the value of {} is too large", plain.name.expose())));
        }
        if plain.note.as_ref().is_some_and(|note| note.len() > limits::SECRET_NOTE_BYTES) {
            return Err(Error::invalid(format!("the note on {} is too long", plain.name.expose())));
        }
        let meta = Meta {
            name: Zeroizing::new(plain.name.expose().to_owned()),
            note: plain.note.clone(),
            kind: plain.kind,
            updated_at: plain.updated_at,
        };
        let meta = Zeroizing::new(serde_json::to_vec(&meta).map_err(|error| Error::invalid(error.to_string()))?);
        Ok(SealedSecret {
            index: self.blind_index(&plain.name),
            id,
            version,
            meta: aead::seal(&self.kdf, &self.context(&id, version, Part::Meta), &meta)?.into(),
            value: aead::seal(&self.kdf, &self.context(&id, version, Part::Value), &plain.value)?.into(),
        })
    }

    /// Opens one version of a secret, and checks that its name has the blind index under which it is stored.
    ///
    /// # Errors
    /// [`Error::Integrity`] when a ciphertext does not open, or holds something else.
    pub fn open_secret(&self, sealed: &SealedSecret) -> Result<PlainSecret, Error> {
        let meta = aead::open(&self.kdf, &self.context(&sealed.id, sealed.version, Part::Meta), &sealed.meta.0)?;
        let value = aead::open(&self.kdf, &self.context(&sealed.id, sealed.version, Part::Value), &sealed.value.0)?;
        let meta: Meta = json::from_slice(&meta)
            .map_err(|_| Error::forged("a secret is of a kind that this program does not know; upgrade it"))?;
        let name = SecretName::new(&meta.name).map_err(|_| Error::forged("a secret's name is not allowed"))?;
        if self.blind_index(&name) != sealed.index {
            return Err(Error::forged("a secret stands under another name than its own"));
        }
        Ok(PlainSecret { name, value, kind: meta.kind, note: meta.note, updated_at: meta.updated_at })
    }

    fn context(&self, id: &SecretId, version: Version, part: Part) -> Vec<u8> {
        secret_context(&self.org, &self.profile, self.epoch, id, version, part)
    }
}
