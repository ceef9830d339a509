//! Rewrites the sources of a copy of the project so that checks can be removed while the program runs.
//!
//! ```text
//! stronghold-mutator mutants TREE DROPPED FILE...
//! ```
//! Each `FILE` of `TREE` with every mutant in it but those whose numbers are in `DROPPED`, comma-separated, or `-`. What a
//! mutant is says [`points`]. For each one a line goes to the standard output: number, file, line, function, what stands
//! there, what stands there in its place, separated by tabs. In the rewritten program the variable `STRONGHOLD_MUTANT` holds
//! the number of the one mutant that is on.
//!
//! ```text
//! stronghold-mutator checks TREE PATCHED SAID NAME...
//! ```
//! `TREE` with every patch in it that removes a check and can be switched; see [`switches::rewrite`] for what is given and
//! what is printed. In the rewritten program the variable `STRONGHOLD_REMOVED_CHECK`, or where that is not set the file
//! `SAID`, holds the name of the one check that is removed.

mod edit;
mod inject;
mod points;
mod shape;
mod switches;

use std::{collections::BTreeSet, env, fs, path::Path, process::ExitCode};

const USAGE: &str = "usage: stronghold-mutator mutants TREE DROPPED FILE...
       stronghold-mutator checks TREE PATCHED SAID NAME...";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mode = arguments.first().map(String::as_str);
    let done = match (mode, arguments.get(1..).unwrap_or_default()) {
        (Some("mutants"), [tree, dropped, files @ ..]) => mutants(Path::new(tree), dropped, files),
        (Some("checks"), [tree, patched, said, names @ ..]) => {
            switches::rewrite(Path::new(tree), Path::new(patched), Path::new(said), names)
        }
        _ => Err(USAGE.to_owned()),
    };
    match done {
        Ok(lines) => {
            print(&lines);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stdout, reason = "it is what this program is for")]
fn print(lines: &str) {
    print!("{lines}");
}

fn mutants(tree: &Path, dropped: &str, files: &[String]) -> Result<String, String> {
    let dropped: BTreeSet<u32> = dropped.split(',').filter_map(|number| number.parse().ok()).collect();
    let mut next = 1;
    let mut lines = String::new();
    let mut crates = BTreeSet::new();
    for file in files {
        let path = tree.join(file);
        let source = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        let found = points::find(&source, next, &dropped).map_err(|error| format!("{file}: {error}"))?;
        next = found.next;
        fs::write(&path, edit::apply(&source, found.edits)).map_err(|error| format!("{file}: {error}"))?;
        for mutant in found.mutants {
            let points::Mutant { number, line, function, before, after } = mutant;
            lines.push_str(&format!("{number}\t{file}\t{line}\t{function}\t{before}\t{after}\n"));
        }
        crates.extend(inject::sources(tree, file));
    }
    for sources in &crates {
        inject::mutant(sources, next).map_err(|error| format!("{}: {error}", sources.display()))?;
    }
    Ok(lines)
}
