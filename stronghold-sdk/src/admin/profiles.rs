//! Deployment profiles: create, rename, delete.

use super::{Session, rekey::vouched_of};
use crate::{
    agent::ReadableProfile,
    error::Error,
    open::{OpenedProfile, Want, open_profile},
    reader::{Answered, ProfileReader},
};
use stronghold_protocol::{
    api::{ListedProfile, NewRevision},
    audit::{AuditRecord, Released},
    directory::{Change, Directory, Profile},
    evidence::{ProfileSelector, VerifiedProfile},
    id::{GroupId, ProfileId},
    manifest::Manifest,
    merkle,
    name::Name,
    number::{Epoch, Revision},
    signed::Signed,
    transport::Transport,
};

/// A profile as it is listed.
#[derive(Clone, Debug)]
pub struct ProfileSummary {
    /// Its id.
    pub id: ProfileId,
    /// Its name.
    pub name: Name,
    /// Its key generation.
    pub epoch: Epoch,
    /// The revision that the directory vouches for; there may be newer ones.
    pub vouched: Revision,
    /// The groups that are granted it, sorted by name.
    pub groups: Vec<(GroupId, Name)>,
}

impl ProfileSummary {
    /// Sums up a profile of a directory.
    #[must_use]
    pub fn of(directory: &Directory, profile: &Profile) -> Self {
        let mut groups: Vec<_> = profile
            .grants
            .keys()
            .filter_map(|id| directory.group(id))
            .map(|group| (group.id, group.name.clone()))
            .collect();
        groups.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        Self {
            id: profile.id,
            name: profile.name.clone(),
            epoch: profile.epoch,
            vouched: profile.vouched.revision,
            groups,
        }
    }
}

impl<T: Transport> Session<T> {
    /// Creates a profile, with revision 1, which holds nothing.
    ///
    /// # Errors
    /// [`Error`] when the name is taken, or the statement cannot be committed.
    pub async fn create_profile(&mut self, name: Name) -> Result<ProfileId, Error> {
        let id = ProfileId::generate(self.clock.now())?;
        let time = self.clock.now();
        let who = self.who.clone();
        self.commit(|batch| {
            let key = batch.new_profile_key(id, Epoch::FIRST)?;
            let manifest = Manifest {
                org: batch.before.org(),
                profile: id,
                name: name.clone(),
                revision: Revision::FIRST,
                prev: None,
                epoch: Epoch::FIRST,
                commitment: key.commitment(),
                count: 0,
                root: merkle::empty_root(),
                header: batch.before.head(),
                time,
            };
            let manifest = Signed::create(&manifest, &[who.signing_key()])?;
            let revision = NewRevision { profile: id, manifest, puts: Vec::new(), removes: Vec::new(), staged: None };
            let vouched = vouched_of(&revision, Revision::FIRST);
            batch.changes.push(Change::ProfileCreated {
                id,
                name: name.clone(),
                commitment: key.commitment(),
                vouched,
            });
            batch.revisions.push(revision);
            Ok(())
        })
        .await?;
        Ok(id)
    }

    /// Renames a profile: a new revision with the same secrets states the new name.
    ///
    /// # Errors
    /// [`Error`] when the name is taken, there is no such profile, or the statement cannot be committed.
    pub async fn rename_profile(&mut self, id: ProfileId, name: Name) -> Result<Revision, Error> {
        self.sync().await?;
        self.finish_pending(&[id]).await?;
        let opened = self.open_profile(id).await?;
        let revision = self.sign_revision(&opened, &name, opened.key(), Vec::new(), &[])?;
        let number = opened.manifest().value().revision.next();
        self.commit(|batch| {
            let vouched = vouched_of(&revision, number);
            batch.changes.push(Change::ProfileRenamed { id, name: name.clone(), vouched });
            batch.revisions.push(revision.clone());
            Ok(number)
        })
        .await
    }

    /// Deletes a profile with everything in it.
    ///
    /// # Errors
    /// [`Error`] when there is no such profile, or the statement cannot be committed.
    pub async fn delete_profile(&mut self, id: ProfileId) -> Result<(), Error> {
        self.commit(|batch| {
            batch.changes.push(Change::ProfileDeleted { id });
            Ok(())
        })
        .await?;
        self.memory.forget_profile(id).await
    }

    /// Fetches, verifies and opens a profile.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows something forged or old.
    pub async fn open_profile(&self, id: ProfileId) -> Result<OpenedProfile, Error> {
        self.open_profile_from(id, None).await
    }

    /// The same, and no revision below `minimum`.
    pub(super) async fn open_profile_from(
        &self,
        id: ProfileId,
        minimum: Option<Revision>,
    ) -> Result<OpenedProfile, Error> {
        let (selector, anchor) = (ProfileSelector::Id(id), self.anchor().await?);
        let answered = self.client.read_profile(&*self.who, &selector, &anchor).await?;
        let floors = self.memory.floors(&selector, id);
        let want = Want { profile: &selector, anchor: &anchor, floors: &floors, minimum };
        let decryptor = self.decryptor(id, &answered.reply, &want).await?;
        let opened = open_profile(answered, &*self.who, &*decryptor, &want)?;
        let record = AuditRecord::parse(&opened.receipt().record.0).map_err(Error::forged)?;
        self.check_receipt_key(opened.receipt(), &record).await?;
        self.raise(&opened.seen(), anchor.remembered).await?;
        Ok(opened)
    }

    /// A profile's newest manifest, verified, without its secrets.
    ///
    /// # Errors
    /// As [`Self::open_profile`].
    pub async fn verify_evidence(&self, id: ProfileId) -> Result<VerifiedProfile, Error> {
        let (selector, anchor) = (ProfileSelector::Id(id), self.anchor().await?);
        let Answered { request, reply } = self.client.read_secrets(&*self.who, &selector, &anchor, &[]).await?;
        let trusted = reply.chain.verify(&anchor)?;
        let verified = reply.profile.verify(&trusted, &selector, &self.memory.floors(&selector, id), None)?;
        let revision = verified.manifest().value().revision;
        let released = Released::Secrets { profile: id, revision, secrets: Vec::new(), absent: Vec::new() };
        self.check_receipt(&reply.receipt, &request, "secret.read", Some(&released)).await?;
        self.remember_read(&trusted, Some(&verified), &anchor).await?;
        Ok(verified)
    }

    /// The profiles with their newest revisions, as the server says; opening one verifies it.
    ///
    /// # Errors
    /// As [`Self::open_profile`].
    pub async fn list_profiles(&self) -> Result<Vec<ReadableProfile>, Error> {
        Ok(self.listed_profiles().await?.into_iter().map(ReadableProfile::of).collect())
    }

    /// The profiles as the server lists them, with their leaves verified.
    pub(super) async fn listed_profiles(&self) -> Result<Vec<ListedProfile>, Error> {
        let anchor = self.anchor().await?;
        let Answered { request, reply } = self.client.list_profiles(&*self.who, &anchor).await?;
        let trusted = reply.chain.verify(&anchor)?;
        for listed in &reply.profiles {
            listed.entry.verify(&trusted.state_root()).map_err(Error::forged)?;
        }
        self.check_receipt(&reply.receipt, &request, "profile.list", None).await?;
        self.remember_read(&trusted, None, &anchor).await?;
        Ok(reply.profiles)
    }
}
