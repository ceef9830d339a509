//! Which test noticed a mutant in an earlier run: it is asked first in the next one, and believed only if it fails again.

use super::{build::Mutant, judge::Verdict};
use crate::run::Failed;
use std::{collections::BTreeMap, fs, path::Path};

const FILE: &str = "noticed.txt";

/// Package and test, by mutant.
#[derive(Default)]
pub(super) struct Before(BTreeMap<String, String>);

impl Before {
    /// What was kept in `folder`; nothing in a new one.
    pub(super) fn read(folder: &Path) -> Self {
        let text = fs::read_to_string(folder.join(FILE)).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once('\t'));
        Self(lines.map(|(mutant, test)| (mutant.to_owned(), test.to_owned())).collect())
    }

    /// Whether this test noticed the mutant.
    pub(super) fn noticed(&self, mutant: &Mutant, package: &str, test: &str) -> bool {
        self.0.get(&name(mutant)).is_some_and(|kept| kept.split_once(' ') == Some((package, test)))
    }

    /// Keeps in `folder` what these verdicts add.
    ///
    /// # Errors
    /// [`Failed`] where it cannot be written.
    pub(super) fn keep(mut self, folder: &Path, mutants: &[&Mutant], verdicts: &[Verdict]) -> Result<(), Failed> {
        for (mutant, verdict) in mutants.iter().zip(verdicts) {
            if let Verdict::Vectors { test, .. } | Verdict::Tests { test } = verdict {
                self.0.insert(name(mutant), test.clone());
            }
        }
        let lines: String = self.0.iter().map(|(mutant, test)| format!("{mutant}\t{test}\n")).collect();
        let path = folder.join(FILE);
        fs::write(&path, lines).map_err(|error| Failed(format!("{} ({error})", path.display())))
    }
}

fn name(mutant: &Mutant) -> String {
    format!("{} {}", mutant.file, mutant.key)
}
