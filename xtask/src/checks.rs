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
//! All patches that change bodies of functions only are built at once: a function has its own body and what each patch
//! makes of it, and a variable says at run time which of them counts (`xtask/mutator`). What tests start without that
//! variable reads a file; so a test that passes is tried again with the file, alone. A patch that changes something else,
//! or does not compile beside the function as it is, is applied to another copy, which is built and tried by itself.
//!
//! *killed* means that a test of those named failed; *no end*, that they took ten times as long as with the check, and at
//! least a minute.
//!
//! Those in `xtask/mutants/browser` name a test of the browser or of Node, which needs the module built again: each is
//! applied to a copy and tried by itself (`--browser`).

mod alone;
mod browser;
mod build;
mod patch;
mod switch;
mod verdict;

use crate::{
    attacks, binaries,
    run::{Failed, cargo},
    target,
};
use patch::{BrowserTest, Patch, Test};
use std::{collections::BTreeSet, fmt, time::Instant};
use switch::Switches;
use verdict::Verdict;

/// What is removed, the test, what came of it.
type Row<'p> = (&'p str, String, Verdict);

/// Removes the named checks, or all of them.
pub(crate) fn run(names: &[String]) -> Result<(), Failed> {
    let patches = patch::all::<Test>()?;
    if let Some(unknown) = names.iter().find(|name| patches.iter().all(|patch| patch.name != **name)) {
        return Err(Failed(format!("there is no check {unknown}, so this command")));
    }
    let folder = target().join("checks");
    let start = Instant::now();
    let built = build::all(&folder, &patches)?;
    println!("== {} s ==", start.elapsed().as_secs());
    let asked = patches.iter().filter(|patch| names.is_empty() || names.contains(&patch.name));
    let (broken, asked): (Vec<&Patch>, Vec<&Patch>) = asked.partition(|patch| built.broken.contains_key(&patch.name));
    let (alone, switched): (Vec<&Patch>, Vec<&Patch>) =
        asked.iter().partition(|patch| built.alone.contains_key(&patch.name));
    let mut table: Vec<Row<'_>> = Vec::new();
    for patch in broken {
        let why = built.broken.get(&patch.name).cloned().unwrap_or_default();
        table.push((&patch.name, patch.test.to_string(), Verdict::Broken(why)));
    }
    try_switched(&mut Switches::new(&built, &folder)?, &switched, &mut table)?;
    println!("== {} s ==", start.elapsed().as_secs());
    for patch in &alone {
        println!("applied alone: {}: {}", patch.name, built.alone.get(&patch.name).map_or("", String::as_str));
    }
    if !alone.is_empty() {
        try_alone(&alone::PatchedCopy::new(&folder)?, &alone, &mut table)?;
    }
    println!(
        "\n{} checks with a switch, {} applied alone: {} s",
        switched.len(),
        alone.len(),
        start.elapsed().as_secs()
    );
    report(&table)
}

fn tests_of(patches: &[&Patch]) -> Vec<Test> {
    patches.iter().map(|patch| patch.test.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn try_switched<'p>(
    switches: &mut Switches<'_>,
    patches: &[&'p Patch],
    table: &mut Vec<Row<'p>>,
) -> Result<(), Failed> {
    let tests = tests_of(patches);
    println!("\n== nothing removed: {} tests ==", tests.len());
    for (test, verdict) in tests.iter().zip(switches.try_whole(&tests)?) {
        table.push(("(nothing removed)", test.to_string(), verdict));
    }
    println!("\n== {} checks, one removed at a time ==", patches.len());
    for (patch, verdict) in patches.iter().zip(switches.try_patches(patches)?) {
        table.push((&patch.name, patch.test.to_string(), verdict));
    }
    Ok(())
}

/// Where patches are tried that have no switch.
trait Place<T> {
    /// Removes the check, runs its test, and puts the check back.
    fn try_patch(&self, patch: &Patch<T>) -> Result<Verdict, Failed>;

    /// Runs a test with every check in place.
    fn try_whole(&self, test: &T) -> Result<Verdict, Failed>;
}

fn try_alone<'p, T: Ord + fmt::Display>(
    place: &impl Place<T>,
    patches: &[&'p Patch<T>],
    table: &mut Vec<Row<'p>>,
) -> Result<(), Failed> {
    for patch in patches {
        println!("\n== {}: {} ==", patch.name, patch.what);
        let verdict = place.try_patch(patch)?;
        println!("{verdict}");
        table.push((&patch.name, patch.test.to_string(), verdict));
    }
    for test in patches.iter().map(|patch| &patch.test).collect::<BTreeSet<_>>() {
        println!("\n== nothing removed: {test} ==");
        let verdict = place.try_whole(test)?;
        println!("{verdict}");
        table.push(("(nothing removed)", test.to_string(), verdict));
    }
    Ok(())
}

fn report(table: &[Row<'_>]) -> Result<(), Failed> {
    println!();
    let width = table.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
    for (name, test, verdict) in table {
        println!("{:9} {name:width$}  {test}", verdict.word());
    }
    for (name, test, verdict) in table.iter().filter(|(.., verdict)| !verdict.is_good()) {
        println!("\n{name}: {verdict}\n  {test}");
    }
    let count = |word: &str| table.iter().filter(|(.., verdict)| verdict.word() == word).count();
    let words = ["killed", "no end", "SURVIVED", "BROKEN"].map(|word| format!("{} {word}", count(word)));
    println!("\n{}; {} tests passed with nothing removed", words.join(", "), count("passed"));
    let failed = table.iter().any(|(.., verdict)| !verdict.is_good());
    if failed { Err(Failed("the trial of the security checks".to_owned())) } else { Ok(()) }
}

/// Removes those that are tried in the browser or in Node.
pub(crate) fn in_browser() -> Result<(), Failed> {
    let patches = patch::all::<BrowserTest>()?;
    let place = browser::PatchedCopy::new(&target().join("checks"))?;
    let mut table = Vec::new();
    try_alone(&place, &patches.iter().collect::<Vec<_>>(), &mut table)?;
    report(&table)
}

/// The short form, for every run of all tests, after they were built: that each patch applies, and names tests that exist.
pub(crate) fn short() -> Result<(), Failed> {
    println!("\n== security checks: patches and the tests that they name ==");
    let (patches, in_browser) = (patch::all::<Test>()?, patch::all::<BrowserTest>()?);
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
    for patch in &in_browser {
        if let Err(problem) = patch.applies(&crate::root()) {
            failed += 1;
            println!("{}: {problem}", patch.name);
        }
    }
    println!("{} patches, {failed} problems", patches.len() + in_browser.len());
    for problem in attacks::problems(&tests)? {
        failed += 1;
        println!("{problem}");
    }
    if failed == 0 { Ok(()) } else { Err(Failed("the check of the patches that remove security checks".to_owned())) }
}
