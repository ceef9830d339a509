//! Time: RFC 3339, UTC, milliseconds; and the clock as a parameter.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    fmt,
    str::FromStr,
    sync::atomic::{AtomicI64, Ordering},
};

/// A text was not `YYYY-MM-DDTHH:MM:SS.mmmZ`, or a number was outside 1970-01-01T00:00:00.000Z to 9999-12-30T22:00:00.000Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time like 2027-01-31T12:00:00.000Z")]
pub struct InvalidTime;

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 9999-12-30T22:00:00.000Z, the last time that can be written: the calendar's crate reads texts of later ones, and has no
/// text for them.
const LATEST_MILLIS: i64 = 253_402_207_200_000;

impl Timestamp {
    /// The time that many milliseconds after the epoch.
    ///
    /// # Errors
    /// [`InvalidTime`] outside 1970-01-01T00:00:00.000Z to 9999-12-30T22:00:00.000Z.
    pub const fn from_millis(millis: i64) -> Result<Self, InvalidTime> {
        if millis < 0 || millis > LATEST_MILLIS { Err(InvalidTime) } else { Ok(Self(millis)) }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0 / 1000
    }

    /// This time moved by some milliseconds, kept within 1970-01-01 and 9999-12-30.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        let moved = self.0.saturating_add(millis);
        if moved < 0 {
            Self(0)
        } else if moved > LATEST_MILLIS {
            Self(LATEST_MILLIS)
        } else {
            Self(moved)
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time: jiff::Timestamp = text.parse().map_err(|_| InvalidTime)?;
        let time = Self::from_millis(time.as_millisecond())?;
        // One instant has one text, so that what is hashed or compared has one form.
        if time.to_string() == text { Ok(time) } else { Err(InvalidTime) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Where the time comes from. A parameter everywhere, so that tests decide what time it is.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The operating system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond().clamp(0, LATEST_MILLIS))
    }
}

/// A clock that stands still until it is moved: for tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves the clock by some milliseconds, backwards when negative.
    pub fn advance_millis(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst).clamp(0, LATEST_MILLIS))
    }
}
