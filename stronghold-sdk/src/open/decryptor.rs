//! Who can open: the holder of a principal's KEM key.

use super::ProfileKey;
use crate::{
    authenticator::LocalIdentity,
    crypto::seal::{self, KemSecretKey},
    error::Error,
};
use std::sync::Arc;
use stronghold_protocol::{
    api::KeyPath,
    evidence::VerifiedProfile,
    seal::{SealId, SealedObject},
};
use zeroize::Zeroizing;

/// Opens the keys on the way to a profile's master key. Whoever implements it holds the principal's KEM key.
pub trait SecretDecryptor: Send + Sync {
    /// Opens the master key of a verified profile, and checks it against the manifest's commitment.
    ///
    /// # Errors
    /// [`Error::Integrity`] when a seal does not open, or opens to another key than was committed to.
    fn open_master_key(&self, profile: &VerifiedProfile, path: &KeyPath) -> Result<ProfileKey, Error>;
}

/// Opens with the keys of an identity in this process.
#[derive(Clone, Debug)]
pub struct IdentityDecryptor(Arc<LocalIdentity>);

impl IdentityDecryptor {
    /// Opens with the keys of `identity`.
    #[must_use]
    pub const fn new(identity: Arc<LocalIdentity>) -> Self {
        Self(identity)
    }
}

impl SecretDecryptor for IdentityDecryptor {
    fn open_master_key(&self, profile: &VerifiedProfile, path: &KeyPath) -> Result<ProfileKey, Error> {
        open_master_key(self.0.kem_key(), profile, path)
    }
}

fn open_master_key(own: &KemSecretKey, profile: &VerifiedProfile, path: &KeyPath) -> Result<ProfileKey, Error> {
    let manifest = profile.manifest().value();
    let group_seed = SealId {
        object: SealedObject::GroupSeed(path.group),
        epoch: path.group_epoch,
        recipient: own.public_key().key_id(),
    };
    let seed = fixed(&seal::open(own, &group_seed.info(&manifest.org), &path.group_seed.0)?)?;
    let group = KemSecretKey::from_seed(&seed);
    let profile_key = SealId {
        object: SealedObject::ProfileKey(manifest.profile),
        epoch: manifest.epoch,
        recipient: group.public_key().key_id(),
    };
    let master = fixed(&seal::open(&group, &profile_key.info(&manifest.org), &path.profile_key.0)?)?;
    let key = ProfileKey::new(manifest.org, manifest.profile, manifest.epoch, &master);
    // The commitment is public, and stands under the author's signature: comparing it leaks nothing.
    if key.commitment() == manifest.commitment { Ok(key) } else { Err(Error::wrong_key("master key")) }
}

fn fixed(opened: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
    opened.try_into().map(Zeroizing::new).map_err(|_| Error::wrong_key("key"))
}
