//! The switches that rewritten modules ask: one small module per crate.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const MUTANT: &str = r#"//! Which mutant is on. Written by `cargo xtask mutate`; never part of the project.
#![allow(dead_code)]

use std::{
    fs::{File, OpenOptions},
    io::Write,
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

struct State {
    active: u32,
    seen: Option<Mutex<File>>,
}

static STATE: LazyLock<State> = LazyLock::new(|| State {
    active: std::env::var("STRONGHOLD_MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(0),
    seen: std::env::var_os("STRONGHOLD_MUTANTS_SEEN")
        .and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok())
        .map(Mutex::new),
});

static SEEN: [AtomicBool; COUNT] = [const { AtomicBool::new(false) }; COUNT];

/// Whether this mutant is the one that is on; 0 is none.
pub(crate) fn on(number: u32) -> bool {
    if number == 0 {
        return false;
    }
    if let Some(file) = &STATE.seen {
        let first = SEEN.get(number as usize).is_some_and(|seen| !seen.swap(true, Ordering::Relaxed));
        if first && let Ok(mut file) = file.lock() {
            let _ = file.write_all(format!("{number}\n").as_bytes());
        }
    }
    STATE.active == number
}

/// A condition that a mutant makes false, and another one true.
pub(crate) fn condition(never: u32, always: u32, holds: bool) -> bool {
    let (never, always) = (on(never), on(always));
    always || (holds && !never)
}
"#;

const REMOVED: &str = r#"//! Which security check is removed. Written by `cargo xtask checks`; never part of the project.
#![allow(dead_code)]

use std::sync::LazyLock;

static NAME: LazyLock<String> = LazyLock::new(|| {
    let said = std::env::var("STRONGHOLD_REMOVED_CHECK").or_else(|_| std::fs::read_to_string(FILE));
    said.map(|name| name.trim().to_owned()).unwrap_or_default()
});

/// Whether this check is the one that is removed.
pub(crate) fn on(name: &str) -> bool {
    *NAME == name
}
"#;

/// The folder of the sources of the crate that a file is of.
pub(crate) fn sources(tree: &Path, file: &str) -> Option<PathBuf> {
    let mut folders = Path::new(file).ancestors().filter(|folder| folder.file_name().is_some_and(|name| name == "src"));
    folders.find_map(|folder| root_of(&tree.join(folder)).map(|_| tree.join(folder)))
}

fn root_of(sources: &Path) -> Option<PathBuf> {
    ["lib.rs", "main.rs"].iter().map(|name| sources.join(name)).find(|path| path.is_file())
}

/// Adds the module for mutants to the crate whose sources are in `sources`; `count` is above every number.
pub(crate) fn mutant(sources: &Path, count: u32) -> io::Result<()> {
    add(sources, "mutant", &MUTANT.replace("COUNT", &count.to_string()))
}

/// Adds the module for removed checks, which reads the file `said` where the variable is not set.
pub(crate) fn removed(sources: &Path, said: &Path) -> io::Result<()> {
    add(sources, "removed", &REMOVED.replace("FILE", &format!("{:?}", said.display().to_string())))
}

fn add(sources: &Path, name: &str, module: &str) -> io::Result<()> {
    fs::write(sources.join(format!("{name}.rs")), module)?;
    let root = root_of(sources).ok_or_else(|| io::Error::other("there is no lib.rs and no main.rs"))?;
    let text = fs::read_to_string(&root)?;
    fs::write(&root, format!("{text}\nmod {name};\n"))
}
