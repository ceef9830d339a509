//! Profiles, grants, and purges.

use crate::{
    directory_world::*,
    golden::directory::{Scene, new_leaf},
};
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{Change, ProfileLeaf, Vouched},
    id::{GroupId, SecretId},
    manifest::KeyCommitment,
    number::Version,
};

fn renamed(number: u8, text: &str, to: u64) -> Change {
    Change::ProfileRenamed { id: profile(number), name: name(text), vouched: vouched(to) }
}

fn epoch_of(number: u8, to: u64, commitment: KeyCommitment, vouched: Vouched) -> Change {
    Change::ProfileEpoch { id: profile(number), epoch: epoch(to), commitment, vouched }
}

fn revoked(on: u8, from: u8) -> Change {
    Change::ProfileRevoked { profile: profile(on), group: group(from) }
}

fn purged(number: u8, versions: &[u64]) -> Change {
    let versions = versions.iter().map(|version| Version::new(*version).unwrap()).collect();
    Change::SecretPurged { profile: profile(number), secret: SecretId::from_bytes(id_bytes(200)), versions }
}

fn other_manifest() -> Vouched {
    Vouched { manifest: Hash([9; 32]), ..vouched(1) }
}

/// The leaf of `production`, bent.
fn production(leaves: &mut [ProfileLeaf], bend: impl Fn(&mut ProfileLeaf)) {
    leaves.iter_mut().filter(|leaf| leaf.id == profile(PRODUCTION)).for_each(bend);
}

pub(super) fn cases(scene: &mut Scene) {
    scene.accept("profile_created", &[ADMIN], &[profile_created(99, "new")]);
    scene.accept("profile_created before others", &[ADMIN], &[profile_created(29, "new")]);
    scene.accept("profile_renamed", &[ADMIN], &[renamed(PRODUCTION, "prod", 2)]);
    scene.accept("profile_epoch", &[ADMIN], &[epoch_of(PRODUCTION, 2, commitment(PRODUCTION, 2), vouched(1))]);
    scene.accept(
        "profile_vouched",
        &[ADMIN],
        &[Change::ProfileVouched { id: profile(PRODUCTION), vouched: vouched(7) }],
    );
    scene.accept(
        "profile_vouched: the same again",
        &[ADMIN],
        &[Change::ProfileVouched { id: profile(PRODUCTION), vouched: vouched(1) }],
    );
    scene.accept("profile_granted", &[ADMIN], &[granted(STAGING, DEPLOY, false, false)]);
    scene.accept("profile_granted: with write", &[ADMIN], &[granted(STAGING, DEPLOY, true, false)]);
    scene.accept("profile_granted: more than before", &[ADMIN], &[granted(PRODUCTION, DEPLOY, true, true)]);
    let grown = [granted(STAGING, DEPLOY, false, false), granted(STAGING, DEPLOY, true, false)];
    scene.accept("profile_granted: write, where there was none", &[ADMIN], &grown);
    scene.accept("profile_revoked", &[ADMIN], &[revoked(PRODUCTION, DEPLOY)]);
    scene.accept("profile_deleted", &[ADMIN], &[Change::ProfileDeleted { id: profile(PRODUCTION) }]);
    scene.accept("secret_purged", &[OWNER], &[purged(PRODUCTION, &[1, 2])]);
    profiles(scene);
    grants(scene);
    let mut reject = |name: &str, seed: u8, change: Change| scene.reject(name, seed, &[change]);
    reject("secret_purged: by an admin", ADMIN, purged(PRODUCTION, &[1]));
    reject("secret_purged: no version", OWNER, purged(PRODUCTION, &[]));
    reject("secret_purged: no such profile", OWNER, purged(99, &[1]));
}

fn profiles(scene: &mut Scene) {
    let mut created = |what: &str, change: Change, leaf: ProfileLeaf| {
        scene.reject_with(&format!("profile_created: {what}"), ADMIN, &[change], |leaves| leaves.push(leaf));
    };
    created("a group's id", profile_created(DEPLOY, "new"), new_leaf(DEPLOY, "new"));
    created("a name that is taken", profile_created(99, "production"), new_leaf(99, "production"));
    let late = Change::ProfileCreated {
        id: profile(99),
        name: name("new"),
        commitment: commitment(99, 1),
        vouched: vouched(2),
    };
    created("at revision 2", late, ProfileLeaf { vouched: vouched(2), ..new_leaf(99, "new") });
    let mut bends = |what: &str, change: Change, bend: &dyn Fn(&mut ProfileLeaf)| {
        scene.reject_with(what, ADMIN, &[change], |leaves| production(leaves, bend));
    };
    bends("profile_renamed: the same name", renamed(PRODUCTION, "production", 2), &|leaf| leaf.vouched = vouched(2));
    bends("profile_renamed: a name that is taken", renamed(PRODUCTION, "staging", 2), &|leaf| {
        (leaf.name, leaf.vouched) = (name("staging"), vouched(2));
    });
    bends("profile_renamed: without a newer revision", renamed(PRODUCTION, "prod", 1), &|leaf| {
        leaf.name = name("prod")
    });
    let to = |number: u64, key: u64, with: Vouched| epoch_of(PRODUCTION, number, commitment(PRODUCTION, key), with);
    bends("profile_epoch: a number left out", to(3, 2, vouched(1)), &|leaf| {
        (leaf.epoch, leaf.commitment) = (epoch(3), commitment(PRODUCTION, 2));
    });
    bends("profile_epoch: the same number", to(1, 2, vouched(1)), &|leaf| leaf.commitment = commitment(PRODUCTION, 2));
    bends("profile_epoch: the same commitment", to(2, 1, vouched(1)), &|leaf| leaf.epoch = epoch(2));
    bends("profile_epoch: another manifest of the revision vouched for", to(2, 2, other_manifest()), &|leaf| {
        (leaf.epoch, leaf.commitment, leaf.vouched) = (epoch(2), commitment(PRODUCTION, 2), other_manifest());
    });
    bends("profile_epoch: another manifest, which its leaf does not name", to(2, 2, other_manifest()), &|leaf| {
        (leaf.epoch, leaf.commitment) = (epoch(2), commitment(PRODUCTION, 2));
    });
    let vouching = |vouched: Vouched| Change::ProfileVouched { id: profile(PRODUCTION), vouched };
    bends("profile_vouched: another manifest of the same revision", vouching(other_manifest()), &|leaf| {
        leaf.vouched = other_manifest();
    });
    let mut reject = |name: &str, change: Change| scene.reject(name, ADMIN, &[change]);
    reject("profile_epoch: another manifest, and the leaves of before", to(2, 2, other_manifest()));
    reject("profile_renamed: no such profile", renamed(99, "x", 2));
    reject("profile_epoch: no such profile", epoch_of(99, 2, commitment(99, 2), vouched(1)));
    reject("profile_vouched: no such profile", Change::ProfileVouched { id: profile(99), vouched: vouched(2) });
    reject("profile_deleted: no such profile", Change::ProfileDeleted { id: profile(99) });
    let lowered = [vouching(vouched(3)), vouching(vouched(2))];
    scene.reject_with("profile_vouched: an older revision", ADMIN, &lowered, |leaves| {
        production(leaves, |leaf| leaf.vouched = vouched(2));
    });
}

fn grants(scene: &mut Scene) {
    let mut reject = |name: &str, change: Change| scene.reject(name, ADMIN, &[change]);
    let to_admins =
        Change::ProfileGranted { profile: profile(STAGING), group: GroupId::ADMINS, write: false, history: true };
    reject("profile_granted: to the admins", to_admins);
    reject("profile_granted: no such group", granted(PRODUCTION, 99, false, false));
    reject("profile_granted: no such profile", granted(99, DEPLOY, false, false));
    reject("profile_granted: the same as before", granted(PRODUCTION, DEPLOY, true, false));
    reject("profile_revoked: no such profile", revoked(99, DEPLOY));
    let without_writers = |leaves: &mut Vec<ProfileLeaf>| production(leaves, |leaf| leaf.writers.clear());
    scene.reject_with(
        "profile_granted: no write where there was",
        ADMIN,
        &[granted(PRODUCTION, DEPLOY, false, true)],
        without_writers,
    );
    let both = [granted(STAGING, DEPLOY, false, true), granted(STAGING, DEPLOY, true, false)];
    scene.reject_with("profile_granted: no history where there was", ADMIN, &both, |leaves| {
        for leaf in leaves.iter_mut().filter(|leaf| leaf.id == profile(STAGING)) {
            leaf.writers.push(sign_key(EDITOR));
            leaf.writers.sort_unstable();
        }
    });
    let none = scene.world.with_rekeys(vec![revoked(PRODUCTION, STAGING_TEAM)]);
    scene.reject_with("profile_revoked: no such grant", ADMIN, &none, |leaves| {
        production(leaves, |leaf| (leaf.epoch, leaf.commitment) = (epoch(2), commitment(PRODUCTION, 2)));
    });
}
