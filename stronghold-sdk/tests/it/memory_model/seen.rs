//! What a client has been shown: whole histories, never only their ends.

use super::branch::{Branch, Hash, Id};
use std::collections::BTreeMap;

/// Revisions of a profile, from the first on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) revisions: Vec<Hash>,
}

/// Everything that was shown, in one place of memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Histories of which none begins another.
    pub(crate) histories: Vec<Vec<Hash>>,
    pub(crate) profiles: BTreeMap<Id, Shown>,
}

/// How what is shown now relates to what was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Continues,
    Older,
    Forked,
}

/// How `now` relates to `before`.
pub(crate) fn relation(before: &[Hash], now: &[Hash]) -> Relation {
    if now.starts_with(before) {
        Relation::Continues
    } else if before.starts_with(now) {
        Relation::Older
    } else {
        Relation::Forked
    }
}

impl Seen {
    /// One history, and no profile.
    pub(crate) fn history(headers: &[Hash]) -> Self {
        Self { histories: vec![headers.to_vec()], profiles: BTreeMap::new() }
    }

    /// A history, and the revisions of a profile as they are in the same database.
    pub(crate) fn profile(branch: &Branch, id: &Id, name: &str) -> Self {
        let shown = Shown { name: name.to_owned(), revisions: branch.of(id).to_vec() };
        Self { histories: vec![branch.headers.clone()], profiles: BTreeMap::from([(*id, shown)]) }
    }

    /// Takes over everything of `other`.
    pub(crate) fn join(&mut self, other: &Self) {
        for history in &other.histories {
            if self.histories.iter().all(|known| !known.starts_with(history)) {
                self.histories.retain(|known| !history.starts_with(known));
                self.histories.push(history.clone());
            }
        }
        for (id, shown) in &other.profiles {
            match self.profiles.get(id) {
                Some(known) if known.revisions.len() >= shown.revisions.len() => {}
                _ => {
                    self.profiles.insert(*id, shown.clone());
                }
            }
        }
    }

    /// Whether the two know different things of one revision, or of the position that each of them ends at.
    pub(crate) fn contradicts(&self, other: &Self) -> bool {
        let longest = self.longest();
        let ends =
            |seen: &Self| seen.histories.iter().filter(|known| known.len() == longest).cloned().collect::<Vec<_>>();
        let forked =
            longest == other.longest() && longest > 0 && ends(self).iter().all(|mine| !ends(other).contains(mine));
        forked
            || self.profiles.iter().any(|(id, mine)| {
                other.profiles.get(id).is_some_and(|theirs| {
                    mine.revisions.len() == theirs.revisions.len() && mine.revisions.last() != theirs.revisions.last()
                })
            })
    }

    /// The longest history.
    pub(crate) fn longest(&self) -> usize {
        self.histories.iter().map(Vec::len).max().unwrap_or(0)
    }

    /// Forgets other profiles of this name.
    pub(crate) fn forget_name(&mut self, name: &str, but: &Id) {
        self.profiles.retain(|id, shown| id == but || shown.name != name);
    }

    /// Another profile that had this name.
    pub(crate) fn other_of_name(&self, name: &str, now: &Id) -> bool {
        self.profiles.iter().any(|(id, shown)| shown.name == name && id != now)
    }
}
