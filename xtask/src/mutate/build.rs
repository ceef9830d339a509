//! One build with every mutant in it.

use super::modules::{self, PACKAGES};
use crate::{
    binaries::{self, Binary},
    run::{Failed, cargo},
    tree,
};
use std::{
    collections::BTreeSet,
    fmt,
    path::{Path, PathBuf},
};

/// Rounds in which mutants that do not compile are left out.
const ROUNDS: usize = 12;

/// A mutant.
#[derive(Clone, Debug)]
pub(super) struct Mutant {
    /// Its number in this build.
    pub(super) number: u32,
    /// The file.
    pub(super) file: String,
    /// The line, from 1.
    pub(super) line: usize,
    /// What stays the same when lines move: function, what stands there, what the mutant has in its place.
    pub(super) key: String,
}

impl Mutant {
    /// The function that it is in, with its type if it has one.
    pub(super) fn function(&self) -> &str {
        self.key.split('`').nth(1).unwrap_or_default()
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.file, self.line, self.key)
    }
}

/// What was built.
pub(super) struct Built {
    /// The mutants in it.
    pub(super) mutants: Vec<Mutant>,
    /// The test programs.
    pub(super) binaries: Vec<Binary>,
}

/// Copies the project to `folder`, rewrites the copy, and builds its tests.
pub(super) fn all(folder: &Path) -> Result<Built, Failed> {
    let mut dropped = Vec::new();
    for _ in 0..ROUNDS {
        let (mutants, tree) = rewritten(folder, &dropped)?;
        println!("\n== build {} mutants, {} left out ==", mutants.len(), dropped.len());
        let output = match binaries::build(&arguments(), &tree, folder)? {
            Ok(mut binaries) => {
                binaries.retain(|binary| PACKAGES.contains(&binary.package.as_str()) && binary.target.is_some());
                binaries.sort_by(|a, b| a.package.cmp(&b.package));
                return Ok(Built { mutants, binaries });
            }
            Err(output) => output,
        };
        let faulty = faulty(&output, &mutants);
        if faulty.is_empty() {
            return Err(Failed(format!("the build, by no mutant's fault:\n{output}\nit")));
        }
        for mutant in mutants.iter().filter(|mutant| faulty.contains(&mutant.number)) {
            println!("does not compile: {mutant}");
        }
        dropped.extend(faulty);
    }
    Err(Failed(format!("the build, in {ROUNDS} rounds")))
}

/// A copy with every mutant in it but the numbers in `dropped`, and where it is.
pub(super) fn rewritten(folder: &Path, dropped: &[u32]) -> Result<(Vec<Mutant>, PathBuf), Failed> {
    // Rewritten beside the tree, so that what is as in the last build keeps its time there.
    let staged = folder.join("staged");
    tree::mirror(&staged)?;
    let numbers: Vec<String> = dropped.iter().map(u32::to_string).collect();
    let numbers = if numbers.is_empty() { "-".to_owned() } else { numbers.join(",") };
    let listed = cargo("rewrite the modules", &["run", "--quiet", "-p", "stronghold-mutator", "--"])
        .args(&["mutants"])
        .args(&[&staged])
        .args(&[numbers])
        .args(&modules::files(&staged)?)
        .output()?;
    let tree = folder.join("tree");
    tree::sync(&staged, &tree)?;
    let mut mutants: Vec<Mutant> = listed.lines().filter_map(mutant).collect();
    number_repeated(&mut mutants);
    Ok((mutants, tree))
}

fn mutant(line: &str) -> Option<Mutant> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [number, file, line, function, before, after] = fields[..] else { return None };
    Some(Mutant {
        number: number.parse().ok()?,
        file: file.to_owned(),
        line: line.parse().ok()?,
        key: format!("`{function}`: `{before}` becomes `{after}`"),
    })
}

/// The same change at a second place of a function has `(2)` behind it.
fn number_repeated(mutants: &mut [Mutant]) {
    let mut seen = BTreeSet::new();
    for mutant in mutants {
        let first = mutant.key.clone();
        let mut count = 1;
        while !seen.insert((mutant.file.clone(), mutant.key.clone())) {
            count += 1;
            mutant.key = format!("{first} ({count})");
        }
    }
}

/// The tests that are built.
fn arguments() -> Vec<String> {
    let packages = PACKAGES.iter().flat_map(|package| ["-p", package]);
    ["--test", "it"].into_iter().chain(packages).map(str::to_owned).collect()
}

/// The mutants at the places of errors: `file:line:column: error...`.
fn faulty(output: &str, mutants: &[Mutant]) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for line in output.lines().filter(|line| line.contains(": error")) {
        let mut parts = line.split(':');
        let (Some(file), Some(Ok(at))) = (parts.next(), parts.next().map(str::parse::<usize>)) else { continue };
        let before = mutants.iter().filter(|mutant| mutant.file == file && mutant.line <= at);
        // What is replaced may begin on an earlier line.
        let Some(nearest) = before.map(|mutant| mutant.line).max() else { continue };
        found.extend(
            mutants.iter().filter(|mutant| mutant.file == file && mutant.line == nearest).map(|mutant| mutant.number),
        );
    }
    found
}
