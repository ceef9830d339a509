//! Test programs: which cargo built, and what tests are in them.

use crate::{
    limited::{self, Ended},
    run::{Failed, Step, cargo_command},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// Longest that a build may take.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A test program.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    /// Its package.
    pub(crate) package: String,
    /// Name of its target; `None` for the unit tests of a library.
    pub(crate) target: Option<String>,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The folder of its package.
    folder: PathBuf,
}

impl Binary {
    /// The full names of its tests.
    pub(crate) fn tests(&self) -> Result<Vec<String>, Failed> {
        let listed = Step::new("the list of tests", &self.path).args(&["--list", "--format", "terse"]).output()?;
        Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    }

    /// Starts it as cargo would.
    pub(crate) fn command_of_all(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.env("CARGO_MANIFEST_DIR", &self.folder).current_dir(&self.folder);
        command
    }

    /// Starts it for what is expected to fail, one test at a time.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.command_of_all();
        // What fails need not be made small.
        command.env("PROPTEST_MAX_SHRINK_ITERS", "0");
        command.args(["--test-threads", "1"]).env("RUST_BACKTRACE", "0");
        command
    }
}

/// Builds the tests that the arguments of `cargo test` name, of a copy of the project in `tree`, into `folder/target`. If
/// something does not compile, what cargo printed in its short form.
pub(crate) fn build(arguments: &[String], tree: &Path, folder: &Path) -> Result<Result<Vec<Binary>, String>, Failed> {
    let build = |format: &str| {
        let mut command = cargo_command(&["test", "--no-run", "--message-format", format]);
        command.current_dir(tree).env("CARGO_TARGET_DIR", folder.join("target")).args(arguments);
        command
    };
    match limited::run(build("short"), LONGEST, &folder.join("build.txt"))? {
        Ended::Itself { well: true, .. } => {}
        Ended::Itself { output, .. } => return Ok(Err(output)),
        Ended::TooLate => return Err(Failed("the build, which did not end,".to_owned())),
    }
    Ok(Ok(of_messages(&Step::of("the list of test programs", build("json")).output()?)))
}

/// The test programs in what cargo says with `--message-format json`, but for the unit tests of programs, which are no part of
/// any list of ours.
pub(crate) fn of_messages(messages: &str) -> Vec<Binary> {
    let all = messages.lines().filter_map(of_message);
    all.filter(|(kind, _)| matches!(kind.as_str(), "test" | "lib")).map(|(_, binary)| binary).collect()
}

/// All of them.
pub(crate) fn all_of_messages(messages: &str) -> Vec<Binary> {
    messages.lines().filter_map(of_message).map(|(_, binary)| binary).collect()
}

/// One, and the kind of its target.
fn of_message(line: &str) -> Option<(String, Binary)> {
    let path = member(line, "executable")?;
    // The programs that tests start are built too: those are no tests, as their profile says.
    let profile = line.split_once("\"profile\":{")?.1.split_once('}')?.0;
    if !line.contains("\"reason\":\"compiler-artifact\"") || !profile.contains("\"test\":true") {
        return None;
    }
    let target = line.split_once("\"target\":{")?.1;
    let kind = target.split_once("\"kind\":[\"")?.1.split_once('"')?.0;
    let name = (kind == "test").then(|| member(target, "name").map(str::to_owned)).flatten();
    let package = package_of(member(line, "package_id")?)?;
    let folder = Path::new(member(line, "manifest_path")?).parent()?.to_owned();
    Some((kind.to_owned(), Binary { package, target: name, path: PathBuf::from(path), folder }))
}

/// `path+file:///folder/name#0.1.0`, or `path+file:///folder/other#name@0.1.0`.
fn package_of(id: &str) -> Option<String> {
    let (path, version) = id.rsplit_once('#')?;
    let name = version.split_once('@').map_or_else(|| path.rsplit('/').next(), |(name, _)| Some(name))?;
    Some(name.to_owned())
}

/// The value of a text member of one of cargo's messages; no name or path of ours needs escaping.
fn member<'m>(line: &'m str, name: &str) -> Option<&'m str> {
    let rest = line.split_once(&format!("\"{name}\":\""))?.1;
    Some(rest.split_once('"')?.0)
}
