//! What a proven key's holder is, and whether it is served now.

use serde::Serialize;
use std::net::IpAddr;
use stronghold_protocol::{
    crypto::{kem::KemPublicKey, sign::KeyId},
    directory::{Agent, AgentStatus, Directory, KeyOwner, Role},
    id::PrincipalId,
    problem::{Problem, ProblemCode},
    time::Timestamp,
};

/// The kinds of callers that the route table tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// A non-human member.
    Agent,
    /// A user who may do everything.
    Owner,
    /// A user who may do everything but change owners.
    Admin,
    /// A user who writes the profiles that its groups may write.
    Editor,
    /// A user who reads the audit log only.
    Auditor,
    /// Who holds the code of an open invitation, and is nobody yet.
    Invitee,
    /// Who holds a member's recovery kit.
    Recovery,
}

impl CallerKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Agent, Self::Owner, Self::Admin, Self::Editor, Self::Auditor, Self::Invitee, Self::Recovery];

    /// Whether it is a person, signing with their own keys.
    #[must_use]
    pub const fn is_user(self) -> bool {
        !matches!(self, Self::Agent | Self::Invitee | Self::Recovery)
    }

    /// Whether it is an owner or admin, who reach everything.
    #[must_use]
    pub const fn is_manager(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

impl From<Role> for CallerKind {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Editor => Self::Editor,
            Role::Auditor => Self::Auditor,
        }
    }
}

/// A caller whose signature verified and whose status is good.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub principal: PrincipalId,
    /// What it is, for the route table.
    pub kind: CallerKind,
    /// With which key it signed.
    pub key: KeyId,
    /// The KEM key of the same set: what is sealed to the caller is sealed to it.
    pub kem: KemPublicKey,
    /// How many reads it may be served, if that is limited.
    pub max_uses: Option<u64>,
}

/// Judges the holder of a key whose signature verified: deleted, key replaced, deactivated, too early, expired, wrong
/// address, in this order. The number of uses is counted where something is released.
///
/// # Errors
/// The [`Problem`] that tells the proven holder its own status.
pub(crate) fn check_standing(
    directory: &Directory,
    owner: &KeyOwner,
    address: Option<IpAddr>,
    now: Timestamp,
) -> Result<Caller, Problem> {
    let key = owner.key.key_id();
    match owner.principal {
        PrincipalId::Agent(id) => {
            let agent = directory.agent(&id).filter(|agent| !agent.deleted).ok_or_else(deleted)?;
            let keys = agent.keys.iter().find(|keys| keys.sign.key_id() == key && !owner.ended);
            let keys = keys.ok_or_else(|| key_ended("this token was replaced by a newer one: use that"))?;
            check_agent(agent, address, now)?;
            Ok(Caller {
                principal: owner.principal,
                kind: CallerKind::Agent,
                key,
                kem: keys.kem.clone(),
                max_uses: agent.conditions.max_uses,
            })
        }
        PrincipalId::User(id) => {
            let user = directory.user(&id).filter(|user| !user.removed).ok_or_else(deleted)?;
            let (kind, keys) = if user.recovery.sign.key_id() == key {
                (CallerKind::Recovery, &user.recovery)
            } else {
                (user.role.into(), &user.keys)
            };
            if owner.ended || keys.sign.key_id() != key {
                return Err(key_ended("these keys were changed: sign in again"));
            }
            Ok(Caller { principal: owner.principal, kind, key, kem: keys.kem.clone(), max_uses: None })
        }
    }
}

fn check_agent(agent: &Agent, address: Option<IpAddr>, now: Timestamp) -> Result<(), Problem> {
    let conditions = &agent.conditions;
    if agent.status != AgentStatus::Active {
        return Err(Problem::new(ProblemCode::Inactive, "an administrator can activate this agent again"));
    }
    if let Some(from) = conditions.not_before.filter(|from| now < *from) {
        return Err(Problem::new(ProblemCode::NotYetValid, format!("this agent is valid from {from}")));
    }
    if let Some(until) = conditions.expires_at.filter(|until| now >= *until) {
        let detail = format!("this agent expired at {until}; an administrator can extend it");
        return Err(Problem::new(ProblemCode::Expired, detail));
    }
    // A caller in the server's own process has no address, and so is within no range.
    let allowed = match address {
        Some(address) => conditions.allow_address(address),
        None => conditions.source_cidrs.is_empty(),
    };
    if allowed {
        Ok(())
    } else {
        Err(Problem::new(ProblemCode::AddressRefused, "this agent is not served at the address it asks from"))
    }
}

fn deleted() -> Problem {
    Problem::new(ProblemCode::Deleted, "an administrator deleted this access; ask for a new one")
}

fn key_ended(detail: &'static str) -> Problem {
    Problem::new(ProblemCode::KeyEnded, detail)
}
