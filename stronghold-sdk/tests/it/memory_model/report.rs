//! How often each kind of outcome occurred.

use std::{collections::BTreeMap, fmt::Write as _, io::Write as _};

/// Counts by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    counts: BTreeMap<String, u64>,
}

impl Report {
    /// Kinds that must occur, so that one that never does is told too.
    pub(crate) fn expecting(kinds: &[&str]) -> Self {
        Self { counts: kinds.iter().map(|kind| ((*kind).to_owned(), 0)).collect() }
    }

    pub(crate) fn count(&mut self, kind: &str) {
        *self.counts.entry(kind.to_owned()).or_default() += 1;
    }

    /// Adds what another part counted.
    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, count) in &other.counts {
            *self.counts.entry(kind.clone()).or_default() += count;
        }
    }

    /// Says all counts to whoever runs the tests, past the harness.
    pub(crate) fn say(&self, head: &str) {
        let mut text = format!("  {head}\n");
        for (kind, count) in &self.counts {
            let _ = writeln!(text, "    {count:>6} {kind}");
        }
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    /// Kinds that occurred less often.
    pub(crate) fn below(&self, least: u64) -> Vec<&str> {
        self.counts.iter().filter(|(_, count)| **count < least).map(|(kind, _)| kind.as_str()).collect()
    }
}
