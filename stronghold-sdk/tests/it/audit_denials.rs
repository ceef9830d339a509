//! Repeated denials in the log: few records, which verify; and no way to hide a request decided twice behind them.

use crate::{
    audit::{bad, put, records, verify},
    world::{World, code},
};
use rusqlite::Connection;
use stronghold_sdk::protocol::{
    audit::{AuditRecord, Outcome},
    id::PrincipalId,
    limits::DENIALS_RECORDED,
    token::AgentToken,
};

/// An agent that may read `production` and not `staging`.
async fn scene() -> (World, AgentToken) {
    let mut world = World::new().await;
    let production = world.profile("production", &[("KEY", "value")]).await;
    world.profile("staging", &[]).await;
    let group = world.group("deploy", &[production]).await;
    let token = world.token("CI", &[group]).await;
    (world, token)
}

fn of(records: &[AuditRecord], token: &AgentToken) -> Vec<AuditRecord> {
    let agent = PrincipalId::Agent(token.agent);
    records.iter().filter(|record| record.principal == Some(agent)).cloned().collect()
}

#[tokio::test]
async fn a_log_with_repeated_denials_verifies_and_stays_small() {
    let (world, token) = scene().await;
    let (agent, _) = world.agent(&token);
    for _ in 0..DENIALS_RECORDED {
        assert_eq!(code(agent.pull("staging").await), "not_found");
    }
    // The client waits and tries again by itself; the clock of this test stands still.
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(tokio::time::timeout(std::time::Duration::from_secs(1), agent.pull("staging")).await);
        assert!(agent.pull("production").await.is_ok(), "what is allowed is answered");
    }
    assert!(answers.into_iter().all(|answer| answer.is_err()), "and asks the client to be patient");
    let (_, log) = verify(&world, None).await.unwrap();
    let log: Vec<AuditRecord> = log.into_iter().map(|entry| entry.record).collect();
    let denied: Vec<AuditRecord> =
        of(&log, &token).into_iter().filter(|record| record.outcome == Outcome::Denied).collect();
    assert_eq!(denied.len(), DENIALS_RECORDED as usize + 1);
    assert_eq!(denied.last().unwrap().reason.as_deref(), Some("rate_limited"));
}

/// The log of an agent that read twice, with the record of the second read replaced by another one of the first.
async fn forged(forge: impl Fn(&mut AuditRecord, &mut AuditRecord)) -> (World, u64) {
    let (world, token) = scene().await;
    let (agent, _) = world.agent(&token);
    agent.pull("production").await.unwrap();
    agent.pull("production").await.unwrap();
    let database = Connection::open(world.database()).unwrap();
    let reads: Vec<(u64, AuditRecord)> = records(&database)
        .into_iter()
        .map(|(position, _, bytes)| (u64::try_from(position).unwrap(), AuditRecord::parse(&bytes).unwrap()))
        .filter(|(_, record)| record.principal == Some(PrincipalId::Agent(token.agent)))
        .collect();
    let [(first_at, first), .., (second_at, second)] = &reads[..] else { panic!("there are two reads") };
    let mut before = first.clone();
    let mut again = AuditRecord { id: second.id, time: second.time, directory: second.directory, ..first.clone() };
    forge(&mut before, &mut again);
    put(&database, *first_at, &before, true);
    put(&database, *second_at, &again, true);
    (world, *second_at)
}

fn deny(record: &mut AuditRecord, reason: &str) {
    (record.outcome, record.released, record.reason) = (Outcome::Denied, None, Some(reason.to_owned()));
}

#[tokio::test]
async fn a_request_is_decided_once_whatever_the_log_calls_it() {
    type Forgery = fn(&mut AuditRecord, &mut AuditRecord);
    let forgeries: [(&str, Forgery); 6] = [
        ("as it was", |_, _| {}),
        ("denied for something else", |_, again| deny(again, "not_found")),
        ("too many, yet allowed", |_, again| again.reason = Some("rate_limited".to_owned())),
        ("repeated, yet allowed", |_, again| again.reason = Some("nonce_used".to_owned())),
        ("too many, and released", |_, again| {
            (again.outcome, again.reason) = (Outcome::Denied, Some("rate_limited".to_owned()));
        }),
        ("too many first, and allowed then", |before, _| deny(before, "rate_limited")),
    ];
    for (what, forge) in forgeries {
        let (world, at) = forged(forge).await;
        let error = verify(&world, None).await.expect_err(what);
        assert_eq!(bad(&error).0, at, "{what}: {error}");
    }
    // Said again as a denial it hides nothing: it was answered, and is in the log as that.
    for reason in ["rate_limited", "nonce_used"] {
        let (world, _) = forged(|_, again| deny(again, reason)).await;
        verify(&world, None).await.unwrap();
    }
}

#[tokio::test]
async fn one_too_many_may_come_late_and_nothing_else_may() {
    for (reason, good) in [("rate_limited", true), ("clock_skew", true), ("not_found", false), ("nonce_used", false)] {
        let (world, token) = scene().await;
        let (agent, _) = world.agent(&token);
        world.clock.advance_millis(3_600_000);
        agent.pull("production").await.unwrap();
        let database = Connection::open(world.database()).unwrap();
        let (position, _, bytes) = records(&database).pop().unwrap();
        let mut record = AuditRecord::parse(&bytes).unwrap();
        deny(&mut record, reason);
        record.time = record.time.plus_millis(600_000);
        put(&database, u64::try_from(position).unwrap(), &record, true);
        world.clock.advance_millis(600_000);
        let world = world;
        assert_eq!(verify(&world, None).await.is_ok(), good, "{reason}");
    }
}
