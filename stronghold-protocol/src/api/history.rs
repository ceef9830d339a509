//! Replies to reads of a profile's past. Users only, and of them those who may read its history.
//!
//! A client walks the manifests back from a head that it verified, each pinned by its successor, and replays what each
//! revision changed ([`crate::history::Contents`]): so it knows the leaf of every version that ever was before it asks
//! for a ciphertext, and every ciphertext is held against such a leaf.

use crate::{
    encoding::Base64Bytes,
    evidence::{ChainEvidence, ProfileEvidence},
    id::SecretId,
    number::{Epoch, Revision, Version},
    receipt::Receipt,
    secret::{SealedSecret, SecretLeaf},
    signed::Signed,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Reply to `GET .../profiles/{profile}/revisions?anchor=SEQ[&remembered=SEQ][&before=REVISION]`: revisions, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RevisionPage {
    /// From the client's anchor to the newest header.
    pub chain: ChainEvidence,
    /// From the newest header to the profile's head manifest.
    pub profile: ProfileEvidence,
    /// The revisions below `before`, or from the head on; at most a page of them, and none left out between two.
    pub revisions: Vec<PastRevision>,
    /// The audit record of this read, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// One revision of a profile, and what it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PastRevision {
    /// Its manifest.
    pub manifest: Signed,
    /// Leaves that it added, or that stand in place of one with the same id; in no particular order.
    pub puts: Vec<SecretLeaf>,
    /// Secrets that it no longer holds.
    pub removes: Vec<SecretId>,
}

/// A version of a secret, or what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PastSecret {
    /// What the manifests of its time commit to.
    pub leaf: SecretLeaf,
    /// Its ciphertexts; none once the version is purged.
    pub sealed: Option<SealedParts>,
}

/// The two ciphertexts of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SealedParts {
    /// Ciphertext of name, note, kind and time.
    pub meta: Base64Bytes,
    /// Ciphertext of the value.
    pub value: Base64Bytes,
}

impl PastSecret {
    /// The secret with its ciphertexts, if they are there and are those that the leaf commits to.
    #[must_use]
    pub fn sealed_secret(self) -> Option<SealedSecret> {
        let Self { leaf, sealed } = self;
        let SealedParts { meta, value } = sealed?;
        let secret = SealedSecret { index: leaf.index, id: leaf.id, version: leaf.version, meta, value };
        (secret.leaf() == leaf).then_some(secret)
    }
}

/// Which version of a secret: `SECRET.VERSION` in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRef {
    /// The secret.
    pub secret: SecretId,
    /// The version.
    pub version: Version,
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.secret, self.version)
    }
}

impl FromStr for VersionRef {
    type Err = InvalidVersionRef;

    fn from_str(text: &str) -> Result<Self, InvalidVersionRef> {
        let (secret, version) = text.split_once('.').ok_or(InvalidVersionRef)?;
        let secret = secret.parse().map_err(|_| InvalidVersionRef)?;
        Ok(Self { secret, version: version.parse().map_err(|_| InvalidVersionRef)? })
    }
}

/// A text is not of the form `SECRET.VERSION`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version of a secret")]
pub struct InvalidVersionRef;

/// Reply to `GET .../profiles/{profile}/versions?of=SECRET.VERSION...`: versions of secrets, each as it was encrypted last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecretVersions {
    /// Those that there are of the versions asked for, in their order.
    pub versions: Vec<PastVersion>,
    /// The audit record of this read, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// One version of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PastVersion {
    /// The key generation of these ciphertexts.
    pub epoch: Epoch,
    /// The version.
    pub secret: PastSecret,
}

/// Reply to `GET .../profiles/{profile}/introduced?from=REVISION`: what revisions from that one on wrote, oldest first: of
/// whole revisions, at most a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IntroducedSecrets {
    /// The revisions, without gaps; those that wrote nothing too.
    pub revisions: Vec<IntroducedRevision>,
    /// The audit record of this read, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// What one revision wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct IntroducedRevision {
    /// The revision.
    pub revision: Revision,
    /// The secrets whose ciphertexts it brought, sorted by id.
    pub secrets: Vec<PastSecret>,
}
