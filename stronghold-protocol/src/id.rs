//! Identifiers of the objects of an organization.
//!
//! An id is a `UUIDv7` (RFC 9562): 16 raw bytes in binary contexts, hyphenated lower case in text. An organization's id
//! is the hash of its genesis roster instead, so that whoever knows the id knows the root of trust.

use crate::{crypto::random, encoding::byte_type, time::Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// A text was not an id in its only accepted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an id: a UUID, hyphenated, in lower case")]
pub struct InvalidId;

macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id from the time and 74 random bits.
            ///
            /// # Errors
            /// [`random::RandomnessUnavailable`] when the operating system gives no randomness.
            pub fn generate(now: Timestamp) -> Result<Self, random::RandomnessUnavailable> {
                let random = random::array::<10>()?;
                let millis = u64::try_from(now.as_millis()).unwrap_or(0);
                Ok(Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()))
            }

            /// The id with these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_uuid(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    };
}

id_type!(
    /// Identifies a human member.
    UserId
);
id_type!(
    /// Identifies a non-human member.
    AgentId
);
id_type!(
    /// Identifies a group.
    GroupId
);
id_type!(
    /// Identifies a deployment profile.
    ProfileId
);
id_type!(
    /// Identifies a secret within its profile.
    SecretId
);
id_type!(
    /// Identifies an invitation.
    InviteId
);
id_type!(
    /// Identifies one attempt at encrypting a profile anew.
    StagingId
);
id_type!(
    /// Identifies an audit record: the stable event id.
    EventId
);

byte_type!(
    /// Identifies an organization: the object hash of its genesis roster (32 bytes, base64url in text).
    OrgId,
    32
);

impl GroupId {
    /// The built-in group of the roster's owners and admins, in every organization: the nil UUID.
    pub const ADMINS: Self = Self(Uuid::nil());
}

/// Whether a text has the shape of an id, and so may not be a name: names and ids are accepted in the same places.
#[must_use]
pub fn is_id_shaped(text: &str) -> bool {
    Uuid::try_parse(text).is_ok() || text.parse::<OrgId>().is_ok()
}

/// Anyone who signs requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "id", rename_all = "snake_case", deny_unknown_fields)]
pub enum PrincipalId {
    /// A human.
    User(UserId),
    /// A non-human actor.
    Agent(AgentId),
}

impl PrincipalId {
    /// `user` or `agent`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Agent(_) => "agent",
        }
    }

    /// The 16 raw bytes of the id, without the kind. Unique across kinds, since ids are.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        match self {
            Self::User(id) => id.as_bytes(),
            Self::Agent(id) => id.as_bytes(),
        }
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::Agent(id) => write!(f, "agent {id}"),
        }
    }
}

impl From<UserId> for PrincipalId {
    fn from(id: UserId) -> Self {
        Self::User(id)
    }
}

impl From<AgentId> for PrincipalId {
    fn from(id: AgentId) -> Self {
        Self::Agent(id)
    }
}

fn parse_uuid(text: &str) -> Result<Uuid, InvalidId> {
    let well_formed = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if !well_formed {
        return Err(InvalidId);
    }
    Uuid::try_parse(text).map_err(|_| InvalidId)
}
