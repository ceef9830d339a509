//! Groups and their members.

use crate::{
    directory_world::*,
    golden::directory::{GONE_AGENT, GONE_USER, Scene},
};
use stronghold_protocol::{
    crypto::kem::KemPublicKey,
    directory::{Change, ProfileLeaf},
    id::{GroupId, PrincipalId},
};

fn epoch_of(id: GroupId, number: u64, key: KemPublicKey) -> Change {
    Change::GroupEpoch { id, epoch: epoch(number), key }
}

pub(super) fn cases(scene: &mut Scene) {
    scene.accept("group_created", &[ADMIN], &[group_created(99, "new")]);
    scene.accept("group_epoch", &[ADMIN], &[epoch_of(group(DEPLOY), 2, kem(99))]);
    scene.accept("group_epoch of the admins", &[ADMIN], &[epoch_of(GroupId::ADMINS, 2, kem(99))]);
    scene.accept("group_deleted", &[ADMIN], &[Change::GroupDeleted { id: group(DEPLOY) }]);
    scene.accept("member_added: an agent", &[ADMIN], &[joined(DEPLOY, agent(OTHER_AGENT))]);
    scene.accept("member_added: an editor", &[ADMIN], &[joined(DEPLOY, user(STAGING_EDITOR))]);
    scene.accept("member_added: an admin", &[ADMIN], &[joined(DEPLOY, user(ADMIN))]);
    scene.accept("member_removed: an agent", &[ADMIN], &[left(DEPLOY, agent(CI))]);
    scene.accept("member_removed: an editor", &[ADMIN], &[left(DEPLOY, user(EDITOR))]);

    let mut reject = |name: &str, change: Change| scene.reject(name, ADMIN, &[change]);
    reject("group_created: an agent's id", group_created(CI, "new"));
    reject(
        "group_created: the id of the admins",
        Change::GroupCreated { id: GroupId::ADMINS, name: name("x"), key: kem(99) },
    );
    reject("group_created: a name that is taken", group_created(99, "deploy"));
    reject("group_created: the name of the admins", group_created(99, "admins"));
    reject("group_epoch: no such group", epoch_of(group(99), 2, kem(99)));
    reject("group_epoch: a number left out", epoch_of(group(DEPLOY), 3, kem(99)));
    reject("group_epoch: the same number", epoch_of(group(DEPLOY), 1, kem(99)));
    reject("group_epoch: the same key", epoch_of(group(DEPLOY), 2, kem(DEPLOY)));
    reject("group_epoch of the admins: the same key", epoch_of(GroupId::ADMINS, 2, kem(91)));
    reject("group_deleted: no such group", Change::GroupDeleted { id: group(99) });
    reject("group_deleted: the admins", Change::GroupDeleted { id: GroupId::ADMINS });
    let to_admins = |member: PrincipalId| Change::MemberAdded { group: GroupId::ADMINS, member };
    reject("member_added: to the admins", to_admins(agent(CI).into()));
    reject("member_added: no such group", joined(99, agent(CI)));
    reject("member_added: no such agent", joined(DEPLOY, agent(99)));
    reject("member_added: no such user", joined(DEPLOY, user(99)));
    reject("member_added: a deleted agent", joined(DEPLOY, agent(GONE_AGENT)));
    reject("member_added: a removed user", joined(DEPLOY, user(GONE_USER)));
    reject("member_added: an auditor", joined(DEPLOY, user(AUDITOR)));
    reject("member_added: a member", joined(DEPLOY, agent(CI)));
    reject(
        "member_removed: of the admins",
        Change::MemberRemoved { group: GroupId::ADMINS, member: user(OWNER).into() },
    );
    reject("member_removed: no such group", left(99, agent(CI)));
    // With new keys all the same, so that nothing else is missing.
    let renewed = |scene: &Scene, change: Change| scene.world.with_rekeys(vec![change]);
    let changes = renewed(scene, left(DEPLOY, agent(OTHER_AGENT)));
    scene.reject_with("member_removed: who is not in it", ADMIN, &changes, |leaves| renew(leaves, PRODUCTION));
}

/// A profile's next epoch, as `with_rekeys` makes it.
fn renew(leaves: &mut [ProfileLeaf], number: u8) {
    for leaf in leaves.iter_mut().filter(|leaf| leaf.id == profile(number)) {
        leaf.epoch = leaf.epoch.next();
        leaf.commitment = commitment(number, leaf.epoch.get());
    }
}
