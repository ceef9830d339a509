//! What a client is told about using its memory.

use super::MemoryStore;
use crate::lock::Lock;
use std::{fmt, sync::Arc};
use stronghold_protocol::number::Revision;

/// What a client is told about using its memory: the same for an agent and a person.
#[derive(Debug, Default)]
pub(crate) struct MemorySettings {
    /// Where memory is kept; in this process only where there is none.
    pub(crate) store: Option<Arc<dyn MemoryStore>>,
    /// Refuse everything older than this lock file says, and profiles that it does not name.
    pub(crate) lock: Option<Lock>,
    /// Refuse revisions below this one, of the profile that is asked for.
    pub(crate) minimum: Option<Revision>,
    /// Accept that another profile has the name of one that is remembered.
    pub(crate) accept_replaced: bool,
    /// The lock file is written again from what is read: what is accepted in it is accepted for the names in it too.
    pub(crate) rewrites_lock: bool,
    /// Who is told that the store cannot be written.
    pub(crate) listener: Option<Listener>,
}

/// Is told, once, that what was verified could not be kept.
#[derive(Clone)]
pub(crate) struct Listener(pub(crate) Arc<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
