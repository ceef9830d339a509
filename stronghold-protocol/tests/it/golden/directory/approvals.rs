//! Rosters that need several owners' signatures.

use super::Scene;
use crate::{directory_world::*, golden::Maker};
use serde_json::json;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, Role},
    roster::{Roster, RosterRef},
};

const OWNERS: &str = "three owners, two of whom must sign";

fn lower(world: &World, seeds: &[u8]) -> Change {
    world.roster_change(seeds, |roster| roster.owner_threshold = 1)
}

fn pending(change: Change, people: Vec<Change>) -> (Hash, Change) {
    let Change::RosterChanged { roster } = change else { panic!("a roster change") };
    (roster.hash_as::<Roster>(), Change::ApprovalPending { roster, people })
}

pub(super) fn cases(maker: &mut Maker) {
    let world = World::of(&[OWNER, 70, 71], &[ADMIN], 2);
    maker.accept(OWNERS, &json!({ "org": world.org, "statements": world.statements }));
    let owned = std::mem::replace(maker, crate::golden::maker("directory", ""));
    let mut scene = Scene { maker: owned, name: OWNERS, world };
    proposals(&mut scene);
    pursued(&mut scene);
    *maker = scene.maker;
}

fn proposals(scene: &mut Scene) {
    let world = scene.world.clone();
    let (hash, proposal) = pending(lower(&world, &[OWNER]), vec![]);
    scene.accept("approval_pending, sent by an admin", &[ADMIN], std::slice::from_ref(&proposal));
    let mut reject = |name: &str, seed: u8, change: Change| scene.reject(name, seed, &[change]);
    reject("approval_withdrawn: nothing is pending", OWNER, Change::ApprovalWithdrawn { roster: hash });
    reject("approval_pending: signed by an admin", ADMIN, pending(lower(&world, &[ADMIN]), vec![]).1);
    reject("approval_pending: signed by nobody", ADMIN, pending(lower(&world, &[]), vec![]).1);
    reject(
        "approval_pending: signed by an owner and an admin",
        ADMIN,
        pending(lower(&world, &[OWNER, ADMIN]), vec![]).1,
    );
    let of_admins = world.roster_change(&[OWNER], |roster| roster.admins.clear());
    reject("approval_pending: a roster that takes one owner's signature", OWNER, pending(of_admins, vec![]).1);
    let no_change = pending(lower(&world, &[OWNER]), vec![agent_created(60, "new")]).1;
    reject("approval_pending: with a change that is not of people", OWNER, no_change);
    let skipped = world.roster_change(&[OWNER], |roster| {
        (roster.owner_threshold, roster.version) = (1, roster.version.next());
    });
    reject("approval_pending: a version left out", OWNER, pending(skipped, vec![]).1);
    let none = world.roster_change(&[OWNER], |roster| roster.owner_threshold = 0);
    reject("approval_pending: a roster that breaks a rule", OWNER, pending(none, vec![]).1);
    let named = RosterRef { version: world.state.roster().value().version.next(), hash };
    // Not enough owners signed it to be in force.
    let statement = world.forged(&[lower(&world, &[OWNER])], &[OWNER], |header| header.roster = named);
    scene.reject_statement("roster_changed: one of two owners signed", &statement);
    let statement = world.forged(&[lower(&world, &[OWNER, ADMIN])], &[OWNER], |header| header.roster = named);
    scene.reject_statement("roster_changed: one of two owners and an admin signed", &statement);
}

fn pursued(scene: &mut Scene) {
    let (hash, proposal) = pending(lower(&scene.world, &[OWNER]), vec![]);
    scene.world.by(ADMIN, vec![proposal.clone()]);
    let name = "approval_pending, signed by one owner of two";
    let case = json!({ "org": scene.world.org, "statements": scene.world.statements });
    scene.maker.accept_like(OWNERS, name, &case);
    scene.name = name;
    let world = scene.world.clone();
    let again = |seeds: &[u8], people: Vec<Change>| pending(lower(&world, seeds), people).1;
    scene.accept("approval_pending again, with a signature more", &[70], &[again(&[OWNER, 70], vec![])]);
    scene.accept("approval_withdrawn", &[70], &[Change::ApprovalWithdrawn { roster: hash }]);
    let mut reject = |name: &str, seed: u8, change: Change| scene.reject(name, seed, &[change]);
    reject("approval_pending again: no signature more", OWNER, proposal);
    reject("approval_pending again: another owner's signature in its place", OWNER, again(&[70], vec![]));
    reject("approval_pending again: others' signatures in its place", OWNER, again(&[70, 71], vec![]));
    reject("approval_pending again: with other people", 70, again(&[OWNER, 70], vec![user_changed(70, Role::Admin)]));
    reject("approval_withdrawn: by an admin", ADMIN, Change::ApprovalWithdrawn { roster: hash });
    reject("approval_withdrawn: another roster", OWNER, Change::ApprovalWithdrawn { roster: Hash([1; 32]) });
    scene.world.by(70, vec![again(&[OWNER, 70], vec![])]);
    scene.maker.accept_like(
        name,
        "a pending roster that enough owners signed",
        &json!({ "org": scene.world.org, "statements": scene.world.statements }),
    );
    scene.name = "a pending roster that enough owners signed";
    scene.accept("roster_changed: two of two owners signed", &[70], &[lower(&world, &[OWNER, 70])]);
    // A roster that comes into force voids what was pending.
    let same = scene.world.roster_change(&[OWNER], |_| {});
    scene.world.by(OWNER, vec![same]);
    let void = "another roster comes into force";
    let case = json!({ "org": scene.world.org, "statements": scene.world.statements });
    scene.maker.accept_like(scene.name, void, &case);
    scene.name = void;
    scene.reject("approval_withdrawn: of the roster before", OWNER, &[Change::ApprovalWithdrawn { roster: hash }]);
    scene.reject("approval_pending: of the roster before", 70, &[again(&[OWNER, 70], vec![])]);
}
