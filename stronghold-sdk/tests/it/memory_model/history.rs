//! One random history: what happens, what the clients make of it, and what the model says of that.

use super::{
    base::{Base, FIRST, PROFILES, clock},
    branch::{Branch, Hash},
    cast::{self, LASTING, Member, NEWEST, Role},
    clients::{Answer, End, Keys, end_of},
    kinds::{Note, Op, Reason, StoreModel, Verdict},
    model::Step,
    report::Report,
    servers::Servers,
    stores::{Faulty, Kill},
};
use std::collections::{BTreeSet, HashMap};
use stronghold_sdk::{Error, protocol::id::OrgId};
use stronghold_testkit::Seeded;
use tempfile::TempDir;

/// The state of a history.
pub(crate) struct History<'a> {
    pub(crate) base: &'a Base,
    pub(crate) random: Seeded,
    pub(crate) servers: Servers,
    pub(crate) members: Vec<Member>,
    pub(crate) faulty: Vec<Faulty>,
    pub(crate) stores: Vec<StoreModel>,
    /// What the profile holds at a manifest.
    pub(crate) values: HashMap<Hash, Option<String>>,
    pub(crate) report: &'a mut Report,
    /// What happened so far, to understand a failure by.
    pub(crate) log: Vec<String>,
    _folder: TempDir,
    marks: u64,
}

impl<'a> History<'a> {
    pub(crate) async fn new(base: &'a Base, seed: u64, report: &'a mut Report) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let servers = Servers::new(&base.database, folder.path().to_owned(), clock()).await;
        let faulty = cast::stores(folder.path());
        let members = cast::members(base, &servers, &faulty, folder.path());
        let mut values = HashMap::new();
        for revisions in servers.branch().revisions.values() {
            values.insert(revisions[0], None);
            values.insert(revisions[1], Some(FIRST.to_owned()));
        }
        Self {
            base,
            random: Seeded::new(seed),
            servers,
            members,
            faulty,
            stores: vec![StoreModel::default(); LASTING + 2],
            values,
            report,
            log: Vec::new(),
            _folder: folder,
            marks: 0,
        }
    }

    pub(crate) fn org(&self) -> OrgId {
        self.base.owner.org
    }

    pub(crate) fn mark(&mut self) -> String {
        self.marks += 1;
        format!("mark {}", self.marks)
    }

    /// Does one step of a client, and holds what comes of it against the model. Whether it was accepted.
    pub(crate) async fn act(&mut self, who: usize, op: &Op, kill: Option<Kill>) -> bool {
        self.servers.clock.advance_millis(1000);
        let (mark, before) = (self.mark(), self.servers.branch());
        self.log.push(format!("client {who}: {op:?} {kill:?} on database {}", self.servers.current()));
        if *op == Op::Open && self.members[who].store >= LASTING {
            let store = self.members[who].store;
            self.stores[store] = StoreModel::default();
        }
        let member = &mut self.members[who];
        let faulty = self.faulty.get(member.store).cloned();
        let work = member.actor.perform(op, &mark, &self.servers);
        let (result, swaps) = match &faulty {
            Some(faulty) => faulty.until(kill, work).await,
            None => (Some(work.await), 0),
        };
        let after = self.servers.read();
        self.learn_values(op, &mark, &before, &after);
        let budget = if result.is_none() { swaps } else { usize::MAX };
        let member = &mut self.members[who];
        let verdict = Step::new(&mut member.model, &mut self.stores[member.store], budget).judge(op, &before, &after);
        match result {
            None => {
                assert_eq!(verdict.swaps, swaps, "{}", self.story("a killed client wrote another number of times"));
                self.report.count(if kill.is_some_and(|kill| kill.after) {
                    "killed after the swap"
                } else {
                    "killed before the swap"
                });
                self.end_process(who);
                self.check_store(who).await;
                false
            }
            Some(result) => self.compare(who, op, result, &verdict, (&before, &after)).await,
        }
    }

    pub(crate) fn end_process(&mut self, who: usize) {
        self.members[who].actor.process = None;
    }

    fn learn_values(&mut self, op: &Op, mark: &str, before: &Branch, after: &Branch) {
        for (id, revisions) in &after.revisions {
            for manifest in revisions.iter().skip(before.of(id).len()) {
                let value = matches!(op, Op::Edit(_)).then(|| mark.to_owned());
                self.values.insert(*manifest, value);
            }
        }
    }

    /// Holds the outcome of a step against the model.
    pub(crate) async fn compare(
        &mut self,
        who: usize,
        op: &Op,
        result: Result<Answer, Error>,
        verdict: &Verdict,
        (before, after): (&Branch, &Branch),
    ) -> bool {
        let end = result.as_ref().map_or_else(end_of, |_| End::Accepted);
        let allowed = allowed(&verdict.reasons);
        let found = format!("{result:?} where the model says {:?} {:?}", verdict.reasons, verdict.notes);
        self.log.push(found.chars().take(400).collect());
        assert!(allowed.contains(&end), "{}", self.story("memory and model differ"));
        let accepted = end == End::Accepted;
        if !accepted {
            assert_eq!(before.headers, after.headers, "{}", self.story("something was stated although it was refused"));
            assert_eq!(before.revisions, after.revisions, "{}", self.story("a revision was written on top"));
        }
        if let Ok(answer) = &result {
            self.check_answer(op, answer, before);
            self.take_token(answer, after);
        }
        let warned = self.members[who].actor.take_warning();
        if !matches!(op, Op::PullOlder(_)) && self.members[who].actor.process.is_some() {
            assert_eq!(warned, verdict.notes.contains(&Note::Warned), "{}", self.story("told once, or not at all"));
        }
        if (!accepted && *op == Op::Open) || matches!(op, Op::PullOlder(_)) {
            self.end_process(who);
        }
        self.check_store(who).await;
        self.tally(who, op, verdict);
        accepted
    }

    /// Holds what another process read meanwhile against the model.
    pub(crate) fn compare_meanwhile(
        &mut self,
        op: &Op,
        ended: &Result<Answer, Error>,
        verdict: &Verdict,
        branch: &Branch,
    ) {
        let end = ended.as_ref().map_or_else(end_of, |_| End::Accepted);
        self.log.push(format!("the other: {ended:?} where the model says {:?}", verdict.reasons));
        assert!(allowed(&verdict.reasons).contains(&end), "{}", self.story("memory and model differ"));
        if let Ok(answer) = ended {
            self.check_answer(op, answer, branch);
        }
    }

    fn check_answer(&self, op: &Op, answer: &Answer, branch: &Branch) {
        let (Op::Pull(name) | Op::PullOlder(name)) = op else { return };
        let id = branch.profiles()[name].id;
        let manifest = branch.of(&id).last().unwrap();
        assert_eq!(answer.value.as_ref(), Some(&self.values[manifest]), "{}", self.story("another value"));
    }

    fn take_token(&mut self, answer: &Answer, branch: &Branch) {
        if let Some(token) = &answer.token {
            let keys = Keys::Agent(token.clone());
            let newest = &mut self.members[NEWEST];
            newest.model = cast::model_of(&keys, branch);
            newest.actor.start.keys = keys;
            newest.actor.start.lock = None;
            self.end_process(NEWEST);
        }
    }

    /// What the store holds is what the model says it must: all that was shown, before it was returned.
    pub(crate) async fn check_store(&self, who: usize) {
        let Some(store) = self.faulty.get(self.members[who].store) else { return };
        let seen = &self.stores[self.members[who].store].seen;
        let entry = store.entry(&self.org()).await;
        let stored = entry.map(|bytes| super::entry::Entry::read(&bytes)).unwrap_or_default();
        assert_eq!(stored, super::entry::Entry::of(seen), "{}", self.story("the store holds something else"));
    }

    fn tally(&mut self, who: usize, op: &Op, verdict: &Verdict) {
        let role = match self.members[who].role {
            Role::Agent => "agent",
            Role::Person => "person",
            Role::Console => "console",
        };
        if verdict.reasons.is_empty() {
            let what = match op {
                Op::Open => "start",
                Op::Sync | Op::List | Op::Pull(_) | Op::PullOlder(_) => "read",
                Op::Edit(_) => "revision",
                Op::CreateGroup | Op::CreateAgent | Op::Delete(_) | Op::Create(_) | Op::Grant(_) => "statement",
            };
            self.report.count(&format!("{role}: {what} accepted"));
        }
        for reason in &verdict.reasons {
            self.report.count(&format!("{role}: refused, {reason:?}"));
        }
        if !verdict.reasons.is_empty() && !matches!(op, Op::Open | Op::Sync | Op::List | Op::Pull(_) | Op::PullOlder(_))
        {
            self.report.count(&format!("{role}: write refused, nothing signed"));
        }
        for note in &verdict.notes {
            if verdict.reasons.is_empty() || *note == Note::Warned {
                self.report.count(&format!("accepted, {note:?}"));
            }
        }
    }

    /// Everything that led to a failure.
    pub(crate) fn story(&self, what: &str) -> String {
        format!("{what}; what happened:\n{}", self.log.join("\n"))
    }

    pub(crate) fn name(&mut self) -> String {
        self.random.of(&PROFILES).to_owned()
    }
}

/// How a step may end that must be refused for these reasons: the first that is met tells.
fn allowed(reasons: &BTreeSet<Reason>) -> BTreeSet<End> {
    if reasons.is_empty() {
        return BTreeSet::from([End::Accepted]);
    }
    let end = |reason: &Reason| match reason {
        Reason::Replaced => End::Replaced,
        Reason::Missing | Reason::Denied => End::Refused,
        Reason::Damaged | Reason::Unlocked => End::Invalid,
        Reason::HeaderOlder
        | Reason::HeaderForked
        | Reason::RevisionOlder
        | Reason::RevisionForked
        | Reason::TwoViews
        | Reason::Apart
        | Reason::NotOnlyOlder => End::Integrity,
    };
    reasons.iter().map(end).collect()
}
