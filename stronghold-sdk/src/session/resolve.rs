//! Finding what a person named.

use super::Session;
use crate::error::Error;
use stronghold_protocol::{
    directory::{Agent, Directory, Group, Profile, User},
    evidence::ProfileSelector,
    id::{AgentId, GroupId, ProfileId, UserId},
    name::{Email, Name},
    transport::Transport,
};

impl<T: Transport> Session<T> {
    /// A live profile, by name or id.
    ///
    /// Profiles are found through the session alone, never in the directory: only memory can tell that a name stands for
    /// another profile than it did.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none; [`Error::Integrity`] when the name was another profile's, unless that was
    /// accepted ([`super::SessionBuilder::accept_replaced`]).
    pub fn find_profile(&self, text: &str) -> Result<&Profile, Error> {
        let missing = || Error::not_found("profile", text);
        match text.parse().map_err(|_| missing())? {
            ProfileSelector::Id(id) => self.directory.profile(&id).ok_or_else(missing),
            ProfileSelector::Name(name) => {
                let found = self.directory.profile_named(&name).ok_or_else(missing)?;
                self.memory.check_name(&name, found.id)?;
                Ok(found)
            }
        }
    }
}

impl<T: Transport> Session<T> {
    /// Accepts that a profile has the name of another one that is remembered, as [`super::SessionBuilder::accept_replaced`]
    /// does, for this profile alone. Each profile's own floor holds, and so does the lock file.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such profile; [`Error`] when memory cannot be read or written.
    pub async fn accept_replaced(&self, profile: ProfileId) -> Result<(), Error> {
        let found = self.directory.profile(&profile);
        let found = found.ok_or_else(|| Error::not_found("profile", &profile.to_string()))?;
        self.memory.accept_name(&found.name, profile).await
    }
}

/// Finds live objects by what a person typed: a name or an id. Profiles are found by [`Session::find_profile`].
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

    fn find_user(&self, text: &str) -> Result<&User, Error> {
        let by_id = text.parse::<UserId>().ok().and_then(|id| self.user(&id)).filter(|user| !user.removed);
        let by_address = || Email::new(text).ok().and_then(|email| self.user_with_email(&email));
        by_id.or_else(by_address).ok_or_else(|| Error::not_found("person", text))
    }
}
