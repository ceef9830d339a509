//! Logging in as a person (OPAQUE, RFC 9807): the server learns neither password nor account key, and answers the same
//! for users who do not exist.
//!
//! Both halves are recorded before they are answered, in the log of the member whom they are about: with the answer to the first,
//! whoever has the account key can try a password; the second releases the envelope. Nobody has a key to sign them with.
//!
//! Tries of an account are limited, and so are the records of them. Where a log-in to the account was completed before has a
//! limit of its own, all other addresses share one: a stranger who uses that up keeps nobody out who was there before.

use super::{Inner, StartError, gate::check_not_behind, orgs::OrgState, public::Refusal};
use crate::{
    access::Source,
    audit::{Event, record},
    store::{LoginAttempt, PasswordRecord, Store, StoreError, Tx},
};
use std::{net::IpAddr, sync::Arc};
use stronghold_protocol::{
    api::{LoginFinish, LoginFinished, LoginStart, LoginStarted},
    audit::UnsignedAction,
    crypto::{
        password::{self, Account, LoginState, ServerSetup},
        random,
    },
    encoding::Base64Bytes,
    id::{OrgId, UserId},
    problem::{Problem, ProblemCode},
};

/// How long a log-in that was started can be finished, in milliseconds.
const ATTEMPT_MILLIS: i64 = 2 * 60 * 1000;
/// Name of the OPAQUE set-up in the store.
const SETUP_VALUE: &str = "opaque-server-setup";

/// The server's OPAQUE set-up, made at the first start. Several servers on one store use the same one.
///
/// # Errors
/// [`StartError`] when the store fails or what it holds is damaged.
pub(super) async fn server_setup<S: Store>(store: &S) -> Result<ServerSetup, StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Login(error.to_string());
    let stored = store.snapshot(|tx| tx.server_value(SETUP_VALUE)).await?;
    let bytes = if let Some(bytes) = stored {
        bytes
    } else {
        let fresh = ServerSetup::generate().map_err(|error| failed(&error))?.serialize();
        store
            .locked(None, move |tx| {
                tx.put_server_value(SETUP_VALUE, &fresh)?;
                // Another server may have been first: whatever is stored now counts.
                tx.server_value(SETUP_VALUE)?.ok_or_else(|| StoreError::Damaged("a value is missing".to_owned()))
            })
            .await?
    };
    ServerSetup::deserialize(&bytes).map_err(|error| failed(&error))
}

/// Half a log-in that somebody tries.
#[derive(Clone, Copy)]
struct Try {
    action: UnsignedAction,
    org: OrgId,
    user: UserId,
    address: Option<IpAddr>,
}

impl<S: Store> Inner<S> {
    /// Answers the first message of a log-in.
    pub(super) async fn login_start(
        self: &Arc<Self>,
        asked: LoginStart,
        address: Option<IpAddr>,
    ) -> Result<LoginStarted, Refusal> {
        let LoginStart { org, user, request } = asked;
        let source = address.map(Source::from);
        let Tried { record, known } = self.tried(org, user, source).await?;
        self.count_account(org, user, source.filter(|_| known))?;
        let damaged = |_| StoreError::Damaged("a password record".to_owned());
        let record = record.map(|record| password::PasswordRecord::from_bytes(&record.record)).transpose();
        let record = record.map_err(damaged)?;
        let account = Account::new(&org, &user);
        let (state, response) = self.evaluate_login(known, &account, record.as_ref(), &request).await?;
        let unavailable = |_| Problem::new(ProblemCode::Unavailable, "there is no randomness").retry_after(1);
        let name = random::array::<32>().map_err(unavailable)?;
        let now = self.now();
        let expires_at = now.plus_millis(ATTEMPT_MILLIS);
        let attempt = LoginAttempt { org, user, state: state.as_bytes().to_vec(), expires_at };
        let (inner, tried) = (Arc::clone(self), Try { action: UnsignedAction::LoginStart, org, user, address });
        let started = self.store.locked(Some(org), move |tx| {
            tx.put_login(&name, &attempt, now)?;
            inner.record_try(tx, tried, Ok(()))
        });
        if let Some(state) = started.await? {
            self.orgs.committed(&state);
        }
        Ok(LoginStarted { login: Base64Bytes(name.to_vec()), response })
    }

    /// Checks the last message of a log-in, and releases the account's envelope. A try counts once, right or wrong.
    pub(super) async fn login_finish(
        self: &Arc<Self>,
        asked: LoginFinish,
        address: Option<IpAddr>,
    ) -> Result<LoginFinished, Refusal> {
        let LoginFinish { login, finalization } = asked;
        let now = self.now();
        let attempt = self.store.locked(None, move |tx| tx.take_login(&login.0, now)).await?;
        let LoginAttempt { org, user, state, .. } = attempt.ok_or_else(refused)?;
        let (state, account) = (LoginState::from_bytes(&state), Account::new(&org, &user));
        let proven = password::login_finish(&state, &account, &finalization).is_ok();
        let (inner, tried) = (Arc::clone(self), Try { action: UnsignedAction::LoginFinish, org, user, address });
        let finished = self.store.locked(Some(org), move |tx| {
            let record = tx.password(&org, &user)?.filter(|_| proven);
            let decided = if record.is_some() { Ok(()) } else { Err(ProblemCode::LoginRefused) };
            let member = inner.record_try(tx, tried, decided)?;
            if let (Some(_), Some(_), Some(address)) = (&member, &record, address) {
                tx.note_login_source(&org, &user, &Source::from(address), now)?;
            }
            Ok(member.map(|member| (member, record)))
        });
        let (member, record) = finished.await?.ok_or_else(refused)?;
        self.orgs.committed(&member);
        Ok(LoginFinished { envelope: Base64Bytes(record.ok_or_else(refused)?.envelope) })
    }

    /// Records a try of a live member, and returns the state as of which it was one. Of everyone else there is none, and no log
    /// either that it would belong to.
    fn record_try(
        &self,
        tx: &mut dyn Tx,
        tried: Try,
        decided: Result<(), ProblemCode>,
    ) -> Result<Option<Arc<OrgState>>, StoreError> {
        let Some(head) = tx.head(&tried.org)? else { return Ok(None) };
        let state = self.orgs.current(tx, &tried.org, &head.head)?;
        if !is_live(&state, &tried.user) {
            return Ok(None);
        }
        let now = self.now();
        check_not_behind(&head, now)?;
        let event = Event {
            at: now,
            org: tried.org,
            principal: Some(tried.user.into()),
            action: tried.action.name(),
            profile: None,
            address: tried.address,
            directory: head.head,
            request: None,
        };
        record(tx, &event, decided.as_ref().map(|()| None))?;
        Ok(Some(state))
    }

    /// How a live member logs in, and whether they did so from there before; nothing of everyone else.
    async fn tried(&self, org: OrgId, user: UserId, source: Option<Source>) -> Result<Tried, StoreError> {
        let found = self.store.snapshot(move |tx| {
            let known = source.map(|source| tx.knows_login_source(&org, &user, &source)).transpose()?;
            Ok((tx.head(&org)?, tx.password(&org, &user)?, known.unwrap_or_default()))
        });
        let (Some(head), Some(record), known) = found.await? else { return Ok(Tried::default()) };
        let in_memory = self.orgs.known(&org).filter(|state| state.directory.head() == head.head);
        let state = match in_memory {
            Some(state) => Some(state),
            None => self.refresh(org).await?,
        };
        let live = state.is_some_and(|state| is_live(&state, &user));
        Ok(if live { Tried { record: Some(record), known } } else { Tried::default() })
    }
}

/// An account that somebody tries.
#[derive(Default)]
struct Tried {
    /// How its member logs in; none where there is no live member.
    record: Option<PasswordRecord>,
    /// Whether they did so from there before.
    known: bool,
}

fn is_live(state: &OrgState, user: &UserId) -> bool {
    state.directory.user(user).is_some_and(|user| !user.removed)
}

fn refused() -> Problem {
    Problem::new(ProblemCode::LoginRefused, "check e-mail address, password and account key, then log in again")
}
