//! Replies to reads.

use crate::{
    directory::{HeaderRef, LeafEntry, Statement},
    encoding::Base64Bytes,
    evidence::{ChainEvidence, PartialEvidence, ProfileEvidence},
    id::{GroupId, PrincipalId},
    merkle::{Consistency, Inclusion},
    number::{Epoch, Seq},
    receipt::Receipt,
    seal::{KeyHistory, Seal, SealedObject},
    secret::SealedSecret,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Reply to `GET .../profiles/{profile}/read?anchor=SEQ[&remembered=SEQ]`: everything to verify and open a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SealedProfile {
    /// From the client's anchor to the newest header.
    pub chain: ChainEvidence,
    /// From the newest header to the profile's manifest.
    pub profile: ProfileEvidence,
    /// The keys on the caller's way to the master key.
    pub keys: KeyPath,
    /// All secrets, sorted by blind index.
    pub secrets: Vec<SealedSecret>,
    /// The audit record of this read, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Reply to `GET .../profiles/{profile}/secrets?anchor=SEQ[&remembered=SEQ]&index=INDEX...`: some secrets of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SealedPart {
    /// From the client's anchor to the newest header.
    pub chain: ChainEvidence,
    /// From the newest header to the profile's manifest.
    pub profile: ProfileEvidence,
    /// The keys on the caller's way to the master key.
    pub keys: KeyPath,
    /// The secrets asked for, and proof of those that are not there.
    pub part: PartialEvidence,
    /// The audit record of this read, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// The sealed keys from the caller's own key to a profile's master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyPath {
    /// The group through which the caller may read; `admins` for owners and admins.
    pub group: GroupId,
    /// The group's key generation.
    pub group_epoch: Epoch,
    /// The group's seed, sealed to the caller's key.
    pub group_seed: Base64Bytes,
    /// The master key of the manifest's epoch, sealed to the group's key. While the profile is being rekeyed, for owners and
    /// admins whose own key is newer than the manifest: the master key of the profile's new epoch.
    pub profile_key: Base64Bytes,
}

/// Reply to `GET .../profiles?anchor=SEQ[&remembered=SEQ]`: the profiles that the caller may read.
///
/// A server can leave one out, but not invent or rename one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ProfileList {
    /// From the client's anchor to the newest header.
    pub chain: ChainEvidence,
    /// The profiles, sorted by name.
    pub profiles: Vec<ListedProfile>,
    /// The audit record of this read, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// One profile of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ListedProfile {
    /// What the directory says of it, with its proof.
    pub entry: LeafEntry,
    /// Its newest revision, as the server says.
    pub revision: crate::number::Revision,
    /// How many secrets that holds, as the server says.
    pub count: u64,
    /// The key generation of that revision, as the server says: below the leaf's while the profile is being rekeyed.
    pub epoch: Epoch,
}

/// Reply to `GET .../directory?from=SEQ`: statements from that position on, at most a page of them. Users only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DirectoryPage {
    /// The statements, in order.
    pub statements: Vec<Statement>,
    /// The newest statement that the server has.
    pub head: HeaderRef,
}

/// Body of `POST .../seals`: which objects' current seals the caller wants. Users only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SealsQuery {
    /// The objects.
    pub objects: Vec<SealedObject>,
    /// Whether to send the profiles' earlier keys too.
    pub histories: bool,
}

/// Reply to `POST .../seals`: of each object, the current epoch's seals to the caller's own key and to the keys of the
/// groups that the caller is in (`admins` for owners and admins); all epochs that a current revision still needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SealsReply {
    /// The seals.
    pub seals: Vec<Seal>,
    /// Earlier keys of the profiles asked for, newest first, where they were asked for.
    pub histories: Vec<KeyHistory>,
}

/// One element of the reply to `GET .../activity`: when a principal was last served. Owners, admins and auditors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ActivityEntry {
    /// Who.
    pub principal: PrincipalId,
    /// When its last request that was answered was decided.
    pub last_seen_at: Timestamp,
    /// How many reads it was served.
    pub uses: u64,
    /// The newest statement when it was last seen.
    pub seq: Seq,
}

/// Reply to `GET .../audit/records?from=POSITION`: audit records from that position on, at most a page of them. Owners, admins
/// and auditors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// The exact bytes of each record, in order; none where the page would begin with one that is archived.
    pub records: Vec<Base64Bytes>,
    /// How many records there were before this request's own.
    pub size: u64,
    /// How many of the oldest records the server has in archives only ([`crate::archive`]): ask for what comes after them.
    pub archived: u64,
}

/// Reply to `GET .../audit/checkpoint[?old=SIZE][&position=POSITION...]`: what fixes all records before this request's own.
///
/// A client verifies it with the key that the directory names, and that it continues what the client remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditCheckpoint {
    /// The signed note ([`crate::checkpoint::Checkpoint`]).
    pub checkpoint: String,
    /// That it continues the log of `old` records; none where that was not asked for.
    pub consistency: Option<Consistency>,
    /// Where the records at the positions that were asked for stand in it, in the order of the question.
    pub inclusions: Vec<Inclusion>,
}
