//! The JSON of requests and replies, and the paths of the routes.
//!
//! The HTTP API is described in `docs/openapi.json`; every reply is evidence or ciphertext that the client verifies.

mod account;
mod bound;
mod history;
mod join;
mod password;
mod read;
mod segment;
mod write;

pub use account::{
    AccountBundle, CreateOrganization, CreatedOrganization, LoginFinish, LoginFinished, LoginStart, LoginStarted,
    SetupStart, SetupStarted, WhoAmI, WhoAmIStatus,
};
pub use bound::{BoundedReply, ReplyLimit};
pub use history::{
    IntroducedRevision, IntroducedSecrets, InvalidVersionRef, PastRevision, PastSecret, PastVersion, RevisionPage,
    SealedParts, SecretVersions, VersionRef,
};
pub use join::{
    Acceptances, AcceptedInvite, Join, JoinStart, JoinStarted, Joined, KeyRequests, KeysRequested, RequestKeys,
    RequestedKeys, RotateKeys,
};
pub use password::{AccountReplaced, AccountStart, AccountStarted, RecoverySeed, ReplaceAccount};
pub use read::{
    ActivityEntry, AuditCheckpoint, AuditPage, DirectoryPage, KeyPath, ListedProfile, ProfileList, SealedPart,
    SealedProfile, SealsQuery, SealsReply,
};
pub use segment::{parse_profile_segment, profile_segment};
pub use write::{CommitStatement, Committed, NewRevision, StageSecrets, StagedSecrets, Written};

use crate::{evidence::ProfileSelector, id::OrgId};

/// Path of the first request of a new organization: `POST` of [`SetupStart`].
pub const SETUP: &str = "/v1/setup";
/// Path under which organizations are created: `POST` of [`CreateOrganization`].
pub const ORGS: &str = "/v1/orgs";
/// Path of the first request of a log-in: `POST` of [`LoginStart`].
pub const LOGIN_START: &str = "/v1/login/start";
/// Path of the second request of a log-in: `POST` of [`LoginFinish`].
pub const LOGIN_FINISH: &str = "/v1/login/finish";

/// Path of an organization's own route, for example `whoami`, `profiles`, `directory`, `statements`, `seals`, `activity`,
/// `audit/records`, `audit/checkpoint`, `invitation`, `acceptances`, `keys`, `key-requests`, `account`, `recovery`.
#[must_use]
pub fn org_path(org: &OrgId, route: &str) -> String {
    format!("{ORGS}/{org}/{route}")
}

/// Path of a profile's route: `read`, `secrets`, `revisions`, `staging`, `versions` or `introduced`. The profile is named or
/// identified ([`profile_segment`]).
#[must_use]
pub fn profile_path(org: &OrgId, profile: &ProfileSelector, route: &str) -> String {
    format!("{ORGS}/{org}/profiles/{}/{route}", profile_segment(profile))
}
