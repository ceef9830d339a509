//! The routes that anyone may call.

use super::{
    Incoming, Inner, Outgoing,
    gate::{too_many, unavailable, with_rate},
    task::parse_json,
};
use crate::{
    access::{Action, Bucket, Route, Source, openapi_text},
    store::{Store, StoreError},
};
use serde::Serialize;
use std::{net::IpAddr, sync::Arc};
use stronghold_protocol::{
    id::{OrgId, UserId},
    problem::{Problem, ProblemCode},
};

/// Why a public route refused.
pub(super) enum Refusal {
    Problem(Problem),
    Answer(Outgoing),
    Store(StoreError),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<S: Store> Inner<S> {
    /// Answers a request without a signature: 2. the address's rate; then what is asked for.
    pub(super) async fn answer_public(self: &Arc<Self>, route: &Route, incoming: Incoming) -> Outgoing {
        let action = route.action.name();
        let answered = match route.action {
            Action::Health => return status("ok"),
            Action::OpenApi => return Outgoing::json(openapi_text().to_vec()),
            Action::Ready => return self.answer_ready(action).await,
            Action::SetupStart => self.limited(&incoming, Self::setup_start).await,
            Action::OrgCreate => self.limited(&incoming, Self::create_org).await,
            Action::LoginStart => self.limited(&incoming, Self::login_start).await,
            Action::LoginFinish => self.limited(&incoming, Self::login_finish).await,
            Action::WhoAmI
            | Action::ProfileList
            | Action::ProfileRead
            | Action::SecretsRead
            | Action::ProfileWrite
            | Action::ProfileStage
            | Action::RevisionList
            | Action::VersionsRead
            | Action::IntroducedRead
            | Action::DirectoryRead
            | Action::DirectoryCommit
            | Action::SealsRead
            | Action::ActivityRead
            | Action::AuditRead
            | Action::CheckpointRead
            | Action::UserRegister
            | Action::UserAccept
            | Action::AcceptanceRead
            | Action::UserRotateKeys
            | Action::UserRequestKeys
            | Action::KeyRequestRead
            | Action::AccountRegister
            | Action::AccountReplace
            | Action::RecoveryRead => Err(Problem::unauthenticated().into()),
        };
        match answered {
            Ok(answer) => {
                tracing::info!(action, address = ?incoming.address, "allowed");
                answer
            }
            Err(Refusal::Problem(problem)) => {
                tracing::warn!(action, address = ?incoming.address, code = %problem.code, "denied");
                Outgoing::problem(&problem)
            }
            Err(Refusal::Answer(outgoing)) => {
                tracing::warn!(action, address = ?incoming.address, "refused: too many tries");
                outgoing
            }
            Err(Refusal::Store(error)) => unavailable(action, &error),
        }
    }

    async fn limited<'a, B, R>(
        self: &'a Arc<Self>,
        incoming: &Incoming,
        answer: impl AsyncFnOnce(&'a Arc<Self>, B, Option<IpAddr>) -> Result<R, Refusal>,
    ) -> Result<Outgoing, Refusal>
    where
        B: serde::de::DeserializeOwned,
        R: Serialize,
    {
        let bucket = incoming.address.map(|address| Bucket::Login(Source::from(address)));
        let rate = bucket.map(|bucket| self.rates.take(bucket, self.settings.limits.login, self.now()));
        if let Some(rate) = rate.filter(|rate| !rate.allowed) {
            return Err(Refusal::Answer(too_many(&rate)));
        }
        let body: B = parse_json(&incoming.body)?;
        let reply = answer(self, body, incoming.address).await?;
        let failed = |_| Problem::new(ProblemCode::Internal, "the answer could not be written");
        let answer = Outgoing::json(serde_json::to_vec(&reply).map_err(failed)?);
        Ok(match rate {
            Some(rate) => with_rate(answer, &rate),
            None => answer,
        })
    }

    /// Counts a try of an account, whether or not it exists; `known` is where somebody logged in to it before.
    pub(super) fn count_account(&self, org: OrgId, user: UserId, known: Option<Source>) -> Result<(), Refusal> {
        let bucket = known.map_or(Bucket::Account(org, user), |source| Bucket::KnownAccount(org, user, source));
        let rate = self.rates.take(bucket, self.settings.limits.account, self.now());
        if rate.allowed { Ok(()) } else { Err(Refusal::Answer(too_many(&rate))) }
    }
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// A word, as JSON.
pub(super) fn status(status: &'static str) -> Outgoing {
    Outgoing::json(serde_json::to_vec(&Status { status }).unwrap_or_default())
}
