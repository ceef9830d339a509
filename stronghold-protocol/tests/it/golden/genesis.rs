//! Genesis statements, for `docs/vectors/directory.json`.

use super::Maker;
use crate::directory_world::*;
use serde_json::json;
use stronghold_protocol::{
    crypto::hash::{Hash, object_hash},
    directory::{Body, Change, Header, Role, Statement, genesis_changes},
    encoding::Base64Bytes,
    id::{GroupId, OrgId},
    merkle,
    number::Seq,
    roster::{Roster, RosterRef},
    signed::Signed,
};

const GENESIS: &str = "a genesis of an owner and an admin";

struct Genesis {
    roster: Signed,
    changes: Vec<Change>,
}

impl Genesis {
    fn new() -> Self {
        let roster = signed_by(&first_roster(&[OWNER], &[ADMIN], 1), &[OWNER]);
        let owner = (user(OWNER), email(OWNER), keys(OWNER), recovery(OWNER));
        let mut changes = genesis_changes(roster.clone(), name("Acme"), sign_key(90), kem(91), owner);
        changes.push(confirmed(ADMIN, None, Role::Admin));
        Self { roster, changes }
    }

    fn case(&self, changes: &[Change], signers: &[u8], bend: impl FnOnce(&mut Header)) -> serde_json::Value {
        let org = OrgId(self.roster.hash_as::<Roster>().0);
        let body = serde_json::to_vec(&Body { changes: changes.to_vec() }).unwrap();
        let mut header = Header {
            org,
            seq: Seq::FIRST,
            prev: Hash::ZERO,
            time: now(),
            roster: RosterRef { version: stronghold_protocol::number::RosterVersion::FIRST, hash: Hash(org.0) },
            log_root: merkle::empty_root(),
            state_root: merkle::empty_root(),
            body: object_hash(Body::TYPE, &body),
        };
        bend(&mut header);
        let statement = Statement { header: signed_by(&header, signers), body: Base64Bytes(body) };
        json!({ "org": org, "statements": [statement] })
    }
}

pub(super) fn cases(maker: &mut Maker) {
    let genesis = Genesis::new();
    let good = genesis.case(&genesis.changes, &[OWNER], |_| {});
    maker.accept(GENESIS, &good);
    headers(maker, &genesis, &good);
    bodies(maker, &genesis);
}

fn headers(maker: &mut Maker, genesis: &Genesis, good: &serde_json::Value) {
    let mut reject = |what: &str, signers: &[u8], bend: &dyn Fn(&mut Header)| {
        maker.reject(GENESIS, what, &genesis.case(&genesis.changes, signers, bend));
    };
    reject("genesis: signed by an admin", &[ADMIN], &|_| {});
    reject("genesis: signed by a stranger", &[77], &|_| {});
    reject("genesis: not signed", &[], &|_| {});
    reject("genesis: of another organization", &[OWNER], &|header| header.org.0[0] ^= 1);
    reject("genesis: at position 1", &[OWNER], &|header| header.seq = header.seq.next());
    reject("genesis: with a predecessor", &[OWNER], &|header| header.prev = Hash([1; 32]));
    reject("genesis: another log root", &[OWNER], &|header| header.log_root = Hash::ZERO);
    reject("genesis: another state root", &[OWNER], &|header| header.state_root = Hash::ZERO);
    reject("genesis: another roster", &[OWNER], &|header| header.roster.hash = Hash([1; 32]));
    reject("genesis: another version of the roster", &[OWNER], &|header| {
        header.roster.version = header.roster.version.next();
    });
    reject("genesis: the hash of another body", &[OWNER], &|header| header.body = Hash([1; 32]));
    let mut other = good.clone();
    other["org"] = json!(OrgId([9; 32]));
    maker.reject(GENESIS, "genesis: another organization's id", &other);
    let mut flipped = good.clone();
    let mut header: Signed = serde_json::from_value(flipped["statements"][0]["header"].clone()).unwrap();
    header.signatures[0].signature.0[40] ^= 1;
    flipped["statements"][0]["header"] = serde_json::to_value(header).unwrap();
    maker.reject(GENESIS, "genesis: a bit of the signature flipped", &flipped);
    let mut none = good.clone();
    none["statements"].as_array_mut().unwrap().clear();
    maker.reject(GENESIS, "genesis: none", &none);
}

fn bodies(maker: &mut Maker, genesis: &Genesis) {
    let changes = &genesis.changes;
    let mut reject = |what: &str, changes: Vec<Change>| {
        maker.reject(GENESIS, what, &genesis.case(&changes, &[OWNER], |_| {}));
    };
    let and = |more: Change| [&changes[..], &[more]].concat();
    let instead = |at: usize, change: Change| {
        let mut changes = changes.clone();
        changes[at] = change;
        changes
    };
    reject("genesis: without the admin", changes[..5].to_vec());
    reject("genesis: without the owner", [&changes[..4], &changes[5..]].concat());
    reject("genesis: nobody", changes[..4].to_vec());
    reject("genesis: the admin twice", and(changes[5].clone()));
    reject("genesis: an editor too", and(confirmed(EDITOR, None, Role::Editor)));
    reject("genesis: an auditor too", and(confirmed(EDITOR, None, Role::Auditor)));
    reject("genesis: an owner whom the roster does not name", and(confirmed(EDITOR, None, Role::Owner)));
    reject("genesis: an agent too", and(agent_created(CI, "ci")));
    reject("genesis: a group too", and(group_created(DEPLOY, "deploy")));
    reject("genesis: the roster twice", and(changes[0].clone()));
    reject("genesis: the admin by invitation", instead(5, confirmed(ADMIN, Some(ADMIN), Role::Admin)));
    reject("genesis: the admin as an owner", instead(5, confirmed(ADMIN, None, Role::Owner)));
    reject("genesis: the admin with other keys than the roster's", instead(5, admin_with(keys(99), recovery(ADMIN))));
    reject("genesis: the admin's recovery kit is the owner's", instead(5, admin_with(keys(ADMIN), recovery(OWNER))));
    reject("genesis: the admin's recovery kit is the admin", instead(5, admin_with(keys(ADMIN), keys(ADMIN))));
    let epoch_of = |id: GroupId, number: u64| Change::GroupEpoch { id, epoch: epoch(number), key: kem(91) };
    reject("genesis: the admins' epoch is 2", instead(3, epoch_of(GroupId::ADMINS, 2)));
    reject("genesis: another group's epoch", instead(3, epoch_of(group(DEPLOY), 1)));
    reject("genesis: the admins' key twice", and(epoch_of(GroupId::ADMINS, 2)));
    let mut swapped = changes.clone();
    swapped.swap(1, 2);
    reject("genesis: policy after checkpoint key", swapped);
    let mut swapped = changes.clone();
    swapped.swap(3, 4);
    reject("genesis: the admins' key after the owner", swapped);
    let mut swapped = changes.clone();
    swapped.swap(0, 1);
    reject("genesis: the roster after the policy", swapped);
    reject("genesis: nothing but the roster", changes[..1].to_vec());
}

fn admin_with(
    keys: stronghold_protocol::crypto::kem::PublicKeys,
    recovery: stronghold_protocol::crypto::kem::PublicKeys,
) -> Change {
    let (id, email, role) = (user(ADMIN), email(ADMIN), Role::Admin);
    Change::UserConfirmed { id, invite: None, email, role, keys, recovery }
}
