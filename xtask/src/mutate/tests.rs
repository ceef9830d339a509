//! The tests, which mutants each of them reaches, and how long it takes.

use crate::{
    binaries::Binary,
    limited::{self, Ended},
    parallel::in_parallel,
    run::Failed,
};
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, Instant},
};

/// Longest that a test may take with no mutant on.
const LONGEST: Duration = Duration::from_secs(15 * 60);

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
    /// Whether it holds the code against the published vectors: the modules of those tests say so.
    pub(super) fn is_of_vectors(&self) -> bool {
        self.name.split("::").any(|part| part.contains("vectors"))
    }
}

/// Runs each test by itself, with no mutant on.
pub(super) fn trace(binaries: &[Binary], folder: &Path, jobs: usize) -> Result<Vec<Test>, Failed> {
    let seen = folder.join("seen");
    let _ = fs::remove_dir_all(&seen);
    fs::create_dir_all(&seen).map_err(|error| Failed(format!("{} ({error})", seen.display())))?;
    let mut names = Vec::new();
    for binary in binaries {
        names.extend(binary.tests()?.into_iter().map(|name| (binary, name)));
    }
    println!("\n== which of {} tests reaches what ==", names.len());
    let traced = in_parallel(jobs, &names, |number, (binary, name)| {
        let path = seen.join(number.to_string());
        let mut command = binary.command();
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
    Ok(traced.into_iter().flatten().collect())
}
