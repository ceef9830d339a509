//! Whether each security check has a test that notices when it is gone: removes one after the other, and expects the test
//! that is named for it to fail.
//!
//! A check is a file `xtask/mutants/NAME.patch`: two comments, then a unified diff that removes it and still compiles.
//!
//! ```text
//! # check: what the check is
//! # test: cargo test -p stronghold-protocol --test it roster::
//! ```
//!
//! Those in `xtask/mutants/browser` name a test of the browser or of Node, which needs the module built again; they are
//! tried by hand. Those in `xtask/mutants/model` name the model test of memory, which no suite runs yet.

mod patch;
mod trial;

use crate::{
    binaries,
    run::{Failed, cargo},
    target, tree,
};
use std::collections::BTreeSet;
use trial::{Place, Verdict};

/// Removes the named checks, or all of them.
pub(crate) fn run(names: &[String]) -> Result<(), Failed> {
    let mut patches = patch::all()?;
    if let Some(unknown) = names.iter().find(|name| patches.iter().all(|patch| patch.name != **name)) {
        return Err(Failed(format!("there is no check {unknown}, so this command")));
    }
    patches.retain(|patch| names.is_empty() || names.contains(&patch.name));
    // What changes the same crate comes together, so that each build is of few crates.
    patches.sort_by_cached_key(|patch| (patch.crates(), patch.test.clone(), patch.name.clone()));
    let folder = target().join("checks");
    let place = Place::new(&folder);
    tree::mirror(&place.tree)?;
    let mut table = Vec::new();
    for patch in &patches {
        println!("\n== {}: {} ==", patch.name, patch.what);
        let verdict = place.try_patch(patch)?;
        println!("{verdict}");
        table.push((patch.name.as_str(), patch.test.to_string(), verdict));
    }
    let tests: BTreeSet<_> = patches.iter().map(|patch| patch.test.clone()).collect();
    for test in &tests {
        println!("\n== nothing removed: {test} ==");
        let verdict = place.try_whole(test)?;
        println!("{verdict}");
        table.push(("(nothing removed)", test.to_string(), verdict));
    }
    report(&table)
}

fn report(table: &[(&str, String, Verdict)]) -> Result<(), Failed> {
    println!();
    let width = table.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    for (name, test, verdict) in table {
        println!("{:9} {name:width$}  {test}", verdict.word());
    }
    for (name, test, verdict) in table.iter().filter(|(.., verdict)| !verdict.is_good()) {
        println!("\n{name}: {verdict}\n  {test}");
    }
    let failed = table.iter().filter(|(.., verdict)| !verdict.is_good()).count();
    println!("\n{} passed, {failed} failed", table.len() - failed);
    if failed == 0 { Ok(()) } else { Err(Failed("the trial of the security checks".to_owned())) }
}

/// The short form, for every run of all tests, after they were built: that each patch applies, and names tests that exist.
pub(crate) fn short() -> Result<(), Failed> {
    println!("\n== security checks: patches and the tests that they name ==");
    let patches = patch::all()?;
    let arguments = ["test", "--workspace", "--no-run", "--message-format", "json"];
    let built = binaries::of_messages(&cargo("build the tests", &arguments).output()?);
    let mut tests = Vec::new();
    for binary in &built {
        tests.push((binary, binary.tests()?));
    }
    let mut failed = 0;
    for patch in &patches {
        let applies = patch.applies(&crate::root());
        let known = patch.test.exists(&tests);
        let unknown = (!known).then(|| format!("there is no such test: {}", patch.test));
        for problem in applies.err().into_iter().chain(unknown) {
            failed += 1;
            println!("{}: {problem}", patch.name);
        }
    }
    println!("{} patches, {failed} problems", patches.len());
    if failed == 0 { Ok(()) } else { Err(Failed("the check of the patches that remove security checks".to_owned())) }
}
