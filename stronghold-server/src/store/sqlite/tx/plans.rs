//! How SQLite means to run each statement, looked at by every test that runs one: what goes through a table, or through a large
//! part of one, makes a server slower the longer it runs, and no small test shows it.
#![allow(clippy::unwrap_used, clippy::panic)]

use rusqlite::Connection;
use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex},
};

/// How many columns of the large tables a search must fix at least: with fewer it goes through all of an organization, a
/// profile or an epoch.
const LEAST: [(&str, usize); 8] = [
    ("nonces", 3),
    ("audit_records", 2),
    ("statements", 2),
    ("principals", 2),
    ("seals", 3),
    ("revisions", 2),
    ("entries", 4),
    ("ciphertexts", 3),
];

/// Steps that go through all of something because that is what is asked for.
const ALLOWED: [&str; 5] = [
    // Has one row.
    "SCAN readiness",
    // Whether there is a first one.
    "SCAN setup_codes",
    // Which organizations a receiver of the log is behind in: one row for each.
    "SCAN o",
    // One row for each receiver and organization.
    "SCAN audit_streams",
    // Who was last served when, of everybody.
    "SEARCH principals USING PRIMARY KEY (org=?)",
];

static SEEN: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

/// Panics where a statement would go through more than it is about.
pub(super) fn check(connection: &Connection, sql: &str) {
    if !SEEN.lock().unwrap().insert(sql.to_owned()) {
        return;
    }
    // A statement that SQLite refuses is reported by whoever prepares it.
    let Ok(mut explain) = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")) else { return };
    let steps =
        explain.raw_query().mapped(|row| row.get::<_, String>("detail")).collect::<Result<Vec<_>, _>>().unwrap();
    for step in steps {
        if let Some(reason) = objection(&step, sql) {
            panic!("{reason}: {step}\n{sql}");
        }
    }
}

/// What is wrong with a step of a plan, such as `SEARCH e USING INDEX i (org=? AND profile=?)`.
fn objection(step: &str, sql: &str) -> Option<String> {
    if ALLOWED.contains(&step) {
        return None;
    }
    let mut words = step.split(' ');
    let (what, table) = (words.next()?, table_of(words.next()?, sql));
    match what {
        "SCAN" if table != "CONSTANT" => Some(format!("it goes through all of {table}")),
        "SEARCH" => {
            let fixed = step.matches("=?").count() + usize::from(step.contains(">?") || step.contains("<?"));
            let least = LEAST.iter().find(|(name, _)| *name == table).map_or(1, |(_, least)| *least);
            // By age or by row there is no wider range; of one secret there are few versions.
            let narrow = ["by_age", "INTEGER PRIMARY KEY", "secret=?"].iter().any(|part| step.contains(part));
            (fixed < least && !narrow).then(|| format!("it fixes {fixed} columns of {table}, not {least}"))
        }
        _ => None,
    }
}

/// The table that a name of the statement stands for.
fn table_of<'a>(name: &'a str, sql: &'a str) -> &'a str {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let named = words.windows(3).find(|words| matches!(words, [_, "AS", alias] if *alias == name));
    named.and_then(|words| words.first().copied()).unwrap_or(name)
}
