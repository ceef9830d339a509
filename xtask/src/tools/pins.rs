//! That everything taken from PyPI and npm is pinned by the hash of its file, from no named place: a registry, or a mirror of
//! it, can then change nothing that is installed.

use crate::{root, run::Failed};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every Python package that is installed, with its hashes.
pub(crate) fn python() -> PathBuf {
    root().join("xtask").join("tools").join("requirements.txt")
}

/// The folder with `package.json` and `package-lock.json` of what the tests need from npm.
pub(crate) fn node() -> PathBuf {
    root().join("xtask").join("tools").join("node")
}

/// Every folder with a `package-lock.json`: the tools', and the console's.
pub(crate) fn npm_folders() -> Vec<PathBuf> {
    vec![node(), root().join("stronghold-server").join("console")]
}

/// Checks the lists of pinned files.
pub(crate) fn check() -> Result<(), Failed> {
    println!("\n== pinned tools ==");
    let mut problems = python_problems(&python())?;
    for folder in npm_folders() {
        problems.extend(npm_problems(&folder.join("package-lock.json"))?);
    }
    for problem in &problems {
        println!("{problem}");
    }
    if problems.is_empty() {
        println!("every Python and Node package that is installed is pinned by hash, and none by its place");
        return Ok(());
    }
    Err(Failed("the check of pinned tools".to_owned()))
}

/// What `requirements.in` asks for is in `requirements.txt`, and each package there has one version and a SHA-256.
fn python_problems(list: &Path) -> Result<Vec<String>, Failed> {
    let text = read(list)?;
    let asked = read(&list.with_extension("in"))?;
    let mut problems = Vec::new();
    // A package is a line that is not indented; its hashes follow, indented.
    let mut packages: Vec<(&str, usize)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let hash = line.trim().strip_prefix("--hash=sha256:").is_some_and(|rest| rest.len() >= 64);
        match packages.last_mut() {
            Some((_, hashes)) if line.starts_with(' ') && hash => *hashes += 1,
            _ if !line.starts_with([' ', '-', '#']) && line.contains("==") => {
                packages.push((line.split([' ', '\\']).next().unwrap_or(line), 0));
            }
            _ => problems.push(format!("{}: `{}` is neither a package nor a hash", list.display(), line.trim())),
        }
    }
    let missing = packages.iter().filter(|(_, hashes)| *hashes == 0);
    problems.extend(missing.map(|(package, _)| format!("{}: {package} has no hash", list.display())));
    for package in asked.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if !packages.iter().any(|(there, _)| *there == package.trim()) {
            problems.push(format!("{}: {package} is asked for and not pinned: make the file again", list.display()));
        }
    }
    Ok(problems)
}

/// Each package has an `integrity`, and no address. Only npm writes these files, one member a line.
fn npm_problems(lock: &Path) -> Result<Vec<String>, Failed> {
    let text = read(lock)?;
    let mut problems = Vec::new();
    let mut package: Option<(&str, bool)> = None;
    for line in text.lines() {
        let member = line.trim();
        if line.starts_with("    \"") && member.ends_with('{') {
            // Our own folders, and links to them, come from no registry.
            let name = member.split('"').nth(1).unwrap_or_default();
            package = name.starts_with("node_modules/").then_some((name, false));
        } else if let Some((_, pinned)) = package.as_mut()
            && (member.starts_with("\"integrity\": \"sha512-") || member.starts_with("\"link\": true"))
        {
            *pinned = true;
        } else if line.starts_with("    }")
            && let Some((name, false)) = package.take()
        {
            problems.push(format!("{}: {name} has no integrity", lock.display()));
        }
        if member.starts_with("\"resolved\":") && member.contains("://") {
            problems.push(format!("{}: {member} names a place", lock.display()));
        }
    }
    Ok(problems)
}

fn read(path: &Path) -> Result<String, Failed> {
    fs::read_to_string(path).map_err(|error| Failed(format!("{} ({error})", path.display())))
}
