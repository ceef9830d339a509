//! Joining by invitation: `user.register`, `user.accept`, and `acceptance.read` for whoever confirms.
//!
//! The first two are called by nobody who is a principal yet: the key of the invitation signs them.

use super::{
    Inner,
    gate::{Answer, Decision, Refused},
    orgs::OrgState,
    task::{Task, malformed},
};
use crate::store::{PasswordRecord, Store, StoreError, Tx};
use std::sync::Arc;
use stronghold_protocol::{
    acceptance::Acceptance,
    api::{Acceptances, AcceptedInvite, Join, JoinStart, JoinStarted, Joined},
    crypto::password::{self, Account},
    directory::{Directory, Invite},
    id::{InviteId, OrgId},
    json,
    problem::{Problem, ProblemCode},
    time::Timestamp,
};

/// Largest envelope and largest recovery seal of an account, in bytes.
pub(super) const ACCOUNT_BYTES: usize = 16 * 1024;

/// A request that the key of an invitation signed, being decided.
pub(super) struct Invited<'a, S> {
    pub(super) inner: &'a Inner<S>,
    pub(super) state: &'a Arc<OrgState>,
    pub(super) id: InviteId,
    pub(super) invite: &'a Invite,
}

/// Judges whoever holds an open invitation.
///
/// # Errors
/// The [`Problem`] that tells that it is over.
pub(super) fn check_invite(invite: &Invite, now: Timestamp) -> Result<(), Problem> {
    if now < invite.expires_at {
        return Ok(());
    }
    let detail = format!("this invitation expired at {}; ask for a new one", invite.expires_at);
    Err(Problem::new(ProblemCode::Expired, detail))
}

impl<S: Store> Invited<'_, S> {
    /// Does what is asked for.
    pub(super) fn perform(&self, tx: &mut dyn Tx, task: &Task) -> Result<Answer, Refused> {
        match task {
            Task::StartJoin(start) => self.start(tx, start),
            Task::Join(join) => self.join(tx, join),
            _ => Err(Problem::not_found().into()),
        }
    }

    fn directory(&self) -> &Directory {
        &self.state.directory
    }

    fn org(&self) -> OrgId {
        self.directory().org()
    }

    fn start(&self, tx: &mut dyn Tx, start: &JoinStart) -> Result<Answer, Refused> {
        if start.floor > self.directory().head().seq {
            return Err(malformed("there is no header at the floor".to_owned()).into());
        }
        let account = Account::new(&self.org(), &start.user);
        let registration = self.inner.evaluations.register(&account, &start.registration)?;
        let header = self.inner.orgs.header(tx, self.state, start.floor)?.envelope;
        Ok(Answer::new(None, move |receipt| JoinStarted { registration, header, receipt }))
    }

    /// Keeps the acceptance and the account. The first one counts: who holds the code cannot replace what somebody else
    /// accepted with it, and who repeats the same is told the same.
    fn join(&self, tx: &mut dyn Tx, join: &Join) -> Result<Answer, Refused> {
        let org = self.org();
        let invalid = |detail: String| Problem::new(ProblemCode::InvalidAcceptance, detail);
        let accepted = Acceptance::verify(&join.acceptance, &org, &self.id, self.invite)
            .map_err(|refusal| invalid(refusal.to_string()))?;
        let user = accepted.value().user;
        if join.account.user != user {
            return Err(invalid("the account is another person's".to_owned()).into());
        }
        if [&join.account.envelope, &join.account.recovery].iter().any(|bytes| bytes.0.len() > ACCOUNT_BYTES) {
            return Err(Problem::new(ProblemCode::TooLarge, "the account is larger than it can be").into());
        }
        let record = password::password_record(&join.account.registration);
        let record = record.map_err(|_| malformed("the password registration is malformed".to_owned()))?;
        let bytes = serde_json::to_vec(&join.acceptance).map_err(|error| StoreError::GivenUp(error.to_string()))?;
        match tx.acceptance(&org, &self.id)? {
            Some(known) if known == bytes => return Ok(Answer::new(None, |receipt| Joined { receipt })),
            Some(_) => {
                let detail = "this invitation was accepted before; if it was not you, tell whoever invited you";
                return Err(Problem::new(ProblemCode::InvitationUsed, detail).into());
            }
            None => {
                if self.directory().user(&user).is_some() || tx.password(&org, &user)?.is_some() {
                    return Err(invalid("the person's id is taken".to_owned()).into());
                }
                tx.put_acceptance(&org, &self.id, &bytes)?;
            }
        }
        let password = PasswordRecord {
            record: record.as_bytes().to_vec(),
            envelope: join.account.envelope.0.clone(),
            recovery: join.account.recovery.0.clone(),
        };
        tx.put_password(&org, &user, &password)?;
        Ok(Answer::new(None, |receipt| Joined { receipt }))
    }
}

impl<S: Store> Decision<'_, S> {
    /// The open invitations that were accepted.
    pub(super) fn read_acceptances(&self, tx: &mut dyn Tx) -> Result<Answer, Refused> {
        let damaged = |error: json::NotStrict| StoreError::Damaged(error.to_string());
        let mut acceptances = Vec::new();
        for (invite, _) in self.directory().invites() {
            if let Some(bytes) = tx.acceptance(&self.org(), &invite)? {
                let acceptance = json::from_slice(&bytes).map_err(damaged)?;
                acceptances.push(AcceptedInvite { invite, acceptance });
            }
        }
        Ok(Answer::new(None, move |receipt| Acceptances { acceptances, receipt }))
    }
}
