//! Encrypting anew what a profile holds, after the statement that gave it a new master key.
//!
//! Until it is finished the profile is *rekeying*: it is read as before by everyone who still may, and not written. The
//! ciphertexts are staged in as many requests as it takes, and one revision takes them all, so a profile is wholly before
//! or wholly after at any time. Whoever was interrupted, or anyone else who may write the profile, begins it again: what
//! lies staged may be anything, so opening it to check would cost as much as encrypting.

use super::{Session, staging::Part};
use crate::{
    error::Error,
    open::{OpenedProfile, ProfileKey},
};
use std::collections::BTreeSet;
use stronghold_protocol::{
    api::NewRevision,
    evidence::VerifiedProfile,
    id::{ProfileId, StagingId},
    secret::SecretLeaf,
    transport::Transport,
};

/// How often somebody who loses a race tries again.
const ATTEMPTS: usize = 10;

/// How far the re-encryption of a profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RekeyProgress {
    /// Which profile.
    pub profile: ProfileId,
    /// How many of its secrets are encrypted anew and staged.
    pub done: usize,
    /// How many there are.
    pub total: usize,
}

/// What came of one attempt.
enum Attempt {
    Finished,
    /// There was nothing to do, or somebody else did it.
    NotNeeded,
    /// Somebody else's change came first.
    Raced(Error),
}

impl<T: Transport> Session<T> {
    /// Gives a profile a new master key, and encrypts what it holds under it: at once where there is little, otherwise
    /// with [`Self::finish_rekeys`].
    ///
    /// # Errors
    /// [`Error`] when there is no such profile, or the statement cannot be committed.
    pub async fn rotate_profile(&mut self, id: ProfileId) -> Result<(), Error> {
        self.commit(|batch| {
            batch.before.profile(&id).ok_or_else(|| Error::not_found("profile", &id.to_string()))?;
            batch.besides.profiles.insert(id);
            Ok(())
        })
        .await
    }

    /// The profiles whose rekey this session began and has not finished: ending an access gives every profile that was
    /// reached a new master key at once, and leaves large ones to be encrypted anew by [`Self::finish_rekeys`].
    #[must_use]
    pub const fn unfinished_rekeys(&self) -> &BTreeSet<ProfileId> {
        &self.rekeying
    }

    /// The profiles that are being rekeyed, whoever began it, as the server says.
    ///
    /// A server that leaves one out only keeps it from being written.
    ///
    /// # Errors
    /// As [`Self::open_profile`].
    pub async fn pending_rekeys(&self) -> Result<Vec<ProfileId>, Error> {
        let listed = self.listed_profiles().await?.into_iter();
        let pending = listed.filter(|listed| listed.epoch < listed.entry.leaf.epoch);
        Ok(pending.map(|listed| listed.entry.leaf.id).collect())
    }

    /// Finishes every rekey that this session began, and vouches for the outcome.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses. What is finished stays so; calling it again goes on.
    pub async fn finish_rekeys(&mut self, progress: &mut (dyn FnMut(RekeyProgress) + Send)) -> Result<usize, Error> {
        let mut finished = BTreeSet::new();
        while let Some(profile) = self.rekeying.first().copied() {
            if self.finish_rekey(profile, progress).await? {
                finished.insert(profile);
            }
            self.rekeying.remove(&profile);
        }
        let count = finished.len();
        if count > 0 && self.is_manager() {
            self.commit(|batch| {
                let there = |id: &ProfileId| batch.before.profile(id).is_some();
                batch.besides.vouched = finished.iter().copied().filter(there).collect();
                Ok(())
            })
            .await?;
        }
        Ok(count)
    }

    /// Encrypts anew what a profile holds, if it is being rekeyed. False when there was nothing to do, or somebody else was
    /// faster. Whoever may write the profile can finish what anyone began.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses; the profile is then as it was, and can be begun again.
    pub async fn finish_rekey(
        &mut self,
        profile: ProfileId,
        progress: &mut (dyn FnMut(RekeyProgress) + Send),
    ) -> Result<bool, Error> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            self.sync().await?;
            match self.try_finish(profile, progress).await {
                Ok(Attempt::Finished) => return Ok(true),
                Ok(Attempt::NotNeeded) => return Ok(false),
                Ok(Attempt::Raced(error)) => last = Some(error),
                Err(error) => last = Some(self.explained_by_race(error).await?),
            }
        }
        Err(last.unwrap_or_else(|| Error::invalid("the profile changes too fast; try again")))
    }

    /// Whether a profile's newest revision is still of an earlier epoch.
    pub(super) async fn needs_rekey(&self, profile: ProfileId) -> Result<bool, Error> {
        // The first epoch has nothing before it: no request is needed to know.
        match self.directory.profile(&profile) {
            Some(known) if known.epoch.get() > 1 => Ok(is_rekeying(&self.verify_evidence(profile).await?)),
            _ => Ok(false),
        }
    }

    /// Finishes what is pending for these profiles: whoever joins them, or renames them, starts from a finished state.
    pub(super) async fn finish_pending(&mut self, profiles: &[ProfileId]) -> Result<(), Error> {
        for profile in profiles {
            if self.needs_rekey(*profile).await? {
                self.finish_rekey(*profile, &mut |_| {}).await?;
            }
        }
        Ok(())
    }

    /// 1. what is to be done; 2. everything is encrypted under the new key and staged; 3. one revision takes it.
    async fn try_finish(
        &mut self,
        profile: ProfileId,
        progress: &mut (dyn FnMut(RekeyProgress) + Send),
    ) -> Result<Attempt, Error> {
        // 1.
        if self.directory.profile(&profile).is_none() {
            return Ok(Attempt::NotNeeded);
        }
        let before = self.open_profile(profile).await?;
        if !before.is_rekeying() {
            return Ok(Attempt::NotNeeded);
        }
        let key = self.current_profile_key(profile).await?;
        if key.epoch() != before.leaf().epoch {
            return Ok(Attempt::Raced(Error::invalid("the profile was given another key meanwhile; try again")));
        }
        // 2.
        let staging = StagingId::generate(self.clock.now())?;
        let leaves = match self.stage_all(&before, &key, staging, progress).await {
            Ok(leaves) => leaves,
            Err(error) if error.is_conflict() => return Ok(Attempt::Raced(error)),
            Err(error) => return Err(error),
        };
        // 3.
        let manifest = self.sign_manifest(&before, &before.leaf().name, &key, leaves)?;
        let revision = NewRevision { profile, manifest, puts: Vec::new(), removes: Vec::new(), staged: Some(staging) };
        match self.write_revision(&revision).await {
            Ok(()) => Ok(Attempt::Finished),
            Err(error) if error.is_conflict() => Ok(Attempt::Raced(error)),
            Err(error) => Err(error),
        }
    }

    /// Encrypts and stages all secrets, in requests of bounded size, and returns their leaves.
    async fn stage_all(
        &self,
        before: &OpenedProfile,
        key: &ProfileKey,
        staging: StagingId,
        progress: &mut (dyn FnMut(RekeyProgress) + Send),
    ) -> Result<Vec<SecretLeaf>, Error> {
        let (profile, total) = (before.leaf().id, before.len());
        let mut leaves = Vec::with_capacity(total);
        let mut part = Part::default();
        progress(RekeyProgress { profile, done: 0, total });
        // By id, as a database keeps them: what is written together lies together there.
        let mut secrets: Vec<_> = before.iter().collect();
        secrets.sort_unstable_by_key(|(sealed, _)| sealed.id);
        for (sealed, plain) in secrets {
            let anew = key.seal_secret(sealed.id, sealed.version, plain)?;
            if part.has_no_room_for(&anew) {
                self.stage(profile, key.epoch(), staging, part.take()).await?;
                progress(RekeyProgress { profile, done: leaves.len(), total });
            }
            leaves.push(anew.leaf());
            part.push(anew);
        }
        if !part.is_empty() {
            self.stage(profile, key.epoch(), staging, part.take()).await?;
            progress(RekeyProgress { profile, done: total, total });
        }
        Ok(leaves)
    }
}

fn is_rekeying(profile: &VerifiedProfile) -> bool {
    profile.manifest().value().epoch < profile.leaf().epoch
}
