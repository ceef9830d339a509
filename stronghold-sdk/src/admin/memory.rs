//! What one client remembers, held against what the server shows: what was lost, and going on without it.

use super::{LostStatement, Regained, Session, SessionBuilder, View, regained::regained};
use crate::{
    error::Error,
    heads::{Comparison, Relation, Verdict},
    memory::{KnownLog, Memory, Remembered},
    session::{Ahead, DirectoryCache, holds},
};
use stronghold_protocol::{
    directory::{Directory, HeaderRef},
    number::Seq,
    transport::Transport,
};

/// Everything that a client remembers of an organization, apart from any session.
#[derive(Debug)]
pub struct Recollection {
    memory: Memory,
    cache: DirectoryCache,
    /// How many bytes of the cached directory there were: the server may be asked before another process appends more.
    cached_bytes: u64,
    /// The newest header that the credentials name.
    floor: HeaderRef,
    remembered: Remembered,
    log: Option<KnownLog>,
}

impl SessionBuilder {
    /// Loads what is remembered, to be held against what a server shows.
    ///
    /// # Errors
    /// [`Error::State`] when it cannot be read, [`Error::Invalid`] when it is damaged.
    pub async fn recollect(self) -> Result<Recollection, Error> {
        let (memory, cache, floor) = self.into_memory()?;
        let cached_bytes = cache.bytes();
        memory.recall().await?;
        let (remembered, log) = (memory.known(), memory.known_log().await?);
        Ok(Recollection { memory, cache, cached_bytes, floor, remembered, log })
    }
}

impl Recollection {
    /// Goes on from what the server shows, although it is less than was remembered: memory becomes exactly that. Profiles
    /// that the caller may not read stay as they were, those that the directory does not have are forgotten.
    ///
    /// The header that the credentials name is the caller's to lower.
    ///
    /// # Errors
    /// [`Error::Integrity`] when the server shows another history: no client goes over to one. [`Error::State`] when memory
    /// cannot be written; then some of it may be what it was.
    pub async fn go_back(&mut self, view: &View, held: &HeldAgainstMemory) -> Result<(), Error> {
        if held.verdict() == Verdict::Forked {
            return Err(Error::rolled_back("the server shows another history, which cannot be accepted"));
        }
        self.cache.go_back_to(view.head())?;
        let continued = held.comparison.audit.is_none_or(|log| log.relation.verdict() == Verdict::Same);
        self.memory
            .go_back(&|remembered| {
                remembered.go_back_to(&seen(view));
                remembered.profiles.retain(|known| view.directory.profile(&known.id).is_some());
                if !continued {
                    remembered.checkpoint = Some(view.checkpoint);
                }
            })
            .await?;
        self.memory.lower_floor(view.head());
        Ok(())
    }
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
    pub async fn compare_memory(&mut self, view: &View, memory: &Recollection) -> Result<HeldAgainstMemory, Error> {
        let mut comparison = self.compare(view, &memory.remembered, memory.log.as_ref()).await?;
        let (statements, cached) = memory.cache.lost(memory.cached_bytes, view);
        let cached_head = cached.as_ref().map(Directory::head);
        let known = [memory.remembered.header, Some(memory.floor), cached_head].into_iter().flatten();
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

    /// Takes over what was recollected and held against the view: this session remembers from now on, as any other does,
    /// what it viewed and what was remembered before.
    ///
    /// # Errors
    /// As [`SessionBuilder::open`].
    pub async fn take_up(&mut self, recollection: Recollection, view: &View) -> Result<(), Error> {
        let Recollection { memory, cache, .. } = recollection;
        let directory = cache.replay(&self.client, &*self.who, None).await?;
        // What was replayed before may be beyond what was just accepted.
        (self.memory, self.cache, self.ahead) = (memory, cache, Ahead::default());
        self.take_directory(directory).await?;
        self.remember_view(view).await
    }

    /// Remembers everything that was viewed, in a session that went on from there. The audit log's checkpoint stays: that
    /// is raised with the records ([`Session::verify_audit`]).
    ///
    /// # Errors
    /// As [`Session::sync`].
    pub async fn remember_view(&mut self, view: &View) -> Result<(), Error> {
        self.sync().await?;
        if !holds(&self.directory, &view.head()) {
            return Err(Error::rolled_back("the server has shown two histories"));
        }
        self.remember_written(&self.directory, seen(view).profiles).await
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
