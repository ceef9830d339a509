//! What holds of the sources without running them.

use crate::{
    advisories, root,
    run::{Failed, Step, cargo},
    tools::{Tools, pins},
};
use std::path::Path;

/// Longest source file that passes, and the length from which it is named.
const MOST_LINES: usize = 500;
const MANY_LINES: usize = 300;

/// Crates, and what their normal dependencies must not hold.
const ARROWS: &[(&str, &[&str])] = &[
    ("stronghold-protocol", &["hpke", "chacha20poly1305", "tokio", "reqwest", "hyper", "rusqlite", "stronghold-sdk"]),
    ("stronghold-server", &["hpke", "chacha20poly1305", "stronghold-sdk", "stronghold-hostile"]),
    ("stronghold-sdk", &["stronghold-server", "stronghold-testkit", "stronghold-hostile", "rusqlite", "warp"]),
    ("stronghold-cli", &["stronghold-server", "stronghold-testkit", "stronghold-hostile", "rusqlite", "warp"]),
];

/// Runs every check.
pub(crate) fn all(tools: &Tools) -> Result<(), Failed> {
    pins::check()?;
    cargo("format", &["fmt", "--all", "--check"]).run()?;
    cargo("format of the fuzz targets", &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]).run()?;
    cargo("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    cargo("docs", &["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings").run()?;
    // Every platform's crates, so that the check itself needs no network.
    cargo("fetch", &["fetch", "--quiet"]).run()?;
    let deny = ["--offline", "check", "licenses", "bans", "sources"];
    Step::new("licences, bans and sources", tools.program("cargo-deny")).args(&deny).run()?;
    advisories::check(tools, false)?;
    arrows()?;
    files()
}

/// Dependencies point one way, whatever features are unified.
fn arrows() -> Result<(), Failed> {
    println!("\n== dependency arrows ==");
    for (package, banned) in ARROWS {
        let tree = ["tree", "-p", package, "-e", "normal", "--prefix", "none", "--format", "{p}"];
        let tree = cargo("the dependency tree", &tree).output()?;
        let used: Vec<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        if let Some(wrong) = banned.iter().find(|name| used.contains(name)) {
            return Err(Failed(format!("the check that {package} does not depend on {wrong}")));
        }
        println!("{package} depends on none of {}", banned.join(", "));
    }
    Ok(())
}

/// File sizes.
fn files() -> Result<(), Failed> {
    println!("\n== files ==");
    let tracked = Step::new("the list of files", "git").args(&["ls-files", "-co", "--exclude-standard"]).output()?;
    let mut problems = Vec::new();
    let mut checked = 0;
    for name in tracked.lines() {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        checked += 1;
        let lines = text.lines().count();
        if is_source(name) && lines > MOST_LINES {
            problems.push(format!("{name}: {lines} lines, more than {MOST_LINES}: split it"));
        } else if is_source(name) && lines > MANY_LINES {
            println!("{name}: {lines} lines (aim: {MANY_LINES})");
        }
    }
    for problem in &problems {
        println!("{problem}");
    }
    println!("{checked} files checked");
    if problems.is_empty() { Ok(()) } else { Err(Failed("the check of the files".to_owned())) }
}

fn is_source(name: &str) -> bool {
    let path = Path::new(name);
    let test = path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "benches" | "fuzz")));
    path.extension().is_some_and(|ending| ending == "rs") && !test
}
