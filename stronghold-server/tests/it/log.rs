//! Log lines of one cause, and how many of them were left out.

use std::{
    io,
    sync::{Arc, Mutex},
};
use stronghold_protocol::time::{ManualClock, Timestamp};
use stronghold_server::log::{LINES, LogThrottle, WINDOW_MILLIS};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::SubscriberExt};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Lines {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// What was written since this was asked last.
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

#[test]
fn lines_of_one_cause_are_written_up_to_a_number_and_the_others_counted() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_000_000_000_000).unwrap()));
    let throttle = LogThrottle::new(clock.clone());
    let lines = Lines::default();
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(lines.clone());
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(throttle.clone()));
    let most = usize::try_from(LINES).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        let refuse = |action: &str, times: usize| {
            for number in 0..times {
                tracing::warn!(action, number, "refused before the signature verified");
            }
        };
        refuse("self.read", most * 100);
        assert_eq!(lines.take().len(), most);
        refuse("login.start", 2);
        tracing::warn!("another cause");
        assert_eq!(lines.take().len(), 3, "other actions and places have their own");
        throttle.report();
        let said = lines.take();
        assert_eq!(said.len(), 1, "{said:?}");
        for word in ["WARN", "more lines like this were left out", "self.read", "refused before the signature verified"]
        {
            assert!(said[0].contains(word), "{word}: {said:?}");
        }
        assert!(said[0].contains(&format!("left_out={}", most * 99)), "{said:?}");
        throttle.report();
        assert!(lines.take().is_empty(), "it is said once");
        // The report begins no window.
        refuse("self.read", 5);
        assert!(lines.take().is_empty());
        clock.advance_millis(WINDOW_MILLIS);
        refuse("self.read", most + 1);
        assert_eq!(lines.take().len(), most);
        throttle.report();
        assert!(lines.take()[0].contains("left_out=6"));
        // What an operator asked for is whole.
        for number in 0..most * 3 {
            tracing::debug!(number, "allowed");
        }
        assert_eq!(lines.take().len(), most * 3);
    });
}
