//! Rewrites source files in place so that each of their checks can be removed while the program runs.
//!
//! ```text
//! stronghold-mutator TREE DROPPED FILE...
//! ```
//! `TREE` is a copy of the project; `DROPPED` holds the numbers of mutants to leave out, comma-separated, or `-`; each
//! `FILE` is relative to `TREE`. What a mutant is says [`points`]. For each one a line goes to the standard output:
//! number, file, line, function, what stands there, what stands there in its place, separated by tabs.
//!
//! In the rewritten program the variable `STRONGHOLD_MUTANT` holds the number of the one mutant that is on.

mod edit;
mod inject;
mod points;
mod shape;

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    match rewrite(&env::args().skip(1).collect::<Vec<_>>()) {
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

fn rewrite(arguments: &[String]) -> Result<String, String> {
    let [tree, dropped, files @ ..] = arguments else {
        return Err("usage: stronghold-mutator TREE DROPPED FILE...".to_owned());
    };
    let tree = Path::new(tree);
    let dropped: BTreeSet<u32> = dropped.split(',').filter_map(|number| number.parse().ok()).collect();
    let mut next = 1;
    let mut lines = String::new();
    let mut crates: BTreeSet<PathBuf> = BTreeSet::new();
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
        if let Some(root) = Path::new(file).ancestors().find(|folder| tree.join(folder).join("src/lib.rs").is_file()) {
            crates.insert(tree.join(root).join("src"));
        }
    }
    for sources in &crates {
        inject::switch(sources, next).map_err(|error| format!("{}: {error}", sources.display()))?;
    }
    Ok(lines)
}
