//! What a client remembers, so that no server can take it back: one memory for agents and people.
//!
//! An [`crate::Agent`] and a [`crate::admin::Session`] each hold one [`Memory`], and can be built with none but this. It
//! keeps the newest header, the newest roster and the newest revision of each profile that was verified, and raises
//! them after every verified read and every own write, in its [`MemoryStore`], before anything is returned or signed.
//!
//! **What is required.** Headers come from four places: the credentials or token (the *floor*), a lock file, the store,
//! and this process. A person's directory must hold each of them. An agent sees no directory: its chain of evidence
//! proves the token's floor and the highest of the others.
//!
//! **Several processes.** A store is compared and swapped. Where another process left a header that this one has not
//! seen, both may be views of one history or of two; nothing is written until the client has proven that it is one
//! (`Memory::unproven`).
//!
//! **What it is not.** The directory's statements on disk are a cache: missing, short or damaged, they change nothing of
//! what is accepted.

mod accept;
mod folder;
mod held;
mod known;
mod log;
mod settings;
mod store;

pub use folder::StateFolder;
pub(crate) use folder::{make_private, replace_file};
pub use known::{Conflict, Remembered};
pub use log::KnownLog;
pub(crate) use settings::{Listener, MemorySettings};
pub use store::{InProcess, MemoryStore};

use crate::{error::Error, lock::Lock};
use held::Held;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stronghold_protocol::{
    directory::HeaderRef,
    evidence::{ProfileFloor, ProfileSelector},
    id::{OrgId, ProfileId},
    name::Name,
    number::Revision,
};

/// How often a store that others write meanwhile is tried.
const ATTEMPTS: usize = 100;

/// What one client remembers of one organization, and how it is told to use it.
#[derive(Debug)]
pub struct Memory {
    org: OrgId,
    store: Arc<dyn MemoryStore>,
    /// A header that the credentials name.
    floor: Option<HeaderRef>,
    lock: Option<Lock>,
    minimum: Option<Revision>,
    accept_replaced: bool,
    rewrites_lock: bool,
    listener: Option<Listener>,
    held: Mutex<Held>,
}

impl Memory {
    /// A memory of `org`. `floor` is a header that the credentials name.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the lock file is another organization's.
    pub(crate) fn new(org: OrgId, floor: Option<HeaderRef>, settings: MemorySettings) -> Result<Self, Error> {
        let MemorySettings { store, lock, minimum, accept_replaced, rewrites_lock, listener } = settings;
        if let Some(lock) = &lock {
            lock.check_org(&org)?;
        }
        let store = store.unwrap_or_else(|| Arc::new(InProcess::default()));
        Ok(Self { org, store, floor, lock, minimum, accept_replaced, rewrites_lock, listener, held: Mutex::default() })
    }

    /// What is remembered, as far as this process has read it.
    pub(crate) fn known(&self) -> Remembered {
        self.held().known.clone()
    }

    /// Each header that must be in a person's directory: the credentials', the lock file's, the remembered one, and those
    /// that other processes left.
    pub(crate) fn required_headers(&self) -> Vec<HeaderRef> {
        let held = self.held();
        let known = self.floor.into_iter().chain(self.locked_header()).chain(held.known.header);
        known.chain(held.unproven.iter().flat_map(|(one, other)| [*one, *other])).collect()
    }

    /// The highest header that is known from memory and lock file: what an agent's chain must prove beside its token's.
    pub(crate) fn highest_header(&self) -> Option<HeaderRef> {
        self.held().known.header.into_iter().chain(self.locked_header()).max_by_key(|header| header.seq)
    }

    /// Floors of profiles for an answer to `asked` that claims to be of `claimed`: what is remembered, and what the lock
    /// file says. Where a replaced profile is accepted, what memory knows by that name of *other* profiles does not bind;
    /// every profile's own floor does, and so does the lock file.
    pub(crate) fn floors(&self, asked: &ProfileSelector, claimed: ProfileId) -> Vec<ProfileFloor> {
        let mut floors = self.held().known.profiles.clone();
        let mut locked = self.locked_floors().to_vec();
        if let (true, ProfileSelector::Name(name)) = (self.accept_replaced, asked) {
            let of_this_or_other_name = |floor: &ProfileFloor| floor.name != *name || floor.id == claimed;
            floors.retain(of_this_or_other_name);
            if self.rewrites_lock {
                locked.retain(of_this_or_other_name);
            }
        }
        floors.append(&mut locked);
        floors
    }

    /// Whether there is a lock file.
    pub(crate) const fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// The lock file's header.
    pub(crate) fn locked_header(&self) -> Option<HeaderRef> {
        self.lock.as_ref().map(|lock| lock.header)
    }

    /// The lock file's floors.
    pub(crate) fn locked_floors(&self) -> &[ProfileFloor] {
        self.lock.as_ref().map_or(&[], |lock| &lock.profiles)
    }

    /// Checks that the lock file, if there is one, names a profile that is to be read.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it does not.
    pub(crate) fn check_locked(&self, profile: &ProfileSelector) -> Result<(), Error> {
        self.lock.as_ref().map_or(Ok(()), |lock| lock.check(&self.org, profile))
    }

    /// Checks that a name stands for the profile that it was remembered for, where that is another than `now`.
    ///
    /// # Errors
    /// [`Error::Integrity`] where the name was another profile's, unless that is accepted; what the lock file says is
    /// changed by writing it again only.
    pub(crate) fn check_name(&self, name: &Name, now: ProfileId) -> Result<(), Error> {
        let other = |floors: &[ProfileFloor]| {
            floors.iter().find(|floor| floor.name == *name && floor.id != now).map(|floor| floor.id)
        };
        let locked = other(self.locked_floors()).filter(|_| !(self.accept_replaced && self.rewrites_lock));
        let remembered = || other(&self.held().known.profiles).filter(|_| !self.accept_replaced);
        match locked.or_else(remembered) {
            None => Ok(()),
            Some(remembered) => Err(Error::replaced(remembered, now)),
        }
    }

    /// The lowest revision that is accepted of the profile that is asked for.
    pub(crate) const fn minimum(&self) -> Option<Revision> {
        self.minimum
    }

    /// Reads what the store holds by now, and takes it over.
    ///
    /// # Errors
    /// [`Error::State`] when the store cannot be read, [`Error::Invalid`] when what it holds is damaged: going on without
    /// it would let a server take this client back. [`Error::Integrity`] when it is of another history than this process
    /// has seen.
    pub(crate) async fn recall(&self) -> Result<(), Error> {
        let stored = self.load().await?.1;
        let mut held = self.held();
        held.meet(stored.header);
        held.known.raise(&stored)?;
        Ok(())
    }

    /// Remembers what was verified, here and in the store. `after` is the header that `seen.header` was verified to
    /// continue. False, and nothing written, where headers must be proven first to be of one history
    /// ([`Self::unproven`]).
    ///
    /// A store that cannot be written is a warning ([`Self::take_warning`]), once; what was verified then holds within
    /// this process.
    ///
    /// # Errors
    /// As [`Self::recall`].
    pub(crate) async fn raise(&self, seen: &Remembered, after: Option<HeaderRef>) -> Result<bool, Error> {
        self.held().see(seen, after)?;
        for _ in 0..ATTEMPTS {
            let (bytes, stored) = self.load().await?;
            let merged = {
                let mut held = self.held();
                held.meet(stored.header);
                let mut merged = stored.clone();
                merged.raise(&held.known)?;
                if self.accept_replaced {
                    seen.profiles.iter().for_each(|floor| merged.forget_name(floor));
                }
                held.known = merged.clone();
                if !held.unproven.is_empty() {
                    return Ok(false);
                }
                merged
            };
            if merged == stored {
                return Ok(true);
            }
            match self.store.swap(&self.org, bytes.as_deref(), &merged.to_bytes()?).await {
                Ok(true) => return Ok(true),
                Ok(false) => {}
                Err(error) => {
                    self.warn(&error);
                    return Ok(true);
                }
            }
        }
        Err(Error::invalid("what is remembered is written by others all the time; try again"))
    }

    /// Forgets a profile that this client itself deleted. A store that cannot be written is a warning, as in
    /// [`Self::raise`].
    ///
    /// # Errors
    /// As [`Self::recall`].
    pub(crate) async fn forget_profile(&self, id: ProfileId) -> Result<(), Error> {
        self.held().known.forgotten(id);
        match self.rewrite(&|remembered| remembered.forgotten(id)).await {
            Err(error @ Error::State { .. }) => {
                self.warn(&error);
                Ok(())
            }
            done => done,
        }
    }

    /// Sets what is remembered to what `lower` makes of it, also where that is less: **the only place where memory goes
    /// down**. For a person who was told that the server lost something, and what, and accepted it by hand.
    ///
    /// # Errors
    /// As [`Self::recall`], and [`Error::State`] when the store cannot be written.
    pub(crate) async fn go_back(&self, lower: &(dyn Fn(&mut Remembered) + Sync)) -> Result<(), Error> {
        {
            let mut held = self.held();
            lower(&mut held.known);
            held.proven.clear();
            held.unproven.clear();
        }
        self.rewrite(lower).await
    }

    /// Lets the credentials' header go down to one that was accepted, where it is above it.
    pub(crate) fn lower_floor(&mut self, head: HeaderRef) {
        self.floor = self.floor.map(|floor| if floor.seq > head.seq { head } else { floor });
    }

    async fn rewrite(&self, change: &(dyn Fn(&mut Remembered) + Sync)) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let (bytes, stored) = self.load().await?;
            let mut changed = stored.clone();
            change(&mut changed);
            if changed == stored || self.store.swap(&self.org, bytes.as_deref(), &changed.to_bytes()?).await? {
                return Ok(());
            }
        }
        Err(Error::invalid("what is remembered is written by others all the time; try again"))
    }

    /// Pairs of headers that were seen apart from each other, by two processes or two calls of one. Nothing is written
    /// before each pair is proven to be of one history.
    pub(crate) fn unproven(&self) -> Vec<(HeaderRef, HeaderRef)> {
        self.held().unproven.clone()
    }

    /// Takes a pair as proven.
    pub(crate) fn prove(&self, pair: (HeaderRef, HeaderRef)) {
        let mut held = self.held();
        held.unproven.retain(|other| *other != pair);
        held.note(pair.0);
        held.note(pair.1);
    }

    /// What is known of the audit log: the checkpoint that is remembered, and its records' hashes where they are kept.
    ///
    /// # Errors
    /// As [`MemoryStore::load`].
    pub(crate) async fn known_log(&self) -> Result<Option<KnownLog>, Error> {
        let Some(checkpoint) = self.known().checkpoint else { return Ok(None) };
        Ok(Some(KnownLog::fitting(checkpoint, self.store.load_leaves(&self.org).await?)))
    }

    /// Keeps the hashes of a log's records. Without them less can be told, nothing wrong: where they cannot be written,
    /// it is a warning.
    pub(crate) async fn keep_leaves(&self, log: &KnownLog) {
        if let Err(error) = self.store.save_leaves(&self.org, &log.leaves).await {
            self.warn(&error);
        }
    }

    /// Takes note that the store cannot be written.
    pub(crate) fn warn(&self, error: &Error) {
        let warning = self.held().warn(error, self.store.remedy());
        if let (Some(warning), Some(Listener(listener))) = (warning, &self.listener) {
            listener(&warning);
        }
    }

    /// Takes the warning that what was verified could not be kept in the store, if there is one.
    pub(crate) fn take_warning(&self) -> Option<String> {
        self.held().warning.take()
    }

    async fn load(&self) -> Result<(Option<Vec<u8>>, Remembered), Error> {
        let bytes = self.store.load(&self.org).await?;
        let stored = match &bytes {
            Some(bytes) => Remembered::parse(bytes).map_err(|_| {
                Error::invalid(format!(
                    "{} is damaged; delete it only if you accept that older secrets may be shown",
                    self.store.place(&self.org)
                ))
            })?,
            None => Remembered::default(),
        };
        Ok((bytes, stored))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing panics while it is held; and if something did, what is remembered is still true.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
