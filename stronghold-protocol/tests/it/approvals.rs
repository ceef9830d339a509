//! What takes several owners comes into force as it was proposed, or not at all; what was given up never does.

use crate::directory_world::{
    ADMIN, EDITOR, OWNER, World, confirmed, email, invited, keys, next_roster, recovery, signed_by, user, user_changed,
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, DirectoryRefusal, Role},
    encoding::Base64Bytes,
    limits,
    roster::{Roster, RosterRefusal},
    signed::{Payload, Signed, SignedRefusal},
};

const OTHERS_PEOPLE: &str = "the changes of people are not those that were proposed with the roster";
const NOT_PROPOSED: &str = "a roster that takes several owners is proposed first";
const WITHDRAWN: &str = "this roster was withdrawn: the next one after another roster is in force can say the same";

/// Owners 1, 70 and 71, of whom two must sign; an admin; an editor, whom one of them would like as an owner.
fn scene() -> World {
    let mut world = World::of(&[OWNER, 70, 71], &[ADMIN], 2);
    world.by(ADMIN, vec![invited(EDITOR, Role::Editor)]);
    world.by(ADMIN, vec![confirmed(EDITOR, Some(EDITOR), Role::Editor)]);
    world
}

/// The roster in which the editor is an owner, signed by these.
fn promoted(world: &World, seeds: &[u8]) -> Signed {
    let mut roster = next_roster(world.state.roster());
    roster.owners.push(crate::directory_world::member(EDITOR));
    signed_by(&roster, seeds)
}

fn becomes_owner() -> Change {
    user_changed(EDITOR, Role::Owner)
}

fn proposed(roster: &Signed, people: Vec<Change>) -> Change {
    Change::ApprovalPending { roster: roster.clone(), people }
}

fn made(roster: &Signed) -> Change {
    Change::RosterChanged { roster: roster.clone() }
}

fn hash(roster: &Signed) -> Hash {
    roster.hash_as::<Roster>()
}

#[test]
fn what_takes_several_owners_is_proposed_first() {
    let mut world = scene();
    let (one, all) = (promoted(&world, &[OWNER]), promoted(&world, &[OWNER, 70]));
    let commit = || vec![becomes_owner(), made(&all)];
    assert_eq!(world.rule(OWNER, commit()), NOT_PROPOSED, "signed by all, and shown to nobody");
    let at_once = |first: &Signed| [vec![proposed(first, vec![becomes_owner()])], commit()].concat();
    assert_eq!(world.rule(OWNER, at_once(&one)), NOT_PROPOSED, "proposed in the same statement");
    assert_eq!(world.rule(OWNER, at_once(&all)), NOT_PROPOSED);
    world.by(OWNER, vec![proposed(&one, vec![becomes_owner()])]);
    world.by(70, commit());
    assert_eq!(world.state.user(&user(EDITOR)).unwrap().role, Role::Owner);
    // Where one owner is enough, nobody else has to see it.
    let mut alone = World::of(&[OWNER, 70], &[], 1);
    let roster = alone.roster_change(&[OWNER], |roster| roster.owners.truncate(1));
    let change = alone.with_rekeys(vec![Change::UserRemoved { id: user(70) }, roster]);
    alone.by(OWNER, change);
}

#[test]
fn it_is_made_with_exactly_the_people_that_were_proposed() {
    let mut world = scene();
    let (one, all) = (promoted(&world, &[OWNER]), promoted(&world, &[OWNER, 70]));
    let other_address = Change::UserChanged { id: user(EDITOR), email: email(60), role: Role::Owner };
    let admin = Change::UserChanged { id: user(ADMIN), email: email(61), role: Role::Admin };
    world.by(OWNER, vec![proposed(&one, vec![becomes_owner(), admin.clone()])]);
    let attempts: [(&str, Vec<Change>); 6] = [
        ("another address", vec![other_address.clone(), admin.clone()]),
        ("one left out", vec![becomes_owner()]),
        ("one more", vec![becomes_owner(), admin.clone(), Change::UserRemoved { id: user(70) }]),
        ("another order", vec![admin.clone(), becomes_owner()]),
        ("one twice", vec![becomes_owner(), admin.clone(), admin.clone()]),
        (
            "another person's address",
            vec![becomes_owner(), Change::UserChanged { id: user(ADMIN), email: email(62), role: Role::Admin }],
        ),
    ];
    for (what, people) in attempts {
        for roster_first in [true, false] {
            let mut changes = people.clone();
            changes.insert(if roster_first { 0 } else { people.len() }, made(&all));
            let refused = world.refused(70, changes);
            // Whoever is an owner and has been removed is refused for that already.
            let expected = [OTHERS_PEOPLE, "owners and admins change together with the roster, and only so"];
            let DirectoryRefusal::Incomplete(reason) = refused else { panic!("{what}: {refused}") };
            assert!(expected.contains(&reason), "{what}: {reason}");
        }
    }
    world.by(70, vec![becomes_owner(), admin, made(&all)]);
    assert_eq!(world.state.user(&user(EDITOR)).unwrap().email, email(EDITOR));
}

/// A roster that one owner could sign alone is bound too, once it waits: an owner's own removal, say.
#[test]
fn what_waits_without_need_is_bound_as_well() {
    let mut world = World::of(&[OWNER, 70], &[], 1);
    let removed = |world: &World, seeds: &[u8]| {
        let mut roster = next_roster(world.state.roster());
        roster.owners.retain(|owner| owner.user != user(OWNER));
        signed_by(&roster, seeds)
    };
    let (one, both) = (removed(&world, &[OWNER]), removed(&world, &[OWNER, 70]));
    let leaves = Change::UserRemoved { id: user(OWNER) };
    world.by(OWNER, vec![proposed(&one, vec![leaves.clone()])]);
    let other = world.with_rekeys(vec![user_changed(OWNER, Role::Editor), made(&both)]);
    assert_eq!(world.rule(70, other), OTHERS_PEOPLE);
    let withdrawn = [vec![Change::ApprovalWithdrawn { roster: hash(&one) }]].concat();
    world.clone().by(OWNER, withdrawn);
    let mut given_up = world.clone();
    given_up.by(OWNER, vec![Change::ApprovalWithdrawn { roster: hash(&one) }]);
    let alone = given_up.with_rekeys(vec![leaves.clone(), made(&both)]);
    assert_eq!(given_up.rule(70, alone), WITHDRAWN);
    let changes = world.with_rekeys(vec![leaves, made(&both)]);
    world.by(70, changes);
}

#[test]
fn what_was_withdrawn_never_comes_into_force() {
    let mut world = scene();
    let (one, all) = (promoted(&world, &[OWNER]), promoted(&world, &[OWNER, 70]));
    world.by(OWNER, vec![proposed(&one, vec![becomes_owner()])]);
    let withdrawn = || Change::ApprovalWithdrawn { roster: hash(&one) };
    // Given up and made in one statement.
    assert_eq!(world.rule(70, vec![withdrawn(), becomes_owner(), made(&all)]), WITHDRAWN);
    assert_eq!(world.rule(70, vec![becomes_owner(), made(&all), withdrawn()]), "no such roster is pending");
    assert_eq!(world.rule(70, vec![withdrawn(), proposed(&all, vec![becomes_owner()])]), WITHDRAWN);
    world.by(OWNER, vec![withdrawn()]);
    assert!(world.state.is_withdrawn(&hash(&one)) && world.state.approval(&hash(&one)).is_none());
    // The other owner completes it alone, days later.
    world.by(ADMIN, vec![invited(60, Role::Editor)]);
    assert_eq!(world.rule(70, vec![becomes_owner(), made(&all)]), WITHDRAWN);
    // Or proposes it again, with the signature that was given up, alone or with more.
    for again in [&one, &all, &promoted(&world, &[OWNER, 70, 71]), &promoted(&world, &[70])] {
        assert_eq!(world.rule(70, vec![proposed(again, vec![becomes_owner()])]), WITHDRAWN);
    }
    assert_eq!(world.rule(70, vec![withdrawn()]), "no such roster is pending");
    // Or writes the same roster in other bytes, which the other never signed.
    let spaced = [b" ".as_slice(), &one.payload.0].concat();
    let same = Signed { payload: Base64Bytes(spaced), signatures: all.signatures.clone() };
    let not_signed = DirectoryRefusal::Roster(RosterRefusal::Signed(SignedRefusal::NotSigned));
    assert_eq!(world.refused(70, vec![becomes_owner(), made(&same)]), not_signed);
    assert_eq!(world.refused(70, vec![proposed(&same, vec![becomes_owner()])]), not_signed);
    assert!(world.replayed().is_withdrawn(&hash(&one)), "every reader knows");
    // Another roster in force forgets it: what was given up can never follow that.
    let same_content = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![same_content]);
    assert!(!world.state.is_withdrawn(&hash(&one)));
    let not_next = DirectoryRefusal::Roster(RosterRefusal::NotNext);
    assert_eq!(world.refused(70, vec![becomes_owner(), made(&all)]), not_next);
    assert_eq!(world.refused(70, vec![proposed(&all, vec![becomes_owner()])]), not_next);
    // The same wish can be proposed again, under new signatures.
    let again = promoted(&world, &[OWNER]);
    world.by(OWNER, vec![proposed(&again, vec![becomes_owner()])]);
    world.by(70, vec![becomes_owner(), made(&promoted(&world, &[OWNER, 70]))]);
}

#[test]
fn withdrawing_can_bring_the_next_roster_along() {
    let mut world = scene();
    let (two, all) = (promoted(&world, &[OWNER, 70]), promoted(&world, &[OWNER, 70, 71]));
    world.by(OWNER, vec![proposed(&two, vec![becomes_owner()])]);
    let next = world.roster_change(&[70], |_| {});
    let changes = vec![Change::ApprovalWithdrawn { roster: hash(&two) }, next];
    assert!(!changes.iter().any(Change::moves_person));
    world.by(70, changes);
    assert_eq!(world.state.approvals_used(), 0);
    // An agent that saw this roster is shown the other one, signed by all: it follows nothing that the agent knows.
    let refused = Roster::verify_next(world.state.roster(), &all).unwrap_err();
    assert_eq!(refused, RosterRefusal::NotNext);
}

#[test]
fn pending_and_withdrawn_together_are_limited() {
    let mut world = scene();
    let roster = |world: &World, number: u8| {
        let mut roster = next_roster(world.state.roster());
        roster.owner_threshold = 1;
        roster.admins = (0..number).map(|number| crate::directory_world::member(100 + number)).collect();
        signed_by(&roster, &[OWNER])
    };
    let count = u8::try_from(limits::APPROVALS).unwrap();
    for number in 0..count {
        let roster = roster(&world, number);
        world.by(OWNER, vec![proposed(&roster, vec![])]);
        if number % 2 == 0 {
            world.by(OWNER, vec![Change::ApprovalWithdrawn { roster: hash(&roster) }]);
        }
    }
    assert_eq!((world.state.approvals().count(), world.state.approvals_used()), (32, 64));
    let one_more = proposed(&roster(&world, count), vec![]);
    let rule = "too many rosters are pending or withdrawn: state the next roster first";
    assert_eq!(world.rule(OWNER, vec![one_more.clone()]), rule);
    // Giving up makes no room; the next roster does.
    let pending = hash(&roster(&world, 1));
    world.by(OWNER, vec![Change::ApprovalWithdrawn { roster: pending }]);
    assert_eq!(world.rule(OWNER, vec![one_more]), rule);
    let next = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![next]);
    assert_eq!(world.state.approvals_used(), 0);
    let again = proposed(&roster(&world, count), vec![]);
    world.by(OWNER, vec![again]);
}

/// An invitation that was cancelled confirms nobody, a second time neither, and keys that ended come back for nobody.
#[test]
fn what_else_ended_does_not_come_back() {
    let mut world = scene();
    world.by(ADMIN, vec![invited(60, Role::Editor)]);
    let cancelled = Change::InviteCancelled { id: crate::directory_world::invite(110) };
    let join = || confirmed(60, Some(60), Role::Editor);
    assert_eq!(world.rule(ADMIN, vec![cancelled.clone(), join()]), "there is no such invitation");
    world.by(ADMIN, vec![cancelled.clone()]);
    assert_eq!(world.rule(ADMIN, vec![join()]), "there is no such invitation");
    assert_eq!(world.rule(ADMIN, vec![cancelled]), "there is no such invitation");
    assert_eq!(world.rule(ADMIN, vec![invited(60, Role::Editor)]), "the id was used before", "nor is it made again");
    let joined_twice = confirmed(EDITOR, Some(EDITOR), Role::Editor);
    assert_eq!(world.rule(ADMIN, vec![joined_twice]), "there is no such invitation");
    // A member's keys, replaced and then asked for again.
    let rekeyed = |seed: u8| Change::UserRekeyed { id: user(EDITOR), keys: keys(seed), recovery: recovery(EDITOR) };
    world.by(ADMIN, vec![rekeyed(80)]);
    assert_eq!(world.rule(ADMIN, vec![rekeyed(EDITOR)]), "the signing key was used before");
    world.by(ADMIN, vec![Change::UserRemoved { id: user(EDITOR) }]);
    assert_eq!(world.rule(ADMIN, vec![rekeyed(81)]), "there is no such user, or they were removed");
    assert!(Roster::TYPE.ends_with(".v1"));
}
