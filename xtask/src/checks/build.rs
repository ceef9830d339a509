//! One build with every check in it that can be switched off.

use super::{
    alone::START_PROGRAMS,
    patch::{Patch, Test},
};
use crate::{
    binaries::{self, Binary},
    run::{Failed, cargo},
    tree,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Rounds in which patches that do not compile as a switch are left out.
const ROUNDS: usize = 12;

/// What was built.
pub(super) struct Built {
    /// The test programs.
    pub(super) binaries: Vec<Binary>,
    /// The file that says which check is removed to programs that get no variable.
    pub(super) said: PathBuf,
    /// The patches that can only be applied alone, with the reason.
    pub(super) alone: BTreeMap<String, String>,
    /// The patches that do not apply, with the reason.
    pub(super) broken: BTreeMap<String, String>,
}

/// The part of a function that is there for one patch.
struct Branch {
    name: String,
    file: String,
    lines: (usize, usize),
    function: (usize, usize),
    /// Whether the function was `const`, which it is no longer.
    was_const: bool,
}

/// Copies the project to `folder`, puts the switches into the copy, and builds the tests that the patches name.
pub(super) fn all(folder: &Path, patches: &[Patch]) -> Result<Built, Failed> {
    let said = folder.join("removed.txt");
    let _ = fs::remove_file(&said);
    let mut built = Built { binaries: Vec::new(), said, alone: BTreeMap::new(), broken: BTreeMap::new() };
    let arguments = arguments(patches);
    for _ in 0..ROUNDS {
        let (branches, tree) = switched(folder, patches, &mut built)?;
        let switches: BTreeSet<&str> = branches.iter().map(|branch| branch.name.as_str()).collect();
        println!("\n== build {} checks with a switch, {} without ==", switches.len(), built.alone.len());
        let output = match binaries::build(&arguments, &tree, folder)? {
            Ok(binaries) => {
                built.binaries = binaries;
                return Ok(built);
            }
            Err(output) => output,
        };
        let faulty = faulty(&output, &branches);
        if faulty.is_empty() {
            return Err(Failed(format!("the build, by no patch's fault:\n{output}\nit")));
        }
        for (name, why) in faulty {
            println!("does not compile with a switch: {name}: {why}");
            built.alone.insert(name, why);
        }
    }
    Err(Failed(format!("the build, in {ROUNDS} rounds")))
}

/// Every test program that one build can serve, and the programs that tests start, which are built with their own tests.
fn arguments(patches: &[Patch]) -> Vec<String> {
    let tests: Vec<&Test> = patches.iter().map(|patch| &patch.test).filter(|test| test.is_plain()).collect();
    let mut packages: BTreeSet<&str> = tests.iter().map(|test| test.package.as_str()).collect();
    if START_PROGRAMS.iter().any(|package| packages.contains(package)) {
        packages.extend(["stronghold-server", "stronghold-cli"]);
    }
    let selections: BTreeSet<&[String]> = tests.iter().map(|test| &test.selection[..]).collect();
    let packages = packages.iter().flat_map(|package| ["-p".to_owned(), (*package).to_owned()]);
    packages.chain(selections.into_iter().flatten().cloned()).collect()
}

/// A copy with every switch in it, and where it is.
fn switched(folder: &Path, patches: &[Patch], built: &mut Built) -> Result<(Vec<Branch>, PathBuf), Failed> {
    // Rewritten beside the tree, so that what is as in the last build keeps its time there.
    let (staged, patched) = (folder.join("staged"), folder.join("patched"));
    tree::mirror(&staged)?;
    let mut names = Vec::new();
    for patch in patches {
        if !patch.test.is_plain() {
            built.alone.insert(patch.name.clone(), format!("its test needs a build of its own: {}", patch.test));
        }
        if built.alone.contains_key(&patch.name) {
            continue;
        }
        let place = patched.join(&patch.name);
        tree::pick(&staged, &patch.files, &place)?;
        match patch.apply(&place, false) {
            Ok(()) => names.push(patch.name.clone()),
            Err(problem) => drop(built.broken.insert(patch.name.clone(), problem)),
        }
    }
    let listed =
        cargo("put switches into the sources", &["run", "--quiet", "-p", "stronghold-mutator", "--", "checks"])
            .args(&[&staged, &patched, &built.said])
            .args(&names)
            .output()?;
    let mut branches = Vec::new();
    for line in listed.lines() {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["alone", name, why] => drop(built.alone.insert(name.to_owned(), why.to_owned())),
            ["switched", name, file, first, last, start, end, was_const] => {
                let line = |text: &str| text.parse().map_err(|_| Failed(format!("the line number {text}")));
                let (lines, function) = ((line(first)?, line(last)?), (line(start)?, line(end)?));
                let was_const = was_const == "true";
                branches.push(Branch { name: name.to_owned(), file: file.to_owned(), lines, function, was_const });
            }
            _ => return Err(Failed(format!("reading what the mutator printed ({line})"))),
        }
    }
    let tree = folder.join("tree");
    tree::sync(&staged, &tree)?;
    Ok((branches, tree))
}

/// The patches at the places of errors, `file:line:column: error...`: those whose own lines they are, or else all that are
/// in the function. What is nobody's fault comes of functions that are not `const` any more.
fn faulty(output: &str, branches: &[Branch]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in output.lines().filter(|line| line.contains(": error")) {
        let mut parts = line.split(':');
        let (Some(file), Some(Ok(at))) = (parts.next(), parts.next().map(str::parse::<usize>)) else { continue };
        let is_in = |(first, last): (usize, usize)| first <= at && at <= last;
        let near = branches.iter().filter(|branch| branch.file == file && is_in(branch.function));
        let (own, others): (Vec<&Branch>, Vec<&Branch>) = near.partition(|branch| is_in(branch.lines));
        for branch in if own.is_empty() { others } else { own } {
            found.insert(branch.name.clone(), line.to_owned());
        }
    }
    if found.is_empty() && output.contains(": error") {
        let why = "a constant needs the function, which cannot be `const` with a switch";
        found.extend(
            branches.iter().filter(|branch| branch.was_const).map(|branch| (branch.name.clone(), why.to_owned())),
        );
    }
    found
}
