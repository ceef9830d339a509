//! How a session is put together: the twin of [`crate::AgentBuilder`].

use super::{Ahead, DirectoryCache, Session};
use crate::{
    admin::{Account, Keyring},
    authenticator::LocalIdentity,
    client::Client,
    error::Error,
    lock::Lock,
    memory::{InProcess, Listener, Memory, MemorySettings, MemoryStore, StateFolder},
    receipts::ReceiptFile,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};
use stronghold_protocol::{
    directory::HeaderRef,
    id::{OrgId, UserId},
    number::Revision,
    transport::Transport,
};

/// Settings of a [`Session`].
#[must_use]
pub struct SessionBuilder {
    org: OrgId,
    user: UserId,
    who: Arc<LocalIdentity>,
    floor: HeaderRef,
    statements: Option<PathBuf>,
    memory: MemorySettings,
    receipts: Option<ReceiptFile>,
}

impl SessionBuilder {
    fn new(account: &Account) -> Self {
        let who = Arc::new(LocalIdentity::from_seed(account.org, account.user.into(), &account.seed));
        let (org, user, floor) = (account.org, account.user, account.floor);
        Self { org, user, who, floor, statements: None, memory: MemorySettings::default(), receipts: None }
    }

    /// Remembers in this folder what was verified, so that no server can take the person back behind it, and keeps the
    /// directory's statements there.
    pub fn state_dir(mut self, folder: &Path) -> Self {
        self.statements = Some(folder.to_owned());
        self.memory_store(Arc::new(StateFolder::new(folder.to_owned())))
    }

    /// Remembers in a store of the caller's: what a host other than a file system keeps.
    pub fn memory_store(mut self, store: Arc<dyn MemoryStore>) -> Self {
        self.memory.store = Some(store);
        self
    }

    /// Remembers in this process only. The next one knows no more than the credentials, and can be shown anything since
    /// their floor.
    pub fn in_process(self) -> Self {
        self.memory_store(Arc::new(InProcess::default()))
    }

    /// Is told, once, that what was verified could not be kept: the work goes on, and the floors hold within this process.
    pub fn on_warning(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.memory.listener = Some(Listener(Arc::new(listener)));
        self
    }

    /// Refuses what is older than this lock file says, and to pull profiles that it does not name.
    pub fn lock(mut self, lock: Option<Lock>) -> Self {
        self.memory.lock = lock;
        self
    }

    /// Refuses what is older than this lock file says, as [`Self::lock`] does, where the file is about to be written again
    /// from what is read: a replaced profile that is accepted is accepted for the file too.
    pub fn lock_to_rewrite(mut self, lock: Option<Lock>) -> Self {
        self.memory.rewrites_lock = true;
        self.lock(lock)
    }

    /// Refuses to pull revisions below this one.
    pub fn min_revision(mut self, minimum: Option<Revision>) -> Self {
        self.memory.minimum = minimum;
        self
    }

    /// Accepts that another profile has the name of one that is remembered: that, and nothing else. Each profile's own
    /// floor holds, and so does the lock file.
    pub fn accept_replaced(mut self, accept: bool) -> Self {
        self.memory.accept_replaced = accept;
        self
    }

    /// Keeps the receipt of each pull in this file. A pull whose receipt cannot be kept fails.
    pub fn receipts(mut self, file: Option<ReceiptFile>) -> Self {
        self.receipts = file;
        self
    }

    /// Opens the session: replays the directory, and holds it against everything that is known.
    ///
    /// # Errors
    /// [`Error::Invalid`] when nothing says where to remember ([`Self::state_dir`], [`Self::memory_store`],
    /// [`Self::in_process`]), memory is damaged, or the keys are no member's. [`Error::Integrity`] when the server shows a
    /// directory that does not verify, lacks a header that is known, or is older than what is remembered. [`Error`] when
    /// the server cannot be reached or refuses, or memory cannot be read.
    pub async fn open<T: Transport>(self, client: Client<T>) -> Result<Session<T>, Error> {
        if self.memory.store.is_none() {
            return Err(Error::invalid("a session needs a place to remember: a folder, a store, or this process"));
        }
        let floor = Some(self.floor);
        self.open_above(floor, client).await
    }

    async fn open_above<T: Transport>(self, floor: Option<HeaderRef>, client: Client<T>) -> Result<Session<T>, Error> {
        let cache = DirectoryCache::new(self.org, self.statements.as_deref());
        let memory = Memory::new(self.org, floor, self.memory)?;
        memory.recall().await?;
        let directory = cache.replay(&client, &*self.who, None).await?;
        let session = Session {
            clock: client.clock(),
            client,
            who: self.who,
            user: self.user,
            directory,
            cache,
            ahead: Ahead::default(),
            memory,
            keys: Keyring::default(),
            receipts: self.receipts,
            next: None,
            rekeying: BTreeSet::new(),
        };
        session.remember_directory(&session.directory).await?;
        session.require_member()?;
        Ok(session)
    }

    /// What is remembered, the statements on disk, and the header that the credentials name.
    pub(crate) fn into_memory(self) -> Result<(Memory, DirectoryCache, HeaderRef), Error> {
        let cache = DirectoryCache::new(self.org, self.statements.as_deref());
        Ok((Memory::new(self.org, Some(self.floor), self.memory)?, cache, self.floor))
    }

    /// Opens a session that knows nothing but the organization's id, so that what a server shows can be held against what
    /// is remembered ([`Session::view`]). It is for that alone: it believes any past.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_to_compare<T: Transport>(mut self, client: Client<T>) -> Result<Session<T>, Error> {
        self.statements = None;
        self.memory = MemorySettings::default();
        self.open_above(None, client).await
    }
}

impl<T: Transport> Session<T> {
    /// Starts from an account that was opened.
    pub fn builder(account: &Account) -> SessionBuilder {
        SessionBuilder::new(account)
    }
}
