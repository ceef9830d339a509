//! What profiles hold, kept ready to be sent.

use super::{
    Inner,
    cache::Cache,
    evidence::stored_manifest,
    gate::{Asked, find_profile},
    task::Task,
};
use crate::{
    access::{ReadPermit, check_standing},
    store::{ProfileHead, Store, StoreError, Tx},
};
use serde_json::value::RawValue;
use std::sync::Arc;
use stronghold_protocol::{
    crypto::hash::Hash,
    id::{OrgId, ProfileId},
    manifest::Manifest,
    secret::SealedSecret,
    signed::Verified,
};

/// Of how many profiles the newest manifest is kept in mind.
const PROFILES: usize = 65_536;

/// What a profile holds at a revision, ready to be sent.
#[derive(Debug)]
pub(super) struct ProfileContent {
    pub(super) manifest: Verified<Manifest>,
    /// JSON of all secrets, sorted by blind index.
    pub(super) secrets: Box<RawValue>,
}

impl ProfileContent {
    /// Reads a profile's newest revision.
    pub(super) fn read(tx: &mut dyn Tx, permit: &ReadPermit, head: &ProfileHead) -> Result<Arc<Self>, StoreError> {
        let secrets: Vec<SealedSecret> = tx.secrets(permit)?.into_iter().map(|stored| stored.secret).collect();
        let damaged = |error: serde_json::Error| StoreError::Damaged(error.to_string());
        let secrets = serde_json::value::to_raw_value(&secrets).map_err(damaged)?;
        Ok(Arc::new(Self { manifest: stored_manifest(head)?, secrets }))
    }
}

/// Contents by what fixes them: a profile's state is fixed by its manifest.
#[derive(Debug)]
pub(super) struct Contents {
    capacity: usize,
    loaded: Cache<(OrgId, ProfileId, Hash), Arc<ProfileContent>>,
    /// Which manifest is a profile's newest, as far as this node has seen, and whether its content fits in here.
    newest: Cache<(OrgId, ProfileId), (Hash, bool)>,
    loading: tokio::sync::Mutex<()>,
}

impl Contents {
    /// Room for this many bytes.
    pub(super) fn new(capacity: usize) -> Self {
        let (loaded, newest) = (Cache::new(capacity), Cache::new(PROFILES));
        Self { capacity, loaded, newest, loading: tokio::sync::Mutex::new(()) }
    }

    /// The content that a manifest fixes, if it is here.
    pub(super) fn get(&self, org: OrgId, profile: ProfileId, manifest: Hash) -> Option<Arc<ProfileContent>> {
        self.loaded.get(&(org, profile, manifest))
    }

    /// Keeps the content of a profile's newest revision, if there is room.
    pub(super) fn keep(&self, org: OrgId, profile: ProfileId, manifest: Hash, content: &Arc<ProfileContent>) {
        let weight = content.secrets.get().len();
        self.newest.put((org, profile), (manifest, weight <= self.capacity), 1);
        self.loaded.put((org, profile, manifest), Arc::clone(content), weight);
    }

    /// Notes a profile's newest manifest. It need not be committed: this only decides what is worth loading.
    pub(super) fn note(&self, org: OrgId, profile: ProfileId, manifest: Hash) {
        self.newest.put((org, profile), (manifest, true), 1);
    }

    fn is_worth_loading(&self, org: OrgId, profile: ProfileId) -> bool {
        match self.newest.get(&(org, profile)) {
            Some((manifest, fits)) => fits && self.get(org, profile, manifest).is_none(),
            None => true,
        }
    }
}

impl<S: Store> Inner<S> {
    /// Loads a profile that is about to be read before the organization is locked, so that nobody waits for that. What is
    /// read is decided under the lock; this only fills the cache, and only with what the caller may read by now.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    pub(super) async fn load_ahead(&self, asked: &Asked) -> Result<(), StoreError> {
        let Some(permit) = self.permit_ahead(asked) else { return Ok(()) };
        let (org, profile) = (permit.org(), permit.profile());
        if !self.contents.is_worth_loading(org, profile) {
            return Ok(());
        }
        // One at a time: those who wait for it find it done.
        let _turn = self.contents.loading.lock().await;
        if !self.contents.is_worth_loading(org, profile) {
            return Ok(());
        }
        let read = move |tx: &mut dyn Tx| {
            let head = tx.profile_head(&permit.org(), &permit.profile())?;
            head.map(|head| Ok((head.manifest, ProfileContent::read(tx, &permit, &head)?))).transpose()
        };
        if let Some((manifest, content)) = self.store.snapshot(read).await? {
            self.contents.keep(org, profile, manifest, &content);
        }
        Ok(())
    }

    /// The permit that a full read will need, if the caller would get it by what is in memory.
    fn permit_ahead(&self, asked: &Asked) -> Option<ReadPermit> {
        let (Ok(Task::ReadProfile(_)), Some(selector)) = (&asked.task, &asked.claim.selector) else { return None };
        let claim = &asked.claim;
        let state = self.orgs.known(&claim.org)?;
        let owner = state.directory.key_owner(&claim.params().key_id)?;
        let caller = check_standing(&state.directory, owner, claim.address, self.now()).ok()?;
        ReadPermit::grant(&state.directory, &caller, &find_profile(&state.directory, selector)?)
    }
}
