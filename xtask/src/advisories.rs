//! Whether a published advisory concerns something that is built or tested with: crates, Python packages, Node packages.
//!
//! Each has a database of its own on the network. One that cannot be asked is named as such at the end, so that a run without
//! the network is never taken for one that found nothing.

use crate::{
    root,
    run::{Failed, Step},
    tools::{Tools, pins},
};
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// A folder with a clone of the RustSec database, for machines that cannot reach it.
const RUSTSEC_COPY: &str = "STRONGHOLD_ADVISORY_DB";
/// Where cargo-deny fetches it from otherwise.
const RUSTSEC: &str = "https://github.com/RustSec/advisory-db";

/// What came of asking one database.
enum Answer {
    /// It was asked, and nothing of ours is concerned; of what day it is, if it is a copy.
    Clean(Option<String>),
    /// Something of ours is concerned; what was printed.
    Found(String),
    /// It was not asked, and why.
    NotAsked(String),
}

/// Asks every database.
///
/// # Errors
/// [`Failed`] where an advisory concerns us; and, if `strict`, where a database could not be asked.
pub(crate) fn check(tools: &Tools, strict: bool) -> Result<(), Failed> {
    println!("\n== advisories ==");
    let mut answers = Vec::new();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        answers.push((format!("crates of {manifest} (RustSec)"), crates(tools, &root().join(manifest))?));
    }
    answers.push(("Python packages of xtask/tools (PyPI)".to_owned(), python(tools)?));
    for folder in pins::npm_folders() {
        let name = folder.strip_prefix(root()).unwrap_or(&folder).display().to_string();
        answers.push((format!("Node packages of {name} (npm)"), node(&folder)?));
    }
    let (mut found, mut not_asked) = (0, 0);
    for (what, answer) in &answers {
        match answer {
            Answer::Clean(None) => println!("{what}: no advisories"),
            Answer::Clean(Some(day)) => println!("{what}: no advisories in the database of {day}"),
            Answer::Found(printed) => {
                found += 1;
                println!("{what}: ADVISORIES\n{printed}");
            }
            Answer::NotAsked(why) => {
                not_asked += 1;
                println!("{what}: NOT CHECKED, {why}");
            }
        }
    }
    println!("{} lists: {found} with advisories, {not_asked} not checked", answers.len());
    match (found, not_asked) {
        (0, 0) => Ok(()),
        (0, _) if !strict => Ok(()),
        (0, _) => Err(Failed("the check of advisories, whose databases could not all be asked,".to_owned())),
        _ => Err(Failed("the check of advisories".to_owned())),
    }
}

fn crates(tools: &Tools, manifest: &Path) -> Result<Answer, Failed> {
    let deny = |arguments: &[&str]| {
        let mut step = Step::new("advisories on crates", tools.program("cargo-deny")).args(&[
            Path::new("--manifest-path"),
            manifest,
            Path::new("--config"),
            &root().join("deny.toml"),
        ]);
        if let Some(copy) = env::var_os(RUSTSEC_COPY) {
            let mut key = OsString::from("url.");
            key.push(copy);
            key.push(".insteadOf");
            step = step.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", key).env("GIT_CONFIG_VALUE_0", RUSTSEC);
        }
        step.args(&["--locked", "--format", "json"]).args(arguments).said()
    };
    let (mut well, mut printed) = deny(&["check", "advisories"])?;
    if !judged(&printed) {
        // A copy of an earlier day may be there; one that is too old is refused.
        (well, printed) = deny(&["--offline", "check", "advisories"])?;
    }
    Ok(match (judged(&printed), well) {
        (true, true) => Answer::Clean(rustsec_date()),
        (true, false) => Answer::Found(printed),
        (false, _) => Answer::NotAsked(format!(
            "its database cannot be fetched here, and no recent copy is there ({RUSTSEC_COPY} may name a clone of it)"
        )),
    })
}

/// cargo-deny ends a check with a summary, and nothing else with one.
fn judged(printed: &str) -> bool {
    printed.contains("\"type\":\"summary\"")
}

/// The day of the newest change in cargo-deny's copy of the database.
fn rustsec_date() -> Option<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")))?;
    let mut copies = std::fs::read_dir(home.join("advisory-dbs")).ok()?.flatten().map(|entry| entry.path());
    let copy = copies.find(|path| path.join(".git").is_dir())?;
    let day =
        Step::new("the day of the database", "git").args(&["-C"]).args(&[&copy]).args(&["log", "-1", "--format=%cs"]);
    day.output().ok().map(|day| day.trim().to_owned())
}

fn python(tools: &Tools) -> Result<Answer, Failed> {
    let (well, printed) = Step::new("advisories on Python packages", tools.program("pip-audit"))
        .args(&["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", "--requirement"])
        .args(&[pins::python()])
        .said()?;
    // It ends well also where it could ask about none of them.
    let (packages, skipped) = (printed.matches("\"name\":").count(), printed.matches("\"skip_reason\":").count());
    Ok(match (packages, skipped, well) {
        (0, ..) => Answer::NotAsked("its database cannot be reached here".to_owned()),
        (_, 0, true) => Answer::Clean(None),
        (_, 1.., true) => Answer::NotAsked(format!("its database told nothing of {skipped} of {packages} packages")),
        (_, _, false) => Answer::Found(printed),
    })
}

fn node(folder: &Path) -> Result<Answer, Failed> {
    let arguments = ["audit", "--json", "--package-lock-only", "--prefix"];
    let (well, printed) = Step::new("advisories on Node packages", "npm").args(&arguments).args(&[folder]).said()?;
    Ok(match (printed.contains("\"auditReportVersion\""), well) {
        (true, true) => Answer::Clean(None),
        (true, false) => Answer::Found(printed),
        (false, _) => Answer::NotAsked("its database cannot be reached here".to_owned()),
    })
}
