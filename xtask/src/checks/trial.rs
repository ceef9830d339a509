//! One check removed: builds, runs the test, and says what came of it.

use super::patch::{Patch, Test};
use crate::{
    limited::{self, Ended},
    run::Failed,
};
use std::{
    env,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Longest that a build may take, and a test.
const BUILD: Duration = Duration::from_secs(60 * 60);
const TEST: Duration = Duration::from_secs(15 * 60);

/// Packages whose tests start the programs of the workspace.
const START_PROGRAMS: &[&str] = &["stronghold-cli", "stronghold-examples"];

/// Where checks are removed: a copy of the project, and a target folder that all trials share.
pub(crate) struct Place {
    /// The copy.
    pub(crate) tree: PathBuf,
    target: PathBuf,
    output: PathBuf,
}

/// What came of a trial.
pub(crate) enum Verdict {
    /// The test failed without the check, as it should.
    Killed,
    /// The test passed without the check.
    Survived,
    /// Nothing was removed, and the test passed, as it should.
    Passed,
    /// The trial says nothing, and why.
    Broken(String),
}

impl Verdict {
    /// One word.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "SURVIVED",
            Self::Passed => "passed",
            Self::Broken(_) => "BROKEN",
        }
    }

    /// Whether all is as it should be.
    pub(crate) const fn is_good(&self) -> bool {
        matches!(self, Self::Killed | Self::Passed)
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

impl Place {
    /// A place below a folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self { tree: folder.join("tree"), target: folder.join("target"), output: folder.join("output.txt") }
    }

    /// Removes the check, runs its test, and puts the check back.
    pub(crate) fn try_patch(&self, patch: &Patch) -> Result<Verdict, Failed> {
        if let Err(problem) = patch.apply(&self.tree, false) {
            return Ok(Verdict::Broken(problem));
        }
        let outcome = self.outcome(&patch.test);
        patch
            .apply(&self.tree, true)
            .map_err(|problem| Failed(format!("{}: {problem}: taking it back", patch.name)))?;
        Ok(match outcome? {
            Outcome::Failed => Verdict::Killed,
            Outcome::Passed => Verdict::Survived,
            Outcome::Nothing(why) => Verdict::Broken(why),
        })
    }

    /// Runs a test with every check in place.
    pub(crate) fn try_whole(&self, test: &Test) -> Result<Verdict, Failed> {
        Ok(match self.outcome(test)? {
            Outcome::Passed => Verdict::Passed,
            Outcome::Failed => Verdict::Broken("it fails although nothing was removed".to_owned()),
            Outcome::Nothing(why) => Verdict::Broken(why),
        })
    }

    fn outcome(&self, test: &Test) -> Result<Outcome, Failed> {
        if START_PROGRAMS.contains(&test.package.as_str()) {
            let programs = ["build", "-p", "stronghold-server", "-p", "stronghold-cli"].map(str::to_owned);
            if let Some(problem) = self.build(&programs)? {
                return Ok(Outcome::Nothing(problem));
            }
        }
        if let Some(problem) = self.build(&test.arguments(true))? {
            return Ok(Outcome::Nothing(problem));
        }
        let Ended::Itself { well, output } = self.cargo(&test.arguments(false), TEST)? else {
            return Ok(Outcome::Nothing(format!("the test did not end within {} s", TEST.as_secs())));
        };
        Ok(match (well, counted(&output)) {
            (_, (0, 0)) => Outcome::Nothing(format!("no test ran\n{}", last_lines(&output))),
            (true, (_, 0)) => Outcome::Passed,
            (false, (_, failed)) if failed > 0 => Outcome::Failed,
            _ => Outcome::Nothing(format!("the tests did not end as tests do\n{}", last_lines(&output))),
        })
    }

    fn build(&self, arguments: &[String]) -> Result<Option<String>, Failed> {
        Ok(match self.cargo(arguments, BUILD)? {
            Ended::Itself { well: true, .. } => None,
            Ended::Itself { output, .. } => Some(format!("it does not compile\n{}", last_lines(&output))),
            Ended::TooLate => Some("the build did not end".to_owned()),
        })
    }

    fn cargo(&self, arguments: &[String], limit: Duration) -> Result<Ended, Failed> {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
        command.current_dir(&self.tree).args(arguments).env("CARGO_TARGET_DIR", &self.target);
        limited::run(command, limit, &self.output)
    }
}

enum Outcome {
    Passed,
    Failed,
    Nothing(String),
}

/// Tests that passed and failed, of the lines with which test programs close.
fn counted(output: &str) -> (usize, usize) {
    let closing = output.lines().filter_map(|line| line.strip_prefix("test result: "));
    closing.fold((0, 0), |(passed, failed), line| {
        let number = |word: &str| {
            let before = line.split_once(word).map(|(before, _)| before.trim_end());
            before.and_then(|before| before.rsplit(' ').next()?.parse().ok()).unwrap_or(0)
        };
        (passed + number(" passed"), failed + number(" failed"))
    })
}

fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    lines.get(lines.len().saturating_sub(30)..).unwrap_or_default().join("\n")
}
