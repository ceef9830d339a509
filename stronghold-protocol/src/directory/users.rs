//! The effects of changes of people: roster, policy, invitations, users.

use super::{
    Change, Invite, Policy, Role, User,
    apply::{Refusal, Work, require},
    approvals,
};
use crate::{
    id::{GroupId, ProfileId, UserId},
    name::Email,
    roster::Roster,
};
use rpds::RedBlackTreeSetSync;
use std::sync::Arc;

const OWNER_ONLY: &str = "only an owner changes this";
const NO_SUCH_USER: &str = "there is no such user, or they were removed";

/// Makes one change of people.
pub(super) fn make(work: &mut Work, change: &Change) -> Result<(), Refusal> {
    match change {
        Change::RosterChanged { roster } => {
            let next = Roster::verify_next(&work.state.roster, roster)?;
            approvals::replace_roster(work, next)?;
        }
        Change::ApprovalPending { roster, people } => approvals::propose(work, roster, people)?,
        Change::ApprovalWithdrawn { roster } => {
            require(work.by_owner, OWNER_ONLY)?;
            approvals::withdraw(work, roster)?;
        }
        Change::PolicyChanged { name } => {
            require(work.by_owner, OWNER_ONLY)?;
            work.state.policy = Policy { name: name.clone() };
        }
        Change::CheckpointKeyChanged { key } => {
            require(work.by_owner, OWNER_ONLY)?;
            work.state.checkpoint_keys.replace(work.state.head.seq.next(), *key);
        }
        Change::UserInvited { id, email, role, groups, key, expires_at } => {
            work.claim_id(*id.as_bytes())?;
            check_groups(work, groups)?;
            require(*role != Role::Auditor || groups.is_empty(), "an auditor is in no group")?;
            let invite = Invite {
                email: email.clone(),
                role: *role,
                groups: groups.clone(),
                key: *key,
                expires_at: *expires_at,
            };
            work.state.invites.insert_mut(*id, Arc::new(invite));
        }
        Change::InviteCancelled { id } => {
            require(work.state.invites.remove_mut(id), "there is no such invitation")?;
        }
        Change::UserConfirmed { .. } => confirm(work, change)?,
        Change::UserChanged { id, email, role } => {
            let user = live(work, id)?.clone();
            if user.email != *email {
                take_email(work, *id, email)?;
                work.state.emails.remove_mut(&user.email);
            }
            let writes_or_reads = *role != Role::Auditor || user.groups.is_empty();
            require(writes_or_reads, "an auditor is in no group: remove the memberships in the same statement")?;
            let entry = live(work, id)?;
            entry.email = email.clone();
            entry.role = *role;
            touch_written(work, id);
        }
        Change::UserRekeyed { id, keys, recovery } => {
            let before = live(work, id)?.clone();
            work.claim_key((*id).into(), keys)?;
            work.end_key(&before.keys);
            if before.recovery != *recovery {
                work.claim_key((*id).into(), recovery)?;
                work.end_key(&before.recovery);
            }
            let entry = live(work, id)?;
            entry.keys = keys.clone();
            entry.recovery = recovery.clone();
            touch_written(work, id);
        }
        Change::UserRemoved { id } => remove(work, id)?,
        _ => {}
    }
    Ok(())
}

fn confirm(work: &mut Work, change: &Change) -> Result<(), Refusal> {
    let Change::UserConfirmed { id, invite, email, role, keys, recovery } = change else { return Ok(()) };
    match invite {
        Some(invite) => {
            let known = work.state.invites.get(invite).cloned();
            let known = known.ok_or(Refusal::Rule("there is no such invitation"))?;
            require(known.email == *email && known.role == *role, "the invitation says otherwise")?;
            work.state.invites.remove_mut(invite);
        }
        // Only the owners and admins of the genesis come without an invitation: the roster names them before they are users.
        None => require(work.state.head.hash == crate::crypto::hash::Hash::ZERO, "a user comes by invitation")?,
    }
    work.claim_id(*id.as_bytes())?;
    work.claim_key((*id).into(), keys)?;
    work.claim_key((*id).into(), recovery)?;
    take_email(work, *id, email)?;
    let user = User {
        id: *id,
        email: email.clone(),
        joined_as: email.clone(),
        role: *role,
        keys: keys.clone(),
        recovery: recovery.clone(),
        removed: false,
        groups: RedBlackTreeSetSync::new_sync(),
    };
    work.state.users.insert_mut(*id, Arc::new(user));
    Ok(())
}

fn remove(work: &mut Work, id: &UserId) -> Result<(), Refusal> {
    touch_written(work, id);
    let user = live(work, id)?;
    user.removed = true;
    let user = user.clone();
    for group in user.groups.iter() {
        if let Some(group) = work.state.groups.get_mut(group) {
            Arc::make_mut(group).members.remove_mut(&(*id).into());
        }
    }
    if let Some(entry) = work.state.users.get_mut(id) {
        Arc::make_mut(entry).groups = RedBlackTreeSetSync::new_sync();
    }
    work.end_key(&user.keys);
    work.end_key(&user.recovery);
    work.state.emails.remove_mut(&user.email);
    Ok(())
}

/// The leaves of profiles that a user writes name the user's key.
fn touch_written(work: &mut Work, id: &UserId) {
    let Some(user) = work.state.user(id) else { return };
    let groups = user.groups.iter().filter_map(|group| work.state.group(group));
    let profiles: Vec<ProfileId> = groups.flat_map(|group| group.profiles.iter().copied()).collect();
    work.touched.extend(profiles);
}

fn check_groups(work: &Work, groups: &[GroupId]) -> Result<(), Refusal> {
    require(groups.iter().all(|group| work.state.group(group).is_some()), "there is no such group")
}

fn take_email(work: &mut Work, id: UserId, email: &Email) -> Result<(), Refusal> {
    require(!work.state.emails.contains_key(email), "another user has this address")?;
    work.state.emails.insert_mut(email.clone(), id);
    Ok(())
}

fn live<'work>(work: &'work mut Work, id: &UserId) -> Result<&'work mut User, Refusal> {
    let user = work.state.users.get_mut(id).map(Arc::make_mut);
    user.filter(|user| !user.removed).ok_or(Refusal::Rule(NO_SUCH_USER))
}
