//! Points in time as people type them.

use crate::failure::Failure;
use stronghold_sdk::protocol::time::Timestamp;

const EXAMPLES: &str = "write 90d, 12h, 30m, 2s, 2027-01-31, 2027-01-31T12:00:00Z, or never";

/// Parses a point in time: a span from `now` on, a date (its start, UTC), an RFC 3339 time, or `never`.
pub(crate) fn parse(text: &str, now: Timestamp) -> Result<Option<Timestamp>, Failure> {
    if text == "never" {
        return Ok(None);
    }
    let refused = || Failure::usage(format!("{text:?} is no point in time: {EXAMPLES}"));
    let at = match span_millis(text) {
        Some(millis) => now.plus_millis(millis),
        None => parse_absolute(text).ok_or_else(refused)?,
    };
    if at <= now {
        return Err(Failure::usage(format!("{text:?} is in the past")));
    }
    Ok(Some(at))
}

/// Parses a point in time that lies back: a span before `now`, a date (its start, UTC), or an RFC 3339 time.
pub(crate) fn parse_past(text: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let refused =
        || Failure::usage(format!("{text:?} is no point in time: write 7d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z"));
    match span_millis(text) {
        Some(millis) => Ok(now.plus_millis(-millis)),
        None => parse_absolute(text).ok_or_else(refused),
    }
}

fn span_millis(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok().filter(|number| *number > 0)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(seconds)?.checked_mul(1000)
}

fn parse_absolute(text: &str) -> Option<Timestamp> {
    // The protocol has one text for an instant; people may leave out milliseconds, or the time of day.
    let full = match text.strip_suffix('Z') {
        Some(_) if text.contains('.') => text.to_owned(),
        Some(rest) => format!("{rest}.000Z"),
        None => format!("{text}T00:00:00.000Z"),
    };
    full.parse().ok()
}
