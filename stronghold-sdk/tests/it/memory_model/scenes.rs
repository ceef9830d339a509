//! What is rare by chance: forks of which one client sees both sides.

use super::{
    base::PROFILES,
    cast::{FORGETFUL, GOES_BACK, LASTING, NEWEST},
    clients::Keys,
    history::History,
    kinds::Op,
};

/// Two processes of one store, of which the first reads.
const PAIRS: [(usize, usize); 6] = [(3, 4), (4, 3), (0, 1), (1, 0), (0, 1), (1, 0)];

impl History<'_> {
    pub(crate) async fn scene(&mut self) {
        match self.random.below(26) {
            0..4 => self.forked_revisions().await,
            4..8 => self.forked_headers().await,
            8..11 => self.forked_lock().await,
            11..14 => self.forked_for_who_goes_back().await,
            14..16 => self.two_views().await,
            16..20 => self.taken_over().await,
            20..22 => self.locked().await,
            22 => self.not_there().await,
            23 => self.back_and_forth().await,
            _ => self.overtaken_by_newer().await,
        }
    }

    /// A person with no memory, who follows whatever server there is.
    async fn writer(&mut self) -> bool {
        let floor = self.servers.branch().headers[..1].to_vec();
        let member = &mut self.members[FORGETFUL];
        (member.actor.start.lock, member.model.lock) = (None, None);
        (member.actor.start.accepts_replaced, member.model.accepts_replaced) = (false, false);
        member.actor.start.keys = Keys::Person(self.base.account_of(&floor));
        member.model.floor = floor;
        self.act(FORGETFUL, &Op::Open, None).await
    }

    /// Some writes of a kind on the database that answers; whether there are as many as were meant.
    async fn writes(&mut self, op: &Op, count: usize) -> bool {
        let mut done = self.writer().await;
        for _ in 0..count {
            done = done && self.act(FORGETFUL, op, None).await;
        }
        done
    }

    /// A client with no lock file, whose store and process are new.
    async fn afresh(&mut self, who: usize) {
        self.afresh_accepting(who, false).await;
    }

    /// The same, told or not to accept another profile of the same name.
    async fn afresh_accepting(&mut self, who: usize, accepts: bool) {
        let floor = self.servers.branch().headers[..1].to_vec();
        let member = &mut self.members[who];
        if member.model.agent.is_none() {
            member.actor.start.keys = Keys::Person(self.base.account_of(&floor));
            member.model.floor = floor;
        }
        (member.actor.start.lock, member.model.lock) = (None, None);
        (member.actor.start.accepts_replaced, member.model.accepts_replaced) = (accepts, accepts);
        let store = member.store;
        if store < LASTING {
            self.wipe_store(store);
        }
        self.act(who, &Op::Open, None).await;
    }

    /// A database and a copy of it get other revisions of one profile, and a reader is shown first one, then the other.
    async fn forked_revisions(&mut self) {
        let (name, reader) = (self.name(), self.random.below(FORGETFUL));
        let (here, there) = (1 + self.random.below(2), 1 + self.random.below(2));
        let accepts = self.random.percent(30);
        self.afresh_accepting(reader, accepts).await;
        let copy = self.copy().await;
        let edit = Op::Edit(name.clone());
        if !self.writes(&edit, here).await || !self.act(reader, &Op::Pull(name.clone()), None).await {
            return;
        }
        self.switch_to(copy);
        if self.writes(&edit, there).await {
            self.act(reader, &Op::Pull(name), None).await;
        }
    }

    /// The same with statements, of which two processes of one store are shown one side each.
    async fn forked_headers(&mut self) {
        let (pair, name) = (self.random.of(&PAIRS), self.name());
        self.afresh(pair.1).await;
        self.afresh(pair.0).await;
        let (here, copy) = (self.servers.current(), self.copy().await);
        let (before, after) = (1 + self.random.below(2), 1 + self.random.below(2));
        if self.writes(&Op::CreateGroup, before).await {
            self.switch_to(copy);
            if self.writes(&Op::CreateGroup, after).await {
                let pulls = self.random.percent(20);
                self.overtake(pair, name, here, pulls).await;
            }
        }
    }

    /// Two processes of one store are shown a revision each of the same number.
    async fn two_views(&mut self) {
        let (pair, name) = (self.random.of(&PAIRS), self.name());
        self.afresh(pair.1).await;
        self.afresh(pair.0).await;
        let (here, copy) = (self.servers.current(), self.copy().await);
        let edit = Op::Edit(name.clone());
        if self.writes(&edit, 1).await {
            self.switch_to(copy);
            if self.writes(&edit, 1).await {
                self.overtake(pair, name, here, true).await;
            }
        }
    }

    /// An agent knows more of one side than a lock file, written on the other side, does.
    async fn forked_lock(&mut self) {
        let reader = self.random.of(&[1, GOES_BACK]);
        self.afresh(reader).await;
        let copy = self.copy().await;
        let more = self.random.below(2);
        if !self.writes(&Op::CreateGroup, 1 + more).await || !self.act(reader, &Op::List, None).await {
            return;
        }
        let here = self.servers.current();
        self.switch_to(copy);
        let forked = self.writes(&Op::CreateGroup, 1).await;
        self.switch_to(here);
        if forked {
            let (lock, model) = self.lock_of(copy);
            (self.members[reader].actor.start.lock, self.members[reader].model.lock) = (Some(lock), Some(model));
            self.act(reader, &Op::Open, None).await;
            self.act(reader, &Op::List, None).await;
        }
    }

    /// Lock files of this database, with some of the profiles.
    async fn locked(&mut self) {
        for reader in 0..FORGETFUL {
            self.reads_locked(reader).await;
        }
    }

    async fn reads_locked(&mut self, reader: usize) {
        self.afresh(reader).await;
        let here = self.servers.current();
        let (lock, model) = self.lock_of(here);
        (self.members[reader].actor.start.lock, self.members[reader].model.lock) = (Some(lock), Some(model));
        if self.act(reader, &Op::Open, None).await {
            for name in PROFILES {
                self.act(reader, &Op::Pull(name.to_owned()), None).await;
            }
        }
    }

    /// A profile that an agent was granted is deleted, and a new one of its name is not granted yet; a new agent is unknown
    /// to an older database.
    async fn not_there(&mut self) {
        let (name, reader) = (self.name(), self.random.of(&[1, GOES_BACK]));
        if !self.servers.branch().profiles().contains_key(&name) {
            return;
        }
        self.afresh(reader).await;
        let copy = self.copy().await;
        let pull = Op::Pull(name.clone());
        for op in [Op::Delete(name.clone()), Op::Create(name.clone())] {
            if !self.writes(&op, 1).await {
                return;
            }
            self.act(reader, &pull, None).await;
        }
        if self.writes(&Op::Grant(name), 1).await && self.writes(&Op::CreateAgent, 1).await {
            self.act(NEWEST, &Op::Open, None).await;
            self.act(NEWEST, &Op::List, None).await;
            self.switch_to(copy);
            self.act(NEWEST, &pull, None).await;
        }
    }

    /// A reader is shown an older database, a newer one, and the older one again.
    async fn back_and_forth(&mut self) {
        let (name, reader) = (self.name(), self.random.below(FORGETFUL));
        let (here, copy) = (self.servers.current(), self.copy().await);
        let accepts = self.random.percent(30);
        self.afresh_accepting(reader, accepts).await;
        let write = self.random.of(&[Op::CreateGroup, Op::Edit(name.clone())]);
        if !self.writes(&write, 1).await {
            return;
        }
        for database in [copy, here, copy] {
            self.switch_to(database);
            let pulled = self.act(reader, &Op::Pull(name.clone()), None).await;
            if pulled && database == here && self.members[reader].model.agent.is_none() {
                self.act(reader, &Op::Edit(name.clone()), None).await;
            }
        }
        if self.random.percent(70) {
            self.switch_to(here);
        }
    }

    /// The answer to a read comes from an older database than what another process is shown meanwhile.
    async fn overtaken_by_newer(&mut self) {
        let (pair, name) = (self.random.of(&PAIRS), self.name());
        self.afresh(pair.1).await;
        self.afresh(pair.0).await;
        let (here, copy) = (self.servers.current(), self.copy().await);
        let write = self.random.of(&[Op::CreateGroup, Op::CreateGroup, Op::Edit(name.clone())]);
        if self.writes(&write, 1).await {
            self.switch_to(copy);
            let pulls = self.random.percent(30);
            self.overtake(pair, name, here, pulls).await;
        }
    }

    /// What an agent that accepts a rollback is shown is no rollback.
    async fn forked_for_who_goes_back(&mut self) {
        let (name, statements) = (self.name(), self.random.percent(50));
        self.afresh(GOES_BACK).await;
        let copy = self.copy().await;
        let write = if statements { Op::CreateGroup } else { Op::Edit(name.clone()) };
        if !self.writes(&write, 1).await || !self.act(GOES_BACK, &Op::Pull(name.clone()), None).await {
            return;
        }
        self.switch_to(copy);
        let more = self.random.of(&[0, 0, 1, 2]);
        if self.writes(&write, more).await {
            self.act(GOES_BACK, &Op::PullOlder(name), None).await;
        }
    }

    /// A profile that was read is deleted, another of its name is made, and that is accepted, or not; a lock file of before
    /// binds all the same.
    async fn taken_over(&mut self) {
        let (name, reader) = (self.random.of(&PROFILES).to_owned(), self.random.of(&[0, 1, 2, 3, 4, GOES_BACK]));
        self.afresh(reader).await;
        if !self.act(reader, &Op::Pull(name.clone()), None).await || !self.writer().await {
            return;
        }
        let here = self.servers.current();
        let lock = if self.random.percent(30) { Some(self.lock_of(here)) } else { None };
        for op in [Op::Delete(name.clone()), Op::Create(name.clone()), Op::Grant(name.clone())] {
            if !self.act(FORGETFUL, &op, None).await {
                return;
            }
        }
        let accepts = self.random.percent(50);
        let member = &mut self.members[reader];
        (member.actor.start.accepts_replaced, member.model.accepts_replaced) = (accepts, accepts);
        (member.actor.start.lock, member.model.lock) = lock.unzip();
        if self.act(reader, &Op::Open, None).await {
            self.act(reader, &Op::Pull(name), None).await;
        }
    }
}
