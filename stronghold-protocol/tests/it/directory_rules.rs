//! The rules of each kind of change, on an organization that has one of everything: what is accepted, what is refused,
//! and by which rule.

use crate::directory_world::{
    ADMIN, AUDITOR, CI, DEPLOY, EDITOR, OTHER_AGENT, OWNER, PRODUCTION, STAGING, STAGING_EDITOR, STAGING_TEAM, World,
    agent, agent_changed, agent_created, check_invariants, commitment, confirmed, email, epoch, granted, group,
    group_created, invite, invited, joined, kem, keys, left, member, name, next_group_epoch, next_profile_epoch, now,
    profile, profile_created, recovery, sign_key, user, user_changed, vouched,
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{AgentStatus, Change, Conditions, DirectoryRefusal, Role, Vouched},
    id::{GroupId, SecretId},
    limits,
    number::{Seq, Version},
    roster::RosterRefusal,
    signed::SignedRefusal,
};

/// Accepted from the admin, with whatever must come along.
fn accepts(changes: Vec<Change>) -> World {
    let mut world = World::acme();
    let changes = world.with_rekeys(changes);
    world.by(ADMIN, changes);
    world
}

fn refuses(changes: Vec<Change>, rule: &str) {
    assert_eq!(World::acme().rule(ADMIN, changes), rule);
}

#[test]
fn agents() {
    let state = accepts(vec![agent_created(60, "new")]).state;
    assert_eq!(state.agent(&agent(60)).unwrap().status, AgentStatus::Active);
    refuses(vec![agent_created(60, "ci")], "another agent has this name");
    refuses(vec![agent_created(CI, "new")], "the id was used before");
    let with_keys_of = |seed| Change::AgentCreated {
        id: agent(60),
        name: name("new"),
        keys: keys(seed),
        conditions: Conditions::default(),
    };
    refuses(vec![with_keys_of(OTHER_AGENT)], "the signing key was used before");
    refuses(vec![with_keys_of(OWNER)], "the signing key was used before");
    let never = Conditions { not_before: Some(now()), expires_at: Some(now()), ..Conditions::default() };
    let from_nowhere = Conditions { source_cidrs: vec!["10.0.0.0/33".to_owned()], ..Conditions::default() };
    for conditions in [never, from_nowhere] {
        let created =
            Change::AgentCreated { id: agent(60), name: name("x"), keys: keys(60), conditions: conditions.clone() };
        refuses(vec![created], "the conditions are not well formed");
        let changed = Change::AgentChanged { id: agent(CI), name: name("ci"), status: AgentStatus::Active, conditions };
        refuses(vec![changed], "the conditions are not well formed");
    }

    let state = accepts(vec![agent_changed(CI, "renamed", AgentStatus::Inactive)]).state;
    assert_eq!(state.agent(&agent(CI)).unwrap().status, AgentStatus::Inactive);
    assert!(state.agent_named(&name("ci")).is_none() && state.agent_named(&name("renamed")).is_some());
    refuses(vec![agent_changed(CI, "other", AgentStatus::Active)], "another agent has this name");
    refuses(vec![agent_changed(60, "x", AgentStatus::Active)], "there is no such agent, or it was deleted");
    // A name that became free may be taken in the same statement.
    accepts(vec![
        agent_changed(CI, "was ci", AgentStatus::Active),
        agent_changed(OTHER_AGENT, "ci", AgentStatus::Active),
    ]);
}

#[test]
fn an_agents_keys() {
    let until = now().plus_millis(3_600_000);
    let rekeyed = |sets: &[u8]| Change::AgentRekeyed {
        id: agent(CI),
        keys: sets.iter().map(|seed| keys(*seed)).collect(),
        until: (sets.len() == 2).then_some(until),
    };
    let state = accepts(vec![rekeyed(&[60])]).state;
    assert!(state.key_owner(&sign_key(CI).key_id()).unwrap().ended);
    assert!(!state.key_owner(&sign_key(60).key_id()).unwrap().ended);
    let state = accepts(vec![rekeyed(&[CI, 60])]).state;
    assert!(!state.key_owner(&sign_key(CI).key_id()).unwrap().ended, "during a rotation both count");
    assert_eq!(state.agent(&agent(CI)).unwrap().rotation.unwrap().until, until);
    let mut rotating = accepts(vec![rekeyed(&[60, CI])]);
    let finished = rotating.with_rekeys(vec![rekeyed(&[60])]);
    rotating.by(ADMIN, finished);
    assert!(rotating.state.key_owner(&sign_key(CI).key_id()).unwrap().ended);
    assert_eq!(rotating.state.agent(&agent(CI)).unwrap().rotation, None);
    refuses(vec![rekeyed(&[])], "an agent has one set of keys, or two during a rotation");
    refuses(vec![rekeyed(&[60, 61, 62])], "an agent has one set of keys, or two during a rotation");
    refuses(vec![rekeyed(&[CI])], "the keys are the same as before");
    refuses(vec![rekeyed(&[OTHER_AGENT])], "the signing key was used before");
    // A key that ended never comes back.
    let mut world = accepts(vec![rekeyed(&[60])]);
    assert_eq!(world.rule(ADMIN, vec![rekeyed(&[60, CI])]), "the signing key was used before");
    let changes = world.with_rekeys(vec![Change::AgentDeleted { id: agent(CI) }]);
    world.by(ADMIN, changes);
    assert_eq!(world.rule(ADMIN, vec![rekeyed(&[61])]), "there is no such agent, or it was deleted");
    assert_eq!(
        world.rule(ADMIN, vec![Change::AgentDeleted { id: agent(CI) }]),
        "there is no such agent, or it was deleted"
    );
    assert_eq!(world.rule(ADMIN, vec![joined(DEPLOY, agent(CI))]), "there is no such member, or it is gone");
    // Its name is free, its id is not.
    assert_eq!(world.rule(ADMIN, vec![agent_created(CI, "ci")]), "the id was used before");
    world.by(ADMIN, vec![agent_created(62, "ci")]);
}

#[test]
fn groups() {
    let state = accepts(vec![group_created(60, "new")]).state;
    assert_eq!(state.group_named(&name("new")).unwrap().epoch, epoch(1));
    refuses(vec![group_created(60, "deploy")], "another group has this name");
    refuses(vec![group_created(60, "admins")], "the name is the built-in group's");
    refuses(vec![group_created(CI, "new")], "the id was used before");
    let reserved = Change::GroupCreated { id: GroupId::ADMINS, name: name("x"), key: kem(60) };
    refuses(vec![reserved], "the id is reserved");

    let world = World::acme();
    let next = next_group_epoch(&world.state, group(DEPLOY));
    assert_eq!(accepts(vec![next]).state.group(&group(DEPLOY)).unwrap().epoch, epoch(2));
    let jump = Change::GroupEpoch { id: group(DEPLOY), epoch: epoch(3), key: kem(60) };
    refuses(vec![jump], "the epoch is not one more than before");
    let same = Change::GroupEpoch { id: group(DEPLOY), epoch: epoch(2), key: kem(DEPLOY) };
    refuses(vec![same], "a new epoch has a new key");
    let unknown = Change::GroupEpoch { id: group(60), epoch: epoch(2), key: kem(60) };
    refuses(vec![unknown], "there is no such group");

    let state = accepts(vec![Change::GroupDeleted { id: group(DEPLOY) }]).state;
    assert!(state.group(&group(DEPLOY)).is_none() && state.groups_of(&agent(CI).into()).is_empty());
    assert!(state.profile(&profile(PRODUCTION)).unwrap().grants.is_empty());
    assert!(state.leaf(&profile(PRODUCTION)).unwrap().writers.is_empty());
    refuses(vec![Change::GroupDeleted { id: group(60) }], "there is no such group");
    refuses(vec![Change::GroupDeleted { id: GroupId::ADMINS }], "the built-in group stays");
}

#[test]
fn members() {
    let state = accepts(vec![joined(DEPLOY, agent(OTHER_AGENT))]).state;
    assert_eq!(state.groups_of(&agent(OTHER_AGENT).into()), [group(DEPLOY)]);
    refuses(vec![joined(DEPLOY, agent(CI))], "it is a member already");
    refuses(vec![joined(DEPLOY, agent(60))], "there is no such member, or it is gone");
    refuses(vec![joined(60, agent(CI))], "there is no such group");
    refuses(vec![joined(0, agent(60))], "there is no such group");
    let to_admins = Change::MemberAdded { group: GroupId::ADMINS, member: agent(CI).into() };
    refuses(vec![to_admins], "the admins are the roster's");
    refuses(vec![joined(DEPLOY, user(AUDITOR))], "an auditor is in no group");

    let state = accepts(vec![left(DEPLOY, agent(CI))]).state;
    assert!(state.groups_of(&agent(CI).into()).is_empty());
    refuses(vec![left(DEPLOY, agent(OTHER_AGENT))], "it is not a member");
    let of_admins = Change::MemberRemoved { group: GroupId::ADMINS, member: user(OWNER).into() };
    refuses(vec![of_admins], "the admins are the roster's");

    // An editor who joins becomes a writer, and is none after leaving.
    let mut world = accepts(vec![joined(DEPLOY, user(STAGING_EDITOR))]);
    let writers = world.state.leaf(&profile(PRODUCTION)).unwrap().writers;
    assert_eq!(writers.len(), 2);
    let changes = world.with_rekeys(vec![left(DEPLOY, user(STAGING_EDITOR))]);
    world.by(ADMIN, changes);
    assert_eq!(world.state.leaf(&profile(PRODUCTION)).unwrap().writers, [sign_key(EDITOR)]);
}

#[test]
fn profiles() {
    let state = accepts(vec![profile_created(60, "new")]).state;
    assert_eq!(state.profile_named(&name("new")).unwrap().vouched.revision.get(), 1);
    refuses(vec![profile_created(60, "production")], "another profile has this name");
    refuses(vec![profile_created(PRODUCTION, "new")], "the id was used before");
    let late =
        Change::ProfileCreated { id: profile(60), name: name("x"), commitment: commitment(60, 1), vouched: vouched(2) };
    refuses(vec![late], "a profile is created with revision 1");

    let renamed = |on: u8, text: &str, to: u64| Change::ProfileRenamed {
        id: profile(on),
        name: name(text),
        vouched: vouched(to),
    };
    let state = accepts(vec![renamed(PRODUCTION, "prod", 2)]).state;
    assert!(state.profile_named(&name("production")).is_none() && state.profile_named(&name("prod")).is_some());
    refuses(vec![renamed(PRODUCTION, "production", 2)], "the name is the same as before");
    refuses(vec![renamed(PRODUCTION, "staging", 2)], "another profile has this name");
    refuses(vec![renamed(PRODUCTION, "prod", 1)], "a new name comes with a new revision whose manifest states it");
    refuses(vec![renamed(60, "x", 2)], "there is no such profile");

    let world = World::acme();
    let next = next_profile_epoch(&world.state, profile(PRODUCTION));
    assert_eq!(accepts(vec![next]).state.leaf(&profile(PRODUCTION)).unwrap().epoch, epoch(2));
    let with = |number, key| Change::ProfileEpoch {
        id: profile(PRODUCTION),
        epoch: epoch(number),
        commitment: key,
        vouched: vouched(1),
    };
    refuses(vec![with(3, commitment(PRODUCTION, 3))], "the epoch is not one more than before");
    refuses(vec![with(2, commitment(PRODUCTION, 1))], "a new epoch has a new master key");

    let state = accepts(vec![Change::ProfileVouched { id: profile(PRODUCTION), vouched: vouched(7) }]).state;
    assert_eq!(state.leaf(&profile(PRODUCTION)).unwrap().vouched, vouched(7));
    let other = Vouched { manifest: Hash([9; 32]), ..vouched(1) };
    let lowered = Change::ProfileVouched { id: profile(PRODUCTION), vouched: other };
    refuses(vec![lowered], "what is vouched for is only raised");

    let state = accepts(vec![Change::ProfileDeleted { id: profile(PRODUCTION) }]).state;
    assert!(state.leaf(&profile(PRODUCTION)).is_none() && state.leaf(&profile(STAGING)).is_some());
    assert_eq!(state.group(&group(DEPLOY)).unwrap().profiles.size(), 0);
    refuses(vec![Change::ProfileDeleted { id: profile(60) }], "there is no such profile");
}

#[test]
fn grants() {
    let revoked = |on, from| Change::ProfileRevoked { profile: profile(on), group: group(from) };
    let state = accepts(vec![granted(STAGING, DEPLOY, false, false)]).state;
    assert_eq!(state.reading_group(&agent(CI).into(), &profile(STAGING)), Some(group(DEPLOY)));
    assert_eq!(state.leaf(&profile(STAGING)).unwrap().writers, [sign_key(STAGING_EDITOR)], "reading writes nothing");
    accepts(vec![granted(PRODUCTION, DEPLOY, true, true)]);
    refuses(vec![granted(PRODUCTION, DEPLOY, true, false)], "the grant is the same as before");
    refuses(vec![granted(PRODUCTION, DEPLOY, false, true)], "a grant only grows: revoke it first to make it less");
    refuses(vec![granted(PRODUCTION, 60, false, false)], "there is no such group");
    refuses(vec![granted(60, DEPLOY, false, false)], "there is no such profile");
    let to_admins =
        Change::ProfileGranted { profile: profile(STAGING), group: GroupId::ADMINS, write: true, history: true };
    refuses(vec![to_admins], "the admins reach every profile already");

    let state = accepts(vec![revoked(PRODUCTION, DEPLOY)]).state;
    assert_eq!(state.reading_group(&agent(CI).into(), &profile(PRODUCTION)), None);
    assert!(state.leaf(&profile(PRODUCTION)).unwrap().writers.is_empty());
    refuses(vec![revoked(PRODUCTION, STAGING_TEAM)], "the group has no such grant");
    // Less is a revocation first, also in one statement.
    let state = accepts(vec![revoked(PRODUCTION, DEPLOY), granted(PRODUCTION, DEPLOY, false, false)]).state;
    assert!(state.leaf(&profile(PRODUCTION)).unwrap().writers.is_empty());
}

#[test]
fn people() {
    let state = accepts(vec![invited(60, Role::Editor)]).state;
    assert_eq!(state.invite(&invite(110)).unwrap().email, email(60));
    refuses(vec![confirmed(60, Some(60), Role::Editor)], "there is no such invitation");
    refuses(vec![confirmed(60, None, Role::Editor)], "a user comes by invitation");
    let mut world = accepts(vec![invited(60, Role::Editor)]);
    assert_eq!(world.rule(ADMIN, vec![confirmed(60, Some(60), Role::Auditor)]), "the invitation says otherwise");
    let cancelled = world.clone().by(ADMIN, vec![Change::InviteCancelled { id: invite(110) }]).state.clone();
    assert!(cancelled.invite(&invite(110)).is_none());
    world.by(ADMIN, vec![confirmed(60, Some(60), Role::Editor)]);
    assert_eq!(world.rule(ADMIN, vec![confirmed(60, Some(60), Role::Editor)]), "there is no such invitation");
    refuses(vec![Change::InviteCancelled { id: invite(110) }], "there is no such invitation");
    let into = |role, to: u8| Change::UserInvited {
        id: invite(110),
        email: email(60),
        role,
        groups: vec![group(to)],
        key: sign_key(110),
        expires_at: now(),
    };
    accepts(vec![into(Role::Editor, DEPLOY)]);
    refuses(vec![into(Role::Editor, 60)], "there is no such group");
    refuses(vec![into(Role::Auditor, DEPLOY)], "an auditor is in no group");

    let address = |text| Change::UserChanged { id: user(EDITOR), email: text, role: Role::Editor };
    let state = accepts(vec![address(email(60))]).state;
    assert!(state.user_with_email(&email(EDITOR)).is_none() && state.user_with_email(&email(60)).is_some());
    refuses(vec![address(email(OWNER))], "another user has this address");
    refuses(vec![user_changed(60, Role::Editor)], "there is no such user, or they were removed");
    refuses(
        vec![user_changed(EDITOR, Role::Auditor)],
        "an auditor is in no group: remove the memberships in the same statement",
    );
    accepts(vec![left(DEPLOY, user(EDITOR)), user_changed(EDITOR, Role::Auditor)]);

    let rekeyed = |seed| Change::UserRekeyed { id: user(EDITOR), keys: keys(seed), recovery: recovery(EDITOR) };
    let state = accepts(vec![rekeyed(60)]).state;
    assert_eq!(state.leaf(&profile(PRODUCTION)).unwrap().writers, [sign_key(60)]);
    refuses(vec![rekeyed(CI)], "the signing key was used before");
    refuses(vec![rekeyed(EDITOR)], "the signing key was used before");

    let state = accepts(vec![Change::UserRemoved { id: user(EDITOR) }]).state;
    assert!(state.user(&user(EDITOR)).unwrap().removed && state.groups_of(&user(EDITOR).into()).is_empty());
    assert!(state.leaf(&profile(PRODUCTION)).unwrap().writers.is_empty());
    refuses(vec![Change::UserRemoved { id: user(60) }], "there is no such user, or they were removed");
}

#[test]
fn only_an_owner_changes_policy_checkpoint_key_and_approvals_and_purges() {
    let key = Change::CheckpointKeyChanged { key: sign_key(95) };
    let policy = Change::PolicyChanged { name: name("Acme Inc.") };
    for change in [key, policy] {
        refuses(vec![change.clone()], "only an owner changes this");
        World::acme().by(OWNER, vec![change]);
    }
    let purge = |versions: Vec<Version>| Change::SecretPurged {
        profile: profile(PRODUCTION),
        secret: SecretId::from_bytes(crate::directory_world::id_bytes(200)),
        versions,
    };
    let one = Version::new(1).unwrap();
    refuses(vec![purge(vec![one])], "only an owner purges");
    World::acme().by(OWNER, vec![purge(vec![one])]);
    assert_eq!(World::acme().rule(OWNER, vec![purge(vec![])]), "a purge names versions");
}

/// Owners 1, 70 and 71; two of them must sign.
fn three_owners() -> World {
    World::of(&[OWNER, 70, 71], &[ADMIN], 2)
}

fn pending(change: Change, people: Vec<Change>) -> (Hash, Change) {
    let Change::RosterChanged { roster } = change else { panic!("a roster change") };
    (roster.hash_as::<stronghold_protocol::roster::Roster>(), Change::ApprovalPending { roster, people })
}

#[test]
fn an_approval_is_pending_until_enough_owners_signed() {
    let mut world = three_owners();
    let all = |world: &World, seeds: &[u8]| world.roster_change(seeds, |roster| roster.owner_threshold = 3);
    let not_signed = DirectoryRefusal::Roster(RosterRefusal::Signed(SignedRefusal::NotSigned));
    for too_few in [&[OWNER][..], &[OWNER, 70], &[OWNER, ADMIN], &[OWNER, OWNER]] {
        let refused = world.refused(OWNER, vec![all(&world, too_few)]);
        let twice = DirectoryRefusal::Roster(RosterRefusal::Signed(SignedRefusal::Signatures));
        assert!(refused == not_signed || refused == twice, "{too_few:?}: {refused}");
    }
    let (hash, first) = pending(all(&world, &[OWNER]), vec![]);
    world.by(ADMIN, vec![first.clone()]);
    let kept = world.state.approval(&hash).unwrap().clone();
    assert_eq!(kept.missing(world.state.roster().value()), (1, 2), "of the old threshold, and of the new");
    assert_eq!(world.rule(OWNER, vec![first]), "it is pending already; state it again with one more signature");
    let (_, by_admin) = pending(all(&world, &[OWNER, ADMIN]), vec![]);
    assert_eq!(world.rule(OWNER, vec![by_admin]), "who signed it is no owner of either roster");
    let (_, other) = pending(all(&world, &[70, 71]), vec![]);
    assert_eq!(world.rule(OWNER, vec![other]), "it is pending already; state it again with one more signature");
    let (_, more_people) = pending(all(&world, &[OWNER, 70]), vec![user_changed(70, Role::Admin)]);
    assert_eq!(world.rule(OWNER, vec![more_people]), "it is pending with other changes of people");
    let (_, second) = pending(all(&world, &[OWNER, 70]), vec![]);
    world.by(70, vec![second]);
    assert_eq!(world.state.approval(&hash).unwrap().missing(world.state.roster().value()), (0, 1));
    assert_eq!(world.state.approvals().count(), 1);
    let made = all(&world, &[OWNER, 70, 71]);
    world.by(71, vec![made]);
    assert_eq!((world.state.roster().value().owner_threshold, world.state.approvals().count()), (3, 0));
    check_invariants(&world.replayed());
}

#[test]
fn what_may_be_pending() {
    let mut world = three_owners();
    let lower = |world: &World, seeds: &[u8]| world.roster_change(seeds, |roster| roster.owner_threshold = 1);
    let (hash, proposal) = pending(lower(&world, &[OWNER]), vec![user_changed(70, Role::Admin)]);
    let withdrawn = Change::ApprovalWithdrawn { roster: hash };
    assert_eq!(world.rule(OWNER, vec![withdrawn.clone()]), "no such roster is pending");
    let one_owners = pending(world.roster_change(&[OWNER], |roster| roster.admins.clear()), vec![]).1;
    assert_eq!(world.rule(OWNER, vec![one_owners]), "this roster takes one owner's signature only");
    for other in [agent_created(60, "new"), proposal.clone(), group_created(61, "new")] {
        let change = pending(lower(&world, &[OWNER]), vec![other]).1;
        assert_eq!(world.rule(OWNER, vec![change]), "only changes of people go with a roster");
    }
    let by_admin = pending(lower(&world, &[ADMIN]), vec![]).1;
    let not_signed = DirectoryRefusal::Roster(RosterRefusal::Signed(SignedRefusal::NotSigned));
    assert_eq!(world.refused(ADMIN, vec![by_admin]), not_signed);
    let none_left = pending(world.roster_change(&[OWNER], |roster| roster.owners.clear()), vec![]).1;
    assert!(matches!(world.refused(OWNER, vec![none_left]), DirectoryRefusal::Roster(RosterRefusal::Content(_))));

    world.by(ADMIN, vec![proposal.clone()]);
    let before = world.state.user(&user(70)).unwrap().role;
    assert_eq!(before, Role::Owner, "what goes with it is not made yet");
    assert_eq!(world.rule(ADMIN, vec![withdrawn.clone()]), "only an owner changes this");
    world.clone().by(70, vec![withdrawn.clone()]);
    // A roster that comes into force voids what was pending.
    let change = world.roster_change(&[OWNER], |_| {});
    world.by(OWNER, vec![change]);
    assert_eq!(world.rule(OWNER, vec![withdrawn]), "no such roster is pending");
    assert_eq!(world.refused(OWNER, vec![proposal]), DirectoryRefusal::Roster(RosterRefusal::NotNext));
}

#[test]
fn not_too_much_is_pending() {
    let mut world = three_owners();
    let proposal = |world: &World, count: usize| {
        // Many different rosters: the admins of each are others.
        let bend = |roster: &mut stronghold_protocol::roster::Roster| {
            roster.owner_threshold = 1;
            roster.admins = (0..count).map(|number| member(100 + u8::try_from(number).unwrap())).collect();
        };
        pending(world.roster_change(&[OWNER], bend), vec![]).1
    };
    for count in 0..limits::APPROVALS {
        let change = proposal(&world, count);
        world.by(OWNER, vec![change]);
    }
    let change = proposal(&world, limits::APPROVALS);
    assert_eq!(
        world.rule(OWNER, vec![change]),
        "too many rosters are pending or withdrawn: state the next roster first"
    );
}

#[test]
fn every_key_of_checkpoints_is_known_as_of_its_time() {
    let mut world = World::acme();
    let first = (world.state.head().seq, world.state.checkpoint_key());
    let mut known = vec![first];
    for seed in [95, 96] {
        world.by(OWNER, vec![Change::CheckpointKeyChanged { key: sign_key(seed) }]);
        known.push((world.state.head().seq, sign_key(seed)));
        world.by(ADMIN, vec![group_created(seed, &format!("group {seed}"))]);
        known.push((world.state.head().seq, sign_key(seed)));
    }
    for state in [&world.state, &world.replayed()] {
        for (seq, key) in &known {
            assert_eq!(state.checkpoint_key_at(*seq), Some(*key), "as of {seq}");
        }
        assert_eq!(state.checkpoint_key_at(Seq::FIRST), Some(first.1));
        assert_eq!(state.checkpoint_key_at(state.head().seq.next()), None);
    }
}
