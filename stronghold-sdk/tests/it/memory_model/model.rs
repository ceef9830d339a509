//! What may be accepted: decided from whole histories. It shares no code with the memory that it judges.

use super::{
    branch::{Branch, Hash, Id},
    kinds::{ClientModel, Note, Op, ProcessModel, Reason, StoreModel, Verdict},
    seen::{Relation, Seen, relation},
};
use std::collections::BTreeSet;

/// One step of one client, judged.
pub(crate) struct Step<'a> {
    pub(crate) client: &'a mut ClientModel,
    pub(crate) store: &'a mut StoreModel,
    /// How many swaps take effect before the client is killed.
    pub(crate) budget: usize,
    pub(crate) verdict: Verdict,
}

impl<'a> Step<'a> {
    pub(crate) fn new(client: &'a mut ClientModel, store: &'a mut StoreModel, budget: usize) -> Self {
        Self { client, store, budget, verdict: Verdict::default() }
    }

    /// Judges `op` on a server that has `before`, and `after` where it wrote.
    pub(crate) fn judge(mut self, op: &Op, before: &Branch, after: &Branch) -> Verdict {
        match op {
            Op::Open => {
                self.client.process = ProcessModel::default();
                if self.client.agent.is_none() && self.recall() && self.headers(before) {
                    self.replay(before);
                }
            }
            Op::Sync => {
                if self.recall() && self.headers(before) {
                    self.replay(before);
                }
            }
            Op::List => {
                if self.recall() && self.agent_exists(before) && self.headers(before) {
                    self.keep(&Seen::history(&before.headers), None);
                }
            }
            Op::Pull(name) => {
                let _ = self.pull(name, before);
            }
            Op::PullOlder(name) => {
                self.client.process = ProcessModel::default();
                self.pull_older(name, before);
            }
            Op::Edit(name) => self.edit(name, before, after),
            Op::CreateAgent => self.create_agent(before, after),
            Op::CreateGroup | Op::Grant(_) => self.state(before, after, None),
            Op::Create(name) => {
                let id = after.profiles().get(name).map(|profile| profile.id);
                self.state(before, after, id.map(|id| (id, name.clone())));
            }
            Op::Delete(name) => {
                let id = before.profiles().get(name).map(|profile| profile.id);
                self.state(before, after, None);
                if let Some(id) = id.filter(|_| self.verdict.reasons.is_empty()) {
                    self.forget(&id);
                }
            }
        }
        self.verdict
    }

    fn refuse(&mut self, reason: Reason) {
        self.verdict.reasons.insert(reason);
    }

    fn fine(&self) -> bool {
        self.verdict.reasons.is_empty()
    }

    /// What the store holds becomes this process's. A process that cannot do so goes no further.
    pub(crate) fn recall(&mut self) -> bool {
        if self.store.damaged {
            self.refuse(Reason::Damaged);
            return false;
        }
        if self.client.process.seen.contradicts(&self.store.seen) {
            self.refuse(Reason::TwoRevisions);
            return false;
        }
        self.client.process.seen.join(&self.store.seen);
        true
    }

    fn agent_exists(&mut self, branch: &Branch) -> bool {
        if self.client.agent.is_some_and(|agent| !branch.has_agent(&agent)) {
            self.refuse(Reason::Denied);
        }
        true
    }

    /// What is shown must continue every history that was shown before.
    pub(crate) fn headers(&mut self, branch: &Branch) -> bool {
        let ClientModel { agent, floor, lock, process, .. } = &*self.client;
        let mut known: Vec<&[Hash]> = process.seen.histories.iter().map(Vec::as_slice).collect();
        known.extend([floor.as_slice(), process.directory.as_slice()]);
        let mut unseen = false;
        if let Some(lock) = lock {
            // An agent's chain proves the token's floor and the highest header; a person has the whole directory.
            if agent.is_none() || lock.header.len() >= process.seen.longest() {
                known.push(&lock.header);
            } else {
                unseen = relation(&lock.header, &branch.headers) != Relation::Continues;
            }
        }
        let relations: BTreeSet<Reason> = known
            .into_iter()
            .filter_map(|before| match relation(before, &branch.headers) {
                Relation::Continues => None,
                Relation::Older => Some(Reason::HeaderOlder),
                Relation::Forked => Some(Reason::HeaderForked),
            })
            .collect();
        if unseen && relations.is_empty() {
            self.verdict.notes.insert(Note::LockForkUnseen);
        }
        self.verdict.reasons.extend(relations);
        self.fine()
    }

    /// What is shown of a profile must not end below what was shown, nor be another revision in its place.
    fn revisions(&mut self, branch: &Branch, id: &Id) {
        let ClientModel { lock, process, .. } = &*self.client;
        let known = [Some(&process.seen), lock.as_ref().map(|lock| &lock.seen)];
        let known: Vec<Vec<Hash>> = known
            .into_iter()
            .flatten()
            .filter_map(|seen| seen.profiles.get(id))
            .map(|shown| shown.revisions.clone())
            .collect();
        let now = branch.of(id);
        for before in known {
            if now.len() < before.len() {
                self.refuse(Reason::RevisionOlder);
            } else if now.len() == before.len() && now.last() != before.last() {
                self.refuse(Reason::RevisionForked);
            } else if relation(&before, now) != Relation::Continues {
                self.verdict.notes.insert(Note::RevisionForkUnseen);
            }
        }
    }

    fn name(&mut self, name: &str, now: &Id) {
        let ClientModel { lock, process, accepts_replaced, .. } = &*self.client;
        let locked = lock.as_ref().is_some_and(|lock| lock.seen.other_of_name(name, now));
        let remembered = process.seen.other_of_name(name, now);
        if locked || (remembered && !accepts_replaced) {
            self.refuse(Reason::Replaced);
        } else if remembered {
            self.verdict.notes.insert(Note::NameTakenOver);
        }
    }

    fn locked(&mut self, is_it: impl Fn(&Id, &str) -> bool) {
        let lock = self.client.lock.as_ref();
        if lock.is_some_and(|lock| !lock.seen.profiles.iter().any(|(id, shown)| is_it(id, &shown.name))) {
            self.refuse(Reason::Unlocked);
        }
    }

    /// Everything that a read of a profile must hold to.
    fn checks_of_read(&mut self, name: &str, branch: &Branch) -> Option<Id> {
        let id = if self.client.agent.is_some() {
            self.locked(|_, locked| locked == name);
            self.recall();
            let found = branch.profiles().get(name).filter(|profile| profile.granted).map(|profile| profile.id);
            found.inspect(|id| self.name(name, id))
        } else {
            // A person finds the name in the directory that they have.
            let found = self.client.process.names.get(name).map(|profile| profile.id);
            if let Some(id) = &found {
                self.name(name, id);
                self.locked(|locked, _| locked == id);
            }
            self.recall();
            found.filter(|id| branch.profiles().values().any(|profile| profile.id == *id))
        };
        self.agent_exists(branch);
        self.headers(branch);
        match &id {
            Some(id) => self.revisions(branch, id),
            None => self.refuse(Reason::Missing),
        }
        id.filter(|_| self.fine())
    }

    fn pull(&mut self, name: &str, branch: &Branch) -> Option<Id> {
        let id = self.checks_of_read(name, branch)?;
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
        let read = Seen::profile(answered, id, name);
        let known = self.client.process.seen.clone();
        let news: Vec<Vec<Hash>> =
            self.store.seen.histories.iter().filter(|history| !known.histories.contains(history)).cloned().collect();
        self.client.process.seen.join(&read);
        if self.client.process.seen.contradicts(&self.store.seen) {
            self.refuse(Reason::TwoRevisions);
            return;
        }
        self.client.process.seen.join(&self.store.seen);
        let all = &self.client.process.seen.histories;
        let apart = all.iter().any(|history| relation(history, &now.headers) != Relation::Continues);
        // The very header that was read needs no proof.
        let owes = owes || news.iter().any(|history| *history != answered.headers);
        if apart && owes {
            self.refuse(Reason::Apart);
            return;
        }
        if !news.is_empty() {
            self.verdict.notes.insert(Note::Joined);
        }
        self.keep(&read, Some((id, name)));
    }

    /// Goes back to what the server has, where that is only older.
    fn pull_older(&mut self, name: &str, branch: &Branch) {
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

    fn edit(&mut self, name: &str, before: &Branch, after: &Branch) {
        let _ = self.checks_of_read(name, before);
        // A lock file says what may be pulled, not what may be written.
        self.verdict.reasons.remove(&Reason::Unlocked);
        let Some(id) = self.client.process.names.get(name).map(|profile| profile.id).filter(|_| self.fine()) else {
            return;
        };
        self.keep(&Seen::profile(before, &id, name), Some((&id, name)));
        if after.of(&id) != before.of(&id) {
            self.keep(&Seen::profile(after, &id, name), Some((&id, name)));
        }
    }

    fn create_agent(&mut self, before: &Branch, after: &Branch) {
        if !(self.recall() && self.headers(before)) {
            return;
        }
        self.replay(before);
        let mut granted: Vec<(String, Id)> = before
            .profiles()
            .into_iter()
            .filter(|(_, profile)| profile.granted)
            .map(|(name, profile)| (name, profile.id))
            .collect();
        // In the order of their ids, each remembered as it is read: at the first that is behind, nothing is signed.
        granted.sort_by_key(|(_, id)| *id);
        for (name, id) in granted {
            self.revisions(before, &id);
            if !self.fine() {
                return;
            }
            self.keep(&Seen::profile(before, &id, &name), Some((&id, &name)));
        }
        self.state(before, after, None);
    }

    /// A statement: on top of the directory as it is, and then remembered.
    fn state(&mut self, before: &Branch, after: &Branch, made: Option<(Id, String)>) {
        if !(self.recall() && self.headers(before)) {
            return;
        }
        self.replay(before);
        if after.headers.len() == before.headers.len() {
            return;
        }
        self.client.process.directory.clone_from(&after.headers);
        self.client.process.names = after.profiles();
        match made {
            Some((id, name)) => self.keep(&Seen::profile(after, &id, &name), Some((&id, &name))),
            None => self.keep(&Seen::history(&after.headers), None),
        }
    }

    fn replay(&mut self, branch: &Branch) {
        self.client.process.directory.clone_from(&branch.headers);
        self.client.process.names = branch.profiles();
        self.keep(&Seen::history(&branch.headers), None);
    }

    /// Remembers what was shown, in the process and in the store, before anything is returned.
    fn keep(&mut self, shown: &Seen, named: Option<(&Id, &str)>) {
        self.client.process.seen.join(shown);
        let mut stored = self.store.seen.clone();
        stored.join(&self.client.process.seen);
        if let (true, Some((id, name))) = (self.client.accepts_replaced, named) {
            stored.forget_name(name, id);
        }
        self.client.process.seen = stored.clone();
        self.swap(stored);
    }

    fn forget(&mut self, id: &Id) {
        self.client.process.seen.profiles.remove(id);
        let mut stored = self.store.seen.clone();
        stored.profiles.remove(id);
        self.swap(stored);
    }

    fn swap(&mut self, stored: Seen) {
        if stored == self.store.seen {
            return;
        }
        if self.store.read_only {
            if !self.client.process.warned {
                self.verdict.notes.insert(Note::Warned);
            }
            self.client.process.warned = true;
            return;
        }
        if self.verdict.swaps < self.budget {
            self.verdict.swaps += 1;
            self.store.seen = stored;
        }
    }
}
