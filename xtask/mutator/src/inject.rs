//! The switch that rewritten modules ask: one small module per crate.

use std::{fs, io, path::Path};

const MODULE: &str = r#"//! Which mutant is on. Written by `cargo xtask mutate`; never part of the project.
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

/// Adds the module to the crate whose sources are in `sources`; `count` is above every number.
pub(crate) fn switch(sources: &Path, count: u32) -> io::Result<()> {
    fs::write(sources.join("mutant.rs"), MODULE.replace("COUNT", &count.to_string()))?;
    let root = sources.join("lib.rs");
    let text = fs::read_to_string(&root)?;
    fs::write(&root, format!("{text}\nmod mutant;\n"))
}
