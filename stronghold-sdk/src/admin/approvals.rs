//! What takes more than one owner: changes of owners and of the owner threshold.
//!
//! One owner proposes the next roster, which the directory keeps with the signatures so far; others add theirs; whoever adds
//! the last one commits it, with the changes of people that go with it. What counts is the signatures on the roster itself:
//! no reader of the directory, client or server, takes one that lacks some.

use super::{Session, batch::Batch, people::place};
use crate::error::Error;
use std::sync::Arc;
use stronghold_protocol::{
    crypto::{
        hash::Hash,
        sign::{SigningKey, SigningPublicKey},
    },
    directory::{Approval, Change, Directory},
    id::UserId,
    name::Name,
    roster::{Roster, RosterMember},
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
    /// The owner threshold from then on, where it changes.
    pub owner_threshold: Option<u32>,
    /// Who becomes an owner.
    pub new_owners: Vec<UserId>,
    /// Who is an owner no more.
    pub former_owners: Vec<UserId>,
    /// The changes of people that go with it.
    pub people: Vec<Change>,
}

impl<T: Transport> Session<T> {
    /// What waits for the signatures of owners, oldest first.
    #[must_use]
    pub fn pending_approvals(&self) -> Vec<PendingApproval> {
        let mut pending: Vec<_> = self.directory.approvals().map(|known| described(&self.directory, known)).collect();
        pending.sort_by_key(|approval| (approval.since, approval.id));
        pending
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

    /// Signs a pending change; the last signature that it lacks makes it.
    ///
    /// # Errors
    /// [`Error`] when nothing is pending under this hash, the caller is no owner or signed before and signatures still lack,
    /// what goes with it is not true any more (then withdraw it and propose anew), or the statement cannot be committed.
    pub async fn approve(&mut self, id: Hash) -> Result<Decision, Error> {
        self.require_owner("only an owner signs what takes several owners")?;
        self.sync().await?;
        let approval = self.pending(id)?;
        if !is_explained(&self.directory, &approval) {
            return Err(Error::invalid(
                "the list of owners and admins that is proposed changes more than is told: withdraw it",
            ));
        }
        self.check_keys(&approval.people).await?;
        let groups: Vec<_> =
            approval.people.iter().flat_map(|change| invited_groups(&self.directory, change)).collect();
        let reached = self.profiles_of(&groups);
        self.finish_pending(&reached).await?;
        let who = Arc::clone(&self.who);
        self.commit(|batch| {
            let known = batch.before.approval(&id).cloned();
            batch.sign_pending(&known.ok_or_else(|| not_pending(id))?, who.signing_key())
        })
        .await
    }

    /// Gives up a pending change.
    ///
    /// # Errors
    /// [`Error`] when nothing is pending under this hash, the caller is no owner, or the statement cannot be committed.
    pub async fn withdraw_approval(&mut self, id: Hash) -> Result<(), Error> {
        self.require_owner("only an owner gives up what takes several owners")?;
        self.commit(|batch| {
            batch.before.approval(&id).ok_or_else(|| not_pending(id))?;
            batch.changes.push(Change::ApprovalWithdrawn { roster: id });
            Ok(())
        })
        .await
    }

    fn pending(&self, id: Hash) -> Result<Approval, Error> {
        self.directory.approval(&id).cloned().ok_or_else(|| not_pending(id))
    }

    /// Keys that are to enter the directory must be their owner's: who becomes a member accepted the invitation with them, who
    /// gets new ones asked for them. A second owner vouches for it with their signature.
    async fn check_keys(&mut self, people: &[Change]) -> Result<(), Error> {
        if people.iter().any(|change| matches!(change, Change::UserConfirmed { .. })) {
            let accepted = self.acceptances().await?;
            for change in people {
                if let Change::UserConfirmed { email, role, .. } = change
                    && !accepted.iter().any(|accepted| accepted.value().confirmed(*role) == *change)
                {
                    let detail = format!("{email} did not accept an invitation with the keys that are proposed");
                    return Err(Error::forged(detail));
                }
            }
        }
        if people.iter().any(|change| matches!(change, Change::UserRekeyed { .. })) {
            let asked = self.key_requests().await?;
            for change in people {
                if let Change::UserRekeyed { id, .. } = change {
                    let user = self.directory.user(id);
                    let is_asked = |user| asked.iter().any(|asked| asked.value().confirmed(user) == *change);
                    if !user.is_some_and(is_asked) {
                        let detail = "they do not ask for the keys that are proposed, or not any more: withdraw it";
                        return Err(Error::invalid(detail));
                    }
                }
            }
        }
        Ok(())
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
        self.changes.push(Change::ApprovalPending { roster: signed, people });
        Ok(Decision::Pending(id))
    }

    /// Adds a signature to a pending roster: makes the change if that was the last one, else states it again.
    fn sign_pending(&mut self, known: &Approval, key: &SigningKey) -> Result<Decision, Error> {
        let (old, new) = (self.before.roster().value(), known.roster.value());
        let roster = known.roster.envelope().countersigned::<Roster>(key);
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
            return Ok(Decision::Pending(known.roster.hash()));
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

/// Whether a pending roster differs from the one in force only by what is shown of it: the changes of people beside it, and the
/// owner threshold. The signature counts for the roster, whoever makes which changes with it.
fn is_explained(directory: &Directory, known: &Approval) -> bool {
    let new = known.roster.value();
    let mut told = directory.roster().value().clone();
    (told.version, told.prev, told.nonce) = (new.version, new.prev, new.nonce);
    told.owner_threshold = new.owner_threshold;
    for change in &known.people {
        let user = |id: &UserId| directory.user(id).filter(|user| !user.removed);
        match change {
            Change::UserConfirmed { id, role, keys, .. } => place(&mut told, *id, keys, Some(*role)),
            Change::UserChanged { id, role, .. } => match user(id) {
                Some(user) => place(&mut told, *id, &user.keys, Some(*role)),
                None => return false,
            },
            Change::UserRekeyed { id, keys, .. } => match user(id) {
                Some(user) => place(&mut told, *id, keys, Some(user.role)),
                None => return false,
            },
            Change::UserRemoved { id } => match user(id) {
                Some(user) => place(&mut told, *id, &user.keys, None),
                None => return false,
            },
            _ => return false,
        }
    }
    let sorted = |members: &[RosterMember]| {
        let mut members = members.to_vec();
        members.sort_by_key(|member| member.user);
        members
    };
    sorted(&told.owners) == sorted(&new.owners)
        && sorted(&told.admins) == sorted(&new.admins)
        && told.minimum_suite == new.minimum_suite
}

fn invited_groups(directory: &Directory, change: &Change) -> Vec<stronghold_protocol::id::GroupId> {
    let Change::UserConfirmed { invite: Some(invite), .. } = change else { return Vec::new() };
    directory.invite(invite).map(|invite| invite.groups.clone()).unwrap_or_default()
}

fn described(directory: &Directory, known: &Approval) -> PendingApproval {
    let (old, new) = (directory.roster().value(), known.roster.value());
    let (of_old, of_new) = known.missing(old);
    let members = || old.owners.iter().chain(&new.owners);
    let name = |key: &SigningPublicKey| members().find(|member| member.keys.sign == *key).map(|member| member.user);
    let users = |roster: &Roster| roster.owners.iter().map(|member| member.user).collect::<Vec<_>>();
    let (before, after) = (users(old), users(new));
    // Whoever gets new keys signed with old and new ones.
    let mut signed_by: Vec<UserId> = Vec::new();
    for user in known.signers.iter().filter_map(name) {
        if !signed_by.contains(&user) {
            signed_by.push(user);
        }
    }
    PendingApproval {
        id: known.roster.hash(),
        since: known.since,
        signed_by,
        missing: of_old.max(of_new),
        owner_threshold: (new.owner_threshold != old.owner_threshold).then_some(new.owner_threshold),
        new_owners: after.iter().filter(|user| !before.contains(user)).copied().collect(),
        former_owners: before.iter().filter(|user| !after.contains(user)).copied().collect(),
        people: known.people.clone(),
    }
}

fn not_pending(id: Hash) -> Error {
    Error::not_found("pending approval", &id.to_string())
}
