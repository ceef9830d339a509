//! Waiting for something without guessing how long it takes.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none after `limit`.
pub fn until<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
