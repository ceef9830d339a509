//! The changes of people beside a roster: each against the directory, and against what the person signed themselves.

use super::{Difference, Evidence, Person, Undescribed};
use crate::{
    acceptance::Acceptance,
    crypto::kem::PublicKeys,
    directory::{Change, Directory, Role, User},
    id::UserId,
    key_request::KeyRequest,
    name::Email,
    roster::{Roster, RosterMember},
};
use std::collections::BTreeSet;

/// Puts a user where a role belongs in a roster: among the owners, among the admins, or nowhere.
pub fn place(roster: &mut Roster, user: UserId, keys: &PublicKeys, role: Option<Role>) {
    for list in [&mut roster.owners, &mut roster.admins] {
        list.retain(|member| member.user != user);
    }
    let member = RosterMember { user, keys: keys.clone() };
    match role {
        Some(Role::Owner) => roster.owners.push(member),
        Some(Role::Admin) => roster.admins.push(member),
        Some(Role::Editor | Role::Auditor) | None => {}
    }
}

/// Words each change, and makes it in `told`.
pub(super) fn differences(
    directory: &Directory,
    people: &[Change],
    evidence: &Evidence,
    told: &mut Roster,
) -> Result<Vec<Difference>, Undescribed> {
    let mut seen = BTreeSet::new();
    let mut said = Vec::with_capacity(people.len());
    for change in people {
        let id = subject(change)?;
        if !seen.insert(id) {
            return Err(Undescribed::Twice(id));
        }
        let (keys, role) = match change {
            Change::UserConfirmed { email, role, keys, .. } => {
                if directory.is_id_used(id.as_bytes()) {
                    return Err(Undescribed::IdTaken(id));
                }
                check_accepted(directory, change, email, evidence)?;
                check_address(directory, id, email)?;
                let fingerprint = keys.sign.key_id();
                let person = Person { id, email: email.clone(), joined_as: None, fingerprint };
                said.push(Difference::Joins { person, role: *role });
                (keys, Some(*role))
            }
            Change::UserChanged { email, role, .. } => {
                let user = member(directory, id)?;
                check_address(directory, id, email)?;
                changed(user, email, *role, &mut said)?;
                (&user.keys, Some(*role))
            }
            Change::UserRekeyed { keys, .. } => {
                let user = member(directory, id)?;
                check_asked(directory, change, user, evidence)?;
                said.push(Difference::Keys { person: Person::of(user), to: keys.sign.key_id() });
                (keys, Some(user.role))
            }
            _ => {
                let user = member(directory, id)?;
                said.push(Difference::Removed { person: Person::of(user), role: user.role });
                (&user.keys, None)
            }
        };
        place(told, id, keys, role);
    }
    Ok(said)
}

/// Whom a change is of.
fn subject(change: &Change) -> Result<UserId, Undescribed> {
    match change {
        Change::UserConfirmed { id, .. }
        | Change::UserChanged { id, .. }
        | Change::UserRekeyed { id, .. }
        | Change::UserRemoved { id } => Ok(*id),
        other => Err(Undescribed::NotOfPeople(other.kind())),
    }
}

fn member(directory: &Directory, id: UserId) -> Result<&User, Undescribed> {
    directory.user(&id).filter(|user| !user.removed).ok_or(Undescribed::NotMember(id))
}

fn changed(user: &User, email: &Email, role: Role, said: &mut Vec<Difference>) -> Result<(), Undescribed> {
    let before = said.len();
    if user.email != *email {
        said.push(Difference::Address { person: Person::of(user), to: email.clone() });
    }
    if user.role != role {
        said.push(Difference::Role { person: Person::of(user), from: user.role, to: role });
    }
    if said.len() == before { Err(Undescribed::Idle(user.id)) } else { Ok(()) }
}

/// A newcomer is who accepted an invitation that is open, with exactly what is proposed.
fn check_accepted(
    directory: &Directory,
    change: &Change,
    email: &Email,
    evidence: &Evidence,
) -> Result<(), Undescribed> {
    let accepted = evidence.acceptances.iter().any(|accepted| {
        let id = accepted.value().invite;
        directory.invite(&id).is_some_and(|invite| {
            Acceptance::verify(accepted.envelope(), &directory.org(), &id, invite)
                .is_ok_and(|accepted| accepted.value().confirmed(invite.role) == *change)
        })
    });
    if accepted { Ok(()) } else { Err(Undescribed::NotAccepted { email: email.clone() }) }
}

/// New keys are those for which a member asks, with the keys in force.
fn check_asked(directory: &Directory, change: &Change, user: &User, evidence: &Evidence) -> Result<(), Undescribed> {
    let asked = evidence.key_requests.iter().any(|asked| {
        KeyRequest::verify(asked.envelope(), &directory.org(), user)
            .is_ok_and(|asked| asked.value().confirmed(user) == *change)
    });
    if asked { Ok(()) } else { Err(Undescribed::NotAsked(user.id)) }
}

fn check_address(directory: &Directory, id: UserId, email: &Email) -> Result<(), Undescribed> {
    match directory.user_with_email(email) {
        Some(user) if user.id != id => Err(Undescribed::AddressTaken(email.clone())),
        _ => Ok(()),
    }
}
