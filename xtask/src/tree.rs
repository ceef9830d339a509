//! Copies of the project, as it stands in the working tree, for commands that change sources to see what notices.

use crate::{
    root,
    run::{Failed, Step},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Made, and so unknown to git, but part of what is built.
const MADE: &str = "stronghold-server/console/dist";

/// Makes `to` a copy of the working tree: what git tracks or would track. A file that is the same already is not touched,
/// so that its time stays and cargo builds only what changed.
pub(crate) fn mirror(to: &Path) -> Result<(), Failed> {
    let listed =
        Step::new("the list of files", "git").args(&["ls-files", "-z", "-co", "--exclude-standard"]).output()?;
    let mut wanted: BTreeSet<PathBuf> = listed.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect();
    wanted.extend(files(&root(), Path::new(MADE)));
    // Deleted, and git not told yet.
    wanted.retain(|name| root().join(name).is_file());
    copy(&root(), &wanted, to)
}

/// Makes `to` a copy of another copy.
pub(crate) fn sync(from: &Path, to: &Path) -> Result<(), Failed> {
    copy(from, &files(from, Path::new("")).into_iter().collect(), to)
}

fn copy(from: &Path, wanted: &BTreeSet<PathBuf>, to: &Path) -> Result<(), Failed> {
    for name in wanted {
        let path = to.join(name);
        let content = fs::read(from.join(name)).map_err(|error| failed(name, &error))?;
        if fs::read(&path).is_ok_and(|there| there == content) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        }
        // With its permissions, and with the time of now.
        fs::copy(from.join(name), &path).map_err(|error| failed(&path, &error))?;
    }
    for name in files(to, Path::new("")) {
        if !wanted.contains(&name) {
            fs::remove_file(to.join(&name)).map_err(|error| failed(&name, &error))?;
        }
    }
    Ok(())
}

/// Every file below a folder of `base`, relative to `base`.
fn files(base: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(base.join(folder)).into_iter().flatten().flatten() {
        let name = folder.join(entry.file_name());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files(base, &name));
        } else {
            found.push(name);
        }
    }
    found
}

/// Copies some files of one tree, with the folders that they are in, to an empty one.
pub(crate) fn pick(from: &Path, names: &[String], to: &Path) -> Result<(), Failed> {
    let _ = fs::remove_dir_all(to);
    let wanted = names.iter().map(PathBuf::from).filter(|name| from.join(name).is_file()).collect();
    copy(from, &wanted, to)
}

fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("{} ({error})", path.display()))
}
