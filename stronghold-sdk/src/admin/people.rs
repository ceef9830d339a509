//! People: invite, confirm, change roles, remove. How somebody accepts is in [`super::join`], how they change keys in
//! [`super::own_keys`] and [`super::key_requests`].

use super::{Decision, Session, batch::Batch};
use crate::{
    authenticator::LocalIdentity,
    error::{Error, MadeOnce},
    reader::Answered,
};
use secrecy::SecretString;
use std::sync::Arc;
use stronghold_protocol::{
    acceptance::Acceptance,
    approval::place,
    crypto::{random, sign::KeyId},
    directory::{Change, Directory, Invite, Role, User},
    id::{GroupId, InviteId, UserId},
    name::Email,
    problem::{Problem, ProblemCode},
    roster::Roster,
    signed::Verified,
    time::Timestamp,
    token::{InviteCode, TokenFloor, TokenUrl},
    transport::Transport,
};

/// What an admin says of somebody who may join.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// Whom.
    pub email: Email,
    /// In which role.
    pub role: Role,
    /// Into which groups; an auditor joins none.
    pub groups: Vec<GroupId>,
    /// Until when the invitation can be accepted.
    pub expires_at: Timestamp,
    /// The server's address, for the code to carry as a hint.
    pub url: Option<TokenUrl>,
}

/// An invitation that was just made: the only time that its code can be seen.
#[derive(Debug)]
pub struct MintedInvite {
    /// Which.
    pub invite: InviteId,
    /// The code, to be passed outside the server.
    pub code: SecretString,
    /// What the directory says of it now: whom it invites, as what, into which groups, until when.
    pub stated: Invite,
}

impl<T: Transport> Session<T> {
    /// Invites somebody. The code is made here and leaves this process only as the return value; the directory gets the
    /// public half of its key.
    ///
    /// # Errors
    /// [`Error`] when the address is a member's already, a group does not exist, the role cannot be given by this caller, or
    /// the statement cannot be committed.
    pub async fn invite_user(&mut self, new: NewInvite) -> Result<MintedInvite, Error> {
        let now = self.clock.now();
        if new.expires_at <= now {
            return Err(Error::invalid("the invitation would be over at once"));
        }
        let id = InviteId::generate(now)?;
        let seed = MadeOnce::new(random::secret()?);
        let (me, org) = (self.user, self.directory.org());
        let key = seed.public(|seed| LocalIdentity::from_seed(org, me.into(), seed).public_keys().sign);
        let made = self.commit(|batch| {
            check_role(&batch.before, me, new.role)?;
            if batch.before.user_with_email(&new.email).is_some() {
                return Err(Error::invalid(format!("{} is a member already", new.email)));
            }
            batch.changes.push(Change::UserInvited {
                id,
                email: new.email.clone(),
                role: new.role,
                groups: new.groups.clone(),
                key,
                expires_at: new.expires_at,
            });
            Ok(())
        });
        let made = made.await;
        let (floor, url) = (TokenFloor::of(&self.directory.head()), new.url);
        let code = |seed, url| InviteCode { org, invite: id, seed, floor, url }.to_secret_string();
        let ((), seed) = seed.after(made, |seed| (vec![("code", code(seed, url.clone()))], None))?;
        let stated = self.directory.invite(&id).cloned();
        let stated = stated.ok_or_else(|| Error::not_found("open invitation", &id.to_string()))?;
        Ok(MintedInvite { invite: id, code: code(seed, url), stated })
    }

    /// Makes an open invitation void.
    ///
    /// # Errors
    /// [`Error`] when there is no such invitation, or the statement cannot be committed.
    pub async fn cancel_invite(&mut self, id: InviteId) -> Result<(), Error> {
        self.commit(|batch| {
            batch.before.invite(&id).ok_or_else(|| Error::not_found("open invitation", &id.to_string()))?;
            batch.changes.push(Change::InviteCancelled { id });
            Ok(())
        })
        .await
    }

    /// The open invitations that were accepted. What does not verify is an integrity error: only who holds the code can
    /// have accepted.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows an acceptance that is nobody's.
    pub async fn acceptances(&mut self) -> Result<Vec<Verified<Acceptance>>, Error> {
        self.sync().await?;
        let Answered { request, reply } = self.client.acceptances(&*self.who).await?;
        self.check_receipt(&reply.receipt, &request, "acceptance.read", None).await?;
        let mut accepted = Vec::with_capacity(reply.acceptances.len());
        for shown in &reply.acceptances {
            // It may have been confirmed or cancelled between the two requests.
            let Some(invite) = self.directory.invite(&shown.invite) else { continue };
            let org = self.directory.org();
            let verified = Acceptance::verify(&shown.acceptance, &org, &shown.invite, invite);
            accepted.push(verified.map_err(Error::forged)?);
        }
        Ok(accepted)
    }

    /// Makes a person who accepted an invitation a member: their keys, which have this fingerprint, enter the directory, and
    /// what they may read is sealed to them. Owners and admins enter the roster, a new owner once enough owners have signed.
    ///
    /// Whoever holds the code can have accepted, so the fingerprint is compared first ([`Self::acceptances`] shows it, and
    /// [`super::NewMember`] to the person): there is no way to confirm without it.
    ///
    /// # Errors
    /// [`Error`] when the invitation is not open or not accepted, or with other keys; only an owner may confirm it; or the
    /// statement cannot be committed.
    pub async fn confirm_user(&mut self, id: InviteId, fingerprint: KeyId) -> Result<(UserId, Decision), Error> {
        let accepted = self.acceptances().await?;
        let accepted = accepted.iter().find(|accepted| accepted.value().invite == id);
        let accepted = accepted.ok_or_else(|| Error::not_found("accepted invitation", &id.to_string()))?.value();
        if accepted.fingerprint() != fingerprint {
            let detail = format!(
                "the invitation was accepted with keys of another fingerprint: {}. If it is not the one that the person whom \
                 you invited was shown, someone else used the code: cancel the invitation",
                accepted.fingerprint()
            );
            return Err(Error::invalid(detail));
        }
        let invite = self.directory.invite(&id).ok_or_else(|| Error::not_found("open invitation", &id.to_string()))?;
        let (role, groups) = (invite.role, invite.groups.clone());
        let reached = self.profiles_of(&groups);
        self.finish_pending(&reached).await?;
        let (me, who) = (self.user, Arc::clone(&self.who));
        let decision = self
            .commit(|batch| {
                check_role(&batch.before, me, role)?;
                batch.changes.push(accepted.confirmed(role));
                let mut decision = Decision::Made;
                if is_manager(role) {
                    let placed = |roster: &mut Roster| place(roster, accepted.user, &accepted.keys, Some(role));
                    decision = batch.change_roster(&[who.signing_key()], placed)?;
                }
                if decision == Decision::Made {
                    batch.join_all(&groups, accepted.user)?;
                }
                Ok(decision)
            })
            .await?;
        Ok((accepted.user, decision))
    }

    /// Gives a member another role. Whoever is an owner or admin no more could open everything: everything is rekeyed; an
    /// auditor leaves all groups.
    ///
    /// # Errors
    /// [`Error`] when there is no such member, it is the caller, only an owner may change the role, or the statement cannot be
    /// committed.
    pub async fn set_role(&mut self, id: UserId, role: Role) -> Result<Decision, Error> {
        if id == self.user {
            return Err(Error::invalid("nobody changes their own role: another owner does"));
        }
        let (me, who) = (self.user, Arc::clone(&self.who));
        self.commit(|batch| {
            let user = live(&batch.before, id)?.clone();
            check_role(&batch.before, me, role)?;
            check_role(&batch.before, me, user.role)?;
            if user.role == role {
                return Ok(Decision::Unchanged);
            }
            batch.leave_groups_as(&user, role);
            batch.changes.push(Change::UserChanged { id, email: user.email.clone(), role });
            if is_manager(role) || is_manager(user.role) {
                let placed = |roster: &mut Roster| place(roster, id, &user.keys, Some(role));
                return batch.change_roster(&[who.signing_key()], placed);
            }
            Ok(Decision::Made)
        })
        .await
    }

    /// Removes a member for good, and rekeys everything that they reached.
    ///
    /// # Errors
    /// [`Error`] when there is no such member, it is the caller, only an owner may do it, or the statement cannot be
    /// committed.
    pub async fn remove_user(&mut self, id: UserId) -> Result<Decision, Error> {
        if id == self.user {
            return Err(Error::invalid("nobody removes themselves: another owner or admin does"));
        }
        let (me, who) = (self.user, Arc::clone(&self.who));
        self.commit(|batch| {
            let user = live(&batch.before, id)?.clone();
            check_role(&batch.before, me, user.role)?;
            batch.changes.push(Change::UserRemoved { id });
            if is_manager(user.role) {
                return batch.change_roster(&[who.signing_key()], |roster| place(roster, id, &user.keys, None));
            }
            Ok(Decision::Made)
        })
        .await
    }
}

impl Batch {
    /// Adds somebody to those of the groups that are still there.
    pub(super) fn join_all(&mut self, groups: &[GroupId], user: UserId) -> Result<(), Error> {
        for group in groups {
            if self.before.group(group).is_some() {
                self.join(*group, user.into())?;
            }
        }
        Ok(())
    }

    /// Takes somebody out of all groups where their next role is in none.
    pub(super) fn leave_groups_as(&mut self, user: &User, role: Role) {
        if role == Role::Auditor {
            let member = user.id.into();
            let leaves = user.groups.iter().map(|group| Change::MemberRemoved { group: *group, member });
            self.changes.extend(leaves);
        }
    }
}

const fn is_manager(role: Role) -> bool {
    matches!(role, Role::Owner | Role::Admin)
}

/// Says early, and in words, what every reader of the directory would refuse.
pub(super) fn check_role(directory: &Directory, caller: UserId, role: Role) -> Result<(), Error> {
    let is_owner = directory.user(&caller).is_some_and(|user| user.role == Role::Owner);
    if is_manager(role) && !is_owner {
        let detail = "only an owner makes, changes or removes owners and admins";
        return Err(Problem::new(ProblemCode::Forbidden, detail).into());
    }
    Ok(())
}

pub(super) fn live(directory: &Directory, id: UserId) -> Result<&User, Error> {
    directory.user(&id).filter(|user| !user.removed).ok_or_else(|| Error::not_found("person", &id.to_string()))
}
