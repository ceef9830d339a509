//! Where memory is kept: a folder, a host's database, or this process only.

use crate::error::Error;
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Mutex, PoisonError},
};
use stronghold_protocol::{crypto::hash::Hash, id::OrgId};

/// Keeps what is remembered between processes: one entry an organization, which is compared and swapped whole.
///
/// Two browser tabs are two processes, and so are two commands. An entry holds no secret, but names profiles.
#[async_trait]
pub trait MemoryStore: Debug + Send + Sync {
    /// The entry of an organization; none where nothing was kept yet.
    ///
    /// # Errors
    /// [`Error::State`] when it cannot be read.
    async fn load(&self, org: &OrgId) -> Result<Option<Vec<u8>>, Error>;

    /// Replaces the entry by `after`, durably and in one step, if it is `before` still. False, and nothing is written, if
    /// it is another one by now.
    ///
    /// # Errors
    /// [`Error::State`] when it cannot be written; then it is `before` still, or `after`.
    async fn swap(&self, org: &OrgId, before: Option<&[u8]>, after: &[u8]) -> Result<bool, Error>;

    /// The hashes of the audit log's records, as they were kept last; none where they are not kept.
    ///
    /// # Errors
    /// [`Error::State`] when they cannot be read.
    async fn load_leaves(&self, _org: &OrgId) -> Result<Vec<Hash>, Error> {
        Ok(Vec::new())
    }

    /// Keeps the hashes of the audit log's records: nothing relies on them but naming what changed. A store need not.
    ///
    /// # Errors
    /// [`Error::State`] when they cannot be written.
    async fn save_leaves(&self, _org: &OrgId, _leaves: &[Hash]) -> Result<(), Error> {
        Ok(())
    }

    /// What a person can do where an entry cannot be written, for messages; none where nothing helps.
    fn remedy(&self) -> Option<&'static str> {
        None
    }

    /// Where the entry is, for messages to people.
    fn place(&self, org: &OrgId) -> String {
        format!("what is remembered of organization {org}")
    }
}

/// Keeps what is remembered in this process, and nowhere else: a new process knows no more than its credentials.
#[derive(Debug, Default)]
pub struct InProcess {
    entries: Mutex<BTreeMap<OrgId, Vec<u8>>>,
}

#[async_trait]
impl MemoryStore for InProcess {
    async fn load(&self, org: &OrgId) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.entries.lock().unwrap_or_else(PoisonError::into_inner).get(org).cloned())
    }

    async fn swap(&self, org: &OrgId, before: Option<&[u8]>, after: &[u8]) -> Result<bool, Error> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let unchanged = entries.get(org).map(Vec::as_slice) == before;
        if unchanged {
            entries.insert(*org, after.to_vec());
        }
        Ok(unchanged)
    }
}
