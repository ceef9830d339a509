//! What somebody may still know who lost access: for rotation at the issuers of those secrets.
//!
//! Nothing is kept for this. Who lost what, and when, is in the directory's statements; whether a secret was changed since
//! is in the time of its newest version; what was read is in the audit log. The first two are signed or encrypted by
//! members, so no server can shorten the list; a server can leave reads out of its log, so `read` is what is read at least.
//! Times are those of whoever wrote: a writer whose clock is ahead by a minute hides a change of less than a minute before.

use super::{LogPage, LogRecord, Session, groups::name_of};
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use stronghold_protocol::{
    api::DirectoryPage,
    audit::{Outcome, Released},
    directory::{Change, Directory},
    id::{GroupId, PrincipalId, ProfileId, SecretId},
    limits::AUDIT_PAGE,
    name::{Name, SecretName},
    number::{MAX_SAFE_INTEGER, Seq, Version},
    time::Timestamp,
    transport::Transport,
};

/// A secret whose newest version somebody could read who has lost access since.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// The profile it is in.
    pub profile: ProfileId,
    /// The profile's name.
    pub profile_name: Name,
    /// Which secret.
    pub secret: SecretId,
    /// Its name.
    pub name: SecretName,
    /// The version, which is the newest one still.
    pub version: Version,
    /// To whom, by when they lost access.
    pub to: Vec<ExposedTo>,
}

/// Who could read a secret, and lost access.
#[derive(Clone, Debug)]
pub struct ExposedTo {
    /// Who.
    pub principal: PrincipalId,
    /// Their name, or last one: an agent's name, a user's address.
    pub name: String,
    /// Position of the statement in which their access ended.
    pub ended: Seq,
    /// Time of that statement, as its author said.
    pub ended_at: Timestamp,
    /// Whether the audit log shows that they read this version; none for callers who may not read the log,
    /// and where what the log held is archived.
    pub read: Option<bool>,
}

/// One access that ended.
#[derive(Clone, Copy)]
struct Ended {
    principal: PrincipalId,
    profile: ProfileId,
    at: Seq,
    time: Timestamp,
}

impl<T: Transport> Session<T> {
    /// The secrets that are exposed: of one profile, or of all that the caller can open; to everyone who lost access in a
    /// statement after `after`, or ever.
    ///
    /// An access ends by a deletion or removal, a revoked grant, a deleted group, a lost role, or a token that was
    /// replaced. Deactivation and expiry end none: they are reversible, and no new key is made. A person who changes their own
    /// keys is the same person. A secret leaves the list with its first version that is written after the access ended, or
    /// when it is deleted.
    ///
    /// # Errors
    /// [`Error`] when the server cannot be reached, refuses, or shows something that does not verify.
    pub async fn exposures(&mut self, profile: Option<ProfileId>, after: Option<Seq>) -> Result<Vec<Exposure>, Error> {
        self.sync().await?;
        let ended = self.ended_accesses(after).await?;
        let profiles: BTreeSet<ProfileId> = ended.iter().map(|ended| ended.profile).collect();
        let reachable = |id: &ProfileId| {
            self.directory.profile(id).is_some()
                && self.directory.reading_group(&self.user.into(), id).is_some()
                && profile.is_none_or(|wanted| wanted == *id)
        };
        let mut exposures = Vec::new();
        for id in profiles.iter().filter(|id| reachable(id)) {
            self.add_exposed(*id, &ended, &mut exposures).await?;
        }
        if self.is_manager() {
            self.add_reads(&mut exposures).await?;
        }
        exposures.iter_mut().for_each(|(exposure, _)| exposure.to.sort_by_key(|to| to.ended));
        let mut exposures: Vec<Exposure> = exposures.into_iter().map(|(exposure, _)| exposure).collect();
        exposures.sort_by(|a, b| (&a.profile_name, a.name.expose()).cmp(&(&b.profile_name, b.name.expose())));
        Ok(exposures)
    }

    /// Replays the directory from its beginning, and notes who lost what.
    async fn ended_accesses(&self, after: Option<Seq>) -> Result<Vec<Ended>, Error> {
        let head = self.directory.head();
        let mut ended = Vec::new();
        let mut state: Option<Directory> = None;
        while state.as_ref().is_none_or(|state| state.head().seq < head.seq) {
            let from = state.as_ref().map_or(Seq::FIRST, |state| state.head().seq.next());
            let page: DirectoryPage = self.client.directory(&*self.who, from).await?;
            if page.statements.is_empty() {
                return Err(Error::withheld("directory statements"));
            }
            for statement in &page.statements {
                let Some(before) = &state else {
                    let genesis = Directory::genesis(statement, &self.directory.org());
                    state = Some(genesis.map_err(Error::forged_directory)?);
                    continue;
                };
                let verified = before.verify(statement).map_err(Error::forged_directory)?;
                let next = before.apply(&verified).map_err(Error::forged_directory)?;
                let at = next.head().seq;
                if at <= head.seq && after.is_none_or(|after| at > after) {
                    let time = verified.header().value().time;
                    let lost = lost(before, &next, &verified.body().changes);
                    ended.extend(lost.into_iter().map(|(principal, profile)| Ended { principal, profile, at, time }));
                }
                let reached = (at == head.seq).then(|| next.head().hash);
                if reached.is_some_and(|hash| hash != head.hash) {
                    return Err(Error::rolled_back("the server shows another directory than before"));
                }
                state = Some(next);
            }
        }
        Ok(ended)
    }

    /// Opens a profile, and notes which of its newest versions are as old as an access that ended.
    async fn add_exposed(
        &self,
        id: ProfileId,
        ended: &[Ended],
        exposures: &mut Vec<(Exposure, Timestamp)>,
    ) -> Result<(), Error> {
        let opened = self.open_profile(id).await?;
        for (sealed, plain) in opened.iter() {
            let mut to: BTreeMap<PrincipalId, ExposedTo> = BTreeMap::new();
            let accesses = ended.iter().filter(|ended| ended.profile == id && ended.time >= plain.updated_at);
            for Ended { principal, at, time, .. } in accesses {
                let name = name_of(&self.directory, principal);
                let exposed = ExposedTo { principal: *principal, name, ended: *at, ended_at: *time, read: None };
                to.insert(*principal, exposed);
            }
            if !to.is_empty() {
                let exposure = Exposure {
                    profile: id,
                    profile_name: opened.leaf().name.clone(),
                    secret: sealed.id,
                    name: plain.name.clone(),
                    version: sealed.version,
                    to: to.into_values().collect(),
                };
                exposures.push((exposure, plain.updated_at));
            }
        }
        Ok(())
    }

    /// Goes back through the audit log as far as it can matter, and notes what was read. Where that is archived, whoever
    /// is not found to have read stays unknown.
    async fn add_reads(&self, exposures: &mut [(Exposure, Timestamp)]) -> Result<(), Error> {
        let Some(oldest) = exposures.iter().map(|(_, updated_at)| *updated_at).min() else { return Ok(()) };
        let LogPage { size, archived, .. } = self.audit_page(MAX_SAFE_INTEGER).await?;
        let mut end = size;
        let mut reached = false;
        while end > archived && !reached {
            let start = end.saturating_sub(AUDIT_PAGE as u64).max(archived);
            let mut next = start;
            while next < end {
                let page = self.audit_page(next).await?;
                let first = page.records.first().ok_or_else(|| Error::bad_record(next, "it is missing"))?;
                reached |= first.record.time < oldest;
                next += page.records.len() as u64;
                for entry in &page.records {
                    self.note_read(entry, exposures)?;
                }
            }
            end = start;
        }
        if reached || archived == 0 {
            for to in exposures.iter_mut().flat_map(|(exposure, _)| &mut exposure.to) {
                to.read = Some(to.read == Some(true));
            }
        }
        Ok(())
    }

    fn note_read(&self, entry: &LogRecord, exposures: &mut [(Exposure, Timestamp)]) -> Result<(), Error> {
        let record = &entry.record;
        let (Some(principal), Outcome::Allowed) = (record.principal, record.outcome) else { return Ok(()) };
        let of = |profile: &ProfileId, exposure: &Exposure, updated_at: Timestamp| match &record.released {
            Some(Released::Profile { .. }) => exposure.profile == *profile && record.time >= updated_at,
            Some(Released::Secrets { secrets, .. } | Released::Versions { secrets, .. }) => {
                exposure.profile == *profile
                    && secrets.iter().any(|read| (read.secret, read.version) == (exposure.secret, exposure.version))
            }
            // Whatever these wrote; which versions those are does not matter: whoever reads that may read all.
            Some(Released::Revisions { .. }) => exposure.profile == *profile && record.time >= updated_at,
            _ => false,
        };
        let Some(
            Released::Profile { profile, .. }
            | Released::Secrets { profile, .. }
            | Released::Versions { profile, .. }
            | Released::Revisions { profile, .. },
        ) = &record.released
        else {
            return Ok(());
        };
        let mut matched = false;
        for (exposure, updated_at) in exposures.iter_mut() {
            if of(profile, exposure, *updated_at) {
                for to in exposure.to.iter_mut().filter(|to| to.principal == principal) {
                    to.read = Some(true);
                    matched = true;
                }
            }
        }
        if matched {
            // A server cannot log a read that nobody asked for.
            let owner = record
                .key_id
                .and_then(|key| self.directory.key_owner(&key))
                .filter(|owner| owner.principal == principal);
            let signed = owner.is_some_and(|owner| record.verify_request_signature(&owner.key).is_ok());
            if !signed {
                return Err(Error::bad_record(entry.position, "its principal did not sign the request"));
            }
        }
        Ok(())
    }
}

/// Who could read which profile before a statement, and cannot after it, or not with a key that they had.
fn lost(before: &Directory, after: &Directory, changes: &[Change]) -> BTreeSet<(PrincipalId, ProfileId)> {
    let mut candidates: BTreeSet<(PrincipalId, ProfileId)> = BTreeSet::new();
    let mut ended = BTreeSet::new();
    let members = |group: &GroupId| -> Vec<PrincipalId> {
        before.group(group).map(|group| group.members.iter().copied().collect()).unwrap_or_default()
    };
    let profiles = |group: &GroupId| -> Vec<ProfileId> {
        before.group(group).map(|group| group.profiles.iter().copied().collect()).unwrap_or_default()
    };
    let readable = |principal: &PrincipalId| -> Vec<ProfileId> {
        let groups = before.groups_of(principal);
        match groups.contains(&GroupId::ADMINS) {
            true => before.profiles().map(|profile| profile.id).collect(),
            false => groups.iter().flat_map(profiles).collect(),
        }
    };
    for change in changes {
        match change {
            Change::AgentDeleted { id } => {
                let principal = PrincipalId::Agent(*id);
                candidates.extend(readable(&principal).into_iter().map(|profile| (principal, profile)));
            }
            Change::AgentRekeyed { id, keys, .. } => {
                let principal = PrincipalId::Agent(*id);
                let ends = before.agent(id).is_some_and(|agent| agent.keys.iter().any(|old| !keys.contains(old)));
                if ends {
                    ended.extend(readable(&principal).into_iter().map(|profile| (principal, profile)));
                }
            }
            Change::UserRemoved { id } | Change::UserChanged { id, .. } => {
                let principal = PrincipalId::User(*id);
                candidates.extend(readable(&principal).into_iter().map(|profile| (principal, profile)));
            }
            Change::MemberRemoved { group, member } => {
                candidates.extend(profiles(group).into_iter().map(|profile| (*member, profile)));
            }
            Change::GroupDeleted { id } => {
                for member in members(id) {
                    candidates.extend(profiles(id).into_iter().map(|profile| (member, profile)));
                }
            }
            Change::ProfileRevoked { profile, group } => {
                candidates.extend(members(group).into_iter().map(|member| (member, *profile)));
            }
            _ => {}
        }
    }
    let could = |(principal, profile): &(PrincipalId, ProfileId)| before.reading_group(principal, profile).is_some();
    let can = |(principal, profile): &(PrincipalId, ProfileId)| after.reading_group(principal, profile).is_some();
    candidates.retain(|pair| could(pair) && !can(pair));
    candidates.extend(ended.into_iter().filter(could));
    candidates
}
