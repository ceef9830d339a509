//! Whether the server can serve, asked of the store now and then.
//!
//! The store is asked by writing: anyone may ask, so the answer is kept for a moment, and those who ask meanwhile wait for
//! one look together.

use super::{Inner, Outgoing, gate::unavailable, public::status};
use crate::store::Store;
use stronghold_protocol::time::Timestamp;
use tokio::sync::Mutex;

/// How long an answer is kept, in milliseconds.
const KEPT_MILLIS: i64 = 2000;

/// What the store said last.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    last: Mutex<Option<(Timestamp, Outgoing)>>,
}

impl<S: Store> Inner<S> {
    /// Answers whether the store can be written, as it was at most two seconds ago.
    pub(super) async fn answer_ready(&self, action: &'static str) -> Outgoing {
        let mut last = self.readiness.last.lock().await;
        let now = self.now();
        // A clock that went back is no reason to believe an old answer.
        let kept = last.as_ref().filter(|(at, _)| (0..KEPT_MILLIS).contains(&(now.as_millis() - at.as_millis())));
        if let Some((_, answer)) = kept {
            return answer.clone();
        }
        let answer = match self.store.check_ready().await {
            Ok(()) => status("ready"),
            Err(error) => unavailable(action, &error),
        };
        *last = Some((self.now(), answer.clone()));
        answer
    }
}
