//! A check removed from what runs in browsers and in Node: module, console and server are built again for each.

use super::{
    Place,
    patch::{BrowserTest, Patch},
    verdict::{Verdict, of_node},
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
pub(super) struct PatchedCopy {
    tree: PathBuf,
    target: PathBuf,
    output: PathBuf,
}

impl PatchedCopy {
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

impl Place<BrowserTest> for PatchedCopy {
    fn try_patch(&self, patch: &Patch<BrowserTest>) -> Result<Verdict, Failed> {
        patch.removed(&self.tree, || match self.build() {
            Ok(()) => self.run(&patch.test).map(|ended| Verdict::without(&ended, of_node)),
            Err(Failed(what)) => Ok(Verdict::Broken(format!("{what} failed"))),
        })
    }

    fn try_whole(&self, test: &BrowserTest) -> Result<Verdict, Failed> {
        self.build()?;
        Ok(Verdict::whole(&self.run(test)?, of_node))
    }
}
