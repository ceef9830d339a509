//! The record of mutants that no test notices, in `docs/mutants.md`: each with the reason.
//!
//! ```text
//! ## stronghold-protocol/src/signed.rs
//!
//! - `Signed::verify`: `threshold.max(1)` becomes `threshold.max(0)`
//!   The reason.
//! ```

use super::{build::Mutant, demanded::is_demanded, judge::Verdict};
use crate::{root, run::Failed};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

const FILE: &str = "docs/mutants.md";

/// Reasons by file and key.
pub(super) type Record = BTreeMap<(String, String), String>;

/// Reads the record.
pub(super) fn read() -> Result<Record, Failed> {
    let text = fs::read_to_string(root().join(FILE)).map_err(|error| Failed(format!("{FILE} ({error})")))?;
    let mut record = Record::new();
    let mut file = "";
    let mut last = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            (file, last) = (name.trim(), None);
        } else if let Some(key) = line.strip_prefix("- `") {
            let key = (file.to_owned(), format!("`{}", key.trim_end()));
            record.insert(key.clone(), String::new());
            last = Some(key);
        } else if let (Some(key), Some(reason)) = (&last, line.strip_prefix("  ")) {
            record.entry(key.clone()).or_default().push_str(reason);
        } else {
            last = None;
        }
    }
    match record.iter().find(|(_, reason)| reason.trim().is_empty()) {
        Some(((file, key), _)) => Err(Failed(format!("{FILE} has no reason for {file} {key}: reading it"))),
        None => Ok(record),
    }
}

/// Whether the record says why no test notices the mutant.
pub(super) fn has_reason(record: &Record, mutant: &Mutant) -> bool {
    record.contains_key(&(mutant.file.clone(), mutant.key.clone()))
}

/// Holds what survived against the record.
pub(super) fn compare(record: &Record, all: &[Mutant], asked: &[&Mutant], verdicts: &[Verdict]) -> Result<(), Failed> {
    let key = |mutant: &Mutant| (mutant.file.clone(), mutant.key.clone());
    let existing: BTreeSet<_> = all.iter().map(key).collect();
    for (file, key) in record.keys().filter(|key| !existing.contains(*key)) {
        println!("{FILE} names what is no mutant any more: {file} {key}");
    }
    let mut missing = 0;
    for (mutant, verdict) in asked.iter().zip(verdicts) {
        match (verdict.survived(), has_reason(record, mutant)) {
            (true, false) => {
                missing += 1;
                println!("no test notices, and {FILE} gives no reason: {mutant}");
            }
            // Of a check that vectors must notice, the reason is why none can.
            (false, true) if !is_demanded(mutant) || matches!(verdict, Verdict::Vectors { .. }) => {
                println!("a test notices it now, so {FILE} need not name it: {mutant}")
            }
            _ => {}
        }
    }
    let survived = verdicts.iter().filter(|verdict| verdict.survived()).count();
    println!("{} mutants, {survived} noticed by no test, {missing} of them without a reason", asked.len());
    if missing == 0 { Ok(()) } else { Err(Failed(format!("the comparison with {FILE}"))) }
}
