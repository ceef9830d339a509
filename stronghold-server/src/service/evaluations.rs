//! The server's part of OPAQUE, within a budget: it costs more than any other thing that a stranger can ask for.

use super::{Inner, gate::too_many, public::Refusal, task::malformed};
use crate::{access::Bucket, store::Store};
use stronghold_protocol::{
    crypto::password::{self, Account, LoginState, PasswordRecord, ServerSetup},
    encoding::Base64Bytes,
    problem::Problem,
};
use tokio::sync::Semaphore;

/// The OPAQUE set-up, which evaluates for whoever stays within the budget.
pub(super) struct Evaluations {
    setup: ServerSetup,
    /// Log-ins whose evaluation goes on: half of the processors are left to everyone else.
    at_once: Semaphore,
}

impl Evaluations {
    /// Evaluates with a set-up.
    pub(super) fn new(setup: ServerSetup) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { setup, at_once: Semaphore::new((processors / 2).max(1)) }
    }

    /// Answers the first message of a registration, of somebody who has a setup code, an invitation or a key: each of them is
    /// limited already.
    pub(super) fn register(&self, account: &Account, request: &Base64Bytes) -> Result<Base64Bytes, Problem> {
        let response = password::registration_response(&self.setup, account, request);
        response.map_err(|_| malformed("the password registration is malformed".to_owned()))
    }
}

impl<S: Store> Inner<S> {
    /// Answers the first message of a log-in, if there is anything left of the budget of all log-ins. `known` are those from
    /// where somebody logged in to the account before: strangers use up nothing of theirs.
    pub(super) async fn evaluate_login(
        &self,
        known: bool,
        account: &Account,
        record: Option<&PasswordRecord>,
        request: &Base64Bytes,
    ) -> Result<(LoginState, Base64Bytes), Refusal> {
        let rate = self.rates.take(Bucket::AllLogins { known }, self.settings.limits.all_logins, self.now());
        if !rate.allowed {
            return Err(Refusal::Answer(too_many(&rate)));
        }
        // The semaphore is never closed.
        let _turn = self.evaluations.at_once.acquire().await;
        let started = password::login_start(&self.evaluations.setup, account, record, request);
        Ok(started.map_err(|_| malformed("the log-in request is malformed".to_owned()))?)
    }
}
