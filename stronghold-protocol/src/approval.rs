//! What waits for more owners' signatures, in words that are made from the bytes that will be signed.
//!
//! Whoever adds a signature signs a roster, and with it the changes of people that are pending beside it. [`Described`] is the
//! whole difference between that and what is in force, person by person: members are named by the directory, newcomers by the
//! acceptance that the invitation's key signed. What it cannot say it refuses, and only a [`Described`] can be countersigned:
//! what is shown is what is signed. Specified in `docs/protocol.md`, section 15.

mod difference;
mod people;

pub use difference::{Difference, Person};
pub use people::place;

use crate::{
    acceptance::Acceptance,
    crypto::{hash::Hash, sign::SigningKey},
    directory::{Approval, Directory, Role},
    id::UserId,
    key_request::KeyRequest,
    name::Email,
    roster::{Roster, RosterMember, RosterRef},
    signed::{Signed, Verified},
};

/// What members and newcomers signed themselves: without it no key is described.
///
/// It is verified again, against the directory that it is used with.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Acceptances of invitations.
    pub acceptances: Vec<Verified<Acceptance>>,
    /// Members' requests for new keys.
    pub key_requests: Vec<Verified<KeyRequest>>,
}

/// Why a pending change cannot be said in words, so that nobody can sign it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undescribed {
    /// Nothing is pending under the hash.
    #[error("no change of owners is pending under {0}")]
    NotPending(Hash),
    /// It is of a person who is no member.
    #[error("it changes {0}, who is no member")]
    NotMember(UserId),
    /// It changes one person twice, so that neither change is what comes of it.
    #[error("it changes {0} twice")]
    Twice(UserId),
    /// It restates what holds of a person already.
    #[error("it changes nothing of {0}")]
    Idle(UserId),
    /// A person joins who did not accept the invitation with this address, role and these keys.
    #[error("{email} did not accept an invitation with the keys that are proposed")]
    NotAccepted {
        /// The address that is proposed, which nobody confirmed.
        email: Email,
    },
    /// A newcomer brings an id that was used before: a member's, say, whose place in the roster they would take.
    #[error("a newcomer's id was used before: {0}")]
    IdTaken(UserId),
    /// A member gets keys, or a recovery kit, that they did not ask for, or do not ask for any more.
    #[error("they do not ask for the keys that are proposed, or not any more: {0}")]
    NotAsked(UserId),
    /// An address is proposed that another member has.
    #[error("the address {0} is another member's")]
    AddressTaken(Email),
    /// Something goes with it that is no change of people.
    #[error("{0} cannot go with a change of owners")]
    NotOfPeople(&'static str),
    /// The list of owners or admins in it is not the one in force with the changes of people made.
    #[error("the list of {0} that is proposed changes more than is told: withdraw it")]
    Leftover(&'static str),
    /// It changes nothing.
    #[error("it changes nothing that can be told: withdraw it")]
    Nothing,
}

/// A pending change of owners, all of which is in words: the only thing that can be countersigned.
#[derive(Clone, Debug)]
pub struct Described {
    approval: Approval,
    in_force: RosterRef,
    differences: Vec<Difference>,
}

impl Described {
    /// Words the difference between a directory and what is pending in it.
    ///
    /// 1. it is pending; 2. each change of a person, against the directory and the evidence; 3. threshold and minimum suite;
    ///    4. owners and admins are those in force with these changes made, and nothing is left over.
    ///
    /// # Errors
    /// [`Undescribed`], in the order of the steps.
    pub fn of(directory: &Directory, roster: &Hash, evidence: &Evidence) -> Result<Self, Undescribed> {
        // 1.
        let approval = directory.approval(roster).ok_or(Undescribed::NotPending(*roster))?;
        let (old, new) = (directory.roster().value(), approval.roster.value());
        // 2.
        let mut told = old.clone();
        let mut differences = people::differences(directory, &approval.people, evidence, &mut told)?;
        // 3.
        if new.owner_threshold != old.owner_threshold {
            differences.push(Difference::Threshold { from: old.owner_threshold, to: new.owner_threshold });
        }
        if new.minimum_suite != old.minimum_suite {
            differences.push(Difference::MinimumSuite { from: old.minimum_suite, to: new.minimum_suite });
        }
        // 4.
        for (list, told, new) in [("owners", &told.owners, &new.owners), ("admins", &told.admins, &new.admins)] {
            if sorted(told) != sorted(new) {
                return Err(Undescribed::Leftover(list));
            }
        }
        if differences.is_empty() {
            return Err(Undescribed::Nothing);
        }
        Ok(Self { approval: approval.clone(), in_force: directory.roster_ref(), differences })
    }

    /// Hash of the roster that is pending: what names it.
    #[must_use]
    pub fn id(&self) -> Hash {
        self.approval.roster.hash()
    }

    /// What is pending.
    #[must_use]
    pub const fn approval(&self) -> &Approval {
        &self.approval
    }

    /// Each thing that it changes, in the order in which it is proposed.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// The same in words: each a sentence without its end.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.differences.iter().map(ToString::to_string).collect()
    }

    /// Whether both say the same of the same bytes, following the same roster.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.id() == other.id()
            && self.in_force == other.in_force
            && self.approval.people == other.approval.people
            && self.differences == other.differences
    }

    /// Who becomes an owner, and who is an owner no more.
    #[must_use]
    pub fn owners_changed(&self) -> (Vec<&Person>, Vec<&Person>) {
        let is_owner = |role: Option<Role>| role == Some(Role::Owner);
        let moved = self.differences.iter().filter_map(Difference::role_of);
        let (joining, leaving): (Vec<_>, Vec<_>) =
            moved.filter(|(_, from, to)| is_owner(*from) != is_owner(*to)).partition(|(_, _, to)| is_owner(*to));
        let people = |moved: Vec<(_, _, _)>| moved.into_iter().map(|(person, _, _)| person).collect();
        (people(joining), people(leaving))
    }

    /// The roster with the signature of one more owner, if that key had not signed it.
    #[must_use]
    pub fn countersigned(&self, key: &SigningKey) -> Signed {
        self.approval.roster.envelope().countersigned::<Roster>(key)
    }
}

fn sorted(members: &[RosterMember]) -> Vec<&RosterMember> {
    let mut members: Vec<_> = members.iter().collect();
    members.sort_by_key(|member| member.user);
    members
}
