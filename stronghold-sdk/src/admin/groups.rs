//! Groups, their members, and what is granted to them.

use super::Session;
use crate::error::Error;
use std::{collections::BTreeSet, str::FromStr};
use stronghold_protocol::{
    directory::{Change, Directory, Grant, Group},
    id::{GroupId, PrincipalId, ProfileId},
    name::Name,
    transport::Transport,
};

/// What a group is granted on a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading the newest revision.
    Read,
    /// Reading, and writing by the group's editors.
    Write,
    /// Reading, and opening earlier values.
    History,
}

impl FromStr for Access {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "history" => Ok(Self::History),
            _ => Err(Error::invalid("access is one of read, write, history")),
        }
    }
}

/// A group as it is listed.
#[derive(Clone, Debug)]
pub struct GroupSummary {
    /// Its id.
    pub id: GroupId,
    /// Its name.
    pub name: Name,
    /// Its members, by kind and name (an agent's name, a user's address), sorted.
    pub members: Vec<(PrincipalId, String)>,
    /// The profiles that it is granted, sorted by name.
    pub grants: Vec<(ProfileId, Name, Grant)>,
}

impl GroupSummary {
    /// Sums up a group of a directory.
    #[must_use]
    pub fn of(directory: &Directory, group: &Group) -> Self {
        let roster = directory.roster().value().members().map(|member| PrincipalId::User(member.user));
        let members: Vec<PrincipalId> =
            if group.id == GroupId::ADMINS { roster.collect() } else { group.members.iter().copied().collect() };
        let mut members: Vec<_> = members.into_iter().map(|member| (member, name_of(directory, &member))).collect();
        members.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        let mut grants: Vec<_> = group
            .profiles
            .iter()
            .filter_map(|id| directory.profile(id))
            .filter_map(|profile| Some((profile.id, profile.name.clone(), *profile.grants.get(&group.id)?)))
            .collect();
        grants.sort_unstable_by(|a, b| a.1.cmp(&b.1));
        Self { id: group.id, name: group.name.clone(), members, grants }
    }
}

/// An agent's name, a user's address; or the last one.
pub(super) fn name_of(directory: &Directory, principal: &PrincipalId) -> String {
    match principal {
        PrincipalId::Agent(id) => directory.agent(id).map(|agent| agent.name.to_string()),
        PrincipalId::User(id) => directory.user(id).map(|user| user.email.to_string()),
    }
    .unwrap_or_default()
}

impl<T: Transport> Session<T> {
    /// Creates an empty group.
    ///
    /// # Errors
    /// [`Error`] when the name is taken, or the statement cannot be committed.
    pub async fn create_group(&mut self, name: Name) -> Result<GroupId, Error> {
        let id = GroupId::generate(self.clock.now())?;
        self.commit(|batch| {
            let key = batch.new_group_key(id)?;
            batch.changes.push(Change::GroupCreated { id, name: name.clone(), key });
            Ok(())
        })
        .await?;
        Ok(id)
    }

    /// Deletes a group; its members lose what it granted, and that is rekeyed.
    ///
    /// # Errors
    /// [`Error`] when there is no such group, or the statement cannot be committed.
    pub async fn delete_group(&mut self, id: GroupId) -> Result<(), Error> {
        self.commit(|batch| {
            batch.changes.push(Change::GroupDeleted { id });
            Ok(())
        })
        .await
    }

    /// Adds a member. False when it was one already.
    ///
    /// # Errors
    /// [`Error`] when there is no such group or principal, or the statement cannot be committed.
    pub async fn add_member(&mut self, group: GroupId, member: PrincipalId) -> Result<bool, Error> {
        self.sync().await?;
        self.finish_pending(&self.profiles_of(&[group])).await?;
        self.commit(|batch| {
            let known = batch.before.group(&group).is_some_and(|group| group.members.contains(&member));
            if !known {
                batch.join(group, member)?;
            }
            Ok(!known)
        })
        .await
    }

    /// Removes a member and rekeys the group and every profile that it is granted. False when it was none.
    ///
    /// # Errors
    /// [`Error`] when there is no such group, or the statement cannot be committed.
    pub async fn remove_member(&mut self, group: GroupId, member: PrincipalId) -> Result<bool, Error> {
        self.commit(|batch| {
            let known = batch.before.group(&group).is_some_and(|group| group.members.contains(&member));
            if known {
                batch.changes.push(Change::MemberRemoved { group, member });
            }
            Ok(known)
        })
        .await
    }

    /// Grants a group access to a profile, beside what it has already. False when it had it.
    ///
    /// # Errors
    /// [`Error`] when there is no such group or profile, or the statement cannot be committed.
    pub async fn grant(&mut self, group: GroupId, profile: ProfileId, access: Access) -> Result<bool, Error> {
        self.sync().await?;
        self.finish_pending(&[profile]).await?;
        self.commit(|batch| {
            let had = batch.before.profile(&profile).and_then(|profile| profile.grants.get(&group)).copied();
            let write = access == Access::Write || had.is_some_and(|had| had.write);
            let history = access == Access::History || had.is_some_and(|had| had.history);
            let grows = had != Some(Grant { write, history });
            if grows {
                batch.changes.push(Change::ProfileGranted { profile, group, write, history });
            }
            Ok(grows)
        })
        .await
    }

    /// The profiles that members of these groups reach, each once.
    pub(super) fn profiles_of(&self, groups: &[GroupId]) -> Vec<ProfileId> {
        let groups = groups.iter().filter_map(|id| self.directory.group(id));
        let profiles: BTreeSet<ProfileId> = groups.flat_map(|group| group.profiles.iter().copied()).collect();
        profiles.into_iter().collect()
    }

    /// Ends a group's access to a profile and rekeys the profile. False when there was none.
    ///
    /// # Errors
    /// [`Error`] when there is no such profile, or the statement cannot be committed.
    pub async fn revoke(&mut self, group: GroupId, profile: ProfileId) -> Result<bool, Error> {
        self.commit(|batch| {
            let had = batch.before.profile(&profile).is_some_and(|profile| profile.grants.contains_key(&group));
            if had {
                batch.changes.push(Change::ProfileRevoked { profile, group });
            }
            Ok(had)
        })
        .await
    }
}
