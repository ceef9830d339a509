//! Answers to reads are logged, or not believed: to a person by the key that the directory names, to an agent as far as it
//! can tell.

use crate::{
    forged_answer::{SERVER, deny},
    world::{Wire, World},
};
use serde_json::Value;
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{Account, Recover},
    protocol::{
        audit::AuditRecord,
        crypto::{hash::Hash, sign::SigningKey},
        directory::Role,
        id::OrgId,
        receipt::Receipt,
    },
};
use zeroize::Zeroizing;

/// A key that is not the server's.
const OTHER: [u8; 32] = [7; 32];

/// Changes a record, and says by which key it is signed then.
type Lie = fn(&mut AuditRecord) -> [u8; 32];

const LIES: &[(&str, Lie)] = &[
    ("a denial", |record| {
        deny(record);
        SERVER
    }),
    ("another action", |record| {
        record.action = "seal.read".to_owned();
        SERVER
    }),
    ("another principal", |record| {
        record.principal = None;
        SERVER
    }),
];

/// What a directory is needed for.
const BY_DIRECTORY: &[(&str, Lie)] = &[
    ("another key", |_| OTHER),
    ("another header", |record| {
        record.directory.hash = Hash([1; 32]);
        SERVER
    }),
];

/// Forges the receipts of the answers to requests whose path ends so.
fn forge(wire: &Wire, org: OrgId, path: &'static str, lie: Lie) {
    wire.lies(move |request, mut reply| {
        if request.parts().path().ends_with(path) {
            let mut json: Value = serde_json::from_slice(&reply.body).unwrap();
            let receipt: Receipt = serde_json::from_value(json["receipt"].clone()).unwrap();
            let mut record = AuditRecord::parse(&receipt.record.0).unwrap();
            let key = SigningKey::from_seed(&lie(&mut record));
            let forged = Receipt::sign(&org, receipt.position, record.encode().unwrap().into(), &key);
            json["receipt"] = serde_json::to_value(forged).unwrap();
            reply.body = serde_json::to_vec(&json).unwrap();
        }
        reply
    });
}

fn refused<T>(result: Result<T, Error>, path: &str, name: &str) {
    let error = result.err().unwrap_or_else(|| panic!("{name} was believed of {path}"));
    assert_eq!(error.kind(), ErrorKind::Integrity, "{path}, {name}: {error}");
}

#[tokio::test]
async fn a_person_believes_no_read_that_is_not_logged() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("KEY", "value")]).await;
    let org = world.owner.org;
    for (name, lie) in LIES.iter().chain(BY_DIRECTORY) {
        for path in ["/profiles", "/read", "/secrets", "/revisions", "/acceptances", "/key-requests"] {
            forge(&world.wire, org, path, *lie);
            match path {
                "/profiles" => refused(world.session.list_profiles().await, path, name),
                "/read" => refused(world.session.open_profile(profile).await, path, name),
                "/secrets" => refused(world.session.verify_evidence(profile).await, path, name),
                "/revisions" => refused(world.session.history(profile).await, path, name),
                "/acceptances" => refused(world.session.acceptances().await, path, name),
                _ => refused(world.session.key_requests().await, path, name),
            }
            world.wire.is_honest_again();
        }
    }
}

#[tokio::test]
async fn a_recovery_kit_opens_nothing_that_is_not_logged() {
    let mut world = World::new().await;
    let code = world.invited("member", Role::Editor, &[]).await;
    let member = world.accept(&code, "member").await.unwrap();
    let _made = world.session.confirm_user(code.invite, member.fingerprint).await.unwrap();
    for (name, lie) in LIES.iter().chain(BY_DIRECTORY) {
        for path in ["/recovery", "/account/registration"] {
            forge(&world.wire, world.owner.org, path, *lie);
            let password = Zeroizing::new("correct horse battery".to_owned());
            let recover = Recover { kit: member.recovery_kit.clone(), password, floor: None };
            refused(Account::recover(&world.wire_client(), recover).await, path, name);
            world.wire.is_honest_again();
        }
    }
}

#[tokio::test]
async fn an_agent_checks_what_it_can() {
    let mut world = World::new().await;
    let profile = world.profile("production", &[("KEY", "value")]).await;
    let group = world.group("deploy", &[profile]).await;
    let token = world.token("pipeline", &[group]).await;
    let org = world.owner.org;
    let (agent, wire) = world.agent(&token);
    agent.pull("production").await.unwrap();
    for (name, lie) in LIES {
        forge(&wire, org, "/profiles", *lie);
        refused(agent.profiles().await, "/profiles", name);
        forge(&wire, org, "/whoami", *lie);
        refused(agent.who_am_i().await, "/whoami", name);
    }
    for (name, lie) in BY_DIRECTORY {
        forge(&wire, org, "/profiles", *lie);
        refused(agent.profiles().await, "/profiles", name);
        forge(&wire, org, "/read", *lie);
        refused(agent.pull("production").await, "/read", name);
    }
    forge(&wire, org, "/whoami", |_| OTHER);
    refused(agent.who_am_i().await, "/whoami", "another key");
    // From the first receipt on, a key of the server's own making is not told from the directory's: docs/protocol.md says so.
    let (fresh, wire) = world.agent(&token);
    forge(&wire, org, "/read", |_| OTHER);
    fresh.pull("production").await.unwrap();
}
