//! Puts what patches leave of functions beside the functions as they are, each behind a switch.
//!
//! A patch can be switched if all that it changes are bodies of functions. A function that several patches change gets a
//! branch for each. A `const fn` that is changed is `const` no longer, as no constant asks which check is removed.

mod bodies;

use crate::inject;
use bodies::Function;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Why a patch cannot be switched, or what it makes of bodies: file, number of the function, text.
type Changes = Result<Vec<(String, usize, String)>, String>;

/// A branch that was written: for whom, and where in the rewritten text, with the function that it is in.
struct Branch {
    name: String,
    lines: (usize, usize),
    function: (usize, usize),
    was_const: bool,
}

/// Rewrites `tree`. `patched` has a folder for each of the names, with the files that the patch of this name changes, as it
/// leaves them. Programs that are given no variable read from the file `said` which name is on.
///
/// For each branch a line comes back: `switched`, name, file, first and last line of the branch, and of the function,
/// whether that was `const`; for each patch that cannot be switched: `alone`, name, why. Separated by tabs.
pub(crate) fn rewrite(tree: &Path, patched: &Path, said: &Path, names: &[String]) -> Result<String, String> {
    let mut lines = String::new();
    let mut files: BTreeMap<String, BTreeMap<usize, Vec<(String, String)>>> = BTreeMap::new();
    for name in names {
        match changes(tree, &patched.join(name))? {
            Ok(changes) => {
                for (file, function, text) in changes {
                    files.entry(file).or_default().entry(function).or_default().push((name.clone(), text));
                }
            }
            Err(why) => lines.push_str(&format!("alone\t{name}\t{why}\n")),
        }
    }
    let mut crates = BTreeSet::new();
    for (file, functions) in &files {
        let path = tree.join(file);
        let source = read(&path)?;
        let (text, branches) = switched(&source, functions).map_err(|error| format!("{file}: {error}"))?;
        fs::write(&path, text).map_err(|error| format!("{file}: {error}"))?;
        for Branch { name, lines: (first, last), function: (start, end), was_const } in branches {
            lines.push_str(&format!("switched\t{name}\t{file}\t{first}\t{last}\t{start}\t{end}\t{was_const}\n"));
        }
        crates.extend(inject::sources(tree, file));
    }
    for sources in &crates {
        inject::removed(sources, said).map_err(|error| format!("{}: {error}", sources.display()))?;
    }
    Ok(lines)
}

/// What a patch changes.
fn changes(tree: &Path, patched: &Path) -> Result<Changes, String> {
    let mut found = Vec::new();
    for name in below(patched, Path::new("")) {
        let file = name.to_string_lossy().into_owned();
        if name.extension().is_none_or(|ending| ending != "rs") {
            return Ok(Err(format!("{file} is no Rust source")));
        }
        if inject::sources(tree, &file).is_none() {
            return Ok(Err(format!("{file} is of no crate's sources")));
        }
        match bodies::changed(&read(&tree.join(&name))?, &read(&patched.join(&name))?) {
            Ok(bodies) => found.extend(bodies.into_iter().map(|(function, text)| (file.clone(), function, text))),
            Err(why) => return Ok(Err(format!("{file}: {why}"))),
        }
    }
    Ok(if found.is_empty() { Err("it changes nothing".to_owned()) } else { Ok(found) })
}

/// The text with every branch in it.
fn switched(source: &str, functions: &BTreeMap<usize, Vec<(String, String)>>) -> Result<(String, Vec<Branch>), String> {
    let all = bodies::functions(source)?;
    let (mut text, mut branches, mut at) = (String::new(), Vec::new(), 0);
    for (number, ways) in functions {
        let Function { body, constant } = all.get(*number).ok_or("a function is gone")?;
        if let Some(word) = constant {
            text.push_str(source.get(at..word.start).unwrap_or_default());
            at = word.end;
        }
        text.push_str(source.get(at..body.start).unwrap_or_default());
        let start = line_of(&text);
        text.push_str("{\n");
        let mut made = Vec::new();
        for (name, way) in ways {
            let first = line_of(&text);
            text.push_str(&format!("if crate::removed::on({name:?}) {way}"));
            made.push((name.clone(), (first, line_of(&text))));
            text.push_str("\nelse ");
        }
        text.push_str(source.get(body.clone()).unwrap_or_default());
        text.push_str("\n}");
        let function = (start, line_of(&text));
        let was_const = constant.is_some();
        branches.extend(made.into_iter().map(|(name, lines)| Branch { name, lines, function, was_const }));
        at = body.end;
    }
    text.push_str(source.get(at..).unwrap_or_default());
    Ok((text, branches))
}

/// The line, from 1, that comes next.
fn line_of(text: &str) -> usize {
    text.matches('\n').count() + 1
}

/// Every file below a folder of `base`, relative to `base`.
fn below(base: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(base.join(folder)).into_iter().flatten().flatten() {
        let name = folder.join(entry.file_name());
        if base.join(&name).is_dir() { found.extend(below(base, &name)) } else { found.push(name) }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
