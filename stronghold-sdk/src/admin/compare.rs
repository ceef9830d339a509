//! What is known, held against what a server shows.

use super::{Session, View};
use crate::{
    error::Error,
    heads::{ComparedLog, Comparison, Relation},
    memory::{KnownLog, Remembered},
};
use stronghold_protocol::{merkle::Tree, transport::Transport};

impl<T: Transport> Session<T> {
    /// Holds what is known against what the server shows, all of it: nothing that differs ends the comparison. `known` may be
    /// another client's ([`crate::heads::OtherView`]).
    ///
    /// For the audit log the server is asked for the proof that it continues the known checkpoint. Where the records' hashes
    /// are known too, as `log`, the first one that is gone is found.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses, or what it sends does not verify.
    pub async fn compare(
        &mut self,
        view: &View,
        known: &Remembered,
        log: Option<&KnownLog>,
    ) -> Result<Comparison, Error> {
        let alone = known.checkpoint.map(KnownLog::from);
        let audit = match log.or(alone.as_ref()) {
            Some(log) => Some(self.compare_log(log).await?),
            None => None,
        };
        Ok(Comparison {
            header: known.header.map(|header| view.compare_header(header)),
            roster: known.roster.map(|roster| view.compare_roster(roster)),
            profiles: known.profiles.iter().map(|floor| view.compare_profile(floor)).collect(),
            audit,
        })
    }

    async fn compare_log(&mut self, known: &KnownLog) -> Result<ComparedLog, Error> {
        let size = known.checkpoint.size;
        match self.believed_checkpoint(Some(&known.checkpoint), &[]).await {
            Ok(believed) => {
                let shown = believed.checkpoint.size;
                let relation = Relation::of_numbers(size, shown);
                Ok(ComparedLog { known: size, shown, relation, kept: Some(size) })
            }
            Err(error) if error.is_rollback() => self.compare_broken_log(known).await,
            Err(error) => Err(error),
        }
    }

    /// The same for a log that does not continue the known one.
    async fn compare_broken_log(&mut self, known: &KnownLog) -> Result<ComparedLog, Error> {
        let (size, newest) = (known.checkpoint.size, self.believed_checkpoint(None, &[]).await?.checkpoint);
        let kept = match known.leaves.len() {
            0 => None,
            _ => {
                // A whole log of the server's may be the beginning of the known one.
                let tree = Tree::from_leaf_hashes(known.leaves.iter().copied());
                let reach = usize::try_from(newest.size).unwrap_or(usize::MAX).min(tree.len());
                let bad = reach.saturating_add(usize::from(newest.size < size));
                Some(self.common_records(&tree, bad).await? as u64)
            }
        };
        let relation = match kept {
            Some(kept) if kept < newest.size => Relation::Forked,
            None if newest.size >= size => Relation::Forked,
            _ => Relation::of_numbers(size, newest.size),
        };
        Ok(ComparedLog { known: size, shown: newest.size, relation, kept })
    }
}
