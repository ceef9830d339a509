//! The master keys of earlier epochs, one opened with the next.

use super::ProfileHistory;
use crate::{
    admin::{Session, keyring::RawKey},
    crypto::{aead, seal::KemSecretKey},
    error::Error,
    open::ProfileKey,
};
use std::collections::BTreeMap;
use stronghold_protocol::{
    api::SealsQuery,
    crypto::kdf::Kdf,
    evidence::VerifiedProfile,
    id::{GroupId, ProfileId},
    number::Epoch,
    seal::{KeyHistory, SealedObject, key_history_context},
    transport::Transport,
};
use zeroize::Zeroizing;

impl<T: Transport> Session<T> {
    /// The master keys of every epoch that the past has revisions of. Each matches the commitment in their manifests.
    pub(super) async fn past_keys(&mut self, history: &ProfileHistory) -> Result<BTreeMap<Epoch, ProfileKey>, Error> {
        let id = history.profile;
        let mut keys = BTreeMap::new();
        let current = self.current_profile_key(id).await?;
        let newest = current.epoch();
        keys.insert(newest, current);
        let oldest = history.revisions.first().map_or(newest, |first| first.manifest().epoch);
        if oldest < newest {
            let object = SealedObject::HistoryKey(id);
            let query = SealsQuery { objects: vec![object], histories: true };
            let sealed = self.client.seals(&*self.who, &query).await?.histories;
            let mut history_key = self.current_raw_key(object).await?;
            for number in (oldest.get() + 1..=newest.get()).rev() {
                let (Ok(epoch), Ok(earlier)) = (Epoch::new(number), Epoch::new(number - 1)) else { break };
                let opened = self.open_earlier(&history_key, id, epoch, &sealed);
                let opened = opened.map_err(|error| {
                    let mut of_epoch = history.revisions.iter().filter(|known| known.manifest().epoch == earlier);
                    let last = of_epoch.next_back().map_or(history.newest(), super::KnownRevision::number);
                    Error::bad_history(history.name(), last, format!("the key of its epoch: {error}"))
                })?;
                keys.insert(earlier, ProfileKey::new(self.directory.org(), id, earlier, &opened.1));
                history_key = opened.0;
            }
        }
        for revision in &history.revisions {
            let said = revision.manifest();
            if keys.get(&said.epoch).is_some_and(|key| key.commitment() != said.commitment) {
                let reason = "the key of its epoch is another one than its manifest states";
                return Err(Error::bad_history(history.name(), said.revision, reason));
            }
        }
        Ok(keys)
    }

    /// The master key of a profile that is being rekeyed, as of before, for an owner or admin whose own keys are newer than
    /// the rekey: nothing of before is sealed to those, and the history of the new key opens it.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or withholds a key.
    pub(in crate::admin) async fn earlier_key(&self, profile: &VerifiedProfile) -> Result<ProfileKey, Error> {
        let (id, wanted) = (profile.leaf().id, profile.manifest().value().epoch);
        let (admins, history) = (SealedObject::GroupSeed(GroupId::ADMINS), SealedObject::HistoryKey(id));
        let query = SealsQuery { objects: vec![admins, history], histories: true };
        let reply = self.client.seals(&*self.who, &query).await?;
        let seed = self.open_seal(self.who.kem_key(), admins, self.current_epoch(&admins), &reply.seals)?;
        let newest = profile.leaf().epoch;
        let mut history_key = self.open_seal(&KemSecretKey::from_seed(&seed), history, newest, &reply.seals)?;
        for number in (wanted.get() + 1..=newest.get()).rev() {
            let Ok(epoch) = Epoch::new(number) else { break };
            let (earlier, master) = self.open_earlier(&history_key, id, epoch, &reply.histories)?;
            if number == wanted.get() + 1 {
                return Ok(ProfileKey::new(self.directory.org(), id, wanted, &master));
            }
            history_key = earlier;
        }
        Err(Error::withheld("an earlier key"))
    }

    /// History key and master key of the epoch before `epoch`.
    fn open_earlier(
        &self,
        key: &RawKey,
        profile: ProfileId,
        epoch: Epoch,
        sealed: &[KeyHistory],
    ) -> Result<(RawKey, RawKey), Error> {
        let entry = sealed.iter().find(|entry| entry.profile == profile && entry.epoch == epoch);
        let entry = entry.ok_or_else(|| Error::withheld("an earlier key"))?;
        let context = key_history_context(&self.directory.org(), &profile, epoch);
        let opened = aead::open(&Kdf::new(key.as_slice()), &context, &entry.sealed.0)?;
        let half = |range: std::ops::Range<usize>| -> Result<RawKey, Error> {
            let bytes = opened.get(range).filter(|_| opened.len() == 64).and_then(|bytes| bytes.try_into().ok());
            bytes.map(Zeroizing::new).ok_or_else(|| Error::wrong_key("earlier key"))
        };
        Ok((half(0..32)?, half(32..64)?))
    }
}
