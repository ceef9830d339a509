//! Our own mutation test: the modules that verify, with one check after the other broken, and which test notices.
//!
//! All mutants are built at once, each switched on by a variable (`xtask/mutator`). Which tests reach which mutant is
//! measured first. Then, per mutant: the vectors that reach it, and only if none of them fails, every other test that
//! does. A test that does not end counts as one that noticed. What no test notices has to stand in `docs/mutants.md`, with
//! its reason.

mod before;
mod build;
mod demanded;
mod judge;
mod modules;
mod record;
mod report;
mod tests;
mod traced;
mod vectors;

use crate::{parallel, run::Failed, target};
use build::Mutant;
use std::time::Duration;

/// With `--fast`, and where nothing is expected to notice: how much of test time a mutant meets beside the vectors.
const FAST: Duration = Duration::from_secs(20);

struct Options {
    list: bool,
    fast: bool,
    vectors: bool,
    only: Vec<String>,
    jobs: usize,
}

/// Runs what was asked for.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let options = Options::parse(arguments)?;
    let record = record::read()?;
    let folder = target().join("mutate");
    let is_asked =
        |mutant: &Mutant| options.only.is_empty() || options.only.iter().any(|part| mutant.file.contains(part));
    if options.list {
        let (mutants, _) = build::rewritten(&folder, &[])?;
        for mutant in mutants.iter().filter(|mutant| is_asked(mutant)) {
            println!("{mutant}");
        }
        return Ok(());
    }
    let built = build::all(&folder)?;
    let tests = tests::trace(&built.binaries, options.vectors, &folder, options.jobs)?;
    println!("{} tests, {} of them of vectors", tests.len(), tests.iter().filter(|test| test.is_of_vectors()).count());
    let asked: Vec<&Mutant> = built.mutants.iter().filter(|mutant| is_asked(mutant)).collect();
    let verdicts = judge::all(&asked, &tests, &record, options.fast, &folder, options.jobs)?;
    report::print(&asked, &verdicts);
    report::write(&folder.join("report.md"), &asked, &verdicts)?;
    let demanded = vectors::demand(&record, &asked, &verdicts);
    if options.vectors {
        return demanded;
    }
    vectors::write(&record, &asked, &verdicts)?;
    demanded.and(record::compare(&record, &built.mutants, &asked, &verdicts))
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Failed> {
        let jobs = parallel::jobs();
        let mut options = Self { list: false, fast: false, vectors: false, only: Vec::new(), jobs };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| Failed(format!("{argument} without a value")));
            match argument.as_str() {
                "--list" => options.list = true,
                "--fast" => options.fast = true,
                "--vectors" => options.vectors = true,
                "--only" => options.only.push(value()?.clone()),
                "--jobs" => options.jobs = value()?.parse().unwrap_or(jobs).max(1),
                _ => return Err(Failed(format!("the unknown argument {argument}"))),
            }
        }
        Ok(options)
    }
}
