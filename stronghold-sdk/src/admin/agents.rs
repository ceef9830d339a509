//! Agents: create, change, rotate, delete.

use super::{Session, batch::Batch};
use crate::{
    authenticator::LocalIdentity,
    error::{Error, MadeOnce},
};
use secrecy::SecretString;
use stronghold_protocol::{
    crypto::random,
    directory::{Agent, AgentStatus, Change, Conditions, Directory, Rotation},
    id::{AgentId, GroupId},
    name::Name,
    time::Timestamp,
    token::{AgentToken, TokenFloor, TokenUrl},
    transport::Transport,
};
use zeroize::Zeroizing;

/// What an admin says of a new agent.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// Its name.
    pub name: Name,
    /// The groups that it joins at once.
    pub groups: Vec<GroupId>,
    /// When, from where and how often it is served.
    pub conditions: Conditions,
    /// The server's address, for the token to carry as a hint.
    pub url: Option<TokenUrl>,
}

/// A token that was just made: the only time that it can be seen.
#[derive(Debug)]
pub struct MintedToken {
    /// Whose.
    pub agent: AgentId,
    /// The agent's name.
    pub name: Name,
    /// The token.
    pub token: SecretString,
    /// When the agent expires.
    pub expires_at: Option<Timestamp>,
}

/// What an admin changes of an agent: what is none stays.
#[derive(Clone, Debug, Default)]
pub struct AgentUpdate {
    /// Another name.
    pub name: Option<Name>,
    /// Active or inactive.
    pub status: Option<AgentStatus>,
    /// Other conditions, all restated.
    pub conditions: Option<Conditions>,
}

/// An agent as it is listed.
#[derive(Clone, Debug)]
pub struct AgentSummary {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: Name,
    /// `active`, `inactive`, `expired` or `deleted`, as of now.
    pub status: &'static str,
    /// Names of its groups, sorted.
    pub groups: Vec<Name>,
    /// Its conditions.
    pub conditions: Conditions,
    /// When it was created, as the author of its statement said.
    pub created_at: Timestamp,
    /// The rotation of its token that is to be finished, if there is one.
    pub rotation: Option<Rotation>,
}

impl AgentSummary {
    /// Sums up an agent of a directory.
    #[must_use]
    pub fn of(directory: &Directory, agent: &Agent, now: Timestamp) -> Self {
        let expired = agent.conditions.expires_at.is_some_and(|at| at <= now);
        let status = match agent.status {
            _ if agent.deleted => "deleted",
            AgentStatus::Inactive => "inactive",
            AgentStatus::Active if expired => "expired",
            AgentStatus::Active => "active",
        };
        let mut groups: Vec<Name> =
            agent.groups.iter().filter_map(|id| directory.group(id)).map(|group| group.name.clone()).collect();
        groups.sort_unstable();
        Self {
            id: agent.id,
            name: agent.name.clone(),
            status,
            groups,
            conditions: agent.conditions.clone(),
            created_at: agent.created_at,
            rotation: agent.rotation,
        }
    }
}

impl<T: Transport> Session<T> {
    /// Creates an agent, puts it into its groups, and makes its token.
    ///
    /// The token is made here and leaves this process only as the return value; the server gets public keys.
    ///
    /// # Errors
    /// [`Error`] when the name is taken, a group does not exist, or the statement cannot be committed.
    pub async fn create_agent(&mut self, new: NewAgent) -> Result<MintedToken, Error> {
        let id = AgentId::generate(self.clock.now())?;
        let (seed, keys) = self.mint(id)?;
        let reached = self.vouched_by(&new.groups).await?;
        let made = self.commit(|batch| {
            batch.changes.push(Change::AgentCreated {
                id,
                name: new.name.clone(),
                keys: keys.clone(),
                conditions: new.conditions.clone(),
            });
            for group in &new.groups {
                batch.join(*group, id.into())?;
            }
            batch.changes.extend(reached.iter().cloned());
            Ok((new.name.clone(), new.conditions.expires_at))
        });
        let made = made.await;
        self.minted(id, made, seed, new.url)
    }

    /// Changes an agent's name, status or conditions, at once and without a rekey.
    ///
    /// # Errors
    /// [`Error`] when there is no such agent, the name is taken, or the statement cannot be committed.
    pub async fn update_agent(&mut self, id: AgentId, update: &AgentUpdate) -> Result<(), Error> {
        self.commit(|batch| {
            let agent = live(&batch.before, id)?;
            let change = Change::AgentChanged {
                id,
                name: update.name.clone().unwrap_or_else(|| agent.name.clone()),
                status: update.status.unwrap_or(agent.status),
                conditions: update.conditions.clone().unwrap_or_else(|| agent.conditions.clone()),
            };
            let same = matches!(&change, Change::AgentChanged { name, status, conditions, .. }
                if *name == agent.name && *status == agent.status && *conditions == agent.conditions);
            if !same {
                batch.changes.push(change);
            }
            Ok(())
        })
        .await
    }

    /// Gives an agent a new token. The old one ends in the same statement, and everything it reached is rekeyed.
    ///
    /// # Errors
    /// [`Error`] when there is no such agent, or the statement cannot be committed.
    pub async fn rotate_token(&mut self, id: AgentId, url: Option<TokenUrl>) -> Result<MintedToken, Error> {
        let (seed, keys) = self.mint(id)?;
        let agent = self.commit(|batch| {
            let agent = live(&batch.before, id)?.clone();
            batch.changes.push(Change::AgentRekeyed { id, keys: vec![keys.clone()], until: None });
            Ok((agent.name, agent.conditions.expires_at))
        });
        let agent = agent.await;
        self.minted(id, agent, seed, url)
    }

    /// Gives an agent a new token beside the one it has, so that a fleet can be moved: both are served, and everything is
    /// sealed to both, until [`Self::finish_rotation`] ends the old one. `until` is when that is meant to be; no server can
    /// do it, because it takes keys.
    ///
    /// # Errors
    /// [`Error`] when there is no such agent, a rotation of it is not finished, `until` is not in the future, or the
    /// statement cannot be committed.
    pub async fn begin_rotation(
        &mut self,
        id: AgentId,
        until: Timestamp,
        url: Option<TokenUrl>,
    ) -> Result<MintedToken, Error> {
        if until <= self.clock.now() {
            return Err(Error::invalid("the time until which both tokens are used is over"));
        }
        let (seed, keys) = self.mint(id)?;
        let groups: Vec<GroupId> = live(&self.directory, id)?.groups.iter().copied().collect();
        let reached = self.vouched_by(&groups).await?;
        let agent = self.commit(|batch| {
            let agent = live(&batch.before, id)?.clone();
            let [old] = agent.keys.as_slice() else {
                return Err(Error::invalid(format!("a rotation of agent {} is not finished yet", agent.name)));
            };
            let keys = vec![keys.clone(), old.clone()];
            batch.changes.push(Change::AgentRekeyed { id, keys, until: Some(until) });
            batch.changes.extend(reached.iter().cloned());
            Ok((agent.name, agent.conditions.expires_at))
        });
        let agent = agent.await;
        self.minted(id, agent, seed, url)
    }

    /// Ends the older of an agent's two tokens, and rekeys everything that it reached. False when no rotation is pending.
    ///
    /// # Errors
    /// [`Error`] when there is no such agent, or the statement cannot be committed.
    pub async fn finish_rotation(&mut self, id: AgentId) -> Result<bool, Error> {
        self.commit(|batch| {
            let agent = live(&batch.before, id)?;
            let [newer, _] = agent.keys.as_slice() else { return Ok(false) };
            let keys = vec![newer.clone()];
            batch.changes.push(Change::AgentRekeyed { id, keys, until: None });
            Ok(true)
        })
        .await
    }

    /// The rotations that should be finished by now, by the agent's name: to be told to whoever can.
    #[must_use]
    pub fn overdue_rotations(&self) -> Vec<(Name, Rotation)> {
        let now = self.clock.now();
        let agents = self.directory.agents().filter(|agent| !agent.deleted);
        let pending = agents.filter_map(|agent| Some((agent.name.clone(), agent.rotation?)));
        pending.filter(|(_, rotation)| rotation.until <= now).collect()
    }

    /// Deletes an agent for good and rekeys everything it reached.
    ///
    /// # Errors
    /// [`Error`] when there is no such agent, or the statement cannot be committed.
    pub async fn delete_agent(&mut self, id: AgentId) -> Result<(), Error> {
        self.commit(|batch| {
            live(&batch.before, id)?;
            batch.changes.push(Change::AgentDeleted { id });
            Ok(())
        })
        .await
    }

    /// What vouches for the newest revisions that members of `groups` reach: a new token starts from there.
    async fn vouched_by(&mut self, groups: &[GroupId]) -> Result<Vec<Change>, Error> {
        self.sync().await?;
        let profiles = self.profiles_of(groups);
        self.finish_pending(&profiles).await?;
        let mut batch = Vec::new();
        for id in profiles {
            let evidence = self.verify_evidence(id).await?;
            let manifest = evidence.manifest();
            let newer = self.directory.profile(&id).is_some_and(|known| known.vouched.manifest != manifest.hash());
            if newer {
                let vouched = stronghold_protocol::directory::Vouched {
                    revision: manifest.value().revision,
                    manifest: manifest.hash(),
                };
                batch.push(Change::ProfileVouched { id, vouched });
            }
        }
        Ok(batch)
    }

    fn mint(&self, id: AgentId) -> Result<(MintedSeed, stronghold_protocol::crypto::kem::PublicKeys), Error> {
        let seed = MadeOnce::new(random::secret()?);
        let org = self.directory.org();
        let keys = seed.public(|seed| LocalIdentity::from_seed(org, id.into(), seed).public_keys());
        Ok((seed, keys))
    }

    /// The token of an agent that was made; or the error of making it, with the token in it if the agent may be there.
    fn minted(
        &self,
        agent: AgentId,
        made: Result<(Name, Option<Timestamp>), Error>,
        seed: MintedSeed,
        url: Option<TokenUrl>,
    ) -> Result<MintedToken, Error> {
        let (org, floor) = (self.directory.org(), TokenFloor::of(&self.directory.head()));
        let token = |seed, url| AgentToken { agent, org, seed, floor, url }.to_secret_string();
        let ((name, expires_at), seed) = seed.after(made, |seed| (vec![("token", token(seed, url.clone()))], None))?;
        Ok(MintedToken { agent, name, token: token(seed, url), expires_at })
    }
}

/// The seed of a token, before it is known that the agent has it.
type MintedSeed = MadeOnce<Zeroizing<[u8; 32]>>;

impl Batch {
    /// Adds a member to a group, with a new epoch first where the group's key opens what is no longer current.
    pub(super) fn join(&mut self, group: GroupId, member: stronghold_protocol::id::PrincipalId) -> Result<(), Error> {
        if self.before.group(&group).is_some_and(|group| group.stale) {
            self.renew_group(group)?;
        }
        self.changes.push(Change::MemberAdded { group, member });
        Ok(())
    }
}

fn live(directory: &Directory, id: AgentId) -> Result<&Agent, Error> {
    directory.agent(&id).filter(|agent| !agent.deleted).ok_or_else(|| Error::not_found("agent", &id.to_string()))
}
