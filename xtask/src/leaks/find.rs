//! What is looked for: secrets by their form, and those that tests have noted.

use std::{fs, path::Path};

/// How every secret begins that has a form (docs/protocol.md, section 3), and how much of it at least follows.
const FORMS: [&str; 4] = ["stronghold_agent_", "stronghold_account_", "stronghold_recovery_", "stronghold_invite_"];
const SHORTEST: usize = 32;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    noted: Vec<String>,
    /// How much of the file there was.
    bytes: u64,
}

impl Secrets {
    /// What tests have noted so far, a line each.
    pub(super) fn noted_in(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        // A line that is being written is read next time.
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or_default();
        Self { noted: whole.lines().map(str::to_owned).collect(), bytes: text.len() as u64 }
    }

    /// Looks once more into a file that only grows.
    pub(super) fn follow(&mut self, file: &Path) {
        let bytes = fs::metadata(file).map_or(0, |file| file.len());
        if bytes != self.bytes {
            *self = Self::noted_in(file);
        }
    }

    /// How many were noted.
    pub(super) fn len(&self) -> usize {
        self.noted.len()
    }

    /// What kind of secret a text holds, without the secret.
    pub(super) fn kind_in(&self, text: &str) -> Option<String> {
        let formed = FORMS.iter().find(|form| {
            text.match_indices(*form).any(|(at, _)| {
                let rest = text.get(at + form.len()..).unwrap_or_default();
                rest.bytes().take_while(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')).take(SHORTEST).count()
                    == SHORTEST
            })
        });
        let formed = formed.map(|form| format!("{form}..."));
        let noted = || self.noted.iter().position(|secret| text.contains(secret.as_str()));
        formed.or_else(|| noted().map(|line| format!("the secret in line {} of the noted ones", line + 1)))
    }
}
