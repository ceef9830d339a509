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
                let fine = self.recall() && self.agent_exists(before) && self.headers(before);
                if fine && self.receipt(before, before, false) {
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

    pub(super) fn refuse(&mut self, reason: Reason) {
        self.verdict.reasons.insert(reason);
    }

    pub(super) fn fine(&self) -> bool {
        self.verdict.reasons.is_empty()
    }

    /// What the store holds becomes this process's. A process that cannot do so goes no further.
    pub(crate) fn recall(&mut self) -> bool {
        if self.store.damaged {
            self.refuse(Reason::Damaged);
            return false;
        }
        if self.client.process.seen.contradicts(&self.store.seen) {
            // It knows from now on that there are two.
            self.client.process.apart.extend_from_slice(&self.store.seen.histories);
            self.refuse(Reason::TwoViews);
            return false;
        }
        self.client.process.seen.join(&self.store.seen);
        true
    }

    pub(super) fn agent_exists(&mut self, branch: &Branch) -> bool {
        if self.client.agent.is_some_and(|agent| !branch.has_agent(&agent)) {
            self.refuse(Reason::Denied);
        }
        true
    }

    /// What is shown must continue every history that was shown before.
    pub(crate) fn headers(&mut self, branch: &Branch) -> bool {
        let ClientModel { agent, floor, lock, process, .. } = &*self.client;
        let mut known: Vec<&[Hash]> = process.seen.histories.iter().chain(&process.apart).map(Vec::as_slice).collect();
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
    pub(super) fn revisions(&mut self, branch: &Branch, id: &Id) {
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

    pub(super) fn name(&mut self, name: &str, now: &Id) {
        let ClientModel { lock, process, accepts_replaced, .. } = &*self.client;
        let locked = lock.as_ref().is_some_and(|lock| lock.seen.other_of_name(name, now));
        let remembered = process.seen.other_of_name(name, now);
        if locked || (remembered && !accepts_replaced) {
            self.refuse(Reason::Replaced);
        } else if remembered {
            self.verdict.notes.insert(Note::NameTakenOver);
        }
    }

    pub(super) fn locked(&mut self, is_it: impl Fn(&Id, &str) -> bool) {
        let lock = self.client.lock.as_ref();
        if lock.is_some_and(|lock| !lock.seen.profiles.iter().any(|(id, shown)| is_it(id, &shown.name))) {
            self.refuse(Reason::Unlocked);
        }
    }

    fn edit(&mut self, name: &str, before: &Branch, after: &Branch) {
        let Some(id) = self.checks(name, before, false) else { return };
        if !self.receipt(before, before, false) {
            return;
        }
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
    pub(super) fn keep(&mut self, shown: &Seen, named: Option<(&Id, &str)>) {
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

    pub(super) fn swap(&mut self, stored: Seen) {
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
