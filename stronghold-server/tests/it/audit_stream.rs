//! The audit log, streamed: at least once, in order, beside the requests and never in their way.

use crate::world::{Actor, World, settings};
use async_trait::async_trait;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};
use stronghold_protocol::{audit::record_leaf_hash, directory::Conditions, id::OrgId};
use stronghold_server::{
    audit::stream::{DeliveryError, Event, Sink, StreamOptions, run},
    store::{Store, sqlite::SqliteStore},
};
use tokio::task::JoinHandle;

type Org = World<SqliteStore>;

const FAST: StreamOptions = StreamOptions {
    batch: 8,
    batch_bytes: 1024 * 1024,
    poll: Duration::from_millis(5),
    first_pause: Duration::from_millis(5),
    longest_pause: Duration::from_millis(40),
    report: Duration::from_secs(1),
};

/// What a receiver answers to the next batches, and then always: that it accepts them.
enum Answer {
    Accept,
    Fail(DeliveryError),
    /// It has taken them, and never says so.
    Hang,
}

/// A receiver of one's own.
#[derive(Default)]
struct Receiver {
    answers: Mutex<VecDeque<Answer>>,
    refused: Mutex<Option<OrgId>>,
    largest: Mutex<Option<usize>>,
    /// Everything that came, also what was not accepted.
    batches: Mutex<Vec<Vec<Event>>>,
    accepted: Mutex<Vec<Event>>,
}

#[async_trait]
impl Sink for Receiver {
    fn name(&self) -> &str {
        "a receiver"
    }

    async fn deliver(&self, events: &[Event]) -> Result<(), DeliveryError> {
        self.batches.lock().unwrap().push(events.to_vec());
        if *self.refused.lock().unwrap() == Some(events[0].org()) {
            return Err(DeliveryError::Refused("not of this one".to_owned()));
        }
        if self.largest.lock().unwrap().is_some_and(|largest| events.len() > largest) {
            return Err(DeliveryError::TooLarge);
        }
        let answer = self.answers.lock().unwrap().pop_front();
        match answer {
            None | Some(Answer::Accept) => {}
            Some(Answer::Fail(error)) => return Err(error),
            Some(Answer::Hang) => std::future::pending().await,
        }
        self.accepted.lock().unwrap().extend(events.iter().cloned());
        Ok(())
    }
}

impl Receiver {
    fn answering(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), ..Self::default() })
    }

    fn start(self: &Arc<Self>, store: &SqliteStore) -> JoinHandle<()> {
        tokio::spawn(run(store.clone(), Arc::clone(self) as Arc<dyn Sink>, FAST))
    }

    /// Waits until the events of an organization are accepted up to a position.
    async fn until(&self, org: OrgId, size: u64) -> Vec<Event> {
        eventually(|| {
            let accepted = self.accepted.lock().unwrap();
            let of_org: Vec<Event> = accepted.iter().filter(|event| event.org() == org).cloned().collect();
            of_org.iter().any(|event| event.position() + 1 == size).then_some(of_org)
        })
        .await
    }
}

async fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), asking).await.expect("it comes in a minute")
}

async fn busy() -> (Org, Actor) {
    let mut world = World::new().await;
    let agent = reader(&mut world).await;
    (world, agent)
}

async fn reader(world: &mut Org) -> Actor {
    world.create_profile("production").await;
    let group = world.create_group("deploy", &["production"], false).await;
    let agent = world.create_agent("ci", &[group], Conditions::default()).await;
    for _ in 0..20 {
        world.read(&agent, "production").await;
    }
    agent
}

/// The exact bytes of all records.
async fn records(world: &Org) -> Vec<Vec<u8>> {
    let org = world.org;
    world.service.store().snapshot(move |tx| tx.records(&org, 0, usize::MAX)).await.unwrap()
}

fn positions(events: &[Event]) -> Vec<u64> {
    events.iter().map(Event::position).collect()
}

/// Checks that each record was accepted, in its order, and that what came twice was the same.
fn assert_complete(events: &[Event], records: &[Vec<u8>]) {
    let mut seen: BTreeMap<u64, String> = BTreeMap::new();
    for event in events {
        let json: serde_json::Value = serde_json::to_value(event).unwrap();
        let members: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["id", "org", "position", "record", "schema"]);
        assert_eq!((&json["schema"], &json["id"]), (&1.into(), &json["record"]["id"]));
        // The record's exact text: its leaf in the log can be computed of it.
        let text = serde_json::to_string(event).unwrap();
        let record = text.split_once("\"record\":").unwrap().1.strip_suffix('}').unwrap();
        let stored = &records[usize::try_from(event.position()).unwrap()];
        assert_eq!(record_leaf_hash(record.as_bytes()), record_leaf_hash(stored));
        let before = seen.insert(event.position(), text.clone());
        assert!(before.is_none_or(|before| before == text), "what comes again is the same");
        assert!(event.position() == 0 || seen.contains_key(&(event.position() - 1)), "in order");
    }
    assert_eq!(seen.len(), records.len());
}

#[tokio::test]
async fn every_record_comes_once_while_nothing_fails() {
    let (world, agent) = busy().await;
    let receiver = Receiver::answering([]);
    let streaming = receiver.start(world.service.store());
    for _ in 0..20 {
        world.read(&agent, "production").await;
    }
    let records = records(&world).await;
    let events = receiver.until(world.org, records.len() as u64).await;
    assert_complete(&events, &records);
    assert_eq!(events.len(), records.len(), "none twice: {:?}", positions(&events));
    assert!(receiver.batches.lock().unwrap().iter().all(|batch| batch.len() <= FAST.batch));
    streaming.abort();
}

#[tokio::test]
async fn a_receiver_that_fails_gets_everything_later() {
    let unavailable = |reason: &str| DeliveryError::Unavailable { reason: reason.to_owned(), retry_after: None };
    let (world, _) = busy().await;
    let failures = [
        Answer::Fail(unavailable("down")),
        Answer::Accept,
        Answer::Fail(DeliveryError::Refused("not now".to_owned())),
        Answer::Fail(unavailable("down again")),
    ];
    let receiver = Receiver::answering(failures);
    let streaming = receiver.start(world.service.store());
    let records = records(&world).await;
    let events = receiver.until(world.org, records.len() as u64).await;
    assert_complete(&events, &records);
    let batches = receiver.batches.lock().unwrap();
    let first: Vec<u64> = batches.iter().take(5).map(|batch| batch[0].position()).collect();
    assert_eq!(first, [0, 0, 8, 8, 8], "the same again after each failure");
    drop(batches);
    streaming.abort();
}

#[tokio::test]
async fn a_start_goes_on_where_the_receiver_stopped_and_repeats_what_it_did_not_acknowledge() {
    let (world, agent) = busy().await;
    // It takes the second batch and then nothing is heard of it, as when the server is killed at that moment.
    let receiver = Receiver::answering([Answer::Accept, Answer::Hang]);
    let streaming = receiver.start(world.service.store());
    eventually(|| (receiver.batches.lock().unwrap().len() == 2).then_some(())).await;
    streaming.abort();
    assert!(streaming.await.unwrap_err().is_cancelled());
    world.read(&agent, "production").await;
    // Another process on the same file.
    let again = SqliteStore::open(&world.data.path().join("test.db")).unwrap();
    let streaming = receiver.start(&again);
    let records = records(&world).await;
    let events = receiver.until(world.org, records.len() as u64).await;
    assert_complete(&events, &records);
    let batches = receiver.batches.lock().unwrap();
    let ids = |batch: &[Event]| batch.iter().map(Event::id).collect::<Vec<_>>();
    assert_eq!(ids(&batches[1]), ids(&batches[2]), "what was taken without a word comes again, with its ids");
    assert_eq!(batches[2][0].position(), 8, "and nothing that was acknowledged");
    drop(batches);
    streaming.abort();
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_no_request() {
    let (world, agent) = busy().await;
    let receiver = Receiver::answering([Answer::Hang]);
    let streaming = receiver.start(world.service.store());
    eventually(|| (receiver.batches.lock().unwrap().len() == 1).then_some(())).await;
    for _ in 0..50 {
        assert_eq!(world.read(&agent, "production").await.status, 200);
    }
    assert_eq!(receiver.batches.lock().unwrap().len(), 1, "it still hangs");
    streaming.abort();
}

#[tokio::test]
async fn an_organization_whose_events_are_refused_holds_up_no_other() {
    let (first, _) = busy().await;
    let store = first.service.store().clone();
    let mut second = World::owned("another owner", store.clone(), settings(), Arc::clone(&first.data)).await;
    reader(&mut second).await;
    let receiver = Receiver::answering([]);
    *receiver.refused.lock().unwrap() = Some(first.org);
    let streaming = receiver.start(&store);
    let of_second = records(&second).await;
    let events = receiver.until(second.org, of_second.len() as u64).await;
    assert_complete(&events, &of_second);
    assert!(receiver.accepted.lock().unwrap().iter().all(|event| event.org() == second.org));
    // It comes to reason.
    *receiver.refused.lock().unwrap() = None;
    let of_first = records(&first).await;
    let events = receiver.until(first.org, of_first.len() as u64).await;
    assert_complete(&events, &of_first);
    streaming.abort();
}

#[tokio::test]
async fn what_is_too_large_comes_in_smaller_parts() {
    let (world, _) = busy().await;
    let receiver = Receiver::answering([]);
    *receiver.largest.lock().unwrap() = Some(3);
    let streaming = receiver.start(world.service.store());
    let records = records(&world).await;
    let events = receiver.until(world.org, records.len() as u64).await;
    assert_complete(&events, &records);
    let batches = receiver.batches.lock().unwrap();
    let too_large = batches.iter().filter(|batch| batch.len() > 3).count();
    assert_eq!(too_large, 2, "8 and 4: what it takes is known from then on");
    drop(batches);
    streaming.abort();
}
