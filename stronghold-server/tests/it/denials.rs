//! Repeated denials of one key: recorded whole up to a number, then once more, then not at all; and nothing else is refused
//! by it.

use crate::world::*;
use stronghold_protocol::{
    audit::{AuditRecord, Outcome},
    directory::{AgentStatus, Change, Conditions},
    limits::DENIALS_RECORDED,
    request::Method,
};
use stronghold_server::{service::Service, store::sqlite::SqliteStore};

const MOST: usize = DENIALS_RECORDED as usize;

/// An agent that may read `production` and not `staging`.
async fn furnished() -> (World<SqliteStore>, Actor, Actor) {
    let mut world = World::new().await;
    world.create_profile("production").await;
    world.create_profile("staging").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    let other = world.create_agent("other", &[group], Conditions::default()).await;
    (world, agent, other)
}

async fn denied(world: &World<SqliteStore>, who: &Actor, times: usize) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..times {
        codes.push(code(&world.read(who, "staging").await));
    }
    codes
}

async fn denials_of(world: &World<SqliteStore>, who: &Actor) -> Vec<AuditRecord> {
    let records = world.records().await.into_iter();
    records.filter(|record| record.principal == Some(who.id) && record.outcome == Outcome::Denied).collect()
}

fn next_minute(world: &World<SqliteStore>) {
    world.clock.advance_millis(60_000);
}

#[tokio::test]
async fn the_first_are_recorded_whole_the_next_as_one_too_many_and_no_more() {
    let (world, agent, _) = furnished().await;
    let codes = denied(&world, &agent, MOST + 5).await;
    assert!(codes[..MOST].iter().all(|code| code == "not_found"), "{codes:?}");
    assert!(codes[MOST..].iter().all(|code| code == "rate_limited"), "{codes:?}");
    let records = denials_of(&world, &agent).await;
    let reasons: Vec<&str> = records.iter().map(|record| record.reason.as_deref().unwrap()).collect();
    assert_eq!(reasons.len(), MOST + 1);
    assert!(reasons[..MOST].iter().all(|reason| *reason == "not_found"));
    assert_eq!(reasons[MOST], "rate_limited");
    let last = records.last().unwrap();
    last.verify_request_signature(&agent.keys.sign).unwrap();
    assert!(last.request.as_ref().unwrap().parts().path().ends_with("/read"), "with the request that was one too many");
    assert_eq!(last.released, None);
}

#[tokio::test]
async fn the_answer_says_when_to_come_back() {
    let (world, agent, _) = furnished().await;
    denied(&world, &agent, MOST).await;
    for _ in 0..2 {
        let answer = world.read(&agent, "staging").await;
        assert_eq!(answer.status, 429);
        let seconds = problem(&answer).retry_after_seconds.unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        assert!(answer.headers.contains(&("retry-after", seconds.to_string())));
    }
    next_minute(&world);
    assert_eq!(denied(&world, &agent, 1).await, ["not_found"], "whole again");
}

#[tokio::test]
async fn an_allowed_request_is_never_refused_by_it() {
    let (world, agent, _) = furnished().await;
    for _ in 0..3 {
        denied(&world, &agent, MOST * 2).await;
        assert_eq!(code(&world.read(&agent, "production").await), "ok");
        assert_eq!(code(&world.get(&agent, &world.path("whoami"), "").await), "ok");
    }
    // Reads that are answered do not count as denials either.
    next_minute(&world);
    for _ in 0..MOST * 2 {
        assert_eq!(code(&world.read(&agent, "production").await), "ok");
    }
    assert_eq!(denied(&world, &agent, 1).await, ["not_found"]);
}

#[tokio::test]
async fn each_key_is_counted_by_itself() {
    let (world, agent, other) = furnished().await;
    denied(&world, &agent, MOST * 2).await;
    assert_eq!(denied(&world, &other, 1).await, ["not_found"]);
    assert_eq!(code(&world.post(&other, &world.path("seals"), &serde_json::json!({})).await), "forbidden");
    assert_eq!(denials_of(&world, &other).await.len(), 2);
}

#[tokio::test]
async fn every_kind_of_denial_counts() {
    let (mut world, agent, _) = furnished().await;
    // Access, form, and a status that ends in the meantime: together they are one count.
    for _ in 0..MOST / 2 {
        assert_eq!(code(&world.post(&agent, &world.path("seals"), &serde_json::json!({})).await), "forbidden");
    }
    for _ in 0..MOST / 2 {
        let path = world.profile_path("production", "read");
        assert_eq!(code(&world.get(&agent, &path, "anchor=x").await), "malformed");
    }
    assert_eq!(denied(&world, &agent, 2).await, ["rate_limited", "rate_limited"]);
    let (id, status) = (agent.agent_id(), AgentStatus::Inactive);
    let changed = Change::AgentChanged { id, name: name("agent"), status, conditions: Conditions::default() };
    world.commit(vec![changed], Vec::new()).await;
    assert_eq!(code(&world.read(&agent, "production").await), "rate_limited", "what was allowed is denied now");
    next_minute(&world);
    assert_eq!(code(&world.read(&agent, "production").await), "inactive");
}

#[tokio::test]
async fn repeated_and_late_requests_count_too_and_keep_their_nonces() {
    let (world, agent, _) = furnished().await;
    let path = world.profile_path("production", "read");
    let overheard = world.sign(&agent, Method::Get, &path, "anchor=0", b"");
    assert_eq!(code(&world.send(&overheard, Vec::new()).await), "ok");
    let mut codes = Vec::new();
    for _ in 0..MOST + 3 {
        codes.push(code(&world.send(&overheard, Vec::new()).await));
    }
    assert!(codes[..MOST].iter().all(|code| code == "nonce_used"), "{codes:?}");
    assert!(codes[MOST..].iter().all(|code| code == "rate_limited"), "{codes:?}");
    assert_eq!(denials_of(&world, &agent).await.len(), MOST + 1);
    assert_eq!(code(&world.read(&agent, "production").await), "ok", "the agent itself is not kept out");
    let late = world.sign(&agent, Method::Get, &path, "anchor=0", b"");
    next_minute(&world);
    next_minute(&world);
    for _ in 0..MOST {
        assert_eq!(code(&world.send(&late, Vec::new()).await), "clock_skew");
    }
    assert_eq!(code(&world.send(&late, Vec::new()).await), "rate_limited");
}

#[tokio::test]
async fn what_is_not_recorded_uses_up_no_nonce() {
    let (mut world, agent, _) = furnished().await;
    denied(&world, &agent, MOST).await;
    let path = world.profile_path("staging", "read");
    let tripped = world.sign(&agent, Method::Get, &path, "anchor=0", b"");
    let unrecorded = world.sign(&agent, Method::Get, &path, "anchor=0", b"");
    assert_eq!(code(&world.send(&tripped, Vec::new()).await), "rate_limited");
    assert_eq!(code(&world.send(&unrecorded, Vec::new()).await), "rate_limited");
    let before = world.records().await.len();
    assert_eq!(code(&world.send(&unrecorded, Vec::new()).await), "rate_limited");
    assert_eq!(world.records().await.len(), before);
    let granted = Change::ProfileGranted {
        profile: world.profile_id("staging"),
        group: world.group_id("deploy"),
        write: false,
        history: false,
    };
    world.commit(vec![granted], Vec::new()).await;
    // The one that stands in the log is used up; the other one counts once, now that it is allowed.
    world.clock.advance_millis(30_000);
    assert_ne!(code(&world.send(&tripped, Vec::new()).await), "ok");
    assert_eq!(code(&world.send(&unrecorded, Vec::new()).await), "ok");
    assert_ne!(code(&world.send(&unrecorded, Vec::new()).await), "ok");
}

#[tokio::test]
async fn lost_races_are_not_counted() {
    let (world, ..) = furnished().await;
    let owner = Actor::user("owner");
    let id = world.profile_id("production");
    let path = world.profile_path("production", "revisions");
    let (first, _) = world.revision(&owner, id, vec![secret("A", 1, "one")], Vec::new(), |_| {});
    assert_eq!(code(&world.post(&owner, &path, &first).await), "ok");
    for _ in 0..MOST * 2 {
        assert_eq!(code(&world.post(&owner, &path, &first).await), "revision_conflict");
    }
    assert_eq!(denials_of(&world, &owner).await.len(), MOST * 2, "each of them is in the log");
}

#[tokio::test]
async fn a_server_that_starts_again_records_more_and_not_less() {
    let (world, agent, _) = furnished().await;
    denied(&world, &agent, MOST + 5).await;
    let store = SqliteStore::open(&world.data.path().join("test.db")).unwrap();
    let again = Service::start(store, settings(), keys(), world.clock.clone()).await.unwrap();
    let request = world.sign(&agent, Method::Get, &world.profile_path("staging", "read"), "anchor=0", b"");
    let answer = again.handle(incoming(&request, Vec::new(), Some("192.0.2.7".parse().unwrap()))).await;
    assert_eq!(code(&answer), "not_found");
    assert_eq!(denials_of(&world, &agent).await.len(), MOST + 2);
}
