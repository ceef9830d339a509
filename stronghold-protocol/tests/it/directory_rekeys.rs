//! No half of a removal: whenever somebody loses an access, the keys they had are renewed in the same statement.

use crate::directory_world::{
    ADMIN, CI, DEPLOY, EDITOR, OTHER_AGENT, OWNER, PRODUCTION, STAGING, STAGING_TEAM, World, agent, agent_changed,
    granted, group, joined, keys, left, next_group_epoch, next_profile_epoch, now, profile, recovery, signer, user,
    user_changed,
};
use std::collections::BTreeSet;
use stronghold_protocol::{
    directory::{AgentStatus, Change, Conditions, DirectoryRefusal, Rekeys, Role},
    id::{GroupId, ProfileId},
    seal::{SealedObject, WantedSeal},
    time::Timestamp,
};

const NO_GROUP_EPOCH: &str = "an access ends without a new epoch of each of its groups";
const NO_PROFILE_EPOCH: &str = "an access ends without a new epoch of each profile it reached";
const NOT_VOUCHED: &str = "a signer ends without vouching for what it may have signed";

/// What `changes` must renew; and that leaving any one of it out refuses the statement.
fn renews(changes: &[Change], groups: &[u8], profiles: &[u8], vouched: &[u8]) {
    let mut world = World::acme();
    let ids = |numbers: &[u8]| numbers.iter().map(|number| profile(*number)).collect::<BTreeSet<ProfileId>>();
    let needs = Rekeys::required(&world.state, changes);
    assert_eq!(needs.groups, groups.iter().map(|number| group(*number)).collect());
    assert_eq!(needs.profiles, ids(profiles));
    assert_eq!(
        needs.vouched.union(&needs.profiles).copied().collect::<BTreeSet<_>>(),
        ids(&[profiles, vouched].concat())
    );
    let complete = world.with_rekeys(changes.to_vec());
    for left_out in changes.len()..complete.len() {
        let mut changes = complete.clone();
        let expected = match changes.remove(left_out) {
            Change::GroupEpoch { .. } => NO_GROUP_EPOCH,
            Change::ProfileEpoch { .. } => NO_PROFILE_EPOCH,
            Change::ProfileVouched { .. } => NOT_VOUCHED,
            other => panic!("{other:?} is no renewal"),
        };
        assert_eq!(world.rule(ADMIN, changes), expected);
    }
    world.by(ADMIN, complete);
}

#[test]
fn whoever_leaves_a_group_takes_no_current_key_along() {
    renews(&[left(DEPLOY, agent(CI))], &[DEPLOY], &[PRODUCTION], &[]);
    renews(&[left(DEPLOY, user(EDITOR))], &[DEPLOY], &[PRODUCTION], &[]);
}

#[test]
fn whatever_a_group_granted_ends_with_it() {
    renews(&[Change::GroupDeleted { id: group(DEPLOY) }], &[], &[PRODUCTION], &[]);
    let revoked = Change::ProfileRevoked { profile: profile(PRODUCTION), group: group(DEPLOY) };
    renews(&[revoked], &[], &[PRODUCTION], &[]);
}

#[test]
fn an_agent_that_ends() {
    renews(&[Change::AgentDeleted { id: agent(CI) }], &[DEPLOY], &[PRODUCTION], &[]);
    renews(&[Change::AgentDeleted { id: agent(OTHER_AGENT) }], &[], &[], &[]);
    renews(&[Change::AgentRekeyed { id: agent(CI), keys: vec![keys(60)], until: None }], &[DEPLOY], &[PRODUCTION], &[]);
    // Two sets during a rotation: nothing ends yet.
    renews(
        &[Change::AgentRekeyed { id: agent(CI), keys: vec![keys(60), keys(CI)], until: Some(now()) }],
        &[],
        &[],
        &[],
    );
    renews(&[agent_changed(CI, "ci", AgentStatus::Inactive)], &[], &[], &[]);
}

#[test]
fn a_person_who_ends() {
    renews(&[Change::UserRemoved { id: user(EDITOR) }], &[DEPLOY], &[PRODUCTION], &[]);
    let rekeyed = Change::UserRekeyed { id: user(EDITOR), keys: keys(60), recovery: recovery(EDITOR) };
    renews(&[rekeyed], &[DEPLOY], &[PRODUCTION], &[]);
    renews(&[left(DEPLOY, user(EDITOR)), user_changed(EDITOR, Role::Auditor)], &[DEPLOY], &[PRODUCTION], &[]);
}

#[test]
fn what_is_deleted_with_it_needs_no_new_key() {
    let all = [left(DEPLOY, agent(CI)), Change::ProfileDeleted { id: profile(PRODUCTION) }];
    renews(&all, &[DEPLOY], &[], &[]);
    let all = [left(DEPLOY, agent(CI)), Change::GroupDeleted { id: group(DEPLOY) }];
    renews(&all, &[], &[PRODUCTION], &[]);
}

/// An owner's or admin's key could open and sign everything.
#[test]
fn an_admin_who_ends_renews_everything() {
    let world = World::acme();
    let roster = world.roster_change(&[OWNER], |roster| roster.admins.clear());
    let changes = vec![Change::UserRemoved { id: user(ADMIN) }, roster.clone()];
    let needs = Rekeys::required(&world.state, &changes);
    assert_eq!(needs.groups, BTreeSet::from([GroupId::ADMINS, group(DEPLOY), group(STAGING_TEAM)]));
    assert_eq!(needs.profiles, BTreeSet::from([profile(PRODUCTION), profile(STAGING)]));
    let complete = world.with_rekeys(changes.clone());
    for left_out in changes.len()..complete.len() {
        let mut partial = complete.clone();
        partial.remove(left_out);
        let rule = world.rule(OWNER, partial);
        assert!([NO_GROUP_EPOCH, NO_PROFILE_EPOCH, NOT_VOUCHED].contains(&rule), "{rule}");
    }
    world.clone().by(OWNER, complete);
    // The admin's keys end, not the admin: no less.
    let rekeyed = world.roster_change(&[OWNER], |roster| roster.admins[0].keys = keys(60));
    let changes = vec![Change::UserRekeyed { id: user(ADMIN), keys: keys(60), recovery: recovery(ADMIN) }, rekeyed];
    assert_eq!(Rekeys::required(&world.state, &changes).groups.len(), 3);
    // Users and roster say the same, or the statement is refused.
    let mismatch = "owners and admins change together with the roster, and only so";
    let alone = world.with_rekeys(vec![roster]);
    assert_eq!(world.rule(OWNER, alone), mismatch);
    let alone = world.with_rekeys(vec![Change::UserRemoved { id: user(ADMIN) }]);
    assert_eq!(world.rule(OWNER, alone), mismatch);
    let promoted = world.with_rekeys(vec![user_changed(EDITOR, Role::Admin)]);
    assert_eq!(world.rule(ADMIN, promoted), mismatch);
}

/// Two versions in one statement would hide the first one's endings from the rule above.
#[test]
fn a_roster_changes_once_in_a_statement() {
    let world = World::acme();
    let first = crate::directory_world::next_roster(world.state.roster());
    let first_signed = crate::directory_world::signed_by(&first, &[OWNER]);
    let mut second = first;
    second.version = second.version.next();
    second.prev = Some(first_signed.hash_as::<stronghold_protocol::roster::Roster>());
    second.admins.clear();
    let second = Change::RosterChanged { roster: crate::directory_world::signed_by(&second, &[OWNER]) };
    let changes = vec![Change::RosterChanged { roster: first_signed }, Change::UserRemoved { id: user(ADMIN) }, second];
    assert_eq!(world.rule(OWNER, changes), "a statement changes the roster once");
}

/// A group whose key opens what is no longer current takes nobody in.
#[test]
fn a_stale_group_takes_nobody_in_before_its_next_epoch() {
    const STALE: &str = "the group's key opens what is no longer current: a new member needs a new group epoch first";
    let mut world = World::acme();
    let epoch = next_profile_epoch(&world.state, profile(PRODUCTION));
    world.by(ADMIN, vec![epoch]);
    assert!(world.state.group(&group(DEPLOY)).unwrap().stale);
    assert!(!world.state.group(&group(STAGING_TEAM)).unwrap().stale);
    let joins = joined(DEPLOY, agent(OTHER_AGENT));
    assert_eq!(world.rule(ADMIN, vec![joins.clone()]), STALE);
    let renewed = next_group_epoch(&world.state, group(DEPLOY));
    world.by(ADMIN, vec![renewed, joins]);
    assert!(!world.state.group(&group(DEPLOY)).unwrap().stale);
}

fn wanted(world: &World, changes: &[Change], now: Timestamp) -> Vec<WantedSeal> {
    let draft = world.state.draft(changes.to_vec(), false, now).unwrap();
    draft.after().wanted_seals(Some(&world.state), changes, now)
}

fn objects(wanted: &[WantedSeal], to: u8) -> BTreeSet<SealedObject> {
    let key = keys(to).kem.key_id();
    wanted.iter().filter(|seal| seal.id.recipient == key).map(|seal| seal.id.object).collect()
}

/// The new keys are sealed to everybody who stays, and to nobody who left.
#[test]
fn new_keys_go_to_whoever_stays() {
    let mut world = World::acme();
    world.by(ADMIN, vec![joined(DEPLOY, agent(OTHER_AGENT))]);
    let changes = world.with_rekeys(vec![left(DEPLOY, agent(CI))]);
    let seals = wanted(&world, &changes, now());
    assert_eq!(objects(&seals, OTHER_AGENT), BTreeSet::from([SealedObject::GroupSeed(group(DEPLOY))]));
    assert_eq!(objects(&seals, EDITOR), BTreeSet::from([SealedObject::GroupSeed(group(DEPLOY))]));
    assert!(objects(&seals, CI).is_empty(), "it left");
    let after = world.clone().by(ADMIN, changes).state.clone();
    let to = |key: stronghold_protocol::crypto::sign::KeyId| -> BTreeSet<SealedObject> {
        seals.iter().filter(|seal| seal.id.recipient == key).map(|seal| seal.id.object).collect()
    };
    let production = SealedObject::ProfileKey(profile(PRODUCTION));
    assert_eq!(to(after.group(&group(DEPLOY)).unwrap().key.key_id()), BTreeSet::from([production]));
    assert_eq!(
        to(world.state.group(&group(DEPLOY)).unwrap().key.key_id()),
        BTreeSet::new(),
        "the old key gets nothing"
    );
    let admins = to(after.group(&GroupId::ADMINS).unwrap().key.key_id());
    let history = SealedObject::HistoryKey(profile(PRODUCTION));
    assert_eq!(admins, BTreeSet::from([production, history, SealedObject::GroupSeed(group(DEPLOY))]));
    assert!(seals.iter().all(|seal| seal.id.object != SealedObject::ProfileKey(profile(STAGING))));
}

#[test]
fn whoever_is_not_served_gets_no_seal_until_it_is_again() {
    let mut world = World::acme();
    world.by(ADMIN, vec![agent_changed(CI, "ci", AgentStatus::Inactive)]);
    let epoch = next_group_epoch(&world.state, group(DEPLOY));
    let seals = wanted(&world, std::slice::from_ref(&epoch), now());
    assert!(objects(&seals, CI).is_empty() && !objects(&seals, EDITOR).is_empty());
    world.by(ADMIN, vec![epoch]);
    let back = agent_changed(CI, "ci", AgentStatus::Active);
    assert_eq!(
        objects(&wanted(&world, std::slice::from_ref(&back), now()), CI),
        BTreeSet::from([SealedObject::GroupSeed(group(DEPLOY))])
    );
    world.by(ADMIN, vec![back]);
    // One that expires is not served from that moment on.
    let soon = Timestamp::from_millis(now().as_millis() + 1000).unwrap();
    let conditions = Conditions { expires_at: Some(soon), ..Conditions::default() };
    let expires = Change::AgentChanged {
        id: agent(CI),
        name: crate::directory_world::name("ci"),
        status: AgentStatus::Active,
        conditions,
    };
    world.by(ADMIN, vec![expires]);
    let epoch = next_group_epoch(&world.state, group(DEPLOY));
    assert!(!objects(&wanted(&world, std::slice::from_ref(&epoch), now()), CI).is_empty());
    assert!(objects(&wanted(&world, std::slice::from_ref(&epoch), soon), CI).is_empty());
}

#[test]
fn a_change_that_serves_no_other_keys_makes_no_seal_necessary() {
    let world = World::acme();
    assert!(wanted(&world, &[agent_changed(CI, "renamed", AgentStatus::Active)], now()).is_empty());
}

/// The key of `admins` opens everything else, and is itself opened by the keys of people alone.
#[test]
fn a_new_key_of_admins_gets_every_seed_but_its_own() {
    let world = World::acme();
    let epoch = next_group_epoch(&world.state, GroupId::ADMINS);
    let seals = wanted(&world, std::slice::from_ref(&epoch), now());
    let Change::GroupEpoch { key, .. } = &epoch else { panic!("{epoch:?}") };
    let mut expected = BTreeSet::from([DEPLOY, STAGING_TEAM].map(|number| SealedObject::GroupSeed(group(number))));
    for number in [PRODUCTION, STAGING] {
        expected.insert(SealedObject::ProfileKey(profile(number)));
        expected.insert(SealedObject::HistoryKey(profile(number)));
    }
    let key = key.key_id();
    let to_admins = seals.iter().filter(|seal| seal.id.recipient == key).map(|seal| seal.id.object);
    assert_eq!(to_admins.collect::<BTreeSet<_>>(), expected);
    let seed = BTreeSet::from([SealedObject::GroupSeed(GroupId::ADMINS)]);
    assert_eq!((objects(&seals, OWNER), objects(&seals, ADMIN)), (seed.clone(), seed));
    assert!(objects(&seals, EDITOR).is_empty() && objects(&seals, CI).is_empty());
}

#[test]
fn a_grant_with_history_opens_earlier_keys_and_one_without_does_not() {
    let world = World::acme();
    let key = world.state.group(&group(STAGING_TEAM)).unwrap().key.key_id();
    for (history, expected) in [(false, 1), (true, 2)] {
        let seals = wanted(&world, &[granted(PRODUCTION, STAGING_TEAM, false, history)], now());
        assert_eq!(seals.len(), expected);
        assert!(seals.iter().all(|seal| seal.id.recipient == key));
    }
}

/// What begins and ends in one statement never was: no key of what comes after it goes there.
#[test]
fn whoever_comes_and_goes_in_one_statement_gets_no_seal() {
    let world = World::acme();
    let changes = world.with_rekeys(vec![joined(DEPLOY, agent(OTHER_AGENT)), left(DEPLOY, agent(OTHER_AGENT))]);
    let seals = wanted(&world, &changes, now());
    assert!(objects(&seals, OTHER_AGENT).is_empty());
    assert_eq!(objects(&seals, CI), BTreeSet::from([SealedObject::GroupSeed(group(DEPLOY))]), "who stays does");

    let revoked = Change::ProfileRevoked { profile: profile(PRODUCTION), group: group(STAGING_TEAM) };
    let changes = world.with_rekeys(vec![granted(PRODUCTION, STAGING_TEAM, true, true), revoked]);
    let key = world.state.group(&group(STAGING_TEAM)).unwrap().key.key_id();
    let seals = wanted(&world, &changes, now());
    assert!(seals.iter().all(|seal| seal.id.recipient != key));
    assert!(seals.iter().any(|seal| seal.id.object == SealedObject::ProfileKey(profile(PRODUCTION))));
}

/// What an author who forgot cannot do is sign it anyway: author and reader run the same rule.
#[test]
fn an_author_cannot_draft_half_a_removal() {
    let world = World::acme();
    let drafted =
        world.state.draft(vec![left(DEPLOY, agent(CI))], true, now()).map(|draft| draft.sign(&[&signer(OWNER)]));
    assert_eq!(drafted.unwrap_err(), DirectoryRefusal::Incomplete(NO_GROUP_EPOCH));
}
