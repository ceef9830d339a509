//! From a statement as it arrives to the state after it.

use super::{Body, Change, Directory, Header, HeaderRef, Rekeys, Role, agents, groups, profiles, users};
use crate::{
    crypto::{hash::Hash, hash::object_hash, sign::SigningPublicKey},
    encoding::Base64Bytes,
    id::{AgentId, GroupId, OrgId, ProfileId},
    json, limits, merkle,
    number::Seq,
    roster::{Roster, RosterRefusal},
    signed::{Signed, SignedRefusal, Verified},
    time::Timestamp,
};
use rpds::{HashTrieMapSync, HashTrieSetSync, RedBlackTreeMapSync, VectorSync};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::Arc};

/// A statement as it travels: nothing in it may be believed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The signed header.
    pub header: Signed,
    /// The body's bytes: JSON, at most [`limits::BODY_BYTES`].
    pub body: Base64Bytes,
}

/// A statement whose signature, place in the chain and body verified against the state before it.
#[derive(Clone, Debug)]
pub struct VerifiedStatement {
    header: Verified<Header>,
    body: Body,
}

impl VerifiedStatement {
    /// The header.
    #[must_use]
    pub fn header(&self) -> &Verified<Header> {
        &self.header
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }
}

/// Why a statement does not extend a directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryRefusal {
    /// The header's envelope did not verify.
    #[error("directory: {0}")]
    Signed(#[from] SignedRefusal),
    /// A roster did not verify, or does not follow the one before.
    #[error("directory: {0}")]
    Roster(#[from] RosterRefusal),
    /// The header is another organization's.
    #[error("directory: the statement belongs to another organization")]
    OtherOrganization,
    /// The header does not follow the head; the author must replay and try again.
    #[error("directory: the statement does not follow statement {}", .0.seq)]
    NotNext(HeaderRef),
    /// The body is not the one whose hash was signed, is too large, or is not strict JSON.
    #[error("directory: the body is refused: {0}")]
    Body(String),
    /// The header states a root, or a roster, that replay does not give.
    #[error("directory: the header states another {0} than replay gives")]
    OtherState(&'static str),
    /// A change breaks a rule.
    #[error("directory: change {index} ({kind}): {reason}")]
    Change {
        /// Which change of the body, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// The rule.
        reason: &'static str,
    },
    /// Something ends in the statement without what must come with it.
    #[error("directory: {0}")]
    Incomplete(&'static str),
}

impl Directory {
    /// Believes a statement's bytes: the place in the chain, the signature of an owner or admin, and the body's hash.
    ///
    /// 1. signature of a key of the roster in force; 2. organization, position and predecessor; 3. the log root; 4. the
    ///    body.
    ///
    /// # Errors
    /// [`DirectoryRefusal`], in the order of the steps.
    pub fn verify(&self, statement: &Statement) -> Result<VerifiedStatement, DirectoryRefusal> {
        // 1.
        let header: Verified<Header> = statement.header.verify(&self.roster.value().signing_keys(), 1)?;
        // 2.
        let said = header.value();
        if said.org != self.org {
            return Err(DirectoryRefusal::OtherOrganization);
        }
        if said.seq != self.head.seq.next() || said.prev != self.head.hash {
            return Err(DirectoryRefusal::NotNext(self.head));
        }
        // 3.
        if said.log_root != self.log.root() {
            return Err(DirectoryRefusal::OtherState("log root"));
        }
        // 4.
        let body = parse_body(&statement.body, &said.body)?;
        Ok(VerifiedStatement { header, body })
    }

    /// The state after a verified statement. Pure: the state before it stays as it was.
    ///
    /// 1. the changes, in order; 2. what must come with them; 3. the roster, and the signature of one of its keys; 4. the
    ///    state root.
    ///
    /// # Errors
    /// [`DirectoryRefusal`], in the order of the steps; also when the statement was verified against another state.
    pub fn apply(&self, statement: &VerifiedStatement) -> Result<Self, DirectoryRefusal> {
        let said = statement.header.value();
        if said.prev != self.head.hash {
            return Err(DirectoryRefusal::NotNext(self.head));
        }
        let by_owner = self.is_by_owner(statement.header.signers());
        // 1. and 2.
        let after = self.changed(&statement.body.changes, by_owner, said.time)?;
        after.sealed_by(&statement.header)
    }

    /// Verifies and applies.
    ///
    /// # Errors
    /// As [`Self::verify`] and [`Self::apply`].
    pub fn append(&self, statement: &Statement) -> Result<Self, DirectoryRefusal> {
        self.apply(&self.verify(statement)?)
    }

    /// The state after the genesis statement of `org`, whose id is the hash of the roster in it.
    ///
    /// # Errors
    /// [`DirectoryRefusal`] when anything in it is not what a genesis must be.
    pub fn genesis(statement: &Statement, org: &OrgId) -> Result<Self, DirectoryRefusal> {
        // The header's signers are in the body's roster, which the organization's id pins, not the header: so the body
        // is read first, believed only as far as the roster's hash, and then held against the header.
        let unverified: Body = parse_any_body(&statement.body)?;
        let Some(Change::RosterChanged { roster }) = unverified.changes.first() else {
            return Err(DirectoryRefusal::Incomplete("a genesis starts with the roster"));
        };
        let roster = Roster::verify_genesis(roster, org)?;
        let header: Verified<Header> = statement.header.verify(&roster.value().owner_keys(), 1)?;
        let said = header.value();
        if said.org != *org {
            return Err(DirectoryRefusal::OtherOrganization);
        }
        if said.seq != Seq::FIRST || said.prev != Hash::ZERO || said.log_root != merkle::empty_root() {
            return Err(DirectoryRefusal::OtherState("beginning"));
        }
        let body = parse_body(&statement.body, &said.body)?;
        Self::born(*org, roster, &body.changes, said.time)?.sealed_by(&header)
    }

    /// The state after a genesis body, without a header yet.
    pub(super) fn born(
        org: OrgId,
        roster: Verified<Roster>,
        changes: &[Change],
        time: Timestamp,
    ) -> Result<Self, DirectoryRefusal> {
        let [_, Change::PolicyChanged { name }, Change::CheckpointKeyChanged { key }, rest @ ..] = changes else {
            return Err(DirectoryRefusal::Incomplete("a genesis states roster, policy and checkpoint key first"));
        };
        let empty = Self {
            org,
            head: HeaderRef { seq: Seq::FIRST, hash: Hash::ZERO },
            roster: Arc::new(roster),
            policy: super::Policy { name: name.clone() },
            checkpoint_keys: super::checkpoint_keys::CheckpointKeys::new(*key),
            agents: RedBlackTreeMapSync::new_sync(),
            users: RedBlackTreeMapSync::new_sync(),
            invites: RedBlackTreeMapSync::new_sync(),
            approvals: HashTrieMapSync::new_sync(),
            withdrawn: HashTrieSetSync::new_sync(),
            groups: RedBlackTreeMapSync::new_sync(),
            profiles: RedBlackTreeMapSync::new_sync(),
            agent_names: HashTrieMapSync::new_sync(),
            group_names: HashTrieMapSync::new_sync(),
            profile_names: HashTrieMapSync::new_sync(),
            emails: HashTrieMapSync::new_sync(),
            keys: HashTrieMapSync::new_sync(),
            ids: HashTrieSetSync::new_sync(),
            log: merkle::Tree::default(),
            leaf_order: VectorSync::new_sync(),
            leaves: merkle::Tree::default(),
        };
        let [Change::GroupEpoch { id: GroupId::ADMINS, .. }, people @ ..] = rest else {
            return Err(DirectoryRefusal::Incomplete("a genesis makes the admins' key"));
        };
        let confirms_a_member = |change: &Change| {
            matches!(change, Change::UserConfirmed { invite: None, role: Role::Owner | Role::Admin, .. })
        };
        if !people.iter().all(confirms_a_member) {
            return Err(DirectoryRefusal::Incomplete(
                "a genesis confirms the owners and admins and makes the admins' key, no more",
            ));
        }
        let after = empty.changed(rest, true, time)?;
        after.check_roster_is_users()?;
        Ok(after)
    }

    /// The state after some changes, without a header yet.
    pub(super) fn changed(
        &self,
        changes: &[Change],
        by_owner: bool,
        time: Timestamp,
    ) -> Result<Self, DirectoryRefusal> {
        if changes.is_empty() {
            return Err(DirectoryRefusal::Incomplete("a statement changes something"));
        }
        let rosters = changes.iter().filter(|change| matches!(change, Change::RosterChanged { .. })).count();
        if rosters > 1 {
            // What must be renewed is worked out from one version to the next.
            return Err(DirectoryRefusal::Incomplete("a statement changes the roster once"));
        }
        let mut work = Work { state: self.clone(), touched: BTreeSet::new(), by_owner, time };
        for (index, change) in changes.iter().enumerate() {
            work.make(change).map_err(|refusal| match refusal {
                Refusal::Rule(reason) => DirectoryRefusal::Change { index, kind: change.kind(), reason },
                Refusal::Roster(refusal) => DirectoryRefusal::Roster(refusal),
            })?;
        }
        self.check_approved(changes)?;
        Rekeys::required(self, changes).check(changes)?;
        work.mark_stale_groups(self, changes);
        work.check_added_members(changes)?;
        if changes.iter().any(Change::concerns_users) {
            work.state.check_roster_is_users()?;
        }
        work.refresh_leaves();
        Ok(work.state)
    }

    /// Whether one of the signers is an owner.
    fn is_by_owner(&self, signers: &[SigningPublicKey]) -> bool {
        let owners = self.roster.value().owner_keys();
        signers.iter().any(|signer| owners.contains(signer))
    }

    /// Holds this state against what `header` says of it, and makes it the head.
    fn sealed_by(mut self, header: &Verified<Header>) -> Result<Self, DirectoryRefusal> {
        let said = header.value();
        // 3. A key of the roster after the statement must have signed too; where the roster did not change it did.
        if said.roster != self.roster_ref() {
            return Err(DirectoryRefusal::OtherState("roster"));
        }
        header.envelope().verify::<Header>(&self.roster.value().signing_keys(), 1)?;
        // 4.
        if said.state_root != self.state_root() {
            return Err(DirectoryRefusal::OtherState("state root"));
        }
        self.head = HeaderRef { seq: said.seq, hash: header.hash() };
        self.log.push(merkle::leaf_hash(&header.hash().0));
        Ok(self)
    }

    /// The roster's members and the users with those roles must be the same people with the same keys.
    fn check_roster_is_users(&self) -> Result<(), DirectoryRefusal> {
        const MISMATCH: DirectoryRefusal =
            DirectoryRefusal::Incomplete("owners and admins change together with the roster, and only so");
        let roster = self.roster.value();
        let live = || self.users().filter(|user| !user.removed);
        for (role, members) in [(Role::Owner, &roster.owners), (Role::Admin, &roster.admins)] {
            let matching = members.iter().all(|member| {
                self.user(&member.user)
                    .is_some_and(|user| !user.removed && user.role == role && user.keys == member.keys)
            });
            if !matching || live().filter(|user| user.role == role).count() != members.len() {
                return Err(MISMATCH);
            }
        }
        Ok(())
    }
}

/// A state under change.
pub(super) struct Work {
    pub(super) state: Directory,
    /// Profiles whose leaves may have changed.
    pub(super) touched: BTreeSet<ProfileId>,
    pub(super) by_owner: bool,
    pub(super) time: Timestamp,
}

/// Why one change is refused.
pub(super) enum Refusal {
    Rule(&'static str),
    Roster(RosterRefusal),
}

impl From<RosterRefusal> for Refusal {
    fn from(refusal: RosterRefusal) -> Self {
        Self::Roster(refusal)
    }
}

/// Refuses with a rule unless it holds.
pub(super) fn require(holds: bool, rule: &'static str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::Rule(rule)) }
}

impl Work {
    fn make(&mut self, change: &Change) -> Result<(), Refusal> {
        match change {
            Change::RosterChanged { .. }
            | Change::ApprovalPending { .. }
            | Change::ApprovalWithdrawn { .. }
            | Change::PolicyChanged { .. }
            | Change::CheckpointKeyChanged { .. }
            | Change::UserInvited { .. }
            | Change::InviteCancelled { .. }
            | Change::UserConfirmed { .. }
            | Change::UserChanged { .. }
            | Change::UserRekeyed { .. }
            | Change::UserRemoved { .. } => users::make(self, change),
            Change::AgentCreated { .. }
            | Change::AgentChanged { .. }
            | Change::AgentRekeyed { .. }
            | Change::AgentDeleted { .. } => agents::make(self, change),
            Change::GroupCreated { .. }
            | Change::GroupDeleted { .. }
            | Change::GroupEpoch { .. }
            | Change::MemberAdded { .. }
            | Change::MemberRemoved { .. } => groups::make(self, change),
            Change::SecretPurged { .. }
            | Change::ProfileCreated { .. }
            | Change::ProfileRenamed { .. }
            | Change::ProfileEpoch { .. }
            | Change::ProfileGranted { .. }
            | Change::ProfileRevoked { .. }
            | Change::ProfileVouched { .. }
            | Change::ProfileDeleted { .. } => profiles::make(self, change),
        }
    }

    /// Takes an id for a new object: none is ever used twice.
    pub(super) fn claim_id(&mut self, id: [u8; 16]) -> Result<(), Refusal> {
        require(id != *GroupId::ADMINS.as_bytes(), "the id is reserved")?;
        require(!self.state.ids.contains(&id), "the id was used before")?;
        self.state.ids.insert_mut(id);
        Ok(())
    }

    /// Whatever is still sealed to a group's key though its profile has moved on makes the group stale.
    fn mark_stale_groups(&mut self, before: &Directory, changes: &[Change]) {
        let renewed: BTreeSet<GroupId> = changes.iter().filter_map(Change::renewed_group).collect();
        for change in changes {
            let groups: Vec<GroupId> = match change {
                Change::ProfileEpoch { id, .. } | Change::ProfileDeleted { id } => {
                    before.profile(id).map(|profile| profile.grants.keys().copied().collect()).unwrap_or_default()
                }
                Change::ProfileRevoked { group, .. } => vec![*group],
                _ => Vec::new(),
            };
            for id in groups.iter().filter(|id| !renewed.contains(id)) {
                if let Some(group) = self.state.groups.get_mut(id) {
                    Arc::make_mut(group).stale = true;
                }
            }
        }
    }

    fn check_added_members(&self, changes: &[Change]) -> Result<(), DirectoryRefusal> {
        let joins_stale = changes.iter().any(|change| {
            matches!(change, Change::MemberAdded { group, .. }
                if self.state.group(group).is_some_and(|group| group.stale))
        });
        if joins_stale {
            return Err(DirectoryRefusal::Incomplete(
                "the group's key opens what is no longer current: a new member needs a new group epoch first",
            ));
        }
        Ok(())
    }

    fn refresh_leaves(&mut self) {
        for id in std::mem::take(&mut self.touched) {
            let leaf = self.state.leaf(&id).map(|leaf| leaf.leaf_hash());
            match (self.state.leaf_position(&id), leaf) {
                (Ok(index), Some(hash)) => self.state.leaves.set(index, hash),
                (Ok(index), None) => self.splice_leaves(index, None),
                (Err(index), Some(hash)) if index == self.state.leaf_order.len() => {
                    self.state.leaf_order.push_back_mut(id);
                    self.state.leaves.push(hash);
                }
                (Err(index), Some(hash)) => self.splice_leaves(index, Some((id, hash))),
                (Err(_), None) => {}
            }
        }
    }

    /// Inserts a leaf at `index`, or removes the one that is there. Rare: ids grow with time, so most inserts append.
    fn splice_leaves(&mut self, index: usize, inserted: Option<(ProfileId, Hash)>) {
        let state = &mut self.state;
        let mut order: Vec<ProfileId> = state.leaf_order.iter().copied().collect();
        let mut hashes: Vec<Hash> = (0..state.leaves.len()).filter_map(|at| state.leaves.leaf(at)).collect();
        match inserted {
            Some((id, hash)) => {
                order.insert(index, id);
                hashes.insert(index, hash);
            }
            None => {
                order.remove(index);
                hashes.remove(index);
            }
        }
        state.leaf_order = order.into_iter().collect();
        state.leaves = merkle::Tree::from_leaf_hashes(hashes);
    }

    /// The groups of an agent lose it.
    pub(super) fn leave_all_groups(&mut self, agent: AgentId) {
        let groups: Vec<GroupId> = self.state.groups_of(&agent.into());
        for id in groups {
            if let Some(group) = self.state.groups.get_mut(&id) {
                Arc::make_mut(group).members.remove_mut(&agent.into());
            }
        }
    }
}

fn parse_body(bytes: &Base64Bytes, signed: &Hash) -> Result<Body, DirectoryRefusal> {
    if bytes.0.len() > limits::BODY_BYTES {
        return Err(DirectoryRefusal::Body("it is larger than 16 MiB".to_owned()));
    }
    if object_hash(Body::TYPE, &bytes.0) != *signed {
        return Err(DirectoryRefusal::Body("it is not the one whose hash was signed".to_owned()));
    }
    parse_any_body(bytes)
}

fn parse_any_body(bytes: &Base64Bytes) -> Result<Body, DirectoryRefusal> {
    if bytes.0.len() > limits::BODY_BYTES {
        return Err(DirectoryRefusal::Body("it is larger than 16 MiB".to_owned()));
    }
    json::from_slice(&bytes.0).map_err(|error| DirectoryRefusal::Body(error.to_string()))
}
