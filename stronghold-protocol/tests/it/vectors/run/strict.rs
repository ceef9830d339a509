//! Texts that look like what they are said to be, to a decoder that is not strict.

use super::{Came, why};
use crate::vectors::protocol::{
    acceptance::Acceptance,
    api::{DirectoryPage, SealedPart, SealedProfile},
    audit::AuditRecord,
    crypto::hash::Hash,
    directory::{Directory, DirectoryRefusal, Header, Statement},
    encoding::Base64Bytes,
    id::OrgId,
    json,
    key_request::KeyRequest,
    manifest::Manifest,
    merkle::{Consistency, Inclusion},
    receipt::Receipt,
    roster::Roster,
    signed::{Payload, Signed},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    r#type: String,
    text: String,
}

/// Decodes a text as a type.
pub(super) fn decode(case: &Text) -> Came {
    let text = case.text.as_str();
    match case.r#type.as_str() {
        Roster::TYPE => payload::<Roster>(text),
        Header::TYPE => payload::<Header>(text),
        Manifest::TYPE => payload::<Manifest>(text),
        Acceptance::TYPE => payload::<Acceptance>(text),
        KeyRequest::TYPE => payload::<KeyRequest>(text),
        "body.v1" => body(text),
        "record" => AuditRecord::parse(text.as_bytes()).map(|_| Value::Null).map_err(why),
        "signed" => message::<Signed>(text),
        "statement" => message::<Statement>(text),
        "inclusion" => message::<Inclusion>(text),
        "consistency" => message::<Consistency>(text),
        "receipt" => message::<Receipt>(text),
        "read" => message::<SealedProfile>(text),
        "partial read" => message::<SealedPart>(text),
        "directory" => message::<DirectoryPage>(text),
        other => Err(format!("nothing is a {other}")),
    }
}

/// What is signed is decoded when it verified: here by its own hash.
fn payload<T: Payload>(text: &str) -> Came {
    let signed = Signed { payload: Base64Bytes(text.as_bytes().to_vec()), signatures: Vec::new() };
    let Hash(hash) = signed.hash_as::<T>();
    signed.pinned::<T>(&hash).map(|_| Value::Null).map_err(why)
}

/// A body is decoded by whoever replays it. Whatever else refuses this one, its form does not.
fn body(text: &str) -> Came {
    let header = Signed { payload: Base64Bytes::default(), signatures: Vec::new() };
    let statement = Statement { header, body: Base64Bytes(text.as_bytes().to_vec()) };
    match Directory::genesis(&statement, &OrgId([0; 32])) {
        Err(refusal @ DirectoryRefusal::Body(_)) => Err(why(refusal)),
        _ => Ok(Value::Null),
    }
}

/// What a reply holds.
fn message<T: DeserializeOwned>(text: &str) -> Came {
    json::from_slice::<T>(text.as_bytes()).map(|_| Value::Null).map_err(why)
}
