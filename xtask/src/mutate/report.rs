//! What is said at the end.

use super::{build::Mutant, judge::Verdict};
use crate::run::Failed;
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

#[derive(Clone, Copy, Default)]
struct Counts {
    vectors: usize,
    tests: usize,
    survived: usize,
}

impl Counts {
    const fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Vectors { .. } => self.vectors += 1,
            Verdict::Tests { .. } => self.tests += 1,
            Verdict::Survived | Verdict::Unreached => self.survived += 1,
        }
    }
}

/// Prints the counts of each file.
pub(super) fn print(mutants: &[&Mutant], verdicts: &[Verdict]) {
    let mut files: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut all = Counts::default();
    for (mutant, verdict) in mutants.iter().zip(verdicts) {
        files.entry(&mutant.file).or_default().count(verdict);
        all.count(verdict);
    }
    println!("\n{:>8} {:>8} {:>9}", "vectors", "tests", "survived");
    for (file, counts) in files.into_iter().chain([("all", all)]) {
        println!("{:8} {:8} {:9}  {file}", counts.vectors, counts.tests, counts.survived);
    }
    let endless = verdicts
        .iter()
        .filter(|verdict| matches!(verdict, Verdict::Vectors { test, .. } | Verdict::Tests { test } if test.ends_with("(no end)")));
    println!("{} of those noticed did not end in time", endless.count());
}

/// Writes which mutants survive everything, and which the vectors alone.
pub(super) fn write(path: &Path, mutants: &[&Mutant], verdicts: &[Verdict]) -> Result<(), Failed> {
    let mut text = String::new();
    let mut list = |title: &str, wanted: &dyn Fn(&Verdict) -> Option<String>| {
        let _ = writeln!(text, "# {title}\n");
        for (mutant, verdict) in mutants.iter().zip(verdicts) {
            if let Some(more) = wanted(verdict) {
                let _ = writeln!(text, "- {mutant}{more}");
            }
        }
        let _ = writeln!(text);
    };
    list("Noticed by no test", &|verdict| match verdict {
        Verdict::Survived => Some(String::new()),
        Verdict::Unreached => Some(" (no test reaches it)".to_owned()),
        _ => None,
    });
    list("Noticed by no vector, but by another test", &|verdict| match verdict {
        Verdict::Tests { test } => Some(format!(" ({test})")),
        _ => None,
    });
    list("Noticed by vectors", &|verdict| match verdict {
        Verdict::Vectors { test, case: None } => Some(format!(" ({test})")),
        Verdict::Vectors { test, case: Some(case) } => Some(format!(" ({test}: {case})")),
        _ => None,
    });
    fs::write(path, text).map_err(|error| Failed(format!("{} ({error})", path.display())))?;
    println!("{}", path.display());
    Ok(())
}
