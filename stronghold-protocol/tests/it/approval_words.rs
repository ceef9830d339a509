//! Words for what is signed: every difference is in them, by the names that the directory and the newcomer give; the rest is
//! refused.

use crate::directory_world::{
    ADMIN, EDITOR, OWNER, World, confirmed, email, invite, invited, keys, member, next_roster, recovery, sign_key,
    signed_by, signer, user, user_changed,
};
use stronghold_protocol::{
    acceptance::Acceptance,
    approval::{Described, Difference, Evidence, Undescribed},
    crypto::kem::PublicKeys,
    directory::{Change, Role},
    id::UserId,
    key_request::KeyRequest,
    name::Email,
    roster::Roster,
    signed::{Signed, Verified},
};

/// Whom one owner would like to smuggle in.
const STRANGER: u8 = 40;
/// A colleague whom everybody trusts, and who is no member.
const COLLEAGUE: u8 = 41;
/// A newcomer, invited as an owner.
const NEWCOMER: u8 = 60;

/// Owners 1 and 70, who must both sign; an admin, an editor and a stranger who is an editor too; a newcomer invited as owner.
fn scene() -> World {
    let mut world = World::of(&[OWNER, 70], &[ADMIN], 2);
    for seed in [EDITOR, STRANGER] {
        world.by(OWNER, vec![invited(seed, Role::Editor)]);
        world.by(OWNER, vec![confirmed(seed, Some(seed), Role::Editor)]);
    }
    world.by(OWNER, vec![invited(NEWCOMER, Role::Owner)]);
    world
}

/// Proposes a roster with changes of people beside it, and what the second owner is told.
fn told(
    world: &World,
    people: Vec<Change>,
    evidence: &Evidence,
    bend: impl FnOnce(&mut Roster),
) -> Result<Described, Undescribed> {
    let mut roster = next_roster(world.state.roster());
    bend(&mut roster);
    let roster = signed_by(&roster, &[OWNER]);
    let id = roster.hash_as::<Roster>();
    let mut world = world.clone();
    world.by(OWNER, vec![Change::ApprovalPending { roster, people }]);
    let described = Described::of(&world.state, &id, evidence)?;
    assert_eq!(described.id(), id);
    Ok(described)
}

fn owner(seed: u8) -> impl FnOnce(&mut Roster) {
    move |roster| roster.owners.push(member(seed))
}

/// An acceptance of the newcomer's invitation, with these keys and as this user.
fn acceptance(world: &World, id: UserId, address: Email, with: &PublicKeys, seeds: [u8; 3]) -> Verified<Acceptance> {
    let said = Acceptance {
        org: world.org,
        invite: invite(NEWCOMER + 50),
        user: id,
        email: address,
        keys: with.clone(),
        recovery: recovery(NEWCOMER),
    };
    let keys = seeds.map(signer);
    let signed = Signed::create(&said, &keys.iter().collect::<Vec<_>>()).unwrap();
    signed.verify(&[sign_key(seeds[0])], 1).unwrap()
}

fn accepted(world: &World) -> Evidence {
    let acceptance = acceptance(world, user(NEWCOMER), email(NEWCOMER), &keys(NEWCOMER), [110, NEWCOMER, 160]);
    Evidence { acceptances: vec![acceptance], key_requests: Vec::new() }
}

fn asked(world: &World, of: u8, new: u8) -> Evidence {
    let request = KeyRequest { org: world.org, user: user(of), replaces: sign_key(of).key_id(), keys: keys(new) };
    let signed = Signed::create(&request, &[&signer(of), &signer(new)]).unwrap();
    Evidence { acceptances: Vec::new(), key_requests: vec![signed.verify(&[sign_key(of)], 1).unwrap()] }
}

fn named(seed: u8, address: &Email) -> String {
    format!("{address} (id {}, fingerprint {})", user(seed), sign_key(seed).key_id())
}

#[test]
fn a_strangers_id_under_a_colleagues_address_is_told_as_what_it_is() {
    let world = scene();
    let disguised = Change::UserChanged { id: user(STRANGER), email: email(COLLEAGUE), role: Role::Owner };
    let described = told(&world, vec![disguised], &Evidence::default(), owner(STRANGER)).unwrap();
    let stranger = named(STRANGER, &email(STRANGER));
    let words = [
        format!("the address of {stranger} becomes {}", email(COLLEAGUE)),
        format!("{stranger} becomes owner, and is editor no more"),
    ];
    assert_eq!(described.words(), words, "the directory names them, not the proposal");

    // The address was changed before, by one owner alone: the one that they joined with is told.
    let mut renamed = world.clone();
    renamed.by(OWNER, vec![Change::UserChanged { id: user(STRANGER), email: email(COLLEAGUE), role: Role::Editor }]);
    let becomes = Change::UserChanged { id: user(STRANGER), email: email(COLLEAGUE), role: Role::Owner };
    let described = told(&renamed, vec![becomes], &Evidence::default(), owner(STRANGER)).unwrap();
    let [said] = &described.words()[..] else { panic!("{:?}", described.words()) };
    assert!(said.contains(&format!("joined as {}, id {}", email(STRANGER), user(STRANGER))), "{said}");

    // The colleague is a member: the address is theirs.
    let taken = Change::UserChanged { id: user(STRANGER), email: email(EDITOR), role: Role::Owner };
    let refused = told(&world, vec![taken], &Evidence::default(), owner(STRANGER)).unwrap_err();
    assert_eq!(refused, Undescribed::AddressTaken(email(EDITOR)));

    // As a newcomer: nobody accepted an invitation of that address with these keys.
    let mut joins = confirmed(STRANGER + 5, Some(NEWCOMER), Role::Owner);
    if let Change::UserConfirmed { email: address, .. } = &mut joins {
        *address = email(COLLEAGUE);
    }
    let refused = told(&world, vec![joins], &accepted(&world), owner(STRANGER + 5)).unwrap_err();
    assert_eq!(refused, Undescribed::NotAccepted { email: email(COLLEAGUE) });
}

#[test]
fn a_newcomer_is_who_accepted_the_invitation() {
    let world = scene();
    let joins = || confirmed(NEWCOMER, Some(NEWCOMER), Role::Owner);
    let described = told(&world, vec![joins()], &accepted(&world), owner(NEWCOMER)).unwrap();
    assert_eq!(described.words(), [format!("{} joins as owner", named(NEWCOMER, &email(NEWCOMER)))]);
    let (joining, leaving) = described.owners_changed();
    assert_eq!((joining[0].id, joining.len(), leaving.len()), (user(NEWCOMER), 1, 0));

    let not_accepted = Undescribed::NotAccepted { email: email(NEWCOMER) };
    let other_keys = acceptance(&world, user(NEWCOMER), email(NEWCOMER), &keys(75), [110, 75, 160]);
    let without_code = acceptance(&world, user(NEWCOMER), email(NEWCOMER), &keys(NEWCOMER), [99, NEWCOMER, 160]);
    let address = acceptance(&world, user(NEWCOMER), email(COLLEAGUE), &keys(NEWCOMER), [110, NEWCOMER, 160]);
    for wrong in [vec![], vec![other_keys], vec![without_code], vec![address]] {
        let evidence = Evidence { acceptances: wrong, key_requests: Vec::new() };
        assert_eq!(told(&world, vec![joins()], &evidence, owner(NEWCOMER)).unwrap_err(), not_accepted);
    }
    let other_role = confirmed(NEWCOMER, Some(NEWCOMER), Role::Admin);
    let as_admin = |roster: &mut Roster| {
        roster.admins.push(member(NEWCOMER));
        roster.owner_threshold = 1;
    };
    assert_eq!(told(&world, vec![other_role], &accepted(&world), as_admin).unwrap_err(), not_accepted);
    let mut cancelled = world.clone();
    cancelled.by(OWNER, vec![Change::InviteCancelled { id: invite(NEWCOMER + 50) }]);
    assert_eq!(told(&cancelled, vec![joins()], &accepted(&world), owner(NEWCOMER)).unwrap_err(), not_accepted);

    // An acceptance that takes over the id of an owner: "joins" would be said, and an owner's keys replaced.
    let id = user(70);
    let taken = acceptance(&world, id, email(NEWCOMER), &keys(NEWCOMER), [110, NEWCOMER, 160]);
    let evidence = Evidence { acceptances: vec![taken.clone()], key_requests: Vec::new() };
    let replaces = |roster: &mut Roster| roster.owners[1].keys = keys(NEWCOMER);
    let refused = told(&world, vec![taken.value().confirmed(Role::Owner)], &evidence, replaces).unwrap_err();
    assert_eq!(refused, Undescribed::IdTaken(id));
}

#[test]
fn new_keys_are_those_that_were_asked_for() {
    let world = scene();
    let rekeyed = |new: u8, kit: u8| Change::UserRekeyed { id: user(70), keys: keys(new), recovery: recovery(kit) };
    let replaced = |new: u8| move |roster: &mut Roster| roster.owners[1].keys = keys(new);
    let evidence = asked(&world, 70, 80);
    let described = told(&world, vec![rekeyed(80, 70)], &evidence, replaced(80)).unwrap();
    let expected = format!("{} gets new keys with the fingerprint {}", named(70, &email(70)), sign_key(80).key_id());
    assert_eq!(described.words(), [expected]);
    let not_asked = Undescribed::NotAsked(user(70));
    assert_eq!(told(&world, vec![rekeyed(81, 70)], &evidence, replaced(81)).unwrap_err(), not_asked);
    assert_eq!(told(&world, vec![rekeyed(80, 99)], &evidence, replaced(80)).unwrap_err(), not_asked, "another kit");
    let nobody = told(&world, vec![rekeyed(80, 70)], &asked(&world, EDITOR, 80), replaced(80));
    assert_eq!(nobody.unwrap_err(), not_asked, "another member's request");
    // What was asked for with keys that are not in force any more.
    let mut moved = World::of(&[OWNER, 70], &[ADMIN], 2);
    moved.by(OWNER, vec![invited(EDITOR, Role::Editor)]);
    moved.by(OWNER, vec![confirmed(EDITOR, Some(EDITOR), Role::Editor)]);
    let old = asked(&moved, EDITOR, 80);
    let second = Change::UserRekeyed { id: user(EDITOR), keys: keys(82), recovery: recovery(EDITOR) };
    moved.by(OWNER, vec![second]);
    let again = Change::UserRekeyed { id: user(EDITOR), keys: keys(80), recovery: recovery(EDITOR) };
    let lower = |roster: &mut Roster| roster.owner_threshold = 1;
    assert_eq!(told(&moved, vec![again], &old, lower).unwrap_err(), Undescribed::NotAsked(user(EDITOR)));
}

#[test]
fn nothing_is_left_over() {
    let world = scene();
    let none = Evidence::default();
    let becomes = || vec![user_changed(EDITOR, Role::Owner)];
    let refused = |people: Vec<Change>, bend: &dyn Fn(&mut Roster)| told(&world, people, &none, bend).unwrap_err();
    let promoted = |roster: &mut Roster| roster.owners.push(member(EDITOR));
    type Bend = fn(&mut Roster);
    let hidden: [(&str, Bend, &str); 7] = [
        ("one more owner", |roster| roster.owners.push(member(STRANGER)), "owners"),
        ("another owner's keys", |roster| roster.owners[1].keys = keys(80), "owners"),
        ("another owner's sealing key only", |roster| roster.owners[1].keys.kem = keys(80).kem, "owners"),
        ("an owner less", |roster| drop(roster.owners.remove(1)), "owners"),
        ("one more admin", |roster| roster.admins.push(member(STRANGER)), "admins"),
        ("an admin's keys", |roster| roster.admins[0].keys = keys(80), "admins"),
        ("an admin less", |roster| roster.admins.clear(), "admins"),
    ];
    for (what, bend, list) in hidden {
        let both = |roster: &mut Roster| {
            promoted(roster);
            bend(roster);
        };
        assert_eq!(refused(becomes(), &both), Undescribed::Leftover(list), "{what}");
    }
    assert_eq!(refused(vec![], &promoted), Undescribed::Leftover("owners"), "nobody is named beside it");
    let lower = |roster: &mut Roster| roster.owner_threshold = 1;
    assert_eq!(refused(becomes(), &lower), Undescribed::Leftover("owners"), "told, and not done");
    let order = |roster: &mut Roster| roster.owners.reverse();
    assert_eq!(refused(vec![], &order), Undescribed::Nothing, "another order is no change that can be told");
}

#[test]
fn each_change_of_a_person_says_one_thing() {
    let world = scene();
    let none = Evidence::default();
    let promoted = |roster: &mut Roster| roster.owners.push(member(EDITOR));
    let becomes = user_changed(EDITOR, Role::Owner);
    let refused = |people: Vec<Change>| told(&world, people, &none, promoted).unwrap_err();
    let same = user_changed(STRANGER, Role::Editor);
    assert_eq!(refused(vec![becomes.clone(), same]), Undescribed::Idle(user(STRANGER)));
    // The first is told and undone by the second.
    let elsewhere = Email::new("elsewhere@acme.example").unwrap();
    let moved = Change::UserChanged { id: user(EDITOR), email: elsewhere, role: Role::Editor };
    assert_eq!(refused(vec![moved, becomes.clone()]), Undescribed::Twice(user(EDITOR)));
    let back = user_changed(EDITOR, Role::Editor);
    assert_eq!(refused(vec![back.clone(), becomes.clone()]), Undescribed::Idle(user(EDITOR)));
    assert_eq!(refused(vec![becomes.clone(), back]), Undescribed::Twice(user(EDITOR)));
    assert_eq!(refused(vec![becomes.clone(), becomes.clone()]), Undescribed::Twice(user(EDITOR)));
    assert_eq!(refused(vec![becomes.clone(), user_changed(99, Role::Editor)]), Undescribed::NotMember(user(99)));
    let mut without = world.clone();
    without.by(OWNER, vec![Change::UserRemoved { id: user(STRANGER) }]);
    let returns = told(&without, vec![user_changed(STRANGER, Role::Owner)], &none, owner(STRANGER));
    assert_eq!(returns.unwrap_err(), Undescribed::NotMember(user(STRANGER)), "who was removed does not come back");
    let unknown = Described::of(&world.state, &world.state.roster().hash(), &none).unwrap_err();
    assert!(matches!(unknown, Undescribed::NotPending(_)));

    // All of it, where it is much.
    let people = vec![
        becomes,
        Change::UserRemoved { id: user(ADMIN) },
        Change::UserChanged { id: user(STRANGER), email: email(COLLEAGUE), role: Role::Editor },
    ];
    let much = |roster: &mut Roster| {
        promoted(roster);
        roster.admins.clear();
        roster.owner_threshold = 3;
    };
    let described = told(&world, people, &none, much).unwrap();
    let words = [
        format!("{} becomes owner, and is editor no more", named(EDITOR, &email(EDITOR))),
        format!("{} is removed, and is admin no more", named(ADMIN, &email(ADMIN))),
        format!("the address of {} becomes {}", named(STRANGER, &email(STRANGER)), email(COLLEAGUE)),
        "the owner threshold becomes 3, and was 2".to_owned(),
    ];
    assert_eq!(described.words(), words);
    assert!(matches!(described.differences()[3], Difference::Threshold { from: 2, to: 3 }));
    // What is signed is what was described.
    let signed = described.countersigned(&signer(70));
    assert_eq!(signed.hash_as::<Roster>(), described.id());
    assert_eq!(signed.good_signers::<Roster>(&[sign_key(OWNER), sign_key(70)]).unwrap().len(), 2);
    let again = described.countersigned(&signer(OWNER));
    assert_eq!(again.signatures.len(), 1, "a key that signed already does not sign again");
    assert_eq!(signed.signatures.len(), 2);
    assert!(described.is_same(&described.clone()));
    let other = told(&world, vec![user_changed(EDITOR, Role::Owner)], &none, promoted).unwrap();
    assert!(!described.is_same(&other));
}
