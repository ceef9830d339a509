//! `docs/vectors/directory.json`: statements from the genesis on, and others that no reader may take.

mod approvals;
mod changes;
mod endings;
mod headers;
mod withdrawn;

use super::{Maker, genesis, maker};
use crate::directory_world::*;
use serde_json::{Value, json};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, ProfileLeaf, Role, Statement},
    merkle,
};

/// The name of the case that the others continue.
const ACME: &str = "an organization with one of everything";

/// An organization with its name as a case, whose statements so far are accepted.
struct Scene {
    maker: Maker,
    name: &'static str,
    world: World,
}

impl Scene {
    fn case(&self, statement: &Statement) -> Value {
        let statements = [&self.world.statements[..], std::slice::from_ref(statement)].concat();
        json!({ "org": self.world.org, "statements": statements })
    }

    /// These changes, with all that must come along, are accepted.
    fn accept(&mut self, name: &str, seeds: &[u8], changes: &[Change]) {
        let mut world = self.world.clone();
        let complete = world.with_rekeys(changes.to_vec());
        world.signed(seeds, complete);
        let case = self.case(world.statements.last().unwrap());
        self.maker.accept_like(self.name, name, &case);
    }

    /// These changes are refused, in a statement that is right but for them.
    fn reject(&mut self, name: &str, seed: u8, changes: &[Change]) {
        self.reject_with(name, seed, changes, |_| {});
    }

    /// Likewise, with the leaves as a reader has them who knows no rule against these changes.
    fn reject_with(&mut self, name: &str, seed: u8, changes: &[Change], bend: impl FnOnce(&mut Vec<ProfileLeaf>)) {
        let root = self.root(bend);
        let statement = self.world.forged(changes, &[seed], |header| header.state_root = root);
        self.reject_statement(name, &statement);
    }

    fn reject_statement(&mut self, name: &str, statement: &Statement) {
        let case = self.case(statement);
        self.maker.reject(self.name, name, &case);
    }

    /// The root over the leaves as they are, bent.
    fn root(&self, bend: impl FnOnce(&mut Vec<ProfileLeaf>)) -> Hash {
        let state = &self.world.state;
        let mut leaves = state.profiles().map(|profile| state.leaf(&profile.id).unwrap()).collect();
        bend(&mut leaves);
        root_over(leaves)
    }
}

fn root_over(mut leaves: Vec<ProfileLeaf>) -> Hash {
    leaves.sort_by_key(|leaf| leaf.id);
    let hashes: Vec<Hash> = leaves.iter().map(ProfileLeaf::leaf_hash).collect();
    merkle::root_of(&hashes)
}

/// The leaf of a profile that nobody writes.
fn new_leaf(number: u8, text: &str) -> ProfileLeaf {
    ProfileLeaf {
        id: profile(number),
        name: name(text),
        epoch: epoch(1),
        commitment: commitment(number, 1),
        writers: Vec::new(),
        vouched: vouched(1),
    }
}

/// An agent that is gone, a user who is gone, an invitation that is open and one that was cancelled, a key that ended.
const GONE_AGENT: u8 = 12;
const GONE_USER: u8 = 13;
const INVITED: u8 = 14;
const CANCELLED: u8 = 15;

fn acme() -> World {
    let mut world = World::acme();
    world.by(ADMIN, vec![agent_created(GONE_AGENT, "gone")]);
    world.by(ADMIN, vec![Change::AgentDeleted { id: agent(GONE_AGENT) }]);
    world.by(ADMIN, vec![Change::AgentRekeyed { id: agent(OTHER_AGENT), keys: vec![keys(60)], until: None }]);
    world.by(
        ADMIN,
        vec![invited(GONE_USER, Role::Editor), invited(INVITED, Role::Editor), invited(CANCELLED, Role::Editor)],
    );
    world.by(ADMIN, vec![confirmed(GONE_USER, Some(GONE_USER), Role::Editor)]);
    world.by(
        ADMIN,
        vec![Change::UserRemoved { id: user(GONE_USER) }, Change::InviteCancelled { id: invite(CANCELLED + 50) }],
    );
    world
}

#[test]
fn directory_file() {
    let mut maker = maker(
        "directory",
        "An organization's statements from the genesis on (docs/protocol.md, sections 5 to 7): `org` is its id. Gives the head, \
         the root over all headers so far, the state root, and the profile leaves that stand there. A case that is refused is \
         so for its last statement.",
    );
    genesis::cases(&mut maker);
    let world = acme();
    let statements = &world.statements;
    maker.accept(ACME, &json!({ "org": world.org, "statements": statements }));
    let mut scene = Scene { maker, name: ACME, world };
    headers::cases(&mut scene);
    changes::cases(&mut scene);
    endings::cases(&mut scene);
    let mut maker = scene.maker;
    approvals::cases(&mut maker);
    withdrawn::cases(&mut maker);
    maker.finish();
}
