//! A read that another process of the same store overtakes.

use super::{clients::Actor, history::History, kinds::Op, model::Step};
use futures_util::future::FutureExt;
use std::sync::{Arc, Mutex};

impl History<'_> {
    /// A read is answered, and before the answer arrives another process of the same store is shown something: of the same
    /// history or of another.
    pub(crate) async fn overtaken(&mut self) {
        let (who, other) = self.random.of(&[(3, 4), (4, 3), (0, 1), (1, 0)]);
        for client in [who, other] {
            if self.members[client].actor.process.is_none() {
                self.act(client, &Op::Open, None).await;
            }
        }
        if self.members[who].actor.process.is_none() || self.members[other].actor.process.is_none() {
            return;
        }
        let name = self.name();
        let second = self.random.below(self.servers.count());
        let pulls = self.random.percent(50);
        self.overtake((who, other), name, second, pulls).await;
    }

    /// `who` reads; meanwhile `other` lists, or pulls the same, from the database `second`.
    pub(crate) async fn overtake(&mut self, (who, other): (usize, usize), name: String, second: usize, pulls: bool) {
        let first = self.servers.current();
        let last = if self.random.percent(50) { first } else { second };
        let theirs = if pulls { Op::Pull(name.clone()) } else { Op::List };
        let (answered, shown, now) =
            (self.servers.branch(), self.servers.branch_of(second), self.servers.branch_of(last));
        self.log.push(format!(
            "client {who} pulls {name} from database {first}; meanwhile {other}: {theirs:?} on {second}; then {last} answers"
        ));
        // What really happens.
        let mut process = self.members[other].actor.process.take();
        let outcome = Arc::new(Mutex::new(None));
        let (place, servers, what) = (Arc::clone(&outcome), self.servers.clone(), theirs.clone());
        let mut actor = Actor::new(self.members[other].actor.start.clone(), &self.servers);
        actor.process = process.take();
        self.members[who].actor.wire.meanwhile(Some(Box::new(move || {
            async move {
                servers.switch(second);
                let ended = actor.perform(&what, "", &servers).await;
                servers.switch(last);
                *place.lock().unwrap() = Some((actor, ended));
            }
            .boxed()
        })));
        let pull = Op::Pull(name.clone());
        let result = self.members[who].actor.perform(&pull, "", &self.servers).await;
        self.members[who].actor.wire.meanwhile(None);
        let happened = outcome.lock().unwrap().take();
        // What the model says of it.
        let member = &mut self.members[who];
        let store = member.store;
        let mut step = Step::new(&mut member.model, &mut self.stores[store], usize::MAX);
        let (asked, owes) = step.ask(&name, &answered);
        let mut verdict = step.verdict;
        if let Some((actor, ended)) = happened {
            let member = &mut self.members[other];
            member.actor.process = actor.process;
            let of_other = Step::new(&mut member.model, &mut self.stores[store], usize::MAX);
            let of_other = of_other.judge(&theirs, &shown, &shown);
            self.compare_meanwhile(&theirs, &ended, &of_other, &shown);
        } else {
            self.log.push("nothing was answered".to_owned());
            assert!(asked.is_none(), "{}", self.story("what may be asked is asked"));
        }
        if let Some(id) = asked {
            let member = &mut self.members[who];
            let mut step = Step::new(&mut member.model, &mut self.stores[store], usize::MAX);
            step.verdict = verdict;
            step.arrive(&name, (&id, owes), &answered, &now);
            verdict = step.verdict;
        }
        self.compare(who, &pull, result, &verdict, (&answered, &answered)).await;
    }
}
