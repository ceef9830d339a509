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
    for name in &wanted {
        // Deleted, and git not told yet.
        let Ok(content) = fs::read(root().join(name)) else { continue };
        let path = to.join(name);
        if fs::read(&path).is_ok_and(|there| there == content) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
        }
        // With its permissions, and with the time of now.
        fs::copy(root().join(name), &path).map_err(|error| failed(&path, &error))?;
    }
    for name in files(to, Path::new("")) {
        if !wanted.contains(&name) || !root().join(&name).is_file() {
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

fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("{} ({error})", path.display()))
}
