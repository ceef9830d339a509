//! Logging in as a person (OPAQUE, RFC 9807): the server learns neither password nor account key, and answers the same
//! for users who do not exist.

use super::{Inner, StartError, public::Refusal, task::malformed};
use crate::store::{LoginAttempt, PasswordRecord, Store, StoreError};
use std::sync::Arc;
use stronghold_protocol::{
    api::{LoginFinish, LoginFinished, LoginStart, LoginStarted},
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

impl<S: Store> Inner<S> {
    /// Answers the first message of a log-in.
    pub(super) async fn login_start(self: &Arc<Self>, asked: LoginStart) -> Result<LoginStarted, Refusal> {
        let LoginStart { org, user, request } = asked;
        self.count_account(org, user)?;
        let record = self.login_record(org, user).await?;
        let damaged = |_| StoreError::Damaged("a password record".to_owned());
        let record = record.map(|record| password::PasswordRecord::from_bytes(&record.record)).transpose();
        let record = record.map_err(damaged)?;
        let account = Account::new(&org, &user);
        let started = password::login_start(&self.opaque, &account, record.as_ref(), &request);
        let (state, response) = started.map_err(|_| malformed("the log-in request is malformed".to_owned()))?;
        let unavailable = |_| Problem::new(ProblemCode::Unavailable, "there is no randomness").retry_after(1);
        let name = random::array::<32>().map_err(unavailable)?;
        let expires_at = self.now().plus_millis(ATTEMPT_MILLIS);
        let attempt = LoginAttempt { org, user, state: state.as_bytes().to_vec(), expires_at };
        self.store.locked(None, move |tx| tx.put_login(&name, &attempt)).await?;
        Ok(LoginStarted { login: Base64Bytes(name.to_vec()), response })
    }

    /// Checks the last message of a log-in, and releases the account's envelope. A try counts once, right or wrong.
    pub(super) async fn login_finish(self: &Arc<Self>, asked: LoginFinish) -> Result<LoginFinished, Refusal> {
        let LoginFinish { login, finalization } = asked;
        let now = self.now();
        let attempt = self.store.locked(None, move |tx| tx.take_login(&login.0, now)).await?;
        let attempt = attempt.ok_or_else(refused)?;
        let (state, account) = (LoginState::from_bytes(&attempt.state), Account::new(&attempt.org, &attempt.user));
        password::login_finish(&state, &account, &finalization).map_err(|_| refused())?;
        let record = self.login_record(attempt.org, attempt.user).await?.ok_or_else(refused)?;
        Ok(LoginFinished { envelope: Base64Bytes(record.envelope) })
    }

    /// How a live member logs in; none for everyone else.
    async fn login_record(&self, org: OrgId, user: UserId) -> Result<Option<PasswordRecord>, StoreError> {
        let (head, record) = self.store.snapshot(move |tx| Ok((tx.head(&org)?, tx.password(&org, &user)?))).await?;
        let (Some(head), Some(record)) = (head, record) else { return Ok(None) };
        let known = self.orgs.known(&org).filter(|state| state.directory.head() == head.head);
        let state = match known {
            Some(state) => Some(state),
            None => self.refresh(org).await?,
        };
        let member = state.is_some_and(|state| state.directory.user(&user).is_some_and(|user| !user.removed));
        Ok(member.then_some(record))
    }
}

fn refused() -> Problem {
    Problem::new(ProblemCode::LoginRefused, "check e-mail address, password and account key, then log in again")
}
