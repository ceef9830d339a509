//! Reading the audit log: filtered, backwards page by page, and on as it grows.

use crate::world::{Wire, World};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use stronghold_sdk::{
    Error, ErrorKind,
    admin::{AuditEntry, AuditFilter, AuditPart, AuditQuery, AuditReader, ContextQuery, Session},
    protocol::{id::ProfileId, limits::AUDIT_PAGE, number::MAX_SAFE_INTEGER, time::Clock, token::AgentToken},
};

struct Scene {
    world: World,
    profile: ProfileId,
    token: AgentToken,
}

impl Scene {
    /// An agent that may read a profile, and did.
    async fn new() -> Self {
        let mut world = World::new().await;
        let profile = world.profile("production", &[("KEY", "1")]).await;
        let group = world.group("deploy", &[profile]).await;
        let token = world.token("CI", &[group]).await;
        let scene = Self { world, profile, token };
        scene.pull().await;
        scene
    }

    async fn pull(&self) {
        self.world.agent(&self.token).0.pull("production").await.unwrap();
    }

    /// Makes the log longer by this many records.
    async fn fill(&self, count: usize) {
        let ask = || self.world.session.audit_page(MAX_SAFE_INTEGER);
        let mut left = count;
        while left > 0 {
            let batch = left.min(100);
            try_join_all((0..batch).map(|_| ask())).await.unwrap();
            left -= batch;
        }
    }
}

fn of_agent() -> AuditQuery {
    AuditQuery { agent: Some("CI".to_owned()), action: Some("profile.read".to_owned()), ..AuditQuery::default() }
}

fn of_secret(name: &str) -> AuditQuery {
    let text = |text: &str| Some(text.to_owned());
    AuditQuery { profile: text("production"), secret: text(name), ..AuditQuery::default() }
}

fn positions(entries: &[AuditEntry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.position).collect()
}

async fn length(session: &Session<Wire>) -> u64 {
    AuditReader::default().len(session).await.unwrap()
}

/// All of it, backwards in parts of `limit`.
async fn backwards(session: &mut Session<Wire>, filter: &AuditFilter, end: u64, limit: usize) -> Vec<u64> {
    let mut reader = AuditReader::default();
    let (mut found, mut end) = (Vec::new(), end);
    while end > 0 {
        let AuditPart { entries, next } = reader.newest(session, filter, end, limit).await.unwrap();
        assert!(next < end && entries.len() <= limit);
        assert!(entries.len() == limit || next == 0, "fewer are there only at the start of the log");
        let part = positions(&entries);
        assert!(part.iter().all(|position| (next..end).contains(position)));
        found.splice(0..0, part);
        end = next;
    }
    found
}

#[tokio::test]
async fn pages_go_backwards_to_the_start_and_miss_nothing() {
    let mut scene = Scene::new().await;
    for _ in 0..2 {
        scene.pull().await;
        scene.fill(AUDIT_PAGE).await;
        scene.pull().await;
        scene.pull().await;
    }
    let session = &mut scene.world.session;
    let end = length(session).await;
    assert!(end > 2 * AUDIT_PAGE as u64);
    let filter = AuditFilter::new(of_agent(), session).await.unwrap();
    let all = positions(&AuditReader::default().between(session, &filter, 0, end).await.unwrap());
    assert_eq!(all.len(), 7);
    for limit in [1, 2, 3, 7, 8] {
        assert_eq!(backwards(session, &filter, end, limit).await, all, "in parts of {limit}");
    }
    let everything = backwards(session, &AuditFilter::default(), end, 777).await;
    assert_eq!(everything, (0..end).collect::<Vec<_>>());
    // One page at a time, whatever is on it.
    let (mut reader, mut left, mut found) = (AuditReader::default(), end, Vec::new());
    let mut pages = 0;
    while left > 0 {
        let AuditPart { entries, next } = reader.before(session, &filter, left).await.unwrap();
        assert_eq!(next, left.saturating_sub(AUDIT_PAGE as u64));
        found.splice(0..0, positions(&entries));
        left = next;
        pages += 1;
    }
    assert_eq!((found, pages), (all, 3));
    assert_eq!(reader.missing_before(), None);
    // Nothing is asked for where nothing is wanted.
    let before = length(session).await;
    let none = reader.newest(session, &filter, end, 0).await.unwrap();
    assert_eq!((none.entries.len(), none.next), (0, end));
    assert_eq!(length(session).await, before + 1);
}

#[tokio::test]
async fn what_is_too_old_is_not_read() {
    let mut scene = Scene::new().await;
    scene.fill(AUDIT_PAGE).await;
    scene.world.clock.advance_millis(1000);
    let since = Some(scene.world.clock.now());
    scene.pull().await;
    let session = &mut scene.world.session;
    let filter = AuditFilter::new(AuditQuery { since, ..of_agent() }, session).await.unwrap();
    let end = length(session).await;
    let part = AuditReader::default().newest(session, &filter, end, 10).await.unwrap();
    assert_eq!((part.entries.len(), part.next), (1, 0));
    // The question for the length, and one page.
    assert_eq!(length(session).await, end + 2);
}

#[tokio::test]
async fn following_gives_each_new_record_once_and_learns_names() {
    let mut scene = Scene::new().await;
    let mut session = scene.world.second_session().await;
    let mut filter = AuditFilter::new(of_secret("KEY"), &mut session).await.unwrap();
    let mut reader = AuditReader::default();
    let next = reader.len(&session).await.unwrap();
    let nothing = reader.since(&mut session, &mut filter, next).await.unwrap();
    assert_eq!(nothing.entries, []);
    // Another device writes a version, and makes an agent that reads it.
    scene.world.set(scene.profile, &[("KEY", "2")]).await;
    let group = scene.world.group("more", &[scene.profile]).await;
    scene.token = scene.world.token("newcomer", &[group]).await;
    scene.pull().await;
    let part = reader.since(&mut session, &mut filter, nothing.next).await.unwrap();
    let read = part.entries.last().unwrap();
    assert_eq!((read.action.as_str(), read.principal.as_ref().unwrap().name.as_str()), ("profile.read", "newcomer"));
    let secret = read.secrets.first().unwrap();
    assert_eq!((secret.name.as_deref(), secret.version), (Some("KEY"), Some(2)));
    assert!(positions(&part.entries).iter().all(|position| *position >= nothing.next));
    // Own questions are records, but not news; what was read to learn the names is.
    let mut every = AuditFilter::default();
    let learned = reader.since(&mut session, &mut every, part.next).await.unwrap();
    assert!(!learned.entries.is_empty() && learned.entries.iter().all(|entry| entry.action != "audit.read"));
    let mut next = learned.next;
    for _ in 0..3 {
        let part = reader.since(&mut session, &mut every, next).await.unwrap();
        assert_eq!(part.entries, []);
        assert!(part.next > next);
        next = part.next;
    }
    // Those of another reader are.
    let asked = length(&scene.world.session).await;
    let part = reader.since(&mut session, &mut every, next).await.unwrap();
    assert_eq!(positions(&part.entries), [asked]);
}

#[tokio::test]
async fn a_page_that_could_not_be_read_is_read_again() {
    let mut scene = Scene::new().await;
    let (mut session, wire) = scene.world.second_wire().await;
    let mut filter = AuditFilter::new(of_secret("KEY"), &mut session).await.unwrap();
    let mut reader = AuditReader::default();
    let from = reader.len(&session).await.unwrap();
    scene.world.set(scene.profile, &[("KEY", "2")]).await;
    scene.pull().await;
    // The page comes, but the profile's new names do not.
    wire.lies(|request, mut reply| {
        if request.parts().path().contains("/profiles/") {
            reply.body = b"{}".to_vec();
        }
        reply
    });
    reader.since(&mut session, &mut filter, from).await.unwrap_err();
    wire.is_honest_again();
    let part = reader.since(&mut session, &mut filter, from).await.unwrap();
    let versions = part.entries.iter().map(|entry| entry.secrets.first().and_then(|secret| secret.version));
    // The other device's reading before its edit, the revision, and the agent's reading; and what this one tried in vain.
    assert_eq!(versions.collect::<Vec<_>>(), [Some(1), Some(2), Some(2), Some(2)]);
    // A log that is shorter than what was read of it is none to go on with.
    let error = reader.since(&mut session, &mut filter, part.next + 100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
}

#[tokio::test]
async fn a_session_of_before_shows_the_names_of_now() {
    let mut scene = Scene::new().await;
    let mut session = scene.world.second_session().await;
    let group = scene.world.group("more", &[scene.profile]).await;
    scene.token = scene.world.token("newcomer", &[group]).await;
    scene.pull().await;
    let mut reader = AuditReader::default();
    let end = reader.len(&session).await.unwrap();
    let part = reader.newest(&mut session, &AuditFilter::default(), end, 1).await.unwrap();
    assert_eq!(part.entries[0].principal.as_ref().unwrap().name, "newcomer");
}

/// What scripts read: nothing is renamed, and what is not there is left out.
#[tokio::test]
async fn an_entry_is_the_json_that_it_always_was() {
    let mut scene = Scene::new().await;
    let Scene { world, profile, token } = &mut scene;
    world.agent(token).0.pull("nothing").await.unwrap_err();
    let session = &mut world.session;
    let end = length(session).await;
    let filter = AuditFilter::new(of_secret("KEY"), session).await.unwrap();
    let read = AuditReader::default().newest(session, &filter, end, 1).await.unwrap();
    let entry = &read.entries[0];
    let expected = json!({
        "schema": 1,
        "position": end - 2,
        "event_id": entry.event_id,
        "time": "2026-11-23T02:13:20.000Z",
        "principal": {"kind": "agent", "id": token.agent, "name": "CI"},
        "signed": true,
        "action": "profile.read",
        "outcome": "allowed",
        "profile": {"profile_id": profile, "name": "production", "revision": 2},
        "secrets": [{"secret_id": entry.secrets[0].secret_id, "name": "KEY", "version": 1}],
        "directory": entry.directory,
    });
    assert_eq!(serde_json::to_value(entry).unwrap(), expected);
    let newest = AuditReader::default().newest(session, &AuditFilter::default(), end, 1).await.unwrap();
    let denied = serde_json::to_value(&newest.entries[0]).unwrap();
    assert_eq!(denied["reason"], "not_found");
    assert_eq!(denied["profile"], json!({"name": "nothing"}));
    assert_eq!(denied.get("secrets"), None::<&Value>);
}

#[tokio::test]
async fn a_question_is_refused_in_words() {
    let mut scene = Scene::new().await;
    let session = &mut scene.world.session;
    let both = AuditQuery { user: Some("owner@acme.example".to_owned()), ..of_agent() };
    let alone = AuditQuery { profile: None, ..of_secret("KEY") };
    for query in [both, alone] {
        let refused = AuditFilter::new(query.clone(), session).await.unwrap_err();
        assert!(matches!(refused, Error::Invalid(_)), "{query:?}: {refused}");
    }
    let unknown = AuditFilter::new(of_secret("OTHER"), session).await.unwrap_err();
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    let unknown = "ci.branch=main".parse::<ContextQuery>().unwrap_err();
    assert!(unknown.to_string().contains("ci.repository"), "{unknown}");
    assert_eq!(Error::from(unknown).kind(), ErrorKind::Failure);
}
