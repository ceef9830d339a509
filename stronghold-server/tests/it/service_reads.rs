//! What a reader gets: exactly what the protocol's checks accept, and a record of it.

use crate::world::*;
use stronghold_protocol::{
    api::{DirectoryPage, ProfileList, SealedPart, SealedProfile, SealsQuery, SealsReply, WhoAmI},
    audit::{AuditRecord, Outcome, Released},
    crypto::hash::sha256,
    directory::{Conditions, Directory, Role},
    evidence::{Anchor, ProfileSelector},
    number::Seq,
    request::Authority,
    seal::SealedObject,
    secret::BlindIndex,
    transport::Transport,
};

/// A world with `production` (three secrets) granted to `deploy`, and an agent in it.
async fn furnished() -> (World<stronghold_server::store::sqlite::SqliteStore>, Actor) {
    let mut world = World::new().await;
    world.create_profile("production").await;
    world.create_profile("staging").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("CI/CD Pipeline", &[group], Conditions::default()).await;
    let owner = Actor::user("owner");
    let puts = ["A", "B", "C"].map(|label| secret(label, 1, "")).to_vec();
    world.write(&owner, "production", puts, Vec::new()).await;
    (world, agent)
}

fn anchor<S>(world: &World<S>, seq: u64) -> Anchor {
    let hash = world.genesis.header.hash_as::<stronghold_protocol::directory::Header>();
    assert_eq!(seq, 0);
    Anchor { org: world.org, seq: Seq::FIRST, hash: hash.0.to_vec(), remembered: None, roster: None }
}

#[tokio::test]
async fn a_read_verifies_from_the_genesis_to_each_secret() {
    let (world, agent) = furnished().await;
    let answer = world.read(&agent, "production").await;
    let sealed: SealedProfile = reply(&answer);
    let trusted = sealed.chain.verify(&anchor(&world, 0)).unwrap();
    assert_eq!(trusted.head(), world.directory.head());
    let asked = ProfileSelector::Name(name("production"));
    let profile = sealed.profile.verify(&trusted, &asked, &[], None).unwrap();
    profile.check_secrets(&sealed.secrets).unwrap();
    assert_eq!(sealed.secrets.len(), 3);
    assert_eq!(sealed.keys.group, world.group_id("deploy"));
}

#[tokio::test]
async fn every_anchor_and_remembered_header_is_proven() {
    let (mut world, agent) = furnished().await;
    // Tree sizes from 5 to 21, so that proofs run through complete and ragged trees alike.
    for round in 0..16 {
        let head = world.directory.head().seq.get();
        for remembered in 0..=head {
            let query = format!("anchor=0&remembered={remembered}");
            let answer = world.get(&agent, &world.profile_path("production", "read"), &query).await;
            let sealed: SealedProfile = reply(&answer);
            let header = {
                let page: DirectoryPage =
                    reply(&world.get(&world.owner, &world.path("directory"), &format!("from={remembered}")).await);
                let hash = page.statements[0].header.hash_as::<stronghold_protocol::directory::Header>();
                stronghold_protocol::directory::HeaderRef { seq: Seq::new(remembered).unwrap(), hash }
            };
            let anchor = Anchor { remembered: Some(header), ..anchor(&world, 0) };
            sealed.chain.verify(&anchor).unwrap();
        }
        world.create_profile(&format!("other {round}")).await;
    }
}

#[tokio::test]
async fn a_reply_carries_its_record_and_the_log_holds_it() {
    let (world, agent) = furnished().await;
    let sealed: SealedProfile = reply(&world.read(&agent, "production").await);
    let record = AuditRecord::parse(&sealed.receipt.record.0).unwrap();
    assert_eq!(record.outcome, Outcome::Allowed);
    assert_eq!(record.principal, Some(agent.id));
    assert_eq!(record.address.as_deref(), Some("192.0.2.7"));
    assert_eq!(record.directory, world.directory.head());
    record.verify_request_signature(&agent.keys.sign).unwrap();
    let known = &world.known[&world.profile_id("production")];
    let released = Released::Profile {
        profile: world.profile_id("production"),
        revision: known.manifest.revision,
        manifest: known.hash,
    };
    assert_eq!(record.released, Some(released));
    assert_eq!(world.records().await.last(), Some(&record));
}

#[tokio::test]
async fn a_partial_read_proves_presence_and_absence() {
    let (world, agent) = furnished().await;
    let asked: Vec<BlindIndex> =
        ["A", "absent", "C", "also absent"].map(|label| BlindIndex(sha256(&[b"index", label.as_bytes()]).0)).to_vec();
    let indexes: Vec<String> = asked.iter().map(|index| format!("&index={index}")).collect();
    let query = format!("anchor=0{}", indexes.concat());
    let answer = world.get(&agent, &world.profile_path("production", "secrets"), &query).await;
    let part: SealedPart = reply(&answer);
    let trusted = part.chain.verify(&anchor(&world, 0)).unwrap();
    let profile = part.profile.verify(&trusted, &ProfileSelector::Name(name("production")), &[], None).unwrap();
    let verified = part.part.verify(&profile, &asked).unwrap();
    assert_eq!((verified.present.len(), verified.absent.len()), (2, 2));
    let record = AuditRecord::parse(&part.receipt.record.0).unwrap();
    let Some(Released::Secrets { secrets, absent, .. }) = record.released else { panic!("{record:?}") };
    assert_eq!((secrets.len(), absent.len()), (2, 2));
}

#[tokio::test]
async fn absence_in_an_empty_profile_is_proven() {
    let (mut world, _) = furnished().await;
    let group = world.create_group("testers", &["staging"], false).await;
    let agent = world.create_agent("tester", &[group], Conditions::default()).await;
    let asked = [BlindIndex([5; 32])];
    let query = format!("anchor=0&index={}", asked[0]);
    let part: SealedPart = reply(&world.get(&agent, &world.profile_path("staging", "secrets"), &query).await);
    let trusted = part.chain.verify(&anchor(&world, 0)).unwrap();
    let profile = part.profile.verify(&trusted, &ProfileSelector::Name(name("staging")), &[], None).unwrap();
    assert_eq!(part.part.verify(&profile, &asked).unwrap().absent, asked);
}

#[tokio::test]
async fn a_missing_and_a_forbidden_profile_answer_with_the_same_bytes() {
    let (world, agent) = furnished().await;
    for route in ["read", "secrets"] {
        let mut answers = Vec::new();
        for profile in ["staging", "no such profile", &world.profile_id("staging").to_string()] {
            let path = format!(
                "{}/{}/{route}",
                world.path("profiles"),
                stronghold_protocol::api::profile_segment(&profile.parse().unwrap())
            );
            answers.push(world.get(&agent, &path, "anchor=0").await);
        }
        assert_eq!(code(&answers[0]), "not_found");
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    // Each of them is in the log nevertheless.
    let denied = world.records().await.into_iter().filter(|record| record.outcome == Outcome::Denied);
    assert_eq!(denied.filter(|record| record.principal == Some(agent.id)).count(), 6);
}

#[tokio::test]
async fn a_list_holds_exactly_what_the_caller_may_read() {
    let (mut world, agent) = furnished().await;
    let editor = world.create_user("editor", Role::Editor, &[]).await;
    let names = async |who: &Actor| {
        let list: ProfileList = reply(&world.get(who, &world.path("profiles"), "anchor=0").await);
        let trusted = list.chain.verify(&anchor(&world, 0)).unwrap();
        list.profiles.iter().for_each(|listed| listed.entry.verify(&trusted.state_root()).unwrap());
        list.profiles.into_iter().map(|listed| (listed.entry.leaf.name.to_string(), listed.count)).collect::<Vec<_>>()
    };
    assert_eq!(names(&agent).await, [("production".to_owned(), 3)]);
    assert_eq!(names(&world.owner).await, [("production".to_owned(), 3), ("staging".to_owned(), 0)]);
    assert!(names(&editor).await.is_empty());
}

#[tokio::test]
async fn whoami_tells_the_caller_what_it_is() {
    let (world, agent) = furnished().await;
    let who: WhoAmI = reply(&world.get(&agent, &world.path("whoami"), "").await);
    assert_eq!((who.principal, who.name.as_str(), who.org_name), (agent.id, "CI/CD Pipeline", name("Acme")));
    let who: WhoAmI = reply(&world.get(&world.owner, &world.path("whoami"), "").await);
    assert_eq!(who.name, "owner@acme.example");
}

#[tokio::test]
async fn the_directory_replays_to_the_head_page_by_page() {
    let (world, _) = furnished().await;
    let page: DirectoryPage = reply(&world.get(&world.owner, &world.path("directory"), "from=0").await);
    let (genesis, rest) = page.statements.split_first().unwrap();
    let mut directory = Directory::genesis(genesis, &world.org).unwrap();
    for statement in rest {
        directory = directory.append(statement).unwrap();
    }
    assert_eq!(directory.head(), page.head);
    assert_eq!(page.head, world.directory.head());
    let beyond = page.head.seq.get() + 1;
    let page: DirectoryPage =
        reply(&world.get(&world.owner, &world.path("directory"), &format!("from={beyond}")).await);
    assert!(page.statements.is_empty());
}

#[tokio::test]
async fn seals_go_only_to_keys_that_the_caller_holds() {
    let (mut world, _) = furnished().await;
    let group = world.group_id("deploy");
    let editor = world.create_user("editor", Role::Editor, &[group]).await;
    let outsider = world.create_user("outsider", Role::Editor, &[]).await;
    let production = world.profile_id("production");
    let query = SealsQuery {
        objects: vec![
            SealedObject::GroupSeed(group),
            SealedObject::ProfileKey(production),
            SealedObject::HistoryKey(production),
        ],
        histories: true,
    };
    let path = world.path("seals");
    let seals = async |who: &Actor| reply::<SealsReply>(&world.post(who, &path, &query).await).seals;
    let editors = seals(&editor).await;
    let group_key = world.directory.group(&group).unwrap().key.key_id();
    assert_eq!(editors.len(), 2);
    assert!(editors.iter().all(|seal| [editor.keys.kem.key_id(), group_key].contains(&seal.id.recipient)));
    assert!(seals(&outsider).await.is_empty());
    // The owner opens the group's seed, the master key and the history key through `admins`.
    assert_eq!(seals(&world.owner).await.len(), 3);
}

#[tokio::test]
async fn in_process_and_network_do_not_mix() {
    let (world, agent) = furnished().await;
    let inside = world.service.in_process();
    let path = world.profile_path("production", "read");
    let sign_for = |authority: Authority| {
        let parts = stronghold_protocol::request::RequestParts::new(
            stronghold_protocol::request::Method::Get,
            path.clone(),
            "anchor=0",
        );
        let params = world.params(&agent);
        stronghold_protocol::request::SignedRequest::sign(authority, parts.unwrap(), params, |base| {
            agent.sign.sign(base)
        })
    };
    let url = Authority::from_url(&URL.parse().unwrap()).unwrap();
    let most = stronghold_protocol::api::ReplyLimit::of::<SealedProfile>();
    assert_eq!(inside.send(sign_for(Authority::in_process()), Vec::new(), most).await.unwrap().status, 200);
    assert_eq!(inside.send(sign_for(url.clone()), Vec::new(), most).await.unwrap().status, 401);
    assert_eq!(world.send(&sign_for(url), Vec::new()).await.status, 200);
    assert_eq!(world.send(&sign_for(Authority::in_process()), Vec::new()).await.status, 401);
    let records = world.records().await;
    assert_eq!(records.iter().filter(|record| record.principal == Some(agent.id)).count(), 2);
    assert!(records.iter().any(|record| record.address.is_none()));
}

#[tokio::test]
async fn activity_counts_reads() {
    let (world, agent) = furnished().await;
    world.read(&agent, "production").await;
    world.clock.advance_millis(5000);
    world.read(&agent, "production").await;
    world.read(&agent, "staging").await;
    let entries: Vec<stronghold_protocol::api::ActivityEntry> =
        reply(&world.get(&world.owner, &world.path("activity"), "").await);
    let entry = entries.iter().find(|entry| entry.principal == agent.id).unwrap();
    assert_eq!((entry.uses, entry.last_seen_at), (2, world.now()));
}

#[tokio::test]
async fn a_caller_that_knows_more_than_the_server_sees_that_it_is_behind() {
    let (world, agent) = furnished().await;
    let path = world.profile_path("production", "read");
    let sealed: SealedProfile = reply(&world.get(&agent, &path, "anchor=1000").await);
    assert_eq!(sealed.chain.anchor, sealed.chain.head);
    let head = world.directory.head().seq.get();
    let sealed: SealedProfile = reply(&world.get(&agent, &path, &format!("anchor=0&remembered={}", head + 5)).await);
    assert_eq!(sealed.chain.remembered_proof, None);
}
