//! Steps 8 to 10: keys, the root over all secrets, and each secret.

use super::{EMPTY, Maker, PRODUCTION, STAGING, Scene, WHOLE};
use crate::forge::{Bend, Keys, NO_HASH, OTHER_AGENT, Plain, group, identity, profile_id, sealed};
use stronghold_sdk::{
    crypto::seal::KemSecretKey,
    protocol::{
        id::{GroupId, OrgId},
        manifest::Manifest,
        seal::{SealId, SealedObject},
        secret::{Part, SealedSecret},
    },
};

pub(super) fn cases(maker: &mut Maker, scene: &Scene) {
    keys(maker, scene);
    commitment(maker, scene);
    roots(maker, scene);
    secrets(maker, scene);
}

/// Step 8.
fn keys(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Keys)| {
        maker.reject(WHOLE, &format!("8: {what}"), &scene.whole(&Bend { keys: bend, ..Bend::default() }));
    };
    let other_id = |id: &SealId, object: SealedObject| SealId { object, ..*id };
    reject("the group's seed, sealed as another group's", &|it| {
        it.seed_id = other_id(&it.seed_id, SealedObject::GroupSeed(GroupId::ADMINS));
    });
    reject("the group's seed, sealed for another epoch", &|it| it.seed_id.epoch = it.seed_id.epoch.next());
    reject("the group's seed, sealed for another organization", &|it| it.seed_org = OrgId([9; 32]));
    reject("the group's seed, sealed as a profile's key", &|it| {
        it.seed_id = other_id(&it.seed_id, SealedObject::ProfileKey(profile_id(PRODUCTION)));
    });
    reject("the group's seed, sealed in the name of another key", &|it| {
        it.seed_id.recipient = identity(OTHER_AGENT).public_keys().kem.key_id();
    });
    reject("another seed than the group's", &|it| it.seed = vec![9; 32]);
    reject("a seed that is too short", &|it| it.seed.truncate(31));
    reject("a seed that is too long", &|it| it.seed.push(0));
    reject("the master key, sealed as another profile's", &|it| {
        it.master_id = other_id(&it.master_id, SealedObject::ProfileKey(profile_id(STAGING)));
    });
    reject("the master key, sealed as a history key", &|it| {
        it.master_id = other_id(&it.master_id, SealedObject::HistoryKey(profile_id(PRODUCTION)));
    });
    reject("the master key, sealed for another epoch", &|it| it.master_id.epoch = it.master_id.epoch.next());
    reject("the master key, sealed for another organization", &|it| it.master_org = OrgId([9; 32]));
    reject("a master key that is too short", &|it| it.master.truncate(31));
    let good = scene.whole(&Bend::default());
    let mut other = good.clone();
    other.reply.keys.group = GroupId::ADMINS;
    maker.reject(WHOLE, "8: another group", &other);
    let mut other = good.clone();
    other.reply.keys.group_epoch = other.reply.keys.group_epoch.next();
    maker.reject(WHOLE, "8: another epoch of the group", &other);
    let id = SealId {
        object: SealedObject::GroupSeed(group()),
        epoch: good.reply.keys.group_epoch,
        recipient: identity(crate::forge::AGENT).public_keys().kem.key_id(),
    };
    let mut other = good.clone();
    let to = identity(OTHER_AGENT).public_keys().kem;
    other.reply.keys.group_seed = sealed(&to, &id.info(&scene.forge.org), &[crate::forge::GROUP; 32]).into();
    maker.reject(WHOLE, "8: the group's seed, sealed to another agent", &other);
    let mut other = good.clone();
    other.reply.keys.profile_key.0[0] ^= 1;
    maker.reject(WHOLE, "8: a bit of the sealed master key flipped", &other);
    let mut other = good;
    let to = KemSecretKey::from_seed(&[9; 32]).public_key();
    let id = SealId {
        object: SealedObject::ProfileKey(profile_id(PRODUCTION)),
        epoch: id.epoch,
        recipient: KemSecretKey::from_seed(&[crate::forge::GROUP; 32]).public_key().key_id(),
    };
    other.reply.keys.profile_key = sealed(&to, &id.info(&scene.forge.org), &[PRODUCTION; 32]).into();
    maker.reject(WHOLE, "8: the master key, sealed to another group", &other);
}

/// Of a profile that holds nothing, nothing but the commitment tells a master key from another.
fn commitment(maker: &mut Maker, scene: &Scene) {
    let empty = |bend: &Bend<'_>| scene.case("empty", None, |request| scene.forge.read(EMPTY, request, bend));
    let name = "a profile that holds nothing";
    maker.accept(name, &empty(&Bend::default()));
    let other: &dyn Fn(&mut Keys) = &|it| it.master = vec![9; 32];
    maker.reject(name, "8: another master key than was committed to", &empty(&Bend { keys: other, ..Bend::default() }));
    let mut more = empty(&Bend::default());
    more.reply.secrets = scene.whole(&Bend::default()).reply.secrets;
    maker.reject(name, "9: secrets of a profile that holds nothing", &more);
}

/// Step 9.
fn roots(maker: &mut Maker, scene: &Scene) {
    let good = scene.whole(&Bend::default());
    let mut reject = |what: &str, bend: &dyn Fn(&mut Vec<SealedSecret>)| {
        let mut case = good.clone();
        bend(&mut case.reply.secrets);
        maker.reject(WHOLE, &format!("9: {what}"), &case);
    };
    reject("a secret left out", &|it| drop(it.pop()));
    reject("no secret", &|it| it.clear());
    reject("a secret twice", &|it| it.push(it[2].clone()));
    reject("secrets in another order", &|it| it.reverse());
    reject("another version", &|it| it[0].version = it[0].version.next());
    reject("two secrets with each other's ids", &|it| {
        let id = it[0].id;
        (it[0].id, it[1].id) = (it[1].id, id);
    });
    reject("two secrets with each other's values", &|it| {
        let value = it[0].value.clone();
        it[0].value = std::mem::replace(&mut it[1].value, value);
    });
    // What the manifest is right for, and not in the order of the blind indexes.
    let reversed: &dyn Fn(&mut Vec<SealedSecret>) = &|it| it.reverse();
    let unsorted = scene.whole(&Bend { secrets: reversed, ..Bend::default() });
    maker.reject(WHOLE, "9: secrets in another order, and a manifest for it", &unsorted);
    let mut of_manifest = |what: &str, bend: &dyn Fn(&mut Manifest)| {
        maker.reject(WHOLE, &format!("9: {what}"), &scene.whole(&Bend { manifest: bend, ..Bend::default() }));
    };
    of_manifest("a count above the number of secrets", &|it| it.count += 1);
    of_manifest("a count below the number of secrets", &|it| it.count -= 1);
    of_manifest("another root", &|it| it.root = NO_HASH);
}

/// Step 10: what an editor signed all the same.
fn secrets(maker: &mut Maker, scene: &Scene) {
    let mut reject = |what: &str, bend: &dyn Fn(&mut Plain)| {
        let mut forge = scene.forge.clone();
        bend(&mut forge.profiles.get_mut(&PRODUCTION).unwrap().secrets[0]);
        let bent = Scene { forge };
        maker.reject(WHOLE, &format!("10: {what}"), &bent.whole(&Bend::default()));
    };
    reject("ciphertexts of another organization", &|it| it.bound.org = OrgId([9; 32]));
    reject("ciphertexts of another profile", &|it| it.bound.profile = profile_id(STAGING));
    reject("ciphertexts of another epoch", &|it| it.bound.epoch = it.bound.epoch.next());
    reject("ciphertexts of another secret", &|it| {
        it.bound.secret = stronghold_sdk::protocol::id::SecretId::from_bytes([9; 16]);
    });
    reject("ciphertexts of another version", &|it| it.bound.version = it.bound.version.next());
    reject("a value that was encrypted as meta", &|it| it.bound.parts = [Part::Meta, Part::Meta]);
    reject("meta that was encrypted as a value", &|it| it.bound.parts = [Part::Value, Part::Value]);
    reject("under the blind index of another name", &|it| it.index = Some(scene.forge.index(PRODUCTION, "OTHER")));
    reject("under the blind index of its name in another profile", &|it| {
        it.index = Some(scene.forge.index(STAGING, "DATABASE_URL"));
    });
    let replaced = [
        ("an unknown member of meta", r#"{"name""#, r#"{"more":1,"name""#),
        ("a member of meta twice", r#""kind":"value""#, r#""kind":"value","kind":"value""#),
        ("no kind", r#""kind":"value","#, ""),
        ("an unknown kind", r#""kind":"value""#, r#""kind":"imagined""#),
        ("another name than its blind index", "DATABASE_URL", "DATABASE_URI"),
        ("a time in another form", ".000Z", "Z"),
        ("meta that is no JSON", "}", ""),
    ];
    for (what, from, to) in replaced {
        reject(what, &|it| {
            assert!(it.meta.contains(from), "{from}");
            it.meta = it.meta.replacen(from, to, 1);
        });
    }
    let mut forge = scene.forge.clone();
    let secret = &mut forge.profiles.get_mut(&PRODUCTION).unwrap().secrets[0];
    secret.meta = secret.meta.replacen("DATABASE_URL", "DATABASE=URL", 1);
    maker.reject(WHOLE, "10: a name that none may have", &Scene { forge }.whole(&Bend::default()));
}
