//! Setting up an organization, and logging in as a person.

use crate::{
    crypto::sign::SigningPublicKey,
    directory::{AgentStatus, HeaderRef, Role, Statement},
    encoding::Base64Bytes,
    id::{OrgId, PrincipalId, UserId},
    json::by_kind,
    name::{Email, Name},
    receipt::Receipt,
    seal::Seal,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Body of `POST /v1/setup`: the OPAQUE registration of a first owner, allowed by a setup code.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetupStart {
    /// The one-time code from the server's operator; it is not used up yet.
    pub setup_code: String,
    /// The organization to be.
    pub org: OrgId,
    /// Its first owner.
    pub user: UserId,
    /// OPAQUE registration request.
    pub registration: Base64Bytes,
}

/// Reply to `POST /v1/setup`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SetupStarted {
    /// OPAQUE registration response.
    pub registration: Base64Bytes,
    /// The key with which the server signs audit checkpoints, for the directory to name.
    pub checkpoint_key: SigningPublicKey,
}

/// Body of `POST /v1/orgs`: the genesis of an organization. Uses up the setup code.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateOrganization {
    /// The same code as in [`SetupStart`].
    pub setup_code: String,
    /// The genesis statement.
    pub statement: Statement,
    /// The admins' seed, sealed to the owner.
    pub seals: Vec<Seal>,
    /// How the owner logs in.
    pub account: AccountBundle,
}

/// What the server keeps so that a person can log in: it opens none of it.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountBundle {
    /// Whose.
    pub user: UserId,
    /// OPAQUE registration upload.
    pub registration: Base64Bytes,
    /// Seed, organization and floors, encrypted under the OPAQUE export key.
    pub envelope: Base64Bytes,
    /// The seed, sealed to the recovery kit.
    pub recovery: Base64Bytes,
}

/// Reply to `POST /v1/orgs`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CreatedOrganization {
    /// The organization.
    pub org: OrgId,
    /// Its genesis.
    pub head: HeaderRef,
}

/// Body of `POST /v1/login/start`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginStart {
    /// The organization.
    pub org: OrgId,
    /// Who logs in.
    pub user: UserId,
    /// OPAQUE credential request (KE1).
    pub request: Base64Bytes,
}

/// Reply to `POST /v1/login/start`: the same for users who do not exist.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginStarted {
    /// Names the attempt; it can be finished once, soon.
    pub login: Base64Bytes,
    /// OPAQUE credential response (KE2).
    pub response: Base64Bytes,
}

/// Body of `POST /v1/login/finish`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginFinish {
    /// Which attempt.
    pub login: Base64Bytes,
    /// OPAQUE credential finalization (KE3).
    pub finalization: Base64Bytes,
}

/// Reply to `POST /v1/login/finish`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoginFinished {
    /// The envelope of [`AccountBundle`].
    pub envelope: Base64Bytes,
}

/// Reply to `GET .../whoami`: who the server takes the caller for, and whether it serves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WhoAmI {
    /// The caller.
    pub principal: PrincipalId,
    /// The agent's name, or the user's address.
    pub name: String,
    /// The organization's name.
    pub org_name: Name,
    /// What else the server knows.
    pub status: WhoAmIStatus,
    /// The server's clock, for people to compare.
    pub server_time: Timestamp,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

by_kind! {
    /// What the server knows of a caller, by kind.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub enum WhoAmIStatus {
        /// An agent.
        Agent {
            /// Its status.
            status: AgentStatus,
            /// When it expires.
            expires_at: Option<Timestamp>,
        },
        /// A user.
        User {
            /// Their address.
            email: Email,
            /// Their role.
            role: Role,
        },
    }
}

macro_rules! redacted_debug {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([REDACTED])"))
            }
        })*
    };
}
redacted_debug!(SetupStart, CreateOrganization, AccountBundle);
