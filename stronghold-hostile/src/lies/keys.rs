//! Lies about the keys on the way to a profile: rightly sealed, and not the right ones.

use super::{Question, manifests, typed};
use crate::{Lie, database, operator::Operator, route::Route};
use serde_json::Value;
use stronghold_protocol::{
    api::{KeyPath, SealedProfile},
    crypto::kem::KemPublicKey,
    directory::Directory,
    id::{OrgId, ProfileId},
    manifest::Manifest,
    name::SecretName,
    number::Epoch,
    seal::{SealId, SealedObject},
};
use stronghold_sdk::{
    crypto::{
        identity::Identity,
        seal::{KemSecretKey, seal},
    },
    open::{PlainSecret, ProfileKey, SecretKind},
};

/// The server's own seed of a group, and its own master key.
const SEED: [u8; 32] = [0x5c; 32];
const MASTER: [u8; 32] = [0x5d; 32];

pub(super) fn tell(operator: &Operator, lie: Lie, question: &Question<'_>, json: &mut Value) -> Option<()> {
    let org = question.org.filter(|_| matches!(question.route, Route::Read | Route::Part))?;
    let (_, state) = database::directory(&operator.database, &org);
    let manifest: Manifest = {
        let signed = serde_json::from_value(json.pointer("/profile/manifest")?.clone()).unwrap();
        crate::bytes::payload(&signed)
    };
    let (profile, epoch) = (manifest.profile, manifest.epoch);
    if lie == Lie::WrongKeyRightlySigned {
        return (question.route == Route::Read)
            .then(|| typed(json, |reply| wrong_key(operator, &state, &org, reply)))?;
    }
    let mut keys: KeyPath = serde_json::from_value(json["keys"].clone()).unwrap();
    let group = state.group(&keys.group)?.key.clone();
    match lie {
        Lie::MasterKeyOfTheServer => keys.profile_key = master_key(&group, &org, profile, epoch).into(),
        Lie::GroupKeyOfTheServer => {
            let caller = caller(&state, question.asked.caller)?;
            let own = KemSecretKey::from_seed(&SEED);
            keys.group_seed = group_seed(&caller, &org, &keys, &SEED).into();
            keys.profile_key = master_key(&own.public_key(), &org, profile, epoch).into();
        }
        Lie::SealForAnother => keys.group_seed = group_seed(&operator.own.public_keys().kem, &org, &keys, &SEED).into(),
        _ => return None,
    }
    json["keys"] = serde_json::to_value(&keys).unwrap();
    Some(())
}

fn group_seed(to: &KemPublicKey, org: &OrgId, keys: &KeyPath, seed: &[u8; 32]) -> Vec<u8> {
    let id = SealId { object: SealedObject::GroupSeed(keys.group), epoch: keys.group_epoch, recipient: to.key_id() };
    seal(to, &id.info(org), seed).unwrap()
}

fn master_key(to: &KemPublicKey, org: &OrgId, profile: ProfileId, epoch: Epoch) -> Vec<u8> {
    let id = SealId { object: SealedObject::ProfileKey(profile), epoch, recipient: to.key_id() };
    seal(to, &id.info(org), &MASTER).unwrap()
}

/// The key to which a caller's seals go.
fn caller(state: &Directory, key_id: &str) -> Option<KemPublicKey> {
    let agents = state.agents().flat_map(|agent| agent.keys.iter());
    let mut all = agents.chain(state.users().map(|user| &user.keys));
    all.find(|keys| keys.sign.key_id().to_string() == key_id).map(|keys| keys.kem.clone())
}

/// A whole revision that opens, under a key that is not the profile's, signed by an admin.
fn wrong_key(operator: &Operator, state: &Directory, org: &OrgId, reply: &mut SealedProfile) -> Option<()> {
    let admin = Identity::from_seed(&operator.accomplices.admin?);
    let manifest: Manifest = crate::bytes::payload(&reply.profile.manifest);
    let key = ProfileKey::new(*org, manifest.profile, manifest.epoch, &MASTER);
    let plain = PlainSecret {
        name: SecretName::new("A").unwrap(),
        value: b"of the server's".to_vec().into(),
        kind: SecretKind::Value,
        note: None,
        updated_at: manifest.time,
    };
    let old = reply.secrets.first()?;
    reply.secrets = vec![key.seal_secret(old.id, old.version.next(), &plain).unwrap()];
    let group = state.group(&reply.keys.group)?.key.clone();
    reply.keys.profile_key = master_key(&group, org, manifest.profile, manifest.epoch).into();
    manifests::newer(operator, org, reply, admin.signing_key(), |manifest| manifest.commitment = key.commitment());
    Some(())
}
