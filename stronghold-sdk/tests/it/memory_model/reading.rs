//! What may be accepted of a read.

use super::{
    branch::{Branch, Hash, Id},
    kinds::{ClientModel, Note, ProcessModel, Reason},
    model::Step,
    seen::{Relation, Seen, relation},
};

impl Step<'_> {
    /// Everything that a read of a profile must hold to.
    fn checks_of_read(&mut self, name: &str, branch: &Branch) -> Option<Id> {
        self.checks(name, branch, true)
    }

    /// The same; a lock file says what may be pulled, not what may be written.
    pub(super) fn checks(&mut self, name: &str, branch: &Branch, pulls: bool) -> Option<Id> {
        let id = if self.client.agent.is_some() {
            self.locked(|_, locked| locked == name);
            self.recall();
            let found = branch.profiles().get(name).filter(|profile| profile.granted).map(|profile| profile.id);
            found.inspect(|id| self.name(name, id))
        } else {
            // A person finds the name in the directory that they have.
            let Some(id) = self.client.process.names.get(name).map(|profile| profile.id) else {
                self.refuse(Reason::Missing);
                return None;
            };
            self.name(name, &id);
            if pulls {
                self.locked(|locked, _| *locked == id);
            }
            if !self.fine() {
                // Nothing is asked, so nothing is read of the store either.
                return None;
            }
            self.recall();
            Some(id).filter(|id| branch.profiles().values().any(|profile| profile.id == *id))
        };
        self.agent_exists(branch);
        self.headers(branch);
        match &id {
            Some(id) => self.revisions(branch, id),
            None => self.refuse(Reason::Missing),
        }
        id.filter(|_| self.fine())
    }

    pub(super) fn pull(&mut self, name: &str, branch: &Branch) -> Option<Id> {
        let id = self.checks_of_read(name, branch)?;
        if !self.receipt(branch, branch, false) {
            return None;
        }
        self.keep(&Seen::profile(branch, &id, name), Some((&id, name)));
        Some(id)
    }

    /// The first half of a read that is overtaken: what was known when the question was asked; and whether a person has still to
    /// replay what another process left before that. An agent has it proven before it asks.
    pub(crate) fn ask(&mut self, name: &str, branch: &Branch) -> (Option<Id>, bool) {
        let known = self.client.process.seen.histories.clone();
        let asked = self.checks_of_read(name, branch);
        let new = self.store.seen.histories.iter().any(|history| !known.contains(history));
        (asked, new && self.client.agent.is_none())
    }

    /// The second half: another process was shown something meanwhile, and `now` is what the server shows by now.
    pub(crate) fn arrive(&mut self, name: &str, (id, owes): (&Id, bool), answered: &Branch, now: &Branch) {
        let knew = self.is_known(answered);
        let read = Seen::profile(answered, id, name);
        // Who replays the directory has proven by that what was still to be proven.
        if self.receipt(answered, now, owes) && self.take(&read, owes && knew, answered, now) {
            self.keep(&read, Some((id, name)));
        }
    }

    /// Whether a person has the directory that far. An agent has none.
    fn is_known(&self, answered: &Branch) -> bool {
        let ProcessModel { directory, ahead, .. } = &self.client.process;
        [directory, ahead].into_iter().any(|known| known.starts_with(&answered.headers))
    }

    /// A person checks a receipt by the directory, and replays it as the server has it `now`, where theirs is not that far.
    pub(super) fn receipt(&mut self, answered: &Branch, now: &Branch, owes: bool) -> bool {
        if self.client.agent.is_some() || self.is_known(answered) {
            return true;
        }
        let replayed = Seen::history(&now.headers);
        if !(self.headers(now) && self.take(&replayed, owes, now, now)) {
            return false;
        }
        self.keep(&replayed, None);
        self.client.process.ahead.clone_from(&now.headers);
        if relation(&answered.headers, &now.headers) != Relation::Continues {
            self.refuse(Reason::Apart);
        }
        self.fine()
    }

    /// Takes `read` over, beside what another process left meanwhile.
    fn take(&mut self, read: &Seen, owes: bool, answered: &Branch, now: &Branch) -> bool {
        let known = self.client.process.seen.clone();
        let news: Vec<Vec<Hash>> =
            self.store.seen.histories.iter().filter(|history| !known.histories.contains(history)).cloned().collect();
        if self.client.process.seen.contradicts(read) {
            // What was taken over to judge the receipt may be the other view already.
            self.client.process.apart.extend_from_slice(&read.histories);
            self.refuse(Reason::TwoViews);
            return false;
        }
        self.client.process.seen.join(read);
        if self.client.process.seen.contradicts(&self.store.seen) {
            self.client.process.apart.extend_from_slice(&self.store.seen.histories);
            self.refuse(Reason::TwoViews);
            return false;
        }
        self.client.process.seen.join(&self.store.seen);
        let all = &self.client.process.seen.histories;
        let apart = all.iter().any(|history| relation(history, &now.headers) != Relation::Continues);
        // The very header that was read needs no proof.
        let owes = owes || news.iter().any(|history| *history != answered.headers);
        if apart && owes {
            self.refuse(Reason::Apart);
            return false;
        }
        if !news.is_empty() {
            self.verdict.notes.insert(Note::Joined);
        }
        true
    }

    /// Goes back to what the server has, where that is only older.
    pub(super) fn pull_older(&mut self, name: &str, branch: &Branch) {
        if self.checks_of_read(name, branch).is_some() {
            let id = branch.profiles()[name].id;
            self.keep(&Seen::profile(branch, &id, name), Some((&id, name)));
            return;
        }
        use Reason::{HeaderForked, HeaderOlder, RevisionForked, RevisionOlder};
        let behind = [HeaderOlder, HeaderForked, RevisionOlder, RevisionForked];
        let of_header = [HeaderOlder, HeaderForked].iter().any(|reason| self.verdict.reasons.contains(reason));
        if !self.verdict.reasons.iter().all(|reason| behind.contains(reason)) {
            return;
        }
        // Nothing goes behind the token, nor behind a lock file.
        let ClientModel { floor, lock, process, .. } = &*self.client;
        let fixed = [Some(floor), lock.as_ref().map(|lock| &lock.header)];
        if fixed.into_iter().flatten().any(|known| relation(known, &branch.headers) != Relation::Continues) {
            return;
        }
        let id = branch.profiles()[name].id;
        let now = branch.of(&id);
        let of_lock = lock.as_ref().and_then(|lock| lock.seen.profiles.get(&id)).map(|shown| &shown.revisions);
        let of_memory = process.seen.profiles.get(&id).map(|shown| &shown.revisions);
        let forked = |known: &&Vec<Hash>| known.len() == now.len() && known.last() != now.last();
        let reached = branch.headers.len() >= process.seen.longest();
        let not_only_older = (of_header && reached)
            || of_memory.is_some_and(|known| forked(&known))
            || of_lock.is_some_and(|known| forked(&known));
        if not_only_older {
            self.refuse(Reason::NotOnlyOlder);
            return;
        }
        if of_lock.is_some_and(|known| now.len() < known.len()) {
            return;
        }
        self.verdict.reasons.clear();
        self.verdict.notes.insert(Note::WentBack);
        let read = Seen::profile(branch, &id, name);
        let back = |seen: &mut Seen| {
            seen.histories.clone_from(&read.histories);
            seen.forget_name(name, &id);
            seen.profiles.insert(id, read.profiles[&id].clone());
        };
        back(&mut self.client.process.seen);
        let mut stored = self.store.seen.clone();
        back(&mut stored);
        self.swap(stored);
    }
}
