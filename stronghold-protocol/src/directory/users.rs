//! The effects of changes of people: roster, policy, invitations, users.

use super::{
    Approval, Change, Invite, Policy, Role, User,
    apply::{Refusal, Work, require},
};
use crate::{
    id::{GroupId, ProfileId, UserId},
    limits,
    name::Email,
    roster::{Roster, RosterRefusal},
    signed::Signed,
};
use rpds::{HashTrieMapSync, RedBlackTreeSetSync};
use std::sync::Arc;

const OWNER_ONLY: &str = "only an owner changes this";
const NO_SUCH_USER: &str = "there is no such user, or they were removed";

/// Makes one change of people.
pub(super) fn make(work: &mut Work, change: &Change) -> Result<(), Refusal> {
    match change {
        Change::RosterChanged { roster } => {
            let next = Roster::verify_next(&work.state.roster, roster)?;
            work.state.roster = Arc::new(next);
            // What was pending named the version before, so it can never become the next one.
            work.state.approvals = HashTrieMapSync::new_sync();
        }
        Change::ApprovalPending { roster, people } => propose(work, roster, people)?,
        Change::ApprovalWithdrawn { roster } => {
            require(work.by_owner, OWNER_ONLY)?;
            require(work.state.approvals.remove_mut(roster), "no such roster is pending")?;
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

/// Keeps a roster that lacks signatures, or a kept one with one signature more.
fn propose(work: &mut Work, roster: &Signed, people: &[Change]) -> Result<(), Refusal> {
    let proposed = Roster::verify_proposed(&work.state.roster, roster)?;
    require(
        proposed.value().changes_owners(work.state.roster.value()),
        "this roster takes one owner's signature only",
    )?;
    require(people.iter().all(Change::moves_person), "only changes of people go with a roster")?;
    // Owners of the new roster sign too, and nobody else does.
    let mut keys = work.state.roster.value().owner_keys();
    keys.extend(proposed.value().owner_keys());
    let signers = roster.good_signers::<Roster>(&keys).map_err(RosterRefusal::from)?;
    require(signers.len() == roster.signatures.len(), "who signed it is no owner of either roster")?;
    let hash = proposed.hash();
    let known = work.state.approvals.get(&hash);
    let since = match known {
        Some(known) => {
            let more = signers.len() > known.signers.len() && known.signers.iter().all(|key| signers.contains(key));
            require(more, "it is pending already; state it again with one more signature")?;
            require(known.people == people, "it is pending with other changes of people")?;
            known.since
        }
        None => work.time,
    };
    let count = work.state.approvals.size() + usize::from(known.is_none());
    require(count <= limits::APPROVALS, "too many rosters are pending: withdraw one")?;
    let approval = Approval { roster: proposed, signers, people: people.to_vec(), since };
    work.state.approvals.insert_mut(hash, Arc::new(approval));
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
