//! Statements and their headers: what follows the head, what a genesis is, and what each refuses.

use crate::directory_world::{
    ADMIN, CI, DEPLOY, EDITOR, OWNER, PRODUCTION, World, agent, agent_created, check_invariants, confirmed, email,
    first_roster, group_created, joined, kem, keys, member, name, now, picture, recovery, sign_key, signed_by, signer,
    user, user_changed,
};
use stronghold_protocol::{
    crypto::hash::{Hash, object_hash},
    directory::{Body, Change, Directory, DirectoryRefusal, Header, Role, Statement, genesis_changes},
    encoding::Base64Bytes,
    id::{GroupId, OrgId},
    limits,
    number::{Epoch, Seq},
    roster::{Roster, RosterRefusal},
    signed::SignedRefusal,
};

const NOT_SIGNED: DirectoryRefusal = DirectoryRefusal::Signed(SignedRefusal::NotSigned);

fn group_change() -> Vec<Change> {
    vec![group_created(99, "new")]
}

#[test]
fn replay_gives_the_same_state_as_writing_did() {
    let world = World::acme();
    assert_eq!(picture(&world.replayed()), picture(&world.state));
    assert_eq!(world.state.head().seq.get() + 1, world.statements.len() as u64);
}

#[test]
fn what_was_made_can_be_found() {
    let state = World::acme().state;
    let ci = state.agent_named(&name("ci")).unwrap();
    assert_eq!(ci.id, agent(CI));
    assert_eq!(state.groups_of(&agent(CI).into()), [crate::directory_world::group(DEPLOY)]);
    assert_eq!(state.groups_of(&user(ADMIN).into()), [GroupId::ADMINS]);
    assert_eq!(state.user_with_email(&email(EDITOR)).unwrap().id, user(EDITOR));
    assert_eq!(state.group_named(&name("deploy")).unwrap().members.size(), 2);
    assert_eq!(state.profile_named(&name("production")).unwrap().grants.size(), 1);
    let production = state.leaf(&crate::directory_world::profile(PRODUCTION)).unwrap();
    assert_eq!(production.writers, [sign_key(EDITOR)], "only the editor of a group that may write");
    let owner = state.key_owner(&sign_key(CI).key_id()).unwrap();
    assert_eq!((owner.principal, owner.ended), (agent(CI).into(), false));
}

#[test]
fn owners_and_admins_write_and_nobody_else() {
    let world = World::acme();
    for seed in [OWNER, ADMIN] {
        world.state.append(&world.forged(&group_change(), &[seed], |_| {})).unwrap();
    }
    for seeds in [&[EDITOR][..], &[CI], &[70], &[], &[EDITOR, CI]] {
        let refusal = world.state.append(&world.forged(&group_change(), seeds, |_| {})).unwrap_err();
        assert_eq!(refusal, NOT_SIGNED, "{seeds:?}");
    }
    let twice = world.forged(&group_change(), &[ADMIN, ADMIN], |_| {});
    assert_eq!(
        world.state.append(&twice).unwrap_err(),
        DirectoryRefusal::Signed(SignedRefusal::Signatures),
        "one key counts once"
    );
}

/// Each field of the header is held against the state, in the fixed order.
#[test]
fn a_header_follows_the_head() {
    let world = World::acme();
    let other = World::born();
    let head = world.state.head();
    let wrong = Hash([0xaa; 32]);
    type Bend<'a> = Box<dyn FnOnce(&mut Header) + 'a>;
    let cases: Vec<(Bend<'_>, DirectoryRefusal)> = vec![
        (Box::new(|header| header.org = other.org), DirectoryRefusal::OtherOrganization),
        (Box::new(|header| header.seq = header.seq.next()), DirectoryRefusal::NotNext(head)),
        (Box::new(|header| header.seq = head.seq), DirectoryRefusal::NotNext(head)),
        (Box::new(|header| header.prev = wrong), DirectoryRefusal::NotNext(head)),
        (Box::new(|header| header.log_root = wrong), DirectoryRefusal::OtherState("log root")),
        (
            Box::new(|header| header.body = wrong),
            DirectoryRefusal::Body("it is not the one whose hash was signed".to_owned()),
        ),
        (Box::new(|header| header.roster.hash = wrong), DirectoryRefusal::OtherState("roster")),
        (
            Box::new(|header| header.roster.version = header.roster.version.next()),
            DirectoryRefusal::OtherState("roster"),
        ),
        (Box::new(|header| header.state_root = wrong), DirectoryRefusal::OtherState("state root")),
        // The earlier check decides.
        (
            Box::new(|header| {
                header.state_root = wrong;
                header.log_root = wrong;
                header.seq = Seq::FIRST;
            }),
            DirectoryRefusal::NotNext(head),
        ),
    ];
    for (number, (bend, refusal)) in cases.into_iter().enumerate() {
        let statement = world.forged(&group_change(), &[ADMIN], bend);
        assert_eq!(world.state.append(&statement).unwrap_err(), refusal, "case {number}");
    }
}

#[test]
fn a_statement_counts_once_and_at_one_place() {
    let mut world = World::acme();
    let before = world.state.clone();
    let verified = before.verify(&world.forged(&group_change(), &[ADMIN], |_| {})).unwrap();
    world.by(OWNER, vec![group_created(98, "first come")]);
    let last = world.statements.last().unwrap();
    assert!(matches!(world.state.append(last).unwrap_err(), DirectoryRefusal::NotNext(_)), "again");
    assert!(matches!(world.state.apply(&verified).unwrap_err(), DirectoryRefusal::NotNext(_)), "a fork");
    assert!(matches!(before.append(&world.statements[0]).unwrap_err(), DirectoryRefusal::NotNext(_)), "the genesis");
    // Where it belongs, it still counts.
    check_invariants(&before.apply(&verified).unwrap());
}

#[test]
fn a_body_is_strict_json_of_the_signed_bytes() {
    let world = World::acme();
    let strict = [
        "",
        "{",
        "{}",
        r#"{"changes":[{}]}"#,
        r#"{"changes":[{"kind":"unknown"}]}"#,
        r#"{"changes":[],"more":1}"#,
        r#"{"changes":[{"kind":"profile_deleted","id":"not an id"}]}"#,
        r#"{"changes":[],"changes":[]}"#,
        "{\"changes\":[]}\0",
    ];
    for body in strict {
        let statement = world.forged_bytes(body.as_bytes().to_vec(), &[ADMIN], |_| {});
        let refusal = world.state.append(&statement).unwrap_err();
        assert!(matches!(refusal, DirectoryRefusal::Body(_)), "{body}: {refusal}");
    }
    let unknown_field = r#"{"changes":[{"kind":"profile_deleted","id":"01930000-0000-7000-8000-00000000001e","x":1}]}"#;
    let refusal = world.state.append(&world.forged_bytes(unknown_field.into(), &[ADMIN], |_| {})).unwrap_err();
    assert!(matches!(refusal, DirectoryRefusal::Body(_)), "{refusal}");
    let nothing = world.forged(&[], &[ADMIN], |_| {});
    assert_eq!(
        world.state.append(&nothing).unwrap_err(),
        DirectoryRefusal::Incomplete("a statement changes something")
    );
    // The bytes were changed on the way, their hash was not.
    let mut altered = world.forged(&group_change(), &[ADMIN], |_| {});
    altered.body.0.push(b' ');
    assert_eq!(
        world.state.append(&altered).unwrap_err(),
        DirectoryRefusal::Body("it is not the one whose hash was signed".to_owned())
    );
    let large = world.forged_bytes(vec![b' '; limits::BODY_BYTES + 1], &[ADMIN], |_| {});
    assert_eq!(world.state.append(&large).unwrap_err(), DirectoryRefusal::Body("it is larger than 16 MiB".to_owned()));
}

#[test]
fn a_removed_admins_next_statement_is_nobodys() {
    let mut world = World::acme();
    let roster = world.roster_change(&[OWNER], |roster| roster.admins.clear());
    let changes = world.with_rekeys(vec![Change::UserRemoved { id: user(ADMIN) }, roster]);
    world.by(OWNER, changes);
    let statement = world.forged(&group_change(), &[ADMIN], |_| {});
    assert_eq!(world.state.append(&statement).unwrap_err(), NOT_SIGNED);
}

/// A statement that changes the roster is signed by keys of both versions.
#[test]
fn a_change_of_the_roster_is_signed_for_both_versions() {
    let mut world = World::of(&[OWNER, 7], &[], 1);
    let roster = world.roster_change(&[7], |roster| {
        roster.owners.retain(|owner| owner.user != user(OWNER));
    });
    let changes = world.with_rekeys(vec![Change::UserRemoved { id: user(OWNER) }, roster]);
    let draft = world.state.draft(changes.clone(), true, now()).unwrap();
    assert_eq!(draft.sign(&[&signer(OWNER)]).unwrap_err(), NOT_SIGNED, "the author is told");
    let root = draft.after().state_root();
    let reference = draft.after().roster_ref();
    let leaving = world.forged(&changes, &[OWNER], |header| {
        header.state_root = root;
        header.roster = reference;
    });
    assert_eq!(world.state.append(&leaving).unwrap_err(), NOT_SIGNED, "only of the version before");
    world.by(7, changes);
    // A person who rises by a roster that owners signed does not put it in force.
    let mut world = World::acme();
    let rises = world.roster_change(&[OWNER], |roster| roster.admins.push(member(EDITOR)));
    let changes = world.with_rekeys(vec![rises, user_changed(EDITOR, Role::Admin)]);
    let draft = world.state.draft(changes.clone(), false, now()).unwrap();
    let rising = world.forged(&changes, &[EDITOR], |header| {
        header.state_root = draft.after().state_root();
        header.roster = draft.after().roster_ref();
    });
    assert_eq!(world.state.append(&rising).unwrap_err(), NOT_SIGNED, "only of the version after");
    world.by(ADMIN, changes);
}

// The genesis.

fn genesis_parts() -> (OrgId, Vec<Change>) {
    let roster = signed_by(&first_roster(&[OWNER], &[], 1), &[OWNER]);
    let owner = (user(OWNER), email(OWNER), keys(OWNER), recovery(OWNER));
    let org = OrgId(roster.hash_as::<Roster>().0);
    (org, genesis_changes(roster, name("Acme"), sign_key(90), kem(91), owner))
}

fn genesis_of(changes: &[Change], signers: &[u8], bend: impl FnOnce(&mut Header)) -> Statement {
    let body = serde_json::to_vec(&Body { changes: changes.to_vec() }).unwrap();
    let (org, rightful) = genesis_parts();
    let Change::RosterChanged { roster } = &rightful[0] else { panic!("the roster comes first") };
    let after = Directory::draft_genesis(roster, rightful.clone(), now()).unwrap();
    let mut header = Header {
        org,
        seq: Seq::FIRST,
        prev: Hash::ZERO,
        time: now(),
        roster: after.after().roster_ref(),
        log_root: stronghold_protocol::merkle::empty_root(),
        state_root: after.after().state_root(),
        body: object_hash("body.v1", &body),
    };
    bend(&mut header);
    Statement { header: signed_by(&header, signers), body: Base64Bytes(body) }
}

#[test]
fn a_genesis_is_what_it_must_be() {
    let (org, changes) = genesis_parts();
    let genuine = genesis_of(&changes, &[OWNER], |_| {});
    Directory::genesis(&genuine, &org).unwrap();

    let refusal = |changes: &[Change], signers: &[u8], bend: fn(&mut Header)| {
        Directory::genesis(&genesis_of(changes, signers, bend), &org).unwrap_err()
    };
    let incomplete = |refusal: DirectoryRefusal| match refusal {
        DirectoryRefusal::Incomplete(reason) => reason,
        other => panic!("refused for another reason: {other}"),
    };
    // The header.
    assert_eq!(refusal(&changes, &[ADMIN], |_| {}), NOT_SIGNED);
    assert_eq!(refusal(&changes, &[], |_| {}), NOT_SIGNED);
    let beginning = DirectoryRefusal::OtherState("beginning");
    assert_eq!(refusal(&changes, &[OWNER], |header| header.seq = header.seq.next()), beginning);
    assert_eq!(refusal(&changes, &[OWNER], |header| header.prev = Hash([1; 32])), beginning);
    assert_eq!(refusal(&changes, &[OWNER], |header| header.log_root = Hash([1; 32])), beginning);
    let other = |header: &mut Header| header.org.0[0] ^= 1;
    assert_eq!(refusal(&changes, &[OWNER], other), DirectoryRefusal::OtherOrganization);
    let state = |header: &mut Header| header.state_root = Hash([1; 32]);
    assert_eq!(refusal(&changes, &[OWNER], state), DirectoryRefusal::OtherState("state root"));
    let body = |header: &mut Header| header.body = Hash([1; 32]);
    assert!(matches!(refusal(&changes, &[OWNER], body), DirectoryRefusal::Body(_)));
    // The body.
    let first = |changes: &[Change]| incomplete(refusal(changes, &[OWNER], |_| {}));
    assert_eq!(first(&[]), "a genesis starts with the roster");
    assert_eq!(first(&changes[1..]), "a genesis starts with the roster");
    assert_eq!(first(&changes[..2]), "a genesis states roster, policy and checkpoint key first");
    assert_eq!(
        first(&[changes.clone(), vec![agent_created(CI, "ci")]].concat()),
        "a genesis confirms the owners and admins and makes the admins' key, no more"
    );
    assert_eq!(first(&[&changes[..3], &changes[4..]].concat()), "a genesis makes the admins' key");
    assert_eq!(first(&changes[..4]), "owners and admins change together with the roster, and only so");
    let as_admin = confirmed(OWNER, None, Role::Admin);
    assert_eq!(
        first(&[&changes[..4], &[as_admin]].concat()),
        "owners and admins change together with the roster, and only so"
    );
    // The organization's id pins the roster.
    let mut another = org;
    another.0[5] ^= 1;
    assert_eq!(
        Directory::genesis(&genuine, &another).unwrap_err(),
        DirectoryRefusal::Roster(RosterRefusal::Signed(SignedRefusal::OtherHash))
    );
    let epoch = Change::GroupEpoch { id: GroupId::ADMINS, epoch: Epoch::FIRST.next(), key: kem(91) };
    let late = [&changes[..3], &[epoch], &changes[4..]].concat();
    assert!(matches!(
        refusal(&late, &[OWNER], |_| {}),
        DirectoryRefusal::Change { reason: "the admins' first epoch is 1", .. }
    ));
}

#[test]
fn a_genesis_statement_begins_no_other_chain() {
    let (mine, other) = (World::born(), World::of(&[OWNER, 7], &[], 1));
    assert_ne!(mine.org, other.org);
    let refusal = Directory::genesis(&other.statements[0], &mine.org).unwrap_err();
    assert_eq!(refusal, DirectoryRefusal::Roster(RosterRefusal::Signed(SignedRefusal::OtherHash)));
    let joining = other.forged(&[joined(DEPLOY, agent(CI))], &[OWNER], |_| {});
    assert_eq!(mine.state.append(&joining).unwrap_err(), DirectoryRefusal::OtherOrganization);
}
