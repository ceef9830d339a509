//! The table of attacks, `docs/attacks.md`: that every test which it names exists, every section that it points to is there,
//! every row has a test or says that its text is unread, and that it counts right.

use crate::{binaries::Binary, root, run::Failed};
use std::{collections::BTreeSet, fs};

const TABLE: &str = "docs/attacks.md";
const PROTOCOL: &str = "docs/protocol.md";
/// Stands in a row whose text could not be read.
const UNREAD: &str = "**unread**";
/// The heading of the table that counts the others.
const COUNTED: &str = "Counted";

/// A row of a source's table.
struct Row<'t> {
    id: &'t str,
    there: &'t str,
    here: &'t str,
    tests: Vec<&'t str>,
}

/// The tables below one heading.
struct Source<'t> {
    name: &'t str,
    rows: Vec<Vec<&'t str>>,
}

/// Everything that is wrong with it. `tests` are all test programs with the names of their tests.
pub(crate) fn problems(tests: &[(&Binary, Vec<String>)]) -> Result<Vec<String>, Failed> {
    let read = |name: &str| fs::read_to_string(root().join(name)).map_err(|error| Failed(format!("{name} ({error})")));
    let (text, protocol) = (read(TABLE)?, read(PROTOCOL)?);
    let sections: BTreeSet<String> = protocol.lines().filter_map(anchor).collect();
    let sources = sources(&text);
    let mut problems = Vec::new();
    let mut counts = Vec::new();
    let mut ids = BTreeSet::new();
    for source in &sources {
        let rows: Vec<Row<'_>> = source.rows.iter().filter_map(|cells| row(cells)).collect();
        if rows.is_empty() {
            continue;
        }
        for row in &rows {
            let mut wrong = |what: String| problems.push(format!("{TABLE}: {}: {what}", row.id));
            if !ids.insert(row.id) {
                wrong("stands there twice".to_owned());
            }
            if row.tests.is_empty() && !row.there.contains(UNREAD) {
                wrong(format!("it has neither a test nor the word {UNREAD}"));
            }
            for test in row.tests.iter().filter(|test| !exists(test, tests)) {
                wrong(format!("there is no test `{test}`"));
            }
            let mut links = row.here.split("](protocol.md#").skip(1).filter_map(|rest| rest.split_once(')')).peekable();
            if links.peek().is_none() {
                wrong("it points to no section of the protocol".to_owned());
            }
            for (section, _) in links.filter(|(section, _)| !sections.contains(*section)) {
                wrong(format!("the protocol has no section #{section}"));
            }
        }
        counts.push((source.name.to_owned(), rows.len(), rows.iter().filter(|row| row.there.contains(UNREAD)).count()));
    }
    let (rows, unread) = counts.iter().fold((0, 0), |(rows, unread), count| (rows + count.1, unread + count.2));
    println!("{TABLE}: {rows} attacks of {} sources, {unread} unread", counts.len());
    counts.push(("all".to_owned(), rows, unread));
    let wanted: Vec<String> =
        counts.iter().map(|(name, rows, unread)| format!("| {name} | {rows} | {unread} |")).collect();
    let counted = text.split_once(&format!("## {COUNTED}\n")).map_or("", |(_, rest)| rest);
    let said: Vec<&str> = counted.lines().skip_while(|line| !line.starts_with("|---")).skip(1).collect();
    let said = said.split(|line| !line.starts_with('|')).next().unwrap_or_default();
    if said != wanted {
        problems.push(format!("{TABLE}: it counts wrong; it must say\n{}", wanted.join("\n")));
    }
    Ok(problems)
}

fn sources(text: &str) -> Vec<Source<'_>> {
    let mut found: Vec<Source<'_>> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            found.push(Source { name, rows: Vec::new() });
        } else if let (Some(source), Some(cells)) = (found.last_mut(), line.strip_prefix("| ")) {
            source.rows.push(cells.trim_end_matches('|').split(" | ").map(str::trim).collect());
        }
    }
    found
}

/// A row of a table of attacks has five cells, the first of them an id: two letters or digits of the product, and a number.
fn row<'t>(cells: &[&'t str]) -> Option<Row<'t>> {
    let [id, _, there, here, tests] = cells[..] else { return None };
    let numbered = id.len() == 4 && id.bytes().skip(2).all(|byte| byte.is_ascii_digit());
    // Between backticks is every second part.
    numbered.then(|| Row { id, there, here, tests: tests.split('`').skip(1).step_by(2).collect() })
}

/// `package module::test`, or `console FILE "test"`.
fn exists(name: &str, tests: &[(&Binary, Vec<String>)]) -> bool {
    let Some((package, test)) = name.split_once(' ') else { return false };
    if package != "console" {
        let of_package = |(binary, names): &(&Binary, Vec<String>)| {
            binary.package == package && names.iter().any(|known| known == test)
        };
        return tests.iter().any(of_package);
    }
    let Some((file, title)) = test.split_once(' ') else { return false };
    let path = root().join("stronghold-server").join("console").join("tests").join(file);
    fs::read_to_string(path).is_ok_and(|source| source.contains(&format!("test({title},")))
}

/// The anchor of a heading: lower case, blanks as hyphens, and nothing but letters, digits and hyphens.
fn anchor(line: &str) -> Option<String> {
    let heading = line.strip_prefix('#')?.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    Some(heading.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect())
}
