//! A check removed by applying its patch to a copy of the project, for what no switch can remove.

use super::{
    Place,
    patch::{Patch, Test},
    verdict::{Count, Verdict, last_lines, of_rust},
};
use crate::{
    limited::{self, Ended},
    run::{Failed, cargo_command},
    tree,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Longest that a build may take, and a test.
const BUILD: Duration = Duration::from_secs(60 * 60);
const TEST: Duration = Duration::from_secs(15 * 60);

/// Packages whose tests start the programs of the workspace.
pub(super) const START_PROGRAMS: &[&str] = &["stronghold-cli", "stronghold-examples"];

/// Where checks are removed: a copy of the project, and a target folder that all trials share.
pub(super) struct PatchedCopy {
    tree: PathBuf,
    target: PathBuf,
    output: PathBuf,
}

impl PatchedCopy {
    /// A place below a folder, with a new copy.
    pub(super) fn new(folder: &Path) -> Result<Self, Failed> {
        let place =
            Self { tree: folder.join("plain"), target: folder.join("target"), output: folder.join("output.txt") };
        tree::mirror(&place.tree)?;
        Ok(place)
    }

    fn judged(&self, test: &Test, judge: fn(&Ended, Count) -> Verdict) -> Result<Verdict, Failed> {
        if START_PROGRAMS.contains(&test.package.as_str()) {
            let programs = ["build", "-p", "stronghold-server", "-p", "stronghold-cli"].map(str::to_owned);
            if let Some(problem) = self.build(&programs)? {
                return Ok(Verdict::Broken(problem));
            }
        }
        if let Some(problem) = self.build(&test.arguments(true))? {
            return Ok(Verdict::Broken(problem));
        }
        Ok(judge(&self.cargo(&test.arguments(false), TEST)?, of_rust))
    }

    fn build(&self, arguments: &[String]) -> Result<Option<String>, Failed> {
        Ok(match self.cargo(arguments, BUILD)? {
            Ended::Itself { well: true, .. } => None,
            Ended::Itself { output, .. } => Some(format!("it does not compile\n{}", last_lines(&output))),
            Ended::TooLate => Some("the build did not end".to_owned()),
        })
    }

    fn cargo(&self, arguments: &[String], limit: Duration) -> Result<Ended, Failed> {
        let mut command = cargo_command(arguments);
        command.current_dir(&self.tree).env("CARGO_TARGET_DIR", &self.target);
        limited::run(command, limit, &self.output)
    }
}

impl Place<Test> for PatchedCopy {
    fn try_patch(&self, patch: &Patch) -> Result<Verdict, Failed> {
        patch.removed(&self.tree, || self.judged(&patch.test, Verdict::without))
    }

    fn try_whole(&self, test: &Test) -> Result<Verdict, Failed> {
        self.judged(test, Verdict::whole)
    }
}
