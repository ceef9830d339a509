//! Who holds connections: so many of one source, so many in all, and of silent ones only a few.
//!
//! A connection is *silent* while no request of it is being answered. Whoever comes while its source, or the server, has
//! no room takes the place of a silent one: first of those that never sent a request, the oldest; then of those that wait
//! for their next, the one that waits longest. So silence keeps nobody out, and what it costs falls on its own source.
//! A connection with a request in it is never ended for another.

use crate::access::Source;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// How many connections and requests there may be at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ConnectionLimits {
    /// Connections of all sources.
    pub(super) connections: usize,
    /// Connections of one source.
    pub(super) connections_per_source: usize,
    /// Silent ones of these.
    pub(super) silent_per_source: usize,
    /// Requests of one source that are being answered.
    pub(super) requests_per_source: usize,
}

/// All connections of a server.
#[derive(Debug)]
pub(super) struct Connections {
    limits: ConnectionLimits,
    table: Mutex<Table>,
    freed: Notify,
}

#[derive(Debug, Default)]
struct Table {
    /// Numbers connections, and silences by their beginning.
    next: u64,
    entries: HashMap<u64, Entry>,
    sources: HashMap<Source, Held>,
    requests: HashMap<Source, usize>,
}

#[derive(Debug)]
struct Entry {
    source: Source,
    /// Requests that are being answered.
    requests: usize,
    /// Where it stands among the silent ones of its source, if it is one.
    silent: Option<Silence>,
    /// Tells the connection to end.
    end: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Held {
    connections: usize,
    /// The first is the first to go.
    silent: BTreeMap<Silence, u64>,
}

/// Why a connection is silent, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Silence {
    /// It never sent a request.
    Unheard(u64),
    /// It waits for its next.
    Waiting(u64),
}

/// What became of a connection that came.
enum Entered {
    In(Connection),
    /// Its source has as many as it may, and is heard on all of them.
    SourceFull,
    /// All sources together have, and are heard on all of them.
    Full,
}

impl Connections {
    /// None yet.
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { limits, table: Mutex::default(), freed: Notify::new() })
    }

    /// Lets a connection in, in the place of a silent one where there is no other; waits while every connection of the
    /// server has a request. None when only its own source has no room.
    ///
    /// `shared` where many are behind the address, as behind a proxy that the operator named: its connections are limited
    /// by those of all only.
    pub(super) async fn enter(self: &Arc<Self>, source: Source, shared: bool) -> Option<Connection> {
        loop {
            let mut freed = std::pin::pin!(self.freed.notified());
            // From here on no end of a connection is missed.
            freed.as_mut().enable();
            match self.try_enter(source, shared) {
                Entered::In(connection) => return Some(connection),
                Entered::SourceFull => return None,
                Entered::Full => freed.await,
            }
        }
    }

    /// Ends a silent connection of the source that has most of them. False where there is none.
    pub(super) fn end_a_silent_one(&self) -> bool {
        self.lock().end_one_of_all()
    }

    fn try_enter(self: &Arc<Self>, source: Source, shared: bool) -> Entered {
        let limits = &self.limits;
        let mut table = self.lock();
        let held = table.sources.get(&source);
        let (connections, silent) = held.map_or((0, 0), |held| (held.connections, held.silent.len()));
        if !shared && (connections >= limits.connections_per_source || silent >= limits.silent_per_source) {
            let ended = table.end_one_of(source);
            if !ended && connections >= limits.connections_per_source {
                return Entered::SourceFull;
            }
        }
        if table.entries.len() >= limits.connections && !table.end_one_of_all() {
            return Entered::Full;
        }
        let number = table.number();
        let (silence, end) = (Silence::Unheard(number), Arc::new(Notify::new()));
        let entry = Entry { source, requests: 0, silent: Some(silence), end: Arc::clone(&end) };
        table.entries.insert(number, entry);
        let held = table.sources.entry(source).or_default();
        held.connections += 1;
        held.silent.insert(silence, number);
        Entered::In(Connection { all: Arc::clone(self), number, end })
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Ends the silent connection of a source that is the first to go. False where it has none.
    fn end_one_of(&mut self, source: Source) -> bool {
        let first = self.sources.get(&source).and_then(|held| held.silent.first_key_value());
        let Some((_, &number)) = first else { return false };
        if let Some(entry) = self.remove(number) {
            entry.end.notify_one();
        }
        true
    }

    fn end_one_of_all(&mut self) -> bool {
        let most = self.sources.iter().max_by_key(|(_, held)| held.silent.len()).map(|(source, _)| *source);
        most.is_some_and(|source| self.end_one_of(source))
    }

    fn remove(&mut self, number: u64) -> Option<Entry> {
        let entry = self.entries.remove(&number)?;
        if let Some(held) = self.sources.get_mut(&entry.source) {
            held.connections = held.connections.saturating_sub(1);
            if let Some(silence) = entry.silent {
                held.silent.remove(&silence);
            }
            if held.connections == 0 {
                self.sources.remove(&entry.source);
            }
        }
        Some(entry)
    }
}

/// A connection that was let in; its place is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Connection {
    all: Arc<Connections>,
    number: u64,
    end: Arc<Notify>,
}

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotBegun {
    /// Its connection was told to end before.
    Ended,
    /// As many requests of its source are being answered as may be.
    TooMany,
}

impl Connection {
    /// Ready once the connection is to end, in favour of another.
    pub(super) async fn ended(&self) {
        self.end.notified().await;
    }

    /// Whether no request ever came.
    pub(super) fn is_unheard(&self) -> bool {
        let table = self.all.lock();
        table.entries.get(&self.number).is_none_or(|entry| matches!(entry.silent, Some(Silence::Unheard(_))))
    }

    /// Notes that a request of `client` came. It is being answered until the result is dropped.
    ///
    /// # Errors
    /// [`NotBegun`] where it must not be answered.
    pub(super) fn begin(&self, client: Source) -> Result<Answering, NotBegun> {
        let mut table = self.all.lock();
        let table = &mut *table;
        let entry = table.entries.get_mut(&self.number).ok_or(NotBegun::Ended)?;
        let requests = table.requests.entry(client).or_default();
        if *requests >= self.all.limits.requests_per_source {
            return Err(NotBegun::TooMany);
        }
        *requests += 1;
        entry.requests += 1;
        if let Some(silence) = entry.silent.take()
            && let Some(held) = table.sources.get_mut(&entry.source)
        {
            held.silent.remove(&silence);
        }
        Ok(Answering { all: Arc::clone(&self.all), number: self.number, client })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.all.lock().remove(self.number);
        self.all.freed.notify_one();
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Answering {
    all: Arc<Connections>,
    number: u64,
    client: Source,
}

impl Drop for Answering {
    fn drop(&mut self) {
        let mut table = self.all.lock();
        if let Some(requests) = table.requests.get_mut(&self.client) {
            *requests = requests.saturating_sub(1);
            if *requests == 0 {
                table.requests.remove(&self.client);
            }
        }
        let since = table.number();
        let Some(entry) = table.entries.get_mut(&self.number) else { return };
        entry.requests = entry.requests.saturating_sub(1);
        if entry.requests > 0 {
            return;
        }
        let silence = Silence::Waiting(since);
        let source = entry.source;
        entry.silent = Some(silence);
        if let Some(held) = table.sources.get_mut(&source) {
            held.silent.insert(silence, self.number);
        }
        drop(table);
        // Whoever waits for a place can take that of a silent one.
        self.all.freed.notify_one();
    }
}
