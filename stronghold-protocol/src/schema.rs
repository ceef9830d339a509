//! JSON Schemas (2020-12) of every body, made from the types themselves: what the server's `openapi.json` holds.
//!
//! The derived schemas say what serde would accept; [`schemas`] makes them say what [`crate::json`] does: every member is
//! there but for the optional ones, no other is, and integers are below 2^53.

mod leaves;
mod strict;

use crate::{api, audit, problem::Problem, roster, signed::Payload};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

/// Where the schemas of named types stand in an `OpenAPI` document.
pub const DEFINITIONS: &str = "/components/schemas";

/// The schemas of all bodies, of signed payloads and of audit records, and of all types in them, by type name.
#[must_use]
pub fn schemas() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = DEFINITIONS.into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    requests(&mut generator);
    replies(&mut generator);
    payloads(&mut generator);
    let mut schemas = generator.take_definitions(true);
    for (name, schema) in &mut schemas {
        strict::restrict(name, schema);
    }
    schemas
}

macro_rules! define {
    ($generator:ident: $($type:ty),* $(,)?) => {
        $($generator.subschema_for::<$type>();)*
    };
}

fn requests(generator: &mut SchemaGenerator) {
    define!(generator:
        api::SetupStart, api::CreateOrganization, api::LoginStart, api::LoginFinish, api::NewRevision,
        api::StageSecrets, api::CommitStatement, api::SealsQuery, api::JoinStart, api::Join, api::RotateKeys,
        api::RequestKeys, api::AccountStart, api::ReplaceAccount,
    );
}

fn replies(generator: &mut SchemaGenerator) {
    define!(generator:
        Problem, api::SetupStarted, api::CreatedOrganization, api::LoginStarted, api::LoginFinished, api::WhoAmI,
        api::ProfileList, api::SealedProfile, api::SealedPart, api::Written, api::StagedSecrets, api::RevisionPage,
        api::SecretVersions, api::IntroducedSecrets, api::DirectoryPage, api::Committed, api::SealsReply,
        api::ActivityEntry, api::AuditPage, api::AuditCheckpoint, api::JoinStarted, api::Joined, api::Acceptances,
        api::KeysRequested, api::KeyRequests, api::AccountStarted, api::AccountReplaced, api::RecoverySeed,
    );
}

/// What stands in bodies as bytes: no body is of these types, but a reader decodes them.
fn payloads(generator: &mut SchemaGenerator) {
    define_payload::<roster::Roster>(generator);
    define_payload::<crate::directory::Header>(generator);
    define_payload::<crate::manifest::Manifest>(generator);
    define_payload::<crate::acceptance::Acceptance>(generator);
    define_payload::<crate::key_request::KeyRequest>(generator);
    define!(generator: crate::directory::Body, audit::AuditRecord);
}

fn define_payload<T: Payload + JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}
