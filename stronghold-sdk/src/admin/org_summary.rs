//! The organization at a glance.

use serde::Serialize;
use stronghold_protocol::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    directory::{Directory, Role},
    id::OrgId,
    name::{Email, Name},
};

/// What a directory says of its organization. Its JSON is what the command line prints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrgSummary {
    /// The organization.
    pub org_id: OrgId,
    /// Its name.
    pub name: Name,
    /// The owners' addresses.
    pub owners: Vec<Email>,
    /// The admins' addresses.
    pub admins: Vec<Email>,
    /// How many owners must sign what changes owners.
    pub owner_threshold: u32,
    /// How many changes wait for more of them.
    pub approvals_pending: usize,
    /// Version of the roster.
    pub roster_version: u64,
    /// How many statements there are.
    pub statements: u64,
    /// Hash of the newest header.
    pub head: Hash,
    /// The key that signs the audit log's checkpoints.
    pub checkpoint_key: SigningPublicKey,
    /// How many agents there are, without deleted ones.
    pub agents: usize,
    /// How many groups there are.
    pub groups: usize,
    /// How many profiles there are.
    pub profiles: usize,
}

impl OrgSummary {
    /// Sums up a directory.
    #[must_use]
    pub fn of(directory: &Directory) -> Self {
        let members = |role: Role| {
            let live = directory.users().filter(move |user| !user.removed && user.role == role);
            live.map(|user| user.email.clone()).collect()
        };
        let roster = directory.roster().value();
        Self {
            org_id: directory.org(),
            name: directory.policy().name.clone(),
            owners: members(Role::Owner),
            admins: members(Role::Admin),
            owner_threshold: roster.owner_threshold,
            approvals_pending: directory.approvals().count(),
            roster_version: roster.version.get(),
            statements: directory.head().seq.get() + 1,
            head: directory.head().hash,
            checkpoint_key: directory.checkpoint_key(),
            agents: directory.agents().filter(|agent| !agent.deleted).count(),
            groups: directory.groups().count(),
            profiles: directory.profiles().count(),
        }
    }
}
