//! What must come with a change that ends an access; and rosters, which must say the same as the users do.

use super::{Scene, root_over};
use crate::directory_world::*;
use stronghold_protocol::{
    crypto::kem::PublicKeys,
    directory::{Change, ProfileLeaf, Role},
    id::GroupId,
    roster::Roster,
};

pub(super) fn cases(scene: &mut Scene) {
    let rekeyed = Change::UserRekeyed { id: user(EDITOR), keys: keys(98), recovery: recovery(EDITOR) };
    let agent_rekeyed = Change::AgentRekeyed { id: agent(CI), keys: vec![keys(99)], until: None };
    let demoted = vec![left(DEPLOY, user(EDITOR)), user_changed(EDITOR, Role::Auditor)];
    let endings: Vec<(&str, Vec<Change>)> = vec![
        ("an agent leaves", vec![left(DEPLOY, agent(CI))]),
        ("an editor leaves", vec![left(DEPLOY, user(EDITOR))]),
        ("an agent is deleted", vec![Change::AgentDeleted { id: agent(CI) }]),
        ("an agent's set of keys ends", vec![agent_rekeyed]),
        ("a user is removed", vec![Change::UserRemoved { id: user(EDITOR) }]),
        ("a user's keys end", vec![rekeyed]),
        ("an editor becomes an auditor", demoted),
        ("a group is deleted", vec![Change::GroupDeleted { id: group(DEPLOY) }]),
        ("a grant is revoked", vec![Change::ProfileRevoked { profile: profile(PRODUCTION), group: group(DEPLOY) }]),
    ];
    for (what, changes) in &endings {
        incomplete(scene, what, &[ADMIN], changes);
    }
    an_admin_ends(scene);
    promotion(scene);
    renewals(scene);
    stale(scene);
    rosters(scene);
}

/// Complete, the statement is accepted; and for each renewal that is left out, refused, with the leaves as they are then.
fn incomplete(scene: &mut Scene, what: &str, seeds: &[u8], changes: &[Change]) {
    let name = format!("{what}, with new keys");
    scene.accept(&name, seeds, changes);
    let world = scene.world.clone();
    let complete = world.with_rekeys(changes.to_vec());
    let by_owner = seeds.contains(&OWNER);
    let after = world.state.draft(complete.clone(), by_owner, now()).unwrap();
    let after = after.after();
    for at in changes.len()..complete.len() {
        let mut partial = complete.clone();
        let left_out = partial.remove(at);
        let mut leaves: Vec<ProfileLeaf> = after.profiles().map(|it| after.leaf(&it.id).unwrap()).collect();
        let missing = match left_out {
            Change::GroupEpoch { id: GroupId::ADMINS, .. } => "without the admins' next epoch".to_owned(),
            Change::GroupEpoch { id, .. } => format!("without the next epoch of group {}", id.as_bytes()[15]),
            Change::ProfileEpoch { id, .. } => {
                let before = world.state.leaf(&id).unwrap();
                for leaf in leaves.iter_mut().filter(|leaf| leaf.id == id) {
                    (leaf.epoch, leaf.commitment, leaf.vouched) = (before.epoch, before.commitment, before.vouched);
                }
                format!("without the next epoch of profile {}", id.as_bytes()[15])
            }
            Change::ProfileVouched { id, .. } => format!("without vouching for profile {}", id.as_bytes()[15]),
            other => panic!("{other:?} is no renewal"),
        };
        let root = root_over(leaves);
        let statement = world.forged(&partial, seeds, |header| {
            (header.state_root, header.roster) = (root, after.roster_ref());
        });
        let case = scene.case(&statement);
        scene.maker.reject(&name, &format!("{what}, {missing}"), &case);
    }
}

fn an_admin_ends(scene: &mut Scene) {
    let roster = scene.world.roster_change(&[OWNER], |roster| roster.admins.clear());
    let removed = [Change::UserRemoved { id: user(ADMIN) }, roster.clone()];
    incomplete(scene, "an admin is removed", &[OWNER], &removed);
    let demoted = [user_changed(ADMIN, Role::Editor), roster];
    incomplete(scene, "an admin becomes an editor", &[OWNER], &demoted);
    let rekeyed = scene.world.roster_change(&[OWNER], |roster| roster.admins[0].keys = keys(98));
    let keys_end = [Change::UserRekeyed { id: user(ADMIN), keys: keys(98), recovery: recovery(ADMIN) }, rekeyed];
    incomplete(scene, "an admin's keys end", &[OWNER], &keys_end);
    // A signing key that ends is an end, though the KEM key stays.
    let half = PublicKeys { kem: keys(ADMIN).kem, ..keys(98) };
    let new = half.clone();
    let rekeyed = scene.world.roster_change(&[OWNER], |roster| roster.admins[0].keys = new);
    let signing_ends = [Change::UserRekeyed { id: user(ADMIN), keys: half, recovery: recovery(ADMIN) }, rekeyed];
    incomplete(scene, "an admin's signing key alone ends", &[OWNER], &signing_ends);
    // The header is signed by a key of the roster after the statement too.
    let name = "an admin is removed, with new keys";
    let complete = scene.world.with_rekeys(removed.to_vec());
    let after = scene.world.state.draft(complete.clone(), true, now()).unwrap();
    let by = |scene: &Scene, seeds: &[u8]| {
        scene.world.forged(&complete, seeds, |header| {
            (header.state_root, header.roster) = (after.after().state_root(), after.after().roster_ref());
        })
    };
    let case = scene.case(&by(scene, &[ADMIN, OWNER]));
    scene.maker.accept_like(name, "an admin is removed, and signs it with an owner", &case);
    let case = scene.case(&by(scene, &[ADMIN]));
    scene.maker.reject(name, "an admin is removed, and alone signs it", &case);
}

/// An editor who becomes an admin writes as one: what the editor's key may have written is vouched for.
fn promotion(scene: &mut Scene) {
    let roster = scene.world.roster_change(&[OWNER], |roster| roster.admins.push(member(EDITOR)));
    incomplete(scene, "an editor becomes an admin", &[OWNER], &[user_changed(EDITOR, Role::Admin), roster]);
    // Of an admin in a group that writes nothing ends.
    let (name, world) = (scene.name, scene.world.clone());
    scene.world.by(ADMIN, vec![joined(DEPLOY, user(ADMIN))]);
    scene.name = "an admin is in a group";
    let case = serde_json::json!({ "org": scene.world.org, "statements": scene.world.statements });
    scene.maker.accept_like(name, scene.name, &case);
    let roster = scene.world.roster_change(&[OWNER], |roster| roster.owners.append(&mut roster.admins));
    scene.accept("an admin in a group becomes an owner", &[OWNER], &[user_changed(ADMIN, Role::Owner), roster]);
    (scene.name, scene.world) = (name, world);
}

/// Each key is renewed once.
fn renewals(scene: &mut Scene) {
    let twice = [(2, 98), (3, DEPLOY)].map(|(number, key)| Change::GroupEpoch {
        id: group(DEPLOY),
        epoch: epoch(number),
        key: kem(key),
    });
    scene.reject("group_epoch twice: a key goes and comes back", ADMIN, &twice);
    let twice = [(2, 2), (3, 1)].map(|(number, key)| Change::ProfileEpoch {
        id: profile(PRODUCTION),
        epoch: epoch(number),
        commitment: commitment(PRODUCTION, key),
        vouched: vouched(1),
    });
    scene.reject_with("profile_epoch twice: a key goes and comes back", ADMIN, &twice, |leaves| {
        leaves.iter_mut().filter(|leaf| leaf.id == profile(PRODUCTION)).for_each(|leaf| leaf.epoch = epoch(3));
    });
}

/// A group whose key opens what is no longer current takes nobody in.
fn stale(scene: &mut Scene) {
    let joins = joined(DEPLOY, agent(OTHER_AGENT));
    let renewed = next_profile_epoch(&scene.world.state, profile(PRODUCTION));
    let epoch = next_group_epoch(&scene.world.state, group(DEPLOY));
    scene.accept(
        "a member joins with the next epoch of profile and group",
        &[ADMIN],
        &[renewed.clone(), epoch, joins.clone()],
    );
    scene.reject_with(
        "a member joins a group whose profile has a new epoch",
        ADMIN,
        &[renewed, joins.clone()],
        |leaves| {
            for leaf in leaves.iter_mut().filter(|leaf| leaf.id == profile(PRODUCTION)) {
                (leaf.epoch, leaf.commitment) = (leaf.epoch.next(), commitment(PRODUCTION, 2));
            }
        },
    );
    let deleted = [Change::ProfileDeleted { id: profile(PRODUCTION) }, joins.clone()];
    scene.reject_with("a member joins a group whose profile is deleted", ADMIN, &deleted, |leaves| {
        leaves.retain(|leaf| leaf.id != profile(PRODUCTION));
    });
    let revoked = Change::ProfileRevoked { profile: profile(PRODUCTION), group: group(DEPLOY) };
    let revoked = scene.world.with_rekeys(vec![revoked, joins.clone()]);
    scene.reject_with("a member joins a group that a grant is revoked from", ADMIN, &revoked, |leaves| {
        for leaf in leaves.iter_mut().filter(|leaf| leaf.id == profile(PRODUCTION)) {
            (leaf.epoch, leaf.commitment) = (leaf.epoch.next(), commitment(PRODUCTION, 2));
            leaf.writers.clear();
        }
    });
    // In an earlier statement: the group is stale until its next epoch.
    let (name, world) = (scene.name, scene.world.clone());
    let renewed = next_profile_epoch(&scene.world.state, profile(PRODUCTION));
    scene.world.by(ADMIN, vec![renewed]);
    scene.name = "a profile's next epoch, and not its group's";
    let case = serde_json::json!({ "org": scene.world.org, "statements": scene.world.statements });
    scene.maker.accept_like(name, scene.name, &case);
    scene.reject("a member joins a group that was stale before", ADMIN, std::slice::from_ref(&joins));
    let epoch = next_group_epoch(&scene.world.state, group(DEPLOY));
    scene.accept("a member joins a stale group with its next epoch", &[ADMIN], &[epoch, joins]);
    (scene.name, scene.world) = (name, world);
}

/// Owners and admins are users with these roles and keys, and the other way round.
fn rosters(scene: &mut Scene) {
    let change = |scene: &Scene, seeds: &[u8], bend: fn(&mut Roster)| scene.world.roster_change(seeds, bend);
    let same = change(scene, &[OWNER], |_| {});
    scene.accept("roster_changed, by an owner's signature", &[ADMIN], std::slice::from_ref(&same));
    let mut reject = |what: &str, changes: &[Change], bend: &dyn Fn(&mut Vec<ProfileLeaf>)| {
        let root = scene.root(bend);
        let mut rosters = changes.iter().rev().filter_map(|change| match change {
            Change::RosterChanged { roster } => Some(roster.clone()),
            _ => None,
        });
        let named = rosters.next().map(|roster| {
            let said: Roster = serde_json::from_slice(&roster.payload.0).unwrap();
            stronghold_protocol::roster::RosterRef { version: said.version, hash: roster.hash_as::<Roster>() }
        });
        let statement = scene.world.forged(changes, &[OWNER], |header| {
            header.state_root = root;
            header.roster = named.unwrap_or(header.roster);
        });
        scene.reject_statement(what, &statement);
    };
    let world = crate::golden::directory::acme();
    let roster = |seeds: &[u8], bend: fn(&mut Roster)| world.roster_change(seeds, bend);
    let keep: &dyn Fn(&mut Vec<ProfileLeaf>) = &|_| {};
    reject("roster_changed: signed by an admin", &[roster(&[ADMIN], |_| {})], keep);
    reject("roster_changed: not signed", &[roster(&[], |_| {})], keep);
    reject("roster_changed: a version left out", &[roster(&[OWNER], |it| it.version = it.version.next())], keep);
    reject("roster_changed: another version before it", &[roster(&[OWNER], |it| it.prev = None)], keep);
    reject(
        "roster_changed: an owner more, whom no threshold of the new roster signed",
        &[
            roster(&[OWNER], |it| (it.owner_threshold, it.owners) = (2, vec![member(OWNER), member(EDITOR)])),
            user_changed(EDITOR, Role::Owner),
            Change::ProfileVouched { id: profile(PRODUCTION), vouched: vouched(1) },
        ],
        &|leaves| leaves.iter_mut().for_each(|leaf| leaf.writers.retain(|key| *key != sign_key(EDITOR))),
    );
    let stranger = roster(&[OWNER], |it| it.admins.push(member(99)));
    reject("roster_changed: an admin who is no user", &[stranger], keep);
    let more = roster(&[OWNER], |it| it.admins.push(member(AUDITOR)));
    reject("roster_changed: an admin who is an auditor", std::slice::from_ref(&more), keep);
    let other_keys = roster(&[OWNER], |it| {
        it.admins.push(stronghold_protocol::roster::RosterMember { user: user(AUDITOR), keys: keys(98) });
    });
    reject(
        "roster_changed: an admin with other keys than the user's",
        &[other_keys, user_changed(AUDITOR, Role::Admin)],
        keep,
    );
    let another = [Change::UserRemoved { id: user(ADMIN) }, user_changed(AUDITOR, Role::Admin)];
    reject("user_removed: an admin whom the roster names still, and another in their place", &another, keep);
    reject("user_changed: an admin whom the roster does not name", &[user_changed(AUDITOR, Role::Admin)], keep);
    reject(
        "user_changed: an owner whom the roster names as an admin",
        &[more, user_changed(AUDITOR, Role::Owner)],
        keep,
    );
    let swapped = roster(&[OWNER, ADMIN], |it| std::mem::swap(&mut it.owners, &mut it.admins));
    reject("roster_changed: owner and admin in each other's place, and the users as before", &[swapped], keep);
    let first = roster(&[OWNER], |_| {});
    let Change::RosterChanged { roster: envelope } = &first else { panic!("a roster") };
    let mut second: Roster = serde_json::from_slice(&envelope.payload.0).unwrap();
    (second.version, second.prev) = (second.version.next(), Some(envelope.hash_as::<Roster>()));
    let second = Change::RosterChanged { roster: signed_by(&second, &[OWNER]) };
    reject("roster_changed twice", &[first, second], keep);
}
