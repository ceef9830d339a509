//! What becomes of a request that is denied after its signature verified: recorded whole, as one too many, or not at all.

use super::{Inner, Outgoing};
use crate::{
    access::{Denial, Denials},
    audit::{Event, record},
    store::{Store, StoreError, Tx},
};
use std::sync::{Arc, OnceLock};
use stronghold_protocol::{
    crypto::sign::KeyId,
    id::OrgId,
    problem::{Problem, ProblemCode},
    time::Timestamp,
};

/// One request's denial, if it is denied. It is counted once, however often the transaction is tried.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    org: OrgId,
    key: KeyId,
    denied: Arc<OnceLock<(Denial, ProblemCode)>>,
}

impl Attempt {
    pub(super) fn new(org: OrgId, key: KeyId) -> Self {
        Self { org, key, denied: Arc::default() }
    }

    /// The organization.
    pub(super) const fn org(&self) -> OrgId {
        self.org
    }

    /// Why it was denied.
    pub(super) fn code(&self) -> Option<&ProblemCode> {
        self.denied.get().map(|(_, code)| code)
    }
}

impl<S: Store> Inner<S> {
    /// Records a denial, and returns what the caller is told.
    ///
    /// Up to a number in a minute, whole; the next one as `rate_limited`, with its request; those after it not at all. A lost
    /// race is recorded always: who loses one may write, and can fill the log with writes as well.
    ///
    /// # Errors
    /// [`StoreError::Undone`] for those, so that the nonce is not kept either; [`StoreError`] when the record cannot be
    /// written.
    pub(super) fn record_denial(
        &self,
        attempt: &Attempt,
        tx: &mut dyn Tx,
        event: &Event<'_>,
        problem: Problem,
    ) -> Result<Problem, StoreError> {
        if matches!(problem.code, ProblemCode::Conflict | ProblemCode::RevisionConflict | ProblemCode::ProfileHeld) {
            record(tx, event, Err(&problem.code))?;
            return Ok(problem);
        }
        let count = || (self.denials.count(attempt.org, attempt.key, event.at), problem.code.clone());
        let told = match attempt.denied.get_or_init(count).0 {
            Denial::Whole => problem,
            Denial::Last => too_many(event.at),
            Denial::Unrecorded => return Err(StoreError::Undone),
        };
        record(tx, event, Err(&told.code))?;
        Ok(told)
    }

    /// Whether another denial of this key would be recorded no more.
    pub(super) fn is_recorded_no_more(&self, attempt: &Attempt) -> bool {
        self.denials.is_used_up(attempt.org, attempt.key, self.now())
    }

    /// The answer to a denial that is recorded no more.
    pub(super) fn tell_too_many(&self) -> Outgoing {
        Outgoing::problem(&too_many(self.now()))
    }

    /// The answer to a request whose transaction was not committed because it was denied too often; none where the store
    /// failed.
    pub(super) fn answer_unrecorded(&self, attempt: &Attempt, error: &StoreError) -> Option<Outgoing> {
        if matches!(error, StoreError::Undone) {
            return Some(self.tell_too_many());
        }
        if attempt.code().is_some() {
            self.denials.forget(attempt.org, attempt.key);
        }
        None
    }
}

fn too_many(now: Timestamp) -> Problem {
    let detail = "requests signed by this key were refused too often within a minute; this one was refused too";
    Problem::new(ProblemCode::RateLimited, detail).retry_after(Denials::retry_after_seconds(now))
}
