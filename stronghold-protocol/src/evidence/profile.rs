//! From the newest header to a profile's secrets.

use super::{EvidenceRefusal, TrustedHead};
use crate::{
    crypto::hash::Hash,
    directory::{HeaderRef, LeafEntry, ProfileLeaf},
    id::{ProfileId, is_id_shaped},
    manifest::Manifest,
    merkle::Inclusion,
    name::{InvalidName, Name},
    number::{Epoch, Revision},
    secret::{SealedSecret, SecretLeaf},
    signed::{Signed, Verified},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Which profile is meant: names and ids are accepted in the same places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileSelector {
    /// The live profile with this name.
    Name(Name),
    /// The profile with this id.
    Id(ProfileId),
}

impl FromStr for ProfileSelector {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.parse() {
            Ok(id) if is_id_shaped(text) => Ok(Self::Id(id)),
            _ => Name::new(text).map(Self::Name),
        }
    }
}

impl fmt::Display for ProfileSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl ProfileSelector {
    fn selects(&self, leaf: &ProfileLeaf) -> bool {
        match self {
            Self::Name(name) => *name == leaf.name,
            Self::Id(id) => *id == leaf.id,
        }
    }
}

/// What a client knows of a profile and will not go behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileFloor {
    /// The profile.
    pub id: ProfileId,
    /// Its name when it was last seen.
    pub name: Name,
    /// Its revision.
    pub revision: Revision,
    /// Its key generation.
    pub epoch: Epoch,
    /// Hash of that revision's manifest, where it is known.
    pub manifest: Option<Hash>,
}

/// The part of a reply that leads from the newest header to a profile's manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileEvidence {
    /// What the directory says of the profile, with its proof.
    pub leaf: LeafEntry,
    /// The profile's head manifest.
    pub manifest: Signed,
    /// Proof that the directory holds the header that the manifest names; none where that is the newest header.
    pub header_proof: Option<Inclusion>,
}

/// A profile whose head manifest is believed.
#[derive(Clone, Debug)]
pub struct VerifiedProfile {
    leaf: ProfileLeaf,
    manifest: Verified<Manifest>,
}

impl VerifiedProfile {
    /// What the directory says of it.
    #[must_use]
    pub const fn leaf(&self) -> &ProfileLeaf {
        &self.leaf
    }

    /// Its head manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Verified<Manifest> {
        &self.manifest
    }

    /// What to remember of it.
    #[must_use]
    pub fn floor(&self) -> ProfileFloor {
        let manifest = self.manifest.value();
        ProfileFloor {
            id: manifest.profile,
            name: manifest.name.clone(),
            revision: manifest.revision,
            epoch: manifest.epoch,
            manifest: Some(self.manifest.hash()),
        }
    }

    /// Checks that `secrets`, in the order of their blind indexes, are all and exactly what the manifest states.
    ///
    /// # Errors
    /// [`EvidenceRefusal::Manifest`] otherwise.
    pub fn check_secrets(&self, secrets: &[SealedSecret]) -> Result<(), EvidenceRefusal> {
        let leaves: Vec<SecretLeaf> = secrets.iter().map(SealedSecret::leaf).collect();
        Ok(self.manifest.value().check_secrets(&leaves)?)
    }
}

impl ProfileEvidence {
    /// Verifies the way from the newest header to the profile's head manifest.
    ///
    /// 1. the leaf stands in the header's state; 2. it is the profile that was asked for, and the one that `floors`
    ///    knows by this name; 3. the manifest is a rightful head; 4. the header that it names is in the directory; 5. its
    ///    revision is not below what `floors` and `minimum` say.
    ///
    /// # Errors
    /// [`EvidenceRefusal`], in the order of the steps.
    pub fn verify(
        &self,
        trusted: &TrustedHead,
        asked: &ProfileSelector,
        floors: &[ProfileFloor],
        minimum: Option<Revision>,
    ) -> Result<VerifiedProfile, EvidenceRefusal> {
        // 1.
        self.leaf
            .verify(&trusted.state_root())
            .map_err(|source| EvidenceRefusal::Proof { what: "the profile is not in the directory", source })?;
        // 2.
        let leaf = &self.leaf.leaf;
        if !asked.selects(leaf) {
            return Err(EvidenceRefusal::OtherProfile);
        }
        let replaced = floors
            .iter()
            .find(|floor| matches!(asked, ProfileSelector::Name(name) if floor.name == *name && floor.id != leaf.id));
        if let Some(floor) = replaced {
            return Err(EvidenceRefusal::Replaced { remembered: floor.id, now: leaf.id });
        }
        // 3.
        let manifest = Manifest::verify_head(&self.manifest, &trusted.org(), leaf, &trusted.roster_keys())?;
        let said = manifest.value();
        // 4.
        let named: HeaderRef = said.header;
        trusted.check_holds(&named, self.header_proof.as_ref()).map_err(|source| EvidenceRefusal::Proof {
            what: "the manifest names a header that is not in the directory",
            source,
        })?;
        // 5.
        if let Some(floor) = minimum.filter(|floor| said.revision < *floor) {
            return Err(EvidenceRefusal::OldRevision { shown: said.revision, floor });
        }
        for floor in floors.iter().filter(|floor| floor.id == leaf.id) {
            if said.revision < floor.revision || said.epoch < floor.epoch {
                return Err(EvidenceRefusal::OldRevision { shown: said.revision, floor: floor.revision });
            }
            let forked = said.revision == floor.revision
                && floor.manifest.is_some_and(|remembered| remembered != manifest.hash());
            if forked {
                return Err(EvidenceRefusal::Forked(said.revision));
            }
        }
        Ok(VerifiedProfile { leaf: leaf.clone(), manifest })
    }
}
