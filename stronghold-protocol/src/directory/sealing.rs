//! Which seals a statement makes necessary.

use super::{AgentStatus, Change, Directory, Group};
use crate::{
    crypto::kem::KemPublicKey,
    id::{GroupId, PrincipalId, ProfileId},
    seal::{SealId, SealedObject, WantedSeal},
    time::Timestamp,
};
use std::collections::BTreeMap;

impl Directory {
    /// The seals that must exist after `changes`, which led from `before` to this state, and did not have to before.
    ///
    /// Nothing is sealed to a deactivated agent, or to one that has expired at `now`; its reactivation wants the seals.
    /// An author makes these seals, and a server can insist on them: both ask this one function.
    #[must_use]
    pub fn wanted_seals(&self, before: Option<&Self>, changes: &[Change], now: Timestamp) -> Vec<WantedSeal> {
        let mut plan = Plan { state: self, now, seals: BTreeMap::new() };
        for change in changes {
            plan.add(before, change);
        }
        plan.seals.into_iter().map(|(id, to)| WantedSeal { id, to }).collect()
    }

    /// The KEM keys to which a member's seals are made: none while it is not served.
    fn recipients(&self, member: &PrincipalId, now: Timestamp) -> Vec<KemPublicKey> {
        match member {
            PrincipalId::Agent(id) => self.agent(id).map_or_else(Vec::new, |agent| {
                let expired = agent.conditions.expires_at.is_some_and(|at| at <= now);
                let served = agent.status == AgentStatus::Active && !agent.deleted && !expired;
                if served { agent.keys.iter().map(|keys| keys.kem.clone()).collect() } else { Vec::new() }
            }),
            PrincipalId::User(id) => {
                self.user(id).filter(|user| !user.removed).map(|user| user.keys.kem.clone()).into_iter().collect()
            }
        }
    }
}

struct Plan<'state> {
    state: &'state Directory,
    now: Timestamp,
    seals: BTreeMap<SealId, KemPublicKey>,
}

impl Plan<'_> {
    fn add(&mut self, before: Option<&Directory>, change: &Change) {
        match change {
            Change::GroupCreated { id, .. } | Change::GroupEpoch { id, .. } => self.whole_group(id),
            Change::MemberAdded { group, member } => self.group_seed_to_member(group, member),
            Change::ProfileCreated { id, .. } | Change::ProfileEpoch { id, .. } => self.whole_profile(id),
            Change::ProfileGranted { profile, group, .. } => self.profile_to_group(profile, group),
            Change::AgentChanged { id, .. } | Change::AgentRekeyed { id, .. } => {
                let member = PrincipalId::Agent(*id);
                let had = before.map_or_else(Vec::new, |before| before.recipients(&member, self.now));
                if self.state.recipients(&member, self.now) != had {
                    self.all_groups_to_member(&member);
                }
            }
            Change::UserRekeyed { id, .. } => self.all_groups_to_member(&PrincipalId::User(*id)),
            Change::RosterChanged { .. } => self.admins_seed(),
            _ => {}
        }
    }

    /// A group's new key: its seed to every member and to `admins`, and what its profiles need to that key.
    fn whole_group(&mut self, id: &GroupId) {
        let Some(group) = self.state.group(id) else { return };
        if *id == GroupId::ADMINS {
            self.admins_seed();
            let others: Vec<GroupId> = self.state.groups().map(|group| group.id).collect();
            for other in others.iter().filter(|other| **other != GroupId::ADMINS) {
                self.group_seed_to_admins(other);
            }
            let profiles: Vec<ProfileId> = self.state.profiles().map(|profile| profile.id).collect();
            for profile in &profiles {
                self.profile_to_group(profile, &GroupId::ADMINS);
            }
            return;
        }
        let members: Vec<PrincipalId> = group.members.iter().copied().collect();
        let profiles: Vec<ProfileId> = group.profiles.iter().copied().collect();
        for member in &members {
            self.group_seed_to_member(id, member);
        }
        self.group_seed_to_admins(id);
        for profile in &profiles {
            self.profile_to_group(profile, id);
        }
    }

    fn whole_profile(&mut self, id: &ProfileId) {
        let Some(profile) = self.state.profile(id) else { return };
        let groups: Vec<GroupId> = profile.grants.keys().copied().collect();
        self.profile_to_group(id, &GroupId::ADMINS);
        for group in &groups {
            self.profile_to_group(id, group);
        }
    }

    fn profile_to_group(&mut self, profile: &ProfileId, group: &GroupId) {
        let (Some(profile), Some(group)) = (self.state.profile(profile), self.state.group(group)) else { return };
        let grant = profile.grants.get(&group.id);
        let is_admins = group.id == GroupId::ADMINS;
        if !is_admins && grant.is_none() {
            // Granted and revoked in one statement.
            return;
        }
        let history = is_admins || grant.is_some_and(|grant| grant.history);
        self.want(SealedObject::ProfileKey(profile.id), profile.epoch, group.key.clone());
        if history {
            self.want(SealedObject::HistoryKey(profile.id), profile.epoch, group.key.clone());
        }
    }

    fn group_seed_to_member(&mut self, group: &GroupId, member: &PrincipalId) {
        // Who came and went in one statement is no member after it.
        if let Some(group) = self.state.group(group).filter(|group| group.members.contains(member)) {
            for key in self.state.recipients(member, self.now) {
                self.want_group_seed(group, key);
            }
        }
    }

    fn group_seed_to_admins(&mut self, group: &GroupId) {
        if let (Some(group), Some(admins)) = (self.state.group(group), self.state.group(&GroupId::ADMINS)) {
            self.want_group_seed(group, admins.key.clone());
        }
    }

    fn admins_seed(&mut self) {
        if let Some(admins) = self.state.group(&GroupId::ADMINS) {
            for member in self.state.roster().value().members() {
                self.want_group_seed(admins, member.keys.kem.clone());
            }
        }
    }

    fn all_groups_to_member(&mut self, member: &PrincipalId) {
        for group in self.state.groups_of(member) {
            if group == GroupId::ADMINS {
                self.admins_seed();
            } else {
                self.group_seed_to_member(&group, member);
            }
        }
    }

    fn want_group_seed(&mut self, group: &Group, to: KemPublicKey) {
        self.want(SealedObject::GroupSeed(group.id), group.epoch, to);
    }

    fn want(&mut self, object: SealedObject, epoch: crate::number::Epoch, to: KemPublicKey) {
        self.seals.insert(SealId { object, epoch, recipient: to.key_id() }, to);
    }
}
