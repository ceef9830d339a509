//! What takes several owners, and what was given up: made as it was proposed, or not at all.

use super::Scene;
use crate::{
    directory_world::{
        ADMIN, EDITOR, OWNER, World, confirmed, email, invited, member, next_roster, signed_by, user, user_changed,
    },
    golden::Maker,
};
use serde_json::json;
use stronghold_protocol::{
    directory::{Change, Header, Role, Statement},
    roster::{Roster, RosterRef},
    signed::Signed,
};

/// The next roster of two, in which this member is an owner.
fn with_owner(world: &World, seed: u8, by: &[u8]) -> Signed {
    let mut roster = next_roster(world.state.roster());
    roster.owners.push(member(seed));
    signed_by(&roster, by)
}

/// A statement by the second owner that is right in everything but what these changes break: its header names the roster.
fn made(world: &World, roster: &Signed, changes: Vec<Change>) -> Statement {
    let version = world.state.roster().value().version.next();
    let reference = RosterRef { version, hash: roster.hash_as::<Roster>() };
    world.forged(&changes, &[70], |header: &mut Header| header.roster = reference)
}

const WAITING: &str = "one change of owners was made, one was withdrawn, a third waits";

pub(super) fn cases(maker: &mut Maker) {
    let mut world = World::of(&[OWNER, 70, 71], &[ADMIN], 2);
    for seed in [EDITOR, 40] {
        world.by(ADMIN, vec![invited(seed, Role::Editor)]);
        world.by(ADMIN, vec![confirmed(seed, Some(seed), Role::Editor)]);
    }
    let pending = |roster: &Signed, people: Vec<Change>| Change::ApprovalPending { roster: roster.clone(), people };
    let changed = |roster: &Signed| Change::RosterChanged { roster: roster.clone() };
    let becomes = |seed: u8| user_changed(seed, Role::Owner);
    // One is made, as it was proposed.
    let one = with_owner(&world, EDITOR, &[OWNER]);
    world.by(OWNER, vec![pending(&one, vec![becomes(EDITOR)])]);
    let both = with_owner(&world, EDITOR, &[OWNER, 70]);
    world.by(70, vec![becomes(EDITOR), changed(&both)]);
    // One is given up; another waits.
    let given_up = with_owner(&world, 40, &[OWNER]);
    world.by(OWNER, vec![pending(&given_up, vec![becomes(40)])]);
    world.by(70, vec![Change::ApprovalWithdrawn { roster: given_up.hash_as::<Roster>() }]);
    let lower = |seeds: &[u8]| {
        let mut roster = next_roster(world.state.roster());
        roster.owner_threshold = 1;
        signed_by(&roster, seeds)
    };
    let (lower_one, lower_both) = (lower(&[OWNER]), lower(&[OWNER, 70]));
    let address = Change::UserChanged { id: user(40), email: email(41), role: Role::Editor };
    world.by(OWNER, vec![pending(&lower_one, vec![address.clone()])]);

    let completed = with_owner(&world, 40, &[OWNER, 70]);
    let other = Change::UserChanged { id: user(40), email: email(42), role: Role::Editor };
    let second = {
        let mut roster = next_roster(world.state.roster());
        roster.owner_threshold = 3;
        signed_by(&roster, &[OWNER, 70, 71])
    };
    // Two are enough before and after.
    let ordered = reversed(&world, &[OWNER, 70]);
    let rejects: Vec<(&str, Statement)> = vec![
        ("a withdrawn roster, signed by enough", made(&world, &completed, vec![becomes(40), changed(&completed)])),
        ("a withdrawn roster, proposed again", world.forged(&[pending(&completed, vec![becomes(40)])], &[70], |_| {})),
        ("signed by enough, and never proposed", made(&world, &second, vec![changed(&second)])),
        ("signed by two of two, and never proposed", made(&world, &ordered, vec![changed(&ordered)])),
        (
            "signed by enough, and proposed in the same statement",
            made(&world, &second, vec![pending(&second, vec![]), changed(&second)]),
        ),
        ("without the changes of people", made(&world, &lower_both, vec![changed(&lower_both)])),
        ("with another address", made(&world, &lower_both, vec![other.clone(), changed(&lower_both)])),
        ("with one change more", made(&world, &lower_both, vec![address.clone(), other, changed(&lower_both)])),
        ("with too few signatures", made(&world, &lower_one, vec![address.clone(), changed(&lower_one)])),
        ("proposed with other changes of people", world.forged(&[pending(&lower_both, vec![])], &[70], |_| {})),
        (
            "withdrawn by an admin",
            world.forged(&[Change::ApprovalWithdrawn { roster: lower_one.hash_as::<Roster>() }], &[ADMIN], |_| {}),
        ),
    ];
    maker.accept(WAITING, &json!({ "org": world.org, "statements": world.statements }));
    let owned = std::mem::replace(maker, crate::golden::maker("directory", ""));
    let mut scene = Scene { maker: owned, name: WAITING, world };
    for (name, statement) in rejects {
        scene.reject_statement(&format!("several owners: {name}"), &statement);
    }
    scene.accept("several owners: made as it was proposed", &[70], &[address, changed(&lower_both)]);
    *maker = scene.maker;
    one_is_enough(maker);
}

/// The next roster, with the owners in another order.
fn reversed(world: &World, by: &[u8]) -> Signed {
    let mut roster = next_roster(world.state.roster());
    roster.owners.reverse();
    signed_by(&roster, by)
}

/// Where one owner is enough, nothing need be proposed; and what was given up stays so.
fn one_is_enough(maker: &mut Maker) {
    let mut world = World::of(&[OWNER, 70], &[ADMIN], 1);
    let (name, after) = ("two owners, one of whom is enough", "one of two owners proposed a roster, and withdrew it");
    maker.accept(name, &json!({ "org": world.org, "statements": world.statements }));
    let owned = std::mem::replace(maker, crate::golden::maker("directory", ""));
    let roster = reversed(&world, &[70]);
    let change = Change::RosterChanged { roster: roster.clone() };
    let mut scene = Scene { maker: owned, name, world: world.clone() };
    scene.accept("roster_changed: the owners' order, by one of them", &[70], std::slice::from_ref(&change));
    world.by(70, vec![Change::ApprovalPending { roster: roster.clone(), people: vec![] }]);
    world.by(70, vec![Change::ApprovalWithdrawn { roster: roster.hash_as::<Roster>() }]);
    scene.maker.accept_like(name, after, &json!({ "org": world.org, "statements": world.statements }));
    (scene.name, scene.world) = (after, world.clone());
    let ignored = world.forged(std::slice::from_ref(&change), &[70], |_| {});
    scene.reject_statement("roster_changed: withdrawn, and the header names the one before", &ignored);
    scene.reject_statement("roster_changed: withdrawn by one who is enough", &made(&world, &roster, vec![change]));
    *maker = scene.maker;
}
