//! Denials after a verified signature, counted for each key: how many are recorded whole.
//!
//! Only requests that are about to be denied are counted, so an allowed request is never refused by this. The counts are
//! this process's own and start at zero: after a restart, or with several servers, more is recorded, never less.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use stronghold_protocol::{crypto::sign::KeyId, id::OrgId, limits::DENIALS_RECORDED, time::Timestamp};

/// What of a denial is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// All of it, with its reason.
    Whole,
    /// That there are too many, with the request that was one too many.
    Last,
    /// Nothing.
    Unrecorded,
}

/// Counts the denials of each key in a minute of the clock.
#[derive(Debug, Default)]
pub struct Denials {
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    minute: i64,
    by_key: HashMap<(OrgId, KeyId), u32>,
}

const MINUTE_MILLIS: i64 = 60_000;

impl Denials {
    /// Counts one denial.
    #[must_use]
    pub fn count(&self, org: OrgId, key: KeyId, now: Timestamp) -> Denial {
        let mut counted = self.lock();
        let minute = minute_of(now);
        if counted.minute != minute {
            // Keys are those of members, so a minute never has more of them than there are.
            *counted = Counted { minute, by_key: HashMap::new() };
        }
        let count = counted.by_key.entry((org, key)).or_default();
        *count = count.saturating_add(1);
        match *count {
            count if count <= DENIALS_RECORDED => Denial::Whole,
            count if count == DENIALS_RECORDED + 1 => Denial::Last,
            _ => Denial::Unrecorded,
        }
    }

    /// Whether the next denial of a key would be recorded no more. Counts nothing.
    #[must_use]
    pub fn is_used_up(&self, org: OrgId, key: KeyId, now: Timestamp) -> bool {
        let counted = self.lock();
        let count = counted.by_key.get(&(org, key)).copied().unwrap_or_default();
        counted.minute == minute_of(now) && count > DENIALS_RECORDED
    }

    /// Forgets a key's count, after a record that could not be written: rather one too many than one too few.
    pub fn forget(&self, org: OrgId, key: KeyId) {
        self.lock().by_key.remove(&(org, key));
    }

    /// After how many seconds denials are recorded whole again.
    #[must_use]
    pub fn retry_after_seconds(now: Timestamp) -> u64 {
        let left = MINUTE_MILLIS - now.as_millis().rem_euclid(MINUTE_MILLIS);
        u64::try_from(left).unwrap_or_default().div_ceil(1000).max(1)
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn minute_of(now: Timestamp) -> i64 {
    now.as_millis().div_euclid(MINUTE_MILLIS)
}
