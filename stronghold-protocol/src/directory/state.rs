//! The state that a chain of statements adds up to, and how to look things up in it.

use super::{AgentStatus, Approval, Conditions, HeaderRef, LeafEntry, ProfileLeaf, Role, Vouched};
use crate::{
    crypto::{
        hash::Hash,
        kem::{KemPublicKey, PublicKeys},
        sign::{KeyId, SigningPublicKey},
    },
    id::{AgentId, GroupId, InviteId, OrgId, PrincipalId, ProfileId, SecretId, UserId},
    manifest::KeyCommitment,
    merkle,
    name::{Email, Name},
    number::{Epoch, Seq, Version},
    roster::{Roster, RosterRef},
    signed::Verified,
    time::Timestamp,
};
use rpds::{HashTrieMapSync, HashTrieSetSync, RedBlackTreeMapSync, RedBlackTreeSetSync, VectorSync};
use std::sync::Arc;

/// The state of an organization's directory after a statement. A clone shares everything, so keeping one is cheap.
#[derive(Clone, Debug)]
pub struct Directory {
    pub(super) org: OrgId,
    pub(super) head: HeaderRef,
    pub(super) roster: Arc<Verified<Roster>>,
    pub(super) policy: Policy,
    pub(super) checkpoint_keys: super::checkpoint_keys::CheckpointKeys,
    pub(super) agents: RedBlackTreeMapSync<AgentId, Arc<Agent>>,
    pub(super) users: RedBlackTreeMapSync<UserId, Arc<User>>,
    pub(super) invites: RedBlackTreeMapSync<InviteId, Arc<Invite>>,
    pub(super) approvals: HashTrieMapSync<Hash, Arc<Approval>>,
    /// What was pending under the roster in force and is given up: its signatures count no more.
    pub(super) withdrawn: HashTrieSetSync<Hash>,
    pub(super) groups: RedBlackTreeMapSync<GroupId, Arc<Group>>,
    pub(super) profiles: RedBlackTreeMapSync<ProfileId, Arc<Profile>>,
    pub(super) agent_names: HashTrieMapSync<Name, AgentId>,
    pub(super) group_names: HashTrieMapSync<Name, GroupId>,
    pub(super) profile_names: HashTrieMapSync<Name, ProfileId>,
    pub(super) emails: HashTrieMapSync<Email, UserId>,
    /// Every signing key that ever stood in the directory: one is never used twice.
    pub(super) keys: HashTrieMapSync<KeyId, KeyOwner>,
    /// Every id that was ever used.
    pub(super) ids: HashTrieSetSync<[u8; 16]>,
    pub(super) log: merkle::Tree,
    pub(super) leaf_order: VectorSync<ProfileId>,
    pub(super) leaves: merkle::Tree,
}

/// What owners decide for the whole organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The organization's name.
    pub name: Name,
}

/// An agent, live or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its id.
    pub id: AgentId,
    /// Its name, or its last one.
    pub name: Name,
    /// Its keys: one set, two during a rotation's grace time, the newer one first; empty once deleted.
    pub keys: Vec<PublicKeys>,
    /// The rotation that is to be finished, while there are two sets of keys.
    pub rotation: Option<Rotation>,
    /// Whether it may be served.
    pub status: AgentStatus,
    /// When, from where and how often it may be served.
    pub conditions: Conditions,
    /// Time of the statement that created it, as its author said.
    pub created_at: Timestamp,
    /// Whether it is gone for good.
    pub deleted: bool,
    /// Its groups.
    pub groups: RedBlackTreeSetSync<GroupId>,
}

/// A rotation of an agent's keys that is not finished: both sets are good until a statement ends the older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Time of the statement that began it, as its author said.
    pub since: Timestamp,
    /// Until when its author wanted both sets used.
    pub until: Timestamp,
}

/// A user, member or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: Email,
    /// The address that was invited, which they accepted; `email` is what an owner or admin stated since.
    pub joined_as: Email,
    /// Their role.
    pub role: Role,
    /// Their keys.
    pub keys: PublicKeys,
    /// The public halves of their recovery kit.
    pub recovery: PublicKeys,
    /// Whether they are no member any more.
    pub removed: bool,
    /// Their groups, without the built-in `admins`.
    pub groups: RedBlackTreeSetSync<GroupId>,
}

/// An open invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invite {
    /// Whom.
    pub email: Email,
    /// In which role.
    pub role: Role,
    /// Into which groups.
    pub groups: Vec<GroupId>,
    /// The key derived from the invite code.
    pub key: SigningPublicKey,
    /// Until when.
    pub expires_at: Timestamp,
}

/// A live group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: Name,
    /// Its key generation.
    pub epoch: Epoch,
    /// The public half of that generation's key.
    pub key: KemPublicKey,
    /// Its members; empty for `admins`, whose members are the roster's.
    pub members: RedBlackTreeSetSync<PrincipalId>,
    /// The profiles that are granted to it; empty for `admins`, who reach every profile.
    pub profiles: RedBlackTreeSetSync<ProfileId>,
    /// Whether something was sealed to this generation's key that is no longer current, which a new member must not get.
    pub stale: bool,
}

/// A group's access to a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whether the group's editors may write.
    pub write: bool,
    /// Whether earlier master keys are opened to the group.
    pub history: bool,
}

/// A live profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// Its name.
    pub name: Name,
    /// Its key generation.
    pub epoch: Epoch,
    /// Commitment to that generation's master key.
    pub commitment: KeyCommitment,
    /// The revision that the directory vouches for.
    pub vouched: Vouched,
    /// Who may read it, besides `admins`.
    pub grants: RedBlackTreeMapSync<GroupId, Grant>,
    /// The versions that were destroyed, each with its tombstone.
    pub purged: RedBlackTreeMapSync<(SecretId, Version), Tombstone>,
}

/// What is left of a purged version: the statement that an owner signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The statement's position.
    pub seq: Seq,
    /// The statement's time, as its author said.
    pub at: Timestamp,
}

/// Whose a signing key is, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyOwner {
    /// Whose.
    pub principal: PrincipalId,
    /// The public key.
    pub key: SigningPublicKey,
    /// Whether it signs nothing any more.
    pub ended: bool,
}

impl Directory {
    /// The organization.
    #[must_use]
    pub const fn org(&self) -> OrgId {
        self.org
    }

    /// The newest statement.
    #[must_use]
    pub const fn head(&self) -> HeaderRef {
        self.head
    }

    /// The roster in force.
    #[must_use]
    pub fn roster(&self) -> &Verified<Roster> {
        &self.roster
    }

    /// The roster in force, by number and hash.
    #[must_use]
    pub fn roster_ref(&self) -> RosterRef {
        RosterRef { version: self.roster.value().version, hash: self.roster.hash() }
    }

    /// What owners decided for the whole organization.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The tree over the hashes of all headers, the head's included.
    #[must_use]
    pub const fn header_log(&self) -> &merkle::Tree {
        &self.log
    }

    /// The root over the profile leaves.
    #[must_use]
    pub fn state_root(&self) -> Hash {
        self.leaves.root()
    }

    /// An agent by id, deleted ones too.
    #[must_use]
    pub fn agent(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.get(id).map(Arc::as_ref)
    }

    /// A live agent by name.
    #[must_use]
    pub fn agent_named(&self, name: &Name) -> Option<&Agent> {
        self.agent_names.get(name).and_then(|id| self.agent(id))
    }

    /// All agents, deleted ones too, oldest first.
    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values().map(Arc::as_ref)
    }

    /// Whether an object ever had the id with these bytes: no new one gets it.
    #[must_use]
    pub fn is_id_used(&self, id: &[u8; 16]) -> bool {
        self.ids.contains(id)
    }

    /// A user by id, removed ones too.
    #[must_use]
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id).map(Arc::as_ref)
    }

    /// A member by address.
    #[must_use]
    pub fn user_with_email(&self, email: &Email) -> Option<&User> {
        self.emails.get(email).and_then(|id| self.user(id))
    }

    /// All users, removed ones too, oldest first.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values().map(Arc::as_ref)
    }

    /// An open invitation.
    #[must_use]
    pub fn invite(&self, id: &InviteId) -> Option<&Invite> {
        self.invites.get(id).map(Arc::as_ref)
    }

    /// All open invitations, oldest first.
    pub fn invites(&self) -> impl Iterator<Item = (InviteId, &Invite)> {
        self.invites.iter().map(|(id, invite)| (*id, invite.as_ref()))
    }

    /// The open invitation whose code has this signing key.
    #[must_use]
    pub fn invite_with_key(&self, key: &KeyId) -> Option<(InviteId, &Invite)> {
        self.invites().find(|(_, invite)| invite.key.key_id() == *key)
    }

    /// A live group by id, `admins` included.
    #[must_use]
    pub fn group(&self, id: &GroupId) -> Option<&Group> {
        self.groups.get(id).map(Arc::as_ref)
    }

    /// A live group by name, `admins` included.
    #[must_use]
    pub fn group_named(&self, name: &Name) -> Option<&Group> {
        self.group_names.get(name).and_then(|id| self.group(id))
    }

    /// All live groups, `admins` first.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values().map(Arc::as_ref)
    }

    /// A live profile by id.
    #[must_use]
    pub fn profile(&self, id: &ProfileId) -> Option<&Profile> {
        self.profiles.get(id).map(Arc::as_ref)
    }

    /// A live profile by name.
    #[must_use]
    pub fn profile_named(&self, name: &Name) -> Option<&Profile> {
        self.profile_names.get(name).and_then(|id| self.profile(id))
    }

    /// All live profiles, oldest first.
    pub fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values().map(Arc::as_ref)
    }

    /// Whose a signing key is, or was.
    #[must_use]
    pub fn key_owner(&self, key: &KeyId) -> Option<&KeyOwner> {
        self.keys.get(key)
    }

    /// The groups of a live principal, `admins` included for owners and admins.
    #[must_use]
    pub fn groups_of(&self, principal: &PrincipalId) -> Vec<GroupId> {
        match principal {
            PrincipalId::Agent(id) => {
                self.agent(id).map_or_else(Vec::new, |agent| agent.groups.iter().copied().collect())
            }
            PrincipalId::User(id) => {
                let Some(user) = self.user(id).filter(|user| !user.removed) else { return Vec::new() };
                let admins = matches!(user.role, Role::Owner | Role::Admin).then_some(GroupId::ADMINS);
                admins.into_iter().chain(user.groups.iter().copied()).collect()
            }
        }
    }

    /// A group through which a principal may read a profile, `admins` first, if there is one.
    ///
    /// An auditor reads no profile, whatever its groups.
    #[must_use]
    pub fn reading_group(&self, principal: &PrincipalId, profile: &ProfileId) -> Option<GroupId> {
        let profile = self.profile(profile)?;
        let auditor = matches!(principal, PrincipalId::User(id)
            if self.user(id).is_none_or(|user| user.role == Role::Auditor));
        if auditor {
            return None;
        }
        let groups = self.groups_of(principal);
        groups.into_iter().find(|group| *group == GroupId::ADMINS || profile.grants.contains_key(group))
    }

    /// What the directory says of a live profile, as its leaf.
    #[must_use]
    pub fn leaf(&self, id: &ProfileId) -> Option<ProfileLeaf> {
        let profile = self.profile(id)?;
        Some(ProfileLeaf {
            id: profile.id,
            name: profile.name.clone(),
            epoch: profile.epoch,
            commitment: profile.commitment,
            writers: self.writer_keys(profile),
            vouched: profile.vouched,
        })
    }

    /// A live profile's leaf with its proof under [`Self::state_root`].
    #[must_use]
    pub fn leaf_entry(&self, id: &ProfileId) -> Option<LeafEntry> {
        let leaf = self.leaf(id)?;
        let index = self.leaf_position(id).ok()?;
        Some(LeafEntry { leaf, proof: self.leaves.inclusion(index)? })
    }

    /// Signing keys of the editors who may write a profile, sorted.
    pub(super) fn writer_keys(&self, profile: &Profile) -> Vec<SigningPublicKey> {
        let writing = profile.grants.iter().filter(|(_, grant)| grant.write).filter_map(|(id, _)| self.group(id));
        let mut keys: Vec<SigningPublicKey> = writing
            .flat_map(|group| group.members.iter())
            .filter_map(|member| match member {
                PrincipalId::User(id) => self.user(id),
                PrincipalId::Agent(_) => None,
            })
            .filter(|user| user.role == Role::Editor && !user.removed)
            .map(|user| user.keys.sign)
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Where a profile's leaf stands, or where it would be inserted.
    pub(super) fn leaf_position(&self, id: &ProfileId) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.leaf_order.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match self.leaf_order.get(middle).map(|at| at.cmp(id)) {
                Some(std::cmp::Ordering::Equal) => return Ok(middle),
                Some(std::cmp::Ordering::Less) => low = middle + 1,
                Some(std::cmp::Ordering::Greater) | None => high = middle,
            }
        }
        Err(low)
    }
}
