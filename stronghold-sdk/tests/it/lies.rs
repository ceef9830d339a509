//! A server that lies, one lie at a time: each is an integrity error, and nothing is remembered.

use crate::{
    forged_answer::SERVER,
    world::{Wire, World},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use stronghold_sdk::{
    Agent, Client, ErrorKind,
    protocol::{audit::AuditRecord, crypto::sign::SigningKey, receipt::Receipt, token::AgentToken, transport::Reply},
};

struct Scene {
    world: World,
    agent: Agent<Client<Wire>>,
    wire: Wire,
    token: AgentToken,
}

async fn scene() -> Scene {
    let mut world = World::new().await;
    let production = world.profile("production", &[("A", "one"), ("B", "two"), ("C", "three")]).await;
    let staging = world.profile("staging", &[("A", "uno"), ("B", "due"), ("C", "tre")]).await;
    let group = world.group("deploy", &[production, staging]).await;
    let token = world.token("pipeline", &[group]).await;
    // Something happens after the token was made, so that its floor is not the newest header.
    world.group("later", &[]).await;
    // And a revision that nobody has vouched for yet: its signature counts.
    world.set(production, &[("C", "drei")]).await;
    let (agent, wire) = world.agent(&token);
    Scene { world, agent, wire, token }
}

/// Changes the JSON of replies to reads.
fn edit(
    edit: impl Fn(&mut Value) + Send + 'static,
) -> impl FnMut(&stronghold_sdk::protocol::request::SignedRequest, Reply) -> Reply + Send {
    move |_, reply| {
        let mut json: Value = serde_json::from_slice(&reply.body).unwrap();
        edit(&mut json);
        Reply { body: serde_json::to_vec(&json).unwrap(), ..reply }
    }
}

/// Flips one bit of base64url text.
fn flip(value: &mut Value) {
    let mut bytes = BASE64URL_NOPAD.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let last = bytes.len() - 1;
    bytes[last / 2] ^= 1;
    *value = BASE64URL_NOPAD.encode(&bytes).into();
}

/// Takes an element off a list.
fn shorten(value: &mut Value) {
    value.as_array_mut().unwrap().pop().unwrap();
}

/// A lie: its name, and what it does to a reply.
type Lie = (&'static str, fn(&mut Value));

const LIES: &[Lie] = &[
    ("another anchor", |r| r["chain"]["anchor"] = r["chain"]["head"].clone()),
    ("a flipped bit in the anchor", |r| flip(&mut r["chain"]["anchor"]["payload"])),
    ("a flipped bit in the roster", |r| flip(&mut r["chain"]["rosters"][0]["payload"])),
    ("no roster", |r| shorten(&mut r["chain"]["rosters"])),
    ("a flipped bit in the newest header", |r| flip(&mut r["chain"]["head"]["payload"])),
    ("a flipped bit in the header's signature", |r| flip(&mut r["chain"]["head"]["signatures"][0]["signature"])),
    ("an unsigned header", |r| shorten(&mut r["chain"]["head"]["signatures"])),
    ("another writer in the leaf", |r| {
        let key = r["profile"]["manifest"]["signatures"][0]["key"].clone();
        r["profile"]["leaf"]["leaf"]["writers"].as_array_mut().unwrap().push(key);
    }),
    ("another epoch in the leaf", |r| r["profile"]["leaf"]["leaf"]["epoch"] = 2.into()),
    ("another name in the leaf", |r| r["profile"]["leaf"]["leaf"]["name"] = "staging".into()),
    ("another place of the leaf", |r| {
        let index = r["profile"]["leaf"]["proof"]["index"].as_u64().unwrap();
        r["profile"]["leaf"]["proof"]["index"] = (index ^ 1).into();
    }),
    ("no path for the leaf", |r| shorten(&mut r["profile"]["leaf"]["proof"]["path"])),
    ("a flipped bit in the manifest", |r| flip(&mut r["profile"]["manifest"]["payload"])),
    ("a flipped bit in the manifest's signature", |r| {
        flip(&mut r["profile"]["manifest"]["signatures"][0]["signature"])
    }),
    ("a dropped secret", |r| shorten(&mut r["secrets"])),
    ("a doubled secret", |r| {
        let secret = r["secrets"][0].clone();
        r["secrets"].as_array_mut().unwrap().push(secret);
    }),
    ("reordered secrets", |r| r["secrets"].as_array_mut().unwrap().reverse()),
    ("another version", |r| r["secrets"][0]["version"] = 9.into()),
    ("swapped values", |r| {
        let first = r["secrets"][0]["value"].clone();
        r["secrets"][0]["value"] = r["secrets"][1]["value"].clone();
        r["secrets"][1]["value"] = first;
    }),
    ("swapped ids", |r| {
        let first = r["secrets"][0]["id"].clone();
        r["secrets"][0]["id"] = r["secrets"][1]["id"].clone();
        r["secrets"][1]["id"] = first;
    }),
    ("a flipped bit in a name", |r| flip(&mut r["secrets"][0]["meta"])),
    ("a flipped bit in a blind index", |r| flip(&mut r["secrets"][0]["index"])),
    ("a flipped bit in the group's seed", |r| flip(&mut r["keys"]["group_seed"])),
    ("a flipped bit in the master key", |r| flip(&mut r["keys"]["profile_key"])),
    ("another group", |r| r["keys"]["group"] = "00000000-0000-0000-0000-000000000000".into()),
    ("another epoch of the group", |r| r["keys"]["group_epoch"] = 7.into()),
    ("another position in the receipt", |r| r["receipt"]["position"] = 1.into()),
    ("another key in the receipt", |r| flip(&mut r["receipt"]["key"])),
    ("a flipped bit in the receipt's signature", |r| flip(&mut r["receipt"]["signature"])),
    ("a flipped bit in the record", |r| flip(&mut r["receipt"]["record"])),
    ("another action in the record", |r| rewrite(&mut r["receipt"], "\"profile.read\"", "\"profile.list\"")),
    ("a denial in the record", |r| rewrite(&mut r["receipt"], "\"allowed\"", "\"denied\"")),
    ("another path in the record", |r| {
        rewrite(&mut r["receipt"], "profiles/name-cHJvZHVjdGlvbg/read", "profiles/name-c3RhZ2luZw/read")
    }),
    ("another revision in the record", |r| rewrite(&mut r["receipt"], "\"revision\":3", "\"revision\":2")),
    ("another kind of caller in the record", |r| rewrite(&mut r["receipt"], "\"kind\":\"agent\"", "\"kind\":\"user\"")),
];

/// Replaces text in a receipt's record, which must hold it; the server signs that.
fn rewrite(value: &mut Value, from: &str, to: &str) {
    let receipt: Receipt = serde_json::from_value(value.clone()).unwrap();
    let org = AuditRecord::parse(&receipt.record.0).unwrap().org;
    let text = String::from_utf8(receipt.record.0).unwrap();
    assert!(text.contains(from), "the record holds no {from}: {text}");
    let record = text.replace(from, to).into_bytes().into();
    let forged = Receipt::sign(&org, receipt.position, record, &SigningKey::from_seed(&SERVER));
    *value = serde_json::to_value(forged).unwrap();
}

#[tokio::test]
async fn every_lie_is_an_integrity_error() {
    let Scene { world: _world, agent, wire, .. } = scene().await;
    for (name, lie) in LIES {
        wire.lies(edit(*lie));
        let error = agent.pull("production").await.err().unwrap_or_else(|| panic!("{name} was believed"));
        assert_eq!(error.kind(), ErrorKind::Integrity, "{name}: {error}");
        wire.is_honest_again();
        assert_eq!(agent.pull("production").await.unwrap().len(), 3, "after {name}, the truth is still believed");
    }
    println!("{} lies refused", LIES.len());
}

#[tokio::test]
async fn another_profile_is_not_taken_for_the_one_asked_for() {
    let Scene { world: _world, agent, wire, .. } = scene().await;
    let other: Arc<Mutex<Option<Vec<u8>>>> = Arc::default();
    let kept = Arc::clone(&other);
    wire.lies(move |_, reply| {
        *kept.lock().unwrap() = Some(reply.body.clone());
        reply
    });
    agent.pull("staging").await.unwrap();
    // The whole of staging's reply, true in itself, in place of production's.
    let whole = other.lock().unwrap().clone().unwrap();
    wire.lies(move |_, reply| Reply { body: whole.clone(), ..reply });
    assert_eq!(agent.pull("production").await.unwrap_err().kind(), ErrorKind::Integrity);
    // And parts of it.
    let staging: Value = serde_json::from_slice(&other.lock().unwrap().clone().unwrap()).unwrap();
    for part in ["profile", "keys", "secrets"] {
        let theirs = staging[part].clone();
        wire.lies(edit(move |reply| reply[part] = theirs.clone()));
        assert_eq!(agent.pull("production").await.unwrap_err().kind(), ErrorKind::Integrity, "{part}");
    }
}

#[tokio::test]
async fn nobody_is_taken_back() {
    let Scene { mut world, token, .. } = scene().await;
    let state = world.folder("state");
    let (agent, wire) = world.agent_with(&token, Some(state.clone()));
    let kept: Arc<Mutex<Vec<u8>>> = Arc::default();
    let copy = Arc::clone(&kept);
    wire.lies(move |_, reply| {
        *copy.lock().unwrap() = reply.body.clone();
        reply
    });
    agent.pull("production").await.unwrap();
    let before = kept.lock().unwrap().clone();
    wire.is_honest_again();
    let production = world.session.find_profile("production").unwrap().id;
    world.set(production, &[("A", "changed")]).await;
    agent.pull("production").await.unwrap();
    // The earlier reply, true in its time, with the record of the new request so that only its age can give it away.
    wire.lies(move |_, reply| {
        let (mut old, new): (Value, Value) =
            (serde_json::from_slice(&before).unwrap(), serde_json::from_slice(&reply.body).unwrap());
        old["receipt"] = new["receipt"].clone();
        Reply { body: serde_json::to_vec(&old).unwrap(), ..reply }
    });
    assert_eq!(agent.pull("production").await.unwrap_err().kind(), ErrorKind::Integrity);
    // Another process with the same memory refuses it too.
    let (second, second_wire) = world.agent_with(&token, Some(state));
    let old = kept.lock().unwrap().clone();
    second_wire.lies(move |_, reply| Reply { body: old.clone(), ..reply });
    let error = second.pull("production").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert!(error.to_string().contains("revision") || error.to_string().contains("older"), "{error}");
}

#[tokio::test]
async fn an_absent_secret_must_be_proven_absent() {
    let Scene { world: _world, agent, wire, .. } = scene().await;
    agent.pull("production").await.unwrap();
    assert!(agent.get("production", "A").await.unwrap().is_some());
    let hide: &[Lie] = &[
        ("a hidden secret", |r| shorten(&mut r["part"]["present"])),
        ("a moved secret", |r| {
            let index = r["part"]["present"][0]["proof"]["index"].as_u64().unwrap();
            r["part"]["present"][0]["proof"]["index"] = ((index + 1) % 3).into();
        }),
        ("a changed secret", |r| flip(&mut r["part"]["present"][0]["secret"]["value"])),
    ];
    for (name, lie) in hide {
        wire.lies(edit(*lie));
        let error = agent.get("production", "A").await.err().unwrap_or_else(|| panic!("{name} was believed"));
        assert_eq!(error.kind(), ErrorKind::Integrity, "{name}: {error}");
    }
    wire.lies(edit(|r| r["part"]["neighbours"].as_array_mut().unwrap().clear()));
    assert_eq!(agent.get("production", "ABSENT").await.unwrap_err().kind(), ErrorKind::Integrity);
    wire.is_honest_again();
    assert!(agent.get("production", "ABSENT").await.unwrap().is_none());
}

#[tokio::test]
async fn a_person_is_not_lied_to_either() {
    let Scene { mut world, .. } = scene().await;
    let changed: &[Lie] = &[
        ("a flipped bit in a header", |r| flip(&mut r["statements"][0]["header"]["payload"])),
        ("a flipped bit in a body", |r| flip(&mut r["statements"][0]["body"])),
        ("a withheld statement", |r| {
            r["statements"].as_array_mut().unwrap().remove(0);
        }),
        ("no statement where there is one", |r| r["statements"].as_array_mut().unwrap().clear()),
        ("an older head", |r| r["head"]["seq"] = 1.into()),
    ];
    // Somebody else, on another device, makes two statements that this session has not seen.
    let mut elsewhere = world.second_session().await;
    elsewhere.create_group("one".parse().unwrap()).await.unwrap();
    elsewhere.create_group("two".parse().unwrap()).await.unwrap();
    let before = world.session.directory().head();
    for (name, lie) in changed {
        world.wire.lies(edit(*lie));
        let error = world.session.sync().await.err().unwrap_or_else(|| panic!("{name} was believed"));
        assert_eq!(error.kind(), ErrorKind::Integrity, "{name}: {error}");
        assert_eq!(world.session.directory().head(), before, "{name} changed the session");
    }
    world.wire.is_honest_again();
    world.session.sync().await.unwrap();
    assert_eq!(world.session.directory().head(), elsewhere.directory().head());
}
