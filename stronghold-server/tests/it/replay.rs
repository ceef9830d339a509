//! The order of refusal: one answer up to the signature, a code of its own for everything after.

use crate::world::*;
use std::net::IpAddr;
use stronghold_protocol::{
    audit::Outcome,
    directory::{AgentStatus, Change, Conditions},
    number::Epoch,
    problem::Problem,
    request::{Authority, Method, RequestParts, SIGNATURE, SIGNATURE_INPUT, SignedRequest},
};
use stronghold_server::{
    access::RateLimit,
    service::{Incoming, Limits, Outgoing, Service, Settings},
    store::sqlite::SqliteStore,
};

async fn furnished() -> (World<SqliteStore>, Actor) {
    let mut world = World::new().await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    (world, agent)
}

fn whole<S: stronghold_server::store::Store>(world: &World<S>, who: &Actor) -> Incoming {
    let path = world.profile_path("production", "read");
    let request = world.sign(who, Method::Get, &path, "anchor=0", b"");
    incoming(&request, Vec::new(), Some("192.0.2.7".parse().unwrap()))
}

fn edit_header(request: &mut Incoming, name: &str, edit: impl Fn(String) -> String) {
    let header = request.headers.iter_mut().find(|(known, _)| known == name).unwrap();
    header.1 = edit(String::from_utf8(header.1.clone()).unwrap()).into_bytes();
}

#[tokio::test]
async fn everything_up_to_the_signature_is_refused_with_the_same_bytes() {
    let (world, agent) = furnished().await;
    let stranger = Actor::agent("a stranger");
    let good = || whole(&world, &agent);
    let mut cases: Vec<(&str, Incoming)> = Vec::new();
    let mut case = |label, change: &dyn Fn(&mut Incoming)| {
        let mut request = good();
        change(&mut request);
        cases.push((label, request));
    };
    case("no signature at all", &|request| request.headers.clear());
    case("no signature input", &|request| request.headers.retain(|(name, _)| name != SIGNATURE_INPUT));
    case("two signatures", &|request| {
        edit_header(request, SIGNATURE, |value| format!("{value}, other=:AAAA:"));
        edit_header(request, SIGNATURE_INPUT, |value| format!("{value}, other=(\"@method\")"));
    });
    case("the signature header twice", &|request| {
        let again = request.headers.iter().find(|(name, _)| name == SIGNATURE).unwrap().clone();
        request.headers.push(again);
    });
    case("wrong tag", &|request| {
        edit_header(request, SIGNATURE_INPUT, |value| value.replace("stronghold-v1", "other-v1"))
    });
    case("unknown parameter", &|request| edit_header(request, SIGNATURE_INPUT, |value| value + ";alg=\"ed25519\""));
    case("another signature", &|request| {
        edit_header(request, SIGNATURE, |value| value.replacen(":A", ":B", 1).replacen(char::is_numeric, "x", 1));
    });
    case("altered query", &|request| request.target = request.target.replace("anchor=0", "anchor=1"));
    case("query dropped", &|request| request.target = request.target.replace("?anchor=0", ""));
    case("altered path", &|request| request.target = request.target.replace("/name-", "/name-A"));
    case("another route", &|request| request.target = request.target.replace("/read", "/secrets"));
    case("a body that was not signed for", &|request| {
        request.method = "POST".to_owned();
        request.target = world.path("seals");
        request.body = "{}".into();
    });
    case("another organization", &|request| {
        let other = stronghold_protocol::id::OrgId([3; 32]).to_string();
        request.target = request.target.replace(&world.org.to_string(), &other);
    });
    case("not an organization", &|request| request.target = request.target.replace(&world.org.to_string(), "acme"));
    cases.push(("unknown key", whole(&world, &stranger)));
    cases.push(("another host", {
        let parts = RequestParts::new(Method::Get, world.profile_path("production", "read"), "anchor=0").unwrap();
        let other = Authority::from_url(&"https://other.test".parse().unwrap()).unwrap();
        let request = SignedRequest::sign(other, parts, world.params(&agent), |base| agent.sign.sign(base));
        incoming(&request, Vec::new(), Some("192.0.2.7".parse().unwrap()))
    }));
    let before = world.records().await.len();
    let expected = Outgoing::problem(&Problem::unauthenticated());
    for (label, request) in cases {
        assert_eq!(world.service.handle(request).await, expected, "{label}");
    }
    assert_eq!(world.records().await.len(), before, "nobody is known to have asked");
    assert_eq!(world.service.handle(good()).await.status, 200, "the unaltered request is good");
}

#[tokio::test]
async fn an_altered_body_is_refused_before_anything_else() {
    let (world, _) = furnished().await;
    let path = world.path("seals");
    let body = br#"{"objects":[],"histories":false}"#.to_vec();
    let request = world.sign(&world.owner, Method::Post, &path, "", &body);
    for altered in [br#"{"objects":[],"histories":true}"#.to_vec(), Vec::new()] {
        let answer = world.send(&request, altered).await;
        assert_eq!(answer, Outgoing::problem(&Problem::unauthenticated()));
    }
    // The body that was signed is good, and its nonce is still free.
    assert_eq!(world.send(&request, body).await.status, 200);
}

#[tokio::test]
async fn a_nonce_counts_once_also_after_a_restart() {
    let (world, agent) = furnished().await;
    let request = whole(&world, &agent);
    assert_eq!(world.service.handle(request.clone()).await.status, 200);
    assert_eq!(code(&world.service.handle(request.clone()).await), "nonce_used");
    let path = world.data.path().join("test.db");
    let store = SqliteStore::open(&path).unwrap();
    let restarted = Service::start(store, settings(), keys(), world.clock.clone()).await.unwrap();
    assert_eq!(code(&restarted.handle(request).await), "nonce_used");
    assert_eq!(restarted.handle(whole(&world, &agent)).await.status, 200);
}

#[tokio::test]
async fn an_overheard_request_is_refused_by_its_time_once_its_nonce_is_forgotten() {
    let (world, agent) = furnished().await;
    let request = whole(&world, &agent);
    assert_eq!(world.service.handle(request.clone()).await.status, 200);
    world.clock.advance_millis(3 * 24 * 60 * 60 * 1000);
    assert!(world.service.tidy().await.unwrap() > 0);
    assert_eq!(code(&world.service.handle(request).await), "clock_skew");
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_the_servers_time() {
    let (world, agent) = furnished().await;
    let answer_at = async |ahead: i64| {
        let parts = RequestParts::new(Method::Get, world.path("whoami"), "").unwrap();
        let mut params = world.params(&agent);
        params.created += ahead;
        let authority = Authority::from_url(&URL.parse().unwrap()).unwrap();
        let request = SignedRequest::sign(authority, parts, params, |base| agent.sign.sign(base));
        world.send(&request, Vec::new()).await
    };
    for ahead in [-60, -1, 0, 30] {
        assert_eq!(answer_at(ahead).await.status, 200, "{ahead}");
    }
    for ahead in [-61, 31, 1_000_000, -1_000_000] {
        let answer = answer_at(ahead).await;
        assert_eq!(code(&answer), "clock_skew", "{ahead}");
        assert_eq!(problem(&answer).server_time, Some(world.now()));
    }
}

#[tokio::test]
async fn the_proven_holder_learns_its_status_and_each_refusal_is_recorded() {
    let (mut world, _) = furnished().await;
    let group = world.group_id("deploy");
    let now = world.now();
    let conditions = Conditions::default;
    let day = 86_400_000;
    let early = Conditions { not_before: Some(now.plus_millis(day)), ..conditions() };
    let over = Conditions { expires_at: Some(now.plus_millis(1)), ..conditions() };
    let elsewhere = Conditions { source_cidrs: vec!["198.51.100.0/24".to_owned()], ..conditions() };
    let twice = Conditions { max_uses: Some(2), ..conditions() };
    let mut cases = Vec::new();
    for (label, conditions, expected) in [
        ("early", early, "not_yet_valid"),
        ("over", over, "expired"),
        ("elsewhere", elsewhere, "address_refused"),
        ("twice", twice, "uses_exhausted"),
    ] {
        cases.push((world.create_agent(label, &[group], conditions).await, expected));
    }
    let inactive = world.create_agent("inactive", &[group], conditions()).await;
    world
        .commit(
            vec![Change::AgentChanged {
                id: inactive.agent_id(),
                name: name("inactive"),
                status: AgentStatus::Inactive,
                conditions: conditions(),
            }],
            Vec::new(),
        )
        .await;
    cases.push((inactive, "inactive"));
    let alone = world.create_agent("alone", &[], conditions()).await;
    let renewed = alone.rekeyed("alone again");
    let keys = vec![renewed.keys.clone()];
    world.commit(vec![Change::AgentRekeyed { id: alone.agent_id(), keys, until: None }], Vec::new()).await;
    let gone = world.create_agent("gone", &[], conditions()).await;
    world.commit(vec![Change::AgentDeleted { id: gone.agent_id() }], Vec::new()).await;
    cases.push((alone, "key_ended"));
    cases.push((gone, "deleted"));
    world.clock.advance_millis(10);
    for (agent, expected) in &cases {
        if *expected == "uses_exhausted" {
            for _ in 0..2 {
                assert_eq!(world.read(agent, "production").await.status, 200);
            }
        }
        let answer = world.read(agent, "production").await;
        assert_eq!(code(&answer), *expected);
        let last = world.records().await.pop().unwrap();
        assert_eq!((last.outcome, last.principal), (Outcome::Denied, Some(agent.id)));
        assert_eq!((last.reason.as_deref(), last.action.as_str()), (Some(*expected), "profile.read"));
        assert_eq!(last.released, None);
        last.verify_request_signature(&agent.keys.sign).unwrap();
    }
    assert_eq!(world.get(&renewed, &world.path("whoami"), "").await.status, 200);
    assert_eq!(world.directory.group(&group).unwrap().epoch, Epoch::FIRST);
}

#[tokio::test]
async fn a_malformed_question_of_a_known_caller_is_told_and_recorded() {
    let (world, agent) = furnished().await;
    let path = world.profile_path("production", "read");
    for query in ["", "anchor=x", "anchor=0&anchor=1", "anchor=0&other=1", "anchor=9007199254740992", "anchor"] {
        assert_eq!(code(&world.get(&agent, &path, query).await), "malformed", "{query}");
    }
    let body = serde_json::json!({"objects": [], "histories": false, "more": 1});
    assert_eq!(code(&world.post(&world.owner, &world.path("seals"), &body).await), "malformed");
    let denied = world.records().await.into_iter().filter(|record| record.reason.as_deref() == Some("malformed"));
    assert_eq!(denied.count(), 7);
}

#[tokio::test]
async fn an_address_that_is_refused_too_often_waits_and_others_do_not() {
    let narrow = RateLimit { burst: 3, per_minute: 6 };
    let settings = Settings { limits: Limits { refused: narrow, ..settings().limits }, ..settings() };
    let mut world = World::with_settings(settings).await;
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("agent", &[group], Conditions::default()).await;
    let from = |who: &Actor, address: &str| {
        let mut request = whole(&world, who);
        request.address = Some(address.parse::<IpAddr>().unwrap());
        request
    };
    let stranger = Actor::agent("a stranger");
    // One network of 64 bits is one source.
    for host in 1..=3 {
        assert_eq!(code(&world.service.handle(from(&stranger, &format!("2001:db8::{host}"))).await), "unauthenticated");
    }
    let answer = world.service.handle(from(&stranger, "2001:db8::ffff")).await;
    assert_eq!(code(&answer), "rate_limited");
    let header = |name: &str| answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    assert_eq!(header("retry-after"), Some("10".to_owned()));
    assert_eq!(header("ratelimit"), Some("\"default\";r=0;t=10".to_owned()));
    assert_eq!(code(&world.service.handle(from(&agent, "2001:db8::1")).await), "rate_limited");
    assert_eq!(world.service.handle(from(&agent, "2001:db8:0:1::1")).await.status, 200);
    world.clock.advance_millis(10_000);
    assert_eq!(world.service.handle(from(&agent, "2001:db8::1")).await.status, 200);
}

#[tokio::test]
async fn a_server_whose_clock_went_back_refuses() {
    let (world, agent) = furnished().await;
    assert_eq!(world.read(&agent, "production").await.status, 200);
    world.clock.advance_millis(-30_000);
    assert_eq!(world.read(&agent, "production").await.status, 200);
    let before = world.records().await.len();
    world.clock.advance_millis(-1);
    assert_eq!(code(&world.read(&agent, "production").await), "unavailable");
    assert_eq!(world.records().await.len(), before);
}
