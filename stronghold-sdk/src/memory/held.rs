//! What one process remembers, whether or not it is also in the store.

use super::{Conflict, Remembered};
use crate::error::Error;
use stronghold_protocol::directory::HeaderRef;

/// How many headers a process keeps that are proven to be of one history with what it remembers. Where one is
/// forgotten, it is proven once more.
const PROVEN: usize = 256;

/// What this process holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) known: Remembered,
    /// Headers that are of one history with `known.header`.
    pub(super) proven: Vec<HeaderRef>,
    /// Pairs that must be proven to be so before anything is written.
    pub(super) unproven: Vec<(HeaderRef, HeaderRef)>,
    pub(super) warning: Option<String>,
    warned: bool,
}

impl Held {
    /// Takes over what was verified to continue `after`.
    pub(super) fn see(&mut self, seen: &Remembered, after: Option<HeaderRef>) -> Result<(), Conflict> {
        if let Some(header) = seen.header {
            match self.known.header.filter(|known| Some(*known) != after && *known != header) {
                // Something else was remembered since the question was asked; once it is proven, it stays so.
                Some(known) if !self.proven.contains(&header) => self.pair(header, known),
                Some(_) => {}
                None => self.note(header),
            }
        }
        self.known.raise(seen)
    }

    /// Takes note of a header in the store.
    pub(super) fn meet(&mut self, stored: Option<HeaderRef>) {
        let Some(stored) = stored else { return };
        match self.known.header.filter(|known| *known != stored) {
            Some(known) if !self.proven.contains(&stored) => self.pair(stored, known),
            Some(_) => {}
            None => self.note(stored),
        }
    }

    fn pair(&mut self, one: HeaderRef, other: HeaderRef) {
        if !self.unproven.contains(&(one, other)) {
            self.unproven.push((one, other));
        }
    }

    pub(super) fn note(&mut self, header: HeaderRef) {
        if !self.proven.contains(&header) {
            self.proven.push(header);
        }
        let surplus = self.proven.len().saturating_sub(PROVEN);
        self.proven.drain(..surplus);
    }

    /// The warning that memory cannot be kept, the first time; `remedy` is what can be done about it.
    pub(super) fn warn(&mut self, error: &Error, remedy: Option<&str>) -> Option<String> {
        if std::mem::replace(&mut self.warned, true) {
            return None;
        }
        let remedy = remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
        let warning = format!(
            "what was verified cannot be remembered: {error}. A server could show something older next time{remedy}"
        );
        self.warning = Some(warning.clone());
        Some(warning)
    }
}
