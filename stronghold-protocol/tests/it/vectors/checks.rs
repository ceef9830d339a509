//! `docs/vectors/checks.md`: which reject is refused by which check alone.

use super::file;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// A row: the step or kind of change, and the rejects, each with its file.
struct Row {
    step: String,
    rejects: Vec<(String, String)>,
}

fn document(name: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)).unwrap()
}

/// The part of a document below a heading.
fn section<'t>(text: &'t str, heading: &str) -> &'t str {
    let (_, below) = text.split_once(&format!("\n## {heading}")).unwrap();
    below.split_once("\n## ").map_or(below, |(section, _)| section)
}

fn rows(section: &str) -> Vec<Row> {
    let lines = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| step"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [step, _, rejects] = cells[..] else { panic!("three columns: {line}") };
            let mut file = "directory".to_owned();
            let mut named = Vec::new();
            // In turn what is outside of quotes, where a file may be named, and what is inside.
            for (at, part) in rejects.split('"').enumerate() {
                match part.split_once(".json`") {
                    _ if at % 2 == 1 => named.push((file.clone(), part.to_owned())),
                    Some((name, _)) => file = name.rsplit('`').next().unwrap().to_owned(),
                    None => {}
                }
            }
            Row { step: step.to_owned(), rejects: named }
        })
        .collect()
}

#[test]
fn every_check_names_rejects_that_there_are() {
    let text = document("vectors/checks.md");
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(&text) {
        assert!(!row.rejects.is_empty() || row.step == "5" || row.step == "6", "no reject in the row of {}", row.step);
        for (name, reject) in row.rejects {
            let rejects = files
                .entry(name.clone())
                .or_insert_with(|| file::File::read(&name).rejects.into_iter().map(|reject| reject.name).collect());
            assert!(rejects.contains(&reject), "{name}.json has no reject {reject:?}");
        }
    }
}

#[test]
fn no_step_and_no_kind_of_change_is_missing() {
    let text = document("vectors/checks.md");
    let steps =
        |heading: &str| -> BTreeSet<String> { rows(section(&text, heading)).into_iter().map(|row| row.step).collect() };
    let (agent, apply) = (steps("Section 11"), steps("Section 7"));
    for step in 1..=10 {
        assert!(agent.contains(&step.to_string()), "step {step} of an agent");
    }
    for step in 1..=8 {
        assert!(apply.contains(&step.to_string()), "step {step} of applying a statement");
    }
    let protocol = document("protocol.md");
    let table = section(&protocol, "7. Applying a statement").lines().filter(|line| line.starts_with("| `"));
    // The first column holds one kind or several.
    let first: Vec<&str> =
        table.map(|line| line.split('|').nth(1).unwrap()).filter(|kinds| *kinds != " `kind` ").collect();
    let kinds: Vec<&str> = first.iter().flat_map(|kinds| kinds.split('`').skip(1).step_by(2)).collect();
    assert_eq!(kinds.len(), 28);
    for kind in kinds {
        assert!(apply.contains(&format!("`{kind}`")), "{kind} is in no row");
    }
}
