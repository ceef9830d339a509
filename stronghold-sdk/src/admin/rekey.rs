//! Ending access: new epochs of groups and profiles, and the re-encryption of what small profiles hold.
//!
//! What does not fit into the statement is encrypted anew after it (`finish_rekey`).

use super::{Session, batch::Batch, keyring::RawKey, staging::sent_bytes};
use crate::{
    crypto::aead,
    error::Error,
    open::{OpenedProfile, ProfileKey},
};
use std::collections::BTreeSet;
use stronghold_protocol::{
    api::NewRevision,
    crypto::{hash::Hash, kdf::Kdf},
    directory::{Change, Rekeys, Vouched},
    evidence::VerifiedProfile,
    id::{ProfileId, SecretId},
    limits,
    manifest::Manifest,
    merkle,
    name::Name,
    number::{Epoch, Revision},
    seal::{KeyHistory, SealedObject, key_history_context},
    secret::{SealedSecret, SecretLeaf},
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
        let mut room = Room { secrets: limits::INLINE_REKEY_SECRETS, bytes: limits::INLINE_REKEY_BYTES };
        for profile in &needs.profiles {
            self.rekey_profile(batch, *profile, &mut room).await?;
        }
        for profile in needs.vouched.difference(&needs.profiles) {
            self.vouch(batch, *profile).await?;
        }
        Ok(())
    }

    /// Vouches for a profile's newest revision, also where the directory does already: what ends a signer says it anew.
    async fn vouch(&self, batch: &mut Batch, profile: ProfileId) -> Result<(), Error> {
        let vouched = vouched_head(&self.verify_evidence(profile).await?);
        if batch.before.profile(&profile).is_some() {
            batch.changes.push(Change::ProfileVouched { id: profile, vouched });
        }
        Ok(())
    }

    /// Gives a profile a new master key. Its current secrets are encrypted under it in a revision that is vouched for, as
    /// far as there is room in the statement; otherwise the newest revision is vouched for as it is, and waits.
    async fn rekey_profile(&mut self, batch: &mut Batch, id: ProfileId, room: &mut Room) -> Result<(), Error> {
        let made =
            batch.changes.iter().any(|change| matches!(change, Change::ProfileEpoch { id: made, .. } if *made == id));
        let Some(leaf) = batch.before.leaf(&id).filter(|_| !made) else { return Ok(()) };
        let evidence = self.verify_evidence(id).await?;
        let epoch = leaf.epoch.next();
        let key = batch.new_profile_key(id, epoch)?;
        batch.histories.push(self.key_history(batch, id, leaf.epoch).await?);
        let inline = match room.may_hold(&evidence) {
            true => self.encrypt_inline(id, &leaf.name, &key, room).await?,
            false => None,
        };
        let vouched = match &inline {
            Some((vouched, _)) => *vouched,
            None => vouched_head(&evidence),
        };
        batch.changes.push(Change::ProfileEpoch { id, epoch, commitment: key.commitment(), vouched });
        match inline {
            Some((_, revision)) => batch.revisions.push(revision),
            None => {
                batch.staged.insert(id);
            }
        }
        Ok(())
    }

    /// The revision that holds everything under another key; none when it is larger than there is room for.
    async fn encrypt_inline(
        &self,
        id: ProfileId,
        name: &Name,
        key: &ProfileKey,
        room: &mut Room,
    ) -> Result<Option<(Vouched, NewRevision)>, Error> {
        let opened = self.open_profile(id).await?;
        if !room.take(&opened) {
            return Ok(None);
        }
        let secrets = opened
            .iter()
            .map(|(sealed, plain)| key.seal_secret(sealed.id, sealed.version, plain))
            .collect::<Result<Vec<SealedSecret>, Error>>()?;
        let revision = self.sign_revision(&opened, name, key, secrets, &[])?;
        Ok(Some((vouched_of(&revision, opened.manifest().value().revision.next()), revision)))
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
        removes: &[SecretId],
    ) -> Result<NewRevision, Error> {
        let gone: BTreeSet<SecretId> = removes.iter().copied().chain(puts.iter().map(|put| put.id)).collect();
        let kept = before.iter().map(|(sealed, _)| sealed).filter(|secret| !gone.contains(&secret.id));
        let leaves = kept.chain(&puts).map(SealedSecret::leaf).collect();
        let manifest = self.sign_manifest(before, name, key, leaves)?;
        let profile = before.manifest().value().profile;
        Ok(NewRevision { profile, manifest, puts, removes: removes.to_vec(), staged: None })
    }

    /// Signs the manifest after an opened profile's, of what these leaves are of.
    pub(super) fn sign_manifest(
        &self,
        before: &OpenedProfile,
        name: &Name,
        key: &ProfileKey,
        mut leaves: Vec<SecretLeaf>,
    ) -> Result<Signed, Error> {
        let old = before.manifest();
        leaves.sort_unstable_by_key(|leaf| leaf.index);
        let hashes: Vec<Hash> = leaves.iter().map(SecretLeaf::leaf_hash).collect();
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
        Ok(Signed::create(&manifest, &[self.signer().signing_key()])?)
    }
}

/// How much a statement may still encrypt anew inline.
struct Room {
    secrets: usize,
    bytes: usize,
}

impl Room {
    fn may_hold(&self, profile: &VerifiedProfile) -> bool {
        usize::try_from(profile.manifest().value().count).is_ok_and(|count| count <= self.secrets)
    }

    /// Takes the room that a profile needs, if it is there.
    fn take(&mut self, profile: &OpenedProfile) -> bool {
        let bytes = profile.iter().map(|(sealed, _)| sent_bytes(sealed)).sum();
        let left = self.secrets.checked_sub(profile.len()).zip(self.bytes.checked_sub(bytes));
        if let Some((secrets, bytes)) = left {
            *self = Self { secrets, bytes };
        }
        left.is_some()
    }
}

/// What vouches for a signed revision.
pub(super) fn vouched_of(revision: &NewRevision, number: Revision) -> Vouched {
    Vouched { revision: number, manifest: revision.manifest.hash_as::<Manifest>() }
}

/// What vouches for a profile's newest revision.
fn vouched_head(evidence: &VerifiedProfile) -> Vouched {
    let manifest = evidence.manifest();
    Vouched { revision: manifest.value().revision, manifest: manifest.hash() }
}
