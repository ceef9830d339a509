//! Requests that change something, and their replies.

use crate::{
    directory::{HeaderRef, Statement},
    id::{ProfileId, SecretId, StagingId},
    number::{Epoch, Revision},
    receipt::Receipt,
    seal::{KeyHistory, Seal},
    secret::SealedSecret,
    signed::Signed,
};
use serde::{Deserialize, Serialize};

/// Body of `POST .../statements`: a statement and everything that becomes live with it, all or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Which of its author's stagings it takes too, whole ([`StageSecrets`]).
    pub staged: Option<StagingId>,
}

/// Body of `POST .../profiles/{profile}/staging`: secrets that a revision to come puts, or a part of them.
///
/// They wait beside those of the newest revision until a revision takes all of one staging at once. Any other revision ends
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StageSecrets {
    /// The attempt, which is its author's own; not the nil id. A server keeps the newest few of each author.
    pub staging: StagingId,
    /// The profile's epoch in the directory.
    pub epoch: Epoch,
    /// The secrets, as the revision would put them; each replaces what the attempt staged for it before.
    pub secrets: Vec<SealedSecret>,
}

/// Reply to `POST .../profiles/{profile}/staging`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StagedSecrets {
    /// How many secrets the attempt was given by now, those sent again included.
    pub staged: u64,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Reply to `POST .../statements`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Committed {
    /// The statement, now the newest.
    pub head: HeaderRef,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Reply to `POST .../profiles/{profile}/revisions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The revision, now the newest.
    pub revision: Revision,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}
