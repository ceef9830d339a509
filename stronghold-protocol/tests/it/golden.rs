//! Files of vectors: made by tests, compared with what the repository holds.

use serde::{Serialize, de::DeserializeOwned};
use std::{fmt::Debug, fs, path::PathBuf};

/// Compares `made` with a file of `docs/vectors`, or writes that when `STRONGHOLD_BLESS` is set; gives what the file says.
pub(crate) fn vectors<T: Serialize + DeserializeOwned + PartialEq + Debug>(file: &str, made: &T) -> T {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/vectors").join(file);
    let mut text = serde_json::to_string_pretty(made).unwrap();
    text.push('\n');
    if std::env::var_os("STRONGHOLD_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept == text, "{file} is not what the code makes; if that is intended, run with STRONGHOLD_BLESS=1");
    serde_json::from_str(&kept).unwrap()
}
