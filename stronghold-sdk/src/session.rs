//! A signed-in person at work.
//!
//! A [`Session`] is made by [`Session::builder`] alone, so that none works without memory: everything that it verifies and
//! writes is remembered before it is returned ([`crate::memory`]), and it signs, vouches and seals on top of nothing less.

mod builder;
mod proven;
mod remember;
mod replay;
mod resolve;
mod writes;

pub use builder::SessionBuilder;
pub(crate) use proven::{Ahead, Found, check_key, settle};
pub(crate) use remember::{floor_of, holds};
pub(crate) use replay::DirectoryCache;
pub use resolve::Resolve;

use crate::{
    admin::Keyring,
    authenticator::LocalIdentity,
    client::Client,
    error::Error,
    memory::{Memory, Remembered},
    receipts::ReceiptFile,
};
use std::{collections::BTreeSet, sync::Arc};
use stronghold_protocol::{
    api::ActivityEntry,
    directory::{Directory, HeaderRef, Role},
    evidence::Anchor,
    id::{ProfileId, UserId},
    problem::{Problem, ProblemCode},
    time::Clock,
    transport::Transport,
};

/// A signed-in person: the client, their keys, what is remembered, and the directory as far as it was replayed.
///
/// There is no way to one but [`Session::builder`]:
///
/// ```compile_fail
/// use stronghold_sdk::admin::Session;
/// # fn client() -> stronghold_sdk::Client<stronghold_sdk::HttpTransport> { unimplemented!() }
/// let session = Session { client: client() };
/// ```
pub struct Session<T: Transport> {
    pub(crate) client: Client<T>,
    pub(crate) who: Arc<LocalIdentity>,
    pub(crate) user: UserId,
    pub(crate) directory: Directory,
    pub(crate) cache: DirectoryCache,
    pub(crate) ahead: Ahead,
    pub(crate) memory: Memory,
    pub(crate) keys: Keyring,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) receipts: Option<ReceiptFile>,
    /// While the caller changes their own keys, the new ones: what the statement vouches for is signed by them.
    pub(crate) next: Option<Arc<LocalIdentity>>,
    /// Profiles whose rekey this session began and has not finished.
    pub(crate) rekeying: BTreeSet<ProfileId>,
}

impl<T: Transport> Session<T> {
    /// The directory as far as it was replayed.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The signed-in user.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// What is remembered of the organization.
    #[must_use]
    pub fn remembered(&self) -> Remembered {
        self.memory.known()
    }

    /// Takes the warning that what was verified could not be kept, if there is one.
    #[must_use]
    pub fn take_warning(&self) -> Option<String> {
        self.memory.take_warning()
    }

    /// Replays what is newer on the server, and what other processes remember.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows a directory that does not verify, lacks a header that
    /// is known, or is older than what is remembered.
    pub async fn sync(&mut self) -> Result<(), Error> {
        self.memory.recall().await?;
        let known = self.ahead.or(&self.directory);
        let directory = self.cache.replay(&self.client, &*self.who, Some(known)).await?;
        self.take_directory(directory).await
    }

    /// When each principal was last served, as the server says.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached or refuses.
    pub async fn activity(&self) -> Result<Vec<ActivityEntry>, Error> {
        self.client.activity(&*self.who).await
    }

    /// Whether the signed-in user is an owner or admin.
    #[must_use]
    pub fn is_manager(&self) -> bool {
        self.directory.roster().value().members().any(|member| member.user == self.user)
    }

    /// Whether the signed-in user is an owner.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.directory.user(&self.user).is_some_and(|user| user.role == Role::Owner && !user.removed)
    }

    /// Says early, and in words, what every reader of the directory would refuse.
    pub(crate) fn require_manager(&self) -> Result<(), Error> {
        if self.is_manager() {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::Forbidden, "this takes an owner or admin").into())
    }

    /// The same for what takes an owner; `what` says it.
    pub(crate) fn require_owner(&self, what: &str) -> Result<(), Error> {
        if self.is_owner() { Ok(()) } else { Err(Problem::new(ProblemCode::Forbidden, what).into()) }
    }

    /// Whose key signs manifests.
    pub(crate) fn signer(&self) -> &LocalIdentity {
        self.next.as_ref().unwrap_or(&self.who)
    }

    /// What is trusted before the next reply: the directory's head, and what is remembered beyond it.
    ///
    /// # Errors
    /// [`Error`] when memory cannot be read.
    pub(crate) async fn anchor(&self) -> Result<Anchor, Error> {
        self.memory.recall().await?;
        let head: HeaderRef = self.directory.head();
        let beyond = self.memory.highest_header().filter(|known| known.seq > head.seq);
        Ok(Anchor {
            org: self.directory.org(),
            seq: head.seq,
            hash: head.hash.0.to_vec(),
            remembered: Some(beyond.unwrap_or(head)),
            roster: self.memory.known().roster.or(Some(self.directory.roster_ref())),
        })
    }

    pub(crate) fn require_member(&self) -> Result<(), Error> {
        let member = self.directory.user(&self.user).filter(|user| !user.removed);
        match member {
            Some(user) if user.keys == self.who.public_keys() => Ok(()),
            _ => Err(Error::invalid("these keys are not a member's of the organization any more; sign in again")),
        }
    }
}
