//! Statements that a client verified and a server does not have, told so that they can be made again.

use super::View;
use crate::session::DirectoryCache;
use serde::Serialize;
use stronghold_protocol::{
    crypto::hash::Hash,
    directory::{AgentStatus, Change, Directory, Role, Statement},
    id::{AgentId, GroupId, PrincipalId, ProfileId, UserId},
    name::Email,
    number::Seq,
    time::Timestamp,
};

/// A statement that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostStatement {
    /// Its position.
    pub seq: Seq,
    /// Its header's hash.
    pub hash: Hash,
    /// When it was made, as its author said.
    pub time: Timestamp,
    /// The address of who signed it.
    pub author: Option<Email>,
    /// What it changed, in order.
    pub changes: Vec<LostChange>,
}

/// One change of a statement that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LostChange {
    /// The kind, as in the statement.
    pub kind: &'static str,
    /// What was changed, in words and with names.
    pub text: String,
}

impl DirectoryCache {
    /// The statements in the first `bytes` of the file that are not the server's, oldest first; and the state that those
    /// bytes add up to.
    pub(super) fn lost(&self, bytes: u64, view: &View) -> (Vec<LostStatement>, Option<Directory>) {
        let mut lost = Vec::new();
        let cached = self.read_first_each(bytes, &mut |before, statement, after| {
            let held = view.state(after.head().seq).is_some_and(|state| state.head() == after.head());
            // The genesis is pinned by the organization's id: it cannot be lost.
            if let Some(before) = before.filter(|_| !held) {
                lost.extend(told(before, statement, after));
            }
        });
        (lost, cached)
    }
}

fn told(before: &Directory, statement: &Statement, after: &Directory) -> Option<LostStatement> {
    let verified = before.verify(statement).ok()?;
    let header = verified.header();
    let mut signers = header.envelope().signatures.iter().filter_map(|signature| after.key_owner(&signature.key));
    let author = signers.find_map(|owner| match owner.principal {
        PrincipalId::User(user) => before.user(&user).map(|user| user.email.clone()),
        PrincipalId::Agent(_) => None,
    });
    let names = Names { before, after };
    let changes =
        verified.body().changes.iter().map(|change| LostChange { kind: change.kind(), text: names.told(change) });
    let head = after.head();
    Some(LostStatement {
        seq: head.seq,
        hash: head.hash,
        time: header.value().time,
        author,
        changes: changes.collect(),
    })
}

/// What changes from `before` to `after`, in words and with names.
pub(super) fn told_changes(before: &Directory, changes: &[Change], after: &Directory) -> String {
    let names = Names { before, after };
    changes.iter().map(|change| names.told(change)).collect::<Vec<_>>().join("; ")
}

/// Looks names up: what a statement ends has its name before it, what it begins after it.
struct Names<'a> {
    before: &'a Directory,
    after: &'a Directory,
}

impl Names<'_> {
    fn told(&self, change: &Change) -> String {
        match change {
            Change::RosterChanged { .. } => format!("roster changed: version {}", self.after.roster_ref().version),
            Change::ApprovalPending { .. } => "change of the roster proposed".to_owned(),
            Change::ApprovalWithdrawn { .. } => "proposed change of the roster withdrawn".to_owned(),
            Change::PolicyChanged { name } => format!("organization renamed: {name}"),
            Change::CheckpointKeyChanged { .. } => "key of the audit log's checkpoints changed".to_owned(),
            Change::AgentCreated { name, .. } => format!("agent created: {name}"),
            Change::AgentChanged { id, name, status, .. } => self.agent_changed(id, name.as_str(), *status),
            Change::AgentRekeyed { id, keys, .. } => match keys.len() {
                1 => format!("agent's token rotated, the old one ended: {}", self.agent(id)),
                _ => format!("agent's token rotated, with the old one for a time: {}", self.agent(id)),
            },
            Change::AgentDeleted { id } => format!("agent deleted: {}", self.agent(id)),
            Change::UserInvited { email, role, .. } => format!("invited: {email} as {}", word(*role)),
            Change::InviteCancelled { id } => {
                let email = self.before.invite(id).map_or_else(|| id.to_string(), |invite| invite.email.to_string());
                format!("invitation cancelled: {email}")
            }
            Change::UserConfirmed { email, role, .. } => format!("member confirmed: {email} as {}", word(*role)),
            Change::UserChanged { id, email, role } => {
                format!("member changed: {}, now {email} as {}", self.user(id), word(*role))
            }
            Change::UserRekeyed { id, .. } => format!("member's keys changed: {}", self.user(id)),
            Change::UserRemoved { id } => format!("member removed: {}", self.user(id)),
            Change::SecretPurged { profile, secret, versions } => {
                format!("{} versions of secret {secret} purged: {}", versions.len(), self.profile(profile))
            }
            Change::GroupCreated { name, .. } => format!("group created: {name}"),
            Change::GroupDeleted { id } => format!("group deleted: {}", self.group(id)),
            Change::GroupEpoch { id, epoch, .. } => {
                format!("group's key renewed: {}, generation {epoch}", self.group(id))
            }
            Change::MemberAdded { group, member } => {
                format!("added to group {}: {}", self.group(group), self.principal(member))
            }
            Change::MemberRemoved { group, member } => {
                format!("taken out of group {}: {}", self.group(group), self.principal(member))
            }
            Change::ProfileCreated { name, .. } => format!("profile created: {name}"),
            Change::ProfileRenamed { id, name, .. } => format!("profile renamed: {}, now {name}", self.profile(id)),
            Change::ProfileEpoch { id, epoch, .. } => {
                format!("profile's key renewed: {}, generation {epoch}", self.profile(id))
            }
            Change::ProfileGranted { profile, group, write, history } => {
                let what = match (write, history) {
                    (false, false) => "read",
                    (true, false) => "read and write",
                    (false, true) => "read with history",
                    (true, true) => "read with history and write",
                };
                format!("granted to group {}: {what} {}", self.group(group), self.profile(profile))
            }
            Change::ProfileRevoked { profile, group } => {
                format!("revoked from group {}: {}", self.group(group), self.profile(profile))
            }
            Change::ProfileVouched { id, vouched } => {
                format!("vouched for revision {}: {}", vouched.revision, self.profile(id))
            }
            Change::ProfileDeleted { id } => format!("profile deleted: {}", self.profile(id)),
        }
    }

    fn agent_changed(&self, id: &AgentId, name: &str, status: AgentStatus) -> String {
        let was = self.before.agent(id);
        let mut text = match (was.map(|agent| agent.status), status) {
            (Some(AgentStatus::Active), AgentStatus::Inactive) => format!("agent deactivated: {name}"),
            (Some(AgentStatus::Inactive), AgentStatus::Active) => format!("agent activated: {name}"),
            _ => format!("agent changed: {name}"),
        };
        if let Some(was) = was.filter(|agent| agent.name.as_str() != name) {
            text.push_str(&format!(", before {}", was.name));
        }
        let conditions = self.after.agent(id).map(|agent| &agent.conditions);
        if let Some(conditions) = conditions.filter(|now| was.is_some_and(|agent| agent.conditions != **now)) {
            match conditions.expires_at {
                Some(at) => text.push_str(&format!(", expires {at}")),
                None => text.push_str(", expires never"),
            }
            if !conditions.source_cidrs.is_empty() {
                text.push_str(&format!(", from {}", conditions.source_cidrs.join(" ")));
            }
            if let Some(uses) = conditions.max_uses {
                text.push_str(&format!(", {uses} uses"));
            }
        }
        text
    }

    fn agent(&self, id: &AgentId) -> String {
        let found = self.before.agent(id).or_else(|| self.after.agent(id));
        found.map_or_else(|| id.to_string(), |agent| agent.name.to_string())
    }

    fn user(&self, id: &UserId) -> String {
        let found = self.before.user(id).or_else(|| self.after.user(id));
        found.map_or_else(|| id.to_string(), |user| user.email.to_string())
    }

    fn principal(&self, id: &PrincipalId) -> String {
        match id {
            PrincipalId::User(user) => self.user(user),
            PrincipalId::Agent(agent) => format!("agent {}", self.agent(agent)),
        }
    }

    fn group(&self, id: &GroupId) -> String {
        let found = self.before.group(id).or_else(|| self.after.group(id));
        found.map_or_else(|| id.to_string(), |group| group.name.to_string())
    }

    fn profile(&self, id: &ProfileId) -> String {
        let found = self.before.profile(id).or_else(|| self.after.profile(id));
        found.map_or_else(|| id.to_string(), |profile| profile.name.to_string())
    }
}

pub(super) const fn word(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Admin => "admin",
        Role::Editor => "editor",
        Role::Auditor => "auditor",
    }
}
