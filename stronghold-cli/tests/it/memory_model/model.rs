//! What a command may accept, from whole histories.

use super::database::{Database, Hash};

/// Everything that was shown to the clients of one folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) headers: Vec<Hash>,
    pub(crate) revisions: Vec<Hash>,
}

/// What a command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The directory alone.
    Directory,
    /// The profile too.
    Profile,
}

impl Seen {
    /// Whether a command goes on with what the server has.
    ///
    /// A profile's past is seen by none who only reads its head: revisions that went another way and ended above what was seen
    /// pass.
    pub(crate) fn allows(&self, now: &Database, profile: &[u8], needs: Needs) -> bool {
        let revisions = now.of(profile);
        let continues = revisions.len() > self.revisions.len()
            || (revisions.len() == self.revisions.len() && revisions.last() == self.revisions.last());
        now.headers.starts_with(&self.headers) && (needs == Needs::Directory || continues)
    }

    /// What is remembered once a command has been shown this.
    pub(crate) fn after(&self, now: &Database, profile: &[u8], needs: Needs) -> Self {
        let revisions = match needs {
            Needs::Directory => self.revisions.clone(),
            Needs::Profile => now.of(profile),
        };
        Self { headers: now.headers.clone(), revisions }
    }
}
