//! Ending access: new epochs of groups and profiles, and the re-encryption of what the profiles hold.

use super::{Session, batch::Batch, keyring::RawKey};
use crate::{
    crypto::aead,
    error::Error,
    open::{OpenedProfile, ProfileKey},
};
use stronghold_protocol::{
    api::NewRevision,
    crypto::{hash::Hash, kdf::Kdf},
    directory::{Change, Rekeys, Vouched},
    id::ProfileId,
    limits,
    manifest::Manifest,
    merkle,
    name::Name,
    number::Epoch,
    seal::{KeyHistory, SealedObject, key_history_context},
    secret::SealedSecret,
    signed::Signed,
    transport::Transport,
};
use zeroize::Zeroizing;

impl<T: Transport> Session<T> {
    /// Adds what `needs` asks for: group epochs, profile epochs with everything encrypted anew, and what is vouched for.
    pub(super) async fn add_rekeys(&mut self, batch: &mut Batch, needs: &Rekeys) -> Result<(), Error> {
        for group in &needs.groups {
            batch.renew_group(*group)?;
        }
        for profile in &needs.profiles {
            self.rekey_profile(batch, *profile).await?;
        }
        for profile in needs.vouched.difference(&needs.profiles) {
            self.vouch(batch, *profile).await?;
        }
        Ok(())
    }

    /// Vouches for a profile's newest revision, if the directory does not yet.
    pub(super) async fn vouch(&self, batch: &mut Batch, profile: ProfileId) -> Result<(), Error> {
        let evidence = self.verify_evidence(profile).await?;
        let manifest = evidence.manifest();
        let vouched = Vouched { revision: manifest.value().revision, manifest: manifest.hash() };
        batch.changes.push(Change::ProfileVouched { id: profile, vouched });
        Ok(())
    }

    /// Gives a profile a new master key and encrypts its current secrets under it, in a revision that is vouched for.
    async fn rekey_profile(&mut self, batch: &mut Batch, id: ProfileId) -> Result<(), Error> {
        let made =
            batch.changes.iter().any(|change| matches!(change, Change::ProfileEpoch { id: made, .. } if *made == id));
        if made {
            return Ok(());
        }
        let opened = self.open_profile(id).await?;
        let count = opened.len();
        if count > limits::INLINE_REKEY_SECRETS {
            return Err(Error::invalid(format!(
                "profile {id} holds {count} secrets; more than {} cannot be encrypted anew in one step yet",
                limits::INLINE_REKEY_SECRETS
            )));
        }
        let Some(leaf) = batch.before.leaf(&id) else { return Ok(()) };
        let epoch = leaf.epoch.next();
        let key = batch.new_profile_key(id, epoch)?;
        let secrets = opened
            .iter()
            .map(|(sealed, plain)| key.seal_secret(sealed.id, sealed.version, plain))
            .collect::<Result<Vec<SealedSecret>, Error>>()?;
        let revision = self.sign_revision(&opened, &leaf.name, &key, secrets, &[])?;
        let vouched = vouched_of(&revision, opened.manifest().value().revision.next());
        batch.histories.push(self.key_history(batch, id, leaf.epoch).await?);
        batch.changes.push(Change::ProfileEpoch { id, epoch, commitment: key.commitment(), vouched });
        batch.revisions.push(revision);
        Ok(())
    }

    /// Encrypts the keys of the epoch before under the new epoch's history key.
    async fn key_history(&mut self, batch: &Batch, id: ProfileId, old: Epoch) -> Result<KeyHistory, Error> {
        let objects = [SealedObject::HistoryKey(id), SealedObject::ProfileKey(id)];
        let opened = self.open_keys(&objects).await?;
        let mut plain = Zeroizing::new(Vec::with_capacity(64));
        for object in &objects {
            let key: &RawKey = opened.get(object).ok_or_else(|| Error::withheld("an earlier key"))?;
            plain.extend_from_slice(key.as_slice());
        }
        let epoch = old.next();
        let new =
            batch.fresh.get(&SealedObject::HistoryKey(id)).ok_or_else(|| Error::withheld("the new history key"))?;
        let context = key_history_context(&self.directory.org(), &id, epoch);
        let sealed = aead::seal(&Kdf::new(new.as_slice()), &context, &plain)?;
        Ok(KeyHistory { profile: id, epoch, sealed: sealed.into() })
    }

    /// Signs the revision after an opened one, which holds `puts` in place of or beside what was there, less `removes`.
    pub(super) fn sign_revision(
        &self,
        before: &OpenedProfile,
        name: &Name,
        key: &ProfileKey,
        puts: Vec<SealedSecret>,
        removes: &[stronghold_protocol::id::SecretId],
    ) -> Result<NewRevision, Error> {
        let old = before.manifest();
        let mut leaves: Vec<_> = before
            .iter()
            .map(|(sealed, _)| sealed)
            .filter(|secret| !removes.contains(&secret.id) && !puts.iter().any(|put| put.id == secret.id))
            .map(SealedSecret::leaf)
            .chain(puts.iter().map(SealedSecret::leaf))
            .collect();
        leaves.sort_unstable_by_key(|leaf| leaf.index);
        let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf.leaf_hash()).collect();
        let manifest = Manifest {
            org: self.directory.org(),
            profile: old.value().profile,
            name: name.clone(),
            revision: old.value().revision.next(),
            prev: Some(old.hash()),
            epoch: key.epoch(),
            commitment: key.commitment(),
            count: leaves.len() as u64,
            root: merkle::root_of(&hashes),
            header: before.newest_header(),
            time: self.clock.now(),
        };
        let manifest = Signed::create(&manifest, &[self.who.signing_key()])?;
        Ok(NewRevision { profile: old.value().profile, manifest, puts, removes: removes.to_vec() })
    }
}

/// What vouches for a signed revision.
pub(super) fn vouched_of(revision: &NewRevision, number: stronghold_protocol::number::Revision) -> Vouched {
    Vouched { revision: number, manifest: revision.manifest.hash_as::<Manifest>() }
}
