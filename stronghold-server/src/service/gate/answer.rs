//! What is answered: once its record is durable, or because there is nothing to release.

use crate::{
    access::{CallerKind, RateState},
    service::Outgoing,
    store::StoreError,
};
use stronghold_protocol::{
    audit::Released,
    problem::{Problem, ProblemCode},
    receipt::Receipt,
};

/// Writes the answer's body, given the receipt of the audit record; called after the commit.
pub(in crate::service) type Render = Box<dyn FnOnce(Receipt) -> serde_json::Result<Vec<u8>> + Send>;

/// What is released once the record of it is durable.
pub(in crate::service) struct Answer {
    pub(in crate::service) released: Option<Released>,
    pub(in crate::service) render: Render,
}

impl Answer {
    /// An answer that `render` writes, with the record's receipt in it where the reply has a place for it.
    pub(in crate::service) fn new<T: serde::Serialize>(
        released: Option<Released>,
        render: impl FnOnce(Receipt) -> T + Send + 'static,
    ) -> Self {
        Self { released, render: Box::new(move |receipt| serde_json::to_vec(&render(receipt))) }
    }
}

/// Why nothing is released.
pub(in crate::service) enum Refused {
    /// The caller is told, and the log too.
    Problem(Problem),
    /// The store failed: nothing is known to be written, nothing is released.
    Store(StoreError),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The answer to a kind of caller that the route is not for.
pub(super) fn forbidden(kind: CallerKind) -> Problem {
    let detail = match kind {
        CallerKind::Agent => "an agent only reads the profiles of its groups; this takes a person",
        CallerKind::Auditor => "an auditor reads the audit log only",
        CallerKind::Invitee => "this invitation is to be accepted first, and confirmed by an administrator",
        CallerKind::Recovery => "a recovery kit only replaces a forgotten password: do that, then sign in",
        CallerKind::Owner | CallerKind::Admin | CallerKind::Editor => "your role does not allow this",
    };
    Problem::new(ProblemCode::Forbidden, detail)
}

/// The answer when the store failed: the log has the reason.
pub(in crate::service) fn unavailable(action: &'static str, error: &StoreError) -> Outgoing {
    tracing::error!(action, %error, "unavailable");
    Outgoing::problem(&match error {
        StoreError::Damaged(_) => Problem::new(ProblemCode::Damaged, "its operator has the details in the log"),
        _ => Problem::new(ProblemCode::Unavailable, "try again in a moment").retry_after(1),
    })
}

/// The answer to an address or account that asked too often.
pub(in crate::service) fn too_many(rate: &RateState) -> Outgoing {
    let problem = Problem::new(ProblemCode::RateLimited, "wait before you try again");
    with_rate(Outgoing::problem(&problem.retry_after(rate.retry_after_seconds)), rate)
}

/// Says in an answer's headers how often may still be tried.
pub(in crate::service) fn with_rate(answer: Outgoing, rate: &RateState) -> Outgoing {
    answer.with_header("ratelimit-policy", rate.policy_header()).with_header("ratelimit", rate.header())
}
