//! A person's next password, and the seed for whoever holds a recovery kit.

use crate::{crypto::sign::KeyId, encoding::Base64Bytes, receipt::Receipt};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Body of `POST .../account/registration`: the OPAQUE registration of the caller's next password.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountStart {
    /// OPAQUE registration request.
    pub registration: Base64Bytes,
}

/// Reply to `POST .../account/registration`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountStarted {
    /// OPAQUE registration response.
    pub registration: Base64Bytes,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Body of `POST .../account`: the caller's password record and envelope from now on, all or nothing.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReplaceAccount {
    /// The signing key whose seed the envelope holds; refused unless it is the caller's in force.
    pub key: KeyId,
    /// OPAQUE registration upload.
    pub registration: Base64Bytes,
    /// Seed, organization and floors, encrypted under the OPAQUE export key.
    pub envelope: Base64Bytes,
}

/// Reply to `POST .../account`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AccountReplaced {
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

/// Reply to `GET .../recovery`, whose request a recovery kit signed.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecoverySeed {
    /// The seed, sealed to the recovery kit.
    pub recovery: Base64Bytes,
    /// The audit record, and the server's word that it is logged.
    pub receipt: Receipt,
}

impl fmt::Debug for ReplaceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplaceAccount([REDACTED])")
    }
}

impl fmt::Debug for RecoverySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoverySeed([REDACTED])")
    }
}
