//! One difference between what is in force and what is proposed, and how it is said.

use crate::{
    crypto::sign::KeyId,
    directory::{Role, User},
    id::UserId,
    name::Email,
};
use std::fmt;

/// A person as the directory names them, or a newcomer as they named themselves.
///
/// An address is what an owner or admin wrote, and two can look alike: id and fingerprint are what people compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Their address so far.
    pub email: Email,
    /// The address with which they joined, where an owner or admin stated another one since.
    pub joined_as: Option<Email>,
    /// Id of their signing key so far.
    pub fingerprint: KeyId,
}

/// One thing that a pending change of owners changes. [`fmt::Display`] says it: a sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// A newcomer joins.
    Joins {
        /// Who.
        person: Person,
        /// As what.
        role: Role,
    },
    /// A member gets another role.
    Role {
        /// Who.
        person: Person,
        /// Their role so far.
        from: Role,
        /// Their role from then on.
        to: Role,
    },
    /// A member's address changes.
    Address {
        /// Who, with the address so far.
        person: Person,
        /// The address from then on.
        to: Email,
    },
    /// A member gets new keys.
    Keys {
        /// Who, with the fingerprint so far.
        person: Person,
        /// The fingerprint from then on.
        to: KeyId,
    },
    /// A member leaves for good.
    Removed {
        /// Who.
        person: Person,
        /// Their role so far.
        role: Role,
    },
    /// The owner threshold changes.
    Threshold {
        /// So far.
        from: u32,
        /// From then on.
        to: u32,
    },
    /// The minimum suite changes.
    MinimumSuite {
        /// So far.
        from: u16,
        /// From then on.
        to: u16,
    },
}

impl Person {
    pub(super) fn of(user: &User) -> Self {
        Self {
            id: user.id,
            email: user.email.clone(),
            joined_as: (user.joined_as != user.email).then(|| user.joined_as.clone()),
            fingerprint: user.keys.sign.key_id(),
        }
    }
}

impl Difference {
    /// Whose role it changes, from which to which; none is no member.
    pub(super) const fn role_of(&self) -> Option<(&Person, Option<Role>, Option<Role>)> {
        match self {
            Self::Joins { person, role } => Some((person, None, Some(*role))),
            Self::Role { person, from, to } => Some((person, Some(*from), Some(*to))),
            Self::Removed { person, role } => Some((person, Some(*role), None)),
            Self::Address { .. } | Self::Keys { .. } | Self::Threshold { .. } | Self::MinimumSuite { .. } => None,
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.email)?;
        if let Some(before) = &self.joined_as {
            write!(f, "joined as {before}, ")?;
        }
        write!(f, "id {}, fingerprint {})", self.id, self.fingerprint)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joins { person, role } => write!(f, "{person} joins as {role}"),
            Self::Role { person, from, to } => write!(f, "{person} becomes {to}, and is {from} no more"),
            Self::Address { person, to } => write!(f, "the address of {person} becomes {to}"),
            Self::Keys { person, to } => write!(f, "{person} gets new keys with the fingerprint {to}"),
            Self::Removed { person, role } => write!(f, "{person} is removed, and is {role} no more"),
            Self::Threshold { from, to } => write!(f, "the owner threshold becomes {to}, and was {from}"),
            Self::MinimumSuite { from, to } => write!(f, "the minimum suite becomes {to}, and was {from}"),
        }
    }
}
