//! How much of the bodies that arrive is held: of each source, of what nobody judged yet, and in all.
//!
//! Every byte is counted as it arrives, from the first on, and until its request was answered. What was only announced is
//! not: whoever announces much and sends nothing keeps nobody out. Who finds no room is refused at once, with a word on
//! when to come back: whoever waited would fill buffers that nobody counts.

use crate::{access::Source, service::JudgedHead};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use stronghold_protocol::problem::{Problem, ProblemCode};

/// How many bytes of bodies may be held at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyLimits {
    /// Of all sources together.
    pub(super) bytes: usize,
    /// Of one source.
    pub(super) bytes_per_source: usize,
}

impl BodyLimits {
    /// Of what nobody judged yet: a quarter, so that strangers never take what members need.
    const fn unjudged(self) -> usize {
        self.bytes / 4
    }
}

/// The bodies that are held.
#[derive(Debug)]
pub(super) struct Bodies {
    limits: BodyLimits,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    unjudged: usize,
    by_source: HashMap<Source, usize>,
}

impl Bodies {
    /// None yet.
    pub(super) fn new(limits: BodyLimits) -> Arc<Self> {
        Arc::new(Self { limits, held: Mutex::default() })
    }

    /// A body of which nothing arrived yet; without a source it counts among all only.
    pub(super) fn begin(self: &Arc<Self>, source: Option<Source>) -> BodyShare {
        BodyShare { all: Arc::clone(self), source, bytes: 0, judged: false }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body takes of the shares, until it is dropped.
#[derive(Debug)]
pub(super) struct BodyShare {
    all: Arc<Bodies>,
    source: Option<Source>,
    bytes: usize,
    judged: bool,
}

impl BodyShare {
    /// Counts bytes that arrived.
    ///
    /// # Errors
    /// A [`Problem`] where there is no room for them: of the source's own, `rate_limited`; else `unavailable`.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        let limits = self.all.limits;
        let mut held = self.all.lock();
        let of_source = self.source.and_then(|source| held.by_source.get(&source)).copied().unwrap_or(0);
        if self.source.is_some() && of_source + bytes > limits.bytes_per_source {
            return Err(no_room_for_source());
        }
        if held.bytes + bytes > limits.bytes || (!self.judged && held.unjudged + bytes > limits.unjudged()) {
            return Err(no_room());
        }
        held.bytes += bytes;
        if !self.judged {
            held.unjudged += bytes;
        }
        if let Some(source) = self.source {
            held.by_source.insert(source, of_source + bytes);
        }
        self.bytes += bytes;
        Ok(())
    }

    /// Counts this body among those whose headers were judged, from here on.
    pub(super) fn judged(&mut self, _: JudgedHead) {
        if !self.judged {
            self.judged = true;
            let mut held = self.all.lock();
            held.unjudged = held.unjudged.saturating_sub(self.bytes);
        }
    }

    /// Whether its headers were judged.
    pub(super) const fn is_judged(&self) -> bool {
        self.judged
    }
}

impl Drop for BodyShare {
    fn drop(&mut self) {
        let mut held = self.all.lock();
        held.bytes = held.bytes.saturating_sub(self.bytes);
        if !self.judged {
            held.unjudged = held.unjudged.saturating_sub(self.bytes);
        }
        let Some(source) = self.source else { return };
        let left = held.by_source.get(&source).copied().unwrap_or(0).saturating_sub(self.bytes);
        if left == 0 {
            held.by_source.remove(&source);
        } else {
            held.by_source.insert(source, left);
        }
    }
}

fn no_room_for_source() -> Problem {
    let detail =
        "requests from this address have as many bytes under way as the server takes of one; try again in a moment";
    Problem::new(ProblemCode::RateLimited, detail).retry_after(1)
}

fn no_room() -> Problem {
    let detail = "the server holds as many bytes of requests as it may; nothing was done; try again in a moment";
    Problem::new(ProblemCode::Unavailable, detail).retry_after(1)
}
