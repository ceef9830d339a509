//! Deactivation, expiry, address ranges and a number of uses: each counts from the very next request, and exactly.

use crate::world::*;
use std::{net::SocketAddr, sync::Arc};
use stronghold_protocol::{
    audit::Outcome,
    directory::{AgentStatus, Change, Conditions},
    id::PrincipalId,
    request::{Method, SignedRequest},
};
use stronghold_server::{
    http::{ServeLimits, Server},
    service::Service,
    store::sqlite::SqliteStore,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Barrier, oneshot},
    task::JoinHandle,
};

async fn furnished() -> World<SqliteStore> {
    let mut world = World::new().await;
    world.create_profile("production").await;
    world.create_group("deploy", &["production"], false).await;
    let owner = Actor::user("owner");
    let puts = ["A", "B", "C"].map(|label| secret(label, 1, "")).to_vec();
    world.write(&owner, "production", puts, Vec::new()).await;
    world
}

impl World<SqliteStore> {
    async fn deployer(&mut self, label: &str, conditions: Conditions) -> Actor {
        let group = self.group_id("deploy");
        self.create_agent(label, &[group], conditions).await
    }

    async fn change(&mut self, agent: &Actor, status: AgentStatus, conditions: Conditions) {
        let id = agent.agent_id();
        let name = self.directory.agent(&id).unwrap().name.clone();
        self.commit(vec![Change::AgentChanged { id, name, status, conditions }], Vec::new()).await;
    }

    fn pull(&self, who: &Actor) -> SignedRequest {
        self.sign(who, Method::Get, &self.profile_path("production", "read"), "anchor=0", b"")
    }

    async fn serve(&self) -> (SocketAddr, oneshot::Sender<()>) {
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None, ServeLimits::default()).await.unwrap();
        let address = server.local_address().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(server.run(self.service.clone(), async { drop(stopped.await) }));
        (address, stop)
    }

    /// How the reads of a principal came out, in the order of the log.
    async fn reads_of(&self, principal: PrincipalId) -> Vec<(u64, Outcome, Option<String>)> {
        let reads = self.records().await.into_iter();
        let reads = reads.filter(|record| record.principal == Some(principal) && record.action == "profile.read");
        reads.map(|record| (record.directory.seq.get(), record.outcome, record.reason)).collect()
    }
}

/// One connection that is kept.
struct Connection(TcpStream);

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends a request without a body and reads its answer: `ok`, or the problem's code.
    async fn ask(&mut self, request: &SignedRequest) -> String {
        let (method, target) = (request.parts().method(), request.parts().target());
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: stronghold.test\r\n");
        for (name, value) in request.headers() {
            head += &format!("{name}: {value}\r\n");
        }
        self.0.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(self.0.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap().to_lowercase();
        let length = answer.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).await.unwrap();
        if answer.starts_with("http/1.1 200") {
            return "ok".to_owned();
        }
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()["code"].as_str().unwrap().to_owned()
    }
}

/// Requests that go on until they are all answered, on several tasks at once.
fn in_flight(service: &Service<SqliteStore>, requests: Vec<SignedRequest>) -> Vec<JoinHandle<Vec<String>>> {
    let lanes = 8;
    let share = requests.len().div_ceil(lanes);
    let chunks: Vec<Vec<SignedRequest>> = requests.chunks(share).map(<[SignedRequest]>::to_vec).collect();
    let lane = |requests: Vec<SignedRequest>| {
        let service = service.clone();
        tokio::spawn(async move {
            let mut codes = Vec::new();
            for request in requests {
                let address = Some("192.0.2.9".parse().unwrap());
                codes.push(code(&service.handle(incoming(&request, Vec::new(), address)).await));
            }
            codes
        })
    };
    chunks.into_iter().map(lane).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deactivation_counts_from_the_very_next_request_of_a_connection() {
    let mut world = furnished().await;
    let agent = world.deployer("agent", Conditions::default()).await;
    let other = world.deployer("other", Conditions::default()).await;
    let (address, _stop) = world.serve().await;
    let mut connection = Connection::open(address).await;
    for warm in 0..3 {
        assert_eq!(connection.ask(&world.pull(&agent)).await, "ok", "request {warm}");
    }
    let active_at = world.directory.head().seq.get();
    for round in 0..10 {
        let others: Vec<SignedRequest> =
            (0..80).map(|at| if at % 2 == 0 { world.pull(&agent) } else { world.pull(&other) }).collect();
        let running = in_flight(&world.service, others);
        assert_eq!(connection.ask(&world.pull(&agent)).await, "ok", "round {round}, before");
        world.change(&agent, AgentStatus::Inactive, Conditions::default()).await;
        // The administrator has the answer: no request after it is served, also not one that was signed before.
        // With others of its key refused beside it, the denial may be the one that is counted only.
        let denied = |code: &str| matches!(code, "inactive" | "rate_limited");
        let code = connection.ask(&world.pull(&agent)).await;
        assert!(denied(&code), "round {round}, the next request: {code}");
        for lane in running {
            lane.await.unwrap();
        }
        let code = connection.ask(&world.pull(&agent)).await;
        assert!(denied(&code), "round {round}: {code}");
        assert_eq!(connection.ask(&world.pull(&other)).await, "ok", "round {round}, somebody else");
        world.change(&agent, AgentStatus::Active, Conditions::default()).await;
        assert_eq!(connection.ask(&world.pull(&agent)).await, "ok", "round {round}, activated again");
    }
    // Also for what was in flight: the log's order is the order of decisions, and each names the directory it was made on.
    let mut refused = 0;
    for (seq, outcome, reason) in world.reads_of(agent.id).await {
        let inactive = (seq - active_at) % 2 == 1;
        assert_eq!(outcome == Outcome::Denied, inactive, "as of statement {seq}");
        assert_eq!(reason.is_some(), inactive);
        refused += u32::from(inactive);
    }
    assert!(refused >= 20);
    assert!(world.reads_of(other.id).await.iter().all(|(_, outcome, _)| *outcome == Outcome::Allowed));
}

#[tokio::test]
async fn a_time_counts_from_its_own_millisecond_on() {
    let mut world = furnished().await;
    let from = world.now().plus_millis(5_000);
    let until = world.now().plus_millis(9_000);
    let bounds = Conditions { not_before: Some(from), expires_at: Some(until), ..Conditions::default() };
    let agent = world.deployer("agent", bounds).await;
    let after_start = [
        (0, "not_yet_valid"),
        (4_000, "not_yet_valid"),
        (4_999, "not_yet_valid"),
        (5_000, "ok"),
        (8_000, "ok"),
        (8_999, "ok"),
        (9_000, "expired"),
        (9_001, "expired"),
        (10_000, "expired"),
    ];
    let mut at = 0;
    for (millis, expected) in after_start {
        world.clock.advance_millis(millis - at);
        at = millis;
        assert_eq!(code(&world.read(&agent, "production").await), expected, "{millis} ms after the start");
        let who = world.get(&agent, &world.path("whoami"), "").await;
        assert_eq!(code(&who), expected, "every route, {millis} ms after the start");
    }
    // Extended, it is served from the next request on.
    let longer = Conditions { expires_at: Some(world.now().plus_millis(1)), ..Conditions::default() };
    world.change(&agent, AgentStatus::Active, longer).await;
    assert_eq!(code(&world.read(&agent, "production").await), "ok");
    world.clock.advance_millis(1);
    assert_eq!(code(&world.read(&agent, "production").await), "expired");
}

#[tokio::test]
async fn an_address_range_means_the_same_however_the_address_is_written() {
    let cases = [
        ("192.0.2.0/24", "192.0.2.7", true),
        ("192.0.2.0/24", "::ffff:192.0.2.7", true),
        ("192.0.2.0/24", "::ffff:c000:207", true),
        ("192.0.2.0/24", "::ffff:192.0.3.7", false),
        ("::ffff:192.0.2.0/120", "192.0.2.7", true),
        ("::ffff:192.0.2.0/120", "::ffff:192.0.2.255", true),
        ("::ffff:192.0.2.0/120", "192.0.3.0", false),
        ("::ffff:0.0.0.0/96", "198.51.100.1", true),
        ("192.0.2.7/32", "192.0.2.8", false),
        ("0.0.0.0/0", "::ffff:203.0.113.1", true),
        ("0.0.0.0/0", "2001:db8::1", false),
        ("2001:db8::/32", "2001:db8:1::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("::1/128", "::1", true),
        ("::/0", "2001:db8::1", true),
    ];
    let mut world = furnished().await;
    let agent = world.deployer("agent", Conditions::default()).await;
    for (range, address, allowed) in cases {
        let conditions = Conditions { source_cidrs: vec![range.to_owned()], ..Conditions::default() };
        world.change(&agent, AgentStatus::Active, conditions).await;
        let request = incoming(&world.pull(&agent), Vec::new(), Some(address.parse().unwrap()));
        let expected = if allowed { "ok" } else { "address_refused" };
        assert_eq!(code(&world.service.handle(request).await), expected, "{address} in {range}");
        let mapped = address.strip_prefix("::ffff:").filter(|rest| rest.contains('.'));
        let recorded = world.records().await.pop().unwrap().address.unwrap();
        assert!(mapped.is_none_or(|plain| plain == recorded), "{address} is recorded as {recorded}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_concurrent_pulls_exactly_as_many_are_served_as_there_are_uses() {
    const PULLS: usize = 64;
    let mut world = furnished().await;
    let (address, _stop) = world.serve().await;
    for uses in [1, 10, 63] {
        let conditions = Conditions { max_uses: Some(uses), ..Conditions::default() };
        let agent = world.deployer(&format!("agent of {uses}"), conditions.clone()).await;
        // What reads no secret uses nothing up.
        for (path, query) in [("whoami", ""), ("profiles", "anchor=0"), ("audit/checkpoint", "")] {
            assert_eq!(world.get(&agent, &world.path(path), query).await.status, 200, "{path}");
        }
        assert_eq!(code(&world.read(&agent, "staging").await), "not_found", "a refusal uses nothing up");
        let start = Arc::new(Barrier::new(PULLS));
        let pull = |number: usize| {
            let (start, whole) = (start.clone(), number.is_multiple_of(2));
            // A part of a profile is a read like the whole of it.
            let path = world.profile_path("production", if whole { "read" } else { "secrets" });
            let request = world.sign(&agent, Method::Get, &path, "anchor=0", b"");
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await;
                start.wait().await;
                connection.ask(&request).await
            })
        };
        let pulls: Vec<JoinHandle<String>> = (0..PULLS).map(pull).collect();
        let mut codes = Vec::new();
        for pull in pulls {
            codes.push(pull.await.unwrap());
        }
        let count = |wanted: &str| codes.iter().filter(|code| *code == wanted).count();
        let expected = usize::try_from(uses).unwrap();
        // Some are denied by the rule for repeated denials: none of those is one that was allowed.
        let denied = count("uses_exhausted") + count("rate_limited");
        assert_eq!((count("ok"), denied), (expected, PULLS - expected), "{uses} uses");
        let reads = world.records().await.into_iter().filter(|record| {
            record.principal == Some(agent.id) && record.outcome == Outcome::Allowed && record.action.ends_with(".read")
        });
        let released = reads.filter(|record| record.released.is_some()).count();
        assert_eq!(released, expected, "the log shows as many reads");
        // The count survives a restart, and more uses are served from the next request on.
        let store = SqliteStore::open(&world.data.path().join("test.db")).unwrap();
        let restarted = Service::start(store, settings(), keys(), world.clock.clone()).await.unwrap();
        let request = incoming(&world.pull(&agent), Vec::new(), None);
        assert_eq!(code(&restarted.handle(request).await), "uses_exhausted");
        let one_more = Conditions { max_uses: Some(uses + 1), ..conditions };
        world.change(&agent, AgentStatus::Active, one_more).await;
        assert_eq!(code(&world.read(&agent, "production").await), "ok");
        let after = world.read(&agent, "production").await;
        assert!(matches!(code(&after).as_str(), "uses_exhausted" | "rate_limited"), "{}", code(&after));
    }
}
