//! What came of a trial.

use crate::limited::Ended;
use std::fmt;

/// What came of removing a check, or of removing none.
pub(super) enum Verdict {
    /// The test failed without the check, as it should.
    Killed,
    /// The test did not end without the check, which it does with it.
    NoEnd,
    /// The test passed without the check.
    Survived,
    /// Nothing was removed, and the test passed, as it should.
    Passed,
    /// The trial says nothing, and why.
    Broken(String),
}

impl Verdict {
    /// One word.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::NoEnd => "no end",
            Self::Survived => "SURVIVED",
            Self::Passed => "passed",
            Self::Broken(_) => "BROKEN",
        }
    }

    /// Whether all is as it should be.
    pub(super) const fn is_good(&self) -> bool {
        matches!(self, Self::Killed | Self::NoEnd | Self::Passed)
    }

    /// Of tests that ran without a check.
    pub(super) fn without(ended: &Ended, count: Count) -> Self {
        match Outcome::of(ended, count) {
            Outcome::Failed => Self::Killed,
            Outcome::Passed => Self::Survived,
            Outcome::Endless => Self::NoEnd,
            Outcome::Nothing(why) => Self::Broken(why),
        }
    }

    /// Of tests that ran with every check in place.
    pub(super) fn whole(ended: &Ended, count: Count) -> Self {
        match Outcome::of(ended, count) {
            Outcome::Passed => Self::Passed,
            Outcome::Failed => Self::Broken("it fails although nothing was removed".to_owned()),
            Outcome::Endless => Self::Broken("it does not end although nothing was removed".to_owned()),
            Outcome::Nothing(why) => Self::Broken(why),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(why) => write!(f, "BROKEN: {why}"),
            _ => f.write_str(self.word()),
        }
    }
}

enum Outcome {
    Passed,
    Failed,
    Endless,
    Nothing(String),
}

impl Outcome {
    fn of(ended: &Ended, count: Count) -> Self {
        let Ended::Itself { well, output } = ended else { return Self::Endless };
        match (well, count(output)) {
            (_, (0, 0)) => Self::Nothing(format!("no test ran to its end\n{}", last_lines(output))),
            (true, (_, 0)) => Self::Passed,
            (false, (_, failed)) if failed > 0 => Self::Failed,
            _ => Self::Nothing(format!("the tests did not end as tests do\n{}", last_lines(output))),
        }
    }
}

/// Tests that passed and failed, of what a runner of tests printed.
pub(super) type Count = fn(&str) -> (usize, usize);

/// Of the lines with which Rust's test programs close.
pub(super) fn of_rust(output: &str) -> (usize, usize) {
    let closing = output.lines().filter_map(|line| line.strip_prefix("test result: "));
    closing.fold((0, 0), |(passed, failed), line| {
        let number = |word: &str| {
            let before = line.split_once(word).map(|(before, _)| before.trim_end());
            before.and_then(|before| before.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
        };
        (passed + number(" passed"), failed + number(" failed"))
    })
}

/// Of the lines with which Node's runner closes.
pub(super) fn of_node(output: &str) -> (usize, usize) {
    let number = |word: &str| {
        let closing = output.lines().filter_map(|line| line.trim_start_matches(['#', 'ℹ', ' ']).strip_prefix(word));
        closing.filter_map(|rest| rest.trim().parse::<usize>().ok()).sum()
    };
    (number("pass "), number("fail "))
}

/// The end of what a program printed.
pub(super) fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
}
