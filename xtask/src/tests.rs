//! Every test of the workspace: several test programs at a time, because some compute and others wait.

use crate::{
    binaries::{self, Binary},
    parallel,
    run::{Failed, Step, cargo},
};
use std::{env, time::Instant};

/// The packages whose tests take longest, which begin first.
const LONGEST: &[&str] = &["stronghold-sdk", "stronghold-cli"];

/// Builds them, by themselves: so what they do is watched later, and not how they are built.
pub(crate) fn build() -> Result<(), Failed> {
    cargo("build the tests", &["test", "--workspace", "--no-run", "--quiet"]).run()
}

/// A step that runs all that were built, which is this program again.
pub(crate) fn step() -> Result<Step, Failed> {
    let program = env::current_exe().map_err(|error| Failed(format!("finding this program ({error})")))?;
    let step = Step::new("tests", program).args(&["run-tests"]);
    if env::var_os("RUST_TEST_THREADS").is_some() {
        return Ok(step);
    }
    Ok(step.env("RUST_TEST_THREADS", (parallel::jobs() + 1).to_string()))
}

/// Runs all that were built. Each prints what it says when it is done.
pub(crate) fn run() -> Result<(), Failed> {
    let listed =
        cargo("the test programs", &["test", "--workspace", "--no-run", "--message-format", "json"]).output()?;
    let mut programs = binaries::all_of_messages(&listed);
    // Nothing that was found would be nothing that failed.
    if let Some(missing) = LONGEST.iter().find(|name| programs.iter().all(|program| program.package != **name)) {
        return Err(Failed(format!("finding the tests of {missing}")));
    }
    programs.sort_by_key(|program| LONGEST.iter().position(|name| *name == program.package).unwrap_or(usize::MAX));
    let ends = parallel::in_parallel(parallel::jobs(), &programs, |_, program| ran(program))?;
    let failed: Vec<&str> =
        programs.iter().zip(ends).filter(|(_, well)| !well).map(|(program, _)| program.package.as_str()).collect();
    let documented = cargo("tests in documentation", &["test", "--workspace", "--doc"]).run();
    println!("\n{} test programs, {} failed", programs.len(), failed.len());
    if failed.is_empty() { documented } else { Err(Failed(format!("the tests of {}", failed.join(", ")))) }
}

fn ran(program: &Binary) -> Result<bool, Failed> {
    let start = Instant::now();
    let (well, printed) = Step::of(&program.package, program.command_of_all()).said()?;
    let name = program.target.as_deref().unwrap_or("of its own");
    println!("\n{}: tests {name}, {} s\n{printed}", program.package, start.elapsed().as_secs());
    Ok(well)
}
