//! The list of mutants that no vector notices, in `docs/mutants-vectors.md`: made here, each with what notices it.

use super::{
    build::Mutant,
    demanded::{checks_of, is_demanded},
    judge::Verdict,
    record::{Record, has_reason},
};
use crate::{root, run::Failed};
use std::{collections::BTreeMap, fmt::Write, fs};

const FILE: &str = "docs/mutants-vectors.md";

const HEAD: &str = "\
# Mutants that no vector notices

`cargo xtask mutate` writes this file: what survives the vectors of `docs/vectors` alone, and which other test notices
it. What no test at all notices is in [mutants.md](mutants.md) too, with its reason.

Where a file checks signatures, proofs, thresholds, the order of an agent (section 11 of [protocol.md](protocol.md)) or
`apply` (section 7), a vector must notice each mutant, or the command fails: a client of another author must make these
checks as we do, and only a vector tells them. In this list are of those files the mutants of which mutants.md says why no
vector can tell, and those of functions that are no check of a reader's: `xtask/src/mutate/demanded.rs` names them.
";

/// What became of the mutants of one file.
#[derive(Default)]
struct Section {
    /// Noticed by vectors, by other tests only, by none.
    counts: [usize; 3],
    lines: Vec<String>,
}

/// Writes what these verdicts say; files that were not asked for stay as they are.
///
/// # Errors
/// [`Failed`] where the file cannot be read or written.
pub(super) fn write(record: &Record, mutants: &[&Mutant], verdicts: &[Verdict]) -> Result<(), Failed> {
    let path = root().join(FILE);
    let failed = |error: std::io::Error| Failed(format!("{FILE} ({error})"));
    let mut sections = read(&fs::read_to_string(&path).unwrap_or_default());
    for mutant in mutants {
        sections.insert(mutant.file.clone(), Section::default());
    }
    for (mutant, verdict) in mutants.iter().zip(verdicts) {
        let section = sections.entry(mutant.file.clone()).or_default();
        let [vectors, tests, none] = &mut section.counts;
        match verdict {
            Verdict::Vectors { .. } => *vectors += 1,
            Verdict::Tests { test } => {
                *tests += 1;
                section.lines.push(format!("- {}\n  Noticed by `{test}`.", mutant.key));
            }
            Verdict::Survived | Verdict::Unreached => {
                *none += 1;
                let why = match has_reason(record, mutant) {
                    true => "No test can notice it, or none need: [mutants.md](mutants.md).",
                    false => "Noticed by none of the tests that were run.",
                };
                section.lines.push(format!("- {}\n  {why}", mutant.key));
            }
        }
    }
    sections.retain(|file, _| root().join(file).is_file());
    fs::write(&path, text(&sections)).map_err(failed)
}

/// Fails where a vector must notice what none does, unless the record says why nothing can.
///
/// # Errors
/// [`Failed`] in that case.
pub(super) fn demand(record: &Record, mutants: &[&Mutant], verdicts: &[Verdict]) -> Result<(), Failed> {
    let mut missing = 0;
    for (mutant, verdict) in mutants.iter().zip(verdicts) {
        let noticed = matches!(verdict, Verdict::Vectors { .. });
        // What is refused all the same, for another reason, is so to vectors: they judge no words.
        if is_demanded(mutant) && !noticed && !has_reason(record, mutant) {
            missing += 1;
            println!("a vector must notice this, and none does: {mutant}");
        }
    }
    let demanded = mutants.iter().filter(|mutant| is_demanded(mutant)).count();
    println!("{demanded} of the mutants must be noticed by a vector, {missing} are not");
    if missing == 0 { Ok(()) } else { Err(Failed("the demand for vectors".to_owned())) }
}

fn text(sections: &BTreeMap<String, Section>) -> String {
    let mut text = HEAD.to_owned();
    let _ = writeln!(text, "\n| file | checks | vectors notice | only other tests | none |\n|---|---|---:|---:|---:|");
    let mut all = [0; 3];
    for (file, section) in sections {
        let [vectors, tests, none] = section.counts;
        let checks = checks_of(file).unwrap_or_default();
        let _ = writeln!(text, "| {file} | {checks} | {vectors} | {tests} | {none} |");
        for (sum, count) in all.iter_mut().zip(section.counts) {
            *sum += count;
        }
    }
    let [vectors, tests, none] = all;
    let _ = writeln!(text, "| all | | {vectors} | {tests} | {none} |");
    for (file, section) in sections.iter().filter(|(_, section)| !section.lines.is_empty()) {
        let _ = writeln!(text, "\n## {file}\n\n{}", section.lines.join("\n"));
    }
    text
}

/// What the file says already.
fn read(text: &str) -> BTreeMap<String, Section> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut file = None;
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if let [_, name, _, vectors, tests, none, _] = cells[..] {
            let counts = [vectors, tests, none].map(str::parse);
            if let ([Ok(vectors), Ok(tests), Ok(none)], true) = (counts, name.contains('/')) {
                let counts = [vectors, tests, none];
                sections.insert(name.to_owned(), Section { counts, lines: Vec::new() });
            }
        } else if let Some(name) = line.strip_prefix("## ") {
            file = Some(name.to_owned());
        } else if let Some(section) = file.as_ref().and_then(|file| sections.get_mut(file)) {
            match section.lines.last_mut() {
                _ if line.starts_with("- ") => section.lines.push(line.to_owned()),
                Some(last) if line.starts_with("  ") => last.extend(["\n", line]),
                _ => {}
            }
        }
    }
    sections
}
