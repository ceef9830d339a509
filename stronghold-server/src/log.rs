//! The log, bounded: whoever can cause a line can cause a million.
//!
//! Lines of one cause, which is a place in the code and the action that it names, are written up to a number in ten seconds;
//! the others are counted, and the count is a line of its own. What an operator asked for by `debug` and `trace` is written
//! whole.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use stronghold_protocol::time::{Clock, Timestamp};
use tracing::{
    Event, Level, Metadata, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Filter};

/// How many lines of one cause are written in a window.
pub const LINES: u32 = 20;
/// How long a window is, in milliseconds.
pub const WINDOW_MILLIS: i64 = 10_000;

/// The module that says how much was left out, which is never left out itself.
const TARGET: &str = module_path!();
/// Longest name of an action that makes a cause of its own, in bytes: those of the routes are shorter.
const ACTION_BYTES: usize = 64;

/// Counts log lines by their cause, and lets so many through. A filter of a layer of `tracing`; clones count together.
#[derive(Clone)]
pub struct LogThrottle {
    clock: Arc<dyn Clock>,
    causes: Arc<Mutex<HashMap<Cause, Count>>>,
}

/// What lines have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cause {
    place: Identifier,
    action: Option<String>,
}

#[derive(Debug)]
struct Count {
    since: Timestamp,
    written: u32,
    left_out: u64,
    /// The line's words, which are the same for all.
    like: String,
}

impl fmt::Debug for LogThrottle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogThrottle({} causes)", self.causes().len())
    }
}

impl LogThrottle {
    /// Nothing was written yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, causes: Arc::default() }
    }

    /// Says of each cause how many lines were left out since it was said last. To be called every few seconds, and at the end.
    pub fn report(&self) {
        let now = self.clock.now();
        let mut said = Vec::new();
        self.causes().retain(|cause, count| {
            if count.left_out > 0 {
                said.push((cause.action.clone(), count.like.clone(), count.left_out));
                count.left_out = 0;
            }
            !is_over(count.since, now)
        });
        for (action, like, left_out) in said {
            let action = action.unwrap_or_default();
            tracing::warn!(target: TARGET, left_out, action = action.as_str(), like = like.as_str(), "more lines like this were left out");
        }
    }

    fn count(&self, cause: Cause, like: String) -> bool {
        let now = self.clock.now();
        let mut causes = self.causes();
        let count = causes.entry(cause).or_insert(Count { since: now, written: 0, left_out: 0, like });
        if is_over(count.since, now) {
            (count.since, count.written) = (now, 0);
        }
        if count.written < LINES {
            count.written += 1;
            return true;
        }
        count.left_out += 1;
        false
    }

    fn causes(&self) -> MutexGuard<'_, HashMap<Cause, Count>> {
        self.causes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that goes back begins a window as well.
fn is_over(since: Timestamp, now: Timestamp) -> bool {
    !(0..WINDOW_MILLIS).contains(&(now.as_millis() - since.as_millis()))
}

impl<S: Subscriber> Filter<S> for LogThrottle {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() == TARGET {
            return true;
        }
        let mut seen = Seen::default();
        event.record(&mut seen);
        let action = seen.action.filter(|action| action.len() <= ACTION_BYTES);
        self.count(Cause { place: metadata.callsite(), action }, seen.message)
    }
}

/// What a line is told apart by.
#[derive(Default)]
struct Seen {
    action: Option<String>,
    message: String,
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "action" {
            self.action = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
