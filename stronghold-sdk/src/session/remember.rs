//! Remembering what a person verified and wrote.

use super::Session;
use crate::{error::Error, memory::Remembered};
use stronghold_protocol::{
    api::NewRevision,
    directory::{Directory, HeaderRef},
    evidence::{Anchor, ProfileFloor, TrustedHead, VerifiedProfile},
    manifest::Manifest,
    merkle,
    transport::Transport,
};

impl<T: Transport> Session<T> {
    /// Takes a directory over once it is remembered. One that is refused is not: an honest server would not continue it.
    pub(crate) async fn take_directory(&mut self, directory: Directory) -> Result<(), Error> {
        self.remember_directory(&directory).await?;
        self.directory = directory;
        Ok(())
    }

    /// Holds a directory against every header that is known, and remembers it.
    pub(crate) async fn remember_directory(&self, directory: &Directory) -> Result<(), Error> {
        if self.memory.required_headers().iter().any(|known| !holds(directory, known)) {
            return Err(Error::rolled_back("the server's directory lacks a statement that this client remembers"));
        }
        for pair in self.memory.unproven() {
            self.memory.prove(pair);
        }
        self.remember_written(directory, Vec::new()).await
    }

    /// Remembers a directory that continues the session's own, and revisions of profiles with it.
    pub(crate) async fn remember_written(
        &self,
        directory: &Directory,
        profiles: Vec<ProfileFloor>,
    ) -> Result<(), Error> {
        let (header, roster) = (Some(directory.head()), Some(directory.roster_ref()));
        let after = self.memory.known().header.filter(|known| holds(directory, known));
        self.raise(&Remembered { header, roster, profiles, checkpoint: None }, after).await
    }

    /// Remembers what was verified from `anchor` on: the newest header, and a profile's head.
    pub(crate) async fn remember_read(
        &self,
        trusted: &TrustedHead,
        profile: Option<&VerifiedProfile>,
        anchor: &Anchor,
    ) -> Result<(), Error> {
        let seen = Remembered {
            header: Some(trusted.head()),
            roster: Some(trusted.roster_ref()),
            profiles: profile.map(VerifiedProfile::floor).into_iter().collect(),
            checkpoint: None,
        };
        self.raise(&seen, anchor.remembered).await
    }

    /// Remembers `seen`, which was verified to continue `after`.
    pub(crate) async fn raise(&self, seen: &Remembered, after: Option<HeaderRef>) -> Result<(), Error> {
        while !self.memory.raise(seen, after).await? {
            self.prove().await?;
        }
        Ok(())
    }

    /// Headers that were seen apart from each other must all be in the directory, which is replayed further where one is
    /// newer than it.
    async fn prove(&self) -> Result<(), Error> {
        let pairs = self.memory.unproven();
        let all_in = |directory: &Directory| pairs.iter().all(|(a, b)| holds(directory, a) && holds(directory, b));
        let known = self.ahead.or(&self.directory);
        if !all_in(&known) {
            let newer = self.cache.replay(&self.client, &*self.who, Some(known)).await?;
            if !all_in(&newer) {
                return Err(Error::rolled_back(
                    "the server has shown two histories: this one lacks what was seen before",
                ));
            }
        }
        pairs.into_iter().for_each(|pair| self.memory.prove(pair));
        Ok(())
    }
}

/// Whether a directory holds a header.
pub(crate) fn holds(directory: &Directory, header: &HeaderRef) -> bool {
    let position = usize::try_from(header.seq.get()).unwrap_or(usize::MAX);
    directory.header_log().leaf(position) == Some(merkle::leaf_hash(&header.hash.0))
}

/// What to remember of a revision that this client signed.
pub(crate) fn floor_of(revision: &NewRevision) -> Option<ProfileFloor> {
    let hash = revision.manifest.hash_as::<Manifest>();
    let manifest = revision.manifest.pinned::<Manifest>(&hash.0).ok()?;
    let said = manifest.value();
    Some(ProfileFloor {
        id: said.profile,
        name: said.name.clone(),
        revision: said.revision,
        epoch: said.epoch,
        manifest: Some(hash),
    })
}
