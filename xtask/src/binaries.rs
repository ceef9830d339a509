//! Test programs: which cargo built, and what tests are in them.

use crate::run::{Failed, Step};
use std::path::PathBuf;

/// A test program.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    /// Its package.
    pub(crate) package: String,
    /// Name of its target; `None` for the unit tests of a library.
    pub(crate) target: Option<String>,
    /// Where it is.
    pub(crate) path: PathBuf,
}

impl Binary {
    /// The full names of its tests.
    pub(crate) fn tests(&self) -> Result<Vec<String>, Failed> {
        let listed = Step::new("the list of tests", &self.path).args(&["--list", "--format", "terse"]).output()?;
        Ok(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    }
}

/// The test programs in what cargo says with `--message-format json`.
pub(crate) fn of_messages(messages: &str) -> Vec<Binary> {
    messages.lines().filter_map(of_message).collect()
}

fn of_message(line: &str) -> Option<Binary> {
    let path = member(line, "executable")?;
    if !line.contains("\"reason\":\"compiler-artifact\"") || !line.contains("\"test\":true}") {
        return None;
    }
    let target = line.split_once("\"target\":{")?.1;
    let kind = target.split_once("\"kind\":[\"")?.1.split_once('"')?.0;
    let name = (kind == "test").then(|| member(target, "name").map(str::to_owned)).flatten();
    let package = package_of(member(line, "package_id")?)?;
    // Unit tests of programs are no part of any list of ours.
    (kind == "test" || kind == "lib").then(|| Binary { package, target: name, path: PathBuf::from(path) })
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
