//! A check removed from what runs in browsers and in Node: module, console and server are built again for each.

use super::{
    patch::{BrowserTest, Patch},
    verdict::Verdict,
};
use crate::{
    limited,
    run::{Failed, cargo},
    tree, wasm,
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Longest that a test may take.
const TEST: Duration = Duration::from_secs(15 * 60);

/// Where checks are removed: a copy of the project, and what is built of it.
pub(super) struct Place {
    tree: PathBuf,
    target: PathBuf,
    output: PathBuf,
}

impl Place {
    /// A place below a folder, with a new copy.
    pub(super) fn new(folder: &Path) -> Result<Self, Failed> {
        let place = Self {
            tree: folder.join("browser"),
            target: folder.join("browser-target"),
            output: folder.join("browser.txt"),
        };
        tree::mirror(&place.tree)?;
        Ok(place)
    }

    /// Removes the check, runs its test, and puts the check back.
    pub(super) fn try_patch(&self, patch: &Patch<BrowserTest>) -> Result<Verdict, Failed> {
        if let Err(problem) = patch.apply(&self.tree, false) {
            return Ok(Verdict::Broken(problem));
        }
        let built = self.build();
        let verdict = match built {
            Ok(()) => self.run(&patch.test).map(|ended| Verdict::without(&ended)),
            Err(Failed(what)) => Ok(Verdict::Broken(format!("{what} failed"))),
        };
        patch
            .apply(&self.tree, true)
            .map_err(|problem| Failed(format!("{}: {problem}: taking it back", patch.name)))?;
        verdict
    }

    /// Runs a test with every check in place.
    pub(super) fn try_whole(&self, test: &BrowserTest) -> Result<Verdict, Failed> {
        self.build()?;
        Ok(Verdict::whole(&self.run(test)?))
    }

    fn build(&self) -> Result<(), Failed> {
        wasm::package(&self.tree, &self.target)?;
        wasm::console(&self.tree)?;
        cargo("the programs", &["build", "-p", "stronghold-server", "-p", "stronghold-cli"])
            .args(&[Path::new("--manifest-path"), &self.tree.join("Cargo.toml")])
            .args(&[Path::new("--target-dir"), &self.target])
            .run()
    }

    fn run(&self, test: &BrowserTest) -> Result<limited::Ended, Failed> {
        let mut command = Command::new("npm");
        command.arg("--prefix").arg(self.tree.join("stronghold-server").join("console"));
        command.args(["test", "--silent", "--"]).args(&test.0);
        command.env("STRONGHOLD_TEST_BIN", self.target.join("debug"));
        command.env("STRONGHOLD_TEST_SCREENSHOTS", self.target.join("screenshots"));
        limited::run(command, TEST, &self.output)
    }
}
