//! What a statement can say.

use crate::{
    crypto::{
        hash::Hash,
        kem::{KemPublicKey, PublicKeys},
        sign::SigningPublicKey,
    },
    id::{AgentId, GroupId, InviteId, PrincipalId, ProfileId, SecretId, UserId},
    json::by_kind,
    limits,
    manifest::KeyCommitment,
    name::{Email, Name},
    number::{Epoch, Revision, Version},
    signed::Signed,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::{fmt, net::IpAddr};

/// The body of a statement: an ordered list of changes that are made together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The changes, in the order in which they are made.
    pub changes: Vec<Change>,
}

impl Body {
    /// The type under which a body is hashed into its header. It is not signed by itself.
    pub const TYPE: &'static str = "body.v1";
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, changes of owners included.
    Owner,
    /// Everything but changes of owners, policy and checkpoint key.
    Admin,
    /// Writes the profiles that its groups are granted `write` on.
    Editor,
    /// Reads the audit log only.
    Auditor,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Auditor => "auditor",
        })
    }
}

/// Whether an agent may be served. Deletion is a change of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// Served.
    Active,
    /// Refused until it is activated again.
    Inactive,
}

/// Limits on an agent that the server enforces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Refused before this time.
    pub not_before: Option<Timestamp>,
    /// Refused from this time on.
    pub expires_at: Option<Timestamp>,
    /// Served only from these address ranges, `address/prefix`; from anywhere when empty.
    pub source_cidrs: Vec<String>,
    /// Served this many reads at most.
    pub max_uses: Option<u64>,
}

impl Conditions {
    /// Whether the conditions are well formed: ranges parse, numbers are in bounds, the times are in order.
    #[must_use]
    pub fn are_well_formed(&self) -> bool {
        let ordered = match (self.not_before, self.expires_at) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        let countable = self.max_uses.is_none_or(|uses| uses <= crate::number::MAX_SAFE_INTEGER);
        ordered
            && countable
            && self.source_cidrs.len() <= limits::SOURCE_CIDRS
            && self.source_cidrs.iter().all(|cidr| parse_cidr(cidr).is_some())
    }

    /// Whether a request from `address` is within the ranges.
    #[must_use]
    pub fn allow_address(&self, address: IpAddr) -> bool {
        self.source_cidrs.is_empty()
            || self.source_cidrs.iter().filter_map(|cidr| parse_cidr(cidr)).any(|range| range_holds(range, address))
    }
}

fn parse_cidr(text: &str) -> Option<(IpAddr, u32)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let digits = prefix;
    let prefix: u32 = digits.parse().ok()?;
    if prefix.to_string() != digits {
        // `+8` and `08` are other languages' errors: what only some readers accept would split the chain.
        return None;
    }
    let bits = if address.is_ipv4() { 32 } else { 128 };
    (prefix <= bits).then(|| canonical_range(address, prefix))
}

/// A range of IPv4 addresses that is written as IPv6 (`::ffff:192.0.2.0/120`) is that range: peers are judged as IPv4.
fn canonical_range(network: IpAddr, prefix: u32) -> (IpAddr, u32) {
    match (network.to_canonical(), prefix.checked_sub(96)) {
        (IpAddr::V4(mapped), Some(short)) if network.is_ipv6() => (IpAddr::V4(mapped), short),
        _ => (network, prefix),
    }
}

fn range_holds((network, prefix): (IpAddr, u32), address: IpAddr) -> bool {
    match (network, address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let shift = 32 - prefix;
            u64::from(network.to_bits()) >> shift == u64::from(address.to_bits()) >> shift
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            network.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

/// A revision that the directory vouches for: readable whoever signed it, and nothing older is a head any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Vouched {
    /// The revision.
    pub revision: Revision,
    /// Object hash of its manifest.
    pub manifest: Hash,
}

by_kind! {
    /// One change. In JSON, `kind` names it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub enum Change {
        /// The next version of the roster.
        RosterChanged {
            /// The signed roster.
            roster: Signed,
        },
        /// A roster that still lacks owners' signatures; stated again with each further one.
        ApprovalPending {
            /// The roster, signed by whoever has signed so far.
            roster: Signed,
            /// The changes of people that go with it, for whoever signs next to see. They are made by the statement that
            /// changes the roster, which makes these and no others, not by this one.
            people: Vec<Change>,
        },
        /// A pending roster is given up, with its signatures: it never comes into force.
        ApprovalWithdrawn {
            /// Object hash of the pending roster.
            roster: Hash,
        },
        /// What owners decide for the whole organization.
        PolicyChanged {
            /// The organization's name.
            name: Name,
        },
        /// The key that signs audit checkpoints from now on.
        CheckpointKeyChanged {
            /// Its public half.
            key: SigningPublicKey,
        },
        /// A new agent.
        AgentCreated {
            /// Its id.
            id: AgentId,
            /// Its name.
            name: Name,
            /// The public halves of the keys in its token.
            keys: PublicKeys,
            /// When, from where and how often it is served.
            conditions: Conditions,
        },
        /// An agent's name, status and conditions, all restated.
        AgentChanged {
            /// Which agent.
            id: AgentId,
            /// Its name from now on.
            name: Name,
            /// Its status from now on.
            status: AgentStatus,
            /// Its conditions from now on.
            conditions: Conditions,
        },
        /// An agent's keys from now on: one set, or two while a rotation is in its grace time.
        AgentRekeyed {
            /// Which agent.
            id: AgentId,
            /// The sets of keys that are good from now on, the newer one first.
            keys: Vec<PublicKeys>,
            /// With two sets: until when the older one is meant to be used. It decides nothing: a further statement ends that set.
            until: Option<Timestamp>,
        },
        /// An agent is gone for good.
        AgentDeleted {
            /// Which agent.
            id: AgentId,
        },
        /// Somebody may join.
        UserInvited {
            /// The invitation's id.
            id: InviteId,
            /// Whom.
            email: Email,
            /// In which role.
            role: Role,
            /// Into which groups.
            groups: Vec<GroupId>,
            /// The key derived from the invite code.
            key: SigningPublicKey,
            /// Until when.
            expires_at: Timestamp,
        },
        /// An invitation is void.
        InviteCancelled {
            /// Which.
            id: InviteId,
        },
        /// A user is a member from now on.
        UserConfirmed {
            /// Their id.
            id: UserId,
            /// The invitation that they accepted; none for the owners and admins of a genesis.
            invite: Option<InviteId>,
            /// Their address.
            email: Email,
            /// Their role.
            role: Role,
            /// Their keys.
            keys: PublicKeys,
            /// The public halves of their recovery kit.
            recovery: PublicKeys,
        },
        /// A user's address and role, restated.
        UserChanged {
            /// Who.
            id: UserId,
            /// Their address from now on.
            email: Email,
            /// Their role from now on.
            role: Role,
        },
        /// A user's keys from now on.
        UserRekeyed {
            /// Who.
            id: UserId,
            /// Their keys.
            keys: PublicKeys,
            /// The public halves of their recovery kit.
            recovery: PublicKeys,
        },
        /// A user is no member any more.
        UserRemoved {
            /// Who.
            id: UserId,
        },
        /// Versions of a secret were destroyed.
        SecretPurged {
            /// The profile it was in.
            profile: ProfileId,
            /// Which secret.
            secret: SecretId,
            /// Which versions.
            versions: Vec<Version>,
        },
        /// A new group.
        GroupCreated {
            /// Its id.
            id: GroupId,
            /// Its name.
            name: Name,
            /// The public half of its first epoch's key.
            key: KemPublicKey,
        },
        /// A group is gone, and with it what it granted.
        GroupDeleted {
            /// Which group.
            id: GroupId,
        },
        /// A group's next key.
        GroupEpoch {
            /// Which group; [`GroupId::ADMINS`] too.
            id: GroupId,
            /// One more than its epoch so far.
            epoch: Epoch,
            /// The public half of the epoch's key.
            key: KemPublicKey,
        },
        /// A principal joins a group.
        MemberAdded {
            /// Which group.
            group: GroupId,
            /// Who.
            member: PrincipalId,
        },
        /// A principal leaves a group.
        MemberRemoved {
            /// Which group.
            group: GroupId,
            /// Who.
            member: PrincipalId,
        },
        /// A new profile, with revision 1, which holds nothing.
        ProfileCreated {
            /// Its id.
            id: ProfileId,
            /// Its name.
            name: Name,
            /// Commitment to its first epoch's master key.
            commitment: KeyCommitment,
            /// Revision 1.
            vouched: Vouched,
        },
        /// A profile's name from now on.
        ProfileRenamed {
            /// Which profile.
            id: ProfileId,
            /// The name.
            name: Name,
            /// A revision whose manifest states that name.
            vouched: Vouched,
        },
        /// A profile's next master key.
        ProfileEpoch {
            /// Which profile.
            id: ProfileId,
            /// One more than its epoch so far.
            epoch: Epoch,
            /// Commitment to the epoch's master key.
            commitment: KeyCommitment,
            /// The newest revision: of the epoch before, or already of this one.
            vouched: Vouched,
        },
        /// A group's access to a profile: reading, and what is said here. Access only grows; less is a revocation first.
        ProfileGranted {
            /// Which profile.
            profile: ProfileId,
            /// Which group.
            group: GroupId,
            /// Whether the group's editors may write.
            write: bool,
            /// Whether earlier master keys are opened to the group.
            history: bool,
        },
        /// A group's access to a profile ends.
        ProfileRevoked {
            /// Which profile.
            profile: ProfileId,
            /// Which group.
            group: GroupId,
        },
        /// A newer revision is vouched for.
        ProfileVouched {
            /// Which profile.
            id: ProfileId,
            /// The revision.
            vouched: Vouched,
        },
        /// A profile is gone.
        ProfileDeleted {
            /// Which profile.
            id: ProfileId,
        },
    }
}

impl Change {
    /// The change's `kind` in JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RosterChanged { .. } => "roster_changed",
            Self::ApprovalPending { .. } => "approval_pending",
            Self::ApprovalWithdrawn { .. } => "approval_withdrawn",
            Self::PolicyChanged { .. } => "policy_changed",
            Self::CheckpointKeyChanged { .. } => "checkpoint_key_changed",
            Self::AgentCreated { .. } => "agent_created",
            Self::AgentChanged { .. } => "agent_changed",
            Self::AgentRekeyed { .. } => "agent_rekeyed",
            Self::AgentDeleted { .. } => "agent_deleted",
            Self::UserInvited { .. } => "user_invited",
            Self::InviteCancelled { .. } => "invite_cancelled",
            Self::UserConfirmed { .. } => "user_confirmed",
            Self::UserChanged { .. } => "user_changed",
            Self::UserRekeyed { .. } => "user_rekeyed",
            Self::UserRemoved { .. } => "user_removed",
            Self::SecretPurged { .. } => "secret_purged",
            Self::GroupCreated { .. } => "group_created",
            Self::GroupDeleted { .. } => "group_deleted",
            Self::GroupEpoch { .. } => "group_epoch",
            Self::MemberAdded { .. } => "member_added",
            Self::MemberRemoved { .. } => "member_removed",
            Self::ProfileCreated { .. } => "profile_created",
            Self::ProfileRenamed { .. } => "profile_renamed",
            Self::ProfileEpoch { .. } => "profile_epoch",
            Self::ProfileGranted { .. } => "profile_granted",
            Self::ProfileRevoked { .. } => "profile_revoked",
            Self::ProfileVouched { .. } => "profile_vouched",
            Self::ProfileDeleted { .. } => "profile_deleted",
        }
    }

    /// Whether it can make roster and users differ.
    pub(super) const fn concerns_users(&self) -> bool {
        matches!(
            self,
            Self::RosterChanged { .. }
                | Self::UserConfirmed { .. }
                | Self::UserChanged { .. }
                | Self::UserRekeyed { .. }
                | Self::UserRemoved { .. }
        )
    }

    /// Whether it is of a person who becomes a member, changes role, gets new keys or leaves: what may go with a pending roster.
    #[must_use]
    pub const fn moves_person(&self) -> bool {
        matches!(
            self,
            Self::UserConfirmed { .. } | Self::UserChanged { .. } | Self::UserRekeyed { .. } | Self::UserRemoved { .. }
        )
    }

    /// The group whose key it renews.
    pub(super) const fn renewed_group(&self) -> Option<GroupId> {
        match self {
            Self::GroupEpoch { id, .. } => Some(*id),
            _ => None,
        }
    }
}
