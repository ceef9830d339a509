//! The keys that an owner or admin can open: `admins` reaches every group and every profile.

use super::Session;
use crate::{
    crypto::seal::{self, KemSecretKey},
    error::Error,
    open::{IdentityDecryptor, ProfileKey, SecretDecryptor, Want},
};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::{KeyPath, SealedProfile, SealsQuery},
    directory::Directory,
    evidence::VerifiedProfile,
    id::{GroupId, ProfileId},
    number::Epoch,
    seal::{Seal, SealId, SealedObject},
    transport::Transport,
};
use zeroize::Zeroizing;

/// A 32-byte key or seed.
pub(super) type RawKey = Zeroizing<[u8; 32]>;

/// Keys that were opened in this session, by object and epoch.
#[derive(Default)]
pub(crate) struct Keyring {
    opened: BTreeMap<(SealedObject, Epoch), RawKey>,
}

/// A master key that was opened already.
struct KnownKey(ProfileKey);

impl SecretDecryptor for KnownKey {
    fn open_master_key(&self, profile: &VerifiedProfile, _path: &KeyPath) -> Result<ProfileKey, Error> {
        let said = profile.manifest().value();
        let is_it = self.0.epoch() == said.epoch && self.0.commitment() == said.commitment;
        if is_it { Ok(self.0.clone()) } else { Err(Error::wrong_key("earlier key")) }
    }
}

impl<T: Transport> Session<T> {
    /// Opens the current keys of `objects`, from memory where they were opened before.
    ///
    /// An opened group seed must derive the public key that the directory states, a master key must match its commitment.
    pub(super) async fn open_keys(
        &mut self,
        objects: &[SealedObject],
    ) -> Result<BTreeMap<SealedObject, RawKey>, Error> {
        let mut missing: Vec<SealedObject> = objects
            .iter()
            .copied()
            .filter(|object| !self.keys.opened.contains_key(&(*object, self.current_epoch(object))))
            .collect();
        if !missing.is_empty() {
            let admins = self.admins_key().await?;
            // The seed of `admins` is sealed to its members, not to itself.
            missing.retain(|object| *object != SealedObject::GroupSeed(GroupId::ADMINS));
            let reply =
                self.client.seals(&*self.who, &SealsQuery { objects: missing.clone(), histories: false }).await?;
            for object in missing {
                let epoch = self.current_epoch(&object);
                let key = self.open_seal(&admins, object, epoch, &reply.seals)?;
                self.keys.opened.insert((object, epoch), key);
            }
        }
        let opened = |object: &SealedObject| self.keys.opened.get(&(*object, self.current_epoch(object))).cloned();
        Ok(objects.iter().filter_map(|object| opened(object).map(|key| (*object, key))).collect())
    }

    /// Opens a profile's current master key: through `admins`, or through a group of the caller's that is granted it.
    pub(super) async fn current_profile_key(&mut self, id: ProfileId) -> Result<ProfileKey, Error> {
        let object = SealedObject::ProfileKey(id);
        let epoch = self.current_epoch(&object);
        let raw = self.current_raw_key(object).await?;
        Ok(ProfileKey::new(self.directory.org(), id, epoch, &raw))
    }

    /// A current key, opened: through `admins`, or through a group of the caller's.
    pub(super) async fn current_raw_key(&mut self, object: SealedObject) -> Result<RawKey, Error> {
        let raw = match self.is_manager() {
            true => self.open_keys(&[object]).await?.remove(&object),
            false => self.open_granted_key(object, self.current_epoch(&object)).await?,
        };
        raw.ok_or_else(|| Error::withheld("a sealed key that you need"))
    }

    /// What opens a profile as it was answered: the signed-in user's keys; or the master key itself, where these keys are newer
    /// than a rekey that is not finished.
    pub(super) async fn decryptor(
        &self,
        id: ProfileId,
        reply: &SealedProfile,
        want: &Want<'_>,
    ) -> Result<Box<dyn SecretDecryptor>, Error> {
        let own = IdentityDecryptor::new(self.who.clone());
        // The first epoch has nothing before it.
        if self.is_manager() && self.current_epoch(&SealedObject::ProfileKey(id)) > Epoch::FIRST {
            let trusted = reply.chain.verify(want.anchor)?;
            let profile = reply.profile.verify(&trusted, want.profile, want.floors, want.minimum)?;
            let is_rekeying = profile.manifest().value().epoch < profile.leaf().epoch;
            if is_rekeying && own.open_master_key(&profile, &reply.keys).is_err() {
                return Ok(Box::new(KnownKey(self.earlier_key(&profile).await?)));
            }
        }
        Ok(Box::new(own))
    }

    async fn open_granted_key(&self, object: SealedObject, epoch: Epoch) -> Result<Option<RawKey>, Error> {
        let groups = self.directory.groups_of(&self.user.into());
        let mut objects: Vec<SealedObject> = groups.into_iter().map(SealedObject::GroupSeed).collect();
        objects.push(object);
        let query = SealsQuery { objects: objects.clone(), histories: false };
        let seals = self.client.seals(&*self.who, &query).await?.seals;
        for group in objects.iter().filter(|candidate| **candidate != object) {
            let Ok(seed) = self.open_seal(self.who.kem_key(), *group, self.current_epoch(group), &seals) else {
                continue;
            };
            let key = KemSecretKey::from_seed(&seed);
            let recipient = key.public_key().key_id();
            if seals.iter().any(|seal| seal.id == (SealId { object, epoch, recipient })) {
                return self.open_seal(&key, object, epoch, &seals).map(Some);
            }
        }
        Ok(None)
    }

    async fn admins_key(&mut self) -> Result<KemSecretKey, Error> {
        let object = SealedObject::GroupSeed(GroupId::ADMINS);
        let epoch = self.current_epoch(&object);
        let seed = match self.keys.opened.get(&(object, epoch)) {
            Some(seed) => seed.clone(),
            None => {
                let query = SealsQuery { objects: vec![object], histories: false };
                let reply = self.client.seals(&*self.who, &query).await?;
                let seed = self.open_seal(self.who.kem_key(), object, epoch, &reply.seals)?;
                self.keys.opened.insert((object, epoch), seed.clone());
                seed
            }
        };
        Ok(KemSecretKey::from_seed(&seed))
    }

    pub(super) fn open_seal(
        &self,
        key: &KemSecretKey,
        object: SealedObject,
        epoch: Epoch,
        seals: &[Seal],
    ) -> Result<RawKey, Error> {
        let id = SealId { object, epoch, recipient: key.public_key().key_id() };
        let seal = seals.iter().find(|seal| seal.id == id);
        let seal = seal.ok_or_else(|| Error::withheld(format!("a sealed {} that you need", object.kind())))?;
        let opened = seal::open(key, &id.info(&self.directory.org()), &seal.sealed.0)?;
        let raw: RawKey = Zeroizing::new(opened.as_slice().try_into().map_err(|_| Error::wrong_key(object.kind()))?);
        check_key(&self.directory, &object, epoch, &raw)?;
        Ok(raw)
    }

    pub(super) fn current_epoch(&self, object: &SealedObject) -> Epoch {
        let epoch = match object {
            SealedObject::GroupSeed(id) => self.directory.group(id).map(|group| group.epoch),
            SealedObject::ProfileKey(id) | SealedObject::HistoryKey(id) => {
                self.directory.profile(id).map(|profile| profile.epoch)
            }
        };
        epoch.unwrap_or(Epoch::FIRST)
    }
}

fn check_key(directory: &Directory, object: &SealedObject, epoch: Epoch, raw: &RawKey) -> Result<(), Error> {
    let right = match object {
        SealedObject::GroupSeed(id) => {
            directory.group(id).is_some_and(|group| KemSecretKey::from_seed(raw).public_key() == group.key)
        }
        SealedObject::ProfileKey(id) => directory.profile(id).is_some_and(|profile| {
            ProfileKey::new(directory.org(), *id, epoch, raw).commitment() == profile.commitment
        }),
        // What it opens is checked instead: an earlier master key against its manifest's commitment.
        SealedObject::HistoryKey(_) => true,
    };
    if right { Ok(()) } else { Err(Error::wrong_key(object.kind())) }
}
