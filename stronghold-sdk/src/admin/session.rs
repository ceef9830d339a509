//! A signed-in person at work.

use super::{DirectoryCache, keyring::Keyring};
use crate::{authenticator::LocalIdentity, client::Client, error::Error};
use std::{collections::BTreeSet, sync::Arc};
use stronghold_protocol::{
    api::ActivityEntry,
    directory::{Agent, Directory, Group, HeaderRef, Profile, Role, User},
    evidence::{Anchor, ProfileFloor},
    id::{AgentId, GroupId, ProfileId, UserId},
    name::{Email, Name},
    problem::{Problem, ProblemCode},
    time::Clock,
    transport::Transport,
};

/// A signed-in person: the client, their keys, and the directory as far as it was replayed.
pub struct Session<T: Transport> {
    pub(super) client: Client<T>,
    pub(super) who: Arc<LocalIdentity>,
    pub(super) user: UserId,
    pub(super) directory: Directory,
    pub(super) cache: DirectoryCache,
    pub(super) keys: Keyring,
    pub(super) clock: Arc<dyn Clock>,
    /// What is remembered of profiles, and will not be gone behind.
    pub(super) floors: Vec<ProfileFloor>,
    /// While the caller changes their own keys, the new ones: what the statement vouches for is signed by them.
    pub(super) next: Option<Arc<LocalIdentity>>,
    /// Profiles whose rekey this session began and has not finished.
    pub(super) rekeying: BTreeSet<ProfileId>,
}

impl<T: Transport> Session<T> {
    /// Opens a session: replays the directory from what `cache` holds, and from the server what is newer.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows a directory that does not verify or is older than
    /// the remembered one.
    pub async fn open(
        client: Client<T>,
        who: Arc<LocalIdentity>,
        user: UserId,
        mut cache: DirectoryCache,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let directory = cache.replay(&client, &*who, None).await?;
        let session = Self {
            client,
            who,
            user,
            directory,
            cache,
            keys: Keyring::default(),
            clock,
            floors: Vec::new(),
            next: None,
            rekeying: BTreeSet::new(),
        };
        session.require_member()?;
        Ok(session)
    }

    /// Takes over what is remembered of profiles: a server that shows an older or another past is caught.
    pub fn set_floors(&mut self, floors: Vec<ProfileFloor>) {
        self.floors = floors;
    }

    /// Refuses a directory that does not hold this header: one that a lock file names, say.
    ///
    /// # Errors
    /// [`Error::Integrity`] when it does not; [`Error`] when the server cannot be reached or refuses.
    pub async fn require_header(&mut self, header: HeaderRef) -> Result<(), Error> {
        let states = self.cache.states(&self.client, &*self.who, self.directory.head()).await?;
        if states.iter().any(|state| state.head() == header) {
            return Ok(());
        }
        Err(Error::rolled_back("the directory does not hold the header that the lock file names"))
    }

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

    /// Replays what is newer on the server.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn sync(&mut self) -> Result<(), Error> {
        self.directory = self.cache.replay(&self.client, &*self.who, Some(self.directory.clone())).await?;
        Ok(())
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
    pub(super) fn require_manager(&self) -> Result<(), Error> {
        if self.is_manager() {
            return Ok(());
        }
        Err(Problem::new(ProblemCode::Forbidden, "this takes an owner or admin").into())
    }

    /// The same for what takes an owner; `what` says it.
    pub(super) fn require_owner(&self, what: &str) -> Result<(), Error> {
        if self.is_owner() { Ok(()) } else { Err(Problem::new(ProblemCode::Forbidden, what).into()) }
    }

    /// Whose key signs manifests.
    pub(super) fn signer(&self) -> &LocalIdentity {
        self.next.as_ref().unwrap_or(&self.who)
    }

    pub(super) fn anchor(&self) -> Anchor {
        let head: HeaderRef = self.directory.head();
        Anchor {
            org: self.directory.org(),
            seq: head.seq,
            hash: head.hash.0.to_vec(),
            remembered: Some(head),
            roster: Some(self.directory.roster_ref().version),
        }
    }

    fn require_member(&self) -> Result<(), Error> {
        let member = self.directory.user(&self.user).filter(|user| !user.removed);
        match member {
            Some(user) if user.keys == self.who.public_keys() => Ok(()),
            _ => Err(Error::invalid("these keys are not a member's of the organization any more; sign in again")),
        }
    }
}

/// Finds live objects by what a person typed: a name or an id.
pub trait Resolve {
    /// A live agent.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    fn find_agent(&self, text: &str) -> Result<&Agent, Error>;

    /// A live group.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    fn find_group(&self, text: &str) -> Result<&Group, Error>;

    /// A live profile.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    fn find_profile(&self, text: &str) -> Result<&Profile, Error>;

    /// A member, by address or id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    fn find_user(&self, text: &str) -> Result<&User, Error>;
}

impl Resolve for Directory {
    fn find_agent(&self, text: &str) -> Result<&Agent, Error> {
        let by_id = text.parse::<AgentId>().ok().and_then(|id| self.agent(&id)).filter(|agent| !agent.deleted);
        let by_name = || Name::new(text).ok().and_then(|name| self.agent_named(&name));
        by_id.or_else(by_name).ok_or_else(|| Error::not_found("agent", text))
    }

    fn find_group(&self, text: &str) -> Result<&Group, Error> {
        let by_id = text.parse::<GroupId>().ok().and_then(|id| self.group(&id));
        let by_name = || Name::new(text).ok().and_then(|name| self.group_named(&name));
        by_id.or_else(by_name).ok_or_else(|| Error::not_found("group", text))
    }

    fn find_profile(&self, text: &str) -> Result<&Profile, Error> {
        let by_id = text.parse::<ProfileId>().ok().and_then(|id| self.profile(&id));
        let by_name = || Name::new(text).ok().and_then(|name| self.profile_named(&name));
        by_id.or_else(by_name).ok_or_else(|| Error::not_found("profile", text))
    }

    fn find_user(&self, text: &str) -> Result<&User, Error> {
        let by_id = text.parse::<UserId>().ok().and_then(|id| self.user(&id)).filter(|user| !user.removed);
        let by_address = || Email::new(text).ok().and_then(|email| self.user_with_email(&email));
        by_id.or_else(by_address).ok_or_else(|| Error::not_found("person", text))
    }
}
