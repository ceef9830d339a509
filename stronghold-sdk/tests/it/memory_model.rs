//! The memory of clients, held against a model: random histories of reads, writes, kills, restarts, rollbacks and forks, and
//! at every step what is accepted is what the model allows, and what is remembered is what was shown.
//!
//! The model keeps whole histories, read from the databases by the test itself, and shares no code with the memory.
//! `STRONGHOLD_MODEL_HISTORIES` says how many histories there are, `STRONGHOLD_MODEL_SEED` which is the first.

mod base;
mod branch;
mod cast;
mod clients;
mod entry;
mod history;
mod kinds;
mod model;
mod overtaken;
mod reading;
mod report;
mod scenes;
mod seen;
mod servers;
mod steps;
mod stores;

use base::Base;
use history::History;
use report::Report;
use std::{
    env,
    ops::Range,
    panic::{AssertUnwindSafe, resume_unwind},
    sync::Mutex,
    thread,
};
use tokio::runtime::Builder;

/// How many histories there are where nothing else is said.
const HISTORIES: u64 = 110;
/// How many steps each has.
const STEPS: usize = 120;
/// How often each kind of outcome occurs at least.
const LEAST: u64 = 100;

/// Kinds of outcome, each of which must occur [`LEAST`] times; one that occurs and is not here must do so too.
const KINDS: &[&str] = &[
    "a swap is lost to another process",
    "accepted, Joined",
    "accepted, LockForkUnseen",
    "accepted, NameTakenOver",
    "accepted, RevisionForkUnseen",
    "accepted, Warned",
    "accepted, WentBack",
    "agent: read accepted",
    "agent: refused, Apart",
    "agent: refused, Damaged",
    "agent: refused, Denied",
    "agent: refused, HeaderForked",
    "agent: refused, HeaderOlder",
    "agent: refused, Missing",
    "agent: refused, NotOnlyOlder",
    "agent: refused, Replaced",
    "agent: refused, RevisionForked",
    "agent: refused, RevisionOlder",
    "agent: refused, TwoViews",
    "agent: refused, Unlocked",
    "agent: start accepted",
    "cache damaged: accepted all the same",
    "cache damaged: refused all the same",
    "console: read accepted",
    "console: refused, Apart",
    "console: refused, Damaged",
    "console: refused, HeaderForked",
    "console: refused, HeaderOlder",
    "console: refused, Missing",
    "console: refused, Replaced",
    "console: refused, RevisionForked",
    "console: refused, RevisionOlder",
    "console: refused, TwoViews",
    "console: refused, Unlocked",
    "console: revision accepted",
    "console: start accepted",
    "console: statement accepted",
    "console: write refused, nothing signed",
    "killed after the swap",
    "killed before the swap",
    "person: read accepted",
    "person: refused, Apart",
    "person: refused, Damaged",
    "person: refused, HeaderForked",
    "person: refused, HeaderOlder",
    "person: refused, Missing",
    "person: refused, Replaced",
    "person: refused, RevisionForked",
    "person: refused, RevisionOlder",
    "person: refused, TwoViews",
    "person: refused, Unlocked",
    "person: revision accepted",
    "person: start accepted",
    "person: statement accepted",
    "person: write refused, nothing signed",
    "server: copied",
    "server: forked",
    "server: newer database",
    "server: rolled back",
];

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn what_is_accepted_is_what_the_model_allows() {
    let first = number("STRONGHOLD_MODEL_SEED", 1);
    let histories = number("STRONGHOLD_MODEL_HISTORIES", HISTORIES);
    // A history is of its seed alone, whichever processor it is played on.
    let seeds = Mutex::new(first..first + histories);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let mut report = Report::expecting(KINDS);
    thread::scope(|scope| {
        let players: Vec<_> = (0..processors).map(|_| scope.spawn(|| play(&seeds))).collect();
        for player in players {
            report.add(&player.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    report.say(&format!("memory held against the model: {histories} histories of {STEPS} steps"));
    let rare = report.below(LEAST);
    assert!(histories < HISTORIES || rare.is_empty(), "too few of {rare:?}");
}

/// Plays one history after the other, until none is left.
fn play(seeds: &Mutex<Range<u64>>) -> Report {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let base = Base::new().await;
        let mut report = Report::default();
        loop {
            let Some(seed) = seeds.lock().unwrap().next() else { return report };
            let told = AssertUnwindSafe(run(&base, seed, &mut report));
            if let Err(panic) = futures_util::future::FutureExt::catch_unwind(told).await {
                eprintln!(
                    "the history of seed {seed} failed: STRONGHOLD_MODEL_SEED={seed} STRONGHOLD_MODEL_HISTORIES=1"
                );
                resume_unwind(panic);
            }
        }
    })
}

async fn run(base: &Base, seed: u64, report: &mut Report) {
    let mut history = History::new(base, seed, report).await;
    for _ in 0..STEPS {
        history.step().await;
    }
}
