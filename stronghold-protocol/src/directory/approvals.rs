//! Rosters that lack owners' signatures: proposed, signed by one owner more, given up, and brought into force.
//!
//! What takes several owners comes into force only as it was proposed: while it is pending, with the changes of people that
//! were shown to whoever signed. What was given up stays given up for as long as it could follow the roster in force.

use super::{
    Change, Directory, DirectoryRefusal,
    apply::{Refusal, Work, require},
};
use crate::{
    crypto::{hash::Hash, sign::SigningPublicKey},
    limits,
    roster::{Roster, RosterRefusal},
    signed::{Signed, Verified},
    time::Timestamp,
};
use rpds::{HashTrieMapSync, HashTrieSetSync};
use std::sync::Arc;

const WITHDRAWN: &str = "this roster was withdrawn: the next one after another roster is in force can say the same";

/// A version of the roster that lacks owners' signatures.
#[derive(Clone, Debug)]
pub struct Approval {
    /// The version.
    pub roster: Verified<Roster>,
    /// The owners who signed it so far: of the roster in force, or of this one.
    pub signers: Vec<SigningPublicKey>,
    /// The changes of people that go with it: no others can.
    pub people: Vec<Change>,
    /// Time of the statement that proposed it, as its author said.
    pub since: Timestamp,
}

impl Approval {
    /// How many owners of the roster in force, and how many of this one, must sign it yet.
    #[must_use]
    pub fn missing(&self, in_force: &Roster) -> (usize, usize) {
        let lacking = |roster: &Roster| {
            let owners = roster.owner_keys();
            let signed = self.signers.iter().filter(|key| owners.contains(key)).count();
            roster.threshold().saturating_sub(signed)
        };
        (lacking(in_force), lacking(self.roster.value()))
    }
}

impl Directory {
    /// The pending version of the roster with this hash.
    #[must_use]
    pub fn approval(&self, roster: &Hash) -> Option<&Approval> {
        self.approvals.get(roster).map(Arc::as_ref)
    }

    /// All pending versions of the roster, in no order.
    pub fn approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approvals.values().map(Arc::as_ref)
    }

    /// Whether this version of the roster was pending under the one in force and was given up.
    #[must_use]
    pub fn is_withdrawn(&self, roster: &Hash) -> bool {
        self.withdrawn.contains(roster)
    }

    /// How many versions are pending or withdrawn under the roster in force: at most [`limits::APPROVALS`].
    #[must_use]
    pub fn approvals_used(&self) -> usize {
        self.approvals.size() + self.withdrawn.size()
    }

    /// Holds a statement that changes the roster against what is pending in the state before it.
    ///
    /// 1. What takes several owners was pending. 2. The changes of people are those that were pending with it, all of them, in
    ///    their order, and no other.
    pub(super) fn check_approved(&self, changes: &[Change]) -> Result<(), DirectoryRefusal> {
        let roster = changes.iter().find_map(|change| match change {
            Change::RosterChanged { roster } => Some(roster),
            _ => None,
        });
        // A genesis is of no state before it; a roster that does not follow this one is refused as that.
        let Some(roster) = roster else { return Ok(()) };
        let Ok(next) = Roster::verify_proposed(&self.roster, roster) else { return Ok(()) };
        // 1. One owner who needs nobody else proposes nothing.
        let (old, new) = (self.roster.value(), next.value());
        let takes_several = new.changes_owners(old) && old.threshold().max(new.threshold()) > 1;
        let Some(pending) = self.approval(&next.hash()) else {
            return match takes_several {
                true => Err(DirectoryRefusal::Incomplete("a roster that takes several owners is proposed first")),
                false => Ok(()),
            };
        };
        // 2.
        if changes.iter().filter(|change| change.moves_person()).eq(&pending.people) {
            return Ok(());
        }
        Err(DirectoryRefusal::Incomplete("the changes of people are not those that were proposed with the roster"))
    }
}

/// Keeps a roster that lacks signatures, or a kept one with one signature more.
pub(super) fn propose(work: &mut Work, roster: &Signed, people: &[Change]) -> Result<(), Refusal> {
    let proposed = Roster::verify_proposed(&work.state.roster, roster)?;
    let hash = proposed.hash();
    require(!work.state.is_withdrawn(&hash), WITHDRAWN)?;
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
    let count = work.state.approvals_used() + usize::from(known.is_none());
    require(count <= limits::APPROVALS, "too many rosters are pending or withdrawn: state the next roster first")?;
    let approval = Approval { roster: proposed, signers, people: people.to_vec(), since };
    work.state.approvals.insert_mut(hash, Arc::new(approval));
    Ok(())
}

/// Gives up a pending roster. Its signatures are known to whoever read the directory, so its hash is kept.
pub(super) fn withdraw(work: &mut Work, roster: &Hash) -> Result<(), Refusal> {
    require(work.state.approvals.remove_mut(roster), "no such roster is pending")?;
    work.state.withdrawn.insert_mut(*roster);
    Ok(())
}

/// Brings the next roster into force. What was pending or withdrawn named the one before as its predecessor, so none of it can
/// ever follow this one.
pub(super) fn replace_roster(work: &mut Work, next: Verified<Roster>) -> Result<(), Refusal> {
    require(!work.state.is_withdrawn(&next.hash()), WITHDRAWN)?;
    work.state.roster = Arc::new(next);
    work.state.approvals = HashTrieMapSync::new_sync();
    work.state.withdrawn = HashTrieSetSync::new_sync();
    Ok(())
}
