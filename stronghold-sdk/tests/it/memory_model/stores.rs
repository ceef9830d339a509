//! Stores that are killed in the middle of a swap, cannot be written, or are damaged.

use async_trait::async_trait;
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};
use stronghold_sdk::{
    Error,
    memory::{MemoryStore, StateFolder},
    protocol::id::OrgId,
};
use tokio::sync::Notify;

/// When a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kill {
    /// How many swaps come before.
    pub(crate) swaps: usize,
    /// Whether the last swap takes effect.
    pub(crate) after: bool,
}

#[derive(Debug, Default)]
struct State {
    kill: Option<Kill>,
    read_only: bool,
    damage: Option<Vec<u8>>,
    /// The next swap finds that another process was first.
    loses: bool,
    swapped: usize,
}

/// A store around another one. Clones are one store.
#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    inner: Arc<dyn MemoryStore>,
    place: Place,
    state: Arc<Mutex<State>>,
    died: Arc<Notify>,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    Host(Arc<HostStore>),
}

impl Faulty {
    /// A store in a folder.
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        let inner = Arc::new(StateFolder::new(folder.clone()));
        Self { inner, place: Place::Folder(folder), state: Arc::default(), died: Arc::default() }
    }

    /// A store that a page's host keeps.
    pub(crate) fn in_host() -> Self {
        let host = Arc::new(HostStore::default());
        let inner = Arc::<HostStore>::clone(&host);
        Self { inner, place: Place::Host(host), state: Arc::default(), died: Arc::default() }
    }

    /// Deletes everything that is kept there, as a person can by hand.
    pub(crate) fn wipe(&self) {
        match &self.place {
            Place::Folder(folder) if folder.exists() => fs::remove_dir_all(folder).unwrap(),
            Place::Folder(_) => {}
            Place::Host(host) => *host.entry.lock().unwrap() = None,
        }
    }

    /// What is really there.
    pub(crate) async fn entry(&self, org: &OrgId) -> Option<Vec<u8>> {
        self.inner.load(org).await.unwrap()
    }

    pub(crate) fn set_read_only(&self, read_only: bool) {
        self.state.lock().unwrap().read_only = read_only;
    }

    /// Shows this in place of the entry, or the entry again.
    pub(crate) fn damage(&self, bytes: Option<Vec<u8>>) {
        self.state.lock().unwrap().damage = bytes;
    }

    /// The next swap is lost to another process, once.
    pub(crate) fn lose_next(&self, loses: bool) {
        self.state.lock().unwrap().loses = loses;
    }

    /// Runs `work` until it is done or killed; with how many swaps took effect. None when it was killed.
    pub(crate) async fn until<R>(&self, kill: Option<Kill>, work: impl Future<Output = R>) -> (Option<R>, usize) {
        {
            let mut state = self.state.lock().unwrap();
            (state.kill, state.swapped) = (kill, 0);
        }
        let outcome = tokio::select! {
            done = work => Some(done),
            () = self.died.notified() => None,
        };
        let mut state = self.state.lock().unwrap();
        state.kill = None;
        (outcome, state.swapped)
    }

    /// What becomes of the next swap: whether it takes effect, and whether it returns.
    fn fate(&self) -> Result<(bool, bool), Error> {
        let mut state = self.state.lock().unwrap();
        if state.read_only {
            let source = std::io::ErrorKind::ReadOnlyFilesystem.into();
            return Err(Error::State { what: "the store cannot be written".to_owned(), source });
        }
        if std::mem::take(&mut state.loses) {
            return Ok((false, true));
        }
        Ok(match &mut state.kill {
            None => (true, true),
            Some(Kill { swaps: 0, after }) => (*after, false),
            Some(kill) => {
                kill.swaps -= 1;
                (true, true)
            }
        })
    }
}

#[async_trait]
impl MemoryStore for Faulty {
    async fn load(&self, org: &OrgId) -> Result<Option<Vec<u8>>, Error> {
        let damage = self.state.lock().unwrap().damage.clone();
        match damage {
            Some(damage) => Ok(Some(damage)),
            None => self.inner.load(org).await,
        }
    }

    async fn swap(&self, org: &OrgId, before: Option<&[u8]>, after: &[u8]) -> Result<bool, Error> {
        let (effective, returns) = self.fate()?;
        let swapped = effective && self.inner.swap(org, before, after).await?;
        if swapped {
            self.state.lock().unwrap().swapped += 1;
        }
        if returns {
            return Ok(swapped);
        }
        self.died.notify_one();
        std::future::pending().await
    }
}

/// What a page keeps in the browser's database: one entry, compared and swapped, shared by its tabs.
#[derive(Debug, Default)]
pub(crate) struct HostStore {
    entry: Mutex<Option<Vec<u8>>>,
}

#[async_trait]
impl MemoryStore for HostStore {
    async fn load(&self, _org: &OrgId) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.entry.lock().unwrap().clone())
    }

    async fn swap(&self, _org: &OrgId, before: Option<&[u8]>, after: &[u8]) -> Result<bool, Error> {
        let mut entry = self.entry.lock().unwrap();
        let same = entry.as_deref() == before;
        if same {
            *entry = Some(after.to_vec());
        }
        Ok(same)
    }
}
