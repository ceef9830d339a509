//! What a directory is asked beside whether a statement applies; and the longest body.

use crate::directory_world::*;
use stronghold_protocol::{
    directory::{Body, Change, Conditions, DirectoryRefusal, Rekeys, Role},
    id::SecretId,
    limits,
    number::Version,
};

#[test]
fn a_body_is_at_most_16_mib() {
    let world = World::acme();
    let padded = |length: usize| {
        let mut body = serde_json::to_vec(&Body { changes: vec![group_created(99, "new")] }).unwrap();
        body.resize(length, b' ');
        world.state.append(&world.forged_bytes(body, &[ADMIN], |_| {}))
    };
    assert!(padded(limits::BODY_BYTES).is_ok());
    assert!(matches!(padded(limits::BODY_BYTES + 1), Err(DirectoryRefusal::Body(_))));
}

#[test]
fn the_first_purge_is_the_one_that_counts() {
    let mut world = World::acme();
    let (secret, version) = (SecretId::from_bytes(id_bytes(200)), Version::FIRST);
    let purge = Change::SecretPurged { profile: profile(PRODUCTION), secret, versions: vec![version] };
    world.by(OWNER, vec![purge.clone()]);
    let first = world.state.head().seq;
    world.by(OWNER, vec![purge]);
    let purged = &world.state.profile(&profile(PRODUCTION)).unwrap().purged;
    assert_eq!(purged.get(&(secret, version)).unwrap().seq, first);
}

#[test]
fn without_a_range_any_address_is_allowed() {
    assert!(Conditions::default().allow_address("192.0.2.1".parse().unwrap()));
}

#[test]
fn nothing_is_renewed_only_where_nothing_must_be() {
    let with = |bend: fn(&mut Rekeys)| {
        let mut rekeys = Rekeys::default();
        bend(&mut rekeys);
        rekeys.is_empty()
    };
    assert!(with(|_| {}));
    assert!(!with(|it| _ = it.groups.insert(group(DEPLOY))));
    assert!(!with(|it| _ = it.profiles.insert(profile(PRODUCTION))));
    assert!(!with(|it| _ = it.vouched.insert(profile(PRODUCTION))));
}

#[test]
fn an_invitation_is_found_by_its_key() {
    let mut world = World::acme();
    world.by(ADMIN, vec![invited(60, Role::Editor), invited(61, Role::Editor)]);
    for seed in [60, 61] {
        let (id, _) = world.state.invite_with_key(&sign_key(seed + 50).key_id()).unwrap();
        assert_eq!(id, invite(seed + 50));
    }
    assert!(world.state.invite_with_key(&sign_key(62).key_id()).is_none());
}

#[test]
fn who_is_removed_is_in_no_group() {
    let mut world = World::acme();
    assert_eq!(world.state.groups_of(&user(ADMIN).into()).len(), 1);
    let roster = world.roster_change(&[OWNER], |roster| roster.admins.clear());
    let changes = world.with_rekeys(vec![Change::UserRemoved { id: user(ADMIN) }, roster]);
    world.by(OWNER, changes);
    assert!(world.state.groups_of(&user(ADMIN).into()).is_empty());
}
