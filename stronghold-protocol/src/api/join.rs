//! Joining an organization, and changing one's own keys.

use super::{AccountBundle, CommitStatement};
use crate::{
    encoding::Base64Bytes,
    id::{InviteId, UserId},
    number::Seq,
    receipt::Receipt,
    signed::Signed,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Body of `POST .../invitation/registration`, signed by the key of an invitation: the OPAQUE registration of the person
/// to be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinStart {
    /// Their id from now on.
    pub user: UserId,
    /// OPAQUE registration request.
    pub registration: Base64Bytes,
    /// Position of the header at which the invitation was made.
    pub floor: Seq,
}

/// Reply to `POST .../invitation/registration`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinStarted {
    /// OPAQUE registration response.
    pub registration: Base64Bytes,
    /// The header at the floor, whose hash the invitation's code begins.
    pub header: Signed,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Body of `POST .../invitation`, signed by the key of an invitation. Sent again, it changes nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The signed [`crate::acceptance::Acceptance`].
    pub acceptance: Signed,
    /// How the person logs in.
    pub account: AccountBundle,
}

/// Reply to `POST .../invitation`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Joined {
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Reply to `GET .../acceptances`: the open invitations that were accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Acceptances {
    /// By invitation.
    pub acceptances: Vec<AcceptedInvite>,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// An invitation that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AcceptedInvite {
    /// Which.
    pub invite: InviteId,
    /// The signed [`crate::acceptance::Acceptance`].
    pub acceptance: Signed,
}

/// Body of `POST .../keys`: the statement in which a person changes their own keys, and the account that holds the new
/// ones, all or nothing.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateKeys {
    /// The statement.
    pub commit: CommitStatement,
    /// The new seed, organization and floors, encrypted under the OPAQUE export key, which stays.
    pub envelope: Base64Bytes,
    /// The new seed, sealed to the recovery kit.
    pub recovery: Base64Bytes,
}

/// Body of `POST .../key-requests`: the keys that a member asks for, and what the account is to hold once they are
/// confirmed. A later request of the same member takes its place.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestKeys {
    /// The signed [`crate::key_request::KeyRequest`].
    pub request: Signed,
    /// The new seed, organization and floors, encrypted under the OPAQUE export key, which stays.
    pub envelope: Base64Bytes,
    /// The new seed, sealed to the recovery kit.
    pub recovery: Base64Bytes,
}

/// Reply to `POST .../key-requests`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeysRequested {
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Reply to `GET .../key-requests`: what members ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyRequests {
    /// By member.
    pub requests: Vec<RequestedKeys>,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// New keys that a member asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestedKeys {
    /// Who.
    pub user: UserId,
    /// The signed [`crate::key_request::KeyRequest`].
    pub request: Signed,
}

impl fmt::Debug for RequestKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestKeys([REDACTED])")
    }
}

impl fmt::Debug for RotateKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RotateKeys([REDACTED])")
    }
}
