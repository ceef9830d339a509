//! Works in a queue, whatever they return.

use super::tx::SqliteTx;
use crate::store::StoreError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// A work that waits to be decided, and whoever waits for it.
pub(super) trait Work: Send {
    /// Whether anybody still waits for it. A request that was given up before it was decided is as one never made.
    fn is_awaited(&self) -> bool;

    /// Decides it, again if it was decided before. It never panics.
    ///
    /// # Errors
    /// Why it failed, in short, when its effects are to be undone; [`Self::release`] tells whoever waits.
    fn decide(&mut self, tx: &mut SqliteTx<'_>) -> Result<(), String>;

    /// Lets go of what was decided.
    fn release(self: Box<Self>);

    /// Answers that nothing was done.
    fn fail(self: Box<Self>, error: StoreError);
}

/// Why an error happened, without saying again that the database failed.
pub(super) fn reason(error: &StoreError) -> String {
    match error {
        StoreError::Database(reason) => reason.clone(),
        other => other.to_string(),
    }
}

/// A work, what came of it, and who waits for that.
pub(super) struct Pending<T, F> {
    decide: F,
    decided: Result<T, StoreError>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Pending<T, F> {
    pub(super) const fn new(decide: F, answer: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self { decide, decided: Err(StoreError::Closed), answer }
    }
}

impl<T, F> Work for Pending<T, F>
where
    T: Send,
    F: FnMut(&mut SqliteTx<'_>) -> Result<T, StoreError> + Send,
{
    fn is_awaited(&self) -> bool {
        !self.answer.is_closed()
    }

    fn decide(&mut self, tx: &mut SqliteTx<'_>) -> Result<(), String> {
        // A work that panics is undone like one that fails; the store goes on for everybody else.
        let decided = catch_unwind(AssertUnwindSafe(|| (self.decide)(tx)));
        self.decided = decided.unwrap_or_else(|_| Err(StoreError::GivenUp("it panicked".to_owned())));
        self.decided.as_ref().map(drop).map_err(reason)
    }

    fn release(self: Box<Self>) {
        // Nobody waits any more where this fails.
        let _ = self.answer.send(self.decided);
    }

    fn fail(self: Box<Self>, error: StoreError) {
        let _ = self.answer.send(Err(error));
    }
}
