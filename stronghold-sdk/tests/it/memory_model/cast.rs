//! Who takes part in a history: agents, people and pages, with folders and stores of their own and shared ones.

use super::{
    base::Base,
    branch::Branch,
    clients::{Actor, Keys, Start},
    kinds::{ClientModel, ProcessModel},
    servers::Servers,
    stores::Faulty,
};
use std::{path::Path, sync::Arc};
use stronghold_sdk::protocol::token::AgentToken;

/// What a client is, for counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Agent,
    Person,
    Console,
}

/// A client, what it really is and what the model makes of it.
pub(crate) struct Member {
    pub(crate) role: Role,
    /// Which store; those of clients that keep nothing are their own.
    pub(crate) store: usize,
    pub(crate) actor: Actor,
    pub(crate) model: ClientModel,
}

/// Stores that last: two folders of a person's devices, of which an agent shares the first; a page's, shared by two tabs; an
/// agent's folder.
pub(crate) const LASTING: usize = 4;
/// The store of the two tabs.
pub(crate) const HOST: usize = 2;
/// Stores that only one client uses.
pub(crate) const OWN: [usize; 2] = [1, 3];
/// The agent that may go back.
pub(crate) const GOES_BACK: usize = 5;
/// A person who keeps nothing beyond a process.
pub(crate) const FORGETFUL: usize = 6;
/// The agent that takes over the newest token.
pub(crate) const NEWEST: usize = 7;

pub(crate) fn stores(folder: &Path) -> Vec<Faulty> {
    let state = |name: &str| Faulty::in_folder(folder.join(name));
    vec![state("device"), state("second device"), Faulty::in_host(), state("agent")]
}

pub(crate) fn members(base: &Base, servers: &Servers, stores: &[Faulty], folder: &Path) -> Vec<Member> {
    let branch = servers.branch();
    let person = || Keys::Person(Arc::clone(&base.owner));
    let agent = |index: usize| Keys::Agent(base.tokens[index].clone());
    let cast = [
        (Role::Person, person(), 0, Some("device")),
        (Role::Agent, agent(0), 0, None),
        (Role::Person, person(), 1, Some("second device")),
        (Role::Console, person(), HOST, None),
        (Role::Console, person(), HOST, None),
        (Role::Agent, agent(1), 3, None),
        (Role::Person, person(), LASTING, None),
        (Role::Agent, agent(2), LASTING + 1, None),
    ];
    cast.into_iter()
        .map(|(role, keys, store, state)| {
            let start = Start {
                store: stores.get(store).cloned(),
                folder: state.map(|name| folder.join(name)),
                lock: None,
                accepts_replaced: false,
                group: base.group,
                keys,
            };
            let model = model_of(&start.keys, &branch);
            Member { role, store, actor: Actor::new(start, servers), model }
        })
        .collect()
}

/// What the model knows of these keys: what they are of, and the history up to their floor.
pub(crate) fn model_of(keys: &Keys, branch: &Branch) -> ClientModel {
    let (agent, seq) = match keys {
        Keys::Person(account) => (None, account.floor.seq),
        Keys::Agent(token) => {
            let token = AgentToken::parse(token).unwrap();
            (Some(*token.agent.as_bytes()), token.floor.seq)
        }
    };
    let length = usize::try_from(seq.get()).unwrap() + 1;
    let floor = branch.headers[..length].to_vec();
    ClientModel { agent, floor, lock: None, accepts_replaced: false, process: ProcessModel::default() }
}
