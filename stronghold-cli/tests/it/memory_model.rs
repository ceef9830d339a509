//! Memory with real processes: databases that are put back between commands, and commands that are killed in the middle.
//!
//! The model keeps the whole history of statements and revisions that each client was shown, read from the database by the test
//! itself, and says at every step whether a command is accepted.

mod database;
mod model;
mod played;

use played::Play;
use stronghold_testkit::Org;

/// How many histories there are.
const HISTORIES: u64 = 20;
/// How many steps each has.
const STEPS: usize = 30;

#[test]
fn real_processes_accept_what_the_model_allows() {
    let mut play = Play::new(Org::start());
    for seed in 1..=HISTORIES {
        play.history(seed, STEPS);
    }
    play.say();
    for kind in ["accepted", "refused", "killed"] {
        assert!(play.count(kind) >= HISTORIES, "too few are {kind}");
    }
}
