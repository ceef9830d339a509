//! What a thief of the database and one token can open: exactly that agent's profiles.

use crate::world::World;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use stronghold_sdk::{
    LocalIdentity,
    crypto::{
        identity::Identity,
        seal::{self, KemSecretKey},
    },
    open::ProfileKey,
    protocol::{
        id::{GroupId, OrgId, ProfileId, SecretId},
        number::{Epoch, Version},
        seal::{SealId, SealedObject},
        secret::{BlindIndex, SealedSecret},
    },
};

pub(crate) struct StolenSeal {
    pub(crate) object: SealedObject,
    pub(crate) epoch: Epoch,
    pub(crate) sealed: Vec<u8>,
}

fn bytes<const N: usize>(bytes: Vec<u8>) -> [u8; N] {
    bytes.try_into().unwrap()
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap()
}

pub(crate) fn seals(database: &Connection) -> Vec<StolenSeal> {
    let mut statement = database.prepare("SELECT kind, object, epoch, sealed FROM seals").unwrap();
    let rows = statement.query_map([], |row| {
        let (kind, id): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok((kind, id, row.get::<_, i64>(2)?, row.get::<_, Vec<u8>>(3)?))
    });
    rows.unwrap()
        .map(|row| {
            let (kind, id, epoch, sealed) = row.unwrap();
            let object = match kind.as_str() {
                "group_seed" => SealedObject::GroupSeed(GroupId::from_bytes(bytes(id))),
                "profile_key" => SealedObject::ProfileKey(ProfileId::from_bytes(bytes(id))),
                _ => SealedObject::HistoryKey(ProfileId::from_bytes(bytes(id))),
            };
            StolenSeal { object, epoch: Epoch::new(number(epoch)).unwrap(), sealed }
        })
        .collect()
}

pub(crate) fn secrets(database: &Connection) -> Vec<(ProfileId, Epoch, SealedSecret)> {
    let query = "SELECT c.profile, c.epoch, c.secret, c.version, c.meta, c.value, e.blind_index
        FROM ciphertexts c JOIN entries e USING (org, profile, secret, version, epoch, ciphertexts)";
    let mut statement = database.prepare(query).unwrap();
    let rows = statement.query_map([], |row| {
        let secret = SealedSecret {
            id: SecretId::from_bytes(bytes(row.get(2)?)),
            version: Version::new(number(row.get(3)?)).unwrap(),
            meta: row.get::<_, Vec<u8>>(4)?.into(),
            value: row.get::<_, Vec<u8>>(5)?.into(),
            index: BlindIndex(bytes(row.get(6)?)),
        };
        Ok((ProfileId::from_bytes(bytes(row.get(0)?)), Epoch::new(number(row.get(1)?)).unwrap(), secret))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Raw master keys by what they are of.
pub(crate) type MasterKeys = BTreeMap<(ProfileId, Epoch), [u8; 32]>;

/// Opens whatever opens, with every key that turns up on the way, until nothing new does; no history key may.
pub(crate) fn open_everything(
    org: OrgId,
    own: &KemSecretKey,
    stolen: &[StolenSeal],
) -> (BTreeSet<GroupId>, MasterKeys) {
    let (groups, masters, histories) = open_all(org, own, stolen);
    assert!(histories.is_empty(), "the history of {histories:?} opened");
    (groups, masters)
}

/// The same for whoever may open histories; which of them opened.
pub(crate) fn open_all(
    org: OrgId,
    own: &KemSecretKey,
    stolen: &[StolenSeal],
) -> (BTreeSet<GroupId>, MasterKeys, BTreeSet<(ProfileId, Epoch)>) {
    let mut keys = vec![own.clone()];
    let (mut groups, mut masters, mut histories) = (BTreeSet::new(), BTreeMap::new(), BTreeSet::new());
    let mut next = 0;
    while let Some(key) = keys.get(next).cloned() {
        next += 1;
        for StolenSeal { object, epoch, sealed } in stolen {
            let id = SealId { object: *object, epoch: *epoch, recipient: key.public_key().key_id() };
            let Ok(opened) = seal::open(&key, &id.info(&org), sealed) else { continue };
            let raw: [u8; 32] = opened.as_slice().try_into().unwrap();
            match object {
                SealedObject::GroupSeed(group) => {
                    groups.insert(*group);
                    let opened = KemSecretKey::from_seed(&raw);
                    if keys.iter().all(|known| known.public_key() != opened.public_key()) {
                        keys.push(opened);
                    }
                }
                SealedObject::ProfileKey(profile) => {
                    masters.insert((*profile, *epoch), raw);
                }
                SealedObject::HistoryKey(profile) => {
                    histories.insert((*profile, *epoch));
                }
            }
        }
    }
    (groups, masters, histories)
}

#[tokio::test]
async fn a_token_and_the_whole_database_open_exactly_the_agents_profiles() {
    let mut world = World::new().await;
    let mine = world.profile("mine", &[("MINE", "1"), ("MINE_TOO", "2")]).await;
    let also_mine = world.profile("also mine", &[("ALSO", "3")]).await;
    let theirs = world.profile("theirs", &[("THEIRS", "4")]).await;
    let group = world.group("a", &[mine, also_mine]).await;
    let other = world.group("b", &[theirs]).await;
    let token = world.token("A", &[group]).await;
    world.token("B", &[other]).await;
    // A key generation that A never had: rekeyed before and after A's time would both be others' work.
    let leaver = world.token("C", &[other]).await;
    world.session.remove_member(other, leaver.agent.into()).await.unwrap();

    let database = Connection::open(world.database()).unwrap();
    let (stolen, ciphertexts) = (seals(&database), secrets(&database));
    let identity = Identity::from_seed(&token.seed);
    assert_eq!(identity.public_keys(), LocalIdentity::from_token(&token).public_keys());
    let (groups, masters) = open_everything(token.org, identity.kem_key(), &stolen);
    assert_eq!(groups, BTreeSet::from([group]));
    assert_eq!(masters.keys().map(|(profile, _)| *profile).collect::<BTreeSet<_>>(), BTreeSet::from([mine, also_mine]));

    let (mut opened, mut tried) = (BTreeSet::new(), 0);
    for (profile, epoch, secret) in &ciphertexts {
        for ((_, _), raw) in &masters {
            // Every key on every ciphertext, in its own place: the place is what the server's operator knows anyway.
            tried += 1;
            let key = ProfileKey::new(token.org, *profile, *epoch, raw);
            if let Ok(plain) = key.open_secret(secret) {
                opened.insert((*profile, plain.name.expose().to_owned()));
            }
        }
    }
    let name = |profile, name: &str| (profile, name.to_owned());
    assert_eq!(opened, BTreeSet::from([name(mine, "MINE"), name(mine, "MINE_TOO"), name(also_mine, "ALSO")]));
    println!("tried {} seals and {tried} ciphertexts; opened {} profiles' and no other", stolen.len(), masters.len());
    assert!(stolen.len() > 10 && ciphertexts.len() >= 5);
}
