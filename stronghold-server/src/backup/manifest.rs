//! `backup.json`: what is in a backup.

use crate::config::{CHECKPOINT_KEY, DATABASE};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::borrow::Cow;
use stronghold_protocol::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::HeaderRef,
    id::OrgId,
    json,
    time::Timestamp,
};

/// The form that this release writes, and the newest that it reads.
const FORMAT: u64 = 1;

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this form.
    pub format: u64,
    /// Version of the server's program that took the backup.
    pub server: String,
    /// When it was taken: everything that was acknowledged before is in it.
    pub time: Timestamp,
    /// Layout of the database.
    pub layout: u64,
    /// The key that signs audit checkpoints, its public half: by it a key that is kept elsewhere is found.
    pub checkpoint_key: SigningPublicKey,
    /// The files.
    pub files: BackedUpFiles,
    /// The organizations, by id.
    pub organizations: Vec<BackedUpOrg>,
}

/// The files of a backup; their names are always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackedUpFiles {
    /// The database.
    #[serde(rename = "stronghold.db")]
    pub database: BackedUpFile,
    /// The checkpoint key, unless it was left out.
    #[serde(rename = "checkpoint.key")]
    pub checkpoint_key: Option<BackedUpFile>,
}

/// One file of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackedUpFile {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: FileHash,
}

/// A file's SHA-256, written as `sha256sum` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHash(pub Hash);

/// One organization in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackedUpOrg {
    /// The organization.
    pub org: OrgId,
    /// How many statements its directory has.
    pub statements: u64,
    /// Hash of the newest one's header, which `org verify` shows too.
    pub head: Hash,
    /// How many audit records it has.
    pub records: u64,
}

/// A file is no manifest that this release reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidManifest {
    /// It is of a later release.
    #[error("it has format {0}, and this release reads formats up to {FORMAT}: use a newer release")]
    Newer(u64),
    /// It is something else.
    #[error("it is not the manifest of a backup: {0}")]
    Malformed(String),
}

impl Manifest {
    /// Its name in a backup.
    pub const FILE: &str = "backup.json";

    /// A manifest of today's form.
    pub(super) fn new(
        time: Timestamp,
        layout: usize,
        checkpoint_key: SigningPublicKey,
        files: BackedUpFiles,
        organizations: Vec<BackedUpOrg>,
    ) -> Self {
        let server = env!("CARGO_PKG_VERSION").to_owned();
        let layout = u64::try_from(layout).unwrap_or(u64::MAX);
        Self { format: FORMAT, server, time, layout, checkpoint_key, files, organizations }
    }

    /// The file's text.
    ///
    /// # Errors
    /// [`InvalidManifest::Malformed`] when it does not serialize, which each does.
    pub fn encode(&self) -> Result<String, InvalidManifest> {
        let text = serde_json::to_string_pretty(self).map_err(|error| InvalidManifest::Malformed(error.to_string()))?;
        Ok(text + "\n")
    }

    /// Reads a file's text, strictly.
    ///
    /// # Errors
    /// [`InvalidManifest`] when it is of a later release, or something else.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidManifest> {
        // A later form may have members that this one does not know: its number is looked at first.
        #[derive(Deserialize)]
        #[serde(rename = "FormatNumber")]
        struct Form {
            format: u64,
        }
        let form: Form = json::from_slice(text).map_err(|error| InvalidManifest::Malformed(error.to_string()))?;
        match form.format {
            FORMAT => json::from_slice(text).map_err(|error| InvalidManifest::Malformed(error.to_string())),
            newer if newer > FORMAT => Err(InvalidManifest::Newer(newer)),
            other => Err(InvalidManifest::Malformed(format!("there is no format {other}"))),
        }
    }
}

impl BackedUpOrg {
    /// What a database holds of an organization.
    pub(super) fn of((org, head, records): (OrgId, HeaderRef, u64)) -> Self {
        Self { org, statements: head.seq.get() + 1, head: head.hash, records }
    }
}

impl BackedUpFiles {
    /// The name of the database's file.
    pub const DATABASE: &str = DATABASE;
    /// The name of the checkpoint key's file.
    pub const CHECKPOINT_KEY: &str = CHECKPOINT_KEY;
}

impl std::fmt::Display for FileHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&HEXLOWER.encode(self.0.as_bytes()))
    }
}

impl Serialize for FileHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self(Hash(bytes))).ok_or_else(|| de::Error::custom("not a SHA-256 in hexadecimal"))
    }
}
