//! Whoever runs the server, and changes what it answers.

use crate::{Lie, lies, route::Route};
use serde_json::Value;
use std::path::{Path, PathBuf};
use stronghold_protocol::{crypto::sign::SigningKey, id::OrgId};
use stronghold_sdk::crypto::identity::Identity;

/// The seeds of those who work together with the server.
#[derive(Clone, Debug, Default)]
pub struct Accomplices {
    /// An admin in office.
    pub admin: Option<[u8; 32]>,
    /// An editor of another profile than the one that is read.
    pub editor_elsewhere: Option<[u8; 32]>,
    /// An editor of it who was removed.
    pub removed_editor: Option<[u8; 32]>,
    /// An admin who was removed.
    pub removed_admin: Option<[u8; 32]>,
}

/// A question, as far as it decides about lies.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Path and query.
    pub target: &'a str,
    /// The id of the key that signed it, base64url; empty where nobody did.
    pub caller: &'a str,
}

/// What becomes of an honest answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body that is sent.
    pub body: Vec<u8>,
    /// Whether that is another one.
    pub lied: bool,
}

/// An answer that was given before.
pub(crate) struct Kept {
    pub(crate) route: Route,
    pub(crate) target: String,
    pub(crate) caller: String,
    pub(crate) body: Value,
}

/// Knows what the server knows, and tells one lie at a time.
pub struct Operator {
    pub(crate) database: PathBuf,
    /// Signs checkpoints and receipts.
    pub(crate) server: SigningKey,
    /// Keys that are nobody's of the organization.
    pub(crate) own: Identity,
    pub(crate) accomplices: Accomplices,
    pub(crate) kept: Vec<Kept>,
    /// Where a record that was made up stands in the log, once a checkpoint covers it.
    pub(crate) made_up: Option<(u64, Vec<u8>)>,
    lie: Option<Lie>,
    told: usize,
}

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Operator({}, {:?}, told {} times)", self.database.display(), self.lie, self.told)
    }
}

impl Operator {
    /// Of the server with this database and checkpoint key. It is honest until [`Self::tell`].
    #[must_use]
    pub fn new(database: &Path, checkpoint_seed: &[u8; 32]) -> Self {
        Self {
            database: database.to_owned(),
            server: SigningKey::from_seed(checkpoint_seed),
            own: Identity::from_seed(&[0x5a; 32]),
            accomplices: Accomplices::default(),
            kept: Vec::new(),
            made_up: None,
            lie: None,
            told: 0,
        }
    }

    /// Finds others to work with.
    pub fn work_with(&mut self, accomplices: Accomplices) {
        self.accomplices = accomplices;
    }

    /// Tells this lie from now on, or none.
    pub fn tell(&mut self, lie: Option<Lie>) {
        (self.lie, self.told, self.made_up) = (lie, 0, None);
    }

    /// The lie that is told.
    #[must_use]
    pub const fn lie(&self) -> Option<Lie> {
        self.lie
    }

    /// How often it was told.
    #[must_use]
    pub const fn told(&self) -> usize {
        self.told
    }

    /// Counts what was done to a connection.
    pub(crate) const fn count(&mut self) {
        self.told += 1;
    }

    /// What is sent in the place of the server's answer. Honest answers to questions that matter are kept for later.
    pub fn answer(&mut self, asked: Asked<'_>, status: u16, body: &[u8]) -> Answer {
        let honest = || Answer { body: body.to_vec(), lied: false };
        if status != 200 {
            return honest();
        }
        let Ok(mut json) = serde_json::from_slice::<Value>(body) else { return honest() };
        let route = Route::of(asked.target);
        let Some(lie) = self.lie else {
            if matches!(route, Route::Read | Route::Directory(_)) {
                let (target, caller) = (asked.target.to_owned(), asked.caller.to_owned());
                self.kept.push(Kept { route, target, caller, body: json });
            }
            return honest();
        };
        let org = Route::org(asked.target).and_then(|org| serde_json::from_value::<OrgId>(org.into()).ok());
        match lies::told(self, lie, &lies::Question { asked, route, org }, &mut json) {
            None => honest(),
            Some(raw) => {
                self.told += 1;
                Answer { body: raw.unwrap_or_else(|| serde_json::to_vec(&json).unwrap()), lied: true }
            }
        }
    }
}
