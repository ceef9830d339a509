//! What the tests of a program reached, kept for as long as the program is the same.

use super::tests::Test;
use crate::{binaries::Binary, run::Failed};
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    hash::{DefaultHasher, Hasher},
    path::{Path, PathBuf},
    time::Duration,
};

const FILE: &str = "traced.txt";

/// The hash of a program, and a test in it.
type Key = (String, String);

/// How long a test takes, and what it reached.
type Trace = (Duration, Vec<u32>);

/// What was kept, and the programs that there are.
pub(super) struct Traced {
    hashes: BTreeMap<PathBuf, String>,
    tests: BTreeMap<Key, Trace>,
}

impl Traced {
    /// What was kept in `folder` of these programs.
    ///
    /// # Errors
    /// [`Failed`] where a program cannot be read.
    pub(super) fn read(binaries: &[Binary], folder: &Path) -> Result<Self, Failed> {
        let mut hashes = BTreeMap::new();
        for binary in binaries {
            let bytes = fs::read(&binary.path).map_err(|error| failed(&binary.path, &error))?;
            let mut hasher = DefaultHasher::new();
            hasher.write(&bytes);
            hashes.insert(binary.path.clone(), format!("{:016x}", hasher.finish()));
        }
        let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
        Ok(Self { hashes, tests: text.lines().filter_map(kept).collect() })
    }

    /// A test, if it was traced in this very program, and depends on nothing else.
    pub(super) fn test(&self, binary: &Binary, name: &str) -> Option<Test> {
        let (time, reached) = self.tests.get(&(self.hashes.get(&binary.path)?.clone(), name.to_owned()))?;
        let reached = reached.iter().copied().collect();
        let test = Test { binary: binary.clone(), name: name.to_owned(), time: *time, reached };
        (!test.is_of_vectors()).then_some(test)
    }

    /// Keeps in `folder` what was traced.
    ///
    /// # Errors
    /// [`Failed`] where it cannot be written.
    pub(super) fn keep(&self, tests: &[Test], folder: &Path) -> Result<(), Failed> {
        let mut text = String::new();
        for test in tests {
            let Some(hash) = self.hashes.get(&test.binary.path) else { continue };
            let reached: Vec<String> = test.reached.iter().map(u32::to_string).collect();
            let _ = writeln!(text, "{hash}\t{}\t{}\t{}", test.name, test.time.as_millis(), reached.join(","));
        }
        let path = folder.join(FILE);
        fs::write(&path, text).map_err(|error| failed(&path, &error))
    }
}

fn kept(line: &str) -> Option<(Key, Trace)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [hash, name, time, reached] = fields[..] else { return None };
    let reached = reached.split(',').filter_map(|number| number.parse().ok()).collect();
    Some(((hash.to_owned(), name.to_owned()), (Duration::from_millis(time.parse().ok()?), reached)))
}

fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed(format!("{} ({error})", path.display()))
}
