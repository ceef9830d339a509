//! People: invitations, users, and what only owners decide.

use crate::{
    directory_world::*,
    golden::directory::{CANCELLED, GONE_USER, INVITED, Scene},
};
use stronghold_protocol::{
    crypto::kem::PublicKeys,
    directory::{Change, Role},
    id::InviteId,
    name::Email,
};

fn inviting(id: InviteId, role: Role, to: &[u8]) -> Change {
    let groups = to.iter().map(|number| group(*number)).collect();
    Change::UserInvited { id, email: email(98), role, groups, key: sign_key(98), expires_at: now() }
}

/// Who joins by the open invitation.
struct Joining {
    id: u8,
    invite: Option<InviteId>,
    email: Email,
    role: Role,
    keys: PublicKeys,
    recovery: PublicKeys,
}

impl Joining {
    fn new() -> Self {
        Self {
            id: 98,
            invite: Some(invite(INVITED + 50)),
            email: email(INVITED),
            role: Role::Editor,
            keys: keys(98),
            recovery: recovery(98),
        }
    }

    fn change(self) -> Change {
        let Self { id, invite, email, role, keys, recovery } = self;
        Change::UserConfirmed { id: user(id), invite, email, role, keys, recovery }
    }
}

pub(super) fn cases(scene: &mut Scene) {
    scene.accept("user_invited", &[ADMIN], &[inviting(invite(99), Role::Editor, &[DEPLOY])]);
    scene.accept("user_invited: an address that is a member's", &[ADMIN], &[of_address(email(EDITOR))]);
    scene.accept("user_invited: an address that is invited", &[ADMIN], &[of_address(email(INVITED))]);
    scene.accept("invite_cancelled", &[ADMIN], &[Change::InviteCancelled { id: invite(INVITED + 50) }]);
    scene.accept("user_confirmed", &[ADMIN], &[Joining::new().change()]);
    scene.accept("user_changed: an address", &[ADMIN], &[address(email(98))]);
    scene.accept("user_changed: the address of one who is gone", &[ADMIN], &[address(email(GONE_USER))]);
    scene.accept(
        "user_changed: an auditor from now on",
        &[ADMIN],
        &[left(DEPLOY, user(EDITOR)), user_changed(EDITOR, Role::Auditor)],
    );
    scene.accept("user_rekeyed", &[ADMIN], &[rekeyed(EDITOR, keys(98), recovery(98))]);
    scene.accept("user_rekeyed: the recovery kit stays", &[ADMIN], &[rekeyed(EDITOR, keys(98), recovery(EDITOR))]);
    scene.accept("user_removed", &[ADMIN], &[Change::UserRemoved { id: user(EDITOR) }]);
    let policy = Change::PolicyChanged { name: name("Acme Inc.") };
    let key = Change::CheckpointKeyChanged { key: sign_key(98) };
    scene.accept("policy_changed", &[OWNER], std::slice::from_ref(&policy));
    scene.accept("checkpoint_key_changed", &[OWNER], std::slice::from_ref(&key));
    scene.reject("policy_changed: by an admin", ADMIN, &[policy]);
    scene.reject("checkpoint_key_changed: by an admin", ADMIN, &[key]);
    invitations(scene);
    users(scene);
}

fn of_address(email: Email) -> Change {
    let groups = Vec::new();
    Change::UserInvited { id: invite(99), email, role: Role::Editor, groups, key: sign_key(98), expires_at: now() }
}

fn address(email: Email) -> Change {
    Change::UserChanged { id: user(EDITOR), email, role: Role::Editor }
}

fn rekeyed(seed: u8, keys: PublicKeys, recovery: PublicKeys) -> Change {
    Change::UserRekeyed { id: user(seed), keys, recovery }
}

fn invitations(scene: &mut Scene) {
    let mut reject = |name: &str, change: Change| scene.reject(name, ADMIN, &[change]);
    reject("user_invited: an agent's id", inviting(InviteId::from_bytes(id_bytes(CI)), Role::Editor, &[]));
    reject("user_invited: an invitation's id", inviting(invite(CANCELLED + 50), Role::Editor, &[]));
    reject("user_invited: no such group", inviting(invite(99), Role::Editor, &[99]));
    reject("user_invited: an auditor in a group", inviting(invite(99), Role::Auditor, &[DEPLOY]));
    reject("invite_cancelled: no such invitation", Change::InviteCancelled { id: invite(99) });
    reject("invite_cancelled: a cancelled one", Change::InviteCancelled { id: invite(CANCELLED + 50) });
    reject("invite_cancelled: a used one", Change::InviteCancelled { id: invite(EDITOR + 50) });
    let mut joins = |what: &str, bend: &dyn Fn(&mut Joining)| {
        let mut joining = Joining::new();
        bend(&mut joining);
        scene.reject(&format!("user_confirmed: {what}"), ADMIN, &[joining.change()]);
    };
    joins("no such invitation", &|it| it.invite = Some(invite(99)));
    joins("a cancelled invitation", &|it| (it.invite, it.email) = (Some(invite(CANCELLED + 50)), email(CANCELLED)));
    joins("a used invitation", &|it| (it.invite, it.email) = (Some(invite(GONE_USER + 50)), email(GONE_USER)));
    joins("no invitation", &|it| it.invite = None);
    joins("another address than the invitation's", &|it| it.email = email(98));
    joins("another role than the invitation's", &|it| it.role = Role::Auditor);
    joins("a user's id", &|it| it.id = EDITOR);
    joins("an agent's id", &|it| it.id = CI);
    joins("a removed user's signing key", &|it| it.keys = keys(GONE_USER));
    joins("an agent's signing key", &|it| it.keys = keys(CI));
    joins("another's recovery kit", &|it| it.recovery = recovery(EDITOR));
    joins("an agent's signing key as a recovery kit", &|it| it.recovery = keys(CI));
    joins("the recovery kit is the signing key", &|it| it.recovery = keys(98));
    let twice = [
        Joining::new().change(),
        Joining { id: 97, keys: keys(97), recovery: recovery(97), ..Joining::new() }.change(),
    ];
    scene.reject("user_confirmed: an invitation used twice", ADMIN, &twice);
    let taken = Change::UserConfirmed {
        id: user(98),
        invite: Some(invite(99)),
        email: email(EDITOR),
        role: Role::Editor,
        keys: keys(98),
        recovery: recovery(98),
    };
    scene.reject("user_confirmed: an address that is taken", ADMIN, &[of_address(email(EDITOR)), taken]);
}

fn users(scene: &mut Scene) {
    let mut reject = |name: &str, change: Change| scene.reject(name, ADMIN, &[change]);
    reject("user_changed: no such user", user_changed(99, Role::Editor));
    reject("user_changed: a removed user", user_changed(GONE_USER, Role::Editor));
    reject("user_changed: an address that is taken", address(email(AUDITOR)));
    reject("user_rekeyed: no such user", rekeyed(99, keys(98), recovery(98)));
    reject("user_rekeyed: a removed user", rekeyed(GONE_USER, keys(98), recovery(98)));
    reject("user_removed: no such user", Change::UserRemoved { id: user(99) });
    reject("user_removed: a removed user", Change::UserRemoved { id: user(GONE_USER) });
    // An auditor is in no group and writes nothing: only the keys are wrong.
    reject("user_rekeyed: an agent's signing key", rekeyed(AUDITOR, keys(CI), recovery(AUDITOR)));
    reject("user_rekeyed: the keys in force", rekeyed(AUDITOR, keys(AUDITOR), recovery(AUDITOR)));
    reject("user_rekeyed: another's recovery kit", rekeyed(AUDITOR, keys(98), recovery(EDITOR)));
    reject("user_rekeyed: the recovery kit is the new signing key", rekeyed(AUDITOR, keys(98), keys(98)));
    reject("user_rekeyed: the recovery kit becomes the signing key", rekeyed(AUDITOR, recovery(AUDITOR), recovery(98)));
    // An auditor is in no group; what its role writes no more is vouched for.
    let demoted = scene.world.with_rekeys(vec![user_changed(EDITOR, Role::Auditor)]);
    scene.reject_with("user_changed: an auditor in a group", ADMIN, &demoted, |leaves| {
        leaves.iter_mut().for_each(|leaf| leaf.writers.retain(|key| *key != sign_key(EDITOR)));
    });
}
