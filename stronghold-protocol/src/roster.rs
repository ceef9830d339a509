//! The roster: the signed list of owners and admins, and the chain that links its versions to the organization's id.
//!
//! Specified in `docs/protocol.md`, section 5; the rules are those of TUF's root role.

use crate::{
    crypto::{SUITE, hash::Hash, kem::PublicKeys, sign::SigningPublicKey},
    encoding::byte_type,
    id::{OrgId, UserId},
    limits,
    number::RosterVersion,
    signed::{Payload, Signed, SignedRefusal, Verified},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

byte_type!(
    /// 32 random bytes that make a genesis roster, and so its organization's id, unique.
    RosterNonce,
    32
);

/// An owner or admin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RosterMember {
    /// Who.
    pub user: UserId,
    /// With which keys.
    pub keys: PublicKeys,
}

/// A version of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Roster {
    /// 1 for the genesis; each version is one more than the one before.
    pub version: RosterVersion,
    /// Hash of the version before; none for the genesis.
    pub prev: Option<Hash>,
    /// Random in the genesis, absent later.
    pub nonce: Option<RosterNonce>,
    /// Who may change this list and everything else.
    pub owners: Vec<RosterMember>,
    /// Who may change everything but owners, the policy and the checkpoint key.
    pub admins: Vec<RosterMember>,
    /// How many owners must sign a change of owners, threshold or suite.
    pub owner_threshold: u32,
    /// Suites below this one are refused.
    pub minimum_suite: u16,
}

impl Payload for Roster {
    const TYPE: &'static str = "roster.v1";
}

/// Which version of the roster: its number and object hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RosterRef {
    /// The version's number.
    pub version: RosterVersion,
    /// The version's object hash.
    pub hash: Hash,
}

/// Why a roster was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RosterRefusal {
    /// The envelope did not verify.
    #[error("roster: {0}")]
    Signed(#[from] SignedRefusal),
    /// The content breaks a rule of its own.
    #[error("roster: {0}")]
    Content(&'static str),
    /// It does not follow the version before it.
    #[error("roster: it does not follow the version before it")]
    NotNext,
    /// A suite is asked for that this program does not know.
    #[error("roster: it asks for suite {0}, which this program is too old for; upgrade it")]
    SuiteTooNew(u16),
}

impl Roster {
    /// Believes the genesis roster of `org`: the id is its hash, and every owner in it signed it.
    ///
    /// # Errors
    /// [`RosterRefusal`] when the hash is another, an owner did not sign, or the content breaks a rule.
    pub fn verify_genesis(envelope: &Signed, org: &OrgId) -> Result<Verified<Self>, RosterRefusal> {
        let pinned: Verified<Self> = envelope.pinned(&org.0)?;
        let roster = pinned.value();
        roster.check_content()?;
        if roster.version != RosterVersion::FIRST || roster.prev.is_some() || roster.nonce.is_none() {
            return Err(RosterRefusal::Content("a genesis has version 1, a nonce, and nothing before it"));
        }
        let owners = roster.owner_keys();
        Ok(envelope.verify(&owners, owners.len())?)
    }

    /// Believes the version after `before`.
    ///
    /// A change of owners, threshold or minimum suite needs the owner threshold of both versions; any other change needs
    /// one owner, who is an owner of both.
    ///
    /// # Errors
    /// [`RosterRefusal`] when it is not the next version, not signed by whom it must be, or its content breaks a rule.
    pub fn verify_next(before: &Verified<Self>, envelope: &Signed) -> Result<Verified<Self>, RosterRefusal> {
        let next = Self::verify_proposed(before, envelope)?;
        let (old, new) = (before.value(), next.value());
        if new.changes_owners(old) {
            envelope.verify::<Self>(&old.owner_keys(), old.threshold())?;
            envelope.verify::<Self>(&new.owner_keys(), new.threshold())?;
        }
        Ok(next)
    }

    /// Believes that at least one owner proposes this as the version after `before`: everything of [`Self::verify_next`] but
    /// the number of signatures.
    ///
    /// # Errors
    /// [`RosterRefusal`] as [`Self::verify_next`].
    pub fn verify_proposed(before: &Verified<Self>, envelope: &Signed) -> Result<Verified<Self>, RosterRefusal> {
        let old = before.value();
        // One owner of the version before must have signed, whatever changed: only then is the payload looked at.
        let next: Verified<Self> = envelope.verify(&old.owner_keys(), 1)?;
        let new = next.value();
        new.check_content()?;
        if new.version != old.version.next() || new.prev != Some(before.hash()) || new.nonce.is_some() {
            return Err(RosterRefusal::NotNext);
        }
        if new.minimum_suite < old.minimum_suite {
            return Err(RosterRefusal::Content("the minimum suite never goes down"));
        }
        Ok(next)
    }

    /// Whether this version changes from `old` what takes the owner threshold: owners, threshold or minimum suite.
    #[must_use]
    pub fn changes_owners(&self, old: &Self) -> bool {
        self.owners != old.owners
            || self.owner_threshold != old.owner_threshold
            || self.minimum_suite != old.minimum_suite
    }

    /// The owners' signing keys.
    #[must_use]
    pub fn owner_keys(&self) -> Vec<SigningPublicKey> {
        self.owners.iter().map(|member| member.keys.sign).collect()
    }

    /// The signing keys of owners and admins.
    #[must_use]
    pub fn signing_keys(&self) -> Vec<SigningPublicKey> {
        self.members().map(|member| member.keys.sign).collect()
    }

    /// Owners, then admins: the members of the built-in group `admins`.
    pub fn members(&self) -> impl Iterator<Item = &RosterMember> {
        self.owners.iter().chain(&self.admins)
    }

    /// The owner threshold, as a number of signatures.
    #[must_use]
    pub fn threshold(&self) -> usize {
        usize::try_from(self.owner_threshold).unwrap_or(usize::MAX)
    }

    /// Checks the rules that hold of every version by itself, a suite that this program does not know among them.
    ///
    /// # Errors
    /// [`RosterRefusal::Content`] or [`RosterRefusal::SuiteTooNew`].
    pub(crate) fn check_content(&self) -> Result<(), RosterRefusal> {
        if self.minimum_suite > SUITE {
            return Err(RosterRefusal::SuiteTooNew(self.minimum_suite));
        }
        if self.minimum_suite == 0 {
            return Err(RosterRefusal::Content("suites are numbered from 1"));
        }
        if self.owners.is_empty()
            || self.owners.len() > limits::ROSTER_MEMBERS
            || self.admins.len() > limits::ROSTER_MEMBERS
        {
            return Err(RosterRefusal::Content("there must be 1 to 256 owners and at most 256 admins"));
        }
        if self.owner_threshold == 0 || self.threshold() > self.owners.len() {
            return Err(RosterRefusal::Content("the owner threshold must be between 1 and the number of owners"));
        }
        let count = self.members().count();
        let users: BTreeSet<_> = self.members().map(|member| member.user).collect();
        let signing: BTreeSet<_> = self.members().map(|member| member.keys.sign).collect();
        let kem: BTreeSet<_> = self.members().map(|member| member.keys.kem.key_id()).collect();
        if users.len() != count || signing.len() != count || kem.len() != count {
            return Err(RosterRefusal::Content("a user or key stands in it twice"));
        }
        Ok(())
    }
}
