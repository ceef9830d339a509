//! Audit records: who asked for what, when, and what came of it.
//!
//! A record is the leaf of an organization's audit log, as the exact bytes that were written: they are parsed, never
//! encoded again. It holds the principal's own signed request, so that nobody can add a read that was not asked for. What
//! a person does before having a key to sign with, a log-in, is recorded too, as the server's word.
//!
//! Specified in `docs/protocol.md`, section 13.

use crate::{
    crypto::{
        hash::Hash,
        sign::{KeyId, SignatureRejected, SigningPublicKey},
    },
    directory::HeaderRef,
    id::{EventId, OrgId, PrincipalId, ProfileId, SecretId},
    json::{self, by_kind},
    merkle,
    number::{Revision, Seq, Version},
    request::SignedRequest,
    secret::BlindIndex,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// One entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    /// Version of this form.
    pub schema: RecordSchema,
    /// The record's stable id.
    pub id: EventId,
    /// The organization.
    pub org: OrgId,
    /// When the server decided.
    pub time: Timestamp,
    /// Who asked; none when no principal has the key.
    pub principal: Option<PrincipalId>,
    /// Which key signed the request; none where nobody could sign it ([`UnsignedAction`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// The route's action, for example `profile.read`.
    pub action: String,
    /// What the server decided.
    pub outcome: Outcome,
    /// Why it was denied: a problem code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was released or stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
    /// From where, as the server saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The newest directory header, as of which the server decided.
    pub directory: HeaderRef,
    /// The principal's own signed request, with the authority for which it verified; none where nobody could sign it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<SignedRequest>,
}

/// What is done before there is a key to sign it with, and recorded all the same. Such a record is the server's word alone, so it
/// never says that anything of a profile was read: a server that made one up would only say of a person that they logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnsignedAction {
    /// An organization is created: the first record of its log, which names the genesis that its owners signed.
    OrgCreate,
    /// A log-in starts. Whoever has the account key can tell from the answer whether a password is right.
    LoginStart,
    /// A log-in finishes: the account's envelope is released, or the proof of the password was wrong.
    LoginFinish,
}

impl UnsignedAction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::OrgCreate, Self::LoginStart, Self::LoginFinish];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrgCreate => "org.create",
            Self::LoginStart => "login.start",
            Self::LoginFinish => "login.finish",
        }
    }

    /// The action of this name, if it is one of these.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// Version of the form of an [`AuditRecord`]: 1, the only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "u64", into = "u64")]
pub struct RecordSchema;

/// What the server decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The request was answered.
    Allowed,
    /// The request was refused.
    Denied,
}

by_kind! {
    /// What a request brought out, or in.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    pub enum Released {
        /// All secrets of a profile were read.
        Profile {
            /// The profile.
            profile: ProfileId,
            /// The revision.
            revision: Revision,
            /// The revision's manifest.
            manifest: Hash,
        },
        /// Some secrets of a profile were read.
        Secrets {
            /// The profile.
            profile: ProfileId,
            /// The revision.
            revision: Revision,
            /// Those that were there.
            secrets: Vec<ReleasedSecret>,
            /// The blind indexes that were asked for and proven absent.
            absent: Vec<BlindIndex>,
        },
        /// Versions of a profile's secrets were read, whatever its newest revision holds.
        Versions {
            /// The profile.
            profile: ProfileId,
            /// The versions; purged ones are not among them.
            secrets: Vec<ReleasedSecret>,
        },
        /// Whatever these revisions of a profile wrote was read.
        Revisions {
            /// The profile.
            profile: ProfileId,
            /// The first revision.
            from: Revision,
            /// The last one.
            through: Revision,
        },
        /// A directory statement was accepted.
        Statement {
            /// Its position.
            seq: Seq,
            /// Hash of its header.
            hash: Hash,
        },
        /// A profile's revision was accepted.
        Manifest {
            /// The profile.
            profile: ProfileId,
            /// The revision.
            revision: Revision,
            /// The revision's manifest.
            manifest: Hash,
        },
    }
}

/// One secret that was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReleasedSecret {
    /// The secret.
    pub secret: SecretId,
    /// Its version.
    pub version: Version,
}

/// Bytes are not an audit record, or a record cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an audit record: {0}")]
pub struct InvalidRecord(String);

impl AuditRecord {
    /// The exact bytes to store and hash. They are made once and kept; nothing encodes a stored record again.
    ///
    /// # Errors
    /// [`InvalidRecord`] when the record does not serialize, which none does.
    pub fn encode(&self) -> Result<Vec<u8>, InvalidRecord> {
        serde_json::to_vec(self).map_err(|error| InvalidRecord(error.to_string()))
    }

    /// Parses stored bytes, strictly.
    ///
    /// # Errors
    /// [`InvalidRecord`] when they are not JSON of exactly this form, lack the request that the action needs, or say of the
    /// outcome what contradicts itself.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidRecord> {
        let record: Self = json::from_slice(bytes).map_err(|error| InvalidRecord(error.to_string()))?;
        record.check_request()?;
        record.check_outcome()?;
        Ok(record)
    }

    /// Key and request are there, or neither where nobody could sign.
    fn check_request(&self) -> Result<(), InvalidRecord> {
        let unsigned = UnsignedAction::named(&self.action).is_some();
        if self.key_id.is_some() != unsigned && self.request.is_some() != unsigned {
            return Ok(());
        }
        Err(InvalidRecord("it has not the signed request that goes with its action".to_owned()))
    }

    /// What was allowed has no reason, and what was denied has one and released nothing.
    fn check_outcome(&self) -> Result<(), InvalidRecord> {
        match (self.outcome, &self.reason, &self.released) {
            (Outcome::Allowed, None, _) | (Outcome::Denied, Some(_), None) => Ok(()),
            _ => Err(InvalidRecord("what it says of the outcome contradicts itself".to_owned())),
        }
    }

    /// Verifies that `key`, which the record names, signed the request in it for the authority in it.
    ///
    /// Whether the key was the principal's is for the directory to say, as of the header that the record names.
    ///
    /// # Errors
    /// [`SignatureRejected`] when record, request and key do not belong together, or nobody signed.
    pub fn verify_request_signature(&self, key: &SigningPublicKey) -> Result<(), SignatureRejected> {
        match self.signed() {
            Some((key_id, request)) if key_id == request.key_id() => request.verify_signature(key),
            _ => Err(SignatureRejected),
        }
    }

    /// The signed request and which key signed it, as the record says; none of an [`UnsignedAction`].
    #[must_use]
    pub fn signed(&self) -> Option<(KeyId, &SignedRequest)> {
        self.key_id.zip(self.request.as_ref())
    }
}

/// Hash of a record's bytes as a leaf of the audit log: SHA-256(0x00 || bytes) (RFC 6962, section 2.1).
#[must_use]
pub fn record_leaf_hash(bytes: &[u8]) -> Hash {
    merkle::leaf_hash(bytes)
}

const SCHEMA: u64 = 1;

impl TryFrom<u64> for RecordSchema {
    type Error = InvalidRecord;

    fn try_from(version: u64) -> Result<Self, InvalidRecord> {
        if version == SCHEMA { Ok(Self) } else { Err(InvalidRecord(format!("schema {version} is not known"))) }
    }
}

impl From<RecordSchema> for u64 {
    fn from(RecordSchema: RecordSchema) -> Self {
        SCHEMA
    }
}
