//! The tests, which mutants each of them reaches, and how long it takes.

use super::traced::Traced;
use crate::{
    binaries::Binary,
    limited::{self, Ended},
    parallel::in_parallel,
    run::Failed,
    tools,
};
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

/// Longest that a test may take with no mutant on.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How many random histories the model test of the memory plays with a mutant.
const MODEL_HISTORIES: &str = "10";

/// A test.
pub(super) struct Test {
    /// The program that it is in.
    pub(super) binary: Binary,
    /// Its full name.
    pub(super) name: String,
    /// How long it takes.
    pub(super) time: Duration,
    /// Numbers of the mutants that it reaches.
    pub(super) reached: BTreeSet<u32>,
}

impl Test {
    /// The program, as a test of mutants starts it.
    pub(super) fn command(binary: &Binary) -> Command {
        let mut command = binary.command();
        command.envs(tools::installed().test_environment());
        // Each history of the model is one more chance to notice; all of them take minutes, and again for each mutant.
        command.env("STRONGHOLD_MODEL_HISTORIES", MODEL_HISTORIES);
        command
    }

    /// Whether it reads the published vectors and judges by them: the modules of those tests say so. What makes the files
    /// is no judge.
    pub(super) fn is_of_vectors(&self) -> bool {
        is_of_vectors(&self.name)
    }
}

fn is_of_vectors(test: &str) -> bool {
    test.split("::").any(|part| part.contains("vectors")) && !test.ends_with("code_makes")
}

/// Runs each test by itself, with no mutant on. What a program's tests reached is kept for as long as the program is the
/// same; those of vectors read files, and are run again.
pub(super) fn trace(binaries: &[Binary], only_vectors: bool, folder: &Path, jobs: usize) -> Result<Vec<Test>, Failed> {
    let seen = folder.join("seen");
    let _ = fs::remove_dir_all(&seen);
    fs::create_dir_all(&seen).map_err(|error| Failed(format!("{} ({error})", seen.display())))?;
    let mut names = Vec::new();
    for binary in binaries {
        names.extend(binary.tests()?.into_iter().map(|name| (binary, name)));
    }
    names.retain(|(_, name)| !only_vectors || is_of_vectors(name));
    println!("\n== which of {} tests reaches what ==", names.len());
    let known = Traced::read(binaries, folder)?;
    let traced = in_parallel(jobs, &names, |number, (binary, name)| {
        if let Some(test) = known.test(binary, name) {
            return Ok(Some(test));
        }
        let path = seen.join(number.to_string());
        let mut command = Test::command(binary);
        command.args(["--exact", name]).env("STRONGHOLD_MUTANTS_SEEN", &path);
        let start = Instant::now();
        let ended = limited::run(command, LONGEST, &seen.join(format!("{number}.txt")))?;
        if !matches!(ended, Ended::Itself { well: true, .. }) {
            println!("left out, as it fails by itself: {} {name}", binary.package);
            return Ok(None);
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        let reached = text.lines().filter_map(|line| line.parse().ok()).collect();
        Ok(Some(Test { binary: (*binary).clone(), name: name.clone(), time: start.elapsed(), reached }))
    })?;
    let tests: Vec<Test> = traced.into_iter().flatten().collect();
    if !only_vectors {
        known.keep(&tests, folder)?;
    }
    Ok(tests)
}
