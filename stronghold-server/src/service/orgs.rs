//! Organizations in memory: the directory replayed to its head, and what replies need beside it.
//!
//! What is kept here is only ever a head start: every decision compares it with the head row that its transaction
//! locked, and replays what is newer. So a statement that another node accepted counts from the next request on.

use super::cache::Cache;
use crate::store::{StoreError, Tx};
use rpds::{HashTrieMapSync, VectorSync};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use stronghold_protocol::{
    crypto::sign::KeyId,
    directory::{Change, Directory, Header, HeaderRef, Statement, VerifiedStatement},
    id::{GroupId, OrgId},
    json,
    number::{Epoch, RosterVersion, Seq},
    roster::Roster,
    signed::Signed,
};

/// How many statements are loaded at once.
const REPLAY_PAGE: usize = 256;
/// How many headers of all organizations are kept, for the anchors in tokens.
const HEADERS: usize = 8192;

/// An organization after a statement. A clone shares everything.
#[derive(Clone, Debug)]
pub(crate) struct OrgState {
    pub(crate) directory: Directory,
    /// The newest statement's header.
    pub(crate) header: Arc<Signed>,
    /// Every version of the roster, the first at 0.
    rosters: VectorSync<Arc<Signed>>,
    /// The key of each group in each epoch: seals of earlier epochs stay needed until a rekey is finished.
    group_keys: HashTrieMapSync<(GroupId, Epoch), KeyId>,
}

impl OrgState {
    /// The state after a genesis statement.
    ///
    /// # Errors
    /// A text for the log when the statement is not the genesis of `org`.
    pub(crate) fn genesis(statement: &Statement, org: &OrgId) -> Result<Self, String> {
        let directory = Directory::genesis(statement, org).map_err(|refusal| refusal.to_string())?;
        let changes = genesis_body(statement)?;
        let state = Self {
            directory,
            header: Arc::new(statement.header.clone()),
            rosters: VectorSync::new_sync(),
            group_keys: HashTrieMapSync::new_sync(),
        };
        Ok(state.noting(&changes))
    }

    /// The state after a statement that verified against this one, given the directory after it.
    pub(crate) fn after(&self, statement: &VerifiedStatement, directory: Directory) -> Self {
        let header = Arc::new(statement.header().envelope().clone());
        Self { directory, header, ..self.clone() }.noting(&statement.body().changes)
    }

    fn noting(mut self, changes: &[Change]) -> Self {
        for change in changes {
            match change {
                Change::RosterChanged { roster } => self.rosters.push_back_mut(Arc::new(roster.clone())),
                Change::GroupCreated { id, key, .. } => {
                    self.group_keys.insert_mut((*id, Epoch::FIRST), key.key_id());
                }
                Change::GroupEpoch { id, epoch, key } => {
                    self.group_keys.insert_mut((*id, *epoch), key.key_id());
                }
                _ => {}
            }
        }
        self
    }

    /// The rosters from a version to the newest, both included.
    pub(crate) fn rosters_from(&self, version: RosterVersion) -> Vec<Signed> {
        let first = usize::try_from(version.get().saturating_sub(1)).unwrap_or(usize::MAX);
        self.rosters.iter().skip(first).map(|roster| roster.as_ref().clone()).collect()
    }

    /// The id of a group's key of an epoch.
    pub(crate) fn group_key(&self, group: &GroupId, epoch: Epoch) -> Option<KeyId> {
        self.group_keys.get(&(*group, epoch)).copied()
    }
}

fn genesis_body(statement: &Statement) -> Result<Vec<Change>, String> {
    let body: stronghold_protocol::directory::Body =
        json::from_slice(&statement.body.0).map_err(|error| error.to_string())?;
    Ok(body.changes)
}

/// The id that a genesis statement is for: the hash of the roster in it, if there is one. Nothing is believed by that.
pub(crate) fn genesis_org(statement: &Statement) -> Option<OrgId> {
    match genesis_body(statement).ok()?.into_iter().next()? {
        Change::RosterChanged { roster } => Some(OrgId(roster.hash_as::<Roster>().0)),
        _ => None,
    }
}

/// The newest state that was seen, and the newest that is known to be durable: where a commit failed, they differ.
#[derive(Clone, Debug)]
struct Slot {
    newest: Arc<OrgState>,
    durable: Arc<OrgState>,
}

/// All organizations that were asked for.
#[derive(Debug)]
pub(crate) struct Orgs {
    slots: RwLock<HashMap<OrgId, Slot>>,
    headers: Cache<(OrgId, Seq), KnownHeader>,
}

/// A header with the roster that it names.
#[derive(Clone, Debug)]
pub(crate) struct KnownHeader {
    pub(crate) envelope: Signed,
    pub(crate) roster: RosterVersion,
}

impl Default for Orgs {
    fn default() -> Self {
        Self { slots: RwLock::default(), headers: Cache::new(HEADERS) }
    }
}

impl Orgs {
    /// The state as far as it is in memory.
    pub(crate) fn known(&self, org: &OrgId) -> Option<Arc<OrgState>> {
        self.slot(org).map(|slot| slot.newest)
    }

    /// The state as of `head`, which the transaction locked: from memory, or by replaying what is newer.
    ///
    /// # Errors
    /// [`StoreError`] when statements cannot be loaded, or do not add up to `head`.
    pub(crate) fn current(&self, tx: &mut dyn Tx, org: &OrgId, head: &HeaderRef) -> Result<Arc<OrgState>, StoreError> {
        let slot = self.slot(org);
        if let Some(slot) = &slot {
            if slot.newest.directory.head() == *head {
                return Ok(Arc::clone(&slot.newest));
            }
            if slot.durable.directory.head() == *head {
                // What came after it was never committed.
                return Ok(self.note(org, slot.durable.as_ref().clone()));
            }
        }
        for base in slot.iter().flat_map(|slot| [&slot.newest, &slot.durable]) {
            if base.directory.head().seq < head.seq
                && let Ok(state) = replay(tx, org, Some(base), head)
            {
                return Ok(self.note(org, state));
            }
        }
        let state = replay(tx, org, None, head)?;
        Ok(self.note(org, state))
    }

    /// Remembers a state that was read without a lock, unless something newer is known by now.
    pub(crate) fn note_read(&self, org: &OrgId, state: OrgState) -> Arc<OrgState> {
        match self.known(org) {
            Some(known) if known.directory.head().seq >= state.directory.head().seq => known,
            _ => self.note(org, state),
        }
    }

    /// Remembers a state that was worked out under the organization's lock.
    pub(crate) fn note(&self, org: &OrgId, state: OrgState) -> Arc<OrgState> {
        let state = Arc::new(state);
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot =
            slots.entry(*org).or_insert_with(|| Slot { newest: Arc::clone(&state), durable: Arc::clone(&state) });
        slot.newest = Arc::clone(&state);
        state
    }

    /// Remembers that a state is durable: the transaction that saw it was committed.
    pub(crate) fn committed(&self, state: &Arc<OrgState>) {
        let org = state.directory.org();
        let known = self.slot(&org).is_some_and(|slot| slot.durable.directory.head() == state.directory.head());
        if known {
            return;
        }
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get_mut(&org)
            && slot.durable.directory.head().seq < state.directory.head().seq
        {
            slot.durable = Arc::clone(state);
        }
    }

    /// The header at a position, which must not be beyond `state`'s head.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be loaded.
    pub(crate) fn header(&self, tx: &mut dyn Tx, state: &OrgState, seq: Seq) -> Result<KnownHeader, StoreError> {
        if seq == state.directory.head().seq {
            let roster = state.directory.roster_ref().version;
            return Ok(KnownHeader { envelope: state.header.as_ref().clone(), roster });
        }
        let org = state.directory.org();
        if let Some(header) = self.headers.get(&(org, seq)) {
            return Ok(header);
        }
        let stored = tx.statements(&org, seq, 1)?.into_iter().next();
        let stored = stored.ok_or_else(|| StoreError::Damaged(format!("statement {seq} is missing")))?;
        let statement: Statement = parse(&stored.bytes)?;
        let header: Header = parse(&statement.header.payload.0)?;
        let known = KnownHeader { envelope: statement.header, roster: header.roster.version };
        // A statement whose commit failed may be replaced by another one at its position; a durable one never is.
        if self.slot(&org).is_some_and(|slot| slot.durable.directory.head().seq >= seq) {
            self.headers.put((org, seq), known.clone(), 1);
        }
        Ok(known)
    }

    fn slot(&self, org: &OrgId) -> Option<Slot> {
        self.slots.read().unwrap_or_else(PoisonError::into_inner).get(org).cloned()
    }
}

/// What a look into the store found.
pub(crate) enum Loaded {
    /// There is no such organization.
    Nothing,
    /// Nothing that was not known.
    Known,
    /// A newer state than the known one.
    Newer(Box<OrgState>),
}

/// Looks whether the store is ahead of what is known, and replays what is newer.
///
/// # Errors
/// [`StoreError`] when statements cannot be loaded, or do not add up.
pub(crate) fn load(tx: &mut dyn Tx, org: &OrgId, known: Option<Arc<OrgState>>) -> Result<Loaded, StoreError> {
    let Some(head) = tx.head(org)? else { return Ok(Loaded::Nothing) };
    if let Some(known) = known {
        if known.directory.head() == head.head {
            return Ok(Loaded::Known);
        }
        if known.directory.head().seq < head.head.seq
            && let Ok(state) = replay(tx, org, Some(&known), &head.head)
        {
            return Ok(Loaded::Newer(Box::new(state)));
        }
    }
    replay(tx, org, None, &head.head).map(|state| Loaded::Newer(Box::new(state)))
}

fn replay(
    tx: &mut dyn Tx,
    org: &OrgId,
    base: Option<&Arc<OrgState>>,
    head: &HeaderRef,
) -> Result<OrgState, StoreError> {
    let mut state = base.map(|base| base.as_ref().clone());
    loop {
        let from = state.as_ref().map_or(Seq::FIRST, |state| state.directory.head().seq.next());
        let page = tx.statements(org, from, REPLAY_PAGE)?;
        for stored in &page {
            let statement: Statement = parse(&stored.bytes)?;
            state = Some(match &state {
                None => OrgState::genesis(&statement, org).map_err(StoreError::Damaged)?,
                Some(state) => append(state, &statement)?,
            });
            if state.as_ref().is_some_and(|state| state.directory.head() == *head) {
                return state.ok_or(StoreError::Closed);
            }
        }
        if page.is_empty() {
            return Err(StoreError::Damaged(format!("the statements of {org} do not lead to its head")));
        }
    }
}

fn append(state: &OrgState, statement: &Statement) -> Result<OrgState, StoreError> {
    let damaged = |refusal: stronghold_protocol::directory::DirectoryRefusal| StoreError::Damaged(refusal.to_string());
    let verified = state.directory.verify(statement).map_err(damaged)?;
    let directory = state.directory.apply(&verified).map_err(damaged)?;
    Ok(state.after(&verified, directory))
}

fn parse<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    json::from_slice(bytes).map_err(|error| StoreError::Damaged(error.to_string()))
}
