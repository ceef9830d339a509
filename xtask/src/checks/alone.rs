//! A check removed by applying its patch to a copy of the project, for what no switch can remove.

use super::{
    patch::{Patch, Test},
    verdict::{Verdict, last_lines},
};
use crate::{
    limited::{self, Ended},
    run::Failed,
    tree,
};
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Longest that a build may take, and a test.
const BUILD: Duration = Duration::from_secs(60 * 60);
const TEST: Duration = Duration::from_secs(15 * 60);

/// Packages whose tests start the programs of the workspace.
pub(super) const START_PROGRAMS: &[&str] = &["stronghold-cli", "stronghold-examples"];

/// Where checks are removed: a copy of the project, and a target folder that all trials share.
pub(super) struct Place {
    tree: PathBuf,
    target: PathBuf,
    output: PathBuf,
}

impl Place {
    /// A place below a folder, with a new copy.
    pub(super) fn new(folder: &Path) -> Result<Self, Failed> {
        let place =
            Self { tree: folder.join("plain"), target: folder.join("target"), output: folder.join("output.txt") };
        tree::mirror(&place.tree)?;
        Ok(place)
    }

    /// Removes the check, runs its test, and puts the check back.
    pub(super) fn try_patch(&self, patch: &Patch) -> Result<Verdict, Failed> {
        if let Err(problem) = patch.apply(&self.tree, false) {
            return Ok(Verdict::Broken(problem));
        }
        let verdict = self.judged(&patch.test, Verdict::without);
        patch
            .apply(&self.tree, true)
            .map_err(|problem| Failed(format!("{}: {problem}: taking it back", patch.name)))?;
        verdict
    }

    /// Runs a test with every check in place.
    pub(super) fn try_whole(&self, test: &Test) -> Result<Verdict, Failed> {
        self.judged(test, Verdict::whole)
    }

    fn judged(&self, test: &Test, judge: impl Fn(&Ended) -> Verdict) -> Result<Verdict, Failed> {
        if START_PROGRAMS.contains(&test.package.as_str()) {
            let programs = ["build", "-p", "stronghold-server", "-p", "stronghold-cli"].map(str::to_owned);
            if let Some(problem) = self.build(&programs)? {
                return Ok(Verdict::Broken(problem));
            }
        }
        if let Some(problem) = self.build(&test.arguments(true))? {
            return Ok(Verdict::Broken(problem));
        }
        Ok(judge(&self.cargo(&test.arguments(false), TEST)?))
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
