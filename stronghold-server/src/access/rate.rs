//! Token buckets in memory: how often an address or account may try what costs or tells the server something.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    sync::Mutex,
};
use stronghold_protocol::{
    id::{OrgId, UserId},
    time::Timestamp,
};

/// How many tries are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// At once.
    pub burst: u32,
    /// In the long run, in a minute.
    pub per_minute: u32,
}

/// What is counted separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// Requests of an address that were refused before their signature verified, or were repeated.
    Refused(Source),
    /// Log-ins and set-ups of an address.
    Login(Source),
    /// Log-ins of an account, existing or not, from wherever nobody logged in to it before.
    Account(OrgId, UserId),
    /// Log-ins of an account from where somebody logged in to it before.
    KnownAccount(OrgId, UserId, Source),
    /// Log-ins of all accounts together: from where somebody logged in before, or from elsewhere.
    AllLogins {
        /// Which of them.
        known: bool,
    },
    /// Looking into the store for keys that the cache does not know.
    UnknownKeys,
}

/// Where a request came from, as far as it is counted: an IPv4 address, or an IPv6 network of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            // Whoever has one address of such a network has them all.
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            IpAddr::V4(address) => write!(f, "{address}/32"),
            IpAddr::V6(network) => write!(f, "{network}/64"),
        }
    }
}

/// What is left of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateState {
    /// Whether there was a token.
    pub allowed: bool,
    /// The limit.
    pub limit: RateLimit,
    /// How many tries are left at once.
    pub remaining: u32,
    /// After how many seconds there is one more.
    pub retry_after_seconds: u64,
}

/// Most buckets that are kept. Full ones are forgotten first; beyond that, new keys share one bucket.
const BUCKETS: usize = 100_000;
const MILLIS_PER_MINUTE: f64 = 60_000.0;

#[derive(Clone, Copy)]
struct Level {
    tokens: f64,
    at: Timestamp,
}

/// Token buckets, one for each key. They are this process's own and start full.
#[derive(Debug)]
pub struct RateLimiter {
    levels: Mutex<Levels>,
}

#[derive(Default)]
struct Levels {
    by_key: HashMap<Bucket, Level>,
    overflow: Option<Level>,
}

impl std::fmt::Debug for Levels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Levels({})", self.by_key.len())
    }
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self { levels: Mutex::new(Levels::default()) }
    }
}

impl RateLimiter {
    /// Looks whether a try would be allowed, without counting one.
    #[must_use]
    pub fn peek(&self, bucket: Bucket, limit: RateLimit, now: Timestamp) -> RateState {
        self.with_level(bucket, limit, now, |level| state(*level, limit))
    }

    /// Counts a try.
    #[must_use]
    pub fn take(&self, bucket: Bucket, limit: RateLimit, now: Timestamp) -> RateState {
        self.with_level(bucket, limit, now, |level| {
            let before = state(*level, limit);
            if before.allowed {
                level.tokens -= 1.0;
            }
            RateState { allowed: before.allowed, ..state(*level, limit) }
        })
    }

    fn with_level<T>(&self, bucket: Bucket, limit: RateLimit, now: Timestamp, work: impl FnOnce(&mut Level) -> T) -> T {
        let mut levels = self.levels.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let full = Level { tokens: f64::from(limit.burst), at: now };
        if levels.by_key.len() >= BUCKETS && !levels.by_key.contains_key(&bucket) {
            levels.by_key.retain(|_, level| now.as_millis() - level.at.as_millis() < 60_000);
        }
        let crowded = levels.by_key.len() >= BUCKETS && !levels.by_key.contains_key(&bucket);
        let level =
            if crowded { levels.overflow.get_or_insert(full) } else { levels.by_key.entry(bucket).or_insert(full) };
        refill(level, limit, now);
        work(level)
    }
}

fn refill(level: &mut Level, limit: RateLimit, now: Timestamp) {
    // A clock that went back gives nothing and takes nothing.
    let passed =
        u32::try_from(now.as_millis() - level.at.as_millis()).unwrap_or(if now > level.at { u32::MAX } else { 0 });
    let gained = f64::from(passed) * f64::from(limit.per_minute) / MILLIS_PER_MINUTE;
    level.tokens = (level.tokens + gained).min(f64::from(limit.burst));
    level.at = level.at.max(now);
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "both are small and not negative")]
fn state(level: Level, limit: RateLimit) -> RateState {
    let missing = (1.0 - level.tokens.fract()) * 60.0 / f64::from(limit.per_minute.max(1));
    RateState {
        allowed: level.tokens >= 1.0,
        limit,
        remaining: level.tokens.max(0.0) as u32,
        retry_after_seconds: (missing.ceil() as u64).max(1),
    }
}

impl RateState {
    /// The `ratelimit-policy` header's value (draft-ietf-httpapi-ratelimit-headers): the quota and its window.
    #[must_use]
    pub fn policy_header(&self) -> String {
        format!("\"default\";q={};w=60", self.limit.per_minute)
    }

    /// The `ratelimit` header's value: what is left, and when there is more.
    #[must_use]
    pub fn header(&self) -> String {
        format!("\"default\";r={};t={}", self.remaining, self.retry_after_seconds)
    }
}
