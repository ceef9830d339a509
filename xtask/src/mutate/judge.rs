//! What becomes of each mutant.

use super::{
    FAST,
    before::Before,
    build::Mutant,
    record::{Record, has_reason},
    tests::Test,
};
use crate::{
    limited::{self, Ended},
    parallel::in_parallel,
    run::Failed,
};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// What came of a mutant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A test of vectors noticed.
    Vectors {
        /// Package and test.
        test: String,
        /// The case of the file, where the test says it.
        case: Option<String>,
    },
    /// Another test noticed, and no vector.
    Tests {
        /// Package and test.
        test: String,
    },
    /// Tests reach it, and none notices.
    Survived,
    /// No test reaches it.
    Unreached,
}

impl Verdict {
    /// Whether no test noticed.
    pub(super) const fn survived(&self) -> bool {
        matches!(self, Self::Survived | Self::Unreached)
    }
}

/// How many tests are run together, and for how long: a mutant dies with the first that fails.
const TOGETHER: usize = 30;
const TOGETHER_FOR: Duration = Duration::from_secs(3);

/// Time that a test has with a mutant: what it takes without, so many times, and something on top.
const SLOWER: u32 = 10;
const ON_TOP: Duration = Duration::from_secs(20);

/// Judges all of them; all tests that reach a mutant are run, or the fast ones only.
///
/// What the record has a reason for meets the fast ones only: that a slow one notices it is not expected, and would take
/// minutes to see.
pub(super) fn all(
    mutants: &[&Mutant],
    tests: &[Test],
    record: &Record,
    fast: bool,
    folder: &Path,
    jobs: usize,
) -> Result<Vec<Verdict>, Failed> {
    let before = Before::read(folder);
    println!("\n== {} mutants ==", mutants.len());
    let outputs = folder.join("outputs");
    fs::create_dir_all(&outputs).map_err(|error| Failed(format!("{} ({error})", outputs.display())))?;
    let done = AtomicUsize::new(0);
    let verdicts = in_parallel(jobs, mutants, |number, mutant| {
        let most = if fast || has_reason(record, mutant) { FAST } else { Duration::MAX };
        let verdict = one(mutant, tests, &before, most, &outputs.join(format!("{number}.txt")))?;
        if verdict.survived() {
            println!("survived: {mutant}");
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(100) {
            println!("{done} of {}", mutants.len());
        }
        Ok(verdict)
    })?;
    before.keep(folder, mutants, &verdicts)?;
    Ok(verdicts)
}

fn one(mutant: &Mutant, tests: &[Test], before: &Before, most: Duration, output: &Path) -> Result<Verdict, Failed> {
    let mut reaching: Vec<&Test> = tests.iter().filter(|test| test.reached.contains(&mutant.number)).collect();
    if reaching.is_empty() {
        return Ok(Verdict::Unreached);
    }
    // Vectors, then all others; of either, the one that noticed in an earlier run, then those of the lower crate, then
    // those of the upper one; the fast ones first.
    let again = |test: &Test| before.noticed(mutant, &test.binary.package, &test.name);
    let part = |test: &Test| (!test.is_of_vectors(), !again(test), test.binary.package.clone());
    reaching.sort_by_key(|test| (part(test), test.time));
    let mut time = Duration::ZERO;
    reaching.retain(|test| {
        let counts = !test.is_of_vectors() && !again(test);
        time += if counts { test.time } else { Duration::ZERO };
        !counts || time <= most
    });
    let mut verdict = Verdict::Survived;
    for part in reaching.chunk_by(|a, b| part(a) == part(b)) {
        for together in in_parts(part) {
            if let Some((test, case)) = noticed(mutant, together, output)? {
                let of_vectors = together.first().is_some_and(|test| test.is_of_vectors());
                verdict = if of_vectors { Verdict::Vectors { test, case } } else { Verdict::Tests { test } };
                break;
            }
        }
        if verdict != Verdict::Survived {
            break;
        }
    }
    let _ = fs::remove_file(output);
    Ok(verdict)
}

fn in_parts<'p, 't>(mut rest: &'p [&'t Test]) -> Vec<&'p [&'t Test]> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let mut time = Duration::ZERO;
        let fits = rest.iter().take(TOGETHER).take_while(|test| {
            time += test.time;
            time <= TOGETHER_FOR
        });
        let count = fits.count().max(1);
        let (part, later) = rest.split_at(count);
        parts.push(part);
        rest = later;
    }
    parts
}

/// The test that fails with the mutant, if one of these does, and the case of vectors; all of one program.
fn noticed(mutant: &Mutant, tests: &[&Test], output: &Path) -> Result<Option<Noticed>, Failed> {
    let Some(first) = tests.first() else { return Ok(None) };
    let mut command = Test::command(&first.binary);
    command.arg("--exact").args(tests.iter().map(|test| &test.name));
    command.env("STRONGHOLD_MUTANT", mutant.number.to_string());
    let time: Duration = tests.iter().map(|test| test.time).sum();
    let package = &first.binary.package;
    Ok(match limited::run(command, time * SLOWER + ON_TOP, output)? {
        Ended::Itself { well: true, .. } => None,
        Ended::Itself { output, .. } => {
            let failed = output.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
            let test = failed.unwrap_or("(the program ended)");
            Some((format!("{package} {test}"), case_in(&output, test)))
        }
        Ended::TooLate => Some((format!("{package} (no end)"), None)),
    })
}

/// Package and test, and the case.
type Noticed = (String, Option<String>);

/// The case that a test of vectors names when it fails: in quotes, behind the name of its file.
fn case_in(output: &str, test: &str) -> Option<String> {
    let (_, said) = output.split_once(&format!("---- {test} stdout ----"))?;
    let line = said.lines().skip_while(|line| !line.contains("panicked at")).nth(1)?;
    let line = line.rsplit_once(" failed: ").map_or(line, |(_, case)| case);
    let (_, case) = line.split_once(": \"")?;
    Some(case.split_once('"')?.0.to_owned())
}
