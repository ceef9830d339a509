//! Requests that change something, and their replies.

use crate::{
    directory::{HeaderRef, Statement},
    encoding::Base64Bytes,
    id::{ProfileId, SecretId},
    number::Revision,
    seal::{KeyHistory, Seal},
    secret::SealedSecret,
    signed::Signed,
};
use serde::{Deserialize, Serialize};

/// Body of `POST .../statements`: a statement and everything that becomes live with it, all or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitStatement {
    /// The statement.
    pub statement: Statement,
    /// The seals that it makes necessary ([`crate::directory::Directory::wanted_seals`]).
    pub seals: Vec<Seal>,
    /// The earlier keys of profiles with a new epoch.
    pub histories: Vec<KeyHistory>,
    /// New revisions that it vouches for: of created, renamed and re-encrypted profiles.
    pub revisions: Vec<NewRevision>,
}

/// A new revision of a profile: a manifest, and what differs from the revision before.
///
/// By itself it is the body of `POST .../profiles/{profile}/revisions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRevision {
    /// The profile.
    pub profile: ProfileId,
    /// The signed manifest.
    pub manifest: Signed,
    /// New versions, and secrets that are encrypted anew; they replace the entries with the same id.
    pub puts: Vec<SealedSecret>,
    /// Secrets that the revision no longer holds.
    pub removes: Vec<SecretId>,
}

/// Reply to `POST .../statements`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// The statement, now the newest.
    pub head: HeaderRef,
    /// The exact bytes of the audit record.
    pub record: Base64Bytes,
}

/// Reply to `POST .../profiles/{profile}/revisions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The revision, now the newest.
    pub revision: Revision,
    /// The exact bytes of the audit record.
    pub record: Base64Bytes,
}
