//! What a whole run of the tests must not let out, for `cargo xtask test` to look for.
//!
//! In the folder that `STRONGHOLD_TEST_LEAKS` names, the file `secrets` has a line for each secret that has no form of its own
//! (tokens, keys, kits and invitations begin with `stronghold_`), and servers keep their logs there. Without the variable
//! nothing is kept.

use crate::random_word;
use std::{
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
};

/// Shorter ones could turn up by chance.
const SHORTEST: usize = 12;

fn folder() -> Option<PathBuf> {
    std::env::var_os("STRONGHOLD_TEST_LEAKS").map(PathBuf::from)
}

/// Has a secret looked for from now on: a setup code, a password, a value.
///
/// # Panics
/// Where it is too short to be told from other text, has several lines, or cannot be noted.
pub fn look_for(secret: &str) {
    assert!(secret.len() >= SHORTEST && !secret.contains('\n'), "this is no secret to look for");
    if let Some(folder) = folder() {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(folder.join("secrets"))
            .expect("what is looked for can be noted");
        // In one write: tests do this at the same time.
        file.write_all(format!("{secret}\n").as_bytes()).expect("what is looked for can be noted");
    }
}

/// Where a file is kept that is to be looked through at the end; without a run that does, none.
#[must_use]
pub fn kept(name: &str) -> Option<PathBuf> {
    folder().map(|folder| folder.join("files").join(format!("{name}-{}", random_word(12))))
}

/// Has a copy of a file looked through at the end.
///
/// # Panics
/// Where it cannot be copied.
pub fn look_through(file: &Path) {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if let Some(kept) = kept(&name) {
        std::fs::copy(file, kept).expect("the file can be copied");
    }
}
