//! Verifying and opening a profile, whole or in part.

use super::{
    PlainSecret, ProfileKey, Secret, SecretDecryptor, Secrets,
    receipt::{self, Asker},
};
use crate::{authenticator::AgentAuthenticator, error::Error, memory::Remembered, reader::Answered};
use std::fmt;
use stronghold_protocol::{
    api::{SealedPart, SealedProfile},
    audit::{Released, ReleasedSecret},
    directory::{HeaderRef, ProfileLeaf},
    evidence::{Anchor, ProfileFloor, ProfileSelector, TrustedHead, VerifiedProfile},
    manifest::Manifest,
    number::Revision,
    receipt::Receipt,
    roster::RosterRef,
    secret::{BlindIndex, SealedSecret},
    signed::Verified,
};

/// What a reader wants, and will not go behind.
#[derive(Clone, Copy, Debug)]
pub struct Want<'a> {
    /// Which profile.
    pub profile: &'a ProfileSelector,
    /// What is trusted before the reply, and what is remembered.
    pub anchor: &'a Anchor,
    /// Revisions that are remembered.
    pub floors: &'a [ProfileFloor],
    /// A revision that is known to exist.
    pub minimum: Option<Revision>,
}

/// A profile that was verified and opened.
pub struct OpenedProfile {
    head: HeaderRef,
    roster: RosterRef,
    profile: VerifiedProfile,
    key: ProfileKey,
    secrets: Vec<(SealedSecret, PlainSecret)>,
    receipt: Receipt,
}

impl fmt::Debug for OpenedProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OpenedProfile({:?}, {} secrets)", self.profile.leaf().name, self.secrets.len())
    }
}

impl OpenedProfile {
    /// The newest header of the directory, as of the reply.
    #[must_use]
    pub const fn newest_header(&self) -> HeaderRef {
        self.head
    }

    /// The roster in force, as of the reply.
    #[must_use]
    pub const fn roster(&self) -> RosterRef {
        self.roster
    }

    /// What the directory says of the profile: its epoch is above the manifest's while it is being rekeyed.
    #[must_use]
    pub const fn leaf(&self) -> &ProfileLeaf {
        self.profile.leaf()
    }

    /// Whether what it holds is still encrypted under a key that ended: nothing can be written until that is done anew.
    #[must_use]
    pub fn is_rekeying(&self) -> bool {
        self.profile.manifest().value().epoch < self.profile.leaf().epoch
    }

    /// The head manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Verified<Manifest> {
        self.profile.manifest()
    }

    /// What to remember of the profile.
    #[must_use]
    pub fn floor(&self) -> ProfileFloor {
        self.profile.floor()
    }

    /// What to remember of it: the newest header, the roster, and the profile's revision.
    pub(crate) fn seen(&self) -> Remembered {
        Remembered {
            header: Some(self.head),
            roster: Some(self.roster),
            profiles: vec![self.floor()],
            checkpoint: None,
        }
    }

    /// The master key.
    #[must_use]
    pub const fn key(&self) -> &ProfileKey {
        &self.key
    }

    /// How many secrets there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The server's signed word that this read is logged.
    #[must_use]
    pub const fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// The secrets, sealed and plain, in the order of their blind indexes.
    pub fn iter(&self) -> impl Iterator<Item = (&SealedSecret, &PlainSecret)> {
        self.secrets.iter().map(|(sealed, plain)| (sealed, plain))
    }

    /// The secrets, by name.
    #[must_use]
    pub fn into_secrets(self) -> Secrets {
        let manifest = self.profile.manifest().value();
        let (profile, revision) = (manifest.profile, manifest.revision);
        let named = self
            .secrets
            .into_iter()
            .map(|(sealed, plain)| (plain.name.clone(), Secret::new(sealed.id, sealed.version, plain)));
        Secrets::new(profile, revision, named.collect())
    }
}

/// Verifies and opens a whole profile. Nothing is returned before everything is verified.
///
/// 1. the chain from the anchor to the newest header; 2. the profile's leaf and head manifest; 3. the receipt; 4. the
///    sealed keys, down to a master key that matches the commitment; 5. the Merkle root over all secrets; 6. each
///    ciphertext and each name.
///
/// # Errors
/// [`Error::Integrity`] at the first check that fails.
pub fn open_profile(
    answered: Answered<SealedProfile>,
    who: &dyn AgentAuthenticator,
    decryptor: &dyn SecretDecryptor,
    want: &Want<'_>,
) -> Result<OpenedProfile, Error> {
    let Answered { request, reply } = answered;
    // 1.
    let trusted: TrustedHead = reply.chain.verify(want.anchor)?;
    // 2.
    let profile = reply.profile.verify(&trusted, want.profile, want.floors, want.minimum)?;
    // 3.
    let manifest = profile.manifest();
    let released = Released::Profile {
        profile: manifest.value().profile,
        revision: manifest.value().revision,
        manifest: manifest.hash(),
    };
    receipt::check(&reply.receipt, &request, Asker::of(who), "profile.read", Some(&released))?;
    // 4.
    let key = decryptor.open_master_key(&profile, &reply.keys)?;
    // 5.
    profile.check_secrets(&reply.secrets)?;
    // 6.
    let secrets = reply
        .secrets
        .into_iter()
        .map(|sealed| key.open_secret(&sealed).map(|plain| (sealed, plain)))
        .collect::<Result<Vec<_>, Error>>()?;
    let (head, roster) = (trusted.head(), trusted.roster_ref());
    Ok(OpenedProfile { head, roster, profile, key, secrets, receipt: reply.receipt })
}

/// Verifies and opens some secrets of a profile, and proves the absence of the others that were asked for.
///
/// The steps are those of [`open_profile`], with inclusion and absence proofs in place of the root over all secrets.
///
/// # Errors
/// [`Error::Integrity`] at the first check that fails.
pub fn open_part(
    answered: Answered<SealedPart>,
    who: &dyn AgentAuthenticator,
    decryptor: &dyn SecretDecryptor,
    want: &Want<'_>,
    indexes: &[BlindIndex],
) -> Result<OpenedProfile, Error> {
    let Answered { request, reply } = answered;
    // 1.
    let trusted = reply.chain.verify(want.anchor)?;
    // 2.
    let profile = reply.profile.verify(&trusted, want.profile, want.floors, want.minimum)?;
    // 5., before 3. here: what the record must say follows from it.
    let part = reply.part.verify(&profile, indexes)?;
    // 3.
    let mut secrets: Vec<ReleasedSecret> =
        part.present.iter().map(|secret| ReleasedSecret { secret: secret.id, version: secret.version }).collect();
    secrets.sort_unstable_by_key(|released| released.secret);
    let manifest = profile.manifest().value();
    let released = Released::Secrets {
        profile: manifest.profile,
        revision: manifest.revision,
        secrets,
        absent: part.absent.clone(),
    };
    receipt::check(&reply.receipt, &request, Asker::of(who), "secret.read", Some(&released))?;
    // 4.
    let key = decryptor.open_master_key(&profile, &reply.keys)?;
    // 6.
    let secrets = part
        .present
        .into_iter()
        .map(|sealed| key.open_secret(&sealed).map(|plain| (sealed, plain)))
        .collect::<Result<Vec<_>, Error>>()?;
    let (head, roster) = (trusted.head(), trusted.roster_ref());
    Ok(OpenedProfile { head, roster, profile, key, secrets, receipt: reply.receipt })
}
