//! How old or early a request may be.

use crate::{limits, time::Timestamp};

/// A request was made too long ago, or in the future, by the server's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request's time is {ahead_seconds} seconds ahead of the server's clock")]
pub struct ClockSkew {
    /// How far the request's `created` is ahead of the server's clock, in seconds; negative when it is behind.
    pub ahead_seconds: i64,
}

/// Checks that `created` (seconds since the epoch) is at most [`limits::REQUEST_PAST_SECONDS`] in the past and
/// [`limits::REQUEST_FUTURE_SECONDS`] in the future.
///
/// # Errors
/// [`ClockSkew`] otherwise.
pub const fn check_clock(created: i64, now: Timestamp) -> Result<(), ClockSkew> {
    let ahead_seconds = created.saturating_sub(now.as_seconds());
    if ahead_seconds < -limits::REQUEST_PAST_SECONDS || ahead_seconds > limits::REQUEST_FUTURE_SECONDS {
        return Err(ClockSkew { ahead_seconds });
    }
    Ok(())
}
