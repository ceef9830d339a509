//! `activity.read`: when each principal was last served.

use super::gate::{Answer, Decision, Refused};
use crate::store::{Store, Tx};
use stronghold_protocol::api::ActivityEntry;

impl<S: Store> Decision<'_, S> {
    /// Releases when each principal was last served, before this request.
    pub(super) fn read_activity(&self, tx: &mut dyn Tx) -> Result<Answer, Refused> {
        let seen = tx.activity(&self.org())?;
        let entries: Vec<ActivityEntry> = seen
            .into_iter()
            .map(|seen| ActivityEntry {
                principal: seen.principal,
                last_seen_at: seen.at,
                uses: seen.uses,
                seq: seen.seq,
            })
            .collect();
        Ok(Answer::new(None, move |_| entries))
    }
}
