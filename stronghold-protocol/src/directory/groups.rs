//! The effects of changes of groups and their members.

use super::{
    Change, Group, Role,
    apply::{Refusal, Work, require},
};
use crate::{
    id::{GroupId, PrincipalId},
    name::Name,
    number::Epoch,
};
use rpds::RedBlackTreeSetSync;
use std::sync::Arc;

/// Name of the built-in group of owners and admins.
const ADMINS_NAME: &str = "admins";

/// Makes one change of a group.
pub(super) fn make(work: &mut Work, change: &Change) -> Result<(), Refusal> {
    match change {
        Change::GroupCreated { id, name, key } => {
            work.claim_id(*id.as_bytes())?;
            require(name.as_str() != ADMINS_NAME, "the name is the built-in group's")?;
            add_group(work, *id, name.clone(), key)?;
        }
        Change::GroupEpoch { id: GroupId::ADMINS, epoch, key } if work.state.group(&GroupId::ADMINS).is_none() => {
            require(*epoch == Epoch::FIRST, "the admins' first epoch is 1")?;
            let name = Name::new(ADMINS_NAME).map_err(|_| Refusal::Rule("the name is not one"))?;
            add_group(work, GroupId::ADMINS, name, key)?;
        }
        Change::GroupEpoch { id, epoch, key } => {
            let group = live(work, id)?;
            require(*epoch == group.epoch.next(), "the epoch is not one more than before")?;
            require(*key != group.key, "a new epoch has a new key")?;
            group.epoch = *epoch;
            group.key = key.clone();
            group.stale = false;
        }
        Change::GroupDeleted { id } => delete(work, id)?,
        Change::MemberAdded { group, member } => {
            require(*group != GroupId::ADMINS, "the admins are the roster's")?;
            require(!is_auditor(work, member), "an auditor is in no group")?;
            let members = &mut live(work, group)?.members;
            require(!members.contains(member), "it is a member already")?;
            members.insert_mut(*member);
            belong(work, *member, *group, true)?;
            touch_writers(work, *group, *member);
        }
        Change::MemberRemoved { group, member } => {
            require(*group != GroupId::ADMINS, "the admins are the roster's")?;
            let removed = live(work, group)?.members.remove_mut(member);
            require(removed, "it is not a member")?;
            belong(work, *member, *group, false)?;
            touch_writers(work, *group, *member);
        }
        _ => {}
    }
    Ok(())
}

fn add_group(work: &mut Work, id: GroupId, name: Name, key: &crate::crypto::kem::KemPublicKey) -> Result<(), Refusal> {
    require(!work.state.group_names.contains_key(&name), "another group has this name")?;
    work.state.group_names.insert_mut(name.clone(), id);
    let group = Group {
        id,
        name,
        epoch: Epoch::FIRST,
        key: key.clone(),
        members: RedBlackTreeSetSync::new_sync(),
        profiles: RedBlackTreeSetSync::new_sync(),
        stale: false,
    };
    work.state.groups.insert_mut(id, Arc::new(group));
    Ok(())
}

fn delete(work: &mut Work, id: &GroupId) -> Result<(), Refusal> {
    require(*id != GroupId::ADMINS, "the built-in group stays")?;
    let group = live(work, id)?.clone();
    for member in group.members.iter() {
        belong(work, *member, *id, false)?;
    }
    for profile in group.profiles.iter() {
        if let Some(profile) = work.state.profiles.get_mut(profile) {
            Arc::make_mut(profile).grants.remove_mut(id);
        }
        work.touched.insert(*profile);
    }
    work.state.group_names.remove_mut(&group.name);
    work.state.groups.remove_mut(id);
    Ok(())
}

/// Writes a membership into the member's own entry.
fn belong(work: &mut Work, member: PrincipalId, group: GroupId, joins: bool) -> Result<(), Refusal> {
    let groups = match member {
        PrincipalId::Agent(id) => work
            .state
            .agents
            .get_mut(&id)
            .map(Arc::make_mut)
            .filter(|agent| !agent.deleted)
            .map(|agent| &mut agent.groups),
        PrincipalId::User(id) => {
            work.state.users.get_mut(&id).map(Arc::make_mut).filter(|user| !user.removed).map(|user| &mut user.groups)
        }
    };
    let groups = groups.ok_or(Refusal::Rule("there is no such member, or it is gone"))?;
    if joins {
        groups.insert_mut(group);
    } else {
        groups.remove_mut(&group);
    }
    Ok(())
}

fn is_auditor(work: &Work, member: &PrincipalId) -> bool {
    let PrincipalId::User(id) = member else { return false };
    work.state.user(id).is_some_and(|user| user.role == Role::Auditor)
}

/// A user who comes or goes can change who writes the group's profiles; an agent never does.
fn touch_writers(work: &mut Work, group: GroupId, member: PrincipalId) {
    if let (PrincipalId::User(_), Some(group)) = (member, work.state.group(&group)) {
        let profiles: Vec<_> = group.profiles.iter().copied().collect();
        work.touched.extend(profiles);
    }
}

fn live<'work>(work: &'work mut Work, id: &GroupId) -> Result<&'work mut Group, Refusal> {
    work.state.groups.get_mut(id).map(Arc::make_mut).ok_or(Refusal::Rule("there is no such group"))
}
