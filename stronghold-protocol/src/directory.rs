//! The directory: an organization's append-only chain of signed statements, and the state it adds up to.
//!
//! A statement is a signed [`Header`] and a body of [`Change`]s. [`Directory::verify`] believes a statement's bytes,
//! [`Directory::apply`] works out the state after it: one pure function that server and clients both run, and that
//! refuses whatever would leave a removed principal with access. Specified in `docs/protocol.md`, sections 6 and 7.

mod agents;
mod apply;
mod approvals;
mod change;
mod checkpoint_keys;
mod draft;
mod groups;
mod leaf;
mod profiles;
mod rekey;
mod sealing;
mod state;
mod users;

pub use apply::{DirectoryRefusal, Statement, VerifiedStatement};
pub use approvals::Approval;
pub use change::{AgentStatus, Body, Change, Conditions, Role, Vouched};
pub use draft::{Draft, genesis_changes};
pub use leaf::{LeafEntry, ProfileLeaf};
pub use rekey::Rekeys;
pub use state::{Agent, Directory, Grant, Group, Invite, KeyOwner, Policy, Profile, Rotation, Tombstone, User};

use crate::{crypto::hash::Hash, id::OrgId, number::Seq, roster::RosterRef, signed::Payload, time::Timestamp};
use serde::{Deserialize, Serialize};

/// Which statement: its position and its header's object hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HeaderRef {
    /// Position in the chain; the genesis is 0.
    pub seq: Seq,
    /// Object hash of the header.
    pub hash: Hash,
}

/// The signed part of a statement: small, so that an agent can check it without the body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The organization.
    pub org: OrgId,
    /// Position in the chain.
    pub seq: Seq,
    /// Hash of the header before; zero for the genesis.
    pub prev: Hash,
    /// When the author says it was written; shown to people, decides nothing.
    pub time: Timestamp,
    /// The roster in force after the statement.
    pub roster: RosterRef,
    /// RFC 6962 root over the hashes of all earlier headers.
    pub log_root: Hash,
    /// RFC 6962 root over the profile leaves after the statement, sorted by profile id.
    pub state_root: Hash,
    /// Object hash of the body.
    pub body: Hash,
}

impl Payload for Header {
    const TYPE: &'static str = "header.v1";
}
