//! What takes more than one owner: changes of owners and of the owner threshold.
//!
//! One owner proposes the next roster, which the directory keeps with the signatures so far; others add theirs; whoever adds
//! the last one commits it, with the changes of people that go with it. What counts is the signatures on the roster itself:
//! no reader of the directory, client or server, takes one that lacks some. Only what was put in words can be signed
//! ([`Described`]).

use super::{Session, batch::Batch};
use crate::error::Error;
use std::sync::Arc;
use stronghold_protocol::{
    approval::{Described, Evidence, Undescribed},
    crypto::{
        hash::Hash,
        sign::{SigningKey, SigningPublicKey},
    },
    directory::{Approval, Change, Directory},
    id::{GroupId, UserId},
    limits,
    name::Name,
    roster::Roster,
    signed::Signed,
    time::Timestamp,
    transport::Transport,
};

/// What came of a change that may take several owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// It was so already.
    Unchanged,
    /// It is made.
    Made,
    /// It waits for the signatures of other owners, under this hash of the next roster.
    Pending(Hash),
}

/// A change that waits for the signatures of owners.
#[derive(Clone, Debug)]
pub struct PendingApproval {
    /// Hash of the next roster: what names it.
    pub id: Hash,
    /// When its author says that it was proposed.
    pub since: Timestamp,
    /// The owners who signed it so far.
    pub signed_by: Vec<UserId>,
    /// How many owners must sign yet.
    pub missing: usize,
    /// All that it changes, which is what [`Session::approve`] signs; or why it cannot be told, and so not be signed.
    pub described: Result<Described, Undescribed>,
}

impl PendingApproval {
    /// What can be signed, once it was shown.
    ///
    /// # Errors
    /// [`Error::Integrity`] when keys or ids are proposed that are not the newcomer's; [`Error::Invalid`] when anything else of
    /// it cannot be told.
    pub fn to_sign(&self) -> Result<&Described, Error> {
        self.described.as_ref().map_err(|refusal| undescribed(refusal.clone()))
    }

    /// All that it changes, in words; or one sentence that says why it cannot be signed.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        match &self.described {
            Ok(described) => described.words(),
            Err(refusal) => vec![format!("this cannot be signed: {refusal}")],
        }
    }
}

impl<T: Transport> Session<T> {
    /// What waits for the signatures of owners, oldest first. Newcomers and new keys are told to owners and admins only:
    /// nobody else gets what shows whose they are.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows an acceptance or a request that is nobody's.
    pub async fn pending_approvals(&mut self) -> Result<Vec<PendingApproval>, Error> {
        let mut waiting: Vec<Approval> = self.directory.approvals().cloned().collect();
        let evidence = self.evidence(waiting.iter().flat_map(|known| &known.people)).await?;
        // Gathering evidence may have replayed the directory.
        waiting.retain(|known| self.directory.approval(&known.roster.hash()).is_some());
        let mut pending: Vec<_> = waiting.iter().map(|known| shown(&self.directory, known, &evidence)).collect();
        pending.sort_by_key(|approval| (approval.since, approval.id));
        Ok(pending)
    }

    /// What waits under one hash.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nothing does; otherwise as [`Self::pending_approvals`].
    pub async fn pending_approval(&mut self, id: Hash) -> Result<PendingApproval, Error> {
        self.sync().await?;
        let pending = self.pending_approvals().await?;
        pending.into_iter().find(|pending| pending.id == id).ok_or_else(|| not_pending(id))
    }

    /// Sets how many owners must sign a change of owners.
    ///
    /// # Errors
    /// [`Error`] when the caller is no owner, there are fewer owners than that, or the statement cannot be committed.
    pub async fn set_owner_threshold(&mut self, threshold: u32) -> Result<Decision, Error> {
        self.require_owner("only an owner changes the owner threshold")?;
        let who = Arc::clone(&self.who);
        self.commit(|batch| {
            let roster = batch.before.roster().value();
            let owners = roster.owners.len();
            if threshold == 0 || usize::try_from(threshold).is_ok_and(|threshold| threshold > owners) {
                let detail = format!("the owner threshold is from 1 to the number of owners, which is {owners}");
                return Err(Error::invalid(detail));
            }
            if roster.owner_threshold == threshold {
                return Ok(Decision::Unchanged);
            }
            batch.change_roster(&[who.signing_key()], |roster| roster.owner_threshold = threshold)
        })
        .await
    }

    /// Renames the organization. False when it had the name.
    ///
    /// # Errors
    /// [`Error`] when the caller is no owner, or the statement cannot be committed.
    pub async fn rename_organization(&mut self, name: &Name) -> Result<bool, Error> {
        self.require_owner("only an owner renames the organization")?;
        self.commit(|batch| {
            let renamed = batch.before.policy().name != *name;
            if renamed {
                batch.changes.push(Change::PolicyChanged { name: name.clone() });
            }
            Ok(renamed)
        })
        .await
    }

    /// Signs what was shown; the last signature that it lacks makes it.
    ///
    /// 1. replay to the head; 2. what is pending is described once more, with evidence of now: it must be what was shown; 3. it
    ///    is signed, in a statement that follows the very directory that described it.
    ///
    /// # Errors
    /// [`Error`] when it is not pending any more or means something else by now, the caller is no owner or signed before and
    /// signatures still lack, what goes with it is not true any more (then withdraw it and propose it again), or the statement
    /// cannot be committed.
    pub async fn approve(&mut self, shown: &Described) -> Result<Decision, Error> {
        self.require_owner("only an owner signs what takes several owners")?;
        // 1.
        self.sync().await?;
        let evidence = self.evidence(&shown.approval().people).await?;
        let people = &shown.approval().people;
        let groups: Vec<_> = people.iter().flat_map(|change| invited_groups(&self.directory, change)).collect();
        let reached = self.profiles_of(&groups);
        self.finish_pending(&reached).await?;
        let who = Arc::clone(&self.who);
        self.commit(|batch| {
            // 2.
            let described = Described::of(&batch.before, &shown.id(), &evidence).map_err(undescribed)?;
            if !described.is_same(shown) {
                return Err(Error::invalid("what waits is another change by now than was shown: look at it again"));
            }
            // 3.
            batch.sign_pending(&described, who.signing_key())
        })
        .await
    }

    /// Gives up a pending change. Its signatures count no more, for nobody who sees that it was given up.
    ///
    /// Where another owner signed it too, or nothing else is lost by it, the next roster is stated in the same statement, with
    /// the same content: then what was given up follows no roster that anybody has seen, agents included.
    ///
    /// # Errors
    /// [`Error`] when nothing is pending under this hash, the caller is no owner, or the statement cannot be committed.
    pub async fn withdraw_approval(&mut self, id: Hash) -> Result<(), Error> {
        self.require_owner("only an owner gives up what takes several owners")?;
        let who = Arc::clone(&self.who);
        self.commit(|batch| {
            let known = batch.before.approval(&id).ok_or_else(|| not_pending(id))?;
            let own = who.signing_key().public_key();
            let others_signed = known.signers.iter().any(|key| *key != own);
            let is_alone = batch.before.approvals().count() == 1;
            let is_full = batch.before.approvals_used() >= limits::APPROVALS;
            batch.changes.push(Change::ApprovalWithdrawn { roster: id });
            if others_signed || is_alone || is_full {
                let _made = batch.change_roster(&[who.signing_key()], |_| {})?;
            }
            Ok(())
        })
        .await
    }

    /// What shows whose the keys are that changes of people bring: acceptances for newcomers, requests for new keys. The
    /// directory is replayed where that is asked for.
    async fn evidence(&mut self, people: impl IntoIterator<Item = &Change>) -> Result<Evidence, Error> {
        let mut evidence = Evidence::default();
        if !self.is_manager() {
            return Ok(evidence);
        }
        let (mut joins, mut rekeys) = (false, false);
        for change in people {
            joins |= matches!(change, Change::UserConfirmed { .. });
            rekeys |= matches!(change, Change::UserRekeyed { .. });
        }
        if joins {
            evidence.acceptances = self.acceptances().await?;
        }
        if rekeys {
            evidence.key_requests = self.key_requests().await?;
        }
        Ok(evidence)
    }
}

impl Batch {
    /// Adds the next version of the roster, signed by these keys; or, where that takes more owners, proposes it with the
    /// changes of people that are in the batch, and nothing else.
    pub(super) fn change_roster(
        &mut self,
        keys: &[&SigningKey],
        change: impl FnOnce(&mut Roster),
    ) -> Result<Decision, Error> {
        let old = self.before.roster();
        let mut roster = old.value().clone();
        roster.version = roster.version.next();
        roster.prev = Some(old.hash());
        roster.nonce = None;
        change(&mut roster);
        let signed = Signed::create(&roster, keys)?;
        let signers: Vec<SigningPublicKey> = keys.iter().map(|key| key.public_key()).collect();
        if roster.owners.is_empty() {
            return Err(Error::invalid("an organization has at least one owner"));
        }
        if roster.threshold() > roster.owners.len() {
            let detail = "there would be fewer owners than the owner threshold: lower it first with `org policy`";
            return Err(Error::invalid(detail));
        }
        if !roster.changes_owners(old.value()) || is_signed(old.value(), &roster, &signers) {
            self.changes.push(Change::RosterChanged { roster: signed });
            return Ok(Decision::Made);
        }
        let people = std::mem::take(&mut self.changes).into_iter().filter(Change::moves_person).collect();
        let id = signed.hash_as::<Roster>();
        if self.before.approval(&id).is_some() {
            let detail = format!("this very change waits already: sign it, or withdraw it: {id}");
            return Err(Error::invalid(detail));
        }
        if self.before.is_withdrawn(&id) {
            let detail = "this very change was withdrawn, and its signatures are known: it can be proposed again once the \
                          other changes that wait are made or withdrawn";
            return Err(Error::invalid(detail));
        }
        self.changes.push(Change::ApprovalPending { roster: signed, people });
        Ok(Decision::Pending(id))
    }

    /// Adds a signature to what was described, and nothing else can be signed: makes the change if that was the last one, else
    /// states it again.
    fn sign_pending(&mut self, described: &Described, key: &SigningKey) -> Result<Decision, Error> {
        let known = described.approval();
        let (old, new) = (self.before.roster().value(), known.roster.value());
        let roster = described.countersigned(key);
        let mut signers = known.signers.clone();
        let own = key.public_key();
        let adds = !signers.contains(&own);
        if adds {
            signers.push(own);
        }
        // Whoever the change removes cannot commit it: readers want a key of the new roster too.
        if !is_signed(old, new, &signers) || !new.signing_keys().contains(&own) {
            if !adds {
                return Err(Error::invalid("you signed it already; another owner has to"));
            }
            self.changes.push(Change::ApprovalPending { roster, people: known.people.clone() });
            return Ok(Decision::Pending(described.id()));
        }
        for change in &known.people {
            if let Change::UserChanged { id, role, .. } = change
                && let Some(user) = self.before.user(id).cloned()
            {
                self.leave_groups_as(&user, *role);
            }
            self.changes.push(change.clone());
        }
        self.changes.push(Change::RosterChanged { roster });
        for change in &known.people {
            if let Change::UserConfirmed { id, .. } = change {
                let groups = invited_groups(&self.before, change);
                self.join_all(&groups, *id)?;
            }
        }
        Ok(Decision::Made)
    }
}

/// Whether enough owners of both rosters signed.
fn is_signed(old: &Roster, new: &Roster, signers: &[SigningPublicKey]) -> bool {
    let enough = |roster: &Roster| {
        let owners = roster.owner_keys();
        signers.iter().filter(|key| owners.contains(key)).count() >= roster.threshold()
    };
    enough(old) && enough(new)
}

fn invited_groups(directory: &Directory, change: &Change) -> Vec<GroupId> {
    let Change::UserConfirmed { invite: Some(invite), .. } = change else { return Vec::new() };
    directory.invite(invite).map(|invite| invite.groups.clone()).unwrap_or_default()
}

fn shown(directory: &Directory, known: &Approval, evidence: &Evidence) -> PendingApproval {
    let (old, new) = (directory.roster().value(), known.roster.value());
    let (of_old, of_new) = known.missing(old);
    let members = || old.owners.iter().chain(&new.owners);
    let name = |key: &SigningPublicKey| members().find(|member| member.keys.sign == *key).map(|member| member.user);
    // Whoever gets new keys signed with old and new ones.
    let mut signed_by: Vec<UserId> = Vec::new();
    for user in known.signers.iter().filter_map(name) {
        if !signed_by.contains(&user) {
            signed_by.push(user);
        }
    }
    let id = known.roster.hash();
    let described = Described::of(directory, &id, evidence);
    PendingApproval { id, since: known.since, signed_by, missing: of_old.max(of_new), described }
}

/// Why what waits is not signed: a proposal that says less than it does, or what only who it is about can say.
fn undescribed(refusal: Undescribed) -> Error {
    match refusal {
        Undescribed::NotPending(id) => not_pending(id),
        Undescribed::NotAccepted { .. } | Undescribed::IdTaken(_) => Error::forged(refusal),
        other => Error::invalid(other.to_string()),
    }
}

fn not_pending(id: Hash) -> Error {
    Error::not_found("pending approval", &id.to_string())
}
