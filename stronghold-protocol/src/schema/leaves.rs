//! The schemas of types that are one text or one number in JSON.

use crate::{
    crypto::{
        hash::Hash,
        kem::KemPublicKey,
        sign::{KeyId, Signature, SigningPublicKey},
    },
    encoding::Base64Bytes,
    id::{AgentId, EventId, GroupId, InviteId, OrgId, ProfileId, SecretId, StagingId, UserId},
    manifest::KeyCommitment,
    name::{Email, Name},
    number::{Epoch, MAX_SAFE_INTEGER, Revision, RosterVersion, Seq, Version},
    problem::ProblemCode,
    request::{Authority, ContentDigest, RequestNonce, SignedRequest},
    roster::RosterNonce,
    secret::BlindIndex,
    time::Timestamp,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

macro_rules! leaf {
    ($($type:ty, $name:literal => $schema:expr;)*) => {
        $(impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        })*
    };
}

/// Base64url without padding of so many bytes; the bits that its last character has too many are zero.
fn bytes(length: usize) -> Schema {
    let (whole, rest) = (length / 3 * 4, length % 3);
    let pattern = match rest {
        0 => format!("^[A-Za-z0-9_-]{{{whole}}}$"),
        1 => format!("^[A-Za-z0-9_-]{{{}}}[AQgw]$", whole + 1),
        _ => format!("^[A-Za-z0-9_-]{{{}}}[AEIMQUYcgkosw048]$", whole + 2),
    };
    json_schema!({
        "type": "string",
        "pattern": pattern,
        "description": format!("{length} bytes, base64url without padding"),
    })
}

fn id() -> Schema {
    json_schema!({
        "type": "string",
        "format": "uuid",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "description": "a UUID, made as version 7, in lower case with hyphens",
    })
}

fn number(first: u64) -> Schema {
    json_schema!({"type": "integer", "minimum": first, "maximum": MAX_SAFE_INTEGER})
}

leaf! {
    Hash, "Hash" => bytes(Hash::LENGTH);
    OrgId, "OrgId" => bytes(OrgId::LENGTH);
    KeyId, "KeyId" => bytes(KeyId::LENGTH);
    SigningPublicKey, "SigningPublicKey" => bytes(SigningPublicKey::LENGTH);
    Signature, "Signature" => bytes(Signature::LENGTH);
    BlindIndex, "BlindIndex" => bytes(BlindIndex::LENGTH);
    KeyCommitment, "KeyCommitment" => bytes(KeyCommitment::LENGTH);
    RosterNonce, "RosterNonce" => bytes(RosterNonce::LENGTH);
    RequestNonce, "RequestNonce" => bytes(RequestNonce::LENGTH);
    KemPublicKey, "KemPublicKey" => bytes(KemPublicKey::LENGTH);
    UserId, "UserId" => id();
    AgentId, "AgentId" => id();
    GroupId, "GroupId" => id();
    ProfileId, "ProfileId" => id();
    SecretId, "SecretId" => id();
    InviteId, "InviteId" => id();
    StagingId, "StagingId" => id();
    EventId, "EventId" => id();
    Seq, "Seq" => number(0);
    RosterVersion, "RosterVersion" => number(1);
    Revision, "Revision" => number(1);
    Epoch, "Epoch" => number(1);
    Version, "Version" => number(1);
    Base64Bytes, "Base64Bytes" => json_schema!({
        "type": "string",
        "pattern": "^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$",
        "description": "bytes, base64url without padding",
    });
    Timestamp, "Timestamp" => json_schema!({
        "type": "string",
        "format": "date-time",
        "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
        "description": "RFC 3339, UTC, milliseconds; 1970 to 9999",
    });
    Name, "Name" => json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 128,
        "description": "NFC, without control characters and without white space at either end, not shaped like an id",
    });
    Email, "Email" => json_schema!({
        "type": "string",
        "minLength": 3,
        "maxLength": 254,
        "pattern": "^[^@]+@[^@]+$",
        "description": "NFC, in lower case; at most 254 bytes",
    });
    ProblemCode, "ProblemCode" => json_schema!({
        "type": "string",
        "pattern": "^[a-z_]+$",
        "examples": ProblemCode::ALL.iter().map(ProblemCode::as_str).collect::<Vec<_>>(),
    });
    ContentDigest, "ContentDigest" => json_schema!({
        "type": "string",
        "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$",
    });
    Authority, "Authority" => json_schema!({
        "type": "string",
        "minLength": 1,
        "description": "the authority that was signed for, in lower case, without the scheme's default port",
    });
}

impl JsonSchema for SignedRequest {
    fn schema_name() -> Cow<'static, str> {
        "SignedRequest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Self::record_schema(generator)
    }
}
