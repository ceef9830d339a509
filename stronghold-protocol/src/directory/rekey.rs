//! What must be renewed in the statement in which an access ends.

use super::{Change, Directory, DirectoryRefusal, Role};
use crate::{
    crypto::{kem::KemPublicKey, sign::SigningPublicKey},
    id::{GroupId, PrincipalId, ProfileId, UserId},
    roster::Roster,
};
use std::collections::BTreeSet;

/// What a list of changes must renew, because somebody who could open or sign something no longer may.
///
/// The same computation tells an author what to add and a reader what to insist on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rekeys {
    /// Groups that need a new epoch, `admins` possibly among them.
    pub groups: BTreeSet<GroupId>,
    /// Profiles that need a new epoch.
    pub profiles: BTreeSet<ProfileId>,
    /// Profiles whose newest revision must be vouched for, because one of their signers ends.
    pub vouched: BTreeSet<ProfileId>,
}

impl Rekeys {
    /// What `changes` to the state `before` must renew.
    #[must_use]
    pub fn required(before: &Directory, changes: &[Change]) -> Self {
        let mut needs = Self::default();
        for change in changes {
            needs.add(before, change);
        }
        // What is gone after the statement needs no new key.
        for change in changes {
            match change {
                Change::GroupDeleted { id } => {
                    needs.groups.remove(id);
                }
                Change::ProfileDeleted { id } => {
                    needs.profiles.remove(id);
                    needs.vouched.remove(id);
                }
                _ => {}
            }
        }
        needs
    }

    /// Whether nothing must be renewed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.profiles.is_empty() && self.vouched.is_empty()
    }

    /// Refuses changes that do not renew all of this.
    pub(super) fn check(&self, changes: &[Change]) -> Result<(), DirectoryRefusal> {
        let mut groups = BTreeSet::new();
        let mut profiles = BTreeSet::new();
        let mut vouched = BTreeSet::new();
        let mut renewed_once = true;
        for change in changes {
            match change {
                Change::GroupEpoch { id, .. } => {
                    renewed_once &= groups.insert(*id);
                }
                Change::ProfileEpoch { id, .. } => {
                    renewed_once &= profiles.insert(*id);
                    vouched.insert(*id);
                }
                Change::ProfileVouched { id, .. } | Change::ProfileRenamed { id, .. } => {
                    vouched.insert(*id);
                }
                _ => {}
            }
        }
        if !renewed_once {
            // Each renewal differs from the key before it, so a second one could bring the first key back.
            return Err(DirectoryRefusal::Incomplete("a statement renews a key once"));
        }
        if !self.groups.is_subset(&groups) {
            return Err(DirectoryRefusal::Incomplete("an access ends without a new epoch of each of its groups"));
        }
        if !self.profiles.is_subset(&profiles) {
            return Err(DirectoryRefusal::Incomplete("an access ends without a new epoch of each profile it reached"));
        }
        if !self.vouched.is_subset(&vouched) {
            return Err(DirectoryRefusal::Incomplete("a signer ends without vouching for what it may have signed"));
        }
        Ok(())
    }

    fn add(&mut self, before: &Directory, change: &Change) {
        match change {
            Change::MemberRemoved { group, .. } => self.add_group(before, group),
            Change::GroupDeleted { id } => self.add_group(before, id),
            Change::ProfileRevoked { profile, .. } => {
                self.profiles.insert(*profile);
            }
            Change::AgentDeleted { id } => self.add_groups_of(before, (*id).into()),
            Change::AgentRekeyed { id, keys, .. } => {
                let ends = before.agent(id).is_some_and(|agent| agent.keys.iter().any(|old| !keys.contains(old)));
                if ends {
                    self.add_groups_of(before, (*id).into());
                }
            }
            Change::UserRemoved { id } | Change::UserRekeyed { id, .. } => {
                self.add_groups_of(before, (*id).into());
                self.add_written_by(before, id);
            }
            Change::UserChanged { id, role, .. } => {
                let ends = before.user(id).is_some_and(|user| user.role == Role::Editor && *role != Role::Editor);
                if ends {
                    self.add_written_by(before, id);
                }
            }
            Change::RosterChanged { roster } => self.add_roster(before, roster),
            _ => {}
        }
    }

    /// Everything that members of a group could open: the group's own key and its profiles' keys.
    fn add_group(&mut self, before: &Directory, id: &GroupId) {
        let Some(group) = before.group(id) else { return };
        self.groups.insert(*id);
        self.profiles.extend(group.profiles.iter().copied());
    }

    fn add_groups_of(&mut self, before: &Directory, principal: PrincipalId) {
        for group in before.groups_of(&principal) {
            if group != GroupId::ADMINS {
                self.add_group(before, &group);
            }
        }
    }

    fn add_written_by(&mut self, before: &Directory, user: &UserId) {
        let Some(user) = before.user(user) else { return };
        let profiles =
            user.groups.iter().filter_map(|group| before.group(group)).flat_map(|group| group.profiles.iter());
        self.vouched.extend(profiles.copied());
    }

    /// An owner's or admin's key that ends could open everything and sign everything.
    fn add_roster(&mut self, before: &Directory, envelope: &crate::signed::Signed) {
        let old = before.roster().value();
        let Ok(next) = Roster::verify_next(before.roster(), envelope) else { return };
        let new = next.value();
        let signing: BTreeSet<SigningPublicKey> = new.signing_keys().into_iter().collect();
        let opening: Vec<&KemPublicKey> = new.members().map(|member| &member.keys.kem).collect();
        let ends =
            old.members().any(|member| !signing.contains(&member.keys.sign) || !opening.contains(&&member.keys.kem));
        if ends {
            self.groups.extend(before.groups().map(|group| group.id));
            self.profiles.extend(before.profiles().map(|profile| profile.id));
            self.vouched.extend(before.profiles().map(|profile| profile.id));
        }
    }
}
