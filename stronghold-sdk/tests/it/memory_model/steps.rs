//! What can happen next.

use super::{
    branch::Branch,
    cast::LASTING,
    clients::Keys,
    history::History,
    kinds::{LockModel, Op},
    seen::{Seen, Shown},
    stores::Kill,
};
use std::fs;
use stronghold_sdk::{
    lock::Lock,
    protocol::{
        crypto::hash::Hash as Digest,
        directory::HeaderRef,
        evidence::ProfileFloor,
        id::ProfileId,
        name::Name,
        number::{Epoch, Revision, Seq},
    },
};

/// How many databases a history has at most.
const DATABASES: usize = 7;

impl History<'_> {
    /// One random step.
    pub(crate) async fn step(&mut self) {
        match self.random.below(130) {
            0..4 => drop(self.copy().await),
            4..14 => self.switch(),
            14..18 => self.toggle_read_only(),
            18..23 => self.damage_store().await,
            23..29 => self.damage_cache().await,
            29..35 => self.restart().await,
            35..47 => self.kill().await,
            47..55 => self.overtaken().await,
            55..60 => self.go_back().await,
            60..63 => self.replace().await,
            63..68 => self.lose_race().await,
            68..71 => self.wipe(),
            71..101 => self.scene().await,
            _ => {
                let who = self.random.below(self.members.len());
                self.any(who, None).await;
            }
        }
    }

    /// Another process is first with a swap: it is tried again, and nothing is lost.
    async fn lose_race(&mut self) {
        let who = self.lasting();
        let store = self.members[who].store;
        self.faulty[store].lose_next(true);
        self.any(who, None).await;
        self.faulty[store].lose_next(false);
        self.report.count("a swap is lost to another process");
    }

    /// A client that remembers beyond its process.
    fn lasting(&mut self) -> usize {
        let users: Vec<usize> = (0..self.members.len()).filter(|who| self.members[*who].store < LASTING).collect();
        self.random.of(&users)
    }

    /// Keeps a copy of the database that answers; where there are many, in the place of another. Which one it is.
    pub(crate) async fn copy(&mut self) -> usize {
        let (count, current) = (self.servers.count(), self.servers.current());
        let old = (count >= DATABASES).then(|| (current + 1 + self.random.below(count - 1)) % count);
        self.servers.copy(old).await;
        let copy = old.unwrap_or(count);
        self.log.push(format!("database {copy} is a copy of {current}"));
        self.report.count("server: copied");
        copy
    }

    /// Another database: an earlier one, a later one, or one that went another way.
    fn switch(&mut self) {
        let to = self.random.below(self.servers.count());
        self.switch_to(to);
    }

    pub(crate) fn switch_to(&mut self, to: usize) {
        let (from, now) = (self.servers.branch(), self.servers.branch_of(to));
        self.servers.switch(to);
        self.log.push(format!("database {to} answers"));
        if let Some(kind) = relation(&from, &now) {
            self.report.count(kind);
        }
    }

    fn toggle_read_only(&mut self) {
        let store = self.random.of(&super::cast::OWN);
        let read_only = !self.stores[store].read_only;
        self.log.push(format!("store {store} is read-only: {read_only}"));
        self.stores[store].read_only = read_only;
        self.faulty[store].set_read_only(read_only);
    }

    fn wipe(&mut self) {
        let store = self.random.below(LASTING);
        self.wipe_store(store);
    }

    /// What a store holds is deleted by hand: who runs goes on with what the process knows.
    pub(crate) fn wipe_store(&mut self, store: usize) {
        self.log.push(format!("store {store} is deleted"));
        self.faulty[store].wipe();
        self.stores[store].seen = Seen::default();
    }

    /// A damaged entry is refused by everything, and stays as it is.
    async fn damage_store(&mut self) {
        let store = self.random.below(LASTING);
        let Some(entry) = self.faulty[store].entry(&self.org()).await else { return };
        let junk = match self.random.below(4) {
            0 => Vec::new(),
            1 => entry[..self.random.below(entry.len())].to_vec(),
            2 => [&entry[..], b"}"].concat(),
            _ => b"{\"header\":1,\"roster\":null,\"profiles\":[]}".to_vec(),
        };
        let users: Vec<usize> = (0..self.members.len()).filter(|who| self.members[*who].store == store).collect();
        let who = self.random.of(&users);
        if self.members[who].actor.process.is_none() && self.members[who].model.agent.is_some() {
            // An agent looks when it reads, not when it is made.
            self.act(who, &Op::Open, None).await;
        }
        self.faulty[store].damage(Some(junk));
        self.stores[store].damaged = true;
        self.any(who, None).await;
        self.faulty[store].damage(None);
        self.stores[store].damaged = false;
    }

    /// Whatever becomes of the statements on disk, the same is accepted.
    async fn damage_cache(&mut self) {
        let (who, other) = (self.random.of(&[0, 2]), self.random.below(self.servers.count()));
        let folder = self.members[who].actor.start.folder.clone().unwrap();
        let file = folder.join(format!("directory-{}.jsonl", self.org()));
        let Ok(lines) = fs::read(&file) else { return };
        let other: Vec<u8> =
            self.servers.branch_of(other).lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect();
        let (cut, flip) = (self.random.below(lines.len() + 1), self.random.below(lines.len().max(1)));
        let damaged = match self.random.below(6) {
            0 => None,
            1 => Some(Vec::new()),
            2 => Some(lines[..cut].to_vec()),
            3 => {
                let mut lines = lines;
                if let Some(byte) = lines.get_mut(flip) {
                    *byte ^= 4;
                }
                Some(lines)
            }
            4 => Some([&lines[..], &other[..]].concat()),
            _ => Some(other),
        };
        match damaged {
            None => fs::remove_file(&file).unwrap(),
            Some(bytes) => fs::write(&file, bytes).unwrap(),
        }
        self.log.push(format!("the cached directory of {who} is damaged"));
        let accepted = self.act(who, &Op::Open, None).await;
        self.report.count(if accepted {
            "cache damaged: accepted all the same"
        } else {
            "cache damaged: refused all the same"
        });
    }

    /// A new process, perhaps with a lock file, perhaps told to accept another profile of the same name.
    async fn restart(&mut self) {
        let who = self.random.below(self.members.len());
        self.set_up(who);
        self.act(who, &Op::Open, None).await;
    }

    fn set_up(&mut self, who: usize) {
        let lock = if self.random.percent(25) { Some(self.lock()) } else { None };
        let accepts = self.random.percent(30);
        self.sign_in(who);
        let member = &mut self.members[who];
        let (lock, model) = lock.unzip();
        (member.actor.start.lock, member.model.lock) = (lock, model);
        (member.actor.start.accepts_replaced, member.model.accepts_replaced) = (accepts, accepts);
    }

    /// A person's credentials are of any time.
    fn sign_in(&mut self, who: usize) {
        if self.members[who].model.agent.is_some() {
            return;
        }
        let index = self.random.below(self.servers.count());
        let branch = self.servers.branch_of(index);
        let length = 1 + self.random.below(branch.headers.len());
        let floor = &branch.headers[..length];
        self.members[who].actor.start.keys = Keys::Person(self.base.account_of(floor));
        self.members[who].model.floor = floor.to_vec();
    }

    /// A lock file that was written of one of the databases.
    fn lock(&mut self) -> (Lock, LockModel) {
        let index = self.random.below(self.servers.count());
        self.lock_of(index)
    }

    /// The same of this one.
    pub(crate) fn lock_of(&mut self, index: usize) -> (Lock, LockModel) {
        let branch = self.servers.branch_of(index);
        let length = 1 + self.random.below(branch.headers.len());
        let length = if self.random.percent(60) { branch.headers.len() } else { length };
        let header = header(&branch, length);
        let mut lock = Lock::new(self.org(), header);
        let mut seen = Seen::default();
        for (name, profile) in branch.profiles() {
            if self.random.percent(80) {
                let revisions = branch.of(&profile.id).to_vec();
                let floor = ProfileFloor {
                    id: ProfileId::from_bytes(profile.id),
                    name: Name::new(&name).unwrap(),
                    revision: Revision::new(revisions.len() as u64).unwrap(),
                    epoch: Epoch::FIRST,
                    manifest: Some(Digest(*revisions.last().unwrap())),
                };
                lock.put(header, floor);
                seen.profiles.insert(profile.id, Shown { name, revisions });
            }
        }
        (lock, LockModel { seen, header: branch.headers[..length].to_vec() })
    }

    /// A client dies in the middle of writing what it remembers, and another process goes on.
    async fn kill(&mut self) {
        let who = self.lasting();
        let kill = Kill { swaps: self.random.of(&[0, 0, 0, 1]), after: self.random.percent(50) };
        self.any(who, Some(kill)).await;
        if self.members[who].actor.process.is_none() {
            self.act(who, &Op::Open, None).await;
        }
    }

    /// An agent that accepts a rollback.
    async fn go_back(&mut self) {
        let name = self.name();
        let who = super::cast::GOES_BACK;
        self.set_up(who);
        (self.members[who].actor.start.accepts_replaced, self.members[who].model.accepts_replaced) = (false, false);
        self.act(who, &Op::PullOlder(name), None).await;
    }

    /// A profile is deleted, and another one made of the same name.
    async fn replace(&mut self) {
        let managers: Vec<usize> = (0..self.members.len()).filter(|who| self.is_manager(*who)).collect();
        if managers.is_empty() {
            return;
        }
        let (who, name) = (self.random.of(&managers), self.name());
        let there = self.servers.branch().profiles().contains_key(&name);
        if there && !self.act(who, &Op::Delete(name.clone()), None).await {
            return;
        }
        if self.random.percent(85) && self.act(who, &Op::Create(name.clone()), None).await {
            self.act(who, &Op::Grant(name), None).await;
        }
    }

    fn is_manager(&self, who: usize) -> bool {
        self.members[who].model.agent.is_none() && self.members[who].actor.process.is_some()
    }

    /// Any step of this client.
    async fn any(&mut self, who: usize, kill: Option<Kill>) {
        if self.members[who].actor.process.is_none() {
            self.act(who, &Op::Open, kill).await;
            return;
        }
        let name = self.name();
        let op = if self.members[who].model.agent.is_some() {
            match self.random.below(4) {
                0 => Op::List,
                _ => Op::Pull(name),
            }
        } else {
            match self.random.below(16) {
                0 | 1 => Op::Sync,
                2 | 3 => Op::List,
                4..9 => Op::Pull(name),
                9..14 => Op::Edit(name),
                14 => Op::CreateGroup,
                _ => Op::CreateAgent,
            }
        };
        self.act(who, &op, kill).await;
    }
}

/// The last of the first `length` headers.
fn header(branch: &Branch, length: usize) -> HeaderRef {
    HeaderRef { seq: Seq::new(length as u64 - 1).unwrap(), hash: Digest(branch.headers[length - 1]) }
}

fn relation(from: &Branch, to: &Branch) -> Option<&'static str> {
    let continues = |a: &Branch, b: &Branch| {
        b.headers.starts_with(&a.headers) && a.revisions.iter().all(|(id, known)| b.of(id).starts_with(known))
    };
    match (continues(from, to), continues(to, from)) {
        (true, true) => None,
        (true, false) => Some("server: newer database"),
        (false, true) => Some("server: rolled back"),
        (false, false) => Some("server: forked"),
    }
}
