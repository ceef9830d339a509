//! What one client remembers, held against what the server shows: what was lost, and going on without it.

use super::{DirectoryCache, LostStatement, Regained, Session, View, regained::regained};
use crate::{
    error::Error,
    heads::{Comparison, Relation, Verdict},
    state::{KnownLog, Remembered, StateDir},
};
use std::path::Path;
use stronghold_protocol::{
    directory::{Directory, HeaderRef},
    id::OrgId,
    number::Seq,
    transport::Transport,
};

/// Everything that a client remembers of an organization.
#[derive(Debug)]
pub struct Memory {
    state: StateDir,
    cache: DirectoryCache,
    /// The newest header that the credentials name.
    floor: Option<HeaderRef>,
    remembered: Remembered,
    log: Option<KnownLog>,
}

/// What a client remembers, beside what the server shows.
#[derive(Clone, Debug)]
pub struct HeldAgainstMemory {
    /// Everything that is remembered, compared.
    pub comparison: Comparison,
    /// The first statement that is another one than this client verified, where the server shows another history.
    pub forked_at: Option<Seq>,
    /// The statements that this client verified and the server does not have, oldest first.
    pub statements: Vec<LostStatement>,
    /// How many more there are, of which this client has kept no text.
    pub unlisted: u64,
    /// What is allowed again because of that.
    pub regained: Vec<Regained>,
}

impl Memory {
    /// Loads what is remembered in `folder`, and the header that the credentials name.
    ///
    /// # Errors
    /// As [`StateDir::load`].
    pub fn load(org: OrgId, folder: &Path, floor: Option<HeaderRef>) -> Result<Self, Error> {
        let state = StateDir::new(folder.to_owned());
        let remembered = state.load(&org)?;
        let log = remembered.checkpoint.map(|checkpoint| state.known_log(checkpoint));
        Ok(Self { state, cache: DirectoryCache::new(org, Some(folder), None), floor, remembered, log })
    }

    /// Remembers what was verified and continues what was remembered. The audit log's checkpoint stays: `audit verify` raises
    /// it, with the records.
    ///
    /// # Errors
    /// As [`StateDir::save`].
    pub fn save(&self, view: &View) -> Result<(), Error> {
        self.state.save(&view.directory.org(), &seen(view), false)
    }

    /// Goes on from what the server shows, although it is less than was remembered: memory becomes exactly that. Profiles
    /// that the caller may not read stay as they were, those that the directory does not have are forgotten.
    ///
    /// The header that the credentials name is the caller's to lower.
    ///
    /// # Errors
    /// [`Error::Integrity`] when the server shows another history: no client goes over to one. [`Error::State`] when memory
    /// cannot be written; then some of it may be what it was.
    pub fn go_back(&self, view: &View, held: &HeldAgainstMemory) -> Result<(), Error> {
        if held.verdict() == Verdict::Forked {
            return Err(Error::rolled_back("the server shows another history, which cannot be accepted"));
        }
        self.cache.go_back_to(view.head())?;
        let continued = held.comparison.audit.is_none_or(|log| log.relation.verdict() == Verdict::Same);
        self.state.go_back(&view.directory.org(), |remembered| {
            remembered.go_back_to(&seen(view));
            remembered.profiles.retain(|known| view.directory.profile(&known.id).is_some());
            if !continued {
                remembered.checkpoint = Some(view.checkpoint);
            }
        })
    }
}

impl HeldAgainstMemory {
    /// What it comes to.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.comparison.verdict_of_memory()
    }
}

impl<T: Transport> Session<T> {
    /// Holds everything that is remembered against what the server shows.
    ///
    /// # Errors
    /// As [`Self::compare`].
    pub async fn compare_memory(&mut self, view: &View, memory: &Memory) -> Result<HeldAgainstMemory, Error> {
        let mut comparison = self.compare(view, &memory.remembered, memory.log.as_ref()).await?;
        let (statements, cached) = memory.cache.lost(view);
        let cached_head = cached.as_ref().map(Directory::head);
        let known = [memory.remembered.header, memory.floor, cached_head].into_iter().flatten();
        let compared: Vec<_> = known.map(|header| view.compare_header(header)).collect();
        // A cached statement may be another one although the newest is beyond what the server has.
        let first_other = statements.first().map(|lost| lost.seq).filter(|seq| view.state(*seq).is_some());
        let other = compared.iter().filter(|header| header.relation == Relation::Forked).map(|header| header.known.seq);
        let forked_at = first_other.into_iter().chain(other).min();
        comparison.header = compared.into_iter().max_by_key(|header| header.known.seq);
        if let Some(header) = comparison.header.as_mut().filter(|_| forked_at.is_some()) {
            header.relation = Relation::Forked;
        }
        let lost = match comparison.header {
            Some(header) if header.known.seq > view.head().seq => header.known.seq.get() - view.head().seq.get(),
            _ => 0,
        };
        let unlisted = if forked_at.is_some() { 0 } else { lost.saturating_sub(statements.len() as u64) };
        let cached = cached.filter(|_| !statements.is_empty());
        let regained = cached.map(|cached| regained(&cached, &view.directory)).unwrap_or_default();
        Ok(HeldAgainstMemory { comparison, forked_at, statements, unlisted, regained })
    }

    /// Keeps the directory in `cache` from now on, with what is newer there.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub async fn keep_in(&mut self, mut cache: DirectoryCache) -> Result<(), Error> {
        self.directory = cache.replay(&self.client, &*self.who, None).await?;
        self.cache = cache;
        Ok(())
    }
}

fn seen(view: &View) -> Remembered {
    Remembered {
        header: Some(view.head()),
        roster: Some(view.roster()),
        profiles: view.floors().cloned().collect(),
        checkpoint: None,
    }
}
