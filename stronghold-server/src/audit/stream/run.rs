//! Delivering to one sink, for as long as the server runs.

use super::{DeliveryError, Event, Sink};
use crate::store::{Store, StoreError, StreamBehind};
use std::{collections::HashMap, sync::Arc, time::Duration};
use stronghold_protocol::{crypto::random, id::OrgId};
use tokio::time::Instant;

/// How events are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamOptions {
    /// How many events are delivered at once, at most.
    pub batch: usize,
    /// From this size on a delivery ends with the record that reached it, in bytes.
    pub batch_bytes: usize,
    /// How often the store is asked for new records.
    pub poll: Duration,
    /// Pause after the first failure; it doubles with each further one, and up to a half of it is left out at random.
    pub first_pause: Duration,
    /// The longest pause, also for what a receiver asks for.
    pub longest_pause: Duration,
    /// How often a stream that is behind is told of in the log.
    pub report: Duration,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            batch: 200,
            batch_bytes: 1024 * 1024,
            poll: Duration::from_millis(500),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(120),
            report: Duration::from_secs(60),
        }
    }
}

/// Delivers what is and will be in the store's audit logs to a sink, until the future is dropped. Each failure is in the
/// log of this program, and tried again.
pub async fn run<S: Store>(store: S, sink: Arc<dyn Sink>, options: StreamOptions) {
    let mut stream =
        Stream { store, sink, options, receiver: Backoff::default(), orgs: HashMap::new(), reported: None };
    loop {
        match stream.round().await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(options.poll).await,
            Err(error) => {
                tracing::warn!(sink = stream.sink.name(), %error, "audit events cannot be read from the store");
                tokio::time::sleep(stream.receiver.failed(&options, None)).await;
            }
        }
    }
}

struct Stream<S> {
    store: S,
    sink: Arc<dyn Sink>,
    options: StreamOptions,
    /// Trouble with the receiver as such.
    receiver: Backoff,
    /// Trouble with an organization's next events.
    orgs: HashMap<OrgId, Pace>,
    reported: Option<Instant>,
}

/// How an organization's events go.
#[derive(Debug, Default)]
struct Pace {
    backoff: Backoff,
    /// At most so many at once, where the receiver took no more.
    at_most: Option<usize>,
}

impl<S: Store> Stream<S> {
    /// Delivers at most one batch of each organization. Says whether anything was delivered.
    async fn round(&mut self) -> Result<bool, StoreError> {
        let name = self.sink.name().to_owned();
        let behind = self.store.snapshot(move |tx| tx.streams_behind(&name)).await?;
        self.report(&behind);
        let mut delivered = false;
        for org in behind {
            if self.receiver.waits() {
                break;
            }
            if self.orgs.get(&org.org).is_some_and(|pace| pace.backoff.waits()) {
                continue;
            }
            delivered |= self.advance(&org).await.unwrap_or_else(|error| {
                // Others need not wait for a log that is damaged.
                let pause = self.orgs.entry(org.org).or_default().backoff.failed(&self.options, None);
                let (sink, pause_ms) = (self.sink.name(), pause.as_millis());
                tracing::error!(sink, org = %org.org, position = org.next, pause_ms, %error, "audit events cannot be read or noted");
                false
            });
        }
        Ok(delivered)
    }

    /// Delivers the next events of an organization. Says whether they were accepted.
    async fn advance(&mut self, behind: &StreamBehind) -> Result<bool, StoreError> {
        let (org, from) = (behind.org, behind.next);
        let limit = self.orgs.get(&org).and_then(|pace| pace.at_most).unwrap_or(self.options.batch).max(1);
        let records = self.store.snapshot(move |tx| tx.records(&org, from, limit)).await?;
        let events = self.events(from, &records)?;
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(false) };
        let next = last.position() + 1;
        match self.sink.deliver(&events).await {
            Ok(()) => {
                // How much it takes at once stays known.
                if self.receiver.ended() | self.orgs.get_mut(&org).is_some_and(|pace| pace.backoff.ended()) {
                    tracing::info!(sink = self.sink.name(), %org, "audit events are accepted again");
                }
                let name = self.sink.name().to_owned();
                self.store.locked(Some(org), move |tx| tx.note_delivered(&name, &org, next)).await?;
                Ok(true)
            }
            Err(error) => {
                self.failed(org, events.len(), &error, (first.position(), behind.records - from));
                Ok(false)
            }
        }
    }

    fn events(&self, from: u64, records: &[Vec<u8>]) -> Result<Vec<Event>, StoreError> {
        let mut bytes = 0;
        let fitting = records.iter().take_while(|record| {
            let before = bytes;
            bytes += record.len();
            before < self.options.batch_bytes
        });
        let events = (from..).zip(fitting).map(|(position, record)| Event::new(position, record));
        events.collect::<Result<_, _>>().map_err(|error| StoreError::Damaged(error.to_string()))
    }

    fn failed(&mut self, org: OrgId, count: usize, error: &DeliveryError, (position, behind): (u64, u64)) {
        let pace = self.orgs.entry(org).or_default();
        let pause = match error {
            DeliveryError::TooLarge if count > 1 => {
                pace.at_most = Some(count / 2);
                return;
            }
            DeliveryError::TooLarge | DeliveryError::Refused(_) => pace.backoff.failed(&self.options, None),
            DeliveryError::Unavailable { retry_after, .. } => self.receiver.failed(&self.options, *retry_after),
        };
        tracing::warn!(
            sink = self.sink.name(), %org, position, behind, pause_ms = pause.as_millis(), reason = %error,
            "audit events were not accepted; trying again"
        );
    }

    /// Says now and then how far the receiver is behind.
    fn report(&mut self, behind: &[StreamBehind]) {
        let events: u64 = behind.iter().map(|org| org.records.saturating_sub(org.next)).sum();
        if events == 0 {
            self.reported = None;
            return;
        }
        let now = Instant::now();
        let since = *self.reported.get_or_insert(now);
        if now.duration_since(since) >= self.options.report {
            self.reported = Some(now);
            tracing::info!(sink = self.sink.name(), behind = events, orgs = behind.len(), "audit events wait");
        }
    }
}

/// When to try again.
#[derive(Debug, Default)]
struct Backoff {
    failures: u32,
    until: Option<Instant>,
}

impl Backoff {
    fn waits(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// Notes a success. Says whether it ended a failure.
    fn ended(&mut self) -> bool {
        std::mem::take(self).failures > 0
    }

    /// Notes a failure. Returns the pause after it.
    fn failed(&mut self, options: &StreamOptions, asked: Option<Duration>) -> Duration {
        let grown = options.first_pause.saturating_mul(1 << self.failures.min(16)).min(options.longest_pause);
        self.failures = self.failures.saturating_add(1);
        let share = random::array::<1>().map_or(255, |[byte]| u32::from(byte));
        let jittered = grown.mul_f64(0.5 + f64::from(share) / 510.0);
        let pause = jittered.max(asked.unwrap_or_default()).min(options.longest_pause);
        self.until = Some(Instant::now() + pause);
        pause
    }
}
