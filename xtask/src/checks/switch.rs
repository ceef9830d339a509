//! A check removed by its switch.

use super::{
    build::Built,
    patch::{Patch, Test},
    verdict::{Verdict, of_rust},
};
use crate::{
    limited::{self, Ended},
    parallel::{self, in_parallel},
    run::Failed,
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Longest that a test may take with every check in place.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Time that a test has without a check: what it takes with it, so many times, but at least so long.
const SLOWER: u32 = 10;
const AT_LEAST: Duration = Duration::from_secs(60);

/// What a test program is told by a variable: the name of the check that is removed, if any.
type Told<'a> = Option<&'a str>;

/// The tests of one build.
pub(super) struct Switches<'b> {
    built: &'b Built,
    outputs: PathBuf,
    times: BTreeMap<Test, Duration>,
}

impl<'b> Switches<'b> {
    /// Of what was built; what tests print goes to a folder in `folder`.
    pub(super) fn new(built: &'b Built, folder: &Path) -> Result<Self, Failed> {
        let outputs = folder.join("outputs");
        fs::create_dir_all(&outputs).map_err(|error| Failed(format!("{} ({error})", outputs.display())))?;
        Ok(Self { built, outputs, times: BTreeMap::new() })
    }

    /// Runs tests with every check in place, and remembers how long they take.
    pub(super) fn try_whole(&mut self, tests: &[Test]) -> Result<Vec<Verdict>, Failed> {
        let tried = in_parallel(parallel::jobs(), tests, |number, test| {
            let start = Instant::now();
            let ended = self.run(test, None, LONGEST, &format!("whole-{number}"))?;
            let verdict = Verdict::whole(&ended, of_rust);
            if !verdict.is_good() {
                println!("nothing removed: {test}: {verdict}");
            }
            Ok((start.elapsed(), verdict))
        })?;
        let mut verdicts = Vec::new();
        for (test, (time, verdict)) in tests.iter().zip(tried) {
            self.times.insert(test.clone(), time);
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    /// Removes the check of each patch, and runs its test.
    pub(super) fn try_patches(&self, patches: &[&Patch]) -> Result<Vec<Verdict>, Failed> {
        let mut verdicts = in_parallel(parallel::jobs(), patches, |_, patch| {
            let verdict = self.try_patch(patch, Some(&patch.name))?;
            if verdict.is_good() {
                println!("{:9} {}", verdict.word(), patch.name);
            }
            Ok(verdict)
        })?;
        // Tests that start programs without our variables: one after the other, as there is one file.
        for (patch, verdict) in patches.iter().zip(&mut verdicts).filter(|(_, verdict)| !verdict.is_good()) {
            fs::write(&self.built.said, &patch.name)
                .map_err(|error| Failed(format!("the name of a check ({error})")))?;
            let again = self.try_patch(patch, None);
            let _ = fs::remove_file(&self.built.said);
            *verdict = again?;
            println!("{:9} {}", verdict.word(), patch.name);
        }
        Ok(verdicts)
    }

    fn try_patch(&self, patch: &Patch, told: Told<'_>) -> Result<Verdict, Failed> {
        let time = self.times.get(&patch.test).copied().unwrap_or(LONGEST / SLOWER);
        Ok(Verdict::without(&self.run(&patch.test, told, (time * SLOWER).max(AT_LEAST), &patch.name)?, of_rust))
    }

    fn run(&self, test: &Test, told: Told<'_>, limit: Duration, name: &str) -> Result<Ended, Failed> {
        let binary = self.built.binaries.iter().find(|binary| test.is_in(binary));
        let binary = binary.ok_or_else(|| Failed(format!("finding the program of {test}")))?;
        let mut command = binary.command();
        command.args(test.of_program()).env_remove("STRONGHOLD_REMOVED_CHECK");
        if let Some(name) = told {
            command.env("STRONGHOLD_REMOVED_CHECK", name);
        }
        limited::run(command, limit, &self.outputs.join(format!("{name}.txt")))
    }
}
